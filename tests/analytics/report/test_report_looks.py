"""What a reader of a report sees: small numbers with their decimals, no change against a period without logs, words for what is unknown."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import polars as pl
import pytest

from analytics import commands_report_inputs
from analytics.commands_report_inputs import Asked
from analytics.report.compose import Template, composed, quarterly
from analytics.report.document import Column, Kind, Report, Section, Snapshot, Table
from analytics.report.inputs import ReportInputs
from analytics.report.xlsx import EMPTY_CELLS, xlsx
from data.lake import Lake
from data.settings import Settings
from data.terms import Period, Selection

SHEETS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def report_with(frame: pl.DataFrame, *columns: Column) -> Report:
    """A report of one table."""
    section = Section(id="one", title="What?", finding="This.", blocks=(Table(caption="Figures.", frame=frame, columns=columns),))
    return Report(
        title="A report",
        period="Q1 2026",
        scope="",
        sections=(section,),
        methods=(),
        sources=(),
        snapshot=Snapshot(id=1, author="", message="", committed=None),
        versions=(),
        demo=False,
    )


def cells(report: Report, sheet: int) -> dict[str, tuple[str, str]]:
    """What stands in each cell that is not empty, and the form in which its number is shown."""
    with ZipFile(BytesIO(xlsx(report))) as book:
        styles, strings = ET.fromstring(book.read("xl/styles.xml")), ET.fromstring(book.read("xl/sharedStrings.xml"))
        page = ET.fromstring(book.read(f"xl/worksheets/sheet{sheet}.xml"))
    own = {form.get("numFmtId"): form.get("formatCode", "") for form in styles.iter(f"{SHEETS}numFmt")} | {"3": "#,##0"}
    looks = [own.get(look.get("numFmtId"), "") for look in styles.iterfind(f"{SHEETS}cellXfs/{SHEETS}xf")]
    words = ["".join(text.text or "" for text in entry.iter(f"{SHEETS}t")) for entry in strings]
    found = {}
    for cell in page.iter(f"{SHEETS}c"):
        value = cell.findtext(f"{SHEETS}v")
        if value is not None:
            found[str(cell.get("r"))] = (words[int(value)] if cell.get("t") == "s" else value, looks[int(cell.get("s", "0"))])
    return found


def test_an_index_beside_a_count_is_shown_with_its_decimals() -> None:
    columns = (Column(name="index", header="Index"), Column(name="value", header="Value", kind=Kind.NUMBER))
    shown = cells(report_with(pl.DataFrame({"index": ["Projects", "Jain's index"], "value": [1062.0, 0.607]}), *columns), 2)
    assert (shown["B4"], shown["B5"]) == (("1062", "#,##0"), ("0.607", "#,##0.0###"))


def test_an_unknown_word_is_called_not_available_and_an_unknown_number_stays_empty() -> None:
    columns = (Column(name="country", header="Country"), Column(name="hours", header="Hours", kind=Kind.NUMBER))
    shown = cells(report_with(pl.DataFrame({"country": ["Finland", None], "hours": [None, 3.0]}), *columns), 2)
    assert "B4" not in shown
    assert shown["A5"][0] == "not available"


def test_the_front_says_what_an_empty_cell_means(report_inputs: ReportInputs) -> None:
    assert EMPTY_CELLS in [words for words, _ in cells(quarterly(report_inputs), 1).values()]


@pytest.mark.parametrize("is_comparable", [True, False])
def test_a_change_is_shown_only_where_logs_reach_over_both_periods(report_inputs: ReportInputs, is_comparable: bool) -> None:
    report = composed(Template.BOARD, replace(report_inputs, is_comparable=is_comparable))
    table = next(table for table in report.tables.values() if table.caption.startswith("Machine time by user category, "))
    assert ("Change" in [column.header for column in table.columns]) is is_comparable
    assert ("do not reach over all of Q4 2025" in table.caption) is not is_comparable


def test_a_year_is_not_compared_with_one_of_which_logs_show_two_months(demo_lake: Path) -> None:
    asked = Asked(template=Template.ACCESS_TIME, selection=Selection(period=Period(date(2025, 1, 1), date(2026, 1, 1))))
    assert not commands_report_inputs.report_inputs(Lake(Settings(lake=demo_lake)), asked).is_comparable


def test_a_quarter_is_compared_with_the_one_before_where_both_are_in_the_logs(demo_lake: Path) -> None:
    asked = Asked(
        template=Template.ACCESS_TIME, selection=Selection(period=Period(date(2026, 7, 1), date(2026, 10, 1)), systems=("leonardo",))
    )
    assert commands_report_inputs.report_inputs(Lake(Settings(lake=demo_lake)), asked).is_comparable


def test_a_printed_sheet_says_of_which_report_it_is() -> None:
    columns = (Column(name="index", header="Index"),)
    with ZipFile(BytesIO(xlsx(report_with(pl.DataFrame({"index": ["Projects"]}), *columns)))) as book:
        sheets = [book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
    assert all("A report, Q1 2026" in sheet and "Page &amp;P of &amp;N" in sheet for sheet in sheets)
