"""The whole curve of what a carbon budget costs in fairness, to a certified error: proven splits where the curve is least known.

Welfare is concave in the budget. So between two proven splits the straight line joining them can be reached (a mixture of the two
splits keeps every limit), and the lines that leave each at the price of a tonne cannot be passed. The next split is made where the
two lie furthest apart, until they lie nowhere further apart than the error asked for.
"""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from analytics.allocation import scaling, tables
from analytics.allocation.aggregate import reduced
from analytics.allocation.certificate import equivalent_of, limit_use
from analytics.allocation.objectives import Aim, Objective, utility
from analytics.allocation.problem import Problem
from analytics.allocation.solution import Refusal, Solution
from analytics.allocation.solve import solve
from data.errors import InputError

BUDGET = "carbon budget of the frontier"
"""The name of the limit that each point adds."""

CURVE = {
    "budget_tco2e": pl.Float64,
    "emissions_tco2e": pl.Float64,
    "node_hours": pl.Float64,
    "least_satisfaction": pl.Float64,
    "objective_ede": pl.Float64,
    "bound_ede": pl.Float64,
    "price_per_t": pl.Float64,  # welfare that one tonne more would bring
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Proven splits along a carbon budget, the smallest budget first."""

    points: pl.DataFrame
    """Frame CURVE."""
    solutions: tuple[Solution, ...]
    """The split of each point."""
    error: float
    """The furthest that the curve may lie above the straight lines between the points, in parts of the equivalent satisfaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Point:
    budget: float
    solution: Solution
    price: float
    """Mean welfare that one tonne more would bring."""


def traced(
    problem: Problem, objective: Objective | None = None, *, least_part: float = 0.5, points: int = 100, error: float = 1e-3
) -> Curve:
    """The curve from a part of the emissions of the unbudgeted split up to all of them, with at most so many points.

    Raises:
        InputError: for max-min, leximin or prices in the objective, a part outside 0 to 1, fewer than two points, or limits that
            leave no split at the smallest budget.
    """
    objective = objective or Objective()
    if objective.aim is not Aim.ALPHA or objective.has_prices:
        raise InputError("a curve is traced for an alpha without prices; the price of a tonne is what it shows.")
    if not (0 < least_part < 1 and points >= 2):
        raise InputError(f"the smallest part is {least_part:g} and points are {points}; give a part between 0 and 1, and 2 points or more.")
    free = _split(problem, objective, None)
    emitted = emissions_tco2e(free)
    budgeted = with_budget(problem, emitted)
    weight = _weight(free)
    last = _Point(budget=emitted, solution=free, price=0.0)
    found = [_point(budgeted, objective, least_part * emitted, free, weight), last]
    gaps = [_apart(found[0], found[1], objective.alpha)]
    while True:
        widest = max(range(len(gaps)), key=lambda place: gaps[place][0])
        worst, budget = gaps[widest]
        if worst <= error or len(found) >= points:
            return Curve(points=_table(found, weight), solutions=tuple(point.solution for point in found), error=worst)
        left, right = found[widest : widest + 2]
        between = _point(budgeted, objective, budget, left.solution, weight)
        found.insert(widest + 1, between)
        gaps[widest : widest + 1] = [_apart(left, between, objective.alpha), _apart(between, right, objective.alpha)]


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


def _split(problem: Problem, objective: Objective, warm: Solution | None) -> Solution:
    found = solve(problem, objective, warm=warm)
    if isinstance(found, Refusal):
        raise InputError(f"{found.reason} {found.mend}")
    return found


def _weight(solution: Solution) -> float:
    """The weight of all projects that can be served."""
    served = scaling.can_be_served(reduced(solution.program))
    return float(solution.program.weight[served].sum())


def _point(budgeted: Problem, objective: Objective, budget: float, warm: Solution, weight: float) -> _Point:
    value = pl.when(pl.col("name") == BUDGET).then(budget).otherwise("value")
    found = _split(replace(budgeted, limits=budgeted.limits.with_columns(value=value)), objective, warm)
    row = found.program.limits.names.index(BUDGET)
    return _Point(budget=budget, solution=found, price=float(found.marginal.limits[row]) / weight)


def _apart(left: _Point, right: _Point, alpha: float) -> tuple[float, float]:
    """How far the curve may lie above the line between two points, in parts of its height, and at which budget."""
    low, high = _mean_welfare(left, alpha), _mean_welfare(right, alpha)
    width = right.budget - left.budget
    bend = left.price - right.price
    step = np.clip((high[1] - low[1] - right.price * width) / bend, 0.0, width) if bend > 0 else 0.5 * width
    outside = min(low[1] + left.price * step, high[1] - right.price * (width - step))
    inside = low[0] + (high[0] - low[0]) * step / width
    if not 0.01 * width < step < 0.99 * width:
        step = 0.5 * width
    return equivalent_of(outside, alpha, 1.0) / equivalent_of(inside, alpha, 1.0) - 1, left.budget + float(step)


def _mean_welfare(point: _Point, alpha: float) -> tuple[float, float]:
    """What is reached, and what cannot be passed."""
    proof = point.solution.certificate
    reached, bound = utility(np.array([proof.objective_ede, proof.bound_ede]), alpha)
    return float(reached), float(bound)


def _table(found: list[_Point], weight: float) -> pl.DataFrame:
    return pl.DataFrame([_row(point, weight) for point in found], schema=CURVE, orient="row")


def _row(point: _Point, weight: float) -> tuple[float, ...]:
    solution = point.solution
    full, proof = solution.program, solution.certificate
    used = limit_use(full, solution.split)[full.limits.names.index(BUDGET)] if BUDGET in full.limits.names else point.budget
    least = solution.split.satisfaction(full)[full.entitlement > 0].min()
    hours = solution.split.hours.sum()
    return (point.budget, float(used), float(hours), float(least), proof.objective_ede, proof.bound_ede, point.price * weight)
