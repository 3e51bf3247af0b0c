"""Which logs are in, what became of each of their lines, and the door for the next one."""

from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import streamlit as st

from analytics.charts import numbers
from data.errors import EquinodeError, InputError
from data.facts import DECLARATION_EXAMPLE, System
from data.ingest.load import Account, Order, ingest
from data.ingest.source import Dialect
from data.settings import settings
from data.systems import declared_system, system_named
from data.terms import Action
from pages.shared import access, loaders, parts, tables, visit

BY_CONTENT = "recognised by its content"
ANOTHER = "another machine, declared below"
MOST_REFUSALS = 1_000

here = visit.now()
known = loaders.systems(here.state)
names = {label: name for name, label in loaders.system_names(here.state).items()}


def bring_in() -> None:
    """The form for a log, and the account of what became of it."""
    with st.form("bring-in", clear_on_submit=False):
        log = st.file_uploader("Log file, plain or gzip: sacct -P, or the Standard Workload Format")
        left, middle, right = st.columns(3)
        machine = left.selectbox("Machine whose log it is", [*sorted(names, key=str.casefold), ANOTHER], index=None, placeholder="Choose")
        dialect = middle.selectbox("Dialect", [BY_CONTENT, *(each.shown_as for each in Dialect)])
        zone = right.text_input("Zone of times without offset", placeholder="the machine's own, else such as Europe/Paris")
        with st.expander("Declare a machine that is not in the list"):
            name = st.text_input("Its identifier", placeholder="such as my_machine")
            declaration = st.text_area("Its facts, in TOML", height=220, placeholder=DECLARATION_EXAMPLE)
        if not st.form_submit_button("Bring in", type="primary"):
            return
        if log is None or machine is None:
            st.warning("Choose a log file and the machine whose log it is.")
            return
    try:
        system = machine_of(machine, name, declaration)
        account = brought_in(log.name, log.getvalue(), system, declaration.strip() or None, dialect, zone.strip() or None)
    except EquinodeError as error:
        parts.error_box(error)
        return
    st.session_state["account"] = account
    st.rerun()


def machine_of(label: str, name: str, declaration: str) -> System:
    """The machine that the form names or declares."""
    if label != ANOTHER:
        return system_named(names[label], known)
    if not name.strip() or not declaration.strip():
        raise InputError("a machine that is not in the list needs an identifier and its facts in TOML; fill in both.")
    return declared_system(name, declaration, origin="the declaration")


def brought_in(file: str, content: bytes, system: System, declaration: str | None, dialect: str, zone: str | None) -> Account:
    """The account of an ingest during which a bar shows how far the file has been read."""
    person = access.require(Action.INGEST)
    of_words = {each.shown_as: each for each in Dialect}
    with TemporaryDirectory(prefix="equinode-upload-") as folder, st.status(f"Reading {file}", expanded=True) as status:
        path = Path(folder) / Path(file).name
        path.write_bytes(content)
        bar = st.progress(0.0, "Reading")
        order = Order(path=path, system=system, declaration=declaration, dialect=of_words.get(dialect), time_zone=zone)

        def told(seen: int, lines: int) -> None:
            bar.progress(min(seen / max(len(content), 1), 1.0), f"{numbers.exact(lines)} lines read")

        account = ingest(settings(), order, person, progress=told)
        status.update(label=f"{file} is in", state="complete")
    return account


def closing_account(account: Account) -> None:
    """What became of every line of the log brought in last."""
    batch = account.batch
    st.success(
        f"**{parts.escaped(batch.file)}** of {parts.escaped(batch.system)}: "
        + ("nothing was new, the store is as it was." if batch.batch_id == 0 else f"stored as batch {batch.batch_id}.")
    )
    counts = {
        "Lines read": batch.lines_read,
        "Accepted": batch.accepted,
        "of them completing an earlier job": batch.completed,
        "Refused": batch.refused,
        **{f"refused: {reason}": count for reason, count in account.reasons.most_common()},
        "Seen before": batch.seen_before,
        "Job steps, parts of jobs": batch.steps,
        "Header, comment and blank lines": batch.passed_over,
    }
    rows = pl.DataFrame({"What": list(counts), "Lines": [f"{count:,}" for count in counts.values()]})
    tables.plain_table(rows, alt="What became of every line of the log")
    st.caption(f"Times without offset were read as {account.time_zone}.")
    parts.coverage(account.warnings)


def what_is_in() -> None:
    """The batches and the refused lines, of the machines chosen in the filter bar."""
    chosen = here.chosen.systems
    batches = loaders.batches(here.seen)
    of_chosen = batches.filter(pl.col("system").is_in(list(chosen))) if chosen else batches
    st.subheader("Logs brought in", anchor=False)
    tables.table(of_chosen, name="batches", alt="Every log that was brought in, newest first, with what became of its lines")
    st.subheader("Refused lines", anchor=False)
    reasons = loaders.refusals_by_reason(here.seen)
    lines = loaders.refusals(here.seen, chosen, MOST_REFUSALS)
    if lines.is_empty():
        st.caption("No line was refused.")
        return
    tables.table(reasons, name="refusals-by-reason", alt="How many lines were refused, by machine and reason")
    st.caption(f"The newest {numbers.exact(lines.height)} refused lines; names of people are masked.")
    tables.table(lines, name="refusals", alt="Refused lines with reason and text", most_rows=8)


if "account" in st.session_state:
    closing_account(st.session_state.pop("account"))
if here.state is None:
    st.info("No log has been brought in yet. Bring one in below, or look around first with an invented one:")
    st.code(parts.COMMAND_DEMO, language="shell")
else:
    what_is_in()
st.subheader("Bring in a log", anchor=False)
bring_in()
st.caption("The same on the command line:")
st.code(parts.COMMAND_INGEST, language="shell")
