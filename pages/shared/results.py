"""What several pages show of one visit: the analyses called with the store's frames, each computed once per state and selection."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
import streamlit as st

from analytics import carbon, energy, fairness, limits, usage, waiting
from analytics.carbon import IntensityMethod, IntensityScope
from analytics.charts import numbers
from analytics.commands_store import intensity_of_power
from analytics.demand import demand_by_month, demand_while_logged
from analytics.fairness import Inequality
from data.terms import Dimension, HourUnit, Period, Selection
from pages.shared import loaders
from pages.shared.visit import Visit

SERIES = "series"

Only = tuple[tuple[Dimension, tuple[str, ...]], ...]
"""Of which values of which dimensions alone something is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One way to count the carbon intensity of a grid."""

    method: IntensityMethod
    """Whose electricity counts."""
    scope: IntensityScope
    """Which emissions count."""


SERIES_OF = {
    "Consumption of the zone, life cycle": Series(method=IntensityMethod.FLOW_TRACED, scope=IntensityScope.LIFE_CYCLE),
    "Production in the zone, life cycle": Series(method=IntensityMethod.PRODUCTION, scope=IntensityScope.LIFE_CYCLE),
    "Consumption of the zone, direct": Series(method=IntensityMethod.FLOW_TRACED, scope=IntensityScope.DIRECT),
}
"""The published series of carbon intensity, by the words for the reader; the first is the default."""


def series() -> tuple[str, Series]:
    """The series of carbon intensity that the reader chose, with its words."""
    words = st.session_state.get(SERIES, next(iter(SERIES_OF)))
    return words, SERIES_OF[words]


def named(here: Visit, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with machines under their names instead of identifiers."""
    return frame.with_columns(pl.col("system").replace(loaders.system_names(here.state)))


def totals(here: Visit, chosen: Selection | None = None) -> dict[str, Any]:
    """The measures of a selection as one row, with its machine time in the chosen unit as `hours`; by default what the reader chose."""
    whole = usage.total_by(loaders.usage(here.seen, chosen or here.chosen))
    return usage.hours(whole, here.chosen.unit).row(0, named=True)


def capacity_share(here: Visit) -> tuple[float | None, int, int]:
    """The machine time as a share of capacity over the machines whose size is known, how many these are, and of how many."""
    used = of_capacity(here)
    sized = used.filter(pl.col("capacity_hours") > 0, pl.col("hours").is_not_null())
    share = sized.select(usage.ratio(pl.col("hours").sum(), pl.col("capacity_hours").sum())).item() if sized.height else None
    return share, sized.height, used.height


def by_category(here: Visit, chosen: Selection | None = None) -> pl.DataFrame:
    """Machine time and share of each category in the chosen unit (frame of `usage.share`); by default of what the reader chose."""
    return usage.share(loaders.usage(here.seen, chosen or here.chosen, "category"), "category", unit=here.chosen.unit)


def by_month(here: Visit) -> pl.DataFrame:
    """Machine time and share of each category in each month."""
    return usage.share(
        loaders.usage(here.seen, here.chosen, "category", "month"), "month", "category", unit=here.chosen.unit, within=("month",)
    )


def of_capacity(here: Visit, *by: str) -> pl.DataFrame:
    """Machine time by machine, and whatever else, as a share of the capacity (frame of `usage.against_capacity`)."""

    def made() -> pl.DataFrame:
        used = loaders.usage(here.seen, here.chosen, "system", *by)
        return usage.against_capacity(used, loaders.offered(here.seen, here.chosen), unit=here.chosen.unit)

    return loaders.kept(here.seen, "of capacity", (here.chosen, by), made)


def capacity_by_month(here: Visit) -> pl.DataFrame:
    """The capacity of the days with logs by month (frame of `usage.capacity_by_month`)."""
    return usage.capacity_by_month(loaders.offered(here.seen, here.chosen))


def waits(here: Visit) -> pl.DataFrame:
    """Queue waits of each category that ran or asked (frame of `waiting.queue_waits`)."""
    among = loaders.usage(here.seen, here.chosen, "category").filter(pl.col("jobs") > 0)
    return waiting.queue_waits(loaders.waits(here.seen, here.chosen, "category"), "category", among=among)


def demand(here: Visit) -> pl.DataFrame:
    """What each project asked of the days of the period for which there are logs (frame DEMAND)."""
    return loaders.kept(here.seen, "demand", (here.chosen,), lambda: _demand(here))


def monthly_demand(here: Visit) -> pl.DataFrame:
    """What each project asked of each month, of its days with logs (frame DEMAND with the month in front)."""
    return of_months(here, "monthly demand", _monthly_demand)


def monthly_due(here: Visit) -> pl.DataFrame:
    """What each category received against its due in each month."""
    return of_months(here, "monthly due", _monthly_due)


def of_months(here: Visit, what: str, make: Callable[[Visit], pl.DataFrame]) -> pl.DataFrame:
    """The months of the period of a table by month in which no month depends on another.

    Where the period is of whole months and the store's months are in memory, the table is made once for all of them.
    """
    period = here.chosen.period
    if not (period.is_of_whole_months and loaders.holds_months(here.seen)):
        return loaders.kept(here.seen, what, (here.chosen,), lambda: make(here))
    whole = replace(here, selection=replace(here.chosen, period=loaders.whole_period(here.seen)))
    made = loaders.kept(here.seen, what, (whole.chosen,), lambda: make(whole))
    return made.filter(pl.col("month").is_between(period.start, period.end, closed="left"))


def comparable(here: Visit) -> bool:
    """Whether the logs reach over both the period and the one before it."""
    return all(loaders.logged_throughout(here.seen, here.chosen, period) for period in (here.chosen.period, here.chosen.period.before))


def due(here: Visit) -> pl.DataFrame:
    """What each category received against what was due to it by demand, in node-hours (frame of `fairness.against_due`)."""

    def made() -> pl.DataFrame:
        used = usage.hours(loaders.usage(here.seen, here.chosen, "category"), HourUnit.NODE_HOURS).select("category", "hours")
        return fairness.against_due(used, fairness.due_by_demand(demand(here)))

    return loaders.kept(here.seen, "due", (here.chosen,), made)


def satisfaction(here: Visit) -> pl.DataFrame:
    """The satisfaction of each project with an award."""
    return loaders.kept(here.seen, "satisfaction", (here.chosen,), lambda: fairness.satisfaction_of_projects(demand(here)))


def inequality(here: Visit) -> Inequality:
    """The indices of inequality between projects with an award."""

    def made() -> Inequality:
        served = satisfaction(here)
        return fairness.inequality(served["satisfaction"].to_numpy(), served["category"].to_numpy())

    return loaders.kept(here.seen, "inequality", (here.chosen,), made)


def energy_rows(here: Visit) -> pl.DataFrame:
    """Energy by machine, partition, category and month (measures ENERGY)."""

    def made(here: Visit) -> pl.DataFrame:
        used = loaders.usage(here.seen, here.chosen, "system", "partition", "category", "month")
        return energy.energy(used, loaders.partitions(here.state))

    return of_months(here, "energy", made)


def intensity_by_hour(here: Visit, facts: pl.DataFrame, chosen: Series) -> pl.DataFrame:
    """The carbon intensity of the partitions' grid zones by the hour, as far as the store has a series (frame HOURLY_INTENSITY)."""
    zones = facts["grid_zone"].drop_nulls().unique()
    return loaders.intensity_by_hour(here.seen, here.chosen.period, zones, chosen.method.value, chosen.scope.value)


def emission_rows(here: Visit) -> pl.DataFrame:
    """Energy and emissions by machine, partition, category and month, by the series of carbon intensity chosen."""
    _, chosen = series()

    def made(here: Visit) -> pl.DataFrame:
        facts = loaders.partitions(here.state)
        drawn = _intensity_drawn(here, facts, chosen)
        return carbon.emissions(energy_rows(here), facts, loaders.intensity(), method=chosen.method, scope=chosen.scope, hourly=drawn)

    return of_months(here, f"emissions, {chosen.method}, {chosen.scope}", made)


def intensity_in_words(total: pl.DataFrame) -> str:
    """Which carbon intensity the emissions rest on, of which years, and for which part of the energy by the hour."""
    row = total.row(0, named=True)
    years = f", of {row['intensity_years']}" if row["intensity_years"] else ""
    share = row["hourly_share"]
    rest = f" for {numbers.percent(share)} of the energy, else by the year" if numbers.is_partial(share) else ""
    return f"carbon intensity: {series()[0].lower()}{years}" + (f", by the hour{rest}" if share else ", by the year")


def against_limits(here: Visit) -> pl.DataFrame:
    """The machine time of all categories against the limits of law and policy (frame AGAINST_LIMITS)."""
    everybody = replace(here.chosen, categories=())

    def made() -> pl.DataFrame:
        used = loaders.usage(here.seen, everybody, "system", "category", "mode")
        return limits.against_limits(used, loaders.offered(here.seen, everybody), loaders.policy_limits())

    return loaders.kept(here.seen, "against limits", (everybody,), made)


def users_by_country(here: Visit, only: Only = ()) -> pl.DataFrame:
    """Machine time by the country of the users, with the number of projects (frame of `usage.by_country`); of some groups alone."""
    told = (Dimension.COUNTRY, Dimension.SYSTEM, Dimension.PROJECT)

    def made() -> pl.DataFrame:
        return usage.by_country(loaders.explored(here.seen, here.chosen, told, only), unit=here.chosen.unit)

    return loaders.kept(here.seen, "users by country", (here.chosen, only), made)


def machine_places(here: Visit, only: Only = ()) -> pl.DataFrame:
    """Where every machine of the facts stands, and the machine time it gave to the users chosen; null where it gave none."""
    wanted = here.chosen.systems
    known = {name: system for name, system in loaders.systems(here.seen).items() if not wanted or name in wanted}
    names = loaders.system_names(here.seen)
    rows = [{"system": name, "machine": names.get(name, name), "city": each.city, "country": each.country} for name, each in known.items()]
    schema = dict.fromkeys(("system", "machine", "city", "country"), pl.String)
    given = loaders.explored(here.seen, here.chosen, (Dimension.SYSTEM,), only) if only else loaders.usage(here.seen, here.chosen, "system")
    used = usage.hours(given, here.chosen.unit).select("system", "hours")
    placed = pl.DataFrame(rows, schema=schema).join(loaders.cities(), on=["city", "country"], how="left", validate="m:1")
    return placed.join(used, on="system", how="left", validate="1:1").sort("machine")


def logged_of_chosen(here: Visit) -> dict[str, Period]:
    """From which day to which the logs of the machines chosen run."""
    chosen = here.chosen.systems
    return {system: days for system, days in loaders.logged_days(here.seen).items() if not chosen or system in chosen}


def _intensity_drawn(here: Visit, facts: pl.DataFrame, chosen: Series) -> pl.DataFrame:
    """The carbon intensity of the electricity that each partition drew in each month, hour by hour (frame UNDER_LOAD)."""
    hours = intensity_by_hour(here, facts, chosen)
    return intensity_of_power(hours, facts, lambda: loaders.hourly(here.seen, here.chosen.period, here.chosen.systems))


def _decided(here: Visit) -> pl.DataFrame:
    """The projects on the machines chosen, of the categories chosen."""
    projects = loaders.all_projects(here.seen, here.chosen.systems)
    wanted = [category.value for category in here.chosen.categories]
    return projects.filter(pl.col("category").is_in(wanted)) if wanted else projects


def _demand(here: Visit) -> pl.DataFrame:
    used = loaders.usage(here.seen, here.chosen, "system", "account")
    return demand_while_logged(used, _decided(here), logged_of_chosen(here), here.chosen.period)


def _monthly_demand(here: Visit) -> pl.DataFrame:
    used = loaders.usage(here.seen, here.chosen, "system", "account", "month")
    return demand_by_month(used, _decided(here), here.chosen.period, logged_of_chosen(here))


def _monthly_due(here: Visit) -> pl.DataFrame:
    used = usage.hours(loaders.usage(here.seen, here.chosen, "category", "month"), HourUnit.NODE_HOURS)
    return fairness.against_due_by_month(used.select("month", "category", "hours"), monthly_demand(here))
