"""Charts that answer how many hours of a quota are left, and whether they last."""

from datetime import date

import numpy as np
import plotly.graph_objects as go
import polars as pl

from analytics.charts import numbers, theme
from analytics.charts.drawing import Mark, scatter
from analytics.quota_burn import BURN_DOWN
from data.schema import check
from data.terms import HourUnit

NO_USE = "What the project used of its quota is not known, so nothing can be drawn."

BAND_OPACITY = 0.2


def burn_down(rows: pl.DataFrame, *, category: str, unit: HourUnit, ends: date | None = None, title: str = "") -> go.Figure:
    """The hours left of a quota: so far as a line, to come dashed within a band, beside the even way from all hours to none.

    Args:
        rows: Frame BURN_DOWN.
        category: The user category of the project, for its colour.
        unit: The unit of the hours.
        ends: The first day that no longer belongs to the quota.
        title: What is drawn.
    """
    if check(rows, BURN_DOWN).is_empty():
        return theme.words_instead(title, NO_USE)
    factor, prefix = numbers.scale(float(rows["left_hours"][0]))
    figure = theme.canvas(title, f"{numbers.axis(prefix, unit)} left; dotted: used evenly", height=320, right=96)
    past, ahead = rows.filter(~pl.col("is_forecast")), rows.filter("is_forecast")
    colour = theme.style_of(category)[0]
    if ahead.height:
        figure.add_trace(_band(ahead, colour, factor))
    if ends is not None:
        figure.add_trace(_even(past, ends, factor))
        theme.limit_line(figure, 0.0, "", axis="y")
        figure.add_shape(type="line", x0=ends, x1=ends, y0=0, y1=1, yref="paper", line={"color": theme.LIMIT, "width": 1, "dash": "dash"})
        figure.add_annotation(theme.small("end", x=ends, y=1, yref="paper", yanchor="bottom", yshift=4))
    figure.add_trace(_line(past, colour, factor, unit, "solid"))
    labels = [(past, "now" if ahead.height else "left")]
    if ahead.height:
        figure.add_trace(_line(ahead, colour, factor, unit, "dash"))
        labels = [(ahead, "forecast")]
    for part, words in labels:
        figure.add_annotation(theme.small(words, x=part["day"][-1], y=part["left_hours"][-1] / factor, xanchor="left", xshift=6))
    return figure.update_xaxes(tickformat="%b<br>%Y", tickangle=0, nticks=6)


def burn_down_summary(rows: pl.DataFrame, unit: HourUnit) -> str:
    """The burn-down in words: what is left, and what will be left at the end."""
    if check(rows, BURN_DOWN).is_empty():
        return NO_USE
    past, ahead = rows.filter(~pl.col("is_forecast")), rows.filter("is_forecast")
    now = f"Of {numbers.machine_time(past['left_hours'][0], unit)}, {_left(past['left_hours'][-1], unit)} on {numbers.day(past['day'][-1])}"
    if ahead.is_empty():
        return now + "."
    low, high = (_left(ahead[name][-1], unit) for name in ("left_low_hours", "left_high_hours"))
    return f"{now}; by forecast {_left(ahead['left_hours'][-1], unit)} on {numbers.day(ahead['day'][-1])}, between {low} and {high}."


def _left(hours: float, unit: HourUnit) -> str:
    return f"{numbers.machine_time(hours, unit)} left" if hours >= 0 else f"{numbers.machine_time(-hours, unit)} too few"


def _band(ahead: pl.DataFrame, colour: str, factor: float) -> Mark:
    days = pl.concat([ahead["day"], ahead["day"].reverse()])
    edge = pl.concat([ahead["left_high_hours"], ahead["left_low_hours"].reverse()])
    return scatter(
        x=days.to_numpy(),
        y=edge.to_numpy() / factor,
        mode="lines",
        line={"width": 0, "color": colour},
        fill="toself",
        fillcolor=colour,
        opacity=BAND_OPACITY,
        hoverinfo="skip",
    )


def _even(past: pl.DataFrame, ends: date, factor: float) -> Mark:
    """The straight way from all hours on the first day to none on the last."""
    days = pl.Series([past["day"][0], ends])
    sentences = ["All hours", "None left, had they been used evenly"]
    line = {"color": theme.LIMIT, "width": 1, "dash": "dot"}
    hours = np.array([past["left_hours"][0] / factor, 0.0])
    return scatter(x=days.to_numpy(), y=hours, mode="lines", line=line, customdata=sentences, hovertemplate=theme.HOVER)


def _line(rows: pl.DataFrame, colour: str, factor: float, unit: HourUnit, dash: str) -> Mark:
    foreseen = dash != "solid"
    sentences = [
        f"{numbers.day(day)}: {'by forecast ' if foreseen else ''}{_left(hours, unit)}"
        for day, hours in rows.select("day", "left_hours").rows()
    ]
    return scatter(
        x=rows["day"].to_numpy(),
        y=rows["left_hours"].to_numpy() / factor,
        mode="lines",
        line={"color": colour, "width": 2, "dash": dash},
        customdata=sentences,
        hovertemplate=theme.HOVER,
    )
