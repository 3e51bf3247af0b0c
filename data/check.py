"""What is wrong with a store, told as sentences; an empty answer means that its parts agree with each other."""

from dataclasses import dataclass

import polars as pl

from data.lake import Lake, pending_migrations
from data.systems import known_systems

BATCH_SUMS = """
select batch_id, file, lines_read, accepted + refused + seen_before + steps + passed_over as counted
from lake.batches where lines_read <> accepted + refused + seen_before + steps + passed_over order by batch_id
"""
REFUSED_SUMS = """
select b.batch_id, b.file, b.refused, count(r.batch_id) as kept
from lake.batches b left join lake.refusals r using (batch_id) group by all having b.refused <> count(r.batch_id) order by b.batch_id
"""
TWICE = """
select system, job_id, array_task, submitted, count(*) as times from lake.jobs
group by system, job_id, array_task, submitted, started having count(*) > 1 order by all limit 5
"""
JOBS_OF_STORE = """
select system, count(*) filter (where started is not null) as jobs,
    coalesce(sum(cores * elapsed_s / 3600) filter (where started is not null), 0) as core_hours,
    coalesce(sum(nodes * elapsed_s / 3600) filter (where started is not null), 0) as node_hours
from lake.jobs group by all order by system
"""
JOBS_OF_DAILY = """
select system, sum(jobs)::bigint as jobs, sum(core_hours) as core_hours, sum(node_hours) as node_hours
from lake.usage_daily group by all order by system
"""
JOBS_OF_MONTHLY = """
select system, sum(jobs)::bigint as jobs, sum(core_hours) as core_hours, sum(node_hours) as node_hours
from lake.usage_monthly group by all order by system
"""
WAITS_OF_DAILY = "select system, sum(jobs)::bigint as jobs from lake.waits_daily group by all order by system"
WAITS_OF_MONTHLY = "select system, sum(jobs)::bigint as jobs from lake.waits_monthly group by all order by system"
LEFT_BEHIND = "select distinct batch_id from lake.jobs anti join lake.batches using (batch_id) order by batch_id"
RELATIVE_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is wrong with a store."""

    what: str
    """What was found and what was expected."""
    mend: str
    """How to mend it."""


def findings(lake: Lake) -> list[Finding]:
    """Everything that is wrong, in the order in which it should be mended."""
    waiting = pending_migrations(lake)
    if waiting:
        return [Finding(what=f"migrations {waiting} have not been applied", mend="Run any ingest, or 'python -m data demo'.")]
    return [*_batches(lake), *_duplicates(lake), *_rollups(lake), *_machines(lake)]


def _batches(lake: Lake) -> list[Finding]:
    mend = "Restore the snapshot before that batch and ingest its file again."
    found = [
        Finding(what=f"batch {number} ({file}) read {read:,} lines but accounts for {counted:,}", mend=mend)
        for number, file, read, counted in lake.frame(BATCH_SUMS).iter_rows()
    ]
    found += [
        Finding(what=f"batch {number} ({file}) refused {refused:,} lines but {kept:,} are kept", mend=mend)
        for number, file, refused, kept in lake.frame(REFUSED_SUMS).iter_rows()
    ]
    orphans = lake.frame(LEFT_BEHIND)["batch_id"].to_list()
    return found + [Finding(what=f"jobs of batch {number} have no batch record", mend=mend) for number in orphans]


def _duplicates(lake: Lake) -> list[Finding]:
    return [
        Finding(
            what=f"job {job} of {system}, submitted {submitted}, stands {times} times"
            + (f" (array task {task})" if task is not None else ""),
            mend="Two ingests were not kept apart; restore the snapshot before the second and ingest again.",
        )
        for system, job, task, submitted, times in lake.frame(TWICE).iter_rows()
    ]


def _rollups(lake: Lake) -> list[Finding]:
    jobs = lake.frame(JOBS_OF_STORE)
    found = []
    for name, sums in (("daily", lake.frame(JOBS_OF_DAILY)), ("monthly", lake.frame(JOBS_OF_MONTHLY))):
        found += _differences(jobs, sums, ("jobs", "core_hours", "node_hours"), f"the {name} usage rollup")
    for name, sums in (("daily", lake.frame(WAITS_OF_DAILY)), ("monthly", lake.frame(WAITS_OF_MONTHLY))):
        found += _differences(jobs, sums, ("jobs",), f"the {name} wait rollup")
    return found


def _differences(wanted: pl.DataFrame, found: pl.DataFrame, columns: tuple[str, ...], where: str) -> list[Finding]:
    both = wanted.join(found, on="system", how="full", coalesce=True, suffix="_rolled", validate="1:1").sort("system")
    both = both.with_columns(pl.selectors.numeric().fill_null(0))
    return [
        Finding(
            what=f"{where} has {row[column + '_rolled']:,} {column} of {row['system']}, its jobs sum to {row[column]:,}",
            mend="Run 'python -m data rebuild'.",
        )
        for row in both.iter_rows(named=True)
        for column in columns
        if abs(row[column] - row[f"{column}_rolled"]) > RELATIVE_TOLERANCE * max(1.0, abs(row[column]))
    ]


def _machines(lake: Lake) -> list[Finding]:
    known = known_systems(lake)
    return [
        Finding(what=f"jobs of {system!r} are stored, but the machine is not known", mend="Declare it with --system-file and ingest again.")
        for system in lake.frame(JOBS_OF_STORE)["system"].to_list()
        if system not in known
    ]
