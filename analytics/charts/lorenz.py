"""The chart that answers how unequally projects were served: Lorenz curves."""

import numpy as np
import plotly.graph_objects as go
import polars as pl
from numpy.typing import NDArray

from analytics.charts import numbers, theme
from analytics.charts.drawing import Mark, scatter
from analytics.gains import LORENZ
from data.schema import check

Numbers = NDArray[np.float64]

NO_CURVE = "How unequally projects were served is not available: no project has both an award and use in this period."

_ALL_WIDTH, _ONE_WIDTH = 3.5, 2


def curves(rows: pl.DataFrame, *, title: str = "", missing: str = NO_CURVE) -> go.Figure:
    """The Lorenz curve of all projects (thick) and of each category, below the dashed line on which all would be served alike.

    Takes a frame LORENZ.
    """
    check(rows, LORENZ)
    if rows.is_empty():
        return theme.words_instead(title, missing)
    figure = theme.canvas(title, "% of what all projects received", height=340, right=130, legend=False)
    figure.add_trace(
        _line(np.array([0.0, 100.0]), np.array([0.0, 100.0]), theme.LIMIT, "dash", 1.5, "all served alike", ["all served alike"] * 2)
    )
    ends = {}
    for category in [None, *theme.in_order(rows["category"].drop_nulls())]:
        part = rows.filter(pl.col("category").eq_missing(category)).sort("projects_share")
        if part.is_empty():
            continue
        colour, dash = (theme.NEUTRAL, "solid") if category is None else theme.style_of(category)[:2]
        name = "All projects" if category is None else theme.label(category)
        sentences = [
            f"{name}: the {numbers.percent(people)} least served have {numbers.percent(received)}"
            for people, received in part.select("projects_share", "received_share").rows()
        ]
        x, y = 100 * part["projects_share"].to_numpy(), 100 * part["received_share"].to_numpy()
        figure.add_trace(_line(x, y, colour, dash, _ALL_WIDTH if category is None else _ONE_WIDTH, name, sentences))
        ends[name] = (colour, name)
    figure.add_annotation(theme.small("all served alike", x=46, y=52, xanchor="right", yanchor="bottom"))
    _legend(figure, list(ends.values()))
    percent = {"ticksuffix": numbers.THIN_SPACE + "%", "range": [0, 100]}
    figure.update_xaxes(title={"text": "% of the projects, least served first", "standoff": 6}, **percent)
    return figure.update_yaxes(**percent).update_layout(margin_b=46)


def curves_summary(rows: pl.DataFrame, missing: str = NO_CURVE) -> str:
    """The curves in words: what the less well served half of the projects received."""
    check(rows, LORENZ)
    if rows.is_empty():
        return missing
    parts = []
    for category in [None, *theme.in_order(rows["category"].drop_nulls())]:
        part = rows.filter(pl.col("category").eq_missing(category), pl.col("projects_share") <= 0.5)
        reached = part["received_share"].max()
        name = "all projects" if category is None else theme.category_name(category)
        if isinstance(reached, float):
            parts.append(f"{name} {numbers.percent(reached)}")
    return f"Lorenz curves; of what a group received, its less well served half has: {numbers.listed(parts)}."


def _line(x: Numbers, y: Numbers, colour: str, dash: str, width: float, name: str, sentences: list[str]) -> Mark:
    return scatter(
        name=name,
        x=x,
        y=y,
        mode="lines",
        line={"color": colour, "dash": dash, "width": width},
        customdata=sentences,
        hovertemplate=theme.HOVER,
    )


def _legend(figure: go.Figure, entries: list[tuple[str, str]]) -> None:
    """Names beside the curves, one below the other, since all curves end at the same point."""
    for place, (colour, name) in enumerate(entries):
        mark = f'<span style="color:{colour}">■</span> '
        figure.add_annotation(
            x=1, xref="paper", xanchor="left", xshift=8, y=1 - 0.07 * place, yref="paper", yanchor="top", text=mark + name, showarrow=False
        )
