"""Slurm's accounting as `sacct --json` prints it and slurmrestd hands it out under /slurmdb/…/jobs, of all versions so far."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from data.errors import LogError
from data.ingest import slurm_fields
from data.ingest.json_stream import JsonStream
from data.ingest.slurm_fields import BATCH, Records
from data.ingest.source import HEAD_BYTES, Chunk, Dialect, Reading, head, pieces
from data.terms import JobState

FIRST_VERSION, LAST_VERSION = 37, 46
"""The versions of Slurm's data parser, v0.0.37 of 21.08 to v0.0.46 of 26.05, whose output is understood."""

VERSION = re.compile(rb"(?:data_parser/v|openapi/(?:db)?v)0\.0\.(\d+)")

ASKED_FOR_GPUS = re.compile(r"--gpus|-G ?\d|--gres[= ]\S*gpu|gpu:|gres[:/]gpu")
"""How a job asks for GPUs on its command line, or Slurm notes that it used some."""

NOT_SET = (4_294_967_294, 4_294_967_295, 18_446_744_073_709_551_614, 18_446_744_073_709_551_615)
"""NO_VAL and INFINITE, as versions before v0.0.39 print what is not set."""

# fmt: off
NAMES = frozenset({
    "jobid", "jobidraw", "cluster", "partition", "qos", "account", "group", "user", "submit", "eligible", "start", "end", "elapsedraw",
    "suspended", "timelimitraw", "state", "exitcode", "nnodes", "reqcpus", "reqtres", "alloctres", "restarts", "nodelist",
})
"""The fields of sacct that these records tell."""
# fmt: on


def is_job(record: object) -> bool:
    """Whether a value is a job as slurmdbd tells it; those of squeue and scontrol have no `time`."""
    return isinstance(record, dict) and isinstance(record.get("time"), dict) and "submission" in record["time"] and "job_id" in record


def chunks(path: Path, reading: Reading, dialect: Dialect) -> Iterator[Chunk]:
    """The jobs of a file, some at a time; each job and each step counts as one line, in their order.

    Raises:
        LogError: if the file is no whole JSON, or has no list of jobs.
    """
    stream, records, number, untold, untold_before = JsonStream(path), Records(), 1, list[int](), 0
    zone, notes = dialect.own_zone or reading.time_zone, _version_notes(path)
    for job in _jobs(stream):
        number = _add(records, job, number, untold)
        if len(records) >= BATCH:
            yield _without_untold_gpus(slurm_fields.chunk(records, NAMES, reading, zone, bytes_read=stream.bytes_read), untold)
            records, untold, untold_before = Records(), [], untold_before + len(untold)
    last = slurm_fields.chunk(records, NAMES, reading, zone, bytes_read=stream.bytes_read)
    yield replace(_without_untold_gpus(last, untold), notes=(*notes, *_gpu_notes(untold_before + len(untold))))


def _jobs(stream: JsonStream) -> Iterator[Any]:
    told = False
    for key in stream.members():
        if key == "jobs" and stream.next_sign() == "[":
            told = True
            yield from stream.items()
        elif key == "errors" and (errors := stream.value()):
            raise LogError(f"{stream.path} tells that Slurm could not give all jobs ({str(errors)[:200]}); export it again.")
        elif key != "errors":
            stream.value()
    if not told:
        raise LogError(f"{stream.path} has no list named 'jobs'; export it again with sacct --json.")


def _add(records: Records, job: Any, number: int, untold: list[int]) -> int:
    """The number of the next record, after adding a job with its steps; `untold` gets its number if its GPUs are not known."""
    steps = job.get("steps") if isinstance(job, dict) else None
    inner = len(steps) if isinstance(steps, list) else 0
    records.steps += inner
    if is_job(job):
        try:
            fields = fields_of(job)
            records.add(number, fields)
            untold += [number] if asked_for_untold_gpus(job, fields.get("alloctres", "")) else []
        except (TypeError, ValueError, AttributeError, KeyError, OverflowError):
            records.refuse(number, "a field of this job has another form than sacct --json gives it", str(job.get("job_id")))
    else:
        records.refuse(number, "this is no job as slurmdbd tells it: it has no job_id, or no time of submission", "")
    return number + 1 + inner


def fields_of(job: Mapping[str, Any]) -> dict[str, str]:
    """The fields of sacct that a job tells, as sacct would print them.

    >>> job = {"job_id": 12, "time": {"submission": 1, "limit": {"set": False, "number": 0}}, "state": {"current": ["CANCELLED"]}}
    >>> fields_of(job)
    {'jobidraw': '12', 'jobid': '12', 'submit': '1', 'state': 'CANCELLED'}
    """
    time, tres, association = job["time"], job.get("tres") or {}, job.get("association") or {}
    told = {
        "jobidraw": int(job["job_id"]),
        "jobid": _identity(job),
        "cluster": job.get("cluster") or association.get("cluster"),
        "partition": job.get("partition"),
        "qos": job.get("qos"),
        "account": job.get("account") or association.get("account"),
        "group": job.get("group"),
        "user": job.get("user") or association.get("user"),
        "submit": number(time.get("submission")),
        "eligible": number(time.get("eligible")),
        "start": number(time.get("start")),
        "end": number(time.get("end")),
        "elapsedraw": number(time.get("elapsed")),
        "suspended": number(time.get("suspended")),
        "timelimitraw": number(time.get("limit")),
        "state": _state(job),
        "exitcode": _exit_code(job.get("exit_code")),
        "nnodes": number(job.get("allocation_nodes")),
        "reqcpus": number((job.get("required") or {}).get("CPUs")),
        "reqtres": _resources(tres.get("requested")),
        "alloctres": _resources(tres.get("allocated")),
        "restarts": number(job.get("restart_cnt")),
        "nodelist": job.get("nodes"),
    }
    return {name: str(value) for name, value in told.items() if value not in (None, "")}


def asked_for_untold_gpus(job: Mapping[str, Any], allocated: str) -> bool:
    """Whether a job asked for GPUs, was given resources, and no GPU is among them: then the site does not track GPUs.

    >>> asked_for_untold_gpus({"submit_line": "sbatch --gpus 4 job.sh"}, "cpu=8"), asked_for_untold_gpus({}, "cpu=8")
    (True, False)
    """
    asked = f"{job.get('submit_line')} {job.get('used_gres')}"
    return bool(allocated) and "gres/gpu" not in allocated and ASKED_FOR_GPUS.search(asked) is not None


def number(value: Any) -> int | float | str | None:
    """A number, plain or as versions from v0.0.39 on wrap it; nothing where it is not set or infinite.

    >>> number({"set": True, "infinite": False, "number": 60}), number({"set": False, "number": 0}), number(4294967295), number(7)
    (60, None, None, 7)
    """
    if isinstance(value, dict):
        value = value.get("number") if value.get("set") and not value.get("infinite") else None
    if isinstance(value, float) and value.is_integer() and value < NOT_SET[-1]:
        value = int(value)
    return None if value in NOT_SET else value


def _identity(job: Mapping[str, Any]) -> str:
    """The number of a job as sacct prints it: 12, 12_7 for an array task, 12_[1-3] for a waiting array, 12+1 for a component."""
    array, het = job.get("array") or {}, job.get("het") or {}
    if array.get("job_id"):
        task, waiting = number(array.get("task_id")), array.get("task")
        if task is not None and not waiting:
            return f"{int(array['job_id'])}_{task}"
        if waiting:
            return f"{int(array['job_id'])}_[{waiting}]"
    if het.get("job_id"):
        return f"{int(het['job_id'])}+{number(het.get('job_offset')) or 0}"
    return str(int(job["job_id"]))


def _state(job: Mapping[str, Any]) -> str | None:
    """The state: a word, or, from v0.0.40 on, a list of it and of flags such as COMPLETING."""
    state = job.get("state") or {}
    current = state.get("current") if isinstance(state, dict) else state
    if not isinstance(current, list):
        return current
    return next((word for word in current if word in JobState.__members__), " ".join(current))


def _exit_code(code: Any) -> str | None:
    if not isinstance(code, dict):
        return None
    returned, signal = number(code.get("return_code")), code.get("signal") or {}
    sent = number(signal.get("id", signal.get("signal_id"))) or 0
    return None if returned is None else f"{returned}:{sent}"


def _resources(tres: Any) -> str:
    """A list of trackable resources as sacct prints it."""
    counts = ((entry, number(entry.get("count"))) for entry in tres or [])
    return ",".join(f"{_name(entry)}={count}" for entry, count in counts if count is not None)


def _name(entry: Mapping[str, Any]) -> str:
    return "/".join(part for part in (entry.get("type"), entry.get("name")) if part)


def _without_untold_gpus(chunk: Chunk, lines: list[int]) -> Chunk:
    """The chunk with GPUs that are not known instead of none, on these lines."""
    if not lines:
        return chunk
    gpus = pl.when(~pl.col("line").is_in(lines)).then("gpus").alias("gpus")
    return replace(chunk, jobs=chunk.jobs.with_columns(gpus))


def _gpu_notes(untold: int) -> tuple[str, ...]:
    if not untold:
        return ()
    return (
        f"{untold:,} jobs asked for GPUs when they were submitted, but Slurm's lists of what they were given name none: "
        "how many they had is not known. Add gres/gpu to AccountingStorageTRES in slurm.conf.",
    )


def _version_notes(path: Path) -> tuple[str, ...]:
    """What is to be said of the version of the data parser, which stands at the beginning or at the end of a file."""
    found = VERSION.search(head(path)) or VERSION.search(_tail(path))
    if found is None:
        return ("The file does not say which version of Slurm's data parser wrote it; it was read by its form.",)
    if not FIRST_VERSION <= int(found[1]) <= LAST_VERSION:
        known = f"v0.0.{FIRST_VERSION} to v0.0.{LAST_VERSION}"
        return (f"Slurm's data parser v0.0.{int(found[1])} wrote the file; {known} are known. Compare some jobs with sacct.",)
    return ()


def _tail(path: Path) -> bytes:
    last = b""
    for piece, _ in pieces(path, 1 << 20):
        last = (last + piece)[-HEAD_BYTES:]
    return last
