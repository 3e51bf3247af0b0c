"""The jobs that are stored: which of an incoming chunk are new, which complete an open one, and the rows themselves."""

from dataclasses import dataclass

import polars as pl

from data import rollups
from data.lake import Writer
from data.schema import JOBS, check

RUN = ["job_id", "array_task", "known_since"]
KEY = [*RUN, "started"]

OPEN_ONES_COMPLETED = """
create or replace temp table replaced_jobs as
with pairs as (
    select stored.rowid as stored_row,
        coalesce(
            incoming.ended >= coalesce(stored.started, incoming.ended)
            or (incoming.ended is null and (
                (incoming.started is not null and stored.started is null)
                or incoming.started > stored.started
                or coalesce(incoming.elapsed_s, 0) > coalesce(stored.elapsed_s, 0)
            )), false
        ) as further,
        incoming.ended is null and stored.array_task is not distinct from incoming.array_task as of_same_run
    from lake.jobs stored join incoming_jobs incoming
        on stored.job_id = incoming.job_id and stored.known_since = incoming.known_since
        and (stored.array_task is not distinct from incoming.array_task
            or (stored.array_task is null and stored.array_job_id is not null))
    where stored.system = $system and stored.known_since between $first and $last and stored.ended is null
)
select stored.* from lake.jobs stored
semi join (
    select stored_row from pairs group by stored_row having bool_or(further) and not bool_or(of_same_run and not further)
) completed on stored.rowid = completed.stored_row
where stored.system = $system and stored.known_since between $first and $last and stored.ended is null
"""
REPLACED = "select count(*) as replaced, count(*) filter (where batch_id = $batch_id) as of_same_log from replaced_jobs"
DELETE_REPLACED = """
delete from lake.jobs stored using replaced_jobs replaced
where stored.system = replaced.system and stored.job_id = replaced.job_id and stored.known_since = replaced.known_since
    and stored.array_task is not distinct from replaced.array_task and stored.ended is null
"""
OVERLAPPING = """
select count(*) as stored, count(*) filter (where ended is null) as open_ones
from lake.jobs where system = $system and known_since between $first and $last
"""
INSERT_ALL = "insert into lake.jobs by name select *, $batch_id as batch_id from incoming_jobs"
INSERT_NEW = """
insert into lake.jobs by name
with stored as (
    select job_id, array_task, known_since, started, ended from lake.jobs where system = $system and known_since between $first and $last
), known as (
    select job_id, array_task, known_since, started from stored
    union all
    select incoming.job_id, incoming.array_task, incoming.known_since, incoming.started
    from incoming_jobs incoming join stored
        on stored.job_id = incoming.job_id and stored.known_since = incoming.known_since
        and stored.array_task is not distinct from incoming.array_task
    where incoming.ended is null and coalesce(incoming.started < stored.ended, true)
)
select incoming.*, $batch_id as batch_id from incoming_jobs incoming
anti join known
    on known.job_id = incoming.job_id and known.known_since = incoming.known_since
    and known.array_task is not distinct from incoming.array_task and known.started is not distinct from incoming.started
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """What became of a chunk's jobs."""

    accepted: int
    """Jobs that the store holds more of than before, those that complete an open one of an earlier log included."""
    completed: int
    """Of the accepted, those that took the place of a job that was waiting or running in an earlier log."""
    seen_before: int
    """Left out, because the store or the same log has them already, or has them further along."""


def store(writer: Writer, jobs: pl.DataFrame, *, batch_id: int) -> Landed:
    """What became of a chunk of jobs of one system after storing what is new in it.

    A run is known by system, job id, array task, submission (where a log tells none: start) and start. A job that was waiting or
    running in an earlier log is replaced by its later state, and its part of the rollups taken away; the later state's part comes
    with its batch. The waiting rest of an array is replaced by the task that carries its job id in the end. An earlier state after
    a later one is passed over.
    """
    if jobs.is_empty():
        return Landed(accepted=0, completed=0, seen_before=0)
    distinct = _distinct(check(jobs, JOBS).with_columns(known_since=pl.coalesce("submitted", "started")))
    span = {"system": jobs["system"][0], "first": distinct["known_since"].min(), "last": distinct["known_since"].max()}
    with writer.beside("incoming_jobs", distinct):
        stored, open_ones = writer.frame(OVERLAPPING, span).row(0)
        if stored == 0:
            accepted, completed = writer.change(INSERT_ALL, {"batch_id": batch_id}), 0
        else:
            completed, superseded = _replace_open(writer, span, batch_id) if open_ones else (0, 0)
            accepted = writer.change(INSERT_NEW, span | {"batch_id": batch_id}) - superseded
    return Landed(accepted=accepted, completed=completed, seen_before=jobs.height - accepted)


def _replace_open(writer: Writer, span: dict[str, object], batch_id: int) -> tuple[int, int]:
    """How many open jobs of earlier logs were taken out, and how many that an earlier line of this log had brought."""
    writer.change(OPEN_ONES_COMPLETED, span)
    replaced, of_same_log = writer.frame(REPLACED, {"batch_id": batch_id}).row(0)
    if replaced > of_same_log:
        rollups.subtract_replaced(writer, besides_batch=batch_id)
    if replaced:
        writer.change(DELETE_REPLACED)
    return replaced - of_same_log, of_same_log


def _distinct(jobs: pl.DataFrame) -> pl.DataFrame:
    """The chunk with each run once; of a job that is open on one line and further along on another, the further one."""
    if jobs["ended"].null_count():
        jobs = jobs.sort("ended", "started", "elapsed_s", descending=[False, True, True], nulls_last=True, maintain_order=True)
        closed = jobs.filter(pl.col("ended").is_not_null())
        open_ones = jobs.filter(pl.col("ended").is_null()).unique(RUN, keep="first", maintain_order=True)
        last_ends = closed.group_by(RUN).agg(last_end=pl.max("ended"))
        open_ones = open_ones.join(last_ends, on=RUN, how="left", nulls_equal=True, validate="1:1", maintain_order="left")
        later = pl.col("last_end").is_null() | (pl.col("started") >= pl.col("last_end"))
        jobs = pl.concat([closed, open_ones.filter(later).drop("last_end")])
    return jobs.unique(KEY, keep="first", maintain_order=True)
