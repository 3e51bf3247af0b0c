"""What less carbon costs in fairness: the best split for every α and every carbon budget, each with its proof."""

from collections.abc import Sequence

import polars as pl

from analytics.allocation import tables
from analytics.allocation.objectives import Objective
from analytics.allocation.problem import Problem
from analytics.allocation.solution import Refusal, Solution
from analytics.allocation.solve import solve
from data.errors import InputError

BUDGET = "carbon budget of the frontier"
"""The name of the limit that each point adds."""

FRONTIER = {
    "alpha": pl.Float64,
    "budget_tco2e": pl.Float64,  # null: none
    "outcome": pl.String,
    "emissions_tco2e": pl.Float64,
    "node_hours": pl.Float64,
    "objective_ede": pl.Float64,
    "bound_ede": pl.Float64,
    "least_satisfaction": pl.Float64,
    "price_per_t": pl.Float64,  # welfare that one tonne more would bring
}


def frontier(problem: Problem, alphas: Sequence[float], parts: Sequence[float]) -> pl.DataFrame:
    """One row an α and a budget: emissions, hours, equivalent and least satisfaction, and the price of a tonne.

    A budget is a part of what the best split for the same α emits without one; that split comes first, its budget null.
    Where a budget clashes with other limits the outcome says so and the figures are null.

    Raises:
        InputError: if a part is not between 0 and 1, or the problem's own limits leave no split.
    """
    if not all(0 < part <= 1 for part in parts):
        raise InputError(f"parts of emissions are {', '.join(f'{part:g}' for part in parts)}; each must be above 0 and at most 1.")
    rows = []
    for alpha in alphas:
        free = solve(problem, Objective(alpha=alpha))
        if isinstance(free, Refusal):
            raise InputError(f"{free.reason} {free.mend}")
        rows.append(_point(free, alpha, None))
        emitted = emissions_tco2e(free)
        for part in sorted(parts, reverse=True):
            found = solve(with_budget(problem, part * emitted), Objective(alpha=alpha))
            rows.append(_point(found, alpha, part * emitted))
    return pl.DataFrame(rows, schema=FRONTIER, orient="row")


def with_budget(problem: Problem, budget_tco2e: float) -> Problem:
    """The problem with one more limit: a budget for all its emissions."""
    row = dict.fromkeys(tables.TABLES["limits"]) | {
        "name": BUDGET,
        "sense": "max",
        "quantity": "tco2e",
        "value": budget_tco2e,
        "unit": "absolute",
    }
    limits = pl.concat([problem.limits, pl.DataFrame([row], schema=problem.limits.schema)])
    return Problem.of(
        projects=problem.projects, options=problem.options, partitions=problem.partitions, capacity=problem.capacity, limits=limits
    )


def emissions_tco2e(solution: Solution) -> float:
    """The emissions of all node-hours of a split.

    Raises:
        InputError: if a partition that it uses does not state them.
    """
    factors = solution.problem.capacity.select("partition", "period", "tco2e_per_node_hour")
    used = solution.allocation.join(factors, on=["partition", "period"], how="left", validate="m:1")
    unstated = used.filter(pl.col("tco2e_per_node_hour").is_null())["partition"].unique().sort()
    if len(unstated):
        raise InputError(f"partition {', '.join(unstated)} states no tco2e_per_node_hour; fill it in.")
    return float((used["node_hours"] * used["tco2e_per_node_hour"]).sum())


def _point(found: Solution | Refusal, alpha: float, budget: float | None) -> tuple[object, ...]:
    if isinstance(found, Refusal):
        return (alpha, budget, found.outcome.value, None, None, None, None, None, None)
    price = found.prices.filter(pl.col("name") == BUDGET)["price"]
    return (
        alpha,
        budget,
        found.outcome.value,
        emissions_tco2e(found),
        float(found.allocation["node_hours"].sum()),
        found.certificate.objective_ede,
        found.certificate.bound_ede,
        found.satisfaction["satisfaction"].min(),
        float(price.item()) if len(price) else None,
    )
