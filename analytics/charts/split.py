"""Charts that answer what a recommended split would change."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go
import polars as pl

from analytics.charts import numbers, theme
from analytics.charts.drawing import heatmap, scatter
from analytics.usage import ratio
from data.errors import InputError
from data.schema import Schema, check

SPLIT: Schema = {"category": pl.String, "system": pl.String, "node_hours_received": pl.Float64, "node_hours_recommended": pl.Float64}
"""One row a category and machine: what it received in the period, and what is recommended for one as long."""

NO_SPLIT = "No recommended split: nothing was asked for, or nothing is offered, in this period."

DIVERGING = ((0.0, "#4C9BD3"), (0.5, "#FFFFFF"), (1.0, "#E8814D"))
"""Blue for less, white for the same, vermilion for more."""

ROW_PX = 32
"""How high the row of a machine is."""

INK = "#1A1A1A"
"""Text on the light cells of a matrix, on any page."""


def by_category(split: pl.DataFrame, *, title: str = "") -> go.Figure:
    """The share each category received (open) and the share recommended for it (filled), joined by a line; largest recommended first."""
    rows = shares_by_category(split)
    if rows.is_empty():
        return theme.words_instead(title, NO_SPLIT)
    names = rows["category"].to_list()
    figure = theme.rows_canvas(title, "% of node-hours: received ○, recommended ●", names)
    for place, row in enumerate(rows.iter_rows(named=True)):
        _add_dumbbell(figure, place, row)
    largest = max(float(share) for name in ("received", "recommended") for share in rows[name].fill_null(0))
    return figure.update_xaxes(range=theme.from_zero(100 * largest), ticksuffix=numbers.THIN_SPACE + "%")


def by_category_summary(split: pl.DataFrame) -> str:
    """The dumbbells in words: what each category received and what is recommended."""
    rows = shares_by_category(split)
    if rows.is_empty():
        return NO_SPLIT
    parts = [
        f"{theme.category_name(row['category'])} from {numbers.percent(row['received'])} to {numbers.percent(row['recommended'])}"
        for row in rows.iter_rows(named=True)
    ]
    return f"Share of node-hours, received and recommended: {numbers.listed(parts)}."


def by_system(split: pl.DataFrame, *, title: str = "") -> go.Figure:
    """The change of each machine's node-hours for each category as a matrix: blue for less than received, vermilion for more."""
    check(split, SPLIT)
    if split.is_empty():
        return theme.words_instead(title, NO_SPLIT)
    systems, categories = split["system"].unique().sort().to_list(), theme.in_order(split["category"])
    changes = {(row["category"], row["system"]): row for row in _checked(split).iter_rows(named=True)}
    matrix = np.array([[_change(changes.get((category, system))) for category in categories] for system in systems])
    largest = float(np.nanmax(np.abs(matrix), initial=1.0))
    figure = theme.canvas(title, "Node-hours recommended less received", height=ROW_PX * len(systems) + 50)
    figure.add_trace(
        heatmap(
            z=np.nan_to_num(matrix),
            x=[theme.label(category) for category in categories],
            y=[theme.safe(system) for system in systems],
            zmin=-largest,
            zmax=largest,
            colorscale=[list(stop) for stop in DIVERGING],
            showscale=False,
            xgap=2,
            ygap=2,
            text=[[_cell(changes.get((category, system))) for category in categories] for system in systems],
            texttemplate="%{text}",
            textfont={"color": INK},
            customdata=[[_sentence(category, system, changes.get((category, system))) for category in categories] for system in systems],
            hovertemplate=theme.HOVER,
        )
    )
    return figure.update_yaxes(autorange="reversed", showgrid=False, ticks="").update_xaxes(ticks="")


def by_system_summary(split: pl.DataFrame) -> str:
    """The matrix in words: the largest gain and the largest loss."""
    check(split, SPLIT)
    known = split.with_columns(change=pl.col("node_hours_recommended") - pl.col("node_hours_received")).drop_nulls("change")
    if known.is_empty():
        return NO_SPLIT
    ranked = known.sort("change", "category", "system")
    lost, gained = ranked.row(0, named=True), ranked.row(-1, named=True)
    parts = [
        f"{word} {theme.category_name(row['category'])} on {row['system']}, {_signed(row['change'])} node-hours"
        for word, row, real in (("most gained by", gained, gained["change"] > 0), ("most given up by", lost, lost["change"] < 0))
        if real
    ]
    return f"Change of node-hours by user category and machine: {'; '.join(parts) or 'nothing changes'}."


def shares_by_category(split: pl.DataFrame) -> pl.DataFrame:
    """The share of all node-hours that each category received, and the share recommended, largest recommended first."""
    summed = _checked(split).group_by("category").agg(pl.sum("node_hours_received"), pl.sum("node_hours_recommended"))
    return summed.select(
        "category",
        ratio(pl.col("node_hours_received"), pl.sum("node_hours_received")).alias("received"),
        ratio(pl.col("node_hours_recommended"), pl.sum("node_hours_recommended")).alias("recommended"),
    ).sort("recommended", "category", descending=[True, False], nulls_last=True)


def _checked(split: pl.DataFrame) -> pl.DataFrame:
    twice = check(split, SPLIT).filter(pl.struct("category", "system").is_duplicated())
    if twice.height:
        category, system = twice.select("category", "system").row(0)
        raise InputError(f"the split names {category!r} on {system!r} more than once; sum it to one row each.")
    return split


def _add_dumbbell(figure: go.Figure, place: int, row: Mapping[str, Any]) -> None:
    colour = theme.style_of(row["category"])[0]
    who = theme.label(row["category"])
    sentence = f"{who}: received {numbers.percent(row['received'])}, recommended {numbers.percent(row['recommended'])}"
    marks = (("received", "circle-open", 18), ("recommended", "circle", 12))
    both = [(100 * row[name], symbol, size) for name, symbol, size in marks if row[name] is not None]
    figure.add_trace(
        scatter(
            x=np.array([value for value, _, _ in both]),
            y=np.full(len(both), place),
            mode="lines+markers",
            line={"color": colour, "width": 3},
            marker={
                "color": colour,
                "size": [size for _, _, size in both],
                "symbol": [symbol for _, symbol, _ in both],
                "line": {"color": colour, "width": 2.5},
                "opacity": 1,
            },
            cliponaxis=False,
            customdata=[sentence] * len(both),
            hovertemplate=theme.HOVER,
        )
    )
    if len(both) == 2:
        label = numbers.points(row["recommended"] - row["received"])
        figure.add_annotation(theme.small(label, x=max(value for value, _, _ in both), y=place, xanchor="left", xshift=12))


def _change(row: Mapping[str, Any] | None) -> float:
    if row is None or row["node_hours_recommended"] is None or row["node_hours_received"] is None:
        return float("nan")
    return float(row["node_hours_recommended"] - row["node_hours_received"])


def _signed(value: float) -> str:
    return ("+" if value > 0 else "") + numbers.amount(value, "")


def _cell(row: Mapping[str, Any] | None) -> str:
    return "none" if row is None else _signed(_change(row)) if numbers.is_known(_change(row)) else theme.missing(row)


def _sentence(category: str, system: str, row: Mapping[str, Any] | None) -> str:
    who = f"{theme.label(category)}, {theme.safe(system)}"
    if row is None:
        return f"{who}: neither received nor recommended"
    if row.get("withheld"):
        return f"{who}: {numbers.WITHHELD}"
    received, recommended = numbers.exact(row["node_hours_received"]), numbers.exact(row["node_hours_recommended"])
    return f"{who}: received {received}, recommended {recommended} node-hours"
