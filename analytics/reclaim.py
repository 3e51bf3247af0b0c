"""Hours of quotas that will not be used, by forecast or by a site's own rule: how many could be taken back from whom, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import polars as pl

from analytics.charts import numbers
from analytics.quota_progress import PROGRESS, QuotaStatus
from data.errors import InputError
from data.schema import Schema, check
from data.terms import HourUnit

LEAST_TAKEN_SHARE = 0.05
"""Less than this part of a quota is not worth a letter, and left where it is."""

OBJECTION_DAYS = 14
"""How long a project has to object before anything is taken."""

RUNNING = (
    QuotaStatus.ON_TRACK,
    QuotaStatus.WILL_RUN_OUT,
    QuotaStatus.WILL_LEAVE_UNUSED,
    QuotaStatus.DORMANT,
    QuotaStatus.TOO_EARLY,
)
"""Projects whose quota runs, and of which is known what they used."""

LEAVING = (QuotaStatus.WILL_LEAVE_UNUSED, QuotaStatus.DORMANT)
"""Projects of which a forecast says that hours will be left."""


class TakenBy(StrEnum):
    """Why hours could be taken back."""

    FORECAST = "forecast"
    """More is left than the project is likely to use."""
    RULE = "rule"
    """The site's rule: too little was used after so many months."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReclaimRule:
    """When hours count as not going to be used."""

    by_forecast: bool = True
    """Whether hours above the upper end of a project's forecast may be taken."""
    used_below_share: float | None = None
    """The site's rule: who has used less than this part of the quota …"""
    after_months: int = 6
    """… so many months after its first day …"""
    taken_share: float = 0.5
    """… loses this part of the hours that it is not on course to use."""

    def __post_init__(self) -> None:
        faults = []
        if self.used_below_share is not None and not 0 < self.used_below_share <= 1:
            faults.append(f"the part used is {self.used_below_share:g}; it lies above 0 and at most at 1")
        if not 0 < self.taken_share <= 1:
            faults.append(f"the part taken is {self.taken_share:g}; it lies above 0 and at most at 1")
        if self.after_months < 1:
            faults.append(f"the months are {self.after_months}; there is at least one")
        if faults:
            raise InputError("; ".join(faults) + ".")

    @property
    def in_words(self) -> str:
        """The rule as people say it.

        >>> ReclaimRule(by_forecast=False, used_below_share=0.4).in_words.replace(numbers.THIN_SPACE, " ")
        'half of the hours that a project is not on course to use, where it used less than 40 % of its quota six months after its start'
        """
        parts = []
        if self.by_forecast:
            parts.append("the hours above the upper end of a project's forecast")
        if self.used_below_share is not None:
            parts.append(
                f"{_part(self.taken_share)} of the hours that a project is not on course to use, where it used less than "
                f"{numbers.percent(self.used_below_share)} of its quota {_months(self.after_months)} after its start"
            )
        return ", or ".join(parts) or "nothing"


CANDIDATES: Schema = {
    **{name: PROGRESS[name] for name in ("system", "account", "title", "category", "mode", "country", "organisation", "unit")},
    **{name: PROGRESS[name] for name in ("version", "starts", "ends", "as_of", "days_left")},
    **{name: PROGRESS[name] for name in ("quota_hours", "used_hours", "used_share", "elapsed_share")},
    **{name: PROGRESS[name] for name in ("forecast_hours", "forecast_high_hours", "queued_hours", "rate_hours_per_day", "status")},
    "taken_by": pl.String,  # forecast | rule
    "taken_hours": pl.Float64,  # whole hours
    "kept_hours": pl.Float64,  # quota - taken
    "reason": pl.String,
}
"""One row a project from which hours could be taken back."""


def reclaimable(progress: pl.DataFrame, rule: ReclaimRule) -> pl.DataFrame:
    """The projects from which hours could be taken back, how many of each, and a sentence that says why.

    By forecast, of projects that will leave hours unused or are dormant: quota − the upper end of the forecast. By the site's rule, of
    projects that used less than a part of their quota so many months after its start: a part of quota − forecast, or of quota − used where
    it is too early for a forecast. Where both hold, the larger counts. Hours used, and those that waiting jobs ask for, are never taken,
    nor is anything where they are not known; less than a twentieth of the quota is left where it is. Hours are rounded down to whole ones.

    Takes frame PROGRESS, gives frame CANDIDATES, the most hours of each machine first.
    """
    kept = pl.col("used_hours") + pl.col("queued_hours")
    leaving = pl.col("status").is_in([status.value for status in LEAVING])
    by_forecast = pl.col("quota_hours") - pl.max_horizontal("forecast_high_hours", kept)
    on_course = pl.max_horizontal(pl.coalesce("forecast_hours", "used_hours"), kept)
    held = _rule_holds(rule)
    taken = {
        TakenBy.FORECAST: pl.when(leaving & pl.lit(rule.by_forecast) & pl.col("forecast_high_hours").is_not_null()).then(by_forecast),
        TakenBy.RULE: pl.when(held).then((pl.col("quota_hours") - on_course) * rule.taken_share),
    }
    running = check(progress, PROGRESS).filter(
        pl.col("status").is_in([status.value for status in RUNNING]), kept.is_not_null(), pl.col("days_left") > 0
    )
    found = running.with_columns(**{name.value: hours.clip(0).fill_null(0.0) for name, hours in taken.items()}).with_columns(
        taken_hours=pl.max_horizontal(*(name.value for name in taken)).floor(),
        taken_by=pl.when(pl.col(TakenBy.FORECAST.value) >= pl.col(TakenBy.RULE.value))
        .then(pl.lit(TakenBy.FORECAST.value))
        .otherwise(pl.lit(TakenBy.RULE.value)),
    )
    worth = found.filter(pl.col("taken_hours") >= 1, pl.col("taken_hours") >= LEAST_TAKEN_SHARE * pl.col("quota_hours"))
    rows = worth.with_columns(kept_hours=pl.col("quota_hours") - pl.col("taken_hours"))
    reasons = pl.Series("reason", [reason(row, rule) for row in rows.iter_rows(named=True)], dtype=pl.String)
    return rows.with_columns(reasons).select(list(CANDIDATES)).sort("system", "taken_hours", "account", descending=[False, True, False])


def reason(row: Mapping[str, Any], rule: ReclaimRule) -> str:
    """Why hours of one project could be taken back, in sentences with its own figures."""
    unit = numbers.UNIT_WORDS[HourUnit(row["unit"])]
    used = (
        f"Of {_hours(row['quota_hours'])} {unit} from {_day(row['starts'])} up to {_day(row['ends'])} it had used "
        f"{_hours(row['used_hours'])} ({_percent(row['used_share'])}) by {_day(row['as_of'])}, when "
        f"{_percent(row['elapsed_share'])} of the time had passed."
    )
    return f"{used} {_why(row, rule)} {_hours(row['taken_hours'])} {unit} could be taken, and {_hours(row['kept_hours'])} stay."


def _why(row: Mapping[str, Any], rule: ReclaimRule) -> str:
    if row["taken_by"] == TakenBy.FORECAST:
        return (
            f"At the rate of its last weeks it would have used {_hours(row['forecast_hours'])} at the end, and no more than "
            f"{_hours(row['forecast_high_hours'])} by a forecast that is meant to hold nine times in ten."
        )
    course = (
        f"it is on course to use {_hours(row['forecast_hours'])} in all"
        if row["forecast_hours"] is not None
        else "it is too early for a forecast"
    )
    return (
        f"Less than {numbers.percent(rule.used_below_share)} was used {_months(rule.after_months)} after its start; {course}. By the "
        f"site's rule it loses {_part(rule.taken_share)} of the rest."
    )


def _rule_holds(rule: ReclaimRule) -> pl.Expr:
    if rule.used_below_share is None:
        return pl.lit(value=False)
    late = pl.col("starts").dt.offset_by(f"{rule.after_months}mo") <= pl.col("as_of")
    return late & (pl.col("used_share") < rule.used_below_share)


def _hours(amount: float) -> str:
    """Hours in full; there may be tens of thousands of sentences, so that they are written in the quickest way."""
    return f"{amount:,.0f}"


def _percent(share: float) -> str:
    return _percent_of(round(share, 3))


_percent_of = lru_cache(numbers.percent)
_day = lru_cache(numbers.day)


def _months(count: int) -> str:
    words = {1: "one month", 2: "two months", 3: "three months", 4: "four months", 6: "six months", 9: "nine months"}
    return words.get(count, f"{count} months")


def _part(share: float) -> str:
    return {0.5: "half", 1.0: "all"}.get(share, numbers.percent(share))
