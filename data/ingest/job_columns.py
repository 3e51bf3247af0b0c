"""What the columns of a table of jobs mean: known by name, guessed, or said by the reader."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from data.errors import InputError


class JobField(StrEnum):
    """What a column of a table of jobs can tell; the unit ends the name."""

    JOB_ID = "job_id"
    USER = "user"
    ACCOUNT = "account"
    GROUP = "group"
    PARTITION = "partition"
    QOS = "qos"
    STATE = "state"
    SUBMITTED = "submitted"
    ELIGIBLE = "eligible"
    STARTED = "started"
    ENDED = "ended"
    ELAPSED_S = "elapsed_s"
    ELAPSED_MS = "elapsed_ms"
    TIME_LIMIT_S = "time_limit_s"
    TIME_LIMIT_MINUTES = "time_limit_minutes"
    NODES = "nodes"
    CORES = "cores"
    GPUS = "gpus"
    REQUESTED_NODES = "requested_nodes"
    REQUESTED_CORES = "requested_cores"
    REQUESTED_GPUS = "requested_gpus"
    ENERGY_J = "energy_j"
    ENERGY_KWH = "energy_kwh"


NAMED: Mapping[JobField, tuple[str, ...]] = {
    JobField.JOB_ID: ("job_id", "jobid", "job_number", "id_job"),
    JobField.USER: ("user", "user_id", "userid", "username", "user_name", "uid"),
    JobField.ACCOUNT: ("account", "project", "project_id", "account_name"),
    JobField.GROUP: ("group", "group_id", "unix_group", "gid"),
    JobField.PARTITION: ("partition", "queue", "partition_name", "queue_name"),
    JobField.QOS: ("qos",),
    JobField.STATE: ("state", "job_state", "jobstate"),
    JobField.SUBMITTED: ("submit_time", "submitted", "submit", "submission_time", "time_submit", "submittime"),
    JobField.ELIGIBLE: ("eligible_time", "eligible", "time_eligible"),
    JobField.STARTED: ("start_time", "started", "start", "time_start", "starttime"),
    JobField.ENDED: ("end_time", "ended", "end", "time_end", "endtime", "finish_time"),
    JobField.ELAPSED_S: ("elapsed_s", "run_time", "runtime", "elapsed", "elapsed_seconds", "run_time_s", "duration_s", "duration"),
    JobField.ELAPSED_MS: ("elapsed_ms", "duration_ms", "runtime_ms"),
    JobField.TIME_LIMIT_S: ("time_limit_s", "wallclock_req", "walltime_req_s", "walltime_s"),
    JobField.TIME_LIMIT_MINUTES: ("time_limit_minutes", "time_limit_min"),
    JobField.NODES: ("nodes_alloc", "num_nodes_alloc", "nodes_used", "alloc_nodes", "num_nodes", "nnodes", "node_count", "nodes"),
    JobField.CORES: (
        "cores_alloc",
        "num_cores_alloc",
        "cores_used",
        "cores_allocated",
        "num_cores",
        "ncores",
        "ncpus",
        "core_count",
        "cores",
    ),
    JobField.GPUS: ("gpus_alloc", "num_gpus_alloc", "gpus_used", "num_gpus", "ngpus", "gpu_count", "gpus"),
    JobField.REQUESTED_NODES: ("nodes_req", "num_nodes_req", "requested_nodes", "nodes_requested"),
    JobField.REQUESTED_CORES: ("processors_req", "cores_req", "num_cores_req", "cpus_req", "requested_cores"),
    JobField.REQUESTED_GPUS: ("gpus_req", "num_gpus_req", "requested_gpus", "gpus_requested"),
    JobField.ENERGY_J: ("energy_j", "energy_joules", "consumed_energy_j"),
    JobField.ENERGY_KWH: ("energy_kwh",),
}
"""Names by which a column is guessed, the best first. A name without unit, such as energy or time_limit, tells nothing."""

OPENDC = frozenset({"id", "submission_time", "duration", "cpu_count", "cpu_capacity"})
"""The columns of OpenDC's workload traces, such as that of SURF's Lisa: whole nodes, milliseconds, no starts."""

OPENDC_MAPPING = {
    JobField.JOB_ID: "id",
    JobField.STARTED: "submission_time",
    JobField.ELAPSED_MS: "duration",
    JobField.CORES: "cpu_count",
}

PM100 = frozenset({"job_id", "run_time", "time_limit", "num_cores_alloc", "num_nodes_alloc", "num_gpus_alloc"})
"""The columns by which PM100, the trace of CINECA's Marconi100, is known; its time limits are in minutes."""

OPENDC_NOTE = (
    "The table tells when jobs were handed in, but not when they started: each is taken to have started at once, so no waits are shown, "
    "and its hours may stand somewhat too early."
)

SIZES = (JobField.NODES, JobField.CORES)


def mapping_of(columns: Sequence[str], corrections: Sequence[str] = ()) -> dict[JobField, str]:
    """Which column tells what.

    Args:
        columns: the names of the table's columns.
        corrections: what the reader says, as `field=column`; `field=` says that no column tells it.

    Raises:
        InputError: if a correction names a field or a column that does not exist.

    >>> mapping_of(["id", "job_id", "start_time", "cpus"], ["cores=cpus"])
    {<JobField.JOB_ID: 'job_id'>: 'job_id', <JobField.STARTED: 'started'>: 'start_time', <JobField.CORES: 'cores'>: 'cpus'}
    """
    found = _guessed(columns)
    for correction in (part.strip() for text in corrections for part in text.split(",") if part.strip()):
        name, _, column = (part.strip() for part in correction.partition("="))
        if name not in set(JobField):
            raise InputError(f"the mapping {correction!r} names no field; expected field=column with one of {', '.join(JobField)}.")
        if column and column not in columns:
            raise InputError(f"the mapping {correction!r} names no column; the table has {', '.join(columns)}.")
        found.pop(JobField(name), None)
        found |= {JobField(name): column} if column else {}
    return found


def lacking(mapping: Mapping[JobField, str]) -> list[str]:
    """What a table must tell and does not, as words.

    >>> lacking({JobField.JOB_ID: "id", JobField.STARTED: "start", JobField.ENDED: "end", JobField.NODES: "n"})
    []
    """
    elapsed = (JobField.ENDED, JobField.ELAPSED_S, JobField.ELAPSED_MS)
    needs = {"job_id": (JobField.JOB_ID,), "started": (JobField.STARTED,), "ended or elapsed_s": elapsed, "nodes or cores": SIZES}
    return [words for words, any_of in needs.items() if not any(name in mapping for name in any_of)]


def notes(columns: Sequence[str], mapping: Mapping[JobField, str], corrections: Sequence[str] = ()) -> tuple[str, ...]:
    """What a reader must know of how the columns were understood."""
    told = ", ".join(f"{name}={column}" for name, column in mapping.items())
    found = [f"Columns were read as {told}; correct them with --mapping field=column."]
    asked = [f"{size} as {mapping[size]}" for size in (*SIZES, JobField.GPUS) if size in mapping and _is_request(mapping[size])]
    if asked and not corrections:
        found.append(f"The table tells {' and '.join(asked)}, which is what jobs asked for; what they were given is taken to be the same.")
    if JobField.CORES not in mapping and JobField.REQUESTED_CORES in mapping:
        asked_cores = mapping[JobField.REQUESTED_CORES]
        found.append(
            f"How many cores the jobs were given is not known: {asked_cores} tells what they asked for, which on whole nodes is less. "
            f"If it is what they had, say --mapping cores={asked_cores}."
        )
    if set(columns) >= OPENDC and mapping.get(JobField.STARTED) == "submission_time":
        found.append(OPENDC_NOTE)
    return tuple(found)


def _guessed(columns: Sequence[str]) -> dict[JobField, str]:
    if set(columns) >= OPENDC and "start_time" not in columns:
        return dict(OPENDC_MAPPING)
    plain = {re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_"): column for column in reversed(columns)}
    found = {field: plain[name] for field, any_of in NAMED.items() if (name := next((n for n in any_of if n in plain), None)) is not None}
    if set(columns) >= PM100:
        found[JobField.TIME_LIMIT_MINUTES] = "time_limit"
    if found.get(JobField.ELAPSED_S) == plain.get("duration") and JobField.ENDED not in found:
        found.pop(JobField.ELAPSED_S, None)
    for given, asked in ((JobField.NODES, JobField.REQUESTED_NODES), (JobField.GPUS, JobField.REQUESTED_GPUS)):
        if given not in found and asked in found:
            found[given] = found[asked]
    return found


def _is_request(column: str) -> bool:
    return "req" in column.lower()
