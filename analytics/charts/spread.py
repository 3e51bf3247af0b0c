"""Charts that answer how waits and slowdowns are spread over the jobs: distributions, not means."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go
import polars as pl

from analytics.charts import numbers, theme
from analytics.charts.drawing import Mark, scatter
from analytics.charts.waiting import NO_WAITS
from data.schema import Schema, check
from data.units import HOURS_PER_DAY, SECONDS_PER_HOUR, SECONDS_PER_MINUTE

WAIT_SPREAD: Schema = {"jobs": pl.Int64, **dict.fromkeys(("p05_s", "p25_s", "median_s", "p75_s", "p95_s"), pl.Float64)}
SLOWDOWN_SPREAD: Schema = {"jobs": pl.Int64, **dict.fromkeys(("p05", "p25", "median", "p75", "p95"), pl.Float64)}

NO_SLOWDOWNS = "Slowdowns are not available: the log does not say when jobs were submitted, or no job has ended."

_MARKS_S = tuple(
    (seconds, f"{count}{numbers.THIN_SPACE}{unit}")
    for unit, each, counts in (
        ("s", 1, (1, 10)),
        ("min", SECONDS_PER_MINUTE, (1, 10)),
        ("h", SECONDS_PER_HOUR, (1, 10)),
        ("d", SECONDS_PER_HOUR * HOURS_PER_DAY, (2, 10, 100)),
    )
    for count in counts
    for seconds in (each * count,)
)


def waits(rows: pl.DataFrame, group: str = "category", *, title: str = "") -> go.Figure:
    """Each group's waits from the 5th to the 95th percentile (thin), the middle half (thick) and the median (dot), on a logarithmic scale.

    Takes the frame of `waiting.wait_distribution`.
    """
    check(rows, {group: pl.String, **WAIT_SPREAD})
    if rows.is_empty():
        return theme.words_instead(title, NO_WAITS)
    marks = [(np.log10(1 + seconds), words) for seconds, words in _MARKS_S]
    quantity = "Wait: 5–95 % thin, half thick, median ●"
    return _spread(rows, group, title, quantity, "_s", lambda value: float(np.log10(1 + value)), numbers.duration, marks)


def slowdowns(rows: pl.DataFrame, group: str = "category", *, title: str = "") -> go.Figure:
    """The same of the bounded slowdown: how many times as long jobs took as on an empty machine.

    Takes the frame of `waiting.slowdown_distribution`.
    """
    check(rows, {group: pl.String, **SLOWDOWN_SPREAD})
    if rows.is_empty():
        return theme.words_instead(title, NO_SLOWDOWNS)
    marks = [(float(np.log10(times)), f"{numbers.whole(times)} ×") for times in (1, 2, 5, 10, 100, 1_000, 10_000)]
    quantity = "Slowdown: 5–95 % thin, half thick, median ●"
    return _spread(rows, group, title, quantity, "", lambda value: float(np.log10(value)), _times, marks)


def waits_summary(rows: pl.DataFrame, group: str = "category") -> str:
    """The waits in words: median and 95th percentile of each group."""
    check(rows, {group: pl.String, **WAIT_SPREAD})
    return _summary(rows, group, "_s", numbers.duration, "Waits", NO_WAITS)


def slowdowns_summary(rows: pl.DataFrame, group: str = "category") -> str:
    """The slowdowns in words: median and 95th percentile of each group."""
    check(rows, {group: pl.String, **SLOWDOWN_SPREAD})
    return _summary(rows, group, "", _times, "Bounded slowdowns", NO_SLOWDOWNS)


def _spread(
    rows: pl.DataFrame,
    group: str,
    title: str,
    quantity: str,
    ending: str,
    scaled: Callable[[float], float],
    write: Callable[[float | None], str],
    marks: list[tuple[float, str]],
) -> go.Figure:
    names = theme.in_order(rows[group])
    shown = {row[group]: row for row in rows.iter_rows(named=True)}
    figure = theme.rows_canvas(title, quantity, names, right=90)
    for place, name in enumerate(names):
        row = shown[name]
        colour = theme.style_of(name)[0] if name in theme.COLOURS else theme.NEUTRAL
        sentence = _sentence(row, name, ending, write)
        for low, high, width in (("p05", "p95", 2), ("p25", "p75", 9)):
            ends = [scaled(row[low + ending]), scaled(row[high + ending])]
            figure.add_trace(_bar(ends, place, colour, width, sentence))
        figure.add_trace(_dot(scaled(row["median" + ending]), place, colour, sentence))
        end = scaled(row["p95" + ending])
        figure.add_annotation(theme.small(write(row["median" + ending]), x=end, y=place, xanchor="left", xshift=10))
    furthest = max(scaled(value) for value in rows["p95" + ending])
    fitting = [mark for mark in marks if mark[0] <= furthest * 1.02] or marks[:2]
    ticks = {"tickvals": [place for place, _ in fitting], "ticktext": [words for _, words in fitting], "tickangle": 0}
    return figure.update_xaxes(range=[-0.03 * max(furthest, 0.3), 1.04 * max(furthest, 0.3)], **ticks)


def _bar(ends: list[float], place: int, colour: str, width: int, sentence: str) -> Mark:
    line = {"color": colour, "width": width}
    return scatter(
        x=np.array(ends),
        y=np.full(2, place),
        mode="lines",
        line=line,
        customdata=[sentence, sentence],
        hovertemplate=theme.HOVER,
        cliponaxis=False,
    )


def _dot(value: float, place: int, colour: str, sentence: str) -> Mark:
    marker = {"color": "#FFFFFF", "size": 9, "symbol": "circle", "line": {"color": colour, "width": 2.5}}
    return scatter(
        x=np.array([value]),
        y=np.array([place]),
        mode="markers",
        marker=marker,
        customdata=[sentence],
        hovertemplate=theme.HOVER,
        cliponaxis=False,
    )


def _sentence(row: Mapping[str, Any], name: str, ending: str, write: Callable[[float | None], str]) -> str:
    low, first, median, third, high = (write(row[key + ending]) for key in ("p05", "p25", "median", "p75", "p95"))
    return (
        f"{theme.label(name)}, {numbers.counted(row['jobs'], 'job')}: half at most {median}, the middle half from {first} to {third}, "
        f"one in twenty at most {low}, one in twenty more than {high}"
    )


def _summary(rows: pl.DataFrame, group: str, ending: str, write: Callable[[float | None], str], what: str, missing: str) -> str:
    if rows.is_empty():
        return missing
    shown = {row[group]: row for row in rows.iter_rows(named=True)}
    parts = [
        f"{theme.category_name(name)} {write(shown[name]['median' + ending])} and {write(shown[name]['p95' + ending])}"
        for name in theme.in_order(shown)
    ]
    return f"{what}, median and what nineteen jobs in twenty did not exceed: {'; '.join(parts)}."


def _times(value: float | None) -> str:
    return numbers.NOT_AVAILABLE if value is None else f"{numbers.plain(value)} ×"
