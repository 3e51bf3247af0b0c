"""The Standard Workload Format of the Parallel Workloads Archive: 18 numbers a job, -1 for what is not known, remarks after ';'."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl

from data import schema
from data.errors import LogError
from data.ingest import privacy, swf_rows
from data.ingest.checks import Reason
from data.ingest.fields import Cut, Layout
from data.ingest.source import Block, Chunk, Dialect, Reading, blocks, head
from data.ingest.swf_rows import FIRST_EPOCH, Header

REMARK = ";"

# fmt: off
NAMES = (
    "job", "submit", "wait", "run", "processors", "cpu_time", "memory_used", "requested_processors", "requested_time", "requested_memory",
    "status", "user", "group", "executable", "queue", "partition", "preceding", "think_time",
)
# fmt: on

LAYOUT = Layout(separator=" ", names=NAMES, longer=(19, 21))
"""The fields of a line; some archives append one or three more, which are not read."""

NUMBER = re.compile(r"-?\d+(?:\.\d+)?$")


def has_numbers(line: str) -> bool:
    """Whether a line is a job of this format.

    >>> has_numbers("1 0 -1 1451 128 -1 -1 -1 -1 -1 -1 1 1 -1 -1 -1 -1 -1"), has_numbers("1 0 -1")
    (True, False)
    """
    fields = line.split()
    return len(fields) in LAYOUT.counts and all(NUMBER.match(text) for text in fields)


def chunks(path: Path, reading: Reading, dialect: Dialect) -> Iterator[Chunk]:  # noqa: ARG001
    """The jobs of a log in this format, some at a time.

    Raises:
        LogError: if submit times count from the start of the log, and its header does not say when that was.
    """
    lines = head(path).decode(errors="replace").splitlines()
    header = header_of([line.strip() for line in lines])
    _must_have_start(header, lines, path)
    last_whole_job: str | None = None
    for block in blocks(path, reading.block_bytes):
        chunk, last_whole_job = _chunk(replace(block, text=squeezed(block.text)), header, reading, last_whole_job)
        yield chunk


def header_of(lines: list[str]) -> Header:
    """What the remarks before the first job say.

    >>> header_of(["; UnixStartTime: 843480031", "; MaxProcs: 100", "; Queue: 1  batch", "15 599850"]).queues
    {'1': 'batch'}
    """
    entries = [found.groups() for line in lines if (found := re.match(r";\s*(\w+):\s*(.*)$", line))]
    numbers = {name: int(text) for name, text in entries if re.fullmatch(r"\d{1,18}", text)}
    return Header(
        start=numbers.get("UnixStartTime"),
        processors=numbers.get("MaxProcs"),
        partitions=_named(text for name, text in entries if name == "Partition"),
        queues=_named(text for name, text in entries if name == "Queue"),
    )


def squeezed(text: bytes) -> bytes:
    r"""The lines with one blank between two fields and none around them.

    >>> squeezed(b"  1   2\t3 \n")
    b'1 2 3\n'
    """
    text = text.replace(b"\t", b" ")
    while b"  " in text:
        text = text.replace(b"    ", b" ").replace(b"  ", b" ")
    return text.replace(b"\n ", b"\n").replace(b" \n", b"\n").removeprefix(b" ")


def _named(entries: Iterable[str]) -> dict[str, str]:
    """Names by number, where a number is followed by a name of letters."""
    found = (re.match(r"(\d+)\s+([A-Za-z]\S*)", entry) for entry in entries)
    return {match[1]: match[2] for match in found if match}


def _must_have_start(header: Header, lines: list[str], path: Path) -> None:
    job = next((line.split() for line in lines if has_numbers(line)), None)
    if not header.start and job is not None and float(job[1]) < FIRST_EPOCH:
        raise LogError(
            f"the submit times of {path} count from the start of the log, but its header does not say when that was; "
            "add a line such as '; UnixStartTime: 1296571124', in seconds since 1970."
        )


def _chunk(block: Block, header: Header, reading: Reading, last_whole_job: str | None) -> tuple[Chunk, str | None]:
    cut = Cut(block, LAYOUT)
    text = cut.whole(swf_rows.FIELDS)
    remarks = text["job"].str.starts_with(REMARK)
    odd = cut.odd()
    odd_remarks = odd["raw"].str.starts_with(REMARK)
    rows = text.filter(~remarks)
    parts, last_whole_job = swf_rows.parts(rows, last_whole_job)
    jobs, faults = swf_rows.jobs(rows.filter(~parts), reading, header)
    raw = pl.Series("raw", [privacy.masked(line) for line in cut.raw(faults["line"])], pl.String)
    chunk = Chunk(
        jobs=schema.check(jobs, schema.JOBS),
        refusals=pl.concat([faults.with_columns(raw), _refused(odd.filter(~odd_remarks), cut)]).sort("line"),
        lines=cut.lines,
        steps=int(parts.sum()),
        blank=cut.blank,
        comment=int(remarks.sum()) + int(odd_remarks.sum()),
        bytes_read=block.bytes_read,
    )
    return chunk, last_whole_job


def _refused(odd: pl.DataFrame, cut: Cut) -> pl.DataFrame:
    """Lines with another number of fields."""
    truncated = cut.block.cut_off & (pl.col("line") == cut.last_line) & (pl.col("fields") < len(LAYOUT.names))
    reason = pl.when(truncated).then(pl.lit(Reason.TRUNCATED_LINE.value)).otherwise(pl.lit(Reason.WRONG_NUMBER_OF_FIELDS.value))
    detail = pl.format(f"it has {{}} fields, but {len(LAYOUT.names)} were expected", "fields")
    raw = pl.Series("raw", [privacy.masked(line) for line in odd["raw"]], pl.String)
    return odd.select("line", reason.alias("reason"), detail.alias("detail"), raw)
