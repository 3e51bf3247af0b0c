"""The proof that a split is as good as it says: computed from the split and its prices alone, whatever path led to them."""

from dataclasses import dataclass

import numpy as np

from analytics.allocation.objectives import equivalent
from analytics.allocation.program import Index, Program, Vector

GAP = 1e-6
VIOLATION = 1e-8
STATIONARITY_P99 = 1e-4
STATIONARITY_MAX = 1e-2
UNUSED = 1e-4
"""The part of a priced limit that may be left unused while somebody would take it."""
NOTHING = 1e-3
"""The part of what a project asks for and could at best be given below which a satisfaction counts as next to nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Welfare per unit of what each row limits; any prices of 0 or more give a valid bound."""

    limits: Vector
    """(limit): per unit of its quantity, for loosening it."""
    capacity: Vector
    """(partition, period): per node-hour more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """How good a split is proven to be."""

    objective_ede: float
    """The split's equally-distributed-equivalent satisfaction (the least satisfaction, for max-min and leximin)."""
    bound_ede: float
    """No split within the limits (and of no higher priced cost) reaches more than this."""
    gap: float
    """bound ÷ objective − 1."""
    largest_violation: float
    """The largest breach of a limit, capacity or bound, relative to its right-hand side."""
    stationarity_p99: float | None
    """The relative distance of a project's satisfaction from what the prices imply, 99th percentile; None for max-min and leximin."""
    stationarity_max: float | None
    """The same, largest."""
    unused: float = 0.0
    """The largest part of a capacity or limit left unused, times its part in the price of somebody who would take more."""

    @property
    def accepted(self) -> bool:
        """Whether the proof is tight enough to show the split as optimal."""
        return (
            abs(self.gap) <= GAP
            and self.largest_violation <= VIOLATION
            and (self.stationarity_p99 or 0.0) <= STATIONARITY_P99
            and (self.stationarity_max or 0.0) <= STATIONARITY_MAX
            and self.unused <= UNUSED
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Node-hours of every project: by partition, and how each class's hours spread over the periods."""

    hours: Vector
    """(partition, project): node-hours over all periods."""
    shares: Vector
    """(class, partition, period): the part that falls in each period."""

    def used(self, program: Program) -> Vector:
        """(class, partition, period): node-hours used."""
        return np.asarray(program.used_by_class(self.hours)[:, :, None] * self.shares)

    def satisfaction(self, program: Program) -> Vector:
        """(project): useful hours ÷ entitlement; 0 where the entitlement is 0."""
        useful = (program.usefulness * self.hours).sum(axis=0)
        return np.asarray(np.divide(useful, program.entitlement, out=np.zeros_like(useful), where=program.entitlement > 0))


def violation(program: Program, split: Split) -> float:
    """The largest breach of a capacity, a limit or a project's bounds, relative to its right-hand side (absolute where that is 0)."""
    used, limits = split.used(program), program.limits
    by_cell = used.sum(axis=0)
    faults = [
        _over(by_cell, program.capacity),
        _over(used, np.where(program.open[:, None, :], np.inf, 0.0)),
        -float(split.hours.min(initial=0.0)),
    ]
    counted = limit_use(program, split)
    faults.append(_over(limits.sign * counted, limits.sign * limits.value))
    u = split.satisfaction(program)
    faults += [_over(u, program.most), _over(-u, -program.least)]
    mask = program.usefulness > 0
    faults.append(float(split.hours[~mask].max(initial=0.0)))
    missing = np.abs(split.shares.sum(axis=2) - 1) * (program.used_by_class(split.hours) > 0)
    return max(*faults, float(missing.max(initial=0.0)))


def limit_use(program: Program, split: Split) -> Vector:
    """(limit): how much of its quantity the split uses."""
    used, limits = split.used(program), program.limits
    return np.array([float((factor * used[member].sum(axis=0)).sum()) for factor, member in zip(limits.factor, limits.member, strict=True)])


def hourly_costs(program: Program, prices: Prices) -> Vector:
    """(class, partition, period): what a node-hour costs at the prices and the objective's own cost; infinite where shut."""
    limits = program.limits
    priced = (limits.sign * prices.limits)[:, None, None] * limits.factor
    cost = np.tensordot(limits.member.T.astype(float), priced, axes=1) + prices.capacity + program.cost
    cost = np.where(program.open[:, None, :] & (program.capacity > 0), cost, np.inf)
    for row in np.flatnonzero((limits.sign > 0) & (limits.value == 0)):
        cost[np.ix_(limits.member[row])] = np.where(limits.factor[row] > 0, np.inf, cost[limits.member[row]])
    return np.asarray(cost)


def unit_costs(program: Program, prices: Prices) -> Vector:
    """(class, partition): the least that a node-hour costs over the open periods."""
    return np.asarray(hourly_costs(program, prices).min(axis=2))


def costs(program: Program, prices: Prices) -> Vector:
    """(project): what one unit of satisfaction costs it at least."""
    by_option = program.by_class(unit_costs(program, prices))
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(program.usefulness > 0, by_option * program.hours_per_satisfaction, np.inf).min(axis=0))


def certify(program: Program, split: Split, prices: Prices, served: Index, alpha: float) -> Certificate:
    """The certificate of a split for α-fairness over the projects that can be served."""
    weight, least, most = program.weight[served], program.least[served], program.most[served]
    u = split.satisfaction(program)[served]
    reference = float(u.min() if alpha > 1 else u.max()) or 1.0
    scale = reference ** (alpha - 1)
    price = costs(program, prices)[served] * scale
    implied = implied_satisfaction(weight, price / scale, least, most, alpha)
    spent = float((split.used(program).sum(axis=0) * program.cost).sum()) * scale
    with np.errstate(divide="ignore"):
        value = weight * _utility(implied / reference, alpha, reference) - price * implied
    bound = rows_worth(program, prices) * scale + float(value.sum())
    reach = equivalent_of((bound + spent) / float(weight.sum()), alpha, reference)
    found = equivalent(u, weight, alpha)
    off = misfits(program, split, prices, served, alpha)
    return Certificate(
        objective_ede=found,
        bound_ede=reach,
        gap=reach / found - 1 if found > 0 else float("inf"),
        largest_violation=violation(program, split),
        stationarity_p99=float(np.quantile(off, 0.99)),
        stationarity_max=float(off.max()),
        unused=unused_part(program, split, prices),
    )


def misfits(program: Program, split: Split, prices: Prices, served: Index, alpha: float) -> Vector:
    """(served project): the relative distance of its satisfaction from what the prices imply, or what it overpays, if that is more.

    Below α = 1, where somebody may be left with next to nothing, distances are relative to a thousandth of the request at least, or of
    what all partitions together could give where that is less.
    """
    weight, least, most = program.weight[served], program.least[served], program.most[served]
    u, cheapest = split.satisfaction(program)[served], costs(program, prices)[served]
    overpaid = _paid(program, split, prices)[served] / np.where(u > 0, u, 1.0) - cheapest
    if alpha == 0:
        return np.maximum(_loss(weight, cheapest, least, most, u), overpaid * u / (weight * most))
    implied = implied_satisfaction(weight, cheapest, least, most, alpha)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        keen = np.maximum(weight * u**-alpha, cheapest)
        size = implied if alpha >= 1 else np.maximum(implied, NOTHING * np.minimum(most, _reach(program)[served]))
        return np.maximum(np.abs(u - implied) / size, overpaid / keen / max(alpha, 1.0))


def _reach(program: Program) -> Vector:
    """(project): the satisfaction that all partitions together could give it, were it alone; infinite where nothing is due to it."""
    useful = (program.usefulness * (program.capacity @ program.open.T)[:, program.class_of]).sum(axis=0)
    return np.asarray(np.divide(useful, program.entitlement, out=np.full_like(useful, np.inf), where=program.entitlement > 0))


def level_bound(program: Program, prices: Prices, pull: Vector, least: Vector) -> float:
    """The most that the least satisfaction of some projects can be, if each pulls it up by its part of `pull` and all keep `least`.

    For any prices and any pulls that sum to 1, Σ prices·limits + Σ max over least ≤ u ≤ most of (pull − cost)·u bounds it.
    """
    pull = pull / pull.sum()
    cost = costs(program, prices)
    reachable = np.isfinite(cost) & (program.most > 0)
    gain = np.where(reachable, pull - np.where(reachable, cost, 0.0), 0.0)
    return rows_worth(program, prices) + float(np.maximum(gain * least, gain * program.most).sum())


def implied_satisfaction(weight: Vector, cost: Vector, least: Vector, most: Vector, alpha: float) -> Vector:
    """(project): the satisfaction it would choose within its bounds, if one unit cost that much.

    >>> implied_satisfaction(np.array([1.0]), np.array([4.0]), np.array([0.0]), np.array([9.0]), 0.5)
    array([0.0625])
    """
    if alpha == 0:
        return np.where(weight > cost, most, least)
    with np.errstate(divide="ignore", over="ignore"):
        wanted = np.where(cost > 0, np.exp(np.log(weight / np.where(cost > 0, cost, 1.0)) / alpha), np.inf)
    return np.asarray(np.clip(wanted, least, most))


def _paid(program: Program, split: Split, prices: Prices) -> Vector:
    """(project): what its node-hours cost at the prices."""
    hourly = np.where(split.shares > 0, hourly_costs(program, prices), 0.0)
    return np.asarray((program.by_class((split.shares * hourly).sum(axis=2)) * split.hours).sum(axis=0))


def unused_part(program: Program, split: Split, prices: Prices) -> float:
    """The largest unused part of a row, times its part in the price of a project that would take more there."""
    hourly, limits = hourly_costs(program, prices), program.limits
    least = hourly.min(axis=2)
    with np.errstate(invalid="ignore"):
        option = np.where(program.usefulness > 0, program.by_class(least) * program.hours_per_satisfaction, np.inf)
    hungry = (split.satisfaction(program) < program.most * (1 - 1e-7)) & (option <= option.min(axis=0) * (1 + 1e-6)) & np.isfinite(option)
    wanted = np.logical_or.reduceat(hungry, program.starts, axis=1).T
    month = wanted[:, :, None] & (hourly <= least[:, :, None] * (1 + 1e-6)) & (hourly > 0) & np.isfinite(hourly)
    price = np.where(month, hourly, np.inf)
    left = np.divide(
        program.capacity - split.used(program).sum(axis=0),
        program.capacity,
        out=np.zeros_like(program.capacity),
        where=program.capacity > 0,
    )
    worst = float((left * (prices.capacity / price).max(axis=0)).max(initial=0.0))
    used = limit_use(program, split)
    for row in np.flatnonzero((prices.limits > 0) & (limits.value > 0)):
        part = prices.limits[row] * limits.factor[row] / price
        spare = float(limits.sign[row] * (limits.value[row] - used[row]) / limits.value[row])
        worst = max(worst, spare * float(np.minimum(part, 1.0)[limits.member[row]].max(initial=0.0)))
    return worst


def rows_worth(program: Program, prices: Prices) -> float:
    """Right-hand sides at their prices."""
    limits = program.limits
    return float((prices.capacity * program.capacity).sum()) + float((limits.sign * limits.value * prices.limits).sum())


def _over(found: Vector, allowed: Vector) -> float:
    if not found.size:
        return 0.0
    with np.errstate(invalid="ignore"):
        size = np.where(np.isfinite(allowed) & (allowed != 0), np.abs(allowed), 1.0)
        return float(np.max(np.where(np.isfinite(allowed), (found - allowed) / size, -np.inf), initial=0.0))


def _utility(ratio: Vector, alpha: float, reference: float) -> Vector:
    """φ_α of satisfactions in units of the reference, so that no power overflows; ln u keeps the unit 1."""
    return np.log(ratio * reference) if alpha == 1 else ratio ** (1 - alpha) / (1 - alpha)


def equivalent_of(mean: float, alpha: float, reference: float) -> float:
    """The satisfaction whose utility is the mean one; infinite where no satisfaction is worth so much."""
    if alpha == 1:
        return float(np.exp(mean))
    inside = (1 - alpha) * mean
    return float(reference * inside ** (1 / (1 - alpha))) if inside > 0 else (float("inf") if alpha > 1 else 0.0)


def _loss(weight: Vector, price: Vector, least: Vector, most: Vector, u: Vector) -> Vector:
    """(project): what it forgoes at the prices, relative to what it asks for (the measure of stationarity for α = 0)."""
    gain = weight - price
    return (np.where(gain > 0, gain * most, gain * least) - gain * u) / (weight * most)
