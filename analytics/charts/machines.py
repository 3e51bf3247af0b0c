"""The chart that answers how much of each machine was used, and by whom."""

import plotly.graph_objects as go
import polars as pl

from analytics.charts import numbers, theme
from analytics.charts.received import NOTHING
from analytics.usage import ratio
from data.schema import Schema, check
from data.terms import HourUnit

OFFERED: Schema = {
    "system": pl.String,
    "category": pl.String,
    "hours": pl.Float64,
    "capacity_hours": pl.Float64,
    "union_hours": pl.Float64,
}
"""What the chart reads of a frame of `usage.against_capacity` of usage by system and category."""


def by_system(offered: pl.DataFrame, *, unit: HourUnit, title: str = "") -> go.Figure:
    """The machine time of each machine as a share of its capacity, by category, with the Union's share as a dashed mark in each row.

    A machine of unknown size stands there without a bar, and says so.
    """
    check(offered, OFFERED)
    if offered.is_empty():
        return theme.words_instead(title, NOTHING)
    systems = offered["system"].unique().sort().to_list()
    figure = theme.rows_canvas(title, f"% of capacity in {numbers.UNIT_WORDS[unit]}", systems, right=24, legend=True)
    rows = offered.with_columns(
        row=pl.col("system").replace_strict(systems, range(len(systems)), return_dtype=pl.Int64),
        share=ratio(pl.col("hours"), pl.col("capacity_hours")),
        union_share=ratio(pl.col("union_hours"), pl.col("capacity_hours")),
    )
    for category in theme.in_order(rows["category"]):
        part = rows.filter(category=category).sort("row")
        bars = {"x": part["share"].to_numpy() * 100, "y": part["row"].to_numpy(), "orientation": "h", "width": 0.62}
        figure.add_trace(theme.stacked_bar(category, _sentences(part, unit), **bars))
    marks = rows.select("row", pl.col("union_share").round(6)).unique().drop_nulls().sort("row")
    for row, union_share in marks.rows():
        _add_union_share(figure, row, union_share)
    for row, union_share in marks.unique("union_share", keep="first", maintain_order=True).rows():
        text = f"Union share {numbers.percent(union_share)}"
        figure.add_annotation(theme.small(text, x=100 * union_share, y=row, xanchor="left", xshift=5))
    for row in rows.filter(pl.col("capacity_hours").is_null())["row"].unique().sort():
        figure.add_annotation(theme.small("capacity not available", x=0, y=row, xanchor="left", xshift=4))
    return figure.update_layout(barmode="stack", xaxis={"rangemode": "tozero", "ticksuffix": numbers.THIN_SPACE + "%"})


def by_system_summary(offered: pl.DataFrame, *, unit: HourUnit) -> str:
    """The chart of machines in words: how much of each machine's capacity was used."""
    check(offered, OFFERED)
    if offered.is_empty():
        return NOTHING
    used = offered.group_by("system").agg(pl.col("hours").sum(), pl.col("capacity_hours").first())
    shares = used.select("system", ratio(pl.col("hours"), pl.col("capacity_hours"))).sort("system")
    parts = [f"{system} {numbers.percent(share)}" for system, share in shares.rows()]
    return f"Share of the capacity in {numbers.UNIT_WORDS[unit]} that was used on each machine: {numbers.listed(parts)}."


def _sentences(rows: pl.DataFrame, unit: HourUnit) -> list[str]:
    return [
        f"{theme.label(row['category'])}, {theme.safe(row['system'])}: {numbers.exact(row['hours'])} "
        f"{numbers.UNIT_WORDS[unit]}, {numbers.percent(row['share'])} of capacity"
        for row in rows.iter_rows(named=True)
    ]


def _add_union_share(figure: go.Figure, row: int, union_share: float) -> None:
    line = {"color": theme.LIMIT, "width": 2, "dash": "dash"}
    figure.add_shape(type="line", x0=100 * union_share, x1=100 * union_share, y0=row - 0.45, y1=row + 0.45, line=line)
