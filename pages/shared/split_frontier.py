"""The frontier on the split page: every aim and carbon budget as a chart whose points can be taken, by a click or from a list."""

from dataclasses import replace
from functools import partial

import polars as pl
import streamlit as st

from analytics.charts import frontier as charts
from analytics.charts import numbers, theme
from analytics.recommendation import Recommendation
from analytics.recommendation_compare import Side
from analytics.recommendation_frontier import PARTS, bound_in_words, budgets, frontier_of_split, point_in_words, without_factors
from analytics.split_problem import SplitChoices
from data.errors import InputError
from data.terms import Selection
from pages.shared import loaders, parts, scenario, split_refusal, tables
from pages.shared.split_address import AIMS, CARBON
from pages.shared.visit import Visit

CHART = "chart-split-frontier"
TAKEN = "take-point"
ASKED_FOR = "frontier-asked-for"
"""Where the session keeps for which choices the frontier was asked."""
NAMES = {name: objective for name, objective in AIMS.items() if objective.aim == "alpha"}
"""The aims of the frontier; the worst-served first is the end towards which they run."""


def section(here: Visit, chosen: Selection, found: Recommendation) -> None:
    """The frontier for all other choices as they are, computed when asked for."""
    choices = replace(found.choices, objective=NAMES["Proportional"], carbon_budget_t=None)
    lacking = without_factors(scenario.facts_of(here, chosen), choices)
    if lacking:
        names = loaders.system_names(here.state)
        said = numbers.listed([names.get(system, system) for system in lacking])
        st.info(f"The frontier needs the emissions of every machine; those of {parts.escaped(said)} are not known.")
        split_refusal.leave_out(here, lacking)
        return
    if st.session_state.get(ASKED_FOR) != (chosen, choices):
        st.button("Compute the frontier", on_click=_ask, args=(chosen, choices), key="compute-frontier", type="primary")
        st.caption(f"{len(NAMES)} aims under {len(PARTS)} carbon budgets, each solved and proven: this takes some seconds.")
        return
    _shown(_points(here, chosen, choices), found)


def _points(here: Visit, chosen: Selection, choices: SplitChoices) -> pl.DataFrame:
    """Frame FRONTIER_OF_SPLIT, an aim at a time so that it can be seen how far it is, kept for this state of the store."""
    facts = scenario.facts_of(here, chosen)

    def made() -> pl.DataFrame:
        free = scenario.best_split(here, chosen, choices)
        emitted = free.energy.filter(what="recommended")["emissions_location_t"].item() if isinstance(free, Recommendation) else None
        if emitted is None:
            raise InputError("there is no split without a carbon budget either; loosen the other limits first.")
        progress = st.progress(0.0, "Solving…")
        frames = []
        for place, (name, objective) in enumerate(NAMES.items()):
            progress.progress(place / len(NAMES), f"Solving {name.lower()} under {len(budgets(emitted))} carbon budgets…")
            frames.append(frontier_of_split(facts, choices, {name: objective}, budgets(emitted)))
        progress.empty()
        return pl.concat(frames)

    return loaders.kept(here.seen, "frontier", (chosen, choices), made)


def _shown(points: pl.DataFrame, found: Recommendation) -> None:
    hours = float(found.by_project["node_hours_recommended"].sum())
    worst = Side(title="", found=found).served_of_worst
    current = None if worst is None else (hours, worst)
    st.plotly_chart(
        charts.frontier(points, current=current, title=charts.title(points)),
        alt=charts.frontier_summary(points),
        key=CHART,
        config=dict(theme.CONFIG),
        on_select=partial(_take_clicked, points),
        selection_mode="points",
    )
    with st.popover("Numbers", type="tertiary", help="The numbers of this chart, and their download"):
        tables.table(points, name="split-frontier", alt=f"The numbers of the chart: {charts.frontier_summary(points)}")
    known = points.drop_nulls("node_hours")
    listed = {point_in_words(row): row for row in known.iter_rows(named=True)}
    st.selectbox(
        "Take a point of the frontier",
        listed,
        index=None,
        placeholder="Click a point, or choose one here: it sets the aim and the carbon budget",
        key=TAKEN,
        on_change=lambda: _take(listed.get(st.session_state[TAKEN])),
    )
    st.caption(bound_in_words(points))


def _take_clicked(points: pl.DataFrame) -> None:
    clicked = st.session_state[CHART]["selection"]["points"]
    if clicked:
        _take(charts.point_at(points, int(clicked[0]["curve_number"]), int(clicked[0]["point_index"])))


def _take(point: dict[str, object] | None) -> None:
    """Make the aim and the carbon budget those of a point."""
    if point is not None:
        st.session_state["aim"], st.session_state[CARBON] = point["aim"], point["carbon_budget_t"]
        st.session_state[TAKEN] = None


def _ask(chosen: Selection, choices: SplitChoices) -> None:
    st.session_state[ASKED_FOR] = (chosen, choices)
