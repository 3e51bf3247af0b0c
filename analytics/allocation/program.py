"""The problem as arrays: projects in classes that every limit treats alike, and what each limit counts of every partition and period."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analytics.allocation import tables
from analytics.allocation.objectives import Objective
from analytics.allocation.problem import Problem, select

Vector = NDArray[np.float64]
Mask = NDArray[np.bool_]
Index = NDArray[np.int64]


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


@dataclass(frozen=True, slots=True, kw_only=True)
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

    @property
    def hours_per_satisfaction(self) -> Vector:
        """(partition, project): node-hours that one unit of satisfaction takes; infinite where not eligible."""
        with np.errstate(divide="ignore"):
            return np.where(self.usefulness > 0, self.entitlement / self.usefulness, np.inf)

    @property
    def starts(self) -> Index:
        """(class): where its projects begin."""
        return np.searchsorted(self.class_of, np.arange(len(self.open))).astype(np.int64)

    def by_class(self, values: NDArray[Any]) -> NDArray[Any]:
        """(partition, project) from (class, partition): the value of each project's class."""
        return np.ascontiguousarray(values.T[:, self.class_of])

    def used_by_class(self, y: Vector) -> Vector:
        """(class, partition): node-hours of all projects of a class, from (partition, project)."""
        return np.add.reduceat(y, self.starts, axis=1).T


def program(problem: Problem, objective: Objective) -> Program:
    """The arrays of a problem, with the objective's prices turned into a cost per node-hour."""
    periods, partitions = problem.periods, problem.partitions["partition"].to_list()
    projects = _with_windows(problem, periods)
    kinds = projects.select("category", "country", "mode", "first", "last").unique().sort("category", "country", "mode", "first", "last")
    limits = _limits(problem, kinds, partitions, periods)
    signature = [
        (first, last, tuple(member)) for (first, last), member in zip(kinds.select("first", "last").rows(), limits.member.T, strict=True)
    ]
    classes = sorted(set(signature))
    kinds = kinds.with_columns(kind=pl.Series([classes.index(one) for one in signature], dtype=pl.Int64))
    keys = ["category", "country", "mode", "first", "last"]
    projects = projects.join(kinds, on=keys, how="left", nulls_equal=True, validate="m:1").sort("kind", "project")
    month = np.arange(len(periods))
    return Program(
        projects=tuple(projects["project"]),
        partitions=tuple(partitions),
        periods=tuple(periods),
        usefulness=_usefulness(problem, projects["project"], partitions),
        entitlement=projects["entitlement"].to_numpy(),
        weight=projects["weight"].to_numpy(),
        least=projects["least_satisfaction"].to_numpy(),
        most=projects["most_satisfaction"].to_numpy(),
        class_of=projects["kind"].to_numpy(),
        open=np.array([(first <= month) & (month < last) for first, last, _ in classes]),
        capacity=_grid(problem.capacity, "node_hours", partitions, periods),
        cost=_cost(problem, objective, partitions, periods),
        limits=Limits(
            names=limits.names,
            quantities=limits.quantities,
            sign=limits.sign,
            factor=limits.factor,
            member=np.array([member for _, _, member in classes], dtype=bool).T.reshape(len(limits.names), len(classes)),
            value=limits.value,
        ),
    )


def _with_windows(problem: Problem, periods: list[str]) -> pl.DataFrame:
    """The projects with the positions of their first period and of the one after their last."""
    starts, ends = problem.projects["starts"].fill_null("").to_numpy(), problem.projects["ends"].to_list()
    first = np.searchsorted(np.array(periods), starts.astype(str), side="left")
    last = np.searchsorted(np.array(periods), np.array([periods[-1] if end is None else end for end in ends]), side="right")
    return problem.projects.with_columns(first=pl.Series(first, dtype=pl.Int64), last=pl.Series(np.maximum(first, last), dtype=pl.Int64))


def _limits(problem: Problem, kinds: pl.DataFrame, partitions: list[str], periods: list[str]) -> Limits:
    rows = problem.limits.rows(named=True)
    factor = np.zeros((len(rows), len(partitions), len(periods)))
    member = np.ones((len(rows), kinds.height), dtype=bool)
    value = problem.limits["value"].to_numpy().copy()
    capacity = _grid(problem.capacity, "node_hours", partitions, periods)
    for row, limit in enumerate(rows):
        factor[row] = _grid(select(problem, limit), "factor", partitions, periods)
        for column in ("category", "country", "mode"):
            names = tables.chosen(limit[column])
            if names is not None:
                member[row] &= kinds[column].is_in(sorted(names)).fill_null(False).to_numpy()
        if limit["unit"] == "share":
            value[row] *= float((factor[row] * capacity).sum())
    sign = np.where(problem.limits["sense"].to_numpy() == "max", 1.0, -1.0) if rows else np.zeros(0)
    called, counted = (tuple(problem.limits[column]) for column in ("name", "quantity"))
    return Limits(names=called, quantities=counted, sign=sign, factor=factor, member=member, value=value)


def _usefulness(problem: Problem, projects: pl.Series, partitions: list[str]) -> Vector:
    column = pl.DataFrame({"project": projects, "column": np.arange(len(projects))})
    row = pl.DataFrame({"partition": partitions, "row": np.arange(len(partitions))})
    options = problem.options.join(column, on="project", validate="m:1").join(row, on="partition", validate="m:1")
    dense = np.zeros((len(partitions), len(projects)))
    dense[options["row"].to_numpy(), options["column"].to_numpy()] = options["usefulness"].to_numpy()
    return dense


def _grid(rows: pl.DataFrame, value: str, partitions: list[str], periods: list[str]) -> Vector:
    """(partition, period) of one column of capacity rows; 0 where there is no row, for nothing is offered there."""
    dense = np.zeros((len(partitions), len(periods)))
    at = [
        np.searchsorted(np.array(names), rows[key].to_numpy().astype(str))
        for key, names in (("partition", partitions), ("period", periods))
    ]
    dense[at[0], at[1]] = rows[value].fill_null(0.0).to_numpy()
    return dense


def _cost(problem: Problem, objective: Objective, partitions: list[str], periods: list[str]) -> Vector:
    prices = {
        "tco2e": objective.price_co2_eur_per_t,
        "mwh": objective.price_energy_eur_per_mwh,
        "eur": objective.price_money,
    }
    cost = np.zeros((len(partitions), len(periods)))
    everything = dict.fromkeys(("system", "partition", "period"), "")
    for quantity, price in prices.items():
        if price > 0:
            rows = select(problem, everything | {"quantity": quantity, "name": "(price of the objective)"}, check_factors=True)
            cost += price / objective.welfare_eur * _grid(rows, "factor", partitions, periods)
    return cost
