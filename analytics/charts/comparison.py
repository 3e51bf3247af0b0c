"""The chart that answers what differs between two selections: the share of each group in either, as a dumbbell."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
import polars as pl

from analytics.charts import numbers, theme
from analytics.charts.drawing import scatter
from analytics.charts.received import NOTHING
from analytics.comparison import COMPARED
from data.schema import check
from data.terms import HourUnit

MOST_ROWS = 20


def shares(rows: pl.DataFrame, labels: Mapping[str, str], *, first: str, second: str, unit: HourUnit, title: str = "") -> go.Figure:
    """The share of each group in the first selection (open) and in the second (filled), the largest change on top.

    Takes the frame of `comparison.compared`.
    """
    check(rows, COMPARED)
    known = rows.filter(pl.col("change_share").is_not_null()).head(MOST_ROWS)
    if known.is_empty():
        return theme.words_instead(title, NOTHING)
    names = [labels[group] for group in known["group"]]
    figure = theme.rows_canvas(title, f"% of {numbers.UNIT_WORDS[unit]}", names, right=90, legend=True)
    colours = [theme.style_of(group)[0] if group in theme.COLOURS else theme.NEUTRAL for group in known["group"]]
    for place, row in enumerate(known.iter_rows(named=True)):
        ends = np.array([row["share_first"], row["share_second"]]) * 100
        line = {"color": colours[place], "width": 3}
        figure.add_trace(scatter(x=ends, y=np.full(2, place), mode="lines", line=line, hoverinfo="skip", showlegend=False))
        words = numbers.points(row["change_share"])
        figure.add_annotation(theme.small(words, x=float(max(ends)), y=place, xanchor="left", xshift=12))
    for name, words, symbol in (("share_first", first, "circle-open"), ("share_second", second, "circle")):
        figure.add_trace(
            scatter(
                name=theme.safe(words),
                x=known[name].to_numpy() * 100,
                y=np.arange(known.height),
                mode="markers",
                marker={"color": colours, "symbol": symbol, "size": 12, "line": {"width": 2, "color": colours}},
                customdata=[
                    f"{theme.safe(labels[group])}, {theme.safe(words)}: {numbers.percent(share)} of {numbers.UNIT_WORDS[unit]}"
                    for group, share in known.select("group", name).rows()
                ],
                hovertemplate=theme.HOVER,
            )
        )
    reach = float(known.select(pl.max_horizontal("share_first", "share_second").max()).item()) * 100
    return figure.update_layout(xaxis={"range": theme.from_zero(reach), "ticksuffix": numbers.THIN_SPACE + "%"})


def shares_summary(rows: pl.DataFrame, labels: Mapping[str, str], *, first: str, second: str) -> str:
    """The chart in words: each group's share in either selection."""
    known = check(rows, COMPARED).filter(pl.col("change_share").is_not_null()).head(MOST_ROWS)
    if known.is_empty():
        return NOTHING
    parts = [
        f"{labels[row['group']]} {numbers.percent(row['share_first'])} and {numbers.percent(row['share_second'])}"
        for row in known.iter_rows(named=True)
    ]
    return f"Shares of the machine time in {first} and in {second}: {numbers.listed(parts)}."
