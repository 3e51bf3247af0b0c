"""Steep fairness from the dearest down: who pays most per node-hour is settled first, and what is left is a problem of the same kind.

With a large α one node-hour may be worth 10^40 times as much to one project as to another, and no number of the machine holds both.
So each layer settles only the projects whose hour is dear, to whom all others are as nothing; they are then taken out with the
hours they hold, rows whose price keeps everybody else away are shut, and the others share the rest in units of their own.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from numpy.linalg import LinAlgError

from analytics.allocation.aggregate import Reduced, reduced
from analytics.allocation.certificate import GAP, VIOLATION, Certificate, Prices, Split, certify, costs, misfits
from analytics.allocation.program import Index, Mask, Program, Vector, of_projects
from analytics.allocation.scaling import Start, can_be_served

LAYERS_AT_MOST = 80
TRIES = 16
"""How often a layer is solved anew, each time measured from the satisfactions last found, before it is given up."""
SETTLED = 2e-5
"""The misfit up to which a project counts as settled."""
COUNTED = (1e-5, 1e-8, 1e-4)
"""The parts of the dearest hour's worth that an hour counts at least, so that numbers stay within the machine's range: each is tried.

A project may be settled in a layer from the square root of that part of the dearest hour, and the price of a row is known from
between the two.
"""
USES = 0.01
"""The part of a satisfaction from which a project needs a row."""
EMPTY = 1e-9
"""The part of a capacity or limit below which nothing is left of it."""
FULL = 100.0
"""The most that an hour of a project at its own most counts, in parts of the dearest that somebody would take more of."""
AT_BOUND = 1e-6
"""How near to a bound counts as there, in parts of it."""
STEEPER, STEPS = 1.5, 8
"""By what factor one α is steeper than the last, and how many problems are solved at most to reach it."""
GAIN = 2.0
"""The factor by which problems on the way grow steeper after a success; after a failure they fall back by its square."""
TINY = 1e-300
"""The least satisfaction that is a number."""
INSIDE = 1e-3
"""How near to a bound a start may be, in parts of what lies between the bounds."""


class TiredError(Exception):
    """Enough gentle problems were solved in vain."""


Solve = Callable[[Reduced, Index, Start, float], tuple[Split, Prices, Certificate]]
"""The split, prices and proof of a problem from a start, for an α."""


@dataclass(slots=True)
class _Books:
    """Who holds what so far, and the prices that are known."""

    hours: Vector
    """(partition, project): of settled projects."""
    used: Vector
    """(class, partition, period): their node-hours."""
    free: Mask
    """(project): whether it is yet to be settled."""
    shut_cells: Mask
    """(partition, period): whether its price keeps the others away."""
    shut_limits: Mask
    """(limit): the same."""
    prices: Prices
    """Prices: known for what is shut, of the last layer for the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A problem in which everybody is measured from a satisfaction that may be reached."""

    program: Program
    """The problem in these units."""
    counted_up: Mask
    """(project): whether it counts for more than it is worth."""
    counted_down: Mask
    """(project): whether it counts for less than it is worth."""
    log_unit: float
    """The logarithm of the welfare that counts as 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layer:
    """What is left for the free projects."""

    measured: Measured
    """Their problem."""
    projects: Index
    """Their positions in the full problem."""
    classes: Index
    """The full problem's classes of its classes."""


def from_the_dearest(
    small: Reduced, served: Index, alpha: float, first: Vector, solve: Solve, gentle: float, counted: float
) -> tuple[Split, Prices, Certificate] | None:
    """The split with the prices of all layers and its proof, from the satisfactions of the gentle split; None where a layer fails.

    Only gentle problems are solved. Whoever ends where it was measured from is worth as much there whatever the α, so that the
    gentle split of weights w·u^(gentle α − α) is the steep one once it gives back the u that it was measured from.

    Raises:
        FloatingPointError: if numbers leave the range of the machine.
        LinAlgError: if a gentle problem is not solved.
    """
    full = small.program
    at = _followed(small, served, alpha, np.maximum(first, TINY), solve, gentle, counted)
    books = _Books(
        hours=np.zeros_like(full.usefulness),
        used=np.zeros((len(full.open), *full.capacity.shape)),
        free=np.isin(np.arange(len(full.weight)), served),
        shut_cells=np.zeros(full.capacity.shape, bool),
        shut_limits=np.zeros(len(full.limits.names), bool),
        prices=Prices(limits=np.zeros(len(full.limits.names)), capacity=np.zeros_like(full.capacity)),
    )
    for _ in range(LAYERS_AT_MOST):
        if not _settle_some(full, books, alpha, at, solve, gentle, counted):
            return None
        if not books.free.any():
            break
    if books.free.any():
        return None
    total = books.used.sum(axis=2, keepdims=True)
    split = Split(hours=books.hours, shares=np.divide(books.used, total, out=np.zeros_like(books.used), where=total > 0))
    return split, books.prices, certify(full, split, books.prices, served, alpha)


def _measured(program: Program, at: Vector, alpha: float, counted: float) -> Measured:
    """The problem in units in which everybody is at 1 and the dearest hour is worth 1 to whoever would take more of it.

    Who is at the own most stays there whatever more it is worth to them, so that they count no more than `FULL`.
    """
    hours = program.hours_per_satisfaction.min(axis=0) * at
    hourly = np.log(program.weight) + (1 - alpha) * np.log(at) - np.log(np.maximum(hours, 1e-300))
    full = at >= program.most * (1 - AT_BOUND)
    log_unit = float(hourly.min() if full.all() else hourly[~full].max())
    relative = hourly - log_unit
    worth = np.exp(np.clip(relative, np.log(counted), np.log(FULL))) * hours
    with np.errstate(over="raise"):
        cost = program.cost * np.exp(-log_unit) if program.cost.any() else program.cost
    return Measured(
        program=replace(
            program, weight=worth, entitlement=program.entitlement * at, least=program.least / at, most=program.most / at, cost=cost
        ),
        counted_up=np.asarray(relative < np.log(counted)),
        counted_down=np.asarray(relative > np.log(FULL)),
        log_unit=log_unit,
    )


def _start_of(program: Program) -> Start:
    """The start at 1 for everybody, though inside the bounds."""
    inside = INSIDE * (program.most - program.least)
    at = np.clip(np.ones(len(program.most)), program.least + inside * (program.least > 0), program.most - inside)
    return Start(at=at, worth=program.weight * np.maximum(at, 1.0))


def _followed(small: Reduced, served: Index, alpha: float, at: Vector, solve: Solve, gentle: float, counted: float) -> Vector:
    """(project): roughly its satisfaction, followed from that for the gentle α through ever steeper ones."""
    full, steeper = small.program, gentle
    while steeper < alpha:
        steeper = min(alpha, STEEPER * steeper)
        steepness = steeper
        for _ in range(STEPS):
            part = _measured(full, at, steeper, counted).program
            flow_cost = np.array([part.cost[flow.partition, flow.months[0]] * flow.hours for flow in small.flows])
            answer = _solved(replace(small, program=part, flow_cost=flow_cost), served, solve, steepness)
            if answer is not None:
                moved = np.maximum(answer[0].satisfaction(part), TINY) ** (steepness / steeper)
                at = np.maximum(at * np.where(full.most > 0, moved, 1.0), TINY)
                if steepness == steeper:
                    break
            steepness = _next_steepness(steepness, gentle, steeper, found=answer is not None)
    return at


def _next_steepness(steepness: float, gentle: float, alpha: float, *, found: bool) -> float:
    """The α of the next problem on the way to a steep one: steeper after a success, gentler after a failure."""
    return min(alpha, GAIN * steepness) if found else max(gentle, steepness / GAIN**2)


def _solved(small: Reduced, served: Index, solve: Solve, steepness: float) -> tuple[Split, Prices] | None:
    """The split and prices of a measured problem; None where they are not proven near its optimum."""
    with suppress(ArithmeticError, LinAlgError):
        split, prices, proof = solve(small, served, _start_of(small.program), steepness)
        if proof.gap <= GAP and proof.largest_violation <= VIOLATION:
            return split, prices
    return None


def _settle_some(full: Program, books: _Books, alpha: float, at: Vector, solve: Solve, gentle: float, counted: float) -> bool:
    """Solve a layer and settle who is right in it; `at` moves towards the satisfactions found."""
    steepness = alpha
    for _ in range(TRIES):
        layer = _layer(full, books, alpha, at, counted)
        program = layer.measured.program
        small = reduced(program)
        served = np.flatnonzero(can_be_served(small))
        if len(served) < len(layer.projects):
            return False
        answer = _solved(small, served, solve, steepness)
        if answer is not None:
            split, prices = answer
            u = split.satisfaction(program)
            at[layer.projects] *= np.maximum(u, TINY) ** (steepness / alpha)
            price = costs(program, prices) / program.hours_per_satisfaction.min(axis=0)
            dear = (price >= np.sqrt(counted) * price.max()) | ~layer.measured.counted_up.any()
            settled = dear & _right(layer.measured, u, misfits(program, split, prices, served, alpha))
            if (u >= program.most * (1 - AT_BOUND)).all():
                settled[:] = True
            if settled.any():
                _note(full, books, layer, split, prices, settled, float(counted**0.75 * price.max()))
                return True
        steepness = _next_steepness(steepness, gentle, alpha, found=answer is not None)
    return False


def _right(measured: Measured, u: Vector, misfit: Vector) -> Mask:
    """(project): whether its satisfaction is the one that the prices imply for what it is truly worth."""
    least, most = measured.program.least, measured.program.most
    down = ~measured.counted_down | (u >= most * (1 - AT_BOUND))
    up = ~measured.counted_up | (u <= least * (1 + AT_BOUND))
    return np.asarray((misfit <= SETTLED) & down & up)


def _layer(full: Program, books: _Books, alpha: float, at: Vector, counted: float) -> _Layer:
    """What is left for the free projects."""
    projects = np.flatnonzero(books.free)
    part, classes = of_projects(full, projects)
    limits, by_cell = full.limits, books.used.sum(axis=0)
    taken = np.array(
        [float((factor * books.used[member].sum(axis=0)).sum()) for factor, member in zip(limits.factor, limits.member, strict=True)]
    )
    left = _left(full.capacity, by_cell, books.shut_cells)
    value = _left(limits.value, taken, books.shut_limits) if len(taken) else limits.value
    program = replace(part, capacity=left, limits=replace(part.limits, value=value))
    return _Layer(measured=_measured(program, at[projects], alpha, counted), projects=projects, classes=classes)


def _left(offered: Vector, used: Vector, shut: Mask) -> Vector:
    """What is left of capacities or limits."""
    left = offered - used
    return np.where(shut | (left <= EMPTY * np.abs(offered)), 0.0, left)


def _note(full: Program, books: _Books, layer: _Layer, split: Split, prices: Prices, settled: Mask, known: float) -> None:
    """Enter who is settled, shut what only they can pay, and keep the prices of what is not yet shut."""
    program = layer.measured.program
    mine = np.where(settled, split.hours, 0.0)
    used = program.used_by_class(mine)[:, :, None] * split.shares
    books.hours[:, layer.projects[settled]] = split.hours[:, settled]
    books.used[layer.classes] += used
    books.free[layer.projects[settled]] = False
    with np.errstate(over="raise"):
        unit = np.exp(layer.measured.log_unit)
        limits, capacity = prices.limits * unit, prices.capacity * unit
    books.prices = Prices(
        limits=np.where(books.shut_limits, books.prices.limits, limits),
        capacity=np.where(books.shut_cells, books.prices.capacity, capacity),
    )
    needed = _needed(program, split, ~settled)
    per_hour = prices.limits * np.max(full.limits.factor, axis=(1, 2), initial=0.0)
    for limit, member in enumerate(program.limits.member):
        here = full.limits.factor[limit] > 0
        wanted = bool((needed[member] & here).any()) or full.limits.sign[limit] < 0
        books.shut_limits[limit] |= bool(per_hour[limit] > known) and not wanted
    books.shut_cells |= (prices.capacity > known) & ~needed.any(axis=0)


def _needed(program: Program, split: Split, free: Mask) -> Mask:
    """(class, partition, period): whether a free project gets a good part of its satisfaction there, where hours are cheapest."""
    gained = np.where(free & (split.hours * program.usefulness > USES * program.entitlement * split.satisfaction(program)), 1.0, 0.0)
    by_class = np.maximum.reduceat(gained, program.starts, axis=1).T
    return np.asarray((by_class > 0)[:, :, None] & (split.shares > USES))
