"""Who received how much machine time, and how that compares with what the machines offer."""

from collections.abc import Iterable, Mapping

import polars as pl

from data.errors import InputError
from data.schema import DIMENSIONS, PARTITIONS, USAGE_MEASURES, Schema, check, usage_by
from data.terms import HourUnit, Period, month_after
from data.units import HOURS_PER_DAY

CAPACITY: Schema = {
    "system": pl.String,
    "partition": pl.String,
    "month": pl.Date,
    "status": pl.String,  # operating | announced | declared
    "days_in_service": pl.Int64,
    **{f"{whose}_{unit}": pl.Float64 for unit in HourUnit for whose in ("capacity", "union")},
}
"""One row a partition and month: the hours it could have given, and the Union's share of them."""

JOBS_WITHOUT = {
    HourUnit.NODE_HOURS: "jobs_without_nodes",
    HourUnit.CORE_HOURS: "jobs_without_cores",
    HourUnit.GPU_HOURS: "jobs_without_gpus",
}
"""The measure that counts the jobs whose hours in a unit are not known."""

WALL_HOURS_WITHOUT = {
    HourUnit.NODE_HOURS: "wall_hours_without_nodes",
    HourUnit.CORE_HOURS: "wall_hours_without_cores",
    HourUnit.GPU_HOURS: "wall_hours_without_gpus",
}
"""The measure that sums the elapsed time of jobs whose size in a unit is not known, also on days on which none of them ended."""

UNITS_PER_NODE = {
    HourUnit.NODE_HOURS: pl.lit(1.0),
    HourUnit.GPU_HOURS: pl.col("gpus_per_node"),
    HourUnit.CORE_HOURS: pl.col("cores_per_node"),
}


def total_by(usage: pl.DataFrame, *dimensions: str) -> pl.DataFrame:
    """The usage summed to one row for each value of these dimensions, sorted by them.

    A sum is unknown only where no part of it is known. The counts of jobs whose hours are missing are summed beside it.

    >>> frame = usage_frame({"system": "a", "category": "sme", "jobs": 2, "node_hours": 5.0}, {"system": "b", "category": "sme", "jobs": 1})
    >>> total_by(frame, "category").select("category", "jobs", "node_hours").rows()
    [('sme', 3, 5.0)]
    """
    check(usage, usage_by(*dimensions))
    sums = [known_sum(name) for name in USAGE_MEASURES]
    if not dimensions:
        return usage.select(sums)
    if len(usage.columns) == len(dimensions) + len(USAGE_MEASURES) and not usage.select(dimensions).is_duplicated().any():
        return usage.select(*dimensions, *USAGE_MEASURES).sort(dimensions)  # each row is its own sum
    return usage.group_by(dimensions).agg(sums).sort(dimensions)


def hours(usage: pl.DataFrame, unit: HourUnit) -> pl.DataFrame:
    """The usage with its machine time in the chosen unit as `hours`, and as `jobs_without_hours` the jobs missing from it.

    Hours are unknown, never 0, where jobs are missing from them and no job's are known.

    >>> hours(usage_frame({"gpu_hours": 8.0, "jobs_without_gpus": 1}), HourUnit.GPU_HOURS).select("hours", "jobs_without_hours").row(0)
    (8.0, 1)
    >>> hours(usage_frame({"jobs": 2, "jobs_without_nodes": 2}), HourUnit.NODE_HOURS)["hours"].item() is None
    True
    """
    check(usage, USAGE_MEASURES)
    missing = pl.col(JOBS_WITHOUT[unit])
    nothing_missing = (missing == 0) & (pl.col(WALL_HOURS_WITHOUT[unit]).fill_null(0) == 0)
    known = pl.when(nothing_missing | (pl.col(unit) > 0)).then(pl.col(unit))
    return usage.with_columns(hours=known, jobs_without_hours=missing)


def share(usage: pl.DataFrame, *dimensions: str, unit: HourUnit, within: Iterable[str] = ()) -> pl.DataFrame:
    """The machine time of each group and its share of all of it, or of all of it within each month, machine and so on.

    The share is the group's known hours divided by all known hours; where nobody used anything it is unknown. A node-hour is a node for an
    hour, whatever part of it the job held: where jobs share a node, each counts the whole, as in Slurm's limits and
    Open XDMoD (the page on log health tells how much that is); modelled energy counts the part held.

    Columns: the dimensions, hours, share, jobs, jobs_without_hours, jobs_failed, hours_failed_share (of node-hours).

    >>> frame = usage_frame({"category": "sme", "node_hours": 1.0}, {"category": "research", "node_hours": 3.0})
    >>> share(frame, "category", unit=HourUnit.NODE_HOURS).select("category", "hours", "share").rows()
    [('research', 3.0, 0.75), ('sme', 1.0, 0.25)]
    """
    around = tuple(within)
    keys = tuple(dict.fromkeys((*around, *dimensions)))
    totals = hours(total_by(usage, *keys), unit)
    whole = pl.col("hours").sum().over(around) if around else pl.col("hours").sum()
    return totals.select(
        *keys,
        "hours",
        ratio(pl.col("hours"), whole).alias("share"),
        "jobs",
        "jobs_without_hours",
        "jobs_failed",
        ratio(pl.col("node_hours_failed"), pl.col("node_hours")).alias("hours_failed_share"),
    ).sort(keys)


def by_country(usage: pl.DataFrame, *, unit: HourUnit) -> pl.DataFrame:
    """The machine time of each country's users, its share of all of it, and how many projects it is of.

    The country is that of the organisation that holds a project; where nobody told it, it is unknown. Takes usage by country, machine
    and account.

    Columns: country, hours, share, jobs, jobs_without_hours, projects.

    >>> some = {"country": "FI", "system": "a", "account": "p", "node_hours": 3.0}
    >>> used = usage_frame(some, some | {"country": "FR", "account": "q", "node_hours": 1.0})
    >>> by_country(used, unit=HourUnit.NODE_HOURS).select("country", "share", "projects").rows()
    [('FI', 0.75, 1), ('FR', 0.25, 1)]
    """
    check(usage, {"country": pl.String, "system": pl.String, "account": pl.String} | dict(USAGE_MEASURES))
    ran = usage.filter((pl.col("jobs") > 0) | (pl.col("wall_hours") > 0) | (pl.col("node_hours") > 0))
    projects = ran.group_by("country").agg(projects=pl.struct("system", "account").n_unique().cast(pl.Int64))
    sums = hours(ran.group_by("country").agg(known_sum(name) for name in USAGE_MEASURES), unit)
    joined = sums.join(projects, on="country", nulls_equal=True, validate="1:1")
    shares = joined.with_columns(share=ratio(pl.col("hours"), pl.col("hours").sum()))
    return shares.select("country", "hours", "share", "jobs", "jobs_without_hours", "projects").sort("country", nulls_last=True)


def capacity(partitions: pl.DataFrame, period: Period, *, announced: bool = False) -> pl.DataFrame:
    """The hours each partition could have given in each month of the period, and the Union's share of them.

    Capacity = nodes × 24 hours × the days of the month that lie in the period and between the first and last day of service.
    Maintenance is not taken off. A number of nodes or a Union share that is not published leaves the hours unknown.
    A machine that is only announced and has no date of service offers no hours.

    Gives frame CAPACITY; `announced` counts machines that are only announced as well.
    """
    check(partitions, PARTITIONS)
    counted = partitions if announced else partitions.filter((pl.col("status") != "announced") | pl.col("in_service").is_not_null())
    months = pl.DataFrame({"month": list(period.months), "next": [month_after(month) for month in period.months]}, schema=_MONTHS)
    first = pl.max_horizontal("month", "in_service", pl.lit(period.start))
    last = pl.min_horizontal("next", "out_of_service", pl.lit(period.end))
    served = (
        counted.join(months, how="cross").with_columns(days_in_service=(last - first).dt.total_days()).filter(pl.col("days_in_service") > 0)
    )
    node_hours = pl.col("nodes") * pl.col("days_in_service") * HOURS_PER_DAY
    offered = {f"capacity_{unit}": node_hours * each for unit, each in UNITS_PER_NODE.items()}
    union = {f"union_{unit}": node_hours * each * pl.col("union_share") for unit, each in UNITS_PER_NODE.items()}
    return (
        served.filter(pl.col("days_in_service") > 0)
        .with_columns(**offered, **union)
        .select(CAPACITY.keys())
        .sort("system", "partition", "month")
    )


def capacity_while_logged(partitions: pl.DataFrame, logged: Mapping[str, Period], period: Period) -> pl.DataFrame:
    """The capacity of machines on those days of the period for which there are logs, so that use is compared with what it could be.

    Args:
        partitions: The facts of the machines (PARTITIONS); a machine without logs offers nothing here.
        logged: From which day to which the logs of each machine run.
        period: The period asked for.
    """
    systems_of: dict[Period, list[str]] = {}
    for system, days in logged.items():
        if both := days.within(period):
            systems_of.setdefault(both, []).append(system)
    parts = [capacity(partitions.filter(pl.col("system").is_in(systems)), both) for both, systems in systems_of.items()]
    return pl.concat([pl.DataFrame(schema=dict(CAPACITY)), *parts]).sort("system", "partition", "month")


def capacity_by(offered: pl.DataFrame, *dimensions: str) -> pl.DataFrame:
    """The capacity summed to one row for each value of these dimensions (of system, partition, month).

    `partitions` counts the partition-months in the sum, `partitions_without_nodes` and `partitions_without_union_share` those that are
    missing from it because the number is not published.
    """
    check(offered, CAPACITY)
    sums = [known_sum(name) for name in CAPACITY if name.startswith(("capacity_", "union_"))]
    counts = {
        "partitions": pl.len().cast(pl.Int64),
        "partitions_without_nodes": pl.col("capacity_node_hours").null_count().cast(pl.Int64),
        "partitions_without_union_share": pl.col("union_node_hours").null_count().cast(pl.Int64),
    }
    if not dimensions:
        return offered.select(*sums, **counts)
    return offered.group_by(dimensions).agg(*sums, **counts).sort(dimensions)


def capacity_by_month(offered: pl.DataFrame) -> pl.DataFrame:
    """The capacity by month, unknown in months in which the size (or the Union share) of any partition is."""
    months = capacity_by(offered, "month")
    return months.with_columns(
        pl.when(pl.col("partitions_without_nodes") == 0).then(pl.col("^capacity_.*$")),
        pl.when(pl.col("partitions_without_union_share") == 0).then(pl.col("^union_.*$")),
    )


def against_capacity(usage: pl.DataFrame, offered: pl.DataFrame, *, unit: HourUnit) -> pl.DataFrame:
    """The usage with its hours as a share of what the machines offered, and of the Union's share of that.

    A share is unknown where the size of a partition in it is not published. Use is compared with the capacity of its own machine,
    partition and month as far as it names them, and with all of the capacity otherwise.

    Gives the usage with hours, capacity_hours, union_hours, share_of_capacity, share_of_union and partitions_without_nodes.
    """
    dimensions = [name for name in DIMENSIONS if name in usage.columns]
    check(usage, usage_by(*dimensions))
    keys = [name for name in ("system", "partition", "month") if name in dimensions]
    whole = capacity_by(offered, *keys).select(
        *keys,
        "partitions_without_nodes",
        _if_all(f"capacity_{unit}", "partitions_without_nodes").alias("capacity_hours"),
        _if_all(f"union_{unit}", "partitions_without_union_share").alias("union_hours"),
    )
    timed = hours(usage, unit)
    joined = timed.join(whole, on=keys, how="left", validate="m:1") if keys else timed.join(whole, how="cross")
    return joined.with_columns(
        ratio(pl.col("hours"), pl.col("capacity_hours")).alias("share_of_capacity"),
        ratio(pl.col("hours"), pl.col("union_hours")).alias("share_of_union"),
    ).sort(dimensions)


def change(now: pl.DataFrame, before: pl.DataFrame, *dimensions: str, unit: HourUnit) -> pl.DataFrame:
    """The machine time of each group now and in the period before, and the change between them, in hours and relative.

    A group that is missing in a period used nothing then, unless that period (or that machine in it) has no log at all: then its
    hours are unknown, and so is the change. The relative change is unknown where nothing was used before.

    >>> now = usage_frame({"category": "sme", "node_hours": 6.0})
    >>> before = usage_frame({"category": "sme", "node_hours": 4.0})
    >>> change(now, before, "category", unit=HourUnit.NODE_HOURS).row(0)
    ('sme', 6.0, 4.0, 2.0, 0.5)
    """
    if not dimensions:
        raise InputError("a change was asked for without a dimension to compare; name at least one, such as category.")
    earlier = hours(total_by(before, *dimensions), unit).select(*dimensions, hours_before="hours", in_before=pl.lit(True))
    later = hours(total_by(now, *dimensions), unit).select(*dimensions, "hours", in_now=pl.lit(True))
    both = later.join(earlier, on=dimensions, how="full", coalesce=True, nulls_equal=True, validate="1:1")
    filled = both.with_columns(
        _zero_if_absent("hours", "in_now", now, dimensions),
        _zero_if_absent("hours_before", "in_before", before, dimensions),
    ).drop("in_now", "in_before")
    difference = pl.col("hours") - pl.col("hours_before")
    return filled.with_columns(change_hours=difference, change_relative=ratio(difference, pl.col("hours_before"))).sort(dimensions)


def with_system_names(rows: pl.DataFrame, partitions: pl.DataFrame) -> pl.DataFrame:
    """The rows with each machine under its name instead of its identifier, for people; an unknown identifier stays."""
    check(rows, {"system": pl.String})
    names = check(partitions, PARTITIONS).select("system", "system_name").unique()
    named = rows.join(names, on="system", how="left", validate="m:1").with_columns(system=pl.coalesce("system_name", "system"))
    return named.select(rows.columns)


def known_sum(name: str) -> pl.Expr:
    """The sum of the known values of a column, unknown where none is known (a plain sum would call that 0)."""
    return pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()).alias(name)


def ratio(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """Part divided by whole, unknown where the whole is nothing."""
    return pl.when(whole > 0).then(part / whole)


def usage_frame(*rows: Mapping[str, object]) -> pl.DataFrame:
    """A small usage frame for examples: the dimensions of its rows, and every measure they do not name at nothing.

    Node-hours are of whole nodes held, unless a row names other ones.
    """
    dimensions = [name for name in DIMENSIONS if any(name in row for row in rows)]
    nothing: dict[str, object] = {name: 0.0 if kind == pl.Float64 else 0 for name, kind in USAGE_MEASURES.items()}
    whole = {f"node_hours_held{of}": f"node_hours{of}" for of in ("", "_metered")}
    said = [nothing | {held: row.get(all_of, 0.0) for held, all_of in whole.items()} | dict(row) for row in rows]
    return pl.DataFrame(said, schema=dict(usage_by(*dimensions)))


_MONTHS: Schema = {"month": pl.Date, "next": pl.Date}


def _if_all(name: str, missing: str) -> pl.Expr:
    return pl.when(pl.col(missing) == 0).then(pl.col(name))


def _zero_if_absent(name: str, present: str, log: pl.DataFrame, dimensions: tuple[str, ...]) -> pl.Expr:
    logged = pl.col("system").is_in(log["system"].unique().to_list()) if "system" in dimensions else pl.lit(log.height > 0)
    return pl.when(pl.col(present).is_null() & logged).then(0.0).otherwise(pl.col(name)).alias(name)
