"""What the machine time cost in energy and emissions: power over time, what was lost, what moving work could save, the regulation."""

import polars as pl
import streamlit as st

from analytics import carbon, energy, findings, findings_energy
from analytics.charts import carbon as carbon_charts
from analytics.charts import energy as charts
from analytics.charts import power as power_charts
from analytics.charts import savings, week
from analytics.power import intensity_week
from analytics.power import week as week_of
from data.terms import Dimension, HourUnit
from pages.shared import energy_parts, loaders, parts, protection, results, results_energy, tables, visit

FLEXIBLE = {"10 % of the work is flexible": 0.1, "25 % of the work is flexible": 0.25, "50 % of the work is flexible": 0.5}

here = visit.now()
period = here.chosen.period.name
left, _ = st.columns([2, 3])
left.selectbox("Carbon intensity", results.SERIES_OF, key=results.SERIES, bind="query-params")
rows = results.emission_rows(here)
total, by_system = carbon.emissions_by(rows), results.named(here, carbon.emissions_by(rows, "system"))
spent, machine_energy = energy.energy_by(rows), results.named(here, energy.energy_by(rows, "system"))


def power_over_time() -> None:
    """Mean power by category against what the sites may draw, and the highest hour of each machine."""
    st.header("How much power did the machines draw?", anchor="power")
    when, drawn, highest = results_energy.grain(here), results_energy.power_over_time(here), results_energy.highest_hours(here)
    peaks = results.named(here, results_energy.peaks(here))
    parts.chart(
        power_charts.over_time(drawn, when, peaks=highest, limit_kw=results_energy.limit_kw(here), title="Facility power of the jobs"),
        alt=power_charts.over_time_summary(drawn, when, highest),
        data=drawn,
        name="power-over-time",
        finding=findings_energy.drawn(peaks, period=period),
        coverage=energy_parts.on_power(here, peaks),
        method="Power",
    )
    parts.chart(
        power_charts.peaks_by_system(peaks, title="Highest hour of each machine, beside what its site may draw"),
        alt=power_charts.peaks_by_system_summary(peaks),
        data=peaks,
        name="highest-hour-by-machine",
        method="Power",
    )


def by_machine() -> None:
    """Energy and emissions by machine, and energy by category."""
    st.header("Who used the energy, with what emissions?", anchor="energy")
    parts.chart(
        charts.by_group(machine_energy, title="IT energy by machine"),
        alt=charts.by_group_summary(machine_energy),
        data=machine_energy,
        name="energy",
        withholds=protection.by(Dimension.SYSTEM, unit=HourUnit.NODE_HOURS)(energy.energy_by(rows, "system")),
        method="Energy",
    )
    left, right = st.columns(2, gap="large")
    with left:
        parts.chart(
            carbon_charts.by_group(by_system, title="Emissions by machine, location-based and market-based"),
            alt=carbon_charts.by_group_summary(by_system),
            data=by_system,
            name="emissions-by-machine",
            withholds=protection.by(Dimension.SYSTEM, unit=HourUnit.NODE_HOURS)(carbon.emissions_by(rows, "system")),
            method="Emissions",
        )
    with right:
        by_category = energy.energy_by(rows, "category")
        parts.chart(
            charts.by_group(by_category, "category", title="IT energy by user category"),
            alt=charts.by_group_summary(by_category, "category"),
            data=by_category,
            name="energy-by-category",
            withholds=protection.by(Dimension.CATEGORY, unit=HourUnit.NODE_HOURS)(by_category),
            method="Energy",
        )


def where_it_went() -> None:
    """Energy of useful jobs, of failed ones and of idle nodes."""
    st.header("What was lost?", anchor="lost")
    went = results.named(here, results_energy.where_it_went(here))
    parts.chart(
        power_charts.where_it_went(went, title="Where the electricity went, by machine"),
        alt=power_charts.where_it_went_summary(went),
        data=went,
        name="where-the-electricity-went",
        finding=findings_energy.lost(went, period=period),
        coverage=[energy_parts.ON_LOSSES],
        method="Energy",
    )


def through_the_week() -> None:
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


def what_moving_could_save() -> None:
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


def indicators_of_the_regulation() -> None:
    """PUE, WUE, ERF and REF of each site, or what is missing to compute them."""
    st.header("Indicators of Delegated Regulation (EU) 2024/1364", anchor="regulation")
    found = results_energy.indicators(here)
    alt = "PUE, WUE, ERF and REF of each machine, or what is missing"
    tables.table(found, shown=tables.for_people(found.drop("unit")), name="regulation-indicators", alt=alt, most_rows=12)


def estimates() -> None:
    """The facts behind the figures that are estimates, by machine."""
    facts = loaders.partitions(here.state).filter(pl.col("system").is_in(rows["system"].unique().to_list()))
    shown = facts.select(
        "system", "partition", "node_idle_w", "node_max_w", "utilisation", "pue", "market_factor", "grid_zone", "estimates"
    )
    st.header("What the model takes for each partition", anchor=False)
    guesses = [", ".join(map(tables.readable, names.split())) or "none" for names in shown["estimates"]]
    people = tables.for_people(shown).with_columns(estimates=pl.Series(guesses))
    alt = "Power, utilisation and PUE of each partition, and which of them are estimates"
    tables.table(shown, shown=people, name="power-facts", alt=alt, is_published=True)


parts.finding(f"{findings.energy_used(spent, period=period)} {findings.emitted(total, period=period)}")
energy_parts.row_of_figures(spent.row(0, named=True), total.row(0, named=True))
parts.coverage(energy_parts.gaps(spent.row(0, named=True), total.row(0, named=True)))
power_over_time()
by_machine()
where_it_went()
through_the_week()
what_moving_could_save()
indicators_of_the_regulation()
estimates()
parts.sources(factors=[results.intensity_in_words(total)], method="energy")
