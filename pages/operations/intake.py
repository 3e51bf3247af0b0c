"""Which logs are in, what became of each of their lines, which machines are known, and the doors for logs, projects and series."""

from collections.abc import Callable
from typing import Any

import polars as pl
import streamlit as st

from analytics.charts import numbers
from pages.shared import doors, loaders, parts, tables, uploads, visit

MOST_REFUSALS = 1_000
LOG, PROJECTS, SERIES, TAKEN_BACK = "account-of-log", "account-of-projects", "account-of-series", "taken-back"
ACCOUNTS: dict[str, Callable[[Any], None]] = {
    LOG: uploads.say_log,
    PROJECTS: uploads.say_projects,
    SERIES: uploads.say_series,
    TAKEN_BACK: uploads.say_taken_back,
}

here = visit.now()
known = loaders.systems(here.state)
names = {label: name for name, label in loaders.system_names(here.state).items()}


def finding(batches: pl.DataFrame, refused: int) -> str:
    """How many logs are in, of how many machines, and how many of their lines were refused."""
    if batches.is_empty():
        return "No log of the machines chosen is in."
    machines = numbers.counted(batches["system"].n_unique(), "machine")
    accepted = numbers.counted(int(batches["accepted"].sum()), "accepted line")
    is_in = "is" if batches.height == 1 else "are"
    are_open = (
        f"{numbers.counted(refused, 'refused line')} {'is' if refused == 1 else 'are'} open" if refused else "no refused line is open"
    )
    return f"{numbers.counted(batches.height, 'log')} of {machines} {is_in} in, with {accepted}; {are_open}."


def what_is_in() -> None:
    """The batches and the refused lines, of the machines chosen in the filter bar."""
    chosen = here.chosen.systems
    of_chosen = pl.col("system").is_in(list(chosen)) if chosen else pl.lit(value=True)
    batches, by_reason = loaders.batches(here.seen).filter(of_chosen), loaders.refusals_by_reason(here.seen).filter(of_chosen)
    parts.finding(finding(batches, int(by_reason["lines"].sum())))
    st.caption("All time, whatever the period of the filter bar; of the machines chosen.")
    st.header("Logs brought in", anchor=False)
    tables.table(batches, name="batches", alt="Every log that was brought in, newest first, with what became of its lines")
    doors.undo_door(batches, done=TAKEN_BACK)
    told(TAKEN_BACK)
    st.header("Refused lines", anchor=False)
    lines = loaders.refusals(here.seen, chosen, MOST_REFUSALS)
    if lines.is_empty():
        st.caption("No refused line is open.")
        return
    words = pl.col("reason").map_elements(tables.in_words, return_dtype=pl.String)
    alt = "How many lines were refused, by machine and reason"
    tables.table(by_reason, shown=tables.for_people(by_reason.with_columns(words)), name="refusals-by-reason", alt=alt)
    st.caption(
        f"{'The newest ' if lines.height == MOST_REFUSALS else ''}{numbers.counted(lines.height, 'line')}; names of people are masked. "
        "Mend them in the log and bring it in again: what is in already is passed over, and mended lines leave this list."
    )
    shown = tables.for_people(lines.with_columns(words))
    tables.table(lines, shown=shown, name="refusals", alt="Refused lines with reason and text", most_rows=8)


def machines_known() -> None:
    """Every machine of the reference facts and of operators' declarations, and which of them have logs."""
    st.header("Machines known", anchor=False)
    rows = [{"system": name, "status": each.status.value, "partitions": len(each.partitions)} for name, each in known.items()]
    both = pl.DataFrame(rows)
    if here.state is not None:
        both = both.join(loaders.spans(here.state), on="system", how="full", coalesce=True, validate="1:1")
    tables.table(both.sort("system"), name="machines", alt="Every machine known, with the span and totals of its logs")


def told(account: str) -> None:
    """What became of the file that was brought in last, said once, where it was brought in."""
    if account in st.session_state:
        ACCOUNTS[account](st.session_state.pop(account))


def door(heading: str, account: str, command: str, draw: Callable[[], None]) -> None:
    """A way to bring something in, here or on the command line; on paper none is needed."""
    with st.container(key=f"door-{account}"):
        st.header(heading, anchor=False)
        draw()
        told(account)
        st.caption("Or on the command line:")
        st.code(command, language=None)


if here.state is None:
    st.info("No log has been brought in yet. Bring one in below, or look around first with an invented one:")
    st.code(parts.COMMAND_DEMO, language=None)
    told(TAKEN_BACK)
else:
    what_is_in()
door("Bring in a log", LOG, parts.COMMAND_INGEST, lambda: doors.log_door(names, known, done=LOG))
door("Bring in a table of projects", PROJECTS, parts.COMMAND_PROJECTS, lambda: doors.projects_door(names, known, done=PROJECTS))
door("Bring in carbon intensities or prices by the hour", SERIES, parts.COMMAND_SERIES, lambda: doors.series_door(done=SERIES))
machines_known()
if here.state is not None:
    state = loaders.snapshot(here.state)
    st.caption(f"Source: state {state.snapshot_id} of the store, {numbers.moment(state.committed)}.")
