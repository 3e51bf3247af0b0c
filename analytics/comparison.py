"""Two selections side by side: what each group received in either, and what changed, in hours and in shares."""

import polars as pl

from analytics.charts import numbers
from analytics.usage import hours, known_sum, ratio
from data.schema import USAGE_MEASURES, Schema, check
from data.terms import Dimension, HourUnit

COMPARED: Schema = {
    "group": pl.String,  # "" where it is not known
    "hours_first": pl.Float64,
    "hours_second": pl.Float64,
    "change_hours": pl.Float64,
    "change_relative": pl.Float64,  # of the first; null where it was nothing
    "share_first": pl.Float64,
    "share_second": pl.Float64,
    "change_share": pl.Float64,  # 0.02: two percentage points more in the second
}
"""One row a group that ran in either selection."""

CLEAR = 0.005
"""From this change of a share on, half a percentage point, a group is named."""

NAMED = 3


def compared(first: pl.DataFrame, second: pl.DataFrame, dimension: Dimension, *, unit: HourUnit) -> pl.DataFrame:
    """What each group received in two selections, the largest change of its share first (frame COMPARED).

    A group that is missing in a selection that has jobs used nothing there; where a selection has no job at all, it is unknown.

    >>> from analytics.usage import usage_frame
    >>> first = usage_frame({"category": "sme", "node_hours": 1.0}, {"category": "research", "node_hours": 3.0})
    >>> second = usage_frame({"category": "sme", "node_hours": 2.0}, {"category": "research", "node_hours": 2.0})
    >>> compared(first, second, Dimension.CATEGORY, unit=HourUnit.NODE_HOURS).select("group", "change_hours", "change_share").rows()
    [('research', -1.0, -0.25), ('sme', 1.0, 0.25)]
    """
    sides = [_side(usage, dimension, unit, name) for name, usage in (("first", first), ("second", second))]
    both = sides[0].join(sides[1], on="group", how="full", coalesce=True, validate="1:1")
    filled = both.with_columns(
        pl.when(pl.col(f"in_{name}").is_null() & (usage.height > 0)).then(0.0).otherwise(pl.col(column)).alias(column)
        for name, usage in (("first", first), ("second", second))
        for column in (f"hours_{name}", f"share_{name}")
    )
    difference = pl.col("hours_second") - pl.col("hours_first")
    told = filled.with_columns(
        change_hours=difference,
        change_relative=ratio(difference, pl.col("hours_first")),
        change_share=pl.col("share_second") - pl.col("share_first"),
    )
    ordered = told.sort(pl.col("change_share").abs(), pl.col("hours_second"), "group", descending=[True, True, False], nulls_last=True)
    return check(ordered.select(COMPARED.keys()), COMPARED)


def finding(rows: pl.DataFrame, labels: dict[str, str], *, first: str, second: str, unit: HourUnit) -> str:
    """Who has clearly more and less of the machine time in the second selection than in the first, in words."""
    check(rows, COMPARED)
    words = numbers.UNIT_WORDS[unit]
    whole = [float(rows[name].drop_nulls().sum()) for name in ("hours_first", "hours_second")]
    if not all(rows[name].null_count() < rows.height for name in ("hours_first", "hours_second")):
        return f"{first} and {second} cannot be compared: the {words} of one of them are not known."
    clear = rows.filter(pl.col("change_share").abs() >= CLEAR).head(NAMED)
    start = f"{second}: {numbers.amount(whole[1], words)}, {first}: {numbers.amount(whole[0], words)}"
    parts = [
        f"{labels[row['group']]} {numbers.percent(row['share_second'])} instead of {numbers.percent(row['share_first'])} "
        f"({numbers.points(row['change_share'])})"
        for row in clear.iter_rows(named=True)
    ]
    return f"{start}. {'Most changed: ' + numbers.listed(parts) if parts else 'No share differs by half a percentage point'}."


def _side(usage: pl.DataFrame, dimension: Dimension, unit: HourUnit, name: str) -> pl.DataFrame:
    check(usage, {dimension.value: pl.String} | dict(USAGE_MEASURES))
    named = usage.with_columns(group=pl.col(dimension.value).fill_null(""))
    sums = hours(named.group_by("group").agg(known_sum(measure) for measure in USAGE_MEASURES), unit)
    share = ratio(pl.col("hours"), pl.col("hours").sum()).alias(f"share_{name}")
    return sums.select("group", pl.col("hours").alias(f"hours_{name}"), share, pl.lit(True).alias(f"in_{name}"))
