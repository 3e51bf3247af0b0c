"""The chart that answers which limits bind, and what each would be worth if it gave way a little."""

import numpy as np
import plotly.graph_objects as go
import polars as pl

from analytics.charts import numbers, theme
from data.schema import Schema, check

PRICES: Schema = {"name": pl.String, "price": pl.Float64, "unit": pl.String, "slack": pl.Float64}
"""One row a limit of a solution: its shadow price, the price's unit, and how much of the limit is left."""

MOST_ROWS = 12
"""How many limits are drawn, the dearest; the summary counts the others."""


def by_limit(prices: pl.DataFrame, *, unit: str, title: str = "") -> go.Figure:
    """The shadow prices of the limits that bind, dearest first, among those priced in this unit."""
    rows = binding(prices, unit).head(MOST_ROWS)
    if rows.is_empty():
        return theme.words_instead(title, "No limit binds: none would be worth more if it gave way.")
    names = [_shortened(name) for name in rows["name"]]
    figure = theme.rows_canvas(title, theme.safe(unit), names, right=100)
    figure.add_trace(
        go.Bar(
            x=rows["price"].to_numpy(),
            y=np.arange(rows.height),
            orientation="h",
            width=0.62,
            marker={"color": theme.NEUTRAL},
            text=[numbers.plain(price) for price in rows["price"]],
            textposition="outside",
            cliponaxis=False,
            customdata=[
                f"{theme.safe(name)}: {numbers.plain(price)} {theme.safe(unit)}" for name, price in rows.select("name", "price").rows()
            ],
            hovertemplate=theme.HOVER,
        )
    )
    return figure.update_xaxes(rangemode="tozero")


def by_limit_summary(prices: pl.DataFrame, *, unit: str) -> str:
    """The chart in words: how many limits bind, and the dearest."""
    rows = binding(prices, unit)
    if rows.is_empty():
        return "No limit binds: none would be worth more if it gave way."
    dearest, price = rows.select("name", "price").row(0)
    bind = "limit binds" if rows.height == 1 else "limits bind"
    return f"{numbers.exact(rows.height)} {bind}; the dearest is {dearest} at {numbers.plain(price)} {unit}."


def binding(prices: pl.DataFrame, unit: str) -> pl.DataFrame:
    """The limits priced in this unit above nothing, dearest first."""
    check(prices, PRICES)
    return prices.filter(pl.col("unit") == unit, pl.col("price") > 0).sort("price", "name", descending=[True, False])


def _shortened(name: str) -> str:
    return name if len(name) <= 40 else name[:39] + "…"
