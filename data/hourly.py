"""How many nodes were at work in each hour, and at what measured power: kept as what changes at the starts and ends of jobs.

A job adds its nodes at its start and takes them away at its end. Sums of these changes per hour are a rollup as small as the hours are
few, whatever the jobs and however long they ran, and the work of an hour follows from them exactly: what was going on when it began,
and what changed since, each for the part of the hour that was left.
"""

import ibis
import ibis.expr.types as ir
import polars as pl

from data.lake import Lake, pending_migrations
from data.schema import HOURLY, check, empty
from data.terms import EnergyQuality, Period
from data.units import JOULES_PER_KWH, SECONDS_PER_HOUR

MIGRATION = 7
"""The migration that made the rollup; a named state from before does not have it."""

CHANGES = ("nodes", "node_s", "metered_nodes", "metered_node_s", "power_w", "energy_j")
"""The measures: nodes (of all jobs, and of the metered ones) and measured power that came less those that went, and the seconds and
joules that these changes add to what would else have been the hour's."""

STEPS_PER_NODE = 65_536
STEPS_PER_WATT = 256
"""Rates are kept in such binary fractions, so that sums are exact in any order and an undone batch leaves nothing."""

OF_HOURS = """
with changes as (
    select system, "partition", greatest(hour, $start - interval 1 hour) as hour, sum(nodes) as nodes, sum(node_s) as node_s,
        sum(metered_nodes) as metered_nodes, sum(metered_node_s) as metered_node_s, sum(power_w) as power_w, sum(energy_j) as energy_j
    from lake.changes_hourly where hour < $end and (len($systems) = 0 or list_contains($systems, system)) group by all
), hours as (
    select system, "partition", unnest(range(min(hour), $end, interval 1 hour)) as hour from changes group by system, "partition"
), going_on as (
    select h.system, h."partition", h.hour, c.node_s, c.metered_node_s, c.energy_j,
        sum(c.nodes) over before as nodes, sum(c.metered_nodes) over before as metered_nodes, sum(c.power_w) over before as power_w
    from hours h left join changes c on c.system = h.system and c."partition" is not distinct from h."partition" and c.hour = h.hour
    window before as (partition by h.system, h."partition" order by h.hour rows between unbounded preceding and 1 preceding)
)
select system, "partition", hour, coalesce(nodes, 0) + coalesce(node_s, 0) / 3600 as node_hours_held,
    coalesce(metered_nodes, 0) + coalesce(metered_node_s, 0) / 3600 as node_hours_held_metered,
    (coalesce(power_w, 0) * 3600 + coalesce(energy_j, 0)) / 3600000 as energy_measured_kwh
from going_on where hour >= $start order by system, "partition", hour
"""


def changes_hourly(jobs: ir.Table, *, sign: int = 1) -> ir.Table:
    """What starts and ends of jobs change per system, partition and hour (UTC); sign -1 takes their changes away.

    A job works at a constant rate, its nodes x elapsed time and its measured energy spread evenly between start and end, so that time
    in which it was suspended lowers its rate. One whose nodes or elapsed time are not known changes no nodes.
    """
    rates = _rates(jobs)
    both = ibis.union(_ends(rates, rates.start_s, sign), _ends(rates, rates.end_s, -sign))
    measures = {name: both[name].sum() for name in ("nodes", "metered_nodes", "power_w")}
    passed = {f"{name}_passed": (both[name] * both.passed_s).sum() for name in measures}
    hours = both.group_by(["system", "partition", "hour"]).aggregate(**measures, **passed)
    left = {f"{name}_left": hours[name] * SECONDS_PER_HOUR - hours[f"{name}_passed"] for name in measures}
    return hours.select(
        "system",
        "partition",
        *measures,
        hour=(hours.hour * SECONDS_PER_HOUR).as_timestamp("s").cast("timestamp('UTC')"),
        node_s=left["nodes_left"],
        metered_node_s=left["metered_nodes_left"],
        energy_j=left["power_w_left"],
    )


def hourly(lake: Lake, period: Period, systems: tuple[str, ...] = ()) -> pl.DataFrame:
    """The node-hours and the measured energy of every hour of the period by partition, a frame of `HOURLY`, of all user categories.

    A partition begins with its first job and has a row for every hour from then on, of nothing where nothing ran. A named state of the
    store from before hours were kept has no row.
    """
    if isinstance(lake, Lake) and lake.pinned is not None and MIGRATION in pending_migrations(lake):
        return empty(HOURLY)
    asked = {"start": period.start_utc, "end": period.end_utc, "systems": list(systems)}
    return check(lake.frame(OF_HOURS, asked), HOURLY)


def _rates(jobs: ir.Table) -> ir.Table:
    """Start, end and constant rates of each job that worked for any time."""
    ran = jobs.filter(jobs.started.notnull())
    start_s = ran.started_s.floor().cast("int64")
    last_s = ibis.coalesce(ran.ended_s.floor().cast("int64"), start_s + ran.elapsed_s.fill_null(0))
    timed = ran.mutate(start_s=start_s, last_s=last_s)
    end_s = ibis.ifelse(timed.last_s > timed.start_s, timed.last_s, timed.start_s + timed.elapsed_s.fill_null(0))
    spans = timed.mutate(end_s=end_s).filter(lambda row: row.end_s > row.start_s)
    length_s = (spans.end_s - spans.start_s).cast("float64")
    metered = spans.energy_quality == EnergyQuality.MEASURED.value
    nodes = _in_steps(spans.nodes_held * spans.elapsed_s / length_s, STEPS_PER_NODE)
    power_w = _in_steps((spans.energy_logged_kwh * JOULES_PER_KWH).round() / length_s, STEPS_PER_WATT)
    return spans.select(
        "system",
        "partition",
        "start_s",
        "end_s",
        nodes=nodes,
        metered_nodes=ibis.ifelse(metered, nodes, 0.0),
        power_w=ibis.ifelse(metered, power_w, 0.0),
    )


def _ends(rates: ir.Table, at_s: ir.IntegerValue, sign: int) -> ir.Table:
    """One end of each job: its hour, how much of the hour had passed, and the rates that come or go."""
    signed = {name: rates[name] * sign for name in ("nodes", "metered_nodes", "power_w")}
    return rates.select("system", "partition", hour=at_s // SECONDS_PER_HOUR, passed_s=at_s % SECONDS_PER_HOUR, **signed)


def _in_steps(rate: ir.NumericValue, steps: int) -> ir.NumericValue:
    return ((rate * steps).round() / steps).cast("float64").fill_null(0.0)
