"""The proof refuses splits that are wrong, also where a gap alone would not show it."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from analytics.allocation.certificate import GAP, certify
from analytics.allocation.objectives import Objective
from analytics.allocation.problem import Problem
from analytics.allocation.solution import Solution
from analytics.allocation.solve import solve


@pytest.mark.parametrize("asked", [2.0, 1e7])
@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
def test_one_project_among_many_that_is_off_by_more_than_a_hundredth_is_seen_however_much_is_asked_for(
    single_machine: Callable[..., Problem], alpha: float, asked: float
) -> None:
    found = solve(single_machine([asked] * 300, 300.0, due=[1.0] * 300), Objective(alpha=alpha))
    assert isinstance(found, Solution)
    hours = found.split.hours.copy()
    hours[0, 0] *= 1.015
    hours[0, 1:] *= 1 - 0.015 / 299
    proof = certify(found.program, replace(found.split, hours=hours), found.marginal, np.arange(300), alpha)
    assert proof.gap <= GAP
    assert not proof.accepted


def test_a_bound_below_the_objective_is_no_proof(single_machine: Callable[..., Problem]) -> None:
    found = solve(single_machine([10.0, 10.0], 10.0))
    assert isinstance(found, Solution)
    assert not replace(found.certificate, gap=-1e-3).accepted
