"""A small invented machine, one job of it, and what reads a log of such jobs."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from data.ingest.dialect import chunks, recognised
from data.ingest.privacy import pseudonyms
from data.ingest.source import Chunk, Dialect, Machine, Reading

NOW = datetime(2026, 6, 1, tzinfo=UTC)
COLUMNS = (
    "JobIDRaw|JobID|Cluster|Partition|QOS|Account|Group|User|UID|Submit|Eligible|Start|End|ElapsedRaw|Suspended|State|ExitCode|NNodes|NCPUS|"
    "ReqCPUS|ReqMem|ReqTRES|AllocTRES|TimelimitRaw|ConsumedEnergyRaw|Restarts|Reservation|NodeList|JobName"
)
"""The header of the recommended export."""

JOB = {
    "JobIDRaw": "123",
    "JobID": "123",
    "Cluster": "vega",
    "Partition": "gpu",
    "QOS": "normal",
    "Account": "project_1",
    "Group": "physics",
    "User": "alice",
    "UID": "1001",
    "Submit": "2026-03-01T10:00:00",
    "Eligible": "2026-03-01T10:00:00",
    "Start": "2026-03-01T11:00:00",
    "End": "2026-03-01T13:00:00",
    "ElapsedRaw": "7200",
    "Suspended": "00:00:00",
    "State": "COMPLETED",
    "ExitCode": "0:0",
    "NNodes": "2",
    "NCPUS": "256",
    "ReqCPUS": "128",
    "ReqMem": "500G",
    "ReqTRES": "billing=128,cpu=128,gres/gpu=8,mem=500G,node=2",
    "AllocTRES": "billing=256,cpu=256,energy=14400000,gres/gpu:a100=8,gres/gpu=8,mem=500G,node=2",
    "TimelimitRaw": "1440",
    "ConsumedEnergyRaw": "14400000",
    "Restarts": "0",
    "Reservation": "",
    "NodeList": "gn[01-02]",
    "JobName": "train",
}
"""One job as the recommended export prints it: 2 h on 2 nodes at 1 kW each."""

MACHINE = Machine(
    system="vega",
    log_time_zone="Europe/Ljubljana",
    queues={"cpu": "CPU", "largemem": "CPU", "gpu": "GPU"},
    cores_per_logged_cpu={"GPU": 0.5, "CPU": 0.5},
    gpus_per_logged_gpu={"GPU": 1.0},
    nodes={"CPU": 960, "GPU": 60},
    cores_per_node={"CPU": 128, "GPU": 128},
    gpus_per_node={"CPU": 0, "GPU": 4},
    node_idle_w={"GPU": 600},
    node_max_w={"GPU": 2_600},
)


def sacct_line(columns: str = COLUMNS, **fields: str) -> str:
    """A line of `sacct -P`, the job above but for these fields."""
    return "|".join((JOB | fields).get(name, "") for name in columns.split("|"))


def sacct(*lines: str, columns: str = COLUMNS) -> str:
    """A log with a header."""
    return "\n".join((columns, *lines, ""))


def read(path: Path, *, machine: Machine = MACHINE, dialect: Dialect | None = None, **options: Any) -> list[Chunk]:
    """The chunks of a log, read as these options of a `Reading` say."""
    reading = {"time_zone": machine.log_time_zone, "pseudonym": pseudonyms(b"key", machine.system), "now": NOW} | options
    return list(chunks(path, Reading(machine=machine, **reading), dialect=recognised(path, dialect=dialect)))


def joined(found: list[Chunk]) -> Chunk:
    """All chunks of a log as one."""
    return Chunk(
        jobs=pl.concat([chunk.jobs for chunk in found]),
        refusals=pl.concat([chunk.refusals for chunk in found]),
        lines=sum(chunk.lines for chunk in found),
        steps=sum(chunk.steps for chunk in found),
        blank=sum(chunk.blank for chunk in found),
        header=sum(chunk.header for chunk in found),
        comment=sum(chunk.comment for chunk in found),
        continued=sum(chunk.continued for chunk in found),
        notes=tuple(dict.fromkeys(note for chunk in found for note in chunk.notes)),
        bytes_read=found[-1].bytes_read,
    )


def accounted(chunk: Chunk) -> int:
    """The lines whose fate is told."""
    return chunk.jobs["line"].n_unique() + chunk.refusals.height + chunk.steps + chunk.passed_over
