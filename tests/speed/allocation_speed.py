"""Prints how long the best split takes beside cvxpy with Clarabel: as one would write it, and in the summed-over-time form.

Ours is the best of three. Seconds are of processor time, for the machine may be shared; compare ratios within one run only.
The level of max-min stands beside HiGHS' interior point and simplex, and a frontier of a hundred points beside its error.
`PYTHONPATH=. python tests/speed/allocation_speed.py [large]`; without `large` up to 10,000 projects, and no run of over a minute.
"""

import sys
import time
import tracemalloc
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cvxpy as cp
import numpy as np
import polars as pl
from scipy import sparse
from scipy.optimize import linprog
from threadpoolctl import threadpool_limits

from analytics.allocation.frontier import traced
from analytics.allocation.objectives import Aim, Objective, equivalent
from analytics.allocation.problem import Problem
from analytics.allocation.solution import Solution
from analytics.allocation.solve import solve

THOUSAND = 1e3


def problem(projects: int, partitions: int, months: int, seed: int = 0) -> Problem:
    """Projects that can use about half of the partitions, twice as much demand as capacity, and a carbon budget of 90 %."""
    rng = np.random.default_rng(seed)
    names = [f"p{number:06d}" for number in range(projects)]
    asked = np.exp(rng.normal(0, 1, projects)) * 1e4
    can = rng.random((projects, partitions)) < 0.5
    can[np.arange(projects), rng.integers(0, partitions, projects)] = True
    useful = np.exp(rng.normal(0, 0.4, can.shape))
    at = np.argwhere(can)
    offered = 0.5 * asked.sum() / partitions / months * np.exp(rng.normal(0, 0.2, (partitions, months)))
    carbon = (0.1 + 0.05 * np.arange(partitions))[:, None] * (1 + 0.2 * np.cos(np.arange(months))) / THOUSAND
    cells = [(f"s{s}", f"2026-{t + 1:02d}", offered[s, t], carbon[s, t]) for s in range(partitions) for t in range(months)]
    limit = {"name": ["carbon"], "sense": ["max"], "quantity": ["tco2e"], "value": [0.9], "unit": ["share"]}
    return Problem.of(
        projects=pl.DataFrame({"project": names, "weight": np.exp(rng.normal(0, 0.5, projects)), "hours_asked": asked}),
        options=pl.DataFrame({"project": [names[p] for p, _ in at], "partition": [f"s{s}" for _, s in at], "usefulness": useful[can]}),
        partitions=pl.DataFrame({"partition": [f"s{s}" for s in range(partitions)]}),
        capacity=pl.DataFrame(cells, schema=["partition", "period", "node_hours", "tco2e_per_node_hour"], orient="row"),
        limits=pl.DataFrame(limit),
    )


def by_clarabel(posed: Problem, alpha: float, *, summed: bool) -> float:
    """The equivalent satisfaction that cvxpy with Clarabel reaches, month by month or summed over time."""
    options = posed.options.join(posed.projects, on="project", maintain_order="left").with_columns(
        row=pl.col("project").rank("dense") - 1, machine=pl.col("partition").rank("dense") - 1
    )
    row, machine = options["row"].to_numpy().astype(int), options["machine"].to_numpy().astype(int)
    worth = (options["usefulness"] / options["entitlement"]).to_numpy() * THOUSAND
    cells = posed.capacity.sort("partition", "period")
    machines, months = posed.partitions.height, len(posed.periods)
    offered = cells["node_hours"].to_numpy().reshape(machines, months) / THOUSAND
    carbon = cells["tco2e_per_node_hour"].to_numpy().reshape(machines, months)
    count = len(row)
    on_machine = sparse.csr_matrix((np.ones(count), (machine, np.arange(count))), (machines, count))
    of_project = sparse.csr_matrix((worth, (row, np.arange(count))), (posed.projects.height, count))
    budget = 0.9 * float((offered * carbon).sum())
    if summed:
        y, z = cp.Variable(count, nonneg=True), cp.Variable((machines, months), nonneg=True)
        u, rows = of_project @ y, [on_machine @ y <= cp.sum(z, axis=1), z <= offered, cp.sum(cp.multiply(carbon, z)) <= budget]
    else:
        x = cp.Variable((count, months), nonneg=True)
        u, rows = of_project @ cp.sum(x, axis=1), [on_machine @ x <= offered, cp.sum(cp.multiply(carbon[machine], x)) <= budget]
    weight = posed.projects["weight"].to_numpy()
    value = weight @ cp.log(u) if alpha == 1 else weight @ u if alpha == 0 else -(weight @ cp.power(u, 1 - alpha))
    stated = cp.Problem(cp.Maximize(value), [*rows, u <= posed.projects["most_satisfaction"].to_numpy()])
    stated.solve(cp.CLARABEL)
    if stated.status != cp.OPTIMAL:
        raise cp.SolverError(stated.status)
    return equivalent(np.maximum(u.value, 0), weight, alpha)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Processor seconds, and what came back (an error as its name)."""
    started = time.process_time()
    try:
        result = work()
    except cp.SolverError as error:
        result = type(error).__name__
    return time.process_time() - started, result


def best_of_three(work: Callable[[], Any]) -> tuple[float, Any]:
    """The least processor seconds of three runs, and what came back."""
    runs = [timed(work) for _ in range(3)]
    return min(one[0] for one in runs), runs[-1][1]


def beside_clarabel(large: bool) -> None:
    """One line a case."""
    cases = [(1_000, 8, 12, 1.0), (1_000, 8, 12, 2.0), (10_000, 8, 12, 1.0), (10_000, 8, 12, 2.0)]
    if large:
        cases += [(50_000, 8, 1, 1.0), (50_000, 8, 1, 2.0), (50_000, 8, 12, 1.0), (50_000, 8, 12, 2.0)]
    print(f"{'projects x partitions x months, alpha':<40}{'ours s':>9}{'as written':>12}{'ratio':>8}{'summed':>9}{'ratio':>8}{'same':>10}")
    for projects, partitions, months, alpha in cases:
        posed = problem(projects, partitions, months)
        ours, found = best_of_three(lambda posed=posed, alpha=alpha: solve(posed, Objective(alpha=alpha)))
        assert isinstance(found, Solution), found.reason
        full = (
            timed(lambda posed=posed, alpha=alpha: by_clarabel(posed, alpha, summed=False))
            if projects * months <= (120_000 if large else 50_000)
            else None
        )
        summed = timed(lambda posed=posed, alpha=alpha: by_clarabel(posed, alpha, summed=True))
        reached = [one[1] for one in (full, summed) if one and isinstance(one[1], float)]
        same = f"{max(abs(one / found.certificate.objective_ede - 1) for one in reached):.1e}" if reached else "failed"
        name = f"{projects:,} x {partitions} x {months}, alpha {alpha:g}"
        left = f"{full[0]:>12.2f}{full[0] / ours:>8.0f}" if full else f"{'not run':>12}{'':>8}"
        print(f"{name:<40}{ours:>9.3f}{left}{summed[0]:>9.2f}{summed[0] / ours:>8.1f}{same:>10}", flush=True)


def moved_sliders() -> None:
    """Seconds from the solution at hand to the one after a slider moved: the carbon budget from 90 to 85 %."""
    for projects in (1_000, 10_000):
        posed = problem(projects, 8, 12)
        before = solve(posed)
        assert isinstance(before, Solution)
        after = replace(posed, limits=posed.limits.with_columns(value=pl.lit(0.85)))
        warm, found = best_of_three(lambda after=after, before=before: solve(after, warm=before))
        cold, _ = best_of_three(lambda after=after: solve(after))
        assert isinstance(found, Solution)
        print(
            f"slider move at {projects:,} x 8 x 12: {warm * THOUSAND:.0f} ms, without the earlier prices {cold * THOUSAND:.0f} ms",
            flush=True,
        )


def by_highs(posed: Problem, method: str) -> float:
    """The least satisfaction that HiGHS reaches, summed over time, everybody at one level or at the own request."""
    options = posed.options.join(posed.projects, on="project", maintain_order="left").with_columns(
        row=pl.col("project").rank("dense") - 1, machine=pl.col("partition").rank("dense") - 1
    )
    row, machine = options["row"].to_numpy().astype(int), options["machine"].to_numpy().astype(int)
    worth = (options["usefulness"] / options["entitlement"]).to_numpy() * THOUSAND
    cells = posed.capacity.sort("partition", "period")
    projects, machines, months, count = posed.projects.height, posed.partitions.height, len(posed.periods), len(row)
    offered = cells["node_hours"].to_numpy().reshape(machines, months) / THOUSAND
    carbon = cells["tco2e_per_node_hour"].to_numpy().reshape(machines, months) * THOUSAND
    of_project = sparse.csr_array((worth, (row, np.arange(count))), (projects, count))
    on_machine = sparse.csr_array((np.ones(count), (machine, np.arange(count))), (machines, count))
    of_month = sparse.kron(sparse.eye_array(machines), np.ones((1, months)))
    matrix = sparse.block_array(
        [
            [-of_project, None, np.ones((projects, 1))],
            [of_project, None, None],
            [on_machine, -of_month, None],
            [None, sparse.csr_array(carbon.reshape(1, -1)), None],
        ],
        format="csr",
    )
    most = posed.projects["most_satisfaction"].to_numpy()
    right = np.concatenate([np.zeros(projects), most, np.zeros(machines), [0.9 * (offered * carbon).sum()]])
    upper = np.concatenate([np.full(count, np.inf), offered.ravel(), [most.min()]])
    found = linprog(
        -np.eye(1, len(upper), len(upper) - 1)[0], matrix, right, bounds=np.stack([np.zeros(len(upper)), upper], 1), method=method
    )
    return -float(found.fun)


def worst_off() -> None:
    """Seconds of max-min and leximin, and of HiGHS on the first level."""
    posed = problem(1_000, 8, 12)
    level, _ = best_of_three(lambda: solve(posed, Objective(aim=Aim.MAX_MIN)))
    lex, _ = best_of_three(lambda: solve(posed, Objective(aim=Aim.LEXIMIN)))
    print(f"max-min 1,000 x 8 x 12: {level:.3f} s; leximin {lex:.3f} s, {lex / level:.1f} max-min solves", flush=True)
    for months in (1, 12):
        posed = problem(10_000, 8, months)
        ours, found = best_of_three(lambda posed=posed: solve(posed, Objective(aim=Aim.MAX_MIN)))
        assert isinstance(found, Solution), found.reason
        theirs = {method: timed(lambda posed=posed, method=method: by_highs(posed, method)) for method in ("highs-ipm", "highs-ds")}
        best = min(theirs, key=lambda method: theirs[method][0])
        same = abs(theirs[best][1] / found.certificate.objective_ede - 1)
        others = ", ".join(f"{method} {seconds:.2f} s" for method, (seconds, _) in theirs.items())
        ratio = theirs[best][0] / ours
        print(f"max-min 10,000 x 8 x {months}: {ours:.3f} s; {others}; ratio {ratio:.0f}; same to {same:.1e}", flush=True)


def frontier() -> None:
    """Seconds of a frontier between fairness and carbon of a hundred certified points, and how far the curve may be from it."""
    posed = problem(1_000, 8, 12)
    posed = replace(posed, limits=posed.limits.clear())
    seconds, curve = timed(lambda: traced(posed, points=100, error=0.0))
    print(f"frontier of {curve.points.height} points at 1,000 x 8 x 12: {seconds:.2f} s, error {curve.error:.1e}", flush=True)


def memory() -> None:
    """The most memory that numbers take in one solve."""
    posed = problem(50_000, 8, 12)
    tracemalloc.start()
    solve(posed)
    print(f"memory at 50,000 x 8 x 12: {tracemalloc.get_traced_memory()[1] / 1e6:.0f} MB", flush=True)
    tracemalloc.stop()


def main() -> None:
    warnings.simplefilter("ignore")
    with threadpool_limits(1):
        beside_clarabel("large" in sys.argv)
        moved_sliders()
        worst_off()
        frontier()
        memory()


if __name__ == "__main__":
    main()
