"""Projects put together against the same projects one by one, and what prices alone find against the interior point and HiGHS."""

from dataclasses import replace

import numpy as np
import pytest
from random_problems import Recipe, random_problem
from scipy import sparse
from scipy.optimize import linprog

from analytics.allocation import crowd, level_search, quick, scaling
from analytics.allocation.aggregate import reduced
from analytics.allocation.objectives import Aim, Objective
from analytics.allocation.price_search import Blur, Market, answer
from analytics.allocation.problem import Problem
from analytics.allocation.program import program
from analytics.allocation.solution import Solution
from analytics.allocation.solve import solve

LIMITS = ("cap", "carbon", "floor")


def many(seed: int, count: int = 600) -> Problem:
    """Many projects, told apart by a few limits."""
    return random_problem(Recipe(seed=seed, projects=count, windowed=0.0, limits=LIMITS, requests_as_entitlement=seed % 2 == 0))


def market_and_prices(problem: Problem, alpha: float) -> tuple[Market, np.ndarray]:
    """The market of a problem, and the prices at its best split."""
    small = reduced(program(problem, Objective(alpha=alpha)))
    served = np.flatnonzero(scaling.can_be_served(small))
    here, unit = quick.market_of(small, served, alpha)
    found = solve(problem, Objective(alpha=alpha))
    assert isinstance(found, Solution)
    return here, quick.rows_of(small, found.marginal) / unit.welfare


def sharp(here: Market, rows: np.ndarray, level: float) -> Blur:
    return quick.first_blur(here, rows, level)


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0, 2.0, 8.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_crowd_takes_what_its_projects_take_one_by_one_at_any_prices_within_reach(alpha: float, seed: int) -> None:
    here, rows = market_and_prices(many(seed), alpha)
    rng = np.random.default_rng(seed)
    together = crowd.gathered(here, rows, 0.02, 1e-4)
    assert together is not None
    assert together.market.hours.shape[1] < 0.6 * here.hours.shape[1]
    for _ in range(5):
        moved = rows * (1 + rng.uniform(-0.015, 0.015, len(rows)))
        if not together.holds(moved):
            continue
        apart = answer(here, moved, sharp(here, moved, 1e-4))
        crowded = answer(together.market, moved, replace(sharp(together.market, moved, 1e-4), slack=sharp(here, moved, 1e-4).slack))
        size = np.abs(apart.bought * apart.u).sum()
        assert np.abs(together.hours(crowded.bought * crowded.u, moved) - apart.bought * apart.u).sum() <= 1e-9 * size
        assert np.abs(crowded.over - apart.over).max() <= 1e-9


def test_a_crowd_does_not_hold_far_from_its_prices() -> None:
    here, rows = market_and_prices(many(1), 1.0)
    together = crowd.gathered(here, rows, 0.02, 1e-4)
    assert together is not None
    assert together.holds(rows)
    assert not together.holds(rows * 1.05)


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(4))
def test_the_split_by_crowds_is_the_split_of_the_interior_point(alpha: float, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = many(seed)
    by_crowds = solve(problem, Objective(alpha=alpha))
    monkeypatch.setattr(quick, "worth_trying", lambda _: False)
    by_interior_point = solve(problem, Objective(alpha=alpha))
    assert isinstance(by_crowds, Solution)
    assert isinstance(by_interior_point, Solution)
    assert by_crowds.certificate.objective_ede == pytest.approx(by_interior_point.certificate.objective_ede, rel=2e-6)
    ours, theirs = (one.satisfaction["satisfaction"].to_numpy() for one in (by_crowds, by_interior_point))
    assert np.quantile(np.abs(ours / theirs - 1), 0.95) < 2e-3


def highest_level(problem: Problem) -> float:
    """The level of HiGHS: one linear program over every project, partition and month."""
    full = program(problem, Objective())
    partition, project = np.nonzero(full.usefulness)
    months = len(full.periods)
    worth = full.usefulness[partition, project] / full.entitlement[project]
    column = np.arange(len(project) * months)
    of_project = sparse.csr_array((np.repeat(worth, months), (np.repeat(project, months), column)), (len(full.projects), len(column)))
    cell = (partition[:, None] * months + np.arange(months)).ravel()
    on_cell = sparse.csr_array((np.ones(len(column)), (cell, column)), (full.capacity.size, len(column)))
    rows, right = [sparse.hstack([on_cell, sparse.csr_array((full.capacity.size, 1))])], [full.capacity.ravel()]
    for factor, member, sign, value in zip(full.limits.factor, full.limits.member, full.limits.sign, full.limits.value, strict=True):
        counted = sign * np.where(member[full.class_of[np.repeat(project, months)]], factor.ravel()[cell], 0.0)
        rows.append(sparse.csr_array(np.append(counted, 0.0)[None]))
        right.append(np.array([sign * value]))
    size = len(full.projects)
    rows += [sparse.hstack([of_project, sparse.csr_array((size, 1))]), sparse.hstack([-of_project, sparse.csr_array((size, 1))])]
    right += [full.most, -full.least]
    low, high = 0.0, float(full.most.max())
    level = high
    while (
        high - low > 1e-9 * high
    ):  # whoever asks for less than the level has it all: the level of the others by a linear program each time
        met = full.most <= low * (1 + 1e-9)
        rising = sparse.hstack([-of_project, sparse.csr_array(np.where(met, 0.0, 1.0)[:, None])])
        satisfied = sparse.hstack([-of_project, sparse.csr_array((size, 1))])
        matrix = sparse.vstack([*rows, rising, satisfied])
        bound = np.concatenate([*right, np.zeros(size), -np.where(met, full.most * (1 - 1e-12), 0.0)])
        found = linprog(-np.eye(1, len(column) + 1, len(column))[0], matrix, bound, bounds=(0, None), method="highs")
        level = -float(found.fun)
        if not (full.most[~met] <= level * (1 + 1e-9)).any():
            return level
        low = float(full.most[~met].min())
    return level


@pytest.mark.parametrize("seed", range(4))
def test_the_level_from_prices_alone_is_that_of_highs(seed: int) -> None:
    problem = many(seed, 150)
    small = reduced(program(problem, Objective(aim=Aim.MAX_MIN)))
    served = np.flatnonzero(scaling.can_be_served(small))
    found = next(level_search.levels(small, served))
    assert found.level == pytest.approx(highest_level(problem), rel=2e-6)


@pytest.mark.parametrize("seed", range(6))
def test_what_prices_alone_say_of_the_worst_off_the_interior_point_says_too(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = many(seed, 150)
    with_prices = solve(problem, Objective(aim=Aim.LEXIMIN))
    monkeypatch.setattr(quick, "worth_trying", lambda _: False)
    without = solve(problem, Objective(aim=Aim.LEXIMIN))
    assert isinstance(with_prices, Solution)
    assert isinstance(without, Solution)
    ours, theirs = (np.sort(one.satisfaction["satisfaction"].to_numpy()) for one in (with_prices, without))
    assert ours == pytest.approx(theirs, rel=5e-6)
