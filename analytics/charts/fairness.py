"""Charts that answer whether each group received what was due to it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go
import polars as pl

from analytics.charts import numbers, theme
from analytics.charts.drawing import Mark, scatter
from data.schema import Schema, check

DUE_MEASURES: Schema = {
    "hours": pl.Float64,
    "share_received": pl.Float64,
    "share_due": pl.Float64,
    "difference": pl.Float64,
}
"""What the charts read of a frame of `fairness.against_due`."""

DUE: Schema = {"category": pl.String, **DUE_MEASURES}

MOST_ROWS = 20
"""How many participating states are drawn; the table has all."""

MONTHLY_DUE: Schema = {"month": pl.Date, **DUE}

DUE_LINE = "Share due"
"""The name of the dashed line."""

NO_DUE = "No share received or due is known in this period."


def against_due(rows: pl.DataFrame, group: str = "category", *, title: str = "") -> go.Figure:
    """The share each category (or state) received (filled) beside the share due to it (open), joined by a line; largest due first.

    Takes the frame of `fairness.against_due`; of many states the twenty of most due.
    """
    check(rows, {group: pl.String, **DUE_MEASURES})
    if rows.is_empty():
        return theme.words_instead(title, NO_DUE)
    shown = rows.sort("share_due", group, descending=[True, False], nulls_last=True).head(MOST_ROWS)
    names = [_name(row, group) for row in shown.iter_rows(named=True)]
    figure = theme.rows_canvas(title, "% of machine time: due ○, received ●", names)
    for place, row in enumerate(shown.iter_rows(named=True)):
        _add_dumbbell(figure, place, row, names[place])
    largest = max(float(share) for name in ("share_due", "share_received") for share in shown[name].fill_null(0))
    return figure.update_xaxes(range=theme.from_zero(100 * largest), ticksuffix=numbers.THIN_SPACE + "%")


def against_due_summary(rows: pl.DataFrame, group: str = "category") -> str:
    """The dumbbells in words: what each category (or state) received and what was due to it."""
    check(rows, {group: pl.String, **DUE_MEASURES})
    if rows.is_empty():
        return NO_DUE
    shown = rows.sort("share_due", group, descending=[True, False], nulls_last=True).head(MOST_ROWS)
    parts = [
        f"{theme.category_name(_name(row, group))} received {numbers.percent(row['share_received'])}, "
        f"due {numbers.percent(row['share_due'])}"
        for row in shown.iter_rows(named=True)
    ]
    return f"Share of machine time received against the share due: {'; '.join(parts)}."


def over_time(rows: pl.DataFrame, *, title: str = "") -> go.Figure:
    """How far above or below its due each category was in each month, in percentage points; the dashed line is the share due.

    Takes the frames of `fairness.against_due` of each month, with the month in front.
    """
    check(rows, MONTHLY_DUE)
    known = rows.filter(pl.col("difference").is_not_null())
    if known.is_empty():
        return theme.words_instead(title, NO_DUE)
    figure = theme.canvas(title, "Percentage points above or below the share due", right=130)
    theme.limit_line(figure, 0.0, "", axis="y")
    ends = {DUE_LINE: (0.0, DUE_LINE)}
    for category in theme.in_order(known["category"]):
        part = known.filter(category=category).sort("month")
        figure.add_trace(_line(category, part))
        ends[category] = (100 * part["difference"][-1], theme.label(category))
    extent = 100 * (float(known["difference"].to_numpy().max()) - float(known["difference"].to_numpy().min()))
    theme.end_labels(figure, ends, extent, dashed=DUE_LINE)
    return figure.update_xaxes(**theme.months_axis(known["month"].n_unique()))


def over_time_summary(rows: pl.DataFrame) -> str:
    """The lines in words: where each category stood in the last month against its due."""
    check(rows, MONTHLY_DUE)
    known = rows.filter(pl.col("difference").is_not_null())
    if known.is_empty():
        return NO_DUE
    last = known.filter(pl.col("month") == pl.col("month").max()).sort("difference", "category", descending=[True, False])
    parts = [f"{theme.category_name(row['category'])} {numbers.points(row['difference'])}" for row in last.iter_rows(named=True)]
    return (
        f"Difference between the share received and the share due by month; in {numbers.month(last['month'][0])}: {numbers.listed(parts)}."
    )


def index_over_time(rows: pl.DataFrame, index: str, *, name: str, title: str = "") -> go.Figure:
    """One index of inequality between projects by month, broken where it is not defined.

    Takes the frame of `fairness.inequality_by` month, and the column of the index with its name in words.
    """
    check(rows, {"month": pl.Date, "projects": pl.Int64, index: pl.Float64})
    shown = rows.sort("month")
    if shown[index].null_count() == shown.height:
        return theme.words_instead(title, f"{name} is not available: no project has both an award and use in this period.")
    figure = theme.canvas(title, name, height=260)
    sentences = [
        f"{name}, {numbers.month(row['month'])}: {numbers.plain(row[index])}, over {numbers.counted(row['projects'], 'project')}"
        for row in shown.iter_rows(named=True)
    ]
    figure.add_trace(
        scatter(
            x=shown["month"].to_numpy(),
            y=shown[index].to_numpy(),
            mode="lines+markers",
            line={"color": theme.NEUTRAL, "width": 2.5},
            marker={"size": 8, "color": theme.NEUTRAL},
            customdata=sentences,
            hovertemplate=theme.HOVER,
        )
    )
    return figure.update_xaxes(**theme.months_axis(shown.height)).update_yaxes(rangemode="tozero")


def index_over_time_summary(rows: pl.DataFrame, index: str, *, name: str) -> str:
    """The line in words: the index in the first and in the last month in which it is defined."""
    check(rows, {"month": pl.Date, index: pl.Float64})
    known = rows.drop_nulls(index).sort("month")
    if known.is_empty():
        return f"{name} is not available: no project has both an award and use in this period."
    (first, start), (last, end) = known.select("month", index).row(0), known.select("month", index).row(-1)
    return f"{name} by month: {numbers.plain(start)} in {numbers.month(first)}, {numbers.plain(end)} in {numbers.month(last)}."


def _name(row: Mapping[str, Any], group: str) -> str:
    return numbers.country(row[group]) if group == "country" else str(row[group])


def _add_dumbbell(figure: go.Figure, place: int, row: Mapping[str, Any], name: str) -> None:
    colour = theme.style_of(name)[0] if name in theme.COLOURS else theme.NEUTRAL
    who = theme.label(name)
    ends = [100 * row[name] for name in ("share_due", "share_received") if row[name] is not None]
    line = {"color": colour, "width": 3}
    figure.add_trace(scatter(x=np.array(ends), y=np.full(len(ends), place), mode="lines", line=line, hoverinfo="skip"))
    for name, word, symbol, size in (("share_due", "due", "circle-open", 18), ("share_received", "received", "circle", 11)):
        if row[name] is None:
            continue
        figure.add_trace(
            scatter(
                x=np.array([100 * row[name]]),
                y=np.array([place]),
                mode="markers",
                marker={"color": colour, "size": size, "symbol": symbol, "line": {"color": colour, "width": 2.5}},
                cliponaxis=False,
                customdata=[f"{who}: {numbers.percent(row[name])} {word}, {numbers.points(row['difference'])} between the two"],
                hovertemplate=theme.HOVER,
            )
        )
    label = numbers.points(row["difference"]) if row["difference"] is not None else theme.missing(row, "no share set")
    figure.add_annotation(theme.small(label, x=max(ends, default=0), y=place, xanchor="left", xshift=12))


def _line(category: str, rows: pl.DataFrame) -> Mark:
    colour, dash, marker, _ = theme.style_of(category)
    who = theme.label(category)
    sentences = [
        f"{who}, {numbers.month(row['month'])}: received {numbers.percent(row['share_received'])}, due {numbers.percent(row['share_due'])}"
        for row in rows.iter_rows(named=True)
    ]
    return scatter(
        name=who,
        x=rows["month"].to_numpy(),
        y=100 * rows["difference"].to_numpy(),
        mode="lines+markers",
        line={"color": colour, "dash": dash, "width": 2.5},
        marker={"color": colour, "symbol": marker, "size": 8},
        customdata=sentences,
        hovertemplate=theme.HOVER,
    )
