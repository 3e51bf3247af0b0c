"""Quotas for Slurm: from the quotas asked and the state pasted or read, what changes, what to know before, and the files for it.

A page or a script hands in texts and frames and gets frames and texts back; nothing is run and nothing is written here:

    done = export(quotas, [pasted], system, form=Form.COMMANDS)
    done.diff, done.cautions, done.refusals, done.files
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import polars as pl

from data.errors import InputError
from data.export import slurm_commands, slurm_flat, slurm_rest
from data.export.slurm_asked import checked
from data.export.slurm_forms import Form, Written, refusals_of
from data.export.slurm_plan import Plan, Usage, Used, planned
from data.export.slurm_state import State
from data.export.slurm_state_json import is_json, state_of_json
from data.export.slurm_state_text import state_of_text
from data.export.slurm_warnings import Caution, Matter, cautions
from data.export.slurm_words import caution_table, diff, text
from data.export.usage import Format, encoded
from data.machines import System

DIFF_TEXT, DIFF_TABLE, WARNINGS_TABLE = "diff.txt", "diff.csv", "warnings.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """All that comes of quotas for Slurm."""

    plan: Plan
    """The limits with their old and new values."""
    diff: pl.DataFrame
    """They as a table (frame slurm_words.DIFF), one row a limit asked for."""
    cautions: pl.DataFrame
    """What to know before (frame slurm_words.CAUTIONS)."""
    refusals: tuple[str, ...]
    """A sentence for everything that cannot be done; while there is one, there are no files to apply."""
    said: str
    """All that as a text."""
    written: Written | None
    """The files that make the changes and take them back; none where something is refused or nothing changes."""

    @property
    def files(self) -> Mapping[str, bytes]:
        """Every file to be kept, by its name: the text first, then the tables, then what makes the changes and takes them back."""
        tables = {DIFF_TABLE: self.diff, WARNINGS_TABLE: self.cautions}
        texts = {name: content.encode() for name, content in (self.written.files if self.written else {}).items()}
        return {DIFF_TEXT: self.said.encode()} | {name: encoded(table, Format.CSV) for name, table in tables.items()} | texts


def state_of(texts: Sequence[str], *, cluster: str | None = None) -> State:
    """The state of Slurm that pasted texts tell together, in any order: outputs of its commands, its flat file, or JSON.

    Raises:
        StateError: if one of them cannot be read, or two tell the same.
    """
    state = State()
    for each in texts:
        state = state.joined(state_of_json(each, cluster=cluster) if is_json(each) else state_of_text(each, cluster=cluster))
    return state


def export(
    quotas: pl.DataFrame,
    texts: Sequence[str],
    system: System,
    *,
    form: Form = Form.COMMANDS,
    usage: Usage = Usage.SLURM,
    used: Used | None = None,
    cluster: str | None = None,
) -> Export:
    """What the quotas of a machine (frame slurm_asked.ASKED) ask of the Slurm whose state the texts tell.

    `used` are the hours by the store since the start of each quota, by account in small letters and unit; `Usage.LOG` leans on them.

    Raises:
        InputError: if there is no quota of the machine, or the state cannot be read.
    """
    asked, refused = checked(quotas, system.id)
    if not asked and not refused:
        raise InputError(f"there is no quota of {system.name} among the {quotas.height:,} rows handed in.")
    plan = planned(asked, state_of(texts, cluster=cluster), system, usage=usage, used=used or {})
    refused += [*plan.refusals, *refusals_of(plan, form), *(FORMS[form].refusals(plan) if form is not Form.COMMANDS else ())]
    written = FORMS[form].written(plan) if plan.changes and not refused else None
    found = cautions(plan)
    if form is Form.REST and (known := slurm_rest.caution(plan)):
        found.insert(0, Caution(matter=Matter.FORM, account=None, said=known))
    return Export(
        plan=plan,
        diff=diff(plan),
        cautions=caution_table(found),
        refusals=tuple(refused),
        said=text(plan, found, refused, written),
        written=written,
    )


def zipped(done: Export) -> bytes:
    """All files of an export as one ZIP file."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for name, content in done.files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


FORMS = {Form.COMMANDS: slurm_commands, Form.FLAT: slurm_flat, Form.REST: slurm_rest}
