"""The charts of the energy page: power over time, who took the energy, what was lost, the week, and what moving work could save."""

import polars as pl
import streamlit as st

from analytics import carbon, energy, findings_energy
from analytics.charts import carbon as carbon_charts
from analytics.charts import energy as charts
from analytics.charts import power as power_charts
from analytics.charts import savings, week
from analytics.power import intensity_week
from analytics.power import week as week_of
from data.terms import Dimension, HourUnit
from pages.shared import energy_parts, parts, protection, results, results_energy
from pages.shared.visit import Visit

FLEXIBLE = {"10 % of the work is flexible": 0.1, "25 % of the work is flexible": 0.25, "50 % of the work is flexible": 0.5}


def power_over_time(here: Visit) -> None:
    """Mean power by category against what the sites may draw, and the highest hour of each machine."""
    st.header("How much power did the machines draw?", anchor="power")
    period, when = here.chosen.period.name, results_energy.grain(here)
    drawn, highest = results_energy.power_over_time(here), results_energy.highest_hours(here)
    peaks = results.named(here, results_energy.peaks(here))
    parts.chart(
        power_charts.over_time(drawn, when, peaks=highest, limit_kw=results_energy.limit_kw(here), title="Facility power of the jobs"),
        alt=power_charts.over_time_summary(drawn, when, highest),
        data=drawn,
        name="power-over-time",
        finding=findings_energy.powered(drawn, when, period=period, peaks=None if here.chosen.categories else highest),
        coverage=energy_parts.on_power(here),
        method="Power",
    )
    parts.chart(
        power_charts.peaks_by_system(peaks, title="Highest hour of each machine, beside what its site may draw"),
        alt=power_charts.peaks_by_system_summary(peaks),
        data=peaks,
        name="highest-hour-by-machine",
        finding=findings_energy.drawn(peaks, period=period),
        coverage=energy_parts.on_peaks(here, peaks),
        method="Power",
    )


def who_used_it(here: Visit, rows: pl.DataFrame) -> None:
    """Energy by machine and by category, and emissions by machine."""
    st.header("Who used the energy, with what emissions?", anchor="energy")
    period, systems = here.chosen.period.name, energy.energy_by(rows, "system")
    by_system, by_category = results.named(here, systems), energy.energy_by(rows, "category")
    left, right = st.columns(2, gap="large")
    with left:
        parts.chart(
            charts.by_group(by_system, title="IT energy by machine"),
            alt=charts.by_group_summary(by_system),
            data=by_system,
            name="energy",
            withholds=protection.by(Dimension.SYSTEM, unit=HourUnit.NODE_HOURS)(systems),
            finding=findings_energy.most_energy(by_system, "system", period=period),
            method="Energy",
        )
    with right:
        parts.chart(
            charts.by_group(by_category, "category", title="IT energy by user category"),
            alt=charts.by_group_summary(by_category, "category"),
            data=by_category,
            name="energy-by-category",
            withholds=protection.by(Dimension.CATEGORY, unit=HourUnit.NODE_HOURS)(by_category),
            finding=findings_energy.most_energy(by_category, "category", period=period),
            method="Energy",
        )
    _emissions_by_machine(here, rows)


def where_it_went(here: Visit) -> None:
    """Energy of useful jobs, of failed ones and of idle nodes."""
    st.header("What was lost?", anchor="lost")
    went = results.named(here, results_energy.where_it_went(here))
    parts.chart(
        power_charts.where_it_went(went, title="Where the electricity went, by machine"),
        alt=power_charts.where_it_went_summary(went),
        data=went,
        name="where-the-electricity-went",
        finding=findings_energy.lost(went, period=here.chosen.period.name),
        coverage=[energy_parts.ON_LOSSES],
        method="Energy",
    )


def through_the_week(here: Visit) -> None:
    """Load and carbon intensity by day of the week and hour."""
    st.header("When are machines busy, and when is electricity clean?", anchor="week")
    busy, clean = week_of(results_energy.hourly_power(here)), intensity_week(results_energy.intensity(here))
    left, right = st.columns(2, gap="large")
    with left:
        parts.chart(
            week.load(busy, title="Nodes at work by day of the week and hour (UTC)"),
            alt=week.load_summary(busy),
            data=busy,
            name="load-by-hour",
            finding=findings_energy.busiest(busy),
            coverage=energy_parts.on_load(here),
            method="Power",
        )
    with right:
        parts.chart(
            week.intensity(clean, title="Carbon intensity by day of the week and hour (UTC)"),
            alt=week.intensity_summary(clean),
            data=clean,
            name="carbon-intensity-by-hour",
            coverage=energy_parts.on_intensity(here),
            method="Power",
        )


def what_moving_could_save(here: Visit) -> None:
    """The most that flexible work could have saved by running elsewhere or at another time."""
    st.header("What could moving flexible work save?", anchor="savings")
    place, _ = st.columns([2, 3])
    flexible = FLEXIBLE[place.selectbox("Flexible work", FLEXIBLE, index=1, key="flexible", bind="query-params")]
    moves = results_energy.moves(here, flexible)
    parts.chart(
        savings.at_most(moves, title="Most emissions that moving flexible work could have saved"),
        alt=savings.at_most_summary(moves),
        data=moves,
        name="what-moving-could-save",
        finding=findings_energy.saved(moves, flexible_share=flexible),
        coverage=[energy_parts.ON_MOVES],
        method="Moving work",
    )


def _emissions_by_machine(here: Visit, rows: pl.DataFrame) -> None:
    systems = carbon.emissions_by(rows, "system")
    by_system = results.named(here, systems)
    parts.chart(
        carbon_charts.by_group(by_system, title="Emissions by machine, location-based and market-based"),
        alt=carbon_charts.by_group_summary(by_system),
        data=by_system,
        name="emissions-by-machine",
        withholds=protection.by(Dimension.SYSTEM, unit=HourUnit.NODE_HOURS)(systems),
        finding=findings_energy.most_emissions(by_system, period=here.chosen.period.name),
        method="Emissions",
    )
