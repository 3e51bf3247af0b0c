"""Runs of the interior point for α-fairness, and how a point becomes a split with prices and proof."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

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
STEEP, STEEPER = 4.0, 1.5
"""The α above which a split may be sought by way of less steep ones, and by what factor one is steeper than the last."""
LEAST_STEEPER = 1.02
"""The factor from which on steps towards a steep α are no longer tried."""
NEAR = 1e-3
"""The gap and the breach up to which a split is a good enough guess for a steeper one."""
CRISP = 3e-6
"""The unused part of a priced row up to which the quick way goes no further."""
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
        except (FloatingPointError, LinAlgError):
            continue
        yield found
        if layers.promising(found.certificate):
            yield from _layered(small, served, alpha, found)
        if goal is None and alpha > STEEP:
            yield from _by_gentler(small, served, alpha)


def _by_gentler(small: Reduced, served: Index, alpha: float) -> Iterator[Found]:
    """The split for a steep α, from the dearest project down; where everybody ends is first guessed from ever steeper splits."""
    full = small.program

    def attempt(part: Reduced, everybody: Index, begin: Start) -> tuple[Split, Prices, Certificate]:
        found = _attempt(part, everybody, alpha, begin, from_centre=None)
        return found.split, found.prices, found.certificate

    with suppress(FloatingPointError, LinAlgError):
        answer = steep.from_the_dearest(full, served, alpha, _satisfactions_near(small, served, alpha), attempt)
        if answer is not None:
            yield Found(split=answer[0], prices=answer[1], certificate=answer[2])


def _satisfactions_near(small: Reduced, served: Index, alpha: float) -> Vector:
    """(project): roughly its satisfaction for a steep α, followed from a gentle one in steps as long as they lead somewhere.

    Raises:
        LinAlgError: if not even the gentle α is solved.
        FloatingPointError: if numbers leave the range of the machine.
    """
    full = small.program
    found = _attempt(small, served, STEEP, scaling.start(small, full.least, full.most, STEEP), from_centre=None)
    at = np.maximum(found.split.satisfaction(full), 1e-300)
    gentle, factor = STEEP, STEEPER
    while gentle < alpha and factor > LEAST_STEEPER:
        steeper = min(alpha, factor * gentle)
        measured = steep.measured_from(full, at, steeper).program
        flow_cost = np.array([measured.cost[flow.partition, flow.months[0]] * flow.hours for flow in small.flows])
        part = replace(small, program=measured, flow_cost=flow_cost)
        with suppress(FloatingPointError, LinAlgError):
            found = _attempt(part, served, steeper, steep.start_of(measured), from_centre=None)
            if found.certificate.gap <= NEAR and found.certificate.largest_violation <= NEAR:
                at, gentle = at * found.split.satisfaction(measured), steeper
                at = np.where(at > 0, at, 1e-300)
                continue
        factor = float(np.sqrt(factor))
    return at


def _layered(small: Reduced, served: Index, alpha: float, first: Found) -> Iterator[Found]:
    """The split that follows from a first one that is right for the dearest projects, if every layer is found."""

    def attempt(bounded: Reduced) -> layers.Layer | None:
        full = bounded.program
        found = list(_quickly(bounded, served, alpha, None)) if quick.worth_trying(small) else []
        if not found or not found[-1].certificate.accepted:
            begin = scaling.start(bounded, full.least, full.most, alpha)
            with suppress(FloatingPointError, LinAlgError):
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
        with suppress(FloatingPointError, LinAlgError):
            for split, prices in quick.splits(small, served, alpha, start):
                found = Found(split=split, prices=prices, certificate=certify(small.program, split, prices, served, alpha))
                best = found if best is None or badness(found) < badness(best) else best
                if found.certificate.accepted and found.certificate.unused <= CRISP:
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
