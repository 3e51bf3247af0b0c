"""The period on one screen: who received the machines' time, how fairly, after what waits, at what energy, within what limits."""

import streamlit as st

from analytics import carbon, energy, findings, findings_energy, findings_fairness
from analytics.charts import numbers
from data.terms import HourUnit
from pages.shared import fairness_parts, filters, overview_charts, parts, results, results_energy, results_fairness, visit

here = visit.now()
chosen, unit, period = here.chosen, here.chosen.unit, overview_charts.PERIOD
shares, due, fair = results.by_category(here), results.due(here), results.inequality(here)
whole, earlier = results.totals(here), results.totals(here, filters.before(chosen))
spent, emitted = energy.energy_by(results.energy_rows(here)), carbon.emissions_by(results.emission_rows(here))


def row_of_figures() -> None:
    """The five figures of the selection."""
    used, gas = spent.row(0, named=True), emitted.row(0, named=True)
    share, sized, machines = results.capacity_share(here)
    market = numbers.emissions(gas["emissions_market_kgco2e"]) if gas["emissions_market_kgco2e"] is not None else numbers.NOT_AVAILABLE
    parts.figures(
        [
            parts.hours_figure(whole["hours"], earlier["hours"]),
            parts.Figure(
                label="Of capacity",
                value=numbers.percent(share),
                note=f"of {numbers.counted(sized, 'machine')}" + (f" of {machines}" if sized < machines else "")
                if sized
                else "size not known",
                meaning="Machine time of the selection ÷ what the machines could have given on the days with logs: nodes × 24 hours.",
            ),
            parts.Figure(
                label="Jain's index",
                value=numbers.plain(fair.jain),
                note=fairness_parts.between(results_fairness.intervals(here), "jain") if fair.projects else fairness_parts.NO_AWARD,
                meaning="How evenly projects were served against what was due to them: 1 if all alike, 1/n if one has all.",
            ),
            parts.Figure(
                label="Facility energy",
                value=numbers.energy(used["energy_facility_kwh"]),
                note=parts.covering(used["metered_share"], "hours measured", "power or PUE not known"),
                meaning="IT energy of the jobs, measured or modelled, × the machine's PUE.",
            ),
            parts.Figure(
                label="Location-based CO₂e",
                value=numbers.emissions(gas["emissions_location_kgco2e"]),
                note=f"market-based: {market}",
                meaning="Facility energy × the carbon intensity of the grid where the machine stands. Market-based: by the operators' "
                f"electricity contracts, known for {numbers.percent(gas['contracted_share'])} of the energy.",
            ),
        ]
    )
    st.caption(parts.against_before())
    if unit is HourUnit.NODE_HOURS:
        parts.shared_nodes(whole)
    parts.unclassified(shares)


def since_before() -> str:
    """What changed since the period before; empty where the logs do not reach over both."""
    before = filters.before(chosen)
    if not results.comparable(here) or not whole["hours"] or not earlier["hours"]:
        return ""
    then = results.by_category(here, before)
    return findings_fairness.changed(shares, then, relative=whole["hours"] / earlier["hours"] - 1, earlier=before.period.name)


def answers() -> None:
    """One sentence for each further question, with the way to its page; `the period` is the one in the bar, which the finding names."""
    usage, fairness, energies = ("policy/usage.py", "Usage"), ("policy/fairness.py", "Fairness"), ("policy/energy.py", "Energy")
    sentences = (
        (findings.over_limits(results.named(here, results.against_limits(here)), period=period), fairness),
        (since_before(), usage),
        (findings_fairness.union_access(results.against_limits(here), period=period), fairness),
        (findings_fairness.unmet(results_fairness.unmet(here), period=period), fairness),
        (findings.waited(results.waits(here), period=period), fairness),
        (findings.emitted(emitted, period=period), energies),
        (findings_energy.lost(results_energy.where_it_went(here), period=period), energies),
    )
    for sentence, (file, title) in sentences:
        if sentence:
            said, way = st.columns([6, 1], vertical_alignment="center")
            said.markdown(parts.escaped(sentence))
            way.page_link(file, label=title)


parts.finding(findings.received(shares, period=chosen.period.name, unit=unit))
row_of_figures()
st.header("What the logs say", anchor=False)
answers()
overview_charts.fairness(here, due, fair)
overview_charts.machine_time(here)
overview_charts.energy_by_machine(here, spent)
parts.sources(factors=[results.intensity_in_words(emitted)], method="each figure")
