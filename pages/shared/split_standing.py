"""Which saved scenario holds, on the split page: said, made current with a reason, and agreed to or declined by a second person."""

from collections.abc import Callable

import streamlit as st

from analytics.charts import numbers
from data import scenario_standing
from data.errors import EquinodeError
from data.quota_changes import same_person
from data.reasons import LONGEST_REASON
from data.scenario_standing import ScenarioState, Standing
from data.scenarios import Scenario
from data.settings import settings
from data.terms import Action
from pages.shared import access, loaders, parts
from pages.shared.visit import Visit

DONE = "scenario-decided"
"""Where the session keeps what was decided last, to say so once."""


def known(here: Visit) -> list[Standing]:
    """Every scenario about which something was decided, the newest decision first."""
    return loaders.kept(here.seen, "standing scenarios", (), lambda: scenario_standing.standings(here.seen.lake))


def say_current(here: Visit) -> None:
    """Which scenario holds, and which wait for a second person."""
    done = st.session_state.pop(DONE, None)
    if done is not None:
        st.success(parts.escaped(done), icon=":material/check:")
    held = next((one for one in known(here) if one.state is ScenarioState.CURRENT), None)
    if held is None:
        st.caption("No scenario is current.")
    else:
        by = f"{held.author}, on the proposal of {held.proposed_by}" if held.proposed_by else held.author
        st.markdown(parts.escaped(f"Current: {held.scenario.title}, since {numbers.moment(held.decided)}, by {by}: {held.reason}"))
    for waits in (one for one in known(here) if one.state is ScenarioState.PROPOSED):
        st.info(parts.escaped(f"{waits.scenario.title} was proposed to be current by {waits.author}: {waits.reason}"))


def decide(here: Visit, one: Scenario) -> None:
    """What can be decided about a scenario, with a reason."""
    if Action.DECIDE not in here.person.may:
        return
    standing = next((each for each in known(here) if each.scenario == one), None)
    state = standing.state if standing is not None else None
    if state is ScenarioState.CURRENT:
        st.caption(parts.escaped(f"{one.title} is the current scenario."))
        return
    reason = st.text_input("Reason of the decision", max_chars=LONGEST_REASON, key="scenario-decision-reason")
    if state is not ScenarioState.PROPOSED:
        word = "Propose to make it current" if settings().four_eyes else "Make it current"
        if st.button(word, key="scenario-make-current", help="Changes no quota: it says which split the site follows."):
            _do(lambda: _made_current(one, reason))
        return
    assert standing is not None
    own = same_person(standing.author, here.person.name)
    left, right = st.columns(2)
    if own:
        left.caption("A second person has to agree.")
    elif left.button("Agree, and make it current", key="scenario-agree"):
        _do(lambda: _agreed(one, reason))
    if right.button("Withdraw" if own else "Decline", key="scenario-turn-down"):
        _do(lambda: _turned_down(one, reason))


def _made_current(one: Scenario, reason: str) -> str:
    state = scenario_standing.make_current(settings(), access.require(Action.DECIDE), one.name, one.version, reason=reason)
    return f"{one.title} was {scenario_standing.SAID[state]}."


def _agreed(one: Scenario, reason: str) -> str:
    scenario_standing.agree(settings(), access.require(Action.DECIDE), one.name, one.version, reason=reason)
    return f"{one.title} was made current."


def _turned_down(one: Scenario, reason: str) -> str:
    state = scenario_standing.turn_down(settings(), access.require(Action.DECIDE), one.name, one.version, reason=reason)
    return f"{one.title} was {scenario_standing.SAID[state]}."


def _do(act: Callable[[], str]) -> None:
    """Decide, and say so at the next run; what stands in the way is told in place."""
    try:
        st.session_state[DONE] = act()
    except EquinodeError as error:
        parts.error_box(error, what="Nothing was decided.")
        return
    st.rerun()
