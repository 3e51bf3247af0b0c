"""Stores of tests in less time: what does not change from one to the next is done once a process, by the code that users run."""

import atexit
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

from data import lake as store
from data.settings import Settings

SHIPPED_CONNECT, SHIPPED_OPENING, MIGRATIONS = duckdb.connect, store._opened_to_write, store.MIGRATIONS
"""What users run."""


def quicken(patch: pytest.MonkeyPatch) -> None:
    """Let stores of this process open without what was done for an earlier one of them already."""
    patch.setattr(duckdb, "connect", _connected())
    patch.setattr(store, "_opened_to_write", _opened_to_write)


def as_shipped(patch: pytest.MonkeyPatch) -> None:
    """Let stores open as those of users do."""
    patch.setattr(duckdb, "connect", SHIPPED_CONNECT)
    patch.setattr(store, "_opened_to_write", SHIPPED_OPENING)


def copied(settings: Settings) -> None:
    """An empty store of this version where there is none yet, copied from one that the migrations made."""
    if settings.catalog is None and not (settings.lake / "catalog.sqlite").exists():
        shutil.copytree(_made_once(), settings.lake, dirs_exist_ok=True)


def _connected() -> Callable[..., duckdb.DuckDBPyConnection]:
    """A connection; once the extension files were loaded with their signatures verified, they are taken to be what they were."""

    def connect(*arguments: Any, config: dict[str, Any] | None = None, **named: Any) -> duckdb.DuckDBPyConnection:
        _made_once()
        return SHIPPED_CONNECT(*arguments, config={"allow_unsigned_extensions": True, **(config or {})}, **named)

    return connect


@contextmanager
def _opened_to_write(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    if store.MIGRATIONS == MIGRATIONS:
        copied(settings)
    with SHIPPED_OPENING(settings) as connection:
        yield connection


@cache
def _made_once() -> Path:
    """The folder of an empty store, made as those of users are."""
    folder = Path(tempfile.mkdtemp(prefix="equinode-made-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with pytest.MonkeyPatch.context() as patch:
        as_shipped(patch)
        patch.setattr(store, "MIGRATIONS", MIGRATIONS)
        store.prepare(Settings(lake=folder / "lake", catalog=None, author="olga", pseudonym_key=None))
    (folder / "lake" / "writer.lock").unlink(missing_ok=True)
    return folder / "lake"
