"""Runs of the interior point for α-fairness, and how a point becomes a split with prices and proof."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.linalg import LinAlgError

from analytics.allocation import layers, quick, scaling, steep
from analytics.allocation.aggregate import Reduced
from analytics.allocation.certificate import (
    GAP,
    STATIONARITY_MAX,
    STATIONARITY_P99,
    UNUSED,
    VIOLATION,
    Certificate,
    Prices,
    Split,
    certify,
    costs,
    implied_satisfaction,
)
from analytics.allocation.interior_point import central, optimum
from analytics.allocation.model import Model, Point
from analytics.allocation.program import Index, Vector
from analytics.allocation.scaling import Start

ROUGH = 1e-2
"""The size of the barrier at which a start is weighed anew."""
GOALS = (1e-3, 1e-6, 1e-9)
"""The sizes of the barrier from which the interior point starts, where the quick way fails."""
STEEP = 4.0
"""The α above which a split may be sought by way of problems as steep as this."""
GENTLE_AT_MOST = 60
"""How many gentle problems are solved at most on the way to a steep split, so that a refusal takes seconds and not minutes."""
GENTLE_WORK = 1_200_000
"""Projects times rows of all gentle problems together, from which on fewer are solved (eight at least), lest a refusal take long."""
DUST = 1e-7
"""Part of a project's satisfaction below which a partition's share of it is left out, if the proof still holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A split with its prices and its proof."""

    split: Split
    prices: Prices
    certificate: Certificate
    held_by: tuple[str, ...] | None = None
    """(project): what keeps it from more, where the prices alone do not tell; None where they do."""


def alpha_fair(small: Reduced, served: Index, alpha: float, warm: Prices | None = None, *, quickly: bool = True) -> Iterator[Found]:
    """Splits for α-fairness, each with its proof: the quick way first (from prices of a like problem, if any), then ever surer ones."""
    full = small.program
    if quickly and quick.worth_trying(small):
        found = None
        for found in _quickly(small, served, alpha, warm):
            yield found
        if found is not None and layers.promising(found.certificate):
            yield from _layered(small, served, alpha, found)
    begin = scaling.start(small, full.least, full.most, alpha)
    for goal in (None, *GOALS):
        try:
            begin = begin if goal is None else _nearer(small, served, alpha, begin)
            found = _attempt(small, served, alpha, begin, from_centre=goal)
        except (ArithmeticError, LinAlgError):
            continue
        yield found
        if goal is None and alpha > STEEP and not found.certificate.accepted:
            yield from _by_gentler(small, served, alpha)
        if layers.promising(found.certificate):
            yield from _layered(small, served, alpha, found)
        if goal is None and alpha > STEEP:
            break  # what gentle problems do not reach, other starts of the steep one reach no better, and slowly


def _by_gentler(small: Reduced, served: Index, alpha: float) -> Iterator[Found]:
    """The split for a steep α, from the dearest project down, where every problem that is solved is a gentle one."""
    full, size = small.program, len(served) * max(1, len(small.bound))
    turns = iter(range(max(8, min(GENTLE_AT_MOST, GENTLE_WORK // size))))

    def attempt(part: Reduced, everybody: Index, begin: Start, steepness: float) -> tuple[Split, Prices, Certificate]:
        if next(turns, None) is None:
            raise steep.TiredError
        found = _attempt(part, everybody, steepness, begin, from_centre=None)
        if steepness <= STEEP and not layers.promising(found.certificate):
            for found in alpha_fair(part, everybody, steepness):
                if layers.promising(found.certificate):
                    break
        return found.split, found.prices, found.certificate

    with suppress(ArithmeticError, LinAlgError, steep.TiredError):
        first = _attempt(small, served, STEEP, scaling.start(small, full.least, full.most, STEEP), from_centre=None)
        for counted in steep.COUNTED:
            answer = steep.from_the_dearest(small, served, alpha, first.split.satisfaction(full), attempt, gentle=STEEP, counted=counted)
            if answer is not None:
                yield Found(split=answer[0], prices=answer[1], certificate=answer[2])


def _layered(small: Reduced, served: Index, alpha: float, first: Found) -> Iterator[Found]:
    """The split that follows from a first one that is right for the dearest projects, if every layer is found."""

    def attempt(bounded: Reduced) -> layers.Layer | None:
        full = bounded.program
        found = list(_quickly(bounded, served, alpha, None)) if quick.worth_trying(small) else []
        if not found or not found[-1].certificate.accepted:
            begin = scaling.start(bounded, full.least, full.most, alpha)
            with suppress(ArithmeticError, LinAlgError):
                found.append(_attempt(bounded, served, alpha, begin, from_centre=None))
        best = min(found, key=badness, default=None)
        return None if best is None else layers.Layer(split=best.split, prices=best.prices)

    answer = layers.layered(small, served, alpha, layers.Layer(split=first.split, prices=first.prices), attempt)
    if answer is not None:
        yield Found(split=answer[0], prices=answer[1], certificate=answer[2])


def _quickly(small: Reduced, served: Index, alpha: float, warm: Prices | None) -> Iterator[Found]:
    """The first crisp split from the search for prices alone, else the best of them; none where it fails."""
    for start in [None] if warm is None else [warm, None]:
        best: Found | None = None
        with suppress(ArithmeticError, LinAlgError):
            for split, prices in quick.splits(small, served, alpha, start):
                found = Found(split=split, prices=prices, certificate=certify(small.program, split, prices, served, alpha))
                best = found if best is None or badness(found) < badness(best) else best
                if found.certificate.accepted and found.certificate.unused <= quick.CRISP:
                    break
        if best is not None:
            yield best


def _attempt(small: Reduced, served: Index, alpha: float, begin: Start, from_centre: float | None) -> Found:
    """One run of the interior point."""
    full = small.program
    numbers, unit = scaling.model(small, served, begin, alpha=alpha, bounds=(full.least, full.most), level=None)
    point = optimum(numbers, from_centre=from_centre)
    return read(
        small,
        served,
        numbers,
        point,
        unit,
        proof=lambda split, prices: certify(full, split, prices, served, alpha),
        implied=lambda prices: implied_satisfaction(
            full.weight[served], costs(full, prices)[served], full.least[served], full.most[served], alpha
        ),
    )


def _nearer(small: Reduced, served: Index, alpha: float, begin: Start) -> Start:
    """A start at a rough point of the central path, with every project, row and flow weighed by what it pays there."""
    full = small.program
    numbers, unit = scaling.model(small, served, begin, alpha=alpha, bounds=(full.least, full.most), level=None)
    point = central(numbers, ROUGH)
    at, worth = begin.at.copy(), begin.worth.copy()
    at[served] = begin.at[served] * point.u
    worth[served] = unit * point.u * np.maximum(point.cheapest, 1e-9 * point.q)
    return Start(at=at, worth=worth, rows=point.rows * unit)


def read(
    small: Reduced,
    served: Index,
    numbers: Model,
    point: Point,
    unit: float,
    *,
    proof: Callable[[Split, Prices], Certificate],
    implied: Callable[[Prices], Vector] | None = None,
) -> Found:
    """The split, prices and proof that a point stands for: without dust, or as the prices imply it, if the proof is better."""
    rows = point.rows * unit
    prices = Prices(limits=np.maximum(small.limit_prices(rows), 0.0), capacity=small.capacity_prices(rows))
    shares = small.month_shares(point.z)
    tidy = np.where(point.v > DUST * point.v.sum(axis=0), point.v, 0.0)
    wishes = [(tidy, None), (point.v, None)] + ([] if implied is None else [(tidy, implied(prices))])
    found: list[Found] = []
    for v, wish in wishes:
        u = v.sum(axis=0)
        wanted = np.clip(u, numbers.least, numbers.most) if wish is None else wish / numbers.start
        hours = np.zeros_like(small.program.usefulness)
        hours[:, served] = numbers.hours * v * (wanted / u)
        split = Split(hours=hours, shares=shares)
        found.append(Found(split=split, prices=prices, certificate=proof(split, prices)))
        if found[-1].certificate.accepted:
            break
    return min(found, key=badness)


def badness(found: Found) -> float:
    """How far a proof is from what is accepted; 1 and less is accepted."""
    proof = found.certificate
    return max(
        proof.gap / GAP,
        proof.largest_violation / VIOLATION,
        (proof.stationarity_p99 or 0.0) / STATIONARITY_P99,
        (proof.stationarity_max or 0.0) / STATIONARITY_MAX,
        proof.unused / UNUSED,
    )
