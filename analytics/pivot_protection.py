"""A table of a reader's own making without the figures of single firms: what is withheld, and in which order it stands."""

from dataclasses import replace

import polars as pl

from analytics.pivot import OTHERS, TOTAL, Pivot, without_held
from analytics.report.disclosure import DisclosureRule, Shape, Withheld, withheld

MOST_CELLS = 2_000
"""How many cells a table with columns may have, so that it can be shown within seconds that none of them gives another away."""

ACROSS = "across"


def can_be_protected(table: Pivot) -> bool:
    """Whether it can be shown within seconds that no withheld amount can be had by subtraction; without columns it always can."""
    return table.column is None or (table.cells.height + 1) * len(table.amounts) <= MOST_CELLS


def protected(table: Pivot, contributions: pl.DataFrame, rule: DisclosureRule) -> Pivot:
    """The table of amounts with those withheld that would show a single firm, or from which such a one could be had by subtraction.

    Rows and columns of which the total is withheld stand behind the others, by name, since their order would tell their size.

    Args:
        table: The amounts, before shares are taken of them.
        contributions: Who contributed to each combination of its rows and column (frame CONTRIBUTIONS with these dimensions).
        rule: What counts as the figure of a single organisation.
    """
    rows: Shape = tuple(row.value for row in table.rows)
    told = _across(table, contributions)
    shapes: tuple[Shape, ...] = (rows,) if table.column is None else (rows, (ACROSS,), (*rows, ACROSS))
    held = _flags(table, told, withheld(told, shapes, rule), rows)
    return without_held(_reordered(replace(table, held=held)))


def _across(table: Pivot, contributions: pl.DataFrame) -> pl.DataFrame:
    """The contributions with the name of the table's column that they are in."""
    if table.column is None:
        return contributions
    of = table.column.value
    named = pl.DataFrame(
        {of: list(table.columns.values()), ACROSS: list(table.columns)}, schema={of: contributions.schema[of], ACROSS: pl.String}
    )
    joined = contributions.join(named, on=of, how="left", nulls_equal=True, validate="m:1")
    return joined.with_columns(pl.col(ACROSS).fill_null(OTHERS))


def _flags(table: Pivot, told: pl.DataFrame, found: Withheld, rows: Shape) -> pl.DataFrame:
    """Which amounts are withheld, the totals first; an amount of which nobody is known to have contributed is withheld too."""
    keys = table.cells.select(rows).rows()
    known: dict[Shape, set[tuple[object, ...]]] = {shape: set(told.select(shape).rows()) if shape else {()} for shape in found.rows}

    def is_held(shape: Shape, key: tuple[object, ...]) -> bool:
        return key in found.rows[shape] or key not in known[shape]

    flags: dict[str, list[bool]] = {}
    for name in table.amounts:
        if name == TOTAL:
            flags[name] = [is_held((), ()), *(is_held(rows, key) for key in keys)]
            continue
        some = table.cells[name].is_not_null()
        inner = (has and is_held((*rows, ACROSS), (*key, name)) for key, has in zip(keys, some, strict=True))
        flags[name] = [is_held((ACROSS,), (name,)), *inner]
    return pl.DataFrame(flags, schema=dict.fromkeys(table.amounts, pl.Boolean))


def _reordered(table: Pivot) -> Pivot:
    """The table with rows and columns whose total is withheld behind the others; times stay in their own order."""
    assert table.held is not None, "the order follows what is withheld"
    cells, held = table.cells, table.held
    if not any(row.is_time for row in table.rows):
        names = [row.value for row in table.rows]
        size = cells.with_row_index("place").with_columns(last=held[TOTAL].slice(1))
        behind = [pl.when("last").then(pl.col(name)) for name in names]
        order = size.sort("last", *behind, "place", nulls_last=False)["place"]
        cells = cells[order]
        held = pl.concat([held.head(1), held.slice(1)[order]])
    if table.column is not None and not table.column.is_time:
        hidden = sorted((name for name in table.columns if held[name][0]), key=lambda name: str(table.columns[name]))
        shown = [name for name in table.amounts if name not in hidden and name not in (OTHERS, TOTAL)]
        amounts = [*shown, *hidden, *(name for name in (OTHERS, TOTAL) if name in table.amounts)]
        cells, held = cells.select(*(row.value for row in table.rows), *amounts), held.select(amounts)
        return replace(table, cells=cells, held=held, totals=table.totals.select(amounts))
    return replace(table, cells=cells, held=held)
