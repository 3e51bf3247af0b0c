"""Charts of the machine time of any groups: over time as stacked bars, lines or small multiples, and side by side as bars."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import numpy as np
import plotly.graph_objects as go
import polars as pl

from analytics.charts import numbers, theme
from analytics.charts.drawing import Mark, bar, scatter
from analytics.charts.received import NOTHING, add_limits, is_sparse, limits_by_month
from analytics.groups import GROUPED, GROUPED_OVER_TIME, OTHERS
from data.schema import check
from data.terms import HourUnit

SHADES = ("#4A69A5", "#8A99BC", "#767676", "#9A9060", "#C2AA3C", "#E3C800")
"""Colours of groups that are no user categories, from blue to yellow as in Cividis, seen on a light and on a dark page."""

OTHERS_COLOUR = "#B9BEC6"
LONGEST_NAME = 30
"""How many signs of a name stand beside a chart; the whole name is in the hover text and in the numbers."""

PANELS_ACROSS = 3
PANEL_PX, PANEL_GAP, PANEL_NAME_PX = 185, 0.06, 24


class Form(StrEnum):
    """How machine time over time is drawn."""

    STACKED = "stacked"
    LINES = "lines"
    PANELS = "panels"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One group over time, as it is drawn."""

    name: str
    """Its name, made harmless."""
    times: Any
    """The months or quarters."""
    values: pl.Series
    """What is drawn, unknown where it is not known."""
    sentences: list[str]
    """The sentence of each of its marks."""
    style: tuple[str, str, str, str]
    """Its colour, dash, marker and pattern."""


def over_time(
    rows: pl.DataFrame,
    labels: Mapping[str, str],
    *,
    form: Form,
    as_share: bool,
    unit: HourUnit,
    title: str = "",
    offered: pl.DataFrame | None = None,
) -> go.Figure:
    """The machine time of each group over time, as amounts or as shares of each time.

    Args:
        rows: A frame GROUPED_OVER_TIME, groups in the order in which they are drawn.
        labels: The words for each group.
        form: Stacked bars, lines, or one small chart a group.
        as_share: Whether shares are drawn.
        unit: The unit of hours.
        title: The title.
        offered: Capacity and Union share by month, for stacked amounts (frame of `usage.capacity_by`).
    """
    check(rows, GROUPED_OVER_TIME)
    if rows.is_empty():
        return theme.words_instead(title, NOTHING)
    times = rows.select("time").unique().sort("time")
    groups = list(dict.fromkeys(rows["group"]))
    limits = limits_by_month(None if as_share or form is not Form.STACKED else offered, unit)
    factor, quantity = _scale(rows, form, as_share, unit, [float(value) for line in limits.values() for value in line["hours"]])
    value = "share" if as_share else "hours"
    series = [_series(rows.filter(group=group), times, value, factor, labels, place, unit) for place, group in enumerate(groups)]
    if form is Form.PANELS:
        return _panels(series, quantity, title)
    figure = theme.canvas(title, quantity, right=150)
    if form is Form.STACKED:
        add_limits(figure, limits, unit, factor)
        _stack(figure, series, [float(value) / factor for line in limits.values() for value in line["hours"]])
        figure.update_layout(barmode="stack", bargap=0.25)
    else:
        _lines(figure, series)
    return figure.update_layout(xaxis=theme.months_axis(_months(times)), yaxis_rangemode="tozero")


def side_by_side(rows: pl.DataFrame, labels: Mapping[str, str], *, unit: HourUnit, title: str = "") -> go.Figure:
    """The machine time of each group as horizontal bars with amount and share, largest first, hatched where many jobs lack hours.

    Takes a frame GROUPED.
    """
    check(rows, GROUPED)
    if rows.is_empty():
        return theme.words_instead(title, NOTHING)
    factor, prefix = numbers.scale(max((float(value) for value in rows["hours"].drop_nulls()), default=0.0))
    figure = theme.rows_canvas(title, numbers.axis(prefix, unit), [_short(labels[group]) for group in rows["group"]], right=150)
    known = [group in theme.COLOURS for group in rows["group"]]
    figure.add_trace(
        bar(
            x=rows["hours"].fill_null(0).to_numpy() / factor,
            y=np.arange(rows.height),
            orientation="h",
            width=0.62,
            marker={
                "color": [
                    theme.style_of(group)[0] if of_category else OTHERS_COLOUR if group == OTHERS else theme.NEUTRAL
                    for group, of_category in zip(rows["group"], known, strict=True)
                ],
                "pattern": theme.hatching(["/" if is_sparse(row) else "" for row in rows.iter_rows(named=True)]),
            },
            text=[
                numbers.NOT_AVAILABLE if hours is None else f"{numbers.amount(hours, '')} ({numbers.percent(share)})"
                for hours, share in rows.select("hours", "share").rows()
            ],
            textposition="outside",
            cliponaxis=False,
            customdata=[_sentence(row, labels, unit) for row in rows.iter_rows(named=True)],
            hovertemplate=theme.HOVER,
        )
    )
    return figure.update_xaxes(rangemode="tozero")


def summary(rows: pl.DataFrame, labels: Mapping[str, str], *, unit: HourUnit, what: str) -> str:
    """A chart of groups in words, from a frame GROUPED: each group's machine time and share, largest first."""
    check(rows, GROUPED)
    if rows.is_empty():
        return NOTHING
    parts = [
        f"{labels[group]} {numbers.machine_time(hours, unit)} ({numbers.percent(share)})"
        for group, hours, share in rows.select("group", "hours", "share").rows()
    ]
    return f"{what}: {numbers.listed(parts)}."


def _scale(rows: pl.DataFrame, form: Form, as_share: bool, unit: HourUnit, limits: list[float]) -> tuple[float, str]:
    """What amounts are divided by, and the words at the axis."""
    if as_share:
        return 0.01, f"% of {numbers.UNIT_WORDS[unit]}"
    if form is Form.STACKED:
        limits = limits + [float(value) for value in rows.group_by("time").agg(pl.col("hours").sum())["hours"]]
    factor, prefix = numbers.scale(max([*limits, *(float(value) for value in rows["hours"].drop_nulls())], default=0.0))
    return factor, numbers.axis(prefix, unit)


def _series(
    rows: pl.DataFrame, times: pl.DataFrame, value: str, factor: float, labels: Mapping[str, str], place: int, unit: HourUnit
) -> Series:
    """A group with the times in which it used nothing filled in, which is not the same as unknown hours."""
    group = str(rows["group"][0])
    joined = times.join(rows, on="time", how="left", validate="1:1").sort("time")
    absent = pl.col("jobs").is_null()
    filled = joined.with_columns(pl.when(absent).then(0.0).otherwise(pl.col(name)).alias(name) for name in ("hours", "share"))
    every = filled.with_columns(pl.col("jobs", "jobs_without_hours").fill_null(0), pl.col("group").fill_null(group))
    return Series(
        name=_short(labels[group]),
        times=every["time"].to_numpy(),
        values=every[value] / factor,
        sentences=[_sentence(row, labels, unit) for row in every.iter_rows(named=True)],
        style=_style(group, place),
    )


def _stack(figure: go.Figure, series: Sequence[Series], limits: Sequence[float]) -> None:
    ends, height = [], 0.0
    for each in series:
        tops = each.values.fill_null(0).to_numpy()
        figure.add_trace(_bar(each, marker={"color": each.style[0], "pattern": theme.hatching(each.style[3])}))
        ends.append(height + float(tops[-1]) / 2)
        height += float(tops[-1])
    totals = np.sum([each.values.fill_null(0).to_numpy() for each in series], axis=0)
    _end_labels(figure, series, ends, float(max([*totals, *limits])))


def _lines(figure: go.Figure, series: Sequence[Series]) -> None:
    for each in series:
        colour, dash, marker, _ = each.style
        figure.add_trace(
            scatter(
                name=each.name,
                x=each.times,
                y=each.values.to_numpy(),
                mode="lines+markers",
                line={"color": colour, "width": 2.2, "dash": dash},
                marker={"color": colour, "symbol": marker, "size": 7},
                customdata=each.sentences,
                hovertemplate=theme.HOVER,
            )
        )
    ends = [float((each.values.drop_nulls().tail(1).to_list() or [0.0])[0]) for each in series]
    _end_labels(figure, series, ends, _largest(series))


def _panels(series: Sequence[Series], quantity: str, title: str) -> go.Figure:
    """One small chart a group, all with the same axes."""
    across = min(PANELS_ACROSS, len(series))
    down = -(-len(series) // across)
    figure = theme.canvas(title, quantity, height=PANEL_PX * down, lift=PANEL_NAME_PX).update_layout(bargap=0.2)
    ends = list(dict.fromkeys((str(series[0].times[0]), str(series[0].times[-1]))))
    for place, each in enumerate(series):
        number, column = str(place + 1) if place else "", place % across
        left, right = column * (1 + PANEL_GAP) / across, (column + 1) * (1 + PANEL_GAP) / across - PANEL_GAP
        top = 1 - place // across / down
        shared = {"zeroline": False, "fixedrange": True}
        x = shared | {"domain": [left, right], "anchor": f"y{number}", "showgrid": False, "tickvals": ends, "tickformat": "%b<br>%Y"}
        y = shared | {"domain": [top - 0.62 / down, top], "anchor": f"x{number}", "gridcolor": theme.GRID, "nticks": 4}
        y |= {"range": [0, _largest(series) * 1.05], "showticklabels": column == 0}
        figure.update_layout({f"xaxis{number}": x, f"yaxis{number}": y})
        figure.add_trace(_bar(each, marker={"color": each.style[0]}, xaxis=f"x{number}", yaxis=f"y{number}"))
        figure.add_annotation(theme.small(each.name, x=left, xref="paper", xanchor="left", y=top, yref="paper", yanchor="bottom", yshift=3))
    return figure


def _bar(each: Series, **look: Any) -> Mark:
    heights = each.values.fill_null(0).to_numpy()
    return bar(name=each.name, x=each.times, y=heights, customdata=each.sentences, hovertemplate=theme.HOVER, **look)


def _end_labels(figure: go.Figure, series: Sequence[Series], ends: Sequence[float], span: float) -> None:
    """Writes the name of each group at its right end, moved apart where they would overlap."""
    for each, height in zip(series, theme.spread(ends, span * 17 / 380), strict=True):
        mark = f'<span style="color:{each.style[0]}">■</span> {each.name}'
        figure.add_annotation(x=1, xref="paper", xanchor="left", xshift=6, y=height, yanchor="middle", text=mark, showarrow=False)


def _largest(series: Sequence[Series]) -> float:
    return max((float(value) for each in series for value in each.values.drop_nulls()), default=1.0) or 1.0


def _style(group: str, place: int) -> tuple[str, str, str, str]:
    """Colour, dash, marker and pattern of a group: that of its user category, else a shade by its place."""
    if group in theme.COLOURS:
        return theme.style_of(group)
    if group == OTHERS:
        return OTHERS_COLOUR, "solid", "circle-open", ""
    dashes, markers = list(theme.DASHES.values()), list(theme.MARKERS.values())
    return SHADES[place % len(SHADES)], dashes[place % len(dashes)], markers[place % len(markers)], ""


def _short(words: str) -> str:
    """A name that leaves room for the chart beside it, made harmless."""
    return theme.safe(words if len(words) <= LONGEST_NAME else words[: LONGEST_NAME - 1] + "\N{HORIZONTAL ELLIPSIS}")


def _months(times: pl.DataFrame) -> int:
    first, last = times["time"].min(), times["time"].max()
    return (last.year - first.year) * 12 + last.month - first.month + 1 if isinstance(first, date) and isinstance(last, date) else 1


def _sentence(row: Mapping[str, Any], labels: Mapping[str, str], unit: HourUnit) -> str:
    """Italy, March 2026: 412,000 GPU-hours, 9.8 % of all; of 3 jobs the hours are not known."""
    where = f", {numbers.month(row['time'])}" if "time" in row else ""
    missing = row["jobs_without_hours"]
    note = f"; of {numbers.counted(missing, 'job')} the hours are not known" if missing else ""
    who = f"{theme.safe(labels[row['group']])}{where}"
    if row["hours"] is None:
        return f"{who}: {numbers.NOT_AVAILABLE}{note}"
    return f"{who}: {numbers.exact(row['hours'])} {numbers.UNIT_WORDS[unit]}, {numbers.percent(row['share'])} of all{note}"
