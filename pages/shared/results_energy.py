"""What the pages show of energy beyond its sums: power by the hour, what was lost, what moving work could save, the regulation."""

from functools import partial

import polars as pl

from analytics import efficiency, energy, flexibility, power, regulation
from analytics.charts.savings import MOVES
from data.terms import Period
from pages.shared import loaders, results
from pages.shared.visit import Visit

MOVES_OF = {
    "To another hour of the day": "no hourly carbon intensity of the grid zones is in the store for this period",
    "To another day of the week": "no day of this period has its carbon intensity known for every hour",
    "To another site in that month": "power, PUE or carbon intensity of the sites is not known",
}

MOST_DAYS = 93
"""Up to so many days a period is drawn by days, a longer one by months."""


def hourly_power(here: Visit) -> pl.DataFrame:
    """The power of each partition in each hour with logs (frame HOURLY_POWER), of all user categories."""

    def made() -> pl.DataFrame:
        chosen = here.chosen
        worked = power.while_logged(loaders.hourly(here.seen, chosen.period, chosen.systems), results.logged_of_chosen(here))
        return power.hourly_power(worked, loaders.partitions(here.state, chosen.systems))

    return loaders.kept(here.seen, "hourly power", (here.chosen.period, here.chosen.systems), made)


def grain(here: Visit) -> str:
    """Whether power is drawn by day or by month."""
    return "day" if here.chosen.period.days <= MOST_DAYS else "month"


def power_over_time(here: Visit) -> pl.DataFrame:
    """The mean facility power of each category by month, or by day of a short period."""
    when = grain(here)

    def made() -> pl.DataFrame:
        used = loaders.usage(here.seen, here.chosen, "system", "partition", "category", when)
        rows = energy.energy(used, loaders.partitions(here.state))
        return power.power_over_time(rows, when, logged_period(here))

    return loaders.kept(here.seen, "power over time", (here.chosen, when), made)


def logged_period(here: Visit) -> Period:
    """The days of the period from the first to the last for which any machine chosen has logs."""
    logged = [both for days in results.logged_of_chosen(here).values() if (both := days.within(here.chosen.period))]
    if not logged:
        return here.chosen.period
    return Period(min(days.start for days in logged), max(days.end for days in logged))


def highest_hours(here: Visit) -> pl.DataFrame:
    """The highest hour of each month (or day), in kW over all machines chosen; hours in which any of them is unknown are left out."""
    when = grain(here)
    at = pl.col("hour").dt.date() if when == "day" else pl.col("hour").dt.date().dt.truncate("1mo")
    whole = pl.col("power_facility_kw")
    summed = hourly_power(here).group_by("hour").agg(kw=pl.when(whole.null_count() == 0).then(whole.sum())).drop_nulls("kw")
    return summed.group_by(at.alias(when)).agg(peak_kw=pl.col("kw").max()).sort(when)


def peaks(here: Visit) -> pl.DataFrame:
    """The highest hour of each machine beside what its site may draw (frame of `power.against_power_limits`)."""

    def made() -> pl.DataFrame:
        return power.against_power_limits(power.peaks(hourly_power(here)), _numbers_of(here, "power_limit_kw"))

    return loaders.kept(here.seen, "highest hours", (here.chosen.period, here.chosen.systems), made)


def limit_kw(here: Visit) -> float | None:
    """What the sites of all machines with power in the selection may draw together, unknown where that of any is."""
    shown = peaks(here)
    return None if shown.is_empty() or shown["limit_kw"].null_count() else float(shown["limit_kw"].sum())


def intensity(here: Visit) -> pl.DataFrame:
    """The carbon intensity of the machines' grid zones by hour, of the whole hours in the store: grid_zone, hour, the intensity."""
    _, chosen = results.series()

    def made() -> pl.DataFrame:
        facts = loaders.partitions(here.state, here.chosen.systems)
        known = results.intensity_by_hour(here, facts, chosen)
        return known.select("grid_zone", "hour", "intensity_gco2e_per_kwh").sort("grid_zone", "hour")

    return loaders.kept(here.seen, "hourly intensity", (here.chosen.period, here.chosen.systems, chosen), made)


def where_it_went(here: Visit) -> pl.DataFrame:
    """The facility energy of each machine: jobs that ended well, failed jobs, nodes without a job at most."""
    everybody = loaders.usage(here.seen, here.chosen, "system", "partition", "category", "month")
    offered = loaders.offered(here.seen, here.chosen).filter(pl.col("system").is_in(everybody["system"].unique().to_list()))
    idle = energy.idle_energy(everybody, offered, loaders.partitions(here.state))
    if here.chosen.categories:
        idle = idle.with_columns(energy_idle_facility_kwh=pl.lit(None, pl.Float64))
    return efficiency.where_it_went(results.energy_rows(here), everybody, idle)


def moves(here: Visit, flexible_share: float) -> pl.DataFrame:
    """The most that moving a share of the work could have saved, by the hour, the day and the site (frame MOVES)."""
    _, chosen = results.series()
    made = partial(_moves, here, flexible_share)
    return loaders.kept(here.seen, "moves", (here.chosen, chosen, flexible_share), made)


def indicators(here: Visit) -> pl.DataFrame:
    """The indicators of the delegated regulation for the machines with logs (frame INDICATORS)."""
    shown = results.logged_of_chosen(here)
    known = {name: system for name, system in loaders.systems(here.state).items() if name in shown}
    facts = {}
    for name, system in known.items():
        numbers = {key: float(fact.value) for key, fact in system.facts.items() if isinstance(fact.value, float | int)}
        if "market_factor" in numbers:
            numbers["renewable_share"] = 1 - numbers["market_factor"]
        facts[name] = numbers
    return regulation.indicators(facts)


def _numbers_of(here: Visit, fact: str) -> dict[str, float]:
    known = {name: system.facts.get(fact) for name, system in loaders.systems(here.state).items()}
    return {name: float(found.value) for name, found in known.items() if found is not None and isinstance(found.value, float | int)}


def _moves(here: Visit, flexible_share: float) -> pl.DataFrame:
    facts = loaders.partitions(here.state)
    by_hour = flexibility.hour_slots(hourly_power(here), facts, intensity(here))
    by_site = flexibility.site_slots(results.emission_rows(here), loaders.offered(here.seen, here.chosen), facts)
    found = (
        flexibility.most_saved(by_hour, "system", "partition", "day", flexible_share=flexible_share),
        flexibility.most_saved(flexibility.day_slots(by_hour), "system", "partition", "week", flexible_share=flexible_share),
        flexibility.most_saved(by_site, "month", "gpus", flexible_share=flexible_share),
    )
    rows = []
    for (move, reason), saved in zip(MOVES_OF.items(), found, strict=True):
        emitted, most = float(saved["emissions_kgco2e"].sum()), float(saved["saved_kgco2e"].sum())
        rows.append((move, emitted, most, most / emitted, "") if emitted > 0 else (move, None, None, None, reason))
    return pl.DataFrame(rows, schema=dict(MOVES), orient="row")
