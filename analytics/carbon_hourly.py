"""The carbon intensity of electricity by the hour: its mean over what a machine drew, and its plain mean over a month."""

from datetime import date

import polars as pl

from analytics.power import HOURLY_POWER
from analytics.usage import ratio
from data.schema import CARBON_SERIES, PARTITIONS, UTC_TIME, Schema, check
from data.terms import Period, month_after
from data.units import HOURS_PER_DAY

LEAST_KNOWN_SHARE = 0.95
"""A month is valued by the hour if the intensity is known for at least this share of its energy (or of its hours)."""

MINUTES_PER_HOUR = 60

HOURLY_INTENSITY: Schema = {
    "grid_zone": pl.String,
    "method": pl.String,
    "scope": pl.String,
    "hour": UTC_TIME,
    "intensity_gco2e_per_kwh": pl.Float64,
    "sources": pl.List(pl.String),
}
"""One row a series and hour that it knows from its first to its last minute."""

UNDER_LOAD: Schema = {
    "system": pl.String,
    "partition": pl.String,
    "month": pl.Date,
    "method": pl.String,
    "scope": pl.String,
    "known_share": pl.Float64,  # of the month's energy: in hours of known intensity
    "intensity_gco2e_per_kwh": pl.Float64,  # null: less is known than LEAST_KNOWN_SHARE
    "sources": pl.List(pl.String),
}
"""One row a partition, month and series: the intensity of the electricity that it drew."""

MONTHLY_INTENSITY: Schema = {
    "grid_zone": pl.String,
    "method": pl.String,
    "scope": pl.String,
    "month": pl.Date,
    "intensity_gco2e_per_kwh": pl.Float64,
}
"""One row a series and month of which it knows LEAST_KNOWN_SHARE of the hours."""

_SERIES = ("method", "scope")


def intensity_by_hour(series: pl.DataFrame) -> pl.DataFrame:
    """The carbon intensity of every whole hour: the mean of its intervals; an hour of which a minute is missing is left out.

    Takes frame CARBON_SERIES; gives frame HOURLY_INTENSITY.
    """
    rows = check(series, CARBON_SERIES).with_columns(hour=pl.col("started").dt.truncate("1h"))
    hours = rows.sort("grid_zone", *_SERIES, "started").group_by("grid_zone", *_SERIES, "hour", maintain_order=True)
    known = hours.agg(
        (pl.col("intensity_gco2e_per_kwh") * (pl.col("minutes") / pl.col("minutes").sum())).sum(),
        minutes=pl.col("minutes").sum(),
        sources=pl.col("source").drop_nulls().unique().sort(),
    )
    return check(known.filter(pl.col("minutes") == MINUTES_PER_HOUR).select(HOURLY_INTENSITY.keys()), HOURLY_INTENSITY)


def intensity_under_load(power: pl.DataFrame, partitions: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    """The mean carbon intensity of the electricity that each partition drew in each month, hour by hour.

    Mean = Σ (power of the hour × carbon intensity of the hour in the machine's grid zone) / Σ power, over the hours whose intensity is
    known. It stands where these hours hold at least 95 % of the month's energy and the power of every hour is known; else the mean of
    the year does. It is exact for a partition and month; a user category takes that of all jobs there, as its own hours are not kept.

    Takes frames HOURLY_POWER, PARTITIONS and HOURLY_INTENSITY; gives frame UNDER_LOAD.
    """
    zones = check(partitions, PARTITIONS).select("system", "partition", "grid_zone")
    drawn = check(power, HOURLY_POWER).select("system", "partition", "hour", kw="power_facility_kw")
    placed = drawn.join(zones, on=["system", "partition"], how="inner", validate="m:1")
    series = check(hours, HOURLY_INTENSITY).select("grid_zone", *_SERIES).unique()
    asked = placed.join(series, on="grid_zone", how="inner", validate="m:m")
    keys = ["system", "partition", "month", *_SERIES]
    rows = asked.join(hours, on=["grid_zone", *_SERIES, "hour"], how="left", validate="m:1").with_columns(
        month=pl.col("hour").dt.date().dt.truncate("1mo")
    )
    return rows.sort(*keys, "hour").group_by(keys, maintain_order=True).agg(**_weighted()).select(UNDER_LOAD.keys())


def monthly_intensity(hours: pl.DataFrame, period: Period) -> pl.DataFrame:
    """The mean carbon intensity over the hours of each month that lie in the period, where at least 95 % of them are known.

    Takes frame HOURLY_INTENSITY; gives frame MONTHLY_INTENSITY.
    """
    lengths = pl.DataFrame(
        [(month, _hours_within(month, period)) for month in period.months], schema={"month": pl.Date, "whole": pl.Int64}, orient="row"
    )
    inside = check(hours, HOURLY_INTENSITY).filter(pl.col("hour") >= period.start_utc, pl.col("hour") < period.end_utc)
    months = inside.with_columns(month=pl.col("hour").dt.date().dt.truncate("1mo")).sort("grid_zone", *_SERIES, "hour")
    means = months.group_by("grid_zone", *_SERIES, "month", maintain_order=True).agg(
        pl.col("intensity_gco2e_per_kwh").mean(), known=pl.len()
    )
    both = means.join(lengths, on="month", how="inner", validate="m:1")
    return both.filter(pl.col("known") >= LEAST_KNOWN_SHARE * pl.col("whole")).select(MONTHLY_INTENSITY.keys())


def _weighted() -> dict[str, pl.Expr]:
    intensity, kw = pl.col("intensity_gco2e_per_kwh"), pl.col("kw")
    known_kw = kw.filter(intensity.is_not_null())
    known_share = pl.when(kw.null_count() == 0).then(ratio(known_kw.sum(), kw.sum()))
    mean = ratio((kw * intensity).sum(), known_kw.sum())
    return {
        "known_share": known_share,
        "intensity_gco2e_per_kwh": pl.when(known_share >= LEAST_KNOWN_SHARE).then(mean),
        "sources": pl.col("sources").explode(empty_as_null=True, keep_nulls=True).drop_nulls().unique().sort(),
    }


def _hours_within(month: date, period: Period) -> int:
    days = Period(month, month_after(month)).within(period)
    return days.days * HOURS_PER_DAY if days else 0
