"""Which rows of a report's tables are withheld: all its groupings protected together, with the limits and the state it speaks of."""

from collections.abc import Iterable

import polars as pl

from analytics.report.disclosure import DisclosureRule, Shape, Withheld, contributions_of, withheld
from analytics.report.inputs import counts_towards
from analytics.report.state import ELSEWHERE
from data.terms import AccessMode, HourUnit, PolicyLimit

SHAPES: tuple[Shape, ...] = (
    ("category",),
    ("category", "month"),
    ("month",),
    ("system",),
    ("system", "category"),
    ("country",),
    ("mode",),
)
"""The groupings of the tables of machine time, energy and emissions."""

OF_STATE: tuple[Shape, ...] = (
    ("category",),
    ("system",),
    ("country",),
    ("country", "category"),
    ("country", "system"),
    ("country", "mode"),
)
"""The groupings of the report of a participating state, all other states taken together."""

OWN_COPY = "The operator's own copy: no figure is withheld, and it is not for publication."


def protection(
    used: pl.DataFrame,
    projects: pl.DataFrame,
    limits: Iterable[PolicyLimit],
    rule: DisclosureRule,
    *,
    unit: HourUnit = HourUnit.NODE_HOURS,
    country: str | None = None,
) -> Withheld:
    """The rows to withhold in the tables of a report.

    Takes usage by system, account, category, mode, country and month, and the decided projects. With a country the tables are those of
    the report of that state.
    """
    if country is not None:
        is_here = pl.col("country") == country
        used = used.with_columns(country=pl.when(is_here).then("country").otherwise(pl.lit(ELSEWHERE)))
        return withheld(
            contributions_of(used, projects, "system", "category", "mode", "country", unit=unit),
            OF_STATE,
            rule,
            never_shown=frozenset({ELSEWHERE}),
        )
    posed = tuple(limits)
    found = contributions_of(used, projects, "system", "category", "mode", "country", "month", unit=unit)
    towards = {counts_towards(limit.id): _counts(limit) for limit in posed}
    shapes = (*SHAPES, *(("system", name) for name in towards))
    return withheld(found.with_columns(**towards), shapes, rule, never_shown=frozenset({False}))


def protected_demand(asked: pl.DataFrame, projects: pl.DataFrame, rule: DisclosureRule, *shapes: Shape) -> Withheld:
    """The rows to withhold in tables of what was asked for, by these columns; whoever asked and used nothing is in no table of use.

    Takes frame DEMAND, with the columns of the shapes, and the decided projects.
    """
    hours = asked.with_columns(node_hours=pl.col("node_hours_demanded"))
    by = dict.fromkeys(name for shape in shapes for name in shape)
    return withheld(contributions_of(hours, projects, *by), shapes, rule)


def _counts(limit: PolicyLimit) -> pl.Expr:
    """Whether machine time counts towards a limit: Union access of its machines, user categories and access modes."""
    counted = pl.col("mode") != AccessMode.OTHER.value
    if limit.systems:
        counted &= pl.col("system").is_in(limit.systems)
    if limit.categories:
        counted &= pl.col("category").is_in([category.value for category in limit.categories])
    if limit.modes:
        counted &= pl.col("mode").is_in([mode.value for mode in limit.modes])
    return counted
