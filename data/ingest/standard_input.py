"""Logs that arrive on standard input, kept in a temporary file while they are read: what a log is shows only when it is looked at twice."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from data.errors import LogError

STANDARD_INPUT = Path("-")
"""The name by which standard input is asked for."""

SHOWN_AS = "standard input"


@contextmanager
def at_hand(path: Path) -> Iterator[Path]:
    """The file itself, or for `-` a temporary one with everything that standard input holds.

    Raises:
        LogError: if standard input cannot be kept, as when the disk for temporary files is full.
    """
    if path != STANDARD_INPUT:
        yield path
        return
    with TemporaryDirectory(prefix="equinode-") as folder:
        kept = Path(folder) / SHOWN_AS
        try:
            with kept.open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
        except OSError as error:
            raise LogError(f"standard input could not be kept in {folder} ({error.strerror}); save it to a file and name that.") from error
        yield kept
