"""The parts of the history page: which decisions there were, what one of them changed, any two states compared, one brought back."""

from collections.abc import Mapping

import polars as pl
import streamlit as st

from analytics.charts import numbers
from data import history, project_restore, quotas
from data.errors import EquinodeError
from data.history import HistoryKind
from data.project_restore import Restoration
from data.reasons import LONGEST_REASON
from data.settings import settings
from data.terms import Action
from pages.shared import access, filters, loaders, parts, quota_compared, quota_rows, quota_table, tables
from pages.shared.visit import Visit

WHO, KIND, ABOUT = "who", "kind", "about"
"""The names of the choices in the address."""
KINDS = {
    "Quotas": HistoryKind.QUOTAS,
    "Projects": HistoryKind.PROJECTS,
    "Scenarios": HistoryKind.SCENARIOS,
    "Logs": HistoryKind.LOGS,
    "Carbon and prices": HistoryKind.SERIES,
    "Upkeep of the store": HistoryKind.UPKEEP,
    "Other": HistoryKind.OTHER,
}
BROUGHT_BACK = "history-brought-back"
"""Where the session keeps what was brought back last, to say so once."""


def states(here: Visit) -> pl.DataFrame:
    """Every state of the store that is remembered (frame HISTORY)."""
    return loaders.kept(here.seen, "history", (), lambda: history.states(here.seen.lake))


def found(here: Visit, every: pl.DataFrame) -> pl.DataFrame:
    """The states that a reader looks for, after drawing the controls; the store's own upkeep only where it is asked for."""
    people = sorted(every["author"].drop_nulls().unique().to_list())
    filters.forget_unknown(WHO, people)
    filters.forget_unknown(KIND, KINDS)
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        who = st.multiselect("Person", people, key=WHO, bind="query-params", placeholder="Everybody", width=240)
        kinds = st.multiselect("Kind", list(KINDS), key=KIND, bind="query-params", placeholder="All decisions", width=280)
        account = st.text_input("Account", key=ABOUT, bind="query-params", placeholder="part of a project's name", width=240)
    wanted = [KINDS[name].value for name in kinds] or [kind.value for kind in HistoryKind if kind is not HistoryKind.UPKEEP]
    rows = every.filter(pl.col("kind").is_in(wanted))
    if who:
        rows = rows.filter(pl.col("author").is_in(who))
    if account.strip():
        touched = loaders.kept(here.seen, "history of account", (account,), lambda: history.touching(here.seen.lake, account.strip()))
        rows = rows.filter(pl.col("state").is_in(touched))
    return rows


def table(rows: pl.DataFrame) -> None:
    """The states as a table."""
    words = {kind.value: name for name, kind in KINDS.items()}
    shown = rows.select("state", decided="committed", person="author", kind=pl.col("kind").replace(words), reason="message")
    tables.table(rows, shown=shown, name="history", alt="Every decision with time, person, kind and reason, newest first", most_rows=10)


def named(every: pl.DataFrame) -> Mapping[int, str]:
    """Each state in words, by its number."""
    return {
        row["state"]: f"{row['state']}: {row['message'] or 'the store was made'} ({row['author'] or 'the store itself'}, "
        f"{numbers.moment(row['committed'])})"
        for row in every.iter_rows(named=True)
    }


def changed(here: Visit, before: int, after: int, *, name: str) -> None:
    """What decisions differ between two states."""
    rows = loaders.kept(here.seen, "differences", (before, after), lambda: history.between(settings(), before, after))
    if rows.is_empty():
        st.caption("No quota, project or scenario differs. What logs brought, and what was refused of them, stands on the page Intake.")
        return
    counts = rows.select("kind", "system", "account").unique()["kind"].value_counts(sort=True).rows()
    said = numbers.listed([numbers.counted(count, kind.removesuffix("s")) for kind, count in counts])
    differ = "differs" if rows.height == 1 else "differ"
    st.markdown(f"**{parts.escaped(numbers.counted(rows.height, 'value'))}** {differ}, of {parts.escaped(said)}.")
    words = {kind.value: name for name, kind in KINDS.items()}
    quota_compared.table(rows.with_columns(pl.col("kind").replace(words)), name=name, alt="Each value before and after")


def bring_back(here: Visit, state: int) -> None:
    """Quotas and projects as an earlier state had them: what that would change, and the way to do it."""
    done = st.session_state.pop(BROUGHT_BACK, None)
    if done is not None:
        st.success(parts.escaped(done), icon=":material/check:")
    if Action.DECIDE not in here.person.may:
        st.caption(f"{here.person.name} ({here.person.role}) may look, but not decide.")
        return
    if not loaders.kept(here.seen, "holds decisions", (state,), lambda: _holds_decisions(state)):
        st.caption("That state is from before the store held any decision; there is nothing to bring back.")
        return
    st.caption("Nothing is written over: what is brought back is a new decision, which the history tells like any other.")
    st.subheader("Quotas", anchor=False)
    _quotas_back(here, state)
    st.subheader("Projects", anchor=False)
    _projects_back(here, state)


def _holds_decisions(state: int) -> bool:
    with history.state_of(settings(), state) as pinned:
        return history.holds_decisions(pinned)


def _quotas_back(here: Visit, state: int) -> None:
    edits = loaders.kept(here.seen, "quotas back", (state,), lambda: _restoring(here, state))
    if edits.is_empty():
        st.caption("All quotas are as they were then.")
        return
    rows = quota_compared.side_by_side(quota_rows.standing(here), edits)
    alt = "What bringing the quotas back would change"
    quota_compared.table(rows, name="history-quotas-back", alt=alt, most_rows=8)
    if st.button(f"Take into unsaved quotas ({numbers.counted(edits.height, 'project')})", key="quotas-back"):
        quota_table.keep(here, edits)
        quota_table.begin_anew()
        st.session_state[BROUGHT_BACK] = f"{numbers.counted(edits.height, 'project')} taken into the unsaved quotas; save them there."
        st.rerun()
    st.page_link("operations/quotas.py", label="To the unsaved quotas")
    st.caption("They are saved on the page Quotas, with a reason; unsaved changes of the same projects give way to these.")


def _restoring(here: Visit, state: int) -> pl.DataFrame:
    with history.state_of(settings(), state) as pinned:
        return quotas.restoring(quotas.standing(here.seen.lake), quotas.standing(pinned))


def _projects_back(here: Visit, state: int) -> None:
    wanted = loaders.kept(here.seen, "projects back", (state,), lambda: project_restore.restoration(settings(), here.seen.lake, state))
    if wanted.projects == 0:
        st.caption("All decisions about projects are as they were then.")
        return
    st.markdown(
        f"This sets {numbers.counted(wanted.decided.height, 'project')} back to what was decided then, and forgets what was decided since "
        f"about {numbers.counted(wanted.forgotten.height, 'project')} that nobody had decided about."
    )
    _some(wanted.decided, name="history-projects-back", alt="The projects as they would be again")
    if wanted.forgotten.height:
        _some(wanted.forgotten, name="history-projects-forgotten", alt="The projects that would be undecided again")
    with st.form("projects-back", border=False, enter_to_submit=False):
        reason = st.text_input("Reason, for the history", max_chars=LONGEST_REASON, key="projects-back-reason")
        if not st.form_submit_button(f"Bring back {numbers.counted(wanted.projects, 'project')}", key="projects-back-now"):
            return
    _restore(wanted, reason)


def _some(rows: pl.DataFrame, *, name: str, alt: str) -> None:
    """The first thousand projects, with a file of all."""
    most = quota_compared.MOST_SHOWN
    if rows.height > most:
        st.caption(f"The first {numbers.whole(most)} of {numbers.counted(rows.height, 'project')}; the file has all.")
    tables.table(rows, shown=tables.for_people(rows.head(most)), name=name, alt=alt, most_rows=8)


def _restore(wanted: Restoration, reason: str) -> None:
    try:
        count = project_restore.restore(settings(), access.require(Action.DECIDE), wanted, reason=reason)
    except EquinodeError as error:
        parts.error_box(error, what="This was not brought back.")
        return
    st.session_state[BROUGHT_BACK] = f"Brought back: {numbers.counted(count, 'project')} as in state {wanted.state}."
    st.rerun()
