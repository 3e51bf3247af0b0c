"""The command of `python -m analytics` that recommends a split from the store, and what commands read of a selection."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from analytics import capacity_changes
from analytics.allocation.objectives import Aim, Objective
from analytics.allocation.solution import Refusal
from analytics.carbon import IntensityMethod, IntensityScope
from analytics.carbon_hourly import UNDER_LOAD, intensity_by_hour, intensity_under_load, monthly_intensity
from analytics.commands import shares_of_categories, told
from analytics.demand import demand_while_logged
from analytics.power import hourly_power
from analytics.recommendation import Recommendation, recommendation
from analytics.recommendation_robust import DemandScenario, RobustRecommendation, in_words, robust_recommendation
from analytics.recommendation_words import paragraph, refusal_in_words
from analytics.split_problem import SplitChoices, SplitFacts
from analytics.usage import capacity_while_logged
from data import facts, series
from data.batches import logged_days
from data.dates import period_named
from data.errors import InputError
from data.hourly import hourly
from data.lake import Lake
from data.projects import all_projects
from data.schema import empty
from data.settings import settings
from data.systems import known_systems, system_named
from data.terms import HourUnit, Period, Selection
from data.usage import spans, usage

PERIOD = "2025, 2026-Q1, 2026-03 or 2026-01-15..2026-02-01 (the last day not included)."
DEMAND = "Another demand to plan for, as sme=0.8: they ask for 0.8 times what they do (all=1.2: everybody); may be repeated."
EVERYBODY = "all"
CAPACITY = f"What machines would give otherwise than they did, such as '{capacity_changes.EXAMPLES}'."
SYSTEMS = "Machines, joined by commas; all if not given."


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
    demand: Annotated[list[str] | None, typer.Option(help=DEMAND)] = None,
    capacity: Annotated[str, typer.Option(help=CAPACITY)] = "",
) -> None:
    """Recommend a split of a period's machine time, and say what it would change and why, also where demand comes otherwise.

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
            capacity=_capacity_changes(capacity),
        )
        found, names = recommendation(split_facts(lake, chosen), choices), system_names(lake)
        if isinstance(found, Refusal):
            typer.echo("\n".join(refusal_in_words(found, facts.policy_limits(), names)), err=True)
            raise typer.Exit(found.outcome.exit_status)
        typer.echo(paragraph(found, facts.policy_limits(), names, period=chosen.period.name))
        others = {one.title: one.demand(found.solution.problem.projects) for one in _other_demands(demand or ())}
        result = robust_recommendation(found, others) if others else None
        if result is not None:
            typer.echo(" ".join(in_words(result, facts.policy_limits(), names, floors_set=bool(choices.floors))))
        if out is not None:
            _write_tables(found, result, out)


def selection(lake: Lake, period: Period, systems: str, *, unit: HourUnit = HourUnit.NODE_HOURS) -> Selection:
    """The period and machines that a command line names."""
    known = known_systems(lake)
    return Selection(period=period, systems=tuple(system_named(name, known).id for name in systems.split(",") if name.strip()), unit=unit)


def system_names(lake: Lake) -> dict[str, str]:
    """The name of every machine by its identifier."""
    return {name: system.name for name, system in known_systems(lake).items()}


def split_facts(lake: Lake, chosen: Selection) -> SplitFacts:
    """What the store and the reference facts know about the period and machines of a split."""
    partitions = chosen_partitions(lake, chosen)
    logged, usual = logged_spans(lake, chosen), SplitChoices()
    hours = hourly_intensity(lake, chosen.period, partitions, method=usual.method, scope=usual.scope)
    return SplitFacts(
        demand=demand_while_logged(
            usage(lake, chosen, "system", "account"), all_projects(lake, systems=chosen.systems), logged, chosen.period
        ),
        usage=usage(lake, chosen, "system", "account", "category", "partition", "month"),
        offered=capacity_while_logged(partitions, logged, chosen.period),
        partitions=partitions,
        intensity=facts.carbon_intensity(),
        limits=facts.policy_limits(),
        hourly=monthly_intensity(hours, chosen.period),
    )


def hourly_intensity(
    lake: Lake, period: Period, partitions: pl.DataFrame, *, method: IntensityMethod, scope: IntensityScope
) -> pl.DataFrame:
    """The carbon intensity of the partitions' grid zones by the hour, as far as the store has a series (frame HOURLY_INTENSITY)."""
    zones = tuple(partitions["grid_zone"].drop_nulls().unique().sort())
    of, counts = series.IntensityMethod(method.value), series.IntensityScope(scope.value)
    return intensity_by_hour(series.carbon(lake, zones, period, method=of, scope=counts))


def intensity_drawn(
    lake: Lake, chosen: Selection, partitions: pl.DataFrame, *, method: IntensityMethod, scope: IntensityScope
) -> pl.DataFrame:
    """The carbon intensity of the electricity that each partition drew in each month, hour by hour (frame UNDER_LOAD).

    The power of hours is asked only where the store has a series of a zone.
    """
    hours = hourly_intensity(lake, chosen.period, partitions, method=method, scope=scope)
    return intensity_of_power(hours, partitions, lambda: hourly(lake, chosen.period, chosen.systems))


def intensity_of_power(hours: pl.DataFrame, partitions: pl.DataFrame, used: Callable[[], pl.DataFrame]) -> pl.DataFrame:
    """The carbon intensity that partitions drew, of hourly intensities and of what is used by the hour, which is asked only if need be.

    Takes frames HOURLY_INTENSITY and PARTITIONS, and what gives frame HOURLY; gives frame UNDER_LOAD.
    """
    return empty(UNDER_LOAD) if hours.is_empty() else intensity_under_load(hourly_power(used(), partitions), partitions, hours)


def logged_spans(lake: Lake, chosen: Selection) -> dict[str, Period]:
    """From which day to which the logs of the machines chosen run."""
    return {system: days for system, days in logged_days(lake).items() if not chosen.systems or system in chosen.systems}


def chosen_partitions(lake: Lake, chosen: Selection) -> pl.DataFrame:
    """The facts of the machines chosen; where none is, of all that have a log."""
    known = known_systems(lake)
    wanted = chosen.systems or tuple(spans(lake)["system"].to_list())
    return facts.partitions(known[name] for name in wanted if name in known)


def proportional_split(lake: Lake, chosen: Selection) -> Recommendation | None:
    """The proportional split under the limits of law and policy; none where nothing is asked for or offered, or limits clash."""
    try:
        found = recommendation(split_facts(lake, Selection(period=chosen.period, systems=chosen.systems)), SplitChoices())
    except InputError:
        return None
    return None if isinstance(found, Refusal) else found


def _capacity_changes(stated: str) -> tuple[capacity_changes.CapacityChange, ...]:
    """Changes of capacity as they are typed."""
    changes, faults = capacity_changes.typed(stated)
    if faults:
        raise InputError("; ".join(faults) + ".")
    return changes


def _other_demands(stated: Sequence[str]) -> list[DemandScenario]:
    """Demands as they are typed, such as sme=0.8 or all=1.2."""
    everybody = [text.partition("=") for text in stated if text.partition("=")[0].strip() == EVERYBODY]
    of_categories = shares_of_categories([text for text in stated if text.partition("=")[0].strip() != EVERYBODY])
    try:
        found = [DemandScenario(factor=float(factor)) for _, _, factor in everybody]
    except ValueError as error:
        raise InputError(f"{error}; write how many times its demand everybody asks for, such as all=1.2.") from error
    found += [DemandScenario(factor=factor, category=category) for category, factor in of_categories.items()]
    if any(not 0 <= one.factor < float("inf") for one in found):
        raise InputError("another demand is a number of times the demand as logged, 0 or more, such as sme=0.8.")
    return found


def _write_tables(found: Recommendation, robust: RobustRecommendation | None, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name in ("by_project", "by_category", "by_category_system", "by_category_month", "by_system", "binding", "energy"):
        getattr(found, name).write_csv(out / f"{name}.csv")
    for name in ("by_scenario", "floors", "held_at") if robust is not None else ():
        getattr(robust, name).write_csv(out / f"robust_{name}.csv")
