"""Slurm's accounting as `sacct -P` prints it: with a header and any delimiter, or without one in an order of fields that is known."""

import re
from collections.abc import Container, Iterator
from pathlib import Path

import polars as pl

from data import schema
from data.errors import LogError
from data.ingest import checks, privacy, records, slurm_rows
from data.ingest.checks import Reason
from data.ingest.fields import Cut, Layout
from data.ingest.source import Chunk, Dialect, Reading, blocks, first_line, spread
from data.ingest.window import Window

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

DELIMITER = re.compile(r"\s*[A-Za-z]+([^A-Za-z0-9]+?)[A-Za-z]")
"""The first two names of a header, and what stands between them."""

STEP = re.compile(r"\d+(?:_\d+|\+\d+)?\.\w")
"""A job step: 123.batch, 123_7.0, 12+0.extern; an array cut short, 123_[1,3,..., is none."""

CUT_RANGE = (
    "Some array ranges are cut short (123_[1,3,...), so that how many tasks they have is not known, and each counts as one job; export "
    "with SLURM_BITSTR_LEN=0."
)

EXPORT = (
    "SLURM_TIME_FORMAT=%s SLURM_BITSTR_LEN=0 sacct -a -X -D -P --noconvert -S START -E END -o JobIDRaw,JobID,Cluster,Partition,QOS,Account,"
    "Group,User,UID,Submit,Eligible,Start,End,ElapsedRaw,Suspended,State,ExitCode,NNodes,NCPUS,ReqCPUS,ReqMem,ReqTRES,AllocTRES,"
    "TimelimitRaw,ConsumedEnergyRaw,Restarts,Reservation,NodeList,JobName"
)
"""The export that carries everything Equinode reads."""

HEADERLESS = {Dialect.SACCT_XDMOD: XDMOD_FIELDS, Dialect.SACCT_BARE: EXPORT.rpartition("-o ")[2].replace(",", SEPARATOR)}
"""The fields of the forms without a header."""

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
    delimiter = SEPARATOR
    if dialect is Dialect.SACCT:
        header = first_line(path)
        delimiter = delimiter_of(header) or SEPARATOR
        layout = header_layout(header, path, delimiter)
    else:
        layout = known_layout(HEADERLESS[dialect])
    zone, window = dialect.own_zone or reading.time_zone, Window()
    separated = records.delimited(blocks(path, reading.block_bytes), delimiter)
    cuts = records.whole_records(separated, layout, _free_places(layout))
    for chunk in spread(cuts, lambda cut: _chunk(cut, layout, reading, zone)):
        window.see(chunk.jobs)
        yield chunk
    window.must_not_cut_times(path)


def delimiter_of(header: str) -> str | None:
    """What separates the names of a header, nothing where it names no columns of `sacct`.

    Blanks alone are no delimiter but the padding of columns that are cut to a width; commas may as well be those of a CSV file.

    >>> delimiter_of("JobID☃State☃End☃"), delimiter_of("JobID^|^State"), delimiter_of("JobID   State"), delimiter_of("JobID,State")
    ('☃', '^|^', None, None)
    """
    found = DELIMITER.match(header)
    if found is None or not found[1].strip(" ") or found[1] == ",":
        return None
    return found[1] if is_header(header_names(header, found[1])) else None


def header_names(line: str, delimiter: str = SEPARATOR) -> tuple[str, ...]:
    """The names of a header's columns, in small letters.

    >>> header_names("JobID|State|END")
    ('jobid', 'state', 'end')
    """
    return tuple(name.strip().lower() for name in line.split(delimiter))


def is_header(names: tuple[str, ...]) -> bool:
    """Whether these are names of columns of `sacct`."""
    return ("jobid" in names or "jobidraw" in names) and len(names) > 1


def has_header(line: str) -> bool:
    """Whether a file's first line names columns of `sacct -P`."""
    return delimiter_of(line) is not None


def has_fields_of(dialect: Dialect, line: str) -> bool:
    """Whether a line has a headerless form: all its fields, with the number, times and state of a job in their places.

    >>> has_fields_of(Dialect.SACCT_XDMOD, "1|alice|COMPLETED")
    False
    """
    fields, names = line.split(SEPARATOR), header_names(HEADERLESS[dialect])
    if len(fields) < len(names):
        return False
    job = dict(zip(names, fields, strict=False))
    times = all(re.match(r"\d{4}-\d\d-\d\dT|\d{9,}$|Unknown$|None$|$", job[name]) for name in ("submit", "eligible", "start", "end"))
    return bool(times and re.match(r"\d+", job["jobid"]) and re.match(r"[A-Z_]{6,}", job["state"]))


def known_layout(fields: str) -> Layout:
    """The layout of a headerless form; its job name is last, for it may hold the separator."""
    names = header_names(fields)
    return Layout(separator=SEPARATOR, names=names, free_text=names.index("jobname"))


def header_layout(header: str, path: Path, delimiter: str = SEPARATOR) -> Layout:
    """The layout that a header announces.

    Raises:
        LogError: if it is no header, or lacks a column without which no machine time can be told.
    """
    names = header_names(header, delimiter)
    if not is_header(names):
        raise LogError(f"{path} has no header of sacct in its first line, so that its columns cannot be told; export it again: {EXPORT}")
    must_tell_machine_time(names, path)
    free = [place for place, name in enumerate(names) if name in FREE_TEXT]
    return Layout(separator=records.separator_of(delimiter), names=names, free_text=free[0] if len(free) == 1 else None)


def must_tell_machine_time(names: Container[str], path: Path) -> None:
    """Refuse a log without the columns that machine time is told from.

    Raises:
        LogError: naming those that it lacks.
    """
    lacking = [shown for shown, any_of in NEEDED.items() if not any(name in names for name in any_of)]
    if lacking:
        named = ", ".join(lacking)
        raise LogError(f"{path} lacks the column {named}, without which machine time cannot be told; export it again: {EXPORT}")


def _free_places(layout: Layout) -> frozenset[int]:
    return frozenset(place for place, name in enumerate(layout.names) if name in FREE_TEXT)


def _chunk(cut: Cut, layout: Layout, reading: Reading, zone: str) -> Chunk:
    text = slurm_rows.chosen(cut, layout)
    headers = _headers(text, cut, layout)
    steps = slurm_rows.is_step(text)
    odd_steps, odd = _odd(cut, layout)
    rows = text.filter(~headers & ~steps) if headers.any() or steps.any() else text
    cut_off, rows = _cut_off(rows, cut, layout)
    jobs, faults = slurm_rows.jobs(rows, reading, zone, layout.names)
    return Chunk(
        jobs=schema.check(jobs, schema.JOBS),
        refusals=_refusals(pl.concat([faults, cut_off]), odd, cut, layout),
        lines=cut.lines + len(cut.block.continued),
        steps=int(steps.sum()) + odd_steps,
        blank=cut.blank,
        header=int(headers.sum()),
        continued=len(cut.block.continued),
        bytes_read=cut.block.bytes_read,
        notes=(CUT_RANGE,) if rows["job_id"].str.ends_with("...").any() else (),
    )


def _headers(text: pl.DataFrame, cut: Cut, layout: Layout) -> pl.Series:
    """Which whole lines repeat the header, as where exports of several months were joined."""
    found = text["job_id"].str.to_lowercase().is_in(["jobid", "jobidraw"]).fill_null(False)
    if found.any():
        for line, raw in zip(text["line"].filter(found), cut.raw(text["line"].filter(found)), strict=True):
            _same_header(header_names(raw, layout.separator), layout, line)
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
        fields, names = raw.split(layout.separator), header_names(raw, layout.separator)
        if is_header(names) and "state" in names:
            _same_header(names, layout, line)
        elif told and len(fields) > identity and STEP.match(fields[identity]):
            steps += 1
        else:
            faults.append(_odd_fault(cut, line, raw, count))
    return steps, pl.DataFrame(faults, schema=schema.REFUSALS, orient="row")


def _odd_fault(cut: Cut, line: int, raw: str, count: int) -> tuple[int, str, str, str]:
    wanted, is_last = len(cut.layout.names), line == cut.last_line
    if cut.block.cut_off and is_last and count < wanted:
        reason, detail = Reason.TRUNCATED_LINE, f"the file ends in the middle of this line, after {count} of {wanted} fields"
    else:
        reason = Reason.WRONG_NUMBER_OF_FIELDS
        detail = f"it has {count} fields, but {wanted} were expected; a name in it may hold a line end or the separator"
    return line, reason.value, detail, _shown(privacy.masked(raw))


def _cut_off(rows: pl.DataFrame, cut: Cut, layout: Layout) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The last line, if the file ends without closing it: its last field may be cut short without any sign."""
    if not cut.block.cut_off or layout.names[-1] not in SHOWN:
        return pl.DataFrame(schema=checks.FAULTS), rows
    is_last = rows["line"] == cut.last_line
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
        _shown(privacy.masked(line) if doubt else privacy.masked_fields(line, layout.separator, layout.names, SHOWN))
        for line, doubt in zip(cut.raw(faults["line"]), doubtful, strict=True)
    ]
    return pl.concat([faults.with_columns(pl.Series("raw", raw, pl.String)), odd]).sort("line")


def _shown(raw: str) -> str:
    return raw.replace(records.STAND_IN, SEPARATOR)
