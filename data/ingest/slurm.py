"""Slurm's accounting as `sacct -P` prints it, with a header or in the 26 fields that Open XDMoD's sites export."""

import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from data import schema
from data.errors import LogError
from data.ingest import checks, privacy, slurm_rows
from data.ingest.checks import Reason
from data.ingest.fields import Cut, Layout
from data.ingest.source import Block, Chunk, Dialect, Reading, blocks, first_line

SEPARATOR = "|"

XDMOD_FIELDS = (
    "jobid|jobidraw|cluster|partition|qos|account|group|gid|user|uid|submit|eligible|start|end|elapsed|exitcode|state|nnodes|ncpus|"
    "reqcpus|reqmem|reqtres|alloctres|timelimit|nodelist|jobname"
)
"""The fields of the headerless form, whose times are UTC."""

# fmt: off
FREE_TEXT = frozenset({
    "jobname", "comment", "admincomment", "systemcomment", "submitline", "workdir", "constraints", "container", "extra", "reason",
    "stdin", "stdout", "stderr", "stdinexpanded", "stdoutexpanded", "stderrexpanded", "wckey", "mcslabel",
})
"""Fields that may hold anything, the separator too: Slurm neither quotes nor escapes."""

SHOWN = frozenset({
    "jobid", "jobidraw", "cluster", "partition", "qos", "account", "submit", "eligible", "start", "end", "elapsed", "elapsedraw",
    "suspended", "timelimit", "timelimitraw", "state", "exitcode", "nnodes", "allocnodes", "ncpus", "alloccpus", "reqcpus", "reqmem",
    "reqtres", "alloctres", "consumedenergy", "consumedenergyraw", "restarts", "cputimeraw",
})
"""Fields that name nobody, and so may be shown of a refused line."""
# fmt: on

STEP = re.compile(r"\d+(?:_\d+|\+\d+)?\.\w")
"""A job step: 123.batch, 123_7.0, 12+0.extern; an array cut short, 123_[1,3,..., is none."""

EXPORT = (
    "SLURM_TIME_FORMAT=%s SLURM_BITSTR_LEN=0 sacct -a -X -D -P --noconvert -S START -E END -o JobIDRaw,JobID,Cluster,Partition,QOS,Account,"
    "Group,User,UID,Submit,Eligible,Start,End,ElapsedRaw,Suspended,State,ExitCode,NNodes,NCPUS,ReqCPUS,ReqMem,ReqTRES,AllocTRES,"
    "TimelimitRaw,ConsumedEnergyRaw,Restarts,Reservation,NodeList,JobName"
)
"""The export that carries everything Equinode reads."""

NEEDED = {
    "JobIDRaw or JobID": ("jobidraw", "jobid"),
    "Submit": ("submit",),
    "Start": ("start",),
    "End": ("end",),
    "ElapsedRaw or Elapsed": ("elapsedraw", "elapsed"),
    "State": ("state",),
    "NNodes or AllocTRES": ("nnodes", "allocnodes", "alloctres"),
    "NCPUS or AllocTRES": ("ncpus", "alloccpus", "alloctres"),
}
"""Columns without which no machine time can be told."""


def chunks(path: Path, reading: Reading, dialect: Dialect) -> Iterator[Chunk]:
    """The jobs of a Slurm log, some at a time.

    Raises:
        LogError: if the header lacks what machine time is told from, or changes on the way.
    """
    layout = xdmod_layout() if dialect is Dialect.SACCT_XDMOD else header_layout(first_line(path), path)
    zone = dialect.own_zone or reading.time_zone
    for block in blocks(path, reading.block_bytes):
        yield _chunk(block, layout, reading, zone)


def header_names(line: str) -> tuple[str, ...]:
    """The names of a header's columns, in small letters.

    >>> header_names("JobID|State|END")
    ('jobid', 'state', 'end')
    """
    return tuple(name.strip().lower() for name in line.split(SEPARATOR))


def is_header(names: tuple[str, ...]) -> bool:
    """Whether these are names of columns of `sacct`."""
    return ("jobid" in names or "jobidraw" in names) and len(names) > 1


def has_header(line: str) -> bool:
    """Whether a file's first line names columns of `sacct -P`."""
    return is_header(header_names(line))


def has_xdmod_fields(line: str) -> bool:
    """Whether a file's first line has the headerless form: 26 fields with the number, times, run time and state of a job in their places.

    >>> has_xdmod_fields("1|alice|COMPLETED")
    False
    """
    fields, names = line.split(SEPARATOR), XDMOD_FIELDS.split(SEPARATOR)
    if len(fields) < len(names):
        return False
    job = dict(zip(names, fields, strict=False))
    times = all(re.match(r"\d{4}-\d\d-\d\dT|\d{9,}$|Unknown$|None$|$", job[name]) for name in ("submit", "eligible", "start", "end"))
    return bool(times and re.match(r"\d+", job["jobid"]) and re.match(r"[A-Z_]{6,}", job["state"]))


def xdmod_layout() -> Layout:
    """The layout of the headerless form; its job name is last, for it may hold the separator."""
    names = header_names(XDMOD_FIELDS)
    return Layout(separator=SEPARATOR, names=names, free_text=names.index("jobname"))


def header_layout(header: str, path: Path) -> Layout:
    """The layout that a header announces.

    Raises:
        LogError: if it is no header, or lacks a column without which no machine time can be told.
    """
    names = header_names(header)
    if not is_header(names):
        raise LogError(f"{path} has no header of sacct in its first line, so that its columns cannot be told; export it again: {EXPORT}")
    lacking = [shown for shown, any_of in NEEDED.items() if not set(any_of) & set(names)]
    if lacking:
        named = ", ".join(lacking)
        raise LogError(f"{path} lacks the column {named}, without which machine time cannot be told; export it again: {EXPORT}")
    free = [place for place, name in enumerate(names) if name in FREE_TEXT]
    return Layout(separator=SEPARATOR, names=names, free_text=free[0] if len(free) == 1 else None)


def _chunk(block: Block, layout: Layout, reading: Reading, zone: str) -> Chunk:
    cut = Cut(block, layout)
    text = slurm_rows.chosen(cut, layout)
    headers = _headers(text, cut, layout)
    steps = slurm_rows.is_step(text)
    odd_steps, odd = _odd(cut, layout)
    rows = text.filter(~headers & ~steps) if headers.any() or steps.any() else text
    cut_off, rows = _cut_off(rows, cut, layout)
    jobs, faults = slurm_rows.jobs(rows, reading, zone, layout)
    return Chunk(
        jobs=schema.check(jobs, schema.JOBS),
        refusals=_refusals(pl.concat([faults, cut_off]), odd, cut, layout),
        lines=cut.lines,
        steps=int(steps.sum()) + odd_steps,
        blank=cut.blank,
        header=int(headers.sum()),
        bytes_read=block.bytes_read,
    )


def _headers(text: pl.DataFrame, cut: Cut, layout: Layout) -> pl.Series:
    """Which whole lines repeat the header, as where exports of several months were joined."""
    found = text["job_id"].str.to_lowercase().is_in(["jobid", "jobidraw"]).fill_null(False)
    if found.any():
        for line, raw in zip(text["line"].filter(found), cut.raw(text["line"].filter(found)), strict=True):
            _same_header(header_names(raw), layout, line)
    return found


def _same_header(names: tuple[str, ...], layout: Layout, line: int) -> None:
    if names != layout.names:
        raise LogError(f"the columns change at line {line:,}, where another header stands; bring in each export as a file of its own.")


def _odd(cut: Cut, layout: Layout) -> tuple[int, pl.DataFrame]:
    """How many lines with another number of fields are steps, and the others with their fault."""
    identity = next(place for place, name in enumerate(layout.names) if name in ("jobid", "jobidraw"))
    told = not any(name in FREE_TEXT for name in layout.names[:identity])
    steps, faults = 0, []
    for line, raw, count in cut.odd().iter_rows():
        fields = raw.split(SEPARATOR)
        if is_header(header_names(raw)) and "state" in header_names(raw):
            _same_header(header_names(raw), layout, line)
        elif told and len(fields) > identity and STEP.match(fields[identity]):
            steps += 1
        else:
            faults.append(_odd_fault(cut, line, raw, count))
    return steps, pl.DataFrame(faults, schema=schema.REFUSALS, orient="row")


def _odd_fault(cut: Cut, line: int, raw: str, count: int) -> tuple[int, str, str, str]:
    wanted, is_last = len(cut.layout.names), line == cut.block.first_line + cut.lines - 1
    if cut.block.cut_off and is_last and count < wanted:
        reason, detail = Reason.TRUNCATED_LINE, f"the file ends in the middle of this line, after {count} of {wanted} fields"
    else:
        reason = Reason.WRONG_NUMBER_OF_FIELDS
        detail = f"it has {count} fields, but {wanted} were expected; a name in it may hold a line end or the separator"
    return line, reason.value, detail, privacy.masked(raw)


def _cut_off(rows: pl.DataFrame, cut: Cut, layout: Layout) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The last line, if the file ends without closing it: its last field may be cut short without any sign."""
    if not cut.block.cut_off or layout.names[-1] not in SHOWN:
        return pl.DataFrame(schema=checks.FAULTS), rows
    is_last = rows["line"] == cut.block.first_line + cut.lines - 1
    detail = "the file ends without closing this line, whose last field may be cut short; if it is whole, add a line end"
    fault = pl.DataFrame({"line": rows["line"].filter(is_last)}).with_columns(
        reason=pl.lit(Reason.TRUNCATED_LINE.value), detail=pl.lit(detail)
    )
    return fault, rows.filter(~is_last)


def _refusals(faults: pl.DataFrame, odd: pl.DataFrame, cut: Cut, layout: Layout) -> pl.DataFrame:
    if not faults.height:
        return odd
    doubtful = faults["reason"].is_in(checks.DOUBTFUL_FIELDS)
    raw = [
        privacy.masked(line) if doubt else privacy.masked_fields(line, SEPARATOR, layout.names, SHOWN)
        for line, doubt in zip(cut.raw(faults["line"]), doubtful, strict=True)
    ]
    return pl.concat([faults.with_columns(pl.Series("raw", raw, pl.String)), odd]).sort("line")
