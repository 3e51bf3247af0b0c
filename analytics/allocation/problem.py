"""The allocation problem: who asks for what, which machines can serve whom, and the limits a split must keep."""

import re
from dataclasses import dataclass
from typing import Self

import polars as pl

from analytics.allocation import tables
from data.errors import InputError
from data.terms import AccessMode, UserCategory

MONTH = re.compile(r"^\d{4}-(0[1-9]|1[0-2])$")
TOLERANCE = 1e-9
"""Relative difference below which two stated numbers count as equal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A checked allocation problem; make one with `Problem.of`."""

    projects: pl.DataFrame
    """One row a project (or user category, or application): weight, request, entitlement, bounds on satisfaction, window."""
    options: pl.DataFrame
    """One row a project and partition that can serve it: useful hours that one node-hour is worth."""
    partitions: pl.DataFrame
    """One row a partition: its system, site and credits per node-hour."""
    capacity: pl.DataFrame
    """One row a partition and period: node-hours offered, and energy, emissions and money per node-hour."""
    limits: pl.DataFrame
    """One row a limit: at most or at least so much of a quantity for whom and where it selects."""

    @classmethod
    def of(
        cls,
        *,
        projects: pl.DataFrame,
        options: pl.DataFrame,
        partitions: pl.DataFrame,
        capacity: pl.DataFrame,
        limits: pl.DataFrame | None = None,
    ) -> Self:
        """The problem that five tables describe; columns that may be empty may be missing.

        Satisfaction is useful hours granted ÷ entitlement. An empty entitlement is the request itself, an empty
        `least_satisfaction` is 0, an empty `most_satisfaction` is the whole request. `starts` and `ends` are the first and
        the last month (YYYY-MM) in which a project may run. A partition without a row for a period offers nothing then.

        Raises:
            InputError: naming the table, row and column of what cannot be used, and how to mend it.

        >>> two = pl.DataFrame({"project": ["a", "b"], "weight": [1, 1], "hours_asked": [60, 80]})
        >>> gpu = pl.DataFrame({"project": ["a", "b"], "partition": ["gpu", "gpu"], "usefulness": [1, 1]})
        >>> problem = Problem.of(
        ...     projects=two,
        ...     options=gpu,
        ...     partitions=pl.DataFrame({"partition": ["gpu"]}),
        ...     capacity=pl.DataFrame({"partition": ["gpu"], "period": ["2026-01"], "node_hours": [100]}),
        ... )
        >>> problem.projects["entitlement"].to_list()
        [60.0, 80.0]
        """
        no_limits = pl.DataFrame(schema=dict.fromkeys(tables.TABLES["limits"], pl.String))
        given = {
            "projects": projects,
            "options": options,
            "partitions": partitions,
            "capacity": capacity,
            "limits": no_limits if limits is None or limits.width == 0 else limits,
        }
        clean = {name: tables.clean(name, frame) for name, frame in given.items()}
        clean["projects"] = _with_bounds(clean["projects"])
        problem = cls(**clean)
        tables.raise_faults(_empty_tables(problem) + _unknown_names(problem) + _wrong_windows(problem) + _wrong_limits(problem))
        return problem

    @property
    def periods(self) -> list[str]:
        """The periods, in order."""
        return self.capacity["period"].unique().sort().to_list()


def _with_bounds(projects: pl.DataFrame) -> pl.DataFrame:
    """The projects with entitlement, least and most satisfaction filled in by their stated defaults."""
    projects = projects.with_columns(pl.col("entitlement").fill_null(pl.col("hours_asked")))
    asked = pl.when(pl.col("entitlement") > 0).then(pl.col("hours_asked") / pl.col("entitlement")).otherwise(0.0)
    projects = projects.with_columns(
        asked=asked,
        least_satisfaction=pl.col("least_satisfaction").fill_null(0.0),
        most_satisfaction=pl.col("most_satisfaction").fill_null(asked),
    )
    slack = 1 + TOLERANCE
    wrong = {
        "entitlement is 0 though hours are asked for; give the hours that are its due, or leave it empty": (pl.col("entitlement") == 0)
        & (pl.col("hours_asked") > 0),
        "least_satisfaction is above most_satisfaction; lower it": pl.col("least_satisfaction") > pl.col("most_satisfaction") * slack,
        "most_satisfaction is above hours_asked / entitlement, more than it asks for; lower it": pl.col("most_satisfaction")
        > pl.col("asked") * slack,
    }
    tables.raise_faults([f"project {name}: {why}." for why, mask in wrong.items() for name in projects.filter(mask)["project"].to_list()])
    return projects.drop("asked").with_columns(pl.min_horizontal("least_satisfaction", "most_satisfaction").alias("least_satisfaction"))


def _empty_tables(problem: Problem) -> list[str]:
    named = {"projects": problem.projects, "partitions": problem.partitions, "capacity": problem.capacity}
    return [f"table {name} has no rows; a split needs at least one." for name, frame in named.items() if frame.is_empty()]


def _unknown_names(problem: Problem) -> list[str]:
    """The sentences about rows that name a project or partition which no other table knows."""
    faults = []
    for table, frame, column, known in (
        ("options", problem.options, "project", problem.projects["project"]),
        ("options", problem.options, "partition", problem.partitions["partition"]),
        ("capacity", problem.capacity, "partition", problem.partitions["partition"]),
    ):
        unknown = frame.filter(~pl.col(column).is_in(known.to_list()))[column].unique(maintain_order=True)
        faults += [f"table {table}: {column} {name!r} is not in table {column}s; add it there or mend the name." for name in unknown]
    return faults


def _wrong_windows(problem: Problem) -> list[str]:
    """The sentences about projects whose first or last month cannot be read."""
    windowed = problem.projects.filter(pl.col("starts").is_not_null() | pl.col("ends").is_not_null())
    if windowed.is_empty():
        return []
    faults = [
        f"table capacity: period {period!r} is not a month (YYYY-MM), as starts and ends of projects need."
        for period in problem.periods
        if not MONTH.match(period)
    ]
    for column in ("starts", "ends"):
        wrong = windowed.filter(pl.col(column).is_not_null() & ~pl.col(column).str.contains(MONTH.pattern))
        faults += [f"project {name}: {column} is {value!r}; write it as YYYY-MM." for name, value in wrong.select("project", column).rows()]
    turned = windowed.filter(pl.col("starts") > pl.col("ends"))["project"]
    return faults + [f"project {name}: starts lies after ends; swap them." for name in turned]


def _wrong_limits(problem: Problem) -> list[str]:
    """The sentences about limits that select something unknown, or share out more than the whole."""
    known = {
        "category": {*problem.projects["category"].drop_nulls(), *UserCategory},
        "country": set(problem.projects["country"].drop_nulls()),
        "mode": {*problem.projects["mode"].drop_nulls(), *AccessMode},
        "system": set(problem.partitions["system"].drop_nulls()),
        "partition": set(problem.partitions["partition"]),
        "period": set(problem.periods),
    }
    faults = []
    for limit in problem.limits.iter_rows(named=True):
        for column, names in known.items():
            unknown = sorted((tables.chosen(limit[column]) or frozenset()) - names)
            if column == "country":
                unknown = [name for name in unknown if not re.fullmatch("[A-Z]{2}", name)]
            if unknown:
                faults.append(f"limit {limit['name']}: {column} {', '.join(unknown)} is not known; known are {_listed(names)}.")
        if limit["unit"] == "share" and limit["value"] > 1:
            faults.append(f"limit {limit['name']}: a share runs from 0 to 1, found {limit['value']:g}; write 20 % as 0.2.")
        faults += _missing_factors(problem, limit)
    return faults


def _missing_factors(problem: Problem, limit: dict[str, str]) -> list[str]:
    """The sentence about a limit on a quantity that a selected partition does not state."""
    if limit["quantity"] == "node_hours":
        return []
    try:
        select(problem, limit, check_factors=True)
    except InputError as fault:
        return [str(fault)]
    return []


def select(problem: Problem, limit: dict[str, str], *, check_factors: bool = False) -> pl.DataFrame:
    """The rows of capacity that a limit selects, with how much of its quantity one node-hour is (column `factor`).

    Raises:
        InputError: if asked to check, and a selected row does not state the factor.
    """
    factor = {"node_hours": pl.lit(1.0), "credits": pl.col("credit")}.get(limit["quantity"], pl.col(f"{limit['quantity']}_per_node_hour"))
    rows = problem.capacity.join(problem.partitions, on="partition", how="left", validate="m:1", maintain_order="left")
    for column in ("system", "partition", "period"):
        values = tables.chosen(limit[column])
        if values is not None:
            rows = rows.filter(pl.col(column).is_in(sorted(values)))
    rows = rows.with_columns(factor=factor)
    unstated = rows.filter(pl.col("factor").is_null())
    if check_factors and not unstated.is_empty():
        where = _listed(set(unstated["partition"]))
        raise InputError(f"limit {limit['name']} counts {limit['quantity']}, which partition {where} does not state; fill it in.")
    return rows


def _listed(names: set[str]) -> str:
    shown = sorted(names)
    return ", ".join(shown[:8]) + (" …" if len(shown) > 8 else "")
