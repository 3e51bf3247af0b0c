"""What happened on the machines at a glance: who received their time, how fairly, how long jobs waited, at what energy and carbon."""

import streamlit as st

from analytics import carbon, energy, findings
from analytics.charts import energy as energy_charts
from analytics.charts import fairness as fairness_charts
from analytics.charts import numbers, received
from pages.shared import filters, parts, results, visit

here = visit.now()
chosen, unit, period = here.chosen, here.chosen.unit, here.chosen.period.name
shares, monthly, due, fair = results.by_category(here), results.by_month(here), results.due(here), results.inequality(here)
spent = energy.energy_by(results.energy_rows(here))
emitted = carbon.emissions_by(results.emission_rows(here))


def row_of_figures() -> None:
    """The five figures of the selection."""
    whole, before = results.totals(here), results.totals(here, filters.before(chosen))
    used, gas = spent.row(0, named=True), emitted.row(0, named=True)
    parts.figures(
        [
            parts.hours_figure(whole["hours"], before["hours"]),
            parts.Figure(
                label="Jain's index",
                value=numbers.plain(fair.jain),
                note=f"over {numbers.counted(fair.projects, 'project')}" if fair.projects else "no award is known",
                meaning="How evenly projects were served against what was due to them: 1 if all alike, 1/n if one has all.",
            ),
            parts.Figure(
                label="Facility energy",
                value=numbers.energy(used["energy_facility_kwh"]),
                note=parts.covering(used["metered_share"], "hours measured", "power or PUE not known"),
                meaning="IT energy of the jobs, measured or modelled, × the machine's PUE.",
            ),
            parts.Figure(
                label="Emissions, location-based",
                value=numbers.emissions(gas["emissions_location_kgco2e"]),
                note=parts.covering(gas["located_share"], "the energy", "energy or intensity not known"),
                meaning="Facility energy × the mean carbon intensity of the grid where the machine stands.",
            ),
            parts.Figure(
                label="Emissions, market-based",
                value=numbers.emissions(gas["emissions_market_kgco2e"]),
                note=parts.covering(gas["contracted_share"], "the energy", "no contract known"),
                meaning="The same by the operators' electricity contracts; only of machines whose contract is known.",
            ),
        ]
    )
    st.caption(parts.against_before())
    parts.unclassified(shares)


def answers() -> None:
    """One sentence for each further question, with the way to its page."""
    sentences = (
        (findings.capacity_used(results.named(here, results.of_capacity(here)), period=period), "policy/usage.py", "Usage"),
        (findings.against_due(due, period=period), "policy/fairness.py", "Fairness"),
        (findings.unequal(fair, period=period), "policy/fairness.py", "Fairness"),
        (findings.waited(results.waits(here), period=period), "policy/fairness.py", "Fairness"),
        (findings.energy_used(spent, period=period), "policy/energy.py", "Energy"),
        (findings.emitted(emitted, period=period), "policy/energy.py", "Energy"),
        (findings.over_limits(results.named(here, results.against_limits(here)), period=period), "policy/fairness.py", "Fairness"),
    )
    for sentence, file, title in sentences:
        said, way = st.columns([6, 1], vertical_alignment="center")
        said.markdown(parts.escaped(sentence))
        way.page_link(file, label=title)


parts.finding(findings.received(shares, period=period, unit=unit))
row_of_figures()
parts.chart(
    received.by_month(monthly, unit=unit, title="Machine time by month and user category"),
    alt=received.by_month_summary(monthly, unit=unit),
    data=monthly,
    name="machine-time-by-month",
)
st.header("What else the logs say", anchor=False)
answers()
left, right = st.columns(2, gap="large")
with left:
    parts.chart(
        fairness_charts.against_due(due, title="Share received against share due"),
        alt=fairness_charts.against_due_summary(due),
        data=due,
        name="received-against-due",
    )
with right:
    by_system = results.named(here, energy.energy_by(results.energy_rows(here), "system"))
    parts.chart(
        energy_charts.by_group(by_system, title="Energy by machine"),
        alt=energy_charts.by_group_summary(by_system),
        data=by_system,
        name="energy-by-machine",
    )
parts.sources(factors=[f"carbon intensity: {results.series()[0].lower()}"], method="each figure")
