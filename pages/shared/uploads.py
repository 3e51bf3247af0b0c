"""What a person hands in through the browser: logs and tables of projects, brought in as on the command line, with their accounts."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from analytics.charts import numbers
from data.errors import InputError
from data.facts import System
from data.ingest.load import Account, Order, ingest
from data.ingest.project_load import ProjectAccount, ProjectOrder, import_projects
from data.ingest.source import Dialect
from data.settings import settings
from data.systems import declared_system
from data.terms import Action
from pages.shared import access, parts, tables


def log(file: UploadedFile, system: System, *, declaration: str | None, dialect: Dialect | None, zone: str | None) -> Account:
    """The account of a log that was brought in, while a bar shows how far it has been read.

    Raises:
        EquinodeError: if it cannot be brought in; nothing is stored then.
    """
    person, size = access.require(Action.INGEST), max(file.size, 1)
    with _on_disk(file) as path, st.status(f"Reading {parts.escaped(file.name)}", expanded=True) as status:
        bar = st.progress(0.0, "Reading")

        def told(bytes_read: int, lines: int) -> None:
            bar.progress(min(bytes_read / size, 1.0), f"{numbers.exact(lines)} lines read")

        order = Order(path=path, system=system, declaration=declaration, dialect=dialect, time_zone=zone)
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


def _counts(rows: dict[str, int], *, alt: str) -> None:
    tables.plain_table(pl.DataFrame({"What": list(rows), "Number": [f"{count:,}" for count in rows.values()]}), alt=alt)


@contextmanager
def _on_disk(file: UploadedFile) -> Iterator[Path]:
    """The uploaded file under its own name, for as long as it is read."""
    with TemporaryDirectory(prefix="equinode-upload-") as folder:
        path = Path(folder) / (Path(file.name).name or "upload")
        path.write_bytes(file.getbuffer())
        yield path
