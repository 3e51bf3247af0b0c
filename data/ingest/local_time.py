"""Times as a scheduler prints them turned into UTC, also in the night when the clocks go back."""

from itertools import product
from typing import Literal

import polars as pl

from data.schema import UTC_TIME

MISSING_TIMES = ("Unknown", "None", "0", "NONE", "N/A")
"""How Slurm prints a moment that has not come."""

NAIVE = "%Y-%m-%dT%H:%M:%S"
MOMENTS = ("submitted", "eligible", "started", "ended")
MICROSECONDS = 1_000_000


def is_missing(text: pl.Series) -> pl.Series:
    """Whether a field says that its moment has not come, or nothing."""
    return text.is_null() | text.is_in(MISSING_TIMES)


def utc(text: pl.Series, zone: str, ambiguous: Literal["earliest", "latest", "null"] = "earliest") -> pl.Series:
    """Instants of times that are local, or carry their offset, or count seconds since 1970; null where there is none.

    A local time that the clocks jumped over in that zone is null as well. The hour that the clocks repeat in autumn is
    read as `ambiguous` says.

    >>> times = pl.Series(["2026-07-01T12:00:00", "2026-07-01T12:00:00+0200", "1782900000", "2026-03-29T02:30:00", "Unknown"])
    >>> [str(time) for time in utc(times, "Europe/Madrid")]
    ['2026-07-01 10:00:00+00:00', '2026-07-01 10:00:00+00:00', '2026-07-01 10:00:00+00:00', 'None', 'None']
    """
    naive = text.str.to_datetime(NAIVE, strict=False, time_unit="us", cache=False)
    found = naive.dt.replace_time_zone(zone, ambiguous=ambiguous, non_existent="null").dt.convert_time_zone("UTC")
    others = naive.is_null() & ~is_missing(text)
    return found.zip_with(~others, _with_own_zone(text)) if others.any() else found


def _with_own_zone(text: pl.Series) -> pl.Series:
    epoch = text.str.extract(r"^(\d{1,11})$").cast(pl.Int64, strict=False) * MICROSECONDS
    offset = text.str.to_datetime(f"{NAIVE}%#z", strict=False, time_unit="us", cache=False)
    return pl.select(pl.coalesce(epoch.cast(UTC_TIME), offset.cast(UTC_TIME))).to_series()


def in_utc(texts: pl.DataFrame, spans_s: pl.Series, zone: str) -> pl.DataFrame:
    """The moments of jobs as instants.

    A local time in the hour that the clocks repeat stands for two instants. The start and end of a job are chosen so that
    they lie as far apart as the job lasted, and the start not before the submission; where that does not decide, the
    earlier instant is taken.

    Args:
        texts: columns `submitted`, `eligible`, `started`, `ended` as the log prints them.
        spans_s: how long each job lasted, from start to end, in seconds.
        zone: the zone of times that carry none of their own.
    """
    sure = texts.select(utc(texts[name], zone, "null").alias(name) for name in MOMENTS)
    if all(sure[name].null_count() == is_missing(texts[name]).sum() for name in MOMENTS):
        return sure
    early = texts.select(utc(texts[name], zone, "earliest").alias(name) for name in MOMENTS)
    late = texts.select(utc(texts[name], zone, "latest").alias(f"{name} late") for name in MOMENTS)
    both = pl.concat([early, late, spans_s.alias("span").to_frame()], how="horizontal")
    return both.select("submitted", "eligible", started=_chosen("started"), ended=_chosen("ended"))


def _chosen(name: str) -> pl.Expr:
    """The first reading that fits: both moments as the job's length says, else each as early as order allows."""
    readings = product(("started", "started late"), ("ended", "ended late"))
    fitting = [pl.when(_fits(start, end)).then(pl.col(start if name == "started" else end)) for start, end in readings]
    before = pl.col("submitted") if name == "started" else pl.col("started")
    in_order = pl.when(pl.col(name) < before).then(pl.col(f"{name} late")).otherwise(pl.col(name))
    return pl.coalesce(*fitting, in_order)


def _fits(start: str, end: str) -> pl.Expr:
    apart = (pl.col(end) - pl.col(start)).dt.total_seconds()
    return ((apart - pl.col("span")).abs() <= 1) & ~(pl.col(start) < pl.col("submitted"))
