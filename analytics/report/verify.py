"""Whether the figures of a report file hold: what stands in the file beside what the store gives now."""

import json
import re
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile

from analytics.report.forms import Form
from analytics.report.record import MARK, NAME
from analytics.report.xlsx import RECORD_ROW
from data.errors import InputError

MOST_BYTES = 200_000_000
"""More than any report unpacks to."""

CELL = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def form_of(content: bytes) -> Form:
    """What kind of report file this is, by how it begins.

    Raises:
        InputError: if it is none.
    """
    if content.startswith(b"%PDF-"):
        return Form.PDF
    if content.startswith(b"PK"):
        return Form.XLSX if "xl/workbook.xml" in _members(content) else Form.ZIP
    if content.lstrip()[:15].lower().startswith(b"<!doctype html"):
        return Form.HTML
    raise InputError("the file is no report: it is neither PDF, HTML, XLSX nor ZIP; name one that Equinode has written.")


def record_in(content: bytes) -> dict[str, Any]:
    """The record that a report file carries.

    Raises:
        InputError: if it carries none, or one that cannot be read.
    """
    found = next((text for text in _records(content) if text.startswith(MARK)), None)
    if found is None:
        raise InputError("the file carries no record of what it was made from; it was not made by Equinode, or was saved anew since.")
    try:
        record = json.loads(found)
    except json.JSONDecodeError:
        raise InputError("the record in the file is damaged; ask for the file as it was made.") from None
    if not isinstance(record, dict) or not all(isinstance(record.get(name), dict) for name in ("parameters", "snapshot", "tables")):
        raise InputError("the record in the file lacks its parameters, snapshot or tables; ask for the file as it was made.")
    return record


def differences(found: bytes, again: bytes) -> list[str]:
    """What differs between a file and the same report made again: figures first, each with its place; empty if no byte does."""
    if found == again:
        return []
    ours, theirs = figures_in(again), figures_in(found)
    named = [
        f"{place}: the file says {theirs.get(place, 'nothing')!r}, the store gives {ours.get(place, 'nothing')!r}"
        for place in sorted(set(ours) | set(theirs))
        if ours.get(place) != theirs.get(place)
    ]
    return named or ["the file differs from the report made again, though its figures, as far as they can be read, do not"]


def figures_in(content: bytes) -> dict[str, str]:
    """Every figure and word that can be read in a file, by its place."""
    form = form_of(content)
    if form is Form.HTML:
        return _prefixed(_record_figures(content)) | _html_figures(content.decode("utf-8", "replace"))
    if form is Form.XLSX:
        return _prefixed(_record_figures(content)) | _xlsx_figures(content)
    if form is Form.ZIP:
        return _zip_figures(content)
    return _record_figures(content)


def _records(content: bytes) -> Iterator[str]:
    form = form_of(content)
    if form is Form.PDF:
        for found in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL):
            yield _inflated(found.group(1))
    elif form is Form.HTML:
        yield from re.findall(r'<script type="application/json" id="record">(.*?)</script>', content.decode("utf-8", "replace"), re.DOTALL)
    elif form is Form.XLSX:
        pieces = _pieces(content)
        yield "".join(text for place, text in _sheets(content) if place in pieces)
    else:
        members = _members(content)
        yield members[NAME].decode("utf-8", "replace") if NAME in members else ""


def _pieces(content: bytes) -> set[str]:
    """The cells that hold the record: those beside its name."""
    return {place.replace("!A", "!B") for place, text in _sheets(content) if place.startswith("Record!A") and text == RECORD_ROW}


def _inflated(stream: bytes) -> str:
    try:
        text = zlib.decompressobj().decompress(stream, MOST_BYTES)
    except zlib.error:
        text = stream
    return text.decode("ascii", "replace")


def _record_figures(content: bytes) -> dict[str, str]:
    record = record_in(content)
    found = {f"finding {name}": str(words) for name, words in record.get("findings", {}).items()}
    for name, table in record["tables"].items():
        for row, cells in enumerate(table["rows"], 1):
            for header, cell in zip(table["columns"], cells, strict=False):
                found[f"table {name}, row {row}, {header}"] = str(cell)
    return found


def _prefixed(figures: Mapping[str, str]) -> dict[str, str]:
    return {f"record, {place}": text for place, text in figures.items()}


class _Cells(HTMLParser):
    """The cells of tables and the words of everything else in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._table = self._row = self._cell = self._words = 0
        self._skip = False
        self._place = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self._skip = tag in ("script", "style")
        self._table += tag == "table"
        self._row = 0 if tag == "table" else self._row + (tag == "tr")
        self._cell = 0 if tag == "tr" else self._cell + (tag in ("td", "th"))
        self._place = f"page, table {self._table}, row {self._row}, column {self._cell}" if tag in ("td", "th") else ""

    def handle_endtag(self, tag: str) -> None:
        self._skip = False if tag in ("script", "style") else self._skip
        self._place = "" if tag in ("td", "th") else self._place

    def handle_data(self, data: str) -> None:
        words = " ".join(data.split())
        if self._skip or not words:
            return
        self._words += not self._place
        place = self._place or f"page, text {self._words}"
        self.found[place] = self.found.get(place, "") + words


def _html_figures(text: str) -> dict[str, str]:
    parser = _Cells()
    parser.feed(text)
    return parser.found


def _sheets(content: bytes) -> Iterator[tuple[str, str]]:
    """Every cell of a workbook as "sheet!cell" and its text, sheet by sheet and row by row."""
    members = _members(content)
    strings = ["".join(node.itertext()) for node in ET.fromstring(members["xl/sharedStrings.xml"]).iter(f"{CELL}si")]
    sheets = ET.fromstring(members["xl/workbook.xml"]).iter(f"{CELL}sheet")
    for number, sheet in enumerate(sheets, 1):
        for cell in ET.fromstring(members[f"xl/worksheets/sheet{number}.xml"]).iter(f"{CELL}c"):
            value = cell.find(f"{CELL}v")
            if value is not None and value.text is not None:
                text = strings[int(value.text)] if cell.get("t") == "s" else value.text
                yield f"{sheet.get('name')}!{cell.get('r')}", text


def _xlsx_figures(content: bytes) -> dict[str, str]:
    return {f"sheet {place}": text for place, text in _sheets(content) if not place.startswith("Record!")}


def _zip_figures(content: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, inside in _members(content).items():
        if name.endswith(".csv"):
            lines = inside.decode("utf-8", "replace").splitlines()
            found |= {f"{name}, line {number}": line for number, line in enumerate(lines, 1)}
        elif name.endswith((".pdf", ".html", ".xlsx")):
            found |= {f"{name}, {place}": text for place, text in figures_in(inside).items()}
        found[f"{name}, checksum of the bytes"] = f"{zlib.crc32(inside):08x}"
    return found


def _members(content: bytes) -> dict[str, bytes]:
    try:
        with ZipFile(BytesIO(content)) as zipped:
            if sum(about.file_size for about in zipped.infolist()) > MOST_BYTES:
                raise InputError("the file unpacks to more than any report holds; it is not one.")
            return {name: zipped.read(name) for name in zipped.namelist()}
    except (BadZipFile, EOFError, zlib.error) as error:
        raise InputError(f"the file is damaged: {error}; ask for the file as it was made.") from None
