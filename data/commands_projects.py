"""What `python -m data projects` does, apart from reading the command line."""

from collections import Counter
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.markup import escape

from data import projects
from data.access import local_person, require
from data.errors import InputError
from data.export.usage import Format, encoded
from data.ingest.project_load import ProjectAccount, ProjectOrder, TreeAccount, import_projects, import_tree
from data.lake import Lake
from data.schema import REFUSALS, empty
from data.settings import settings
from data.systems import known_systems, system_named
from data.terms import Action

SHOWN = 20
"""How many refused rows are told one by one."""


def import_project_files(
    order: ProjectOrder | None,
    *,
    tree: Path | None,
    groups: Path | None,
    system: str | None,
    refused: Path | None,
    dry_run: bool,
    said: Console,
) -> None:
    """Bring in a table of projects, a tree of fields, or both, and give account of every row.

    Raises:
        InputError: if nothing is handed in, or only a half of a tree.
    """
    if (tree is None) != (groups is None):
        raise InputError("--hierarchy and --groups go together: the tree of fields, and the table that hangs groups on it.")
    if order is None and tree is None:
        raise InputError("nothing to bring in; name a table of projects, or --hierarchy and --groups.")
    if tree is not None and system is None:
        raise InputError("a tree is of one machine's accounts; say which with --system.")
    person, refusals = local_person(settings()), [empty(REFUSALS)]
    if order is not None:
        account = import_projects(settings(), order, person, dry_run=dry_run)
        say_projects(account, said, dry_run=dry_run)
        refusals.append(account.refusals)
    if tree is not None and groups is not None and system is not None:
        hung = import_tree(settings(), tree, groups, system, person, dry_run=dry_run)
        say_tree(hung, said, dry_run=dry_run)
        refusals.append(hung.refusals)
    if refused is not None:
        write_refusals(pl.concat(refusals), refused)


def say_projects(account: ProjectAccount, said: Console, *, dry_run: bool) -> None:
    """Tell how the columns were read and what became of every row."""
    said.print(f"[bold]{escape(account.file)}[/]: {account.form}")
    for column in account.columns:
        said.print(f"  {escape(column)}")
    said.print("  (correct a column with --mapping 'COLUMN=field')")
    said.print(f"  {account.rows:>9,} rows read")
    said.print(f"  {account.stored:>9,} new projects")
    said.print(f"  {account.changed:>9,} projects decided anew")
    said.print(f"  {account.unchanged:>9,} as decided before")
    said.print(f"  {account.joined:>9,} added to an earlier row of the same project on another partition")
    said.print(f"  {account.repeated:>9,} said again what an earlier row said")
    _say_refusals(account.refusals, "rows refused", said)
    for note in account.notes:
        said.print(f"  [yellow]Note:[/] {escape(note)}")
    if account.unclassified:
        mend = "'python -m data projects list --unclassified' names them, largest first"
        said.print(f"  {account.unclassified:>9,} of these projects have no user category; {mend}.")
    _say_end(account.stored + account.changed, dry_run, said)


def say_tree(account: TreeAccount, said: Console, *, dry_run: bool) -> None:
    """Tell what became of every group."""
    said.print(f"[bold]Hierarchy[/]: {account.lines:,} groups read")
    said.print(f"  {account.changed:>9,} accounts were given a place")
    said.print(f"  {account.unchanged:>9,} had it already")
    said.print(f"  {account.repeated:>9,} lines said again what an earlier one said")
    _say_refusals(account.refusals, "groups refused", said)
    if account.tree_refusals.height:
        _say_refusals(account.tree_refusals, "lines of the tree passed over", said)
    for note in account.notes:
        said.print(f"  [yellow]Note:[/] {escape(note)}")
    _say_end(account.changed, dry_run, said)


def project_list(*, unclassified: bool, system: str | None, form: Format) -> bytes:
    """Accounts and projects with what was decided and the hours used, largest first, as a file's bytes."""
    require(Action.EXPORT, local_person(settings()))
    lake = Lake(settings())
    chosen = (system_named(system, known_systems(lake)).id,) if system is not None else ()
    rows = projects.unclassified(lake, systems=chosen) if unclassified else projects.listed(lake, systems=chosen)
    return encoded(rows, form)


def write_refusals(refusals: pl.DataFrame, path: Path) -> None:
    """Write refused rows to a CSV file, one row each with line and reason.

    Raises:
        InputError: if the file cannot be written.
    """
    try:
        path.write_bytes(encoded(refusals, Format.CSV))
    except OSError as error:
        raise InputError(f"the refused rows cannot be written to {path} ({error.strerror}); the import itself is done.") from error


def _say_refusals(refusals: pl.DataFrame, what: str, said: Console) -> None:
    said.print(f"  {refusals.height:>9,} {what}")
    for reason, count in Counter(refusals["reason"].to_list()).most_common():
        said.print(f"  {'':>9}   {count:,} x {escape(reason)}")
    for line, detail in refusals.head(SHOWN).select("line", "detail").iter_rows():
        said.print(f"  {'':>9}   line {line:,}: {escape(detail)}")
    if refusals.height > SHOWN:
        said.print(f"  {'':>9}   and {refusals.height - SHOWN:,} more")


def _say_end(changed: int, dry_run: bool, said: Console) -> None:
    if dry_run:
        said.print("  A dry run: nothing was stored.")
    else:
        said.print("  Stored." if changed else "  Nothing was new; the store is as it was.")
