"""Brings tables of projects, and a centre's tree of fields, into the store: each file in one transaction, or tried without any."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from data import batches, hierarchy, projects
from data.access import Person, require
from data.batches import Batch
from data.errors import InputError
from data.ingest.hierarchy_table import places
from data.ingest.project_columns import Columns, columns_of, mapping_texts
from data.ingest.project_machine import Machines
from data.ingest.project_table import ProjectRows, project_rows
from data.ingest.text_table import TextTable, read_table
from data.ingest.written import Mark
from data.lake import Lake, Writer, exists, writing
from data.refusals import PROJECT_TABLES, SEVERAL_MACHINES
from data.schema import PROJECTS, REFUSALS
from data.settings import Settings
from data.systems import known_systems, system_named
from data.terms import AccessMode, Action, UserCategory

KEY = ["system", "account"]
MOST_NAMED = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectOrder:
    """Which table to bring in, and what is said about it beside it."""

    path: Path
    """The CSV or XLSX file."""
    system: str | None = None
    """The machine of rows that name none."""
    mapping: tuple[str, ...] = ()
    """Corrections of the guessed columns, each `COLUMN=field`."""
    mark: Mark | None = None
    """The decimal mark, where the numbers do not give it away."""
    reason: str | None = None
    """Why, for the history; else the file's name is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectAccount:
    """The closing account of a table of projects: stored + changed + unchanged + joined + repeated + refused = rows."""

    file: str
    """The file's name."""
    form: str
    """How it was read."""
    columns: tuple[str, ...]
    """What each column was taken for, in words."""
    rows: int
    """Rows below the column names that hold anything."""
    stored: int
    """Projects that were not known before."""
    changed: int
    """Projects of which something was decided anew."""
    unchanged: int
    """Projects that were decided just so already, and rows that decide nothing."""
    joined: int
    """Rows added to an earlier row of the same project on another partition."""
    repeated: int
    """Rows that say again what an earlier one said."""
    refusals: pl.DataFrame
    """Rows that cannot be believed, with line and reason."""
    unclassified: int
    """Of the projects of this table, those whose category stays open."""
    notes: tuple[str, ...]
    """What an operator should know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeAccount:
    """The closing account of a tree: changed + unchanged + repeated + refused = lines of the groups' file."""

    lines: int
    """Lines of the groups' file that hold anything."""
    changed: int
    """Accounts that were given a place, or another one."""
    unchanged: int
    """Accounts that had that place already."""
    repeated: int
    """Lines that say again what an earlier one said."""
    refusals: pl.DataFrame
    """Lines that give their group no place, with line and reason."""
    tree_refusals: pl.DataFrame
    """Lines of the tree's file that were passed over, with line and reason."""
    notes: tuple[str, ...]
    """What an operator should know."""


def import_projects(
    settings: Settings, order: ProjectOrder, person: Person, *, dry_run: bool = False, now: datetime | None = None
) -> ProjectAccount:
    """Bring in what a table says about projects, and give account of every row.

    What the table does not say stays as it was decided; a category is taken from track or code only where none was decided.
    A table that says nothing new leaves the store as it is, and so does a dry run.

    Raises:
        InputError: if the file is no table of projects.
        StoreError: if the store cannot be written; nothing is stored then.
    """
    require(Action.DECIDE, person)
    table = read_table(order.path)
    columns = columns_of(table, mapping_texts(order.mapping))
    if dry_run:
        lake = Lake(settings) if exists(settings) else None
        found, decided, notes = _decided(lake, table, columns, order)
        return _account(table, columns, found, decided, notes)
    message = order.reason or f"Projects from {order.path.name}"
    with writing(settings, author=person.name, message=message) as writer:
        found, decided, notes = _decided(writer, table, columns, order)
        new = decided.filter("differs").select(list(PROJECTS))
        account = _account(table, columns, found, decided, notes)
        if new.height:
            projects.save(writer, new, author=person.name, decided=now or datetime.now(UTC))
            _record(writer, account, new, author=person.name, imported=now or datetime.now(UTC))
        writer.details = {"projects": new.height, "file": order.path.name}
        writer.abandoned = new.is_empty()
    return account


def import_tree(
    settings: Settings, tree: Path, groups: Path, system: str, person: Person, *, dry_run: bool = False, now: datetime | None = None
) -> TreeAccount:
    """Bring in a centre's tree of fields and the groups that hang on it, as places of a machine's accounts.

    Raises:
        InputError: if a file cannot be read, or no group finds a place.
        UnknownSystemError: if the machine is not known.
        StoreError: if the store cannot be written; nothing is stored then.
    """
    require(Action.DECIDE, person)
    tables = read_table(tree), read_table(groups)
    if dry_run:
        return _hung(Lake(settings) if exists(settings) else None, *tables, system)[0]
    with writing(settings, author=person.name, message=f"Hierarchy from {tree.name} and {groups.name}") as writer:
        account, new = _hung(writer, *tables, system)
        if new.height:
            hierarchy.save(writer, new, author=person.name, decided=now or datetime.now(UTC))
        writer.details = {"accounts": new.height}
        writer.abandoned = new.is_empty()
    return account


def _decided(
    source: Lake | Writer | None, table: TextTable, columns: Columns, order: ProjectOrder
) -> tuple[ProjectRows, pl.DataFrame, list[str]]:
    """What the table states, and each project as it stands with that, with columns `known` and `differs`."""
    found = project_rows(table, columns, Machines(known_systems(source)), system=order.system, mark=order.mark)
    if found.projects.is_empty() and found.rows:
        first = found.refusals.row(0, named=True)
        raise InputError(
            f"none of the {found.rows:,} rows of {table.file} can be believed; the first, line {first['line']}: {first['detail']}."
        )
    stated, notes = found.projects.with_columns(is_logged=pl.lit(value=False)), list[str]()
    before = pl.DataFrame(schema=dict(PROJECTS))
    if source is not None:
        stated, notes = _as_logged(source, stated)
        before = projects.stored(source, systems=tuple(stated["system"].unique().sort()))
    return found, _beside(stated, before), notes


def _as_logged(source: Lake | Writer, stated: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """The projects under the spelling of their account in the logs, and how many never ran."""
    logged = projects.accounts(source, systems=tuple(stated["system"].unique().sort()))
    exact = stated.join(logged, on=KEY, how="semi").height
    alike = projects.with_same_account(logged, "account").rename({"account": "logged"})
    several = alike.filter(~pl.struct("system", "same").is_unique())
    spellings = alike.filter(pl.struct("system", "same").is_unique())
    marked = logged.with_columns(is_exact=pl.lit(value=True))
    spelled = projects.with_same_account(stated, "account").join(marked, on=KEY, how="left", validate="1:1", maintain_order="left")
    spelled = spelled.join(spellings, on=["system", "same"], how="left", validate="m:1", maintain_order="left")
    other = pl.col("is_exact").is_null() & pl.col("logged").is_not_null() & pl.struct("system", "same").is_unique()
    account = pl.when(other).then("logged").otherwise("account")
    named = spelled.with_columns(account=account, is_logged=pl.col("is_exact").is_not_null() | other).select(stated.columns)
    moved = spelled.filter(other).height
    notes = [f"{moved:,} accounts have other capitals or another form of their code in the logs, and were taken as those"]
    notes = (notes if moved else []) + _of_several(spelled, several)
    absent = stated.height - exact - moved
    return named, notes + ([f"{absent:,} of {stated.height:,} projects have run no job that the store knows"] if absent else [])


def _of_several(spelled: pl.DataFrame, several: pl.DataFrame) -> list[str]:
    """What is to be said where a project has several accounts in the logs, as where a centre gives it one for each partition."""
    meant = several.join(spelled.filter(pl.col("is_exact").is_null()), on=["system", "same"], how="semi")
    if meant.is_empty():
        return []
    named = ", ".join(meant["logged"].sort().head(MOST_NAMED))
    return [f"accounts {named} could be of one project of the table: give each a row of its own, with its part of the hours"]


def _beside(stated: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Each stated project with what was decided before, where the table does not say otherwise.

    A row that only repeats an account of the logs, with what its code tells anyway, decides nothing and does not differ.
    """
    both = stated.join(before, on=KEY, how="left", suffix="_before", validate="1:1", maintain_order="left")
    known = both.join(before.select(KEY).with_columns(known=pl.lit(True)), on=KEY, how="left", validate="1:1", maintain_order="left")
    open_before = pl.col("category_before").is_null() | (pl.col("category_before") == UserCategory.UNCLASSIFIED)
    rest = {name: pl.coalesce(name, f"{name}_before") for name in PROJECTS if name not in (*KEY, "category", "mode")}
    stated_mode = pl.when(~((pl.col("mode") == AccessMode.OTHER) & pl.col("mode_before").is_null())).then("mode")
    by_track = pl.when(open_before).then("category_by_track").otherwise("category_before")
    merged = known.with_columns(
        known=pl.col("known").fill_null(value=False),
        category=pl.coalesce("category", by_track),
        mode=pl.coalesce(stated_mode, "mode_before", "mode_by_code"),
        **rest,
    )
    same = [pl.col(name).eq_missing(pl.col(f"{name}_before")) for name in PROJECTS if name not in KEY]
    told_nothing = (
        pl.col("is_logged") & (pl.col("category") == UserCategory.UNCLASSIFIED) & pl.col("mode").eq_missing(pl.col("mode_by_code"))
    )
    told_nothing &= pl.all_horizontal(pl.col(name).is_null() for name in rest)
    return merged.with_columns(differs=~pl.when("known").then(pl.all_horizontal(same)).otherwise(told_nothing))


def _account(table: TextTable, columns: Columns, found: ProjectRows, decided: pl.DataFrame, notes: Sequence[str]) -> ProjectAccount:
    stored = decided.filter(~pl.col("known") & pl.col("differs")).height
    changed = decided.filter(pl.col("known") & pl.col("differs")).height
    return ProjectAccount(
        file=table.file,
        form=table.form,
        columns=tuple(columns.said),
        rows=found.rows,
        stored=stored,
        changed=changed,
        unchanged=decided.height - stored - changed,
        joined=found.joined,
        repeated=found.repeated,
        refusals=found.refusals,
        unclassified=decided.filter(pl.col("category") == UserCategory.UNCLASSIFIED).height,
        notes=(*found.notes, *notes),
    )


def _record(writer: Writer, account: ProjectAccount, new: pl.DataFrame, *, author: str, imported: datetime) -> None:
    """Keep the account of a table and its refused rows beside those of the logs."""
    machines, number = new["system"].unique().to_list(), batches.next_id(writer)
    batches.record(
        writer,
        Batch(
            batch_id=number,
            system=machines[0] if len(machines) == 1 else SEVERAL_MACHINES,
            file=account.file,
            dialect=PROJECT_TABLES,
            lines_read=account.rows,
            accepted=account.stored + account.changed,
            completed=account.changed,
            refused=account.refusals.height,
            seen_before=account.unchanged + account.joined + account.repeated,
            steps=0,
            passed_over=0,
            first_submitted=None,
            last_seen=None,
            demo=False,
            author=author,
            ingested=imported,
        ),
    )
    batches.record_refusals(writer, account.refusals.select(list(REFUSALS)), batch_id=number)


def _hung(source: Lake | Writer | None, tree: TextTable, groups: TextTable, system: str) -> tuple[TreeAccount, pl.DataFrame]:
    machine = system_named(system, known_systems(source))
    found = places(tree, groups, machine.id)
    if found.paths.is_empty():
        raise InputError(f"no group of {groups.file} finds a place in {tree.file}; expected lines code,name,parent and lines group,code.")
    before = hierarchy.paths(source, systems=(machine.id,)) if source is not None else pl.DataFrame(schema=found.paths.schema)
    new = found.paths.join(before, on=list(found.paths.columns), how="anti", nulls_equal=True)
    account = TreeAccount(
        lines=len(groups.records),
        changed=new.height,
        unchanged=found.paths.height - new.height,
        repeated=found.repeated,
        refusals=found.refusals,
        tree_refusals=found.tree_refusals,
        notes=found.notes,
    )
    return account, new
