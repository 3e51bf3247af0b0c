"""How much electrical power the machines drew: over time, in their highest hour, and through the hours of a week."""

from collections.abc import Mapping
from datetime import date

import polars as pl

from analytics.energy import ENERGY, POWER_FACTS
from analytics.usage import ratio
from data.schema import DIMENSIONS, HOURLY, PARTITIONS, UTC_TIME, Schema, check
from data.terms import Period, month_after
from data.units import HOURS_PER_DAY, WATTS_PER_KW

HOURLY_POWER: Schema = {
    "system": pl.String,
    "partition": pl.String,
    "hour": UTC_TIME,
    "node_hours_held": pl.Float64,  # of the parts of nodes that jobs held
    "nodes": pl.Float64,  # in service; null: not published
    "power_it_kw": pl.Float64,  # of the jobs; null: neither metered nor of a partition whose power is known
    "power_facility_kw": pl.Float64,
    "power_idle_kw": pl.Float64,  # facility power of the nodes without a job, had all of them stood switched on
}
"""One row a partition and hour."""

PEAKS: Schema = {"system": pl.String, "peak_kw": pl.Float64, "peak_hour": UTC_TIME, "mean_kw": pl.Float64, "hours": pl.Int64}


def hourly_power(hourly: pl.DataFrame, partitions: pl.DataFrame) -> pl.DataFrame:
    """The power of each partition in each hour, as its mean over the hour: of the jobs, of the whole facility for them, and of idle nodes.

    Power of the jobs (IT) = measured energy of the metered jobs in the hour + for every other node, or part of one, held idle
    + u × (max − idle). A job's energy is spread evenly over its run. Facility power = IT power × PUE. Idle power is the most that nodes
    without a job can have drawn: nodes switched off or under maintenance are not known. Unknown where the facts it needs are not published.

    Takes frames HOURLY and PARTITIONS; gives frame HOURLY_POWER.
    """
    check(hourly, HOURLY)
    facts = check(partitions, PARTITIONS).select("system", "partition", "nodes", *POWER_FACTS)
    rows = hourly.join(facts, on=["system", "partition"], how="left", validate="m:1", maintain_order="left")
    node_w = pl.col("node_idle_w") + pl.col("utilisation") * (pl.col("node_max_w") - pl.col("node_idle_w"))
    unmetered = (pl.col("node_hours_held") - pl.col("node_hours_held_metered")).clip(0)
    modelled_kw = pl.when(unmetered > _NO_NODES).then(unmetered * node_w / WATTS_PER_KW).otherwise(0.0)
    idle_kw = (pl.col("nodes") - pl.col("node_hours_held")).clip(0) * pl.col("node_idle_w") * pl.col("pue") / WATTS_PER_KW
    powered = rows.with_columns(power_it_kw=pl.col("energy_measured_kwh") + modelled_kw, power_idle_kw=idle_kw)
    return powered.with_columns(power_facility_kw=pl.col("power_it_kw") * pl.col("pue")).select(HOURLY_POWER.keys())


def power_over_time(rows: pl.DataFrame, when: str, period: Period) -> pl.DataFrame:
    """The mean facility power of each category in each month or day of a period, in kW: facility energy / hours of that time.

    The days of the first and last month that lie outside the period do not count as hours. Unknown where the energy is.

    Takes the measures of ENERGY by category and `when` (month or day); gives both and power_facility_kw.
    """
    check(rows, {when: DIMENSIONS[when], "category": pl.String, **ENERGY})
    known = rows.group_by(when, "category").agg(
        energy=pl.when(pl.col("energy_facility_kwh").count() > 0).then(pl.col("energy_facility_kwh").sum())
    )
    spans = [(start, _hours(start, when, period)) for start in known[when].unique()]
    lengths = pl.DataFrame(spans, schema={when: pl.Date, "hours": pl.Float64}, orient="row")
    both = known.join(lengths, on=when, how="left", validate="m:1")
    return both.select(when, "category", power_facility_kw=ratio(pl.col("energy"), pl.col("hours"))).sort(when, "category")


def peaks(power: pl.DataFrame) -> pl.DataFrame:
    """The hour in which the jobs of each machine needed most facility power, that power, and its mean over all hours, in kW.

    Hours in which the power of a partition at work is not known are left out; `hours` counts the rest. Takes frame HOURLY_POWER, gives
    frame PEAKS.
    """
    hours = check(power, HOURLY_POWER).group_by("system", "hour").agg(_known_total("power_facility_kw"))
    known = hours.drop_nulls("power_facility_kw").sort("system", "hour")
    return (
        known.group_by("system", maintain_order=True)
        .agg(
            peak_kw=pl.col("power_facility_kw").max(),
            peak_hour=pl.col("hour").get(pl.col("power_facility_kw").arg_max()),
            mean_kw=pl.col("power_facility_kw").mean(),
            hours=pl.len().cast(pl.Int64),
        )
        .select(PEAKS.keys())
        .sort("system")
    )


def against_power_limits(found: pl.DataFrame, limits_kw: Mapping[str, float]) -> pl.DataFrame:
    """The highest hour of each machine beside the most power that its site may draw, a fact of the site or unknown.

    Peak of the limit = peak / limit. Takes frame PEAKS; adds limit_kw, peak_of_limit and over.
    """
    stated = pl.DataFrame(list(limits_kw.items()), schema={"system": pl.String, "limit_kw": pl.Float64}, orient="row")
    rows = check(found, PEAKS).join(stated, on="system", how="left", validate="1:1", maintain_order="left")
    part = ratio(pl.col("peak_kw"), pl.col("limit_kw"))
    return rows.with_columns(peak_of_limit=part, over=part > 1)


def week(power: pl.DataFrame) -> pl.DataFrame:
    """The nodes at work in each hour of the week, as a mean over the weeks of the period, by day of the week and hour (UTC).

    Share of the nodes at work = node-hours of the parts of nodes held / (nodes × hours) over the partitions whose number of nodes is
    published.

    Takes frame HOURLY_POWER; gives weekday (1 is Monday), hour_of_day, nodes_busy, share_busy and hours (how many such hours there were).
    """
    rows = check(power, HOURLY_POWER).with_columns(weekday=pl.col("hour").dt.weekday(), hour_of_day=pl.col("hour").dt.hour())
    sized = pl.col("nodes").is_not_null()
    grouped = rows.group_by("weekday", "hour_of_day").agg(
        nodes_busy=pl.col("node_hours_held").sum() / pl.col("hour").n_unique(),
        share_busy=ratio(pl.col("node_hours_held").filter(sized).sum(), pl.col("nodes").sum()),
        hours=pl.col("hour").n_unique().cast(pl.Int64),
    )
    return grouped.with_columns(pl.col("weekday", "hour_of_day").cast(pl.Int64)).sort("weekday", "hour_of_day")


def intensity_week(intensity: pl.DataFrame) -> pl.DataFrame:
    """The mean carbon intensity of electricity in each hour of the week, over the zones and weeks of which it is known.

    Takes grid_zone, hour and intensity_gco2e_per_kwh; gives weekday, hour_of_day and the mean of the zones' means.
    """
    check(intensity, {"grid_zone": pl.String, "hour": UTC_TIME, "intensity_gco2e_per_kwh": pl.Float64})
    rows = intensity.with_columns(weekday=pl.col("hour").dt.weekday().cast(pl.Int64), hour_of_day=pl.col("hour").dt.hour().cast(pl.Int64))
    keys = ["weekday", "hour_of_day"]
    by_zone = rows.group_by("grid_zone", *keys).agg(pl.col("intensity_gco2e_per_kwh").mean())
    return by_zone.group_by(keys).agg(pl.col("intensity_gco2e_per_kwh").mean()).sort(keys)


def while_logged(hourly: pl.DataFrame, logged: Mapping[str, Period]) -> pl.DataFrame:
    """The hours of each machine on the days for which there are logs: before and after them nobody knows what ran."""
    spans = [(system, days.start_utc, days.end_utc) for system, days in logged.items()]
    frame = pl.DataFrame(spans, schema={"system": pl.String, "from": UTC_TIME, "until": UTC_TIME}, orient="row")
    rows = check(hourly, HOURLY).join(frame, on="system", how="inner", validate="m:1", maintain_order="left")
    return rows.filter(pl.col("hour") >= pl.col("from"), pl.col("hour") < pl.col("until")).drop("from", "until")


_NO_NODES = 1e-6
"""Less of a node than this is the rounding of rates."""


def _known_total(name: str) -> pl.Expr:
    """The sum over the partitions of a machine, unknown in hours in which any of them is."""
    return pl.when(pl.col(name).null_count() == 0).then(pl.col(name).sum()).alias(name)


def _hours(start: date, when: str, period: Period) -> float:
    days = 1 if when == "day" else Period(max(start, period.start), min(month_after(start), period.end)).days
    return float(days * HOURS_PER_DAY)
