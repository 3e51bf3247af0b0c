"""Records of `sacct` that a line end inside a text breaks over several lines, put together again; and delimiters of any length."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from data.ingest.fields import Cut, Layout
from data.ingest.source import Block

STAND_IN = "\x1f"
"""The character that takes the place of a delimiter that is not a single ASCII character; ASCII made it for this."""

LONGEST_RECORD_LINES = 1_000
"""No record is broken over more lines."""


def delimited(blocks: Iterable[Block], delimiter: str) -> Iterator[Block]:
    """The blocks with a one-character separator between fields, whatever the delimiter."""
    plain = separator_of(delimiter) == delimiter
    for block in blocks:
        yield block if plain else replace(block, text=_separated(block.text, delimiter))


def separator_of(delimiter: str) -> str:
    """The one ASCII character that separates fields once the blocks are `delimited`.

    >>> separator_of("|"), separator_of("☃"), separator_of("^|^")
    ('|', '\\x1f', '\\x1f')
    """
    return delimiter if len(delimiter) == 1 and delimiter.isascii() else STAND_IN


def whole_records(blocks: Iterable[Block], layout: Layout, free: frozenset[int]) -> Iterator[Cut]:
    """The blocks, cut into fields, with each record on one line, also one that begins in one block and ends in the next.

    A line with too few fields is continued by the lines below it, as long as they have too few fields as well and the line
    end stands in a text, until the number of fields fits. Where it never fits, nothing is joined.

    Args:
        blocks: the log.
        layout: the fields of a record.
        free: the places of the fields that may hold a line end.
    """
    held: Block | None = None
    for block in blocks:
        if held is not None:
            block = replace(block, text=held.text + block.text, first_line=held.first_line)
        closed, held = _parted(Cut(block, layout))
        if closed is not None:
            yield _joined(closed, free)
    if held is not None:
        yield _joined(Cut(held, layout), free)


def _separated(text: bytes, delimiter: str) -> bytes:
    stand_in = STAND_IN.encode()
    return text.replace(stand_in, b" ").replace(delimiter.encode(), stand_in)


def _parted(cut: Cut) -> tuple[Cut | None, Block | None]:
    """The block without the lines at its end that the next block may continue, and those lines."""
    block, first = cut.block, cut.lines
    while first and cut.short[first - 1] and cut.lines - first <= LONGEST_RECORD_LINES:
        first -= 1
    if first == cut.lines or cut.lines - first > LONGEST_RECORD_LINES:
        return cut, None
    start = cut.start(first)
    rest = replace(block, text=block.text[start:], first_line=block.first_line + first)
    return (Cut(replace(block, text=block.text[:start], cut_off=False), cut.layout) if first else None), rest


def _joined(cut: Cut, free: frozenset[int]) -> Cut:
    runs = _runs(cut, free) if cut.short.any() else []
    if not runs:
        return cut
    lines = cut.block.text.split(b"\n")
    kept, continued, done = list[bytes](), list[int](), 0
    for first, last in runs:
        kept += [*lines[done:first], b" ".join(lines[first : last + 1])]
        continued += [cut.block.first_line + place for place in range(first + 1, last + 1)]
        done = last + 1
    text = b"\n".join([*kept, *lines[done:]])
    return Cut(replace(cut.block, text=text, continued=tuple(continued)), cut.layout)


def _runs(cut: Cut, free: frozenset[int]) -> list[tuple[int, int]]:
    """The first and last line of each record that is broken over several."""
    found, done = [], -1
    for first in cut.short.nonzero()[0].tolist():
        if first > done and (last := _last_of(cut, first, free)) is not None:
            found.append((first, last))
            done = last
    return found


def _last_of(cut: Cut, first: int, free: frozenset[int]) -> int | None:
    """Where the record that begins in a short line is complete, nothing where it never is."""
    wanted, fields = len(cut.layout.names), int(cut.fields[first])
    for place in range(first + 1, min(cut.lines, first + LONGEST_RECORD_LINES)):
        if not cut.short[place] or fields - 1 not in free:
            return None
        fields += int(cut.fields[place]) - 1
        if fields >= wanted:
            return place if fields in cut.layout.counts or cut.layout.free_text is not None else None
    return None
