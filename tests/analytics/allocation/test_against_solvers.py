"""Splits against an independent statement of the same problem, solved by Clarabel and HiGHS."""

from typing import Any

import cvxpy as cp
import numpy as np
import pytest
from random_problems import Plain, Recipe, by_clarabel, hours, largest_breach, plain, random_problem
from scipy.optimize import linprog

from analytics.allocation.objectives import Objective, equivalent
from analytics.allocation.solution import Outcome, Refusal
from analytics.allocation.solve import solve

THOUSAND = 1e3
ALPHAS = (0.5, 1.0, 2.0, 4.0)
SAME = {0.5: 1e-6, 1.0: 1e-6, 2.0: 1e-6, 4.0: 1e-5}
"""How near the two equivalent satisfactions lie; at α = 4 Clarabel's own answer breaks rows by more than that of the others."""


def recipe(seed: int) -> Recipe:
    return Recipe(seed=seed, requests_as_entitlement=seed % 2 == 0, spread=(0.3, 1.0, 1.5)[seed % 3], months=1 + seed % 4)


def by_highs(stated: Plain) -> Any:
    """The linear program of most useful hours, α = 0."""
    within, offered = stated.capacity
    signs = [1.0 if sense == "max" else -1.0 for sense, _, _ in stated.limits]
    left = [
        within,
        *(sign * counted[None] for sign, (_, counted, _) in zip(signs, stated.limits, strict=True)),
        stated.satisfaction,
        -stated.satisfaction,
    ]
    right = [offered, [sign * value for sign, (_, _, value) in zip(signs, stated.limits, strict=True)], stated.most, -stated.least]
    return linprog(-(stated.weight @ stated.satisfaction), A_ub=np.vstack(left), b_ub=np.concatenate(right), method="highs")


def check_against_clarabel(seed: int) -> None:
    """The split of a random problem reaches what Clarabel reaches, and keeps every limit."""
    alpha = ALPHAS[seed % 4]
    problem = random_problem(recipe(seed))
    stated = plain(problem)
    found = solve(problem, Objective(alpha=alpha))
    status, theirs = by_clarabel(stated, alpha)
    if isinstance(found, Refusal):
        assert found.outcome is Outcome.INFEASIBLE
        assert status in (cp.INFEASIBLE, cp.INFEASIBLE_INACCURATE)
        return
    x = hours(stated, found.allocation)
    assert largest_breach(stated, x) <= 1e-8
    if status == cp.OPTIMAL:
        mine = equivalent(stated.satisfaction @ x, stated.weight, alpha)
        assert mine == pytest.approx(equivalent(np.maximum(theirs, 0), stated.weight, alpha), rel=SAME[alpha])


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("seed", range(100))
def test_a_fair_split_reaches_what_clarabel_reaches_and_keeps_every_limit(seed: int) -> None:
    check_against_clarabel(seed)


@pytest.mark.nightly
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("seed", range(100, 160))
def test_more_fair_splits_reach_what_clarabel_reaches(seed: int) -> None:
    check_against_clarabel(seed)


@pytest.mark.parametrize("seed", range(60))
def test_with_alpha_0_a_split_is_the_linear_program(seed: int) -> None:
    problem = random_problem(recipe(seed))
    stated = plain(problem)
    found, theirs = solve(problem, Objective(alpha=0)), by_highs(stated)
    if isinstance(found, Refusal):
        assert found.outcome is Outcome.INFEASIBLE
        assert theirs.status == 2
        return
    x = hours(stated, found.allocation)
    assert largest_breach(stated, x) <= 1e-8
    assert stated.weight @ stated.satisfaction @ x == pytest.approx(-theirs.fun, rel=1e-6)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("seed", range(12))
def test_a_price_on_carbon_is_weighed_as_clarabel_weighs_it(seed: int) -> None:
    problem = random_problem(Recipe(seed=seed, limits=("cap", "credits"), guaranteed=0.0))
    stated = plain(problem)
    emitted = {row["partition"] + row["period"]: row["tco2e_per_node_hour"] for row in problem.capacity.iter_rows(named=True)}
    cost = np.array([emitted[partition + period] for _, partition, period in stated.columns])
    found = solve(problem, Objective(alpha=1, price_co2_eur_per_t=1.5))
    assert not isinstance(found, Refusal)
    x = cp.Variable(len(stated.columns), nonneg=True)
    u = (stated.satisfaction * THOUSAND) @ x
    within, offered = stated.capacity
    rows = [within @ x <= offered / THOUSAND, u <= stated.most]
    rows += [(counted * THOUSAND / value) @ x <= 1 for _, counted, value in stated.limits]
    posed = cp.Problem(cp.Maximize(stated.weight @ cp.log(u) - 1.5 * THOUSAND * cost @ x), rows)
    posed.solve(cp.CLARABEL)
    mine = hours(stated, found.allocation)
    value = float(stated.weight @ np.log(stated.satisfaction @ mine) - 1.5 * cost @ mine)
    assert value == pytest.approx(posed.value, rel=1e-6, abs=1e-6)
