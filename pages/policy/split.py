"""Who should get how much: the best split for the aims a reader sets, beside what was received, with what it costs and what binds."""

from collections.abc import Callable

import streamlit as st

from analytics.allocation.solution import Refusal
from analytics.recommendation import Recommendation
from pages.shared import (
    parts,
    scenario,
    split_address,
    split_demand,
    split_frontier,
    split_parts,
    split_quotas,
    split_refusal,
    split_scenarios,
    split_waits,
    visit,
)

DETAILS = (
    "Winners and losers",
    "Waits",
    "What can be had at best",
    "Uncertain demand",
    "Scenarios",
    "Every project",
    "As quotas",
    "In words",
)

here = visit.now()
chosen = split_address.everybody(here.chosen)


def details(found: Recommendation) -> None:
    """What is looked at one at a time, and computed when it is."""
    tabs = st.tabs(DETAILS, key="detail", on_change="rerun", bind="query-params")
    bodies: tuple[Callable[[], None], ...] = (
        lambda: split_parts.winners_and_losers(here, chosen, found),
        lambda: split_waits.section(here, chosen, found),
        lambda: split_frontier.section(here, chosen, found),
        lambda: split_demand.section(here, chosen, found),
        lambda: split_scenarios.section(here, chosen, asked, found),
        lambda: split_parts.every_project(here, found),
        lambda: split_quotas.section(here, found),
        lambda: split_parts.in_words(here, found),
    )
    for tab, body in zip(tabs, bodies, strict=True):
        if tab.open:
            with tab:
                body()


st.html(scenario.NARROW)
side, beside = st.container(key=scenario.ROW_BOX).columns([1, 2], gap="large")
with side:
    asked = scenario.chosen_by_reader(here)
lacking = [] if asked.faults else scenario.uncounted(here, chosen, asked.choices)
answer: Recommendation | Refusal | None = None
with beside:
    if asked.faults:
        st.error(parts.escaped(f"There is no split, because {'; '.join(asked.faults)}."))
    elif lacking:
        split_refusal.uncounted(here, lacking)
    else:
        with st.spinner("Computing the split and its proof…"):
            answer = scenario.best_split(here, chosen, asked.choices)
        if isinstance(answer, Refusal):
            split_refusal.show(here, answer, asked.values)
        else:
            split_parts.answer(here, answer)
if isinstance(answer, Recommendation):
    details(answer)
else:
    split_scenarios.section(here, chosen, asked, answer)
if here.chosen.categories:
    st.caption("The split is one of all user categories; the choice of categories in the filter bar is left out here.")
st.caption("A recommendation changes nothing: quotas are set by the operator, with a reason.")
parts.sources(
    factors=["demand: awards, else use and queue", f"carbon intensity: {scenario.series_in_words(here, chosen)}"], method="the split"
)
if isinstance(answer, Recommendation):
    scenario.cost_of_aim(here, chosen, asked, answer)
    scenario.worth_of_asking_more(here, chosen, asked, answer)
