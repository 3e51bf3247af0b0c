"""How long a report of the demonstration log takes, form by form: run `python tests/speed/report_speed.py` on a store with that log."""

import re
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from analytics.commands_report_inputs import Asked, report_inputs
from analytics.commands_store import selection
from analytics.report.compose import Template, composed
from analytics.report.forms import Form, made
from data.dates import period_named
from data.lake import Lake
from data.settings import settings

MOST_S = 5.0
"""How long a PDF of twelve pages may take, from the store to its bytes."""

T = TypeVar("T")


def timed(what: str, run: Callable[[], T]) -> tuple[T, float]:
    """What it gives, and its seconds, printed."""
    started = time.perf_counter()
    found = run()
    seconds = time.perf_counter() - started
    print(f"{what:<28} {seconds:6.2f} s")
    return found, seconds


def pages_of(content: bytes) -> int:
    """How many pages a PDF has."""
    found = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL)
    inside = content + b"".join(zlib.decompressobj().decompress(part) for part in found if part[:1] == b"\x78")
    return len(re.findall(rb"/Type\s*/Page\b", inside))


def main() -> None:
    lake = Lake(settings())
    chosen = selection(lake, period_named("2026-Q1"), "")
    asked = Asked(template=Template.BOARD, selection=chosen)
    inputs, reading_s = timed("read the store, protect", lambda: report_inputs(lake, asked))
    report, composing_s = timed("compute and draw", lambda: composed(asked.template, inputs))
    pdf_s = 0.0
    for form in Form:
        content, seconds = timed(f"set {form}", lambda form=form: made(report, form))
        print(f"{'':<28} {len(content) / 1e6:6.2f} MB")
        if form is Form.PDF:
            pdf_s = seconds
            print(f"{'':<28} {pages_of(content):6d} pages")
    whole_s = reading_s + composing_s + pdf_s
    verdict = "kept" if whole_s < MOST_S else "MISSED"
    print(f"{'from the store to the PDF':<28} {whole_s:6.2f} s; at most {MOST_S} s on two idle cores: {verdict}")


if __name__ == "__main__":
    main()
