"""What the commands of `python -m data` do, apart from reading the command line."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from data import check_tables, node_parts, rollups
from data.access import local_person, require
from data.check import findings
from data.commands_refusals import write_originals
from data.commands_upkeep import tidy_if_due
from data.dates import day_named
from data.errors import InputError, LogError
from data.export.usage import Format, encoded, usage_table
from data.export.xdmod import Compat, DatasetType, Dimension, Request, metrics, period_of_jobs
from data.export.xdmod_periods import AggregationUnit
from data.facts import System
from data.ingest.live import fetched, since_named
from data.ingest.load import Account, Order, ingest, ingest_together
from data.ingest.privacy import pseudonyms
from data.ingest.refused_lines import must_be_lines
from data.ingest.slurm_db import gpu_tres_named
from data.ingest.source import Dialect
from data.ingest.standard_input import at_hand
from data.lake import Lake, exists, prepare, writing
from data.pseudonym_key import pseudonym_key
from data.settings import settings
from data.systems import declared_system, known_systems, system_named
from data.terms import Action, Period, Selection
from data.usage import spans, whole_period


def ingest_files(
    files: list[Path],
    *,
    system: str,
    system_file: Path | None,
    dialect: str | None,
    time_zone: str | None,
    said: Console,
    mapping: tuple[str, ...] = (),
    gpu_tres: str | None = None,
    refused: Path | None = None,
) -> None:
    """Bring in files, `-` for standard input, one after the other; the first that cannot be read ends the run, those before it stay.

    Refused lines are written to a file as they are, where one is named.
    """
    declaration = _text(system_file) if system_file is not None else None
    machine = _machine(system, declaration, origin=str(system_file))
    known = Order(
        path=files[0],
        system=machine,
        declaration=declaration,
        dialect=_dialect(dialect),
        time_zone=time_zone,
        mapping=mapping,
        gpu_tres=gpu_tres_named(gpu_tres) if gpu_tres is not None else (),
    )
    for file in files:
        with at_hand(file) as path:
            order = replace(known, path=path)
            if refused is not None:
                must_be_lines(order, refused)
            say_account(ingest_with_progress(order, said), said)
            if refused is not None:
                write_originals(order, refused, said=said)
    tidy_if_due(said=said)


def ingest_from_sacct(*, since: str, system: str, system_file: Path | None, time_zone: str | None, said: Console) -> None:
    """Run the site's own `sacct` and bring in what is new since a day, or since the last time."""
    declaration = _text(system_file) if system_file is not None else None
    machine = _machine(system, declaration, origin=str(system_file))
    lake = _store_if_any()
    first_day = since_named(since, lake, machine.id)
    if lake is not None:
        lake.close()
    with fetched(settings(), first_day) as path:
        with path.open("rb") as lines:
            has_jobs = len(list(islice(lines, 2))) > 1
        if not has_jobs:
            said.print(f"sacct knows of no job since {first_day}; the store is as it was.")
            return
        order = Order(path=path, system=machine, declaration=declaration, dialect=Dialect.SACCT, time_zone=time_zone)
        say_account(ingest_with_progress(order, said), said)
    tidy_if_due(said=said)


def ingest_with_progress(order: Order, said: Console) -> Account:
    """The closing account of an ingest during which a bar shows how far the file has been read."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    lines_read = TextColumn("{task.fields[lines]:,} lines")
    with Progress(*columns, lines_read, console=said, transient=True, disable=not said.is_terminal) as bar:
        size = order.path.stat().st_size if order.path.is_file() else None
        task = bar.add_task(escape(order.path.name), total=size, lines=0)
        return ingest(
            settings(),
            order,
            local_person(settings()),
            progress=lambda bytes_read, lines: bar.update(task, completed=bytes_read, lines=lines),
        )


def say_account(account: Account, said: Console) -> None:
    """Tell what became of every line of a file."""
    batch = account.batch
    said.print(f"[bold]{escape(batch.file)}[/]: {Dialect(batch.dialect).shown_as}, machine {escape(batch.system)}")
    read = "records" if Dialect(batch.dialect).counts_records else "lines"
    said.print(f"  {batch.lines_read:>12,} {read} read (times without offset taken as {account.time_zone})")
    completed = f" ({batch.completed:,} of them completed a job that was waiting or running before)" if batch.completed else ""
    said.print(f"  {batch.accepted:>12,} accepted{completed}")
    said.print(f"  {batch.refused:>12,} refused")
    for reason, count in account.reasons.most_common():
        said.print(f"  {'':>12}   {count:,} x {escape(reason)}")
    said.print(f"  {batch.seen_before:>12,} seen before")
    said.print(f"  {batch.steps:>12,} job steps (parts of jobs, never counted)")
    said.print(f"  {batch.passed_over:>12,} header, comment, blank and continuation lines")
    for warning in account.warnings:
        said.print(f"  [yellow]Note:[/] {escape(warning)}")
    if account.declared:
        said.print(f"  The declaration of {escape(batch.system)} was stored.")
    said.print("  No job was new." if batch.batch_id == 0 else f"  Stored as batch {batch.batch_id}.")


def ingest_demo(*, jobs: int, seed: int, said: Console) -> None:
    """Make the demonstration log and bring it in through the same way as any log, unless the store holds something already."""
    from tempfile import TemporaryDirectory

    lake = _store_if_any()
    if lake is not None:
        held = spans(lake)
        lake.close()
        if held.height:
            said.print(f"The store at {escape(str(settings().lake))} holds logs of {', '.join(held['system'])}; it stays as it is.")
            return
    with TemporaryDirectory(prefix="equinode-demo-") as folder, said.status("Making the demonstration log …") as status:
        orders = _demo_orders(Path(folder), jobs=jobs, seed=seed)
        accounts = ingest_together(
            settings(),
            orders,
            local_person(settings()),
            message="Demonstration log",
            progress=lambda _, lines: status.update(f"Bringing in the demonstration log, {lines:,} lines of this machine …"),
        )
    for account in accounts:
        said.print(f"Demonstration log of {account.batch.system}: {account.batch.accepted:,} jobs, {account.batch.refused:,} lines refused")


def check_store(*, said: Console) -> None:
    """Tell what is wrong with the store.

    Raises:
        InputError: if anything is, so that a script sees it.
    """
    lake = Lake(settings())
    wrong = findings(lake)
    for finding in wrong:
        said.print(f"[bold red]Wrong:[/] {escape(finding.what)}. {escape(finding.mend)}")
    if wrong:
        raise InputError(f"{len(wrong)} things are wrong with the store at {settings().lake}.")
    snapshot = lake.snapshot()
    state = f"snapshot {snapshot.snapshot_id}, {snapshot.committed:%Y-%m-%d %H:%M} UTC"
    said.print(f"The store at {escape(str(settings().lake))} is sound ({state}).")
    for note in check_tables.notes(lake):
        said.print(f"  [yellow]Note:[/] {escape(note)}.")
    for row in spans(lake).iter_rows(named=True):
        months = f"{row['first_month']:%Y-%m} to {row['last_month']:%Y-%m}"
        said.print(f"  {escape(row['system'])}: {row['jobs']:,} jobs, {_core_hours(row)}, {months}")


def _core_hours(row: Mapping[str, Any]) -> str:
    """71,984.2764 core-hours; or, where the log does not tell the cores of all jobs, of how many it does."""
    if row["core_hours"] is None:
        return "core-hours not known"
    part = f" of {row['jobs'] - row['jobs_without_cores']:,} of them" if row["jobs_without_cores"] else ""
    return f"{row['core_hours']:,.4f} core-hours{part}"


def rebuild_rollups(*, said: Console) -> None:
    """Make all rollups anew from the stored jobs, after telling by today's facts which part of their nodes these held."""
    person = require(Action.DECIDE, local_person(settings()))
    if not exists(settings()):
        Lake(settings())
    with writing(settings(), author=person.name, message="Rebuild the rollups from the jobs") as writer:
        node_parts.renew(writer)
        rollups.rebuild(writer)
    said.print("All rollups were made anew.")


def export_usage_table(*, by: str, start: str | None, end: str | None, systems: str, form: Format) -> bytes:
    """The usage table as a file's bytes."""
    require(Action.EXPORT, local_person(settings()))
    lake = Lake(settings())
    known = known_systems(lake)
    chosen = tuple(system_named(name, known).id for name in systems.split(",") if name.strip())
    whole = whole_period(lake)
    if whole is None:
        raise InputError("the store is empty; bring in a log with 'python -m data ingest FILE --system NAME' or 'python -m data demo'.")
    period = Period(day_named(start) if start else whole.start, day_named(end) if end else whole.end)
    table = usage_table(lake, Selection(period=period, systems=chosen), *(name.strip() for name in by.split(",") if name.strip()))
    return encoded(table, form)


def export_metrics_table(
    compat: Compat,
    *,
    system: str | None,
    start: str | None,
    end: str | None,
    by: Dimension,
    units: tuple[AggregationUnit, ...],
    types: tuple[DatasetType, ...],
    time_zone: str,
    form: Format,
) -> bytes:
    """Another program's statistics as a file's bytes."""
    require(Action.EXPORT, local_person(settings()))
    lake = Lake(settings())
    machine = system_named(system, known_systems(lake)) if system else _only_system(lake)
    whole = period_of_jobs(lake, machine, time_zone)
    period = Period(day_named(start) if start else whole.start, day_named(end) if end else whole.end)
    match compat:
        case Compat.XDMOD:
            request = Request(system=machine, period=period, dimension=by, units=units, types=types, time_zone=time_zone)
            return encoded(metrics(lake, request, pseudonyms(pseudonym_key(settings()), machine.id)), form)


def _only_system(lake: Lake) -> System:
    held = spans(lake)["system"].to_list()
    if len(held) != 1:
        raise InputError(f"the store holds logs of {', '.join(held) or 'no machine'}; name one of them with --system.")
    return system_named(held[0], known_systems(lake))


def _demo_orders(folder: Path, *, jobs: int, seed: int) -> Iterator[Order]:
    """The demonstration log of each machine in turn, written to a file as `sacct` would."""
    from data.synthetic import demo_logs

    known = known_systems(None)
    for log in demo_logs(seed=seed, jobs=jobs):
        path = folder / f"demo-{log.system}.txt"
        path.write_bytes(log.text)
        yield Order(path=path, system=known[log.system], demo=True, projects=log.projects)


def _machine(name: str, declaration: str | None, *, origin: str) -> System:
    if declaration is not None:
        return declared_system(name, declaration, origin=origin)
    lake = _store_if_any()
    known = known_systems(lake)
    if lake is not None:
        lake.close()
    return system_named(name, known)


def _store_if_any() -> Lake | None:
    """The store for a command that will write; one that another version made, or whose making was cut short, is finished first."""
    if not exists(settings()):
        return None
    prepare(settings())
    return Lake(settings())


def _dialect(name: str | None) -> Dialect | None:
    if name is None or name in set(Dialect):
        return Dialect(name) if name is not None else None
    raise InputError(f"{name!r} is not a dialect; choose among {', '.join(Dialect)}.")


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LogError(f"the declaration {path} cannot be read ({error}); expected a small TOML file.") from error
