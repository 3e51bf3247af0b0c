"""The doors through which a person brings in a log, a table of projects or a series; each shows first what the file seems to be."""

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from analytics.charts import numbers
from data.errors import EquinodeError
from data.facts import DECLARATION_EXAMPLE, System
from data.ingest.job_columns import JobField, lacking
from data.ingest.series_table import UNITS, SeriesOrder
from data.ingest.slurm_db import gpu_tres_named
from data.ingest.source import Dialect
from data.series import IntensityMethod, IntensityScope, SeriesKind
from data.systems import system_named
from pages.shared import parts, tables, uploads
from pages.shared.uploads import Looked

BY_CONTENT, ANOTHER = "recognised by its content", "another machine, declared below"
NO_COLUMN, UNSAID = "no column", "as the file says"
DIALECTS = {BY_CONTENT: None} | {dialect.shown_as: dialect for dialect in Dialect}
KINDS = {SeriesKind.CARBON: "Carbon intensity of electricity", SeriesKind.PRICE: "Day-ahead price of electricity"}
MAPPING_COLUMNS = 4
NOT_IN = "This cannot be brought in."
LOG_HINT = (
    "Log file, plain or gzip: sacct in any form or as JSON, slurmdbd's job table, ClusterCockpit's archive, SWF, or a table of jobs "
    "as CSV or Parquet"
)


def log_door(machines: Mapping[str, str], known: dict[str, System], *, done: str) -> None:
    """The door for a log; its account is kept in the session under `done` once it is in.

    Args:
        machines: the identifiers of machines by their names.
        known: the machines by identifier.
        done: the key of the account.
    """
    with st.container(border=True):
        file = st.file_uploader(LOG_HINT, key="log-file")
        left, middle, right = st.columns(3)
        machine = left.selectbox(
            "Machine whose log it is", [*sorted(machines, key=str.casefold), ANOTHER], index=None, placeholder="Choose"
        )
        dialect = DIALECTS[middle.selectbox("Dialect", DIALECTS)]
        zone = right.text_input("Time zone, where times name none", placeholder="the machine's own, else such as Europe/Paris")
        declaration = _declaration() if machine == ANOTHER else None
        looked = _looked_at(file, dialect)
        mapping, gpu_tres = _asked(looked)
        if not st.button("Bring in the log", type="primary", key="bring-in-log"):
            return
    if file is None or looked is None or machine is None:
        st.warning("Choose a log that can be read." if looked is None else "Choose the machine whose log it is.")
        return

    def brought_in() -> Any:
        system = system_named(machines[machine], known) if declaration is None else uploads.declared(*declaration)
        resources = gpu_tres_named(gpu_tres) if gpu_tres else ()
        text = None if declaration is None else declaration[1]
        said = uploads.Said(dialect=dialect, zone=zone.strip() or None, mapping=mapping, gpu_tres=resources)
        return uploads.log(file, system, said, declaration=text)

    _kept(brought_in, done)


def projects_door(machines: Mapping[str, str], known: dict[str, System], *, done: str) -> None:
    """The door for a table of projects (as `log_door`)."""
    with st.form("bring-in-projects"):
        file = st.file_uploader("Table of projects, CSV or XLSX: one row a project, with account, user category, country, award and dates")
        left, right = st.columns(2)
        names = sorted(machines, key=str.casefold)
        machine = left.selectbox("Machine, where the table has no column for it", names, index=None, placeholder="named in the table")
        reason = right.text_input("Reason, for the history", placeholder="such as: cut-off of March")
        if not st.form_submit_button("Classify", type="primary"):
            return
    if file is None:
        st.warning("Choose a table of projects.")
        return
    system = None if machine is None else system_named(machines[machine], known)
    _kept(lambda: uploads.projects(file, system, reason=reason.strip() or None), done)


def series_door(*, done: str) -> None:
    """The door for hourly carbon intensities and prices (as `log_door`)."""
    with st.form("bring-in-series"):
        file = st.file_uploader("Series as CSV, XLSX or Parquet: those of Electricity Maps and ENTSO-E are known by their headers")
        first, second, third = st.columns(3)
        kind = first.selectbox("What it tells", list(KINDS), format_func=lambda kind: KINDS[kind])
        zones = second.text_input("Grid zone, if the file names none; else those wanted", placeholder="such as FI, SE-SE3")
        time_zone = third.text_input("Time zone, where times name none", placeholder="as the file says")
        first, second, third = st.columns(3)
        method = first.selectbox("Method of intensities", [UNSAID, *(each.value for each in IntensityMethod)], format_func=_words)
        scope = second.selectbox("Scope of intensities", [UNSAID, *(each.value for each in IntensityScope)], format_func=_words)
        unit = third.text_input("Unit, where no column states it", placeholder=" or ".join(UNITS.values()))
        first, second, third = st.columns(3, vertical_alignment="bottom")
        source = first.text_input("Whose figures they are", placeholder="such as ENTSO-E Transparency Platform")
        replace = second.checkbox("Stored values may give way", help="Otherwise a file that contradicts stored values is refused whole.")
        trial = third.checkbox("Only try, store nothing")
        if not st.form_submit_button("Bring in the series", type="primary"):
            return
    if file is None:
        st.warning("Choose a file.")
        return

    def order(path: Any) -> SeriesOrder:
        return SeriesOrder(
            path=path,
            kind=kind,
            zones=tuple(part.strip() for part in zones.split(",") if part.strip()),
            method=None if method == UNSAID else IntensityMethod(method),
            scope=None if scope == UNSAID else IntensityScope(scope),
            unit=unit.strip() or None,
            time_zone=time_zone.strip() or None,
            source=source.strip() or None,
            replace=replace,
        )

    _kept(lambda: uploads.series(file, order, trial=trial), done)


def undo_door(batches: pl.DataFrame, *, done: str) -> None:
    """The door through which a log leaves again that was brought in by mistake (as `log_door`).

    Args:
        batches: the batches that are in, with `batch_id`, `system`, `file` and `accepted`.
        done: the key of the account.
    """
    rows = {row["batch_id"]: row for row in batches.iter_rows(named=True)}

    def named(number: int) -> str:
        row = rows[number]
        return f"{number}: {row['file']} of {row['system']}, {numbers.counted(row['accepted'], 'accepted line')}"

    with st.expander("Take a log back that was brought in by mistake", key="undo-door", on_change="rerun"), st.form("undo"):
        st.markdown("Its jobs, refused lines and hours leave the store; jobs that it completed go back to their earlier state.")
        left, right = st.columns(2)
        batch = left.selectbox("Batch", list(rows), index=None, format_func=named, placeholder="Choose")
        reason = right.text_input("Why, for the history", placeholder="such as: wrong machine")
        later_too = st.checkbox(
            "Later logs that lean on it too", help="They completed or passed over lines of it; bring them in again afterwards."
        )
        if not st.form_submit_button("Take back"):
            return
    if batch is None:
        st.warning("Choose the batch that is to leave the store.")
        return
    _kept(lambda: uploads.taken_back(batch, reason=reason, later_too=later_too), done)


def _kept(bring_in: Callable[[], Any], done: str) -> None:
    """Bring in and keep the account for the next run, which shows what is in anew; or tell what is wrong."""
    try:
        st.session_state[done] = bring_in()
    except EquinodeError as error:
        parts.error_box(error, what=NOT_IN)
        return
    st.rerun()


def _declaration() -> tuple[str, str]:
    name = st.text_input("Identifier of the machine", placeholder="such as my_machine")
    return name, st.text_area("Its facts, in TOML", height=220, placeholder=DECLARATION_EXAMPLE)


def _looked_at(file: UploadedFile | None, dialect: Dialect | None) -> Looked | None:
    """What a file seems to be, said on the page; nothing where there is none, or none that can be read."""
    if file is None:
        return None
    try:
        looked = uploads.looked_at(file, dialect)
    except EquinodeError as error:
        parts.error_box(error, what=NOT_IN)
        st.caption("If it is a table of jobs all the same, choose that dialect above: then you can say what its columns tell.")
        return None
    st.caption(f"{parts.escaped(file.name)} is {looked.dialect.shown_as}.")
    return looked


def _asked(looked: Looked | None) -> tuple[tuple[str, ...], str]:
    """What the reader says of the columns of a table of jobs, and of the resources of slurmdbd's table."""
    if looked is not None and looked.columns:
        return _mapping(looked), ""
    if looked is not None and looked.dialect is Dialect.SLURMDBD:
        label = "Numbers of the trackable resources that are GPUs, as `sacctmgr show tres` lists them; 0 where there is none"
        return (), st.text_input(label, placeholder="such as 1001,1002").strip()
    return (), ""


def _mapping(looked: Looked) -> tuple[str, ...]:
    """How the columns are to be read: what was guessed, as the reader corrected it."""
    guessed = "; ".join(f"{tables.readable(field)}: `{column}`" for field, column in looked.mapping.items())
    st.markdown(f"By their names the columns tell {guessed or 'nothing that is known'}.")
    with st.expander("Correct what the columns tell", expanded=bool(lacking(looked.mapping))):
        places, choices = st.columns(MAPPING_COLUMNS), [NO_COLUMN, *looked.columns]
        said = {
            field: places[number % MAPPING_COLUMNS].selectbox(
                tables.readable(field),
                choices,
                index=choices.index(looked.mapping.get(field, NO_COLUMN)),
                key=f"column-of-{field}-{looked.key}",
            )
            for number, field in enumerate(JobField)
        }
    corrected = {field: column for field, column in said.items() if column != looked.mapping.get(field, NO_COLUMN)}
    return tuple(f"{field}={'' if column == NO_COLUMN else column}" for field, column in corrected.items())


def _words(identifier: str) -> str:
    return identifier if identifier == UNSAID else tables.in_words(identifier)
