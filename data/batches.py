"""The batches: one record a log file that was brought in, with what became of each of its lines."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import polars as pl

from data import refusals as refused
from data.lake import Lake, Writer
from data.schema import REFUSALS, check
from data.terms import Period

NEXT = "select coalesce(max(batch_id), 0) + 1 from lake.batches"
INSERT = """
insert into lake.batches by name select
    $batch_id as batch_id, $system as system, $file as file, $dialect as dialect, $lines_read as lines_read, $accepted as accepted,
    $completed as completed, $refused as refused, $seen_before as seen_before, $steps as steps, $passed_over as passed_over,
    $first_submitted::timestamptz as first_submitted, $last_seen::timestamptz as last_seen, $demo as demo, $author as author,
    $ingested as ingested
"""
EXISTS = "select count(*) > 0 from lake.batches where batch_id = $batch_id"
FORGET_REFUSALS = "delete from lake.refusals where batch_id = $batch_id"
INSERT_REFUSALS = "insert into lake.refusals by name select $batch_id as batch_id, line, reason, detail, raw from incoming_refusals"
ALL = "select * from lake.batches where dialect <> $projects order by batch_id desc"
OF_BATCH_BY_REASON = (
    "select reason, count(*) as lines from lake.refusals where batch_id = $batch_id group by all order by lines desc, reason"
)
SPAN = """
select min(known_since) as first_submitted, max(coalesce(ended, started, submitted)) as last_seen
from lake.jobs where batch_id = $batch_id
"""
LOGGED = """
with days as (select system, day from lake.usage_daily group by all having sum(jobs) > 0),
ended as (select system, min(day) as first_day from days group by all)
select b.system, coalesce(any_value(e.first_day), min(b.first_submitted)::date) as first_day, max(b.last_seen)::date as last_day
from lake.batches b left join ended e using (system) where b.first_submitted is not null group by all order by b.system
"""
DEMO = "select distinct system from lake.batches where demo order by system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One log file that was brought in. Accepted + refused + seen before + steps + passed over = lines read."""

    batch_id: int
    """Its number in the store; 0 where nothing was new and so nothing stored."""
    system: str
    """The machine whose log it is."""
    file: str
    """The file's name, without its folder."""
    dialect: str
    """The dialect it was read in."""
    lines_read: int
    """All lines of the file."""
    accepted: int
    """Lines that became jobs of the store."""
    completed: int
    """Of the accepted, those that completed a job which was waiting or running in an earlier log."""
    refused: int
    """Lines that could not be believed; each is kept with its reason."""
    seen_before: int
    """Lines whose job the store had already."""
    steps: int
    """Lines of job steps, which are parts of jobs and never counted."""
    passed_over: int
    """Header, comment and blank lines."""
    first_submitted: datetime | None
    """The earliest submission among the accepted, UTC."""
    last_seen: datetime | None
    """The latest end, start or submission among the accepted, UTC."""
    demo: bool
    """Whether it is the demonstration log."""
    author: str
    """Who brought it in."""
    ingested: datetime
    """When, UTC."""


def next_id(writer: Writer) -> int:
    """The number of the next batch."""
    return int(writer.frame(NEXT).item())


def span(writer: Writer, batch_id: int) -> tuple[datetime | None, datetime | None]:
    """The earliest submission and the latest end of a batch's jobs."""
    first, last = writer.frame(SPAN, {"batch_id": batch_id}).row(0)
    return first, last


def record(writer: Writer, batch: Batch) -> None:
    """Store the record of a batch."""
    writer.change(INSERT, asdict(batch))


def record_refusals(writer: Writer, refusals: pl.DataFrame, *, batch_id: int) -> None:
    """Store refused lines with their reasons."""
    if refusals.height:
        with writer.beside("incoming_refusals", check(refusals, REFUSALS)):
            writer.change(INSERT_REFUSALS, {"batch_id": batch_id})


def forget_refusals(writer: Writer, batch_id: int) -> None:
    """Drop the refused lines of a batch that held nothing new, and so leaves no record."""
    writer.change(FORGET_REFUSALS, {"batch_id": batch_id})


def exists(lake: Lake, batch_id: int) -> bool:
    """Whether there is a batch of this number, of a log or of a table of projects."""
    return bool(lake.frame(EXISTS, {"batch_id": batch_id}).item())


def all_batches(lake: Lake) -> pl.DataFrame:
    """Every batch of a log, newest first."""
    return lake.frame(ALL, {"projects": refused.PROJECT_TABLES})


def refusals(lake: Lake, *, systems: tuple[str, ...] = (), most: int = 1_000) -> pl.DataFrame:
    """Refused lines that are open, with system, file, line, reason and masked text, newest batch first, no more than `most`."""
    return refused.lines(lake, systems=systems, most=most).drop("resolved_in")


def refusals_by_reason(lake: Lake) -> pl.DataFrame:
    """How many refused lines are open per system and reason."""
    return refused.by_reason(lake)


def demo_systems(lake: Lake) -> tuple[str, ...]:
    """The machines of which the store holds the demonstration log."""
    return tuple(lake.frame(DEMO)["system"].to_list())


def logged_days(lake: Lake) -> dict[str, Period]:
    """From which day to which the logs of each machine run: from that on which a job first ended, to the last that a job shows.

    A log of one month also names jobs that were submitted months before, but none of the others that ran then.
    """
    return {system: Period(first, last + timedelta(days=1)) for system, first, last in lake.frame(LOGGED).iter_rows()}
