"""What can be had at best: the best split for every aim and carbon budget, each with its proof, to choose a point among them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from analytics.allocation.objectives import Objective
from analytics.allocation.solution import Refusal, Solution
from analytics.allocation.solve import solve
from analytics.charts import numbers
from analytics.recommendation_compare import served_of_worst
from analytics.split_problem import SplitChoices, SplitFacts, capacity_with_factors, split_problem
from data.schema import Schema

PARTS = (1.0, 0.85, 0.7, 0.55, 0.4)
"""The carbon budgets of the frontier, as parts of what the split emits without one."""

FRONTIER_OF_SPLIT: Schema = {
    "aim": pl.String,
    "carbon_budget_t": pl.Float64,  # null: none
    "outcome": pl.String,
    "node_hours": pl.Float64,
    "emissions_location_t": pl.Float64,
    "served_of_worst": pl.Float64,  # the part of what is due that the worst-served tenth of projects gets
    "satisfaction": pl.Float64,
    "satisfaction_at_most": pl.Float64,
}
"""One row an aim and carbon budget."""


def without_factors(facts: SplitFacts, choices: SplitChoices) -> list[str]:
    """The machines of which energy or emissions are not known, so that no budget can count them."""
    capacity = capacity_with_factors(facts, choices)
    unknown = capacity.filter(pl.col("mwh_per_node_hour").is_null() | pl.col("tco2e_per_node_hour").is_null())
    return unknown["system"].unique().sort().to_list()


def budgets(emissions_t: float, parts: Sequence[float] = PARTS) -> list[float | None]:
    """Carbon budgets from none to the tightest, in tonnes of three digits, as parts of what a split emits without one.

    >>> budgets(38_461.4, parts=(1.0, 0.5))
    [None, 19200.0]
    """
    return [None if part >= 1 else float(f"{part * emissions_t:.3g}") for part in parts]


def frontier_of_split(
    facts: SplitFacts, choices: SplitChoices, aims: Mapping[str, Objective], most: Sequence[float | None]
) -> pl.DataFrame:
    """The best split for every aim and carbon budget, frame FRONTIER_OF_SPLIT; all other choices hold in each.

    Where a budget clashes with other limits the outcome says so and the figures are null.

    Raises:
        InputError: if a machine's emissions are not known, or nothing is asked for.
    """
    rows = []
    for aim, objective in aims.items():
        warm: Solution | None = None
        for budget in most:
            problem = split_problem(facts, replace(choices, objective=objective, carbon_budget_t=budget))
            found = solve(problem, objective, warm=warm)
            rows.append(_point(aim, budget, found))
            warm = found if isinstance(found, Solution) else warm
    return pl.DataFrame(rows, schema=FRONTIER_OF_SPLIT, orient="row")


def largest_gap(points: pl.DataFrame) -> float:
    """By which part of itself the satisfaction of a point can at most be better, over all points."""
    gaps = points.drop_nulls("satisfaction").select(gap=pl.col("satisfaction_at_most") / pl.col("satisfaction") - 1)["gap"]
    largest = gaps.filter(gaps.is_finite()).max()
    return max(float(largest), 0.0) if isinstance(largest, float) else 0.0


def bound_in_words(points: pl.DataFrame) -> str:
    """How far each point can be from the best there is, and what lies between the points."""
    known, all_points = points.drop_nulls("node_hours").height, points.height
    none = "" if known == all_points else f" {all_points - known} of {all_points} points do not exist: limits clash there."
    return (
        f"Every point is a split that is proven best: its satisfaction is within {numbers.percent(max(largest_gap(points), 1e-7))} of the "
        f"bound that no split can pass.{none} Lines between points only guide the eye."
    )


def point_in_words(point: Mapping[str, object]) -> str:
    """A point of the frontier as it stands in a list to choose from."""
    budget = point["carbon_budget_t"]
    carbon = "no carbon budget" if budget is None else f"at most {numbers.exact(float(str(budget)))} t CO₂e"
    return f"{point['aim']}, {carbon}"


def _point(aim: str, budget: float | None, found: Solution | Refusal) -> tuple[object, ...]:
    if isinstance(found, Refusal):
        return (aim, budget, found.outcome.value, None, None, None, None, None)
    given = found.allocation.group_by("project").agg(pl.col("node_hours").sum())
    proof = found.certificate
    return (
        aim,
        budget,
        found.outcome.value,
        float(given["node_hours"].sum()),
        _emissions(found),
        served_of_worst(found.problem, given),
        proof.objective_ede,
        proof.bound_ede,
    )


def _emissions(found: Solution) -> float | None:
    factors = found.problem.capacity.select("partition", "period", "tco2e_per_node_hour")
    used = found.allocation.join(factors, on=["partition", "period"], how="left", validate="m:1")
    if used["tco2e_per_node_hour"].null_count():
        return None
    return float((used["node_hours"] * used["tco2e_per_node_hour"]).sum())
