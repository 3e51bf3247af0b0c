"""Scenarios on the split page: save and name the choices, share them by link, take up a saved one, and compare any two."""

from dataclasses import asdict
from urllib.parse import urlsplit

import polars as pl
import streamlit as st

from analytics import recommendation_changes as changes
from analytics import recommendation_compare as compare
from analytics.allocation.solution import Refusal
from analytics.charts import numbers
from analytics.recommendation import Recommendation
from analytics.recommendation_compare import Side
from data import scenarios
from data.errors import EquinodeError
from data.reasons import LONGEST_REASON
from data.scenarios import LONGEST_NAME, Scenario
from data.settings import settings
from data.terms import Action, Selection
from pages.shared import access, filters, loaders, parts, scenario, split_address, split_standing, tables
from pages.shared.scenario import Asked
from pages.shared.visit import Visit

RECEIVED, NOW = "What was received", "The choices on this page"
SAVED = "scenario-saved"
"""Where the session keeps what was saved last, to say so once."""
MOST_AFFECTED = 10


def section(here: Visit, chosen: Selection, asked: Asked, answer: Recommendation | Refusal | None) -> None:
    """Saving, sharing, taking up and comparing."""
    known = {one.title: one for one in loaders.scenarios(here.seen)}
    left, right = st.columns(2, gap="large")
    with left:
        _link(here, chosen, asked)
        _save(here, chosen, asked)
    with right:
        _saved_ones(here, known)
    options = [RECEIVED, NOW, *known] if isinstance(answer, Recommendation) else [*known]
    if len(options) > 1:
        _compare(here, chosen, answer, known, options)


def _address(here: Visit, chosen: Selection, asked: Asked) -> str:
    return split_address.address_of(asked.values, chosen, loaders.system_names(here.state))


def _link(here: Visit, chosen: Selection, asked: Asked) -> None:
    """The address of the choices in full, to be copied."""
    st.markdown("**Share by link**")
    place = urlsplit(st.context.url or "")
    base = f"{place.scheme}://{place.netloc}{place.path}" if place.netloc else "/split"
    st.code(f"{base}?{_address(here, chosen, asked)}", language=None, wrap_lines=True)
    st.caption("Whoever opens it on this dashboard sees the same choices for the same months.")


def _save(here: Visit, chosen: Selection, asked: Asked) -> None:
    st.markdown("**Save these choices**")
    if Action.DECIDE not in here.person.may:
        st.caption(f"{here.person.name} ({here.person.role}) may look and share, but not save.")
        return
    done = st.session_state.pop(SAVED, None)
    if done is not None:
        st.success(parts.escaped(f"Saved as {done}."), icon=":material/check:")
    with st.form("save-scenario", border=False, clear_on_submit=False, enter_to_submit=False):
        name = st.text_input("Name", max_chars=LONGEST_NAME, key="scenario-name")
        reason = st.text_input("Reason", max_chars=LONGEST_REASON, key="scenario-reason")
        if not st.form_submit_button("Save", key="save-scenario-now"):
            return
    try:
        person = access.require(Action.DECIDE)
        saved = scenarios.save(
            settings(), person, name=name, reason=reason, address=_address(here, chosen, asked), snapshot_id=here.seen.snapshot_id
        )
    except EquinodeError as error:
        parts.error_box(error, what="This was not saved.")
        return
    st.session_state[SAVED] = saved.title
    st.rerun()


def _saved_ones(here: Visit, known: dict[str, Scenario]) -> None:
    st.markdown("**Saved scenarios**")
    split_standing.say_current(here)
    if not known:
        st.caption("None yet. A saved scenario keeps all choices, the months and the machines, with author, time and reason.")
        return
    rows = pl.DataFrame([asdict(one) | {"scenario": title} for title, one in known.items()])
    shown = rows.select("scenario", "saved", "author", "reason")
    tables.table(
        rows.drop("scenario"), shown=shown, name="scenarios", alt="Every version of every saved scenario, newest first", most_rows=6
    )
    title = st.selectbox("Scenario", known, key="scenario-to-load", label_visibility="collapsed")
    st.button(
        "Take it up", on_click=_take_up, args=(here, known[title]), key="load-scenario", help="Sets all choices, the months and machines."
    )
    split_standing.decide(here, known[title])
    for fault in st.session_state.pop("scenario-faults", ()):
        st.warning(parts.escaped(fault))


def _take_up(here: Visit, one: Scenario) -> None:
    """Make the choices those of a scenario, and keep what of it cannot be."""
    values, faults = split_address.values_in(one.address)
    selection, missing = split_address.selection_in(one.address, here.seen)
    state = split_address.state_of(values, selection, loaders.system_names(here.state))
    if st.session_state.get(filters.PERIOD) != filters.BETWEEN:  # their controls are not drawn yet, so nobody else writes them there
        st.query_params.update({key: str(state[key]) for key in (filters.FROM, filters.TO)})
    st.session_state.update(state)
    st.session_state["scenario-faults"] = [f"Of {one.title} this could not be taken up: {fault}." for fault in (*faults, *missing)]


def _compare(
    here: Visit, chosen: Selection, answer: Recommendation | Refusal | None, known: dict[str, Scenario], options: list[str]
) -> None:
    """Any two splits side by side."""
    st.subheader("Compare two", anchor=False)
    left, right = st.columns(2)
    titles = [
        left.selectbox("From", options, index=0, key="compare-from", bind="query-params"),
        right.selectbox("To", options, index=1, key="compare-to", bind="query-params"),
    ]
    if titles[0] == titles[1]:
        st.caption("Choose two that differ.")
        return
    sides = [_side(here, answer, title, known) for title in titles]
    if RECEIVED in titles:  # what was received in the months and on the machines of the other side
        other = sides[1 - titles.index(RECEIVED)]
        if isinstance(other, Side):
            sides[titles.index(RECEIVED)] = Side(title=RECEIVED, found=other.found, received=True)
    told = [side for side in sides if isinstance(side, str)]
    for sentence in told:
        st.warning(parts.escaped(sentence))
    one, other = sides
    if isinstance(one, Side) and isinstance(other, Side):
        _differences(here, chosen, one, other, [known.get(title) for title in titles])
        _side_by_side(here, one, other)


def _side(here: Visit, answer: Recommendation | Refusal | None, title: str, known: dict[str, Scenario]) -> Side | str:
    """One side of a comparison, or the sentence why it cannot be shown."""
    if title in (RECEIVED, NOW):
        if isinstance(answer, Recommendation):
            return Side(title=title, found=answer)
        return f"{title}: there is no split for them, so they cannot be compared."
    values, faults = split_address.values_in(known[title].address)
    selection, missing = split_address.selection_in(known[title].address, here.seen)
    if faults or missing:
        return f"{title} cannot be compared: {'; '.join((*faults, *missing))}."
    try:
        found = scenario.best_split(here, selection, split_address.choices_of(values))
    except EquinodeError as error:
        return f"{title} cannot be compared: {error}"
    return f"{title} cannot be compared: {found.reason}" if isinstance(found, Refusal) else Side(title=title, found=found)


def _differences(here: Visit, chosen: Selection, one: Side, other: Side, saved: list[Scenario | None]) -> None:
    """The choices that differ, and whether months or machines do."""
    said = [] if one.received or other.received else compare.differences(one.found.choices, other.found.choices)
    selections = [chosen if each is None else split_address.selection_in(each.address, here.seen)[0] for each in saved]
    if not (one.received or other.received):
        if selections[0].period != selections[1].period:
            said.append(f"The months: from {selections[0].period.name} to {selections[1].period.name}.")
        if selections[0].systems != selections[1].systems:
            names = loaders.system_names(here.state)
            machines = [numbers.listed([names.get(system, system) for system in each.systems]) or "all machines" for each in selections]
            said.append(f"The machines: from {machines[0]} to {machines[1]}.")
        st.markdown("\n".join(f"- {parts.escaped(sentence)}" for sentence in said) or "All choices are the same.")
    for each in saved:
        if each is not None and each.snapshot_id != here.seen.snapshot_id:
            st.caption(
                parts.escaped(
                    f"{each.title} was saved on state {each.snapshot_id} of the store; it is computed anew here on state "
                    f"{here.seen.snapshot_id}."
                )
            )


def _side_by_side(here: Visit, one: Side, other: Side) -> None:
    data = compare.side_by_side(one, other, loaders.policy_limits(), loaders.system_names(here.state))
    in_hours = pl.when(pl.col("unit") == "node-hours").then(pl.format("{} (node-hours)", "measure")).otherwise("measure")
    shown = pl.DataFrame({"": data.select(in_hours).to_series(), one.title: data["one_words"], other.title: data["other_words"]})
    tables.plain_table(shown, alt=f"{one.title} and {other.title} side by side")
    tables.download(data, name="split-compared")
    rows = compare.between(one, other)
    st.markdown(f"**{parts.escaped(changes.counts_in_words(rows, f'“{one.title}”'))}**")
    gone = rows.filter(pl.col("outcome") != "same")
    if not gone.is_empty():
        look = tables.for_people(
            gone.head(MOST_AFFECTED).select("account", "system", "category", "change", before="node_hours_before", after="node_hours_after")
        )
        tables.table(
            gone, shown=look, name="split-between", alt="The projects that gain or lose most between the two", most_rows=MOST_AFFECTED
        )
