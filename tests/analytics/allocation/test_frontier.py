"""The curve of fairness over carbon budgets lies as near to its points as it says."""

import numpy as np
import pytest
from random_problems import Recipe, random_problem

from analytics.allocation.frontier import traced, with_budget
from analytics.allocation.objectives import Aim, Objective
from analytics.allocation.solution import Solution
from analytics.allocation.solve import solve
from data.errors import InputError


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
def test_a_split_between_two_points_lies_above_their_line_by_no_more_than_the_error(alpha: float) -> None:
    problem = random_problem(Recipe(seed=1, limits=("cap",), guaranteed=0.0))
    curve = traced(problem, Objective(alpha=alpha), error=2e-3)
    assert curve.error <= 2e-3
    budgets, heights = curve.points["budget_tco2e"].to_numpy(), curve.points["objective_ede"].to_numpy()
    assert (np.diff(heights) >= 0).all()
    assert (curve.points["emissions_tco2e"] <= curve.points["budget_tco2e"] * (1 + 1e-8)).all()
    assert (np.diff(curve.points["price_per_t"].to_numpy()) <= 1e-9).all()
    for part in (0.3, 0.6, 0.9):
        budget = budgets[0] + part * (budgets[-1] - budgets[0])
        between = solve(with_budget(problem, budget), Objective(alpha=alpha))
        assert isinstance(between, Solution)
        line = float(np.interp(budget, budgets, heights))
        assert line * (1 - 2e-3) <= between.certificate.objective_ede <= line * (1 + 4e-3)


def test_more_points_make_the_error_smaller_and_every_point_is_a_proven_split() -> None:
    problem = random_problem(Recipe(seed=2, limits=(), guaranteed=0.0))
    few, many = traced(problem, points=3, error=0.0), traced(problem, points=9, error=0.0)
    assert many.error < few.error
    assert len(many.solutions) == 9
    assert all(point.certificate.accepted for point in many.solutions)


def test_a_curve_without_an_alpha_or_with_a_part_above_one_is_refused() -> None:
    problem = random_problem(Recipe(seed=1))
    with pytest.raises(InputError, match="for an alpha"):
        traced(problem, Objective(aim=Aim.MAX_MIN))
    with pytest.raises(InputError, match="between 0 and 1"):
        traced(problem, least_part=1.5)
