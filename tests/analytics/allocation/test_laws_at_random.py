"""Laws of every split, tried on problems that hypothesis makes up: feasible, fair in the sense of its aim, and free of units."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_problems import Recipe, hours, largest_breach, plain, random_problem

from analytics.allocation.objectives import Aim, Objective
from analytics.allocation.problem import Problem
from analytics.allocation.solution import Outcome, Refusal, Solution
from analytics.allocation.solve import solve

KINDS = ("cap", "carbon", "energy month", "credits", "money", "floor", "month floor", "country floor")
RECIPES = st.builds(
    Recipe,
    seed=st.integers(0, 10_000),
    projects=st.integers(1, 8),
    partitions=st.integers(2, 3),
    months=st.integers(1, 3),
    windowed=st.sampled_from([0.0, 0.4]),
    guaranteed=st.sampled_from([0.0, 0.3]),
    limits=st.lists(st.sampled_from(KINDS), max_size=4, unique=True).map(tuple),
    requests_as_entitlement=st.booleans(),
)
AIMS = st.sampled_from([Objective(alpha=0.0), Objective(alpha=0.5), Objective(), Objective(alpha=2.0), Objective(aim=Aim.MAX_MIN)])
FEW = settings(max_examples=6, deadline=None, derandomize=True, database=None)
MOST_USEFUL = Objective(aim=Aim.MAX_MIN)


def split(problem: Problem, objective: Objective) -> Solution | None:
    """The split; None where limits clash."""
    found = solve(problem, objective)
    if isinstance(found, Refusal):
        assert found.outcome is Outcome.INFEASIBLE, found.reason
        return None
    return found


def u(found: Solution) -> Any:
    return found.satisfaction["satisfaction"].to_numpy()


@FEW
@given(RECIPES, AIMS)
def test_a_split_keeps_every_limit_and_gives_nobody_more_than_asked_for(recipe: Recipe, aim: Objective) -> None:
    found = split(random_problem(recipe), aim)
    if found is not None:
        stated = plain(found.problem)
        assert largest_breach(stated, hours(stated, found.allocation)) <= 1e-8
        assert found.certificate.accepted


@FEW
@given(RECIPES, st.sampled_from([Objective(alpha=0.5), Objective(), Objective(alpha=2.0)]))
def test_what_has_a_price_has_nothing_left(recipe: Recipe, aim: Objective) -> None:
    found = split(random_problem(recipe), aim)
    if found is not None:
        worth = (found.prices["price"] * found.problem.capacity["node_hours"].sum()).max()
        assert (found.prices["price"] >= 0).all()
        assert ((found.prices["price"] * found.prices["slack"]).abs() <= 2e-5 * float(worth or 0.0) + 1e-12).all()  # type: ignore[arg-type]


@FEW
@given(RECIPES, AIMS, st.sampled_from([1e-3, 7.0, 1e4]))
def test_the_unit_of_hours_changes_no_satisfaction(recipe: Recipe, aim: Objective, unit: float) -> None:
    problem = random_problem(replace(recipe, limits=tuple(kind for kind in recipe.limits if kind != "country floor")))
    other = replace(
        problem,
        projects=problem.projects.with_columns(pl.col("hours_asked", "entitlement") * unit),
        capacity=problem.capacity.with_columns(pl.col("node_hours") * unit),
    )
    one, two = split(problem, aim), split(other, aim)
    assert (one is None) == (two is None)
    if one is not None and two is not None:
        assert two.certificate.objective_ede == pytest.approx(one.certificate.objective_ede, rel=2e-6)


@FEW
@given(RECIPES, st.floats(1.0, 3.0))
def test_more_machines_never_lower_the_least_satisfaction(recipe: Recipe, more: float) -> None:
    problem = random_problem(replace(recipe, limits=tuple(kind for kind in recipe.limits if "floor" not in kind), guaranteed=0.0))
    larger = replace(problem, capacity=problem.capacity.with_columns(pl.col("node_hours") * more))
    one, two = split(problem, MOST_USEFUL), split(larger, MOST_USEFUL)
    assert one is not None
    assert two is not None
    assert u(two).min() >= u(one).min() * (1 - 1e-6)


@FEW
@given(RECIPES)
def test_the_steeper_the_aim_the_better_off_is_the_worst_until_max_min(recipe: Recipe) -> None:
    problem = random_problem(replace(recipe, guaranteed=0.0))
    served = [split(problem, aim) for aim in (Objective(alpha=1.0), Objective(alpha=4.0), Objective(alpha=20.0), MOST_USEFUL)]
    if served[0] is not None:
        edes = [found.certificate.objective_ede for found in served if found is not None]
        assert len(edes) == 4
        assert all(later <= earlier * (1 + 1e-5) for earlier, later in pairwise(edes))
        assert edes[2] <= edes[3] * len(problem.projects) ** (1 / 19) * spread(problem) ** (1 / 19) * (1 + 1e-6)


def spread(problem: Problem) -> float:
    weight = problem.projects["weight"].to_numpy()
    return float(weight.sum() / weight.min() / len(weight))


def test_proportional_shares_do_not_depend_on_the_scale_of_weights(single_machine: Callable[..., Problem]) -> None:
    one, two = (solve(single_machine([9.0, 9.0, 9.0], 9.0, weight=[w, 2 * w, 3 * w])) for w in (1.0, 1e6))
    assert isinstance(one, Solution)
    assert isinstance(two, Solution)
    assert u(one) == pytest.approx(u(two), rel=1e-6)
    assert u(one) == pytest.approx(np.array([1, 2, 3]) / 6, rel=1e-6)
