"""The machine and partition that a table of projects means, and its hours as node-hours of that machine."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from data.ingest.project_words import plain
from data.machines import Partition, System
from data.terms import HourUnit

OTHER_NAMES = {"mn5": "marenostrum5", "bsc marenostrum5": "marenostrum5", "mare nostrum 5": "marenostrum5", "mare nostrum5": "marenostrum5"}
"""Names that people write for machines, besides those of the reference facts."""

FILLERS = ("partition", "supercomputer", "system", "module", "the", "hpc", "nodes")
PER_NODE = {HourUnit.GPU_HOURS: "gpus_per_node", HourUnit.CORE_HOURS: "cores_per_node"}
PART_OF_NODE = {HourUnit.GPU_HOURS: "GPUs", HourUnit.CORE_HOURS: "cores"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a project may run."""

    system: System
    """The machine."""
    parts: tuple[Partition, ...]
    """The partitions that the name leaves possible: one where it names one, else all of the machine."""

    @property
    def name(self) -> str:
        """The machine, with its partition where one is named."""
        if len(self.parts) != 1 or self.parts[0].name.startswith(self.system.name):
            return self.parts[0].name if len(self.parts) == 1 else self.system.name
        return f"{self.system.name} {self.parts[0].name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """How many of a unit make a node-hour, or why that is not known."""

    per_node_hour: float | None
    """The factor, `None` where it is not known."""
    why: str
    """Where the factor is from, or what is missing."""


class Machines:
    """The machines by every name that a table may use for them."""

    def __init__(self, known: Mapping[str, System]) -> None:
        """Learn the names of these machines and of their partitions."""
        self._known = known
        self._names = {_joined(name): system for system in known.values() for name in (system.id, system.name)}
        self._names |= {_joined(other): known[system] for other, system in OTHER_NAMES.items() if system in known}

    def place(self, text: str) -> Place | None:
        """The machine that a text names, and the partition where it names one, such as "LUMI-G" or "MN5 ACC"."""
        wanted = _joined(*(word for word in plain(text).split() if word not in FILLERS))
        if wanted in self._names:
            system = self._names[wanted]
            return Place(system=system, parts=system.partitions)
        found = [
            Place(system=system, parts=(part,))
            for name, system in self._names.items()
            if wanted.startswith(name)
            for part in _parts_named(system, wanted.removeprefix(name))
        ]
        places = {(place.system.id, place.parts[0].name): place for place in found}
        return next(iter(places.values())) if len(places) == 1 else None

    @property
    def names(self) -> str:
        """The names that would be understood, for the reader of a refusal."""
        return ", ".join(sorted(system.name for system in self._known.values()))


def factor(place: Place, unit: HourUnit) -> Factor:
    """How many of a unit make one node-hour at a place.

    GPU-hours can only be of partitions with GPUs. Where the partitions that remain differ, the factor is not known, for a guess
    could be wrong by a factor of two or more.
    """
    if unit is HourUnit.NODE_HOURS:
        return Factor(per_node_hour=1.0, why="")
    counts = {part.name: getattr(part, PER_NODE[unit]) for part in place.parts}
    if unit is HourUnit.GPU_HOURS:
        counts = {name: count for name, count in counts.items() if count != 0}
    spoken, what = unit.value.replace("gpu", "GPU").replace("_", "-"), PART_OF_NODE[unit]
    if not counts:
        return Factor(per_node_hour=None, why=f"{place.name} has no GPUs, so {spoken} cannot be node-hours of it")
    missing = sorted(name for name, count in counts.items() if count is None)
    if missing:
        why = f"how many {what} a node of {place.system.name} {' and '.join(missing)} has is not known; state the hours in node-hours"
        return Factor(per_node_hour=None, why=why)
    if len(set(counts.values())) > 1:
        apart = ", ".join(f"{count:g} in {name}" for name, count in counts.items())
        why = f"nodes of {place.name} have differing numbers of {what} ({apart}); name the partition or state node-hours"
        return Factor(per_node_hour=None, why=why)
    (count,) = set(counts.values())
    return Factor(per_node_hour=count, why=f"{count:g} {spoken} a node-hour on {' and '.join(counts)} of {place.system.name}")


def _parts_named(system: System, rest: str) -> Iterable[Partition]:
    """The partitions that the rest of a name can mean: by their own name, else by the kind of their nodes."""
    own = [part for part in system.partitions if rest in _names_of(system, part)]
    if own or rest not in ("gpu", "gpus", "cpu", "cpus"):
        return own
    with_gpus = rest.startswith("gpu")
    return [part for part in system.partitions if part.gpus_per_node is not None and (part.gpus_per_node > 0) is with_gpus]


def _names_of(system: System, part: Partition) -> set[str]:
    whole = _joined(part.name)
    return {whole, whole.removeprefix(_joined(system.name)), whole.removesuffix("partition")} - {""}


def _joined(*words: str) -> str:
    return "".join(plain(" ".join(words)).split())
