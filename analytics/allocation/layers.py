"""Steep fairness in layers: first those whose satisfaction weighs most, then, with them held there, the others in their own scale.

With a large α the last hour of one project may be worth 10^20 times that of another, and no number of the machine holds both.
The dear projects are right long before the cheap ones: they are held, and what is left is shared out again, as leximin does.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from analytics.allocation.aggregate import Reduced
from analytics.allocation.certificate import GAP, VIOLATION, Certificate, Prices, Split, certify, misfits
from analytics.allocation.program import Index, Mask

LAYERS_AT_MOST = 60
SETTLED = 2e-5
"""The misfit up to which a project counts as settled."""
DEAR = 1e-9
"""The part of the dearest unsettled project's worth from which a project may be settled in a layer."""
HELD = 1e-10
"""The part of its satisfaction by which a settled project is held lower, so that rounding shuts no door."""
PRICED = 1e-9
"""The part of the dearest row of a layer below which a row's price is left to the next layers."""

Attempt = Callable[[Reduced], "Layer | None"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """The answer of one layer."""

    split: Split
    """Who gets what."""
    prices: Prices
    """Prices in the scale of the layer."""


def layered(small: Reduced, served: Index, alpha: float, first: Layer, attempt: Attempt) -> tuple[Split, Prices, Certificate] | None:
    """The split with the prices of all layers and its proof, from a first answer that is right for the dearest; None where a layer fails.

    The proof is that of the joined prices, whatever each layer found by its own.
    """
    full = small.program
    least, most = full.least.copy(), full.most.copy()
    free = np.zeros(len(least), bool)
    free[served] = True
    prices, layer, bounded = first.prices, first, small
    for _ in range(LAYERS_AT_MOST):
        settled = _settled(bounded, served, alpha, layer, free)
        if not settled.any():
            return None
        free &= ~settled
        if not free.any():
            break
        u = layer.split.satisfaction(full)
        held = np.clip(u * (1 - HELD), full.least, full.most)
        least, most = np.where(settled, held, least), np.where(settled, held, most)
        bounded = replace(small, program=replace(full, least=least, most=most))
        found = attempt(bounded)
        if found is None:
            return None
        layer, prices = found, _joined(small, prices, found.prices)
    if free.any():
        return None
    return layer.split, prices, certify(full, layer.split, prices, served, alpha)


def promising(proof: Certificate) -> bool:
    """Whether a split falls short in stationarity alone."""
    return proof.gap <= GAP and proof.largest_violation <= VIOLATION


def _settled(bounded: Reduced, served: Index, alpha: float, layer: Layer, free: Mask) -> Mask:
    """(project): whether it is settled by this layer."""
    full = bounded.program
    misfit = np.full(len(free), np.inf)
    misfit[served] = misfits(full, layer.split, layer.prices, served, alpha)
    u = np.maximum(layer.split.satisfaction(full), 1e-300)
    worth = np.log(full.weight) + (1 - alpha) * np.log(u)
    return np.asarray(free & (misfit <= SETTLED) & (worth >= worth[free].max() + np.log(DEAR)))


def _joined(small: Reduced, first: Prices, then: Prices) -> Prices:
    """The first prices where they weigh, the later ones elsewhere."""
    full = small.program
    worth = max(float((first.capacity * full.capacity).max(initial=0.0)), float((first.limits * full.limits.value).max(initial=0.0)))
    return Prices(
        limits=np.where(first.limits * full.limits.value > PRICED * worth, first.limits, np.minimum(then.limits, first.limits)),
        capacity=np.where(first.capacity * full.capacity > PRICED * worth, first.capacity, np.minimum(then.capacity, first.capacity)),
    )
