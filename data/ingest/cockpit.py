"""ClusterCockpit's job archive, one JSON record a line, with the energy that it measured."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from data.ingest import slurm_fields
from data.ingest.slurm_fields import BATCH, Records
from data.ingest.source import Chunk, Dialect, Reading, blocks
from data.terms import JobState
from data.units import JOULES_PER_KWH

NAMES = frozenset(
    {"jobid", "cluster", "partition", "account", "user", "start", "end", "elapsedraw", "timelimit", "state", "nnodes", "ncpus", "alloctres"}
    | {"consumedenergyraw"}
)
"""The fields of sacct that these records tell; the submission is often not among them."""

# fmt: off
OTHER_NAMES = {
    "jobId": "job_id", "subCluster": "subcluster", "partition": "cluster_partition", "user": "hpc_user", "startTime": "start_time",
    "submitTime": "submit_time", "numNodes": "num_nodes", "numHwthreads": "num_hwthreads", "numAcc": "num_acc", "jobState": "job_state",
    "arrayJobId": "array_job_id",
}
"""How the archive's own files spell what the database names."""
# fmt: on

OPEN = ("running", "pending", "suspended")

STATES = {"stopped": JobState.CANCELLED, "canceled": JobState.CANCELLED, "out-of-memory": JobState.OUT_OF_MEMORY}
"""States that ClusterCockpit calls otherwise than Slurm; a job that was stopped was ended by a person, as a cancelled one was."""

SHARED_NODES = "multi_user"


def is_job(record: object) -> bool:
    """Whether a value is a job of the archive."""
    if not isinstance(record, dict):
        return False
    names = {OTHER_NAMES.get(name, name) for name in record}
    return {"job_id", "start_time", "duration", "num_nodes", "job_state"} <= names


def chunks(path: Path, reading: Reading, dialect: Dialect) -> Iterator[Chunk]:
    """The jobs of an archive, some at a time.

    Raises:
        LogError: if the file cannot be read to its end.
    """
    records, bytes_read, shared = Records(), 0, 0
    zone = dialect.own_zone or reading.time_zone
    for block in blocks(path, reading.block_bytes):
        bytes_read = block.bytes_read
        for number, line in enumerate(block.text.split(b"\n")[:-1], block.first_line):
            shared += _add(records, line.decode(errors="replace"), number)
            if len(records) >= BATCH:
                yield slurm_fields.chunk(records, NAMES, reading, zone, bytes_read=bytes_read)
                records = Records()
    yield slurm_fields.chunk(records, NAMES, reading, zone, bytes_read=bytes_read, notes=_notes(shared))


def _add(records: Records, text: str, number: int) -> bool:
    """Add the job of a line, and say whether it shared its nodes."""
    if not text.strip():
        records.blank += 1
        return False
    try:
        job = json.loads(text)
        if is_job(job):
            job = {OTHER_NAMES.get(name, name): value for name, value in job.items()}
            records.add(number, fields_of(job))
            return bool(job.get("shared") == SHARED_NODES)
    except (json.JSONDecodeError, RecursionError, TypeError, ValueError, OverflowError):
        pass
    records.refuse(number, "the line is no job of ClusterCockpit in JSON; the file may be cut off here", text)
    return False


def fields_of(job: Mapping[str, Any]) -> dict[str, str]:
    """The fields of sacct that a job tells; a submission at 0 is not known, and an energy of 0 is none.

    >>> fields_of({"job_id": 7, "start_time": 100, "duration": 60, "num_nodes": 1, "job_state": "completed", "energy": 0.5})
    {'jobid': '7', 'start': '100', 'end': '160', 'elapsedraw': '60', 'state': 'COMPLETED', 'nnodes': '1', 'consumedenergyraw': '1800000.0'}
    """
    start, elapsed_s, is_open = int(job["start_time"]), int(job["duration"]), job["job_state"] in OPEN
    accelerators, energy_kwh = job.get("num_acc"), job.get("energy")
    told = {
        "jobid": job["job_id"],
        "cluster": job.get("cluster"),
        "partition": job.get("cluster_partition") or job.get("subcluster"),
        "account": job.get("project"),
        "user": job.get("hpc_user"),
        "submit": job.get("submit_time") or None,
        "start": start,
        "end": None if is_open else start + elapsed_s,
        "elapsedraw": elapsed_s,
        "timelimit": job.get("walltime") or None,
        "state": str(STATES.get(job["job_state"], job["job_state"])).upper(),
        "nnodes": job["num_nodes"],
        "ncpus": job.get("num_hwthreads"),
        "alloctres": None if accelerators is None else f"gres/gpu={accelerators}",
        "consumedenergyraw": None if energy_kwh is None else energy_kwh * JOULES_PER_KWH,
    }
    return {name: str(value) for name, value in told.items() if value is not None}


def _notes(shared: int) -> tuple[str, ...]:
    if not shared:
        return ()
    return (f"{shared:,} jobs shared their nodes: the energy of each may hold that of whole processor packages, its neighbours' included.",)
