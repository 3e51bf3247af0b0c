"""Machines that share nothing, solved one by one: the same split as of all at once, and never one that breaks a common limit."""

from functools import reduce

import numpy as np
import polars as pl
import pytest
from random_problems import Recipe, limits_of, random_problem

from analytics.allocation import apart
from analytics.allocation.aggregate import reduced
from analytics.allocation.objectives import Objective
from analytics.allocation.problem import Problem
from analytics.allocation.program import program
from analytics.allocation.scaling import can_be_served
from analytics.allocation.solution import Solution
from analytics.allocation.solve import solve

MACHINES = 3


def side_by_side(seed: int, *common: dict[str, object]) -> Problem:
    """Machines whose projects and limits are their own, with limits that count all of them."""
    own = [
        _named(random_problem(Recipe(seed=seed + 100 * each, limits=("cap", "carbon"), guaranteed=0.0)), each) for each in range(MACHINES)
    ]
    together = reduce(lambda left, right: {name: pl.concat([left[name], right[name]]) for name in left}, own)
    return Problem.of(**together | {"limits": pl.concat([together["limits"], limits_of([dict(each) for each in common])])})


def _named(problem: Problem, machine: int) -> dict[str, pl.DataFrame]:
    """The tables of a problem with everything named after its machine."""

    def called(name: str) -> pl.Expr:
        return pl.format(f"m{machine} {{}}", name).alias(name)

    here = pl.lit(f"m{machine}")
    return {
        "projects": problem.projects.with_columns(called("project")),
        "options": problem.options.with_columns(called("project"), called("partition")),
        "partitions": problem.partitions.with_columns(called("partition"), system=here),
        "capacity": problem.capacity.with_columns(called("partition")),
        "limits": problem.limits.with_columns(called("name"), system=here).cast(pl.String),
    }


def solved(problem: Problem, alpha: float, monkeypatch: pytest.MonkeyPatch, *, by_parts: bool) -> Solution:
    monkeypatch.setattr(apart, "MANY", 0 if by_parts else 10**9)
    found = solve(problem, Objective(alpha=alpha))
    assert isinstance(found, Solution)
    return found


def alone(problem: Problem, alpha: float) -> int:
    """How many splits come of the parts alone."""
    small = reduced(program(problem, Objective(alpha=alpha)))
    return len(list(apart.alpha_fair(small, np.flatnonzero(can_be_served(small)), alpha, None)))


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(2))
def test_the_split_of_the_parts_is_that_of_the_whole(seed: int, alpha: float, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = side_by_side(
        seed, {"name": "floor", "sense": "min", "quantity": "node_hours", "category": "research", "value": 1e-4, "unit": "share"}
    )
    ours, theirs = (solved(problem, alpha, monkeypatch, by_parts=by_parts) for by_parts in (True, False))
    assert alone(problem, alpha) == 0  # the threshold is back where it was
    monkeypatch.setattr(apart, "MANY", 0)
    assert alone(problem, alpha) == 1
    both = ours.satisfaction.join(theirs.satisfaction, on="project", validate="1:1")
    assert both.select(((pl.col("satisfaction") / pl.col("satisfaction_right") - 1).abs()).max()).item() < 2e-4
    assert ((both["limited_by"] == "own request") == (both["limited_by_right"] == "own request")).all()


def test_a_floor_for_all_machines_that_costs_somebody_hours_is_not_left_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    floor = {"name": "floor", "sense": "min", "quantity": "node_hours", "category": "start_up", "value": 0.33, "unit": "share"}
    problem = side_by_side(1, floor)
    monkeypatch.setattr(apart, "MANY", 0)
    assert alone(problem, 1.0) == 0
    found = solved(problem, 1.0, monkeypatch, by_parts=True)
    assert abs(float(found.prices.filter(name="floor")["slack"].item())) < 1e-6 * float(problem.capacity["node_hours"].sum())
    assert found.prices.filter(name="floor")["price"].item() > 0


def test_machines_that_a_project_or_a_limit_of_its_own_joins_belong_together() -> None:
    small = reduced(program(side_by_side(2), Objective()))
    part_of, limits = apart.parts(small, np.flatnonzero(can_be_served(small)))
    machine_of = np.array([int(name[1]) for name in small.program.partitions])
    assert len(set(part_of)) == MACHINES
    assert len(set(zip(part_of, machine_of, strict=True))) == MACHINES
    called = dict(zip(small.program.limits.names, limits, strict=True))
    assert all(part in (-1, part_of[machine_of == int(name[1])][0]) for name, part in called.items())
    two = side_by_side(2, {"name": "two", "sense": "max", "quantity": "node_hours", "system": "m0;m2", "value": 0.2, "unit": "share"})
    small = reduced(program(two, Objective()))
    part_of, _ = apart.parts(small, np.flatnonzero(can_be_served(small)))
    assert len(set(part_of)) == MACHINES - 1
