"""The chart that answers which limits hold a recommended split back, and what it would bring to loosen each a little."""

import numpy as np
import plotly.graph_objects as go
import polars as pl

from analytics.charts import numbers, theme
from analytics.charts.drawing import bar
from data.schema import Schema, check

BINDING: Schema = {"name": pl.String, "price": pl.Float64, "unit": pl.String, "gain": pl.Float64}
"""One row a limit that binds: its name in words, its shadow price and the unit of that, and the relative gain of 1 % more room."""

MOST_ROWS = 12
"""How many limits are drawn, the keenest; the summary counts all."""

NOTHING_BINDS = "No limit binds: none would be worth more if it gave way."


def by_gain(binding: pl.DataFrame, *, title: str = "") -> go.Figure:
    """By how much everybody's satisfaction would rise if each limit were one per cent looser, the keenest first.

    Takes the `binding` frame of a recommendation; pass names as people say them.
    """
    rows = _keenest(binding).head(MOST_ROWS)
    if rows.is_empty():
        return theme.words_instead(title, NOTHING_BINDS)
    figure = theme.rows_canvas(title, "% more satisfaction if the limit were 1 % looser", [_shortened(name) for name in rows["name"]])
    shown = [(row["name"], numbers.percent(row["gain"]), numbers.plain(row["price"]), row["unit"]) for row in rows.iter_rows(named=True)]
    figure.add_trace(
        bar(
            x=100 * rows["gain"].to_numpy(),
            y=np.arange(rows.height),
            orientation="h",
            width=0.62,
            marker={"color": theme.NEUTRAL},
            text=[gain for _, gain, _, _ in shown],
            textposition="outside",
            cliponaxis=False,
            customdata=[theme.safe(f"{name}: {gain} for 1 % more room; price {price} per {unit}") for name, gain, price, unit in shown],
            hovertemplate=theme.HOVER,
        )
    )
    return figure.update_xaxes(rangemode="tozero")


def by_gain_summary(binding: pl.DataFrame) -> str:
    """The chart in words: how many limits bind, and the keenest."""
    rows = _keenest(binding)
    if rows.is_empty():
        return NOTHING_BINDS
    keenest, gain = rows.select("name", "gain").row(0)
    bind = "limit binds" if rows.height == 1 else "limits bind"
    return f"{numbers.exact(rows.height)} {bind}; the keenest is {keenest}, where 1 % more room would bring {numbers.percent(gain)} more."


def _keenest(binding: pl.DataFrame) -> pl.DataFrame:
    check(binding, BINDING)
    return binding.filter(pl.col("gain") > 0).sort("gain", "name", descending=[True, False])


def _shortened(name: str) -> str:
    return name if len(name) <= 40 else name[:39] + "…"
