"""The chart that answers what moving flexible work could save at most: by the hour, by the day, by the site."""

import numpy as np
import plotly.graph_objects as go
import polars as pl

from analytics.charts import numbers, theme
from analytics.charts.drawing import bar
from data.schema import Schema, check

MOVES: Schema = {
    "move": pl.String,  # what is moved, in words
    "emissions_kgco2e": pl.Float64,  # of the energy of which the move is known
    "saved_kgco2e": pl.Float64,
    "saved_share": pl.Float64,
    "why_not": pl.String,  # why it is not available; empty where it is
}

NO_MOVES = "What moving work could save is not available."


def at_most(rows: pl.DataFrame, *, title: str = "") -> go.Figure:
    """The most that each kind of move could have saved, as a share of the emissions of the energy it looks at.

    Takes a frame MOVES; a move that cannot be told says why.
    """
    check(rows, MOVES)
    rows = rows.sort("move")
    if rows.is_empty() or rows["saved_share"].null_count() == rows.height:
        reasons = [f"{theme.sentence_case(reason)}." for reason in dict.fromkeys(rows["why_not"])]
        return theme.words_instead(title, " ".join([NO_MOVES, *reasons]))
    figure = theme.rows_canvas(title, "% of emissions, at most", rows["move"].to_list(), right=140)
    shares = 100 * rows["saved_share"].fill_null(0).to_numpy()
    sentences = [
        f"{row['move']}: at most {numbers.emissions(row['saved_kgco2e'])} of {numbers.emissions(row['emissions_kgco2e'])}"
        if row["saved_share"] is not None
        else f"{row['move']}: {numbers.NOT_AVAILABLE}, {row['why_not']}"
        for row in rows.iter_rows(named=True)
    ]
    bars = {"color": theme.NEUTRAL, "opacity": 0.6, "pattern": theme.hatching("/")}
    places = np.arange(rows.height)
    figure.add_trace(bar(x=shares, y=places, orientation="h", width=0.55, marker=bars, customdata=sentences, hovertemplate=theme.HOVER))
    for place, row in enumerate(rows.iter_rows(named=True)):
        known = row["saved_share"] is not None
        label = f"{numbers.percent(row['saved_share'])}, {numbers.emissions(row['saved_kgco2e'])}" if known else numbers.NOT_AVAILABLE
        figure.add_annotation(theme.small(label, x=float(shares[place]), y=place, xanchor="left", xshift=8))
    return figure.update_xaxes(rangemode="tozero", ticksuffix=numbers.THIN_SPACE + "%")


def at_most_summary(rows: pl.DataFrame) -> str:
    """The bars in words."""
    check(rows, MOVES)
    if rows.is_empty():
        return NO_MOVES
    parts = [
        f"{row['move']} {numbers.percent(row['saved_share'])}" + (f" ({row['why_not']})" if row["saved_share"] is None else "")
        for row in rows.sort("move").iter_rows(named=True)
    ]
    return f"Most emissions that moving flexible work could have saved: {'; '.join(parts)}."
