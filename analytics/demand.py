"""How much machine time was asked for: what was awarded where that is known, else what the queue showed."""

from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum

import polars as pl

from analytics.usage import hours, known_sum, ratio, total_by
from data.schema import PROJECTS, Schema, check, usage_by
from data.terms import HourUnit, Period, UserCategory, month_after


class DemandBasis(StrEnum):
    """What a figure of demand rests on."""

    AWARDED = "awarded"
    """The node-hours awarded to the project, in proportion to the days of the award that lie in the period."""
    OBSERVED = "observed"
    """The node-hours used, and those asked for by jobs that wait still."""
    MIXED = "mixed"
    """A sum over projects of both kinds."""


DEMAND: Schema = {
    "system": pl.String,
    "account": pl.String,
    "category": pl.String,
    "mode": pl.String,
    "country": pl.String,
    "basis": pl.String,  # awarded | observed
    "node_hours": pl.Float64,  # used in the period; null on a machine without any log of it, and where those of no job are known
    "node_hours_demanded": pl.Float64,  # null where nothing of it is known
    "jobs_without_nodes": pl.Int64,  # that ran, and are missing from both
    "jobs_queued_without_hours": pl.Int64,  # that wait and do not say what they ask for; missing from what was demanded
}
"""One row a project on a machine, with what it asked of the period."""


def demand_of_projects(usage: pl.DataFrame, projects: pl.DataFrame, period: Period) -> pl.DataFrame:
    """The node-hours that each project asked for in the period, and what that rests on.

    Awarded: hours awarded × days of the award in the period / days of the award, from its first day up to but without the day it ends.
    Observed, for a project without a known award or whose award does not touch the period: hours used + hours asked for by jobs that
    wait still. Jobs that do not tell their hours are missing from that and counted beside it; where none tells them, it is unknown.
    Projects that asked for nothing are left out. What projects used on a machine without any log of the period is unknown.

    Needs usage of the period, by system and account. Gives frame DEMAND.
    """
    days = {"first_day": pl.lit(period.start), "last_day": pl.lit(period.end)}
    return _asked(total_by(usage, "system", "account"), check(projects, PROJECTS).with_columns(**days))


def demand_while_logged(usage: pl.DataFrame, projects: pl.DataFrame, logged: Mapping[str, Period], period: Period) -> pl.DataFrame:
    """What each project asked of those days of the period for which its machine has logs (otherwise as `demand_of_projects`)."""
    days = {system: both for system, known in logged.items() if (both := known.within(period))}
    spans = [(system, both.start, both.end) for system, both in days.items()]
    frame = pl.DataFrame(spans, schema={"system": pl.String, "first_day": pl.Date, "last_day": pl.Date}, orient="row")
    decided = check(projects, PROJECTS).join(frame, on="system", how="inner", validate="m:1")
    return _asked(total_by(usage.filter(pl.col("system").is_in(list(days))), "system", "account"), decided)


def demand_by_month(
    usage: pl.DataFrame, projects: pl.DataFrame, period: Period, logged: Mapping[str, Period] | None = None
) -> pl.DataFrame:
    """The demand of each project in each month of the period, with the month in front (otherwise as `demand_of_projects`).

    Args:
        usage: Machine time of the period, by system, account and month.
        projects: What was decided about projects.
        period: The period.
        logged: From which day to which the logs of each machine run, where only these days are to count.
    """
    check(usage, usage_by("system", "account", "month"))
    systems = usage["system"].unique().to_list() + check(projects, PROJECTS)["system"].unique().to_list()
    days = dict.fromkeys(systems, period) if logged is None else logged
    within = {system: both for system, known in days.items() if (both := known.within(period))}
    months = pl.DataFrame(list(_months_of(within)), schema=_SPANS, orient="row")
    used = total_by(usage.join(months, on=["system", "month"], how="semi"), "system", "account", "month")
    touched = projects.join(months, on="system", how="inner").filter(_awarded_in_days().is_not_null())
    return _asked(used, pl.concat([touched, _without_award(used, projects, touched)]))


def demand_by(demand: pl.DataFrame, *dimensions: str) -> pl.DataFrame:
    """The demand summed to one row for each value of these dimensions (of system, category, mode, country).

    `basis` says whether the sum rests on awards, on observation or on both; `projects_awarded` of `projects` rest on awards, and
    `awarded_share` is their share of the hours demanded.
    """
    check(demand, DEMAND)
    awarded = pl.col("basis") == DemandBasis.AWARDED.value
    summed = demand.group_by(dimensions).agg(
        projects=pl.len().cast(pl.Int64),
        projects_awarded=awarded.sum().cast(pl.Int64),
        node_hours=known_sum("node_hours"),
        node_hours_demanded=pl.col("node_hours_demanded").sum(),
        node_hours_awarded=pl.col("node_hours_demanded").filter(awarded).sum(),
        jobs_without_nodes=pl.col("jobs_without_nodes").sum(),
        jobs_queued_without_hours=pl.col("jobs_queued_without_hours").sum(),
        basis=pl.when(pl.col("basis").n_unique() > 1).then(pl.lit(DemandBasis.MIXED.value)).otherwise(pl.col("basis").first()),
    )
    return summed.with_columns(awarded_share=ratio(pl.col("node_hours_awarded"), pl.col("node_hours_demanded"))).sort(dimensions)


def _asked(used: pl.DataFrame, decided: pl.DataFrame) -> pl.DataFrame:
    """Frame DEMAND, by month where usage is, from what projects used and from projects with the first and last day that count."""
    when = ["month"] if "month" in used.columns else []
    told = ("category", "mode", "country")
    asked = decided.select("system", "account", *when, *told, awarded_in_period=_awarded_in_days())
    timed = hours(used, HourUnit.NODE_HOURS).with_columns(ran=pl.lit(value=True))
    both = timed.join(asked, on=["system", "account", *when], how="full", coalesce=True, nulls_equal=True, validate="1:1")
    logged = used.select("system", *when).unique().with_columns(logged=pl.lit(value=True))
    rows = both.join(logged, on=["system", *when], how="left", validate="m:1")
    awarded = pl.col("awarded_in_period").is_not_null()
    counts = ("jobs_without_nodes", "jobs_queued_without_hours")
    nothing_ran = pl.col("ran").is_null()
    return (
        rows.with_columns(
            *(pl.when(nothing_ran).then(0).otherwise(pl.col(name)).alias(name) for name in counts),
            basis=pl.when(awarded).then(pl.lit(DemandBasis.AWARDED.value)).otherwise(pl.lit(DemandBasis.OBSERVED.value)),
            node_hours_demanded=pl.when(awarded).then("awarded_in_period").when(pl.col("ran")).then(_observed()),
            category=pl.col("category").fill_null(UserCategory.UNCLASSIFIED.value),
            node_hours=pl.when(nothing_ran & pl.col("logged")).then(0.0).otherwise("hours"),
        )
        .filter(_asked_for_anything())
        .select(*when, *DEMAND.keys())
        .sort(*when, "system", "account")
    )


def _months_of(days: Mapping[str, Period]) -> Iterator[tuple[str, date, date, date]]:
    """Each machine's months with the first day in them that counts, and the first that no longer does."""
    for system, period in days.items():
        for month in period.months:
            yield system, month, max(month, period.start), min(month_after(month), period.end)


_SPANS: Schema = {"system": pl.String, "month": pl.Date, "first_day": pl.Date, "last_day": pl.Date}


def _observed() -> pl.Expr:
    """The hours used and those that waiting jobs ask for, as far as they are known; null where jobs are missing and none are known."""
    known = pl.sum_horizontal("hours", "node_hours_queued")
    missing = pl.col("hours").is_null() | (pl.col("jobs_queued_without_hours") > 0)
    return pl.when(~missing | (known > 0)).then(known)


def _asked_for_anything() -> pl.Expr:
    return pl.any_horizontal(pl.col("node_hours_demanded", "jobs_without_nodes", "jobs_queued_without_hours") > 0)


def _without_award(used: pl.DataFrame, projects: pl.DataFrame, touched: pl.DataFrame) -> pl.DataFrame:
    """The projects in those months in which they used the machine and no award of theirs counts, without the award."""
    keys = ["system", "account"]
    observed = used.select(*keys, "month").join(touched, on=[*keys, "month"], how="anti", nulls_equal=True)
    rows = projects.join(observed, on=keys, how="inner", validate="1:m").with_columns(node_hours_awarded=pl.lit(None, pl.Float64))
    return rows.with_columns(first_day="month", last_day="month").select(touched.columns)


def _awarded_in_days() -> pl.Expr:
    """The hours awarded that fall on the days that count, null where no award is known or touches them."""
    first, last = pl.max_horizontal("starts", "first_day"), pl.min_horizontal("ends", "last_day")
    length_days = (pl.col("ends") - pl.col("starts")).dt.total_days()
    overlap_days = (last - first).dt.total_days()
    dated = pl.col("starts").is_not_null() & pl.col("ends").is_not_null() & (overlap_days > 0)
    return pl.when(dated).then(pl.col("node_hours_awarded") * overlap_days / length_days)
