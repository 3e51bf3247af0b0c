"""The chart that answers what the machine time cost in energy, and how much of that was measured."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go
import polars as pl

from analytics.charts import numbers, theme
from analytics.charts.drawing import bar, scatter
from data.schema import Schema, check
from data.units import KWH_PER_MWH

ENERGY_SUMS: Schema = {
    "energy_measured_kwh": pl.Float64,
    "energy_modelled_kwh": pl.Float64,
    "energy_it_kwh": pl.Float64,
    "energy_it_low_kwh": pl.Float64,
    "energy_it_high_kwh": pl.Float64,
    "covered_share": pl.Float64,
    "metered_share": pl.Float64,
}
"""What the chart reads of a frame of `energy.energy_by`."""

NO_ENERGY = "Energy is not available: nothing was metered, and the power of the partitions is not known."


def by_group(rows: pl.DataFrame, group: str = "system", *, title: str = "") -> go.Figure:
    """The IT energy of each machine (or category): measured solid, modelled lighter and hatched, with the range of the model as a line.

    Takes the frame of `energy.energy_by` system or category. A row whose energy is unknown says so.
    """
    check(rows, {group: pl.String, **ENERGY_SUMS})
    if rows["energy_it_kwh"].null_count() == rows.height:
        return theme.words_instead(title, theme.none_shown(rows, NO_ENERGY))
    shown = rows.sort("energy_it_kwh", group, descending=[True, False], nulls_last=True)
    unit, factor = _unit(shown["energy_it_high_kwh"])
    figure = theme.rows_canvas(title, f"{unit}, IT energy", shown[group].to_list(), right=110, legend=True)
    for kind, opacity, pattern in (("measured", 1.0, ""), ("modelled", 0.45, "/")):
        figure.add_trace(
            bar(
                name=theme.sentence_case(kind),
                x=shown[f"energy_{kind}_kwh"].fill_null(0).to_numpy() / factor,
                y=np.arange(shown.height),
                orientation="h",
                width=0.62,
                marker={"color": theme.NEUTRAL, "opacity": opacity, "pattern": theme.hatching(pattern)},
                customdata=[_sentence(row, group, kind) for row in shown.iter_rows(named=True)],
                hovertemplate=theme.HOVER,
            )
        )
    for place, row in enumerate(shown.iter_rows(named=True)):
        _add_range(figure, place, row, factor)
    return figure.update_layout(barmode="stack", xaxis_rangemode="tozero")


def by_group_summary(rows: pl.DataFrame, group: str = "system") -> str:
    """The chart in words: the energy of each row, its range, and how much was measured."""
    check(rows, {group: pl.String, **ENERGY_SUMS})
    if rows.is_empty() or rows["energy_it_kwh"].null_count() == rows.height:
        return NO_ENERGY
    parts = [
        f"{theme.category_name(row[group])} {numbers.energy(row['energy_it_kwh'])}, "
        f"{numbers.percent(row['metered_share'])} of node-hours measured"
        for row in rows.sort(group).iter_rows(named=True)
    ]
    return f"IT energy, measured and modelled: {'; '.join(parts)}."


def _add_range(figure: go.Figure, place: int, row: Mapping[str, Any], factor: float) -> None:
    if row["energy_it_kwh"] is None:
        figure.add_annotation(theme.small(theme.missing(row, "not available: power not known"), x=0, y=place, xanchor="left", xshift=4))
        return
    low, high = row["energy_it_low_kwh"] / factor, row["energy_it_high_kwh"] / factor
    line = {"color": theme.LIMIT, "width": 2}
    marker = {"color": theme.LIMIT, "symbol": "line-ns-open", "size": 9}
    figure.add_trace(
        scatter(
            x=np.array([low, high]), y=np.full(2, place), mode="lines+markers", line=line, marker=marker, hoverinfo="skip", showlegend=False
        )
    )
    partial = "" if not numbers.is_partial(row["covered_share"]) else f", {numbers.percent(row['covered_share'])} covered"
    label = numbers.energy(row["energy_it_kwh"]) + partial
    figure.add_annotation(theme.small(label, x=high, y=place, xanchor="left", xshift=8))


def _sentence(row: Mapping[str, Any], group: str, kind: str) -> str:
    who = theme.label(row[group])
    if row.get("withheld"):
        return f"{who}: {numbers.WITHHELD}"
    low, high = numbers.energy(row["energy_it_low_kwh"]), numbers.energy(row["energy_it_high_kwh"])
    return (
        f"{who}: {numbers.energy(row[f'energy_{kind}_kwh'])} {kind}, {numbers.energy(row['energy_it_kwh'])} in all "
        f"(between {low} and {high}); {numbers.percent(row['metered_share'])} of node-hours were measured"
    )


def _unit(values: pl.Series) -> tuple[str, float]:
    largest = max((float(value) for value in values.drop_nulls()), default=0.0)
    steps = (("GWh", KWH_PER_MWH**2), ("MWh", KWH_PER_MWH))
    return next(((unit, float(factor)) for unit, factor in steps if largest >= factor), ("kWh", 1.0))
