"""Guarantees that hold whatever is asked for: the same limits tried against several demands."""

from collections.abc import Mapping

import polars as pl

from analytics.allocation.objectives import Objective
from analytics.allocation.problem import Problem
from analytics.allocation.solution import Refusal, Solution
from analytics.allocation.solve import solve
from data.errors import InputError

HOLDS = {
    "scenario": pl.String,
    "outcome": pl.String,
    "name": pl.String,  # the limit, or the guarantees as a whole
    "holds_at": pl.Float64,  # the value at which a split exists; null where nothing must be loosened
}


def with_demand(problem: Problem, demand: pl.DataFrame) -> Problem:
    """The problem with other requests (columns project, hours_asked); entitlements stay, guarantees end at the new request.

    Raises:
        InputError: if a project of the demand is not in the problem.
    """
    unknown = demand.filter(~pl.col("project").is_in(problem.projects["project"].to_list()))["project"]
    if len(unknown):
        raise InputError(f"demand names {', '.join(unknown.sort().head(5))}, which the problem does not know; add it to table projects.")
    asked = demand.select("project", asked="hours_asked")
    projects = problem.projects.join(asked, on="project", how="left", validate="1:1").with_columns(
        hours_asked=pl.coalesce("asked", "hours_asked").cast(pl.Float64)
    )
    most = pl.when(pl.col("entitlement") > 0).then(pl.col("hours_asked") / pl.col("entitlement")).otherwise(0.0)
    projects = projects.with_columns(
        most_satisfaction=pl.when(pl.col("asked").is_null()).then("most_satisfaction").otherwise(most)
    ).with_columns(least_satisfaction=pl.min_horizontal("least_satisfaction", "most_satisfaction"))
    return Problem.of(
        projects=projects.drop("asked"),
        options=problem.options,
        partitions=problem.partitions,
        capacity=problem.capacity,
        limits=problem.limits,
    )


def across(problem: Problem, demands: Mapping[str, pl.DataFrame], objective: Objective | None = None) -> dict[str, Solution | Refusal]:
    """The best split, or the refusal, for each named demand."""
    return {name: solve(with_demand(problem, demand), objective) for name, demand in sorted(demands.items())}


def what_holds(answers: Mapping[str, Solution | Refusal]) -> pl.DataFrame:
    """One row a scenario and limit to loosen there (a single row without name where none is), with the value that holds."""
    rows: list[tuple[str, str, str | None, float | None]] = []
    for scenario, answer in sorted(answers.items()):
        if isinstance(answer, Solution) or answer.relaxation.is_empty():
            rows.append((scenario, answer.outcome.value, None, None))
        else:
            rows += [(scenario, answer.outcome.value, row["name"], row["relaxed_value"]) for row in answer.relaxation.iter_rows(named=True)]
    return pl.DataFrame(rows, schema=HOLDS, orient="row")


def robust_floors(problem: Problem, answers: Mapping[str, Solution | Refusal]) -> pl.DataFrame:
    """name, value, holds_at, scenario: every floor (limit of at least) with the largest value at which it holds in all scenarios.

    `scenario` names the demand that decides; null where the floor holds as it stands. Floors given as a share are shown as
    `holds_at` in their quantity, for that is what a refusal names.
    """
    loosened = what_holds(answers).drop_nulls("holds_at").sort("holds_at", "scenario").group_by("name", maintain_order=True).first()
    floors = problem.limits.filter(pl.col("sense") == "min").select("name", "value", "unit")
    return floors.join(loosened.select("name", "holds_at", "scenario"), on="name", how="left", validate="1:1", maintain_order="left")
