"""What may leave a page with whom: the operator takes all figures away, anybody else none from which those of a single firm can be had."""

from collections.abc import Callable
from functools import partial
from itertools import combinations

import polars as pl
import streamlit as st

from analytics.commands_report_inputs import rule_of
from analytics.groups import OTHERS
from analytics.pivot import Measure, Pivot
from analytics.pivot_protection import MOST_CELLS, can_be_protected, protected
from analytics.report.disclosure import CONTRIBUTIONS, DisclosureRule, Shape, blanked, contributions_of, withheld
from analytics.report.protection import OWN_COPY
from data.settings import settings
from data.terms import Dimension, HourUnit
from pages.shared import loaders, visit
from pages.shared.visit import Visit

Filters = tuple[tuple[Dimension, tuple[str, ...]], ...]
Places = Callable[[], frozenset[int]]
"""Gives the places of the rows of a table that are withheld from all but the operator."""

NO_FILE = "Files: the operator's alone, since whose figures these are is not told apart."
NO_PICTURE = "Pictures: the operator's alone, since this one shows figures of single firms."
TOO_LARGE = (
    "The table has too many cells to make sure that no figure of a single firm can be had from it. "
    "Take fewer rows, or no columns: a table without columns may be of any length."
)


def rule() -> DisclosureRule:
    """The rule that the site has set."""
    return rule_of(settings())


def sentence(here: Visit) -> str:
    """What stands in this person's files about the figures of single firms."""
    return OWN_COPY if here.person.sees_single_firms else rule().in_words


def by(*columns: Dimension, only: Filters = (), unit: HourUnit | None = None) -> Callable[[pl.DataFrame], Places]:
    """For a table of the selection by these columns: what gives the places of its rows that are withheld.

    The table and all its subtotals are protected together. A row is withheld where any total that it is a part of is, since its share
    would tell that total; and where nobody is known to have contributed to it.

    Args:
        columns: The dimensions that tell its rows apart, by their own names.
        only: Which values of which dimensions it holds.
        unit: The machine time by which a firm counts as holding most of a figure; by default the unit that the reader chose.
    """
    here = visit.now()

    def found(frame: pl.DataFrame) -> Places:
        return partial(_places, here, frame.select(columns), columns, only, unit or here.chosen.unit)

    return found


def of_groups(rows: pl.DataFrame, dimension: Dimension, time: Dimension | None = None, *, only: Filters = ()) -> Places:
    """The same for a table of the largest groups (frame GROUPED, or GROUPED_OVER_TIME), the smaller ones summed as others."""
    here = visit.now()
    names = ("group", "time") if time is not None else ("group",)

    def places() -> frozenset[int]:
        found = contributions(here, (dimension, *([time] if time else [])), only, here.chosen.unit)
        group = pl.col(dimension.value).fill_null("")
        named = found.with_columns(group=pl.when(group.is_in(rows["group"].unique().to_list())).then(group).otherwise(pl.lit(OTHERS)))
        return _withheld(rows.select(names), named.rename({time.value: "time"}) if time is not None else named, names)

    return places


def table(here: Visit, made: Pivot, only: Filters, measure: Measure) -> Pivot:
    """A table of the reader's own making with what would show a single firm withheld; the page ends here where that cannot be made sure."""
    if not can_be_protected(made):
        st.info(TOO_LARGE)
        st.stop()
    unit = here.chosen.unit if measure is Measure.HOURS else HourUnit.NODE_HOURS
    told = contributions(here, (*made.rows, *([made.column] if made.column else [])), only, unit)
    return protected(made, told, rule())


def contributions(here: Visit, columns: tuple[Dimension, ...], only: Filters, unit: HourUnit) -> pl.DataFrame:
    """Who contributed how much machine time to each combination of these dimensions (frame CONTRIBUTIONS with them)."""
    told = tuple(dict.fromkeys((*columns, Dimension.SYSTEM, Dimension.PROJECT, Dimension.CATEGORY)))

    def made() -> pl.DataFrame:
        used = loaders.explored(here.seen, here.chosen, told, only)
        return contributions_of(used, loaders.all_projects(here.seen, here.chosen.systems), *(each.value for each in columns), unit=unit)

    return loaders.kept(here.seen, "contributions", (here.chosen, columns, only, unit), made)


def without_single_firms(data: pl.DataFrame, places: frozenset[int]) -> pl.DataFrame:
    """The table with the numbers of these rows empty, and a column that says which rows these are, unless it has one."""
    if not places and "withheld" in data.columns:
        return data
    measures = [name for name, kind in data.schema.items() if kind.is_numeric() or kind == pl.Boolean]
    flags = pl.Series("withheld", [place in places for place in range(data.height)], dtype=pl.Boolean)
    return blanked(data, places, measures).with_columns(flags)


def _places(here: Visit, keys: pl.DataFrame, columns: tuple[Dimension, ...], only: Filters, unit: HourUnit) -> frozenset[int]:
    return _withheld(keys, contributions(here, columns, only, unit), tuple(each.value for each in columns))


def _withheld(keys: pl.DataFrame, told: pl.DataFrame, names: Shape) -> frozenset[int]:
    """The places of the rows to withhold, all of them where there are too many to look at all sums and differences."""
    shapes: list[Shape] = [shape for size in range(1, len(names) + 1) for shape in combinations(names, size)]
    known = told.select(*names, *CONTRIBUTIONS)
    cells = sum(known.select(shape).n_unique() for shape in shapes)
    if len(names) > 1 and cells > MOST_CELLS:
        return frozenset(range(keys.height))
    found, told_apart = withheld(known, shapes, rule()), set(known.select(names).rows())
    if found.rows[()]:
        return frozenset(range(keys.height))
    unsafe = frozenset().union(*(found.places(keys, *shape) for shape in shapes))
    return unsafe | {place for place, key in enumerate(keys.select(names).rows()) if key not in told_apart}
