"""Tells by its content what a log is, and hands it to the adapter of its dialect."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from data.errors import InputError, LogError
from data.ingest import cockpit, job_table, lookalikes, slurm, slurm_db, slurm_json, slurm_ndjson, swf
from data.ingest.json_stream import JsonStream
from data.ingest.source import HEAD_BYTES, Chunk, Dialect, Reading, ahead, head

Adapter = Callable[[Path, Reading, Dialect], Iterator[Chunk]]

ADAPTERS: dict[Dialect, Adapter] = {
    Dialect.SACCT: slurm.chunks,
    Dialect.SACCT_BARE: slurm.chunks,
    Dialect.SACCT_XDMOD: slurm.chunks,
    Dialect.SACCT_NDJSON: slurm_ndjson.chunks,
    Dialect.SACCT_JSON: slurm_json.chunks,
    Dialect.SLURMDBD: slurm_db.chunks,
    Dialect.CLUSTERCOCKPIT: cockpit.chunks,
    Dialect.JOB_TABLE: job_table.csv_chunks,
    Dialect.JOB_PARQUET: job_table.parquet_chunks,
    Dialect.SWF: swf.chunks,
}
"""What reads each dialect."""

READ_AHEAD = 6
"""How many chunks are read while one is stored: as many as are stored at once, so that neither waits for the other."""

LOOKED_AT = 20
"""How many lines are looked at; some of them may be damaged."""

PARQUET_MAGIC = b"PAR1"

BY_MAPPING = (Dialect.JOB_TABLE, Dialect.JOB_PARQUET)
"""Dialects whose columns the reader may name, so that names alone do not speak against them."""


@dataclass(frozen=True)
class Sample:
    """The beginning of a file, as far as it tells what the file is."""

    path: Path
    text: bytes

    @cached_property
    def lines(self) -> list[str]:
        """The lines that are neither blank nor a remark."""
        found = self.text.decode(errors="replace").splitlines()
        return [line for line in found if line.strip() and not line.lstrip().startswith(";")]

    @property
    def is_parquet(self) -> bool:
        """Whether it is a Parquet file."""
        return self.text.startswith(PARQUET_MAGIC)

    @property
    def is_json(self) -> bool:
        """Whether it may be JSON."""
        return self.text.lstrip()[:1] in (b"{", b"[") and not self.is_parquet

    @cached_property
    def members(self) -> dict[str, Any]:
        """The members of a JSON file's first object, up to its list of jobs, of which the first is here."""
        stream, found = JsonStream(self.path), dict[str, Any]()
        if stream.next_sign() != "{":
            return found
        for key in stream.members():
            if key == "jobs" and stream.next_sign() == "[":
                return found | {key: list(islice(stream.items(), 1))}
            found[key] = stream.value()
        return found


def _has_sacct_json(sample: Sample) -> bool:
    jobs = sample.members.get("jobs")
    return isinstance(jobs, list) and (slurm_json.is_job(jobs[0]) if jobs else "meta" in sample.members or "errors" in sample.members)


RECOGNISED: dict[Dialect, Callable[[Sample], bool]] = {
    Dialect.JOB_PARQUET: lambda sample: sample.is_parquet and job_table.has_job_columns(job_table.parquet_names(sample.path)),
    Dialect.SACCT_JSON: lambda sample: sample.is_json and _has_sacct_json(sample),
    Dialect.SACCT_NDJSON: lambda sample: sample.is_json and slurm_ndjson.records_of(sample.members) is not None,
    Dialect.CLUSTERCOCKPIT: lambda sample: sample.is_json and cockpit.is_job(sample.members),
    Dialect.SACCT: lambda sample: slurm.has_header(sample.lines[0]),
    Dialect.SACCT_BARE: lambda sample: any(slurm.has_fields_of(Dialect.SACCT_BARE, line) for line in sample.lines[:LOOKED_AT]),
    Dialect.SACCT_XDMOD: lambda sample: any(slurm.has_fields_of(Dialect.SACCT_XDMOD, line) for line in sample.lines[:LOOKED_AT]),
    Dialect.SLURMDBD: lambda sample: slurm_db.is_header(sample.lines[0]),
    Dialect.JOB_TABLE: lambda sample: job_table.has_job_columns(job_table.csv_names(sample.lines[0])),
    Dialect.SWF: lambda sample: any(swf.has_numbers(line) for line in sample.lines[:LOOKED_AT]),
}
"""Whether the beginning of a file shows the dialect."""

BINARY_OR_JSON = (Dialect.JOB_PARQUET, Dialect.SACCT_JSON, Dialect.SACCT_NDJSON, Dialect.CLUSTERCOCKPIT)

WITH_HEADER = (Dialect.SACCT, Dialect.SLURMDBD, Dialect.JOB_TABLE)


def recognised(path: Path, *, dialect: Dialect | None = None) -> Dialect:
    """The dialect of a log, told by its content.

    Args:
        path: the log, plain or compressed with gzip.
        dialect: the dialect, where somebody knows it; the content must not speak against it.

    Raises:
        LogError: if it is no log that can be read, saying what it seems to be.
    """
    sample = Sample(path, head(path))
    if not sample.is_parquet:
        lookalikes.must_be_text(sample.text, str(path))
        _must_hold_lines(sample)
    dialects = BINARY_OR_JSON if sample.is_parquet or sample.is_json else tuple(RECOGNISED)
    found = next((name for name in dialects if RECOGNISED[name](sample)), None)
    if found in WITH_HEADER and len(sample.lines) == 1 and len(sample.text) < HEAD_BYTES:
        raise _holds_no_job(path)
    if dialect in BY_MAPPING and found is None and sample.is_parquet == (dialect is Dialect.JOB_PARQUET) and not sample.is_json:
        return dialect
    if dialect not in (None, found):
        raise LogError(f"{path} is to be read as {dialect.shown_as}, but {_seems(sample, found)}.")
    if found is None:
        raise LogError(f"{path} {_seems(sample, found)}.")
    return found


def chunks(path: Path, reading: Reading, *, dialect: Dialect) -> Iterator[Chunk]:
    """The jobs of a log, some at a time, as its dialect's adapter reads them; the next ones are read while some are worked on.

    Raises:
        LogError: if the file turns out not to be a log of this dialect, or cannot be read to its end.
        InputError: if the reader says something of columns or resources that this dialect does not have.
    """
    if reading.mapping and dialect not in BY_MAPPING:
        raise InputError(f"{path} is {dialect.shown_as}, whose fields are known; leave out --mapping, which is for tables of jobs.")
    if reading.gpu_tres and dialect is not Dialect.SLURMDBD:
        raise InputError(f"{path} is {dialect.shown_as}, which names its GPUs; leave out --gpu-tres, which is for slurmdbd's table.")
    yield from ahead(ADAPTERS[dialect](path, reading, dialect), most=READ_AHEAD)


def _must_hold_lines(sample: Sample) -> None:
    if not sample.lines:
        raise _holds_no_job(sample.path)


def _holds_no_job(path: Path) -> LogError:
    return LogError(f"{path} holds no job, only blank lines or a header; check the export's dates.")


def _seems(sample: Sample, found: Dialect | None) -> str:
    """What a file seems to be, as the end of a sentence."""
    if found is not None:
        return f"it seems to be {found.shown_as}"
    if sample.is_parquet:
        columns = ", ".join(job_table.parquet_names(sample.path))
        return (
            f"is a Parquet file whose columns are not those of jobs, or have other names ({columns}); "
            "say which they are with --dialect job_parquet --mapping field=column"
        )
    return lookalikes.json_seems(sample.members) if sample.is_json else lookalikes.seems(sample.lines[0])
