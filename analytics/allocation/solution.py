"""What comes back from a solve: a split with its prices and proof, or a refusal that a person can act on."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
import polars as pl

from analytics.allocation import tables
from analytics.allocation.certificate import Certificate, Prices, Split, limit_use, unit_costs
from analytics.allocation.objectives import Aim, Objective
from analytics.allocation.problem import Problem
from analytics.allocation.program import Program, Vector

BINDING = 1e-6
"""The part of a project's price (or relative slack) below which a limit does not count as holding it back."""


class Outcome(StrEnum):
    """How a solve ended."""

    OPTIMAL = "optimal"
    INFEASIBLE = "infeasible"
    STARVED = "starved"
    NOT_CERTIFIED = "not_certified"

    @property
    def exit_status(self) -> int:
        """The exit status of the command line."""
        return {"optimal": 0, "infeasible": 3, "starved": 3, "not_certified": 4}[self.value]


@dataclass(frozen=True, kw_only=True)
class Solution:
    """A split that is proven best for its objective; its tables are made when first asked for."""

    problem: Problem
    """What was solved."""
    objective: Objective
    """What it is best at."""
    certificate: Certificate
    """The proof."""
    program: Program
    """The problem as arrays."""
    split: Split
    """The split as arrays."""
    marginal: Prices
    """The prices as arrays."""
    held_by: tuple[str, ...] | None = None
    """(project): what keeps it from more, where the prices alone do not tell; None where they do."""

    @cached_property
    def allocation(self) -> pl.DataFrame:
        """project, partition, period, node_hours: every grant above zero."""
        return _allocation(self.program, self.split)

    @cached_property
    def satisfaction(self) -> pl.DataFrame:
        """project, satisfaction (null where nothing is asked for), limited_by (what keeps it from more, keenest first)."""
        held_by = self.held_by
        words = limited_by(self.program, self.marginal, self.split.satisfaction(self.program)) if held_by is None else list(held_by)
        return _satisfaction(self.program, self.split, words)

    @cached_property
    def prices(self) -> pl.DataFrame:
        """name, price (welfare per unit, for loosening the limit), unit, slack (in the limit's own unit)."""
        worth = "welfare" if self.objective.aim is Aim.ALPHA else "satisfaction of the worst-off"
        return _prices(self.program, self.split, self.marginal, worth)

    @property
    def outcome(self) -> Outcome:
        """Always optimal: nothing less comes back as a solution."""
        return Outcome.OPTIMAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why there is no split to show."""

    outcome: Outcome
    """Infeasible, starved (somebody can only get nothing), or not proven."""
    reason: str
    """What is wrong, in a sentence."""
    mend: str
    """How to mend it, in a sentence."""
    clash: pl.DataFrame
    """name, sentence: the smallest set of limits found that cannot all hold."""
    relaxation: pl.DataFrame
    """name, value, relaxed_value, unit, sentence: the least loosening after which a split exists."""


def _allocation(program: Program, split: Split) -> pl.DataFrame:
    partition, project = np.nonzero(split.hours)
    order = np.lexsort((partition, project))
    partition, project = partition[order], project[order]
    parts = split.shares[program.class_of[project], partition]
    row, period = np.nonzero(parts)
    names = [np.array(one, dtype=object) for one in (program.projects, program.partitions, program.periods)]
    return pl.DataFrame(
        {
            "project": pl.Series(names[0][project[row]], dtype=pl.String),
            "partition": pl.Series(names[1][partition[row]], dtype=pl.String),
            "period": pl.Series(names[2][period], dtype=pl.String),
            "node_hours": split.hours[partition[row], project[row]] * parts[row, period],
        }
    ).sort("project", "partition", "period")


def _satisfaction(program: Program, split: Split, words: list[str]) -> pl.DataFrame:
    u = split.satisfaction(program)
    return pl.DataFrame(
        {
            "project": program.projects,
            "satisfaction": pl.Series(u).set(pl.Series(program.entitlement <= 0), None),
            "limited_by": words,
        },
        schema={"project": pl.String, "satisfaction": pl.Float64, "limited_by": pl.String},
    ).sort("project")


def limited_by(program: Program, prices: Prices, u: Vector) -> list[str]:
    """What keeps each project from more: its own request, no machine, or the limits that make up its price."""
    with np.errstate(invalid="ignore"):  # a price of 0 x endless hours, where a partition is useless to a project
        cost = np.where(program.usefulness > 0, program.by_class(unit_costs(program, prices)) * program.hours_per_satisfaction, np.inf)
    best = cost.argmin(axis=0)
    words = np.array(_words_of_price(program, prices), dtype=object)[program.class_of, best]
    words[~np.isfinite(cost.min(axis=0))] = "no eligible partition"
    words[u >= program.most * (1 - 1e-6)] = "own request"
    return list(words)


def _words_of_price(program: Program, prices: Prices) -> list[list[str]]:
    """(class, partition): the names of what its price is made of, largest part first."""
    limits, found = program.limits, []
    for one, member in enumerate(limits.member.T):
        row = []
        for partition, name in enumerate(program.partitions):
            total = (limits.sign * prices.limits * member)[:, None] * limits.factor[:, partition]
            month = int(
                np.where(program.open[one], total.sum(axis=0) + prices.capacity[partition] + program.cost[partition], np.inf).argmin()
            )
            parts = {f"capacity:{name}": prices.capacity[partition, month], "price of the objective": program.cost[partition, month]}
            parts |= dict(zip(limits.names, total[:, month], strict=True))
            whole = sum(part for part in parts.values() if part > 0)
            kept = sorted((part for part in parts.items() if part[1] > BINDING * whole), key=lambda part: -part[1])
            row.append("; ".join(part for part, _ in kept) or "nothing")
        found.append(row)
    return found


def _prices(program: Program, split: Split, prices: Prices, worth: str) -> pl.DataFrame:
    limits = program.limits
    free = program.capacity - split.used(program).sum(axis=0)
    rows = [
        (f"capacity:{partition}:{period}", prices.capacity[s, t], f"{worth} per node-hour", free[s, t])
        for s, partition in enumerate(program.partitions)
        for t, period in enumerate(program.periods)
    ]
    slack = limits.sign * (limits.value - limit_use(program, split))
    units = [f"{worth} per {tables.QUANTITIES[quantity]}" for quantity in limits.quantities]
    rows += list(zip(limits.names, prices.limits, units, slack, strict=True))
    return pl.DataFrame(rows, schema={"name": pl.String, "price": pl.Float64, "unit": pl.String, "slack": pl.Float64}, orient="row")
