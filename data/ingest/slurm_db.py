"""A dump of the job table of Slurm's database: states and trackable resources as numbers, times as seconds since 1970."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from data.errors import InputError, LogError
from data.ingest import csv_lines, slurm_fields
from data.ingest.csv_lines import Record
from data.ingest.slurm_fields import BATCH, Records
from data.ingest.source import Chunk, Dialect, Reading, first_line
from data.terms import JobState
from data.units import SECONDS_PER_MINUTE

NEEDED = ("id_job", "state", "time_submit", "time_start", "time_end", "tres_alloc")
"""Columns without which no machine time can be told."""

# fmt: off
NAMES = frozenset({
    "jobid", "jobidraw", "partition", "qos", "account", "group", "uid", "submit", "eligible", "start", "end", "elapsedraw", "suspended",
    "timelimitraw", "state", "exitcode", "nnodes", "reqcpus", "reqtres", "alloctres", "restarts",
})
"""The fields of sacct that the table tells."""

STATES: dict[str, str] = {
    "0": JobState.PENDING, "1": JobState.RUNNING, "2": JobState.SUSPENDED, "3": JobState.COMPLETED, "4": JobState.CANCELLED,
    "5": JobState.FAILED, "6": JobState.TIMEOUT, "7": JobState.NODE_FAIL, "8": JobState.PREEMPTED, "9": JobState.BOOT_FAIL,
    "10": JobState.DEADLINE, "11": JobState.OUT_OF_MEMORY,
}
"""The states of a job by Slurm's numbers."""

STATE_BITS, STATE_FLAGS = 0xFF, {0x400: JobState.REQUEUED, 0x2000: JobState.RESIZING, 0x80000: JobState.REVOKED}
"""A state has its number in the lowest byte; these flags above it say more than the number, others (such as completing) do not."""

NOT_ENDED = (JobState.RUNNING, JobState.SUSPENDED)
# fmt: on

TRES = {"1": "cpu", "2": "mem", "3": "energy", "4": "node", "5": "billing", "6": "fs/disk", "7": "vmem", "8": "pages"}
"""The trackable resources whose numbers are the same everywhere."""

FIRST_OF_SITE = 1001
"""Resources from this number on are the site's own: GPUs, licences, file systems."""

NOT_SET = frozenset({"4294967294", "4294967295", "18446744073709551614", "18446744073709551615", "NULL", r"\N", ""})

LONGEST_TIME = 12
"""Digits of the longest number of seconds that is a time."""

WAS_WHOLE = re.compile(r"-?\d+\.0+")


def is_header(line: str) -> bool:
    """Whether a line names columns of slurmdbd's job table.

    >>> is_header("id_job,state,time_submit,time_start,time_end,tres_alloc"), is_header("job_id,state")
    (True, False)
    """
    separator = csv_lines.separator_of(line)
    return separator is not None and {"id_job", "time_start", "time_end"} <= set(_names(line, separator))


def chunks(path: Path, reading: Reading, dialect: Dialect) -> Iterator[Chunk]:
    """The jobs of a table, some at a time.

    Raises:
        LogError: if a column is missing, or resources of the site occur and it is not said which of them are GPUs.
    """
    header = first_line(path)
    separator = csv_lines.separator_of(header) or ","
    names = _names(header, separator)
    if lacking := [name for name in NEEDED if name not in names]:
        raise LogError(f"{path} lacks the column {', '.join(lacking)} of slurmdbd's job table; dump it again with all columns.")
    zone, records, running, bytes_read = dialect.own_zone or reading.time_zone, Records(), Running(), 0
    for record in csv_lines.records(path, separator, len(names), reading.block_bytes):
        _add(records, record, names, reading.gpu_tres, path, running)
        bytes_read = record.bytes_read
        if len(records) >= BATCH:
            yield slurm_fields.chunk(records, NAMES, reading, zone, bytes_read=bytes_read)
            records = Records()
    for line, row in running.rows:
        records.add(line, fields_of(row | running.times_of(row), reading.gpu_tres))
    yield slurm_fields.chunk(records, NAMES, reading, zone, bytes_read=bytes_read, notes=_notes(reading))


@dataclass(slots=True)
class Running:
    """The jobs of a table that had not ended; how long they ran is told by the latest moment that the whole table tells."""

    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    """Line and cells of each."""
    latest: int = 0
    """The latest moment of the table, in seconds since 1970."""

    def see(self, row: Mapping[str, str]) -> None:
        """Take note of the moments of a job."""
        self.latest = max(self.latest, *(_seconds(row.get(name)) for name in ("time_submit", "time_start", "time_end")))

    def times_of(self, row: Mapping[str, str]) -> dict[str, str]:
        """Run time and suspension of a job that had not ended.

        The table does not say when it was dumped, so a job is taken to have run until the latest moment told, and not beyond its
        time limit: what a job that the database forgot to end would gain by is not invented. For a suspended job, the column of
        suspension holds the moment when that began.

        >>> Running(latest=1_000).times_of({"time_start": "100", "timelimit": "60", "time_suspended": "50", "state": "1"})
        {'elapsed': '850', 'time_suspended': '50'}
        >>> Running(latest=1_000).times_of({"time_start": "100", "timelimit": "5", "time_suspended": "700", "state": "2"})
        {'elapsed': '300', 'time_suspended': '300'}
        """
        start, suspended_s = _seconds(row.get("time_start")), _seconds(row.get("time_suspended"))
        if row.get("state") == "2" and suspended_s >= start:
            suspended_s = self.latest - suspended_s
        elapsed_s = max(self.latest - start - suspended_s, 0) if start else 0
        if limit := _seconds(row.get("timelimit")):
            elapsed_s = min(elapsed_s, limit * SECONDS_PER_MINUTE)
        return {"elapsed": str(elapsed_s), "time_suspended": str(suspended_s)}


def gpu_tres_named(numbers: str) -> tuple[int, ...]:
    """The site's own numbers of trackable resources that are GPUs, as a person lists them; 0 says that none is.

    Raises:
        InputError: if they are no numbers.

    >>> gpu_tres_named("1001, 1002")
    (1001, 1002)
    """
    parts = [part.strip() for part in numbers.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise InputError(
            f"the GPUs' resources are {numbers!r}; expected numbers such as 1001,1002 as 'sacctmgr show tres' lists them, or 0 for none."
        )
    return tuple(int(part) for part in parts)


def state_of(number: str) -> str:
    """The state that a number means, the number itself where it means none.

    >>> state_of("3"), state_of("1024"), state_of("32769"), state_of("99")
    ('COMPLETED', 'REQUEUED', 'RUNNING', '99')
    """
    if not number.isdecimal():
        return number
    flagged = next((state.value for flag, state in STATE_FLAGS.items() if int(number) & flag), None)
    return flagged or str(STATES.get(str(int(number) & STATE_BITS), number))


def _seconds(text: str | None) -> int:
    """A count of seconds or minutes, 0 where the table tells none."""
    return int(text) if text and text.isdecimal() and len(text) <= LONGEST_TIME else 0


def _names(line: str, separator: str) -> list[str]:
    return [name.lower() for name in csv_lines.rows_of(line, separator)[0]]


def _add(records: Records, record: Record, names: list[str], gpu_tres: tuple[int, ...], path: Path, running: Running) -> None:
    records.continued += record.lines - 1
    if not record.cells:
        records.blank += 1
    elif [cell.lower() for cell in record.cells] == names:
        records.header += 1
    elif len(record.cells) != len(names):
        records.refuse(record.line, f"it has {len(record.cells)} fields, but {len(names)} were expected", record.raw)
    else:
        row = {name: plain(cell) for name, cell in zip(names, record.cells, strict=True)}
        _must_know_gpus(row, gpu_tres, path, record.line)
        running.see(row)
        if state_of(row["state"]) in NOT_ENDED and row["time_end"] in ("", "0"):
            running.rows.append((record.line, row))
        else:
            records.add(record.line, fields_of(row, gpu_tres))


def _must_know_gpus(row: Mapping[str, str], gpu_tres: tuple[int, ...], path: Path, line: int) -> None:
    own = [] if gpu_tres else [number for number in _numbers(row.get("tres_alloc", "")) if number >= FIRST_OF_SITE]
    if own:
        named = ", ".join(map(str, own))
        raise LogError(
            f"line {line:,} of {path} has the trackable resources {named}, numbers that the site gave to GPUs, licences and the like. "
            "Say which of them count GPUs: --gpu-tres NUMBER, or --gpu-tres 0 if none does. 'sacctmgr show tres' lists them; "
            "name gres/gpu alone, for types such as gres/gpu:a100 repeat it. Nothing is assumed, lest GPU-hours be wrong."
        )


def _numbers(tres: str) -> list[int]:
    return [int(number) for number in re.findall(r"(?:^|,)(\d{1,9})=", tres)]


def plain(cell: str) -> str:
    """A cell as the database holds it: whole numbers that were written with a point are whole again, and what is not set is empty.

    >>> plain("16051200000000.0"), plain("4294967295"), plain("NULL"), plain("normal")
    ('16051200000000', '', '', 'normal')
    """
    text = cell.partition(".")[0] if WAS_WHOLE.fullmatch(cell) else cell
    return "" if text in NOT_SET else text


def fields_of(row: Mapping[str, str], gpu_tres: tuple[int, ...]) -> dict[str, str]:
    """The fields of sacct that a row tells, as sacct would print them.

    >>> row = {"id_job": "9", "state": "3", "time_submit": "1", "time_start": "10", "time_end": "70", "tres_alloc": "1=8,1002=2"}
    >>> found = fields_of(row, (1002,))
    >>> found["state"], found["elapsedraw"], found["alloctres"]
    ('COMPLETED', '60', 'cpu=8,gres/gpu=2')
    """
    told = {
        "jobidraw": row["id_job"],
        "jobid": _identity(row),
        "partition": row.get("partition"),
        "qos": row.get("qos") or row.get("id_qos"),
        "account": row.get("account"),
        "group": row.get("id_group"),
        "uid": row.get("id_user"),
        "submit": row["time_submit"],
        "eligible": row.get("time_eligible"),
        "start": row["time_start"],
        "end": row["time_end"],
        "elapsedraw": _elapsed(row),
        "suspended": row.get("time_suspended"),
        "timelimitraw": row.get("timelimit"),
        "state": state_of(row["state"]),
        "exitcode": _exit_code(row.get("exit_code", "")),
        "nnodes": row.get("nodes_alloc"),
        "reqcpus": row.get("cpus_req"),
        "reqtres": named_resources(row.get("tres_req", ""), gpu_tres),
        "alloctres": named_resources(row["tres_alloc"], gpu_tres),
        "restarts": row.get("restart_cnt"),
    }
    return {name: value for name, value in told.items() if value}


def named_resources(tres: str, gpu_tres: tuple[int, ...]) -> str:
    """A list of trackable resources by number as a list by name; resources that are not known are left out.

    >>> named_resources("1=20,2=170000,4=1,5=20,1001=3,1002=2", (1002,))
    'cpu=20,mem=170000,node=1,billing=20,gres/gpu=2'
    """
    entries = [entry.partition("=")[::2] for entry in tres.split(",") if entry]
    counts = [count for number, count in entries if number.isdecimal() and int(number) in gpu_tres]
    gpus = [f"gres/gpu={sum(map(int, counts))}"] if counts and all(count.isdecimal() for count in counts) else []
    return ",".join([*(f"{TRES[number]}={count}" for number, count in entries if number in TRES), *gpus])


def _identity(row: Mapping[str, str]) -> str:
    """The number of a job as sacct prints it: 12, 12_7 for an array task, 12_[1-3] for the rest of an array that waits."""
    array, task, waiting = (row.get(name, "") for name in ("id_array_job", "id_array_task", "array_task_str"))
    if array in ("", "0") or not (task or waiting):
        return row["id_job"]
    return f"{array}_{task}" if task else f"{array}_[{_listed(waiting)}]"


def _listed(waiting: str) -> str:
    """Array tasks as a list; the database has them as a mask of bits, 0x16 for tasks 1, 2 and 4.

    >>> _listed("0x16%2"), _listed("1-3,7")
    ('1,2,4', '1-3,7')
    """
    mask, _, _ = waiting.partition("%")
    if not re.fullmatch(r"0x[0-9A-Fa-f]{1,1000000}", mask):
        return mask
    bits = int(mask, 16)
    return ",".join(str(place) for place in range(bits.bit_length()) if bits >> place & 1)


def _elapsed(row: Mapping[str, str]) -> str:
    """Seconds from start to end without those of suspension, as sacct counts them; for a job that has not ended, see `Running`."""
    if "elapsed" in row:
        return row["elapsed"]
    start, end, suspended = (row.get(name) or "0" for name in ("time_start", "time_end", "time_suspended"))
    if not (start.isdecimal() and end.isdecimal() and suspended.isdecimal()):
        return ""
    if int(start) == 0:
        return "0"
    return str(int(end) - int(start) - int(suspended)) if int(end) else ""


def _exit_code(status: str) -> str:
    """What a program returned and the signal that ended it, as sacct prints them."""
    return f"{int(status) >> 8 & 0xFF}:{int(status) & 0x7F}" if status.isdecimal() else ""


def _notes(reading: Reading) -> tuple[str, ...]:
    if not reading.gpu_tres:
        return ()
    named = ", ".join(str(number) for number in reading.gpu_tres)
    if reading.gpu_tres == (0,):
        return ("No trackable resource was counted as GPUs, as --gpu-tres 0 says.",)
    return (f"The trackable resource {named} was counted as GPUs, as --gpu-tres says; other resources of the site were left out.",)
