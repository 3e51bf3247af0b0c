"""The best split of a problem with the proof that it is best, or a refusal that says what stands in the way."""

from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from itertools import chain

import numpy as np
from numpy.linalg import LinAlgError
from threadpoolctl import ThreadpoolController

from analytics.allocation import apart, clash, leximin, scaling
from analytics.allocation.aggregate import Reduced, reduced
from analytics.allocation.attempts import Found, alpha_fair, badness
from analytics.allocation.certificate import Certificate, Prices, Split
from analytics.allocation.objectives import Aim, Objective
from analytics.allocation.problem import Problem
from analytics.allocation.program import Index, Program, program
from analytics.allocation.solution import Refusal, Solution


def solve(problem: Problem, objective: Objective | None = None, *, warm: Solution | None = None) -> Solution | Refusal:
    """The split that is best for an objective (α = 1, proportional fairness, unless said otherwise), or the reason why there is none.

    A solution is only shown with its proof: the gap to a bound that no split can pass, the largest breach of any limit, and how
    far any project is from what the prices imply. The solution of a like problem (a slider moved) makes the search quicker, and
    changes nothing else: the proof is the same.
    """
    objective = objective or Objective()
    with _threads().limit(limits=1):
        small = reduced(program(problem, objective))
        full = small.program
        refusal = clash.in_closed_form(full, small.live)
        if refusal is not None:
            return refusal
        served = np.flatnonzero(scaling.can_be_served(small))
        found = _found(small, served, objective, warm) if served.size else nothing(full)
    if isinstance(found, Refusal):
        return found
    return Solution(
        problem=problem,
        objective=objective,
        certificate=found.certificate,
        program=full,
        split=found.split,
        marginal=found.prices,
        held_by=found.held_by,
    )


def _found(small: Reduced, served: Index, objective: Objective, warm: Solution | None) -> Found | Refusal:
    """The proven split, or why there is none; limits are only suspected once a first attempt has failed."""
    if objective.aim is Aim.ALPHA:
        known = _known_prices(small.program, objective, warm)
        by_parts = apart.alpha_fair(small, served, objective.alpha, known)
        attempts: Iterator[Found] = chain(by_parts, alpha_fair(small, served, objective.alpha, known))
    else:
        attempts = leximin.worst_off_first(small, served, rounds=1 if objective.aim is Aim.MAX_MIN else None)
    tried: list[Found] = []
    asked = False
    with suppress(ArithmeticError, LinAlgError):  # numbers beyond the machine's range end the search; what was found is judged below
        for found in attempts:
            if found.certificate.accepted:
                return found
            tried.append(found)
            if not asked:
                asked, refusal = True, _obstacle(small, served, objective)
                if refusal is not None:
                    return refusal
    if not asked:
        with suppress(ArithmeticError, LinAlgError):
            refusal = _obstacle(small, served, objective)
            if refusal is not None:
                return refusal
    if not tried:
        return clash.unproven(float("inf"), float("inf"), float("inf"))
    best = min(tried, key=badness).certificate
    return clash.unproven(best.gap, best.largest_violation, best.stationarity_max or 0.0)


def _known_prices(full: Program, objective: Objective, warm: Solution | None) -> Prices | None:
    """The prices of an earlier solution for limits of the same names; None where it is not alike."""
    if warm is None or warm.objective.aim is not Aim.ALPHA or warm.objective.alpha != objective.alpha:
        return None
    if (warm.program.partitions, warm.program.periods) != (full.partitions, full.periods):
        return None
    known = dict(zip(warm.program.limits.names, warm.marginal.limits, strict=True))
    return Prices(limits=np.array([known.get(name, 0.0) for name in full.limits.names]), capacity=warm.marginal.capacity)


def _obstacle(small: Reduced, served: Index, objective: Objective) -> Refusal | None:
    """The refusal, if limits clash or leave somebody with nothing; None if neither."""
    refusal = clash.infeasible(small, served)
    if refusal is None and objective.aim is Aim.ALPHA and objective.alpha >= 1:
        return clash.starved(small, served)
    return refusal


@cache
def _threads() -> ThreadpoolController:
    """The libraries whose threads would wait for each other beside a server's own."""
    return ThreadpoolController()


def nothing(full: Program) -> Found:
    """The split of a problem in which nobody can get anything."""
    split = Split(hours=np.zeros_like(full.usefulness), shares=np.zeros((len(full.open), *full.capacity.shape)))
    prices = Prices(limits=np.zeros(len(full.limits.names)), capacity=np.zeros_like(full.capacity))
    proof = Certificate(objective_ede=0.0, bound_ede=0.0, gap=0.0, largest_violation=0.0, stationarity_p99=0.0, stationarity_max=0.0)
    return Found(split=split, prices=prices, certificate=proof)
