"""Tables that people hand in, CSV or XLSX, as records of text with the line each came from."""

import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import polars as pl

from data.errors import InputError
from data.ingest.source import GZIP_MAGIC

ZIP_MAGIC = b"PK\x03\x04"
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
NEVER_DECIMAL = ("\t", ";", "|")
"""Delimiters that stand in no number; a comma may be the mark of one."""
LOOKED_AT_RECORDS = 50
"""How many records are looked at to tell the delimiter."""

MOSTLY = 0.9
"""Records that are cut into equally many cells, as a part of all, from which on a delimiter is likely the right one."""

MOST_BYTES = 1 << 30
"""No table of projects or hours is longer, unpacked."""

LONGEST_CELL = 100_000
"""Characters of one cell; a quotation mark that is never closed would swallow the rest of a file."""

Record = tuple[int, list[str]]
"""The line on which a record starts, counted from 1, and its cells without blanks around them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTable:
    """The records of a file, blank ones left out."""

    file: str
    """The file's name, without its folder."""
    form: str
    """How it was read, in words."""
    records: list[Record]
    """Every record that holds anything."""
    blank: int
    """How many records hold nothing."""
    delimiter: str | None
    """What stands between two cells; nothing in a spreadsheet."""


def read_table(path: Path) -> TextTable:
    """The records of a CSV (comma, semicolon, tab or bar; UTF-8, UTF-16 or Western European; plain or gzip) or XLSX file.

    Raises:
        InputError: if the file cannot be read, or is no table.
    """
    content = file_bytes(path)
    if content.startswith(ZIP_MAGIC):
        records, form, delimiter = _of_spreadsheet(path.name, content), "XLSX, first sheet", None
    else:
        text, encoding = _decoded(path.name, content)
        delimiter = _delimiter(path.name, text)
        records = list(_of_text(path.name, text, delimiter))
        form = f"CSV with {DELIMITERS[delimiter]}, {encoding}"
    filled = [record for record in records if any(record[1])]
    return TextTable(file=path.name, form=form, records=filled, blank=len(records) - len(filled), delimiter=delimiter)


def table_of_text(name: str, text: str) -> TextTable:
    """The records of a text that somebody pasted (tab, semicolon, comma or bar between cells).

    Raises:
        InputError: if it is empty, or no table.
    """
    if not text.strip():
        raise InputError(f"{name} is empty; expected a table.")
    lines = [line for line in text.splitlines() if line.strip()]
    in_every_line = (delimiter for delimiter in NEVER_DECIMAL if all(delimiter in line for line in lines))
    delimiter = next(in_every_line, None) or _delimiter(name, text)
    records = list(_of_text(name, text, delimiter))
    filled = [record for record in records if any(record[1])]
    form = f"text with {DELIMITERS[delimiter]}"
    return TextTable(file=name, form=form, records=filled, blank=len(records) - len(filled), delimiter=delimiter)


def file_bytes(path: Path) -> bytes:
    """The content of a file, unpacked if it is gzip.

    Raises:
        InputError: if it cannot be read, is empty, or unpacks to more than any table holds.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        with gzip.open(path) if packed else path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path} cannot be read ({error}); expected a CSV, XLSX or Parquet file.") from error
    if len(content) > MOST_BYTES:
        raise InputError(f"{path.name} holds more than {MOST_BYTES >> 20:,} MiB; split it, for example by year.")
    if not content.strip():
        raise InputError(f"{path.name} is empty; expected a table with a line of column names.")
    return content


def _of_spreadsheet(name: str, content: bytes) -> list[Record]:
    from fastexcel import FastExcelError

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > MOST_BYTES:
                raise InputError(f"{name} unpacks to more than {MOST_BYTES >> 20:,} MiB; no table of projects does.")
        sheet = pl.read_excel(
            io.BytesIO(content),
            has_header=False,
            infer_schema_length=0,
            drop_empty_rows=False,
            drop_empty_cols=False,
            raise_if_empty=False,
            read_options={"skip_rows": 0},
        )
    except (FastExcelError, pl.exceptions.PolarsError, zipfile.BadZipFile, ValueError) as error:
        raise InputError(f"{name} cannot be read as a spreadsheet ({str(error).splitlines()[0]}); save it as XLSX or CSV again.") from error
    if sheet.width == 0:
        raise InputError(f"{name} holds nothing in its first sheet; expected a table with a line of column names.")
    rows = sheet.select(pl.all().cast(pl.String).fill_null("").str.strip_chars()).iter_rows()
    return [(line, list(row)) for line, row in enumerate(rows, 1)]


def _decoded(name: str, content: bytes) -> tuple[str, str]:
    """The text and the encoding it was in."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = {"utf-16": "UTF-16"}
    else:
        encodings = {"utf-8-sig": "UTF-8", "cp1252": "Western European (Windows-1252)", "latin-1": "Western European (Latin-1)"}
    for encoding, shown_as in encodings.items():
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text, shown_as
    raise InputError(f"{name} is not text; expected a CSV, XLSX or Parquet file.")


def _delimiter(name: str, text: str) -> str:
    """The delimiter that cuts the first record as most others, and records alike, and into most cells."""
    found = {}
    for delimiter in DELIMITERS:
        widths = [len(cells) for _, cells in islice(_of_text(name, text, delimiter), LOOKED_AT_RECORDS) if any(cells)]
        width = max(set(widths), key=lambda wide: (widths.count(wide), wide))
        alike = widths.count(width) / len(widths)
        if max(widths) > 1:
            found[delimiter] = (widths[0] > 1, widths[0] == width, alike > MOSTLY, sorted(widths)[len(widths) // 2], alike)
    if not found:
        known = ", ".join(DELIMITERS.values())
        raise InputError(f"{name} has no columns; expected cells with {known} between them, or a spreadsheet (XLSX).")
    return max(found, key=lambda delimiter: found[delimiter])


def _of_text(name: str, text: str, delimiter: str) -> Iterator[Record]:
    """The records of a text; a quoted cell may hold the delimiter, quotation marks and line ends."""
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line = 1
    try:
        for cells in reader:
            yield line, [cell.strip() for cell in cells]
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"{name} cannot be read from line {line} on ({error}); look there for a single quotation mark.") from error


def padded(cells: Sequence[str], width: int) -> list[str] | None:
    """The cells made as many as there are columns; nothing where there are more that hold something.

    >>> padded(["a"], 2), padded(["a", "b", ""], 2), padded(["a", "b", "c"], 2)
    (['a', ''], ['a', 'b'], None)
    """
    return None if any(cells[width:]) else [*cells[:width], *[""] * (width - len(cells))]
