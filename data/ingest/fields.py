"""Lines cut into named fields: whole lines all at once, lines with another number of fields set aside with their text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from data.errors import LogError
from data.ingest.source import Block

NEWLINE = ord("\n")
LONGEST_RAW_BYTES = 8_000
"""How much of an odd line is kept."""

ODD_LINES = {"line": pl.Int64, "raw": pl.String, "fields": pl.Int64}
"""A line whose number of fields is not one that its layout allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The fields of a line, in their order."""

    separator: str
    """The one ASCII character between two fields."""
    names: tuple[str, ...]
    """The name of each field; a name that is empty or repeated is not read."""
    longer: tuple[int, ...] = ()
    """Other numbers of fields that a line may have, larger than that of the names; the surplus is not read."""
    free_text: int | None = None
    """The place of the only field that may hold the separator itself, so that all surplus is its own."""

    @property
    def counts(self) -> tuple[int, ...]:
        """The numbers of fields that a line may have."""
        return (len(self.names), *self.longer)


@dataclass(frozen=True)
class Cut:
    """A block of lines, and which of them have the fields of the layout; every line is whole, odd or blank."""

    block: Block
    layout: Layout

    @cached_property
    def _marks(self) -> npt.NDArray[np.uint8]:
        """The separators and newlines alone, one after the other."""
        rest = bytes(set(range(256)) - {NEWLINE, ord(self.layout.separator)})
        return np.frombuffer(self.block.text.translate(None, rest), np.uint8)

    @cached_property
    def fields(self) -> npt.NDArray[np.int64]:
        """How many fields each line has."""
        return np.diff(np.flatnonzero(self._marks == NEWLINE), prepend=-1)

    @cached_property
    def _ends(self) -> npt.NDArray[np.int64]:
        """Where each line ends."""
        return np.flatnonzero(np.frombuffer(self.block.text, np.uint8) == NEWLINE)

    @property
    def lines(self) -> int:
        """How many lines the block holds."""
        return len(self.fields)

    @cached_property
    def _is_whole(self) -> npt.NDArray[np.bool_]:
        fits = np.isin(self.fields, self.layout.counts)
        if self.layout.free_text is not None:
            fits |= self.fields > len(self.layout.names)
        return fits

    @cached_property
    def short(self) -> npt.NDArray[np.bool_]:
        """Which lines have fewer fields than the layout, blank ones included."""
        return (self.fields < len(self.layout.names)) & ~self._is_whole

    @cached_property
    def _is_blank(self) -> npt.NDArray[np.bool_]:
        blank = np.zeros(self.lines, np.bool_)
        for index in np.flatnonzero(~self._is_whole).tolist():
            blank[index] = not self._bytes(index).strip()
        return blank

    @property
    def blank(self) -> int:
        """How many lines hold nothing."""
        return int(self._is_blank.sum())

    @cached_property
    def numbers(self) -> npt.NDArray[np.int64]:
        """The number of each line in the file; lines that were joined to the one above them have none."""
        first, joined = self.block.first_line, np.array(self.block.continued, np.int64)
        return np.setdiff1d(np.arange(first, first + self.lines + len(joined)), joined, assume_unique=True)

    @property
    def last_line(self) -> int:
        """The number of the last line."""
        return int(self.numbers[-1])

    def whole(self, wanted: Sequence[str]) -> pl.DataFrame:
        """One row a whole line: its number and the wanted fields as text, null where a field is empty or not in the layout."""
        places = {self.layout.names.index(name): name for name in wanted if name in self.layout.names}
        numbers = self.numbers[self._is_whole]
        frame = self._read(list(places)) if len(numbers) else pl.DataFrame(schema={f"field {place}": pl.String for place in places})
        if frame.height != len(numbers):
            raise LogError(
                f"{len(numbers):,} lines from line {self.block.first_line:,} on were read as {frame.height:,}; "
                "the file holds characters that no text should, so export it again."
            )
        absent = [pl.lit(None, pl.String).alias(name) for name in wanted if name not in self.layout.names]
        named = frame.rename({f"field {place}": name for place, name in places.items()})
        return named.with_columns(pl.Series("line", numbers, pl.Int64), *absent)

    def odd(self) -> pl.DataFrame:
        """One row a line that is neither whole nor blank: its number, its text and how many fields it has."""
        places = np.flatnonzero(~self._is_whole & ~self._is_blank)
        columns = {"line": self.numbers[places], "raw": self._texts(places), "fields": self.fields[places]}
        return pl.DataFrame(columns, schema=ODD_LINES)

    def raw(self, lines: pl.Series) -> list[str]:
        """The text of the lines with these numbers."""
        return self._texts(np.searchsorted(self.numbers, lines.to_numpy()).tolist())

    def _read(self, places: list[int]) -> pl.DataFrame:
        """The fields at these places of all whole lines; nothing quotes or escapes, and bytes that are no text are replaced."""
        text = self._whole_text()
        return pl.read_csv(
            text,
            separator=self.layout.separator,
            has_header=False,
            quote_char=None,
            encoding="utf8" if text.isascii() else "utf8-lossy",
            truncate_ragged_lines=True,
            schema={f"field {place}": pl.String for place in range(len(self.layout.names))},
            extra_columns="ignore",
            columns=places,
        )

    def _whole_text(self) -> bytes:
        """The whole lines alone, each with the fields of the layout."""
        surplus = self.fields > max(self.layout.counts)
        if self._is_whole.all() and not surplus.any():
            return self.block.text
        plain = np.concatenate(([False], self._is_whole & ~surplus, [False]))
        edges = np.flatnonzero(plain[1:] != plain[:-1])
        runs = {start: self.block.text[self.start(start) : self.start(end)] for start, end in edges.reshape(-1, 2).tolist()}
        mended = {index: self._mended(index) for index in np.flatnonzero(self._is_whole & surplus).tolist()}
        return b"".join(text for _, text in sorted((runs | mended).items()))

    def _mended(self, index: int) -> bytes:
        """A line whose free text holds separators, without that text."""
        separator, free, wanted = self.layout.separator.encode(), self.layout.free_text or 0, len(self.layout.names)
        fields = self._bytes(index).split(separator)
        return separator.join([*fields[:free], b"", *fields[free + 1 + len(fields) - wanted :]]) + b"\n"

    def start(self, index: int) -> int:
        """Where a line begins in the text of the block."""
        return int(self._ends[index - 1]) + 1 if index else 0

    def _bytes(self, index: int) -> bytes:
        return self.block.text[self.start(index) : int(self._ends[index])]

    def _texts(self, places: Iterable[int]) -> list[str]:
        return [self._bytes(index)[:LONGEST_RAW_BYTES].decode(errors="replace") for index in places]
