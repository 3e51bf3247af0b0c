"""Tells by its content what a log is, and hands it to the adapter of its dialect."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from data.errors import LogError
from data.ingest import slurm, swf
from data.ingest.source import HEAD_BYTES, Chunk, Dialect, Reading, head

Adapter = Callable[[Path, Reading, Dialect], Iterator[Chunk]]

ADAPTERS: dict[Dialect, Adapter] = {Dialect.SACCT: slurm.chunks, Dialect.SACCT_XDMOD: slurm.chunks, Dialect.SWF: swf.chunks}
"""What reads each dialect."""

RECOGNISED: dict[Dialect, Callable[[list[str]], bool]] = {
    Dialect.SACCT: lambda lines: slurm.has_header(lines[0]),
    Dialect.SACCT_XDMOD: lambda lines: any(slurm.has_xdmod_fields(line) for line in lines),
    Dialect.SWF: lambda lines: any(swf.has_numbers(line) for line in lines),
}
"""Whether the first lines that are neither blank nor a remark show the dialect; some of them may be damaged."""

LOOKED_AT = 20
"""How many such lines are looked at."""

LOOKED_AT_BYTES = 1_000
"""Where binary data show at the latest."""

READABLE = "sacct -P with its header, the 26 fields of Open XDMoD, or the Standard Workload Format (SWF)"

PACKED = {
    b"\x28\xb5\x2f\xfd": "compressed with zstd; unpack it, or compress it with gzip",
    b"BZh": "compressed with bzip2; unpack it, or compress it with gzip",
    b"\xfd7zXZ": "compressed with xz; unpack it, or compress it with gzip",
    b"PK\x03\x04": "a zip archive or an office document; unpack it and bring in the log itself",
    b"PAR1": f"a Parquet file, which is not read yet; expected {READABLE}",
    b"\xff\xfe": "text in UTF-16; save it as UTF-8",
    b"\xfe\xff": "text in UTF-16; save it as UTF-8",
}
"""How files begin that are no text, and what to do about them."""

FOREIGN = {
    r"\s*[\[{]": f"JSON, as sacct --json prints it, which is not read yet; export it with sacct -P: {slurm.EXPORT}",
    r"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d;[A-Z];": f"an accounting log of PBS or Torque, which is not read; expected {READABLE}",
    r'"JOB_[A-Z]+" "': f"an accounting log of LSF, which is not read; expected {READABLE}",
    r"JobId=\d": f"the output of scontrol show job, which holds no finished jobs; export with {slurm.EXPORT}",
    r"\s*JobID +\S": f"the output of sacct without -P, whose columns are cut short; export it again: {slurm.EXPORT}",
    r"(?i)(.*\W)?JobID(Raw)?([^\w|]|\|\W)": f"the output of sacct with a delimiter other than '|'; export it again: {slurm.EXPORT}",
    r"[^|]*(\|[^|]*){8}": f"a table with '|' but without the header that names its columns; export it again: {slurm.EXPORT}",
    r"\d+(_\d+)?([^\w\s.,:;|-]|\^\|\^)": f"a table with neither '|' nor a header that names its columns; export it again: {slurm.EXPORT}",
    r"[^,]*(,[^,]*){5}": f"a table separated by commas, which is not read; expected {READABLE}",
}
"""How the first line of other files looks, and what they seem to be."""


def recognised(path: Path, *, dialect: Dialect | None = None) -> Dialect:
    """The dialect of a log, told by its content.

    Args:
        path: the log, plain or compressed with gzip.
        dialect: the dialect, where somebody knows it; the content must not speak against it.

    Raises:
        LogError: if it is no log that can be read, saying what it seems to be.
    """
    text = head(path)
    _must_be_text(text, path)
    lines = [line for line in text.decode(errors="replace").splitlines() if line.strip() and not line.lstrip().startswith(";")]
    found = next((name for name, shows in RECOGNISED.items() if lines and shows(lines[:LOOKED_AT])), None)
    if not lines or (found is Dialect.SACCT and len(lines) == 1 and len(text) < HEAD_BYTES):
        raise LogError(f"{path} holds no job, only blank lines or a header; check the export's dates.")
    if dialect not in (None, found):
        raise LogError(f"{path} is to be read as {dialect.shown_as}, but {_seems(lines[0], found)}.")
    if found is None:
        raise LogError(f"{path} {_seems(lines[0], found)}.")
    return found


def chunks(path: Path, reading: Reading, *, dialect: Dialect) -> Iterator[Chunk]:
    """The jobs of a log, some at a time, as its dialect's adapter reads them.

    Raises:
        LogError: if the file turns out not to be a log of this dialect, or cannot be read to its end.
    """
    yield from ADAPTERS[dialect](path, reading, dialect)


def _must_be_text(text: bytes, path: Path) -> None:
    packed = next((what for magic, what in PACKED.items() if text.startswith(magic)), None)
    if packed is not None:
        raise LogError(f"{path} is {packed}.")
    if b"\0" in text[:LOOKED_AT_BYTES]:
        raise LogError(f"{path} holds binary data, not text; expected {READABLE}.")


def _seems(line: str, found: Dialect | None) -> str:
    """What a file seems to be, as the end of a sentence."""
    if found is not None:
        return f"it seems to be {found.shown_as}"
    return "seems to be " + next((what for pattern, what in FOREIGN.items() if re.match(pattern, line)), f"no job log; expected {READABLE}")
