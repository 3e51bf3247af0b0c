"""Tables with one row a job, as CSV or Parquet, whose columns are known by name or said by the reader."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from data.errors import LogError
from data.ingest import csv_lines, job_columns, job_values, slurm_fields
from data.ingest.checks import Reason
from data.ingest.hardware import of_partition
from data.ingest.job_columns import JobField
from data.ingest.slurm import is_header, must_tell_machine_time
from data.ingest.slurm_fields import BATCH, Records
from data.ingest.source import Chunk, Dialect, Reading, first_line

PARQUET_BATCH = 100_000
"""How many rows of a Parquet file are turned into jobs at a time."""

RUN = ("job_id", "submitted", "started")
"""What tells one run from another."""

REPEATED = (
    "{:,} rows repeat the job number, submission and start of another row: they are taken for tasks of job arrays and all counted. "
    "If the table was joined from exports that overlap, take the repetitions out first."
)

FEWEST_NODES = "The table does not tell nodes; each job is taken to have had the fewest that hold its cores."


def has_job_columns(names: Sequence[str]) -> bool:
    """Whether columns are those of a table of jobs.

    >>> has_job_columns(["job_id", "start_time", "end_time", "nodes"]), has_job_columns(["hour", "price"])
    (True, False)
    """
    return is_header(tuple(name.lower() for name in names)) or not job_columns.lacking(job_columns.mapping_of(names))


def csv_names(header: str) -> list[str]:
    """The names of a CSV file's columns."""
    separator = csv_lines.separator_of(header)
    return csv_lines.rows_of(header, separator)[0] if separator else []


def parquet_names(path: Path) -> list[str]:
    """The names of a Parquet file's columns.

    Raises:
        LogError: if the file is no whole Parquet file.
    """
    try:
        return list(pl.scan_parquet(path).collect_schema())
    except (pl.exceptions.PolarsError, OSError) as error:
        raise LogError(f"{path} cannot be read as Parquet ({str(error).splitlines()[0]}); copy it again in full.") from error


def columns_of(path: Path, dialect: Dialect) -> tuple[str, ...]:
    """The names of a table's columns.

    Raises:
        LogError: if the file is no whole table.
    """
    return tuple(parquet_names(path) if dialect is Dialect.JOB_PARQUET else csv_names(first_line(path)))


def csv_chunks(path: Path, reading: Reading, dialect: Dialect) -> Iterator[Chunk]:  # noqa: ARG001
    """The jobs of a CSV file, some at a time.

    Raises:
        LogError: if the columns do not tell what machine time is told from.
    """
    header = first_line(path)
    names, separator = csv_names(header), csv_lines.separator_of(header) or ","
    table = _Table(path, names, reading)
    records, rows, bytes_read = Records(), list[list[str]](), 0
    for record in csv_lines.records(path, separator, len(names), reading.block_bytes):
        bytes_read = record.bytes_read
        _add(records, rows, record, names)
        if len(records) + len(rows) >= BATCH:
            yield table.chunk(_frame(rows, records, names), records, bytes_read)
            records, rows = Records(), []
    yield table.chunk(_frame(rows, records, names), records, bytes_read, last=True)


def parquet_chunks(path: Path, reading: Reading, dialect: Dialect) -> Iterator[Chunk]:  # noqa: ARG001
    """The jobs of a Parquet file, some at a time; each row counts as one line.

    Raises:
        LogError: if the columns do not tell what machine time is told from.
    """
    table, size = _Table(path, parquet_names(path), reading), path.stat().st_size
    lazy = pl.scan_parquet(path)
    height = int(_collected(lazy.select(pl.len()), path).item())
    for start in range(0, height, PARQUET_BATCH):
        rows = _collected(lazy.select(table.read).slice(start, PARQUET_BATCH), path)
        done = start + rows.height
        numbered = rows.with_columns(pl.Series("line", range(start + 1, done + 1), pl.Int64))
        yield table.chunk(numbered, Records(), size * done // height, last=done == height)


def _collected(lazy: pl.LazyFrame, path: Path) -> pl.DataFrame:
    try:
        return lazy.collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise LogError(f"{path} is damaged ({str(error).splitlines()[0]}); copy it again in full.") from error


def _add(records: Records, rows: list[list[str]], record: csv_lines.Record, names: list[str]) -> None:
    records.continued += record.lines - 1
    if not record.cells:
        records.blank += 1
    elif record.cells == names:
        records.header += 1
    elif len(record.cells) != len(names):
        detail = f"it has {len(record.cells)} fields, but {len(names)} were expected; fields that hold the separator must be quoted"
        records.refuse(record.line, detail, record.raw, Reason.WRONG_NUMBER_OF_FIELDS)
    else:
        records.lines.append(record.line)
        rows.append(record.cells)


def _frame(rows: list[list[str]], records: Records, names: list[str]) -> pl.DataFrame:
    kept = {name: [row[place] for row in rows] for place, name in reversed(list(enumerate(names))) if name != "line"}
    return pl.DataFrame(kept, schema=dict.fromkeys(kept, pl.String)).with_columns(pl.Series("line", records.lines, pl.Int64))


class _Table:
    """How the columns of a table are understood."""

    def __init__(self, path: Path, names: list[str], reading: Reading) -> None:
        """Understand the columns, or refuse the table."""
        self.reading = reading
        self.is_sacct = is_header(tuple(name.lower() for name in names)) and not reading.mapping
        self.mapping: dict[JobField, str] = {}
        self.notes: tuple[str, ...] = ()
        self.seen: dict[int, int] = {}
        self.repeated = 0
        if self.is_sacct:
            must_tell_machine_time({name.lower() for name in names}, path)
            self.read = [name for name in names if name.lower() in slurm_fields.READ]
            return
        self.mapping = job_columns.mapping_of(names, reading.mapping)
        if missing := job_columns.lacking(self.mapping):
            found = ", ".join(f"{field}={column}" for field, column in self.mapping.items()) or "none"
            raise LogError(
                f"{path} has no column for {', '.join(missing)} (found: {found}; its columns: {', '.join(names)}). "
                "Say which they are: --mapping field=column,field=column. A duration without unit may be elapsed_s or elapsed_ms."
            )
        self.read = sorted(set(self.mapping.values()))
        self.notes = job_columns.notes(names, self.mapping, reading.mapping)

    def chunk(self, rows: pl.DataFrame, records: Records, bytes_read: int, *, last: bool = False) -> Chunk:
        """The chunk of some rows."""
        zone = self.reading.time_zone
        if self.is_sacct:
            fields = rows.rename({name: name.lower() for name in rows.columns})
            told = set(fields.columns) - {"line"}
        else:
            fields = job_values.sacct_fields(rows, self.mapping, zone)
            told = job_values.names_of(fields)
        read = [
            pl.col(name).replace("", None) if name in fields.columns else pl.lit(None, pl.String).alias(name) for name in slurm_fields.READ
        ]
        found = slurm_fields.chunk_of(fields.select("line", *read), records, told, self.reading, zone, bytes_read=bytes_read)
        return self._finished(found, last=last)

    def _finished(self, found: Chunk, *, last: bool) -> Chunk:
        """The chunk with tasks of arrays told apart, the nodes that follow from its cores, and, if it is the last, the table's notes."""
        if self.is_sacct:
            return found
        jobs, notes = self._told_apart(found.jobs), list(self.notes)
        if self.repeated:
            notes.append(REPEATED.format(self.repeated))
        per_node = self.reading.machine.cores_per_node
        if JobField.NODES not in self.mapping and per_node:
            jobs = jobs.with_columns(nodes=(pl.col("cores") / of_partition(per_node, None)).ceil().cast(pl.Int64))
            notes.append(FEWEST_NODES)
        return replace(found, jobs=jobs, notes=tuple(notes) if last else ())

    def _told_apart(self, jobs: pl.DataFrame) -> pl.DataFrame:
        """The jobs, with those that repeat the number, submission and start of one above numbered as tasks of its array."""
        keys = jobs.select(pl.struct(*RUN).hash(seed=0)).to_series().to_list()
        tasks = []
        for key in keys:
            before = self.seen.get(key, 0)
            self.seen[key] = before + 1
            tasks.append(before or None)
        task = pl.Series("array_task", tasks, pl.Int64)
        self.repeated += task.count()
        return jobs.with_columns(task, array_job_id=pl.when(task.is_not_null()).then("job_id"))
