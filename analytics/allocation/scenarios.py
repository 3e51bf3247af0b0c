"""Guarantees that hold whatever is asked for: the same limits tried against several demands."""

from collections.abc import Mapping

import polars as pl

from analytics.allocation.objectives import Objective
from analytics.allocation.problem import Problem
from analytics.allocation.program import program
from analytics.allocation.solution import Refusal
from analytics.allocation.solve import solve
from data.errors import InputError

HELD_AT = {
    "name": pl.String,
    "value": pl.Float64,  # in the quantity of the limit, a share already turned into an amount
    "holds_at": pl.Float64,
    "scenario": pl.String,  # null where it can hold as it stands
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


def robust_floors(problem: Problem, demands: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Frame HELD_AT: every floor (limit of at least) with the largest value at which it can hold in all scenarios, one by one.

    In each scenario a split of its own is sought that keeps every limit; where there is none, the least loosening is what can hold.
    `scenario` names the demand that decides; null where the floor can hold as it stands. Values are in the quantity of the limit.
    """
    loosened: dict[str, tuple[float, str]] = {}
    for scenario, demand in sorted(demands.items()):
        answer = solve(with_demand(problem, demand))
        if isinstance(answer, Refusal) and "relaxed_value" in answer.relaxation.columns:
            for name, holds_at in answer.relaxation.select("name", "relaxed_value").iter_rows():
                if name not in loosened or holds_at < loosened[name][0]:
                    loosened[name] = (holds_at, scenario)
    limits = program(problem, Objective()).limits
    rows = [
        (name, float(value), *loosened.get(name, (float(value), None)))
        for name, value, sign in zip(limits.names, limits.value, limits.sign, strict=True)
        if sign < 0
    ]
    return pl.DataFrame(rows, schema=HELD_AT, orient="row")
