"""Laws that every split obeys whoever solved it: prices fit slacks, units do not matter, more machines harm nobody who is worst off."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import polars as pl
import pytest
from random_problems import Recipe, random_problem

from analytics.allocation import explain
from analytics.allocation.objectives import Aim, Objective
from analytics.allocation.problem import Problem
from analytics.allocation.rounding import rounded
from analytics.allocation.solution import Solution
from analytics.allocation.solve import solve

LEXIMIN = Objective(aim=Aim.LEXIMIN)
AIMS = [Objective(alpha=0.5), Objective(), Objective(alpha=2), LEXIMIN]


def solved(problem: Problem, objective: Objective | None = None, **how: Any) -> Solution:
    found = solve(problem, objective, **how)
    assert isinstance(found, Solution), found
    return found


def satisfaction(found: Solution) -> np.ndarray:
    return found.satisfaction["satisfaction"].to_numpy()


def free(seed: int, projects: int = 12) -> Problem:
    return random_problem(Recipe(seed=seed, projects=projects, guaranteed=0.0, limits=("cap", "carbon", "credits")))


@pytest.mark.parametrize("seed", range(4))
def test_a_price_above_zero_means_that_nothing_is_left(seed: int) -> None:
    problem = free(seed)
    found = solved(problem, Objective(alpha=2))
    offered = float(problem.capacity["node_hours"].sum())
    worth = found.prices["price"].max() * offered
    assert ((found.prices["price"] * found.prices["slack"]).abs() <= 1e-5 * worth).all()
    assert (found.prices["price"] >= 0).all()


@pytest.mark.parametrize("objective", AIMS, ids=str)
def test_counting_hours_in_thousands_changes_no_satisfaction(objective: Objective) -> None:
    problem = free(3)
    smaller = replace(
        problem,
        projects=problem.projects.with_columns(pl.col("hours_asked", "entitlement") / 1000),
        capacity=problem.capacity.with_columns(pl.col("node_hours") / 1000),
    )
    assert satisfaction(solved(smaller, objective)) == pytest.approx(satisfaction(solved(problem, objective)), rel=1e-4, abs=1e-8)


@pytest.mark.parametrize("seed", range(4))
def test_more_machines_never_lower_the_least_satisfaction(seed: int) -> None:
    problem = free(seed)
    more = replace(problem, capacity=problem.capacity.with_columns(pl.col("node_hours") * 1.3))
    level = Objective(aim=Aim.MAX_MIN)
    assert satisfaction(solved(more, level)).min() >= satisfaction(solved(problem, level)).min() * (1 - 1e-7)


@pytest.mark.parametrize("seed", range(3))
def test_under_leximin_nobody_is_better_off_unless_somebody_poorer_loses(seed: int) -> None:
    """No hour moved from one project to a poorer one on any machine that both can use is left to be moved."""
    problem = random_problem(Recipe(seed=seed, projects=8, guaranteed=0.0, limits=(), windowed=0.0))
    found = solved(problem, LEXIMIN)
    u = dict(found.satisfaction.select("project", "satisfaction").iter_rows())
    most = dict(problem.projects.select("project", "most_satisfaction").iter_rows())
    users = problem.options.group_by("partition").agg("project")
    for partition, able in users.iter_rows():
        holders = found.allocation.filter((pl.col("partition") == partition) & (pl.col("node_hours") > 1))["project"].unique()
        richest = max((u[name] for name in holders), default=0.0)
        wanting = [u[name] for name in able if u[name] < most[name] * (1 - 1e-6)]
        assert richest <= min(wanting, default=np.inf) * (1 + 1e-5)


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0, 8.0])
def test_the_prices_of_an_earlier_split_change_the_way_and_not_the_answer(alpha: float) -> None:
    problem = free(6, projects=60)
    moved = replace(problem, limits=problem.limits.with_columns(value=pl.col("value") * 0.95))
    before = solved(problem, Objective(alpha=alpha))
    cold, warm = solved(moved, Objective(alpha=alpha)), solved(moved, Objective(alpha=alpha), warm=before)
    assert warm.certificate.accepted
    assert satisfaction(warm) == pytest.approx(satisfaction(cold), rel=1e-4)


def test_fifty_thousand_projects_of_one_category_get_a_proof() -> None:
    names = [f"p{number:05d}" for number in range(50_000)]
    asked = np.exp(np.random.default_rng(0).normal(0, 1, len(names)))
    problem = Problem.of(
        projects=pl.DataFrame({"project": names, "category": "sme", "weight": 1.0, "hours_asked": asked, "entitlement": 1.0}),
        options=pl.DataFrame({"project": names, "partition": "gpu", "usefulness": 1.0}),
        partitions=pl.DataFrame({"partition": ["gpu"]}),
        capacity=pl.DataFrame({"partition": ["gpu"], "period": ["2026-01"], "node_hours": [0.4 * asked.sum()]}),
    )
    found = solved(problem)
    u = found.split.satisfaction(found.program)
    level = u[u < found.program.most * (1 - 1e-6)]
    assert level.max() == pytest.approx(level.min(), rel=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_whole_quanta_are_as_near_as_any_that_hand_out_as_much(single_machine: Callable[..., Problem], seed: int) -> None:
    asked = list(np.random.default_rng(seed).integers(3, 9, 3).astype(float))
    offered = float(np.floor(0.6 * sum(asked)))
    found = solved(single_machine(asked, offered))
    exact = {name: float(hours) for name, hours in found.allocation.select("project", "node_hours").iter_rows()}
    after = rounded(found, 1.0)
    got = dict(after.allocation.select("project", "node_hours").iter_rows())
    far = sum(abs(got.get(name, 0.0) - hours) for name, hours in exact.items())
    nearest = min(
        sum(abs(count - hours) for count, hours in zip(counts, exact.values(), strict=True))
        for counts in product(*(range(int(most) + 1) for most in asked))
        if sum(counts) == offered
    )
    assert far <= nearest + 1e-6


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
def test_asking_for_more_brings_what_the_formula_says_and_nothing_against_an_entitlement(
    single_machine: Callable[..., Problem], alpha: float
) -> None:
    many = [10.0] * 2_000
    by_request = explain.exaggeration(solved(single_machine(many, 5_000.0), Objective(alpha=alpha)))
    by_due = explain.exaggeration(solved(single_machine(many, 5_000.0, due=[12.0] * 2_000), Objective(alpha=alpha)))
    assert by_request is not None
    assert by_due is not None
    assert (by_request.measured_against, by_due.measured_against) == ("request", "entitlement")
    assert by_request.gain_share == pytest.approx(1.2 ** (1 - 1 / alpha) - 1, abs=1e-3)
    assert by_due.gain_share == pytest.approx(0.0, abs=1e-6)


def test_where_everybody_gets_all_asking_for_more_is_not_tried(single_machine: Callable[..., Problem]) -> None:
    assert explain.exaggeration(solved(single_machine([10.0, 20.0, 0.0], 40.0))) is None
