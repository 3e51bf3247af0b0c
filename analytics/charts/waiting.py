"""The chart that answers how long jobs waited."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go
import polars as pl

from analytics.charts import numbers, theme
from analytics.charts.drawing import scatter
from data.schema import Schema, check
from data.units import SECONDS_PER_HOUR, SECONDS_PER_MINUTE

WAITS: Schema = {"jobs": pl.Int64, "median_wait_s": pl.Float64, "p90_wait_s": pl.Float64, "mean_wait_s": pl.Float64}
"""What the chart reads of a frame of `waiting.queue_waits`."""

NO_WAITS = "Waits are not available: the log does not say when jobs were submitted."


def by_group(rows: pl.DataFrame, group: str = "category", *, title: str = "") -> go.Figure:
    """The median wait (filled) and the wait that nine jobs in ten did not exceed (open) of each category or machine.

    Takes the frame of `waiting.queue_waits`. A row without waits says so in words.
    """
    check(rows, {group: pl.String, **WAITS})
    if rows["median_wait_s"].null_count() == rows.height:
        return theme.words_instead(title, theme.none_shown(rows, NO_WAITS))
    names = theme.in_order(rows[group])
    shown = {row[group]: row for row in rows.iter_rows(named=True)}
    longest_s = max(float(value) for value in rows["p90_wait_s"].drop_nulls())
    unit, factor = ("hours", SECONDS_PER_HOUR) if longest_s >= 2 * SECONDS_PER_HOUR else ("minutes", SECONDS_PER_MINUTE)
    quantity = f"Wait in {unit}: median ●, 90th percentile ○"
    figure = theme.rows_canvas(title, quantity, names, right=150)
    for place, name in enumerate(names):
        _add_waits(figure, place, shown[name], name, factor)
    return figure.update_xaxes(range=theme.from_zero(longest_s / factor))


def by_group_summary(rows: pl.DataFrame, group: str = "category") -> str:
    """The chart in words: median and 90th percentile of each row."""
    check(rows, {group: pl.String, **WAITS})
    if rows["median_wait_s"].null_count() == rows.height:
        return NO_WAITS
    shown = {row[group]: row for row in rows.iter_rows(named=True)}
    parts = [
        f"{theme.category_name(name)} {numbers.duration(shown[name]['median_wait_s'])} and {numbers.duration(shown[name]['p90_wait_s'])}"
        for name in theme.in_order(shown)
    ]
    return f"Median wait and the wait that nine jobs in ten did not exceed: {'; '.join(parts)}."


def _add_waits(figure: go.Figure, place: int, row: Mapping[str, Any], name: str, factor: float) -> None:
    if row["median_wait_s"] is None:
        figure.add_annotation(theme.small(theme.missing(row), x=0, y=place, xanchor="left", xshift=4))
        return
    colour = theme.style_of(name)[0] if name in theme.COLOURS else theme.NEUTRAL
    ends = np.array([row["median_wait_s"], row["p90_wait_s"]]) / factor
    sentence = (
        f"{theme.label(name)}: half of {numbers.counted(row['jobs'], 'job')} waited at most "
        f"{numbers.duration(row['median_wait_s'])}, nine in ten at most {numbers.duration(row['p90_wait_s'])}; "
        f"mean {numbers.duration(row['mean_wait_s'])}"
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
                "size": [11, 16],
                "symbol": ["circle", "circle-open"],
                "line": {"color": colour, "width": 2.5},
                "opacity": 1,
            },
            customdata=[sentence, sentence],
            hovertemplate=theme.HOVER,
        )
    )
    label = f"{numbers.duration(row['median_wait_s'])} / {numbers.duration(row['p90_wait_s'])}"
    figure.add_annotation(theme.small(label, x=float(ends[1]), y=place, xanchor="left", xshift=12))
