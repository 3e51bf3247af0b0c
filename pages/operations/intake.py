"""Which logs are in, what became of each of their lines, which machines are known, and the door for logs and tables of projects."""

import polars as pl
import streamlit as st

from analytics.charts import numbers
from data.errors import EquinodeError
from data.facts import DECLARATION_EXAMPLE
from data.ingest.source import Dialect
from data.systems import system_named
from pages.shared import loaders, parts, tables, uploads, visit

BY_CONTENT, ANOTHER = "recognised by its content", "another machine, declared below"
DIALECTS = {BY_CONTENT: None} | {dialect.shown_as: dialect for dialect in Dialect}
MOST_REFUSALS = 1_000
LOG, PROJECTS = "account-of-log", "account-of-projects"

here = visit.now()
known = loaders.systems(here.state)
names = {label: name for name, label in loaders.system_names(here.state).items()}
machines = sorted(names, key=str.casefold)


def log_form() -> None:
    """The form for a log; its account is shown once it is in."""
    with st.form("bring-in-log"):
        file = st.file_uploader("Log file, plain or gzip: sacct -P, or the Standard Workload Format")
        left, middle, right = st.columns(3)
        machine = left.selectbox("Machine whose log it is", [*machines, ANOTHER], index=None, placeholder="Choose")
        dialect = middle.selectbox("Dialect", DIALECTS)
        zone = right.text_input("Zone of times without offset", placeholder="the machine's own, else such as Europe/Paris")
        with st.expander("Declare a machine that is not in the list"):
            name = st.text_input("Its identifier", placeholder="such as my_machine")
            facts = st.text_area("Its facts, in TOML", height=220, placeholder=DECLARATION_EXAMPLE)
        if not st.form_submit_button("Bring in", type="primary"):
            return
    if file is None or machine is None:
        st.warning("Choose a log file and the machine whose log it is.")
        return
    try:
        system = uploads.declared(name, facts) if machine == ANOTHER else system_named(names[machine], known)
        declaration = facts if machine == ANOTHER else None
        account = uploads.log(file, system, declaration=declaration, dialect=DIALECTS[dialect], zone=zone.strip() or None)
    except EquinodeError as error:
        parts.error_box(error)
        return
    st.session_state[LOG] = account
    st.rerun()


def projects_form() -> None:
    """The form for a table of projects; its account is shown once it is in."""
    with st.form("bring-in-projects"):
        file = st.file_uploader("Table of projects, CSV or XLSX: one row a project, with account, user category, country, award and dates")
        left, right = st.columns(2)
        machine = left.selectbox("Machine, where the table has no column for it", machines, index=None, placeholder="named in the table")
        reason = right.text_input("Reason, for the history", placeholder="such as: cut-off of March")
        if not st.form_submit_button("Classify", type="primary"):
            return
    if file is None:
        st.warning("Choose a table of projects.")
        return
    try:
        system = None if machine is None else system_named(names[machine], known)
        account = uploads.projects(file, system, reason=reason.strip() or None)
    except EquinodeError as error:
        parts.error_box(error)
        return
    st.session_state[PROJECTS] = account
    st.rerun()


def what_is_in() -> None:
    """The batches and the refused lines, of the machines chosen in the filter bar."""
    chosen = here.chosen.systems
    of_chosen = pl.col("system").is_in(list(chosen)) if chosen else pl.lit(value=True)
    st.header("Logs brought in", anchor=False)
    batches = loaders.batches(here.seen).filter(of_chosen)
    tables.table(batches, name="batches", alt="Every log that was brought in, newest first, with what became of its lines")
    st.header("Refused lines", anchor=False)
    lines = loaders.refusals(here.seen, chosen, MOST_REFUSALS)
    if lines.is_empty():
        st.caption("No line was refused.")
        return
    reasons = loaders.refusals_by_reason(here.seen).filter(of_chosen)
    tables.table(reasons, name="refusals-by-reason", alt="How many lines were refused, by machine and reason")
    st.caption(f"The newest {numbers.counted(lines.height, 'refused line')}; names of people are masked.")
    tables.table(lines, name="refusals", alt="Refused lines with reason and text", most_rows=8)


def machines_known() -> None:
    """Every machine of the reference facts and of operators' declarations, and which of them have logs."""
    st.header("Machines known", anchor=False)
    rows = [{"system": name, "status": each.status.value, "partitions": len(each.partitions)} for name, each in known.items()]
    logged = loaders.spans(here.state) if here.state is not None else pl.DataFrame(schema={"system": pl.String, "jobs": pl.Int64})
    both = pl.DataFrame(rows).join(logged, on="system", how="full", coalesce=True, validate="1:1").sort("system")
    tables.table(both, name="machines", alt="Every machine known, with the span and totals of its logs", most_rows=8)


for key, say in ((LOG, uploads.say_log), (PROJECTS, uploads.say_projects)):
    if key in st.session_state:
        say(st.session_state.pop(key))
if here.state is None:
    st.info("No log has been brought in yet. Bring one in below, or look around first with an invented one:")
    st.code(parts.COMMAND_DEMO, language=None)
else:
    what_is_in()
st.header("Bring in a log", anchor=False)
log_form()
st.code(parts.COMMAND_INGEST, language=None)
st.header("Bring in a table of projects", anchor=False)
projects_form()
st.code(parts.COMMAND_PROJECTS, language=None)
machines_known()
