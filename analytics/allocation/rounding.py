"""Whole quanta of node-hours within every limit: largest remainder first, and nobody rounded to nothing in silence."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from analytics.allocation import rounding_search
from analytics.allocation.objectives import Objective
from analytics.allocation.program import Index, Mask, Program, Vector, program
from analytics.allocation.solution import Solution

FINEST_PART = 0.01
"""The largest part of a small award (5th percentile) that a quantum may be."""
USUAL_QUANTUM = 100.0
"""Node-hours of a quantum, where awards are large enough."""


Uses = list[tuple[int, float, float]]
"""A limit, how much of it a quantum uses, and by how much rounding of sums may be off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounded:
    """An allocation in whole quanta."""

    allocation: pl.DataFrame
    """project, partition, period, node_hours: whole multiples of the quantum, above zero."""
    satisfaction: pl.DataFrame
    """project, satisfaction, before: satisfaction after and before rounding; null where nothing is asked for."""
    quantum: float
    """Node-hours of one quantum."""
    rounded_to_zero: tuple[str, ...]
    """Projects that had an award before rounding and have none after."""
    short_of_least: pl.DataFrame
    """project, least_satisfaction, satisfaction: guarantees that whole quanta cannot meet within the limits."""
    broken: pl.DataFrame
    """name, value, used: floors (limits of at least) that whole quanta cannot meet."""


def rounded(solution: Solution, quantum: float | None = None) -> Rounded:
    """The split of a solution in whole quanta, every capacity, every limit of at most and every request kept.

    Each cell is rounded down; then quanta are given back in the order of the remainders lost, largest first (ties: by project,
    partition and period), wherever no capacity, limit or request is passed. Floors and guarantees come first: what they lack is
    given before anything else. Where cells are not too many, all choices of which to round up are searched for a better one: one
    that lacks less of floors and guarantees, then one that gives out more, then one that is nearer to the exact split. What whole
    quanta cannot meet is listed, not hidden.
    """
    full = program(solution.problem, Objective())
    cells = _cells(full, solution.allocation)
    size = quantum_of(solution.allocation) if quantum is None else quantum
    counts = np.floor(cells.hours / size * (1 + 1e-9))
    room = _Room(full, cells, counts * size)
    remainder = cells.hours - counts * size
    order = np.lexsort((cells.period, cells.partition, cells.project, -np.round(remainder / size, 9)))
    room.give(order, counts, size, needed=True)
    room.give(order[remainder[order] > 1e-9 * size], counts, size, needed=False)
    counts = _searched(full, cells, counts, size)
    return _rounded(solution, full, cells, counts, size)


def quantum_of(allocation: pl.DataFrame) -> float:
    """The quantum: 100 node-hours, or less where that is more than 1 % of a small award; a whole power of ten, at least 1.

    >>> awards = pl.DataFrame({"project": ["a", "b"], "node_hours": [50_000.0, 3_000.0]})
    >>> quantum_of(awards)
    10.0
    """
    awards = allocation.group_by("project").agg(pl.sum("node_hours"))["node_hours"]
    small = awards.quantile(0.05, interpolation="linear")
    if small is None or small <= 0:
        return 1.0
    return float(min(USUAL_QUANTUM, max(1.0, 10.0 ** np.floor(np.log10(FINEST_PART * small)))))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cells:
    """The cells of an allocation as positions."""

    project: Index
    partition: Index
    period: Index
    hours: Vector


def _cells(full: Program, allocation: pl.DataFrame) -> _Cells:
    at = {}
    for column, names in (("project", full.projects), ("partition", full.partitions), ("period", full.periods)):
        place = pl.DataFrame({column: names, "at": np.arange(len(names))})
        at[column] = allocation.select(column).join(place, on=column, how="left", validate="m:1", maintain_order="left")["at"].to_numpy()
    return _Cells(**at, hours=allocation["node_hours"].to_numpy())


class _Room:
    """What capacities, limits and requests still leave, kept up to date while quanta are given."""

    def __init__(self, full: Program, cells: _Cells, hours: Vector) -> None:
        self.full, self.cells = full, cells
        limits = full.limits
        self.useful = full.usefulness[cells.partition, cells.project] / np.where(full.entitlement > 0, full.entitlement, 1.0)[cells.project]
        counted = limits.member[:, full.class_of[cells.project]]
        self.factor = np.where(counted, limits.factor[:, cells.partition, cells.period], 0.0)
        self.capacity = full.capacity.copy()
        np.subtract.at(self.capacity, (cells.partition, cells.period), hours)
        self.left = limits.sign * (limits.value - self.factor @ hours)
        self.u = np.bincount(cells.project, self.useful * hours, minlength=len(full.projects))

    def give(self, order: Index, counts: Vector, size: float, *, needed: bool) -> None:
        """One quantum to each cell in turn, if there is room; only where a guarantee or floor lacks it, if `needed`.

        There may be hundreds of thousands of cells: plain numbers are counted, and only of limits that count the cell.
        """
        full, tiny = self.full, 1e-9
        order = order[self._lacking(tiny)[order]] if needed else order
        at, kind, uses = self._uses(size, tiny)
        columns = (order, self.cells.project[order], at[order], self.useful[order] * size, kind[order])
        least, most = (full.least * (1 - tiny)).tolist(), (full.most * (1 + tiny)).tolist()
        capacity, left, u = self.capacity.ravel().tolist(), self.left.tolist(), self.u.tolist()
        given = []
        for cell, project, place, gain, one in zip(*(column.tolist() for column in columns), strict=True):
            if capacity[place] < size * (1 - tiny) or u[project] + gain > most[project]:
                continue
            caps, floors = uses[one]
            if needed and u[project] >= least[project] and not any(left[limit] < -slack for limit, _, slack in floors):
                continue
            if all(left[limit] >= use - slack for limit, use, slack in caps):
                given.append(cell)
                capacity[place] -= size
                u[project] += gain
                for limit, use, _ in caps:
                    left[limit] -= use
                for limit, use, _ in floors:
                    left[limit] += use
        counts[given] += 1
        self.capacity, self.left, self.u = np.array(capacity).reshape(self.capacity.shape), np.array(left), np.array(u)

    def _lacking(self, tiny: float) -> Mask:
        """(cell): whether its project lacks of its guarantee, or a floor that counts it lacks hours."""
        limits = self.full.limits
        floors = (limits.sign < 0) & (self.left < -tiny * limits.value)
        short = self.u < self.full.least * (1 - tiny)
        return np.asarray(short[self.cells.project] | (self.factor[floors] > 0).any(axis=0))

    def _uses(self, size: float, tiny: float) -> tuple[Index, Index, list[tuple[Uses, Uses]]]:
        """(cell): its place; (cell): its kind; (kind): what a quantum uses of each limit of at most, and adds to each floor."""
        limits, cells = self.full.limits, self.cells
        place = cells.partition * self.capacity.shape[1] + cells.period
        _, first, kind = np.unique(self.full.class_of[cells.project] * self.capacity.size + place, return_index=True, return_inverse=True)
        uses = []
        for use in (self.factor[:, first] * size).T:
            rows = [(int(limit), float(use[limit]), float(tiny * limits.value[limit])) for limit in np.flatnonzero(use)]
            caps = [row for row in rows if limits.sign[row[0]] > 0]
            uses.append((caps, [row for row in rows if limits.sign[row[0]] < 0]))
        return place, kind.astype(np.int64), uses


def _searched(full: Program, cells: _Cells, given: Vector, size: float) -> Vector:
    """(cell): the quanta of the best choice of cells to round up, starting from one choice; that one where cells are too many."""
    down = np.floor(cells.hours / size * (1 + 1e-9))
    if not len(down) or len(down) > rounding_search.MOST_CELLS or (given - down > 1).any():
        return given
    room = _Room(full, cells, down * size)
    place, at = np.unique(cells.partition * len(full.periods) + cells.period, return_inverse=True)
    caps, floors = full.limits.sign > 0, (full.limits.sign < 0) & (full.limits.value > 0)
    asking, mine = np.unique(cells.project, return_inverse=True)
    gains = np.where(mine == np.arange(len(asking))[:, None], room.useful * size, 0.0)
    least = full.least[asking]
    sure = least > 0
    value, slack = full.limits.value, 1e-9
    choice = rounding_search.Choice(
        remainder=cells.hours / size - down,
        place=at.astype(np.int64),
        room=(room.capacity / size).ravel()[place],
        most=(
            np.vstack([room.factor[caps] * size, gains]),
            np.concatenate([(room.left + slack * value)[caps], full.most[asking] * (1 + slack) - room.u[asking]]),
        ),
        least=(
            np.vstack([room.factor[floors] * size / value[floors, None], gains[sure] / least[sure, None]]),
            np.concatenate([-room.left[floors] / value[floors] - slack, 1 - room.u[asking][sure] / least[sure] - slack]),
        ),
    )
    return np.asarray(down + rounding_search.best(choice, given > down))


def _rounded(solution: Solution, full: Program, cells: _Cells, counts: Vector, size: float) -> Rounded:
    hours = counts * size
    allocation = solution.allocation.with_columns(node_hours=pl.Series(hours)).filter(pl.col("node_hours") > 0)
    room = _Room(full, cells, hours)
    u = pl.DataFrame({"project": full.projects, "satisfaction": room.u, "least_satisfaction": full.least})
    before = solution.satisfaction.select("project", before="satisfaction")
    satisfaction = before.join(u, on="project", validate="1:1", maintain_order="left").with_columns(
        satisfaction=pl.when(pl.col("before").is_null()).then(None).otherwise(pl.col("satisfaction"))
    )
    had, have = set(solution.allocation["project"]), set(allocation["project"])
    floors = (full.limits.sign < 0) & (room.left < -1e-9 * full.limits.value)
    return Rounded(
        allocation=allocation,
        satisfaction=satisfaction.select("project", "satisfaction", "before"),
        quantum=size,
        rounded_to_zero=tuple(sorted(had - have)),
        short_of_least=satisfaction.filter(pl.col("satisfaction") < pl.col("least_satisfaction") * (1 - 1e-9)).select(
            "project", "least_satisfaction", "satisfaction"
        ),
        broken=pl.DataFrame(
            {
                "name": [name for name, short in zip(full.limits.names, floors, strict=True) if short],
                "value": full.limits.value[floors],
                "used": full.limits.value[floors] + room.left[floors],
            },
            schema={"name": pl.String, "value": pl.Float64, "used": pl.Float64},
        ),
    )
