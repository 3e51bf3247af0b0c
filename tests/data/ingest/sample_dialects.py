"""One invented job, 2 h on 2 nodes at 1 kW each, as other dialects tell it."""

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

SUBMIT, START, END = 1_772_355_600, 1_772_359_200, 1_772_366_400
"""10:00, 11:00 and 13:00 of 1 March 2026 in Ljubljana."""


def tres(**counts: int) -> list[dict[str, Any]]:
    """A list of trackable resources as JSON gives it; `gres_gpu_a100` is gres/gpu:a100."""
    found = []
    for number, (name, count) in enumerate(counts.items(), 1):
        kind, _, rest = name.partition("_")
        found.append({"type": kind, "name": rest.replace("_", ":"), "id": number, "count": count})
    return found


def number(value: int | None, *, infinite: bool = False) -> dict[str, Any]:
    """A number as data parsers from v0.0.39 on wrap it."""
    return {"set": value is not None, "infinite": infinite, "number": value or 0}


def json_job(*, version: int = 44, time: Mapping[str, Any] = {}, **members: Any) -> dict[str, Any]:
    """A job as `sacct --json` tells it with this version of the data parser."""
    wrapped = number if version > 38 else lambda value: 0xFFFFFFFF if value is None else value
    code: Any = {"status": "SUCCESS", "return_code": 0}
    if version > 39:
        code = {"status": ["SUCCESS"], "return_code": number(0), "signal": {"id": number(None), "name": ""}}
    moments = {
        "submission": SUBMIT,
        "eligible": SUBMIT,
        "start": START,
        "end": END,
        "elapsed": 7200,
        "suspended": 0,
        "limit": wrapped(1440),
    }
    return {
        "job_id": 123,
        "array": {"job_id": 0, "task_id": wrapped(None) if version > 38 else None, "task": ""},
        "het": {"job_id": 0, "job_offset": wrapped(None) if version > 38 else None},
        "name": "train",
        "user": "alice",
        "group": "physics",
        "account": "project_1",
        "association": {"account": "project_1", "cluster": "vega", "partition": "", "user": "alice", "id": 7},
        "cluster": "vega",
        "partition": "gpu",
        "qos": "normal",
        "nodes": "gn[01-02]",
        "allocation_nodes": 2,
        "required": {"CPUs": 128},
        "exit_code": code,
        "state": {"current": ["COMPLETED"] if version > 39 else "COMPLETED", "reason": "None"},
        "time": moments | dict(time),
        "steps": [],
        "tres": {
            "allocated": tres(cpu=256, mem=512_000, energy=14_400_000, node=2, gres_gpu=8, gres_gpu_a100=8),
            "requested": tres(cpu=128, mem=512_000, node=2, gres_gpu=8),
        },
    } | members


def json_log(*jobs: Any, version: int = 44, meta_first: bool = False, **members: Any) -> str:
    """What `sacct --json` prints."""
    plugin = {"data_parser": f"data_parser/v0.0.{version}"} if version > 38 else {"type": f"openapi/dbv0.0.{version}"}
    meta = {"meta": {"plugin": plugin, "slurm": {"release": "25.11.0", "cluster": "vega"}}}
    held = meta | {"jobs": list(jobs)} if meta_first else {"jobs": list(jobs)} | meta
    return json.dumps(held | {"errors": [], "warnings": []} | members, indent=1)


def ndjson_record(**fields: str) -> dict[str, str]:
    """A job in fields of sacct, those that are empty left out."""
    job = {
        "JobID": "123",
        "User": "alice",
        "Account": "project_1",
        "State": "COMPLETED",
        "Submit": "2026-03-01T10:00:00+01:00",
        "Start": "2026-03-01T11:00:00+01:00",
        "End": "2026-03-01T13:00:00+01:00",
        "ElapsedRaw": "7200",
        "ReqCPUS": "128",
        "TimelimitRaw": "1440",
        "NodeList": "gn[01-02]",
        "Partition": "gpu",
        "AllocTRES": "billing=256,cpu=256,energy=14400000,gres/gpu:a100=8,gres/gpu=8,mem=500G,node=2",
        "JobName": "train",
    } | fields
    return {name: value for name, value in job.items() if value}


def ndjson_line(**fields: str) -> str:
    """The line of such a job."""
    return json.dumps(ndjson_record(**fields)) + "\n"


DB_ROW = {
    "id_job": "123",
    "id_array_job": "0",
    "id_array_task": "4294967294",
    "id_user": "1001",
    "account": "project_1",
    "partition": "gpu",
    "state": "3",
    "timelimit": "1440",
    "time_submit": str(SUBMIT),
    "time_eligible": str(SUBMIT),
    "time_start": str(START),
    "time_end": str(END),
    "time_suspended": "0",
    "nodes_alloc": "2",
    "cpus_req": "128",
    "exit_code": "0",
    "mem_req": "9.22337e+18",
    "tres_alloc": "1=256,2=512000,3=14400000,4=2,5=256",
    "tres_req": "1=128,2=512000,4=2",
}


def db_table(*rows: Mapping[str, str], separator: str = ",") -> str:
    """A dump of slurmdbd's job table."""
    return _csv(DB_ROW, rows, separator)


TABLE_ROW = {
    "job_id": "123",
    "user": "alice",
    "account": "project_1",
    "partition": "gpu",
    "submit_time": "2026-03-01 10:00:00",
    "start_time": "2026-03-01 11:00:00",
    "end_time": "2026-03-01 13:00:00",
    "run_time": "7200.0",
    "state": "COMPLETED",
    "num_nodes": "2",
    "num_cores": "256",
    "num_gpus": "8",
    "energy_j": "14400000",
    "name": "train, then test",
}


def table(*rows: Mapping[str, str], separator: str = ",") -> str:
    """A table of jobs."""
    return _csv(TABLE_ROW, rows, separator)


def _csv(job: Mapping[str, str], rows: tuple[Mapping[str, str], ...], separator: str) -> str:
    names = list(dict.fromkeys([*job, *(name for row in rows for name in row)]))
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([{**job, **row}.get(name, "") for name in names] for row in rows)
    return text.getvalue()


def cockpit_line(**members: Any) -> str:
    """A job of ClusterCockpit's archive."""
    job = {
        "job_id": 123,
        "cluster": "vega",
        "cluster_partition": "gpu",
        "project": "project_1",
        "hpc_user": "alice",
        "submit_time": SUBMIT,
        "start_time": START,
        "duration": 7200,
        "walltime": 86_400,
        "job_state": "completed",
        "num_nodes": 2,
        "num_hwthreads": 256,
        "num_acc": 8,
        "shared": "none",
        "energy": 4.0,
    }
    return json.dumps(job | members) + "\n"
