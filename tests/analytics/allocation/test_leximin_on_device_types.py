"""Leximin of jobs on devices of several types, as in Gavel (Narayanan et al. 2020), against one linear program for each job and round."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import sparse
from scipy.optimize import linprog

from analytics.allocation.objectives import Aim, Objective
from analytics.allocation.problem import Problem
from analytics.allocation.solution import Solution
from analytics.allocation.solve import solve

DEVICES = ("k80", "p100", "v100")
SPEED_UP = np.array([1.0, 3.0, 7.0])
"""Of a usual job over the oldest device; single jobs differ."""


def cluster(jobs: int, seed: int, *, wish: float = 1.3) -> tuple[Problem, Any, Any, Any]:
    """Jobs with throughputs on three types of devices; some run on one type alone. Satisfaction is over an equal share.

    `wish` is how many equal shares a usual job asks for at most.
    """
    rng = np.random.default_rng(seed)
    throughput = SPEED_UP * np.exp(rng.normal(0, 0.5, (jobs, 3)))
    kind = rng.random(jobs)
    throughput[kind < 0.2, :2] = 0.0
    throughput[kind > 0.9, 1:] = 0.0
    hours = np.array([0.5, 0.3, 0.2]) * jobs
    due = (throughput * hours / jobs).sum(axis=1)
    asked = due * np.exp(rng.normal(np.log(wish), 0.4, jobs))
    names = [f"job{job:05d}" for job in range(jobs)]
    options = [(names[job], DEVICES[device], throughput[job, device]) for job, device in np.argwhere(throughput > 0)]
    problem = Problem.of(
        projects=pl.DataFrame({"project": names, "weight": 1.0, "hours_asked": asked, "entitlement": due}),
        options=pl.DataFrame(options, schema=["project", "partition", "usefulness"], orient="row"),
        partitions=pl.DataFrame({"partition": DEVICES}),
        capacity=pl.DataFrame({"partition": DEVICES, "period": ["2026-01"] * 3, "node_hours": hours}),
    )
    return problem, throughput / due[:, None], hours, asked / due


class Programs:
    """The linear programs, with one column a job and device, one a job for what it gains, and one for the level."""

    def __init__(self, worth: Any, hours: Any, most: Any) -> None:
        self.jobs, self.most = len(worth), most
        within = sparse.kron(np.ones((1, self.jobs)), sparse.eye(3))
        rows = np.repeat(np.arange(self.jobs), 3)
        self.u = sparse.csr_array((worth.ravel(), (rows, np.arange(3 * self.jobs))), shape=(self.jobs, 3 * self.jobs))
        self.within, self.hours = sparse.csr_array(within), hours
        self.can = sparse.csr_array(worth > 0)

    def best(self, goal: Any, held: Any, rising: Any) -> Any:
        """The most of Σ goal·u + level, where u ≥ held, and u ≥ level for those that rise together."""
        none = sparse.csr_array((3, 1))
        level = sparse.csr_array(rising[:, None].astype(float))
        left = sparse.vstack([sparse.hstack([self.within, none]), sparse.hstack([self.u, 0 * level]), sparse.hstack([-self.u, level])])
        right = np.concatenate([self.hours, self.most, np.where(rising, 0.0, -held)])
        cost = np.append(-(goal @ self.u), -1.0 if rising.any() else 0.0)
        found = linprog(cost, A_ub=left.tocsr(), b_ub=right, bounds=(0, None), method="highs")
        assert found.status == 0, found.message
        return found.x[-1] if rising.any() else self.u @ found.x[:-1]

    def leximin(self) -> Any:
        """The levels: raise all that are free, hold those that cannot rise alone, and again."""
        free, held = np.ones(self.jobs, bool), np.zeros(self.jobs)
        while free.any():
            wanting = free & (self.most > held)
            level = min(self.best(np.zeros(self.jobs), held * ~free, wanting), float(self.most[free].min()))
            held = np.where(free, level * (1 - 1e-9), held)
            stuck = [job for job in np.flatnonzero(free) if self._alone(job, held)[job] <= level * (1 + 1e-6)]
            assert stuck
            free[stuck] = False
        return held

    def _alone(self, job: int, held: Any) -> Any:
        return self.best(np.eye(1, self.jobs, job)[0], held, np.zeros(self.jobs, bool))


def levels(found: object) -> Any:
    assert isinstance(found, Solution), found
    return np.sort(found.satisfaction["satisfaction"].to_numpy())


@pytest.mark.parametrize("seed", range(8))
def test_levels_are_those_of_one_program_for_each_job_and_round(seed: int) -> None:
    problem, worth, hours, most = cluster(14, seed)
    theirs = np.sort(Programs(worth, hours, most).leximin())
    assert len(np.unique(theirs.round(6))) > 2
    assert levels(solve(problem, Objective(aim=Aim.LEXIMIN))) == pytest.approx(theirs, rel=1e-5)


@pytest.mark.nightly
@pytest.mark.timeout(1_800)
def test_levels_of_1024_jobs_are_those_of_one_program_for_each_job_and_round() -> None:
    problem, worth, hours, most = cluster(1_024, 1, wish=100.0)  # requests end no round of their own
    theirs = np.sort(Programs(worth, hours, most).leximin())
    assert levels(solve(problem, Objective(aim=Aim.LEXIMIN))) == pytest.approx(theirs, rel=1e-5)
