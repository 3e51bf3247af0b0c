"""What the machine time cost in energy and emissions: power over time, what was lost, what moving work could save, the regulation."""

import polars as pl
import streamlit as st

from analytics import carbon, energy, findings
from analytics.charts import numbers
from pages.shared import energy_charts, energy_parts, loaders, parts, results, results_energy, tables, visit

here = visit.now()
period = here.chosen.period.name
left, _ = st.columns([2, 3])
left.selectbox("Carbon intensity", results.SERIES_OF, key=results.SERIES, bind="query-params")
rows = results.emission_rows(here)
total, spent = carbon.emissions_by(rows), energy.energy_by(rows)


def indicators_of_the_regulation() -> None:
    """PUE, WUE, ERF and REF of each site, or what is missing to compute them."""
    st.header("Indicators of Delegated Regulation (EU) 2024/1364", anchor="regulation")
    found = results_energy.indicators(here)
    values = results.named(here, found).pivot("indicator", index="system", values="value", maintain_order=True)
    texts = values.select(
        pl.col("system").map_elements(parts.escaped, return_dtype=pl.String).alias("Machine"),
        pl.exclude("system").map_elements(numbers.plain, return_dtype=pl.String),
    )
    tables.plain_table(texts.rename({"WUE": "WUE (m³/MWh)"}), alt="PUE, WUE, ERF and REF of each machine")
    with st.expander("What each value rests on, or what is missing to compute it"):
        alt = "The basis of PUE, WUE, ERF and REF of each machine, or what is missing"
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
energy_charts.power_over_time(here)
energy_charts.who_used_it(here, rows)
energy_charts.where_it_went(here)
energy_charts.through_the_week(here)
energy_charts.what_moving_could_save(here)
indicators_of_the_regulation()
estimates()
parts.sources(factors=[results.intensity_in_words(total)], method="energy")
