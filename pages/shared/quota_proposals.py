"""Changes of quotas that wait for a second person: what each would do, and the way to approve, decline or withdraw it."""

from collections.abc import Callable
from typing import Any

import polars as pl
import streamlit as st

from analytics.charts import numbers
from data import quota_changes
from data.errors import EquinodeError
from data.quota_changes import Change, ChangeState
from data.quotas import KEY, overtaken
from data.reasons import LONGEST_REASON
from data.settings import settings
from data.terms import Action
from pages.shared import access, loaders, parts, quota_compared, quota_rows, quota_unsaved
from pages.shared.visit import Visit


def section(here: Visit) -> None:
    """Every proposal that waits; nothing where none does."""
    waiting = loaders.kept(here.seen, "quota proposals", (), lambda: quota_changes.changes(here.seen.lake, ChangeState.PROPOSED))
    if waiting.is_empty():
        return
    st.header(f"{numbers.counted(waiting.height, 'proposal')} to decide on", anchor="proposals")
    for row in waiting.iter_rows(named=True):
        title = f"{row['change_id']}: {numbers.counted(row['projects'], 'project')}, by {row['author']}: {row['reason']}"
        with st.expander(parts.escaped(title), expanded=waiting.height == 1):
            _proposal(here, row)


def _proposal(here: Visit, row: dict[str, Any]) -> None:
    number = row["change_id"]
    edits = loaders.kept(here.seen, "proposed quotas", (number,), lambda: quota_changes.proposed(here.seen.lake, number))
    st.caption(f"Proposed on {numbers.moment(row['made'])}.")
    quota_unsaved.effects(here, edits)
    rows = quota_compared.side_by_side(quota_rows.standing(here), edits)
    alt = f"What change {number} would set"
    quota_compared.table(rows, name=f"proposal-{number}", alt=alt, most_rows=8)
    late = overtaken(quota_rows.standing(here), edits).filter(pl.col("is_overtaken"))
    if late.height:
        names = numbers.listed(late.select(*KEY)["account"].head(5).to_list())
        st.warning(
            parts.escaped(f"It cannot be approved any more: {numbers.counted(late.height, 'project')} changed meanwhile, such as {names}."),
            icon=":material/group:",
        )
    _decision(here, number, author=row["author"], can_hold=late.is_empty())


def _decision(here: Visit, number: int, *, author: str, can_hold: bool) -> None:
    """The buttons of one proposal: its author may withdraw it, anybody else approve or decline it."""
    if Action.DECIDE not in here.person.may:
        st.caption(f"{here.person.name} ({here.person.role}) may look, but not decide.")
        return
    own = quota_changes.same_person(author, here.person.name)
    with st.form(f"decide-{number}", border=False, enter_to_submit=False):
        label = "Why it is withdrawn (may stay empty)" if own else "Why (needed to decline)"
        reason = st.text_input(label, max_chars=LONGEST_REASON, key=f"decide-reason-{number}")
        with st.container(horizontal=True, gap="small"):
            approved = not own and st.form_submit_button(
                "Approve: make it current", type="primary", disabled=not can_hold, key=f"approve-{number}"
            )
            declined = st.form_submit_button("Withdraw" if own else "Decline", key=f"decline-{number}")
    if own:
        st.caption("You proposed it, so another person has to agree.")
    if approved:
        _done(lambda: quota_changes.approve(settings(), access.require(Action.DECIDE), number, reason=reason))
    elif declined:
        _done(lambda: quota_changes.decline(settings(), access.require(Action.DECIDE), number, reason=reason))


def _done(decide: Callable[[], Change]) -> None:
    try:
        change = decide()
    except EquinodeError as error:
        parts.error_box(error, what="This was not decided.")
        return
    words = {ChangeState.CURRENT: "holds now", ChangeState.DECLINED: "was declined", ChangeState.WITHDRAWN: "was withdrawn"}
    st.session_state[quota_unsaved.SAVED] = (
        f"Change {change.change_id} of {numbers.counted(change.projects, 'project')} {words[change.state]}."
    )
    st.rerun()
