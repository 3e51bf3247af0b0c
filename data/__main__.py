"""`python -m data`: bring in logs, make the demonstration store, check a store, export tables."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from data.errors import EquinodeError, InputError
from data.export.slurm_forms import Form
from data.export.slurm_plan import Usage
from data.export.usage import Format
from data.export.xdmod import Compat, DatasetType, Dimension
from data.export.xdmod_periods import AggregationUnit
from data.ingest.written import Mark
from data.series import IntensityMethod, IntensityScope, SeriesKind

app = typer.Typer(
    help="Logs in, tables out. The store is the folder that EQUINODE_LAKE names (data/var/lake if it names none).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
export = typer.Typer(help="Tables for other programs, to standard output.", no_args_is_help=True)
app.add_typer(export, name="export")
projects = typer.Typer(help="Who holds an account: tables of projects in, lists out.", no_args_is_help=True)
app.add_typer(projects, name="projects")
refusals = typer.Typer(help="Lines that could not be believed: counted, with examples, and exported.", no_args_is_help=True)
app.add_typer(refusals, name="refusals")
series = typer.Typer(help="Hourly carbon intensity and day-ahead prices in, their coverage out.", no_args_is_help=True)
app.add_typer(series, name="series")
BY = "Any of system, partition, account, category, mode, country, month, day, joined by commas."
said = Console(stderr=True, highlight=False, soft_wrap=True)


@app.command()
def ingest(
    *,
    files: Annotated[list[Path] | None, typer.Argument(help="Log files, plain or gzip; - for standard input.", metavar="FILE...")] = None,
    system: Annotated[str, typer.Option(help="The machine whose logs they are, such as lumi; a new name needs --system-file.")],
    system_file: Annotated[Path | None, typer.Option(help="TOML file that declares a machine the reference facts do not know.")] = None,
    dialect: Annotated[str | None, typer.Option(help="Such as sacct, swf or job_table; content decides if this is not given.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="Zone of times without offset, such as Europe/Paris; else the machine's.")] = None,
    mapping: Annotated[
        list[str] | None, typer.Option(help="field=column,… of a table of jobs, such as cores=cpus; may be repeated.")
    ] = None,
    gpu_tres: Annotated[str | None, typer.Option(help="Numbers of GPUs among slurmdbd's trackable resources, 0 for none.")] = None,
    refused: Annotated[
        Path | None, typer.Option(help="File for the refused lines as they are, names included, to be mended; readable by you alone.")
    ] = None,
    from_sacct: Annotated[
        bool, typer.Option("--from-sacct", help="Run the site's own sacct (EQUINODE_SACCT) instead of reading files.")
    ] = False,
    since: Annotated[str, typer.Option(help="With --from-sacct: the first day, YYYY-MM-DD, or last: go on where the store ends.")] = "last",
) -> None:
    """Bring logs into the store; each file lands as a whole or not at all."""
    from data.commands import ingest_files, ingest_from_sacct

    if from_sacct == bool(files):
        raise InputError("name log files, or --from-sacct, and not both.")
    if refused is not None and len(files or ()) != 1:
        raise InputError("--refused is for one file at a time, so that its lines stand below their own header.")
    if files:
        ingest_files(
            files,
            system=system,
            system_file=system_file,
            dialect=dialect,
            time_zone=time_zone,
            said=said,
            mapping=tuple(mapping or ()),
            gpu_tres=gpu_tres,
            refused=refused,
        )
    else:
        ingest_from_sacct(since=since, system=system, system_file=system_file, time_zone=time_zone, said=said)


@app.command()
def demo(
    jobs: Annotated[int, typer.Option(min=1_000, help="About how many jobs to make.")] = 300_000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same log.")] = 2026,
) -> None:
    """Fill an empty store with the demonstration log; a store that holds anything is left as it is."""
    from data.commands import ingest_demo

    ingest_demo(jobs=jobs, seed=seed, said=said)


@app.command()
def check() -> None:
    """Say what is wrong with the store; exit status 0 if nothing is."""
    from data.commands import check_store

    check_store(said=said)


@app.command()
def rebuild() -> None:
    """Make all rollups anew from the stored jobs."""
    from data.commands import rebuild_rollups

    rebuild_rollups(said=said)


@app.command()
def batches(form: Annotated[Format, typer.Option("--format", help="csv, parquet or json.")] = Format.CSV) -> None:
    """Every log that was brought in, newest first, with what became of its lines, to standard output."""
    from data.commands_upkeep import batch_list

    sys.stdout.buffer.write(batch_list(form=form))


@app.command()
def undo(
    batch: Annotated[int, typer.Argument(help="The number of the batch, as 'batches' lists it.")],
    reason: Annotated[str, typer.Option(help="Why, for the history.")],
    later_too: Annotated[bool, typer.Option("--later-too", help="Undo the later batches first that may lean on this one.")] = False,
) -> None:
    """Take a log out of the store again: its jobs, refused lines and sums; jobs that it completed go back to their earlier state."""
    from data.commands_upkeep import undo_batch

    undo_batch(batch, reason=reason, later_too=later_too, said=said)


@app.command("new-key")
def new_key() -> None:
    """Make a new key of the pseudonyms where the old one is lost; users of before and of later can then not be matched."""
    from data.commands_upkeep import new_key as make

    make(said=said)


@app.command()
def tidy(
    forget_before: Annotated[
        str | None, typer.Option(help="Day, YYYY-MM-DD: forget for good the states of the store from before; reports of them are lost.")
    ] = None,
) -> None:
    """Join small files and take away those without use; every state of the store stays readable. An ingest does it when it is due."""
    from data.commands_upkeep import tidy_store

    tidy_store(forget_before=forget_before, said=said)


@export.command("usage")
def export_usage(
    by: Annotated[str, typer.Option(help=BY)] = "system",
    start: Annotated[str | None, typer.Option("--from", help="First day, YYYY-MM-DD.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="First day no longer included, YYYY-MM-DD.")] = None,
    systems: Annotated[str, typer.Option("--systems", help="Machines, joined by commas; all if not given.")] = "",
    form: Annotated[Format, typer.Option("--format", help="csv, parquet or json.")] = Format.CSV,
) -> None:
    """Jobs, node-, core- and GPU-hours and measured energy with its coverage.

    For the operator: nothing is withheld, not even the figures of single firms. A table for publication is in the report of
    'python -m analytics report --for public'.
    """
    from data.commands import export_usage_table

    sys.stdout.buffer.write(export_usage_table(by=by, start=start, end=end, systems=systems, form=form))


@export.command("metrics")
def export_metrics(
    compat: Annotated[Compat, typer.Option(help="Whose definitions: those of Open XDMoD.")] = Compat.XDMOD,
    system: Annotated[str | None, typer.Option(help="The machine; not needed where the store holds one alone.")] = None,
    start: Annotated[str | None, typer.Option("--from", help="First day, YYYY-MM-DD; else that of the first job.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="First day no longer included, YYYY-MM-DD; else after the last job.")] = None,
    by: Annotated[Dimension, typer.Option(help="What to group by, under XDMoD's identifiers.")] = Dimension.RESOURCE,
    unit: Annotated[list[AggregationUnit] | None, typer.Option(case_sensitive=False, help="May be repeated; else all.")] = None,
    kind: Annotated[list[DatasetType] | None, typer.Option("--type", help="May be repeated; else both.")] = None,
    time_zone: Annotated[str, typer.Option(help="Zone in which days begin: that of the XDMoD server compared with.")] = "UTC",
    form: Annotated[Format, typer.Option("--format", help="csv, parquet or json.")] = Format.CSV,
) -> None:
    """Another program's statistics, computed here by its definitions, to be compared with its own."""
    from data.commands import export_metrics_table

    units, types = tuple(unit or AggregationUnit), tuple(kind or DatasetType)
    sys.stdout.buffer.write(
        export_metrics_table(compat, system=system, start=start, end=end, by=by, units=units, types=types, time_zone=time_zone, form=form)
    )


@export.command("slurm")
def export_to_slurm(
    *,
    system: Annotated[str, typer.Option(help="The machine.")],
    out: Annotated[
        Path, typer.Option(help="Folder for the files that make the changes and take them back; never one of an earlier export.")
    ],
    state: Annotated[
        list[Path] | None, typer.Option(help="What Slurm's commands printed, - for standard input; may be repeated, see below.")
    ] = None,
    from_site: Annotated[bool, typer.Option("--from-site", help="Run the site's own commands instead (EQUINODE_SLURM in front).")] = False,
    quotas: Annotated[
        Path | None, typer.Option(help="CSV or Parquet: account, unit, hours, at_once, fairshare, qos, starts; else the store's quotas.")
    ] = None,
    form: Annotated[Form, typer.Option(help="sacctmgr commands, a flat file for sacctmgr load, or JSON for slurmrestd.")] = Form.COMMANDS,
    usage: Annotated[
        Usage,
        typer.Option(
            help="What was used before: slurm: all it counted is part of the quota; log: what the store knows since the quota's start; "
            "none: the whole quota comes on top."
        ),
    ] = Usage.SLURM,
    cluster: Annotated[str | None, typer.Option(help="Slurm's name of the cluster, where several could be meant.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Tell only what was written and what is wrong.")] = False,
) -> None:
    """Quotas as limits in Slurm: the changes in words and numbers, the file that makes them, and the file that takes them back.

    Nothing is changed by this command. The state is what these print, one below the other in any order, those you can:

    sacctmgr -P show assoc WOPLimits WithRawQOSLevel
    format=Cluster,Account,User,ParentName,Fairshare,GrpTRES,GrpTRESMins,QOS,QOSRawLevel,DefaultQOS

    sshare -P -a -o Account,User,GrpTRESRaw,RawShares

    scontrol show config

    sacctmgr -P show tres format=Type,Name

    sacctmgr -P show qos format=Name,Flags,UsageFactor

    sacct -a -X -P --noconvert -s RUNNING,SUSPENDED -o JobIDRaw,Account,AllocTRES,ElapsedRaw,TimelimitRaw,State

    The first may also be the file of sacctmgr dump, or the JSON of slurmrestd's associations.
    """
    from data.commands_slurm import SlurmOrder, export_slurm

    if from_site == bool(state):
        raise InputError("name the state of Slurm with --state FILE, or --from-site, and not both.")
    order = SlurmOrder(
        system=system, quotas=quotas, states=tuple(state or ()), cluster=cluster, form=form, usage=usage, out=out, quiet=quiet
    )
    export_slurm(order, said=said)


@projects.command("import")
def import_projects(
    file: Annotated[Path | None, typer.Argument(help="CSV or XLSX, one row a project.", metavar="[FILE]")] = None,
    system: Annotated[str | None, typer.Option(help="The machine, where the table has no column for it.")] = None,
    mapping: Annotated[list[str] | None, typer.Option(help="COLUMN=field, such as 'Ref=account'; may be repeated.")] = None,
    decimal: Annotated[Mark | None, typer.Option(help="The decimal mark, where 1.500 could be read in two ways.")] = None,
    hierarchy: Annotated[Path | None, typer.Option(help="Tree of fields: code, name, parent's code; no column names.")] = None,
    groups: Annotated[Path | None, typer.Option(help="Which group hangs where: group, code; no column names.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why, for the history.")] = None,
    refused: Annotated[Path | None, typer.Option(help="File to write all refused rows to, as CSV with line and reason.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, store nothing.")] = False,
) -> None:
    """Bring in who holds the accounts; what the table does not say stays as it was decided."""
    from data.commands_projects import import_project_files
    from data.ingest.project_load import ProjectOrder

    corrections = tuple(mapping or ())
    order = ProjectOrder(path=file, system=system, mapping=corrections, mark=decimal, reason=reason) if file is not None else None
    import_project_files(order, tree=hierarchy, groups=groups, system=system, refused=refused, dry_run=dry_run, said=said)


@projects.command("list")
def list_projects(
    unclassified: Annotated[bool, typer.Option("--unclassified", help="Only accounts without a user category.")] = False,
    system: Annotated[str | None, typer.Option(help="Only this machine.")] = None,
    form: Annotated[Format, typer.Option("--format", help="csv, parquet or json.")] = Format.CSV,
) -> None:
    """Accounts and projects with the hours they used, largest first, to standard output; the table can be imported again."""
    from data.commands_projects import project_list

    sys.stdout.buffer.write(project_list(unclassified=unclassified, system=system, form=form))


@refusals.command("list")
def list_refusals(
    batch: Annotated[int | None, typer.Option(help="Only this batch.")] = None,
    form: Annotated[Format, typer.Option("--format", help="csv, parquet or json.")] = Format.CSV,
) -> None:
    """How many lines of each log or table were refused for each reason, how many are open, and an example, to standard output."""
    from data.commands_refusals import refusals_list

    sys.stdout.buffer.write(refusals_list(batch=batch, form=form))


@refusals.command("export")
def export_refused(
    out: Annotated[Path, typer.Option(help="The CSV file to write.")],
    batch: Annotated[int | None, typer.Option(help="Only this batch.")] = None,
    resolved: Annotated[bool, typer.Option("--resolved", help="Also lines that were mended since.")] = False,
) -> None:
    """Write refused lines with file, line, reason, detail and masked text to a CSV file."""
    from data.commands_refusals import export_refusals

    export_refusals(out, batch=batch, resolved_too=resolved, said=said)


@series.command("import")
def import_series(
    file: Annotated[Path, typer.Argument(help="CSV, XLSX or Parquet: Electricity Maps, ENTSO-E, or zone, time and value.")],
    kind: Annotated[SeriesKind, typer.Option(help="What the file tells: carbon or price.")],
    zone: Annotated[list[str] | None, typer.Option(help="The zone of a file that names none; else only these.")] = None,
    method: Annotated[IntensityMethod | None, typer.Option(help="Whether intensities count production alone, or imports too.")] = None,
    scope: Annotated[IntensityScope | None, typer.Option(help="Which emissions intensities count.")] = None,
    unit: Annotated[str | None, typer.Option(help="The unit, where no column states it, such as gCO2e/kWh or EUR/MWh.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="Zone of times without offset, such as UTC or Europe/Brussels.")] = None,
    source: Annotated[str | None, typer.Option(help="Whose figures they are; else the file's name.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Let stored values that contradict the file give way.")] = False,
    refused: Annotated[Path | None, typer.Option(help="File to write all refused rows to, as CSV with line and reason.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, store nothing.")] = False,
) -> None:
    """Bring in a series; a file that contradicts stored values is refused."""
    from data.commands_series import import_series_file
    from data.ingest.series_table import SeriesOrder

    order = SeriesOrder(
        path=file,
        kind=kind,
        zones=tuple(zone or ()),
        method=method,
        scope=scope,
        unit=unit,
        time_zone=time_zone,
        source=source,
        replace=replace,
    )
    import_series_file(order, refused=refused, dry_run=dry_run, said=said)


@series.command("list")
def list_series(
    kind: Annotated[SeriesKind | None, typer.Option(help="Only carbon or price.")] = None,
    form: Annotated[Format, typer.Option("--format", help="csv, parquet or json.")] = Format.CSV,
) -> None:
    """How many hours of each year every stored series knows, to standard output."""
    from data.commands_series import series_list

    sys.stdout.buffer.write(series_list(kind=kind, form=form))


def main() -> None:
    """Run a command; an error that a person can mend is told in a sentence, with exit status 2."""
    try:
        app()
    except EquinodeError as error:
        said.print(f"[bold red]Error:[/] {escape(str(error))}")
        sys.exit(error.exit_status)
    except BrokenPipeError:
        sys.exit(0)


if __name__ == "__main__":
    main()
