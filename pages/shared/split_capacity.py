"""What machines would give otherwise than they did, on the split page: typed or put together, and kept in the address."""

import streamlit as st

from analytics import capacity_changes
from analytics.capacity_changes import MOST_NODES, MOST_PERCENT, CapacityChange
from pages.shared import loaders
from pages.shared.split_address import CAPACITY
from pages.shared.visit import Visit

EVERY_MONTH = "every month"
KINDS = ("Maintenance, or more of what is there", "A further partition")
KIND, WHERE, WHEN, PERCENT, NODES, NAME = (f"capacity-{what}" for what in ("kind", "partition", "month", "percent", "nodes", "name"))


def changes(here: Visit) -> tuple[str, list[str]]:
    """The changes as they are typed, and what of them is none, after drawing their controls."""
    with st.expander(
        "Machines: maintenance, more nodes, a new partition", expanded=bool(st.session_state.get(CAPACITY) or st.query_params.get(CAPACITY))
    ):
        text = st.text_input(
            "Changes of capacity",
            key=CAPACITY,
            bind="query-params",
            placeholder="none",
            help=f"One change after the other with a semicolon between: {capacity_changes.EXAMPLES}",
        )
        _put_together(here)
        if text:
            st.button("As the machines are", on_click=st.session_state.update, args=({CAPACITY: ""},), key="capacity-none")
    return text, capacity_changes.typed(text)[1]


def _put_together(here: Visit) -> None:
    """Controls that write a change behind those that are there."""
    kind = st.segmented_control("Add a change", KINDS, default=KINDS[0], key=KIND, required=True)
    known = _partitions(here)
    months = [EVERY_MONTH, *(f"{month:%Y-%m}" for month in here.chosen.period.months)]
    further = kind == KINDS[1]
    st.selectbox("Nodes like those of" if further else "Partition", known, key=WHERE)
    if further:
        st.text_input("Its name", value="new", max_chars=40, key=NAME)
        st.number_input("Its nodes", min_value=1, max_value=int(MOST_NODES), value=100, key=NODES)
    else:
        st.selectbox("In", months, key=WHEN)
        st.number_input("It gives, % of its hours", min_value=0.0, max_value=MOST_PERCENT, value=50.0, step=5.0, key=PERCENT)
    st.button("Add", on_click=_add, args=(known, further), key="capacity-add", disabled=not known)


def _partitions(here: Visit) -> dict[str, tuple[str, str]]:
    """Machine and partition of everything that offers hours, by the words for the reader."""
    names = loaders.system_names(here.state)
    rows = loaders.offered(here.seen, here.chosen).select("system", "partition").unique().sort("system", "partition")
    return {f"{names.get(system, system)} {partition}": (system, partition) for system, partition in rows.iter_rows()}


def _add(known: dict[str, tuple[str, str]], further: bool) -> None:
    state = st.session_state
    system, partition = known[state[WHERE]]
    if further:
        name = "-".join(str(state[NAME]).replace(";", " ").replace(":", " ").split()) or "new"
        change = CapacityChange(system=system, partition=name, like=partition, nodes=float(state[NODES]))
    else:
        month = None if state[WHEN] == EVERY_MONTH else state[WHEN]
        change = CapacityChange(system=system, partition=partition, period=month, factor=float(state[PERCENT]) / 100)
    state[CAPACITY] = "; ".join(filter(None, (str(state.get(CAPACITY) or "").strip(" ;"), change.text)))
