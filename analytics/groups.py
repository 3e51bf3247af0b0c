"""Machine time of the largest groups, over time and side by side: any dimension, what is smaller summed as others."""

from collections.abc import Mapping, Sequence

import polars as pl

from analytics.charts import numbers, theme
from analytics.findings import during
from analytics.pivot import in_words
from analytics.usage import hours, known_sum, ratio
from data.schema import USAGE_MEASURES, Schema, check
from data.terms import Dimension, HourUnit, UserCategory

OTHERS = "\N{HORIZONTAL ELLIPSIS}others"
"""What stands for all groups that are too small to be shown by themselves; no name of a log reads so."""

CLEAR_CHANGE = 0.02
"""From this growth of a share on, two percentage points, it is said."""

GROUPED: Schema = {
    "group": pl.String,  # "" where it is not known, OTHERS for the smaller ones together
    "hours": pl.Float64,
    "share": pl.Float64,
    "jobs": pl.Int64,
    "jobs_without_hours": pl.Int64,
}
"""One row a group: its machine time and its share of all."""

GROUPED_OVER_TIME: Schema = {"time": pl.Date, **GROUPED}
"""One row a group and month or quarter; shares are of that time."""


def largest(usage: pl.DataFrame, dimension: Dimension, *, unit: HourUnit, most: int) -> pl.DataFrame:
    """The machine time of the largest groups, largest first, the smaller ones summed as others (frame GROUPED).

    >>> from analytics.usage import usage_frame
    >>> used = usage_frame(*({"country": name, "node_hours": hours} for name, hours in (("FI", 5.0), ("FR", 3.0), ("IT", 2.0))))
    >>> largest(used, Dimension.COUNTRY, unit=HourUnit.NODE_HOURS, most=1).select("group", "share").rows()
    [('FI', 0.5), ('…others', 0.5)]
    """
    return _ordered(_summed(_named(usage, dimension, unit, most), [], unit))


def largest_over_time(usage: pl.DataFrame, dimension: Dimension, time: Dimension, *, unit: HourUnit, most: int) -> pl.DataFrame:
    """The same in each month or quarter, whose groups are the largest of the whole period (frame GROUPED_OVER_TIME)."""
    named = _named(usage, dimension, unit, most)
    order = _ordered(_summed(named, [], unit))["group"].to_list()
    found = _summed(named.rename({time.value: "time"}), ["time"], unit)
    places = pl.col("group").replace_strict(order, list(range(len(order))), return_dtype=pl.Int64)
    return check(found.sort("time", places), GROUPED_OVER_TIME).select(GROUPED_OVER_TIME.keys())


def finding(groups: pl.DataFrame, labels: Mapping[str, str], *, period: str, unit: HourUnit, within: Sequence[str] = ()) -> str:
    """Who received most, from a frame GROUPED.

    >>> groups = pl.DataFrame({"group": ["FI"], "hours": [5.0], "share": [0.5], "jobs": [1], "jobs_without_hours": [0]})
    >>> finding(groups, {"FI": "Finland"}, period="2026", unit=HourUnit.NODE_HOURS).replace("\\u202f", " ")
    'Finland received 50 % of node-hours in 2026.'
    """
    known = check(groups, GROUPED).filter(pl.col("share") > 0, pl.col("group") != OTHERS)
    of = f"{numbers.UNIT_WORDS[unit]}{f' of {numbers.listed(within)}' if within else ''}"
    if known.is_empty():
        return f"Who received the {of} {during(period)} is not known."
    first, *others = known.head(3).select("group", "share").rows()
    rest = "".join(f", {_within_sentence(group, labels)} {numbers.percent(share)}" for group, share in others)
    return f"{labels[first[0]]} received {numbers.percent(first[1])} of {of} {during(period)}{rest}."


def finding_over_time(rows: pl.DataFrame, labels: Mapping[str, str], *, time: Dimension, unit: HourUnit) -> str:
    """When most and least machine time was used, and whose share grew most, from a frame GROUPED_OVER_TIME.

    >>> from datetime import date
    >>> months = {"time": [date(2026, 1, 1), date(2026, 2, 1)], "group": ["FI"] * 2, "hours": [5.0, 8.0], "share": [1.0, 1.0]}
    >>> rows = pl.DataFrame(months | {"jobs": [1, 1], "jobs_without_hours": [0, 0]})
    >>> finding_over_time(rows, {"FI": "Finland"}, time=Dimension.MONTH, unit=HourUnit.NODE_HOURS).replace("\u202f", " ")
    'Most node-hours were used in February 2026 (8), fewest in January 2026 (5).'
    """
    totals = check(rows, GROUPED_OVER_TIME).group_by("time").agg(known_sum("hours")).drop_nulls().sort("hours", "time")
    words = numbers.UNIT_WORDS[unit]
    if totals.is_empty():
        return f"How the {words} changed over time is not known."
    if totals.height == 1:
        return f"{numbers.amount(totals['hours'].item(), words)} were used {during(in_words(time, totals['time'].item(), {}))}."
    (least_time, least), (most_time, most) = totals.row(0), totals.row(-1)
    peak = f"Most {words} were used in {in_words(time, most_time, {})} ({numbers.amount(most, '')})"
    return f"{peak}, fewest in {in_words(time, least_time, {})} ({numbers.amount(least, '')}){_grown(rows, labels)}."


def _within_sentence(group: str, labels: Mapping[str, str]) -> str:
    """A group as it stands within a sentence: a category without its capital."""
    return theme.category_name(group) if group in set(UserCategory) else labels[group]


def _grown(rows: pl.DataFrame, labels: Mapping[str, str]) -> str:
    """Whose share grew most between the first and the last time, where any did clearly; unknown shares are not compared."""
    first, last = (rows.filter(pl.col("time") == moment, pl.col("group") != OTHERS) for moment in (rows["time"].min(), rows["time"].max()))
    began = first.select("group", began="share", known=pl.col("share").is_not_null())
    both = last.select("group", "share").join(began, on="group", how="left", validate="1:1")
    known = both.filter(pl.col("known").fill_null(True)).with_columns(pl.col("began").fill_null(0.0))
    grown = known.filter(pl.col("share") - pl.col("began") >= CLEAR_CHANGE).sort(
        pl.col("share") - pl.col("began"), "group", descending=[True, False]
    )
    if grown.is_empty():
        return ""
    group, share, before, _ = grown.row(0)
    name = theme.group_name(group) if group in set(UserCategory) else labels[group]
    return f"; the share of {name} grew most, from {numbers.percent(before)} to {numbers.percent(share)}"


def _named(usage: pl.DataFrame, dimension: Dimension, unit: HourUnit, most: int) -> pl.DataFrame:
    """The usage with the name of its group: its own, or that of the others."""
    check(usage, {dimension.value: pl.String} | dict(USAGE_MEASURES))
    named = usage.with_columns(group=pl.col(dimension.value).fill_null(""))
    sizes = _ordered(_summed(named, [], unit))
    kept = sizes["group"].head(most if sizes.height > most + 1 else sizes.height).to_list()
    return named.with_columns(group=pl.when(pl.col("group").is_in(kept)).then(pl.col("group")).otherwise(pl.lit(OTHERS)))


def _summed(named: pl.DataFrame, around: list[str], unit: HourUnit) -> pl.DataFrame:
    """One row a group, and time, with its share of all, or of all of that time."""
    sums = hours(named.group_by([*around, "group"], maintain_order=True).agg(known_sum(name) for name in USAGE_MEASURES), unit)
    whole = pl.col("hours").sum().over(around) if around else pl.col("hours").sum()
    return sums.select(*around, "group", "hours", ratio(pl.col("hours"), whole).alias("share"), "jobs", "jobs_without_hours")


def _ordered(sizes: pl.DataFrame) -> pl.DataFrame:
    """Largest first, unknown hours behind, others last."""
    return sizes.sort(pl.col("group") == OTHERS, pl.col("hours").is_null(), "hours", "group", descending=[False, False, True, False])
