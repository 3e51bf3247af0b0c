"""The highest level that everybody reaches, from prices alone: the search for prices with one more unknown.

Where only the level counts, everybody takes the level, or the whole of the own request where that is less, from the
cheapest partitions; what a node-hour costs is such that one more of the level costs one. So the unknowns are the prices of
the rows and the level, and Newton's method finds them as it finds the prices of fair splits, with one row more. It may fail;
whatever it finds is only believed with a proof, and the interior point stands behind it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.linalg import LinAlgError

from analytics.allocation import quick
from analytics.allocation.aggregate import Reduced
from analytics.allocation.certificate import Prices, Split
from analytics.allocation.price_search import FURTHEST, TINY, Answer, Blur, Market, answer, curvature, drift, factorised, sharper
from analytics.allocation.program import Index, Mask, Vector

FIRST_USE = 0.7
"""The part of what is offered that the first level uses."""
FURTHEST_LEVEL, STEEPEST = 0.5, 3.0
"""The most by which the level, and a price, may rise in one step, in parts of themselves."""
CUT, CUTS_AT_MOST, SLIGHTLY = 0.4, 4, 0.1
"""To what part and how often a step is shortened, and by how little a misfit may fall in a whole one."""
STEPS_AT_MOST = 30
"""Newton steps for one blur before the search gives up."""
FIRST_BLUR, SHRINK, LAST_BLUR = 0.05, 0.25, 1e-6
SAMPLE, SAMPLE_BLUR = 2_000, 2e-3
"""How many projects a first search looks at, and how sharply."""
ROUGH_FIT, FIT = 1e-3, 1e-10
"""The relative misfit at which prices count as found, while choices are blurred and at the end."""
CLOSE, CLEAR = 2e-7, 3e-4
"""The estimated gap and the blur from which a proof is tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rise:
    """What everybody does at given prices and a level."""

    market: Market
    """The market, with the level."""
    at: Answer
    """The answer."""

    @property
    def level(self) -> float:
        """The level, in units of the market."""
        return float(self.market.level or 0.0)

    @property
    def rising(self) -> Mask:
        """(project): whether it takes the level, and not what one of its bounds says."""
        return np.asarray(self.at.u == self.level, dtype=bool)

    @property
    def count(self) -> Vector:
        """(project): for how many that rise it stands."""
        count = self.rising.astype(float)
        return count if self.market.stands_for is None else count * self.market.stands_for

    @property
    def off(self) -> float:
        """By how much the cost of one more of the level differs from one."""
        return float(self.at.cheapest @ self.count) - 1.0

    @property
    def worst(self) -> float:
        """The largest relative misfit."""
        return max(float(np.abs(self.at.misfit).max()), abs(self.off))


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A level with its split, worth a proof."""

    level: float
    """The satisfaction that everybody has who is not at a bound."""
    split: Split
    """The split."""
    prices: Prices
    """Level lost per unit of each limit."""
    cost: Vector
    """(served project): what one unit of satisfaction costs."""
    rising: Mask
    """(served project): whether it stands at the level."""


def levels(small: Reduced, served: Index) -> Iterator[Level]:
    """Ever sharper levels, each worth a proof.

    Raises:
        LinAlgError: if prices are not found on the way.
        FloatingPointError: if numbers leave the range of the machine.
    """
    with np.errstate(all="ignore"):
        here, unit = quick.market_of(small, served, 0.0)
        unit = replace(unit, welfare=unit.satisfaction)
        here = replace(here, flow_cost=small.flow_cost / unit.welfare)
        thin = quick.thinned(here, SAMPLE)
        rise, first = _first(thin, small), FIRST_BLUR
        if thin is not here:
            *_, (rise, first) = _sharpened(rise, first, SAMPLE_BLUR, np.inf)
            rise = _at(replace(here, level=rise.level), rise.at.rows, quick.first_blur(here, rise.at.rows, first))
        for found, _ in _sharpened(rise, first, LAST_BLUR, FIT):
            split, prices = quick.split(small, served, found.at.bought * found.at.u, found.at, unit)
            level = found.level * unit.satisfaction
            yield Level(level=level, split=split, prices=prices, cost=found.at.cheapest, rising=found.rising)


def _first(here: Market, small: Reduced) -> Rise:
    """Where one price for a node-hour everywhere would let all together take most of what is offered."""
    _, counted = quick.cheapest_hours(here)
    offered = float(small.program.capacity.sum())
    low, high = 0.0, float(here.most.max())
    for _ in range(quick.HALVINGS):
        level = 0.5 * (low + high)
        used = float(counted @ np.clip(level, here.least, here.most))
        low, high = (level, high) if used < FIRST_USE * offered else (low, level)
    rising = (here.most > low) & (here.least < low)
    if not rising.any():
        raise LinAlgError("nobody can rise")
    rows = quick.priced_rows(small, 1.0 / float(counted[rising].sum()), len(here.bound))
    market = replace(here, level=low)
    return _at(market, rows, quick.first_blur(market, rows, FIRST_BLUR))


def _at(market: Market, rows: Vector, blur: Blur) -> Rise:
    return Rise(market=market, at=answer(market, rows, blur))


def _sharpened(rise: Rise, first: float, last: float, fit: float) -> Iterator[tuple[Rise, float]]:
    """Levels once choices are sharp enough for a proof (or as sharp as the last blur), each with its blur."""
    level, blur = first, quick.first_blur(rise.market, rise.at.rows, first)
    while True:
        rise = _fitted(_at(rise.market, rise.at.rows, blur), blur, ROUGH_FIT)
        if level > quick.SETTLED:
            fresh = quick.paid_blur(rise.market, rise.at.cost, rise.at.rows, level)
            blur = replace(blur, options=fresh.options)
            rise = _fitted(_at(rise.market, rise.at.rows, blur), blur, ROUGH_FIT)
        if level <= last or (level <= CLEAR and quick.lost(rise.market, rise.at) <= CLOSE * rise.level):
            yield _fitted(rise, blur, fit), level
        if level <= last:
            return
        price, height = _step(rise, blur, *_drifted(rise, blur))
        rise = _moved(rise, price, height, sharper(blur, SHRINK))
        level, blur = level * SHRINK, sharper(blur, SHRINK)


def _drifted(rise: Rise, blur: Blur) -> tuple[Vector, float]:
    """How misfits will have moved once choices are blurred less."""
    over, dearer = drift(rise.market, rise.at, blur, SHRINK)
    return over, float(dearer @ rise.count)


def _fitted(rise: Rise, blur: Blur, fit: float) -> Rise:
    """The prices and the level at which every row fits for one blur.

    Raises:
        LinAlgError: if they are not found.
    """
    for _ in range(STEPS_AT_MOST):
        if rise.worst <= fit:
            return rise
        if not np.isfinite(rise.worst):
            break
        price, level = _step(rise, blur, rise.at.over, rise.off)
        tried = [_moved(rise, price, level, blur)]
        while len(tried) <= CUTS_AT_MOST and not tried[-1].worst <= (1 - SLIGHTLY * CUT ** len(tried)) * rise.worst:
            tried.append(_moved(rise, CUT ** len(tried) * price, CUT ** len(tried) * level, blur))
        rise = tried[-1] if len(tried) <= CUTS_AT_MOST else min(tried, key=lambda one: one.worst)
    raise LinAlgError(f"prices and the level still miss by {rise.worst:.1e}")


def _step(rise: Rise, blur: Blur, over: Vector, off: float) -> tuple[Vector, float]:
    """(row): the relative changes of prices, and that of the level, that take up misfits, shortened so that nothing changes too much.

    With H the curvature, b what all who rise use, δ and ε the changes of the logarithms of prices and level, it solves
    H δ − b ε = misfit and b·δ = −level · off; a multiple of b bᵀ is added to H, which changes nothing but its being singular.
    """
    market, at = rise.market, rise.at
    if not rise.rising.any():
        raise LinAlgError("nobody can rise")
    lifted = at.rows * market.use(market.by_class(at.bought, np.where(rise.rising, rise.level, 0.0)))
    matrix = curvature(market, at, blur)
    weight = float(matrix.diagonal().mean()) / float(lifted @ lifted)
    factor = factorised(matrix + weight * np.outer(lifted, lifted))
    wanted = -rise.level * off
    price, more = factor.solved(at.rows * over + weight * wanted * lifted), factor.solved(lifted)
    raised = (wanted - float(lifted @ price)) / float(lifted @ more)
    step = price + raised * more
    part = min(
        1.0,
        FURTHEST / max(TINY, -float(step.min())),
        STEEPEST / max(TINY, float(step.max())),
        FURTHEST_LEVEL / max(TINY, abs(raised)),
    )
    return part * step, part * raised


def _moved(rise: Rise, step: Vector, raised: float, blur: Blur) -> Rise:
    return _at(replace(rise.market, level=rise.level * (1 + raised)), rise.at.rows * (1 + step), blur)
