"""Projects whose choice is certain near given prices, put together: many projects become a few, and no answer changes.

Near some prices most projects have one partition that is cheapest by far, and stay between their bounds, or at one of them.
All of one class that take their hours from one partition and are free to choose how much act like one project, for each
takes (weight ÷ cost)^(1/α) and so all fall and rise by the same factor; those at a bound take what they take at any price.
Only projects near a tie, or near a bound, are looked at one by one.
"""

from dataclasses import dataclass, replace

import numpy as np

from analytics.allocation.price_search import Market
from analytics.allocation.program import Index, Mask, Vector

BLURRED = 19.0
"""How many times the blur a partition may cost more than the cheapest before a project takes nothing of it."""
SPARED = 0.2
"""The part of the projects that must at least be put together for it to pay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """A market near some prices, in which projects that are certain of their choice stand together."""

    market: Market
    """The projects near a tie or a bound, and one for all those of a class and partition that act alike."""
    whole: Market
    """The market with each project by itself."""
    near: Vector
    """(class, partition): the prices of node-hours near which it holds."""
    reach: float
    """How far from them, relative, it holds."""
    kept: Index
    """(project of the market that is looked at by itself): its position in the whole."""
    place: Index
    """(the same): its position in the market."""
    choice: Index
    """(project of the whole): the partition it is certain to take its hours from; whatever where it is not certain."""
    free: Mask
    """(project of the whole): whether it is certain to be between its bounds."""
    taken: Vector
    """(project of the whole): node-hours it takes at `near`, where it is certain."""

    def holds(self, rows: Vector) -> bool:
        """Whether prices are so near that everybody put together chooses as was said."""
        now = self.whole.prices(rows)
        with np.errstate(divide="ignore", invalid="ignore"):
            moved = np.abs(now / self.near - 1)
        return bool((np.where(self.near > 0, moved, 0.0) <= self.reach).all())

    def hours(self, taken: Vector, rows: Vector) -> Vector:
        """(partition, project of the whole): node-hours that everybody takes, from those of the market at prices of the rows."""
        found = np.zeros_like(self.whole.hours)
        alone = self.taken
        if self.whole.alpha > 0:
            now = self.whole.prices(rows)
            fall = (self.near / np.where(now > 0, now, self.near)) ** (1 / self.whole.alpha)
            alone = np.where(self.free, alone * fall[_class_of(self.whole), self.choice], alone)
        found[self.choice, np.arange(len(self.choice))] = alone
        found[:, self.kept] = taken[:, self.place]
        return found


def gathered(whole: Market, rows: Vector, reach: float, blur: float) -> Crowd | None:
    """The market near prices of the rows with certain projects put together; None where that would not leave far fewer.

    Args:
        whole: A market in which every project stands for itself.
        rows: The prices of its rows.
        reach: How far, relative, prices of node-hours may yet move.
        blur: How far apart, relative, options may be and still not be told apart.
    """
    near = whole.prices(rows)
    cost = whole.hours * whole.by_project(near)
    if whole.dead is not None:
        cost += whole.dead
    every = np.arange(cost.shape[1])
    choice = cost.argmin(axis=0)
    cheapest = cost[choice, every]
    cost[choice, every] = np.inf
    blurred = BLURRED * blur
    u, certain, free = _state(whole, cheapest, 2 * reach + (blurred if whole.alpha == 0 else 0.0))
    certain &= (cheapest > 0) & (cost.min(axis=0) > (1 + 2 * reach + blurred) * cheapest)
    taken = whole.hours[choice, every] * u
    seen = np.logical_or.reduceat(~certain | (taken > 0), whole.starts)
    certain[whole.starts[~seen]] = False
    if np.count_nonzero(certain) < SPARED * len(every) + 2 * near.size:
        return None
    kept = np.flatnonzero(~certain)
    market, place = _market(whole, near, kept, choice, certain & free, np.where(certain, taken, 0.0), u)
    return Crowd(
        market=market,
        whole=whole,
        near=near,
        reach=reach,
        kept=kept,
        place=place,
        choice=choice,
        free=free,
        taken=taken,
    )


def _class_of(market: Market) -> Index:
    """(project): its class."""
    return np.repeat(np.arange(len(market.starts)), np.diff(np.append(market.starts, market.hours.shape[1])))


def _state(whole: Market, cheapest: Vector, margin: float) -> tuple[Vector, Mask, Mask]:
    """(project): its satisfaction, whether it stays on one side of its bounds at any cost within a margin, and whether between them."""
    with np.errstate(all="ignore"):
        keen = whole.log_weight - np.log(cheapest)
        if whole.alpha == 0:
            low, high, free = keen < -margin, keen > margin, np.zeros(len(keen), dtype=bool)
            return np.where(high, whole.most, whole.least), low | high, free
        least, most = whole.alpha * np.log(whole.least), whole.alpha * np.log(whole.most)
        low, high = (keen + margin < least) | (most <= least), keen - margin > most
        free = (keen - margin > least) & (keen + margin < most)
        u = np.where(free, np.exp(keen / whole.alpha), np.where(high, whole.most, whole.least))
    return u, low | high | free, free


def _market(whole: Market, near: Vector, kept: Index, choice: Index, free: Mask, taken: Vector, u: Vector) -> tuple[Market, Index]:
    """The projects looked at one by one with those put together, class by class, and where the former stand in it."""
    class_of, partitions = _class_of(whole), near.shape[1]
    cell = class_of * partitions + choice
    alike = np.bincount(cell, np.where(free, taken, 0.0), near.size)
    bound = np.bincount(cell, np.where(free, 0.0, taken), near.size)
    with np.errstate(all="ignore"):
        worth = np.where(free | (taken <= 0), 0.0, np.exp(whole.log_weight + (1 - whole.alpha) * np.log(u)))
    worth = np.bincount(cell, worth, near.size)
    some, held = np.flatnonzero(alike > 0), np.flatnonzero(bound > 0)
    cells = np.concatenate([some, held])
    hours = np.zeros((partitions, len(cells)))
    hours[cells % partitions, np.arange(len(cells))] = np.concatenate([alike[some], bound[held]])
    order = np.argsort(np.concatenate([class_of[kept], cells // partitions]), kind="stable")
    hours = np.concatenate([whole.hours[:, kept], hours], axis=1)[:, order]
    many, few = np.full(len(some), np.inf), np.ones(len(held))
    log_weight = np.concatenate([whole.log_weight[kept], np.log(near.ravel()[some] * alike[some]), np.log(worth[held])])
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    classes = np.concatenate([class_of[kept], cells // partitions])[order]
    return replace(
        whole,
        hours=hours,
        dead=np.where(hours > 0, 0.0, np.inf),
        log_weight=log_weight[order],
        least=np.concatenate([whole.least[kept], np.zeros(len(some)), few])[order],
        most=np.concatenate([whole.most[kept], many, few])[order],
        starts=np.searchsorted(classes, np.arange(len(whole.starts))).astype(np.int64),
    ), place[: len(kept)]
