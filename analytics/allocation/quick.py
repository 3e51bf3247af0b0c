"""The quick way put to work: from a reduced program to a market, through ever sharper choices, to splits to be proven."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from numpy.linalg import LinAlgError

from analytics.allocation.aggregate import Reduced, places
from analytics.allocation.certificate import Prices, Split
from analytics.allocation.crowd import Crowd, gathered
from analytics.allocation.price_search import TINY, Answer, Blur, Market, answer, fitted, foreseen, sharper
from analytics.allocation.program import Index, Program, Vector

FIRST_BLUR = 0.05
SHRINK = 0.25
"""The factor by which the blur falls once the prices fit."""
LAST_BLUR = 1e-7
"""The sharpest choices that the machine's numbers allow."""
SETTLED = 0.02
"""The blur from which its units are no longer taken anew from what is paid."""
SLOWLY = 0.3
"""The part to which a blur falls at most in one stage because less is paid."""
SLACK = 0.1
"""The part of a row's worth that the square of the blur leaves of it."""
ROUGH_FIT, FIT = 1e-3, 1e-10
"""The relative misfit of every row at which prices count as found, while choices are blurred and at the end."""
CLOSE, CRISP, CLEAR = 2e-7, 3e-6, 1e-4
"""The estimated gap, the unused part of a priced row and the blur from which a proof is tried."""
SAMPLES = ((250, 0.02), (2_000, 0.01))
"""How many projects the first searches look at, and how sharply; where there are less than twice as many, at all of them."""
FAR, NEAR = (0.06, 1e-3), ((0.01, 1e-3), (2e-3, 2e-4))
"""How far, relative, prices of a sample may be from those of everybody, and prices that fit roughly from those sought; with the blurs."""
MOVED = (0.06, 5e-3)
"""How far prices of a like problem may be from those sought, and the blur at which they are brought nearer."""
NEARINGS = 3
"""How often prices of a sample are brought nearer to those of everybody."""
MANY = 400
"""From how many projects on those that are certain of their choice are put together."""
WARM_BLUR = 1e-3
"""The blur from which a search goes on where prices of a like problem are known."""
TIGHTER, TIGHT = 25, 0.02
"""How often, and by what factor, prices of what is left over fall beyond the last blur: a steep α feels the least."""
HALVINGS = 40
SMALLEST_PART = 1e-3
"""The least that a project's cheapest cost counts beside its dearest when choices are blurred."""
MOST_NUMBERS = 4_000_000
"""The size of a matrix of coefficients from which the search is not tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """The units of the search."""

    satisfaction: float
    """The satisfaction that counts as 1."""
    welfare: float
    """The welfare that counts as 1: of one unit of satisfaction to a project of mean weight."""


def worth_trying(small: Reduced) -> bool:
    """Whether the problem has so few rows, classes and flows that the search is quick."""
    count = len(small.bound)
    return bool(0 < count * max(small.of_classes.shape[1], len(small.flows)) <= MOST_NUMBERS)


def splits(small: Reduced, served: Index, alpha: float, warm: Prices | None) -> Iterator[tuple[Split, Prices]]:
    """Ever sharper splits with their prices, each worth a proof.

    Raises:
        LinAlgError: if prices are not found on the way.
        FloatingPointError: if numbers leave the range of the machine.
    """
    with np.errstate(all="ignore"):
        here, unit = market_of(small, served, alpha)
        known = None if warm is None else rows_of(small, warm) / unit.welfare
        if here.hours.shape[1] >= MANY:
            with suppress(LinAlgError):
                for taken, at in _of_crowds(small, here, known):
                    yield split(small, served, taken, at, unit)
        rows, first = (_first_prices(here, small), FIRST_BLUR) if known is None else (known, WARM_BLUR)
        for at, _ in _sharpened(here, rows, first, LAST_BLUR, FIT):
            yield split(small, served, at.bought * at.u, at, unit)


def _of_crowds(small: Reduced, here: Market, known: Vector | None) -> Iterator[tuple[Vector, Answer]]:
    """Node-hours and answers while prices stay near those of samples, or of a like problem; none where they do not."""
    rows, steps = _of_samples(small, here) if known is None else (known, (MOVED, *NEAR))
    crowds, rows = _nearby(here, rows, steps)
    for _ in range(NEARINGS):
        for at, _ in _sharpened(_inmost(here, crowds), rows, NEAR[-1][1], LAST_BLUR, FIT):
            rows = at.rows
            if not all(crowd.holds(rows) for crowd in crowds):
                break
            taken = at.bought * at.u
            for crowd in reversed(crowds):
                taken = crowd.hours(taken, rows)
            yield taken, at
        else:
            return
        crowds = [crowd for number, crowd in enumerate(crowds) if all(outer.holds(rows) for outer in crowds[: number + 1])]
        nearer = gathered(_inmost(here, crowds), rows, *NEAR[-1])
        crowds += [] if nearer is None else [nearer]


def _inmost(here: Market, crowds: list[Crowd]) -> Market:
    """The market of the nearest crowd, or the whole one."""
    return crowds[-1].market if crowds else here


def _nearby(here: Market, rows: Vector, steps: tuple[tuple[float, float], ...]) -> tuple[list[Crowd], Vector]:
    """Crowds ever nearer to the prices sought, each made of the one before, and (row): prices that fit roughly."""
    crowds: list[Crowd] = []
    for step, (reach, level) in enumerate(steps):
        market = _inmost(here, crowds)
        for _ in range(1 if step else NEARINGS):
            crowd = gathered(market, rows, reach, level)
            inner = market if crowd is None else crowd.market
            blur = first_blur(inner, rows, level)
            rows = fitted(inner, answer(inner, rows, blur), blur, ROUGH_FIT).rows
            if crowd is None or crowd.holds(rows):
                break
        if crowd is not None:
            crowds.append(crowd)
    return crowds, rows


def _of_samples(small: Reduced, here: Market) -> tuple[Vector, tuple[tuple[float, float], ...]]:
    """(row): prices that would fit roughly for everybody, by way of ever larger samples; and how near they are, and then should be."""
    rows, level = None, FIRST_BLUR
    for count, last in SAMPLES:
        thin = thinned(here, count)
        rows = _first_prices(thin, small) if rows is None else rows
        *_, (at, level) = _sharpened(thin, rows, level, last, np.inf)
        rows = at.rows
        if thin is here:
            return rows, NEAR
    assert rows is not None
    return rows, (FAR, *NEAR)


def market_of(small: Reduced, served: Index, alpha: float) -> tuple[Market, Unit]:
    """The served projects as a market, in units in which numbers are about 1."""
    full = small.program
    usual, mean = _usual(small, served), float(full.weight[served].mean())
    unit = Unit(satisfaction=usual, welfare=mean * usual ** (1 - alpha))
    live = small.live[:, served]
    classes, starts = np.unique(full.class_of[served], return_index=True)
    shape = (len(small.bound), len(full.open), len(full.partitions))
    return Market(
        alpha=alpha,
        hours=np.where(live, full.hours_per_satisfaction[:, served] * usual, 0.0),
        dead=None if live.all() else np.where(live, 0.0, np.inf),
        log_weight=np.log(full.weight[served] / mean),
        least=full.least[served] / usual,
        most=full.most[served] / usual,
        stands_for=None,
        starts=starts.astype(np.int64),
        of_classes=small.of_classes.toarray().reshape(shape)[:, classes],
        of_flows=small.of_flows.toarray(),
        bound=small.bound,
        flow_cost=small.flow_cost / unit.welfare,
    ), unit


def _usual(small: Reduced, served: Index) -> float:
    """A usual satisfaction: what all would have if the machines were shared out evenly, or what they ask for where that is less."""
    full = small.program
    hours = np.where(small.live[:, served], full.hours_per_satisfaction[:, served], np.inf).min(axis=0)
    return min(float(np.median(full.most[served])), float(full.capacity.sum()) / float(hours.sum()))


def thinned(here: Market, size: int) -> Market:
    """The market with a sample of each class, or itself where it is small."""
    count = here.hours.shape[1]
    if count < 2 * size:
        return here
    ends = np.append(here.starts[1:], count)
    picked = [
        np.arange(start, end, count // size if (end - start) * size >= count else 1) for start, end in zip(here.starts, ends, strict=True)
    ]
    sizes = np.array([len(one) for one in picked])
    kept = np.concatenate(picked)
    return replace(
        here,
        hours=here.hours[:, kept],
        dead=None if here.dead is None else here.dead[:, kept],
        log_weight=here.log_weight[kept],
        least=here.least[kept],
        most=here.most[kept],
        stands_for=np.repeat((ends - here.starts) / sizes, sizes),
        starts=np.concatenate([[0], np.cumsum(sizes)[:-1]]),
    )


def cheapest_hours(here: Market) -> tuple[Vector, Vector]:
    """(project): the least node-hours of one unit of satisfaction, and the same for all it stands for."""
    hours = np.where(here.hours > 0, here.hours, np.inf).min(axis=0)
    return hours, hours if here.stands_for is None else hours * here.stands_for


def _first_prices(here: Market, small: Reduced) -> Vector:
    """(row): prices at which one price for a node-hour everywhere would let all together take half of what is offered."""
    hours, counted = cheapest_hours(here)
    offered = float(small.program.capacity.sum())
    steepness = max(here.alpha, 0.5)
    keen = here.log_weight - np.log(hours)
    low = float((keen - steepness * np.log(here.most)).min()) - 7.0
    high = max(low, float(keen.max()) + steepness * float(np.log(counted.sum() / offered))) + 7.0
    for _ in range(HALVINGS):
        price = 0.5 * (low + high)
        taken = np.clip(np.exp(np.minimum((keen - price) / steepness, 700.0)), here.least, here.most)
        low, high = (price, high) if float(counted @ taken) > 0.5 * offered else (low, price)
    return priced_rows(small, float(np.exp(low)), len(here.bound))


def priced_rows(small: Reduced, hour: float, count: int) -> Vector:
    """(row): prices that make each node-hour cost about as much, and of limits little."""
    rows = np.full(count, 0.05 * hour * float(small.program.capacity.sum()) / count)
    shared = np.array(sorted({flow.row for flow in small.flows if flow.row is not None}), dtype=np.int64)
    links = small.link[small.link >= 0]
    rows[links] = hour * small.scale[links]
    rows[shared] = 0.5 * hour * small.scale[shared]
    return rows


def _sharpened(here: Market, rows: Vector, first: float, last: float, fit: float) -> Iterator[tuple[Answer, float]]:
    """Answers once choices are sharp enough for a proof (or as sharp as the last blur), each with its blur."""
    level, blur = first, first_blur(here, rows, first)
    at = answer(here, rows, blur)
    while True:
        at = fitted(here, at, blur, ROUGH_FIT)
        if level > SETTLED:
            fresh = paid_blur(here, at.cost, at.rows, level)
            blur = Blur(options=fresh.options, flows=np.maximum(fresh.flows, blur.flows), slack=np.maximum(fresh.slack, blur.slack))
            at = fitted(here, answer(here, at.rows, blur), blur, ROUGH_FIT)
        else:
            blur = _settling(here, at, blur, level)
        if level <= last or (level <= CLEAR and gap(here, at) <= CLOSE and _unused(here, at) <= CRISP):
            at = fitted(here, answer(here, at.rows, blur), blur, fit)
            yield at, level
        if level <= last:
            break
        rows = foreseen(here, at, blur, SHRINK)
        level, blur = level * SHRINK, sharper(blur, SHRINK)
        at = answer(here, rows, blur)
    for _ in range(TIGHTER if np.isfinite(fit) else 0):
        fresh = paid_blur(here, at.cost, at.rows, level)
        flows = np.clip(fresh.flows, TIGHT * blur.flows, blur.flows)
        blur = replace(blur, flows=flows, slack=TIGHT * blur.slack)
        at = fitted(here, answer(here, at.rows, blur), blur, fit)
        yield at, level


def _settling(here: Market, at: Answer, blur: Blur, level: float) -> Blur:
    """The blur, less where what is paid has become far less: slowly, so that prices keep up."""
    fresh = paid_blur(here, at.cost, at.rows, level)
    return Blur(
        options=np.clip(fresh.options, SLOWLY * blur.options, blur.options),
        flows=np.clip(fresh.flows, SLOWLY * blur.flows, blur.flows),
        slack=np.clip(fresh.slack, SLOWLY * blur.slack, blur.slack),
    )


def _costs(here: Market, rows: Vector) -> Vector:
    cost = here.hours * here.by_project(here.prices(rows))
    return cost if here.dead is None else cost + here.dead


def paid_blur(here: Market, cost: Vector, rows: Vector, level: float) -> Blur:
    """Blur in parts of what is paid: for an option, a flow and a row."""
    paid = np.abs(cost.min(axis=0))
    if (here.bound < 0).any():  # a floor pays for hours: what is left of a cost may be nothing
        paid = np.maximum(paid, SMALLEST_PART * np.abs(np.where(here.hours > 0, cost, 0.0)).max(axis=0))
    slack = SLACK * level**2 * rows * np.maximum(np.abs(here.bound), 1.0)
    return Blur(options=level * paid, flows=level * (rows @ np.abs(here.of_flows)), slack=slack)


def first_blur(here: Market, rows: Vector, level: float) -> Blur:
    """The blur with which a search begins, when it is not known yet which rows and flows will be paid for."""
    blur = paid_blur(here, _costs(here, rows), rows, level)
    return replace(blur, slack=np.maximum(blur.slack, blur.slack.mean()), flows=np.maximum(blur.flows, blur.flows.mean()))


def gap(here: Market, at: Answer) -> float:
    """What blurred choices lose, in parts of the equivalent satisfaction."""
    count = 1.0 if here.stands_for is None else here.stands_for
    worth = float((np.exp(here.log_weight + (1 - here.alpha) * np.log(np.maximum(at.u, 1e-300))) * count).sum())
    return lost(here, at) / worth


def lost(here: Market, at: Answer) -> float:
    """The welfare that blurred choices lose."""
    count = 1.0 if here.stands_for is None else here.stands_for
    dearer = np.where(at.part > 0, at.cost, 0.0) * at.part
    by_choice = float(((dearer.sum(axis=0) - at.cost.min(axis=0)) * at.u * count).sum())
    return by_choice + float((np.maximum(at.gain, 0.0) - at.gain * at.used).sum() + (at.rows * at.slack).sum())


def _unused(here: Market, at: Answer) -> float:
    """About the largest part of a row or flow that is left though it is paid for, times its part in what somebody pays."""
    prices = here.prices(at.rows)
    counted = (here.of_classes > 0) & (prices > 0)
    per_row = np.where(counted, prices / here.of_classes, np.inf).min(axis=(1, 2), initial=np.inf)
    share = np.minimum(at.rows / per_row, 1.0)
    left = np.where(here.bound > 0, at.slack / np.where(here.bound > 0, here.bound, 1.0), 0.0)
    worth = np.where(np.isfinite(per_row), per_row, 0.0) @ np.maximum(-here.of_flows, 0.0)
    kept = np.where(at.gain > 0, (1 - at.used) * np.minimum(at.gain / np.maximum(worth, TINY), 1.0), 0.0)
    return max(float((left * share).max(initial=0.0)), float(kept.max(initial=0.0)))


def split(small: Reduced, served: Index, taken: Vector, at: Answer, unit: Unit) -> tuple[Split, Prices]:
    """The split and prices of an answer and of the node-hours that projects take at it, in the problem's own units."""
    hours = np.zeros_like(small.program.usefulness)
    hours[:, served] = taken
    rows = at.rows * unit.welfare
    prices = Prices(limits=np.maximum(small.limit_prices(rows), 0.0), capacity=small.capacity_prices(rows))
    return Split(hours=hours, shares=small.month_shares(at.used)), prices


def rows_of(small: Reduced, prices: Prices) -> Vector:
    """(row): the prices of limits and of capacity as prices of the rows of a like problem."""
    full: Program = small.program
    rows = np.zeros(len(small.bound))
    kept = small.limit_row >= 0
    rows[small.limit_row[kept]] = prices.limits[kept]
    priced = (full.limits.sign * prices.limits)[:, None, None] * full.limits.factor
    group, partition, first, shared = places(small.flows)
    speaker = np.unique(small.group_of, return_index=True)[1]
    varying = (full.limits.member[:, speaker] & small.varying[:, None]).T.astype(float)
    other = (np.tensordot(varying, priced, axes=1) + full.cost)[group, partition, first]
    offered = prices.capacity[partition, first]
    np.maximum.at(rows, small.link[group, partition], other + offered)
    np.maximum.at(rows, shared[shared >= 0], offered[shared >= 0])
    rows = rows * small.scale
    return np.asarray(np.maximum(rows, 1e-6 * rows.max(initial=1e-300)))
