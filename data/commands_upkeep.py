"""What `python -m data tidy`, `batches`, `undo` and `new-key` do, and when an ingest tidies up by itself."""

from datetime import date

from rich.console import Console
from rich.markup import escape

from data.access import local_person, require
from data.batches import all_batches
from data.dates import day_named
from data.errors import StoreError
from data.export.usage import Format, encoded
from data.lake import Lake
from data.pseudonym_key import make_new_key
from data.settings import settings
from data.terms import Action
from data.tidy import Tidied, is_due, tidy
from data.undo import undo


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


def undo_batch(batch_id: int, *, reason: str, later_too: bool, said: Console) -> None:
    """Take a batch out of the store again and tell what that changed."""
    undone = undo(settings(), batch_id, local_person(settings()), reason=reason, later_too=later_too)
    for each in undone:
        said.print(
            f"Batch {each.batch_id} ({escape(each.file)} of {escape(each.system)}) was undone: {each.jobs_removed:,} jobs and "
            f"{each.refusals_removed:,} refused lines are gone, {each.jobs_restored:,} jobs went back to an earlier log's state."
        )
    if len(undone) > 1:
        said.print(f"  Bring these logs in again: {escape(', '.join(each.file for each in reversed(undone[:-1])))}")


def new_key(*, said: Console) -> None:
    """Make a key of the pseudonyms in place of a lost one."""
    path = make_new_key(settings(), local_person(settings()))
    said.print(f"A new key of the pseudonyms is in {escape(str(path))}; keep a copy of it apart from the store.")
    said.print("  Users of the logs before are other pseudonyms than users of the logs from now on.")


def batch_list(*, form: Format) -> bytes:
    """Every log that was brought in, newest first, as a file's bytes."""
    require(Action.EXPORT, local_person(settings()))
    return encoded(all_batches(Lake(settings())), form)


def _say(done: Tidied, said: Console) -> None:
    said.print(f"Tidied up: {done.files_before:,} files became {done.files_after:,}, {done.files_removed:,} without use were taken away.")
    if done.states_forgotten:
        said.print(f"  {done.states_forgotten:,} states of the store were forgotten.")
    if done.files_foreign:
        said.print(
            f"  [yellow]Note:[/] {done.files_foreign:,} files in the folder are not of this store and more than its own; they were left "
            "alone. See that EQUINODE_LAKE and EQUINODE_CATALOG belong together."
        )
