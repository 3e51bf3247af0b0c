"""Strange but lawful problems get a proven answer or a reason; never a NaN, never a silent clip."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from random_problems import Recipe, hours, largest_breach, limits_of, plain, random_problem

from analytics.allocation.objectives import Aim, Objective
from analytics.allocation.problem import Problem
from analytics.allocation.solution import Outcome, Refusal, Solution
from analytics.allocation.solve import solve
from data.errors import InputError

OBJECTIVES = [
    Objective(alpha=0),
    Objective(alpha=0.5),
    Objective(alpha=1),
    Objective(alpha=2),
    Objective(alpha=8),
    Objective(aim=Aim.MAX_MIN),
    Objective(aim=Aim.LEXIMIN),
]


def aims(objective: Objective) -> str:
    return f"{objective.aim}-{objective.alpha:g}"


def changed(problem: Problem, **frames: pl.DataFrame) -> Problem:
    tables: dict[str, Any] = {name: getattr(problem, name) for name in ("projects", "options", "partitions", "capacity", "limits")}
    return Problem.of(**(tables | frames))


def checked(found: Solution | Refusal) -> Solution:
    """A solution whose every number is finite and every limit kept."""
    assert isinstance(found, Solution), found
    assert found.satisfaction["satisfaction"].is_nan().sum() == 0
    assert found.allocation["node_hours"].is_finite().all()
    assert (found.allocation["node_hours"] > 0).all()
    assert found.prices["price"].is_finite().all()
    stated = plain(found.problem)
    assert largest_breach(stated, hours(stated, found.allocation)) <= 1e-8
    return found


@pytest.mark.parametrize("objective", OBJECTIVES, ids=aims)
def test_demand_below_capacity_is_met_in_full(single_machine: Callable[..., Problem], objective: Objective) -> None:
    found = checked(solve(single_machine([10.0, 20.0, 5.0], 100.0), objective))
    assert found.satisfaction["satisfaction"].to_list() == pytest.approx([1, 1, 1], rel=1e-6)
    assert found.satisfaction["limited_by"].to_list() == ["own request"] * 3


@pytest.mark.parametrize("objective", OBJECTIVES, ids=aims)
def test_one_project_gets_all_there_is(single_machine: Callable[..., Problem], objective: Objective) -> None:
    found = checked(solve(single_machine([10.0], 4.0), objective))
    assert found.satisfaction["satisfaction"].to_list() == pytest.approx([0.4], rel=1e-6)
    assert found.satisfaction["limited_by"].to_list() == ["capacity:gpu"]


@pytest.mark.parametrize("objective", OBJECTIVES, ids=aims)
def test_nobody_asking_gets_nothing_and_no_satisfaction(single_machine: Callable[..., Problem], objective: Objective) -> None:
    found = checked(solve(single_machine([0.0, 0.0], 4.0), objective))
    assert found.allocation.is_empty()
    assert found.satisfaction["satisfaction"].to_list() == [None, None]


@pytest.mark.parametrize("objective", OBJECTIVES, ids=aims)
def test_equal_projects_get_equal_shares(single_machine: Callable[..., Problem], objective: Objective) -> None:
    found = checked(solve(single_machine([10.0] * 7, 21.0), objective))
    assert found.satisfaction["satisfaction"].to_list() == pytest.approx([0.3] * 7, rel=1e-6)


@pytest.mark.parametrize("objective", OBJECTIVES, ids=aims)
def test_a_project_without_machine_is_named_and_harms_nobody(single_machine: Callable[..., Problem], objective: Objective) -> None:
    problem = single_machine([10.0, 10.0, 10.0], 10.0)
    found = checked(solve(changed(problem, options=problem.options.head(2)), objective))
    assert found.satisfaction["satisfaction"].to_list() == pytest.approx([0.5, 0.5, 0.0], rel=1e-6)
    assert found.satisfaction["limited_by"][2] == "no eligible partition"


@pytest.mark.parametrize("objective", OBJECTIVES, ids=aims)
def test_where_nobody_has_a_machine_everybody_gets_nothing_and_is_told_why(
    single_machine: Callable[..., Problem], objective: Objective
) -> None:
    problem = single_machine([10.0, 10.0], 10.0)
    found = checked(solve(changed(problem, options=problem.options.clear()), objective))
    assert found.allocation.is_empty()
    assert found.satisfaction["limited_by"].to_list() == ["no eligible partition"] * 2


def test_an_alpha_beyond_all_numbers_is_refused_in_words(single_machine: Callable[..., Problem]) -> None:
    found = solve(single_machine([10.0, 30.0], 20.0, weight=[1.0, 1e6]), Objective(alpha=1e5))
    if isinstance(found, Refusal):
        assert found.outcome is Outcome.NOT_CERTIFIED
        assert "inf" not in found.reason
        assert "leximin" in found.mend
    else:
        checked(found)


@pytest.mark.parametrize("objective", OBJECTIVES, ids=aims)
def test_months_without_capacity_are_left_empty(objective: Objective) -> None:
    problem = random_problem(Recipe(seed=3, windowed=0.0, guaranteed=0.0, limits=("cap", "carbon")))
    shut = problem.capacity.with_columns(node_hours=pl.when(pl.col("period") == "2026-02").then(0.0).otherwise("node_hours"))
    found = checked(solve(changed(problem, capacity=shut), objective))
    assert "2026-02" not in found.allocation["period"].unique().to_list()


@pytest.mark.parametrize("objective", OBJECTIVES, ids=aims)
def test_a_limit_of_zero_shuts_out(objective: Objective) -> None:
    problem = random_problem(Recipe(seed=5, guaranteed=0.0, limits=()))
    none = limits_of([{"name": "none", "sense": "max", "quantity": "node_hours", "partition": "part1", "value": 0, "unit": "absolute"}])
    found = checked(solve(changed(problem, limits=none), objective))
    assert "part1" not in found.allocation["partition"].to_list()


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0, 8.0])
@pytest.mark.parametrize("seed", range(3))
def test_weights_over_six_orders_keep_the_proof(seed: int, alpha: float) -> None:
    problem = random_problem(Recipe(seed=seed, guaranteed=0.0, projects=40))
    spread = problem.projects.with_columns(weight=pl.Series(10 ** np.random.default_rng(seed).uniform(-3, 3, 40)))
    checked(solve(changed(problem, projects=spread), Objective(alpha=alpha)))


@pytest.mark.parametrize("alpha", [20.0, 50.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_steep_alpha_ends_with_a_proof_or_says_that_it_has_none(seed: int, alpha: float) -> None:
    found = solve(random_problem(Recipe(seed=seed, guaranteed=0.0)), Objective(alpha=alpha))
    if isinstance(found, Refusal):
        assert found.outcome in (Outcome.NOT_CERTIFIED, Outcome.INFEASIBLE)
    else:
        checked(found)


@pytest.mark.parametrize("seed", range(4))
def test_a_steep_alpha_on_one_machine_comes_near_the_water_level(single_machine: Callable[..., Problem], seed: int) -> None:
    asked = list(np.exp(np.random.default_rng(seed).normal(0, 1, 20)))
    steep = solve(single_machine(asked, 0.3 * sum(asked), due=[1.0] * 20), Objective(alpha=50))
    if isinstance(steep, Refusal):
        assert steep.outcome is Outcome.NOT_CERTIFIED
        return
    level = checked(solve(single_machine(asked, 0.3 * sum(asked), due=[1.0] * 20), Objective(aim=Aim.LEXIMIN)))
    assert steep.satisfaction["satisfaction"].to_list() == pytest.approx(level.satisfaction["satisfaction"].to_list(), rel=0.05)


@pytest.mark.parametrize("objective", OBJECTIVES, ids=aims)
def test_the_order_of_rows_changes_no_digit(objective: Objective) -> None:
    problem = random_problem(Recipe(seed=8))
    mixed = {name: getattr(problem, name).reverse() for name in ("projects", "options", "partitions", "capacity", "limits")}
    first, second = solve(problem, objective), solve(changed(problem, **mixed), objective)
    if isinstance(first, Refusal) or isinstance(second, Refusal):
        assert type(first) is type(second)
        return
    assert first.allocation.equals(second.allocation)
    assert first.prices.equals(second.prices)


def test_a_price_of_a_limit_is_what_one_unit_more_brings() -> None:
    problem = random_problem(Recipe(seed=2, guaranteed=0.0, limits=("cap",)))
    found = checked(solve(problem, Objective(alpha=1)))
    price = found.prices.filter(pl.col("name") == "cap")["price"].item()
    offered = problem.capacity["node_hours"].sum()
    looser = limits_of(
        [
            {
                "name": "cap",
                "sense": "max",
                "quantity": "node_hours",
                "category": "sme; large_industry",
                "value": 0.2 * offered * 1.001,
                "unit": "absolute",
            }
        ]
    )
    after = checked(solve(changed(problem, limits=looser), Objective(alpha=1)))
    weight = problem.projects["weight"].to_numpy()
    gain = float(weight @ (np.log(after.satisfaction["satisfaction"].to_numpy()) - np.log(found.satisfaction["satisfaction"].to_numpy())))
    assert price > 0
    assert gain / (0.2 * offered * 0.001) == pytest.approx(price, rel=2e-3)


def test_limits_that_leave_somebody_with_nothing_are_told(single_machine: Callable[..., Problem]) -> None:
    problem = single_machine([10.0, 10.0], 10.0)
    kinds = problem.projects.with_columns(category=pl.Series(["sme", "research"]))
    floor = limits_of([{"name": "all to sme", "sense": "min", "quantity": "node_hours", "category": "sme", "value": 1.0, "unit": "share"}])
    found = solve(changed(problem, projects=kinds, limits=floor), Objective(alpha=1))
    assert isinstance(found, Refusal)
    assert found.outcome is Outcome.STARVED
    assert found.clash["name"].to_list() == ["p0001"]


@pytest.mark.parametrize("alpha", [-1.0, float("nan"), float("inf")])
def test_an_alpha_that_is_no_number_of_0_or_more_is_refused(alpha: float) -> None:
    with pytest.raises(InputError, match="alpha"):
        Objective(alpha=alpha)
