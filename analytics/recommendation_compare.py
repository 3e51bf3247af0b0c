"""Two splits side by side: which choices differ, what each brings, and who gains and who loses between them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from analytics.allocation.problem import Problem
from analytics.charts import numbers
from analytics.charts.theme import STACK, category_name, label
from analytics.recommendation import Recommendation
from analytics.recommendation_changes import changes_between
from analytics.recommendation_words import aim_in_words, limit_in_words
from analytics.split_problem import Due, SplitChoices
from data.schema import Schema
from data.terms import PolicyLimit
from data.units import KG_PER_TONNE, KWH_PER_MWH

TENTH = 0.1
"""The part of the projects that counts as the worst-served."""
MOST_LIMITS = 5
"""How many limits' prices stand in a comparison."""

COMPARED: Schema = {
    "measure": pl.String,
    "unit": pl.String,
    "one": pl.Float64,
    "other": pl.Float64,
    "one_words": pl.String,
    "other_words": pl.String,
}
"""One row a measure, as numbers and as people read them; null and "not available" where a side has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of two splits that are compared."""

    title: str
    """What it is called."""
    found: Recommendation
    """The split, or the split beside which `received` stands."""
    received: bool = False
    """Whether what was received is meant, and not what the split grants."""

    @property
    def hours(self) -> str:
        """The column of node-hours that is meant."""
        return "node_hours_received" if self.received else "node_hours_recommended"

    @property
    def served_of_worst(self) -> float | None:
        """The part of what is due to them that the worst-served tenth of the projects get."""
        return served_of_worst(self.found.solution.problem, self.found.by_project.select("project", node_hours=self.hours))


def served_of_worst(problem: Problem, hours: pl.DataFrame) -> float | None:
    """The part of what is due to them that the worst-served tenth of the projects get, on average; None where nobody asks.

    Due is the entitlement, at most the request: nobody is badly served who gets all that is asked for.

    Args:
        problem: Who asks for what.
        hours: Columns project and node_hours; who is not named has none.
    """
    due = pl.min_horizontal("entitlement", "hours_asked")
    rows = problem.projects.filter(due > 0).join(hours.select("project", "node_hours"), on="project", how="left", validate="1:1")
    served = rows.select(part=pl.min_horizontal(pl.col("node_hours").fill_null(0.0) / due, 1.0))["part"].sort()
    if served.is_empty():
        return None
    worst = served.head(max(1, round(TENTH * len(served)))).mean()
    return float(worst) if isinstance(worst, float) else None


def side_by_side(one: Side, other: Side, limits: Sequence[PolicyLimit], names: Mapping[str, str]) -> pl.DataFrame:
    """Both splits in rows of hours by category, satisfaction, the worst-served, energy, emissions and prices, frame COMPARED."""
    rows = [*_hours_rows(one, other), *_quality_rows(one, other), *_footprint_rows(one, other), *_price_rows(one, other, limits, names)]
    return pl.DataFrame(rows, schema=COMPARED, orient="row")


def between(one: Side, other: Side) -> pl.DataFrame:
    """Who gains and who loses from one split to the other, frame CHANGES; who is in one alone has 0 hours in the other."""
    keys = ["project", "system", "account", "category"]
    before = one.found.by_project.select(*keys, before=one.hours)
    after = other.found.by_project.select(*keys, after=other.hours)
    return changes_between(before.join(after, on=keys, how="full", coalesce=True, validate="1:1", nulls_equal=True))


def differences(one: SplitChoices, other: SplitChoices) -> list[str]:
    """The choices that differ, each said as "from … to …".

    >>> differences(SplitChoices(), SplitChoices(due=Due.REQUEST, keep_law=False))[1]
    'The limits of law and access policy: from kept to not kept.'
    """
    told = zip(_told(one), _told(other), strict=True)
    return [f"{what}: from {before} to {after}." for (what, before), (_, after) in told if before != after]


def _told(choices: SplitChoices) -> list[tuple[str, str]]:
    """Every choice by name, in words."""
    dues = {Due.MODE_MEDIAN: "the usual request of the access mode", Due.REQUEST: "each project's own request"}
    rows = [
        ("The aim", aim_in_words(choices.objective)),
        ("Satisfaction is measured against", dues[choices.due]),
        ("The limits of law and access policy", "kept" if choices.keep_law else "not kept"),
        ("The energy budget", _budget(choices.energy_budget_mwh, "MWh")),
        ("The carbon budget", _budget(choices.carbon_budget_t, "t CO₂e")),
        ("The machines", "; ".join(change.text for change in choices.capacity) or "as they are"),
    ]
    for category in STACK:
        name = category_name(category.value)
        floor, cap = choices.floors.get(category, 0.0), choices.caps.get(category, 1.0)
        rows.append((f"The floor for {name}", numbers.percent(floor) if floor > 0 else "none"))
        rows.append((f"The cap for {name}", numbers.percent(cap) if cap < 1 else "none"))
        rows.append((f"The weight of {name}", numbers.plain(choices.weights.get(category, 1.0))))
    return rows


def _budget(value: float | None, unit: str) -> str:
    return "none" if value is None else f"{numbers.exact(value)} {unit}"


def _row(measure: str, unit: str, values: tuple[float | None, float | None], write: Callable[[float | None], str]) -> tuple[object, ...]:
    words = [write(value) for value in values]
    return (measure, unit, *values, *words)


def _hours_rows(one: Side, other: Side) -> list[tuple[object, ...]]:
    totals = [dict(side.found.by_project.group_by("category").agg(pl.col(side.hours).sum()).iter_rows()) for side in (one, other)]
    rows = [
        _row(label(category.value), "node-hours", (totals[0].get(category.value, 0.0), totals[1].get(category.value, 0.0)), _amount)
        for category in STACK
        if any(category.value in total for total in totals)
    ]
    return [_row("All projects", "node-hours", (sum(totals[0].values()), sum(totals[1].values())), _amount), *rows]


def _quality_rows(one: Side, other: Side) -> list[tuple[object, ...]]:
    merit = tuple(None if side.received else side.found.solution.certificate.objective_ede for side in (one, other))
    worst = tuple(side.served_of_worst for side in (one, other))
    return [
        _row("Satisfaction by its own aim", "share", (merit[0], merit[1]), numbers.percent),
        _row("The worst-served tenth gets of what is due to it", "share", (worst[0], worst[1]), numbers.percent),
    ]


def _footprint_rows(one: Side, other: Side) -> list[tuple[object, ...]]:
    rows = []
    for measure, column, unit, factor, write in (
        ("Facility energy", "energy_facility_mwh", "MWh", KWH_PER_MWH, numbers.energy),
        ("Emissions, location-based", "emissions_location_t", "t CO₂e", KG_PER_TONNE, numbers.emissions),
    ):
        values = [side.found.energy.filter(what="received" if side.received else "recommended")[column].item() for side in (one, other)]
        words = [write(None if value is None else value * factor) for value in values]
        rows.append((measure, unit, *values, *words))
    return rows


def _price_rows(one: Side, other: Side, limits: Sequence[PolicyLimit], names: Mapping[str, str]) -> list[tuple[object, ...]]:
    """What one per cent more of each of the dearest limits of either split would raise its satisfaction by."""
    gains = [{} if side.received else dict(side.found.binding.select("name", "gain").iter_rows()) for side in (one, other)]
    dearest = sorted({*gains[0], *gains[1]}, key=lambda name: (-max(gain.get(name, 0.0) for gain in gains), name))
    rows = []
    for name in dearest[:MOST_LIMITS]:
        prices = [gain.get(name, 0.0) if _has_limit(side, name) else None for side, gain in zip((one, other), gains, strict=True)]
        rows.append(_row(f"Price of 1 % of {limit_in_words(name, limits, names)}", "share", (prices[0], prices[1]), numbers.percent))
    return rows


def _has_limit(side: Side, name: str) -> bool:
    """Whether a limit stands in a split at all; where it does not, it has no price, not even 0."""
    problem = side.found.solution.problem
    known = {*problem.limits["name"], *(f"capacity:{partition}" for partition in problem.capacity["partition"].unique())}
    return not side.received and name in known


def _amount(value: float | None) -> str:
    return numbers.amount(value, "")
