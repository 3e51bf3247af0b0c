"""How long jobs would wait with another split: as long as they did in the months in which the machine was as full."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from analytics.charts import numbers
from analytics.recommendation import Recommendation
from analytics.split_problem import SplitChoices, SplitFacts, capacity_with_factors
from analytics.waiting import queue_waits
from data.schema import Schema, check, waits_by

AS_FULL = 0.05
"""A month counts as one in which the machine was as full if its load lies no further than this from that of the split."""
FEWEST_MONTHS = 3
"""With fewer such months nothing is expected."""

LOADS: Schema = {"system": pl.String, "month": pl.Date, "load": pl.Float64}
"""One row a machine and month: node-hours used, as a part of those that it offers to those who share it."""

EXPECTED_WAITS: Schema = {
    "system": pl.String,
    "category": pl.String,  # null: all categories together
    "share_granted": pl.Float64,  # hours that the split grants / hours offered
    "share_used_of_asked": pl.Float64,  # of the period: hours used / hours asked for, at most 1
    "share_full_expected": pl.Float64,  # share_granted x share_used_of_asked
    "months_as_full": pl.Int64,
    "median_wait_least_s": pl.Float64,  # over those months; null with fewer than three
    "median_wait_middle_s": pl.Float64,
    "median_wait_most_s": pl.Float64,
}
"""One row a machine and category that waited in the log."""


def loads(facts: SplitFacts) -> pl.DataFrame:
    """How full each machine was in each month that has a log (frame LOADS)."""
    offered = capacity_with_factors(facts, SplitChoices()).group_by("system", "period").agg(pl.col("node_hours").sum())
    used = facts.usage.group_by("system", period=pl.col("month").dt.strftime("%Y-%m")).agg(used=pl.col("node_hours").sum())
    both = offered.filter(pl.col("node_hours") > 0).join(used, on=["system", "period"], how="inner", validate="1:1")
    month = (pl.col("period") + "-01").str.to_date("%Y-%m-%d")
    return check(both.select("system", month=month, load=pl.col("used") / pl.col("node_hours")).sort("system", "month"), LOADS)


def expected_waits(found: Recommendation, history: pl.DataFrame, waits: pl.DataFrame) -> pl.DataFrame:
    """The waits to expect with a split, read off the machine's own log: nothing is modelled, so nothing is said where it was never as full.

    Projects seldom use all that they ask for, so the load to expect of a split is what it grants ÷ what the machine offers (changes of
    capacity included) × what projects used of what they asked for in the period. Of all months of the log with a load no further than
    5 percentage points from that, the least, middle and largest monthly median wait are given. Waits have other causes besides load, so the
    range is that of experience, not an interval with a probability.

    Args:
        found: The split.
        history: Frame LOADS of all months of the log.
        waits: The histogram of waits by system, category and month, of all months of the log.

    Gives frame EXPECTED_WAITS.
    """
    check(waits, waits_by("system", "category", "month"))
    planned = _planned(found)
    alike = (
        check(history, LOADS)
        .join(planned, on="system", how="inner", validate="m:1")
        .filter((pl.col("load") - pl.col("share_full_expected")).abs() <= AS_FULL)
        .select("system", "month")
    )
    together = queue_waits(waits.drop("category"), "system", "month").with_columns(category=pl.lit(None, pl.String))
    monthly = pl.concat([queue_waits(waits, "system", "category", "month"), together], how="diagonal")
    seen = monthly.filter(pl.col("jobs") > 0).join(planned, on="system", how="semi").select("system", "category").unique()
    median = pl.col("median_wait_s")
    of_months = (
        monthly.filter(pl.col("jobs") > 0)
        .join(alike, on=["system", "month"], how="semi")
        .group_by("system", "category")
        .agg(
            months_as_full=pl.len().cast(pl.Int64),
            median_wait_least_s=median.min(),
            median_wait_middle_s=median.median(),
            median_wait_most_s=median.max(),
        )
    )
    rows = seen.join(of_months, on=["system", "category"], how="left", nulls_equal=True, validate="1:1")
    known = pl.col("months_as_full").fill_null(0)
    told = rows.with_columns(
        *(pl.when(known >= FEWEST_MONTHS).then(pl.col(name)).alias(name) for name in EXPECTED_WAITS if name.startswith("median")),
        months_as_full=known,
    )
    joined = told.join(planned, on="system", how="left", validate="m:1").select(list(EXPECTED_WAITS))
    return joined.sort("system", "category", nulls_last=False)


def _planned(found: Recommendation) -> pl.DataFrame:
    """How full each machine was and would be."""
    received, offered = pl.col("node_hours_received"), pl.col("node_hours_offered")
    asked = found.by_project.group_by("system").agg(
        share_used_of_asked=(received.sum() / pl.col("node_hours_demanded").sum()).clip(upper_bound=1.0)
    )
    granted = pl.col("node_hours_recommended") / offered
    return (
        found.by_system.filter(offered > 0)
        .join(asked, on="system", how="inner", validate="1:1")
        .select(
            "system",
            "share_used_of_asked",
            share_granted=granted,
            share_full_expected=granted * pl.col("share_used_of_asked"),
        )
    )


def in_words(rows: pl.DataFrame, names: Mapping[str, str]) -> list[str]:
    """One sentence a machine, on all its jobs together."""
    return [_sentence(row, names.get(row["system"], row["system"])) for row in rows.filter(pl.col("category").is_null()).to_dicts()]


def _sentence(row: Mapping[str, Any], name: str) -> str:
    granted, used, load = (numbers.percent(row[f"share_{key}"]) for key in ("granted", "used_of_asked", "full_expected"))
    full = f"{name} would be {load} full: {granted} of it is granted, and of what was asked for {used} was used"
    months = row["months_as_full"]
    if row["median_wait_least_s"] is None:
        seen = "in no month" if months == 0 else f"in only {numbers.counted(months, 'month')}"
        return f"{full}. It was as full {seen} of its log, so that no wait can be told."
    least, most = (numbers.duration(row[f"median_wait_{which}_s"]) for which in ("least", "most"))
    return f"{full}. In {numbers.counted(months, 'month')} it was as full; the median wait of a month was then {least} to {most}."
