"""How a machine's Slurm counts the hours of each unit: the one place where billing units become trackable resources."""

from collections.abc import Mapping
from dataclasses import dataclass

from data.errors import FactError
from data.machines import Partition, System
from data.terms import HourUnit

TRES = {HourUnit.NODE_HOURS: "node", HourUnit.GPU_HOURS: "gres/gpu", HourUnit.CORE_HOURS: "cpu"}
"""Slurm's own word for what each unit counts."""

FACTS = {HourUnit.GPU_HOURS: "gpus_per_logged_gpu", HourUnit.CORE_HOURS: "cores_per_logged_cpu"}
"""The fact that says how much of the unit one counted resource is."""

THINGS = {HourUnit.NODE_HOURS: "node", HourUnit.GPU_HOURS: "GPU", HourUnit.CORE_HOURS: "core"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Billing:
    """How an hour of a unit is counted."""

    unit: HourUnit
    """The unit."""
    tres: str
    """The trackable resource that Slurm counts."""
    counted_per_unit: float
    """How many of that resource Slurm counts for one of the unit: 2 where two GCDs are one GPU."""
    why: str
    """That in words, with source and flag of the fact behind it."""

    @property
    def shown_as(self) -> str:
        """The conversion in words."""
        return f"1 {THINGS[self.unit]}-hour = {60 * self.counted_per_unit:g} minutes of {self.tres} in Slurm ({self.why})"


def billing(system: System, unit: HourUnit) -> Billing:
    """How the machine's Slurm counts an hour of the unit.

    A limit of Slurm holds for an account on all partitions together; where these are counted unlike, nothing is right for all.

    Raises:
        FactError: if the machine has nothing of the sort, or its partitions count unlike.

    >>> from data.facts import systems
    >>> billing(systems()["lumi"], HourUnit.GPU_HOURS).counted_per_unit
    2.0
    """
    if unit is HourUnit.NODE_HOURS:
        return Billing(unit=unit, tres=TRES[unit], counted_per_unit=1.0, why="Slurm counts a node once for every job on it")
    parts = [part for part in system.partitions if _has(part, unit)]
    if not parts:
        raise FactError(f"{system.name} has no {THINGS[unit]}s by the facts stated; quotas there need another unit.")
    factors = {_per_counted(part, unit): part for part in parts}
    if len(factors) > 1:
        each = "; ".join(f"{part.name} {factor:g}" for factor, part in factors.items())
        raise FactError(
            f"{system.name} counts {THINGS[unit]}s unlike in its partitions ({FACTS[unit]}: {each}), and a limit of Slurm holds for all of "
            f"them together; give the quota in node-hours, or make the facts agree."
        )
    factor, part = next(iter(factors.items()))
    return Billing(unit=unit, tres=TRES[unit], counted_per_unit=1 / factor, why=_why(part, unit))


def billing_table(system: System) -> Mapping[HourUnit, Billing | str]:
    """The conversion of every unit on a machine, or why there is none."""
    found: dict[HourUnit, Billing | str] = {}
    for unit in HourUnit:
        try:
            found[unit] = billing(system, unit)
        except FactError as error:
            found[unit] = str(error)
    return found


def _has(part: Partition, unit: HourUnit) -> bool:
    """Whether jobs of a partition can use what the unit counts; where that is not known, they may."""
    return unit is HourUnit.CORE_HOURS or part.gpus_per_node is None or part.gpus_per_node > 0


def _per_counted(part: Partition, unit: HourUnit) -> float:
    return part.gpus_per_logged_gpu if unit is HourUnit.GPU_HOURS else part.cores_per_logged_cpu


def _why(part: Partition, unit: HourUnit) -> str:
    fact = part.facts.get(FACTS[unit])
    return "taken as one to one, nothing else is stated" if fact is None else f"{fact.source}; {fact.flag.shown_as}"
