"""The numbers of the Standard Workload Format turned into jobs; -1 is not known in every field."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from data import schema
from data.ingest import checks, parse
from data.ingest.checks import Check, Reason
from data.ingest.hardware import ROOM, energy_quality, of_partition, partitions
from data.ingest.source import Machine, Reading
from data.schema import UTC_TIME
from data.terms import JobState

NUMBERS = ("job", "submit", "wait", "run", "processors", "requested_processors", "requested_time", "requested_memory", "status")
NAMES = ("user", "group", "queue", "partition")
FIELDS = (*NUMBERS, *NAMES)
"""The fields that are read."""

UNKNOWN = -1
KIB_PER_MIB = 1_024
MICROSECONDS = 1_000_000

FIRST_EPOCH = 600_000_000
"""Submit times above this (1989) are seconds since 1970, smaller ones are offsets from the start of the log."""

CANCELLED = 5
STATES = {0: JobState.FAILED.value, 1: JobState.COMPLETED.value, CANCELLED: JobState.CANCELLED.value}
"""The statuses of the format that tell how a job ended."""

NOT_TOLD = ("cluster", "array_job_id", "array_task", "qos", "eligible", "suspended_s", "exit_code", "restarts", "energy_logged_kwh")
"""Columns that the format knows nothing of."""

PARTS = (2, 3, 4)
"""Statuses of partial executions, which follow the line that sums up their job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the remarks at the head of a log say of it."""

    start: int | None = None
    """Its first moment, in seconds since 1970; submit times count from there."""
    processors: int | None = None
    """How many processors the machine had."""
    partitions: Mapping[str, str] = field(default_factory=dict)
    """Names of partitions by number."""
    queues: Mapping[str, str] = field(default_factory=dict)
    """Names of queues by number."""


def parts(text: pl.DataFrame, last_whole_job: str | None) -> tuple[pl.Series, str | None]:
    """Which rows are partial executions of the job in a line above, and the number of the last whole job.

    A log that gives such a status to jobs of their own is read as jobs: their numbers do not repeat.

    >>> rows = pl.DataFrame({"job": ["7", "7", "7", "8"], "status": ["1", "2", "3", "2"]})
    >>> is_part, last = parts(rows, None)
    >>> is_part.to_list(), last
    ([False, True, True, False], '7')
    """
    is_partial = text["status"].is_in([str(status) for status in PARTS]).fill_null(False)
    if not is_partial.any():
        return is_partial, text["job"][-1] if text.height else last_whole_job
    whole_job = text.select(pl.when(~is_partial).then("job").forward_fill().fill_null(pl.lit(last_whole_job, pl.String))).to_series()
    return is_partial & (text["job"] == whole_job).fill_null(False), whole_job[-1]


def jobs(text: pl.DataFrame, reading: Reading, header: Header) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The jobs of some rows, schema `JOBS`, and the faults of the rows that cannot be jobs."""
    machine = reading.machine
    numbers = text.select("line", *(_number(name) for name in NUMBERS))
    as_printed = text.select(pl.col(NUMBERS).name.suffix(" text"))
    rows = pl.concat([numbers, _names(text, reading, header), as_printed], how="horizontal").with_columns(_never_started())
    told, untold = checks.sorted_out(rows, [*_readable(), *_complete()])
    ran = told.with_columns(*_times(header), *_sizes(machine)).with_columns(_nodes(machine))
    believed, faults = checks.sorted_out(ran, [*checks.believable(machine, reading.now), *_within(header)])
    finished = believed.with_columns(energy_quality=energy_quality(machine), system=pl.lit(machine.system))
    return finished.select(schema.JOBS.keys()), pl.concat([untold, faults]).sort("line")


def _number(name: str) -> pl.Expr:
    """A number, null where it is -1 or none; fractions of seconds and processors are rounded."""
    number = parse.whole(pl.coalesce(pl.col(name).cast(pl.Int64, strict=False), pl.col(name).cast(pl.Float64, strict=False).round()))
    return pl.when(number != UNKNOWN).then(number).alias(name)


def _names(text: pl.DataFrame, reading: Reading, header: Header) -> pl.DataFrame:
    """Where each job ran and whose it was; the format knows users and groups by number."""
    known = text.select(pl.when(pl.col(name) != str(UNKNOWN)).then(name).alias(name) for name in NAMES)
    partition = parse.by_function(known["partition"], lambda number: header.partitions.get(number, f"partition {number}"))
    queue = parse.by_function(known["queue"], lambda number: header.queues.get(number, f"queue {number}"))
    named = partition.zip_with(partition.is_not_null(), queue)
    group = parse.by_function(known["group"], lambda number: f"g{number}")
    return pl.DataFrame(
        {
            "queue": named,
            "partition": partitions(named, reading.machine),
            "account": group,
            "unix_group": group,
            "user_pseudonym": parse.by_function(known["user"], reading.pseudonym),
        }
    )


def _never_started() -> pl.Expr:
    """Whether a job never ran: no run time, and no processors or cancelled."""
    no_run = pl.col("run").fill_null(0) == 0
    no_processors = pl.col("processors").fill_null(0) == 0
    return (no_run & (no_processors | (pl.col("status") == CANCELLED).fill_null(False))).alias("never_started")


def _times(header: Header) -> list[pl.Expr]:
    """Instants from submit time, wait and run time.

    Where a log has no wait, its submit times are start times, and when the job was submitted is not known.
    """
    submit, wait, run, ran = pl.col("submit"), pl.col("wait"), pl.col("run"), ~pl.col("never_started")
    submitted_s = pl.when(submit > FIRST_EPOCH).then(submit).otherwise(submit + (header.start or 0))
    started_s = submitted_s + pl.when(ran).then(wait.fill_null(0)).otherwise(wait)
    is_known = wait.is_not_null() | ~ran
    return [
        _instant(pl.when(is_known).then(submitted_s)).alias("submitted"),
        _instant(pl.when(ran).then(started_s)).alias("started"),
        _instant(started_s + pl.when(ran).then(run).otherwise(0)).alias("ended"),
        pl.when(ran).then(run).otherwise(0).alias("elapsed_s"),
        pl.when(pl.col("requested_time") != 0).then("requested_time").alias("time_limit_s"),
        pl.col("status").replace_strict(STATES, default=None, return_dtype=pl.String).alias("state"),
        pl.col("job").alias("job_id"),
        *(pl.lit(None, schema.JOBS[name]).alias(name) for name in NOT_TOLD),
    ]


def _instant(epoch_s: pl.Expr) -> pl.Expr:
    return (epoch_s * MICROSECONDS).cast(UTC_TIME)


def _sizes(machine: Machine) -> list[pl.Expr]:
    """Processors as physical cores; GPUs are unknown to the format, and so 0 only where the partition has none."""
    per_processor, gpus_per_node = of_partition(machine.cores_per_logged_cpu, 1.0), of_partition(machine.gpus_per_node, None)
    processors, requested = (pl.when(pl.col(name) != 0).then(name) for name in ("processors", "requested_processors"))
    kib = pl.when(pl.col("requested_memory") > 0).then("requested_memory") * pl.coalesce(processors, requested)
    no_gpus = pl.when(gpus_per_node == 0).then(0.0)
    return [
        (processors * per_processor).alias("cores"),
        (requested * per_processor).alias("requested_cores"),
        no_gpus.alias("gpus"),
        no_gpus.alias("requested_gpus"),
        (kib / KIB_PER_MIB).alias("memory_mib"),
    ]


def _nodes(machine: Machine) -> list[pl.Expr]:
    """The fewest nodes that have so many cores, where the cores of a node are known."""
    per_node = of_partition(machine.cores_per_node, None)
    sizes = {"nodes": "cores", "requested_nodes": "requested_cores"}
    return [(pl.col(cores) / per_node).ceil().cast(pl.Int64).alias(nodes) for nodes, cores in sizes.items()]


def _readable() -> list[Check]:
    """Every field is a number, and the status one that the format knows."""
    status = pl.format("the status is {}; expected 0 to 5, or -1 where it is not known", checks.shown("status"))
    no_id = pl.format("the job number is {}; expected a number", checks.quoted("job text"))
    return [
        Check(reason=Reason.NO_JOB_ID, faulty=pl.col("job").is_null(), detail=no_id),
        *(_readable_number(name) for name in NUMBERS),
        Check(reason=Reason.UNKNOWN_STATE, faulty=~pl.col("status").is_between(0, max(*STATES, *PARTS)), detail=status),
    ]


def _readable_number(name: str) -> Check:
    text = pl.col(f"{name} text")
    return Check(
        reason=Reason.UNREADABLE_NUMBER,
        faulty=pl.col(name).is_null() & ~text.str.contains(r"^-1(?:\.0*)?$").fill_null(False),
        detail=pl.format(f"{name} is {{}}; expected a number, or -1 where it is not known", checks.quoted(f"{name} text")),
    )


def _complete() -> list[Check]:
    """What no job can lack."""
    no_run = pl.col("run").is_null() & ~pl.col("never_started")
    no_run_detail = pl.lit("it had processors, but its run time is -1: how much it used is not known")
    return [
        Check(reason=Reason.NO_SUBMIT_TIME, faulty=pl.col("submit").is_null(), detail=pl.lit("the submit time is -1")),
        Check(reason=Reason.NO_RUN_TIME, faulty=no_run, detail=no_run_detail),
    ]


def _within(header: Header) -> list[Check]:
    """No job has more processors than the log's own header says there were."""
    if not header.processors:
        return []
    most = header.processors * ROOM
    detail = pl.format(f"it has {{}} processors, but the header says that there were {header.processors:,}", checks.shown("processors"))
    return [Check(reason=Reason.TOO_LARGE, faulty=pl.col("processors") > most, detail=detail)]
