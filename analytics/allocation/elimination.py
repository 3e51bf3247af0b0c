"""One linear system of the interior point: projects and flows eliminated in closed form, the coupling rows factorised.

Every project's block is a diagonal plus a constant (utility sees the sum of its options alone), so its inverse is known; what is
left has one row a limit, link or shared capacity, however many projects there are.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import linalg, sparse

from analytics.allocation.model import Model
from analytics.allocation.program import Mask, Vector

CORRECTIONS = 2
"""How often a step is corrected by what it leaves over of the rows and of the level."""
RIDGE = 1e-14
"""What is added to the scaled diagonal, so that rows that say the same twice can be factorised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """The right-hand sides of one system."""

    options: Vector
    """(partition, project): on each option."""
    flows: Vector
    """(flow): on each flow."""
    rows: Vector
    """(row): what each row is over its bound, its slack's own wish included."""
    fixed: Vector
    """(project): how far a project without choice is from its satisfaction."""
    levels: Vector | None
    """(project): on the duals that pull the level; None where there is no level."""
    level: float
    """By how much those duals miss their sum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The solution of one system."""

    options: Vector
    """(partition, project): the step of each option."""
    flows: Vector
    """(flow): the step of each flow."""
    rows: Vector
    """(row): the step of each price."""
    level: float
    """The step of the level."""
    drag: Vector
    """(project): what presses on all options of a project alike; the step of a fixed project's own dual."""


class Elimination:
    """The factorised system at one point."""

    def __init__(
        self, model: Model, options: Vector, bend: Vector, fixed: Mask, flows: Vector, slack: Vector, level_stiffness: Vector | None
    ) -> None:
        self.model, self.fixed, self.flows, self.slack = model, fixed, flows, slack
        self.inverse = model.live / options
        self.loose = np.where(fixed, 0.0, 1.0 / bend)
        self.tight = 1.0 / (self.loose + self.inverse.sum(axis=0))
        self.first, self.every = self.inverse.argmax(axis=0), np.arange(self.inverse.shape[1])
        self._factorise()
        self.level_stiffness = level_stiffness
        if level_stiffness is not None and model.level is not None:
            self._lift(level_stiffness, model.level)

    def step(self, push: Push, corrections: int = CORRECTIONS) -> Step:
        """The steps that the pushes lead to, corrected so often by what rounding leaves over."""
        model, unequal = self.model, ~self.model.equal
        options = self._answer(push.options) + self.inverse * self.tight * push.fixed
        flows, level, rows = push.flows / self.flows, 0.0, np.zeros(len(model.bound))
        for _ in range(1 + corrections):
            over = push.rows + model.row_use(options, flows)
            over[unequal] -= self.slack * rows[unequal]
            more = self.solved(over)
            rows = rows + more
            options = options - self._answer(model.priced(more))
            flows = flows - (model.of_flows.T @ more) / self.flows
            if push.levels is not None and model.level is not None and self.level_stiffness is not None:
                pull = push.levels - self.level_stiffness * (options.sum(axis=0) - model.level * level)
                more_level = (push.level - float(pull @ model.level)) / self.level_give
                level, rows = level + more_level, rows + more_level * self.lifted_rows
                options, flows = options + more_level * self.lifted_options, flows + more_level * self.lifted_flows
        pressed = push.options - model.priced(rows)
        if self.level_stiffness is not None and model.level is not None:
            pressed = pressed + self.level_stiffness * model.level * level
        drag = ((self.inverse * pressed).sum(axis=0) - push.fixed) * self.tight
        return Step(options=options, flows=flows, rows=rows, level=level, drag=drag)

    def _factorise(self) -> None:
        model = self.model
        matrix = self._of_projects() + (model.of_flows @ sparse.diags_array(1 / self.flows) @ model.of_flows.T).toarray()
        diagonal = np.zeros(len(model.bound))
        diagonal[~model.equal] = self.slack
        matrix[np.diag_indices_from(matrix)] += diagonal
        self.rescale = 1 / np.sqrt(np.maximum(matrix.diagonal(), 1e-300))
        matrix *= self.rescale[:, None] * self.rescale
        matrix[np.diag_indices_from(matrix)] += RIDGE
        self.factor = linalg.cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)

    def _of_projects(self) -> Any:
        """(row, row): what the projects add, without cancellation: each diagonal entry from the sum of the other options."""
        model, inverse = self.model, self.inverse
        others = np.empty_like(inverse)
        for option in range(len(inverse)):
            others[option] = inverse[:option].sum(axis=0) + inverse[option + 1 :].sum(axis=0)
        arm = model.hours * inverse * np.sqrt(self.tight)
        own = np.add.reduceat(model.hours**2 * inverse * self.tight * (self.loose + others), model.starts, axis=1)
        ends = np.append(model.starts[1:], arm.shape[1])
        blocks = np.stack([-(arm[:, start:end] @ arm[:, start:end].T) for start, end in zip(model.starts, ends, strict=True)])
        diagonal = np.arange(len(inverse))
        blocks[:, diagonal, diagonal] = own.T
        count = len(blocks)
        block_diagonal = sparse.bsr_array((blocks, np.arange(count), np.arange(count + 1)))
        return (model.of_classes @ block_diagonal @ model.of_classes.T).toarray()

    def _lift(self, stiffness: Vector, level: Vector) -> None:
        """How everything answers to a level that is one higher."""
        model = self.model
        at_fixed_prices = self._answer(np.where(model.live, stiffness * level, 0.0))
        self.lifted_rows = self.solved(model.row_use(at_fixed_prices, np.zeros(len(model.room))))
        self.lifted_options = at_fixed_prices - self._answer(model.priced(self.lifted_rows))
        self.lifted_flows = -(model.of_flows.T @ self.lifted_rows) / self.flows
        self.level_give = float((stiffness * (level - self.lifted_options.sum(axis=0))) @ level) + 1e-300

    def _answer(self, push: Vector) -> Vector:
        """The options' answer to a push on each, centred on the largest option so that nothing cancels."""
        common = push[self.first, self.every]
        rest = push - common
        total = np.einsum("sp,sp->p", self.inverse, rest)
        rest += (common * self.loose - total) * self.tight
        return np.asarray(rest * self.inverse)

    def solved(self, right: Vector) -> Vector:
        """(row): the prices' step that takes up what is over, projects and flows answering."""
        return np.asarray(self.rescale * linalg.cho_solve(self.factor, self.rescale * right, check_finite=False))
