"""The reference facts as records and frames: machines, carbon intensity, prices and the limits of the law, each with source and flag."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from data import schema
from data.declared import DECLARATION_EXAMPLE, parse_system
from data.errors import FactError
from data.machines import Fact, Partition, System, SystemStatus
from data.terms import AccessMode, Flag, LimitBase, PolicyLimit, UserCategory

__all__ = [
    "DECLARATION_EXAMPLE",
    "FACT_TABLE",
    "Fact",
    "LimitBase",
    "Partition",
    "PolicyLimit",
    "System",
    "SystemStatus",
    "carbon_intensity",
    "fact_table",
    "parse_system",
    "partitions",
    "policy_limits",
    "prices",
    "systems",
]

REFERENCE = Path(__file__).parent / "reference"

FACT_TABLE: schema.Schema = {
    "system": pl.String,
    "partition": pl.String,  # null: of the machine as a whole
    "fact": pl.String,
    "value": pl.String,  # null: not known
    "unit": pl.String,
    "source": pl.String,
    "flag": pl.String,
    "valid": pl.String,  # for when it holds
    "unknown": pl.String,  # why it is not known
}
"""One row a fact, for the methods page."""

_OF_SYSTEM = ("country", "grid_zone", "pue", "union_share", "market_factor")
_OF_PARTITION = ("nodes", "cores_per_node", "gpus_per_node", "node_idle_w", "node_max_w", "utilisation", "availability")


@cache
def _reference_systems() -> tuple[System, ...]:
    files = sorted((REFERENCE / "systems").glob("*.toml"))
    return tuple(parse_system(file.read_text("utf-8"), origin=f"data/reference/systems/{file.name}") for file in files)


def systems() -> dict[str, System]:
    """The EuroHPC machines by their identifiers, with every fact collected about them."""
    return {system.id: system for system in _reference_systems()}


def partitions(of: Iterable[System]) -> pl.DataFrame:
    """One row a hardware partition of these machines, in the schema `PARTITIONS`; what is not known is null.

    The column `estimates` names those of its numbers that are estimates, so that a page can say so beside them.
    """
    rows = [_partition_row(system, part) for system in of for part in system.partitions]
    return schema.check(pl.DataFrame(rows, schema=dict(schema.PARTITIONS)), schema.PARTITIONS)


def fact_table(of: Iterable[System]) -> pl.DataFrame:
    """One row for every fact about these machines, known or not, with unit, source, flag and validity."""
    rows = [
        row
        for system in of
        for part, facts, unknown in [(None, system.facts, system.unknown), *((p.name, p.facts, p.unknown) for p in system.partitions)]
        for row in _fact_rows(system, part, facts, unknown)
    ]
    return schema.check(pl.DataFrame(rows, schema=dict(FACT_TABLE)), FACT_TABLE)


def carbon_intensity() -> pl.DataFrame:
    """Annual carbon intensity of grid zones in the schema `INTENSITY`; production-based and flow-traced series are never mixed."""
    return _table("carbon_intensity.csv", schema.INTENSITY)


def prices() -> pl.DataFrame:
    """Annual electricity prices of countries in the schema `PRICES`: wholesale means, and the non-household price of smaller users."""
    return _table("prices.csv", schema.PRICES)


def policy_limits() -> tuple[PolicyLimit, ...]:
    """The limits that law and access policy set on machine time.

    >>> [f"{limit.title}: {limit.share:.0%} of {limit.of}" for limit in policy_limits() if AccessMode.PLAYGROUND in limit.modes]
    ['AI for Industrial Innovation: 30% of union_share', 'Playground and Fast Lane: 10% of union_share']
    """
    stated = tomllib.loads((REFERENCE / "policy.toml").read_text("utf-8"))
    return tuple(_policy_limit(row) for row in stated["limits"])


def _partition_row(system: System, part: Partition) -> dict[str, object]:
    columns = {name: system.facts.get(name) for name in _OF_SYSTEM} | {name: part.facts.get(name) for name in _OF_PARTITION}
    for day in ("in_service", "out_of_service"):
        columns[day] = part.facts.get(day) or (None if day in part.unknown else system.facts.get(day))
    estimates = [name for name in schema.PARTITIONS if (fact := columns.get(name)) is not None and fact.flag.is_estimate]
    return {
        **{name: fact.value if fact is not None else None for name, fact in columns.items()},
        "system": system.id,
        "system_name": system.name,
        "partition": part.name,
        "status": part.status.value,
        "estimates": " ".join(estimates),
    }


def _fact_rows(system: System, part: str | None, facts: Mapping[str, Fact], unknown: Mapping[str, str]) -> Iterator[dict[str, object]]:
    collected = f"collected {system.collected}" if system.collected is not None else None
    at = {"system": system.id, "partition": part}
    for name, fact in facts.items():
        said = {
            "value": fact.text,
            "unit": fact.unit or None,
            "source": fact.source,
            "flag": fact.flag.value,
            "valid": fact.valid or collected,
        }
        yield {**at, "fact": name, **said, "unknown": None}
    for name, reason in unknown.items():
        yield {**at, "fact": name, "value": None, "unit": None, "source": None, "flag": None, "valid": collected, "unknown": reason}


def _table(name: str, wanted: schema.Schema) -> pl.DataFrame:
    return schema.check(pl.read_csv(REFERENCE / name, schema_overrides=dict(wanted)), wanted)


def _policy_limit(row: Mapping[str, Any]) -> PolicyLimit:
    try:
        return PolicyLimit(
            id=row["id"],
            title=row["title"],
            share=float(row["share"]),
            of=LimitBase(row["of"]),
            systems=tuple(row["systems"]),
            categories=tuple(UserCategory(name) for name in row["categories"]),
            modes=tuple(AccessMode(name) for name in row["modes"]),
            exact=row["exact"],
            reading=row["reading"],
            source=row["source"],
            flag=Flag(row["flag"]),
            valid=row["valid"],
        )
    except (KeyError, ValueError, TypeError) as fault:
        name = row.get("id", dict(row))
        raise FactError(f"data/reference/policy.toml: limit {name!r} cannot be read: {fault}; every limit needs every key.") from fault
