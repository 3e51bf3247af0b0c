"""A report as a tagged PDF for print and for screen readers, set from the same records as the other forms; its charts are vectors."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import typst

from analytics.charts.drawing import layout_of
from analytics.charts.fonts import FOLDER
from analytics.charts.numbers import NOT_AVAILABLE, moment
from analytics.charts.svg import svg
from analytics.report.document import Block, Chart, Kind, Note, Paragraph, Report, Table
from analytics.report.pdf_style import DOCUMENT
from analytics.report.record import NAME, record_text

STANDARD: Any = "ua-1"
"""PDF/UA-1: the engine refuses what a screen reader could not read, such as a picture without words."""

CHART_PX = 760
BRIEF_PX = 300
PAGE_SIGNS = 118.0
"""How many signs of a table fit beside each other."""
SMALL_SIGNS = 140.0
"""The same in the smaller letters of the sources."""
SHORT = 12
"""Up to how many rows a table is kept on one page."""
LONGEST_WORD = 14
USUAL, LONG = 34.0, 60.0
MOST: Mapping[Kind, float] = {Kind.SOURCE: LONG}
"""Signs from which on a column wraps, other than the usual; sentences have more room."""

PREVIEW_PIXELS_PER_INCH = 110


def pdf(report: Report) -> bytes:
    """The report as PDF/UA-1 on A4: title, findings, contents, sections, methods, sources, and how to make it again.

    The record of its figures is attached. The same report gives the same bytes.
    """
    return bytes(
        typst.compile(
            _files(report), format="pdf", pdf_standards=STANDARD, font_paths=[FOLDER], ignore_system_fonts=True, timestamp=_moment(report)
        )
    )


def first_page(report: Report) -> bytes:
    """The first page as a PNG picture, for a preview."""
    pages = typst.compile(
        _files(report), format="png", ppi=PREVIEW_PIXELS_PER_INCH, font_paths=[FOLDER], ignore_system_fonts=True, timestamp=_moment(report)
    )
    found: Any = pages
    return bytes(found[0] if isinstance(found, list) else found)


def _moment(report: Report) -> int:
    """The time of the report's snapshot, which stands as its date wherever the engine writes one."""
    committed = report.snapshot.committed
    return int(committed.timestamp()) if committed else 0


def _files(report: Report) -> Any:
    """What the engine reads: the document, its words as data, its pictures, and the record; narrow spaces are set as wider ones."""
    charts = {f"{chart.id}.svg": _drawn(chart, report).encode() for chart in report.charts}
    data = json.dumps(_data(report), ensure_ascii=False).replace("\u202f", "\u00a0").encode()
    return {"main.typ": DOCUMENT.encode(), "data.json": data, NAME: record_text(report).encode(), **charts}


def _drawn(chart: Chart, report: Report) -> str:
    """The chart as a vector picture, lower on a page that has to hold everything."""
    height = min(int(layout_of(chart.figure).get("height") or BRIEF_PX), BRIEF_PX) if report.is_brief else None
    return svg(chart.figure, alt=chart.alt, width_px=CHART_PX, height_px=height)


def _data(report: Report) -> dict[str, Any]:
    committed = report.snapshot.committed
    return {
        "title": report.title,
        "longest_word": LONGEST_WORD,
        "short": SHORT,
        "period": report.period,
        "scope": report.scope,
        "demo": report.demo,
        "brief": report.is_brief,
        "sections": [
            {"id": section.id, "title": section.title, "finding": section.finding, "blocks": [_block(block) for block in section.blocks]}
            for section in report.sections
        ],
        "methods": [{"title": m.title, "summary": _coded(m.summary), "details": [_coded(d) for d in m.details]} for m in report.methods],
        "sources": [_table(table, SMALL_SIGNS) for table in report.sources],
        "snapshot": {
            "id": report.snapshot.id,
            "author": report.snapshot.author,
            "message": report.snapshot.message,
            "committed": moment(committed, seconds=True) if committed else NOT_AVAILABLE,
        },
        "versions": [f"{name} {version}" for name, version in report.versions],
        "parameters": [[name, value] for name, value in report.parameters],
        "disclosure": report.disclosure,
        "provenance": _coded(report.provenance),
        "record": NAME,
    }


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Paragraph(text=text):
            return {"kind": "paragraph", "text": text}
        case Note(text=text):
            return {"kind": "note", "text": text}
        case Table():
            return {"kind": "table", **_table(block)}
        case Chart():
            return {"kind": "chart", "file": f"{block.id}.svg", "alt": block.alt, "table": _table(block.table)}


def _table(table: Table, signs: float = PAGE_SIGNS) -> dict[str, Any]:
    return {
        "caption": table.caption,
        "headers": [column.header for column in table.columns],
        "numbers": [column.kind.is_number for column in table.columns],
        "widths": _widths(table, signs),
        "rows": [[_breakable(_whole(cell)) for cell in row] for row in table.rows],
    }


def _widths(table: Table, signs: float) -> list[float]:
    """The widths of the columns in signs: each has room for its longest word, and what is left goes to those with more to say."""
    rows = table.rows
    told = [[column.header, *(_whole(row[place]) for row in rows)] for place, column in enumerate(table.columns)]
    least = [
        2.0 + max(_longest_word(text, is_number=c.kind.is_number) for text in texts) for c, texts in zip(table.columns, told, strict=True)
    ]
    longest = [max((len(text) for text in texts[1:]), default=0) for texts in told]
    wished = [
        max(low, min(LONG if most > LONG else MOST.get(c.kind, USUAL), 2.0 + most))
        for c, low, most in zip(table.columns, least, longest, strict=True)
    ]
    room, more = signs - sum(least), sum(wished) - sum(least)
    part = max(0.0, min(1.0, room / more)) if more > 0 else 0.0
    return [low + part * (wish - low) for low, wish in zip(least, wished, strict=True)]


def _longest_word(text: str, *, is_number: bool) -> float:
    """The longest stretch that is not broken: of a number all of it, of a word at most so many signs."""
    if is_number and any(sign.isdigit() for sign in text):
        return float(min(len(text), LONGEST_WORD + 6))
    return float(min(max((len(word) for word in text.split(" ")), default=0), LONGEST_WORD))


def _whole(text: str) -> str:
    """The text with a name and its number on one line, such as MareNostrum 5, where it is no longer than the longest word.

    >>> [_whole(text).count(chr(160)) for text in ("MareNostrum 5", "September 2026", "Jobs in September 2026")]
    [1, 1, 0]
    """
    return re.sub(r" (?=\d+$)", "\u00a0", text) if len(text) <= LONGEST_WORD and text.count(" ") == 1 else text


def _breakable(text: str) -> str:
    """The text with places to break in what has no spaces, such as addresses.

    >>> _breakable("a_name_that_has_no_spaces/b").encode("unicode_escape").count(b"u200b")
    6
    """
    return re.sub(r"([/_.@?&=])(?=\S)", "\\1\u200b", text) if re.search(r"\S{20}", text) else text


def _coded(text: str) -> list[list[Any]]:
    """The text in parts, each with whether it stands between backticks and is code."""
    return [[part, place % 2 == 1] for place, part in enumerate(_parts(text)) if part]


def _parts(text: str) -> Iterator[str]:
    yield from re.split(r"`([^`]+)`", text)
