"""An interior-point method whose steps eliminate every project in closed form, so that only the coupling rows are factorised.

After Mehrotra (1992), with an own dual variable for each marginal utility (so that primal and dual steps may differ) and
barrier weights in proportion to the projects' weights. It knows nothing of months, limits or names: see `aggregate`.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import linalg, sparse

from analytics.allocation.program import Index, Mask, Vector

PROXIMAL = 1e-9
STEPS_AT_MOST = 150
STALL_AFTER = 12
ACCURATE = 1e-11
"""The merit at which there is nothing more to gain."""
GOOD_ENOUGH = 1e-8
REFINEMENTS = 2
"""How often a step is corrected by what it leaves over of the rows."""
SMALLEST = 1e-11
"""The smallest target of the products; below it rounding rules."""
BOUNDARY = 0.995
"""The part of the way to the boundary that a step may go."""


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
    merit: float
    """The largest relative fault: of feasibility, of prices, or of the gap."""
    steps: int
    """Steps taken."""


def optimum(model: Model) -> Point:
    """The best point found; its merit says how good it is."""
    with np.errstate(over="raise", invalid="raise", divide="raise", under="ignore"):
        return _Path(model).walk()


class _Path:
    """One run of the method."""

    def __init__(self, model: Model) -> None:
        self.model = model
        count = model.live.sum(axis=0)
        self.fixed = model.fixed
        self.value = float(model.barrier.sum())
        mask = model.live.astype(float)
        v = np.where(model.live, np.where(self.fixed, model.most, 1.0) / count, 1.0)
        self.options = Pair(v, np.where(model.live, model.barrier * count, 0.0), mask * model.barrier)
        self.u = (v * mask).sum(axis=0)
        free = ~self.fixed
        self.floor = self._side(self.u - model.least, free & (model.least > 0))
        self.roof = self._side(model.most - self.u, free)
        self.levels = None if model.level is None else self._side(np.maximum(self.u - 0.5 * model.level, 0.5 * self.u), model.level > 0)
        self.tau = 0.5
        self._set_flows_and_rows(v * mask)
        has_utility = model.alpha is not None
        self.q = np.where(self.fixed, 0.0, model.weight * self.u ** -(model.alpha or 0.0)) if has_utility else np.zeros(len(self.u))

    def _side(self, room: Vector, where: Mask) -> Pair:
        weight = np.where(where, self.model.barrier, 0.0)
        room = np.where(where, room, 1.0)
        return Pair(room, weight / room, weight)

    def _set_flows_and_rows(self, v: Vector) -> None:
        model, ones = self.model, np.ones
        flows, rows = len(model.room), len(model.bound)
        z = 0.5 * model.room
        by_class = np.add.reduceat(model.hours * v, model.starts, axis=1).T.ravel()
        worth = np.add.reduceat(model.barrier * v, model.starts, axis=1).T.ravel()
        links = model.of_classes[model.equal]
        self.rows = np.zeros(rows)
        use = links @ by_class
        self.rows[model.equal] = np.divide(links @ (worth * (by_class > 0)), use, out=np.zeros_like(use), where=use > 0) * _hours_of_row(
            links
        )
        unequal = ~model.equal
        slack = np.maximum((model.bound - model.row_use(v, z))[unequal], 0.1 * np.maximum(1, np.abs(model.bound[unequal])))
        weight = self.value / max(1, unequal.sum())
        self.slack = Pair(slack, weight / slack, weight * ones(unequal.sum()))
        self.rows[unequal] = self.slack.dual
        weight = self.value / max(1, flows)
        gain = np.maximum(-(model.of_flows.T @ self.rows) - model.flow_cost, 0.0)
        self.used = Pair(z.copy(), weight / z, weight * ones(flows))
        self.room = Pair(model.room - z, weight / z + gain, weight * ones(flows))

    @property
    def pairs(self) -> list[Pair]:
        every = [self.options, self.floor, self.roof, self.slack, self.used, self.room]
        return every if self.levels is None else [*every, self.levels]

    def walk(self) -> Point:
        best: Point | None = None
        since = 0
        for step in range(STEPS_AT_MOST):
            self._measure()
            merit = self._merit()
            if best is None or merit < 0.9 * best.merit:
                best, since = self._point(merit, step), 0
            else:
                since += 1
            if merit < ACCURATE or since > STALL_AFTER or not np.isfinite(merit):
                break
            try:
                self._step()
            except (linalg.LinAlgError, FloatingPointError):
                break
        assert best is not None
        return best

    def _point(self, merit: float, step: int) -> Point:
        v = np.where(self.model.live, self.options.primal, 0.0)
        return Point(v=v, z=self.used.primal.copy(), rows=self.rows.copy(), level=self.tau, merit=merit, steps=step)

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
        self.keen = np.abs(self.q) + self.floor.dual + self.roof.dual + (0 if self.levels is None else self.levels.dual)

    def _merit(self) -> float:
        """The largest relative fault."""
        products = sum(
            float(pair.primal @ pair.dual) if pair.primal.ndim == 1 else float(np.vdot(pair.primal, pair.dual)) for pair in self.pairs
        )
        worth = float(self.keen @ self.u)
        if self.model.alpha is None:
            worth = max(worth, abs(self.tau)) if self.levels is not None else max(worth, 1.0)
        usual = worth / len(self.u) if self.model.alpha is None else 0.0
        dual = float((np.abs(self.off_options).max(axis=0) / (self.keen + usual)).max())
        flows = float(np.abs(self.off_flows).max(initial=0.0)) / worth
        primal = max(float(np.abs(self.off_rows).max(initial=0.0)), float((np.abs(self.off_fixed) / self.u).max()))
        primal = max(primal, float((np.abs(self.off_floor) / self.u).max()), float((np.abs(self.off_roof) / self.u).max()))
        level = 0.0 if self.levels is None else max(abs(self.off_tau), float((np.abs(self.off_level) / self.u).max()))
        return max(products / worth, dual, flows, primal, level, float(np.abs(self.off_utility).max()) * 1e-2)

    def _mean(self) -> float:
        """The mean of product over weight."""
        total = sum(float(np.vdot(pair.primal, pair.dual)) for pair in self.pairs)
        return total / sum(float(pair.weight.sum()) for pair in self.pairs)

    def _step(self) -> None:
        """One predictor and corrector step."""
        self._factorise()
        for pair in self.pairs:
            pair.correction = 0.0
        mean = self._mean()
        self.bend: Vector | float = 0.0
        self._direction(0.0)
        primal, dual = self._lengths(1.0)
        products = sum(
            float(np.vdot(pair.primal + primal * pair.primal_step, pair.dual + dual * pair.dual_step)) for pair in self.pairs
        ) / sum(float(pair.weight.sum()) for pair in self.pairs)
        target = max(SMALLEST * min(1.0, float(self.keen @ self.u) / self.value), mean * min(1.0, max(products / mean, 1e-6)) ** 3)
        for pair in self.pairs:
            pair.correction = primal * dual * pair.primal_step * pair.dual_step
        if self.model.alpha is not None:
            relative_q = dual * np.where(self.fixed, 0.0, self.q_step / np.where(self.fixed, 1.0, self.q))
            self.bend = 0.5 * (relative_q**2 + self.model.alpha * (primal * self.u_step / self.u) ** 2)
        self._direction(target)
        self._advance(*self._lengths(BOUNDARY))

    def _factorise(self) -> None:
        """Eliminate every project; factorise what couples them."""
        model = self.model
        soft = PROXIMAL * model.barrier
        self.d = model.live / (self.options.stiffness + soft)
        bend = self.floor.stiffness * (self.floor.weight > 0) + self.roof.stiffness * (self.roof.weight > 0)
        if model.alpha is not None:
            bend = bend + model.alpha * np.where(self.fixed, 0.0, self.q) / self.u
        if self.levels is not None:
            self.level_stiffness = self.levels.stiffness * (self.levels.weight > 0)
            bend = bend + self.level_stiffness
        self.loose = np.where(self.fixed, 0.0, 1.0 / np.maximum(bend, 1e-30 * model.barrier))
        self.tight = 1.0 / (self.loose + self.d.sum(axis=0))
        self.first = self.d.argmax(axis=0)
        self.flow_stiffness = self.used.stiffness + self.room.stiffness + PROXIMAL * self.used.weight
        matrix = self._projects_matrix() + (model.of_flows @ sparse.diags_array(1 / self.flow_stiffness) @ model.of_flows.T).toarray()
        diagonal = np.full(len(model.bound), 0.0)
        diagonal[~model.equal] = self.slack.primal / self.slack.dual
        matrix[np.diag_indices_from(matrix)] += diagonal
        self.rescale = 1 / np.sqrt(np.maximum(matrix.diagonal(), 1e-300))
        matrix *= self.rescale[:, None] * self.rescale
        matrix[np.diag_indices_from(matrix)] += 1e-14
        self.factor = linalg.cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)

    def _projects_matrix(self) -> Any:
        """(row, row): what the projects add, without cancellation: each diagonal entry from the sum of the other options."""
        model = self.model
        others = np.empty_like(self.d)
        for option in range(len(self.d)):
            others[option] = self.d[:option].sum(axis=0) + self.d[option + 1 :].sum(axis=0)
        arm = model.hours * self.d * np.sqrt(self.tight)
        own = np.add.reduceat(model.hours**2 * self.d * self.tight * (self.loose + others), model.starts, axis=1)
        ends = np.append(model.starts[1:], arm.shape[1])
        blocks = np.stack([-(arm[:, start:end] @ arm[:, start:end].T) for start, end in zip(model.starts, ends, strict=True)])
        diagonal = np.arange(len(self.d))
        blocks[:, diagonal, diagonal] = own.T
        count = len(blocks)
        block_diagonal = sparse.bsr_array((blocks, np.arange(count), np.arange(count + 1)))
        return (model.of_classes @ block_diagonal @ model.of_classes.T).toarray()

    def _answer(self, push: Vector) -> Vector:
        """The options' answer to a push on each, centred on the largest option so that nothing cancels."""
        common = np.take_along_axis(push, self.first[None], axis=0)[0]
        rest = (push - common) * self.model.live
        total = (self.d * rest).sum(axis=0)
        return np.asarray(self.d * (common * self.loose * self.tight + rest - self.tight * total))

    def _direction(self, target: float) -> None:
        """The step towards a target for every product."""
        model = self.model
        pull = self.floor.force(target) - self.floor.stiffness * self.off_floor
        pull = pull - self.roof.force(target) + self.roof.stiffness * self.off_roof
        if model.alpha is not None:
            pull = pull + np.where(self.fixed, 0.0, self.q) * (self.off_utility + self.bend)
        if self.levels is not None:
            pull = pull + self.levels.force(target) - self.level_stiffness * self.off_level
        push = -self.off_options + pull + self.options.force(target)
        flow_push = -self.off_flows + self.used.force(target) - self.room.force(target)
        start = self._answer(push) + self.d * self.tight * np.where(self.fixed, self.off_fixed, 0.0)
        right = model.row_use(start, flow_push / self.flow_stiffness) + self.off_rows
        right[~model.equal] += self.slack.force(target) * self.slack.primal / self.slack.dual
        rows = self._solved(right)
        lift = 0.0
        if self.levels is not None:
            lift, rows = self._lift(push, flow_push, target, rows)
            push = push + self.level_stiffness * (model.level if model.level is not None else 0.0) * lift
        self._keep(push, flow_push, rows, lift, target)

    def _solved(self, right: Vector) -> Vector:
        return np.asarray(self.rescale * linalg.cho_solve(self.factor, self.rescale * right, check_finite=False))

    def _lift(self, push: Vector, flow_push: Vector, target: float, rows: Vector) -> tuple[float, Vector]:
        """The step of the level, and the prices' step with it."""
        model = self.model
        assert self.levels is not None
        assert model.level is not None
        pull = self.level_stiffness * model.level
        lifted = self._answer(np.where(model.live, pull, 0.0))
        rows_lifted = self._solved(model.row_use(lifted, np.zeros_like(flow_push)))
        u_rows = (self._answer(push - model.priced(rows)) + self.d * self.tight * self.off_fixed).sum(axis=0)
        u_lift = (lifted - self._answer(model.priced(rows_lifted))).sum(axis=0)
        now = self.levels.force(target) - self.level_stiffness * (u_rows + self.off_level)
        change = pull - self.level_stiffness * u_lift
        lift = (self.off_tau - float(now @ model.level)) / (float(change @ model.level) + 1e-300)
        return lift, rows + lift * rows_lifted

    def _keep(self, push: Vector, flow_push: Vector, rows: Vector, lift: float, target: float) -> None:
        model = self.model
        remaining = push - model.priced(rows)
        v = self._answer(remaining) + self.d * self.tight * np.where(self.fixed, self.off_fixed, 0.0)
        z = (flow_push - model.of_flows.T @ rows) / self.flow_stiffness
        for _ in range(REFINEMENTS):
            over = self.off_rows + model.row_use(v, z)
            over[~model.equal] += (self.slack.force(target) - rows[~model.equal]) / self.slack.stiffness
            more = self._solved(over)
            rows, v, z = rows + more, v - self._answer(model.priced(more)), z - (model.of_flows.T @ more) / self.flow_stiffness
        self.u_step = v.sum(axis=0)
        self.options.move(v, target)
        self.floor.move(np.where(self.floor.weight > 0, self.u_step + self.off_floor, 0.0), target)
        self.roof.move(np.where(self.roof.weight > 0, self.off_roof - self.u_step, 0.0), target)
        self.used.move(z, target)
        self.room.move(-z, target)
        self.slack.move(-(self.off_rows + model.row_use(v, z))[~model.equal], target)
        if self.levels is not None and model.level is not None:
            self.levels.move(np.where(model.level > 0, self.u_step - model.level * lift + self.off_level, 0.0), target)
        self.tau_step, self.row_step = lift, rows
        self.slack.dual_step = rows[~model.equal]
        self.q_step = np.zeros_like(self.q)
        if model.alpha is not None:
            self.q_step = self.q * (self.off_utility + self.bend - model.alpha * self.u_step / self.u)
        mean = ((self.d * remaining).sum(axis=0) - self.off_fixed) * self.tight
        self.q_step = np.where(self.fixed, -mean, self.q_step)

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
    steepest = float(np.max(-step / np.where(value > 0, value, np.inf)))
    return 1 / steepest if steepest > 0 else np.inf


def _above_noise(residual: Vector, size: Vector) -> Vector:
    """The residual, nought where it is rounding: a slack far below the size of its bound is known better than their difference."""
    return np.where(np.abs(residual) > 1e-15 * size, residual, 0.0)


def _hours_of_row(links: Any) -> Vector:
    """(row): node-hours that make the row's use 1."""
    return np.asarray(1 / links.max(axis=1).toarray().ravel())
