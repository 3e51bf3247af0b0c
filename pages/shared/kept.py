"""Results that were computed once and are shown again: kept by key in the memory of the process, the longest unused dropped first."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from threading import Lock
from typing import Any, TypeVar, cast

import numpy as np
import polars as pl

T = TypeVar("T")

SMALL_BYTES = 200
"""What a value counts besides what it holds."""


class Kept:
    """Results by key, as many as there is room for; whoever asks while one is being made waits for it instead of making it again.

    A result is handed out as it is, and nobody changes it: a frame, a frozen record, a tuple; of a frame, a list or a dictionary
    everybody gets their own.

    >>> kept = Kept(most_bytes=1_000)
    >>> kept.of(b"answer", lambda: [42]), kept.of(b"answer", lambda: [43])
    ([42], [42])
    """

    def __init__(self, *, most_bytes: int) -> None:
        """Keep results up to this size together."""
        self.most_bytes = most_bytes
        self.bytes = 0
        self._held: OrderedDict[bytes, tuple[object, int]] = OrderedDict()
        self._making: dict[bytes, Lock] = {}
        self._lock = Lock()

    def of(self, key: bytes, make: Callable[[], T]) -> T:
        """The result kept under a key; where there is none, what `make` gives."""
        found = self._found(key)
        if found is None:
            with self._lock:
                making = self._making.setdefault(key, Lock())
            with making:
                try:
                    found = self._found(key) or self._put(key, make())
                finally:
                    with self._lock:
                        self._making.pop(key, None)
        return cast(T, _own(found[0]))

    def __len__(self) -> int:
        """How many results are kept."""
        return len(self._held)

    def _found(self, key: bytes) -> tuple[object, int] | None:
        with self._lock:
            found = self._held.get(key)
            if found is not None:
                self._held.move_to_end(key)
            return found

    def _put(self, key: bytes, value: object) -> tuple[object, int]:
        size = bytes_of(value)
        with self._lock:
            self._held[key] = (value, size)
            self.bytes += size
            while self.bytes > self.most_bytes and len(self._held) > 1:
                self.bytes -= self._held.popitem(last=False)[1][1]
        return value, size


def bytes_of(value: object) -> int:
    """About how much memory a result takes: its frames and arrays, and a little for everything else.

    >>> bytes_of((pl.DataFrame({"hours": [1.0, 2.0]}), "words")) >= 16 + SMALL_BYTES
    True
    """
    if isinstance(value, pl.DataFrame | pl.Series):
        return SMALL_BYTES + int(value.estimated_size())
    if isinstance(value, np.ndarray):
        return SMALL_BYTES + value.nbytes
    if isinstance(value, bytes | str):
        return SMALL_BYTES + len(value)
    parts: list[Any] = []
    if isinstance(value, Mapping):
        parts = list(value.values())
    elif isinstance(value, list | tuple | set | frozenset):
        parts = list(value)
    elif is_dataclass(value):
        parts = [getattr(value, field.name) for field in fields(value)]
    return SMALL_BYTES + sum(map(bytes_of, parts))


def _own(value: object) -> object:
    """The result for one who asks."""
    if isinstance(value, pl.DataFrame):
        return value.clone()
    return value.copy() if isinstance(value, list | dict) else value
