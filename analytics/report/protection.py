"""Which rows of a report's tables are withheld: all its groupings protected together, with the limits and the state it speaks of."""

from collections.abc import Iterable, Sequence
from itertools import permutations

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
    counted = found.with_columns(**towards)
    rests = {f"{wide}_but_not_{narrow}": pl.col(wide) & ~pl.col(narrow) for wide, narrow in _nested(counted, list(towards))}
    named = counted.with_columns(pl.when(rest).then(pl.lit(REST)).otherwise(pl.lit(NO_REST)).alias(name) for name, rest in rests.items())
    shapes = (*SHAPES, *(("system", name) for name in (*towards, *rests)))
    return withheld(named, shapes, rule, never_shown=frozenset({False, REST, NO_REST}))


def protected_demand(asked: pl.DataFrame, projects: pl.DataFrame, rule: DisclosureRule, *shapes: Shape) -> Withheld:
    """The rows to withhold in tables of what was asked for, by these columns; whoever asked and used nothing is in no table of use.

    Takes frame DEMAND, with the columns of the shapes, and the decided projects.
    """
    hours = asked.with_columns(node_hours=pl.col("node_hours_demanded"))
    by = dict.fromkeys(name for shape in shapes for name in shape)
    return withheld(contributions_of(hours, projects, *by), shapes, rule)


REST, NO_REST = "the rest of a limit", "all but the rest of a limit"
"""What no table shows, but a difference of two limits on one machine would: what counts towards the wider and not the narrower one."""


def _nested(counted: pl.DataFrame, names: Sequence[str]) -> list[tuple[str, str]]:
    """The pairs of limits of which, on some machine, the second counts a part of what the first counts and nothing else."""
    pairs = list(permutations(names, 2))
    is_nested = {
        f"{wide} {narrow}": pl.col(narrow).any() & (pl.col(wide) & ~pl.col(narrow)).any() & ~(pl.col(narrow) & ~pl.col(wide)).any()
        for wide, narrow in pairs
    }
    found = counted.group_by("system").agg(**is_nested)
    return [pair for pair, name in zip(pairs, is_nested, strict=True) if found[name].any()]


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
