"""A table of the reader's own making on the page: cells shaded by their size, a page of rows at a time, all rows in its exports."""

from collections.abc import Mapping

import polars as pl
import streamlit as st

from analytics.charts import numbers
from analytics.pivot import NOT_KNOWN, OTHERS, TOTAL, Measure, Pivot, ShareOf, in_words, without_unknown
from analytics.report.document import WITHHELD
from data.export.workbook import workbook
from data.terms import Action
from pages.shared import protection, tables, visit
from pages.shared.pivot_choices import NAMES
from pages.shared.words import escaped

ROWS_A_PAGE = 50
DEEPEST = 0.55
"""How much of the colour the largest cell has."""

SHADE = "0, 114, 178"
LOOK = """
<style>
  .st-key-pivot-table :is(td, th, p) { white-space: nowrap !important; }
  .st-key-pivot-table :is(td, th):nth-child(n+%d) { text-align: right !important; }
  .st-key-pivot-table [data-testid="stTable"] { overflow-x: auto; }
</style>
"""
"""How the table lies: names on one line, amounts to the right."""

ALL_ROWS = "All rows"
PAGE = "rows-page"


def show(table: Pivot, *, share_of: ShareOf, measure: Measure, machines: dict[str, str]) -> None:
    """Show a page of the table with its totals above, shaded by size."""
    place, pages = st.container(), -(-table.cells.height // ROWS_A_PAGE)
    first = (_page(pages) - 1) * ROWS_A_PAGE if pages > 1 else 0
    part = table.cells.slice(first, ROWS_A_PAGE)
    frame = in_text(table, part, first=first, share_of=share_of, measure=measure, machines=machines).to_pandas()
    shades = _shades(table, part).to_pandas().set_axis(frame.columns, axis=1)
    what = f"{words(measure)} by {', '.join(NAMES[row].lower() for row in table.rows)}"
    across = f" and {NAMES[table.column].lower()}" if table.column else ""
    with place.container(key="pivot-table"):
        st.html(LOOK % (len(table.rows) + 1))
        st.table(frame.style.apply(lambda _: shades, axis=None), alt=what + across, hide_index=True, border="horizontal", width="content")
    if pages > 1:
        last = first + part.height
        place.caption(
            f"Rows {numbers.whole(first + 1)} to {numbers.whole(last)} of {numbers.whole(table.cells.height)} are shown; "
            "the exports hold all."
        )
    st.caption("An empty cell: no job in the logs. The bluer a cell, the larger.")


def _page(pages: int) -> int:
    """Which page of rows the reader looks at."""
    if st.session_state.get(PAGE, 1) > pages:
        st.session_state[PAGE] = 1
    return int(st.pagination(pages, key=PAGE, bind="query-params"))


def in_text(
    table: Pivot, part: pl.DataFrame, *, share_of: ShareOf, measure: Measure, machines: dict[str, str], first: int = 0
) -> pl.DataFrame:
    """The rows of the table from the first on as words, the totals of all rows before; a word of a log is never Markdown."""
    dimensions = {row.value: row for row in table.rows}
    columns: dict[str, list[str]] = {}
    for name in _in_reading_order(table):
        if name in dimensions:
            values = [escaped(in_words(dimensions[name], value, machines)) for value in part[name]]
            columns[NAMES[dimensions[name]]] = [ALL_ROWS if name == table.rows[0].value else "", *values]
        else:
            cells = zip((*table.totals[name], *part[name]), _held(table, name, first, part.height), strict=True)
            said = [WITHHELD if held else _cell(value, share_of, measure) for value, held in cells]
            columns[escaped(header(table, name, machines))] = said
    return pl.DataFrame(columns)


def _held(table: Pivot, name: str, first: int, height: int) -> list[bool]:
    """Whether the total of a column, and each of its amounts from the first on, is withheld."""
    if table.held is None:
        return [False] * (height + 1)
    return [table.held[name][0], *table.held[name].slice(1 + first, height)]


def header(table: Pivot, name: str, machines: dict[str, str]) -> str:
    """The words above a column of amounts."""
    if name == TOTAL or table.column is None:
        return "Total"
    if name == OTHERS:
        return "Earlier" if table.column.is_time else "All others"
    return in_words(table.column, table.columns[name], machines)


def words(measure: Measure) -> str:
    """What a cell counts, for a sentence."""
    unit = numbers.UNIT_WORDS[visit.now().chosen.unit]
    return {
        Measure.HOURS: unit,
        Measure.JOBS: "jobs",
        Measure.JOBS_FAILED: "failed jobs",
        Measure.JOBS_NEVER_STARTED: "jobs never started",
        Measure.NODE_HOURS_FAILED: "node-hours in failed jobs",
        Measure.NODE_HOURS_QUEUED: "node-hours asked for by waiting jobs",
        Measure.ENERGY: "kWh of measured IT energy",
    }[measure]


def exports(table: Pivot, *, share_of: ShareOf, measure: Measure, machines: dict[str, str], lines: list[str]) -> None:
    """Offer the whole table as CSV with identifiers, and as a workbook with words, each made when it is asked for."""
    here = visit.now()
    if Action.EXPORT not in here.person.may:
        return
    name = "-by-".join(("table", *(row.value for row in table.rows), *([table.column.value] if table.column else [])))
    tables.download(_for_export(table, measure, share_of), name=name, label="CSV", withholds=None if table.held is None else frozenset)
    title = words(measure)
    st.download_button(
        "XLSX",
        data=lambda: book(table, share_of, measure, machines, [title, *lines]),
        file_name=f"{tables.file_name(name)}.xlsx",
        mime="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        key="pivot-xlsx",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )


def _for_export(table: Pivot, measure: Measure, share_of: ShareOf) -> pl.DataFrame:
    """All rows with identifiers, columns named by their values."""
    unit = visit.now().chosen.unit.value if measure is Measure.HOURS else measure.value
    kind = f"share_of_{share_of.value}_{unit}" if share_of is not ShareOf.NOTHING else unit
    renamed = {name: f"{kind} {value if value is not None else NOT_KNOWN}" for name, value in table.columns.items()}
    renamed |= {name: f"{kind} {name}" for name in (OTHERS, TOTAL) if name in table.cells.columns}
    return _with_note(table, without_unknown(table.cells).rename(renamed), renamed, first=1)


def _with_note(table: Pivot, sheet: pl.DataFrame, words: Mapping[str, str], *, first: int) -> pl.DataFrame:
    """The sheet with a column that names what is withheld of each row, so that it is not taken for what is empty."""
    if table.held is None:
        return sheet
    flags = table.held.slice(first).rows(named=True)
    said = ["; ".join(words[name] for name in table.amounts if flag[name]) for flag in flags]
    return sheet.with_columns(pl.Series("withheld", said, dtype=pl.String))


def book(table: Pivot, share_of: ShareOf, measure: Measure, machines: dict[str, str], lines: list[str]) -> bytes:
    """The workbook: the table with words, all rows first, and where it is from."""
    kind = "share" if share_of is not ShareOf.NOTHING else "hours" if "hours" in measure.value else "value"
    named = table.cells.with_columns(
        pl.Series(row.value, [in_words(row, value, machines) for value in table.cells[row.value]], dtype=pl.String) for row in table.rows
    )
    first = {row.value: ALL_ROWS if row is table.rows[0] else "" for row in table.rows}
    totals = table.totals.select(*(pl.lit(first[row.value]).alias(row.value) for row in table.rows), *table.amounts)
    sheet = without_unknown(pl.concat([totals, named])).rename({name: f"{kind} {name}" for name in table.amounts})
    headers = {f"{kind} {name}": header(table, name, machines) for name in table.amounts}
    headers |= {row.value: NAMES[row] for row in table.rows} | {"withheld": "Withheld"}
    sheet = _with_note(table, sheet, {name: header(table, name, machines) for name in table.amounts}, first=0)
    return workbook({"table": sheet}, heads={"table": lines}, title=lines[0], header=lambda name: headers[name])


def _cell(value: float | None, share_of: ShareOf, measure: Measure) -> str:
    """A cell in words: empty where no job was, not available where the amount of the jobs is not known."""
    if value is None:
        return ""
    if value != value:
        return numbers.NOT_AVAILABLE
    return numbers.exact(value) if share_of is ShareOf.NOTHING or measure is None else numbers.percent(value)


def _shades(table: Pivot, part: pl.DataFrame) -> pl.DataFrame:
    """The look of each cell: amounts to the right, the bluer the larger; totals stand apart by weight."""
    inner = [name for name in table.amounts if name != TOTAL] or [TOTAL]
    largest = max((value for name in inner for value in table.cells[name].drop_nulls().drop_nans()), default=0.0)
    styles: dict[str, list[str]] = {}
    for name in _in_reading_order(table):
        if name not in table.amounts:
            styles[name] = ["font-weight: 600", *[""] * part.height]
            continue
        shaded = name in inner
        styles[name] = ["text-align: right; font-weight: 600", *(_shade(value, largest if shaded else 0.0) for value in part[name])]
    return pl.DataFrame(styles)


def _shade(value: float | None, largest: float) -> str:
    known = value is not None and value == value and largest > 0
    depth = f"; background-color: rgba({SHADE}, {round(DEEPEST * max(value or 0.0, 0.0) / largest, 3)})" if known else ""
    return f"text-align: right{depth}"


def _in_reading_order(table: Pivot) -> list[str]:
    """The columns as they are read: what rows are of, the total, which is in sight on narrow screens too, and the others."""
    return [*(row.value for row in table.rows), TOTAL, *(name for name in table.amounts if name != TOTAL)]


def coverage(table: Pivot, measure: Measure) -> None:
    """Note which figures are withheld, and of how many jobs the amount is not known."""
    if table.held is not None and any(table.held[name].any() for name in table.amounts):
        st.caption(escaped(protection.rule().in_words))
    if table.jobs_missing and not table.holds_back_total:
        st.caption(
            f"⚠ {escaped(words(measure))}: not known of {numbers.counted(table.jobs_missing, 'job')} of {numbers.exact(table.jobs)}, "
            "which are not in the amounts."
        )
