"""Unsaved changes of quotas, kept for each person beside the store, so that a reload or another browser finds them again.

They lie in a file of their own and not in the store itself: there every keystroke would become a state of its history, and let go
of every result that is kept for the newest state.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import polars as pl
from filelock import FileLock

from data.access import Person, require
from data.errors import StoreError
from data.quotas import EDITS, KEY
from data.schema import check, empty
from data.settings import Settings
from data.terms import Action

WAIT_S = 10
"""How long one window of a person waits for another that writes."""


def draft(settings: Settings, person: Person) -> pl.DataFrame:
    """What a person has changed and not saved yet (frame EDITS).

    Raises:
        StoreError: if the file cannot be read.
    """
    path = _file(settings, person)
    if not path.is_file():
        return empty(EDITS)
    try:
        return check(pl.read_parquet(path), EDITS)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise StoreError(f"the unsaved changes in {path.name} cannot be read ({error}); delete that file to begin anew.") from error


def keep(settings: Settings, person: Person, edits: pl.DataFrame) -> pl.DataFrame:
    """The draft after these edits were added, each in place of an earlier one of the same project.

    Raises:
        AccessError: if the person may not decide.
        StoreError: if the file cannot be written; the draft is as it was then.
    """
    require(Action.DECIDE, person)
    with _alone(settings, person) as path:
        before = draft(settings, person).join(edits, on=KEY, how="anti")
        return _written(path, pl.concat([before, check(edits, EDITS).select(list(EDITS))]).sort(KEY))


def drop(settings: Settings, person: Person, keys: pl.DataFrame | None = None) -> pl.DataFrame:
    """The draft without these projects (system, account), or without any.

    Raises:
        StoreError: if the file cannot be written.
    """
    with _alone(settings, person) as path:
        left = empty(EDITS) if keys is None else draft(settings, person).join(keys, on=KEY, how="anti")
        return _written(path, left)


def let_go(settings: Settings, person: Person, saved: pl.DataFrame) -> pl.DataFrame:
    """The draft without these edits, as is due once they were saved; what another window made of their projects meanwhile stays.

    Raises:
        StoreError: if the file cannot be written.
    """
    with _alone(settings, person) as path:
        return _written(path, draft(settings, person).join(saved, on=list(EDITS), how="anti", nulls_equal=True))


@contextmanager
def _alone(settings: Settings, person: Person) -> Iterator[Path]:
    """The person's file, which no other window of that person writes meanwhile."""
    path = _file(settings, person)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock"), timeout=WAIT_S):
            yield path
    except OSError as error:
        raise StoreError(f"unsaved changes could not be kept in {path.parent} ({error}); let the dashboard write there.") from error


def _written(path: Path, edits: pl.DataFrame) -> pl.DataFrame:
    if edits.is_empty():
        path.unlink(missing_ok=True)
        return edits
    new = path.with_suffix(".new")
    edits.write_parquet(new)
    os.replace(new, path)
    return edits


def _file(settings: Settings, person: Person) -> Path:
    """The file of a person, under a name made of theirs that every file system takes."""
    name = sha256(person.name.strip().casefold().encode()).hexdigest()[:32]
    return settings.lake / "drafts" / f"{name}.parquet"
