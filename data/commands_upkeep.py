"""What `python -m data tidy` does, and when an ingest tidies up by itself."""

from datetime import date

from rich.console import Console
from rich.markup import escape

from data.access import local_person
from data.dates import day_named
from data.errors import StoreError
from data.lake import Lake
from data.settings import settings
from data.tidy import Tidied, is_due, tidy


def tidy_store(*, forget_before: str | None, said: Console) -> None:
    """Join small files, take away what nothing names, and forget old states where that is ordered."""
    day: date | None = day_named(forget_before) if forget_before is not None else None
    _say(tidy(settings(), local_person(settings()), forget_before=day), said)
    if day is not None:
        said.print(f"  Reports that name a state from before {day} can no longer be made again.")


def tidy_if_due(*, said: Console) -> None:
    """Tidy up after an ingest that left many small files; should that fail, say so: what was ingested is stored all the same."""
    lake = Lake(settings())
    due = is_due(lake)
    lake.close()
    if not due:
        return
    try:
        _say(tidy(settings(), local_person(settings())), said)
    except StoreError as error:
        said.print(f"[yellow]Note:[/] the log is stored, but the store was not tidied up: {escape(str(error))}")


def _say(done: Tidied, said: Console) -> None:
    said.print(f"Tidied up: {done.files_before:,} files became {done.files_after:,}, {done.files_removed:,} without use were taken away.")
    if done.states_forgotten:
        said.print(f"  {done.states_forgotten:,} states of the store were forgotten.")
    if done.files_foreign:
        said.print(
            f"  [yellow]Note:[/] {done.files_foreign:,} files in the folder are not of this store and more than its own; they were left "
            "alone. See that EQUINODE_LAKE and EQUINODE_CATALOG belong together."
        )
