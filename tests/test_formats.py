"""Numbers and days for readers are written in one place, `analytics/charts/numbers.py`, so that another language is a change there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parent.parent
DRAWN = {f"svg_{part}" for part in ("axes", "elements", "marks", "layout", "symbols", "text", "known")} | {"svg", "framed"}
"""Files of charts that write coordinates and colours, which are the same in every language."""

FOR_PEOPLE = re.compile(r"[,%]|^\.\d*f$")
"""A format with a mark for thousands, a percentage, the parts of a day, or a number of decimals."""
FOR_PROGRAMS = ("%Y-%m", "%Y-%m-%d", "%Y-%m-%d %H:%M:%S")
"""Days and instants as ISO 8601 writes them, in names of files and in records."""


def sources() -> Iterator[Path]:
    """Every file that puts words before a reader."""
    for room in ("pages", "analytics/charts", "analytics/report"):
        yield from (path for path in sorted((HOUSE / room).rglob("*.py")) if path.stem not in DRAWN | {"numbers"})


def formats(path: Path) -> Iterator[str]:
    """The formats in a file's f-strings, and what it hands to `strftime`."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FormattedValue) and isinstance(node.format_spec, ast.JoinedStr):
            yield "".join(part.value for part in node.format_spec.values if isinstance(part, ast.Constant))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "strftime":
            yield "strftime %"


@pytest.mark.parametrize("path", list(sources()), ids=lambda path: str(path.relative_to(HOUSE)))
def test_no_page_chart_or_report_formats_by_itself(path: Path) -> None:
    own = [found for found in formats(path) if FOR_PEOPLE.search(found) and found not in FOR_PROGRAMS]
    assert own == [], "use analytics/charts/numbers.py"


def test_a_format_of_its_own_would_be_found(tmp_path: Path) -> None:
    source = tmp_path / "page.py"
    source.write_text("f'{jobs:,} {share:.0%} {day:%B %Y} {hours:.2f} {start:%Y-%m} {name}'; day.strftime('%d')", "utf-8")
    found = [each for each in formats(source) if FOR_PEOPLE.search(each) and each not in FOR_PROGRAMS]
    assert sorted(found) == sorted([",", ".0%", "%B %Y", ".2f", "strftime %"])
