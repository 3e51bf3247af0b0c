"""Splits against answers that others published or that a formula gives."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from random_problems import limits_of

from analytics.allocation.objectives import Aim, Objective
from analytics.allocation.problem import Problem
from analytics.allocation.solution import Solution
from analytics.allocation.solve import solve


def satisfaction(found: object) -> list[float]:
    assert isinstance(found, Solution), found
    return found.satisfaction["satisfaction"].to_list()


def two_resources(demands: dict[str, tuple[float, float]], offered: tuple[float, float], dominant: bool) -> Problem:
    """Tasks that need two resources at once, as one machine with two budgets: one node-hour is one task."""
    share = {name: max(cpu / offered[0], memory / offered[1]) for name, (cpu, memory) in demands.items()}
    rows = [(name, name, max(100.0, 1.0), "2026-01", cpu, memory) for name, (cpu, memory) in demands.items()]
    return Problem.of(
        projects=pl.DataFrame(
            {
                "project": list(demands),
                "weight": [1.0] * len(demands),
                "hours_asked": [100.0] * len(demands),
                "entitlement": [1 / share[name] if dominant else 1.0 for name in demands],
            }
        ),
        options=pl.DataFrame({"project": list(demands), "partition": list(demands), "usefulness": [1.0] * len(demands)}),
        partitions=pl.DataFrame({"partition": list(demands)}),
        capacity=pl.DataFrame(
            [(partition, period, hours, cpu, memory) for _, partition, hours, period, cpu, memory in rows],
            schema=["partition", "period", "node_hours", "mwh_per_node_hour", "eur_per_node_hour"],
            orient="row",
        ),
        limits=limits_of(
            [
                {"name": "cpu", "sense": "max", "quantity": "mwh", "value": offered[0], "unit": "absolute"},
                {"name": "memory", "sense": "max", "quantity": "eur", "value": offered[1], "unit": "absolute"},
            ]
        ),
    )


def test_dominant_resource_fairness_gives_three_and_two_tasks() -> None:
    problem = two_resources({"a": (1, 4), "b": (3, 1)}, (9, 18), dominant=True)
    found = solve(problem, Objective(aim=Aim.LEXIMIN))
    assert isinstance(found, Solution)
    assert found.allocation["node_hours"].to_list() == pytest.approx([3, 2], rel=1e-6)


def test_nash_welfare_gives_the_competitive_equilibrium_of_equal_incomes() -> None:
    problem = two_resources({"a": (1, 4), "b": (3, 1)}, (9, 18), dominant=False)
    assert satisfaction(solve(problem, Objective(alpha=1))) == pytest.approx([45 / 11, 18 / 11], rel=1e-6)


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0, 4.0, 8.0])
@pytest.mark.parametrize("links", [1, 2, 5])
def test_a_long_flow_over_many_links_gets_what_mo_and_walrand_say(links: int, alpha: float) -> None:
    """The long flow uses each link as one budget beside the link's own short flow."""
    names = ["long", *(f"short{link}" for link in range(links))]
    budgets = [
        {"name": f"link{link}", "sense": "max", "quantity": "node_hours", "category": f"short{link};long", "value": 1.0, "unit": "absolute"}
        for link in range(links)
    ]
    found = solve(
        Problem.of(
            projects=pl.DataFrame({"project": names, "category": names, "weight": [1.0] * len(names), "hours_asked": [1.0] * len(names)}),
            options=pl.DataFrame({"project": names, "partition": ["net"] * len(names), "usefulness": [1.0] * len(names)}),
            partitions=pl.DataFrame({"partition": ["net"]}),
            capacity=pl.DataFrame({"partition": ["net"], "period": ["2026-01"], "node_hours": [100.0]}),
            limits=limits_of(budgets),
        ),
        Objective(alpha=alpha),
    )
    assert satisfaction(found)[0] == pytest.approx(1 / (1 + links ** (1 / alpha)), rel=1e-5)


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0, 8.0])
@pytest.mark.parametrize("seed", range(5))
def test_one_machine_is_filled_like_weighted_water(single_machine: Callable[..., Problem], seed: int, alpha: float) -> None:
    rng = np.random.default_rng(seed)
    asked, weight, due = np.exp(rng.normal(0, 1, (3, 15)))
    offered = 0.4 * asked.sum()
    low, high = -50.0, 50.0
    for _ in range(200):
        price = 0.5 * (low + high)
        u = np.minimum(asked / due, (weight / (np.exp(price) * due)) ** (1 / alpha))
        low, high = (price, high) if (u * due).sum() > offered else (low, price)
    found = satisfaction(solve(single_machine(list(asked), offered, list(weight), list(due)), Objective(alpha=alpha)))
    assert found == pytest.approx(list(u), rel=1e-5)


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0, 8.0])
def test_an_inflated_request_gains_what_the_formula_says_and_nothing_against_an_entitlement(
    single_machine: Callable[..., Problem], alpha: float
) -> None:
    many, more = 2_000, 1.2
    asked = [100.0] * many
    inflated = [100.0 * more, *asked[1:]]

    def hours_of_first(requests: list[float], due: list[float]) -> float:
        return satisfaction(solve(single_machine(requests, 50.0 * many, due=due), Objective(alpha=alpha)))[0] * due[0]

    by_request = hours_of_first(inflated, inflated) / hours_of_first(asked, asked)
    by_due = hours_of_first(inflated, asked) / hours_of_first(asked, asked)
    assert by_request == pytest.approx(more ** (1 - 1 / alpha), rel=2e-3)
    assert by_due == pytest.approx(1.0, rel=1e-6)
