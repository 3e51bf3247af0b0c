"""Runs of the interior point for α-fairness, and how a point becomes a split with prices and proof."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from analytics.allocation import scaling
from analytics.allocation.aggregate import Reduced
from analytics.allocation.certificate import (
    GAP,
    STATIONARITY_MAX,
    STATIONARITY_P99,
    VIOLATION,
    Certificate,
    Prices,
    Split,
    certify,
    costs,
)
from analytics.allocation.interior_point import optimum
from analytics.allocation.model import Model, Point
from analytics.allocation.program import Index
from analytics.allocation.scaling import Start

ATTEMPTS = 4
DUST = 1e-7
"""Part of a project's satisfaction below which a partition's share of it is left out, if the proof still holds."""
STEEP = 8.0
"""The α from which a solve starts at the answer for a smaller α."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A split with its prices and its proof."""

    split: Split
    prices: Prices
    certificate: Certificate
    held_by: tuple[str, ...] | None = None
    """(project): what keeps it from more, where the prices alone do not tell; None where they do."""


def alpha_fair(small: Reduced, served: Index, alpha: float) -> Iterator[Found]:
    """Splits for α-fairness, each with its proof, each from a better start than the one before."""
    full = small.program
    ladder = _steps_of_alpha(alpha)
    begin = scaling.start(small, full.least, full.most, ladder[0])
    for step in ladder[:-1]:
        _, begin = _attempt(small, served, step, begin)
    for _ in range(ATTEMPTS):
        found, begin = _attempt(small, served, alpha, begin)
        yield found


def _steps_of_alpha(alpha: float) -> list[float]:
    steps = [alpha]
    while steps[0] > STEEP:
        steps.insert(0, max(STEEP, steps[0] / 2.5))
    return steps


def _attempt(small: Reduced, served: Index, alpha: float, begin: Start) -> tuple[Found, Start]:
    """One run of the interior point, and where a next one should start."""
    full = small.program
    numbers, unit = scaling.model(small, served, begin, alpha=alpha, bounds=(full.least, full.most), level=None)
    point = optimum(numbers)
    found = read(small, served, numbers, point, unit, lambda split, prices: certify(full, split, prices, served, alpha))
    at = begin.at.copy()
    u = point.v.sum(axis=0) * at[served]
    room = full.most[served] - full.least[served]
    at[served] = np.clip(u, full.least[served] + 0.02 * room, full.most[served] - 0.02 * room)
    worth = begin.worth.copy()
    keen = full.weight[served] * at[served] ** (1 - alpha)
    paid = costs(full, found.prices)[served] * at[served]
    worth[served] = np.minimum(keen, np.maximum(paid, 1e-3 * float(np.median(np.minimum(keen, np.maximum(paid, 0.0)))) + 1e-9 * keen))
    return found, Start(at=at, worth=worth)


def read(small: Reduced, served: Index, numbers: Model, point: Point, unit: float, proof: Callable[[Split, Prices], Certificate]) -> Found:
    """The split, prices and proof that a point stands for, without dust if the proof allows."""
    rows = point.rows * unit
    prices = Prices(limits=np.maximum(small.limit_prices(rows), 0.0), capacity=small.capacity_prices(rows))
    shares = small.month_shares(point.z)
    tidy = np.where(point.v > DUST * point.v.sum(axis=0), point.v, 0.0)
    options = []
    for v in (tidy, point.v):
        u = v.sum(axis=0)
        hours = np.zeros_like(small.program.usefulness)
        hours[:, served] = numbers.hours * v * np.clip(u, numbers.least, numbers.most) / u
        split = Split(hours=hours, shares=shares)
        options.append(Found(split=split, prices=prices, certificate=proof(split, prices)))
        if options[-1].certificate.accepted:
            break
    return min(options, key=badness)


def badness(found: Found) -> float:
    """How far a proof is from what is accepted; 1 and less is accepted."""
    proof = found.certificate
    return max(
        proof.gap / GAP,
        proof.largest_violation / VIOLATION,
        (proof.stationarity_p99 or 0.0) / STATIONARITY_P99,
        (proof.stationarity_max or 0.0) / STATIONARITY_MAX,
    )
