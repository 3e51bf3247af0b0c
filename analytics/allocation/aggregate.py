"""The same problem without its months: exact sums over time, so that a solver meets few rows however many periods there are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse

from analytics.allocation.program import Index, Mask, Program, Vector


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Node-hours that one group of projects takes from months of a partition that are alike for every limit."""

    group: int
    """The group."""
    partition: int
    """The partition."""
    months: Index
    """The positions of the periods."""
    hours: float
    """Node-hours that those months offer."""
    row: int | None
    """The row that shares them out among several groups; None where the group has them alone."""


@dataclass(slots=True)
class Entries:
    """Entries of a sparse matrix while it is being written."""

    rows: list[Index] = field(default_factory=list)
    columns: list[Index] = field(default_factory=list)
    values: list[Vector] = field(default_factory=list)

    def add(self, rows: Index | int, columns: Index, values: Vector | float) -> None:
        """More entries, one a column."""
        self.rows.append(np.broadcast_to(rows, columns.shape))
        self.columns.append(columns)
        self.values.append(np.broadcast_to(values, columns.shape))

    def matrix(self, shape: tuple[int, int], scale: Vector) -> Any:
        """The matrix of all entries, each row divided by its scale."""
        rows, columns, values = (np.concatenate([np.zeros(0, kind), *parts]) for parts, kind in self._parts())
        return sparse.csr_array((values / scale[rows], (rows, columns)), shape=shape)

    def _parts(self) -> list[tuple[list[Any], type]]:
        return [(self.rows, np.int64), (self.columns, np.int64), (self.values, np.float64)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduced:
    """A program summed over time: projects' node-hours by partition, flows by group, and rows that couple them.

    Projects of one group are open in the same months and count alike in every limit whose factor changes from month to
    month. For fixed prices all of them rank the months of a partition alike, so the sum over months loses nothing
    (the split is given back in proportion to the group's flows).
    """

    program: Program
    """The full problem."""
    live: Mask
    """(partition, project): whether the project can get anything there."""
    group_of: Index
    """(class): its group."""
    varying: Mask
    """(limit): whether its factor changes over months that a class may use."""
    flows: tuple[Flow, ...]
    """The flows."""
    link: Index
    """(group, partition): the row that says projects use what flows bring; -1 where there is none."""
    limit_row: Index
    """(limit): its row; -1 where it cannot bind."""
    of_classes: Any
    """(row, class x partition): coefficient of a node-hour of a class, rows scaled."""
    of_flows: Any
    """(row, flow): coefficient of a whole flow, rows scaled."""
    bound: Vector
    """(row): right-hand side, scaled to about 1."""
    scale: Vector
    """(row): what the row was divided by."""
    equal: Mask
    """(row): whether it is an equality."""
    flow_cost: Vector
    """(flow): welfare lost if all of it is used."""

    def limit_prices(self, rows: Vector) -> Vector:
        """(limit): welfare per unit of its quantity, from prices of the scaled rows."""
        priced = rows / self.scale
        return np.where(self.limit_row >= 0, priced[self.limit_row] if len(priced) else 0.0, 0.0)

    def capacity_prices(self, rows: Vector) -> Vector:
        """(partition, period): welfare per node-hour: what the keenest group would gain there beyond its other costs."""
        program, limits = self.program, self.program.limits
        link = np.where(self.link >= 0, (rows / self.scale)[self.link], 0.0)
        priced = (limits.sign * self.limit_prices(rows))[:, None, None] * limits.factor
        speakers = np.unique(self.group_of, return_index=True)[1]
        varying = (limits.member[:, speakers] & self.varying[:, None]).T.astype(float)
        other = np.tensordot(varying, priced, axes=1) + program.cost
        return np.asarray(np.where(self.flowing, link[:, :, None] - other, 0.0).max(axis=0).clip(min=0.0))

    @property
    def flowing(self) -> Mask:
        """(group, partition, period): whether the group may take node-hours there."""
        found = np.zeros((len(self.link), *self.program.capacity.shape), bool)
        for flow in self.flows:
            found[flow.group, flow.partition, flow.months] = True
        return found

    def month_shares(self, flows: Vector) -> Vector:
        """(class, partition, period): the part of a class's node-hours that falls in each period, from used parts of flows."""
        program = self.program
        used = np.zeros((int(self.group_of.max()) + 1, *program.capacity.shape))
        for flow, part in zip(self.flows, flows, strict=True):
            used[flow.group, flow.partition, flow.months] = part * program.capacity[flow.partition, flow.months]
        total = used.sum(axis=2, keepdims=True)
        return np.asarray(np.divide(used, total, out=np.zeros_like(used), where=total > 0)[self.group_of])


def reduced(program: Program) -> Reduced:
    """The program summed over time."""
    usable = _usable(program)
    live = program.by_class(np.asarray(usable.any(axis=2))) & (program.usefulness > 0) & (program.most > 0)
    varying = _varying(program, usable)
    group_of = _groups(program, usable, varying)
    usable &= np.logical_or.reduceat(live, program.starts, axis=1).T[:, :, None]
    flows, link, rows = _layout(program, usable, group_of, varying)
    limit_row = _limit_rows(program, usable, rows)
    count = rows + int((limit_row >= 0).sum())
    bound, scale = _bounds(program, flows, link, limit_row, count)
    equal = np.zeros(count, bool)
    equal[link[link >= 0]] = True
    return Reduced(
        program=program,
        live=live,
        group_of=group_of,
        varying=varying,
        flows=tuple(flows),
        link=link,
        limit_row=limit_row,
        of_classes=_of_classes(program, usable, varying, link[group_of], limit_row, scale),
        of_flows=_of_flows(program, varying, group_of, flows, link, limit_row, scale),
        bound=bound / scale,
        scale=scale,
        equal=equal,
        flow_cost=np.array([program.cost[flow.partition, flow.months[0]] * flow.hours for flow in flows]),
    )


def _usable(program: Program) -> Mask:
    """(class, partition, period): open, offered, and not shut by a limit of zero."""
    limits = program.limits
    usable = program.open[:, None, :] & (program.capacity > 0)[None]
    for row in np.flatnonzero((limits.sign > 0) & (limits.value == 0)):
        usable &= ~(limits.member[row][:, None, None] & (limits.factor[row] > 0)[None])
    return np.asarray(usable, dtype=bool)


def _varying(program: Program, usable: Mask) -> Mask:
    """(limit): whether its factor changes from month to month for a class that it counts."""
    limits, found = program.limits, []
    for factor, member in zip(limits.factor, limits.member, strict=True):
        here = usable & member[:, None, None]
        high = np.where(here, factor, -np.inf).max(axis=2)
        low = np.where(here, factor, np.inf).min(axis=2)
        found.append(bool((high > low).any()))
    return np.array(found, dtype=bool)


def _groups(program: Program, usable: Mask, varying: Mask) -> Index:
    keys = [(one.tobytes(), member.tobytes()) for one, member in zip(usable, program.limits.member[varying].T, strict=True)]
    known = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return np.array([known[key] for key in keys], dtype=np.int64)


def _layout(program: Program, usable: Mask, group_of: Index, varying: Mask) -> tuple[list[Flow], Index, int]:
    """The flows, the link rows, and how many rows links and shared capacity take."""
    groups = int(group_of.max()) + 1
    of_group = np.zeros((groups, *program.capacity.shape), bool)
    np.logical_or.at(of_group, group_of, usable)
    link = np.full(of_group.shape[:2], -1)
    some = of_group.any(axis=2)
    link[some] = np.arange(some.sum())
    flows, row = [], int(some.sum())
    for partition in range(len(program.partitions)):
        for months in _alike(program, of_group[:, partition], varying, partition):
            users = np.flatnonzero(of_group[:, partition, months[0]])
            hours = float(program.capacity[partition, months].sum())
            shared = row if len(users) > 1 else None
            flows += [Flow(group=int(user), partition=partition, months=months, hours=hours, row=shared) for user in users]
            row += len(users) > 1
    return flows, link, row


def _alike(program: Program, of_group: Mask, varying: Mask, partition: int) -> list[Index]:
    """The periods of a partition, put together where no limit, price or window tells them apart."""
    seen: dict[bytes, list[int]] = {}
    factors = program.limits.factor[varying, partition]
    for month in np.flatnonzero(of_group.any(axis=0)):
        key = of_group[:, month].tobytes() + factors[:, month].tobytes() + program.cost[partition, month].tobytes()
        seen.setdefault(key, []).append(int(month))
    return [np.array(months) for months in seen.values()]


def _limit_rows(program: Program, usable: Mask, start: int) -> Index:
    """(limit): its row; -1 where even all that its members could use keeps it, or where it asks for nothing."""
    limits, row = program.limits, start
    rows: list[int] = []
    for factor, member, sign, value in zip(limits.factor, limits.member, limits.sign, limits.value, strict=True):
        reach = float((usable[member].any(axis=0) * factor * program.capacity).sum())
        needed = value > 0 if sign < 0 else 0 < value < reach
        rows.append(row if needed else -1)
        row += needed
    return np.array(rows, dtype=np.int64)


def _of_classes(program: Program, usable: Mask, varying: Mask, link: Index, limit_row: Index, scale: Vector) -> Any:
    """(row, class x partition): coefficients of the classes' node-hours; `link` is the row of each class and partition."""
    limits, entries = program.limits, Entries()
    one, partition = np.nonzero(usable.any(axis=2))
    column, first = one * len(program.partitions) + partition, usable.argmax(axis=2)[one, partition]
    entries.add(link[one, partition], column, 1.0)
    for limit in np.flatnonzero((limit_row >= 0) & ~varying):
        counted = limits.member[limit, one]
        factor = limits.sign[limit] * limits.factor[limit, partition, first]
        entries.add(limit_row[limit], column[counted], factor[counted])
    return entries.matrix((len(scale), len(usable) * len(program.partitions)), scale)


def _of_flows(program: Program, varying: Mask, group_of: Index, flows: list[Flow], link: Index, limit_row: Index, scale: Vector) -> Any:
    """(row, flow): coefficients of whole flows."""
    limits, entries = program.limits, Entries()
    group, partition, first, shared = places(flows)
    hours, column = np.array([flow.hours for flow in flows], dtype=float), np.arange(len(flows))
    entries.add(link[group, partition], column, -hours)
    entries.add(shared[shared >= 0], column[shared >= 0], hours[shared >= 0])
    speaker = np.unique(group_of, return_index=True)[1]
    for limit in np.flatnonzero((limit_row >= 0) & varying):
        counted = limits.member[limit, speaker[group]]
        factor = limits.sign[limit] * limits.factor[limit, partition, first] * hours
        entries.add(limit_row[limit], column[counted], factor[counted])
    return entries.matrix((len(scale), len(flows)), scale)


def places(flows: Sequence[Flow]) -> tuple[Index, Index, Index, Index]:
    """(flow): its group, its partition, its first month, and the row that shares its hours out (-1 for none)."""
    table = [(flow.group, flow.partition, flow.months[0], -1 if flow.row is None else flow.row) for flow in flows]
    group, partition, first, shared = np.array(table, dtype=np.int64).reshape(-1, 4).T
    return group, partition, first, shared


def _bounds(program: Program, flows: list[Flow], link: Index, limit_row: Index, count: int) -> tuple[Vector, Vector]:
    """The right-hand side of each row, and what to divide it by."""
    bound, scale = np.zeros(count), np.ones(count)
    offered = np.zeros(link.shape)
    for flow in flows:
        offered[flow.group, flow.partition] += flow.hours
        if flow.row is not None:
            bound[flow.row] = scale[flow.row] = flow.hours
    scale[link[link >= 0]] = offered[link >= 0]
    kept = limit_row >= 0
    bound[limit_row[kept]] = (program.limits.sign * program.limits.value)[kept]
    scale[limit_row[kept]] = program.limits.value[kept]
    return bound, scale
