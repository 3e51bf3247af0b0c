"""An interior-point method whose steps eliminate every project in closed form, so that only the coupling rows are factorised.

After Mehrotra (1992), with an own dual variable for each marginal utility (so that primal and dual steps may differ) and
barrier weights in proportion to what projects pay. It knows nothing of months, limits or names: see `aggregate`.
"""

from typing import Any

import numpy as np
from scipy import linalg

from analytics.allocation.central_path import Centre, centre
from analytics.allocation.elimination import CORRECTIONS, Elimination, Push, Step
from analytics.allocation.model import Model, Pair, Point
from analytics.allocation.program import Mask, Vector

PROXIMAL = 1e-9
"""Softness added to every column, in parts of its worth."""
STEPS_AT_MOST = 150
STALL_AFTER = 12
STALL_AFTER_GOOD = 3
GOOD = 1e-8
"""The merit that is good enough to stop at once where it no longer falls."""
ACCURATE = 1e-10
"""The merit at which there is nothing more to gain."""
SMALLEST = 1e-11
"""The smallest target of the products; below it rounding rules."""
STRAIGHT = 0.3
"""The error in a logarithm of marginal utility up to which its curvature is corrected."""
LARGEST_EXPONENT = 50.0
ROUGHLY = 1e-3
"""The merit from which steps are corrected for what rounding leaves over."""
BOUNDARY = 0.995
"""The part of the way to the boundary that a step may go."""


def optimum(model: Model, *, from_centre: float | None = None) -> Point:
    """The best point found; its merit says how good it is.

    With `from_centre`, the start is the exact point of the central path for a barrier of that size: slow but sure.

    Raises:
        FloatingPointError: where numbers leave the range of the machine before a first point is found.
        LinAlgError: where the rows cannot be factorised before a first point is found.
    """
    with np.errstate(over="raise", invalid="raise", divide="raise", under="ignore"):
        path = _Path(model)
        if from_centre is not None:
            path.begin_at(centre(model, path.rows, from_centre))
        return path.walk()


def central(model: Model, goal: float) -> Centre:
    """The exact point of the central path for a barrier of the size of the goal."""
    with np.errstate(over="raise", invalid="raise", divide="raise", under="ignore"):
        return centre(model, _Path(model).rows, goal)


class _Path:
    """One run of the method."""

    def __init__(self, model: Model) -> None:
        self.model = model
        count = model.live.sum(axis=0)
        self.fixed = model.fixed
        mask = model.live.astype(float)
        v = np.where(model.live, np.where(self.fixed, model.most, 1.0) / count, 1.0)
        self.options = Pair(v, np.where(model.live, model.barrier * count, 0.0), mask * model.barrier)
        self.u = (v * mask).sum(axis=0)
        free = ~self.fixed
        self.floor = self._side(self.u - model.least, free & (model.least > 0))
        self.roof = self._side(model.most - self.u, free)
        self.levels = None if model.level is None else self._side(np.maximum(self.u - 0.5 * model.level, 0.5 * self.u), model.level > 0)
        self.tau, self.off_tau = 0.5, 0.0
        self._set_flows_and_rows(v * mask)
        has_utility = model.alpha is not None
        keen = model.weight * self.u ** -(model.alpha or 0.0) if has_utility else np.zeros(len(self.u))
        self.q = np.where(self.fixed, model.barrier, keen)

    def _side(self, room: Vector, where: Mask) -> Pair:
        weight = np.where(where, self.model.barrier, 0.0)
        room = np.where(where, room, 1.0)
        return Pair(room, weight / room, weight)

    def _set_flows_and_rows(self, v: Vector) -> None:
        model = self.model
        z = 0.5 * model.room
        by_class = np.add.reduceat(model.hours * v, model.starts, axis=1).T.ravel()
        worth = np.add.reduceat(model.barrier * v, model.starts, axis=1).T.ravel()
        links = model.of_classes[model.equal]
        self.rows = np.zeros(len(model.bound))
        use = links @ by_class
        self.rows[model.equal] = np.divide(links @ (worth * (by_class > 0)), use, out=np.zeros_like(use), where=use > 0) * _hours_of_row(
            links
        )
        unequal = ~model.equal
        slack = np.maximum((model.bound - model.row_use(v, z))[unequal], 0.1 * np.maximum(1, np.abs(model.bound[unequal])))
        self.slack = Pair(slack, model.row_barrier / slack, model.row_barrier)
        self.rows[unequal] = self.slack.dual
        if model.rows is not None:
            self.rows = np.where(unequal, np.maximum(model.rows, 1e-9 * model.rows.max()), model.rows)
            self.slack.dual = self.rows[unequal].copy()
        gain = np.maximum(-(model.of_flows.T @ self.rows) - model.flow_cost, 0.0)
        self.used = Pair(z.copy(), model.flow_barrier / z, model.flow_barrier)
        self.room = Pair(model.room - z, model.flow_barrier / z + gain, model.flow_barrier.copy())

    def begin_at(self, point: Centre) -> None:
        """Start from a point of the central path."""
        model, weight = self.model, point.target * self.model.barrier
        self.options.primal, self.options.dual = point.options.copy(), point.option_duals.copy()
        self.u, self.q, self.rows = point.u.copy(), point.q.copy(), point.rows.copy()
        for side, room in ((self.floor, point.u - model.least), (self.roof, point.room)):
            side.primal = np.where(side.weight > 0, np.maximum(room, 1e-300), 1.0)
            side.dual = np.where(side.weight > 0, weight / side.primal, 0.0)
        self.used.primal, self.room.primal, self.slack.primal = point.used.copy(), point.unused.copy(), point.slack.copy()
        for pair in (self.used, self.room, self.slack):
            pair.dual = point.target * pair.weight / pair.primal
        self.rows[~model.equal] = self.slack.dual

    @property
    def pairs(self) -> list[Pair]:
        every = [self.options, self.floor, self.roof, self.slack, self.used, self.room]
        return every if self.levels is None else [*every, self.levels]

    def walk(self) -> Point:
        best: Point | None = None
        since = 0
        for step in range(STEPS_AT_MOST):
            try:
                self._measure()
                merit = self.merit = self._merit()
                if best is None or merit < 0.9 * best.merit:
                    best, since = self._point(merit, step), 0
                else:
                    since += 1
                if merit < ACCURATE or since > (
                    STALL_AFTER_GOOD if best.merit < GOOD else STALL_AFTER if self.model.alpha is not None else 3 * STALL_AFTER
                ):
                    break
                self._step()
            except (linalg.LinAlgError, FloatingPointError):
                if best is None:
                    raise
                break
        assert best is not None
        return best

    def _point(self, merit: float, step: int) -> Point:
        v = np.where(self.model.live, self.options.primal, 0.0)
        return Point(
            v=v,
            z=self.used.primal.copy(),
            rows=self.rows.copy(),
            level=self.tau,
            pull=np.zeros(len(self.u)) if self.levels is None or self.model.level is None else self.levels.dual * self.model.level,
            held=np.zeros(len(self.u), bool)
            if self.levels is None
            else self.levels.dual * self.u > self.levels.primal * self.model.barrier,
            merit=merit,
            steps=step,
        )

    def _measure(self) -> None:
        """The residuals of every condition of optimality."""
        model = self.model
        v = self.options.primal * model.live
        self.u = v.sum(axis=0)
        self.off_rows = model.row_use(v, self.used.primal) - model.bound
        self.off_rows[~model.equal] += self.slack.primal
        self.off_floor = _above_noise(np.where(self.floor.weight > 0, self.u - model.least - self.floor.primal, 0.0), self.u)
        self.off_roof = _above_noise(np.where(self.roof.weight > 0, model.most - self.u - self.roof.primal, 0.0), model.most)
        self.off_fixed = np.where(self.fixed, model.most - self.u, 0.0)
        pull = self.q + self.floor.dual - self.roof.dual
        if self.levels is not None and model.level is not None:
            pull = pull + self.levels.dual
            self.off_level = np.where(model.level > 0, self.u - model.level * self.tau - self.levels.primal, 0.0)
            self.off_tau = 1.0 - float(self.levels.dual @ model.level)
        self.off_options = (model.priced(self.rows) - pull - self.options.dual) * model.live
        self.off_flows = model.flow_cost + model.of_flows.T @ self.rows - self.used.dual + self.room.dual
        self.off_utility = np.zeros_like(self.u)
        if model.alpha is not None:
            free = ~self.fixed
            self.off_utility[free] = np.log(model.weight[free] / self.q[free]) - model.alpha * np.log(self.u[free])
            self._linearise_utility(model.alpha)
        self.keen = np.abs(self.q) + self.floor.dual + self.roof.dual + (0 if self.levels is None else self.levels.dual)

    def _linearise_utility(self, alpha: float) -> None:
        """The marginal utility as a line in u, by the form of q·u^α = w that bends least where it is far from true.

        Where q must rise, its logarithm: ln q + α ln u = ln w. Where it must fall, q = w·u^−α itself, or u = (w/q)^(1/α) for a
        small α: a logarithm would ask for a step far beyond zero.
        """
        off = self.off_utility
        q = np.where(self.fixed, 0.0, self.q)
        falls = np.maximum(np.minimum(off, 0.0) / min(1.0, max(alpha, 1e-9)), -LARGEST_EXPONENT)
        if alpha > 1:
            self.utility_stiffness = alpha * q * np.exp(falls) / self.u
            self.utility_force = q * np.where(off < 0, np.expm1(falls), off)
        else:
            self.utility_stiffness = alpha * q * np.exp(-falls) / self.u
            self.utility_force = q * np.where(off < 0, -alpha * np.expm1(-falls), off)

    def _merit(self) -> float:
        """The largest relative fault."""
        products = sum(
            float(pair.primal @ pair.dual) if pair.primal.ndim == 1 else float(np.vdot(pair.primal, pair.dual)) for pair in self.pairs
        )
        worth = float(self.keen @ self.u)
        if self.model.alpha is None:
            worth = max(worth, abs(self.tau)) if self.levels is not None else max(worth, 1.0)
        usual = worth / len(self.u) if self.model.alpha is None else 0.0
        dual = float((np.abs(self.off_options).max(axis=0) / (self.keen + usual + self.fixed * self.model.barrier)).max())
        flows = float(np.abs(self.off_flows).max(initial=0.0)) / worth
        primal = max(float(np.abs(self.off_rows).max(initial=0.0)), float((np.abs(self.off_fixed) / self.u).max()))
        primal = max(primal, float((np.abs(self.off_floor) / self.u).max()), float((np.abs(self.off_roof) / self.u).max()))
        level = 0.0 if self.levels is None else max(abs(self.off_tau), float((np.abs(self.off_level) / self.u).max()))
        return max(products / worth, dual, flows, primal, level, float(np.abs(self.off_utility).max()) * 1e-2)

    def _mean(self, primal: float = 0.0, dual: float = 0.0) -> float:
        """The mean of product over weight, after steps of these lengths."""
        total = 0.0
        for pair in self.pairs:
            if primal == 0.0 and dual == 0.0:
                total += float(np.vdot(pair.primal, pair.dual))
            else:
                total += float(np.vdot(pair.primal + primal * pair.primal_step, pair.dual + dual * pair.dual_step))
        return total / sum(float(pair.weight.sum()) for pair in self.pairs)

    def _step(self) -> None:
        """One predictor and corrector step."""
        system = self._system()
        for pair in self.pairs:
            pair.correction = 0.0
        self.bend: Vector | float = 0.0
        self._direction(system, 0.0, 0)
        primal, dual = self._lengths(1.0)
        mean, foreseen = self._mean(), self._mean(primal, dual)
        smallest = SMALLEST * min(1.0, float(self.keen @ self.u) / self.model.worth)
        target = max(smallest, mean * min(1.0, max(foreseen / mean, 1e-6)) ** 3)
        for pair in self.pairs:
            pair.correction = primal * dual * pair.primal_step * pair.dual_step
        if self.model.alpha is not None:
            change = dual * self.q_step / np.where(self.fixed, np.inf, self.q)
            curved = 0.5 * (change**2 + self.model.alpha * (primal * self.u_step / self.u) ** 2)
            self.bend = np.where(self.fixed | (np.abs(self.off_utility) > STRAIGHT), 0.0, self.q * curved)
        exact = CORRECTIONS if self.merit < ROUGHLY or self.model.alpha is None else 0
        self._direction(system, target, exact)
        self._advance(*self._lengths(BOUNDARY))

    def _system(self) -> Elimination:
        """The linear system at this point."""
        model = self.model
        bend = self.floor.stiffness * (self.floor.weight > 0) + self.roof.stiffness * (self.roof.weight > 0)
        if model.alpha is not None:
            bend = bend + self.utility_stiffness
        pull = None if self.levels is None else self.levels.stiffness * (self.levels.weight > 0)
        self.level_stiffness = 0.0 if pull is None else pull
        return Elimination(
            model,
            options=self.options.stiffness + PROXIMAL * model.barrier,
            bend=np.maximum(bend + self.level_stiffness, 1e-30 * model.barrier),
            fixed=self.fixed,
            flows=self.used.stiffness + self.room.stiffness + PROXIMAL * self.used.weight,
            slack=self.slack.primal / self.slack.dual,
            level_stiffness=pull,
        )

    def _direction(self, system: Elimination, target: float, corrections: int) -> None:
        """The step towards a target for every product."""
        model, levels = self.model, self.levels
        pull = self.floor.force(target) - self.floor.stiffness * self.off_floor
        pull = pull - self.roof.force(target) + self.roof.stiffness * self.off_roof
        if model.alpha is not None:
            pull = pull + self.utility_force + self.bend
        rising = None if levels is None else levels.force(target) - self.level_stiffness * self.off_level
        rows = self.off_rows.copy()
        rows[~model.equal] += self.slack.force(target) / self.slack.stiffness
        push = Push(
            options=self.options.force(target) - self.off_options + pull + (0.0 if rising is None else rising),
            flows=self.used.force(target) - self.room.force(target) - self.off_flows,
            rows=rows,
            fixed=self.off_fixed,
            levels=rising,
            level=self.off_tau,
        )
        self._keep(system.step(push, corrections), target)

    def _keep(self, step: Step, target: float) -> None:
        """Spread a step over all pairs."""
        model, level = self.model, self.model.level
        self.u_step, self.tau_step, self.row_step = step.options.sum(axis=0), step.level, step.rows
        self.options.move(step.options, target)
        self.floor.move(np.where(self.floor.weight > 0, self.u_step + self.off_floor, 0.0), target)
        self.roof.move(np.where(self.roof.weight > 0, self.off_roof - self.u_step, 0.0), target)
        self.used.move(step.flows, target)
        self.room.move(-step.flows, target)
        self.slack.move(-(self.off_rows + model.row_use(step.options, step.flows))[~model.equal], target)
        self.slack.dual_step = step.rows[~model.equal]
        if self.levels is not None and level is not None:
            self.levels.move(np.where(level > 0, self.u_step - level * step.level + self.off_level, 0.0), target)
        self.q_step = np.where(self.fixed, -step.drag, 0.0)
        if model.alpha is not None:
            free = self.utility_force + self.bend - self.utility_stiffness * self.u_step
            self.q_step = np.where(self.fixed, self.q_step, free)

    def _lengths(self, boundary: float) -> tuple[float, float]:
        """How far the primal and the dual step may go."""
        primal = min(_reach(pair.primal, pair.primal_step) for pair in self.pairs)
        dual = min(_reach(pair.dual, pair.dual_step) for pair in self.pairs)
        if self.model.alpha is not None:
            dual = min(dual, _reach(np.where(self.fixed, 1.0, self.q), np.where(self.fixed, 0.0, self.q_step)))
        return min(1.0, boundary * primal), min(1.0, boundary * dual)

    def _advance(self, primal: float, dual: float) -> None:
        for pair in self.pairs:
            pair.advance(primal, dual)
        self.tau += primal * self.tau_step
        self.rows[self.model.equal] += dual * self.row_step[self.model.equal]
        self.rows[~self.model.equal] = self.slack.dual
        self.q += dual * self.q_step


def _reach(value: Vector, step: Vector) -> float:
    """The longest step that keeps every value from falling below zero."""
    if not value.size:
        return np.inf
    steepest = -float(np.min(step / np.where(value > 0, value, np.inf)))
    return 1 / steepest if steepest > 0 else np.inf


def _above_noise(residual: Vector, size: Vector) -> Vector:
    """The residual, nought where it is rounding: a slack far below the size of its bound is known better than their difference."""
    return np.where(np.abs(residual) > 1e-15 * size, residual, 0.0)


def _hours_of_row(links: Any) -> Vector:
    """(row): node-hours that make the row's use 1."""
    return np.asarray(1 / links.max(axis=1).toarray().ravel())
