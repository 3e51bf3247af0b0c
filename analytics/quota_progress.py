"""How far each project is with its quota, how many hours it will have used at the end, and what that means."""

from collections.abc import Mapping
from enum import StrEnum

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analytics.quota_forecast import MOST_WEEKS, Outlook, Trial, outlook, tried
from analytics.usage import JOBS_WITHOUT, WALL_HOURS_WITHOUT, ratio
from data.schema import PROJECTS, WEEKLY_USE, Schema, check, usage_by
from data.terms import HourUnit, Period, UserCategory
from data.units import DAYS_PER_WEEK

KEY = ["system", "account"]

DORMANT_WEEKS = 8
"""A project that used nothing for so many weeks of its quota, or longer, is dormant."""

UNUSED_BELOW_SHARE = 0.8
"""A project whose forecast stays below this part of its quota will leave hours unused."""

SHORT_ABOVE_SHARE = 1.05
"""A project whose forecast passes this part of its quota will run out before its end."""

MOST_UNKNOWN_SHARE = 0.02
"""Up to this part of a quota's days before the log, or of the time of jobs whose size is not known, what was used counts as known."""


class QuotaStatus(StrEnum):
    """Where a project stands with its quota."""

    ON_TRACK = "on_track"
    """Its forecast lies between four fifths of the quota and a twentieth above it."""
    WILL_RUN_OUT = "will_run_out"
    """Its forecast lies more than a twentieth above the quota."""
    WILL_LEAVE_UNUSED = "will_leave_unused"
    """Its forecast stays below four fifths of the quota."""
    DORMANT = "dormant"
    """It used nothing in the last eight weeks of its quota, or longer."""
    USED_UP = "used_up"
    """It has used its quota, and its end lies ahead."""
    TOO_EARLY = "too_early"
    """Fewer than four whole weeks of its quota have passed: too few for a forecast."""
    NOT_STARTED = "not_started"
    """Its first day lies ahead."""
    ENDED = "ended"
    """Its last day has passed."""
    NOT_KNOWN = "not_known"
    """The log does not tell what it used: it begins too late, or does not say how large jobs were; or the quota has no dates."""
    NOTHING_GRANTED = "nothing_granted"
    """Its quota is 0 hours, so that it may use none."""
    NO_QUOTA = "no_quota"
    """Nobody has granted it hours that are known."""


STATUS_WORDS: Mapping[str, str] = {
    QuotaStatus.ON_TRACK: "on track",
    QuotaStatus.WILL_RUN_OUT: "will run out",
    QuotaStatus.WILL_LEAVE_UNUSED: "will leave hours unused",
    QuotaStatus.DORMANT: "dormant",
    QuotaStatus.USED_UP: "used up",
    QuotaStatus.TOO_EARLY: "too early to tell",
    QuotaStatus.NOT_STARTED: "not started",
    QuotaStatus.ENDED: "ended",
    QuotaStatus.NOT_KNOWN: "use not known",
    QuotaStatus.NOTHING_GRANTED: "quota of 0 hours",
    QuotaStatus.NO_QUOTA: "no quota",
}
"""The statuses as people say them."""

QUOTAS_READ: Schema = {
    "system": pl.String,
    "account": pl.String,
    "unit": pl.String,  # node_hours | gpu_hours | core_hours
    "hours": pl.Float64,  # from `starts` up to but without `ends`; null: not known
    "starts": pl.Date,
    "ends": pl.Date,
    "version": pl.Int64,  # 0: the award, where no quota was ever set
}
"""What is read of a frame of quotas, one row a project."""

PROGRESS: Schema = {
    "system": pl.String,
    "account": pl.String,
    "title": pl.String,
    "category": pl.String,
    "mode": pl.String,
    "country": pl.String,
    "organisation": pl.String,
    "unit": pl.String,
    "version": pl.Int64,
    "starts": pl.Date,
    "ends": pl.Date,
    "as_of": pl.Date,  # the day after the last of the machine's log; null: no log
    "quota_hours": pl.Float64,
    "used_hours": pl.Float64,  # since the quota's first day; null where the log does not tell
    "used_share": pl.Float64,
    "elapsed_share": pl.Float64,  # of the quota's days
    "rate_hours_per_day": pl.Float64,
    "forecast_hours": pl.Float64,  # used on the quota's last day, if it goes on as lately and nobody stops it
    "forecast_low_hours": pl.Float64,
    "forecast_high_hours": pl.Float64,
    "days_left": pl.Int64,
    "runs_out": pl.Date,  # null: not before the end
    "queued_hours": pl.Float64,  # asked for by jobs that wait
    "energy_kwh": pl.Float64,  # IT energy since the quota's first day
    "jobs_without_hours": pl.Int64,
    "jobs_queued_without_hours": pl.Int64,
    "weeks": pl.Int64,  # whole weeks of the quota in the log
    "status": pl.String,
    "sure": pl.Boolean,  # whether the whole interval of the forecast, not only its middle, lies where the status says
    "weekly_hours": pl.List(pl.Float64),  # the last weeks of the quota, oldest first
}
"""One row a project on a machine, with its quota and how it is used."""


def progress(
    quotas: pl.DataFrame,
    projects: pl.DataFrame,
    *,
    used: pl.DataFrame,
    weekly: pl.DataFrame,
    queued: pl.DataFrame,
    energy: pl.DataFrame,
    logged: Mapping[str, Period],
) -> pl.DataFrame:
    """Each project's quota, what it used of it, what it will have used at its end with an interval, and its status.

    Used = hours on the quota's days up to the last day of the machine's log; that day, never today, is the day from which is looked
    ahead. The forecast is that of its use, below. A quota that began before the log, by more than a fiftieth of its days, or jobs of
    unknown size with more than a fiftieth of the time, leave what was used unknown, and so all that follows from it. Will run out:
    forecast above 1.05 of the quota; will leave hours unused: below 0.8; dormant: nothing used for eight weeks; too early: fewer than
    four whole weeks have passed. `sure` says whether not only the forecast but its whole interval lies where the status says.

    Args:
        quotas: Frame QUOTAS_READ, one row a project that has a quota or an award.
        projects: Frame PROJECTS: every account and project.
        used: Usage by system and account on the days of its own quota.
        weekly: Frame WEEKLY_USE.
        queued: Usage by system and account of the whole log, for the hours that wait.
        energy: system, account, energy_it_kwh, node_hours_without_model on the days of the quota.
        logged: From which day to which the logs of each machine run.

    Returns:
        Frame PROGRESS, by system and account.
    """
    rows = _joined(check(quotas, QUOTAS_READ), check(projects, PROJECTS), logged)
    rows = _with_use(rows, used, queued, energy)
    rows = rows.with_columns(**_days())
    matrix = _matrix(rows, check(weekly, WEEKLY_USE))
    ahead = _with_forecast(rows, _outlook(rows, matrix), matrix)
    return _with_status(ahead).with_columns(_sparklines(rows, matrix)).select(list(PROGRESS))


def trial(rows: pl.DataFrame) -> Trial | None:
    """How well the same forecast, made eight weeks ago of these projects, foresaw what they used since; None where none has weeks enough.

    Of projects whose quotas run and whose use is known, weighed alike. Takes frame PROGRESS.
    """
    runs = (pl.col("starts") < pl.col("as_of")) & (pl.col("as_of") < pl.col("ends"))
    known = check(rows, PROGRESS).filter(runs, pl.col("used_hours").is_not_null(), pl.col("quota_hours") > 0)
    if known.is_empty():
        return None
    planned = pl.col("quota_hours") / (pl.col("ends") - pl.col("starts")).dt.total_days() * DAYS_PER_WEEK
    weeks = np.minimum(known["weeks"].to_numpy(), MOST_WEEKS)
    matrix = np.zeros((known.height, MOST_WEEKS))
    matrix[np.arange(MOST_WEEKS) < weeks[:, None]] = known["weekly_hours"].list.reverse().explode().drop_nulls().to_numpy()
    return tried(matrix, weeks=weeks, planned=known.select(planned).to_series().to_numpy())


def _joined(quotas: pl.DataFrame, projects: pl.DataFrame, logged: Mapping[str, Period]) -> pl.DataFrame:
    days = pl.DataFrame(
        [(system, period.start, period.end) for system, period in logged.items()],
        schema={"system": pl.String, "log_starts": pl.Date, "as_of": pl.Date},
        orient="row",
    )
    decided = quotas.select(*KEY, "unit", "starts", "ends", "version", quota_hours="hours")
    about = projects.select(*KEY, "title", "category", "mode", "country", "organisation")
    rows = about.join(decided, on=KEY, how="full", coalesce=True, validate="1:1").join(days, on="system", how="left", validate="m:1")
    return rows.with_columns(
        pl.col("category").fill_null(UserCategory.UNCLASSIFIED.value), pl.col("unit").fill_null(HourUnit.NODE_HOURS.value)
    ).sort(KEY)


def _of_unit(columns: Mapping[HourUnit, str]) -> pl.Expr:
    """The column of a row's own unit."""
    return pl.coalesce(pl.when(pl.col("unit") == unit.value).then(pl.col(name)) for unit, name in columns.items())


def _with_use(rows: pl.DataFrame, used: pl.DataFrame, queued: pl.DataFrame, energy: pl.DataFrame) -> pl.DataFrame:
    """The rows with what was used, what waits and the energy; of a machine without log nothing of it is known."""
    measured = [*HourUnit, *JOBS_WITHOUT.values(), *WALL_HOURS_WITHOUT.values(), "wall_hours"]
    own = check(used, usage_by(*KEY)).select(*KEY, *measured)
    logged = pl.col("as_of").is_not_null()
    with_own = rows.join(own, on=KEY, how="left", validate="1:1").with_columns(
        pl.when(logged).then(pl.col(name).fill_null(0)).alias(name) for name in measured
    )
    in_queue = check(queued, usage_by(*KEY)).select(
        *KEY, "node_hours_queued", "jobs_queued_without_hours", **{f"all_{unit}": pl.col(unit) for unit in HourUnit}
    )
    with_queue = with_own.join(in_queue, on=KEY, how="left", validate="1:1").with_columns(
        pl.when(logged).then(pl.col(name).fill_null(0)).alias(name) for name in ("node_hours_queued", "jobs_queued_without_hours")
    )
    spent = energy.select(*KEY, "energy_it_kwh", "node_hours_without_model")
    return with_queue.join(spent, on=KEY, how="left", validate="1:1").with_columns(
        jobs_without_hours=_of_unit(JOBS_WITHOUT), queued_hours=_queued(), energy_kwh=_energy(), used_hours=_used()
    )


def _used() -> pl.Expr:
    """The hours used on the quota's days, unknown where too many of its days or too much of its jobs' time is not in the log."""
    until = pl.min_horizontal("ends", "as_of")
    days = (until - pl.col("starts")).dt.total_days()
    unlogged_days = (pl.min_horizontal("log_starts", until) - pl.col("starts")).dt.total_days().clip(0)
    of_known_size = _of_unit(WALL_HOURS_WITHOUT) <= MOST_UNKNOWN_SHARE * pl.col("wall_hours")
    known = (unlogged_days <= MOST_UNKNOWN_SHARE * days.clip(0)) & of_known_size
    return pl.when(known).then(_of_unit({unit: unit.value for unit in HourUnit}))


def _queued() -> pl.Expr:
    """The hours that wait; in another unit than node-hours as many to a node-hour as the project's own jobs used, unknown without such."""
    per_node_hour = ratio(_of_unit({unit: f"all_{unit}" for unit in HourUnit}), pl.col("all_node_hours"))
    waiting = pl.col("node_hours_queued")
    told = (waiting > 0) | (pl.col("jobs_queued_without_hours") == 0)
    in_unit = pl.when((pl.col("unit") == HourUnit.NODE_HOURS.value) | (waiting == 0)).then(waiting).otherwise(waiting * per_node_hour)
    return pl.when(told).then(in_unit)


def _energy() -> pl.Expr:
    """IT energy, none without use, and unknown where that of more than a fiftieth of the node-hours is."""
    unmodelled = pl.col("node_hours_without_model").fill_null(0)
    nothing_ran = pl.col("wall_hours") == 0
    return pl.when(nothing_ran).then(0.0).when(unmodelled <= MOST_UNKNOWN_SHARE * pl.col("node_hours")).then("energy_it_kwh")


def _days() -> dict[str, pl.Expr]:
    """How much of the quota's time has passed, and how many whole weeks of it the log shows."""
    length = (pl.col("ends") - pl.col("starts")).dt.total_days()
    passed = (pl.min_horizontal("as_of", "ends") - pl.col("starts")).dt.total_days().clip(0)
    in_log = (pl.col("as_of") - pl.max_horizontal("starts", "log_starts")).dt.total_days().clip(0)
    known = pl.col("as_of").is_not_null()
    return {
        "days_left": pl.when(known).then((pl.col("ends") - pl.max_horizontal("as_of", "starts")).dt.total_days().clip(0)),
        "elapsed_share": pl.when(known).then(ratio(passed, length)),
        "weeks": pl.when(known & pl.col("starts").is_not_null()).then(in_log // DAYS_PER_WEEK),
        "length_days": length,
    }


def _matrix(rows: pl.DataFrame, weekly: pl.DataFrame) -> NDArray[np.float64]:
    """(project, weeks ago): hours in the project's unit; 0 in weeks without use and before the quota's first whole week."""
    places = rows.select(*KEY, "unit", "weeks", place=pl.int_range(pl.len()))
    held = weekly.filter(pl.col("weeks_ago") < MOST_WEEKS).join(places, on=KEY, how="inner", validate="m:1")
    known = held.filter(pl.col("weeks_ago") < pl.col("weeks")).with_columns(hours=_of_unit({unit: unit.value for unit in HourUnit}))
    matrix = np.zeros((rows.height, MOST_WEEKS))
    matrix[known["place"].to_numpy(), known["weeks_ago"].to_numpy()] = known["hours"].to_numpy()
    return matrix


def _outlook(rows: pl.DataFrame, matrix: NDArray[np.float64]) -> Outlook:
    planned = rows.select(pl.col("quota_hours") / pl.col("length_days") * DAYS_PER_WEEK).to_series()
    return outlook(
        matrix,
        weeks=rows["weeks"].fill_null(0).to_numpy(),
        weeks_left=(rows["days_left"] / DAYS_PER_WEEK).fill_null(np.nan).to_numpy(),
        planned=planned.fill_null(np.nan).to_numpy(),
    )


def _with_forecast(rows: pl.DataFrame, seen: Outlook, matrix: NDArray[np.float64]) -> pl.DataFrame:
    """The rows with rate, forecast and interval, and the day on which the quota would be used up."""
    runs = (pl.col("starts") < pl.col("as_of")) & (pl.col("as_of") < pl.col("ends"))
    ahead = {
        f"forecast{name}_hours": pl.when(runs).then(pl.col("used_hours") + pl.Series(values).fill_nan(None))
        for name, values in (("", seen.hours), ("_low", seen.low_hours), ("_high", seen.high_hours))
    }
    lately = (matrix[:, :DORMANT_WEEKS].sum(axis=1) > 0) | (rows["weeks"].fill_null(0).to_numpy() < DORMANT_WEEKS)
    rate = pl.Series(seen.hours_per_week / DAYS_PER_WEEK).fill_nan(None)
    left = pl.col("quota_hours") - pl.col("used_hours")
    days = (left / pl.col("rate_hours_per_day")).clip(0).floor()
    return rows.with_columns(
        **ahead,
        rate_hours_per_day=pl.when(runs & pl.col("used_hours").is_not_null()).then(rate),
        used_share=ratio(pl.col("used_hours"), pl.col("quota_hours")),
        active=pl.Series(lately),
    ).with_columns(
        runs_out=pl.when((pl.col("rate_hours_per_day") > 0) & (days < pl.col("days_left"))).then(pl.col("as_of") + pl.duration(days=days))
    )


def _with_status(rows: pl.DataFrame) -> pl.DataFrame:
    forecast, quota, used = pl.col("forecast_hours"), pl.col("quota_hours"), pl.col("used_hours")
    short, unused = forecast > SHORT_ABOVE_SHARE * quota, forecast < UNUSED_BELOW_SHARE * quota
    cases = (
        (quota.is_null(), QuotaStatus.NO_QUOTA),
        (pl.col("ends") <= pl.col("as_of"), QuotaStatus.ENDED),
        (pl.col("starts") >= pl.col("as_of"), QuotaStatus.NOT_STARTED),
        (quota <= 0, QuotaStatus.NOTHING_GRANTED),
        (used.is_null() | pl.col("ends").is_null(), QuotaStatus.NOT_KNOWN),
        (used >= quota, QuotaStatus.USED_UP),
        (~pl.col("active"), QuotaStatus.DORMANT),
        (forecast.is_null(), QuotaStatus.TOO_EARLY),
        (short, QuotaStatus.WILL_RUN_OUT),
        (unused, QuotaStatus.WILL_LEAVE_UNUSED),
    )
    status = pl.lit(QuotaStatus.ON_TRACK.value)
    for holds, name in reversed(cases):
        status = pl.when(holds).then(pl.lit(name.value)).otherwise(status)
    inside = (pl.col("forecast_low_hours") >= UNUSED_BELOW_SHARE * quota) & (pl.col("forecast_high_hours") <= SHORT_ABOVE_SHARE * quota)
    sure = (
        pl.when(pl.col("status") == QuotaStatus.WILL_RUN_OUT.value)
        .then(pl.col("forecast_low_hours") > SHORT_ABOVE_SHARE * quota)
        .when(pl.col("status") == QuotaStatus.WILL_LEAVE_UNUSED.value)
        .then(pl.col("forecast_high_hours") < UNUSED_BELOW_SHARE * quota)
        .when(pl.col("status") == QuotaStatus.ON_TRACK.value)
        .then(inside)
    )
    return rows.with_columns(status=status).with_columns(sure=sure)


def _sparklines(rows: pl.DataFrame, matrix: NDArray[np.float64]) -> pl.Series:
    """Each project's hours in the last weeks of its quota, oldest first."""
    weeks = np.minimum(rows["weeks"].fill_null(0).to_numpy(), MOST_WEEKS)
    held = np.arange(MOST_WEEKS)[::-1] < weeks[:, None]
    hours = pl.DataFrame({"place": np.repeat(np.arange(rows.height), weeks), "hours": matrix[:, ::-1][held]})
    lists = hours.group_by("place", maintain_order=True).agg("hours")
    places = rows.select(place=pl.int_range(pl.len(), dtype=pl.Int64))
    return places.join(lists, on="place", how="left", validate="1:1", maintain_order="left")["hours"].alias("weekly_hours")
