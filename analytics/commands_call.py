"""The command of `python -m analytics` that decides a call: applications in, award list and its proof out, by the same code as the page."""

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer

from analytics.calls import words
from analytics.calls.call import AwardRule, Call, TieBreak, Worth
from analytics.calls.choices import LimitChoices, limits_of
from analytics.calls.decision import Decision, decide
from analytics.calls.exports import csv, readable, record, tables
from analytics.calls.machines import call_machines, gpu_machines
from analytics.commands import shares_of_categories, told
from analytics.report.award import award_decision
from analytics.report.forms import Form, made
from analytics.training import TrainingRun, training_with
from data import facts
from data.call_examples import CallExample, accelerators, call_examples, training_runs
from data.errors import InputError
from data.export.workbook import workbook
from data.ingest.application_table import ApplicationRows, application_rows
from data.ingest.project_columns import mapping_texts
from data.ingest.project_machine import Machines
from data.ingest.text_table import read_table
from data.lake import Lake, exists
from data.machines import System
from data.settings import settings
from data.synthetic_applications import applications_to
from data.systems import known_systems
from data.terms import HourUnit

CSV_TABLES = ("award_list", "reserve_list", "applications", "limits", "rules_compared")
DECISION = ("award_decision.pdf", "award_decision.html")
OUTPUTS = (*(f"{name}.csv" for name in CSV_TABLES), "faults.csv", "award_list.xlsx", *DECISION, "decision.json")
VERSIONS = ("numpy", "scipy", "polars", "plotly", "typst")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What the command line asks for: the table, the hours offered, and what they rest on."""

    rows: ApplicationRows
    hours: Mapping[str, int]
    example: CallExample | None


def call(
    out: Annotated[Path, typer.Option(help="Folder that receives the award list; it is made if missing.")],
    applications: Annotated[Path | None, typer.Argument(help="CSV or XLSX table of applications; none with --example.")] = None,
    budget: Annotated[list[str] | None, typer.Option(help="Hours offered on a machine, such as LUMI-G=4000000; repeat for each.")] = None,
    example: Annotated[str | None, typer.Option(help=f"A ready-made call instead: {', '.join(call_examples())}.")] = None,
    unit: Annotated[HourUnit | None, typer.Option(help="Unit of all hours of the call.")] = None,
    rule: Annotated[AwardRule, typer.Option(help="How the call is decided.")] = AwardRule.RANK_FILL,
    tie_break: Annotated[TieBreak, typer.Option(help="Who comes first at the same score.")] = TieBreak.SMALLER_REQUEST,
    worth: Annotated[Worth, typer.Option(help="What the greatest total is a total of.")] = Worth.SCORED_HOURS,
    threshold: Annotated[float | None, typer.Option(help="Score below which nobody is awarded.")] = None,
    best_score: Annotated[float, typer.Option(help="The highest score that can be given.")] = 100.0,
    most_awards: Annotated[int | None, typer.Option(help="Most applications to award.")] = None,
    all_or_nothing: Annotated[bool, typer.Option("--all-or-nothing", help="No award below what was asked for.")] = False,
    divisible: Annotated[bool, typer.Option("--divisible", help="An award may lie on several of the machines wished for.")] = False,
    commercial: Annotated[float | None, typer.Option(help="Most part of each machine's hours for companies, such as 0.2.")] = None,
    country_cap: Annotated[float | None, typer.Option(help="Most part of all hours for one country, such as 0.4.")] = None,
    floor: Annotated[list[str] | None, typer.Option(help="Least part of all hours, such as sme=0.1; may be repeated.")] = None,
    cap: Annotated[list[str] | None, typer.Option(help="Most part of all hours, such as large_industry=0.1.")] = None,
    energy_budget: Annotated[float | None, typer.Option(help="Most facility energy, MWh.")] = None,
    carbon_budget: Annotated[float | None, typer.Option(help="Most location-based emissions, t CO2e.")] = None,
    mapping: Annotated[list[str] | None, typer.Option(help="What a column means, COLUMN=field; may be repeated.")] = None,
    leave_out_faulty: Annotated[bool, typer.Option("--leave-out-faulty", help="Decide without the rows that cannot be read.")] = False,
    train: Annotated[str, typer.Option(help="The published training run that awards are measured in.")] = "TildeOpen 30B",
    gpus: Annotated[float, typer.Option(help="GPUs that a training run uses at a time.")] = 768,
    own_gpus: Annotated[float, typer.Option(help="A100 GPUs of one's own, to compare.")] = 32,
) -> None:
    """Decide a call: who is awarded how many hours on which machine, and why.

    Writes award_list, reserve_list, applications, limits and rules_compared as CSV, award_list.xlsx with all of them, the report
    award_decision as PDF and HTML, and decision.json
    with rules, proof and gap. Exit status: 0 decided, 2 wrong input (faults.csv names each cell), 3 decided, but a floor cannot be kept.
    """
    with told():
        systems = known_systems(Lake(settings())) if exists(settings()) else facts.systems()
        asked = _asked(applications, example, systems, budget or [], unit, best_score, mapping or [])
        _clear(out)
        _refuse_faults(asked.rows, out, leave_out=leave_out_faulty)
        given = asked.example
        rules = Call(
            title=given.title if given is not None else asked.rows.file,
            unit=_unit(unit, given),
            rule=rule,
            tie_break=tie_break,
            worth=worth,
            threshold=threshold if threshold is not None else (given.threshold if given is not None else 0.0),
            best_score=best_score,
            reducible=not all_or_nothing,
            divisible=divisible,
            most_awards=most_awards if most_awards is not None else (given.most_awards if given is not None else None),
            limits=limits_of(
                LimitChoices(
                    commercial_share=commercial
                    if commercial is not None
                    else (given.commercial_share or None if given is not None else None),
                    country_share=country_cap,
                    floors=shares_of_categories(floor),
                    caps=shares_of_categories(cap),
                    energy_budget_mwh=energy_budget,
                    carbon_budget_t=carbon_budget,
                )
            ),
        )
        partitions, intensity = facts.partitions(systems.values()), facts.carbon_intensity()
        decision = decide(rules, asked.rows.applications, call_machines(partitions, intensity, asked.hours, unit=rules.unit))
        run = _run(train)
        trained = training_with(
            decision.by_machine,
            gpu_machines(partitions, intensity, accelerators()),
            run,
            gpus=gpus,
            own_gpus=own_gpus,
            is_gpu_hours=rules.unit is HourUnit.GPU_HOURS,
        )
        _write(decision, trained, asked, run, gpus, out)
        for line in (words.finding(decision), words.missed(decision), words.proof(decision), words.ties(decision)):
            if line is not None:
                typer.echo(line)
    raise typer.Exit(decision.outcome.exit_status)


def _asked(
    path: Path | None,
    example: str | None,
    systems: Mapping[str, System],
    budget: list[str],
    unit: HourUnit | None,
    best_score: float,
    mapping: list[str],
) -> _Asked:
    if (path is None) == (example is None):
        raise InputError("name a table of applications, or a ready-made call with --example; one of the two.")
    given = None
    if example is not None:
        if example not in call_examples():
            raise InputError(f"{example!r} is no ready-made call; choose one of {', '.join(call_examples())}.")
        given = call_examples()[example]
    hours = _hours(budget, systems, _unit(unit, given))
    if given is not None and not hours:
        hours = dict(given.offered)
    if not hours:
        raise InputError("no hours are offered; state them with --budget MACHINE=HOURS, such as --budget LUMI-G=4000000.")
    table = applications_to(given) if given is not None else read_table(_named(path))
    rows = application_rows(table, systems, unit=_unit(unit, given), best_score=best_score, mapping=mapping_texts(mapping))
    return _Asked(rows=rows, hours=hours, example=given)


def _named(path: Path | None) -> Path:
    assert path is not None
    return path


def _unit(unit: HourUnit | None, example: CallExample | None) -> HourUnit:
    """The unit asked for, else that of the ready-made call, else GPU-hours."""
    return unit or (example.unit if example is not None else HourUnit.GPU_HOURS)


def _hours(budget: list[str], systems: Mapping[str, System], unit: HourUnit) -> dict[str, int]:
    """The hours offered by machine."""
    known, found = Machines(systems), dict[str, int]()
    for text in budget:
        name, equals, amount = text.rpartition("=")
        place = known.place(name.strip()) if equals else None
        parts = () if place is None else place.parts
        if len(parts) > 1 and unit is HourUnit.GPU_HOURS:
            parts = tuple(part for part in parts if part.gpus_per_node != 0)
        digits = amount.replace(",", "").replace("_", "").strip()
        if place is None or len(parts) != 1 or not digits.isdecimal():
            raise InputError(
                f"--budget {text!r} is not MACHINE=HOURS, such as LUMI-G=4000000; machines are {known.names}, with a partition."
            )
        key = f"{place.system.id}:{parts[0].name}"
        if key in found:
            raise InputError(f"--budget names {name.strip()!r} twice; state the hours of a machine once.")
        found[key] = int(digits)
    return found


def _run(name: str) -> TrainingRun:
    known = {row["name"]: row for row in training_runs().iter_rows(named=True)}
    if name not in known:
        raise InputError(f"--train {name!r} is no published training run; choose one of {', '.join(known)}.")
    return TrainingRun(name=name, parameters=known[name]["parameters"], tokens=known[name]["tokens"])


def _refuse_faults(rows: ApplicationRows, out: Path, *, leave_out: bool) -> None:
    """Tell every wrong cell; without leave to go on, that is the end."""
    for note in rows.notes:
        typer.echo(f"Note: {note}", err=True)
    if rows.faults.is_empty():
        return
    (out / "faults.csv").write_bytes(csv(rows.faults))
    shown = [f"line {row['line']}, {row['column']}: {row['fault']}" for row in rows.faults.head(5).iter_rows(named=True)]
    more = f"; and {rows.faults.height - 5} more in faults.csv" if rows.faults.height > 5 else ""
    said = f"{rows.left_out} of {rows.rows} applications cannot be read: {'; '.join(shown)}{more}"
    if not leave_out:
        raise InputError(f"{said}. Mend the table, or decide without them with --leave-out-faulty.")
    typer.echo(f"Left out: {said}.", err=True)


def _clear(out: Path) -> None:
    """Make the folder, without what an earlier run left there."""
    out.mkdir(parents=True, exist_ok=True)
    for name in OUTPUTS:
        (out / name).unlink(missing_ok=True)


def _write(decision: Decision, trained: pl.DataFrame, asked: _Asked, run: TrainingRun, gpus: float, out: Path) -> None:
    invented, sources = asked.example is not None, _sources(asked.example, run, gpus)
    versions = {"python": sys.version.split()[0]} | {name: version(name) for name in VERSIONS}
    found = tables(decision, training=trained, sources=sources, invented=invented)
    for name in CSV_TABLES:
        (out / f"{name}.csv").write_bytes(csv(found[name]))
    heads = {name: [decision.call.title, words.finding(decision)] for name in found}
    (out / "award_list.xlsx").write_bytes(workbook(found, heads=heads, title=decision.call.title, header=readable))
    report = award_decision(
        decision, applications=_applications(asked.rows), versions=tuple(versions.items()), sources=sources, invented=invented
    )
    for name in DECISION:
        (out / name).write_bytes(made(report, Form(Path(name).suffix[1:])))
    more: dict[str, Any] = {
        "title": decision.call.title,
        "file": asked.rows.file,
        "invented": invented,
        "left_out": asked.rows.left_out,
        "notes": list(asked.rows.notes),
        "versions": versions,
    }
    (out / "decision.json").write_text(json.dumps(more | record(decision), indent=2, allow_nan=False) + "\n", encoding="utf-8")


def _applications(rows: ApplicationRows) -> str:
    """The table of applications by its name and the digest of what it says."""
    said = json.dumps(rows.applications.to_dicts(), sort_keys=True, ensure_ascii=False)
    return f"the applications in {rows.file} (SHA-256 {hashlib.sha256(said.encode()).hexdigest()})"


def _sources(example: CallExample | None, run: TrainingRun, gpus: float) -> list[tuple[str, str, str]]:
    """What the call and its footprint rest on."""
    stated = [] if example is None else [(fact.what, fact.source, fact.flag.shown_as) for fact in example.facts]
    described = (
        f"Training: {run.name}, {run.parameters:,.0f} parameters, {run.tokens:,.0f} tokens, utilisation {run.mfu:.0%}, {gpus:g} GPUs"
    )
    return [
        *stated,
        (
            "Energy and emissions of an hour",
            "facts of the machines (data/reference/systems), node power model × PUE × grid intensity",
            "modelled",
        ),
        (described, "6 operations a parameter and token (arxiv.org/abs/2001.08361); peaks in data/reference/accelerators.csv", "estimate"),
    ]
