"""A report as a workbook: a sheet of findings, a sheet a table with real numbers and units, the sources, and what it was made from."""

import math
from collections.abc import Mapping
from datetime import date
from io import BytesIO
from typing import Any

import xlsxwriter

from analytics.charts.numbers import NOT_AVAILABLE
from analytics.report.document import NEVER_WITHHELD, WITHHELD, Column, Kind, Report, Table, written
from analytics.report.record import record_text

RECORD_ROW = "Record for machines"
LONGEST_NAME = 31
LONGEST_CELL = 32_000
LONGEST_HEAD = 100
WIDEST, NARROWEST = 60.0, 9.0
LOOKED_AT = 300
LARGE = 100
"""From this amount on a number is shown without decimals; its cell keeps them."""
WHOLE, NEAR = "#,##0", "#,##0.0###"
LINE_POINTS = 15.0
MOST_LINES = 12

NUMBERS: Mapping[Kind, tuple[str, str, float]] = {
    Kind.NUMBER: (WHOLE, "", 1.0),
    Kind.SHARE: ("0.0%", "", 1.0),
    Kind.POINTS: ("+0.00;-0.00;0.00", "percentage points", 100.0),
    Kind.CHANGE: ("+0.0%;-0.0%;0.0%", "", 1.0),
    Kind.ENERGY: (WHOLE, "kWh", 1.0),
    Kind.EMISSIONS: (WHOLE, "kg CO₂e", 1.0),
    Kind.DURATION: (WHOLE, "s", 1.0),
}
"""How the numbers of a kind are written, the unit that joins their header, and what they are multiplied by."""

EMPTY_CELLS = "What is not known stays empty, so that sums leave it out."


def xlsx(report: Report) -> bytes:
    """The report as an XLSX workbook; no text in it can become a formula or a link, and the same report gives the same bytes."""
    buffer = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        state = report.snapshot
        made = {"title": f"{report.title}, {report.period}", "author": "Equinode", "comments": report.scope}
        book.set_properties(made | ({"created": state.committed.replace(tzinfo=None)} if state.committed else {}))
        looks = _Looks(book)
        _write_front(book.add_worksheet("Report"), report, looks)
        names = _sheet_names(report)
        for name, table in report.tables.items():
            _write_table(book.add_worksheet(names[name]), table, looks)
        methods = [(method.title, " ".join((method.summary, *method.details)).replace("`", "")) for method in report.methods]
        _write_pairs(book.add_worksheet("Definitions"), methods, looks)
        _write_pairs(book.add_worksheet("Record"), _record_rows(report), looks)
        for sheet in book.worksheets():
            _paged(sheet, report)
    return buffer.getvalue()


class _Looks:
    """The formats of one workbook, each made once."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._numbers: dict[str, Any] = {}
        self.title = book.add_format({"bold": True, "font_size": 16})
        self.strong = book.add_format({"bold": True})
        self.label = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        self.header = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self.number_header = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1, "align": "right"})
        self.month = book.add_format({"num_format": "mmmm yyyy", "align": "left", "valign": "top"})
        self.text = book.add_format({"text_wrap": True, "valign": "top"})
        self.apart = book.add_format({"text_wrap": True, "valign": "top", "align": "left", "indent": 1})
        self.apart_header = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1, "align": "left", "indent": 1})
        self.faint = book.add_format({"font_color": "#5C5C5C", "text_wrap": True, "valign": "top", "align": "left", "indent": 1})
        self.withheld = book.add_format({"italic": True, "align": "right", "valign": "top", "font_color": "#5C5C5C"})

    def number(self, form: str) -> Any:
        if form not in self._numbers:
            self._numbers[form] = self._book.add_format({"num_format": form, "valign": "top"})
        return self._numbers[form]


def _write_front(sheet: Any, report: Report, looks: _Looks) -> None:
    sheet.set_column(0, 0, 38, looks.text)
    sheet.set_column(1, 1, 100, looks.text)
    sheet.write_string(0, 0, f"{report.title}, {report.period}", looks.title)
    rows = [("Scope", report.scope)]
    if report.demo:
        rows.append(("Data", "Demonstration data: made up, about no real project or person."))
    if report.disclosure:
        rows.append(("Withheld figures", report.disclosure))
    rows.append(("Empty cells", EMPTY_CELLS))
    rows += [(section.title, section.finding) for section in report.sections]
    for place, (what, words) in enumerate(rows, 2):
        sheet.write_string(place, 0, what, looks.label)
        sheet.write_string(place, 1, words, looks.text)
        sheet.set_row(place, LINE_POINTS * math.ceil(max(1.1 * len(words) / 100, 1.2 * len(what) / 38, 1)))


def _write_table(sheet: Any, table: Table, looks: _Looks) -> None:
    sheet.write_string(0, 0, table.caption, looks.strong)
    frame = table.shown
    for place, column in enumerate(table.columns):
        values = frame[column.name].to_list()
        words = looks.apart_header if place else looks.header
        sheet.write_string(2, place, _header(column), looks.number_header if column.kind in NUMBERS else words)
        sheet.set_column(place, place, _width(column, values))
        for row, value in enumerate(values):
            _write_cell(sheet, (row + 3, place), value, column, looks, is_withheld=row in table.withheld)
    lines = max((math.ceil(1.15 * len(_header(c)) / _width(c, frame[c.name].to_list())) for c in table.columns), default=1)
    sheet.set_row(2, LINE_POINTS * (lines + 0.2))
    for row, cells in enumerate(table.rows):
        tall = max((math.ceil(1.1 * len(cell) / WIDEST) for cell in cells), default=1)
        if tall > 1:
            sheet.set_row(row + 3, LINE_POINTS * tall)
    sheet.freeze_panes(3, 1)
    sheet.repeat_rows(2)
    if frame.height:
        sheet.autofilter(2, 0, 2 + frame.height, len(table.columns) - 1)


def _form(kind: Kind, value: float) -> str:
    """How a number is written: an amount without decimals where it is whole or large, since its cell keeps them.

    >>> [_form(Kind.NUMBER, value) for value in (0.607, 12.5, 1062, 1234.5)]
    ['#,##0.0###', '#,##0.0###', '#,##0', '#,##0']
    """
    form = NUMBERS[kind][0]
    return NEAR if form == WHOLE and abs(value) < LARGE and not float(value).is_integer() else form


def _write_cell(sheet: Any, place: tuple[int, int], value: Any, column: Column, looks: _Looks, *, is_withheld: bool) -> None:
    """A number as a number, a month as a date, text as text; a number that is not known stays empty, so that sums leave it out."""
    words = looks.apart if place[1] else looks.text
    if value is None:
        if is_withheld and column.kind not in NEVER_WITHHELD:
            sheet.write_string(*place, WITHHELD, looks.withheld if column.kind in NUMBERS else looks.faint)
        elif column.kind not in NUMBERS:
            sheet.write_string(*place, NOT_AVAILABLE, looks.faint if place[1] else looks.text)
    elif column.kind in NUMBERS and isinstance(value, int | float):
        factor = NUMBERS[column.kind][2]
        sheet.write_number(*place, value * factor if factor != 1 else value, looks.number(_form(column.kind, value)))
    elif column.kind is Kind.MONTH and isinstance(value, date):
        sheet.write_datetime(*place, value, looks.month)
    else:
        sheet.write_string(*place, written(value, column.kind)[:LONGEST_CELL], words)


def _header(column: Column) -> str:
    """What stands above a column, with the unit of its numbers.

    >>> _header(Column(name="e", header="Measured", kind=Kind.ENERGY))
    'Measured (kWh)'
    """
    unit = NUMBERS[column.kind][1] if column.kind in NUMBERS else ""
    return f"{column.header} ({unit})" if unit else column.header


def _width(column: Column, values: list[Any]) -> float:
    longest = max((len(written(value, column.kind)) for value in values[:LOOKED_AT] if value is not None), default=0)
    longest = max(longest, 12 if column.kind in NUMBERS else len(NOT_AVAILABLE) if None in values else 0)
    return min(WIDEST, max(NARROWEST, longest + 2.0, *(len(word) + 2.0 for word in _header(column).split())))


def _write_pairs(sheet: Any, rows: list[tuple[str, str]], looks: _Looks) -> None:
    sheet.set_column(0, 0, 38, looks.text)
    sheet.set_column(1, 1, 110, looks.text)
    for place, (what, words) in enumerate(rows):
        sheet.write_string(place, 0, what, looks.label)
        sheet.write_string(place, 1, words[:LONGEST_CELL], looks.text)
        sheet.set_row(place, LINE_POINTS * min(math.ceil(max(1.1 * len(words) / 110, 1.0)), MOST_LINES))


def _record_rows(report: Report) -> list[tuple[str, str]]:
    """What the report was asked for and made from, and its record for machines in pieces that fit a cell."""
    state, text = report.snapshot, record_text(report)
    rows = [("Snapshot", str(state.id)), ("Written by", state.author), ("Message", state.message)]
    rows += [("At", f"{state.committed:%Y-%m-%d %H:%M:%S} UTC")] if state.committed else []
    rows += [(f"Asked for: {name}", value) for name, value in report.parameters]
    rows += [(name, version) for name, version in report.versions]
    return rows + [(RECORD_ROW, text[start : start + LONGEST_CELL]) for start in range(0, len(text), LONGEST_CELL)]


def _sheet_names(report: Report) -> dict[str, str]:
    """Names of sheets that spreadsheets accept: short, without forbidden signs, and no two alike."""
    found: dict[str, str] = {}
    for name in report.tables:
        plain = "".join(" " if sign in "[]:*?/\\'-_" else sign for sign in name)
        short = (plain[:1].upper() + plain[1:])[:LONGEST_NAME]
        number = 2
        while short.lower() in {taken.lower() for taken in found.values()} | {"report", "definitions", "record"}:
            short = f"{short[: LONGEST_NAME - 3]} {number}"
            number += 1
        found[name] = short
    return found


def _paged(sheet: Any, report: Report) -> None:
    """Let a sheet be printed across, with the report, the sheet and the page on each piece of paper."""
    named = f"{report.title}, {report.period}"[:LONGEST_HEAD].replace("&", "&&")
    sheet.set_header(f"&L{named}&R{'Demonstration data' if report.demo else ''}")
    sheet.set_footer("&L&A&RPage &P of &N")
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
