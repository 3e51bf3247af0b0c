"""The question of a split, put as an allocation problem: what projects ask of machines, what these offer, and what must hold."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import polars as pl

from analytics.allocation.objectives import Objective
from analytics.allocation.problem import Problem
from analytics.capacity_changes import PART, CapacityChange, added_partitions, changed
from analytics.carbon import IntensityMethod, IntensityScope, annual_intensity
from analytics.carbon_hourly import MONTHLY_INTENSITY
from analytics.demand import DEMAND
from analytics.usage import CAPACITY
from data.errors import InputError
from data.schema import INTENSITY, PARTITIONS, check, empty, usage_by
from data.terms import LimitBase, PolicyLimit, UserCategory
from data.units import KG_PER_TONNE, KWH_PER_MWH, WATTS_PER_KW

JOIN = "@"


class Due(StrEnum):
    """Against what the satisfaction of a project is measured."""

    MODE_MEDIAN = "mode_median"
    """The median request of its access mode: asking for more than one needs brings nothing."""
    REQUEST = "request"
    """Its own request: whoever asks for more gets more, at any α but 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitFacts:
    """What is known about the period and machines of a split."""

    demand: pl.DataFrame
    """Frame DEMAND: what each project asks of the period."""
    usage: pl.DataFrame
    """Usage of the period by system, account, category, partition and month: what was received, and which partitions a project uses."""
    offered: pl.DataFrame
    """Frame CAPACITY of the period."""
    partitions: pl.DataFrame
    """Frame PARTITIONS of the machines."""
    intensity: pl.DataFrame
    """Frame INTENSITY."""
    limits: tuple[PolicyLimit, ...] = ()
    """What law and access policy allow."""
    hourly: pl.DataFrame | None = None
    """Frame MONTHLY_INTENSITY of the period, of the hourly series in the store; none given means the annual figures alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitChoices:
    """What a person sets on the split page."""

    objective: Objective = field(default_factory=Objective)
    """From most hours to max-min."""
    due: Due = Due.MODE_MEDIAN
    """Against what satisfaction is measured."""
    floors: Mapping[UserCategory, float] = field(default_factory=dict)
    """At least this share of what is offered, by category."""
    caps: Mapping[UserCategory, float] = field(default_factory=dict)
    """At most this share of what is offered, by category."""
    weights: Mapping[UserCategory, float] = field(default_factory=dict)
    """How much a category's satisfaction counts; 1 where not named."""
    energy_budget_mwh: float | None = None
    """Most facility energy."""
    carbon_budget_t: float | None = None
    """Most location-based emissions."""
    method: IntensityMethod = IntensityMethod.FLOW_TRACED
    """Which carbon intensity counts."""
    scope: IntensityScope = IntensityScope.LIFE_CYCLE
    """Which emissions count."""
    keep_law: bool = True
    """Whether the limits of law and access policy hold."""
    capacity: tuple[CapacityChange, ...] = ()
    """What machines give otherwise than they did: maintenance, more nodes, further partitions."""


def split_problem(facts: SplitFacts, choices: SplitChoices) -> Problem:
    """The allocation problem of a split: one project an account on a machine, one period a month.

    Capacity is nodes x hours x availability x the Union's share; where a machine has no known Union share, all of it. Energy per
    node-hour is the modelled power of a whole node x PUE, emissions that x the grid zone's mean intensity: of the month where an hourly
    series in the store covers it, else of the year. A project may run on the partitions of its machine that it used in the
    period, else on all of them; a node-hour is worth the same on each.

    Raises:
        InputError: if nothing is asked for or offered, or a budget counts what is not known of a machine.
    """
    _check(facts, choices)
    capacity = capacity_with_factors(facts, choices).filter(pl.col("node_hours") > 0)
    if capacity.is_empty():
        raise InputError("no machine chosen offers hours in the period; choose machines that were in service, or another period.")
    projects = _projects(facts, choices, capacity)
    if projects.is_empty():
        raise InputError("nobody asked for hours on the machines and in the period chosen; widen either.")
    return Problem.of(
        projects=projects,
        options=_options(facts, capacity, projects, added_partitions(choices.capacity)),
        partitions=capacity.select("partition", "system").unique(maintain_order=True),
        capacity=capacity.select("partition", "period", "node_hours", "mwh_per_node_hour", "tco2e_per_node_hour"),
        limits=limit_table(facts.limits, choices, capacity["system"].unique().sort().to_list()),
    )


def capacity_with_factors(facts: SplitFacts, choices: SplitChoices) -> pl.DataFrame:
    """What each partition offers in each month, with energy and emissions per node-hour, null where the facts do not tell.

    Columns: system, partition (as `system:partition`), period (YYYY-MM), node_hours, mwh_per_node_hour, tco2e_per_node_hour. Where the
    choices close a partition, it stays with 0 node-hours.

    Raises:
        InputError: if a change of capacity names what is not there.
    """
    return changed(_as_it_is(facts, choices), facts.partitions, choices.capacity)


def _as_it_is(facts: SplitFacts, choices: SplitChoices) -> pl.DataFrame:
    power_kw = (pl.col("node_idle_w") + pl.col("utilisation") * (pl.col("node_max_w") - pl.col("node_idle_w"))) / WATTS_PER_KW
    powered = facts.partitions.select("system", "partition", "grid_zone", "availability", mwh=power_kw * pl.col("pue") / KWH_PER_MWH)
    offered = facts.offered.join(powered, on=["system", "partition"], how="left", validate="m:1", maintain_order="left")
    rows = offered.with_columns(year=pl.col("month").dt.year(), whole=pl.col("union_node_hours").fill_null(pl.col("capacity_node_hours")))
    valued = annual_intensity(facts.intensity, rows.select("grid_zone", "year"), method=choices.method, scope=choices.scope)
    per_mwh = pl.coalesce("of_month", "intensity_gco2e_per_kwh") / KG_PER_TONNE
    return (
        rows.filter(pl.col("whole") > 0)
        .join(valued, on=["grid_zone", "year"], how="left", validate="m:1", maintain_order="left")
        .join(_of_months(facts, choices), on=["grid_zone", "month"], how="left", validate="m:1", maintain_order="left")
        .select(
            "system",
            partition=pl.col("system") + PART + pl.col("partition"),
            period=pl.col("month").dt.strftime("%Y-%m"),
            node_hours=pl.col("whole") * pl.col("availability").fill_null(1.0),
            mwh_per_node_hour=pl.col("mwh"),
            tco2e_per_node_hour=pl.col("mwh") * per_mwh,
        )
    )


def limit_table(limits: Iterable[PolicyLimit], choices: SplitChoices, systems: Sequence[str]) -> pl.DataFrame:
    """The limits of law and policy for each machine by itself, and those of the choices, as the problem's table of limits."""
    return pl.DataFrame(list(_limits(limits, choices, systems)), schema=_LIMITS)


def _of_months(facts: SplitFacts, choices: SplitChoices) -> pl.DataFrame:
    """The mean intensity of the months that hourly series cover, by the method and scope chosen."""
    known = empty(MONTHLY_INTENSITY) if facts.hourly is None else check(facts.hourly, MONTHLY_INTENSITY)
    chosen = known.filter(pl.col("method") == choices.method, pl.col("scope") == choices.scope)
    return chosen.select("grid_zone", "month", of_month="intensity_gco2e_per_kwh")


def _check(facts: SplitFacts, choices: SplitChoices) -> None:
    check(facts.demand, DEMAND)
    check(facts.usage, usage_by("system", "account", "category", "partition", "month"))
    check(facts.offered, CAPACITY)
    check(facts.partitions, PARTITIONS)
    check(facts.intensity, INTENSITY)
    faults = [
        f"the share for {name} is {share:g}"
        for shares in (choices.floors, choices.caps)
        for name, share in shares.items()
        if not 0 <= share <= 1
    ]
    faults += [f"the weight of {name} is {weight:g}" for name, weight in choices.weights.items() if not weight > 0]
    if faults:
        raise InputError(f"{'; '.join(faults)}; a share lies between 0 and 1, a weight above 0.")


def _projects(facts: SplitFacts, choices: SplitChoices, capacity: pl.DataFrame) -> pl.DataFrame:
    served = facts.demand.filter(pl.col("system").is_in(capacity["system"].unique().to_list()), pl.col("node_hours_demanded") > 0)
    weights = {category.value: choices.weights.get(category, 1.0) for category in UserCategory}
    due = pl.col("node_hours_demanded").median().over("mode") if choices.due is Due.MODE_MEDIAN else pl.col("node_hours_demanded")
    return served.select(
        project=pl.col("account").fill_null("no account") + JOIN + pl.col("system"),
        category="category",
        country="country",
        mode="mode",
        weight=pl.col("category").replace_strict(weights, return_dtype=pl.Float64),
        hours_asked="node_hours_demanded",
        entitlement=due,
    )


def _options(facts: SplitFacts, capacity: pl.DataFrame, projects: pl.DataFrame, added: Sequence[str]) -> pl.DataFrame:
    """Each project with the partitions it used, or with all of its machine where it used none that offers hours; and with added ones."""
    offered = capacity.select("system", "partition").unique(maintain_order=True)
    used = facts.usage.filter(pl.col("node_hours") > 0).select(
        "system",
        project=pl.col("account").fill_null("no account") + JOIN + pl.col("system"),
        partition=pl.col("system") + PART + pl.col("partition"),
    )
    known = used.unique(maintain_order=True).join(offered, on=["system", "partition"], how="semi").select("project", "partition")
    asking = projects.select("project", system=pl.col("project").str.split(JOIN).list.last())
    others = (
        asking.join(known, on="project", how="anti").join(offered, on="system", how="inner", validate="m:m").select("project", "partition")
    )
    new = asking.join(offered.filter(pl.col("partition").is_in(added)), on="system", how="inner", validate="m:m")
    options = pl.concat([known.join(asking, on="project", how="semi"), others, new.select("project", "partition")]).unique()
    return options.with_columns(usefulness=pl.lit(1.0)).sort("project", "partition")


def _limits(limits: Iterable[PolicyLimit], choices: SplitChoices, systems: Sequence[str]) -> Iterator[dict[str, object]]:
    for limit in limits if choices.keep_law else ():
        if limit.of is LimitBase.UNION_SHARE and (limit.categories or limit.modes):
            for system in systems:
                if not limit.systems or system in limit.systems:
                    selected = {"category": ";".join(limit.categories) or None, "mode": ";".join(limit.modes) or None, "system": system}
                    yield _limit(f"{limit.id}:{system}", "max", limit.share, "share", selected)
    for category, share in choices.floors.items():
        if share > 0:
            yield _limit(f"floor:{category.value}", "min", share, "share", {"category": category.value})
    for category, share in choices.caps.items():
        if share < 1:
            yield _limit(f"cap:{category.value}", "max", share, "share", {"category": category.value})
    if choices.energy_budget_mwh is not None:
        yield _limit("energy_budget", "max", choices.energy_budget_mwh, "absolute", {}, quantity="mwh")
    if choices.carbon_budget_t is not None:
        yield _limit("carbon_budget", "max", choices.carbon_budget_t, "absolute", {}, quantity="tco2e")


def _limit(
    name: str, sense: str, value: float, unit: str, selected: Mapping[str, str | None], *, quantity: str = "node_hours"
) -> dict[str, object]:
    return {"name": name, "sense": sense, "quantity": quantity, **selected, "value": value, "unit": unit}


_LIMITS = {
    "name": pl.String,
    "sense": pl.String,
    "quantity": pl.String,
    "category": pl.String,
    "country": pl.String,
    "mode": pl.String,
    "system": pl.String,
    "partition": pl.String,
    "period": pl.String,
    "value": pl.Float64,
    "unit": pl.String,
}
