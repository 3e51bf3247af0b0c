"""What is wrong with a store, told as sentences; an empty answer means that its parts agree with each other."""

from dataclasses import dataclass

import polars as pl

from data import check_tables, node_parts
from data.lake import Lake, pending_migrations
from data.systems import known_systems
from data.terms import FAILED_STATES

BATCH_SUMS = """
select batch_id, file, lines_read, accepted + refused + seen_before + steps + passed_over as counted
from lake.batches where lines_read <> accepted + refused + seen_before + steps + passed_over order by batch_id
"""
REFUSED_SUMS = """
select b.batch_id, b.file, b.refused, count(r.batch_id) as kept
from lake.batches b left join lake.refusals r using (batch_id) group by all having b.refused <> count(r.batch_id) order by b.batch_id
"""
TWICE = """
select system, job_id, array_task, known_since, count(*) as times from lake.jobs
group by system, job_id, array_task, known_since, started having count(*) > 1 order by all limit 5
"""
USAGE_OF_JOBS = """
with told as (
    select *, started is not null as ran, started is not null and list_contains($failed, state) as failed,
        started is not null and energy_quality = 'measured' as metered, nodes * elapsed_s as node_s,
        coalesce(nodes_held, nodes) * elapsed_s as held_s
    from lake.jobs
)
select system, count(*) filter (where ran) as jobs, count(*) filter (where not ran) as jobs_never_started,
    count(*) filter (where failed) as jobs_failed, count(*) filter (where metered) as jobs_metered,
    count(*) filter (where ran and energy_quality = 'implausible') as jobs_implausible,
    count(*) filter (where ran and node_s is null) as jobs_without_nodes,
    count(*) filter (where ran and cores * elapsed_s is null) as jobs_without_cores,
    count(*) filter (where ran and gpus * elapsed_s is null) as jobs_without_gpus,
    count(*) filter (where not ran and state = 'PENDING' and requested_nodes * time_limit_s is null) as jobs_queued_without_hours,
    sum(node_s) filter (where ran) as node_s, sum(cores * elapsed_s) filter (where ran) as core_s,
    sum(gpus * elapsed_s) filter (where ran) as gpu_s, sum(node_s) filter (where failed) as node_s_failed,
    sum(node_s) filter (where metered) as node_s_metered,
    sum(held_s) filter (where ran) as node_s_held, sum(held_s) filter (where metered) as node_s_held_metered,
    sum(requested_nodes * time_limit_s) filter (where not ran and state = 'PENDING') as node_s_queued,
    sum(round(energy_logged_kwh * 3600000)) filter (where metered) as energy_measured_j,
    sum(elapsed_s) filter (where ran) as wall_s, sum(elapsed_s) filter (where ran and nodes is null) as wall_s_without_nodes,
    sum(elapsed_s) filter (where ran and cores is null) as wall_s_without_cores,
    sum(elapsed_s) filter (where ran and gpus is null) as wall_s_without_gpus
from told group by all order by system
"""
USAGE_OF_DAILY = 'select system, sum(columns(* exclude (system, "partition", account, day))) from lake.usage_daily group by all'
USAGE_OF_MONTHLY = """
select system, sum(columns(* exclude (system, "partition", category, mode, country, month))) from lake.usage_monthly group by all
"""
USAGE_OF_ACCOUNTS = """
select system, sum(columns(* exclude (system, "partition", account, month))) from lake.usage_account_monthly group by all
"""
WAITS_OF_JOBS = """
select system, count(*) as jobs, sum(greatest(epoch(started) - epoch(submitted), 0)) as wait_s
from lake.jobs where started is not null and submitted is not null group by all
"""
WAITS_OF_DAILY = "select system, sum(jobs) as jobs, sum(wait_s) as wait_s from lake.waits_daily group by all"
WAITS_OF_MONTHLY = "select system, sum(jobs) as jobs, sum(wait_s) as wait_s from lake.waits_monthly group by all"
SLOWDOWNS_OF_JOBS = """
select system, count(*) as jobs from lake.jobs
where started is not null and submitted is not null and ended is not null and elapsed_s is not null group by all
"""
SLOWDOWNS_OF_ACCOUNTS = "select system, sum(jobs) as jobs from lake.slowdowns_account_monthly group by all"
SLOWDOWNS_OF_MONTHLY = "select system, sum(jobs) as jobs from lake.slowdowns_monthly group by all"
HOURS_OF_JOBS = """
select system, sum(coalesce(nodes_held, nodes) * elapsed_s) as node_s,
    sum(round(energy_logged_kwh * 3600000)) filter (where energy_quality = 'measured') as energy_j
from lake.jobs
where started is not null and greatest(coalesce(epoch(ended) - epoch(started), 0), coalesce(elapsed_s, 0)) > 0 group by all
"""
HOURS_OF_CHANGES = """
with ends as (select max(hour) + interval 1 hour as last from lake.changes_hourly)
select system, sum(node_s + nodes * (epoch(last) - epoch(hour) - 3600)) as node_s,
    sum(energy_j + power_w * (epoch(last) - epoch(hour) - 3600)) as energy_j
from lake.changes_hourly cross join ends group by system
"""
SYSTEMS = "select distinct system from lake.jobs order by system"
LEFT_BEHIND = "select distinct batch_id from lake.jobs anti join lake.batches using (batch_id) order by batch_id"
RELATIVE_TOLERANCE = 1e-9
STEPS_TOLERANCE = 1e-4
"""How far hours may lie from the jobs: their rates are kept in small steps."""
ANEW = "Put back a copy of the store from before, or bring its logs into a new one (EQUINODE_LAKE) in their order."


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
    tables = [Finding(what=what, mend=mend) for what, mend in check_tables.wrong(lake)]
    return [*_batches(lake), *_duplicates(lake), *_rollups(lake), *_machines(lake), *tables]


def _batches(lake: Lake) -> list[Finding]:
    found = [
        Finding(what=f"batch {number} ({file}) read {read:,} lines but accounts for {counted:,}", mend=ANEW)
        for number, file, read, counted in lake.frame(BATCH_SUMS).iter_rows()
    ]
    found += [
        Finding(what=f"batch {number} ({file}) refused {refused:,} lines but {kept:,} are kept", mend=ANEW)
        for number, file, refused, kept in lake.frame(REFUSED_SUMS).iter_rows()
    ]
    orphans = lake.frame(LEFT_BEHIND)["batch_id"].to_list()
    return found + [Finding(what=f"jobs of batch {number} have no batch record", mend=ANEW) for number in orphans]


def _duplicates(lake: Lake) -> list[Finding]:
    return [
        Finding(
            what=f"job {job} of {system}, submitted {submitted}, stands {times} times"
            + (f" (array task {task})" if task is not None else ""),
            mend=ANEW,
        )
        for system, job, task, submitted, times in lake.frame(TWICE).iter_rows()
    ]


def _rollups(lake: Lake) -> list[Finding]:
    used, waited = lake.frame(USAGE_OF_JOBS, {"failed": [state.value for state in FAILED_STATES]}), lake.frame(WAITS_OF_JOBS)
    slowed, by_hour = lake.frame(SLOWDOWNS_OF_JOBS), lake.frame(HOURS_OF_CHANGES)
    return [
        *_differences(used, lake.frame(USAGE_OF_DAILY), "the daily usage rollup"),
        *_differences(used, lake.frame(USAGE_OF_MONTHLY), "the monthly usage rollup"),
        *_differences(used, lake.frame(USAGE_OF_ACCOUNTS), "the monthly usage rollup of accounts"),
        *_differences(waited, lake.frame(WAITS_OF_DAILY), "the daily wait rollup"),
        *_differences(waited, lake.frame(WAITS_OF_MONTHLY), "the monthly wait rollup"),
        *_differences(slowed, lake.frame(SLOWDOWNS_OF_ACCOUNTS), "the monthly slowdown rollup of accounts"),
        *_differences(slowed, lake.frame(SLOWDOWNS_OF_MONTHLY), "the monthly slowdown rollup"),
        *_differences(lake.frame(HOURS_OF_JOBS), by_hour, "the hourly rollup", tolerance=STEPS_TOLERANCE),
        *_node_parts(lake),
    ]


def _node_parts(lake: Lake) -> list[Finding]:
    """Jobs whose part of their nodes is another by what is known of the machine today."""
    return [
        Finding(
            what=f"{jobs:,} of the jobs of {system} held another part of their nodes, by today's facts, than energy is modelled by",
            mend="Run 'python -m data rebuild'.",
        )
        for system, jobs in node_parts.outdated(lake).group_by("system").agg(pl.col("jobs").sum()).sort("system").iter_rows()
    ]


def _differences(wanted: pl.DataFrame, found: pl.DataFrame, where: str, *, tolerance: float = RELATIVE_TOLERANCE) -> list[Finding]:
    columns = [name for name in wanted.columns if name != "system"]
    sums = (pl.col("system"), pl.col(columns).cast(pl.Float64))
    both = wanted.select(sums).join(found.select(sums), on="system", how="full", coalesce=True, suffix="_rolled", validate="1:1")
    both = both.with_columns(pl.selectors.numeric().fill_null(0)).sort("system")
    return [
        Finding(
            what=f"{where} has {row[column + '_rolled']:,} {column} of {row['system']}, its jobs sum to {row[column]:,}",
            mend="Run 'python -m data rebuild'.",
        )
        for row in both.iter_rows(named=True)
        for column in columns
        if abs(row[column] - row[f"{column}_rolled"]) > tolerance * max(1.0, abs(row[column]))
    ]


def _machines(lake: Lake) -> list[Finding]:
    known, logged = known_systems(lake), lake.frame(SYSTEMS)["system"].to_list()
    return [
        Finding(what=f"jobs of {system!r} are stored, but the machine is not known", mend="Declare it with --system-file and ingest again.")
        for system in logged
        if system not in known
    ] + [
        Finding(
            what=f"projects or accounts of {system!r} are stored, but the machine is not known",
            mend="Declare it with --system-file, or import the table of projects with the right machine.",
        )
        for system in check_tables.systems_named(lake)
        if system not in known and system not in logged
    ]
