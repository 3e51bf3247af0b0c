"""What the energy brought: energy per useful node-hour, and what was lost in failed jobs and idle nodes."""

import polars as pl

from analytics.energy import ENERGY
from analytics.usage import ratio
from data.schema import DIMENSIONS, Schema, check, usage_by

WHERE_IT_WENT: Schema = {
    "node_hours_useful": pl.Float64,
    "node_hours_failed": pl.Float64,
    "energy_useful_kwh": pl.Float64,
    "energy_failed_kwh": pl.Float64,
    "energy_idle_kwh": pl.Float64,  # at most; null: nodes or their idle power not published
    "kwh_per_useful_node_hour": pl.Float64,
}
"""Facility energy; of the node-hours whose power and PUE are known."""

_KEYS = ("system", "partition", "category", "month")


def where_it_went(rows: pl.DataFrame, usage: pl.DataFrame, idle: pl.DataFrame, by: str = "system") -> pl.DataFrame:
    """Where the electricity went: into jobs that ended well, into jobs that failed or timed out, and into nodes without a job.

    Lost in failed jobs = for each partition, category and month its facility energy × failed node-hours / node-hours: a failed node-hour
    is taken to draw as much as any other there, since logs meter too few to tell. Failed are jobs that ended as FAILED, TIMEOUT,
    NODE_FAIL, OUT_OF_MEMORY, BOOT_FAIL or DEADLINE; a timed-out job that had saved its work lost less, which a log cannot tell. Idle nodes
    are counted as switched on, at most × PUE; they belong to machines and to no category. Energy per useful hour = facility energy of all
    jobs / node-hours of the jobs that ended well.

    Takes energy (measures ENERGY) and usage by system, partition, category and month, and the frame of `energy.idle_energy`. Gives
    `by` (system or category) and WHERE_IT_WENT; by category the idle energy is null.
    """
    keys = list(_KEYS)
    check(rows, {name: DIMENSIONS[name] for name in keys} | dict(ENERGY))
    failed = check(usage, usage_by(*keys)).select(*keys, "node_hours_failed")
    both = rows.join(failed, on=keys, how="left", validate="1:1", nulls_equal=True)
    failed_share = ratio(pl.col("node_hours_failed"), pl.col("node_hours")).fill_null(0.0)
    covered = pl.col("node_hours") - pl.col("node_hours_without_model")
    facility = pl.col("energy_facility_kwh")
    parts = both.filter(facility.is_not_null()).with_columns(lost=facility * failed_share, failed=covered * failed_share, hours=covered)
    summed = parts.group_by(by).agg(
        node_hours_useful=(pl.col("hours") - pl.col("failed")).sum(),
        node_hours_failed=pl.col("failed").sum(),
        energy_useful_kwh=(facility - pl.col("lost")).sum(),
        energy_failed_kwh=pl.col("lost").sum(),
    )
    whole = pl.col("energy_useful_kwh") + pl.col("energy_failed_kwh")
    return (
        _with_idle(summed, idle, by)
        .with_columns(kwh_per_useful_node_hour=ratio(whole, pl.col("node_hours_useful")))
        .select(by, *WHERE_IT_WENT)
        .sort(by)
    )


def _with_idle(summed: pl.DataFrame, idle: pl.DataFrame, by: str) -> pl.DataFrame:
    """The idle energy of each machine, unknown where that of any of its partitions and months is."""
    if by != "system":
        return summed.with_columns(energy_idle_kwh=pl.lit(None, pl.Float64))
    energy = pl.col("energy_idle_facility_kwh")
    whole = idle.group_by("system").agg(energy_idle_kwh=pl.when(energy.null_count() == 0).then(energy.sum()))
    return summed.join(whole, on="system", how="left", validate="1:1")
