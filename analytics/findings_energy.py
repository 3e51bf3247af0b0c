"""Findings about energy, one sentence each: the highest power, what was lost, when machines are busy, what moving work could save."""

import polars as pl

from analytics.charts import numbers
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
