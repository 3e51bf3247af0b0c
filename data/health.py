"""How far each machine's log can be trusted: gaps in time, refusals, energy readings, GPUs that were not tracked, odd clocks."""

from collections.abc import Mapping

import polars as pl

from data import node_parts, refusals
from data.facts import System
from data.lake import Lake
from data.migrated import has_seen
from data.schema import Schema, check

HEALTH: Schema = {
    "system": pl.String,
    "first_day": pl.Date,
    "last_day": pl.Date,
    "days_without_jobs": pl.Int64,  # between the first and the last day
    "longest_gap_days": pl.Int64,
    "jobs": pl.Int64,  # that ran
    "jobs_still_open": pl.Int64,  # waiting or running when the log was written
    "lines_refused": pl.Int64,  # and not mended since
    "refused_share": pl.Float64,  # of accepted and refused lines
    "jobs_metered": pl.Int64,
    "jobs_without_energy": pl.Int64,
    "jobs_implausible": pl.Int64,
    "energy_measured_kwh": pl.Float64,  # null: no job is metered
    "energy_implausible_kwh": pl.Float64,
    "jobs_metered_on_shared_nodes": pl.Int64,  # null: the size of the nodes is not known
    "energy_on_shared_nodes_kwh": pl.Float64,
    "jobs_on_parts_of_nodes": pl.Int64,  # fewer cores, and fewer GPUs, than their nodes have; null: the size of the nodes is not known
    "node_hours_not_held": pl.Float64,  # of the parts of their nodes that these jobs did not hold, and yet count
    "not_held_share": pl.Float64,  # of all node-hours of the machine
    "partitions_without_gpu_hours": pl.String,  # with GPUs by the facts, used, and yet no GPU-hour; null where there is none
    "jobs_started_before_submitted": pl.Int64,
    "jobs_with_odd_length": pl.Int64,  # end - start differs from elapsed + suspended by more than a minute
}
"""One row a machine with a log."""

DAYS = """
with days as (select system, day from lake.usage_daily group by all having sum(jobs) > 0),
gaps as (select system, day, day - lag(day) over (partition by system order by day) - 1 as gap from days)
select system, min(day) as first_day, max(day) as last_day, coalesce(sum(gap), 0)::bigint as days_without_jobs,
    coalesce(max(gap), 0)::bigint as longest_gap_days
from gaps group by all order by system
"""
JOBS = """
select j.system, count(*) filter (where started is not null) as jobs, count(*) filter (where ended is null) as jobs_still_open,
    count(*) filter (where started is not null and energy_quality = 'measured') as jobs_metered,
    count(*) filter (where started is not null and energy_quality = 'missing') as jobs_without_energy,
    count(*) filter (where started is not null and energy_quality = 'implausible') as jobs_implausible,
    sum(energy_logged_kwh) filter (where energy_quality = 'measured') as energy_measured_kwh,
    coalesce(sum(energy_logged_kwh) filter (where energy_quality = 'implausible'), 0) as energy_implausible_kwh,
    count(*) filter (where started < submitted) as jobs_started_before_submitted,
    count(*) filter (where started is not null and ended is not null
        and abs(epoch_ms(ended) - epoch_ms(started) - 1000 * (coalesce(elapsed_s, 0) + coalesce(suspended_s, 0))) > 60000
        ) as jobs_with_odd_length
from lake.jobs j group by all order by j.system
"""
SHARED_NODES = """
select system, count(*) filter (where energy_quality = 'measured') as jobs_metered_on_shared_nodes,
    coalesce(sum(energy_logged_kwh) filter (where energy_quality = 'measured'), 0) as energy_on_shared_nodes_kwh,
    count(*) as jobs_on_parts_of_nodes,
    coalesce(sum(elapsed_s * (nodes - nodes_held)), 0) / 3600 as node_hours_not_held
from lake.jobs where started is not null and nodes_held is not null group by all
"""
NODE_HOURS = "select system, sum(node_s) / 3600 as node_hours from lake.usage_monthly group by all"
WITHOUT_GPU_HOURS = """
select system, "partition" from lake.usage_monthly where "partition" is not null
group by all having sum(node_s) > 0 and sum(gpu_s) = 0 order by all
"""


def health(lake: Lake, systems: Mapping[str, System]) -> pl.DataFrame:
    """The health of each machine's log (frame HEALTH).

    A metered job that held a part of its nodes (`data.node_parts`) ran on nodes that others may have shared: a reading of the whole node
    then counts for several jobs. Such readings stay in the sums, and are told here. Source: the manual of `sacct`, which calls the energy
    of a job right only on nodes that it had to itself.

    The same jobs count node-hours of whole nodes, as Slurm's limits and Open XDMoD do. `node_hours_not_held` is what they count beyond
    their part of the nodes; where others ran beside them, it counts more than once.
    """
    jobs = lake.frame(JOBS)
    found = (
        jobs.join(lake.frame(DAYS), on="system", how="left", validate="1:1")
        .join(refusals.open_of_logs(lake), on="system", how="left", validate="1:1")
        .join(lake.frame(NODE_HOURS), on="system", how="left", validate="1:1")
        .join(_shared(lake, systems, jobs["system"].to_list()), on="system", how="left", validate="1:1")
        .join(_untracked(lake, systems), on="system", how="left", validate="1:1")
    )
    share = pl.when(pl.col("node_hours") > 0).then(pl.col("node_hours_not_held") / pl.col("node_hours"))
    return check(found.with_columns(not_held_share=share).select(list(HEALTH)).sort("system"), HEALTH)


def _shared(lake: Lake, systems: Mapping[str, System], logged: list[str]) -> pl.DataFrame:
    """Of the machines whose cores a node are known, if the state that is read tells parts of nodes."""
    told = [name for name in logged if name in systems and any(part.cores_per_node for part in systems[name].partitions)]
    known = pl.DataFrame({"system": told}, schema={"system": pl.String})
    if known.is_empty() or not has_seen(lake, node_parts.MIGRATION):
        return known.with_columns(pl.lit(None, HEALTH[name]).alias(name) for name in _ON_SHARED)
    return known.join(lake.frame(SHARED_NODES), on="system", how="left", validate="1:1").with_columns(pl.col(_ON_SHARED).fill_null(0))


_ON_SHARED = ("jobs_metered_on_shared_nodes", "energy_on_shared_nodes_kwh", "jobs_on_parts_of_nodes", "node_hours_not_held")


def _untracked(lake: Lake, systems: Mapping[str, System]) -> pl.DataFrame:
    """The partitions that have GPUs and were used, but of which no job names a GPU."""
    rows: dict[str, list[str]] = {}
    for name, partition in lake.frame(WITHOUT_GPU_HOURS).iter_rows():
        part = systems[name].partition(partition) if name in systems else None
        if part is not None and part.gpus_per_node:
            rows.setdefault(name, []).append(partition)
    told = [(name, ", ".join(parts)) for name, parts in rows.items()]
    return pl.DataFrame(told, schema={"system": pl.String, "partitions_without_gpu_hours": pl.String}, orient="row")
