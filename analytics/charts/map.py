"""The map that answers where the users of machine time sit, and where the machines stand."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import polars as pl

from analytics.charts import map_labels, numbers, theme
from analytics.charts.drawing import scatter
from analytics.charts.received import NOTHING
from data.schema import Schema, check
from data.terms import HourUnit

USERS: Schema = {
    "country": pl.String,  # null: not known
    "hours": pl.Float64,
    "share": pl.Float64,
    "jobs": pl.Int64,
    "jobs_without_hours": pl.Int64,
    "projects": pl.Int64,
}
"""What the map reads of the machine time of each country's users."""

MACHINES: Schema = {"machine": pl.String, "city": pl.String, "latitude": pl.Float64, "longitude": pl.Float64, "hours": pl.Float64}
"""Where each machine stands, and the machine time it gave; null: no log of it in the period, or hours that are not known."""

OUTLINES: Schema = {"country": pl.String, "x_km": pl.List(pl.Float64), "y_km": pl.List(pl.Float64)}
"""The outlines of countries around 52° N, 10° E."""

STEPS = ((0.0, "#FEE838"), (0.01, "#CCBB68"), (0.03, "#9B9477"), (0.06, "#666970"), (0.1, "#31446B"))
"""From which share of the machine time on a country has which colour; Cividis, the darker the more."""

FEW_PROJECTS = 3
"""A country with fewer projects is marked, since one of them alone moves its figure."""

WEST_KM, EAST_KM, SOUTH_KM, NORTH_KM = -2600, 2700, -1950, 2350
"""The edges of the map, which are those of its outlines but for the west, where the sea goes on."""

SEA = "rgba(86,160,210,0.13)"
EMPTY = "rgba(127,127,127,0.22)"
BORDER = "rgba(127,127,127,0.75)"
EARTH_KM = 6371.0
CENTRE = (52.0, 10.0)
HEIGHT_PX = 600
HALO, INK = "#FFFFFF", "#0D131A"


def users_and_machines(
    outlines: pl.DataFrame, users: pl.DataFrame, machines: pl.DataFrame, *, unit: HourUnit, title: str = ""
) -> go.Figure:
    """A map of Europe: countries by their users' share of the machine time in Cividis, few projects marked, machines with their names.

    Args:
        outlines: The outlines of countries (frame OUTLINES).
        users: The machine time by country of the users (frame USERS).
        machines: Where the machines stand (frame MACHINES).
        unit: The unit of the hours.
        title: The title.
    """
    check(outlines, OUTLINES)
    check(users, USERS)
    check(machines, MACHINES)
    if users.is_empty():
        return theme.words_instead(title, NOTHING)
    figure = theme.canvas(title, "", height=HEIGHT_PX, legend=True)
    of_country = {row["country"]: row for row in users.iter_rows(named=True)}
    for (country,), part in outlines.group_by("country", maintain_order=True):
        _add_country(figure, part, of_country.get(country), str(country), unit)
    _add_steps(figure)
    _add_few(figure, outlines, users)
    _add_machines(figure, machines, unit)
    hidden = {"visible": False, "showgrid": False}
    figure.add_shape(type="rect", x0=WEST_KM, x1=EAST_KM, y0=SOUTH_KM, y1=NORTH_KM, fillcolor=SEA, line={"width": 0}, layer="below")
    figure.update_layout(xaxis=hidden | {"range": [WEST_KM, EAST_KM], "scaleanchor": "y"}, yaxis=hidden | {"range": [SOUTH_KM, NORTH_KM]})
    return figure


def users_summary(users: pl.DataFrame, *, unit: HourUnit) -> str:
    """The map in words: the countries whose users received most, and what is not known."""
    check(users, USERS)
    known = users.filter(pl.col("country").is_not_null(), pl.col("hours").is_not_null()).sort("hours", "country", descending=[True, False])
    if known.is_empty():
        return NOTHING
    first = [f"{numbers.country(country)} {numbers.percent(share)}" for country, share in known.head(5).select("country", "share").rows()]
    what = f"Map of Europe with the share of {numbers.UNIT_WORDS[unit]} by the users' country"
    return f"{what}: {numbers.listed(first)} lead {numbers.counted(known.height, 'country', 'countries')}."


def finding(users: pl.DataFrame, *, period: str, unit: HourUnit, within: Sequence[str] = ()) -> str:
    """Where the users sit who received most, and of which part of the machine time that is not known."""
    check(users, USERS)
    known = users.filter(pl.col("country").is_not_null(), pl.col("share").is_not_null()).sort("share", "country", descending=[True, False])
    if known.is_empty():
        return f"In which countries the users of {period} sit is not known."
    of = f"{numbers.UNIT_WORDS[unit]}{f' of {numbers.listed(within)}' if within else ''}"
    first, *others = [
        f"{numbers.country(country)}{joint}{numbers.percent(share)}"
        for (country, share), joint in zip(
            known.head(3).select("country", "share").rows(), (f" received most {of}, ", " ", " "), strict=False
        )
    ]
    then = f", then {numbers.listed(others)}" if others else ""
    return f"Users in {first}{then}; users sit in {numbers.counted(known.height, 'country', 'countries')}."


def not_drawn(outlines: pl.DataFrame, users: pl.DataFrame, machines: pl.DataFrame) -> list[str]:
    """What the map cannot show: machine time of unknown country or of countries beyond its edge, and machines of unknown place."""
    drawn = set(outlines["country"])
    unknown = users.filter(pl.col("country").is_null())
    beyond = users.filter(pl.col("country").is_not_null() & ~pl.col("country").is_in(drawn)).sort("country")
    said = []
    if unknown.height:
        share = unknown["share"].item()
        part = "" if share is None else f"{numbers.percent(share)} of the machine time, "
        said.append(f"Not on the map: {part}{numbers.counted(int(unknown['jobs'].item()), 'job')} of projects whose country is not known.")
    if beyond.height:
        listed = [f"{numbers.country(country)} {numbers.percent(share)}" for country, share in beyond.select("country", "share").rows()]
        said.append(f"Beyond its edge: {numbers.listed(listed)}.")
    nowhere = machines.filter(pl.col("latitude").is_null())["machine"].to_list()
    if nowhere:
        said.append(f"Machines whose place is not known: {numbers.listed(nowhere)}.")
    return said


def placed_km(latitude: float, longitude: float) -> tuple[float, float]:
    """A place in Lambert's azimuthal equal-area projection around 52° N, 10° E, on a sphere: kilometres east and north.

    >>> placed_km(52.0, 10.0)
    (0.0, 0.0)
    >>> [round(km) for km in placed_km(64.23, 27.73)]
    [851, 1466]
    """
    north, east = math.radians(latitude), math.radians(longitude - CENTRE[1])
    middle = math.radians(CENTRE[0])
    cos = math.sin(middle) * math.sin(north) + math.cos(middle) * math.cos(north) * math.cos(east)
    factor = EARTH_KM * math.sqrt(2 / (1 + cos))
    y = math.cos(middle) * math.sin(north) - math.sin(middle) * math.cos(north) * math.cos(east)
    return factor * math.cos(north) * math.sin(east), factor * y


def _add_country(figure: go.Figure, outlines: pl.DataFrame, row: Mapping[str, Any] | None, country: str, unit: HourUnit) -> None:
    words = _sentence(country, row, unit)
    figure.add_trace(
        scatter(
            name=theme.safe(numbers.country(country)),
            x=_joined(outlines["x_km"]),
            y=_joined(outlines["y_km"]),
            mode="lines",
            fill="toself",
            fillcolor=_colour(row),
            line={"color": BORDER, "width": 0.7},
            hoveron="fills",
            hoverinfo="text",
            text=words,
            showlegend=False,
        )
    )


def _add_steps(figure: go.Figure) -> None:
    """The colours and their meaning, as a legend."""
    bounds = [lower for lower, _ in STEPS] + [None]
    for place, (lower, colour) in enumerate(STEPS):
        upper = bounds[place + 1]
        words = f"{numbers.percent(lower)} to {numbers.percent(upper)}" if upper is not None else f"{numbers.percent(lower)} and more"
        _add_sample(figure, words if lower else f"up to {numbers.percent(upper)}", {"symbol": "square", "color": colour, "size": 12})


def _add_few(figure: go.Figure, outlines: pl.DataFrame, users: pl.DataFrame) -> None:
    few = set(users.filter(pl.col("projects") < FEW_PROJECTS)["country"].drop_nulls())
    places = [_middle(outlines.filter(country=country)) for country in sorted(few & set(outlines["country"]))]
    if places:
        marker = {"symbol": "circle-open", "color": theme.OVER, "size": 9}
        marker["line"] = {"width": 2, "color": theme.OVER}
        words = f"fewer than {FEW_PROJECTS} projects"
        xs, ys = (np.array(values) for values in zip(*places, strict=True))
        figure.add_trace(scatter(name=words, x=xs, y=ys, mode="markers", marker=marker, hoverinfo="skip", showlegend=True))


def _add_machines(figure: go.Figure, machines: pl.DataFrame, unit: HourUnit) -> None:
    rows = [row for row in machines.sort("latitude", descending=True).iter_rows(named=True) if row["latitude"] is not None]
    places = [placed_km(row["latitude"], row["longitude"]) for row in rows]
    for logged in (True, False):
        part = [place for place, row in enumerate(rows) if (row["hours"] is not None) == logged]
        if part:
            figure.add_trace(
                scatter(
                    name="machine" if logged else "machine without a log here",
                    x=np.array([places[k][0] for k in part]),
                    y=np.array([places[k][1] for k in part]),
                    mode="markers",
                    marker={
                        "symbol": "diamond" if logged else "diamond-open",
                        "size": 11,
                        "color": theme.OVER,
                        "line": {"width": 1.5, "color": HALO if logged else theme.OVER},
                    },
                    customdata=[_machine_sentence(rows[k], unit) for k in part],
                    hovertemplate=theme.HOVER,
                    showlegend=True,
                )
            )
    for row, place, side in zip(rows, places, map_labels.sides([row["machine"] for row in rows], places), strict=True):
        _add_label(figure, theme.safe(row["machine"]), place, side)


def _add_label(figure: go.Figure, words: str, place: tuple[float, float], side: map_labels.Side) -> None:
    """A name with a light rim, so that it can be read on every colour and on both themes."""
    anchors = {"x": place[0], "y": place[1], "xanchor": side.xanchor, "yanchor": side.yanchor}
    for dx, dy, colour in ((-1, 0, HALO), (1, 0, HALO), (0, -1, HALO), (0, 1, HALO), (0, 0, INK)):
        label = theme.small(words, **anchors, xshift=side.xshift + dx, yshift=side.yshift + dy)
        figure.add_annotation(label | {"font": label["font"] | {"color": colour}})


def _add_sample(figure: go.Figure, words: str, marker: dict[str, Any]) -> None:
    figure.add_trace(scatter(name=words, x=[None], y=[None], mode="markers", marker=marker, hoverinfo="skip", showlegend=True))


def _joined(parts: Iterable[Sequence[float]]) -> np.ndarray[Any, Any]:
    """Outlines one after the other, closed, with a gap between."""
    values = [value for part in parts for value in (*part, part[0], float("nan"))]
    return np.array(values[:-1])


def _middle(outlines: pl.DataFrame) -> tuple[float, float]:
    """The middle of the largest outline of a country."""
    x, y = max(outlines.select("x_km", "y_km").rows(), key=lambda row: (max(row[0]) - min(row[0])) * (max(row[1]) - min(row[1])))
    return float(np.mean(x)), float(np.mean(y))


def _colour(row: Mapping[str, Any] | None) -> str:
    if row is None or row["share"] is None:
        return EMPTY
    return next(colour for lower, colour in reversed(STEPS) if row["share"] >= lower)


def _sentence(country: str, row: Mapping[str, Any] | None, unit: HourUnit) -> str:
    """Finland: 412,000 node-hours of its users' 12 projects, 9.8 % of all."""
    name = theme.safe(numbers.country(country))
    if row is None:
        return f"{name}: no machine time of its users in these logs"
    of = f"of its users' {numbers.counted(row['projects'], 'project')}"
    if row["hours"] is None:
        return f"{name}: machine time {of} is {numbers.NOT_AVAILABLE}"
    missing = f"; of {numbers.counted(row['jobs_without_hours'], 'job')} the hours are not known" if row["jobs_without_hours"] else ""
    return f"{name}: {numbers.exact(row['hours'])} {numbers.UNIT_WORDS[unit]} {of}, {numbers.percent(row['share'])} of all{missing}"


def _machine_sentence(row: Mapping[str, Any], unit: HourUnit) -> str:
    where = f"{theme.safe(row['machine'])}, {theme.safe(row['city'] or '')}".rstrip(", ")
    if row["hours"] is None:
        return f"{where}: no hours known in this selection"
    return f"{where}: gave {numbers.exact(row['hours'])} {numbers.UNIT_WORDS[unit]}"
