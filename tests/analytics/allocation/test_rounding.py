"""Whole quanta keep every capacity, limit and request, and nobody disappears in silence."""

from itertools import product

import numpy as np
import pytest
from random_problems import Recipe, hours, plain, random_problem

from analytics.allocation.objectives import Objective
from analytics.allocation.rounding import Rounded, rounded
from analytics.allocation.solution import Solution
from analytics.allocation.solve import solve


def whole(seed: int, quantum: float | None = None) -> tuple[Solution, Rounded] | None:
    found = solve(random_problem(Recipe(seed=seed, requests_as_entitlement=True)), Objective())
    return (found, rounded(found, quantum)) if isinstance(found, Solution) else None


@pytest.mark.parametrize("seed", range(12))
def test_whole_quanta_pass_no_capacity_cap_or_request(seed: int) -> None:
    both = whole(seed, quantum=50.0)
    if both is None:
        pytest.skip("this seed's limits clash")
    found, after = both
    stated = plain(found.problem)
    x = hours(stated, after.allocation)
    within, offered = stated.capacity
    assert np.array_equal(x / 50, np.round(x / 50))
    assert (within @ x <= offered * (1 + 1e-9)).all()
    assert (stated.satisfaction @ x <= stated.most * (1 + 1e-8)).all()
    assert all(counted @ x <= value * (1 + 1e-8) for sense, counted, value in stated.limits if sense == "max")
    missed = {
        name
        for name, (sense, counted, value) in zip(found.problem.limits["name"], stated.limits, strict=True)
        if sense == "min" and counted @ x < value * (1 - 1e-8)
    }
    assert missed == set(after.broken["name"])


@pytest.mark.parametrize("seed", range(12))
def test_who_loses_all_by_rounding_is_named(seed: int) -> None:
    both = whole(seed, quantum=2_000.0)
    if both is None:
        pytest.skip("this seed's limits clash")
    found, after = both
    assert set(after.rounded_to_zero) == set(found.allocation["project"]) - set(after.allocation["project"])


def test_a_smaller_quantum_moves_satisfactions_less() -> None:
    both = whole(1, quantum=1.0)
    assert both is not None
    after = both[1].satisfaction.drop_nulls()
    assert (after["satisfaction"] - after["before"]).abs().max() < 0.01


def best_of_all(found: Solution, quantum: float) -> tuple[float, float, float]:
    """The least lack of floors and guarantees, then the most quanta, then the largest remainders, over all ways to round up or down."""
    stated = plain(found.problem)
    exact = hours(stated, found.allocation)
    at = np.flatnonzero(exact > 0)
    down = np.floor(exact / quantum * (1 + 1e-9))
    part = exact[at] / quantum - down[at]
    choices = np.array(list(product((0.0, 1.0), repeat=len(at))))
    x = np.tile(down, (len(choices), 1))
    x[:, at] += choices
    x *= quantum
    within, offered = stated.capacity
    keeps = (x @ within.T <= offered * (1 + 1e-9)).all(axis=1) & (x @ stated.satisfaction.T <= stated.most * (1 + 1e-9)).all(axis=1)
    short = np.zeros(len(choices))
    for sense, counted, value in stated.limits:
        used = x @ counted
        if sense == "max":
            keeps &= used <= value * (1 + 1e-9)
        else:
            short += np.maximum(1 - 1e-9 - used / value, 0)
    for row in np.flatnonzero(stated.least > 0):
        short += np.maximum(1 - 1e-9 - x @ stated.satisfaction[row] / stated.least[row], 0)
    given = choices @ np.where(part > 1e-9, 1.0, -1.0)
    return max(zip(-np.round(short[keeps], 9), given[keeps], np.round(choices[keeps] @ part, 6), strict=True))


@pytest.mark.parametrize("seed", range(30))
def test_with_several_machines_and_limits_no_way_to_round_up_or_down_is_better(seed: int) -> None:
    limits = (("cap", "carbon", "credits", "floor"), ("cap", "money", "country floor"), ("credits", "month floor"))[seed % 3]
    recipe = Recipe(seed=seed, projects=4, partitions=2, months=1 + seed % 2, windowed=0.2, guaranteed=0.4, limits=limits)
    found = solve(random_problem(recipe))
    if not isinstance(found, Solution) or found.allocation.height > 12:
        pytest.skip("this seed's limits clash, or it has too many cells to try all")
    quantum = 10.0 ** np.floor(np.log10(float(found.allocation["node_hours"].median())))  # type: ignore[arg-type]
    after = rounded(found, quantum)
    stated = plain(found.problem)
    exact, x = hours(stated, found.allocation), hours(stated, after.allocation)
    down = np.floor(exact / quantum * (1 + 1e-9))
    up, part = x / quantum - down, exact / quantum - down
    short = sum(max(1 - 1e-9 - counted @ x / value, 0) for sense, counted, value in stated.limits if sense == "min")
    short += sum(max(1 - 1e-9 - (stated.satisfaction @ x)[p] / stated.least[p], 0) for p in np.flatnonzero(stated.least > 0))
    mine = (-round(short, 9), float(up @ np.where(part > 1e-9, 1.0, -1.0)), round(float(up @ part), 6))
    assert mine >= best_of_all(found, quantum)
