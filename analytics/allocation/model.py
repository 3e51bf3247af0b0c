"""The numbers that the interior point works on: scaled columns, rows and bounds, without months, limits or names."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from analytics.allocation.program import Index, Mask, Vector

LEAST_PART = 1e-8
"""The smallest weight of a row or flow, in parts of an even one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Maximise Σ weight·φ_α(u) − flow_cost·z, or the level τ, over v ≥ 0, 0 ≤ z ≤ room, with u = Σ v in units of each project's start."""

    alpha: float | None
    """The exponent; None where projects have no utility (the level alone, or costs alone, count)."""
    weight: Vector
    """(project): its weight, in units of the start."""
    barrier: Vector
    """(project): what its start is worth at a rough price; its products tend to zero in proportion."""
    least: Vector
    """(project): lower bound of u."""
    most: Vector
    """(project): upper bound of u; equal to the lower one where u is fixed."""
    level: Vector | None
    """(project): u ≥ level·τ with τ maximised; None for no such level, 0 for projects without."""
    start: Vector
    """(project): the satisfaction that is its unit."""
    live: Mask
    """(partition, project): which options exist."""
    hours: Vector
    """(partition, project): node-hours of one unit of v; 0 where there is no option."""
    starts: Index
    """(class): where its projects begin."""
    of_classes: Any
    """(row, class x partition): coefficients of node-hours."""
    of_flows: Any
    """(row, flow): coefficients of flows."""
    bound: Vector
    """(row): right-hand side."""
    equal: Mask
    """(row): whether it is an equality."""
    flow_cost: Vector
    """(flow): its cost."""
    room: Vector
    """(flow): its upper bound."""
    rows: Vector | None = None
    """(row): first prices; None where they are yet to be guessed."""

    @property
    def worth(self) -> float:
        """What the start is worth as a whole."""
        return float(self.barrier.sum())

    @property
    def row_barrier(self) -> Vector:
        """(row that is no equality): what its products tend to zero in proportion to: an even part of the worth, or what it is paid."""
        unequal = ~self.equal
        even = self.worth / max(1, int(unequal.sum()))
        return np.full(int(unequal.sum()), even) if self.rows is None else np.maximum(self.rows[unequal], LEAST_PART * even)

    @property
    def flow_barrier(self) -> Vector:
        """(flow): the same for its bounds."""
        even = self.worth / max(1, len(self.room))
        if self.rows is None:
            return np.full(len(self.room), even)
        gain = np.abs(self.of_flows.T @ self.rows + self.flow_cost) * self.room
        return np.asarray(np.maximum(gain, LEAST_PART * even))

    @property
    def fixed(self) -> Mask:
        """(project): whether its bounds leave it no choice."""
        return np.asarray(self.most - self.least <= 1e-9 * self.most, dtype=bool)

    def row_use(self, v: Vector, z: Vector) -> Vector:
        """(row): what options and flows use of each row."""
        by_class = np.add.reduceat(self.hours * v, self.starts, axis=1).T.ravel()
        return np.asarray(self.of_classes @ by_class + self.of_flows @ z)

    def priced(self, rows: Vector) -> Vector:
        """(partition, project): what one unit of v costs at prices of the rows."""
        by_class = (self.of_classes.T @ rows).reshape(len(self.starts), -1).T
        if by_class.shape[1] == 1:
            return np.asarray(self.hours * by_class)
        return np.asarray(self.hours * np.repeat(by_class, np.diff(np.append(self.starts, self.hours.shape[1])), axis=1))


@dataclass(slots=True)
class Pair:
    """A quantity that must stay positive, and its dual; their product tends to `weight` times a number that tends to zero."""

    primal: Vector
    dual: Vector
    weight: Vector
    correction: Vector | float = 0.0
    primal_step: Vector = field(default_factory=lambda: np.zeros(0))
    dual_step: Vector = field(default_factory=lambda: np.zeros(0))

    @property
    def stiffness(self) -> Vector:
        return self.dual / self.primal

    def force(self, target: float) -> Vector:
        """The dual step if the primal one is nought."""
        return np.asarray((target * self.weight - self.correction) / self.primal - self.dual)

    def move(self, primal_step: Vector, target: float) -> None:
        """Keep the steps that a primal step implies."""
        self.primal_step = primal_step
        self.dual_step = self.force(target) - self.stiffness * primal_step

    def advance(self, primal: float, dual: float) -> None:
        """Take the steps, each by its own length."""
        self.primal += primal * self.primal_step
        self.dual += dual * self.dual_step


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Where the method ended."""

    v: Vector
    """(partition, project): satisfaction by partition, in units of the start."""
    z: Vector
    """(flow): the part of it that is used."""
    rows: Vector
    """(row): its price."""
    level: float
    """The level τ, where there is one."""
    pull: Vector
    """(project): how much it pulls the level; together 1."""
    held: Mask
    """(project): whether it is the level that it stands at, and not above it."""
    merit: float
    """The largest relative fault: of feasibility, of prices, or of the gap."""
    steps: int
    """Steps taken."""
