"""What the machine time cost in energy and emissions: measured and modelled, facility-wide, location-based and market-based."""

import polars as pl
import streamlit as st

from analytics import carbon, energy, findings
from analytics.charts import carbon as carbon_charts
from analytics.charts import energy as charts
from analytics.charts import numbers
from pages.shared import loaders, parts, results, tables, visit

here = visit.now()
period = here.chosen.period.name
left, _ = st.columns([2, 3])
left.selectbox("Carbon intensity", results.SERIES_OF, key=results.SERIES, bind="query-params")
rows = results.emission_rows(here)
total, by_system = carbon.emissions_by(rows), results.named(here, carbon.emissions_by(rows, "system"))
logged = rows["system"].unique()
spent = energy.energy_by(rows)
machine_energy = results.named(here, energy.energy_by(rows, "system"))


def row_of_figures() -> None:
    """Energy and emissions of the whole selection, each with what it covers."""
    used, gas = spent.row(0, named=True), total.row(0, named=True)
    span = f"{numbers.energy(used['energy_it_low_kwh'])} to {numbers.energy(used['energy_it_high_kwh'])}"
    parts.figures(
        [
            parts.Figure(
                label="IT energy",
                value=numbers.energy(used["energy_it_kwh"]),
                note=span if used["energy_it_kwh"] is not None else "no reading, no known power",
                meaning="Readings of the metered jobs, and for every other node-hour the model idle + u × (max − idle). "
                "The range takes the modelled part 30 % lower and higher.",
            ),
            parts.Figure(
                label="Measured",
                value=numbers.percent(used["metered_share"]),
                note="of node-hours",
                meaning="Node-hours of jobs with a plausible reading of their own.",
            ),
            parts.Figure(
                label="Facility energy",
                value=numbers.energy(used["energy_facility_kwh"]),
                note="" if used["energy_facility_kwh"] is not None else "power or PUE not known",
                meaning="IT energy × the machine's PUE.",
            ),
            parts.Figure(
                label="Emissions, location-based",
                value=numbers.emissions(gas["emissions_location_kgco2e"]),
                note=parts.covering(gas["located_share"], "the energy", "energy or intensity not known"),
                meaning="GHG Protocol scope 2: facility energy × the mean carbon intensity of the machine's grid zone in the year.",
            ),
            parts.Figure(
                label="Emissions, market-based",
                value=numbers.emissions(gas["emissions_market_kgco2e"]),
                note=parts.covering(gas["contracted_share"], "the energy", "no contract known"),
                meaning="GHG Protocol scope 2 by the operators' electricity contracts, 0 for a wholly renewable one.",
            ),
        ]
    )


def gaps() -> list[str]:
    """What the figures do not cover, or rest on an older year."""
    used, gas = spent.row(0, named=True), total.row(0, named=True)
    said = {
        "node_hours_without_model": "node-hours have neither a reading nor a known power of their partition, and are not in the energy.",
        "node_hours_without_pue": "node-hours are on machines whose PUE is not known, and are not in facility energy and emissions.",
    }
    found = [f"{numbers.amount(used[name], '')} {words}" for name, words in said.items() if used[name]]
    if used["jobs_without_nodes"]:
        found.append(f"Of {numbers.counted(used['jobs_without_nodes'], 'job')} the node-hours are not known; their energy is in no figure.")
    if gas["carried_forward"]:
        found.append(f"No carbon intensity is published yet for some of the months: that of {gas['intensity_years']} stands in for it.")
    return found


def estimates() -> None:
    """The facts behind the figures that are estimates, by machine."""
    facts = loaders.partitions(here.state).filter(pl.col("system").is_in(logged.to_list()))
    shown = facts.select(
        "system", "partition", "node_idle_w", "node_max_w", "utilisation", "pue", "market_factor", "grid_zone", "estimates"
    )
    st.header("What the model takes for each partition", anchor=False)
    guesses = [", ".join(map(tables.readable, names.split())) or "none" for names in shown["estimates"]]
    people = tables.for_people(shown).with_columns(estimates=pl.Series(guesses))
    alt = "Power, utilisation and PUE of each partition, and which of them are estimates"
    tables.table(shown, shown=people, name="power-facts", alt=alt)


parts.finding(f"{findings.energy_used(spent, period=period)} {findings.emitted(total, period=period)}")
row_of_figures()
parts.coverage(gaps())
parts.chart(
    charts.by_group(machine_energy, title="IT energy by machine"),
    alt=charts.by_group_summary(machine_energy),
    data=machine_energy,
    name="energy",
)
left, right = st.columns(2, gap="large")
with left:
    parts.chart(
        carbon_charts.by_group(by_system, title="Emissions by machine"),
        alt=carbon_charts.by_group_summary(by_system),
        data=by_system,
        name="emissions-by-machine",
    )
with right:
    by_category = energy.energy_by(rows, "category")
    parts.chart(
        charts.by_group(by_category, "category", title="IT energy by user category"),
        alt=charts.by_group_summary(by_category, "category"),
        data=by_category,
        name="energy-by-category",
    )
estimates()
years = total["intensity_years"].item()
parts.sources(factors=[f"carbon intensity: {results.series()[0].lower()}" + (f", of {years}" if years else "")], method="energy")
