"""Records of a CSV file, each with the line where it begins; a quoted field may hold the separator, quotation marks and line ends."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data.ingest.source import blocks

LONGEST_RECORD_LINES = 50
"""A quotation mark that is not closed within so many lines opens nothing."""

SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record of a CSV file."""

    line: int
    """The number of its first line."""
    lines: int
    """How many lines it takes."""
    cells: list[str]
    """Its fields, without quotation marks and blanks around them; none where the line is blank."""
    raw: str
    """Its text."""
    bytes_read: int
    """How far the file has been read."""


def separator_of(header: str) -> str | None:
    """What separates the names of a header, nothing where it names a single column.

    >>> separator_of("job_id,user,start_time"), separator_of("job;user"), separator_of("words")
    (',', ';', None)
    """
    found = max(SEPARATORS, key=header.count)
    return found if found in header else None


def records(path: Path, separator: str, width: int, block_bytes: int) -> Iterator[Record]:
    """The records of a CSV file; a line whose quotation mark is never closed is handed over by itself.

    Raises:
        LogError: if the file cannot be read to its end.
    """
    held: list[_Line] = []
    for line in _lines(path, block_bytes):
        held.append(line)
        while held and (found := _first(held, separator, width, ended=False)) is not None:
            yield found
            del held[: found.lines]
    while held and (found := _first(held, separator, width, ended=True)) is not None:
        yield found
        del held[: found.lines]


def rows_of(text: str, separator: str) -> list[list[str]]:
    r"""The records of a text, each as its fields.

    >>> rows_of('7,"a, b\nc", d', ",")
    [['7', 'a, b\nc', 'd']]
    """
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    lines = (line + "\n" for line in text.split("\n"))
    return [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=separator)]


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str
    bytes_read: int

    @property
    def opens(self) -> bool:
        """Whether a quotation mark in it is left open, or closes one."""
        return self.text.count('"') % 2 == 1


def _lines(path: Path, block_bytes: int) -> Iterator[_Line]:
    for block in blocks(path, block_bytes):
        texts = block.text.decode(errors="replace").replace("\r", " ").split("\n")[:-1]
        for number, text in enumerate(texts, block.first_line):
            yield _Line(number, text, block.bytes_read)


def _first(held: list[_Line], separator: str, width: int, *, ended: bool) -> Record | None:
    """The record that begins in the first line held, nothing where its end has yet to come."""
    if not held[0].opens:
        return _record(held[:1], separator)
    last = next((place for place, line in enumerate(held[1:LONGEST_RECORD_LINES], 1) if line.opens), None)
    if last is None:
        return _record(held[:1], separator) if ended or len(held) >= LONGEST_RECORD_LINES else None
    joined = rows_of("\n".join(line.text for line in held[: last + 1]), separator)
    is_one = len(joined) == 1 and len(joined[0]) == width
    return _record(held[: last + 1] if is_one else held[:1], separator)


def _record(lines: list[_Line], separator: str) -> Record:
    text = "\n".join(line.text for line in lines)
    cells = rows_of(text, separator)[0] if text.strip() else []
    return Record(line=lines[0].number, lines=len(lines), cells=cells, raw=text, bytes_read=lines[-1].bytes_read)
