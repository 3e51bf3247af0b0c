"""The quick way to a split: the search for prices alone, at which what all projects would take together is what there is.

At given prices every project has one best answer, so the only unknowns are the prices of the coupling rows, few however many
projects there are. A choice between options that cost nearly the same, and the use of a flow that just pays, are first blurred
and then ever sharper; Newton's method follows in the logarithm of the prices. It may fail on small problems full of ties:
whatever it finds is only believed with a proof, and the interior point stands behind it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.linalg import LinAlgError
from scipy.linalg import lapack

from analytics.allocation.program import Index, Vector

FURTHEST = 0.9
"""The part of itself that a price may fall by in one step."""
STEPS_AT_MOST = 25
"""Newton steps for one blur before the search gives up."""
CUTS_AT_MOST = 8
"""How often one step is shortened."""
DUST = 1e-8
"""Part of a project's satisfaction below which an option is left out."""
RIDGE = 1e-13
"""What is added to the scaled diagonal, so that rows that say the same twice can be factorised."""
LARGEST = 700.0
"""The largest exponent."""
TINY = 1e-300
ROUNDING = 1e-14


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What the search looks at: projects with their options, flows and rows; a sample stands for more projects than it holds."""

    alpha: float
    """The exponent of fairness."""
    hours: Vector
    """(partition, project): node-hours of one unit of satisfaction; 0 where there is no option."""
    dead: Vector | None
    """(partition, project): 0 where there is an option, infinite where not; None where every option exists."""
    log_weight: Vector
    """(project): logarithm of its weight in units of the reference."""
    least: Vector
    """(project): lower bound of satisfaction, in units of the reference."""
    most: Vector
    """(project): upper bound."""
    stands_for: Vector | None
    """(project): how many projects it stands for; None where each is itself."""
    starts: Index
    """(class): where its projects begin."""
    of_classes: Vector
    """(row, class, partition): coefficients of node-hours."""
    of_flows: Vector
    """(row, flow): coefficients of whole flows."""
    bound: Vector
    """(row): right-hand side."""
    flow_cost: Vector
    """(flow): welfare lost if all of it is used, in units of the reference."""
    level: float | None = None
    """What everybody takes whose bounds allow it, where only the level counts; None where each has a utility."""

    def prices(self, rows: Vector) -> Vector:
        """(class, partition): what a node-hour costs at prices of the rows."""
        return np.asarray((rows @ self.of_classes.reshape(len(rows), -1)).reshape(self.of_classes.shape[1:]))

    def use(self, hours: Vector) -> Vector:
        """(row): what node-hours of (class, partition) use of it."""
        return np.asarray(self.of_classes.reshape(len(self.bound), -1) @ hours.ravel())

    def by_project(self, values: Vector) -> Vector:
        """(partition, project) from (class, partition)."""
        if len(values) == 1:
            return np.ascontiguousarray(values.T)
        return np.repeat(values.T, np.diff(np.append(self.starts, self.hours.shape[1])), axis=1)

    def by_class(self, values: Vector, times: Vector) -> Vector:
        """(class, partition): the sums over the projects of each class of values times a number of each project."""
        if self.stands_for is not None:
            times = times * self.stands_for
        if len(self.starts) == 1:
            return np.asarray((values @ times)[None, :])
        return np.add.reduceat(values * times, self.starts, axis=1).T


@dataclass(frozen=True, slots=True, kw_only=True)
class Blur:
    """How blurred choices are: the differences in welfare that nobody notices."""

    options: Vector
    """(project): between its options."""
    flows: Vector
    """(flow): between using it and not."""
    slack: Vector
    """(row): price times what is left of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What everybody does at given prices."""

    rows: Vector
    """(row): the prices."""
    cost: Vector
    """(partition, project): what a unit of satisfaction costs."""
    part: Vector
    """(partition, project): the part of a project's satisfaction that comes from each option."""
    bought: Vector
    """(partition, project): the node-hours it takes for one unit of satisfaction."""
    cheapest: Vector
    """(project): what a unit of satisfaction costs, blurred."""
    u: Vector
    """(project): satisfaction."""
    slope: Vector
    """(project): by how much it falls as its cost rises."""
    gain: Vector
    """(flow): what all of it would bring."""
    used: Vector
    """(flow): the part used."""
    slack: Vector
    """(row): what is left of it."""
    over: Vector
    """(row): by how much use and slack together pass the bound."""
    misfit: Vector
    """(row): the same, relative to the larger of its two sides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """A factorised matrix with the scale of its rows."""

    factor: Vector
    scale: Vector

    def solved(self, right: Vector) -> Vector:
        """What the matrix turns into the right-hand side."""
        return np.asarray(self.scale * lapack.dpotrs(self.factor, self.scale * right, lower=1)[0])


def answer(market: Market, rows: Vector, blur: Blur) -> Answer:
    """What all projects and flows do at prices of the rows."""
    cost = market.hours * market.by_project(market.prices(rows))
    if market.dead is not None:
        cost += market.dead
    least_cost = cost.min(axis=0)
    part = least_cost - cost
    part /= blur.options
    np.exp(part, out=part)
    part[part < DUST] = 0.0
    total = part.sum(axis=0)
    part /= total
    cheapest = least_cost - blur.options * np.log(total)
    u, slope = _wanted(market, cheapest, blur.options)
    gain = -(rows @ market.of_flows) - market.flow_cost
    used = 1 / (1 + np.exp(np.minimum(-gain / blur.flows, LARGEST)))
    slack = blur.slack / rows
    bought = market.hours * part
    over, misfit = _balance(market, market.by_class(bought, u), used, slack)
    return Answer(
        rows=rows,
        cost=cost,
        part=part,
        bought=bought,
        cheapest=cheapest,
        u=u,
        slope=slope,
        gain=gain,
        used=used,
        slack=slack,
        over=over,
        misfit=misfit,
    )


def _wanted(market: Market, cheapest: Vector, blur: Vector) -> tuple[Vector, Vector]:
    """(project): the satisfaction it takes at a cost, and by how much that falls as the cost rises."""
    alpha = market.alpha
    if market.level is not None:
        return np.minimum(np.maximum(market.level, market.least), market.most), np.zeros(len(cheapest))
    if alpha == 0:
        weight = np.exp(market.log_weight)
        keen = 1 / (1 + np.exp(np.clip((cheapest - weight) / blur, -LARGEST, LARGEST)))
        span = market.most - market.least
        return market.least + span * keen, span * keen * (1 - keen) / blur
    paid = np.maximum(cheapest, 1e-300)
    free = np.exp(np.minimum((market.log_weight - np.log(paid)) / alpha, LARGEST))
    u = np.minimum(np.maximum(free, market.least), market.most)
    return u, np.where(u == free, u / (alpha * paid), 0.0)


def _balance(market: Market, use: Vector, used: Vector, slack: Vector) -> tuple[Vector, Vector]:
    """(row): by how much use and slack pass the bound, and the same relative to the larger of the two sides."""
    taken = market.use(use)
    brought = market.of_flows @ used
    plus = np.maximum(taken, 0) + np.maximum(brought, 0) + np.maximum(-market.bound, 0) + slack
    minus = np.maximum(-taken, 0) + np.maximum(-brought, 0) + np.maximum(market.bound, 0)
    over = plus - minus
    return over, over / np.maximum(np.maximum(plus, minus), TINY)


def curvature(market: Market, at: Answer, blur: Blur) -> Vector:
    """(row, row): by how much the worth of each row's use falls as the logarithms of prices rise."""
    bought, sharp = at.bought, at.u / blur.options
    turned = 1 - at.part
    turned *= sharp
    turned += at.slope * at.part
    turned *= bought
    turned *= market.hours
    own = market.by_class(turned, np.ones(turned.shape[1]))
    pull = sharp - at.slope
    if market.stands_for is not None:
        pull = pull * market.stands_for
    ends = np.append(market.starts[1:], bought.shape[1])
    count, place = len(market.bound), np.arange(len(bought))
    matrix = np.zeros((count, count))
    for one, (start, end) in enumerate(zip(market.starts, ends, strict=True)):
        block = -((bought[:, start:end] * pull[start:end]) @ bought[:, start:end].T)
        block[place, place] = own[one]
        of_class = market.of_classes[:, one]
        matrix += of_class @ block @ of_class.T
    matrix += (market.of_flows * (at.used * (1 - at.used) / blur.flows)) @ market.of_flows.T
    matrix *= at.rows[:, None] * at.rows
    matrix[np.diag_indices(count)] += at.rows * at.slack
    return matrix


def factorised(matrix: Vector) -> Factor:
    """A symmetric positive matrix made ready to be solved.

    Raises:
        LinAlgError: if it is not positive.
    """
    scale = 1 / np.sqrt(np.maximum(matrix.diagonal(), TINY))
    matrix = matrix * scale[:, None] * scale
    matrix[np.diag_indices(len(matrix))] += RIDGE
    factor, fault = lapack.dpotrf(matrix, lower=1, overwrite_a=1)
    if fault:
        raise LinAlgError("the rows cannot be told apart")
    return Factor(factor=factor, scale=scale)


def fitted(market: Market, at: Answer, blur: Blur, fit: float) -> Answer:
    """The prices at which every row fits for one blur.

    Raises:
        LinAlgError: if they are not found.
    """
    for _ in range(STEPS_AT_MOST):
        worst = float(np.abs(at.misfit).max())
        if worst <= fit:
            return at
        if not np.isfinite(worst):
            break
        at = _further(market, at, _change(market, at, blur, at.over), blur)
    raise LinAlgError(f"prices still miss by {worst:.1e}")


def foreseen(market: Market, at: Answer, blur: Blur, shrink: float) -> Vector:
    """(row): the prices at which choices blurred less by a factor should fit, foreseen from how answers move with the blur."""
    return np.asarray(at.rows * (1 + _change(market, at, blur, drift(market, at, blur, shrink)[0])))


def drift(market: Market, at: Answer, blur: Blur, shrink: float) -> tuple[Vector, Vector]:
    """(row): by how much use would pass the bounds if choices were blurred less by a factor, and (project): what that adds to its cost."""
    dearer = np.where(at.part > 0, at.cost, at.cheapest)
    dearer -= at.cheapest
    mean = (at.part * dearer).sum(axis=0)  # the entropy of the choice, times its blur
    dearer -= mean
    dearer *= at.u / blur.options
    dearer += at.slope * mean
    dearer *= at.bought
    flows = at.used * (1 - at.used) * (-at.gain / blur.flows)
    projects = market.use(market.by_class(dearer, np.ones(dearer.shape[1])))
    over = (projects + market.of_flows @ flows) * (shrink - 1) + at.slack * (shrink**2 - 1)
    return over, mean * (1 - shrink)


def sharper(blur: Blur, shrink: float) -> Blur:
    """The blur times a factor; what is left of a row by its square."""
    return Blur(options=blur.options * shrink, flows=blur.flows * shrink, slack=blur.slack * shrink**2)


def _change(market: Market, at: Answer, blur: Blur, over: Vector) -> Vector:
    """(row): the relative change of each price that takes up so much use, shortened so that none falls by more than most of itself."""
    step = factorised(curvature(market, at, blur)).solved(at.rows * over)
    return np.asarray(step * min(1.0, FURTHEST / max(TINY, -float(step.min()))))


def _further(market: Market, at: Answer, step: Vector, blur: Blur) -> Answer:
    """The answer a step further, or less far while the rows would then pull back hard."""
    pull = abs(float((at.rows * step) @ at.over))
    for _ in range(CUTS_AT_MOST):
        tried = answer(market, at.rows * (1 + step), blur)
        left = float((at.rows * step) @ tried.over)
        if not left < -0.5 * pull - ROUNDING * float(np.abs(at.rows * step).sum()):
            break
        cut = min(0.7, max(0.1, pull / (pull - left)))
        step, pull = cut * step, cut * pull
    return tried
