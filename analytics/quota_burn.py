"""One project's quota day by day: the hours left so far, and those that will be left, with an interval that widens to its end."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from analytics.charts import numbers
from analytics.quota_forecast import outlook
from analytics.quota_progress import STATUS_WORDS, QuotaStatus
from data.schema import DAILY_USE, Schema, check
from data.terms import HourUnit
from data.units import DAYS_PER_WEEK

BURN_DOWN: Schema = {
    "day": pl.Date,
    "left_hours": pl.Float64,  # at the beginning of the day; below 0 where more was used than granted
    "left_low_hours": pl.Float64,  # null: the past, which is known
    "left_high_hours": pl.Float64,
    "is_forecast": pl.Boolean,
}
"""One row a day of the past, and a week of what is to come."""


def burn_down(project: Mapping[str, Any], daily: pl.DataFrame) -> pl.DataFrame:
    """The hours left of a project's quota: each day so far, and each week to its end at its recent rate, with the interval of that.

    Takes a row of frame PROGRESS and frame DAILY_USE of the project; gives frame BURN_DOWN, empty where what it used is not known.
    """
    if project["used_hours"] is None or project["quota_hours"] is None:
        return pl.DataFrame(schema=dict(BURN_DOWN))
    return pl.concat([_past(project, check(daily, DAILY_USE)), _ahead(project)])


def sentences(project: Mapping[str, Any]) -> list[str]:
    """What a row of frame PROGRESS says of its project, in a few sentences."""
    said = [_granted(project)]
    if project["used_hours"] is not None and project["as_of"] is not None and project["quota_hours"] is not None:
        said.append(_used(project))
    if project["forecast_hours"] is not None and project["quota_hours"]:
        said.append(_foreseen(project))
    if project["queued_hours"]:
        said.append(f"Jobs that ask for {numbers.machine_time(project['queued_hours'], _unit(project))} wait.")
    if project["status"] == QuotaStatus.NOT_KNOWN:
        said.append(
            "What it used is not known: the log begins too late for it, does not say how large its jobs were, or its quota has no dates."
        )
    return said


def _granted(project: Mapping[str, Any]) -> str:
    if project["quota_hours"] is None:
        return "No hours are known to be granted to it."
    whose = "Its award" if project["version"] == 0 else f"Version {project['version']} of its quota"
    days = f" from {numbers.day(project['starts'])} up to {numbers.day(project['ends'])}" if project["starts"] and project["ends"] else ""
    return f"{whose} grants {numbers.machine_time(project['quota_hours'], _unit(project))}{days}."


def _used(project: Mapping[str, Any]) -> str:
    passed = f", when {numbers.percent(project['elapsed_share'])} of the time had passed" if project["elapsed_share"] is not None else ""
    share = f" ({numbers.percent(project['used_share'])})" if project["used_share"] is not None else ""
    return (
        f"By {numbers.day(project['as_of'])}, where its machine's log ends, it had used "
        f"{numbers.machine_time(project['used_hours'], _unit(project))}{share}{passed}."
    )


def _foreseen(project: Mapping[str, Any]) -> str:
    low, high, quota = (project[name] for name in ("forecast_low_hours", "forecast_high_hours", "quota_hours"))
    hours = f"{numbers.percent(low / quota)} to {numbers.percent(high / quota)}"
    runs_out = project["runs_out"] if project["status"] != QuotaStatus.USED_UP else None
    out = f" Its hours would run out on {numbers.day(runs_out)}." if runs_out is not None else ""
    sure = {True: "", False: " The interval leaves room for another outcome.", None: ""}[project["sure"]]
    return (
        f"At the rate of its last weeks it will have used {numbers.percent(project['forecast_hours'] / quota)} at the end, eight times in "
        f"ten {hours}: {STATUS_WORDS[project['status']]}.{out}{sure}"
    )


def _unit(project: Mapping[str, Any]) -> HourUnit:
    return HourUnit(project["unit"])


def _past(project: Mapping[str, Any], daily: pl.DataFrame) -> pl.DataFrame:
    """The hours left at the beginning of each day, up to the day after the log's last, or after the quota's."""
    starts, until = project["starts"], min(project["as_of"], project["ends"] or project["as_of"])
    days = pl.DataFrame({"day": pl.date_range(starts, max(starts, until), eager=True)})
    spent = daily.select(day=pl.col("day") + pl.duration(days=1), spent=pl.col(project["unit"])).filter(pl.col("day") > starts)
    rows = days.join(spent, on="day", how="left", validate="1:1").sort("day")
    left = project["quota_hours"] - pl.col("spent").fill_null(0.0).cum_sum()
    nothing = pl.lit(None, pl.Float64)
    return rows.select("day", left_hours=left, left_low_hours=nothing, left_high_hours=nothing, is_forecast=pl.lit(value=False))


def _ahead(project: Mapping[str, Any]) -> pl.DataFrame:
    if project["forecast_hours"] is None:
        return pl.DataFrame(schema=dict(BURN_DOWN))
    days = np.unique(np.append(np.arange(0, project["days_left"], DAYS_PER_WEEK), project["days_left"]))
    weekly = np.array(project["weekly_hours"][::-1], dtype=float)
    length: timedelta = project["ends"] - project["starts"]
    seen = outlook(
        np.tile(weekly, (days.size, 1)),
        weeks=np.full(days.size, project["weeks"]),
        weeks_left=days / DAYS_PER_WEEK,
        planned=np.full(days.size, project["quota_hours"] / length.days * DAYS_PER_WEEK),
    )
    left = project["quota_hours"] - project["used_hours"]
    first: date = project["as_of"]
    return pl.DataFrame(
        {
            "day": [first + timedelta(days=int(passed)) for passed in days],
            "left_hours": left - seen.hours,
            "left_low_hours": left - seen.high_hours,
            "left_high_hours": left - seen.low_hours,
            "is_forecast": [True] * days.size,
        },
        schema=dict(BURN_DOWN),
    )
