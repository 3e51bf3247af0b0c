"""Findings about energy, one sentence each: power, who took most and emitted most, what was lost, what moving work could save."""

import polars as pl

from analytics.charts import numbers, theme
from analytics.charts.power import power
from analytics.charts.savings import MOVES
from analytics.charts.week import hour_name
from analytics.efficiency import WHERE_IT_WENT
from analytics.findings import during
from analytics.power import PEAKS
from data.schema import check

FLAT = 0.02
"""Below this difference between the busiest and the quietest hour of the week, a machine counts as alike at all hours."""


def drawn(rows: pl.DataFrame, *, period: str) -> str:
    """The highest hour, and whether any machine came over what its site may draw, from `power.against_power_limits`."""
    check(rows, {**PEAKS, "limit_kw": pl.Float64, "peak_of_limit": pl.Float64, "over": pl.Boolean})
    if rows.is_empty():
        return f"The power drawn {during(period)} is not available."
    top = rows.sort("peak_kw", "system").row(-1, named=True)
    most = f"{power(top['peak_kw'])}, {power(top['mean_kw'])} on average"
    start = f"The jobs of {top['system']} needed most power at once {during(period)}: {most}"
    limited = rows.drop_nulls("limit_kw")
    if limited.is_empty():
        return f"{start}; what the sites may draw is not known."
    over = limited.filter("over")["system"].to_list()
    if over:
        return f"{start}; over what the site may draw: {numbers.listed(over)}."
    nearest = limited.sort("peak_of_limit").row(-1, named=True)
    return f"{start}; of what its site may draw, {nearest['system']} came to {numbers.percent(nearest['peak_of_limit'])} at most."


def powered(rows: pl.DataFrame, when: str, *, period: str, peaks: pl.DataFrame | None = None) -> str:
    """In which month (or on which day) mean power was highest and lowest, and the highest hour, from `power.power_over_time`."""
    known = check(rows, {when: pl.Date, "power_facility_kw": pl.Float64}).drop_nulls("power_facility_kw")
    if known.is_empty():
        return f"The power drawn {during(period)} is not available."
    means = known.group_by(when).agg(pl.col("power_facility_kw").sum()).sort("power_facility_kw", when)
    written, at = (numbers.month, "in") if when == "month" else (numbers.day, "on")
    (low_at, low), (high_at, high) = means.row(0), means.row(-1)
    said = f"{power(high)} on average {at} {written(high_at)}"
    if means.height > 1:
        said = f"most {at} {written(high_at)}, {power(high)} on average, and least {at} {written(low_at)}, {power(low)}"
    hour = f"; in the highest hour it was {power(max(peaks['peak_kw']))}" if peaks is not None and peaks.height else ""
    return f"The jobs drew {said}{hour}."


def most_energy(rows: pl.DataFrame, group: str, *, period: str) -> str:
    """Whose jobs took most IT energy, and which part of all that is, from the frame of `energy.energy_by` system or category.

    >>> frame = pl.DataFrame({"system": ["LUMI", "Vega"], "energy_it_kwh": [3e6, 1e6]})
    >>> most_energy(frame, "system", period="Q1 2026").replace(numbers.THIN_SPACE, " ")
    'The jobs of LUMI took most IT energy in Q1 2026: 3.00 GWh, 75 % of all.'
    """
    known = check(rows, {group: pl.String, "energy_it_kwh": pl.Float64}).drop_nulls("energy_it_kwh").sort("energy_it_kwh", group)
    whole = float(known["energy_it_kwh"].sum())
    if not whole > 0:
        return f"Who took the energy {during(period)} is not available."
    top = known.row(-1, named=True)
    share = numbers.percent(top["energy_it_kwh"] / whole)
    who, used = f"The jobs of {theme.group_name(top[group])}", numbers.energy(top["energy_it_kwh"])
    if rows.height == 1:
        return f"{who} took {used} of IT energy {during(period)}."
    return f"{who} took most IT energy {during(period)}: {used}, {share} of {_all_known(rows, 'energy_it_kwh')}."


def most_emissions(rows: pl.DataFrame, *, period: str) -> str:
    """The jobs of which machine caused most emissions, by both methods, from the frame of `carbon.emissions_by` system."""
    location, market = "emissions_location_kgco2e", "emissions_market_kgco2e"
    known = check(rows, {"system": pl.String, location: pl.Float64, market: pl.Float64}).drop_nulls(location).sort(location, "system")
    whole = float(known[location].sum())
    if not whole > 0:
        return f"Which machine's jobs caused the emissions {during(period)} is not available."
    top = known.row(-1, named=True)
    contract = f"{numbers.emissions(top[market])} market-based" if top[market] is not None else "its electricity contract is not known"
    if rows.height == 1:
        return f"The jobs of {top['system']} caused {numbers.emissions(top[location])} location-based {during(period)}; {contract}."
    return (
        f"The jobs of {top['system']} caused most emissions {during(period)}: {numbers.emissions(top[location])} location-based, "
        f"{numbers.percent(top[location] / whole)} of {_all_known(rows, location)}; {contract}."
    )


def lost(rows: pl.DataFrame, *, period: str) -> str:
    """What was lost in failed jobs, at most in idle nodes, and the energy per useful node-hour, from `efficiency.where_it_went`."""
    check(rows, WHERE_IT_WENT)
    failed, useful = float(rows["energy_failed_kwh"].sum()), float(rows["energy_useful_kwh"].sum())
    hours = float(rows["node_hours_useful"].sum())
    if not failed + useful > 0 or not hours > 0:
        return f"Where the electricity of {period} went is not available."
    idle = rows["energy_idle_kwh"].drop_nulls()
    without = rows["energy_idle_kwh"].null_count()
    most = f", nodes without a job at most another {numbers.energy(float(idle.sum()))}" if idle.len() else ""
    of = f" (without {numbers.counted(without, 'machine')} of unknown size)" if without and idle.len() else ""
    return (
        f"Jobs that failed or timed out took {numbers.percent(failed / (failed + useful))} of the facility energy of all jobs "
        f"{during(period)}, {numbers.energy(failed)}{most}{of}; a useful node-hour cost {numbers.plain((failed + useful) / hours)} kWh."
    )


def busiest(rows: pl.DataFrame) -> str:
    """When in the week the machines are busiest and quietest, from the frame of `power.week`."""
    check(rows, {"weekday": pl.Int64, "hour_of_day": pl.Int64, "nodes_busy": pl.Float64})
    if rows.is_empty():
        return "When in the week machines are busy is not available."
    known = rows.sort("nodes_busy", "weekday", "hour_of_day")
    least, most = known.row(0, named=True), known.row(-1, named=True)
    if most["nodes_busy"] - least["nodes_busy"] <= FLAT * most["nodes_busy"]:
        return f"Machines are busy alike at all hours of the week, within {numbers.percent(FLAT)}."
    less = numbers.percent(1 - least["nodes_busy"] / most["nodes_busy"])
    return (
        f"Most nodes are at work on {hour_name(most['weekday'], most['hour_of_day'])}; on "
        f"{hour_name(least['weekday'], least['hour_of_day'])} it is {less} fewer."
    )


def saved(rows: pl.DataFrame, *, flexible_share: float) -> str:
    """Which move of flexible work could save most, and what that is at most, from a frame MOVES."""
    known = check(rows, MOVES).drop_nulls("saved_share").sort("saved_kgco2e", "move")
    if known.is_empty():
        return "What moving flexible work could save is not available."
    best = known.row(-1, named=True)
    where = f"{best['move'][:1].lower()}{best['move'][1:]}"
    return (
        f"Were {numbers.percent(flexible_share)} of the work flexible, moving it {where} could have saved at most "
        f"{numbers.emissions(best['saved_kgco2e'])}, {numbers.percent(best['saved_share'])} of the emissions."
    )


def _all_known(rows: pl.DataFrame, column: str) -> str:
    """All, or what is known of it."""
    unknown = rows[column].null_count()
    return f"what is known, without {numbers.counted(unknown, 'other')}" if unknown else "all"
