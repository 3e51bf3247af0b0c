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


def what_is_in() -> None:
    """The batches and the refused lines, of the machines chosen in the filter bar."""
    chosen = here.chosen.systems
    of_chosen = pl.col("system").is_in(list(chosen)) if chosen else pl.lit(value=True)
    st.header("Logs brought in", anchor=False)
    batches = loaders.batches(here.seen).filter(of_chosen)
    tables.table(batches, name="batches", alt="Every log that was brought in, newest first, with what became of its lines")
    doors.undo_door(batches, done=TAKEN_BACK)
    st.header("Refused lines", anchor=False)
    lines = loaders.refusals(here.seen, chosen, MOST_REFUSALS)
    if lines.is_empty():
        st.caption("No refused line is open.")
        return
    reasons = loaders.refusals_by_reason(here.seen).filter(of_chosen)
    tables.table(reasons, name="refusals-by-reason", alt="How many lines were refused, by machine and reason")
    st.caption(
        f"The newest {numbers.counted(lines.height, 'refused line')} that are open; names of people are masked. Mend the lines in the log "
        "and bring it in again: what is in already is passed over, and mended lines leave this list."
    )
    tables.table(lines, name="refusals", alt="Refused lines with reason and text", most_rows=8)


def machines_known() -> None:
    """Every machine of the reference facts and of operators' declarations, and which of them have logs."""
    st.header("Machines known", anchor=False)
    rows = [{"system": name, "status": each.status.value, "partitions": len(each.partitions)} for name, each in known.items()]
    logged = loaders.spans(here.state) if here.state is not None else pl.DataFrame(schema={"system": pl.String, "jobs": pl.Int64})
    both = pl.DataFrame(rows).join(logged, on="system", how="full", coalesce=True, validate="1:1").sort("system")
    tables.table(both, name="machines", alt="Every machine known, with the span and totals of its logs", most_rows=8)


for key, say in ACCOUNTS.items():
    if key in st.session_state:
        say(st.session_state.pop(key))
if here.state is None:
    st.info("No log has been brought in yet. Bring one in below, or look around first with an invented one:")
    st.code(parts.COMMAND_DEMO, language=None)
else:
    what_is_in()
st.header("Bring in a log", anchor=False)
doors.log_door(names, known, done=LOG)
st.code(parts.COMMAND_INGEST, language=None)
st.header("Bring in a table of projects", anchor=False)
doors.projects_door(names, known, done=PROJECTS)
st.code(parts.COMMAND_PROJECTS, language=None)
st.header("Bring in carbon intensities or prices by the hour", anchor=False)
doors.series_door(done=SERIES)
st.code(parts.COMMAND_SERIES, language=None)
machines_known()
