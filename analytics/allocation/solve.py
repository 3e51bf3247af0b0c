"""The best split of a problem with the proof that it is best, or a refusal that says what stands in the way."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from analytics.allocation import clash, interior_point, scaling
from analytics.allocation.aggregate import Reduced, reduced
from analytics.allocation.certificate import Certificate, Prices, Split, certify, costs
from analytics.allocation.interior_point import Point
from analytics.allocation.objectives import Aim, Objective
from analytics.allocation.problem import Problem
from analytics.allocation.program import Index, Program, program
from analytics.allocation.scaling import Start
from analytics.allocation.solution import Refusal, Solution, frames

ATTEMPTS = 4
DUST = 1e-7
"""Part of a project's satisfaction below which a partition's share of it is left out, if the proof still holds."""
STEEP = 8.0
"""The α from which a solve starts at the answer for a smaller α."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A split with its prices and its proof."""

    split: Split
    prices: Prices
    certificate: Certificate


def solve(problem: Problem, objective: Objective | None = None) -> Solution | Refusal:
    """The split that is best for an objective (α = 1, proportional fairness, unless said otherwise), or the reason why there is none.

    A solution is only shown with its proof: the gap to a bound that no split can pass, the largest breach of any limit, and how
    far any project is from what the prices imply.
    """
    objective = objective or Objective()
    with threadpool_limits(1):
        small = reduced(program(problem, objective))
        full = small.program
        refusal = clash.in_closed_form(full, small.live)
        if refusal is not None:
            return refusal
        served = np.flatnonzero(scaling.can_be_served(small))
        found = _found(small, served, objective) if served.size else nothing(full)
        return found if isinstance(found, Refusal) else _solution(problem, objective, full, found)


def _found(small: Reduced, served: Index, objective: Objective) -> Found | Refusal:
    """The proven split, or why there is none; limits are only suspected once a first attempt has failed."""
    attempts = alpha_fair(small, served, objective.alpha)
    tried: list[Found] = []
    for found in attempts:
        if found.certificate.accepted:
            return found
        if not tried:
            refusal = clash.infeasible(small, served)
            if refusal is None and objective.aim is Aim.ALPHA and objective.alpha >= 1:
                refusal = clash.starved(small, served)
            if refusal is not None:
                return refusal
        tried.append(found)
    best = min(tried, key=_badness).certificate
    return clash.unproven(best.gap, best.largest_violation)


def alpha_fair(small: Reduced, served: Index, alpha: float) -> Iterator[Found]:
    """Splits for α-fairness, each with its proof, each from a better start than the one before."""
    full = small.program
    ladder = _steps_of_alpha(alpha)
    begin = scaling.start(small, full.least, full.most, ladder[0])
    for step in ladder[:-1]:
        _, begin = _attempt(small, served, step, begin)
    for _ in range(ATTEMPTS):
        found, begin = _attempt(small, served, alpha, begin)
        yield found


def max_min(small: Reduced, served: Index) -> Iterator[Found]:
    """The split that makes the least satisfaction as large as can be, and shares the rest by proportional fairness."""
    full = small.program
    begin = scaling.start(small, full.least, full.most, None)
    level = np.where(full.most > 0, 1.0, 0.0)
    numbers, unit = scaling.model(small, served, begin, alpha=None, bounds=(full.least, full.most), level=level)
    point = interior_point.optimum(numbers)
    yield _read(small, served, numbers, point, unit, None)


def nothing(full: Program) -> Found:
    """The split of a problem in which nobody can get anything."""
    split = Split(hours=np.zeros_like(full.usefulness), shares=np.zeros((len(full.open), *full.capacity.shape)))
    prices = Prices(limits=np.zeros(len(full.limits.names)), capacity=np.zeros_like(full.capacity))
    proof = Certificate(objective_ede=0.0, bound_ede=0.0, gap=0.0, largest_violation=0.0, stationarity_p99=0.0, stationarity_max=0.0)
    return Found(split=split, prices=prices, certificate=proof)


def _steps_of_alpha(alpha: float) -> list[float]:
    steps = [alpha]
    while steps[0] > STEEP:
        steps.insert(0, max(STEEP, steps[0] / 2.5))
    return steps


def _attempt(small: Reduced, served: Index, alpha: float, begin: Start) -> tuple[Found, Start]:
    """One run of the interior point, and where a next one should start."""
    full = small.program
    numbers, unit = scaling.model(small, served, begin, alpha=alpha, bounds=(full.least, full.most), level=None)
    point = interior_point.optimum(numbers)
    found = _read(small, served, numbers, point, unit, alpha)
    at = begin.at.copy()
    u = point.v.sum(axis=0) * at[served]
    room = full.most[served] - full.least[served]
    at[served] = np.clip(u, full.least[served] + 0.02 * room, full.most[served] - 0.02 * room)
    worth = begin.worth.copy()
    keen = full.weight[served] * at[served] ** (1 - alpha)
    paid = costs(full, found.prices)[served] * at[served]
    worth[served] = np.minimum(keen, np.maximum(paid, 1e-3 * float(np.median(np.minimum(keen, np.maximum(paid, 0.0)))) + 1e-9 * keen))
    return found, Start(at=at, worth=worth)


def _read(small: Reduced, served: Index, numbers: interior_point.Model, point: Point, unit: float, alpha: float | None) -> Found:
    """The split, prices and proof that a point stands for, without dust if the proof allows."""
    rows = point.rows * unit
    prices = Prices(limits=np.maximum(small.limit_prices(rows), 0.0), capacity=small.capacity_prices(rows))
    shares = small.month_shares(point.z)
    v = point.v
    tidy = np.where(v > DUST * v.sum(axis=0), v, 0.0)
    least, most = numbers.least, numbers.most
    options = []
    for one in (tidy, v):
        u = one.sum(axis=0)
        one = one * np.clip(u, least, most) / u
        hours = np.zeros_like(small.program.usefulness)
        hours[:, served] = numbers.hours * one
        split = Split(hours=hours, shares=shares)
        options.append(Found(split=split, prices=prices, certificate=_proof(small, split, prices, served, alpha)))
        if options[-1].certificate.accepted:
            break
    return min(options, key=_badness)


def _proof(small: Reduced, split: Split, prices: Prices, served: Index, alpha: float | None) -> Certificate:
    assert alpha is not None
    return certify(small.program, split, prices, served, alpha)


def _badness(found: Found) -> float:
    proof = found.certificate
    return max(proof.gap / 1e-6, proof.largest_violation / 1e-8, proof.stationarity_p99 / 1e-4, proof.stationarity_max / 1e-2)


def _solution(problem: Problem, objective: Objective, full: Program, found: Found) -> Solution:
    allocation, satisfaction, prices = frames(full, found.split, found.prices)
    return Solution(
        problem=problem,
        objective=objective,
        allocation=allocation,
        satisfaction=satisfaction,
        prices=prices,
        certificate=found.certificate,
    )
