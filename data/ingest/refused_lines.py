"""The refused lines of a log as they stand in the file, for the operator's own eyes: to be mended and brought in again."""

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from data.errors import InputError
from data.ingest import csv_lines, slurm
from data.ingest.checks import Reason
from data.ingest.dialect import chunks, recognised
from data.ingest.load import Order, machine_of
from data.ingest.source import BLOCK_BYTES, Dialect, Reading, blocks, head

CSV_DIALECTS = (Dialect.SLURMDBD, Dialect.JOB_TABLE)
"""Dialects whose records may hold line ends between quotation marks."""

SACCT_DIALECTS = (Dialect.SACCT, Dialect.SACCT_BARE, Dialect.SACCT_XDMOD)
"""Dialects whose records a line end in a text breaks over several lines."""

NOT_CONTINUED = (Reason.WRONG_NUMBER_OF_FIELDS, Reason.TRUNCATED_LINE)
"""Reasons by which a line with too few fields was refused by itself, not with the lines below it."""

OWNER_ONLY = 0o600


def must_be_lines(order: Order, out: Path) -> None:
    """Refuse to write refused lines where the log has none, or where they would take the place of the log.

    Raises:
        InputError: if the log is not made of lines, or is the file to write.
    """
    if out.exists() and out.resolve() == order.path.resolve():
        raise InputError(f"--refused names the log {out} itself; name another file for its refused lines.")
    dialect = recognised(order.path, dialect=order.dialect)
    if dialect.counts_records:
        raise InputError(
            f"{order.path} is {dialect.shown_as}, which is not made of lines that could be mended one by one; leave out --refused. "
            "'python -m data refusals export' tells what was refused and why."
        )


def write_refused(order: Order, out: Path) -> int:
    """How many refused lines of a log were written to a file that its owner alone can read, below what the format needs above them.

    Names stand in it as they are, so it belongs neither in the store nor in other hands. The log is read a second time for it.

    Raises:
        InputError: if the file cannot be written; the log itself is in by then.
    """
    dialect = recognised(order.path, dialect=order.dialect)
    refused = _refused(order, dialect)
    if not refused:
        return 0
    try:
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY), "wb") as file:
            os.fchmod(file.fileno(), OWNER_ONLY)
            file.writelines(_text(order.path, dialect, refused))
    except OSError as error:
        raise InputError(f"the refused lines cannot be written to {out} ({error.strerror}); the log itself is in.") from error
    return len(refused)


def _refused(order: Order, dialect: Dialect) -> dict[int, str]:
    """The numbers of the refused lines, and why each was refused."""
    reading = Reading(
        machine=machine_of(order.system),
        time_zone=order.time_zone or order.system.log_time_zone,
        pseudonym=lambda name: name,
        now=datetime.now(UTC),
        gpu_tres=order.gpu_tres,
        mapping=order.mapping,
    )
    found = (chunk.refusals for chunk in chunks(order.path, reading, dialect=dialect))
    return {line: reason for refusals in found for line, reason in refusals.select("line", "reason").iter_rows()}


def _text(path: Path, dialect: Dialect, refused: Mapping[int, str]) -> Iterator[bytes]:
    """The file of the refused lines; one that was cut off at the log's end stays without a line end, so that it is refused again."""
    if dialect in (Dialect.SACCT, *CSV_DIALECTS):
        yield _header(path) + b"\n"
    lines = _csv_records(path, refused) if dialect in CSV_DIALECTS else _lines(path, dialect, refused)
    for number, line in lines:
        yield line if refused.get(number) == Reason.TRUNCATED_LINE else line + b"\n"


def _header(path: Path) -> bytes:
    return next(line for line in head(path).replace(b"\r\n", b"\n").split(b"\n") if line.strip())


def _csv_records(path: Path, refused: Mapping[int, str]) -> Iterator[tuple[int, bytes]]:
    header = _header(path).decode(errors="replace")
    separator = csv_lines.separator_of(header) or ","
    width = len(csv_lines.rows_of(header, separator)[0])
    for record in csv_lines.records(path, separator, width, BLOCK_BYTES):
        if record.line in refused:
            yield record.line, record.raw.encode()


def _lines(path: Path, dialect: Dialect, refused: Mapping[int, str]) -> Iterator[tuple[int, bytes]]:
    """Refused lines, those of a record that is broken over several put on one, and the remarks of a format that has them."""
    delimiter, fields = _fields(path, dialect)
    first, held = 0, b""
    for number, line in _numbered(path):
        if held:
            held += b" " + line
        elif number in refused:
            first, held = number, line
        elif dialect is Dialect.SWF and line.lstrip().startswith(b";"):
            yield number, line
            continue
        else:
            continue
        if held.count(delimiter) + 1 >= fields or refused[first] in NOT_CONTINUED:
            yield first, held
            held = b""
    if held:
        yield first, held


def _fields(path: Path, dialect: Dialect) -> tuple[bytes, int]:
    """What separates the fields of a record that may be broken over lines, and how many there are; one where none may."""
    if dialect not in SACCT_DIALECTS:
        return b"\n", 1
    if dialect is Dialect.SACCT:
        header = _header(path).decode(errors="replace")
        delimiter = slurm.delimiter_of(header) or slurm.SEPARATOR
        return delimiter.encode(), len(slurm.header_names(header, delimiter))
    return slurm.SEPARATOR.encode(), len(slurm.header_names(slurm.HEADERLESS[dialect]))


def _numbered(path: Path) -> Iterator[tuple[int, bytes]]:
    for block in blocks(path):
        yield from enumerate(block.text.split(b"\n")[:-1], block.first_line)
