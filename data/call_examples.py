"""Ready-made calls with what was published about them, and the facts for training: peaks of accelerators, and published runs."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import polars as pl

from data.errors import FactError
from data.facts import REFERENCE, systems
from data.schema import Schema, check
from data.terms import AccessMode, Flag, HourUnit, UserCategory
from data.units import HOURS_PER_YEAR

ROUNDED_TO = 1_000
"""Hours offered are rounded down to so many."""

PER_NODE = {HourUnit.NODE_HOURS: None, HourUnit.GPU_HOURS: "gpus_per_node", HourUnit.CORE_HOURS: "cores_per_node"}

ACCELERATORS: Schema = {
    "system": pl.String,
    "partition": pl.String,
    "gpu": pl.String,
    "peak_bf16_tflops": pl.Float64,  # of one GPU in the machine's billing unit, dense
    "source": pl.String,
    "flag": pl.String,
}
"""One row a partition with GPUs of which a peak is known."""

TRAINING_RUNS: Schema = {
    "name": pl.String,
    "parameters": pl.Float64,
    "tokens": pl.Float64,
    "trained_on": pl.String,
    "source": pl.String,
    "flag": pl.String,
}
"""One row a foundation model whose training was published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFact:
    """What a ready-made call rests on."""

    what: str
    """What is stated."""
    source: str
    """Who says so, or that it is assumed."""
    flag: Flag
    """How well it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallExample:
    """A ready-made call, whose applications are invented."""

    id: str
    """Its short name."""
    title: str
    """Its name."""
    mode: AccessMode
    """The access mode it is of."""
    unit: HourUnit
    """The unit of its hours."""
    offered: Mapping[str, int]
    """The hours it awards on each machine, by `system:partition`."""
    applications: int
    """How many applications are invented."""
    seed: int
    """The seed they are invented from."""
    categories: Mapping[UserCategory, float]
    """The part of the applications that each user category makes."""
    least_hours: int
    """The smallest request."""
    most_hours: int
    """The largest request."""
    most_awards: int | None
    """How many may be awarded, where that is limited."""
    threshold: float
    """The score below which nobody is awarded."""
    commercial_share: float
    """The most part of each machine's hours for companies; 0 where the call is for companies alone."""
    facts: tuple[CallFact, ...]
    """What was published, and what is assumed."""


def call_examples() -> dict[str, CallExample]:
    """The ready-made calls by their short names.

    >>> [example.applications for example in call_examples().values()]
    [94, 42, 120]
    """
    return {example.id: example for example in _examples()}


def accelerators() -> pl.DataFrame:
    """The peak of one GPU of each partition, in the schema ACCELERATORS."""
    return _table("accelerators.csv", ACCELERATORS)


def training_runs() -> pl.DataFrame:
    """Foundation models whose parameters and tokens were published, in the schema TRAINING_RUNS."""
    return _table("training_runs.csv", TRAINING_RUNS)


def union_hours(machine: str, unit: HourUnit) -> float:
    """The hours of the Union's share of a machine in a year without a break.

    >>> round(union_hours("lumi:LUMI-G", HourUnit.GPU_HOURS))
    52174560
    """
    name, _, partition = machine.partition(":")
    system = systems()[name]
    part = system.partition(partition)
    attribute = PER_NODE[unit]
    each = 1.0 if attribute is None else getattr(part, attribute)
    if part is None or part.nodes is None or system.union_share is None or each is None:
        raise FactError(f"data/reference/calls.toml: nodes, Union share or GPUs of {machine} are not known; state its hours under offered.")
    return part.nodes * each * HOURS_PER_YEAR * system.union_share


@cache
def _examples() -> tuple[CallExample, ...]:
    stated = tomllib.loads((REFERENCE / "calls.toml").read_text("utf-8"))
    return tuple(_example(row) for row in stated["calls"])


def _example(row: Mapping[str, Any]) -> CallExample:
    try:
        unit = HourUnit(row["unit"])
        return CallExample(
            id=row["id"],
            title=row["title"],
            mode=AccessMode(row["mode"]),
            unit=unit,
            offered=row["offered"] if "offered" in row else _share(row["machines"], row["union_share"], unit),
            applications=row["applications"],
            seed=row["seed"],
            categories={UserCategory(name): part for name, part in row["categories"].items()},
            least_hours=row["least_hours"],
            most_hours=row["most_hours"],
            most_awards=row.get("most_awards"),
            threshold=row["threshold"],
            commercial_share=row["commercial_share"],
            facts=tuple(CallFact(what=fact["what"], source=fact["source"], flag=Flag(fact["flag"])) for fact in row["facts"]),
        )
    except (KeyError, ValueError, TypeError) as fault:
        raise FactError(
            f"data/reference/calls.toml: call {row.get('id')!r} cannot be read: {fault}; every call needs every key."
        ) from fault


def _share(machines: list[str], share: float, unit: HourUnit) -> dict[str, int]:
    return {machine: int(union_hours(machine, unit) * share // ROUNDED_TO * ROUNDED_TO) for machine in machines}


def _table(name: str, wanted: Schema) -> pl.DataFrame:
    return check(pl.read_csv(REFERENCE / name, schema_overrides=dict(wanted)), wanted)
