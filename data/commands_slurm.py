"""What `python -m data export slurm` does, apart from reading the command line."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.markup import escape

from data.access import local_person, require
from data.errors import InputError
from data.export.slurm import Export, export
from data.export.slurm_asked import ASKED, asked_in
from data.export.slurm_forms import Form
from data.export.slurm_plan import Usage
from data.export.slurm_site import read_from_site
from data.export.slurm_used import used_hours
from data.ingest.standard_input import at_hand
from data.lake import Lake, exists
from data.quotas import current, running
from data.settings import settings
from data.systems import known_systems, system_named
from data.terms import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class SlurmOrder:
    """What is asked for on the command line."""

    system: str
    """The machine."""
    quotas: Path | None
    """A table of quotas; none: those of the store."""
    states: tuple[Path, ...]
    """What Slurm's commands printed; none: they are run."""
    cluster: str | None
    """The cluster, where several could be meant."""
    form: Form
    """In which form changes are written."""
    usage: Usage
    """Whose account of the past limits lean on."""
    out: Path
    """The folder to write to."""
    quiet: bool
    """Whether to tell nothing but what was written and what is wrong."""


def export_slurm(order: SlurmOrder, *, said: Console) -> None:
    """Write what makes quotas hold in Slurm and what takes it back, and tell what that changes.

    Raises:
        InputError: if something cannot be done, so that a script sees it; the text that says what is written all the same.
    """
    require(Action.EXPORT, local_person(settings()))
    lake = Lake(settings()) if exists(settings()) else None
    machine = system_named(order.system, known_systems(lake))
    asked, ended = _asked(order, machine.id, lake)
    texts = [_text(state) for state in order.states] or read_from_site(settings(), order.cluster)
    used = used_hours(lake, machine.id, asked) if lake is not None else {}
    done = export(asked.select(list(ASKED)), texts, machine, form=order.form, usage=order.usage, used=used, cluster=order.cluster)
    kept = keep(done, order.out)
    if not order.quiet:
        said.print(done.said, markup=False)
    if ended:
        said.print(f"Left out: {ended:,} quotas that have ended; Slurm keeps the limits it has for them. Ask for them with --quotas.")
    said.print(f"Written to {escape(str(order.out))}: {', '.join(kept)}")
    if done.refusals:
        others = f" (and {len(done.refusals) - 1:,} more, see {kept[0]})" if len(done.refusals) > 1 else ""
        raise InputError(f"nothing was exported for Slurm. {done.refusals[0]}{others}")


def keep(done: Export, out: Path) -> list[str]:
    """Write all files of an export to a folder, never over an earlier one, and tell their names.

    Raises:
        InputError: if the folder holds an export already, or cannot be written to.
    """
    there = sorted(path.name for path in out.glob("undo.*")) if out.is_dir() else []
    if there:
        raise InputError(
            f"{out} holds {there[0]} of an earlier export, which may be needed to take it back; name another folder with --out."
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in done.files.items():
            (out / name).write_bytes(content)
    except OSError as error:
        raise InputError(f"the export cannot be written to {out} ({error.strerror}); name a folder of yours with --out.") from error
    return list(done.files)


def _asked(order: SlurmOrder, system: str, lake: Lake | None) -> tuple[pl.DataFrame, int]:
    """What is asked, and how many quotas of the store are not because they have ended."""
    if order.quotas is not None:
        return asked_in(order.quotas, system), 0
    if lake is None:
        raise InputError("there is no store, and so no quotas in it; name a table of them with --quotas FILE.")
    every = current(lake, (system,))
    runs = running(every, datetime.now(UTC).date())
    return runs, every.height - runs.height


def _text(state: Path) -> str:
    with at_hand(state) as path:
        try:
            return path.read_bytes().decode("utf-8", errors="replace")
        except OSError as error:
            raise InputError(f"the state of Slurm {state} cannot be read ({error.strerror}); expected what its commands print.") from error
