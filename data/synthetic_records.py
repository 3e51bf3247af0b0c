"""What a scheduler records of the invented jobs: sizes in its own units, what the log's end hides, meter readings, numbers, requeues."""

import numpy as np
import polars as pl

from data.synthetic_habits import METERED
from data.synthetic_modes import END
from data.synthetic_projects import Slot
from data.units import SECONDS_PER_MINUTE

END_S = int(np.datetime64(END, "s").astype(np.int64))
WRAP = 2**32
"""Where a 32-bit counter of joules starts again from 0."""


def recorded(jobs: pl.DataFrame, slot: Slot, rng: np.random.Generator) -> pl.DataFrame:
    """The jobs of one partition as its scheduler records them until the log is written."""
    return _with_energy(_seen_at_the_end(_with_size(jobs, slot, rng)), slot, rng)


def numbered(jobs: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """The jobs of a whole machine with their numbers, in the order of submission; a requeued one has two rows."""
    return _with_first_runs(_with_ids(jobs), rng)


def _with_size(jobs: pl.DataFrame, slot: Slot, rng: np.random.Generator) -> pl.DataFrame:
    """Adds the part of each node in use, and CPUs, GPUs and memory as the machine's own Slurm counts them."""
    small = jobs.select(pl.col("shares") & (pl.col("nodes") == 1) & (pl.col("tasks_asked") == 1)).to_series().to_numpy()
    pieces = max(slot.gpus_per_node, 4)
    part = np.where(small, rng.integers(1, pieces + 1, jobs.height) / pieces, 1.0)
    cpus = slot.cores_per_node / slot.part.cores_per_logged_cpu
    gpus = slot.gpus_per_node / slot.part.gpus_per_logged_gpu
    memory_mib = (slot.part.memory_gib_per_node or 512) * 1000  # a little of each GiB stays with the system
    whole = pl.col("nodes") * pl.Series(part)
    return jobs.with_columns(
        part=pl.Series(part),
        cpus=(whole * cpus).round().cast(pl.Int64),
        gpus=(whole * gpus).round().cast(pl.Int64),
        memory_mib=(whole * memory_mib).round().cast(pl.Int64),
    )


def _seen_at_the_end(jobs: pl.DataFrame) -> pl.DataFrame:
    """The jobs as a log shows them that is written at the end: some pending, some running, their later fate unknown."""
    pending, running = pl.col("started") >= END_S, (pl.col("ended") >= END_S) & (pl.col("started") < END_S)
    return jobs.with_columns(
        state=pl.when(pending).then(pl.lit("PENDING")).when(running).then(pl.lit("RUNNING")).otherwise("state"),
        started=pl.when(~pending & pl.col("ran")).then("started"),
        ended=pl.when(~pending & ~running).then("ended"),
        elapsed_s=pl.when(pending).then(0).when(running).then(END_S - pl.col("started")).otherwise("elapsed_s"),
        ran=pl.col("ran") & ~pending,
        eligible=pl.min_horizontal("eligible", pl.lit(END_S)),
    )


def _with_energy(jobs: pl.DataFrame, slot: Slot, rng: np.random.Generator) -> pl.DataFrame:
    """Adds joules as the meter gave them: null for none, and now and then a value that cannot be true."""
    idle_w, max_w = slot.part.node_idle_w or 0.0, slot.part.node_max_w or 0.0
    busy = np.clip((jobs["busy"] * jobs["part"]).to_numpy() + rng.normal(0, 0.09, jobs.height), 0.02, 1.0)
    joules = ((idle_w + busy * (max_w - idle_w)) * (jobs["nodes"] * jobs["elapsed_s"]).to_numpy()).astype(np.int64)
    lot = rng.random(jobs.height)
    joules = np.where((lot < 0.003) & (joules > WRAP), joules % WRAP, joules)
    joules = np.where((lot >= 0.003) & (lot < 0.006), joules * 1000, joules)
    joules = np.where((lot >= 0.006) & (lot < 0.008), joules // 1000, joules)
    long_enough = jobs.select((pl.col("elapsed_s") > SECONDS_PER_MINUTE) & pl.col("ended").is_not_null()).to_series().to_numpy()
    read = long_enough & (rng.random(jobs.height) < METERED.get(slot.system.id, 0.0))
    blank = ~read & (slot.system.id in METERED) & (rng.random(jobs.height) < 0.1)
    return jobs.with_columns(
        joules=pl.when(pl.Series(read)).then(pl.Series(joules)),
        believable=pl.Series(lot >= 0.008),
        no_value=pl.Series(blank) & pl.col("ran"),
    )


def _with_ids(jobs: pl.DataFrame) -> pl.DataFrame:
    """Adds job numbers in the order of submission; the tasks of an array count on from its first."""
    ordered = jobs.sort("submitted", "slot", "leader", maintain_order=True)
    return ordered.with_columns(job_id=pl.int_range(pl.len(), dtype=pl.Int64), restarts=pl.lit(0, dtype=pl.Int64)).with_columns(
        array_id=pl.col("job_id").min().over("slot", "leader"),
        task=pl.int_range(pl.len(), dtype=pl.Int64).over("slot", "leader"),
        tasks=pl.len().over("slot", "leader").cast(pl.Int64),
    )


def _with_first_runs(jobs: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Adds a first row for jobs that lost a node and were put back: same number, an earlier run, the counter of restarts at 0."""
    waited = pl.col("started") - pl.col("submitted")
    apart = (pl.col("tasks") == 1) & (waited > 20 * SECONDS_PER_MINUTE) & pl.col("ended").is_not_null()
    second = jobs.with_columns(lost=pl.Series(rng.random(jobs.height) < 0.006) & apart.fill_null(False))
    first_run = pl.min_horizontal(waited // 2, pl.col("limit_min") * (SECONDS_PER_MINUTE // 2))
    back = pl.col("submitted") + SECONDS_PER_MINUTE + first_run
    first = second.filter("lost").with_columns(
        started=pl.col("submitted") + SECONDS_PER_MINUTE,
        ended=back,
        elapsed_s=first_run,
        eligible=pl.col("submitted"),
        state=pl.when(pl.col("job_id") % 3 == 0).then(pl.lit("REQUEUED")).otherwise(pl.lit("NODE_FAIL")),
        joules=pl.lit(None, dtype=pl.Int64),
        no_value=pl.lit(False),
    )
    again = second.with_columns(
        submitted=pl.when("lost").then(back).otherwise("submitted"),
        eligible=pl.when("lost").then(pl.max_horizontal(back, "eligible")).otherwise("eligible"),
        restarts=pl.col("lost").cast(pl.Int64),
    )
    return pl.concat([first, again]).sort("job_id", "restarts", maintain_order=True).drop("lost")
