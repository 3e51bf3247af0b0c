"""How far each machine's log can be trusted: gaps, refusals, energy readings, GPUs that were not tracked, odd clocks."""

from typing import Any

import polars as pl
import streamlit as st

from analytics import findings
from analytics.charts import numbers
from data.health import health
from pages.shared import loaders, parts, tables, visit

TIME = ("system", "first_day", "last_day", "days_without_jobs", "longest_gap_days", "jobs", "jobs_still_open")
LINES = (
    "system",
    "lines_refused",
    "refused_share",
    "jobs_started_before_submitted",
    "jobs_with_odd_length",
    "partitions_without_gpu_hours",
)
ENERGY = ("system", "jobs", "jobs_metered", "jobs_without_energy", "jobs_implausible", "energy_measured_kwh", "energy_implausible_kwh")
SHARED = ("jobs_metered_on_shared_nodes", "energy_on_shared_nodes_kwh")
PARTS = ("system", "jobs", "jobs_on_parts_of_nodes", "node_hours_not_held", "not_held_share")
LONG_GAP_DAYS = 2
MANY_REFUSED = 0.01

here = visit.now()
names, chosen = loaders.system_names(here.state), here.chosen.systems
every = loaders.kept(here.seen, "health", (), lambda: health(here.seen.lake, loaders.systems(here.state)))
rows = every.filter(pl.col("system").is_in(list(chosen))) if chosen else every


def doubts(row: dict[str, Any]) -> list[str]:
    """What an operator should look at in a machine's log, one sentence each."""
    name, found = names.get(row["system"], row["system"]), []
    if row["longest_gap_days"] > LONG_GAP_DAYS:
        found.append(f"{name}: no job ended for {numbers.counted(row['longest_gap_days'], 'day')} on end; a log may be missing.")
    if (row["refused_share"] or 0) > MANY_REFUSED:
        found.append(f"{name}: {numbers.percent(row['refused_share'])} of its lines were refused; see the page Intake.")
    if row["partitions_without_gpu_hours"]:
        found.append(
            f"{name}: no GPU-hour on {row['partitions_without_gpu_hours']}, which has GPUs; add gres/gpu to AccountingStorageTRES in Slurm."
        )
    if row["jobs_implausible"]:
        found.append(f"{name}: {numbers.counted(row['jobs_implausible'], 'energy reading')} cannot be true, and count as not measured.")
    if row["jobs_metered_on_shared_nodes"]:
        energy = numbers.energy(row["energy_on_shared_nodes_kwh"])
        found.append(f"{name}: {energy} was read on nodes that other jobs may have shared, and may count twice.")
    if (row["not_held_share"] or 0) >= findings.MUCH_NOT_HELD:
        hours, share = numbers.amount(row["node_hours_not_held"], "node-hours"), numbers.percent(row["not_held_share"])
        found.append(
            f"{name}: {hours}, {share} of all, are of parts of nodes that jobs did not hold; with others beside, they count twice. "
            "GPU-hours and core-hours do not, nor does modelled energy."
        )
    if row["jobs_with_odd_length"]:
        found.append(f"{name}: {numbers.counted(row['jobs_with_odd_length'], 'job')} lasted another time than its start and end say.")
    return found


found = [sentence for row in rows.iter_rows(named=True) for sentence in doubts(row)]
parts.finding(
    f"{numbers.counted(len(found), 'thing')} to look at in the {numbers.counted(rows.height, 'log')} of all time."
    if found
    else "Nothing to look at: no gap, refusal, impossible reading or odd clock was found."
)
st.caption("All time, whatever the period of the filter bar; of the machines chosen.")
st.markdown("\n".join(f"- {parts.escaped(sentence)}" for sentence in found))
st.header("Coverage in time", anchor=False)
tables.table(rows.select(TIME), name="health-time", alt="First and last day, gaps and open jobs of each machine's log")
st.header("Energy readings", anchor=False)
tables.table(rows.select(*ENERGY, *SHARED), name="health-energy", alt="How many jobs of each machine have a believable energy reading")
st.header("Parts of nodes", anchor=False)
st.caption(
    "Node-hours count whole nodes, also of jobs that hold fewer of their cores and GPUs, as Slurm's limits and Open XDMoD do. "
    "Modelled energy counts the parts that were held."
)
tables.table(rows.select(PARTS), name="health-parts", alt="Jobs of each machine that held parts of nodes, and the node-hours of the rest")
st.header("Refusals, clocks and GPUs", anchor=False)
lines = rows.select(LINES)
none = pl.col("partitions_without_gpu_hours").fill_null("none")
tables.table(
    lines,
    shown=tables.for_people(lines).with_columns(none),
    name="health-lines",
    alt="Refused lines, odd clocks and untracked GPUs of each machine's log",
)
parts.sources(method="log health")
