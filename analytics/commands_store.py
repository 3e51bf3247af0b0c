"""The commands of `python -m analytics` that read the store: a recommended split, and the report of a period."""

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from analytics.allocation.objectives import Aim, Objective
from analytics.allocation.solution import Refusal
from analytics.carbon import IntensityMethod
from analytics.commands import shares_of_categories, told
from analytics.demand import demand_while_logged
from analytics.recommendation import Recommendation, recommendation
from analytics.recommendation_words import paragraph, refusal_in_words
from analytics.report.compose import quarterly
from analytics.report.document import Snapshot
from analytics.report.html import html
from analytics.report.inputs import FACTS, ReportInputs
from analytics.split_problem import SplitChoices, SplitFacts
from analytics.usage import capacity_while_logged
from data import access, facts
from data.batches import demo_systems, logged_days
from data.dates import period_named
from data.errors import InputError
from data.lake import Lake
from data.projects import all_projects
from data.settings import settings
from data.systems import known_systems, system_named
from data.terms import Action, HourUnit, Period, Selection
from data.usage import spans, usage, waits

VERSIONS = ("duckdb", "plotly", "polars", "scipy")
PERIOD = "2025, 2026-Q1, 2026-03 or 2026-01-15..2026-02-01 (the last day not included)."
SYSTEMS = "Machines, joined by commas; all if not given."
SNAPSHOT = "Number of the store's state to read; the newest if not given."


def report(
    period: Annotated[str, typer.Option(help=PERIOD)],
    out: Annotated[Path, typer.Option(help="The HTML file to write.")],
    systems: Annotated[str, typer.Option(help=SYSTEMS)] = "",
    unit: Annotated[HourUnit, typer.Option(help="The unit of machine time.")] = HourUnit.NODE_HOURS,
    snapshot: Annotated[int | None, typer.Option(help=SNAPSHOT)] = None,
) -> None:
    """Write the report of a period: one HTML file with charts, tables, methods, sources and the state of the store.

    The same state of the store gives the same file. Exit status: 0 written, 2 wrong input.
    """
    with told():
        access.require(Action.EXPORT, access.local_person(settings()))
        lake = Lake(settings(), snapshot_id=snapshot)
        page = html(quarterly(report_inputs(lake, selection(lake, period_named(period), systems, unit=unit))))
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(page, encoding="utf-8")
        typer.echo(f"Wrote {out} from snapshot {lake.snapshot_id} of {settings().lake}.", err=True)


def recommend(
    period: Annotated[str, typer.Option(help=PERIOD)],
    out: Annotated[Path | None, typer.Option(help="Folder that receives the tables as CSV; none are written if not given.")] = None,
    systems: Annotated[str, typer.Option(help=SYSTEMS)] = "",
    alpha: Annotated[float, typer.Option(help="0 most hours, 1 proportional fairness, more: ever more for the worst-served.")] = 1.0,
    max_min: Annotated[bool, typer.Option("--max-min", help="The worst-served project first.")] = False,
    floor: Annotated[list[str] | None, typer.Option(help="Least share of the hours offered, such as sme=0.05; may be repeated.")] = None,
    cap: Annotated[list[str] | None, typer.Option(help="Most share of the hours offered, such as research=0.8.")] = None,
    energy_budget: Annotated[float | None, typer.Option(help="Most facility energy, MWh.")] = None,
    carbon_budget: Annotated[float | None, typer.Option(help="Most location-based emissions, t CO2e.")] = None,
) -> None:
    """Recommend a split of a period's machine time, and say what it would change and why.

    Exit status: 0 split found, 2 wrong input, 3 limits clash.
    """
    with told():
        lake = Lake(settings())
        chosen = selection(lake, period_named(period), systems)
        choices = SplitChoices(
            objective=Objective(aim=Aim.MAX_MIN) if max_min else Objective(alpha=alpha),
            floors=shares_of_categories(floor),
            caps=shares_of_categories(cap),
            energy_budget_mwh=energy_budget,
            carbon_budget_t=carbon_budget,
        )
        found, names = recommendation(split_facts(lake, chosen), choices), system_names(lake)
        if isinstance(found, Refusal):
            typer.echo("\n".join(refusal_in_words(found, facts.policy_limits(), names)), err=True)
            raise typer.Exit(found.outcome.exit_status)
        typer.echo(paragraph(found, facts.policy_limits(), names, period=chosen.period.name))
        if out is not None:
            _write_tables(found, out)


def selection(lake: Lake, period: Period, systems: str, *, unit: HourUnit = HourUnit.NODE_HOURS) -> Selection:
    """The period and machines that a command line names."""
    known = known_systems(lake)
    return Selection(period=period, systems=tuple(system_named(name, known).id for name in systems.split(",") if name.strip()), unit=unit)


def system_names(lake: Lake) -> dict[str, str]:
    """The name of every machine by its identifier."""
    return {name: system.name for name, system in known_systems(lake).items()}


def split_facts(lake: Lake, chosen: Selection) -> SplitFacts:
    """What the store and the reference facts know about the period and machines of a split."""
    partitions = _partitions(lake, chosen)
    logged = _logged(lake, chosen)
    return SplitFacts(
        demand=demand_while_logged(
            usage(lake, chosen, "system", "account"), all_projects(lake, systems=chosen.systems), logged, chosen.period
        ),
        usage=usage(lake, chosen, "system", "account", "category", "partition", "month"),
        offered=capacity_while_logged(partitions, logged, chosen.period),
        partitions=partitions,
        intensity=facts.carbon_intensity(),
        limits=facts.policy_limits(),
    )


def report_inputs(lake: Lake, chosen: Selection) -> ReportInputs:
    """Everything that the report of a period is made from, with the proportional split where there is one."""
    partitions = _partitions(lake, chosen)
    known = known_systems(lake)
    shown = [known[system] for system in partitions["system"].unique().sort()]
    before = Selection(period=chosen.period.before, systems=chosen.systems, categories=chosen.categories, unit=chosen.unit)
    found, state, logged = _split(lake, chosen), lake.snapshot(), _logged(lake, chosen)
    projects, wanted = all_projects(lake, systems=chosen.systems), [category.value for category in chosen.categories]
    decided = projects.filter(pl.col("category").is_in(wanted)) if wanted else projects
    dimensions = ("system", "partition", "category", "mode", "country", "month")
    return ReportInputs(
        selection=chosen,
        usage=usage(lake, chosen, *dimensions),
        usage_before=usage(lake, before, *dimensions),
        usage_of_projects=usage(lake, chosen, "system", "account", "month"),
        waits=waits(lake, chosen, "category"),
        partitions=partitions,
        intensity=facts.carbon_intensity(),
        projects=projects,
        offered=capacity_while_logged(partitions, logged, chosen.period),
        asked=demand_while_logged(usage(lake, chosen, "system", "account"), decided, logged, chosen.period),
        limits=facts.policy_limits(),
        facts=facts.fact_table(shown).select(list(FACTS)),
        snapshot=Snapshot(id=state.snapshot_id, author=state.author or "", message=state.message or "", committed=state.committed),
        versions=(("Python", sys.version.split()[0]), *((name, version(name)) for name in VERSIONS)),
        demo=bool(set(demo_systems(lake)).intersection(partitions["system"].to_list())),
        method=IntensityMethod.FLOW_TRACED,
        recommended=None if found is None else found.by_category_system,
        recommended_in_words=""
        if found is None
        else paragraph(found, facts.policy_limits(), system_names(lake), period=chosen.period.name),
    )


def _logged(lake: Lake, chosen: Selection) -> dict[str, Period]:
    """From which day to which the logs of the machines chosen run."""
    return {system: days for system, days in logged_days(lake).items() if not chosen.systems or system in chosen.systems}


def _partitions(lake: Lake, chosen: Selection) -> pl.DataFrame:
    """The facts of the machines chosen; where none is, of all that have a log."""
    known = known_systems(lake)
    wanted = chosen.systems or tuple(spans(lake)["system"].to_list())
    return facts.partitions(known[name] for name in wanted if name in known)


def _split(lake: Lake, chosen: Selection) -> Recommendation | None:
    """The proportional split under the limits of law and policy; none where nothing is asked for or offered, or limits clash."""
    try:
        found = recommendation(split_facts(lake, Selection(period=chosen.period, systems=chosen.systems)), SplitChoices())
    except InputError:
        return None
    return None if isinstance(found, Refusal) else found


def _write_tables(found: Recommendation, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name in ("by_project", "by_category", "by_category_system", "by_category_month", "by_system", "binding", "energy"):
        getattr(found, name).write_csv(out / f"{name}.csv")
