"""Who changed what, when and why: every decision from the store's own states, what it changed, and the way back to an earlier one."""

import polars as pl
import streamlit as st

from analytics.charts import numbers
from data.history import HistoryKind
from pages.shared import history_parts, loaders, parts, visit

STATE, BEFORE, AFTER, TAB = "state", "from-state", "to-state", "look"

MOST_OFFERED = 500
"""How many states a list offers; more would take long to draw, and nobody reads them."""

here = visit.now()
every = history_parts.states(here)
decisions = every.filter(pl.col("kind") != HistoryKind.UPKEEP.value)


def finding() -> str:
    """How many decisions there were, and the newest."""
    if decisions.is_empty():
        return "Nobody has decided anything yet."
    newest = decisions.row(0, named=True)
    people = decisions["author"].n_unique()
    whole = f"{numbers.counted(decisions.height, 'decision')} by {numbers.counted(people, 'person', 'people')}"
    return f"{whole}; the newest by {newest['author']} on {numbers.moment(newest['committed'])}: {newest['message']}."


def compare() -> None:
    """Any two of the newest states, of decisions or of the store's upkeep."""
    words = history_parts.named(every.head(MOST_OFFERED))
    remembered = list(words)
    left, right = st.columns(2)
    earlier = min(1, len(remembered) - 1)
    before = left.selectbox("From", remembered, index=earlier, format_func=words.__getitem__, key=BEFORE, bind="query-params")
    after = right.selectbox("To", remembered, format_func=words.__getitem__, key=AFTER, bind="query-params")
    history_parts.changed(here, before, after, name="history-compared")


def looked_at(rows: pl.DataFrame) -> None:
    """One state: what it changed, how it differs from another, and bringing it back."""
    words, remembered = history_parts.named(rows.head(MOST_OFFERED)), every["state"].to_list()
    state = st.selectbox("State", list(words), format_func=words.__getitem__, key=STATE, bind="query-params")
    if rows.height > MOST_OFFERED:
        st.caption(f"The newest {numbers.whole(MOST_OFFERED)} can be chosen; narrow the list above to reach earlier ones.")
    changed, compared, back = st.tabs(
        ("What it changed", "Compare two states", "Bring it back"), key=TAB, on_change="rerun", bind="query-params"
    )
    if changed.open:
        with changed:
            place = remembered.index(state)
            if place + 1 < len(remembered):
                history_parts.changed(here, remembered[place + 1], state, name="history-changed")
            else:
                st.caption("It is the first state that the store remembers.")
    if compared.open:
        with compared:
            compare()
    if back.open:
        with back:
            history_parts.bring_back(here, state)


parts.finding(finding())
st.caption("All time and all machines, whatever the filter bar says.")
rows = history_parts.found(here, every)
if rows.is_empty():
    st.info("No decision is found so; widen the choice of persons, kinds or accounts.")
else:
    history_parts.table(rows)
    looked_at(rows)
state = loaders.snapshot(here.seen)
st.caption(f"Source: the store's own states, up to {state.snapshot_id} of {numbers.moment(state.committed)}.")
