"""Small jobs, logs and stores made for one test at a time."""

import shutil
from collections.abc import Container, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from data import batches, jobs, lake, projects, rollups
from data.access import Person
from data.batches import Batch
from data.facts import systems
from data.ingest.load import Account, Order, ingest
from data.lake import MIGRATIONS, Lake, Writer, writing
from data.pseudonym_key import pseudonym_key
from data.schema import JOBS, PROJECTS
from data.settings import Settings
from data.terms import Action, JobState, Period, Selection
from tests.quick_stores import copied as empty_store

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
OPERATOR = Person(name="olga", role="operator", may=frozenset(Action))
EVERYTHING = Selection(period=Period(datetime(2026, 1, 1).date(), datetime(2027, 1, 1).date()))  # noqa: DTZ001 (a day has no zone)
COLUMNS = (
    "JobIDRaw|JobID|Partition|Account|Group|User|UID|Submit|Eligible|Start|End|ElapsedRaw|State|ExitCode|NNodes|NCPUS|"
    "ReqTRES|AllocTRES|TimelimitRaw|ConsumedEnergyRaw|NodeList"
)


def job(number: int = 1, *, system: str = "vega", waited_s: int = 600, ran_s: int | None = 3_600, **fields: Any) -> dict[str, Any]:
    """A finished job of the schema `JOBS`, but for these fields; `ran_s=None` makes one that waits still."""
    submitted = fields.get("submitted", NOON)
    started = None if ran_s is None else submitted + timedelta(seconds=waited_s)
    usual = {
        "system": system,
        "job_id": number,
        "partition": "CPU",
        "queue": "cpu",
        "account": "project_1",
        "user_pseudonym": "u_1",
        "submitted": submitted,
        "started": started,
        "ended": started + timedelta(seconds=ran_s or 0) if started is not None else None,
        "elapsed_s": ran_s or 0,
        "state": JobState.PENDING.value if ran_s is None else JobState.COMPLETED.value,
        "nodes": 2,
        "cores": 256.0,
        "gpus": 0.0,
        "requested_nodes": 2,
        "time_limit_s": 86_400,
        "energy_quality": "missing",
        "line": number,
    }
    return dict.fromkeys(JOBS) | usual | fields


def running(number: int = 1, *, ran_s: int = 1_800, **fields: Any) -> dict[str, Any]:
    """A job that runs still."""
    return job(number, ran_s=ran_s, state=JobState.RUNNING.value, **fields) | {"ended": None}


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    """Jobs as a frame of the schema `JOBS`, and the part of their nodes they held where a row says it."""
    return pl.DataFrame(list(rows), schema=dict(JOBS) | {"nodes_held": pl.Float64})


def project(account: str = "project_1", *, system: str = "vega", category: str = "research", **fields: Any) -> dict[str, Any]:
    """What was decided about a project."""
    return dict.fromkeys(PROJECTS) | {"system": system, "account": account, "category": category} | fields


def decided(*rows: dict[str, Any]) -> pl.DataFrame:
    """Projects as a frame of the schema `PROJECTS`."""
    return pl.DataFrame(list(rows), schema=dict(PROJECTS))


def bring_in(writer: Writer, batch_id: int, *chunks: pl.DataFrame) -> jobs.Landed:
    """What became of the chunks of one log, in the order in which an ingest does it."""
    landed = [jobs.store(writer, chunk, batch_id=batch_id) for chunk in chunks]
    projects.register_accounts(writer, batch_id=batch_id)
    rollups.add(writer, batch_id)
    sums = (sum(getattr(part, name) for part in landed) for name in ("accepted", "completed", "seen_before"))
    return jobs.Landed(**dict(zip(("accepted", "completed", "seen_before"), sums, strict=True)))


def brought_in(settings: Settings, *logs: pl.DataFrame) -> Lake:
    """The store after these logs, each in a transaction of its own."""
    empty_store(settings)
    pseudonym_key(settings)
    for number, log in enumerate(logs, start=1):
        with writing(settings, author="olga", message=f"log {number}") as writer:
            landed = bring_in(writer, number, log)
            batches.record(writer, batch(number, log, landed))
    return Lake(settings)


def batch(number: int, log: pl.DataFrame, landed: jobs.Landed) -> Batch:
    """The record of a log whose every line is a job."""
    return Batch(
        batch_id=number,
        system=log["system"][0],
        file=f"log {number}",
        dialect="sacct",
        lines_read=log.height,
        accepted=landed.accepted,
        completed=landed.completed,
        refused=0,
        seen_before=landed.seen_before,
        steps=0,
        passed_over=0,
        first_submitted=NOON,
        last_seen=NOON,
        demo=False,
        author="olga",
        ingested=NOW,
    )


def without_migrations(patch: pytest.MonkeyPatch, folder: Path, left_out: Container[int]) -> None:
    """Until the patch is undone, stores are made as before these migrations were written."""
    earlier = folder / "earlier"
    earlier.mkdir()
    for file in MIGRATIONS.glob("*.sql"):
        if int(file.name.split("_")[0]) not in left_out:
            shutil.copy(file, earlier)
    patch.setattr(lake, "MIGRATIONS", earlier)


@contextmanager
def plain_store() -> Iterator[Writer]:
    """The tables of the store in memory, without a lake below them and its options: fast enough for hundreds of random cases."""
    connection = duckdb.connect(config={"threads": 1})
    try:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("attach ':memory:' as lake")
        connection.execute("use lake")
        for file in sorted(MIGRATIONS.glob("*.sql")):
            if "set_option" not in file.read_text():
                connection.execute(file.read_text())
        connection.execute("use memory")
        yield Writer(connection)
    finally:
        connection.close()


def sacct_line(number: int = 1, *, columns: str = COLUMNS, **fields: str) -> str:
    """A line of `sacct -P` with these fields."""
    usual = {
        "JobIDRaw": str(number),
        "JobID": str(number),
        "Partition": "cpu",
        "Account": "project_1",
        "Group": "physics",
        "User": "alice",
        "UID": "1001",
        "Submit": "2026-03-01T10:00:00",
        "Eligible": "2026-03-01T10:00:00",
        "Start": "2026-03-01T11:00:00",
        "End": "2026-03-01T13:00:00",
        "ElapsedRaw": "7200",
        "State": "COMPLETED",
        "ExitCode": "0:0",
        "NNodes": "2",
        "NCPUS": "512",
        "ReqTRES": "billing=512,cpu=512,mem=500G,node=2",
        "AllocTRES": "billing=512,cpu=512,mem=500G,node=2",
        "TimelimitRaw": "1440",
        "ConsumedEnergyRaw": "",
        "NodeList": "cn[01-02]",
    }
    return "|".join((usual | fields).get(name, "") for name in columns.split("|"))


def sacct_log(path: Path, *lines: str, columns: str = COLUMNS) -> Path:
    """A log with a header, written to a file."""
    path.write_text("\n".join((columns, *lines, "")), "utf-8")
    return path


def ingested(settings: Settings, path: Path, *, system: str = "vega", **order: Any) -> Account:
    """The closing account of a log of a machine that the reference facts know."""
    empty_store(settings)
    return ingest(settings, Order(path=path, system=systems()[system], **order), OPERATOR, now=NOW)
