"""The best split of a problem with the proof that it is best, or a refusal that says what stands in the way."""

from contextlib import suppress

import numpy as np
from numpy.linalg import LinAlgError
from threadpoolctl import threadpool_limits

from analytics.allocation import clash, leximin, scaling
from analytics.allocation.aggregate import Reduced, reduced
from analytics.allocation.attempts import Found, alpha_fair, badness
from analytics.allocation.certificate import Certificate, Prices, Split
from analytics.allocation.objectives import Aim, Objective
from analytics.allocation.problem import Problem
from analytics.allocation.program import Index, Program, program
from analytics.allocation.solution import Refusal, Solution, frames


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
    if objective.aim is Aim.ALPHA:
        attempts = alpha_fair(small, served, objective.alpha)
    else:
        attempts = leximin.worst_off_first(small, served, rounds=1 if objective.aim is Aim.MAX_MIN else None)
    tried: list[Found] = []
    asked = False
    with suppress(FloatingPointError, LinAlgError):  # numbers beyond the machine's range end the search; what was found is judged below
        for found in attempts:
            if found.certificate.accepted:
                return found
            tried.append(found)
            if not asked:
                asked, refusal = True, _obstacle(small, served, objective)
                if refusal is not None:
                    return refusal
    if not asked:
        with suppress(FloatingPointError, LinAlgError):
            refusal = _obstacle(small, served, objective)
            if refusal is not None:
                return refusal
    if not tried:
        return clash.unproven(float("inf"), float("inf"))
    best = min(tried, key=badness).certificate
    return clash.unproven(best.gap, best.largest_violation)


def _obstacle(small: Reduced, served: Index, objective: Objective) -> Refusal | None:
    """The refusal, if limits clash or leave somebody with nothing; None if neither."""
    refusal = clash.infeasible(small, served)
    if refusal is None and objective.aim is Aim.ALPHA and objective.alpha >= 1:
        return clash.starved(small, served)
    return refusal


def nothing(full: Program) -> Found:
    """The split of a problem in which nobody can get anything."""
    split = Split(hours=np.zeros_like(full.usefulness), shares=np.zeros((len(full.open), *full.capacity.shape)))
    prices = Prices(limits=np.zeros(len(full.limits.names)), capacity=np.zeros_like(full.capacity))
    proof = Certificate(objective_ede=0.0, bound_ede=0.0, gap=0.0, largest_violation=0.0, stationarity_p99=0.0, stationarity_max=0.0)
    return Found(split=split, prices=prices, certificate=proof)


def _solution(problem: Problem, objective: Objective, full: Program, found: Found) -> Solution:
    worth = "welfare" if objective.aim is Aim.ALPHA else "satisfaction of the worst-off"
    allocation, satisfaction, prices = frames(full, found.split, found.prices, found.held_by, worth)
    return Solution(
        problem=problem,
        objective=objective,
        allocation=allocation,
        satisfaction=satisfaction,
        prices=prices,
        certificate=found.certificate,
    )
