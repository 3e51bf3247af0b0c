"""Charts that answer how much electrical power the machines drew over time, and where the electricity went."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go
import polars as pl

from analytics.charts import numbers, theme
from analytics.charts.drawing import bar, scatter
from analytics.efficiency import WHERE_IT_WENT
from analytics.power import PEAKS
from data.schema import Schema, check
from data.units import KWH_PER_MWH

NO_POWER = "Power is not available: nothing was metered, and the power of the partitions or the PUE is not known."

KW_PER_MW = 1_000

FAILED, IDLE = "#B8860B", "#C9CCD3"
"""Electricity lost in failed jobs, and in nodes without a job."""

_WENT = (
    ("energy_useful_kwh", "Jobs that ended well", theme.NEUTRAL, ""),
    ("energy_failed_kwh", "Jobs that failed or timed out", FAILED, "x"),
    ("energy_idle_kwh", "Nodes without a job, at most", IDLE, "/"),
)


def over_time(
    rows: pl.DataFrame, when: str = "month", *, title: str = "", peaks: pl.DataFrame | None = None, limit_kw: float | None = None
) -> go.Figure:
    """The mean facility power of each category by month (or day) as stacked bars, the highest hour of each, and the site's limit.

    Takes the frame of `power.power_over_time`; `peaks` has the highest hour's peak_kw by `when`; the limit stands where it is known.
    """
    kinds: Schema = {when: pl.Date, "category": pl.String, "power_facility_kw": pl.Float64}
    known = check(rows, kinds).drop_nulls("power_facility_kw")
    if known.is_empty():
        return theme.words_instead(title, NO_POWER)
    times = known[when].unique().sort()
    tops = known.group_by(when).agg(pl.col("power_facility_kw").sum())
    highest = [
        float(tops["power_facility_kw"].to_numpy().max()),
        *(peaks["peak_kw"].to_list() if peaks is not None else []),
        limit_kw or 0.0,
    ]
    unit, factor = _kw_or_mw(max(highest))
    marked = peaks is not None and peaks.height > 0
    figure = theme.canvas(title, f"{unit}: mean as bars{', highest hour as dashes' if marked else ''}", right=130)
    ends, height = {}, 0.0
    for category in theme.in_order(known["category"]):
        part = times.to_frame().join(known.filter(category=category), on=when, how="left", validate="1:1").sort(when)
        heights = part["power_facility_kw"].fill_null(0).to_numpy() / factor
        figure.add_trace(theme.stacked_bar(category, _power_sentences(part, when, category), x=part[when].to_numpy(), y=heights))
        ends[category] = (height + float(heights[-1]) / 2, theme.label(category))
        height += float(heights[-1])
    theme.end_labels(figure, ends, max(highest) / factor)
    if peaks is not None and peaks.height:
        _add_peaks(figure, peaks, when, factor)
    if limit_kw is not None:
        theme.limit_line(figure, limit_kw / factor, "most that the site may draw", axis="y")
    axis = theme.months_axis(times.len()) if when == "month" else {"tickformat": "%-d %b<br>%Y", "tickangle": 0, "nticks": 6}
    return figure.update_layout(barmode="stack", bargap=0.25 if when == "month" else 0.0, xaxis=axis, yaxis_rangemode="tozero")


def over_time_summary(rows: pl.DataFrame, when: str = "month", peaks: pl.DataFrame | None = None) -> str:
    """The power in words: its mean over the times shown, the highest of these, and the highest hour."""
    check(rows, {when: pl.Date, "category": pl.String, "power_facility_kw": pl.Float64})
    tops = rows.drop_nulls("power_facility_kw").group_by(when).agg(pl.col("power_facility_kw").sum()).sort("power_facility_kw", when)
    if tops.is_empty():
        return NO_POWER
    mean, (top, most) = float(tops["power_facility_kw"].to_numpy().mean()), tops.row(-1)
    hour = f"; in the highest hour {power(max(peaks['peak_kw']))}" if peaks is not None and peaks.height else ""
    return (
        f"Stacked bars of mean facility power by user category: {power(mean)} on average, most in {_time(top, when)}, {power(most)}{hour}."
    )


def peaks_by_system(rows: pl.DataFrame, *, title: str = "") -> go.Figure:
    """The highest hour of each machine, beside the most that its site may draw, where that is known.

    Takes the frame of `power.against_power_limits`.
    """
    check(rows, {**PEAKS, "limit_kw": pl.Float64, "peak_of_limit": pl.Float64})
    if rows.is_empty():
        return theme.words_instead(title, NO_POWER)
    shown = rows.sort("peak_kw", "system", descending=[True, False])
    unit, factor = _kw_or_mw(max(*shown["peak_kw"], *(shown["limit_kw"].drop_nulls()), 0.0))
    figure = theme.rows_canvas(title, f"{unit}: mean ●, highest hour ○, allowed |", shown["system"].to_list(), right=190)
    for place, row in enumerate(shown.iter_rows(named=True)):
        _add_peak_row(figure, place, row, factor)
    largest = max(float(row["limit_kw"] or row["peak_kw"]) for row in shown.iter_rows(named=True))
    return figure.update_xaxes(range=theme.from_zero(max(largest, float(shown["peak_kw"].to_numpy().max())) / factor))


def peaks_by_system_summary(rows: pl.DataFrame) -> str:
    """The highest hours in words."""
    check(rows, {**PEAKS, "limit_kw": pl.Float64})
    if rows.is_empty():
        return NO_POWER
    parts = [
        f"{row['system']} {power(row['peak_kw'])}, mean {power(row['mean_kw'])}, limit {power(row['limit_kw'])}"
        for row in rows.sort("system").iter_rows(named=True)
    ]
    return f"Facility power of the jobs in the highest hour of each machine: {'; '.join(parts)}."


def where_it_went(rows: pl.DataFrame, group: str = "system", *, title: str = "") -> go.Figure:
    """The facility energy of each machine (or category) as a stacked bar: jobs that ended well, failed jobs, nodes without a job.

    Takes the frame of `efficiency.where_it_went`. Idle energy of unknown size is left out and said.
    """
    check(rows, {group: pl.String, **WHERE_IT_WENT})
    if rows.is_empty():
        return theme.words_instead(title, NO_POWER)
    whole = pl.sum_horizontal("energy_useful_kwh", "energy_failed_kwh", "energy_idle_kwh")
    shown = rows.with_columns(whole=whole).sort("whole", group, descending=[True, False])
    unit, factor = next((u, f) for u, f in (("GWh", KWH_PER_MWH**2), ("MWh", KWH_PER_MWH), ("kWh", 1)) if shown["whole"][0] >= f or f == 1)
    figure = theme.rows_canvas(title, f"{unit}, facility energy", shown[group].to_list(), right=90, legend=True)
    for name, words, colour, pattern in _WENT:
        if shown[name].null_count() == shown.height:
            continue
        figure.add_trace(
            bar(
                name=words,
                x=shown[name].fill_null(0).to_numpy() / factor,
                y=np.arange(shown.height),
                orientation="h",
                width=0.62,
                marker={"color": colour, "pattern": theme.hatching(pattern)},
                customdata=[_went_sentence(row, group, name, words) for row in shown.iter_rows(named=True)],
                hovertemplate=theme.HOVER,
            )
        )
    for place, row in enumerate(shown.iter_rows(named=True)):
        label = f"{numbers.percent(_lost_share(row))} failed"
        figure.add_annotation(theme.small(label, x=row["whole"] / factor, y=place, xanchor="left", xshift=8))
    return figure.update_layout(barmode="stack", xaxis_rangemode="tozero")


def where_it_went_summary(rows: pl.DataFrame, group: str = "system") -> str:
    """The bars in words: what was lost in failed jobs, and at most in idle nodes."""
    check(rows, {group: pl.String, **WHERE_IT_WENT})
    if rows.is_empty():
        return NO_POWER
    parts = [
        f"{theme.category_name(row[group])} {numbers.energy(row['energy_useful_kwh'])} in jobs that ended well, "
        f"{numbers.energy(row['energy_failed_kwh'])} in failed jobs, idle nodes at most {numbers.energy(row['energy_idle_kwh'])}"
        for row in rows.sort(group).iter_rows(named=True)
    ]
    return f"Facility energy: {'; '.join(parts)}."


def power(kw: float | None) -> str:
    """Power in kW or MW.

    >>> power(12_345.0).replace(numbers.THIN_SPACE, " "), power(None)
    ('12.3 MW', 'not available')
    """
    if kw is None:
        return numbers.NOT_AVAILABLE
    unit, factor = _kw_or_mw(kw)
    return numbers.THIN_SPACE.join((numbers.plain(kw / factor), unit))


def _add_peaks(figure: go.Figure, peaks: pl.DataFrame, when: str, factor: float) -> None:
    figure.add_trace(
        scatter(
            name="Highest hour",
            x=peaks[when].to_numpy(),
            y=peaks["peak_kw"].to_numpy() / factor,
            mode="markers",
            marker={
                "color": theme.LIMIT,
                "symbol": "line-ew-open",
                "size": 14 if when == "month" else 6,
                "line": {"color": theme.LIMIT, "width": 2.5},
            },
            customdata=[f"Highest hour of {_time(at, when)}: {power(kw)}" for at, kw in peaks.select(when, "peak_kw").rows()],
            hovertemplate=theme.HOVER,
        )
    )


def _add_peak_row(figure: go.Figure, place: int, row: Mapping[str, Any], factor: float) -> None:
    limit = row["limit_kw"]
    colour = theme.OVER if row["peak_of_limit"] is not None and row["peak_of_limit"] > 1 else theme.NEUTRAL
    sentence = (
        f"{theme.safe(row['system'])}: mean {power(row['mean_kw'])}, highest hour {numbers.moment(row['peak_hour'])} with "
        f"{power(row['peak_kw'])}; the site may draw {power(limit)}"
    )
    marks = [(row["mean_kw"], "circle", 12), (row["peak_kw"], "circle-open", 16)]
    if limit is not None:
        marks.append((limit, "line-ns-open", 22))
    figure.add_trace(
        scatter(
            x=np.array([value / factor for value, _, _ in marks]),
            y=np.full(len(marks), place),
            mode="markers",
            cliponaxis=False,
            marker={
                "color": colour,
                "symbol": [symbol for _, symbol, _ in marks],
                "size": [size for _, _, size in marks],
                "line": {"color": colour, "width": 2.5},
                "opacity": 1,
            },
            customdata=[sentence] * len(marks),
            hovertemplate=theme.HOVER,
        )
    )
    over = " (over)" if colour == theme.OVER else ""
    label = (
        f"{numbers.percent(row['peak_of_limit'])} of the limit{over}" if limit is not None else f"{power(row['peak_kw'])}, limit not known"
    )
    figure.add_annotation(theme.small(label, x=max(value for value, _, _ in marks) / factor, y=place, xanchor="left", xshift=14))


def _power_sentences(part: pl.DataFrame, when: str, category: str) -> list[str]:
    who = theme.label(category)
    return [f"{who}, {_time(at, when)}: {power(kw)} on average" for at, kw in part.select(when, "power_facility_kw").rows()]


def _went_sentence(row: Mapping[str, Any], group: str, name: str, words: str) -> str:
    per_hour = row["kwh_per_useful_node_hour"]
    useful = f"; {numbers.plain(per_hour)} kWh per node-hour of jobs that ended well" if per_hour is not None else ""
    return f"{theme.label(row[group])}: {words.lower()} {numbers.energy(row[name])}{useful}"


def _lost_share(row: Mapping[str, Any]) -> float | None:
    of_jobs = row["energy_useful_kwh"] + row["energy_failed_kwh"]
    return row["energy_failed_kwh"] / of_jobs if of_jobs > 0 else None


def _time(at: Any, when: str) -> str:
    return numbers.month(at) if when == "month" else numbers.day(at)


def _kw_or_mw(largest_kw: float) -> tuple[str, float]:
    return ("MW", float(KW_PER_MW)) if largest_kw >= KW_PER_MW else ("kW", 1.0)
