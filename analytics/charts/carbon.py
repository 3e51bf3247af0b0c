"""The chart that answers what the machine time cost in emissions, location-based and market-based side by side."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go
import polars as pl

from analytics.charts import numbers, theme
from analytics.charts.drawing import scatter
from data.schema import Schema, check
from data.units import KG_PER_TONNE

EMISSION_SUMS: Schema = {
    "emissions_location_kgco2e": pl.Float64,
    "emissions_location_low_kgco2e": pl.Float64,
    "emissions_location_high_kgco2e": pl.Float64,
    "emissions_market_kgco2e": pl.Float64,
    "contracted_share": pl.Float64,
    "covered_share": pl.Float64,
    "intensity_years": pl.String,
    "carried_forward_years": pl.String,
    "hourly_share": pl.Float64,
}
"""What the chart reads of a frame of `carbon.emissions_by`."""

NO_EMISSIONS = "Emissions are not available: facility energy or carbon intensity is not known."

_KINDS = (("location", "Location-based", "circle"), ("market", "Market-based", "diamond-open"))


def by_group(rows: pl.DataFrame, group: str = "system", *, title: str = "") -> go.Figure:
    """The emissions of each machine (or category): location-based filled with the range of the model, market-based open beside it.

    Takes the frame of `carbon.emissions_by` system or category. Market-based emissions of an unknown contract are said not to be known.
    """
    check(rows, {group: pl.String, **EMISSION_SUMS})
    if rows["emissions_location_kgco2e"].null_count() == rows.height:
        return theme.words_instead(title, theme.none_shown(rows, NO_EMISSIONS))
    shown = rows.sort("emissions_location_kgco2e", group, descending=[True, False], nulls_last=True)
    largest = max(float(value) for value in shown["emissions_location_high_kgco2e"].drop_nulls())
    unit, factor = ("kt CO₂e", KG_PER_TONNE * 1_000) if largest >= KG_PER_TONNE * 1_000 else ("t CO₂e", KG_PER_TONNE)
    names = shown[group].to_list()
    figure = theme.rows_canvas(title, f"{unit}, scope 2", names, right=230, legend=True)
    for place, row in enumerate(shown.iter_rows(named=True)):
        _add_range(figure, place, row, factor)
    for kind, name, symbol in _KINDS:
        figure.add_trace(
            scatter(
                name=name,
                x=shown[f"emissions_{kind}_kgco2e"].to_numpy() / factor,
                y=np.arange(shown.height),
                mode="markers",
                cliponaxis=False,
                marker={"color": theme.NEUTRAL, "size": 13, "symbol": symbol, "line": {"color": theme.NEUTRAL, "width": 2.5}},
                customdata=[_sentence(row, group, kind, name) for row in shown.iter_rows(named=True)],
                hovertemplate=theme.HOVER,
            )
        )
    return figure.update_xaxes(range=theme.from_zero(largest / factor))


def by_group_summary(rows: pl.DataFrame, group: str = "system") -> str:
    """The chart in words: both figures of each row."""
    check(rows, {group: pl.String, **EMISSION_SUMS})
    if rows.is_empty() or rows["emissions_location_kgco2e"].null_count() == rows.height:
        return NO_EMISSIONS
    parts = [
        f"{theme.category_name(row[group])} location-based {numbers.emissions(row['emissions_location_kgco2e'])}, "
        f"market-based {numbers.emissions(row['emissions_market_kgco2e'])}"
        for row in rows.sort(group).iter_rows(named=True)
    ]
    return f"Scope 2 emissions: {'; '.join(parts)}."


def _add_range(figure: go.Figure, place: int, row: Mapping[str, Any], factor: float) -> None:
    if row["emissions_location_kgco2e"] is None:
        figure.add_annotation(theme.small(theme.missing(row), x=0, y=place, xanchor="left", xshift=4))
        return
    ends = np.array([row["emissions_location_low_kgco2e"], row["emissions_location_high_kgco2e"]]) / factor
    line = {"color": theme.LIMIT, "width": 2}
    figure.add_trace(scatter(x=ends, y=np.full(2, place), mode="lines", line=line, hoverinfo="skip", showlegend=False))
    note = "" if row["emissions_market_kgco2e"] is not None else "; market-based not available"
    part = f", {numbers.percent(row['covered_share'])} covered" if numbers.is_partial(row["covered_share"]) else ""
    label = numbers.emissions(row["emissions_location_kgco2e"]) + part + note
    figure.add_annotation(theme.small(label, x=float(ends[1]), y=place, xanchor="left", xshift=10))


def _sentence(row: Mapping[str, Any], group: str, kind: str, name: str) -> str:
    who = theme.label(row[group])
    years = f", with the carbon intensity of {row['intensity_years']}" if row["intensity_years"] else ""
    forward = f", that of {row['carried_forward_years']} carried forward" if row["carried_forward_years"] else ""
    hourly = f", by the hour for {numbers.percent(row['hourly_share'])} of the energy" if row["hourly_share"] else ""
    if row.get("withheld"):
        return f"{who}: {numbers.WITHHELD}"
    share = f"; contracts known for {numbers.percent(row['contracted_share'])} of the energy" if kind == "market" else ""
    return f"{who}: {numbers.emissions(row[f'emissions_{kind}_kgco2e'])} {name.lower()}{years}{forward}{hourly}{share}"
