"""Why no split exists: the smallest set of limits found that cannot all hold, in words, and the least loosening that would do."""

from dataclasses import replace

import numpy as np
import polars as pl
from scipy import sparse

from analytics.allocation import scaling, tables
from analytics.allocation.aggregate import Reduced
from analytics.allocation.interior_point import optimum
from analytics.allocation.model import Model
from analytics.allocation.program import Index, Mask, Program, Vector
from analytics.allocation.solution import Outcome, Refusal

FEASIBLE = 1e-7
"""Relative loosening below which limits count as compatible."""
LEAST = "least satisfactions"
"""The name under which the projects' own guarantees appear in a clash."""
LOOSEST = 1e4
"""The furthest that a limit may be loosened, in parts of its value."""
SHARE_OF_CLASH = 1e-6
SURE = 1e-2
"""The size of the barrier from which the least loosening is sought: slower than a rough start, but sure."""

CLASH = {"name": pl.String, "sentence": pl.String}
RELAXATION = {"name": pl.String, "value": pl.Float64, "relaxed_value": pl.Float64, "unit": pl.String, "sentence": pl.String}


def in_closed_form(full: Program, live: Mask) -> Refusal | None:
    """The refusal where a guarantee alone asks for more than exists; None where none does."""
    clash: list[tuple[str, str]] = []
    relaxation: list[tuple[str, float, float, str, str]] = []
    shut = ~live.any(axis=0) & (full.least > 0)
    for project in np.flatnonzero(shut):
        name, least = full.projects[project], float(full.least[project])
        clash.append((name, f"Project {name} is guaranteed a satisfaction of {least:g}, but no partition is open to it."))
        relaxation.append((name, least, 0.0, "satisfaction", f"Lower the guarantee of project {name} from {least:g} to 0."))
    reach = _reach(full, live)
    for limit in np.flatnonzero((full.limits.sign < 0) & (full.limits.value > reach * (1 + FEASIBLE))):
        name, value, unit = _named(full, int(limit))
        most = float(reach[limit])
        clash.append((name, f"Limit {name} asks for at least {value:,.6g} {unit}, but those it counts can take at most {most:,.6g}."))
        relaxation.append((name, value, most, unit, f"Lower limit {name} from {value:,.6g} to {most:,.6g} {unit}."))
    if not clash:
        return None
    return _refusal("A guarantee is larger than all that its projects ask for, or than what is offered to them.", clash, relaxation)


def infeasible(small: Reduced, served: Index) -> Refusal | None:
    """The refusal with the clash and the least loosening, None where a split within all limits exists."""
    full = small.program
    if (full.least > 0).any():
        met = _guarantees_met(small, served)
        if met < 1 - FEASIBLE:
            return _too_much_guaranteed(small, met)
    rows = np.flatnonzero(small.limit_row >= 0)
    if not rows.size:
        return None
    loosened, prices, proven = _loosened(small, served, rows, full.least)
    if proven <= FEASIBLE:
        return None
    core = rows[prices > SHARE_OF_CLASH * prices.max()]
    core, guarantees = _irreducible(small, served, core)
    return _clashing(small, core, guarantees, rows, loosened)


def starved(small: Reduced, served: Index) -> Refusal | None:
    """The refusal where the limits leave somebody with nothing, so that no utility can be weighed; None where they do not."""
    full = small.program
    begin = scaling.start(small, full.least, full.most, None)
    numbers, _ = scaling.model(small, served, begin, alpha=None, bounds=(full.least, full.most), level=np.ones(len(full.weight)))
    point = optimum(numbers)
    if point.level > 1e-7 * float(np.median(full.most[served])):
        return None
    u = point.v.sum(axis=0) * begin.at[served]
    names = [full.projects[project] for project in served[u < 1e-6 * full.most[served]]]
    shown = ", ".join(names[:10]) + (" …" if len(names) > 10 else "")
    return Refusal(
        outcome=Outcome.STARVED,
        reason=f"The limits leave {len(names)} projects with nothing: {shown}.",
        mend="Loosen the limits that shut them out, or choose an α below 1, which can leave somebody with nothing.",
        clash=pl.DataFrame([(name, f"Project {name} can get nothing.") for name in names], schema=CLASH, orient="row"),
        relaxation=pl.DataFrame(schema=RELAXATION),
    )


def unproven(gap: float, breach: float, off: float) -> Refusal:
    """The refusal of a split whose proof is not tight enough to be shown.

    Args:
        gap: What the closest split lacks to its bound.
        breach: By which part of its value it breaches a limit.
        off: How far a project is at most from what the prices imply.
    """
    closest = f"the closest has a gap of {max(gap, 0.0):.1e}, breaches a limit by {breach:.1e} of its value, and leaves a project {off:.1e}"
    closest += " of its satisfaction away from what the prices imply"
    return Refusal(
        outcome=Outcome.NOT_CERTIFIED,
        reason=f"No split could be proven best: {closest if np.isfinite(gap) else 'its numbers leave the range of the machine'}.",
        mend="Choose an α nearer to 1, leximin for the limit of a large α, or weights, entitlements and limits that lie less far apart.",
        clash=pl.DataFrame(schema=CLASH),
        relaxation=pl.DataFrame(schema=RELAXATION),
    )


def _named(full: Program, limit: int) -> tuple[str, float, str]:
    unit = tables.QUANTITIES[full.limits.quantities[limit]]
    return full.limits.names[limit], float(full.limits.value[limit]), f"{unit}s" if unit in ("node-hour", "credit") else unit


def _reach(full: Program, live: Mask) -> Vector:
    """(limit): the most of its quantity that the projects it counts could take: by their requests, and by what is offered."""
    limits, found = full.limits, []
    hours = np.where(live, full.hours_per_satisfaction, 0.0) * full.most
    usable = full.open[:, None, :] & (full.capacity > 0)
    for factor, member in zip(limits.factor, limits.member, strict=True):
        highest = np.where(usable, factor, 0.0).max(axis=2)
        wanted = (full.by_class(highest) * hours).max(axis=0)
        offered = float((usable[member].any(axis=0) * factor * full.capacity).sum())
        found.append(min(float(wanted[member[full.class_of]].sum()), offered))
    return np.array(found)


def _guarantees_met(small: Reduced, served: Index) -> float:
    """What the part of every guarantee that the machines alone can give surely does not exceed, were there no limits."""
    full = small.program
    zero = np.zeros_like(full.least)
    begin = scaling.start(small, zero, full.most, None)
    numbers, _ = scaling.model(small, served, begin, alpha=None, bounds=(zero, full.most), level=full.least)
    numbers = _without(numbers, small.limit_row[small.limit_row >= 0])
    point, level = optimum(numbers), numbers.level
    assert level is not None
    pull = np.divide(point.pull, level, out=np.zeros_like(level), where=level > 0) / point.pull.sum()
    return _bound(numbers, point.rows, pull)


def _without(numbers: Model, rows: Index) -> Model:
    kept = np.setdiff1d(np.arange(len(numbers.bound)), rows)
    return replace(
        numbers,
        of_classes=numbers.of_classes[kept],
        of_flows=numbers.of_flows[kept],
        bound=numbers.bound[kept],
        equal=numbers.equal[kept],
    )


def _loosened(small: Reduced, served: Index, limits: Index, least: Vector) -> tuple[Vector, Vector, float]:
    """(limit): the loosening, in parts of its value, when their sum is least; the price of each; and what the sum surely exceeds.

    Other limits are left out. Only what the prices prove counts as a clash: a sum above zero alone may be rounding.
    """
    full = small.program
    begin = scaling.start(small, least, full.most, None)
    numbers, _ = scaling.model(small, served, begin, alpha=None, bounds=(least, full.most), level=None)
    elastic = _elastic(small, numbers, limits)
    point = optimum(elastic, from_centre=SURE)
    rows = _kept_rows(small, limits)
    prices = point.rows.copy()
    prices[rows] = np.clip(prices[rows], 0.0, 1.0)
    return point.z[len(small.flows) :], prices[rows], -_bound(elastic, prices, np.zeros(len(elastic.least)))


def _bound(numbers: Model, rows: Vector, pull: Vector) -> float:
    """What no choice can exceed: Σ prices·bounds + Σ max over u of (pull − cost)·u + Σ max over flows, for any prices of 0 and more."""
    rows = np.where(numbers.equal, rows, np.maximum(rows, 0.0))
    cost = np.where(numbers.live, numbers.priced(rows), np.inf).min(axis=0)
    gain = pull - cost
    flows = -(numbers.flow_cost + numbers.of_flows.T @ rows) * numbers.room
    blocks = np.maximum(gain * numbers.least, gain * numbers.most)
    return float(rows @ numbers.bound) + float(blocks.sum()) + float(np.maximum(flows, 0.0).sum())


def _elastic(small: Reduced, numbers: Model, limits: Index) -> Model:
    """The model with a column that loosens each of the limits, and without the others; only loosening costs."""
    rows = small.limit_row[limits]
    loosening = sparse.csr_array((-np.ones(len(rows)), (rows, np.arange(len(rows)))), shape=(len(numbers.bound), len(rows)))
    others = np.setdiff1d(small.limit_row[small.limit_row >= 0], rows)
    room = np.where(small.program.limits.sign[limits] > 0, LOOSEST, 1.0)
    whole = replace(
        numbers,
        of_flows=sparse.hstack([numbers.of_flows, loosening]).tocsr(),
        flow_cost=np.concatenate([np.zeros(len(small.flows)), np.ones(len(rows))]),
        room=np.concatenate([numbers.room, room]),
    )
    return _without(whole, others)


def _kept_rows(small: Reduced, limits: Index) -> Index:
    """The rows of the limits once the rows of all other limits are left out."""
    kept = np.setdiff1d(np.arange(len(small.bound)), np.setdiff1d(small.limit_row[small.limit_row >= 0], small.limit_row[limits]))
    return np.searchsorted(kept, small.limit_row[limits]).astype(np.int64)


def _irreducible(small: Reduced, served: Index, core: Index) -> tuple[Index, bool]:
    """The limits that still clash when none can be left out, and whether the guarantees are needed for it."""
    least = small.program.least
    guarantees = bool((least > 0).any())
    if guarantees and core.size and _loosened(small, served, core, np.zeros_like(least))[2] > FEASIBLE:
        guarantees, least = False, np.zeros_like(least)
    for limit in core:
        rest = core[core != limit]
        if rest.size and _loosened(small, served, rest, least)[2] > FEASIBLE:
            core = rest
    return core, guarantees


def _too_much_guaranteed(small: Reduced, met: float) -> Refusal:
    full = small.program
    count = int((full.least > 0).sum())
    sentence = f"{count} projects are guaranteed a least satisfaction, but the machines can give at most {met:.4%} of it to all of them."
    clash = [(LEAST, sentence)]
    mend = f"Lower every least satisfaction to {met:.4%} of its value."
    return _refusal("The guarantees together are more than the machines offer.", clash, [(LEAST, 1.0, met, "part of each", mend)])


def _clashing(small: Reduced, core: Index, guarantees: bool, rows: Index, loosened: Vector) -> Refusal:
    full = small.program
    clash = []
    for limit in core:
        name, value, unit = _named(full, int(limit))
        bound = "at most" if full.limits.sign[limit] > 0 else "at least"
        clash.append((name, f"Limit {name} allows {bound} {value:,.6g} {unit}."))
    if guarantees:
        count = int((full.least > 0).sum())
        clash.append((LEAST, f"{count} projects are guaranteed a least satisfaction."))
    relaxation = []
    for limit, part in zip(rows, loosened, strict=True):
        if part > FEASIBLE / len(rows):
            name, value, unit = _named(full, int(limit))
            relaxed = value * (1 + float(full.limits.sign[limit]) * float(part))
            verb = "Raise" if full.limits.sign[limit] > 0 else "Lower"
            relaxation.append((name, value, relaxed, unit, f"{verb} limit {name} from {value:,.6g} to {relaxed:,.6g} {unit}."))
    return _refusal("These limits cannot all hold on the machines and requests given.", clash, relaxation)


def _refusal(reason: str, clash: list[tuple[str, str]], relaxation: list[tuple[str, float, float, str, str]]) -> Refusal:
    return Refusal(
        outcome=Outcome.INFEASIBLE,
        reason=reason,
        mend=" ".join(row[-1] for row in relaxation) or "Loosen one of the limits named.",
        clash=pl.DataFrame(clash, schema=CLASH, orient="row"),
        relaxation=pl.DataFrame(relaxation, schema=RELAXATION, orient="row"),
    )
