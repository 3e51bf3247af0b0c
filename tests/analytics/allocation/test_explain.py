"""Sentences, comparisons, frontiers and scenarios say what the split's own numbers say."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from random_problems import Recipe, limits_of, random_problem

from analytics.allocation import explain, scenarios
from analytics.allocation.objectives import Aim, Objective
from analytics.allocation.problem import Problem
from analytics.allocation.rounding import rounded
from analytics.allocation.solution import Solution
from analytics.allocation.solve import solve


@pytest.fixture(scope="module")
def found() -> Solution:
    answer = solve(random_problem(Recipe(seed=1)))
    assert isinstance(answer, Solution)
    return answer


def test_every_project_has_a_reason_with_its_hours(found: Solution) -> None:
    rows = explain.account(found, found.allocation, found.satisfaction)
    assert rows["project"].to_list() == sorted(found.problem.projects["project"])
    assert rows["node_hours"].sum() == pytest.approx(found.allocation["node_hours"].sum())
    for project, hours, words in rows.select("project", "node_hours", "reason").rows():
        assert words.startswith(project)
        assert f"{hours:,.0f} node-hours" in words or "gets nothing" in words


def test_a_reason_after_rounding_tells_the_rounded_hours_and_who_lost_all(found: Solution) -> None:
    whole = rounded(found, 2_000.0)
    rows = explain.account(found, whole.allocation, whole.satisfaction.select("project", "satisfaction"))
    assert (rows["node_hours"] % 2_000 == 0).all()
    lost = rows.filter(pl.col("reason").str.contains("less than a quantum"))["project"].to_list()
    assert tuple(lost) == whole.rounded_to_zero


def test_every_priced_limit_is_said_to_bind_and_no_other(found: Solution) -> None:
    words = " ".join(explain.binding(found))
    own = found.prices.filter(~pl.col("name").str.starts_with("capacity:"))
    for name, price in own.select("name", "price").rows():
        assert (f"Limit {name} binds" in words) == (price > explain.BINDING * own["price"].max())


@pytest.mark.parametrize("objective", [Objective(alpha=0), Objective(), Objective(alpha=3), Objective(aim=Aim.LEXIMIN)])
def test_the_headline_names_the_equivalent_satisfaction(objective: Objective) -> None:
    answer = solve(random_problem(Recipe(seed=1)), objective)
    assert isinstance(answer, Solution)
    assert f"{answer.certificate.objective_ede:.3f}" in explain.headline(answer)


@pytest.mark.parametrize("seed", range(6))
def test_nobody_envies_under_equal_weights_and_proportional_fairness(seed: int) -> None:
    problem = random_problem(Recipe(seed=seed, limits=(), windowed=0.0, guaranteed=0.0))
    equal = Problem.of(
        projects=problem.projects.with_columns(weight=pl.lit(1.0), hours_asked=pl.lit(1e7), most_satisfaction=pl.lit(None, pl.Float64)),
        options=problem.projects.select("project")
        .join(problem.partitions.select("partition"), how="cross")
        .with_columns(usefulness=pl.Series(np.exp(np.random.default_rng(seed).normal(0, 0.4, 36)))),
        partitions=problem.partitions,
        capacity=problem.capacity,
    )
    answer = solve(equal)
    assert isinstance(answer, Solution)
    jealous = explain.envy(answer)
    assert jealous is not None
    assert jealous.is_empty()
    shares = explain.equal_shares(answer)
    assert (shares["satisfaction"] >= shares["equal_share"] * (1 - 1e-6)).all()


def test_an_equal_share_is_that_of_the_partitions_and_months_open_to_a_project() -> None:
    """Two may run on the first partition, by weight 1 to 3 in January; in February one of them; nobody else."""
    problem = Problem.of(
        projects=pl.DataFrame(
            {"project": ["a", "b"], "weight": [1, 3], "hours_asked": [1000, 1000], "entitlement": [100, 100], "ends": [None, "2026-01"]}
        ),
        options=pl.DataFrame({"project": ["a", "b"], "partition": ["gpu", "gpu"], "usefulness": [1, 2]}),
        partitions=pl.DataFrame({"partition": ["gpu"]}),
        capacity=pl.DataFrame({"partition": ["gpu", "gpu"], "period": ["2026-01", "2026-02"], "node_hours": [40, 7]}),
    )
    answer = solve(problem)
    assert isinstance(answer, Solution)
    assert explain.equal_shares(answer)["equal_share"].to_list() == pytest.approx([(10 + 7) / 100, 2 * 30 / 100])


def test_most_useful_hours_can_make_envious(single_machine: Callable[..., Problem]) -> None:
    problem = single_machine([10.0, 10.0], 10.0, due=[10.0, 20.0])
    answer = solve(problem, Objective(alpha=0))
    assert isinstance(answer, Solution)
    jealous = explain.envy(answer)
    assert jealous is not None
    assert jealous["project"].to_list() == ["p0001"]


def test_a_robust_floor_is_what_the_thinnest_demand_can_take(single_machine: Callable[..., Problem]) -> None:
    base = single_machine([60.0, 60.0], 100.0)
    floor = limits_of([{"name": "sme floor", "sense": "min", "quantity": "node_hours", "category": "sme", "value": 50, "unit": "absolute"}])
    problem = Problem.of(
        projects=base.projects.with_columns(category=pl.Series(["sme", "research"])),
        options=base.options,
        partitions=base.partitions,
        capacity=base.capacity,
        limits=floor,
    )
    demands = {
        "as asked": pl.DataFrame({"project": ["p0000"], "hours_asked": [60.0]}),
        "thin": pl.DataFrame({"project": ["p0000"], "hours_asked": [30.0]}),
    }
    row = scenarios.robust_floors(problem, demands).row(0, named=True)
    assert row["value"] == 50.0
    assert row["holds_at"] == pytest.approx(30.0)
    assert row["scenario"] == "thin"
