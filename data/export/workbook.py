"""A workbook of tables: real numbers with their formats, a header that stays in sight, columns as wide as they are read."""

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl
import xlsxwriter

WIDEST, NARROWEST = 60, 9
"""Widths of columns, in signs."""

LOOKED_AT = 200
"""Rows that tell how wide a column is."""

FORMATS = (
    (("share", "part", "below_bound", "gap"), "0.0%"),
    (("hours", "least", "value", "used", "slack", "worth", "total"), "#,##0"),
    (("mwh", "emissions", "days", "runs", "months"), "#,##0.0"),
    (("score",), "0.0##"),
)
"""What a column's name holds, and how its numbers are written; the first that fits holds."""

MADE = {"title": "", "author": "Equinode", "comments": ""}


def workbook(sheets: Mapping[str, pl.DataFrame], *, heads: Mapping[str, Sequence[str]], title: str, header: Callable[[str], str]) -> bytes:
    """The XLSX file of these sheets.

    Args:
        sheets: The tables, by the name of their sheet.
        heads: Lines of text above a table, by the name of its sheet.
        title: The title of the file.
        header: The words for a column's name.

    The same tables give the same cells; text is never a formula.
    """
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": True}
    ) as book:
        book.set_properties(MADE | {"title": title})
        styles = _Styles(book)
        for name, table in sheets.items():
            _write(book.add_worksheet(_sheet_name(name)), table, heads.get(name, ()), styles, header)
    return buffer.getvalue()


class _Styles:
    """The formats of one workbook, each made once."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._numbers: dict[str, Any] = {}
        self.header = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self.head = book.add_format({"bold": True})
        self.line = book.add_format({})
        self.text = book.add_format({"text_wrap": True, "valign": "top"})

    def number(self, column: str, kind: pl.DataType) -> Any:
        """The format of a column of numbers."""
        written = next((form for words, form in FORMATS if any(word in column for word in words)), "0" if kind.is_integer() else "#,##0.00")
        if written not in self._numbers:
            self._numbers[written] = self._book.add_format({"num_format": written, "valign": "top"})
        return self._numbers[written]


def _write(sheet: Any, table: pl.DataFrame, head: Sequence[str], styles: _Styles, header: Callable[[str], str]) -> None:
    for row, line in enumerate(head):
        sheet.write_string(row, 0, line, styles.head if row == 0 else styles.line)
    top = len(head) + 1 if head else 0
    for place, (column, kind) in enumerate(table.schema.items()):
        sheet.write_string(top, place, header(column), styles.header)
        style = styles.number(column, kind) if kind.is_numeric() else styles.text
        sheet.set_column(place, place, _width(table[column], header(column)))
        for row, value in enumerate(table[column].to_list(), top + 1):
            _cell(sheet, row, place, value, style)
    sheet.freeze_panes(top + 1, 0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(top)
    if table.height:
        sheet.autofilter(top, 0, top + table.height, table.width - 1)


def _cell(sheet: Any, row: int, column: int, value: object, style: Any) -> None:
    """A value as it is; unknown ones stay empty cells, so that sums leave them out."""
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_string(row, column, "yes" if value else "no", style)
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value, style)
    else:
        sheet.write_string(row, column, str(value), style)


def _width(values: pl.Series, header: str) -> int:
    """Wide enough for what is read most, and for the longest word of the header."""
    longest = max((len(f"{value:,}" if isinstance(value, int) else str(value)) for value in values.head(LOOKED_AT)), default=0)
    if values.dtype == pl.Float64:
        longest = 12
    return min(WIDEST, max(NARROWEST, longest + 2, *(len(word) + 2 for word in header.split())))


def _sheet_name(name: str) -> str:
    """A name that spreadsheets accept: at most 31 signs, none of those they forbid.

    >>> _sheet_name("reserve_list")
    'Reserve list'
    """
    plain = "".join(" " if sign in "[]:*?/\\_" else sign for sign in name)
    return (plain[:1].upper() + plain[1:])[:31]
