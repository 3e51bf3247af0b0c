"""Max-min and leximin: the worst-off as high as can be; then, with them held there, the next; and so on."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from numpy.linalg import LinAlgError

from analytics.allocation import level_search, quick, scaling
from analytics.allocation.aggregate import Reduced
from analytics.allocation.attempts import Found, alpha_fair, read
from analytics.allocation.certificate import Certificate, Prices, Split, level_bound, violation
from analytics.allocation.interior_point import optimum
from analytics.allocation.model import Model, Point
from analytics.allocation.program import Index, Mask, Vector
from analytics.allocation.solution import limited_by

PAID = 1e-6
"""The part of a usual cost from which on a project surely cannot be raised without lowering others."""
HELD = 1e-9
"""The part of its level by which a project that cannot be raised is held lower, so that rounding shuts no door."""
ROUNDS_AT_MOST = 200
GUESSES_AT_MOST = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """One round: the level that all free projects reach together, and its proof."""

    numbers: Model
    """What was solved."""
    point: Point
    """Where it ended."""
    unit: float
    """Welfare of one unit of its objective."""
    full: Mask
    """(project): whether its own request lies below the level."""
    held: Mask
    """(project): whether it can be raised no further."""
    prices: Prices
    """Satisfaction of the worst-off per unit of each limit."""
    bound: float
    """What the level cannot pass."""


def worst_off_first(small: Reduced, served: Index, rounds: int | None) -> Iterator[Found]:
    """The split of leximin, or of its first round, after which proportional fairness shares what is left.

    Whoever gets the whole of the own request is satisfied and does not hold the others down.
    """
    yield from _at_one_level(small, served)
    full = small.program
    least, most = full.least.copy(), full.most.copy()
    free = np.zeros(len(full.weight), bool)
    free[served] = True
    story: list[Raised] = []
    words = np.where(free | (full.most <= 0), "own request", "no eligible partition").astype(object)
    while free.any() and len(story) < (rounds or ROUNDS_AT_MOST):
        raised = _raise(small, served, least, most, free)
        story.append(raised)
        met, held = free & raised.full, free & raised.held
        least = np.where(met, full.most, np.where(held, raised.point.level * (1 - HELD), least))
        most = np.where(met | held, least, most)
        words[held] = np.array(limited_by(full, raised.prices, np.zeros(len(free))), dtype=object)[held]
        free &= ~(met | held)
        if rounds is not None and free.any():
            least = np.where(free, np.maximum(least, raised.point.level * (1 - HELD)), least)
    bounds = (least, most) if rounds is not None or not story[-1].held.any() else None
    found = _shared_out(small, served, story, replace_bounds=bounds, words=words)
    yield found
    if rounds is not None and not found.certificate.accepted:  # where held projects leave no room for a fair search, round after round
        yield from worst_off_first(small, served, None)


def _at_one_level(small: Reduced, served: Index) -> Iterator[Found]:
    """The split, if prices alone find it and nobody who stands at the level can be raised beyond it; none where they do not."""
    full = small.program
    if not quick.worth_trying(small):
        return
    with suppress(FloatingPointError, LinAlgError):
        for found in level_search.levels(small, served):
            u = found.split.satisfaction(full)[served]
            hungry = u < full.most[served] * (1 - HELD)
            if not found.rising.any() or not (found.cost[hungry] > PAID * found.cost[found.rising].mean()).all():
                return
            pull = np.zeros(len(full.weight))
            pull[served] = np.where(found.rising, found.cost, 0.0)
            bound = level_bound(full, found.prices, pull, full.least)
            words = limited_by(full, found.prices, found.split.satisfaction(full))
            proof = _proof(small, served, found.split, bound, bound / found.level - 1)
            yield Found(split=found.split, prices=found.prices, certificate=proof, held_by=tuple(words))


def _raise(small: Reduced, served: Index, least: Vector, most: Vector, free: Mask) -> Raised:
    """The highest level that all free projects can reach together, where the own request does not end earlier.

    Projects with a request below the level must be told apart from those above. The guess starts at none and can only grow: to
    ask more of a project than it wants is stricter, so every level found that way can be reached.
    """
    full = small.program
    reach = np.where(free, _reach(small), most)
    met = np.zeros_like(free)
    for _ in range(GUESSES_AT_MOST):
        low, high = np.where(met, full.most, least), np.where(met, full.most, reach)
        begin = scaling.start(small, low, high, None)
        level = np.where(free & ~met, 1.0, 0.0)
        numbers, unit = scaling.model(small, served, begin, alpha=None, bounds=(low, high), level=level)
        point = optimum(numbers)
        more = free & ~met & (full.most <= point.level * (1 + HELD))
        if not more.any():
            break
        met |= more
        if not (free & ~met).any():
            break
    return _raised(small, served, numbers, point, unit, met, free & ~met, low)


def _raised(small: Reduced, served: Index, numbers: Model, point: Point, unit: float, met: Mask, rising: Mask, low: Vector) -> Raised:
    rows = point.rows * unit
    prices = Prices(limits=np.maximum(small.limit_prices(rows), 0.0), capacity=small.capacity_prices(rows))
    pull, held = np.zeros(len(met)), np.zeros(len(met), bool)
    pull[served], held[served] = np.where(rising[served], point.pull, 0.0), rising[served] & point.held
    if rising.any() and not held.any():
        held = rising & (pull >= 0.5 * pull.max())
    bound = level_bound(small.program, prices, pull, low) if rising.any() else point.level
    return Raised(numbers=numbers, point=point, unit=unit, full=met, held=held, prices=prices, bound=bound)


def _reach(small: Reduced) -> Vector:
    """(project): more than the satisfaction that all machines together could give it."""
    full = small.program
    return np.asarray(
        2 * full.most + 2 * (full.usefulness * full.capacity.sum(axis=1)[:, None]).sum(axis=0) / np.maximum(full.entitlement, 1e-300)
    )


def _shared_out(
    small: Reduced, served: Index, story: list[Raised], replace_bounds: tuple[Vector, Vector] | None, words: np.ndarray
) -> Found:
    """The split of the last round (or proportional fairness above the first), with the proofs of all rounds."""
    full = small.program
    last = story[-1]
    gap = max(raised.bound / raised.point.level - 1 if raised.point.level > 0 else float(raised.bound > 0) for raised in story)

    def proof(split: Split, _: Prices) -> Certificate:
        return _proof(small, served, split, story[0].bound, gap)

    prices = _prices_of(story)
    if replace_bounds is None:
        found = read(small, served, last.numbers, last.point, last.unit, proof=proof)
        return replace(found, prices=prices, held_by=tuple(words))
    bounded = replace(small, program=replace(full, least=replace_bounds[0], most=replace_bounds[1]))
    for found in alpha_fair(bounded, served, 1.0, quickly=False):  # most stand at their bounds: the search for prices would fail
        if found.certificate.accepted:
            break
    held_by = tuple(limited_by(full, found.prices, found.split.satisfaction(full)))
    return replace(found, prices=prices, certificate=proof(found.split, prices), held_by=held_by)


def _proof(small: Reduced, served: Index, split: Split, bound: float, gap: float) -> Certificate:
    """The proof of a split whose first level a bound limits, and whose levels miss theirs by no more than a gap."""
    full = small.program
    found, bound = float(split.satisfaction(full)[served].min()), min(bound, float(full.most[served].min()))
    return Certificate(
        objective_ede=found,
        bound_ede=bound,
        gap=max(gap, bound / found - 1 if found > 0 else float(bound > 0)),
        largest_violation=violation(full, split),
        stationarity_p99=None,
        stationarity_max=None,
    )


def _prices_of(story: list[Raised]) -> Prices:
    """Each row's price in the first round in which it holds somebody back."""
    limits, capacity = story[0].prices.limits.copy(), story[0].prices.capacity.copy()
    for raised in story[1:]:
        limits = np.where(limits > 1e-9 * limits.max(initial=0.0), limits, raised.prices.limits)
        capacity = np.where(capacity > 1e-9 * capacity.max(initial=0.0), capacity, raised.prices.capacity)
    return Prices(limits=limits, capacity=capacity)
