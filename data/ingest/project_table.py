"""A table of projects read into rows about accounts: each row is believed as a whole, or refused with its line and reason."""

from collections import Counter
from dataclasses import dataclass

import polars as pl

from data.errors import InputError
from data.ingest.project_columns import Columns, ProjectField
from data.ingest.project_machine import Machines, Place
from data.ingest.project_row import Row, RowFaultsError, RowReader
from data.ingest.text_table import TextTable
from data.ingest.written import Mark
from data.schema import PROJECTS, REFUSALS, Schema

ROWS: Schema = {
    **PROJECTS,
    "category_by_track": pl.String,  # what track or code tell, for where nothing better is known
    "mode_by_code": pl.String,
    "line": pl.Int64,
}
"""One row a project on a machine as a table states it; null is what the table does not say, the category too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRows:
    """What a table states, every row of it in one of four places."""

    projects: pl.DataFrame
    """The rows that can be believed, in the schema `ROWS`, each project once."""
    refusals: pl.DataFrame
    """The rows that cannot, with line and reason, in the schema `REFUSALS`."""
    repeated: int
    """Rows that say again what an earlier row said."""
    joined: int
    """Rows whose hours were added to an earlier row of the same project on another partition of the same machine."""
    notes: tuple[str, ...]
    """How hours were converted, and why categories stay open."""

    @property
    def rows(self) -> int:
        """All rows of the table below its column names."""
        return self.projects.height + self.refusals.height + self.repeated + self.joined


def project_rows(
    table: TextTable, columns: Columns, machines: Machines, *, system: str | None = None, mark: Mark | None = None
) -> ProjectRows:
    """The projects that a table states.

    Args:
        table: The records.
        columns: What each column means.
        machines: The machines that may be named.
        system: The machine of rows that name none; rows that name another are refused.
        mark: The decimal mark, where the numbers of the table do not give it away.

    Raises:
        InputError: if the table names no machines and none is given, or the one given is not known.
    """
    if ProjectField.SYSTEM not in columns.places and system is None:
        raise InputError(f"{table.file} has no column that names the machine; say which it is with --system, or --mapping 'COLUMN=system'.")
    default = _known(machines, system) if system is not None else None
    reader = RowReader(table, columns, machines, default=default, mark=mark)
    rows: dict[tuple[object, str], Row] = {}
    refused: list[dict[str, object]] = []
    told, notes = Counter[str](), Counter[str]()
    for line, cells in reader.records:
        try:
            row = reader.row(line, cells)
            told[_placed(rows, row)] += 1
            notes.update(row.notes)
        except RowFaultsError as error:
            refused.append({"line": line, "reason": error.reason, "detail": error.detail, "raw": reader.raw(cells)})
    return ProjectRows(
        projects=pl.DataFrame([row.values | {"line": row.line} for row in rows.values()], schema=dict(ROWS)),
        refusals=pl.DataFrame(refused, schema=dict(REFUSALS)),
        repeated=told["repeated"],
        joined=told["joined"],
        notes=(*reader.notes, *(f"{count:,} x {note}" for note, count in notes.most_common())),
    )


def _known(machines: Machines, name: str) -> Place:
    place = machines.place(name)
    if place is None:
        raise InputError(f"the machine {name!r} is not known; known are {machines.names}.")
    return place


def _placed(rows: dict[tuple[object, str], Row], row: Row) -> str:
    """What became of a row beside the earlier row of the same project, if there is one."""
    key = (row.values["system"], str(row.values["account"]).casefold())
    earlier = rows.setdefault(key, row)
    if earlier is row:
        return "new"
    if earlier.values == row.values and earlier.place == row.place:
        return "repeated"
    hours = [value for each in (earlier, row) if isinstance(value := each.values["node_hours_awarded"], float)]
    differing = {name for name in row.values if name != "node_hours_awarded" and row.values[name] != earlier.values[name]}
    if differing or len(hours) < 2 or {part.name for part in earlier.place.parts} & {part.name for part in row.place.parts}:
        named = ", ".join(sorted(differing or {"node_hours_awarded"}))
        fault = f"project {row.values['account']!r} stands on line {earlier.line} already, with another {named}; keep one row"
        raise RowFaultsError([("project stated twice", fault)])
    both = Place(system=row.place.system, parts=(*earlier.place.parts, *row.place.parts))
    rows[key] = Row(line=earlier.line, place=both, values=earlier.values | {"node_hours_awarded": sum(hours)}, notes=())
    return "joined"
