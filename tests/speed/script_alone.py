"""Prints the median milliseconds that a page's script takes to answer a change of its period, without a browser beside it.

Run by `clicks_speed.py` in a process of its own, so that nothing is kept from another page: the page's path, then the periods.
"""

import logging
import statistics
import sys
import time
from pathlib import Path

from streamlit.testing.v1 import AppTest

MAIN = Path(__file__).resolve().parents[2] / "pages" / "main.py"
DEFAULT = "policy/overview.py"


def main(page: str, *periods: str) -> None:
    """Visit the page, change its period again and again, and print the median."""
    logging.disable(logging.CRITICAL)  # Streamlit tells of each run that it has no browser
    app = AppTest.from_file(str(MAIN), default_timeout=120).run()
    if page != DEFAULT:
        app.switch_page(page).run()
    print(statistics.median(_changed(app, period) for period in periods))


def _changed(app: AppTest, period: str) -> float:
    """Milliseconds of one change."""
    choice = next(each for each in app.selectbox if each.label == "Period")
    choice.set_value(period)
    start = time.perf_counter()
    app.run()
    assert not app.exception
    return (time.perf_counter() - start) * 1_000


if __name__ == "__main__":
    main(*sys.argv[1:])
