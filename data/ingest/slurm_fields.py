"""Records that hold the fields of `sacct`, in whatever form they were written, turned into jobs by the rules for `sacct` itself."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from data import schema
from data.ingest import checks, privacy, slurm_rows
from data.ingest.checks import Reason
from data.ingest.slurm import SHOWN
from data.ingest.source import Chunk, Reading

READ = tuple(sorted({column for any_of in slurm_rows.FIELDS.values() for column in any_of}))
"""The fields of sacct that are read, under its names in small letters."""

BATCH = 20_000
"""How many records are turned into jobs at a time."""


@dataclass(slots=True)
class Records:
    """Some records of a log on their way into a chunk; every one is in exactly one of the counts."""

    fields: list[Mapping[str, str]] = field(default_factory=list)
    """The fields of each record that may be a job or a step, under sacct's names in small letters."""
    lines: list[int] = field(default_factory=list)
    """The number of the line, or of the record, where each of them stands."""
    refused: list[tuple[int, str, str, str]] = field(default_factory=list)
    """Records that could not be read at all: line, reason, detail and masked text."""
    steps: int = 0
    """Steps that are known to be such already."""
    blank: int = 0
    """Lines that hold nothing."""
    header: int = 0
    """Lines that name the columns."""
    continued: int = 0
    """Lines that continue the one above them."""

    def __len__(self) -> int:
        return len(self.fields) + len(self.refused) + self.steps + self.blank + self.header + self.continued

    def add(self, line: int, fields: Mapping[str, str]) -> None:
        """Add a record that may be a job."""
        self.lines.append(line)
        self.fields.append(fields)

    def frame(self) -> pl.DataFrame:
        """The records that may be jobs: their line, and the fields of sacct that are read, null where there is none."""
        columns = [pl.Series(name, [record.get(name) or None for record in self.fields], pl.String) for name in READ]
        return pl.DataFrame([pl.Series("line", self.lines, pl.Int64), *columns])

    def refuse(self, line: int, detail: str, raw: str, reason: Reason = Reason.UNREADABLE_RECORD) -> None:
        """Add a record that cannot be read."""
        self.refused.append((line, reason.value, detail, privacy.masked(raw)))


def chunk(records: Records, names: Collection[str], reading: Reading, zone: str, *, bytes_read: int, notes: Sequence[str] = ()) -> Chunk:
    """The chunk of some records (see `chunk_of`)."""
    return chunk_of(records.frame(), records, names, reading, zone, bytes_read=bytes_read, notes=notes)


def chunk_of(
    frame: pl.DataFrame,
    records: Records,
    names: Collection[str],
    reading: Reading,
    zone: str,
    *,
    bytes_read: int,
    notes: Sequence[str] = (),
) -> Chunk:
    """The chunk of some records.

    Args:
        frame: the records that may be jobs: `line`, and the fields of sacct as text.
        records: the other records.
        names: the fields that the log tells; see `slurm_rows.jobs`.
        reading: the machine, and how its users' names are hidden.
        zone: the zone of times that carry none of their own.
        bytes_read: how far the file has been read.
        notes: what a reader must know of how the log was read.
    """
    text = _under_our_names(frame, names)
    steps = slurm_rows.is_step(text)
    jobs, faults = slurm_rows.jobs(text.filter(~steps), reading, zone, names)
    odd = pl.DataFrame(records.refused, schema=schema.REFUSALS, orient="row")
    return Chunk(
        jobs=schema.check(jobs, schema.JOBS),
        refusals=pl.concat([_refusals(faults, frame), odd]).sort("line"),
        lines=frame.height + len(records) - len(records.fields),
        steps=int(steps.sum()) + records.steps,
        blank=records.blank,
        header=records.header,
        continued=records.continued,
        bytes_read=bytes_read,
        notes=tuple(notes),
    )


def _under_our_names(frame: pl.DataFrame, names: Collection[str]) -> pl.DataFrame:
    """The fields that are read, each from the best of its columns that holds anything in that record."""
    own = {ours: [column for column in any_of if column in names] or any_of[:1] for ours, any_of in slurm_rows.FIELDS.items()}
    return frame.select("line", *(pl.coalesce(any_of).alias(ours) for ours, any_of in own.items()))


def _refusals(faults: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    rows = faults.join(frame, on="line", how="left", validate="m:1", maintain_order="left").drop("detail", "line")
    raw = [shown(row, doubtful=row.pop("reason") in checks.DOUBTFUL_FIELDS) for row in rows.iter_rows(named=True)]
    return faults.with_columns(pl.Series("raw", raw, pl.String)).select(schema.REFUSALS.keys())


def shown(fields: Mapping[str, str | None], *, doubtful: bool) -> str:
    """A record as one line, with every field masked that may name a person.

    >>> shown({"jobid": "7", "user": "alice", "state": "FAILED"}, doubtful=False)
    'jobid=7|user=***|state=FAILED'
    """
    kept = {name: _masked(name, value) if doubtful else value for name, value in fields.items() if value}
    line = "|".join(f"{name}={value if name in SHOWN else privacy.MASK}" for name, value in kept.items())
    return privacy.without_uid(line)[: privacy.LONGEST_RAW]


def _masked(name: str, value: str) -> str:
    """A value with what may name a person masked, also a number, unless it is that of the job."""
    return privacy.masked(value) if name in ("jobid", "jobidraw") else privacy.masked(f" {value}").strip()
