"""Max-min and leximin against textbook answers and against linear programs solved one after the other."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from random_problems import Plain, Recipe, hours, largest_breach, plain, random_problem
from scipy.optimize import linprog

from analytics.allocation.objectives import Aim, Objective
from analytics.allocation.problem import Problem
from analytics.allocation.solution import Outcome, Refusal, Solution
from analytics.allocation.solve import solve


def best(stated: Plain, goal: Any, held: Any, free: Any) -> Any:
    """The highest level t of the free projects (goal None), or the most of one project, with everybody else held at least as high."""
    within, offered = stated.capacity
    n, u = len(stated.columns), stated.satisfaction
    signs = [1.0 if sense == "max" else -1.0 for sense, _, _ in stated.limits]
    left = [within, *(sign * counted[None] for sign, (_, counted, _) in zip(signs, stated.limits, strict=True)), u, -u]
    right = [
        offered,
        [sign * value for sign, (_, _, value) in zip(signs, stated.limits, strict=True)],
        stated.most,
        -np.maximum(stated.least, held),
    ]
    matrix = np.hstack([np.vstack(left), np.zeros((sum(len(row) for row in left), 1))])
    matrix[-len(u) :, -1] = free if goal is None else 0.0
    cost = np.zeros(n + 1)
    if goal is None:
        cost[-1] = -1.0
    else:
        cost[:n] = -u[goal]
    limits = np.concatenate(right)
    if goal is None:
        limits[-len(u) :] = np.where(free, 0.0, limits[-len(u) :])
        extra = np.hstack([-u, np.zeros((len(u), 1))])
        matrix, limits = np.vstack([matrix, extra]), np.concatenate([limits, -stated.least])
    return linprog(cost, A_ub=matrix, b_ub=limits, bounds=[(0, None)] * (n + 1), method="highs")


def leximin_by_programs(stated: Plain) -> Any:
    """The satisfactions of leximin: raise all that are free, fix those that cannot rise alone, repeat."""
    free = (stated.most > 0) & (stated.satisfaction.sum(axis=1) > 0)
    held = np.zeros(len(free))
    while free.any():
        level = best(stated, None, held, free.astype(float))
        assert level.status == 0
        held = np.where(free, level.x[-1] * (1 - 1e-9), held)
        stuck = [p for p in np.flatnonzero(free) if -best(stated, p, held, free).fun <= level.x[-1] * (1 + 1e-6) + 1e-9]
        assert stuck
        free[stuck] = False
    return held


def level_of(problem: Problem, aim: Aim) -> Solution | Refusal:
    return solve(problem, Objective(aim=aim))


@pytest.mark.parametrize("aim", [Aim.MAX_MIN, Aim.LEXIMIN])
@pytest.mark.parametrize(
    ("asked", "offered", "expected"),
    [
        ([2.0, 2.6, 4.0, 5.0], 10.0, [2.0, 2.6, 2.7, 2.7]),
        ([10.0, 30.0, 100.0], 100.0, [10.0, 30.0, 60.0]),
        ([10.0, 50.0, 60.0], 100.0, [10.0, 45.0, 45.0]),
        ([10.0, 50.0, 60.0], 200.0, [10.0, 50.0, 60.0]),
    ],
)
def test_one_machine_with_unequal_requests_is_filled_like_water(
    single_machine: Callable[..., Problem], asked: list[float], offered: float, expected: list[float], aim: Aim
) -> None:
    found = level_of(single_machine(asked, offered, due=[1.0] * len(asked)), aim)
    assert isinstance(found, Solution)
    assert found.satisfaction["satisfaction"].to_list() == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("seed", range(40))
def test_the_least_satisfaction_is_that_of_the_linear_program(seed: int) -> None:
    problem = random_problem(Recipe(seed=seed, requests_as_entitlement=seed % 2 == 0, spread=0.5))
    stated = plain(problem)
    found = level_of(problem, Aim.MAX_MIN)
    can = (stated.most > 0) & (stated.satisfaction.sum(axis=1) > 0)
    theirs = best(stated, None, np.zeros(len(can)), can.astype(float))
    if isinstance(found, Refusal):
        assert found.outcome is Outcome.INFEASIBLE
        assert theirs.status == 2
        return
    x = hours(stated, found.allocation)
    assert largest_breach(stated, x) <= 1e-8
    assert (stated.satisfaction @ x)[can].min() == pytest.approx(theirs.x[-1], rel=1e-6)


@pytest.mark.parametrize("seed", range(25))
def test_leximin_levels_are_those_of_programs_solved_one_after_the_other(seed: int) -> None:
    problem = random_problem(Recipe(seed=seed, projects=9, requests_as_entitlement=seed % 2 == 0, guaranteed=0.0))
    found = level_of(problem, Aim.LEXIMIN)
    if isinstance(found, Refusal):
        assert found.outcome is Outcome.INFEASIBLE
        return
    stated = plain(problem)
    x = hours(stated, found.allocation)
    assert largest_breach(stated, x) <= 1e-8
    assert np.sort(stated.satisfaction @ x) == pytest.approx(np.sort(leximin_by_programs(stated)), rel=1e-5, abs=1e-8)
