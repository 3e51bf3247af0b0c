"""Charts that answer who received the machine time."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go
import polars as pl

from analytics.charts import numbers, theme
from analytics.charts.drawing import bar, scatter
from data.schema import Schema, check
from data.terms import HourUnit

SHARES: Schema = {"category": pl.String, "hours": pl.Float64, "share": pl.Float64, "jobs": pl.Int64, "jobs_without_hours": pl.Int64}
"""What the charts read of a frame of `usage.share`."""

MONTHLY_SHARES: Schema = {"month": pl.Date, **SHARES}

LOW_COVERAGE_SHARE = 0.05
"""From this share of jobs with unknown hours on, a bar is hatched."""

NOTHING = "No machine time in this period."

_OFFERED = (("capacity", "Capacity", "solid"), ("union", "Union share", "dash"))


def by_month(shares: pl.DataFrame, *, unit: HourUnit, title: str = "", offered: pl.DataFrame | None = None) -> go.Figure:
    """The machine time of each category in each month as stacked bars, against capacity and the Union's share where `offered` is given.

    Takes the frame of `usage.share` by month and category, and of `usage.capacity_by` by month.
    """
    check(shares, MONTHLY_SHARES)
    if shares.is_empty():
        return theme.words_instead(title, NOTHING)
    months = shares.group_by("month").agg(pl.col("hours").sum()).sort("month")
    limits = limits_by_month(offered, unit)
    tallest = max(_largest(months["hours"]), *(_largest(rows["hours"]) for rows in limits.values()), 0.0)
    factor, prefix = numbers.scale(tallest)
    figure = theme.canvas(title, numbers.axis(prefix, unit), right=130)
    ends, height = {}, 0.0
    for category in theme.in_order(shares["category"]):
        rows = _every_month(shares.filter(category=category), months)
        tops = rows["hours"].fill_null(0).to_numpy() / factor
        figure.add_trace(theme.stacked_bar(category, _sentences(rows, unit, category), x=rows["month"].to_numpy(), y=tops))
        ends[category] = (height + float(tops[-1]) / 2, theme.label(category))
        height += float(tops[-1])
    theme.end_labels(figure, ends, tallest / factor)
    add_limits(figure, limits, unit, factor)
    return figure.update_layout(barmode="stack", bargap=0.25, xaxis=theme.months_axis(months.height), yaxis_rangemode="tozero")


def by_month_summary(shares: pl.DataFrame, *, unit: HourUnit) -> str:
    """The chart of months in words: the span of months, the total and the largest category."""
    check(shares, MONTHLY_SHARES)
    if shares.is_empty():
        return NOTHING
    months = shares["month"].unique().sort()
    span = numbers.month(months[0]) if len(months) == 1 else f"{numbers.month(months[0])} to {numbers.month(months[-1])}"
    totals = shares.group_by("category").agg(pl.col("hours").sum()).sort("hours", "category", descending=[True, False])
    most, whole = totals.row(0, named=True), float(totals["hours"].sum())
    return (
        f"Stacked bars of machine time by user category, {span}: {numbers.machine_time(whole, unit)} in all; "
        f"{_in_a_sentence(most['category'])} received most, {numbers.percent(most['hours'] / whole if whole else None)}."
    )


def by_category(shares: pl.DataFrame, *, unit: HourUnit, title: str = "") -> go.Figure:
    """The machine time of each category as horizontal bars with its amount and share, largest first, hatched where many jobs lack hours.

    Takes the frame of `usage.share` by category.
    """
    check(shares, SHARES)
    if shares.is_empty():
        return theme.words_instead(title, NOTHING)
    rows = shares.sort("hours", "category", descending=[True, False], nulls_last=True)
    factor, prefix = numbers.scale(_largest(rows["hours"]))
    figure = theme.rows_canvas(title, numbers.axis(prefix, unit), rows["category"].to_list(), right=150)
    sparse = ["/" if is_sparse(row) else "" for row in rows.iter_rows(named=True)]
    figure.add_trace(
        bar(
            x=rows["hours"].fill_null(0).to_numpy() / factor,
            y=np.arange(rows.height),
            orientation="h",
            width=0.62,
            marker={
                "color": [theme.style_of(category)[0] for category in rows["category"]],
                "pattern": theme.hatching(sparse),
            },
            text=[_amount_and_share(row) for row in rows.iter_rows(named=True)],
            textposition="outside",
            cliponaxis=False,
            customdata=_sentences(rows, unit),
            hovertemplate=theme.HOVER,
        )
    )
    return figure.update_xaxes(rangemode="tozero")


def by_category_summary(shares: pl.DataFrame, *, unit: HourUnit) -> str:
    """The chart of categories in words: each category's machine time and share, largest first."""
    check(shares, SHARES)
    if shares.is_empty():
        return NOTHING
    rows = shares.sort("hours", "category", descending=[True, False], nulls_last=True)
    parts = [
        f"{_in_a_sentence(row['category'])} {numbers.machine_time(row['hours'], unit)} ({numbers.percent(row['share'])})"
        for row in rows.iter_rows(named=True)
    ]
    return f"Horizontal bars of machine time by user category: {numbers.listed(parts)}."


def _in_a_sentence(category: str) -> str:
    """A category, or the part that is withheld, without a capital in front."""
    return numbers.WITHHELD if category.lower() == numbers.WITHHELD else theme.category_name(category)


def _amount_and_share(row: Mapping[str, Any]) -> str:
    return theme.missing(row) if row["hours"] is None else f"{numbers.amount(row['hours'], '')} ({numbers.percent(row['share'])})"


def _every_month(rows: pl.DataFrame, months: pl.DataFrame) -> pl.DataFrame:
    """The rows of a category with the months in which it used nothing filled in, which is not the same as unknown hours."""
    joined = months.select("month").join(rows, on="month", how="left", validate="1:1").sort("month")
    absent = pl.col("jobs").is_null()
    return joined.with_columns(pl.when(absent).then(0.0).otherwise(pl.col(name)).alias(name) for name in ("hours", "share"))


def limits_by_month(offered: pl.DataFrame | None, unit: HourUnit) -> dict[str, pl.DataFrame]:
    """Capacity and Union share by month, without the months in which they are not known."""
    none = pl.DataFrame(schema={"month": pl.Date, "hours": pl.Float64})
    if offered is None:
        return {whose: none for whose, _, _ in _OFFERED}
    check(offered, {"month": pl.Date, **{f"{whose}_{unit}": pl.Float64 for whose, _, _ in _OFFERED}})
    return {whose: offered.select("month", hours=f"{whose}_{unit}").drop_nulls().sort("month") for whose, _, _ in _OFFERED}


def add_limits(figure: go.Figure, limits: Mapping[str, pl.DataFrame], unit: HourUnit, factor: float) -> None:
    """Draws capacity and the Union's share by month as lines, each with its name at its start."""
    for (_, label, dash), rows in zip(_OFFERED, limits.values(), strict=True):
        _add_limit(figure, rows, unit, factor, label, dash)


def _add_limit(figure: go.Figure, rows: pl.DataFrame, unit: HourUnit, factor: float, label: str, dash: str) -> None:
    if rows.is_empty():
        return
    heights = rows["hours"].to_numpy() / factor
    figure.add_trace(
        scatter(
            name=label,
            x=rows["month"].to_numpy(),
            y=heights,
            mode="lines+markers",
            line={"color": theme.LIMIT, "width": 1.5, "dash": dash},
            marker={"size": 5, "color": theme.LIMIT},
            customdata=[
                f"{label}, {numbers.month(month)}: {numbers.exact(hours)} {numbers.UNIT_WORDS[unit]}" for month, hours in rows.rows()
            ],
            hovertemplate=theme.HOVER,
        )
    )
    figure.add_annotation(theme.small(label, x=rows["month"][0], y=float(heights[0]), yanchor="bottom", xanchor="center", yshift=3))


def _sentences(rows: pl.DataFrame, unit: HourUnit, category: str = "") -> list[str]:
    return [_sentence(row, unit, category or row["category"]) for row in rows.iter_rows(named=True)]


def _sentence(row: Mapping[str, Any], unit: HourUnit, category: str) -> str:
    """SMEs, March 2026: 412,000 GPU-hours, 9.8 % of all; of 3 jobs the hours are not known."""
    who = theme.label(category)
    where = f", {numbers.month(row['month'])}" if "month" in row else ""
    missing = row["jobs_without_hours"]
    note = f"; of {numbers.counted(missing, 'job')} the hours are not known" if missing else ""
    if row["hours"] is None:
        return f"{who}{where}: {theme.missing(row)}{note}"
    return f"{who}{where}: {numbers.exact(row['hours'])} {numbers.UNIT_WORDS[unit]}, {numbers.percent(row['share'])} of all{note}"


def is_sparse(row: Mapping[str, Any]) -> bool:
    """Whether so many jobs of a group lack hours that its bar is hatched."""
    return bool(row["jobs_without_hours"]) and row["jobs_without_hours"] > LOW_COVERAGE_SHARE * max(row["jobs"], 1)


def _largest(values: pl.Series) -> float:
    return max((float(value) for value in values.drop_nulls()), default=0.0)
