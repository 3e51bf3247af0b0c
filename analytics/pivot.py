"""A table of the reader's own making: machine time, jobs or energy by any rows and columns, as amounts or shares, with totals."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

import polars as pl

from analytics.charts import numbers, theme
from analytics.findings import during
from analytics.usage import hours, known_sum
from data.errors import InputError
from data.schema import USAGE_MEASURES, check
from data.terms import Dimension, HourUnit, Period, month_after

TOTAL, OTHERS = "total", "others"
"""The columns that sum all others, and those beyond the widest table that is shown."""

MOST_COLUMNS = 24
"""How many columns a table has at most; the smaller ones are summed as others."""

NOT_KNOWN = "not known"
"""What stands for a country, field, organisation or account that nobody told."""


class Measure(StrEnum):
    """What a cell of a table counts."""

    HOURS = "hours"
    JOBS = "jobs"
    JOBS_FAILED = "jobs_failed"
    JOBS_NEVER_STARTED = "jobs_never_started"
    NODE_HOURS_FAILED = "node_hours_failed"
    NODE_HOURS_QUEUED = "node_hours_queued"
    ENERGY = "energy_measured_kwh"


class ShareOf(StrEnum):
    """What the cells of a table are shares of; amounts are shares of nothing."""

    NOTHING = "nothing"
    ROW = "row"
    COLUMN = "column"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pivot:
    """A table by rows and columns. A cell is null where no job was, and not a number where there were jobs of unknown amount."""

    rows: tuple[Dimension, ...]
    """What its rows are told apart by."""
    column: Dimension | None
    """What its columns are told apart by, none where there is only the total."""
    cells: pl.DataFrame
    """One row a combination: its dimensions, one column a value of the column dimension, `others` if there are more, and `total`."""
    totals: pl.DataFrame
    """The same columns of all rows together, one row."""
    columns: Mapping[str, object]
    """The value behind each of its columns of amounts, by the column's name; `others` and `total` are not among them."""
    jobs: int
    """How many jobs it counts."""
    jobs_missing: int
    """Of how many of them the amount is not known."""
    held: pl.DataFrame | None = None
    """Which amounts are withheld, and so empty: the same columns, the totals first; none given means that nothing is."""

    @property
    def amounts(self) -> list[str]:
        """The names of its columns of amounts, `total` last."""
        return [name for name in self.cells.columns if name not in self.rows]

    @property
    def holds_back_total(self) -> bool:
        """Whether the total of all is withheld."""
        return self.held is not None and bool(self.held[TOTAL][0])


def pivot(
    usage: pl.DataFrame, rows: Sequence[Dimension], column: Dimension | None, measure: Measure, unit: HourUnit, *, by_size: bool = True
) -> Pivot:
    """The table of a measure by rows and columns, with totals, the largest first (times in their own order).

    Args:
        usage: Usage told apart by these rows and this column, with all measures.
        rows: What rows are told apart by, the outermost first.
        column: What columns are told apart by.
        measure: What a cell counts.
        unit: The unit of hours.
        by_size: Whether rows stand by size; otherwise by name.

    >>> from analytics.usage import usage_frame
    >>> used = usage_frame({"category": "sme", "node_hours": 1.0, "jobs": 1}, {"category": "research", "node_hours": 3.0, "jobs": 2})
    >>> table = pivot(used, [Dimension.CATEGORY], None, Measure.HOURS, HourUnit.NODE_HOURS)
    >>> table.cells.rows(), table.totals.rows()
    ([('research', 3.0), ('sme', 1.0)], [(4.0,)])
    """
    if not rows or column in rows:
        raise InputError("a table needs at least one dimension for its rows, and another one, or none, for its columns.")
    check(usage, USAGE_MEASURES)
    names = [dimension.value for dimension in rows]
    shown, columns = _columns(usage, column, measure, unit)
    whole = _amounts(shown, [], measure, unit)
    cells = _amounts(shown, names, measure, unit).rename({"amount": TOTAL})
    totals = whole.rename({"amount": TOTAL})
    if column is not None:
        across = _amounts(shown, [*names, "across"], measure, unit).pivot("across", index=names, values="amount", aggregate_function=None)
        order = [name for name in (*columns, OTHERS) if name in across.columns]
        cells = across.select(*names, *order).join(cells, on=names, nulls_equal=True, validate="1:1")
        by_column = dict(_amounts(shown, ["across"], measure, unit).select("across", "amount").rows())
        totals = totals.select(*(pl.lit(by_column[name], pl.Float64).alias(name) for name in order), TOTAL)
    return Pivot(
        rows=tuple(rows),
        column=column,
        cells=_sorted(cells, rows, by_size=by_size),
        totals=totals,
        columns=columns,
        jobs=int(shown["jobs"].sum()),
        jobs_missing=_missing(shown, measure, unit),
    )


def as_shares(table: Pivot, of: ShareOf) -> Pivot:
    """The table with shares, 0 to 1, in the place of amounts: of its row, its column, or the whole.

    >>> from analytics.usage import usage_frame
    >>> used = usage_frame({"category": "sme", "jobs": 1}, {"category": "research", "jobs": 3})
    >>> as_shares(pivot(used, [Dimension.CATEGORY], None, Measure.JOBS, HourUnit.NODE_HOURS), ShareOf.COLUMN).cells.rows()
    [('research', 0.75), ('sme', 0.25)]
    """
    if of is ShareOf.NOTHING:
        return table
    total = table.totals.row(0, named=True)

    def whole_of(name: str) -> pl.Expr:
        return {ShareOf.ROW: pl.col(TOTAL), ShareOf.COLUMN: pl.lit(total[name]), ShareOf.WHOLE: pl.lit(total[TOTAL])}[of]

    def shares(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(_share(pl.col(name), whole_of(name)).alias(name) for name in table.amounts)

    return without_held(replace(table, cells=shares(table.cells), totals=shares(table.totals), held=_held_shares(table, of)))


def without_held(table: Pivot) -> Pivot:
    """The table with the amounts that are withheld empty."""
    if table.held is None:
        return table
    held = table.held

    def kept(frame: pl.DataFrame, first: int) -> pl.DataFrame:
        return frame.with_columns(pl.when(~held[name].slice(first, frame.height)).then(pl.col(name)).alias(name) for name in table.amounts)

    return replace(table, cells=kept(table.cells, 1), totals=kept(table.totals, 0))


def finding(table: Pivot, machines: Mapping[str, str], *, what: str, period: str) -> str:
    """What stands out in a table by any dimensions: its total, and its largest row.

    >>> from analytics.usage import usage_frame
    >>> used = usage_frame({"category": "sme", "jobs": 1}, {"category": "research", "jobs": 3})
    >>> table = pivot(used, [Dimension.CATEGORY], None, Measure.JOBS, HourUnit.NODE_HOURS)
    >>> finding(table, {}, what="jobs", period="2026").replace("\u202f", " ")
    'In all, 4 jobs in 2026; the largest row is Research, with 75 %.'
    """
    whole = table.totals[TOTAL].item()
    if whole is None:
        return f"The {what} {during(period)} are withheld: they would show a single firm."
    if whole != whole:
        return f"The {what} {during(period)} are not known."
    largest = table.cells.sort(pl.col(TOTAL).fill_nan(None), descending=True, nulls_last=True, maintain_order=True).row(0, named=True)
    said = f"In all, {numbers.amount(whole, what)} {during(period)}"
    if table.cells.height == 1 or not whole > 0:
        return f"{said}."
    if largest[TOTAL] is None:
        return f"{said}; the rows are withheld."
    shown = " shown" if table.held is not None and table.held[TOTAL].any() else ""
    names = ", ".join(in_words(row, largest[row.value], machines) for row in table.rows)
    return f"{said}; the largest row{shown} is {names}, with {numbers.percent(largest[TOTAL] / whole)}."


def cut_short(dimensions: Iterable[Dimension], period: Period) -> str:
    """Which quarters or months of a table the period holds only in part, in a sentence; empty where it holds all of them whole.

    >>> cut_short([Dimension.QUARTER], Period(date(2025, 11, 1), date(2026, 10, 1)))
    'Of Q4 2025 only the days within the period count.'
    >>> cut_short([Dimension.MONTH], Period(date(2025, 11, 1), date(2026, 10, 1)))
    ''
    """
    found = []
    for dimension, months in ((Dimension.QUARTER, 3), (Dimension.MONTH, 1)):
        if dimension in dimensions:
            starts = [date(day.year, (day.month - 1) // months * months + 1, 1) for day in (period.start, period.end - timedelta(days=1))]
            spans = [Period(start, month_after(start, months)) for start in dict.fromkeys(starts)]
            found += [span.name for span in spans if span.start < period.start or span.end > period.end]
    return f"Of {numbers.listed(found)} only the days within the period count." if found else ""


def without_unknown(table: pl.DataFrame) -> pl.DataFrame:
    """The cells as they leave the house: what is not known is empty, as is what has no job."""
    return table.with_columns(pl.col(name).fill_nan(None) for name, kind in table.schema.items() if kind == pl.Float64)


def in_words(dimension: Dimension, value: object, machines: Mapping[str, str]) -> str:
    """A value of a dimension as people read it.

    >>> in_words(Dimension.COUNTRY, "FI", {}), in_words(Dimension.QUARTER, date(2026, 1, 1), {}), in_words(Dimension.FIELD, None, {})
    ('Finland', 'Q1 2026', 'not known')
    """
    if value is None or value == "":
        return NOT_KNOWN
    if isinstance(value, date):
        return _time_in_words(dimension, value)
    words = {
        Dimension.SYSTEM: machines.get(str(value), str(value)),
        Dimension.CATEGORY: theme.sentence_case(theme.category_name(str(value))),
        Dimension.MODE: theme.MODE_NAMES.get(str(value), str(value)),
        Dimension.COUNTRY: numbers.country(str(value)),
    }
    return words.get(dimension, str(value))


def _time_in_words(dimension: Dimension, value: date) -> str:
    if dimension is Dimension.QUARTER:
        return Period(value, month_after(value, 3)).name
    return f"{value:%B %Y}" if dimension is Dimension.MONTH else numbers.day(value)


def _columns(usage: pl.DataFrame, column: Dimension | None, measure: Measure, unit: HourUnit) -> tuple[pl.DataFrame, dict[str, object]]:
    """The usage with the name of its column as `across`, and the values behind the names, the largest or the earliest first."""
    if column is None:
        return usage, {}
    sizes = _amounts(usage, [column.value], measure, unit)
    ordered = _sorted(sizes.rename({"amount": TOTAL}), [column], by_size=True)[column.value].to_list()
    latest = ordered[-MOST_COLUMNS:] if column.is_time else ordered[:MOST_COLUMNS]
    columns = {f"{place:02d} {value}": value for place, value in enumerate(latest)}
    named = pl.DataFrame(
        {column.value: latest, "across": list(columns)}, schema={column.value: usage.schema[column.value], "across": pl.String}
    )
    joined = usage.join(named, on=column.value, how="left", nulls_equal=True, validate="m:1")
    return joined.with_columns(pl.col("across").fill_null(OTHERS)), columns


def _amounts(usage: pl.DataFrame, keys: list[str], measure: Measure, unit: HourUnit) -> pl.DataFrame:
    """One row a combination of the keys with its amount, which is not a number where it is unknown."""
    sums = [known_sum(name) for name in USAGE_MEASURES]
    summed = usage.group_by(keys, maintain_order=True).agg(sums) if keys else usage.select(sums)
    timed = hours(summed, unit)
    amount = pl.col(measure.value).cast(pl.Float64)
    if measure is Measure.ENERGY:
        amount = pl.when((pl.col("jobs_metered") > 0) | (pl.col("jobs") == 0)).then(amount)
    if measure is Measure.NODE_HOURS_FAILED:
        amount = pl.when((pl.col("node_hours") > 0) | (pl.col("jobs_without_nodes") == 0)).then(amount)
    return timed.select(*keys, amount=amount.fill_null(float("nan")))


def _sorted(cells: pl.DataFrame, rows: Sequence[Dimension], *, by_size: bool) -> pl.DataFrame:
    names = [dimension.value for dimension in rows]
    if not by_size or any(dimension.is_time for dimension in rows):
        return cells.sort(names, nulls_last=True)
    return cells.sort(pl.col(TOTAL).fill_nan(-1.0), *names, descending=[True, *[False] * len(names)], nulls_last=True)


def _share(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    return pl.when(whole > 0).then(part / whole).when(part.is_not_null()).then(float("nan"))


def _held_shares(table: Pivot, of: ShareOf) -> pl.DataFrame | None:
    """Which shares are withheld: those of withheld amounts, and of withheld wholes, which a share of a known amount would tell."""
    if table.held is None:
        return None
    totals = table.held.row(0, named=True)
    wholes = {
        name: {ShareOf.ROW: pl.col(TOTAL), ShareOf.COLUMN: pl.lit(totals[name]), ShareOf.WHOLE: pl.lit(totals[TOTAL])}[of]
        for name in table.amounts
    }
    return table.held.with_columns((pl.col(name) | whole).alias(name) for name, whole in wholes.items())


def _missing(usage: pl.DataFrame, measure: Measure, unit: HourUnit) -> int:
    """Of how many jobs the measure is not known."""
    if measure is Measure.HOURS:
        return int(hours(usage, unit)["jobs_without_hours"].sum())
    if measure is Measure.ENERGY:
        return int((usage["jobs"] - usage["jobs_metered"]).sum())
    if measure is Measure.NODE_HOURS_QUEUED:
        return int(usage["jobs_queued_without_hours"].sum())
    return int(usage["jobs_without_nodes"].sum()) if measure is Measure.NODE_HOURS_FAILED else 0
