"""How each figure is computed, and from what: the indicators in their own words, the facts with source and flag, the limits."""

import re

import polars as pl
import streamlit as st

from analytics import carbon, waiting
from analytics.charts import numbers
from analytics.report.methods import methods
from data import facts
from data.export.xdmod_differences import differences
from data.terms import Flag
from pages.shared import filters, loaders, parts, results, tables, visit

DIFFERENCES = {"statistics": "Statistics", "xdmod": "Open XDMoD", "ours": "Ours", "why": "Why"}
here = visit.now()
TABS = {
    "Usage": "usage",
    "Waits": "waiting",
    "Demand": "demand",
    "Fairness": "fairness",
    "Energy": "energy",
    "Emissions": "carbon",
    "Limits": "limits",
    "Split": "split_problem",
    "Calls": "calls.decision",
    "Training": "training",
}


def indicators() -> None:
    """Every indicator in its own words: definition, formula, source and edge cases, the same as in the report."""
    found = methods()
    for tab, module in zip(st.tabs(list(TABS), key="method", on_change="rerun", bind="query-params"), TABS.values(), strict=True):
        with tab:
            for method in found:
                if method.name.startswith(f"{module}."):
                    title = tables.readable(method.name.removeprefix(f"{module}."))
                    said = "\n\n".join(as_markdown(words) for words in (method.summary, *method.details))
                    st.markdown(f"**{parts.escaped(title)}**  \n{said}")


def as_markdown(words: str) -> str:
    """Words of a docstring, in which only code stands out."""
    pieces = re.split(r"(`[^`]*`)", words)
    return "".join(piece if piece.startswith("`") else parts.escaped(piece) for piece in pieces)


def facts_of_machines() -> None:
    """Every fact about every machine, known or not, with source, flag and validity."""
    st.header("Facts about the machines", anchor=False)
    st.caption("An unknown fact stands with the reason why it is not known, and figures that need it are not available.")
    known = loaders.systems(here.state)
    wanted = here.selection.systems if here.selection is not None else ()
    table = facts.fact_table([system for name, system in known.items() if not wanted or name in wanted])
    shown = tables.for_people(table).select(
        "system",
        pl.col("partition").fill_null("whole machine"),
        pl.col("fact").map_elements(tables.readable, return_dtype=pl.String),
        value=pl.coalesce(pl.format("{} {}", "value", "unit"), "value", pl.format("not available: {}", "unknown")),
        known=pl.col("flag").replace({flag.value: flag.shown_as for flag in Flag}).fill_null("not known"),
        source=pl.col("source").fill_null("none"),
        valid=pl.col("valid").fill_null("not stated"),
    )
    tables.table(table, shown=shown, name="facts", alt="Every fact about the machines with source and flag", most_rows=11)


def values_now() -> None:
    """What the indicators come to for the selection in the filter bar."""
    if here.state is None or filters.is_empty(here.seen, here.chosen):
        return
    used, fair, spent = results.totals(here), results.inequality(here), carbon.emissions_by(results.emission_rows(here)).row(0, named=True)
    waited = waiting.queue_waits(loaders.waits(here.seen, here.chosen)).row(0, named=True)
    values = {
        "Machine time": numbers.machine_time(used["hours"], here.chosen.unit),
        "Share of capacity": numbers.percent(results.capacity_share(here)[0]),
        "Median wait": numbers.duration(waited["median_wait_s"]),
        "Wait that nine jobs in ten did not exceed": numbers.duration(waited["p90_wait_s"]),
        "Mean wait": numbers.duration(waited["mean_wait_s"]),
        "Jain's index": numbers.plain(fair.jain),
        "Gini coefficient": numbers.plain(fair.gini),
        "Theil's index": numbers.plain(fair.theil),
        "Least satisfaction": numbers.percent(fair.least),
        "IT energy": numbers.energy(spent["energy_it_kwh"]),
        "Facility energy": numbers.energy(spent["energy_facility_kwh"]),
        "Emissions, location-based": numbers.emissions(spent["emissions_location_kgco2e"]),
        "Emissions, market-based": numbers.emissions(spent["emissions_market_kgco2e"]),
    }
    st.header(f"What they come to: {filters.in_words(here.chosen, loaders.system_names(here.state))}", anchor=False)
    tables.plain_table(pl.DataFrame({"Indicator": list(values), "Value": list(values.values())}), alt="The indicators for the selection")


def limits_of_the_law() -> None:
    """The limits with their reading, source and flag."""
    st.header("Limits of law and access policy", anchor=False)
    for limit in loaders.policy_limits():
        indicative = "" if limit.exact else " The comparison is indicative."
        of = limit.of.value.replace("_", " ")
        st.markdown(
            f"**{parts.escaped(limit.title)}**: at most {limit.share:.0%} of the {of}. {parts.escaped(limit.reading)}{indicative}  \n"
            f":gray[{parts.escaped(f'{limit.source}; {limit.flag.shown_as}; {limit.valid}')}]"
        )


def factors() -> None:
    """Carbon intensities and prices, with source and flag."""
    st.header("Carbon intensity of the grids", anchor=False)
    tables.table(loaders.intensity(), name="carbon-intensity", alt="Annual carbon intensity of each grid zone, with source", most_rows=8)
    st.header("Electricity prices", anchor=False)
    tables.table(loaders.prices(), name="prices", alt="Annual electricity prices of each country, with source", most_rows=8)
    st.header("Where our definitions differ from Open XDMoD's on purpose", anchor=False)
    tables.plain_table(differences().rename(DIFFERENCES), alt="Statistics that Open XDMoD defines otherwise, and why")


indicators()
values_now()
limits_of_the_law()
facts_of_machines()
factors()
