"""The chart that answers what a change of quotas brought: the change of each group with its interval, as a part of what was before."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go
import polars as pl

from analytics.charts import numbers, theme
from analytics.charts.drawing import Mark, scatter
from analytics.effect import AFFECTED, BEYOND, EFFECT, OTHERS, Verdict
from analytics.effect_words import VERDICTS, group_name, value
from data.schema import check

NOTHING = "No change can be told: too few whole weeks lie on both sides, or the log does not tell this measure."


def changes(rows: pl.DataFrame, measure: str, *, title: str = "") -> go.Figure:
    """The change of each group in per cent of what was before (dot), with the interval that holds nine times in ten (line).

    Filled where the interval leaves no room for no change at all, open where it does. Takes frame EFFECT and a measure of it.
    """
    shown = _shown(rows, measure)
    if shown.is_empty():
        return theme.words_instead(title, NOTHING)
    names = [group_name(group) for group in shown["group"]]
    figure = theme.rows_canvas(title, "% more or less than before: clear ●, not clear ○", names, right=60)
    ends = shown.select(pl.min_horizontal("low", pl.lit(0.0)).min(), pl.max_horizontal("high", pl.lit(0.0)).max()).row(0)
    theme.limit_line(figure, 0.0, "", axis="x")
    for place, row in enumerate(shown.iter_rows(named=True)):
        _add_row(figure, place, row)
    room = 0.04 * max(ends[1] - ends[0], 1e-9)
    return figure.update_xaxes(range=[100 * (ends[0] - room), 100 * (ends[1] + room)], ticksuffix=numbers.THIN_SPACE + "%")


def changes_summary(rows: pl.DataFrame, measure: str) -> str:
    """The changes in words."""
    shown = _shown(rows, measure)
    if shown.is_empty():
        return NOTHING
    return "; ".join(_sentence(row) for row in shown.iter_rows(named=True)) + "."


def _shown(rows: pl.DataFrame, measure: str) -> pl.DataFrame:
    """The rows of a measure with an interval, the groups compared first, then the categories; parts of what was before."""
    known = check(rows, EFFECT).filter(pl.col("measure") == measure, pl.col("before") > 0, pl.col("change_low").is_not_null())
    order = {
        group: place
        for place, group in enumerate((BEYOND, AFFECTED, OTHERS, *theme.in_order(set(known["group"]) - {BEYOND, AFFECTED, OTHERS})))
    }
    parts = {
        name: pl.col(column) / pl.col("before") for name, column in (("part", "change"), ("low", "change_low"), ("high", "change_high"))
    }
    parts["low"] = parts["low"].clip(-1)  # nothing falls by more than all of it
    return known.with_columns(**parts, order=pl.col("group").replace_strict(order, default=len(order), return_dtype=pl.Int64)).sort("order")


def _add_row(figure: go.Figure, place: int, row: Mapping[str, Any]) -> None:
    colour = theme.style_of(row["group"])[0] if row["group"] in theme.COLOURS else theme.NEUTRAL
    sentence = _sentence(row)
    figure.add_trace(_mark([100 * row["low"], 100 * row["high"]], place, sentence, mode="lines", line={"color": colour, "width": 2}))
    clear = row["verdict"] in (Verdict.ROSE, Verdict.FELL)
    dot = {"color": colour if clear else "#FFFFFF", "size": 10, "symbol": "circle", "line": {"color": colour, "width": 2.5}}
    figure.add_trace(_mark([100 * row["part"]], place, sentence, mode="markers", marker=dot))


def _mark(across: list[float], place: int, sentence: str, **look: Any) -> Mark:
    x, y = np.array(across), np.full(len(across), place)
    return scatter(x=x, y=y, customdata=[sentence] * len(across), hovertemplate=theme.HOVER, cliponaxis=False, **look)


def _sentence(row: Mapping[str, Any]) -> str:
    moved = f"{value(row['measure'], row['before'])} before, {value(row['measure'], row['after'])} after"
    if row["group"] == BEYOND:
        moved = f"{value(row['measure'], row['before'])} had it changed as the others, {value(row['measure'], row['after'])} in fact"
    between = f"{_part(row['low'])} to {_part(row['high'])}"
    return f"{group_name(row['group'])}: {moved}, {_part(row['part'])} ({between}), {VERDICTS[row['verdict']]}"


def _part(share: float) -> str:
    return ("+" if share >= 0 else "\N{MINUS SIGN}") + numbers.percent(abs(share))
