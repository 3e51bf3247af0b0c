"""A site may choose how its pages write numbers; links, files and reports are the same everywhere."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from analytics.charts import numbers, theme
from analytics.charts.drawing import bar
from analytics.charts.svg import svg
from pages.shared import report_files
from tests.pages.small import words_of

Visit = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def written_as_before() -> Iterator[None]:
    """How numbers are written is kept for a whole process; here, for one test."""
    yield
    numbers.write_as("en_GB")


@pytest.mark.parametrize(
    ("locale", "written"), [("en_GB", "53,760.0000"), ("de_DE", "53.760,0000"), ("fr_FR", "53\N{NARROW NO-BREAK SPACE}760,0000")]
)
def test_a_page_writes_numbers_as_its_site_does(
    monkeypatch: pytest.MonkeyPatch, visit: Visit, small_store: Path, locale: str, written: str
) -> None:
    monkeypatch.setenv("EQUINODE_LOCALE", locale)
    app = visit(small_store, "policy/usage.py", period="All months")
    assert not app.exception
    assert app.table[0].value["Core-hours"].to_list() == [written]


def test_a_link_and_its_months_do_not_depend_on_how_numbers_are_written(
    monkeypatch: pytest.MonkeyPatch, visit: Visit, small_store: Path
) -> None:
    monkeypatch.setenv("EQUINODE_LOCALE", "de_DE")
    app = visit(small_store, "policy/usage.py", period="From … to …", **{"from": "March 2025", "to": "May 2025"})
    assert "March 2025 to May 2025" in words_of(app)


@pytest.mark.nightly
def test_a_report_is_written_as_everywhere_whatever_the_pages_do(monkeypatch: pytest.MonkeyPatch, visit: Visit, small_store: Path) -> None:
    made = []
    for locale in ("en_GB", "de_DE"):
        monkeypatch.setenv("EQUINODE_LOCALE", locale)
        app = visit(small_store, "policy/reports.py", period="2025")
        app.button(key="make-report").click().run(timeout=120)
        assert not app.exception
        made.append(app.session_state[report_files.MADE])
    assert made[0].findings == made[1].findings
    assert made[0].content == made[1].content


def test_the_axes_of_a_picture_are_written_as_the_chart_says() -> None:
    drawn = []
    for locale in ("en_GB", "de_DE"):
        numbers.write_as(locale)
        figure = theme.canvas("Hours", "node-hours").add_trace(
            bar(x=np.array([1.0, 2.0]), y=np.array([1_500.0, 4_000.0]), marker={"color": "#0072B2"})
        )
        drawn.append(svg(figure, alt="Two bars."))
    assert "2,000" in drawn[0]
    assert "2.000" in drawn[1]
    assert "2,000" not in drawn[1]
