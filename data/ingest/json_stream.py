"""JSON of any size read value by value, so that memory holds one record and not the file."""

import codecs
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data.errors import LogError
from data.ingest.source import pieces

PIECE_BYTES = 1 << 20
LONGEST_VALUE = 64 << 20
"""No record of a job has so many characters."""

BLANK = " \t\r\n"


class JsonStream:
    """The text of a JSON file, with a place up to which it has been understood."""

    def __init__(self, path: Path) -> None:
        """Open a file at its beginning."""
        self.path, self.bytes_read, self.line = path, 0, 1
        self._pieces = pieces(path, PIECE_BYTES)
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._json = json.JSONDecoder()
        self._text, self._place, self._ended = "", 0, False

    def next_sign(self) -> str:
        """The next character that is not blank, which stays; empty at the end of the file."""
        while True:
            while self._place < len(self._text) and self._text[self._place] in BLANK:
                self.line += self._text[self._place] == "\n"
                self._place += 1
            if self._place < len(self._text):
                return self._text[self._place]
            if not self._more():
                return ""

    def take(self, signs: str) -> str:
        """The next character, which must be one of these, and is passed."""
        found = self.next_sign()
        if not found or found not in signs:
            raise self._damaged(f"{found!r} instead of one of {signs!r}" if found else "the end of the file")
        self._place += 1
        return found

    def value(self) -> Any:
        """The next value, whatever it is, which is passed."""
        self.next_sign()
        while True:
            try:
                found, end = self._json.raw_decode(self._text, self._place)
            except (json.JSONDecodeError, RecursionError) as error:
                if len(self._text) - self._place > LONGEST_VALUE:
                    raise LogError(
                        f"{self.path} holds a JSON value of more than {LONGEST_VALUE >> 20} million characters from line {self.line:,} on; "
                        "no record of a job is so long. Export fewer days at a time."
                    ) from error
                if isinstance(error, RecursionError) or not self._more():
                    raise self._damaged("what is no JSON value, or is cut off") from error
                continue
            if end < len(self._text) or not self._more():
                self.line += self._text.count("\n", self._place, end)
                self._place = end
                return found

    def members(self) -> Iterator[str]:
        """The keys of an object, one after the other; the value of each must be taken before the next key is asked for."""
        self.take("{")
        if self.next_sign() == "}":
            self.take("}")
            return
        while True:
            key = self.value()
            self.take(":")
            yield str(key)
            if self.take(",}") == "}":
                return

    def items(self) -> Iterator[Any]:
        """The values of a list."""
        self.take("[")
        if self.next_sign() == "]":
            self.take("]")
            return
        while True:
            yield self.value()
            if self.take(",]") == "]":
                return

    def _more(self) -> bool:
        if self._ended:
            return False
        wanted, read = max(PIECE_BYTES, len(self._text) - self._place), []
        while wanted > 0 and not self._ended:
            piece, self.bytes_read = next(self._pieces, (b"", self.bytes_read))
            self._ended = not piece
            read.append(self._decoder.decode(piece, final=self._ended))
            wanted -= len(piece)
        self._text, self._place = self._text[self._place :] + "".join(read), 0
        return len(self._text) > 0 and any(read)

    def _damaged(self, found: str) -> LogError:
        return LogError(f"{self.path} is not whole JSON: line {self.line:,} has {found}. Export it again, or copy it in full.")
