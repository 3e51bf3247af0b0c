"""The refused lines of logs and the refused rows of tables of projects: browsed, exported, and which of them were mended since.

What was refused is never deleted. It stops being open once it is mended: the mended file, or a file of the mended lines alone, is
brought in again, and its lines are accepted there or refused anew.
"""

import polars as pl

from data.lake import Lake, Writer
from data.schema import Schema, check

PROJECT_TABLES = "projects"
"""What stands in the place of a dialect for a table of projects."""

SEVERAL_MACHINES = "several"
"""What stands in the place of a machine for a table whose projects are on more than one."""

RESOLVED = """
with again as (
    select b.batch_id, min(later.batch_id) as resolved_in
    from lake.batches b join lake.batches later
        on (later.system = b.system or b.dialect = $projects) and later.file = b.file and later.dialect = b.dialect
        and later.batch_id > b.batch_id
        and later.lines_read >= b.lines_read and later.seen_before >= b.accepted + b.seen_before
    where b.refused > 0 group by b.batch_id
), small as (
    select b.batch_id, later.batch_id as mended_in, later.system, later.accepted
    from lake.batches b join lake.batches later
        on later.system = b.system and later.batch_id > b.batch_id
        and later.lines_read - later.passed_over - later.steps <= b.refused
    where b.refused > 0 and b.dialect <> $projects and later.dialect <> $projects
), numbered as (
    select batch_id, line, try_cast(regexp_extract(raw, $number, 1) as bigint) as number,
        try_cast(nullif(regexp_extract(raw, $number, 2), '') as bigint) as task
    from lake.refusals semi join small using (batch_id)
), jobs as (
    select small.batch_id, small.mended_in, small.accepted, j.line as job_line, j.job_id, j.array_job_id, j.array_task
    from lake.jobs j join small on j.batch_id = small.mended_in and j.system = small.system
), mended as (
    select jobs.batch_id, jobs.mended_in, jobs.accepted, jobs.job_line, numbered.line from jobs join numbered
        on numbered.batch_id = jobs.batch_id and numbered.number = jobs.job_id and numbered.task is null
    union all
    select jobs.batch_id, jobs.mended_in, jobs.accepted, jobs.job_line, numbered.line from jobs join numbered
        on numbered.batch_id = jobs.batch_id and numbered.number = jobs.array_job_id and numbered.task = jobs.array_task
), whole as (
    select batch_id, mended_in from mended group by batch_id, mended_in having count(distinct job_line) >= max(accepted)
), resolved as (
    select batch_id, line, min(resolved_in) as resolved_in from (
        select r.batch_id, r.line, again.resolved_in from lake.refusals r join again using (batch_id)
        union all
        select batch_id, line, mended_in from mended semi join whole using (batch_id, mended_in)
    ) group by batch_id, line
), told as (
    select b.system, b.dialect, b.file, r.batch_id, r.line, r.reason, r.detail, r.raw, resolved.resolved_in
    from lake.refusals r join lake.batches b using (batch_id)
    left join resolved on resolved.batch_id = r.batch_id and resolved.line = r.line
)
"""
"""Which refused lines were mended, and in which batch.

A file was brought in again when a later batch of its machine, of the same name and no shorter, had seen at least as many lines
before as the earlier one had accepted. A later log is a file of mended lines when it has no more lines than were refused, and every
job in it has the number of a refused line.
"""

LINES = """
select * exclude (dialect) from told
where (len($systems) = 0 or list_contains($systems, system)) and ($batch_id is null or batch_id = $batch_id)
    and ($resolved_too or resolved_in is null)
order by batch_id desc, line limit $most
"""
BY_REASON = """
select system, reason, count(*) as lines from told where resolved_in is null group by all order by lines desc, system, reason
"""
LISTED = """
select system, batch_id, file, reason, count(*) as lines, count(*) filter (where resolved_in is null) as lines_open,
    min(line) as example_line, arg_min(detail, line) as example_detail, arg_min(raw, line) as example
from told where $batch_id is null or batch_id = $batch_id
group by all order by batch_id desc, lines desc, reason
"""
OPEN_OF_LOGS = """
, open_lines as (
    select system, count(*) as lines from told where resolved_in is null and dialect <> $projects group by system
)
select b.system, coalesce(max(open_lines.lines), 0)::bigint as lines_refused,
    coalesce(max(open_lines.lines), 0) / nullif(coalesce(max(open_lines.lines), 0) + sum(b.accepted), 0) as refused_share
from lake.batches b left join open_lines using (system) where b.dialect <> $projects
group by b.system order by b.system
"""

PARAMETERS = {"projects": PROJECT_TABLES, "number": r'^"?(?:job_?id(?:_?raw)?=)?(\d+)(?:_(\d+))?'}
"""How the number of a job stands at the beginning of a masked line: plain, or behind the name of its field."""

REFUSED_LINES: Schema = {
    "system": pl.String,
    "file": pl.String,
    "batch_id": pl.Int64,
    "line": pl.Int64,
    "reason": pl.String,
    "detail": pl.String,
    "raw": pl.String,  # with names of users masked
    "resolved_in": pl.Int64,  # the batch in which it was mended; null: it is open
}

MOST = 1_000_000


def lines(
    lake: Lake | Writer, *, systems: tuple[str, ...] = (), batch_id: int | None = None, resolved_too: bool = False, most: int = MOST
) -> pl.DataFrame:
    """Refused lines (frame REFUSED_LINES), newest batch first, those that are open or all."""
    values = {"systems": list(systems), "batch_id": batch_id, "resolved_too": resolved_too, "most": most}
    return check(lake.frame(RESOLVED + LINES, PARAMETERS | values), REFUSED_LINES)


def by_reason(lake: Lake | Writer) -> pl.DataFrame:
    """How many refused lines are open per system and reason."""
    return lake.frame(RESOLVED + BY_REASON, PARAMETERS)


def listed(lake: Lake | Writer, *, batch_id: int | None = None) -> pl.DataFrame:
    """How many lines of each batch were refused for each reason, how many of them are open, and the first as an example."""
    return lake.frame(RESOLVED + LISTED, PARAMETERS | {"batch_id": batch_id})


def open_of_logs(lake: Lake | Writer) -> pl.DataFrame:
    """How many refused lines of each machine's logs are open, and their part of the accepted and open ones."""
    return lake.frame(RESOLVED + OPEN_OF_LOGS, PARAMETERS)
