"""A split for several demands is best on the average, as a general solver finds it, and its floors hold in every one of them."""

from collections.abc import Callable

import cvxpy as cp
import numpy as np
import polars as pl
import pytest
from random_problems import Recipe, limits_of, plain, random_problem

from analytics.allocation.objectives import Aim, Objective, equivalent
from analytics.allocation.problem import Problem
from analytics.allocation.robust import RobustSplit, robust_split
from data.errors import InputError

THOUSAND = 1e3


def demands(problem: Problem, seed: int) -> dict[str, pl.DataFrame]:
    rng = np.random.default_rng(seed)
    asked = problem.projects.select("project", "hours_asked")
    return {
        name: asked.with_columns(hours_asked=pl.col("hours_asked") * pl.Series(rng.uniform(0.2, 1.8, asked.height)))
        for name in ("high", "low", "odd")
    }


def by_clarabel(problem: Problem, most: np.ndarray, parts: np.ndarray, alpha: float) -> float:
    """The expected equivalent satisfaction of the problem written out in full, with one used satisfaction a project and scenario."""
    stated = plain(problem)
    x, used = cp.Variable(len(stated.columns), nonneg=True), cp.Variable(most.shape)
    u = (stated.satisfaction * THOUSAND) @ x
    within, offered = stated.capacity
    rows = [within @ x <= offered / THOUSAND, used <= most]
    rows += [used[one] <= u for one in range(len(most))]
    rows += [(counted * THOUSAND / value) @ x <= 1 for sense, counted, value in stated.limits if sense == "max"]
    weight = np.outer(parts, stated.weight)
    worth = cp.log(used) if alpha == 1 else cp.power(used, 1 - alpha) * (1 if alpha < 1 else -1)
    cp.Problem(cp.Maximize(cp.sum(cp.multiply(weight, worth))), rows).solve(cp.CLARABEL)
    return equivalent(used.value.ravel(), weight.ravel(), alpha)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(3))
def test_the_expected_welfare_is_what_clarabel_reaches_and_no_less_than_that_of_the_mean_demand(seed: int, alpha: float) -> None:
    problem = random_problem(Recipe(seed=seed, guaranteed=0.0, limits=("cap", "carbon")))
    found = robust_split(problem, demands(problem, seed), Objective(alpha=alpha), {"high": 1.0, "low": 2.0, "odd": 1.0})
    assert isinstance(found, RobustSplit), found
    due = problem.projects["entitlement"].to_numpy()
    most = np.array([frame["hours_asked"].to_numpy() / due for _, frame in sorted(demands(problem, seed).items())])
    theirs = by_clarabel(problem, most, np.array([0.25, 0.5, 0.25]), alpha)
    assert found.gap <= 1e-5
    assert found.expected_ede == pytest.approx(theirs, rel=2e-5)
    assert found.mean_ede is not None
    assert found.expected_ede >= found.mean_ede * (1 - 1e-6)


def test_a_floor_holds_by_the_hours_used_in_the_thinnest_scenario(single_machine: Callable[..., Problem]) -> None:
    base = single_machine([50.0, 50.0, 200.0], 100.0)
    floor = {"name": "sme floor", "sense": "min", "quantity": "node_hours", "category": "sme", "value": 45, "unit": "absolute"}
    problem = Problem.of(
        projects=base.projects.with_columns(category=pl.Series(["sme", "sme", "research"])),
        options=base.options,
        partitions=base.partitions,
        capacity=base.capacity,
        limits=limits_of([floor]),
    )
    thin = pl.DataFrame({"project": ["p0000"], "hours_asked": [10.0]})
    as_asked = pl.DataFrame({"project": ["p0000"], "hours_asked": [50.0]})
    found = robust_split(problem, {"thin": thin, "as asked": as_asked}, likelihood={"thin": 0.01, "as asked": 0.99})
    assert isinstance(found, RobustSplit), found
    assert found.floors["holds"].all()
    assert found.floors["used"].min() >= 45 * (1 - 1e-8)


def test_what_a_robust_split_cannot_weigh_is_refused(single_machine: Callable[..., Problem]) -> None:
    problem = single_machine([50.0, 50.0], 60.0)
    same = {"same": pl.DataFrame({"project": ["p0000"], "hours_asked": [50.0]})}
    with pytest.raises(InputError, match="choose an alpha"):
        robust_split(problem, same, Objective(aim=Aim.MAX_MIN))
    with pytest.raises(InputError, match="at least one"):
        robust_split(problem, {})
    with pytest.raises(InputError, match="likelihood above zero"):
        robust_split(problem, same, likelihood={"other": 1.0})
