"""Random allocation problems with every kind of limit, and an independent statement of them for general solvers."""

from dataclasses import dataclass, field
from typing import Any

import cvxpy as cp
import numpy as np
import polars as pl

from analytics.allocation import tables
from analytics.allocation.problem import Problem

MONTHS = [f"2026-{month:02d}" for month in range(1, 13)]
THOUSAND = 1e3
COUNTRIES = ("DE", "ES", "FI", "FR", "IT")
CATEGORIES = ("start_up", "sme", "large_industry", "research", "public_sector")
LIMIT_COLUMNS = ("name", "sense", "quantity", "category", "country", "mode", "system", "partition", "period", "value", "unit")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a random problem should contain."""

    seed: int
    projects: int = 12
    partitions: int = 3
    months: int = 3
    windowed: float = 0.3
    guaranteed: float = 0.2
    limits: tuple[str, ...] = ("cap", "carbon", "energy month", "credits", "money", "floor", "month floor", "country floor")
    spread: float = 1.0
    requests_as_entitlement: bool = False


def random_problem(recipe: Recipe) -> Problem:
    """A problem whose floors are small enough to be met most of the time."""
    rng = np.random.default_rng(recipe.seed)
    count, months = recipe.projects, MONTHS[: recipe.months]
    names = [f"p{number:04d}" for number in range(count)]
    partitions = [f"part{number}" for number in range(recipe.partitions)]
    asked = np.exp(rng.normal(0, 1, count)) * 1e4
    due = asked if recipe.requests_as_entitlement else np.full(count, float(np.median(asked)))
    first = rng.integers(0, len(months), count)
    last = np.maximum(first, rng.integers(0, len(months), count))
    windowed = rng.random(count) < recipe.windowed
    guaranteed = rng.random(count) < recipe.guaranteed
    projects = pl.DataFrame(
        {
            "project": names,
            "category": rng.choice(CATEGORIES, count),
            "country": rng.choice(COUNTRIES, count),
            "mode": rng.choice(["regular", "playground"], count),
            "weight": np.exp(rng.normal(0, recipe.spread, count)),
            "hours_asked": asked,
            "entitlement": due,
            "least_satisfaction": np.where(guaranteed, 0.02 * asked / due, 0.0),
            "starts": [months[one] if some else None for one, some in zip(first, windowed, strict=True)],
            "ends": [months[one] if some else None for one, some in zip(last, windowed, strict=True)],
        }
    )
    can = rng.random((count, len(partitions))) < 0.7
    can[np.arange(count), rng.integers(0, len(partitions), count)] = True
    useful = np.exp(rng.normal(0, 0.4, can.shape))
    options = [(names[p], partitions[s], useful[p, s]) for p, s in np.argwhere(can)]
    offered = asked.sum() * 0.5 / len(partitions) / len(months) * np.exp(rng.normal(0, 0.3, (len(partitions), len(months))))
    capacity = [
        (
            partitions[s],
            months[t],
            offered[s, t],
            (0.5 + 0.3 * s) * (1 + 0.1 * np.sin(t)) / 1e3,
            (0.1 + 0.1 * s) * (1 + 0.3 * np.cos(2 * t)) / 1e3,
            0.1 * (s + 1),
        )
        for s in range(len(partitions))
        for t in range(len(months))
    ]
    possible = {
        "cap": {"sense": "max", "quantity": "node_hours", "category": "sme; large_industry", "value": 0.2, "unit": "share"},
        "carbon": {"sense": "max", "quantity": "tco2e", "value": 0.75, "unit": "share"},
        "energy month": {"sense": "max", "quantity": "mwh", "partition": "part0", "period": months[0], "value": 0.6, "unit": "share"},
        "credits": {"sense": "max", "quantity": "credits", "country": "DE;FR", "value": 0.3, "unit": "share"},
        "money": {"sense": "max", "quantity": "eur", "system": "north", "value": 0.8, "unit": "share"},
        "floor": {"sense": "min", "quantity": "node_hours", "category": "research", "value": 0.02, "unit": "share"},
        "month floor": {"sense": "min", "quantity": "mwh", "mode": "regular", "period": months[-1], "value": 0.02, "unit": "share"},
        "country floor": {"sense": "min", "quantity": "credits", "country": "FI", "value": 300.0, "unit": "absolute"},
    }
    return Problem.of(
        projects=projects,
        options=pl.DataFrame(options, schema=["project", "partition", "usefulness"], orient="row"),
        partitions=pl.DataFrame(
            {
                "partition": partitions,
                "system": ["north" if number % 2 else "south" for number in range(len(partitions))],
                "credit": [1.0 + number for number in range(len(partitions))],
            }
        ),
        capacity=pl.DataFrame(
            capacity,
            schema=["partition", "period", "node_hours", "mwh_per_node_hour", "tco2e_per_node_hour", "eur_per_node_hour"],
            orient="row",
        ),
        limits=limits_of([{"name": name} | possible[name] for name in recipe.limits]),
    )


def limits_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """A table of limits from rows that leave out what they do not select."""
    return pl.DataFrame(
        [tuple(None if row.get(column) is None else str(row[column]) for column in LIMIT_COLUMNS) for row in rows],
        schema=dict.fromkeys(LIMIT_COLUMNS, pl.String),
        orient="row",
    )


@dataclass
class Plain:
    """A problem written out in full: one column for every project, partition and period that it may use."""

    columns: list[tuple[str, str, str]]
    names: list[str]
    satisfaction: Any
    capacity: tuple[Any, Any]
    limits: list[tuple[str, Any, float]] = field(default_factory=list)
    least: Any = None
    most: Any = None
    weight: Any = None


def plain(problem: Problem) -> Plain:
    """The full statement, made from the tables alone by loops, apart from the code under test."""
    projects = problem.projects.rows(named=True)
    cells = {(row["partition"], row["period"]): row for row in problem.capacity.iter_rows(named=True)}
    of_partition = {row["partition"]: row for row in problem.partitions.iter_rows(named=True)}
    worth = {(row["project"], row["partition"]): row["usefulness"] for row in problem.options.iter_rows(named=True)}
    columns = [
        (row["project"], partition, period)
        for row in projects
        for (partition, period) in cells
        if (row["project"], partition) in worth and (row["starts"] or "") <= period <= (row["ends"] or "9999")
    ]
    names = [row["project"] for row in projects]
    due = {row["project"]: row["entitlement"] for row in projects}
    satisfaction, within = np.zeros((len(names), len(columns))), np.zeros((len(cells), len(columns)))
    order = {cell: row for row, cell in enumerate(cells)}
    for column, (project, partition, period) in enumerate(columns):
        satisfaction[names.index(project), column] = worth[project, partition] / due[project] if due[project] else 0.0
        within[order[partition, period], column] = 1.0
    by_name = {row["project"]: row for row in projects}
    stated = Plain(
        columns=columns,
        names=names,
        satisfaction=satisfaction,
        capacity=(within, np.array([row["node_hours"] for row in cells.values()])),
        least=problem.projects["least_satisfaction"].to_numpy(),
        most=problem.projects["most_satisfaction"].to_numpy(),
        weight=problem.projects["weight"].to_numpy(),
    )
    for limit in problem.limits.iter_rows(named=True):
        counted = np.zeros(len(columns))
        offered = 0.0
        for cell, row in cells.items():
            if _selects(limit, of_partition[cell[0]] | row, ("system", "partition", "period")):
                offered += row["node_hours"] * _factor(limit, row, of_partition[cell[0]])
        for column, (project, partition, period) in enumerate(columns):
            row = cells[partition, period]
            if _selects(limit, of_partition[partition] | row, ("system", "partition", "period")) and _selects(
                limit, by_name[project], ("category", "country", "mode")
            ):
                counted[column] = _factor(limit, row, of_partition[partition])
        value = limit["value"] * (offered if limit["unit"] == "share" else 1.0)
        stated.limits.append((limit["sense"], counted, value))
    return stated


def _selects(limit: dict[str, Any], row: dict[str, Any], columns: tuple[str, ...]) -> bool:
    return all(tables.chosen(limit[column]) is None or row[column] in (tables.chosen(limit[column]) or ()) for column in columns)


def _factor(limit: dict[str, Any], cell: dict[str, Any], partition: dict[str, Any]) -> float:
    if limit["quantity"] == "node_hours":
        return 1.0
    return float(partition["credit"] if limit["quantity"] == "credits" else cell[f"{limit['quantity']}_per_node_hour"])


def hours(stated: Plain, allocation: pl.DataFrame) -> Any:
    """The node-hours of an allocation in the order of the full statement's columns."""
    granted = {row[:3]: row[3] for row in allocation.rows()}
    strange = set(granted) - set(stated.columns)
    assert not strange, f"granted where nothing may be granted: {sorted(strange)[:3]}"
    return np.array([granted.get(column, 0.0) for column in stated.columns])


def largest_breach(stated: Plain, x: Any) -> float:
    """The largest breach of any row, relative to its right-hand side."""
    within, offered = stated.capacity
    u = stated.satisfaction @ x
    faults = [float(-x.min(initial=0.0)), float(((within @ x - offered) / np.maximum(offered, 1e-9)).max())]
    faults.append(float(((u - stated.most) / np.maximum(stated.most, 1e-12)).max()))
    faults.append(float(((stated.least - u) / np.maximum(stated.least, 1e-12)).max()))
    for sense, counted, value in stated.limits:
        sign = 1 if sense == "max" else -1
        faults.append(sign * (float(counted @ x) - value) / max(value, 1e-12))
    return max(faults)


def single_machine_problem(
    asked: list[float], offered: float, weight: list[float] | None = None, due: list[float] | None = None
) -> Problem:
    """One partition and one month, shared by projects with given requests, weights and entitlements."""
    names = [f"p{number:04d}" for number in range(len(asked))]
    columns = {"project": names, "weight": weight or [1.0] * len(asked), "hours_asked": asked, "entitlement": due or asked}
    return Problem.of(
        projects=pl.DataFrame(columns),
        options=pl.DataFrame({"project": names, "partition": ["gpu"] * len(asked), "usefulness": [1.0] * len(asked)}),
        partitions=pl.DataFrame({"partition": ["gpu"]}),
        capacity=pl.DataFrame({"partition": ["gpu"], "period": ["2026-01"], "node_hours": [offered]}),
    )


def by_clarabel(stated: Plain, alpha: float) -> tuple[str, Any]:
    """The status and satisfactions of the full statement, in thousands of hours."""
    x, u = cp.Variable(len(stated.columns), nonneg=True), cp.Variable(len(stated.names))
    within, offered = stated.capacity
    rows = [u == (stated.satisfaction * THOUSAND) @ x, within @ x <= offered / THOUSAND, u <= stated.most, u >= stated.least]
    for sense, counted, value in stated.limits:
        used = (counted * THOUSAND / value) @ x
        rows.append(used <= 1 if sense == "max" else used >= 1)
    worth = stated.weight @ cp.log(u) if alpha == 1 else (stated.weight @ cp.power(u, 1 - alpha)) * (1 if alpha < 1 else -1)
    posed = cp.Problem(cp.Maximize(worth), rows)
    try:
        posed.solve(cp.CLARABEL, tol_feas=1e-10, tol_gap_abs=1e-10, tol_gap_rel=1e-10)
    except cp.SolverError:
        return "failed", None
    return posed.status, u.value
