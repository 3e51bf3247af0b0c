"""The jobs that are stored: which of an incoming chunk are new, which complete an open one, and the rows themselves."""

from dataclasses import dataclass

import polars as pl

from data import rollups
from data.lake import Lake, Writer
from data.schema import JOBS, check

COLUMNS = ", ".join(f'"{name}"' for name in JOBS)
RUN = ["job_id", "array_task", "submitted"]
KEY = [*RUN, "started"]

OPEN_ONES_COMPLETED = """
create or replace temp table replaced_jobs as
select stored.* from lake.jobs stored
semi join incoming_jobs incoming
    on stored.job_id = incoming.job_id and stored.submitted = incoming.submitted
    and stored.array_task is not distinct from incoming.array_task
    and (
        incoming.ended is not null
        or (stored.started is null and incoming.started is not null)
        or coalesce(incoming.elapsed_s, 0) > coalesce(stored.elapsed_s, 0)
    )
where stored.system = $system and stored.submitted between $first and $last and stored.ended is null
"""
REPLACED = "select count(*) from replaced_jobs"
DELETE_REPLACED = """
delete from lake.jobs stored using replaced_jobs replaced
where stored.system = replaced.system and stored.job_id = replaced.job_id and stored.submitted = replaced.submitted
    and stored.array_task is not distinct from replaced.array_task and stored.ended is null
"""
OVERLAPPING = "select count(*) from lake.jobs where system = $system and submitted between $first and $last"
INSERT_ALL = "insert into lake.jobs by name select *, $batch_id as batch_id from incoming_jobs"
INSERT_NEW = """
insert into lake.jobs by name
select incoming.*, $batch_id as batch_id from incoming_jobs incoming
anti join (
    select job_id, array_task, submitted, started from lake.jobs
    where system = $system and submitted between $first and $last
) stored
    on stored.job_id = incoming.job_id and stored.submitted = incoming.submitted
    and stored.array_task is not distinct from incoming.array_task
    and (incoming.ended is null or stored.started is not distinct from incoming.started)
"""
OF_SYSTEM = """
select system, job_id, array_task, queue, qos, account, unix_group, user_pseudonym, submitted, started, ended, elapsed_s,
    nodes, cores, gpus, state, energy_logged_kwh, energy_quality
from lake.jobs where system = $system order by submitted, job_id, array_task
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """What became of a chunk's jobs."""

    accepted: int
    """Stored, those that complete an open one included."""
    completed: int
    """Of the accepted, those that took the place of a job that was waiting or running in an earlier log."""
    seen_before: int
    """Left out, because the store or the same chunk has them already."""


def store(writer: Writer, jobs: pl.DataFrame, *, batch_id: int) -> Landed:
    """What became of a chunk of jobs of one system after storing what is new in it.

    A run is known by system, job id, array task, submission and start. A job that was waiting or running in an earlier log is
    replaced by its later state, and its part of the rollups taken away; the later state's part comes with its batch.
    """
    if jobs.is_empty():
        return Landed(accepted=0, completed=0, seen_before=0)
    distinct = _distinct(check(jobs, JOBS))
    span = {"system": jobs["system"][0], "first": jobs["submitted"].min(), "last": jobs["submitted"].max()}
    with writer.beside("incoming_jobs", distinct):
        if writer.frame(OVERLAPPING, span).item() == 0:
            accepted, completed = writer.change(INSERT_ALL, {"batch_id": batch_id}), 0
        else:
            completed = _replace_open(writer, span)
            accepted = writer.change(INSERT_NEW, span | {"batch_id": batch_id})
    return Landed(accepted=accepted, completed=completed, seen_before=jobs.height - accepted)


def of_system(lake: Lake, system: str) -> pl.DataFrame:
    """The stored jobs of a machine, one row each, in the order of submission."""
    return lake.frame(OF_SYSTEM, {"system": system})


def _replace_open(writer: Writer, span: dict[str, object]) -> int:
    writer.change(OPEN_ONES_COMPLETED, span)
    completed = int(writer.frame(REPLACED).item())
    if completed:
        rollups.subtract_replaced(writer)
        writer.change(DELETE_REPLACED)
    return completed


def _distinct(jobs: pl.DataFrame) -> pl.DataFrame:
    """The chunk with each run once; of a job that is open on one line and further along on another, the further one."""
    if jobs["ended"].null_count():
        jobs = jobs.sort("ended", "elapsed_s", descending=[False, True], nulls_last=True, maintain_order=True)
        closed = jobs.filter(pl.col("ended").is_not_null())
        open_ones = jobs.filter(pl.col("ended").is_null()).unique(RUN, keep="first", maintain_order=True)
        jobs = pl.concat([closed, open_ones.join(closed, on=RUN, how="anti", nulls_equal=True)])
    return jobs.unique(KEY, keep="first", maintain_order=True)
