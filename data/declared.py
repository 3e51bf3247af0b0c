"""Reads a machine from its TOML declaration, ours or an operator's, and tells every fault in it at once."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import available_timezones

from data.errors import FactError
from data.fact_values import day_of, facts_in, number_of, reasons_in, text_of
from data.machines import PARTITION_FIELDS, SYSTEM_FIELDS, Fact, Partition, System, SystemStatus

DECLARATION_EXAMPLE = """\
# A machine that Equinode does not know yet. Save this as my_machine.toml and put in your own figures.
# Needed: name, country, time_zone, and for each partition nodes and cores_per_node.
# Leave out what is not known: it is then shown as not available, never as 0.

name = "My machine"
country = "FR"                  # ISO 3166 code of two letters
time_zone = "Europe/Paris"      # IANA name
log_time_zone = "UTC"           # if times without offset in the log are in another zone than time_zone
grid_zone = "FR"                # for carbon; such as FR, IT-NO or SE-SE3
in_service = 2024-03-01
pue = 1.15                      # facility energy over IT energy
union_share = 0.35              # the Union's part of the access time, 0 to 1
market_factor = 1.0             # 0 for a wholly renewable electricity contract, 1 for none

[partitions.cpu]                # one table for each kind of node
nodes = 500
cores_per_node = 128            # physical cores
gpus_per_node = 0
memory_gib_per_node = 256
node_idle_w = 350
node_max_w = 800
utilisation = 0.60
availability = 0.95
queues = ["normal", "long"]     # Slurm partitions that run on these nodes
cores_per_logged_cpu = 0.5      # 0.5 where Slurm counts two hardware threads a core

[partitions.gpu]
nodes = 60
cores_per_node = 64
gpus_per_node = 4
queues = ["gpu"]
# a value may also name its source: flags S sourced, S2 second hand, D derived, E estimate, M from memory, O declared
node_idle_w = { value = 500, source = "vendor's data sheet", flag = "E" }
node_max_w = { value = 2300, source = "vendor's data sheet", flag = "E" }
"""
"""A small complete declaration, to print where a machine is unknown."""

_OTHER_KEYS = ("id", "collected", "unknown", "partitions")
_COUNTRY_SLIPS = {"EL": "GR", "UK": "GB"}


def parse_system(text: str, *, origin: str) -> System:
    """The machine that a TOML text declares.

    A value stands alone, and then counts as declared by the operator, or with its source: `{ value = 1.1, source = "…", flag = "S" }`.
    What is not known is left out, or listed with the reason: `unknown = { pue = "not metered" }`.

    Raises:
        FactError: naming every unknown key, missing key, wrong type and impossible value at once.

    >>> machine = parse_system(DECLARATION_EXAMPLE, origin="my_machine.toml")
    >>> machine.id, machine.partition_of("long").cores_per_logged_cpu, machine.facts["pue"].flag.shown_as
    ('my_machine', 0.5, 'declared by the operator')
    """
    table = _toml(text, origin)
    faults: list[str] = []
    facts = facts_in(table, SYSTEM_FIELDS, _OTHER_KEYS, "", origin, faults)
    unknown = reasons_in(table, SYSTEM_FIELDS, "", faults)
    status = _status(facts, SystemStatus.DECLARED, "", faults)
    partitions = tuple(_partition(name, part, facts, status, origin, faults) for name, part in _partition_tables(table, faults).items())
    faults += _contradictions(facts, partitions)
    machine_id = _identifier(table, facts, faults)
    collected = _day_or_none(table.get("collected"), faults)
    if faults:
        listed = "\n".join(f"  - {fault}" for fault in faults)
        raise FactError(
            f"{origin} does not declare a machine that can be used:\n{listed}\n"
            "Mend these lines. Needed are name, country, time_zone, and for each partition nodes and cores_per_node."
        )
    return _system(machine_id, collected, status, facts, unknown, partitions)


def _toml(text: str, origin: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise FactError(f"{origin} is not TOML: {fault}. Expected lines such as: pue = 1.15") from fault


def _status(facts: Mapping[str, Fact], default: SystemStatus, where: str, faults: list[str]) -> SystemStatus:
    stated = facts.get("status")
    if stated is None:
        return default
    if stated.value not in [*SystemStatus]:
        faults.append(f"{where}status is {stated.value!r} but must be one of {', '.join(SystemStatus)}")
        return default
    return SystemStatus(str(stated.value))


def _partition_tables(table: Mapping[str, Any], faults: list[str]) -> dict[str, Mapping[str, Any]]:
    stated = table.get("partitions")
    if not isinstance(stated, Mapping) or not stated:
        faults.append("partitions are missing; expected a table such as [partitions.cpu] for each kind of node")
        return {}
    faults += [
        f"partitions.{name} is {part!r} but must be a table [partitions.{name}]"
        for name, part in stated.items()
        if not isinstance(part, Mapping)
    ]
    return {name: part for name, part in stated.items() if isinstance(part, Mapping)}


def _partition(
    name: str, table: Mapping[str, Any], of_system: Mapping[str, Fact], status: SystemStatus, origin: str, faults: list[str]
) -> Partition:
    where = f"partitions.{name}."
    facts = facts_in(table, PARTITION_FIELDS, ("unknown",), where, origin, faults)
    unknown = reasons_in(table, PARTITION_FIELDS, where, faults)
    dated = {key: fact for key, fact in of_system.items() if key not in unknown} | facts
    queues = facts.get("queues")
    return Partition(
        name=name,
        status=_status(facts, status, where, faults),
        in_service=day_of(dated, "in_service"),
        out_of_service=day_of(dated, "out_of_service"),
        nodes=number_of(facts, "nodes"),
        cores_per_node=number_of(facts, "cores_per_node"),
        gpus_per_node=number_of(facts, "gpus_per_node"),
        memory_gib_per_node=number_of(facts, "memory_gib_per_node"),
        node_idle_w=number_of(facts, "node_idle_w"),
        node_max_w=number_of(facts, "node_max_w"),
        utilisation=number_of(facts, "utilisation"),
        availability=number_of(facts, "availability"),
        hpl_power_kw=number_of(facts, "hpl_power_kw"),
        queues=queues.value if queues and isinstance(queues.value, tuple) else (),
        cores_per_logged_cpu=number_of(facts, "cores_per_logged_cpu") or 1.0,
        gpus_per_logged_gpu=number_of(facts, "gpus_per_logged_gpu") or 1.0,
        facts=facts,
        unknown=unknown,
    )


def _system(
    machine_id: str,
    collected: date | None,
    status: SystemStatus,
    facts: Mapping[str, Fact],
    unknown: Mapping[str, str],
    partitions: tuple[Partition, ...],
) -> System:
    return System(
        id=machine_id,
        name=facts["name"].text,
        country=facts["country"].text,
        time_zone=facts["time_zone"].text,
        log_time_zone=text_of(facts, "log_time_zone") or facts["time_zone"].text,
        status=status,
        site=text_of(facts, "site"),
        city=text_of(facts, "city"),
        operator=text_of(facts, "operator"),
        grid_zone=text_of(facts, "grid_zone"),
        in_service=day_of(facts, "in_service"),
        out_of_service=day_of(facts, "out_of_service"),
        pue=number_of(facts, "pue"),
        union_share=number_of(facts, "union_share"),
        market_factor=number_of(facts, "market_factor"),
        collected=collected,
        partitions=partitions,
        facts=facts,
        unknown=unknown,
    )


def _contradictions(facts: Mapping[str, Fact], partitions: Sequence[Partition]) -> list[str]:
    faults = [
        f"{key} is {facts[key].value!r} but must be an IANA time zone such as Europe/Paris"
        for key in ("time_zone", "log_time_zone")
        if key in facts and facts[key].value not in available_timezones()
    ]
    country = text_of(facts, "country")
    if country is not None and (not re.fullmatch("[A-Z]{2}", country) or country in _COUNTRY_SLIPS):
        faults.append(
            f"country is {country!r} but must be an ISO 3166 code of two capital letters such as {_COUNTRY_SLIPS.get(country, 'FR')}"
        )
    for part in partitions:
        if part.node_idle_w is not None and part.node_max_w is not None and part.node_idle_w > part.node_max_w:
            faults.append(f"partitions.{part.name}.node_idle_w is {part.node_idle_w:g}, more than its node_max_w of {part.node_max_w:g}")
        if part.in_service and part.out_of_service and part.in_service >= part.out_of_service:
            faults.append(f"partitions.{part.name}: in_service {part.in_service} must lie before out_of_service {part.out_of_service}")
    return faults + _named_twice(partitions)


def _named_twice(partitions: Sequence[Partition]) -> list[str]:
    owners: dict[str, str] = {}
    faults = []
    for part in partitions:
        if sum(other.name.casefold() == part.name.casefold() for other in partitions) > 1:
            faults.append(f"partitions.{part.name} differs from another partition in capitals alone; give them different names")
        for queue in part.queues:
            if owners.setdefault(queue, part.name) != part.name:
                faults.append(f"queue {queue!r} stands in partitions.{owners[queue]} and partitions.{part.name}; it can belong to one")
    return faults


def _identifier(table: Mapping[str, Any], facts: Mapping[str, Fact], faults: list[str]) -> str:
    stated = table.get("id")
    if stated is None:
        plain = unicodedata.normalize("NFKD", text_of(facts, "name") or "").encode("ascii", "ignore").decode()
        stated = re.sub("[^a-z0-9]+", "_", plain.casefold()).strip("_")
        if not stated and "name" in facts:
            faults.append('id is missing, and the name has no Latin letters to make one from; add a line such as id = "my_machine"')
    elif not isinstance(stated, str) or not re.fullmatch("[a-z0-9][a-z0-9_-]*", stated):
        faults.append(f"id is {stated!r} but must be small letters, digits, _ and - such as my_machine")
    return str(stated)


def _day_or_none(stated: object, faults: list[str]) -> date | None:
    if stated is None or (isinstance(stated, date) and not isinstance(stated, datetime)):
        return stated
    faults.append(f"collected is {stated!r} but must be a day such as 2026-11-23, without quotes")
    return None
