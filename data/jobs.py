"""The jobs that are stored: which of an incoming chunk are new, which complete an open one, and the rows themselves."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
from itertools import pairwise

import polars as pl

from data import rollups
from data.lake import Writer
from data.schema import JOBS, check

RUN = ["job_id", "array_task", "known_since"]
KEY = [*RUN, "started"]
NEVER_STARTED_TASK = pl.col("array_task").is_not_null() & pl.col("started").is_null()
"""Whether a job may share its line with others: a line of the log can stand for many tasks of an array, as long as none has started."""

MOST_SPANS = 8
LONGEST_PAUSE = timedelta(days=1)
KNOWN_SINCE = """
select *, rowid as stored_row from lake.jobs where system = $system and known_since between $first_{span} and $last_{span}
"""
"""Stored jobs known since the same times as a log's; `(NEAR)` in a statement is one of these for each span, joined by `union all`."""
OPEN_ONES_COMPLETED = """
create or replace temp table replaced_jobs as
with open_ones as (
    select stored_row, job_id, array_job_id, array_task, known_since, started, elapsed_s from (NEAR) where ended is null
), same as (
    select stored.stored_row, stored.started, stored.elapsed_s, stored.array_task, incoming.ended as now_ended,
        incoming.started as now_started, incoming.elapsed_s as now_elapsed_s, incoming.array_task as now_task
    from open_ones stored join incoming_jobs incoming
        on stored.job_id = incoming.job_id and stored.known_since = incoming.known_since
        and (stored.array_task is not distinct from incoming.array_task
            or (stored.array_task is null and stored.array_job_id is not null))
    union all
    select stored.stored_row, stored.started, stored.elapsed_s, stored.array_task, incoming.ended, incoming.started, incoming.elapsed_s,
        incoming.array_task
    from open_ones stored join incoming_jobs incoming
        on stored.array_job_id = incoming.array_job_id and stored.array_task = incoming.array_task
        and stored.known_since = incoming.known_since and stored.job_id <> incoming.job_id
), pairs as (
    select stored_row,
        coalesce(
            now_ended >= coalesce(started, now_ended)
            or (now_ended is null and (
                (now_started is not null and started is null)
                or now_started > started
                or coalesce(now_elapsed_s, 0) > coalesce(elapsed_s, 0)
                or (now_task is not null and array_task is null)
            )), false
        ) as further,
        now_ended is null and array_task is not distinct from now_task as of_same_run
    from same
)
select stored.* exclude (stored_row) from (NEAR) stored
semi join (
    select stored_row from pairs group by stored_row having bool_or(further) and not bool_or(of_same_run and not further)
) completed using (stored_row)
where stored.ended is null
"""
REPLACED = """
select count(*) as replaced, count(*) filter (where batch_id = $batch_id) as of_same_log,
    coalesce(bool_or(array_task is not null and started is null), false) as some_tasks
from replaced_jobs
"""
TASKS_BESIDE = """
with gone as (
    select batch_id, line, count(*) as tasks from replaced_jobs
    where batch_id = $batch_id and array_task is not null and started is null group by all
), kept as (
    select distinct stored.batch_id, stored.line from (NEAR) stored semi join gone using (batch_id, line)
    where stored.array_task is not null and stored.started is null
)
select coalesce(sum(tasks - (kept.line is null)::int), 0)::bigint as beside
from gone left join kept using (batch_id, line)
"""
"""How many replaced tasks of this log shared a line with others: more than one task a line, or a line of which tasks stay."""
DELETE_REPLACED = """
delete from lake.jobs stored using replaced_jobs replaced
where stored.system = replaced.system and stored.job_id = replaced.job_id and stored.known_since = replaced.known_since
    and stored.array_task is not distinct from replaced.array_task and stored.ended is null
"""
RELATED = """
with matching as (
    select stored.ended from (NEAR) stored semi join incoming_jobs incoming
        on stored.job_id = incoming.job_id and stored.known_since = incoming.known_since
    union all
    select stored.ended from (NEAR) stored semi join (select * from incoming_jobs where array_job_id is not null) incoming
        on stored.array_job_id = incoming.array_job_id and stored.known_since = incoming.known_since
)
select count(*) as related, count(*) filter (where ended is null) as open_ones from matching
"""
"""How many stored jobs have the number of an incoming one, or of its array, and how many of these have not ended."""
INSERT_ALL = "insert into lake.jobs by name select *, $batch_id as batch_id from incoming_jobs"
INSERT_NEW = """
insert into lake.jobs by name
with stored as (
    select job_id, array_job_id, array_task, known_since, started, ended
    from (NEAR) semi join incoming_jobs using (known_since)
), known as (
    select job_id, array_task, known_since, started from stored
    union all
    select incoming.job_id, incoming.array_task, incoming.known_since, incoming.started
    from incoming_jobs incoming join stored
        on stored.job_id = incoming.job_id and stored.known_since = incoming.known_since
        and stored.array_task is not distinct from incoming.array_task
    where incoming.ended is null and coalesce(incoming.started < stored.ended, true)
    union all
    select incoming.job_id, incoming.array_task, incoming.known_since, incoming.started
    from incoming_jobs incoming join stored
        on stored.array_job_id = incoming.array_job_id and stored.known_since = incoming.known_since
        and stored.array_task = incoming.array_task
    where incoming.ended is null and coalesce(incoming.started < stored.ended, true)
)
select incoming.*, $batch_id as batch_id from incoming_jobs incoming
anti join known
    on known.job_id = incoming.job_id and known.known_since = incoming.known_since
    and known.array_task is not distinct from incoming.array_task and known.started is not distinct from incoming.started
"""
TASKS_LANDED = """
select count(*) - count(distinct line) as beside from lake.jobs
where batch_id = $batch_id and line between $first_line and $last_line and array_task is not null and started is null
"""
"""How many tasks of a chunk landed beside another one of the same line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """What became of a chunk's lines; one line may be that of many array tasks that wait, and counts once."""

    accepted: int
    """Lines that tell of a job more than the store held before, those that complete an open one of an earlier log included."""
    completed: int
    """Of the accepted, those that took the place of jobs of an earlier log that were waiting or running."""
    seen_before: int
    """Left out, because the store or the same log has them already, or has them further along."""


def store(writer: Writer, jobs: pl.DataFrame, *, batch_id: int) -> Landed:
    """What became of a chunk of jobs of one system after storing what is new in it.

    A run is known by system, job id, array task, submission (where a log tells none: start) and start. A job that was waiting or
    running in an earlier log is replaced by its later state, and its part of the rollups taken away; the later state's part comes
    with its batch. A waiting task of an array, which Slurm tells of under the number of the array, is replaced by that task under its
    own number; a waiting rest of an array whose tasks are not known, by the task that carries its number in the end. An earlier
    state after a later one is passed over.
    """
    if jobs.is_empty():
        return Landed(accepted=0, completed=0, seen_before=0)
    distinct = _distinct(check(jobs, JOBS).with_columns(known_since=pl.coalesce("submitted", "started")))
    span = {"system": jobs["system"][0], **_spans(distinct["known_since"])}
    near = partial(_near, spans=len(span) // 2)
    with writer.beside("incoming_jobs", distinct):
        related, open_ones = writer.frame(near(RELATED), span).row(0)
        if related == 0:
            accepted, completed = writer.change(INSERT_ALL, {"batch_id": batch_id}), 0
        else:
            completed, superseded = _replace_open(writer, span, near, batch_id) if open_ones else (0, 0)
            accepted = writer.change(near(INSERT_NEW), span | {"batch_id": batch_id}) - superseded
    tasks = jobs.filter(NEVER_STARTED_TASK)["line"]
    beside = tasks.len() - tasks.n_unique()
    if beside:
        lines = {"batch_id": batch_id, "first_line": tasks.min(), "last_line": tasks.max()}
        accepted -= int(writer.frame(TASKS_LANDED, lines).item())
        completed = min(completed, max(accepted, 1))
    return Landed(accepted=accepted, completed=completed, seen_before=jobs.height - beside - accepted)


def _replace_open(writer: Writer, span: dict[str, object], near: Callable[[str], str], batch_id: int) -> tuple[int, int]:
    """How many open jobs of earlier logs were taken out, and how many lines whose jobs this log had brought itself."""
    writer.change(near(OPEN_ONES_COMPLETED), span)
    replaced, of_same_log, some_tasks = writer.frame(REPLACED, {"batch_id": batch_id}).row(0)
    if replaced > of_same_log:
        rollups.subtract_replaced(writer, besides_batch=batch_id)
    if replaced:
        writer.change(DELETE_REPLACED)
    beside = int(writer.frame(near(TASKS_BESIDE), span | {"batch_id": batch_id}).item()) if some_tasks else 0
    return replaced - of_same_log, of_same_log - beside


@cache
def _near(statement: str, *, spans: int) -> str:
    """A statement about the stored jobs of so many spans of time."""
    return statement.replace("NEAR", " union all ".join(KNOWN_SINCE.format(span=span) for span in range(spans)))


def _spans(known_since: pl.Series) -> dict[str, object]:
    """The first and last time of each span of a log's times, cut at the longest pauses of more than a day.

    A few jobs that waited for months thus do not bring in the stored jobs of all these months.

    >>> from datetime import datetime
    >>> spans = _spans(pl.Series([datetime(2026, 3, day) for day in (9, 1, 10, 2)]))
    >>> {end: time.day for end, time in spans.items()}
    {'first_0': 1, 'last_0': 2, 'first_1': 9, 'last_1': 10}
    """
    times = known_since.unique().sort()
    pauses = times.diff()
    longest = pauses.to_frame("pause").with_row_index("place").filter(pl.col("pause") > LONGEST_PAUSE).top_k(MOST_SPANS - 1, by="pause")
    cuts = [0, *longest["place"].sort(), times.len()]
    spans = [(times[start], times[stop - 1]) for start, stop in pairwise(cuts)]
    return {f"{end}_{number}": span[place] for number, span in enumerate(spans) for place, end in enumerate(("first", "last"))}


def _distinct(jobs: pl.DataFrame) -> pl.DataFrame:
    """The chunk with each run once; of a job that is open on one line and further along on another, the further one."""
    if jobs["ended"].null_count():
        number = pl.when(pl.col("array_task").is_null()).then("job_id").otherwise(pl.coalesce("array_job_id", "job_id"))
        run, jobs = ["run", *RUN[1:]], jobs.with_columns(run=number)
        jobs = jobs.sort("ended", "started", "elapsed_s", descending=[False, True, True], nulls_last=True, maintain_order=True)
        closed = jobs.filter(pl.col("ended").is_not_null())
        open_ones = jobs.filter(pl.col("ended").is_null()).unique(run, keep="first", maintain_order=True)
        last_ends = closed.group_by(run).agg(last_end=pl.max("ended"))
        open_ones = open_ones.join(last_ends, on=run, how="left", nulls_equal=True, validate="1:1", maintain_order="left")
        later = pl.col("last_end").is_null() | (pl.col("started") >= pl.col("last_end"))
        jobs = pl.concat([closed, open_ones.filter(later).drop("last_end")]).drop("run")
    every_number_once = jobs["job_id"].n_unique() == jobs.height
    return jobs if every_number_once else jobs.unique(KEY, keep="first", maintain_order=True)
