"""The problem as arrays: projects in classes that every limit treats alike, and what each limit counts of every partition and period."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analytics.allocation import tables
from analytics.allocation.objectives import Objective
from analytics.allocation.problem import Problem, select

Vector = NDArray[np.float64]
Mask = NDArray[np.bool_]
Index = NDArray[np.int64]

WHOM = ("category", "country", "mode")
"""The columns by which limits select projects."""
WINDOW = ("starts", "ends")
"""The columns that tell when a project may run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits as arrays, in the order of the problem's table."""

    names: tuple[str, ...]
    """What each is called."""
    quantities: tuple[str, ...]
    """What each counts."""
    sign: Vector
    """1 for at most, -1 for at least."""
    factor: Vector
    """(limit, partition, period): how much of its quantity a node-hour is; 0 where it does not count."""
    member: Mask
    """(limit, class): whether it counts the projects of a class."""
    value: Vector
    """At most or at least so much, in the quantity's own unit; a share is already turned into an amount."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """An allocation problem as arrays; classes are sorted, and projects stand class by class, then by name."""

    projects: tuple[str, ...]
    """Names of the projects."""
    partitions: tuple[str, ...]
    """Names of the partitions."""
    periods: tuple[str, ...]
    """Names of the periods."""
    usefulness: Vector
    """(partition, project): useful hours a node-hour is worth; 0 where the partition cannot serve the project."""
    entitlement: Vector
    """(project): the useful hours against which its satisfaction is measured."""
    weight: Vector
    """(project): its weight."""
    least: Vector
    """(project): the least satisfaction it must get."""
    most: Vector
    """(project): the most satisfaction it may get."""
    class_of: Index
    """(project): its class, never falling."""
    open: Mask
    """(class, period): whether its projects may run then."""
    capacity: Vector
    """(partition, period): node-hours offered."""
    cost: Vector
    """(partition, period): welfare that a node-hour costs, by the objective's prices."""
    limits: Limits
    """The limits."""

    @cached_property
    def hours_per_satisfaction(self) -> Vector:
        """(partition, project): node-hours that one unit of satisfaction takes; infinite where not eligible."""
        with np.errstate(divide="ignore"):
            return np.where(self.usefulness > 0, self.entitlement / self.usefulness, np.inf)

    @cached_property
    def starts(self) -> Index:
        """(class): where its projects begin."""
        return np.searchsorted(self.class_of, np.arange(len(self.open))).astype(np.int64)

    def by_class(self, values: NDArray[Any]) -> NDArray[Any]:
        """(partition, project) from (class, partition): the value of each project's class."""
        if len(values) == 1:
            return np.broadcast_to(values.T, (values.shape[1], len(self.class_of)))
        return np.repeat(values.T, np.diff(np.append(self.starts, len(self.class_of))), axis=1)

    def used_by_class(self, y: Vector) -> Vector:
        """(class, partition): node-hours of all projects of a class, from (partition, project)."""
        return np.add.reduceat(y, self.starts, axis=1).T


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Where the rows of the table of capacity stand."""

    shape: tuple[int, int]
    """How many partitions and periods there are."""
    partition: Index
    """(row): the position of its partition."""
    period: Index
    """(row): the position of its period."""

    @classmethod
    def of(cls, capacity: pl.DataFrame, partitions: list[str], periods: list[str]) -> Self:
        """The places of the rows among partitions and periods, both in order."""
        at = [
            np.searchsorted(np.array(names), capacity[key].to_numpy().astype(str))
            for key, names in (("partition", partitions), ("period", periods))
        ]
        return cls(shape=(len(partitions), len(periods)), partition=at[0], period=at[1])

    def filled(self, values: Vector | float) -> Vector:
        """(partition, period) of one number a row; 0 where there is no row, for nothing is offered there."""
        dense = np.zeros(self.shape)
        dense[self.partition, self.period] = values
        return dense

    def factors(self, problem: Problem, quantity: str) -> Vector:
        """(partition, period): how much of a quantity a node-hour is; 0 where that is not stated."""
        if quantity == "node_hours":
            return self.filled(1.0)
        if quantity == "credits":
            return self.filled(problem.partitions["credit"].fill_null(0.0).to_numpy()[self.partition])
        return self.filled(problem.capacity[f"{quantity}_per_node_hour"].fill_null(0.0).to_numpy())


def of_projects(full: Program, projects: Index) -> tuple[Program, Index]:
    """The program of some projects alone, and which of the classes they are of."""
    classes, class_of = np.unique(full.class_of[projects], return_inverse=True)
    part = replace(
        full,
        projects=tuple(full.projects[one] for one in projects),
        usefulness=np.ascontiguousarray(full.usefulness[:, projects]),
        entitlement=full.entitlement[projects],
        weight=full.weight[projects],
        least=full.least[projects],
        most=full.most[projects],
        class_of=class_of.astype(np.int64),
        open=full.open[classes],
        limits=replace(full.limits, member=full.limits.member[:, classes]),
    )
    return part, classes


def program(problem: Problem, objective: Objective) -> Program:
    """The arrays of a problem, with the objective's prices turned into a cost per node-hour."""
    periods, partitions = problem.periods, problem.partitions["partition"].to_list()
    kinds = _kinds(problem)
    grid = Grid.of(problem.capacity, partitions, periods)
    capacity = grid.filled(problem.capacity["node_hours"].to_numpy())
    limits = _limits(problem, kinds, grid, capacity)
    signature = [(*window, tuple(member)) for window, member in zip(_windows(kinds, periods), limits.member.T, strict=True)]
    classes = sorted(set(signature))
    projects, rows, class_of = _in_order(problem.projects, kinds, [classes.index(one) for one in signature])
    month = np.arange(len(periods))
    return Program(
        projects=tuple(projects["project"].to_list()),
        partitions=tuple(partitions),
        periods=tuple(periods),
        usefulness=_usefulness(problem, rows, partitions),
        entitlement=projects["entitlement"].to_numpy(),
        weight=projects["weight"].to_numpy(),
        least=projects["least_satisfaction"].to_numpy(),
        most=projects["most_satisfaction"].to_numpy(),
        class_of=class_of,
        open=np.array([(first <= month) & (month < last) for first, last, _ in classes]),
        capacity=capacity,
        cost=_cost(problem, objective, grid),
        limits=Limits(
            names=limits.names,
            quantities=limits.quantities,
            sign=limits.sign,
            factor=limits.factor,
            member=np.array([member for _, _, member in classes], dtype=bool).T.reshape(len(limits.names), len(classes)),
            value=limits.value,
        ),
    )


def _kinds(problem: Problem) -> pl.DataFrame:
    """What limits and windows tell projects apart by, one row each combination; one empty row where they tell none apart."""
    chosen = [column for column in WHOM if problem.limits[column].null_count() < problem.limits.height]
    bounded = [column for column in WINDOW if problem.projects[column].null_count() < problem.projects.height]
    if not chosen + bounded:
        return pl.DataFrame({"everybody": [None]})
    return problem.projects.lazy().select(chosen + bounded).unique().sort(chosen + bounded).collect()


def _windows(kinds: pl.DataFrame, periods: list[str]) -> list[tuple[int, int]]:
    """For each kind, the positions of its first period and of the one after its last."""
    starts, ends = (kinds[column].to_list() if column in kinds.columns else [None] * kinds.height for column in WINDOW)
    first = [0 if month is None else bisect_left(periods, month) for month in starts]
    last = [len(periods) if month is None else bisect_right(periods, month) for month in ends]
    return [(one, max(one, other)) for one, other in zip(first, last, strict=True)]


def _in_order(projects: pl.DataFrame, kinds: pl.DataFrame, class_of: list[int]) -> tuple[pl.DataFrame, Index, Index]:
    """The projects class by class and then by name, the row that each had, and its class, from the class of each kind."""
    if max(class_of) == 0 and projects["project"].is_sorted():
        return projects, np.arange(projects.height), np.zeros(projects.height, dtype=np.int64)
    known = kinds.with_columns(kind=pl.Series(class_of, dtype=pl.Int64))
    numbered = projects.with_row_index("row").with_columns(everybody=pl.lit(None))
    numbered = numbered.join(known, on=kinds.columns, how="left", nulls_equal=True, validate="m:1").sort("kind", "project")
    return numbered, numbered["row"].to_numpy().astype(np.int64), numbered["kind"].to_numpy()


def _limits(problem: Problem, kinds: pl.DataFrame, grid: Grid, capacity: Vector) -> Limits:
    rows = problem.limits.rows(named=True)
    factor = np.zeros((len(rows), *grid.shape))
    member = np.ones((len(rows), kinds.height), dtype=bool)
    value = problem.limits["value"].to_numpy().copy()
    systems, partitions, periods = (problem.partitions["system"].to_list(), problem.partitions["partition"].to_list(), problem.periods)
    factors = {quantity: grid.factors(problem, quantity) for quantity in {row["quantity"] for row in rows}}
    for row, limit in enumerate(rows):
        here = _chosen(limit["system"], systems) & _chosen(limit["partition"], partitions)
        factor[row] = factors[limit["quantity"]] * here[:, None] * _chosen(limit["period"], periods)
        for column in WHOM:
            if column in kinds.columns:
                member[row] &= _chosen(limit[column], kinds[column].to_list())
        if limit["unit"] == "share":
            value[row] *= float((factor[row] * capacity).sum())
    sign = np.where(problem.limits["sense"].to_numpy() == "max", 1.0, -1.0) if rows else np.zeros(0)
    called, counted = (tuple(problem.limits[column]) for column in ("name", "quantity"))
    return Limits(names=called, quantities=counted, sign=sign, factor=factor, member=member, value=value)


def _chosen(cell: str | None, names: Sequence[str | None]) -> Mask:
    """Which of the names a cell of a limit selects."""
    wanted = tables.chosen(cell)
    return np.array([wanted is None or name in wanted for name in names], dtype=bool)


def _usefulness(problem: Problem, order: Index, partitions: list[str]) -> Vector:
    """(partition, project) of the options; `order` tells which row of the problem's projects each project is."""
    options = problem.options if problem.options["project"].is_sorted() else problem.options.sort("project")
    column, known = np.empty(len(order), dtype=np.int64), problem.projects["project"]
    column[order] = np.arange(len(order))
    if not known.is_sorted():
        by_name = known.arg_sort().to_numpy()
        column, known = column[by_name], known[by_name]
    served = options["project"].rle_id().to_numpy()
    if not len(served) or served[-1] + 1 < len(order):
        column = column[known.is_in(options["project"].unique().to_list()).to_numpy()]
    row = options["partition"].cast(pl.Enum(partitions)).to_physical().to_numpy()
    dense = np.zeros((len(partitions), len(order)))
    dense[row, column[served]] = options["usefulness"].to_numpy()
    return dense


def _cost(problem: Problem, objective: Objective, grid: Grid) -> Vector:
    prices = {
        "tco2e": objective.price_co2_eur_per_t,
        "mwh": objective.price_energy_eur_per_mwh,
        "eur": objective.price_money,
    }
    cost = grid.filled(0.0)
    everything = dict.fromkeys(("system", "partition", "period"), "")
    for quantity, price in prices.items():
        if price > 0:
            select(problem, everything | {"quantity": quantity, "name": "(price of the objective)"}, check_factors=True)
            cost += price / objective.welfare_eur * grid.factors(problem, quantity)
    return cost
