"""A slow but sure start: the exact point on the central path, found over the prices of the rows alone.

For given prices every project and flow has one best answer to the objective with its barrier, found exactly however steep the
utility is; what remains is a smooth convex function of few prices, minimised by Newton's method. Used where weights, requests or
prices lie so far apart that the interior point's straight lines mislead it.
"""

from dataclasses import dataclass

import numpy as np

from analytics.allocation.elimination import Elimination
from analytics.allocation.model import Model
from analytics.allocation.program import Vector

SHRINK = 0.2
"""The factor by which the barrier falls once the prices fit."""
NEWTON_STEPS = 120
BACKTRACKS = 20
HALVINGS = 70
CLOSE = 0.05
"""The decrement, in parts of the barrier's worth, at which prices fit."""


CLOSEST = 1e-6
"""The same for the last barrier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """A point on the central path: every product of a quantity and its dual is `target` times its weight."""

    target: float
    """The size of the barrier."""
    rows: Vector
    """(row): prices."""
    options: Vector
    """(partition, project): satisfaction by partition."""
    option_duals: Vector
    """(partition, project): what an option costs beyond the marginal worth."""
    u: Vector
    """(project): satisfaction."""
    cheapest: Vector
    """(project): what its cheapest option costs."""
    q: Vector
    """(project): marginal utility; for a fixed project, what its last unit costs."""
    room: Vector
    """(project): what is left to its most."""
    used: Vector
    """(flow): the part used."""
    unused: Vector
    """(flow): the part not used."""
    slack: Vector
    """(row that is no equality): what is left of it."""


def centre(model: Model, rows: Vector, goal: float) -> Centre:
    """The point on the central path for a barrier of the size of the goal, from first prices of the rows."""
    target, unequal = 1.0, ~model.equal
    point = _answers(model, rows, target)
    for _ in range(NEWTON_STEPS):
        over = _over(model, point)
        step = _system(model, point).solved(over)
        decrement = float(step @ over)
        if decrement <= (CLOSE if target > goal else CLOSEST) * target * model.worth / len(model.bound):
            if target <= goal:
                break
            target = max(goal, target * SHRINK)
            point = _answers(model, point.rows, target)
            continue
        falling = -step[unequal] / point.rows[unequal]
        length = min(1.0, 0.9 / max(1e-12, float(falling.max(initial=0.0))))
        for _ in range(BACKTRACKS):
            tried = _answers(model, point.rows + length * step, target)
            if float(_over(model, tried) @ step) >= -0.5 * decrement:
                break
            length *= 0.5
        point = tried
    return point


def _over(model: Model, point: Centre) -> Vector:
    """(row): by how much use and slack together pass the bound."""
    over = model.row_use(np.where(model.live, point.options, 0.0), point.used) - model.bound
    over[~model.equal] += point.slack
    return over


def _system(model: Model, point: Centre) -> Elimination:
    """How the answers move with the prices."""
    weight = point.target * model.barrier
    bend = weight / point.room**2 + np.where(model.least > 0, weight / np.maximum(point.u - model.least, 1e-300) ** 2, 0.0)
    if model.alpha is not None:
        bend = bend + model.alpha * np.abs(point.q) / point.u
    flow = point.target * model.flow_barrier
    return Elimination(
        model,
        options=np.where(model.live, point.option_duals, 1.0) / point.options,
        bend=np.where(model.fixed, 1.0, bend),
        fixed=model.fixed,
        flows=flow / point.used**2 + flow / point.unused**2,
        slack=point.slack / point.rows[~model.equal],
        level_stiffness=None,
    )


def _answers(model: Model, rows: Vector, target: float) -> Centre:
    """What all projects and flows do at prices of the rows."""
    cost = np.where(model.live, model.priced(rows), np.inf)
    cheapest = cost.min(axis=0)
    extra = cost - cheapest
    weight = target * model.barrier
    beyond = _beyond(model, cheapest, extra, weight)
    duals = extra + beyond
    options = np.where(model.live, weight / duals, 1.0)
    u = np.where(model.live, options, 0.0).sum(axis=0)
    marginal = cheapest - beyond
    room = _room(model, u, marginal, weight)
    q = np.where(model.fixed, marginal, 0.0 if model.alpha is None else model.weight * u ** -(model.alpha or 0.0))
    gain = -(model.of_flows.T @ rows) - model.flow_cost
    used, unused = _flows(gain, model.room, target * model.flow_barrier)
    slack = target * model.row_barrier / rows[~model.equal]
    return Centre(
        target=target,
        rows=rows,
        options=options,
        option_duals=np.where(model.live, duals, 0.0),
        u=u,
        cheapest=cheapest,
        q=q,
        room=room,
        used=used,
        unused=unused,
        slack=slack,
    )


def _beyond(model: Model, cheapest: Vector, extra: Vector, weight: Vector) -> Vector:
    """(project): how far its marginal worth stays below its cheapest option, by halving the logarithm of its range."""
    options = len(extra)
    low = np.log(weight / model.most)
    high = np.log(np.maximum(cheapest, 0.0) + 2 * (options + 1) * weight / model.most)
    if (model.least > 0).any():
        high = np.where(model.least > 0, np.minimum(high, np.log(options * weight / np.maximum(model.least, 1e-300))), high)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        beyond = np.exp(middle)
        u = (weight / (extra + beyond)).sum(axis=0)
        too_little = _marginal(model, u, weight) + beyond - cheapest > 0
        too_little = np.where(model.fixed, u < model.most, too_little)
        low, high = np.where(too_little, low, middle), np.where(too_little, middle, high)
    return np.asarray(np.exp(0.5 * (low + high)))


def _marginal(model: Model, u: Vector, weight: Vector) -> Vector:
    """(project): marginal utility with the barriers at its bounds; without end at the lower, below all at the upper."""
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        worth = 0.0 if model.alpha is None else model.weight * u**-model.alpha
        worth = worth + np.where(model.least > 0, weight / (u - model.least), 0.0) - weight / (model.most - u)
        worth = np.where((model.least > 0) & (u <= model.least), np.inf, worth)
        return np.asarray(np.where(u >= model.most, -np.inf, worth))


def _room(model: Model, u: Vector, marginal: Vector, weight: Vector) -> Vector:
    """(project): what is left to its most, from the dual where their difference is mere rounding."""
    room = np.maximum(model.most - u, 0.0)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        rent = (0.0 if model.alpha is None else model.weight * u**-model.alpha) - marginal
        rent = rent + np.where(model.least > 0, weight / np.maximum(u - model.least, 1e-300), 0.0)
        sharp = np.where(rent > 0, weight / rent, room)
    return np.asarray(np.where(model.fixed, 1.0, np.where(room > 1e-6 * model.most, room, np.maximum(sharp, 1e-300))))


def _flows(gain: Vector, room: Vector, weight: Vector) -> tuple[Vector, Vector]:
    """The used and unused part of each flow at its gain, in closed form without cancellation."""
    pull = gain * room / (4 * weight)
    root = np.hypot(1, 2 * pull)
    near = 1 / (root + 2 * np.abs(pull))
    small, large = 0.5 * room * (1 + near) / (1 + root), 0.5 * room * (1 + 2 * np.abs(pull) / (1 + root))
    return np.where(pull > 0, large, small), np.where(pull > 0, small, large)
