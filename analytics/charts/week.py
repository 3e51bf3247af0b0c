"""The charts that answer when in the week machines are busy, and when electricity is clean: heat maps of day and hour."""

from collections.abc import Callable

import numpy as np
import plotly.graph_objects as go
import polars as pl
from plotly.colors import sequential

from analytics.charts import numbers, theme
from analytics.charts.drawing import heatmap
from data.schema import check

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

SHADES = sequential.Cividis
"""From dark for the least to light for the most."""

NO_HOURS = "Hours are not available: no job in this period tells both its start and how long it ran on how many nodes."
NO_INTENSITY = "Carbon intensity by the hour is not available: bring in an hourly series of the machines' grid zones for this period."


def load(rows: pl.DataFrame, *, title: str = "") -> go.Figure:
    """The share of the nodes at work by day of the week and hour (UTC); the number of nodes where the machines' sizes are not known.

    Takes the frame of `power.week`.
    """
    check(rows, {"weekday": pl.Int64, "hour_of_day": pl.Int64, "nodes_busy": pl.Float64, "share_busy": pl.Float64})
    if rows.is_empty():
        return theme.words_instead(title, NO_HOURS)
    if rows["share_busy"].null_count():
        return _heat(rows, "nodes_busy", title, "Nodes at work", numbers.plain)
    return _heat(rows, "share_busy", title, "% of the nodes at work", numbers.percent)


def intensity(rows: pl.DataFrame, *, title: str = "") -> go.Figure:
    """The carbon intensity of electricity by day of the week and hour (UTC).

    Takes the frame of `power.intensity_week`.
    """
    check(rows, {"weekday": pl.Int64, "hour_of_day": pl.Int64, "intensity_gco2e_per_kwh": pl.Float64})
    if rows.is_empty():
        return theme.words_instead(title, NO_INTENSITY)
    return _heat(rows, "intensity_gco2e_per_kwh", title, "gCO₂e per kWh", numbers.plain)


def load_summary(rows: pl.DataFrame) -> str:
    """The busiest and the quietest hour in words."""
    check(rows, {"weekday": pl.Int64, "hour_of_day": pl.Int64, "nodes_busy": pl.Float64, "share_busy": pl.Float64})
    if rows.is_empty():
        return NO_HOURS
    by_share = not rows["share_busy"].null_count()
    return _summary(rows, "share_busy" if by_share else "nodes_busy", "Nodes at work", numbers.percent if by_share else numbers.plain)


def intensity_summary(rows: pl.DataFrame) -> str:
    """The cleanest and the dirtiest hour in words."""
    check(rows, {"weekday": pl.Int64, "hour_of_day": pl.Int64, "intensity_gco2e_per_kwh": pl.Float64})
    if rows.is_empty():
        return NO_INTENSITY
    return _summary(rows, "intensity_gco2e_per_kwh", "Carbon intensity in gCO₂e per kWh", numbers.plain)


def hour_name(weekday: int, hour: int) -> str:
    """An hour of the week in words.

    >>> hour_name(1, 9)
    'Monday 09:00–10:00 UTC'
    """
    return f"{DAYS[weekday - 1]} {hour:02}:00–{(hour + 1) % 24:02}:00 UTC"


def _heat(rows: pl.DataFrame, value: str, title: str, quantity: str, write: Callable[[float | None], str]) -> go.Figure:
    grid, sentences = np.full((7, 24), np.nan), [[numbers.NOT_AVAILABLE] * 24 for _ in DAYS]
    for weekday, hour, found in rows.select("weekday", "hour_of_day", value).rows():
        grid[weekday - 1, hour] = found
        sentences[weekday - 1][hour] = f"{hour_name(weekday, hour)}: {write(found)}"
    known = rows[value].drop_nulls()
    low, high = float(known.to_numpy().min()), float(known.to_numpy().max())
    figure = theme.canvas(title, f"{quantity}: {write(low)} dark to {write(high)} light", height=220)
    figure.add_trace(
        heatmap(
            x=np.arange(24),
            y=np.arange(7),
            z=grid,
            zmin=low,
            zmax=high if high > low else low + 1,
            colorscale=[[place / (len(SHADES) - 1), shade] for place, shade in enumerate(SHADES)],
            showscale=False,
            xgap=1,
            ygap=1,
            customdata=sentences,
            hovertemplate=theme.HOVER,
        )
    )
    hours = list(range(0, 24, 3))
    figure.update_xaxes(tickvals=hours, ticktext=[f"{hour:02}:00" for hour in hours], tickangle=0, ticks="")
    return figure.update_yaxes(tickvals=list(range(7)), ticktext=[day[:3] for day in DAYS], range=[6.5, -0.5], showgrid=False, ticks="")


def _summary(rows: pl.DataFrame, value: str, what: str, write: Callable[[float | None], str]) -> str:
    known = rows.drop_nulls(value).sort(value, "weekday", "hour_of_day")
    least, most = known.row(0, named=True), known.row(-1, named=True)
    return (
        f"{what} by hour of the week: least {hour_name(least['weekday'], least['hour_of_day'])}, {write(least[value])}; "
        f"most {hour_name(most['weekday'], most['hour_of_day'])}, {write(most[value])}."
    )
