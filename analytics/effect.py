"""What a change of quotas brought: hours, energy, waits and shares before and after it, and how sure that is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np
import polars as pl

from analytics.effect_trials import Draws, Numbers, Series, Trials, drawn_weeks, mean_wait_s, median_wait_s, share_of, waited, weekly
from analytics.energy import ENERGY, energy
from analytics.quota_progress import MOST_UNKNOWN_SHARE
from analytics.usage import WALL_HOURS_WITHOUT
from data.schema import PARTITIONS, Schema, check, usage_by, waits_by
from data.terms import HourUnit, Period
from data.units import DAYS_PER_WEEK

LEAST_WEEKS = 4
"""Fewer whole weeks after a change are too early to tell anything."""

MOST_WEEKS = 13
"""No more weeks on either side are compared: further away, other things changed as well."""

AFFECTED, OTHERS, BEYOND = "affected", "others", "beyond_others"
"""The projects whose quotas were changed; all others on the same machines; and what the first changed beyond the second."""

MEANWHILE = "_meanwhile"
"""What is added to the first two for projects that do not last over all of the weeks compared, since they began or ended meanwhile."""


class Measure(StrEnum):
    """What is compared."""

    NODE_HOURS = "node_hours"
    """Node-hours a week."""
    ENERGY = "energy_kwh"
    """IT energy a week, measured and modelled."""
    MEDIAN_WAIT = "median_wait_s"
    """The wait that half of the jobs that started did not exceed."""
    MEAN_WAIT = "mean_wait_s"
    """The mean wait of the jobs that started."""
    RECEIVED_OF_DUE = "received_of_due"
    """Share of machine time received ÷ share due."""


class Verdict(StrEnum):
    """What can be said of a change."""

    ROSE = "rose"
    """All of the interval lies above nothing."""
    FELL = "fell"
    """All of it lies below."""
    NOT_CLEAR = "not_clear"
    """The interval holds no change at all: it may have risen or fallen."""
    TOO_EARLY = "too_early"
    """Too few whole weeks have passed, or lie in the log before."""
    NOT_KNOWN = "not_known"
    """The log does not tell it."""


EFFECT: Schema = {
    "group": pl.String,  # affected | others | beyond_others | a user category
    "measure": pl.String,
    "before": pl.Float64,
    "after": pl.Float64,  # of beyond_others: what it would have been, had it changed as the others did, is `before`
    "change": pl.Float64,
    "change_low": pl.Float64,
    "change_high": pl.Float64,
    "verdict": pl.String,
}
"""One row a group and measure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """Equally many whole weeks before and after a change."""

    changed: date
    """The day of the change, the first of the weeks after."""
    weeks: int
    """So many on either side."""

    @property
    def is_too_early(self) -> bool:
        """Whether they are too few to tell anything."""
        return self.weeks < LEAST_WEEKS


def windows(changed: date, logged: Iterable[Period], silent: Iterable[Period] = ()) -> Windows:
    """The whole weeks on either side of a change that the logs of all machines cover, equally many, thirteen at most.

    Args:
        changed: The day of the change.
        logged: From which day to which the log of each machine runs.
        silent: Days on which a machine ran no job at all, be it off or its log incomplete: weeks beyond them are not compared.
    """
    spans, breaks = list(logged), list(silent)
    if not spans:
        return Windows(changed=changed, weeks=0)
    first = max([days.start for days in spans] + [days.end for days in breaks if days.start < changed])
    last = min([days.end for days in spans] + [days.start for days in breaks if days.end > changed])
    before, after = (changed - first).days // DAYS_PER_WEEK, (last - changed).days // DAYS_PER_WEEK
    return Windows(changed=changed, weeks=max(0, min(before, after, MOST_WEEKS)))


def effect(
    usage: pl.DataFrame,
    waits: pl.DataFrame,
    partitions: pl.DataFrame,
    around: Windows,
    due: Mapping[str, tuple[float, float]] | None = None,
) -> pl.DataFrame:
    """What changed from equally many weeks before a change of quotas to those after it, with an interval for each, and a verdict.

    For the projects affected, for all others on the same machines, and for each user category: node-hours and IT energy a week, median and
    mean wait, share received ÷ share due. `beyond_others` compares those affected with what they would have been, had they changed in the
    same proportion as the others (difference in differences, of proportions), both only of projects whose quotas run on all of these days:
    who begins or ends meanwhile would look like an effect. What is found is the effect of the change of quotas only as far as nothing else
    befell the one and not the other.

    Interval: change ± t × s, meant to hold nine times in ten; s is the standard deviation of 1,000 trials in each of which as many weeks
    were drawn anew from those before, and from those after, the same for all groups, × √(n/(n − 1)) for n weeks, × √((1 + r)/(1 − r)) where
    the week after is like the week before by r > 0; t is Student's for n − 1. Fewer than four weeks on a side are too early to tell. On
    made-up logs without any effect, 2 to 9 % of the verdicts on what is beyond the others were rose or fell; up to 13 % where neighbouring
    weeks were alike by 0.3, and up to 18 % where they were by 0.6: nominal are 10 %.
    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993; Card and Krueger, American Economic Review 84, 1994.

    Args:
        usage: By system, partition, account (`affected` or `others`, or the same with `_meanwhile`), category and day (the first of its
            week).
        waits: The histogram of waits by the same.
        partitions: Frame PARTITIONS, for the energy of jobs without a meter.
        around: The weeks compared.
        due: The hours due to each category, and to those affected and the others, before and after.

    Returns:
        Frame EFFECT.
    """
    dimensions = ("system", "partition", "account", "category", "day")
    spent = energy(check(usage, usage_by(*dimensions)), check(partitions, PARTITIONS))
    check(waits, waits_by(*dimensions))
    groups = [AFFECTED, OTHERS, *usage["category"].unique().sort().to_list()]
    if around.weeks == 0:
        rows: list[Row] = [_row(group, measure, None, around) for group in (*groups, BEYOND) for measure in Measure]
        return pl.DataFrame(rows, schema=dict(EFFECT), orient="row")
    series = {group: _series(_of(group), usage, spent, waits, around) for group in groups}
    changed, unchanged = (_series(pl.col("account") == group, usage, spent, waits, around) for group in (AFFECTED, OTHERS))
    drawn = drawn_weeks(around.weeks)
    rows = [row for group in groups for row in _of_group(group, series, around, drawn, due or {})]
    rows += _beyond(changed, unchanged, around, drawn)
    return pl.DataFrame(rows, schema=dict(EFFECT), orient="row")


Row = tuple[str, str, float | None, float | None, float | None, float | None, float | None, str]


def _of_group(group: str, series: Mapping[str, Series], around: Windows, drawn: Draws, due: Mapping[str, tuple[float, float]]) -> list[Row]:
    own = series[group]
    measured = {
        Measure.NODE_HOURS: weekly(own.hours, drawn),
        Measure.ENERGY: weekly(own.energy, drawn),
        Measure.MEDIAN_WAIT: waited(own, drawn, median_wait_s),
        Measure.MEAN_WAIT: waited(own, drawn, mean_wait_s),
        Measure.RECEIVED_OF_DUE: _of_due(group, series, drawn, due),
    }
    return [_row(group, measure, found, around) for measure, found in measured.items()]


def _of_due(group: str, series: Mapping[str, Series], drawn: Draws, due: Mapping[str, tuple[float, float]]) -> Trials | None:
    """Share received ÷ share due; None where either is not known, or nothing was due."""
    own, affected, others = (series[name].hours for name in (group, AFFECTED, OTHERS))
    if own is None or affected is None or others is None or not {group, AFFECTED, OTHERS} <= set(due):
        return None
    whole = [due[AFFECTED][side] + due[OTHERS][side] for side in (0, 1)]
    if not all(due[group][side] > 0 for side in (0, 1)):
        return None
    return share_of(own, affected + others, (due[group][0] / whole[0], due[group][1] / whole[1]), drawn)


def _beyond(affected: Series, others: Series, around: Windows, drawn: Draws) -> list[Row]:
    """What those affected changed beyond the others: against what they would have been, had they changed in the same proportion."""
    pairs = {
        Measure.NODE_HOURS: (weekly(affected.hours, drawn), weekly(others.hours, drawn)),
        Measure.ENERGY: (weekly(affected.energy, drawn), weekly(others.energy, drawn)),
        Measure.MEDIAN_WAIT: (waited(affected, drawn, median_wait_s), waited(others, drawn, median_wait_s)),
        Measure.MEAN_WAIT: (waited(affected, drawn, mean_wait_s), waited(others, drawn, mean_wait_s)),
    }
    return [_row(BEYOND, measure, _in_proportion(own, other), around) for measure, (own, other) in pairs.items()]


def _in_proportion(own: Trials | None, other: Trials | None) -> Trials | None:
    if own is None or other is None or not (other.before > 0).all():
        return None
    return Trials(before=own.before * other.after / other.before, after=own.after, weeks=own.weeks)


def _row(group: str, measure: Measure, found: Trials | None, around: Windows) -> Row:
    if found is None or not found.is_known:
        verdict = Verdict.TOO_EARLY if around.is_too_early else Verdict.NOT_KNOWN
        return group, measure.value, None, None, None, None, None, verdict.value
    before, after = float(found.before[0]), float(found.after[0])
    if around.is_too_early:
        return group, measure.value, before, after, after - before, None, None, Verdict.TOO_EARLY.value
    low, high = after - before - found.reach, after - before + found.reach
    verdict = Verdict.ROSE if low > 0 else Verdict.FELL if high < 0 else Verdict.NOT_CLEAR
    return group, measure.value, before, after, after - before, low, high, verdict.value


def _of(group: str) -> pl.Expr:
    """The rows of a group."""
    return pl.col("account").is_in([group, group + MEANWHILE]) if group in (AFFECTED, OTHERS) else pl.col("category") == group


def _series(here: pl.Expr, usage: pl.DataFrame, spent: pl.DataFrame, waits: pl.DataFrame, around: Windows) -> Series:
    used, waited = usage.filter(here), waits.filter(here)
    sums = used.select(pl.col("wall_hours", WALL_HOURS_WITHOUT[HourUnit.NODE_HOURS]).sum()).row(0)
    hours = _by_week(used, pl.col("node_hours").sum(), around) if sums[1] <= MOST_UNKNOWN_SHARE * sums[0] else None
    kwh = check(spent, ENERGY).filter(here)
    whole, unmodelled = kwh.select(pl.col("node_hours", "node_hours_without_model").sum()).row(0)
    known = hours is not None and (unmodelled or 0.0) <= MOST_UNKNOWN_SHARE * (whole or 0.0)
    bins = np.zeros((2 * around.weeks, int(waits["bin"].max() or 0) + 1))  # type: ignore[arg-type]
    counts = waited.group_by("day", "bin").agg(pl.col("jobs").sum()).with_columns(week=_week(around)).filter(_inside(around))
    np.add.at(bins, (counts["week"].to_numpy(), counts["bin"].to_numpy()), counts["jobs"].to_numpy())
    return Series(
        hours=hours,
        energy=_by_week(kwh, pl.col("energy_it_kwh").sum(), around) if known else None,
        jobs=bins.sum(axis=1),
        wait_s=_by_week(waited, pl.col("wait_s").sum(), around),
        bins=bins,
    )


def _by_week(rows: pl.DataFrame, total: pl.Expr, around: Windows) -> Numbers:
    sums = rows.group_by("day").agg(total=total).with_columns(week=_week(around)).filter(_inside(around))
    weeks = np.zeros(2 * around.weeks)
    weeks[sums["week"].to_numpy()] = sums["total"].to_numpy()
    return weeks


def _week(around: Windows) -> pl.Expr:
    return (pl.col("day") - pl.lit(around.changed)).dt.total_days() // DAYS_PER_WEEK + around.weeks


def _inside(around: Windows) -> pl.Expr:
    return pl.col("week").is_between(0, 2 * around.weeks - 1)
