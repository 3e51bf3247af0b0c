"""What `python -m data refusals` does, apart from reading the command line."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape

from data import batches, refusals
from data.access import local_person, require
from data.errors import InputError
from data.export.usage import Format, encoded
from data.ingest.load import Order
from data.ingest.refused_lines import write_refused
from data.lake import Lake
from data.settings import settings
from data.terms import Action


def refusals_list(*, batch: int | None, form: Format) -> bytes:
    """How many lines were refused for each reason, with the first as an example, as a file's bytes."""
    require(Action.EXPORT, local_person(settings()))
    lake = Lake(settings())
    _must_exist(lake, batch)
    return encoded(refusals.listed(lake, batch_id=batch), form)


def export_refusals(out: Path, *, batch: int | None, resolved_too: bool, said: Console) -> None:
    """Write refused lines, with whatever could name a person masked, to a CSV file.

    Raises:
        InputError: if there is no such batch, or the file cannot be written.
    """
    require(Action.EXPORT, local_person(settings()))
    lake = Lake(settings())
    _must_exist(lake, batch)
    found = refusals.lines(lake, batch_id=batch, resolved_too=resolved_too)
    try:
        out.write_bytes(encoded(found, Format.CSV))
    except OSError as error:
        raise InputError(f"the refused lines cannot be written to {out} ({error.strerror}); name a file in a folder of yours.") from error
    said.print(f"{found.height:,} refused lines were written to {escape(str(out))}, names masked.")


def write_originals(order: Order, out: Path, *, said: Console) -> None:
    """Write the refused lines of a log as they are, to be mended and brought in again."""
    count = write_refused(order, out)
    if not count:
        said.print(f"  No line was refused, and so {escape(str(out))} was not written.")
        return
    said.print(
        f"  {count:,} refused lines were written to {escape(str(out))} as they stand in the log, names included, for your eyes alone: "
        "mend them there, and bring that file in."
    )


def _must_exist(lake: Lake, batch: int | None) -> None:
    if batch is not None and not batches.exists(lake, batch):
        raise InputError(f"there is no batch {batch}; 'python -m data refusals list' names those with refused lines.")
