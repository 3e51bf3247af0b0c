"""Whole quanta keep every capacity, limit and request, and nobody disappears in silence."""

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
