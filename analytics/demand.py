"""How much machine time was asked for: what was awarded where that is known, else what the queue showed."""

from collections.abc import Mapping
from enum import StrEnum

import polars as pl

from analytics.usage import known_sum, ratio, total_by
from data.schema import PROJECTS, Schema, check, usage_by
from data.terms import Period, UserCategory, month_after


class DemandBasis(StrEnum):
    """What a figure of demand rests on."""

    AWARDED = "awarded"
    """The node-hours awarded to the project, in proportion to the days of the award that lie in the period."""
    OBSERVED = "observed"
    """The node-hours used, and those asked for by jobs that never started."""
    MIXED = "mixed"
    """A sum over projects of both kinds."""


DEMAND: Schema = {
    "system": pl.String,
    "account": pl.String,
    "category": pl.String,
    "mode": pl.String,
    "country": pl.String,
    "basis": pl.String,  # awarded | observed
    "node_hours": pl.Float64,  # used in the period; null on a machine without any log of it
    "node_hours_demanded": pl.Float64,
    "jobs_without_nodes": pl.Int64,
}
"""One row a project on a machine, with what it asked of the period."""


def demand_of_projects(usage: pl.DataFrame, projects: pl.DataFrame, period: Period) -> pl.DataFrame:
    """The node-hours that each project asked for in the period, and what that rests on.

    Awarded: hours awarded × days of the award in the period / days of the award, from its first day up to but without the day it ends.
    Observed, for a project without a known award or whose award does not touch the period: hours used + hours asked for by jobs that
    never started. Projects that asked for nothing are left out. What projects used on a machine without any log of the period is unknown.

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


def demand_by_month(usage: pl.DataFrame, projects: pl.DataFrame, period: Period) -> pl.DataFrame:
    """The demand of each project in each month of the period, with the month in front (otherwise as `demand_of_projects`).

    Usage must be of the period, by system, account and month.
    """
    check(usage, usage_by("system", "account", "month"))
    found = []
    for month in period.months:
        days = Period(max(month, period.start), min(month_after(month), period.end))
        asked = demand_of_projects(usage.filter(pl.col("month") == month), projects, days)
        found.append(asked.select(pl.lit(month, pl.Date).alias("month"), pl.all()))
    return pl.concat(found)


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
        basis=pl.when(pl.col("basis").n_unique() > 1).then(pl.lit(DemandBasis.MIXED.value)).otherwise(pl.col("basis").first()),
    )
    return summed.with_columns(awarded_share=ratio(pl.col("node_hours_awarded"), pl.col("node_hours_demanded"))).sort(dimensions)


def _asked(used: pl.DataFrame, decided: pl.DataFrame) -> pl.DataFrame:
    """Frame DEMAND from what projects used, and from projects with the first and last day that count beside them."""
    asked = decided.select("system", "account", "category", "mode", "country", awarded_in_period=_awarded_in_days())
    both = used.join(asked, on=["system", "account"], how="full", coalesce=True, nulls_equal=True, validate="1:1")
    observed = pl.col("node_hours").fill_null(0) + pl.col("node_hours_queued").fill_null(0)
    known = pl.col("awarded_in_period").is_not_null()
    return (
        both.with_columns(
            basis=pl.when(known).then(pl.lit(DemandBasis.AWARDED.value)).otherwise(pl.lit(DemandBasis.OBSERVED.value)),
            node_hours_demanded=pl.when(known).then(pl.col("awarded_in_period")).otherwise(observed),
            category=pl.col("category").fill_null(UserCategory.UNCLASSIFIED.value),
            node_hours=pl.when(pl.col("system").is_in(used["system"].unique().to_list())).then(pl.col("node_hours").fill_null(0)),
            jobs_without_nodes=pl.col("jobs_without_nodes").fill_null(0),
        )
        .filter((pl.col("node_hours_demanded") > 0) | (pl.col("jobs_without_nodes") > 0))
        .select(DEMAND.keys())
        .sort("system", "account")
    )


def _awarded_in_days() -> pl.Expr:
    """The hours awarded that fall on the days that count, null where no award is known or touches them."""
    first, last = pl.max_horizontal("starts", "first_day"), pl.min_horizontal("ends", "last_day")
    length_days = (pl.col("ends") - pl.col("starts")).dt.total_days()
    overlap_days = (last - first).dt.total_days()
    dated = pl.col("starts").is_not_null() & pl.col("ends").is_not_null() & (overlap_days > 0)
    return pl.when(dated).then(pl.col("node_hours_awarded") * overlap_days / length_days)
