"""A seeded, plausible log of all EuroHPC machines over two years, for the demonstration and for tests; only the machines are real.

Only work under the Union's share is invented: national shares stay empty. Sizes of awards follow EuroHPC's published ranges, waits,
failures, loads and the part of each category are assumptions, chosen to be plausible and never to be quoted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
import polars as pl

from data import schema
from data.facts import systems
from data.synthetic_habits import HABITS
from data.synthetic_jobs import Ints, jobs_on_machine
from data.synthetic_modes import END, START
from data.synthetic_projects import Slot, projects_on, slots
from data.synthetic_text import queue_of, sacct_text
from data.terms import AccessMode, EnergyQuality
from data.units import JOULES_PER_KWH, SECONDS_PER_MINUTE

__all__ = ["END", "SEED", "START", "DemoLog", "demo_logs", "synthetic_jobs"]

SEED = 20_241_101


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoLog:
    """The invented log of one machine and the projects it speaks of."""

    system: str
    """Identifier of the machine in the reference facts."""
    text: bytes
    """What `sacct -P` would print, with its header; times are seconds since 1970."""
    projects: pl.DataFrame
    """Its projects in the schema `PROJECTS`."""


def demo_logs(seed: int = SEED, jobs: int = 300_000) -> Iterator[DemoLog]:
    """One invented log for each machine in service, with about this many jobs in all; the same seed gives the same bytes.

    With far fewer jobs than the default the jobs are larger, but the machines look emptier than they should: a job cannot outgrow
    its queue.
    """
    for machine, where, projects, frame in _machines(seed, jobs):
        listed = projects.select(pl.col(name).cast(kind) for name, kind in schema.PROJECTS.items())
        yield DemoLog(system=machine, text=sacct_text(frame, where), projects=schema.check(listed, schema.PROJECTS))


def synthetic_jobs(rows: int, *, seed: int = SEED, chunk: int = 250_000) -> Iterator[pl.DataFrame]:
    """Frames of the schema `JOBS` with this many rows in all, made cheaply for trials of speed.

    One invented period is drawn once and then repeated with other job numbers, accounts and people, so that it stays small in memory.
    """
    base = _as_jobs(seed, chunk)
    for turn in count():
        left = rows - turn * base.height
        if left <= 0:
            return
        yield schema.check(
            base.head(left).with_columns(
                job_id=pl.col("job_id") + turn * base.height,
                array_job_id=pl.col("array_job_id") + turn * base.height,
                line=pl.col("line") + turn * base.height,
                account=pl.format("{}-{}", "account", pl.lit(turn)),
                unix_group=pl.format("{}-{}", "unix_group", pl.lit(turn)),
                user_pseudonym=pl.format("{}-{}", "user_pseudonym", pl.lit(turn)),
            ),
            schema.JOBS,
        )


def _jobs_per_project(projects: pl.DataFrame, where: Sequence[Slot], jobs: int, rng: np.random.Generator) -> Ints:
    """How many jobs each project submits: its hours over the size of job that its mode is used to, smaller on a small machine."""
    usual = np.array([HABITS[AccessMode(mode)].node_hours for mode in projects["mode"]])
    room = 2 * np.array([slot.union_nodes for slot in where])[projects["slot"].to_numpy()]
    weights = projects["expected_node_hours"].to_numpy() / np.minimum(usual, room) * rng.lognormal(0, 0.5, projects.height)
    return rng.multinomial(jobs, weights / weights.sum())


def _machines(seed: int, jobs: int) -> Iterator[tuple[str, tuple[Slot, ...], pl.DataFrame, pl.DataFrame]]:
    """Each machine with its partitions, its projects and its jobs."""
    rng = np.random.default_rng(seed)
    where = slots(systems().values())
    projects = projects_on(where, rng)
    projects = projects.with_columns(jobs=pl.Series(_jobs_per_project(projects, where, jobs, rng)))
    for machine in dict.fromkeys(slot.system.id for slot in where):
        places = [index for index, slot in enumerate(where) if slot.system.id == machine]
        own = [projects.filter(pl.col("slot") == index) for index in places]
        parts = tuple(where[index] for index in places)
        yield machine, parts, pl.concat(own), jobs_on_machine(parts, own, [projects["jobs"].to_numpy() for projects in own], rng)


def _as_jobs(seed: int, rows: int) -> pl.DataFrame:
    """The same jobs as frames of the schema `JOBS`, without the detour through text."""
    frames = [
        _rows(machine, slot, jobs.filter(pl.col("slot") == place))
        for machine, parts, _, jobs in _machines(seed, rows)
        for place, slot in enumerate(parts)
    ]
    every = pl.concat(frames).with_columns(
        job_id=pl.int_range(1, pl.len() + 1, dtype=pl.Int64), line=pl.int_range(2, pl.len() + 2, dtype=pl.Int64)
    )
    return every.select(pl.col(name).cast(kind) for name, kind in schema.JOBS.items())


def _rows(machine: str, slot: Slot, jobs: pl.DataFrame) -> pl.DataFrame:
    moment = {name: pl.from_epoch(pl.col(name)).dt.replace_time_zone("UTC") for name in ("submitted", "eligible", "started", "ended")}
    cores, gpus = (
        pl.col(name) * factor for name, factor in (("cpus", slot.part.cores_per_logged_cpu), ("gpus", slot.part.gpus_per_logged_gpu))
    )
    ran = pl.col("started").is_not_null()
    return jobs.select(
        system=pl.lit(machine),
        cluster=pl.lit(machine),
        array_job_id=pl.when(pl.col("tasks") > 1).then("array_id"),
        array_task=pl.when(pl.col("tasks") > 1).then("task"),
        partition=pl.lit(slot.part.name),
        queue=queue_of(slot),
        qos=pl.lit("normal"),
        account=pl.col("account"),
        unix_group=pl.col("account"),
        user_pseudonym=pl.format("person-{}", "uid"),
        **moment,
        elapsed_s=pl.col("elapsed_s"),
        suspended_s=pl.lit(0),
        time_limit_s=pl.col("limit_min") * SECONDS_PER_MINUTE,
        state=pl.col("state"),
        exit_code=pl.lit("0:0"),
        nodes=pl.col("nodes"),
        cores=cores,
        gpus=pl.when(ran).then(gpus),
        requested_nodes=pl.col("nodes"),
        requested_cores=cores,
        requested_gpus=gpus,
        memory_mib=pl.col("memory_mib"),
        restarts=pl.col("restarts"),
        energy_logged_kwh=pl.col("joules") / JOULES_PER_KWH,
        energy_quality=_quality(),
    )


def _quality() -> pl.Expr:
    reading = pl.when("believable").then(pl.lit(EnergyQuality.MEASURED.value)).otherwise(pl.lit(EnergyQuality.IMPLAUSIBLE.value))
    return pl.when(pl.col("joules").is_null()).then(pl.lit(EnergyQuality.MISSING.value)).otherwise(reading)
