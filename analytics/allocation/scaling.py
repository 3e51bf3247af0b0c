"""From a reduced program to the numbers an interior point likes, and back: every project measured from where it might start."""

from dataclasses import dataclass, replace

import numpy as np

from analytics.allocation.aggregate import Reduced
from analytics.allocation.model import Model
from analytics.allocation.program import Index, Mask, Vector

HALVINGS = 60
NEAREST = 1e-6
FLATTEST = 0.75
"""The α below which a start is spread no wider, for small α answers are all or nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where every project starts, in satisfaction, and what it would pay there: the units of the method."""

    at: Vector
    """(project): a satisfaction strictly inside its bounds."""
    worth: Vector
    """(project): welfare that this satisfaction is worth at a rough price."""
    rows: Vector | None = None
    """(row): welfare of each scaled row, where a better price than a guess is known."""


def start(reduced: Reduced, least: Vector, most: Vector, alpha: float | None) -> Start:
    """A start at which all together need about half of what is offered.

    Everybody meets one price for a node-hour, found by halving, and takes (weight ÷ price)^(1/α) at it, though never more than
    the middle of the own bounds; where only a level counts, everybody takes the same. Who would take more than its most starts
    the closer to it, the keener it is.

    Raises:
        FloatingPointError: if a price leaves the range of the machine.
    """
    program = reduced.program
    hours = np.where(reduced.live, program.hours_per_satisfaction, np.inf).min(axis=0)
    hours = np.where(np.isfinite(hours), hours, 0.0)
    middle = np.maximum(0.5 * (least + most), 1e-300)
    keen = np.zeros_like(middle)
    steepness = max(alpha or 0.0, FLATTEST)
    if alpha is not None:
        keen = np.log(program.weight / np.where(hours > 0, hours, 1.0)) / steepness
    promised, offered = float(hours @ least), float(program.capacity.sum())
    level = _level(keen, least, middle, hours, promised + 0.5 * max(0.0, offered - promised))
    taken = np.minimum(np.exp(np.minimum(level + keen, 700.0)), middle)
    at = np.maximum(taken, least + 0.05 * (most - least) * (least > 0))
    with np.errstate(over="raise"):
        price = np.maximum(hours, 1e-300) * (1.0 if alpha is None else np.exp(-level * steepness))
    return near_roof(program.weight, Start(at=at, worth=price * at), least, most, alpha)


def near_roof(weight: Vector, begin: Start, least: Vector, most: Vector, alpha: float | None) -> Start:
    """The start moved towards the roof where the marginal utility there is far above the price."""
    if alpha is None:
        return begin
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        rent = weight * most**-alpha * begin.at / begin.worth - 1
        room = np.where(rent > 1, (most - least) / (1 + rent), np.inf)
    return replace(begin, at=np.where(np.isfinite(room), np.maximum(begin.at, most - np.maximum(room, NEAREST * most)), begin.at))


def _level(keen: Vector, least: Vector, middle: Vector, hours: Vector, wanted: float) -> float:
    """The logarithm of the common level at which everybody together takes the wanted hours."""
    high, low = float((np.log(middle) - keen).max()), float((np.log(middle) - keen).min()) - 50.0
    for _ in range(HALVINGS):
        level = 0.5 * (low + high)
        if float(hours @ np.maximum(np.minimum(np.exp(np.minimum(level + keen, 700.0)), middle), least)) > wanted:
            high = level
        else:
            low = level
    return low


def model(
    reduced: Reduced, served: Index, begin: Start, *, alpha: float | None, bounds: tuple[Vector, Vector], level: Vector | None
) -> tuple[Model, float]:
    """The numbers for the projects that can be served, in units of their start, and the welfare of one unit of their objective.

    Raises:
        FloatingPointError: if a weight in these units leaves the range of the machine.
    """
    program = reduced.program
    live, at = reduced.live[:, served], begin.at[served]
    least, most = bounds
    hours = np.where(live, program.hours_per_satisfaction[:, served] * at, 0.0)
    worth = begin.worth[served]
    unit = float(worth.mean()) if alpha is not None else 1.0
    classes, starts = np.unique(program.class_of[served], return_index=True)
    partitions = len(program.partitions)
    columns = (classes[:, None] * partitions + np.arange(partitions)).ravel()
    with np.errstate(over="raise"):
        weight = program.weight[served] * at ** (1 - alpha) / unit if alpha is not None else np.ones(len(at))
    return Model(
        alpha=alpha,
        weight=weight,
        barrier=worth / unit if alpha is not None else worth / worth.sum(),
        least=least[served] / at,
        most=most[served] / at,
        level=None if level is None else level[served] / at,
        start=at,
        live=live,
        hours=hours,
        starts=starts.astype(np.int64),
        of_classes=reduced.of_classes[:, columns],
        of_flows=reduced.of_flows,
        bound=reduced.bound,
        equal=reduced.equal,
        flow_cost=reduced.flow_cost / unit,
        room=np.ones(len(reduced.flows)),
        rows=None if begin.rows is None else begin.rows / unit,
    ), unit


def can_be_served(reduced: Reduced) -> Mask:
    """(project): whether it asks for something and a partition can give it."""
    return np.asarray(reduced.live.any(axis=0), dtype=bool)
