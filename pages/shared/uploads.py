"""What a person hands in through the browser: logs, projects and series, brought in as on the command line, with their accounts."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from analytics.charts import numbers
from data.errors import EquinodeError, InputError
from data.facts import System
from data.ingest import job_table
from data.ingest.dialect import BY_MAPPING, recognised
from data.ingest.job_columns import JobField, mapping_of
from data.ingest.load import Account, Order, ingest
from data.ingest.project_load import ProjectAccount, ProjectOrder, import_projects
from data.ingest.series_load import SeriesAccount, import_series
from data.ingest.series_table import SeriesOrder
from data.ingest.source import Dialect
from data.settings import settings
from data.systems import declared_system
from data.terms import Action
from data.undo import Undone, undo
from pages.shared import access, parts, tables

LOOKED = "upload-looked-at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What an uploaded log seems to be."""

    key: str
    """What tells this upload from others."""
    dialect: Dialect
    """Its dialect."""
    columns: tuple[str, ...] = ()
    """The columns of a table of jobs."""
    mapping: Mapping[JobField, str] = field(default_factory=dict)
    """What each of them is taken to mean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a person says of a log beside it."""

    dialect: Dialect | None
    """Its dialect, where content shall not decide."""
    zone: str | None
    """The zone of times without offset, where it is not the machine's."""
    mapping: tuple[str, ...] = ()
    """What columns of a table of jobs mean, as `field=column`, where the guess was corrected."""
    gpu_tres: tuple[int, ...] = ()
    """The site's own numbers of trackable resources that are GPUs."""


def looked_at(file: UploadedFile, dialect: Dialect | None) -> Looked:
    """What an uploaded log seems to be, found out once for each upload.

    Raises:
        EquinodeError: if it is no log that can be read.
    """
    key, kept = f"{file.file_id}-{dialect}", st.session_state.get(LOOKED)
    if not isinstance(kept, Looked) or kept.key != key:
        with _on_disk(file) as path:
            found = recognised(path, dialect=dialect)
            columns = job_table.columns_of(path, found) if found in BY_MAPPING else ()
        kept = Looked(key=key, dialect=found, columns=columns, mapping=mapping_of(columns) if columns else {})
        st.session_state[LOOKED] = kept
    return kept


def log(file: UploadedFile, system: System, said: Said, *, declaration: str | None) -> Account:
    """The account of a log that was brought in, while a bar shows how far it has been read.

    Raises:
        EquinodeError: if it cannot be brought in; nothing is stored then.
    """
    person, size, began = access.require(Action.INGEST), max(file.size, 1), time.monotonic()
    with _on_disk(file) as path, st.status(f"Reading {parts.escaped(file.name)}", expanded=True) as status:
        bar = st.progress(0.0, "Reading")

        def told(bytes_read: int, lines: int) -> None:
            part, seconds = min(bytes_read / size, 1.0), time.monotonic() - began
            left = seconds / part - seconds if part else 0.0
            rate, rest = numbers.exact(round(lines / max(seconds, 1e-3))), numbers.exact(round(left))
            bar.progress(part, f"{numbers.exact(lines)} lines read, {rate} a second, about {rest} s left")

        order = Order(
            path=path,
            system=system,
            declaration=declaration,
            dialect=said.dialect,
            time_zone=said.zone,
            mapping=said.mapping,
            gpu_tres=said.gpu_tres,
        )
        account = ingest(settings(), order, person, progress=told)
        status.update(label=f"{parts.escaped(file.name)} is in", state="complete")
    return account


def projects(file: UploadedFile, system: System | None, *, reason: str | None) -> ProjectAccount:
    """The account of a table of projects that was brought in.

    Raises:
        EquinodeError: if it cannot be brought in; nothing is stored then.
    """
    person = access.require(Action.DECIDE)
    with _on_disk(file) as path, st.spinner(f"Reading {parts.escaped(file.name)}"):
        order = ProjectOrder(path=path, system=None if system is None else system.id, reason=reason)
        return import_projects(settings(), order, person)


def series(file: UploadedFile, order: Callable[[Path], SeriesOrder], *, trial: bool) -> tuple[SeriesAccount, bool]:
    """The account of a series that was brought in, and whether that was only a trial.

    Raises:
        EquinodeError: if it cannot be brought in; nothing is stored then.
    """
    person = access.require(Action.INGEST)
    with _on_disk(file) as path, st.spinner(f"Reading {parts.escaped(file.name)}"):
        return import_series(settings(), order(path), person, dry_run=trial), trial


def taken_back(batch_id: int, *, reason: str, later_too: bool) -> list[Undone]:
    """What left the store with a log that was taken back.

    Raises:
        EquinodeError: if it cannot leave; nothing is changed then.
    """
    return undo(settings(), batch_id, access.require(Action.DECIDE), reason=reason, later_too=later_too)


def declared(name: str, declaration: str) -> System:
    """The machine that a form declares.

    Raises:
        EquinodeError: naming what is missing or wrong.
    """
    if not name.strip() or not declaration.strip():
        raise InputError("a machine that is not in the list needs an identifier and its facts in TOML; fill in both.")
    return declared_system(name, declaration, origin="the declaration")


def say_log(account: Account) -> None:
    """Tell what became of every line of a log."""
    batch = account.batch
    end = "nothing was new, the store is as it was." if batch.batch_id == 0 else f"stored as batch {batch.batch_id}."
    st.success(f"**{parts.escaped(batch.file)}** of {parts.escaped(batch.system)}: {end}")
    _counts(
        {
            "Lines read": batch.lines_read,
            "Accepted": batch.accepted,
            "of them completing an earlier job": batch.completed,
            "Refused": batch.refused,
            **{f"of them {tables.in_words(reason).lower()}": count for reason, count in account.reasons.most_common()},
            "Seen before": batch.seen_before,
            "Job steps, parts of jobs": batch.steps,
            "Header, comment and blank lines": batch.passed_over,
        },
        alt="What became of every line of the log",
    )
    st.caption(f"Times without offset were read as {account.time_zone}.")
    parts.coverage(account.warnings)


def say_projects(account: ProjectAccount) -> None:
    """Tell what became of every row of a table of projects."""
    changed = account.stored + account.changed
    st.success(f"**{parts.escaped(account.file)}**: " + ("stored." if changed else "nothing was new, the store is as it was."))
    _counts(
        {
            "Rows read": account.rows,
            "New projects": account.stored,
            "Decided anew": account.changed,
            "As decided before": account.unchanged,
            "Added to an earlier row of the same project": account.joined,
            "Said again": account.repeated,
            "Refused": account.refusals.height,
            "Projects without a user category": account.unclassified,
        },
        alt="What became of every row of the table",
    )
    parts.coverage(account.notes)
    with st.expander("How the columns were read"):
        st.markdown("\n".join(f"- {parts.escaped(column)}" for column in account.columns))
    if account.refusals.height:
        tables.table(account.refusals, name="refused-projects", alt="Rows of the table that cannot be believed, with the reason")


def say_series(account_and_trial: tuple[SeriesAccount, bool]) -> None:
    """Tell what became of every value of a series."""
    account, trial = account_and_trial
    batch = account.batch
    end = "only tried, nothing was stored." if trial else "stored." if batch.batch_id else "nothing was new, the store is as it was."
    st.success(f"**{parts.escaped(batch.file)}**: {parts.escaped(batch.form)}; {end}")
    _counts(
        {
            "Values read": batch.rows_read,
            "Landed": batch.landed,
            "Stored ones that gave way": batch.replaced,
            "Seen before": batch.seen_before,
            "Said again": account.repeated,
            "Empty": account.empty,
            "Of other zones, scopes or auctions": account.passed_over,
            "Refused": batch.refused,
        },
        alt="What became of every value of the series",
    )
    parts.coverage(account.notes)
    if account.gaps.height:
        tables.table(account.gaps, name="series-gaps", alt="Series with hours missing between their first and last value", most_rows=8)
    if account.refusals.height:
        tables.table(account.refusals, name="refused-values", alt="Values that cannot be believed, with the reason", most_rows=8)


def say_taken_back(undone: list[Undone]) -> None:
    """Tell what left the store with each log that was taken back."""
    for each in undone:
        st.success(
            f"**{parts.escaped(each.file)}** of {parts.escaped(each.system)} is out: {numbers.counted(each.jobs_removed, 'job')} and "
            f"{numbers.counted(each.refusals_removed, 'refused line')} left the store; "
            f"{numbers.counted(each.jobs_restored, 'job')} went back to an earlier state."
        )


def _counts(rows: dict[str, int], *, alt: str) -> None:
    tables.plain_table(pl.DataFrame({"What": list(rows), "Number": [numbers.whole(count) for count in rows.values()]}), alt=alt)


@contextmanager
def _on_disk(file: UploadedFile) -> Iterator[Path]:
    """The uploaded file under its own name, for as long as it is read; no error names the folder it lies in meanwhile."""
    with TemporaryDirectory(prefix="equinode-upload-") as folder:
        path = Path(folder) / (Path(file.name).name or "upload")
        path.write_bytes(file.getbuffer())
        try:
            yield path
        except EquinodeError as error:
            raise type(error)(str(error).replace(f"{folder}/", "")) from error
