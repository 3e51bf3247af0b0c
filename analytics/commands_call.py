"""The command of `python -m analytics` that decides a call: applications in, award list and its proof out, by the same code as the page."""

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
from analytics.commands_call_asked import APPLICATIONS, CallAsked, asked_before
from analytics.report.award import award_decision
from analytics.report.document import Report
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
class _Given:
    """What a call is decided on: the table, the hours offered, and what they rest on."""

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
    asked = CallAsked(
        example=example,
        budget=tuple(budget or ()),
        unit=unit,
        rule=rule,
        tie_break=tie_break,
        worth=worth,
        threshold=threshold,
        best_score=best_score,
        most_awards=most_awards,
        all_or_nothing=all_or_nothing,
        divisible=divisible,
        commercial=commercial,
        country_cap=country_cap,
        floor=tuple(floor or ()),
        cap=tuple(cap or ()),
        energy_budget=energy_budget,
        carbon_budget=carbon_budget,
        mapping=tuple(mapping or ()),
        leave_out_faulty=leave_out_faulty,
        train=train,
        gpus=gpus,
    )
    with told():
        systems = _systems()
        given = _given(asked, applications, systems)
        _clear(out)
        _refuse_faults(given.rows, out, leave_out=leave_out_faulty)
        decision = _decided(asked, given, systems)
        trained = training_with(
            decision.by_machine,
            gpu_machines(facts.partitions(systems.values()), facts.carbon_intensity(), accelerators()),
            _run(train),
            gpus=gpus,
            own_gpus=own_gpus,
            is_gpu_hours=decision.call.unit is HourUnit.GPU_HOURS,
        )
        _write(decision, trained, asked, given, out)
        for line in (words.finding(decision), words.missed(decision), words.proof(decision), words.ties(decision)):
            if line is not None:
                typer.echo(line)
    raise typer.Exit(decision.outcome.exit_status)


def decided_again(parameters: Mapping[str, str], applications: Path | None) -> Report:
    """The award decision of a report made again: by its own rules, from a table of applications and today's facts of the machines.

    Args:
        parameters: What the report was asked for, from the record that it carries.
        applications: The table of applications; none for a ready-made call.

    Raises:
        InputError: if the table is missing or cannot be read, or the record does not tell the rules.
    """
    asked = asked_before(parameters)
    if asked.example is None and applications is None:
        raise InputError("an award decision is made again from its table of applications; name that with --applications.")
    systems = _systems()
    given = _given(asked, None if asked.example is not None else applications, systems)
    if given.rows.faults.height and not asked.leave_out_faulty:
        raise InputError(f"{given.rows.faults.height} cells of {applications} cannot be read, so it is not the table that was decided.")
    named = replace(given, rows=replace(given.rows, file=parameters.get(APPLICATIONS, given.rows.file)))
    return _report(_decided(asked, named, systems), asked, named)


def _systems() -> Mapping[str, System]:
    return known_systems(Lake(settings())) if exists(settings()) else facts.systems()


def _decided(asked: CallAsked, given: _Given, systems: Mapping[str, System]) -> Decision:
    example = given.example
    limits = LimitChoices(
        commercial_share=asked.commercial
        if asked.commercial is not None
        else (example.commercial_share or None if example is not None else None),
        country_share=asked.country_cap,
        floors=shares_of_categories(list(asked.floor)),
        caps=shares_of_categories(list(asked.cap)),
        energy_budget_mwh=asked.energy_budget,
        carbon_budget_t=asked.carbon_budget,
    )
    rules = Call(
        title=example.title if example is not None else given.rows.file,
        unit=_unit(asked.unit, example),
        rule=asked.rule,
        tie_break=asked.tie_break,
        worth=asked.worth,
        threshold=asked.threshold if asked.threshold is not None else (example.threshold if example is not None else 0.0),
        best_score=asked.best_score,
        reducible=not asked.all_or_nothing,
        divisible=asked.divisible,
        most_awards=asked.most_awards if asked.most_awards is not None else (example.most_awards if example is not None else None),
        limits=limits_of(limits),
    )
    partitions, intensity = facts.partitions(systems.values()), facts.carbon_intensity()
    return decide(rules, given.rows.applications, call_machines(partitions, intensity, given.hours, unit=rules.unit))


def _given(asked: CallAsked, path: Path | None, systems: Mapping[str, System]) -> _Given:
    if (path is None) == (asked.example is None):
        raise InputError("name a table of applications, or a ready-made call with --example; one of the two.")
    example = None
    if asked.example is not None:
        if asked.example not in call_examples():
            raise InputError(f"{asked.example!r} is no ready-made call; choose one of {', '.join(call_examples())}.")
        example = call_examples()[asked.example]
    unit = _unit(asked.unit, example)
    hours = _hours(asked.budget, systems, unit)
    if example is not None and not hours:
        hours = dict(example.offered)
    if not hours:
        raise InputError("no hours are offered; state them with --budget MACHINE=HOURS, such as --budget LUMI-G=4000000.")
    table = applications_to(example) if example is not None else read_table(_named(path))
    rows = application_rows(table, systems, unit=unit, best_score=asked.best_score, mapping=mapping_texts(asked.mapping))
    return _Given(rows=rows, hours=hours, example=example)


def _named(path: Path | None) -> Path:
    assert path is not None
    return path


def _unit(unit: HourUnit | None, example: CallExample | None) -> HourUnit:
    """The unit asked for, else that of the ready-made call, else GPU-hours."""
    return unit or (example.unit if example is not None else HourUnit.GPU_HOURS)


def _hours(budget: Sequence[str], systems: Mapping[str, System], unit: HourUnit) -> dict[str, int]:
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


def _write(decision: Decision, trained: pl.DataFrame, asked: CallAsked, given: _Given, out: Path) -> None:
    invented, sources = given.example is not None, _sources(given.example, _run(asked.train), asked.gpus)
    found = tables(decision, training=trained, sources=sources, invented=invented)
    for name in CSV_TABLES:
        (out / f"{name}.csv").write_bytes(csv(found[name]))
    heads = {name: [decision.call.title, words.finding(decision)] for name in found}
    (out / "award_list.xlsx").write_bytes(workbook(found, heads=heads, title=decision.call.title, header=readable))
    report = _report(decision, asked, given)
    for name in DECISION:
        (out / name).write_bytes(made(report, Form(Path(name).suffix[1:])))
    more: dict[str, Any] = {
        "title": decision.call.title,
        "file": given.rows.file,
        "invented": invented,
        "left_out": given.rows.left_out,
        "notes": list(given.rows.notes),
        "versions": dict(award_versions()),
    }
    (out / "decision.json").write_text(json.dumps(more | record(decision), indent=2, allow_nan=False) + "\n", encoding="utf-8")


def award_versions() -> tuple[tuple[str, str], ...]:
    """The programs at work here that decide what an award decision says and how it looks."""
    return (("python", sys.version.split()[0]), *((name, version(name)) for name in VERSIONS))


def _report(decision: Decision, asked: CallAsked, given: _Given) -> Report:
    return award_decision(
        decision,
        applications=_applications(given.rows),
        versions=award_versions(),
        sources=_sources(given.example, _run(asked.train), asked.gpus),
        invented=given.example is not None,
        parameters=(*asked.parameters, (APPLICATIONS, given.rows.file)),
    )


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
