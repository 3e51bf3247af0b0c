"""Invented jobs of the invented projects: when people submit, how large a job is, how long it waits and runs, and how it ends."""

from collections.abc import Sequence
from heapq import heappop, heappush

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data.synthetic_habits import DAYS_OF_WEEK, HABITS, HOURS_OF_DAY, JOB_NAMES, SEASON, WAIT_OF_CATEGORY, WALL_HOURS
from data.synthetic_modes import END, START
from data.synthetic_projects import Slot
from data.synthetic_records import END_S, numbered, recorded
from data.terms import AccessMode, JobState, UserCategory
from data.units import HOURS_PER_DAY, SECONDS_PER_DAY, SECONDS_PER_HOUR, SECONDS_PER_MINUTE

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

START_S = int(np.datetime64(START, "s").astype(np.int64))

AWARD_SLACK = 1.06
"""How far a project may overdraw its award before its jobs are held."""

FULL = 0.9
"""The part of a machine's nodes that run jobs side by side at the most."""


def jobs_on_machine(
    where: Sequence[Slot], projects: Sequence[pl.DataFrame], counts: Sequence[Ints], rng: np.random.Generator
) -> pl.DataFrame:
    """The jobs of one machine in the order of their submission, from each partition's projects and how many jobs each submits.

    Times are seconds since 1970; a start or end that the log has not seen is null.
    """
    frames = [
        recorded(_jobs_of(slot, own, number, rng), slot, rng).with_columns(slot=pl.lit(place, dtype=pl.Int64))
        for place, (slot, own, number) in enumerate(zip(where, projects, counts, strict=True))
    ]
    return numbered(pl.concat(frames), rng)


def _jobs_of(slot: Slot, projects: pl.DataFrame, counts: Ints, rng: np.random.Generator) -> pl.DataFrame:
    traits = _traits(slot, projects, rng)
    loads = _monthly_loads(slot, rng)
    jobs = _with_outcomes(_with_waits(_with_sizes(_submitted(slot, traits, counts, rng), slot, rng), slot, loads, rng), rng)
    return _with_turns(_with_limits(_to_load(jobs, slot, loads), slot, rng), slot)


def _traits(slot: Slot, projects: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """One row a project: what its jobs are like, from the habits of its mode, the category of its holder, and chance."""
    habits = [HABITS[AccessMode(mode)] for mode in projects["mode"]]
    number = len(habits)
    beginner = np.isin(projects["holder"].to_numpy(), ["start_up", "sme"])
    patience = np.array([WAIT_OF_CATEGORY[UserCategory(holder)] for holder in projects["holder"]])
    opens = pl.lit(slot.opens)
    return projects.select(
        "account",
        "mode",
        "first_uid",
        "people",
        expected="expected_node_hours",
        most=pl.col("node_hours_awarded") * AWARD_SLACK,
        opens_s=pl.max_horizontal("starts", opens).cast(pl.Int32).cast(pl.Int64) * SECONDS_PER_DAY,
        closes_s=pl.min_horizontal("ends", pl.lit(END)).cast(pl.Int32).cast(pl.Int64) * SECONDS_PER_DAY,
        project=pl.int_range(pl.len(), dtype=pl.Int64),
        usual_hours=pl.Series(np.array([habit.hours for habit in habits]) * rng.lognormal(0, 0.35, number)),
        usual_wait_hours=pl.Series(np.array([habit.wait_hours for habit in habits]) * patience),
        busy=pl.Series([habit.busy for habit in habits], dtype=pl.Float64),
        clumsy=pl.Series(np.array([habit.clumsy for habit in habits]) * np.where(beginner, 1.3, 1.0)),
        shares=pl.Series(rng.random(number) < np.array([habit.shared for habit in habits])),
        tasks_asked=pl.Series(np.where(rng.random(number) < 0.14, rng.integers(4, 25, number), 1)),
        in_powers=pl.Series(rng.random(number) < 0.6),
        caution=pl.Series(1.1 + rng.gamma(1.5, 0.9, number)),
        name=pl.Series([JOB_NAMES[place] for place in rng.integers(0, len(JOB_NAMES), number)], dtype=pl.String),
    )


def _monthly_loads(slot: Slot, rng: np.random.Generator) -> Floats:
    """The part of the Union's share in use in each month: growing, lower in August and December, lower on a new machine."""
    months = np.arange(np.datetime64(START, "M"), np.datetime64(END, "M")).astype(int)
    level = rng.uniform(0.64, 0.72) + 0.12 * np.arange(months.size) / months.size
    young = np.clip((months - np.datetime64(slot.opens, "M").astype(int) + 2) / 6, 0.65, 1.0) if slot.opens > START else 1.0
    return np.asarray(np.clip(level * np.array(SEASON)[months % 12] * young + rng.normal(0, 0.02, months.size), 0.5, 0.88))


def _submitted(slot: Slot, traits: pl.DataFrame, counts: Ints, rng: np.random.Generator) -> pl.DataFrame:
    """One row a job with its project's traits, when it was submitted and by whom; the tasks of an array are submitted together."""
    edges, passed = _rhythm(slot)
    whose = np.repeat(np.arange(counts.size), counts)
    low, high = (np.interp(traits[edge].to_numpy(), edges, passed)[whose] for edge in ("opens_s", "closes_s"))
    drawn = np.interp(low + (high - low) * rng.random(whose.size), passed, edges).astype(np.int64)
    jobs = traits[whose].with_columns(
        submitted=pl.Series(np.minimum(drawn, END_S - 1)), person=pl.Series(rng.integers(0, traits["people"].to_numpy()[whose]))
    )
    turn = pl.int_range(pl.len(), dtype=pl.Int64)
    array = turn.over("project") // pl.col("tasks_asked")
    return (
        jobs.sort("project", "submitted", maintain_order=True)
        .with_columns(array=array, leader=turn)
        .with_columns(pl.col("submitted", "leader", "person").first().over("project", "array"))
        .with_columns(uid=pl.col("first_uid") + pl.col("person"))
        .drop("person", "array", "first_uid", "people")
    )


def _rhythm(slot: Slot) -> tuple[Ints, Floats]:
    """The hours of the demonstration, and how much of the submitting has passed at each: more by day, on working days, in busy months."""
    hours = np.arange(START_S, END_S, SECONDS_PER_HOUR)
    local = hours + SECONDS_PER_HOUR * (2 if slot.system.country in ("FI", "BG", "GR") else 1)
    days = local.astype("datetime64[s]").astype("datetime64[D]")
    of_year = (days - days.astype("datetime64[Y]")).astype(int)
    weights = (
        np.array(HOURS_OF_DAY)[local // SECONDS_PER_HOUR % HOURS_PER_DAY]
        * np.array(DAYS_OF_WEEK)[(local // SECONDS_PER_DAY + 3) % 7]
        * np.array(SEASON)[(_month(hours) + START.month - 1) % 12]
        * np.where((of_year >= 357) | (of_year <= 2), 0.5, 1.0)
    )
    return np.append(hours, END_S), np.concatenate([[0.0], np.cumsum(weights)])


def _month(moment: Ints) -> Ints:
    """The month of the demonstration in which each moment lies, from 0 on; what lies after the end counts as its last."""
    first = np.datetime64(START, "M").astype(np.int64)
    found = np.minimum(moment, END_S - 1).astype("datetime64[s]").astype("datetime64[M]").astype(np.int64) - first
    return np.asarray(found, dtype=np.int64)


def _with_sizes(jobs: pl.DataFrame, slot: Slot, rng: np.random.Generator) -> pl.DataFrame:
    """Adds nodes and planned seconds, such that a project's jobs together use about what it is expected to use.

    The tasks of an array together take no more than a part of the machine, since they tend to run side by side.
    """
    project, expected, usual_hours = (jobs[name].to_numpy() for name in ("project", "expected", "usual_hours"))
    most = np.maximum(1, np.minimum(min(1000, 0.3 * slot.nodes), 0.5 * slot.union_nodes / jobs["tasks_asked"].to_numpy()))
    hours = np.clip(usual_hours * rng.lognormal(0, 0.8, jobs.height), 0.01, _wall_hours(slot) * 0.98)
    mean_nodes = expected / np.bincount(project, hours)[project]
    drawn = np.clip(mean_nodes * rng.lognormal(-0.2, 0.65, jobs.height), 1, most)
    nodes = np.where(jobs["in_powers"].to_numpy(), 2.0 ** np.floor(np.log2(drawn) + 0.3), np.round(drawn)).astype(np.int64)
    nodes = nodes[jobs["leader"].to_numpy()]
    scale = np.clip(expected / np.bincount(project, hours * nodes)[project], 0.05, 3.0)
    planned_s = np.clip(hours * scale, 0.005, _wall_hours(slot)) * SECONDS_PER_HOUR
    return jobs.with_columns(nodes=pl.Series(nodes), planned_s=pl.Series(planned_s))


def _wall_hours(slot: Slot) -> int:
    return WALL_HOURS.get(slot.system.id, 48)


def _with_waits(jobs: pl.DataFrame, slot: Slot, loads: Floats, rng: np.random.Generator) -> pl.DataFrame:
    """Adds starts and eligibility; waits are log-normal, longer for large jobs and in busy months, different by mode and category."""
    size = (1 + jobs["nodes"].to_numpy() / slot.union_nodes * 20) ** 0.45
    crowd = np.exp(4 * (loads[_month(jobs["submitted"].to_numpy())] - 0.72))
    hours = jobs["usual_wait_hours"].to_numpy() * size * crowd * rng.lognormal(0, 1.25, jobs.height)
    waited_s = np.clip(hours * SECONDS_PER_HOUR, 1, 21 * SECONDS_PER_DAY).astype(np.int64)
    held = (rng.random(jobs.height) < 0.04) * rng.uniform(0.1, 0.9, jobs.height)
    return jobs.with_columns(
        started=pl.col("submitted") + pl.Series(waited_s),
        eligible=pl.col("submitted") + pl.Series((waited_s * held).astype(np.int64)),
    )


def _with_outcomes(jobs: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Adds how each job ends, and which part of its planned time it runs: 0 for one that was cancelled while it waited."""
    clumsy, nodes = jobs["clumsy"].to_numpy(), jobs["nodes"].to_numpy()
    chances = {
        JobState.FAILED: clumsy,
        JobState.OUT_OF_MEMORY: clumsy * 0.2,
        JobState.NODE_FAIL: np.clip(0.0008 * np.sqrt(nodes), 0, 0.02),
        JobState.TIMEOUT: np.full(jobs.height, 0.045),
        JobState.CANCELLED: np.full(jobs.height, 0.05),
        JobState.PREEMPTED: np.full(jobs.height, 0.001),
        JobState.BOOT_FAIL: np.full(jobs.height, 0.0006),
        JobState.DEADLINE: np.full(jobs.height, 0.0004),
    }
    ending = (rng.random(jobs.height) >= np.cumsum(np.stack(list(chances.values())), axis=0)).sum(axis=0)
    state = np.array([*chances, JobState.COMPLETED])[ending]
    cut_short = np.where(rng.random(jobs.height) < 0.5, 0.02, rng.uniform(0.01, 1, jobs.height))
    whole = np.isin(state, [JobState.COMPLETED, JobState.TIMEOUT])
    never = (state == JobState.DEADLINE) | ((state == JobState.CANCELLED) & (rng.random(jobs.height) < 0.45))
    return jobs.with_columns(state=pl.Series(state), part_run=pl.Series(np.where(whole, 1.0, np.where(never, 0.0, cut_short))))


def _to_load(jobs: pl.DataFrame, slot: Slot, loads: Floats) -> pl.DataFrame:
    """The same jobs, longer or shorter, so that each month's use comes near its load and no project outgrows its award."""
    project, started, planned_s = (jobs[name].to_numpy() for name in ("project", "started", "planned_s"))
    month = _month(started)
    nodes_run = (jobs["nodes"] * jobs["part_run"]).to_numpy() * (started < END_S) / SECONDS_PER_HOUR
    offered = slot.union_nodes * _days_open(slot) * HOURS_PER_DAY
    for _ in range(4):
        used = np.bincount(month, planned_s * nodes_run, loads.size)
        factor = np.clip(loads * offered / np.maximum(used, 1.0), 0.1, 4.0)
        planned_s = np.clip(planned_s * factor[month], 20, _wall_hours(slot) * SECONDS_PER_HOUR)
        used_by = np.bincount(project, planned_s * nodes_run)
        planned_s = planned_s * np.minimum(1.0, jobs["most"].to_numpy() / np.maximum(used_by, 1e-9)[project])
    return jobs.with_columns(planned_s=pl.Series(np.maximum(planned_s, 5.0)))


def _days_open(slot: Slot) -> Floats:
    """For each month, on how many days the partition was in service."""
    months = np.arange(np.datetime64(START, "M"), np.datetime64(END, "M") + 1)
    edges = np.maximum(months.astype("datetime64[D]"), np.datetime64(slot.opens, "D")).astype(float)
    return np.asarray(np.diff(edges))


def _with_limits(jobs: pl.DataFrame, slot: Slot, rng: np.random.Generator) -> pl.DataFrame:
    """Adds time limits, with each project's own caution, and run times; a job that outlives its limit is ended a little after it."""
    late, quarter_s = pl.col("state") == JobState.TIMEOUT.value, 15 * SECONDS_PER_MINUTE
    asked_min = (pl.col("planned_s") * pl.col("caution") / quarter_s).ceil() * 15
    tight_min = (pl.col("planned_s") / SECONDS_PER_MINUTE).ceil()
    limit_min = pl.min_horizontal(pl.when(late).then(tight_min).otherwise(asked_min), pl.lit(_wall_hours(slot) * 60.0)).cast(pl.Int64)
    beyond_s = pl.Series(rng.integers(1, 40, jobs.height))
    run_s = (pl.col("planned_s") * pl.col("part_run")).ceil().cast(pl.Int64)
    return jobs.with_columns(limit_min=limit_min).with_columns(
        elapsed_s=pl.when(late).then(pl.col("limit_min") * SECONDS_PER_MINUTE + beyond_s).otherwise(run_s)
    )


def _with_turns(jobs: pl.DataFrame, slot: Slot) -> pl.DataFrame:
    """The same jobs with their ends; those that would overfill the machine start, in their order, when enough nodes are free."""
    started = jobs["started"].to_list()
    elapsed_s, nodes = jobs["elapsed_s"].to_list(), jobs["nodes"].to_list()
    now, busy, running = 0, 0, list[tuple[int, int]]()
    for job in jobs["started"].arg_sort().to_list():
        if elapsed_s[job] == 0:
            continue
        now = max(now, started[job])
        while running and (running[0][0] <= now or busy + nodes[job] > FULL * slot.nodes):
            end, freed = heappop(running)
            now, busy = max(now, end), busy - freed
        started[job] = now
        busy += nodes[job]
        heappush(running, (now + elapsed_s[job], nodes[job]))
    return jobs.with_columns(started=pl.Series(started, dtype=pl.Int64), ran=pl.col("elapsed_s") > 0).with_columns(
        ended=pl.col("started") + pl.col("elapsed_s")
    )
