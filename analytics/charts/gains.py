"""The chart that answers whose demand is unmet, and who would gain most from one percent more machine time."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go
import polars as pl

from analytics.charts import numbers, theme
from analytics.charts.drawing import scatter
from analytics.gains import GAINS
from data.schema import check

NO_DEMAND = "Unmet demand is not available: neither awards nor requests of waiting jobs are known."


def one_percent_more(rows: pl.DataFrame, *, title: str = "") -> go.Figure:
    """How much of its demand each category received (filled), and how much it would with one percent more machine time (open).

    Takes a frame GAINS; who would gain most stands first.
    """
    check(rows, GAINS)
    known = rows.drop_nulls("served").sort("gain", "category", descending=[True, False])
    if known.is_empty():
        return theme.words_instead(title, NO_DEMAND)
    names = known["category"].to_list()
    figure = theme.rows_canvas(title, "% of demand: now ●, with 1 % more hours ○", names, right=150)
    for place, row in enumerate(known.iter_rows(named=True)):
        _add_gain(figure, place, row)
    return figure.update_xaxes(range=theme.from_zero(100.0), ticksuffix=numbers.THIN_SPACE + "%")


def one_percent_more_summary(rows: pl.DataFrame) -> str:
    """The chart in words: each category's demand received, now and with one percent more."""
    check(rows, GAINS)
    known = rows.drop_nulls("served").sort("gain", "category", descending=[True, False])
    if known.is_empty():
        return NO_DEMAND
    parts = [
        f"{theme.category_name(row['category'])} {numbers.percent(row['served'])}, then {numbers.percent(row['served_after'])}"
        for row in known.iter_rows(named=True)
    ]
    return f"Demand received, and with one percent more of the machine time given to that category alone: {'; '.join(parts)}."


def _add_gain(figure: go.Figure, place: int, row: Mapping[str, Any]) -> None:
    colour = theme.style_of(row["category"])[0]
    ends = 100 * np.array([row["served"], row["served_after"]])
    sentence = (
        f"{theme.label(row['category'])}: {numbers.percent(row['served'])} of {numbers.amount(row['node_hours_demanded'], 'node-hours')} "
        f"demanded was received, {numbers.percent(row['served_after'])} with {numbers.amount(row['node_hours_more'], 'node-hours')} more"
    )
    figure.add_trace(
        scatter(
            x=ends,
            y=np.full(2, place),
            mode="lines+markers",
            cliponaxis=False,
            line={"color": colour, "width": 3},
            marker={
                "color": colour,
                "size": [12, 17],
                "symbol": ["circle", "circle-open"],
                "line": {"color": colour, "width": 2.5},
                "opacity": 1,
            },
            customdata=[sentence, sentence],
            hovertemplate=theme.HOVER,
        )
    )
    gain = numbers.points(row["gain"]) if row["node_hours_unmet"] > 0 else "nothing unmet"
    figure.add_annotation(theme.small(gain, x=float(ends[1]), y=place, xanchor="left", xshift=13))
