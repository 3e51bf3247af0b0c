"""The fields of `sacct` turned into jobs: which of them Equinode reads, and what each means."""

from collections.abc import Collection

import polars as pl

from data import schema
from data.ingest import arrays, checks, local_time, parse
from data.ingest.checks import Check, Reason
from data.ingest.fields import Cut, Layout
from data.ingest.hardware import energy_quality, of_partition, partitions
from data.ingest.resources import energy_joules, resources
from data.ingest.source import Machine, Reading
from data.terms import JobState
from data.units import JOULES_PER_KWH

FIELDS = {
    "job_id": ("jobid", "jobidraw"),
    "raw_job_id": ("jobidraw",),
    "cluster": ("cluster",),
    "queue": ("partition",),
    "qos": ("qos",),
    "account": ("account",),
    "unix_group": ("group",),
    "user": ("user",),
    "uid": ("uid",),
    "submitted": ("submit",),
    "eligible": ("eligible",),
    "started": ("start",),
    "ended": ("end",),
    "elapsed": ("elapsedraw", "elapsed"),
    "suspended": ("suspended",),
    "time_limit": ("timelimitraw", "timelimit"),
    "state": ("state",),
    "exit_code": ("exitcode",),
    "nodes": ("nnodes", "allocnodes"),
    "cpus": ("ncpus", "alloccpus"),
    "requested_cpus": ("reqcpus",),
    "memory": ("reqmem",),
    "requested": ("reqtres",),
    "allocated": ("alloctres",),
    "energy": ("consumedenergyraw", "consumedenergy"),
    "restarts": ("restarts",),
    "place": ("nodelist",),
}
"""What is read, and the columns of sacct that tell it, the best first."""

NOT_PLACED = "None assigned"
"""How Slurm prints the nodes of a job that never had any."""

KWH_PER_JOULE = 1 / JOULES_PER_KWH
"""A factor, for a division may be rounded otherwise in a frame of one row than in one of many."""

OPEN_STATES = (JobState.PENDING.value, JobState.RUNNING.value, JobState.SUSPENDED.value)
"""States of jobs that had not ended when the log was written."""

GIVEN_UP_STATES = (JobState.CANCELLED.value, JobState.DEADLINE.value, JobState.REVOKED.value)
"""States in which a job can end without having started."""

MAY_HAVE_NO_END = (*OPEN_STATES, JobState.REQUEUED.value, JobState.RESIZING.value)

NUMBERS = {
    "elapsed": "elapsed_s",
    "suspended": "suspended_s",
    "time_limit": "time_limit_s",
    "nodes": "nodes",
    "cpus": "cpus",
    "requested_cpus": "requested_cpus",
    "restarts": "restarts",
    "memory": "requested_mib",
    "energy": "joules",
}
"""Fields that hold a number, and where its value is."""

EXPECTED = {
    "elapsed": "[D-]HH:MM:SS or seconds",
    "suspended": "[D-]HH:MM:SS or seconds",
    "time_limit": "[D-]HH:MM:SS, minutes, UNLIMITED or Partition_Limit",
    "memory": "a size such as 250G, 4000Mc or 4000Mn",
    "energy": "joules; export ConsumedEnergyRaw",
}


def chosen(cut: Cut, layout: Layout) -> pl.DataFrame:
    """The fields that are read, as text, under our names; null where the log does not have them."""
    columns = {name: next((column for column in any_of if column in layout.names), None) for name, any_of in FIELDS.items()}
    whole = cut.whole(sorted({column for column in columns.values() if column is not None}))
    there = [pl.lit(None, pl.String).alias(name) if column is None else pl.col(column).alias(name) for name, column in columns.items()]
    return whole.select("line", *there)


def is_step(text: pl.DataFrame) -> pl.Series:
    """Which rows are steps of a job, 123.batch or 123_7.0; an array cut short, 123_[1,3,..., is none."""
    dotted = text["job_id"].str.contains(".", literal=True).fill_null(False)
    return text["job_id"].str.contains(r"^\d+(?:_\d+|\+\d+)?\.\w").fill_null(False) if dotted.any() else dotted


def jobs(text: pl.DataFrame, reading: Reading, zone: str, names: Collection[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The jobs of some rows, schema `JOBS`, and the faults of the rows that cannot be jobs.

    Args:
        text: the fields as text, under our names.
        reading: the machine, and how its users' names are hidden.
        zone: the zone of times that carry none of their own.
        names: the columns that the log has, as sacct names them; where Submit or State is not among them, it may be unknown.
    """
    values = [_identity(text), _times(text, zone), _sizes(text, names), _names(text, reading)]
    as_printed = text.drop("line").rename(lambda name: f"{name} text")
    rows = pl.concat([text.select("line"), *values, as_printed], how="horizontal").with_columns(_never_started(names))
    told, untold = checks.sorted_out(rows, [*_readable(zone, names), *_complete(names)])
    ran = told.with_columns(_as_it_ran(names)).with_columns(_in_units_of(reading.machine))
    believed, faults = checks.sorted_out(ran, checks.believable(reading.machine, reading.now))
    finished = believed.with_columns(energy_quality=energy_quality(reading.machine), system=pl.lit(reading.machine.system))
    return arrays.task_by_task(finished, "job_id text").select(schema.JOBS.keys()), pl.concat([untold, faults]).sort("line")


def _identity(text: pl.DataFrame) -> pl.DataFrame:
    """Numbers of jobs: 123, array task 123_7, pending array 123_[1-3,7], component 12+1 of a heterogeneous job, whose own number is 13."""
    own = text["raw_job_id"].cast(pl.Int64, strict=False)
    if not own.null_count() and not text["job_id"].str.contains("[_+]").any():
        return pl.DataFrame({"job_id": own}).with_columns(array_job_id=pl.lit(None, pl.Int64), array_task=pl.lit(None, pl.Int64))
    parts = text.select(part=pl.col("job_id").str.extract_groups(r"^(\d+)(?:_(?:(\d+)|\[.*)|\+(\d+))?$")).unnest("part")
    first, task, offset = (parts[str(place)].cast(pl.Int64, strict=False) for place in (1, 2, 3))
    is_array = text["job_id"].str.contains("_", literal=True)
    return pl.DataFrame(
        {
            "job_id": own.zip_with(own.is_not_null(), first + offset.fill_null(0)),
            "array_job_id": first.zip_with(is_array, pl.Series([None], dtype=pl.Int64)),
            "array_task": task,
        }
    )


def _times(text: pl.DataFrame, zone: str) -> pl.DataFrame:
    elapsed_s, suspended_s = parse.durations_s(text["elapsed"]), parse.durations_s(text["suspended"])
    moments = local_time.in_utc(text.select(local_time.MOMENTS), elapsed_s + suspended_s.fill_null(0), zone)
    return moments.with_columns(elapsed_s=elapsed_s, suspended_s=suspended_s)


def _sizes(text: pl.DataFrame, names: Collection[str]) -> pl.DataFrame:
    """Sizes as logged, each from its own column, else from the list of trackable resources."""
    allocated, requested, memory = resources(text["allocated"]), resources(text["requested"]), parse.memory_requests(text["memory"])
    has_energy = bool({"consumedenergyraw", "consumedenergy"} & set(names))
    sizes = {
        "nodes": _count(text["nodes"], allocated["nodes"]),
        "cpus": _count(text["cpus"], allocated["cpus"]),
        "logged_gpus": allocated["gpus"],
        "requested_nodes": requested["nodes"],
        "requested_cpus": _count(text["requested_cpus"], requested["cpus"]),
        "requested_logged_gpus": requested["gpus"],
        "listed_mib": _first(allocated["memory_mib"], requested["memory_mib"]),
        "requested_mib": memory["mib"],
        "requested_per": memory["per"],
        "joules": parse.joules(text["energy"]) if has_energy else energy_joules(text["allocated"]),
        "time_limit_s": parse.time_limits_s(text["time_limit"], minutes="timelimitraw" in names),
        "restarts": parse.counts(text["restarts"]),
        "allocated_is_list": allocated["is_list"],
        "requested_is_list": requested["is_list"],
    }
    return pl.DataFrame(sizes)


def _count(text: pl.Series, listed: pl.Series) -> pl.Series:
    """A count from its own column, else from the list of trackable resources; none where the column holds anything but a count.

    Without --noconvert, Slurm rounds a large count to such as 1.50K; the list has it exactly.
    """
    own = parse.counts(text)
    if own.null_count() == text.null_count():
        return _first(own, listed)
    told = text.is_null() | parse.is_rounded_count(text)
    return _first(own, listed.zip_with(told, pl.Series([None], dtype=pl.Int64)))


def _first(*readings: pl.Series) -> pl.Series:
    """The first reading that is known, row by row."""
    return pl.select(pl.coalesce(readings)).to_series()


def _names(text: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """Names, with the users' hidden; a group of one user's own carries that user's name and is hidden too.

    So is the group of a job whose user the log does not name, unless it is a number: nobody can tell whether it is such a group.
    """
    user, group = _first(text["user"], text["uid"]), text["unix_group"]
    pseudonym = parse.by_function(user, reading.pseudonym)
    unix_group = pseudonym.zip_with((group == user).fill_null(False), group)
    untold = text["user"].is_null() & group.is_not_null() & ~group.str.contains(r"^\d+$").fill_null(True)
    if untold.any():
        unix_group = parse.by_function(group, reading.pseudonym).zip_with(untold, unix_group)
    names = {
        "cluster": text["cluster"],
        "queue": text["queue"],
        "partition": partitions(text["queue"], reading.machine),
        "qos": text["qos"],
        "account": text["account"],
        "unix_group": unix_group,
        "user_pseudonym": pseudonym,
        "state": parse.states(text["state"]),
        "exit_code": text["exit_code"],
    }
    return pl.DataFrame(names)


def _never_started(names: Collection[str]) -> pl.Expr:
    """Whether a job never held a node: pending, without a start, or given up while it waited.

    Slurm prints the moment of giving up as start and end. Without the column NodeList, which then says "None assigned",
    the state decides.
    """
    unplaced = pl.col("place text").fill_null(NOT_PLACED) == NOT_PLACED
    given_up = unplaced if "nodelist" in names else pl.col("state").is_in(GIVEN_UP_STATES).fill_null(False)
    no_time = (pl.col("started") == pl.col("ended")).fill_null(False) & (pl.col("elapsed_s").fill_null(0) == 0)
    never = (pl.col("state") == JobState.PENDING.value).fill_null(False) | pl.col("started").is_null() | (no_time & given_up)
    return never.alias("never_started")


def _as_it_ran(names: Collection[str]) -> list[pl.Expr]:
    """A job that never started has no start, no run time and no energy; one that has not ended has no end."""
    has_reading = parse.is_energy_reading(pl.col("joules")) & ~pl.col("never_started")
    never, is_open = pl.col("never_started"), pl.col("state").is_in(OPEN_STATES).fill_null(False)
    held_nothing = never & pl.lit("alloctres" in names)
    return [
        pl.when(~never).then("started").alias("started"),
        pl.when(~is_open).then("ended").alias("ended"),
        pl.when(never).then(0).otherwise("elapsed_s").alias("elapsed_s"),
        pl.when(has_reading).then(pl.col("joules") * KWH_PER_JOULE).alias("energy_logged_kwh"),
        pl.when(pl.col("time_limit_s") != 0).then("time_limit_s").alias("time_limit_s"),
        pl.when(held_nothing).then(pl.col("logged_gpus").fill_null(0)).otherwise("logged_gpus").alias("logged_gpus"),
    ]


def _in_units_of(machine: Machine) -> list[pl.Expr]:
    """Logged CPUs and GPUs as physical cores and billing GPUs, memory asked for by CPU or node as that of the job."""
    share = pl.when(pl.col("requested_per") == "cpu").then("cpus").when(pl.col("requested_per") == "node").then("nodes").otherwise(1)
    asked_mib = pl.col("requested_mib") * share
    per_cpu, per_gpu = of_partition(machine.cores_per_logged_cpu, 1.0), of_partition(machine.gpus_per_logged_gpu, 1.0)
    return [
        (pl.col("cpus") * per_cpu).alias("cores"),
        pl.coalesce("listed_mib", pl.when(asked_mib > 0).then(asked_mib)).alias("memory_mib"),
        (pl.col("requested_cpus") * per_cpu).alias("requested_cores"),
        (pl.col("logged_gpus") * per_gpu).alias("gpus"),
        (pl.col("requested_logged_gpus") * per_gpu).alias("requested_gpus"),
    ]


def _readable(zone: str, names: Collection[str]) -> list[Check]:
    """What must be readable: everything that is read."""
    no_id = pl.format("JobID is {}; expected a number such as 123, 123_7 or 12+0", checks.quoted("job_id text"))
    state = pl.format(f"State is {{}}; expected one of {', '.join(JobState)}", checks.quoted("state text"))
    no_state = pl.col("state").is_null() & (pl.col("state text").is_not_null() | pl.lit("state" in names))
    return [
        Check(reason=Reason.NO_JOB_ID, faulty=~(pl.col("job_id") > 0).fill_null(False), detail=no_id),
        Check(reason=Reason.UNKNOWN_STATE, faulty=no_state, detail=state),
        *(_readable_time(name, zone) for name in local_time.MOMENTS),
        *(_readable_number(text, value) for text, value in NUMBERS.items()),
        *(_readable_list(text) for text in ("allocated", "requested")),
    ]


def _readable_time(name: str, zone: str) -> Check:
    text = pl.col(f"{name} text")
    expected = f"; expected YYYY-MM-DDTHH:MM:SS, or seconds since 1970; in {zone} the clocks jump over one hour each spring"
    detail = pl.format(f"the time {name} is {{}}{expected}", checks.quoted(f"{name} text"))
    faulty = text.is_not_null() & pl.col(name).is_null() & ~text.is_in(local_time.MISSING_TIMES)
    return Check(reason=Reason.UNREADABLE_TIME, faulty=faulty, detail=detail)


def _readable_number(name: str, value: str) -> Check:
    text = pl.col(f"{name} text")
    faulty = text.is_not_null() & pl.col(value).is_null() & ~text.is_in(parse.MISSING_LIMITS)
    detail = pl.format(
        f"{name} is {{}}; expected {EXPECTED.get(name, 'a whole number; export with --noconvert')}", checks.quoted(f"{name} text")
    )
    return Check(reason=Reason.UNREADABLE_NUMBER, faulty=faulty, detail=detail)


def _readable_list(name: str) -> Check:
    detail = pl.format(f"{name} is {{}}; expected a list such as cpu=8,gres/gpu=2,mem=320G,node=1", checks.quoted(f"{name} text"))
    return Check(reason=Reason.UNREADABLE_NUMBER, faulty=~pl.col(f"{name}_is_list"), detail=detail)


def _complete(names: Collection[str]) -> list[Check]:
    """What no job can lack."""
    no_submit = pl.col("submitted").is_null() & (pl.col("started").is_null() | ("submit" in names))
    no_start = pl.col("started").is_null() & ((pl.col("elapsed_s") > 0) | pl.col("state").is_in(OPEN_STATES[1:]))
    no_end = pl.col("ended").is_null() & ~pl.col("never_started") & ~pl.col("state").is_in(MAY_HAVE_NO_END)
    ranged = pl.col("job_id text").str.contains("[", literal=True) & ~pl.col("never_started")
    kinds = (
        (Reason.NO_SUBMIT_TIME, no_submit, "Submit holds no time"),
        (Reason.NO_START_TIME, no_start, "Start holds no time, but its state or run time says that it started"),
        (Reason.NO_END_TIME, no_end, "End holds no time, but its state says that it ended"),
        (Reason.NO_RUN_TIME, pl.col("elapsed_s").is_null() & ~pl.col("never_started"), "it started, but Elapsed holds no time"),
        (Reason.ARRAY_RANGE_RAN, ranged, "it stands for several array tasks, which cannot run as one; how much they used is not known"),
    )
    return [Check(reason=reason, faulty=faulty, detail=pl.lit(detail)) for reason, faulty, detail in kinds]
