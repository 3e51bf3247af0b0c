"""A table of applications to a call read into rows: each is believed as a whole, or left out with a sentence for every wrong cell."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from data.ingest.application_columns import ApplicationColumns, ApplicationField, application_columns
from data.ingest.application_row import ApplicationRow, CellFault, Reading, marks_of
from data.ingest.project_machine import Machines
from data.ingest.text_table import TextTable
from data.machines import System
from data.schema import APPLICATIONS, Schema
from data.terms import HourUnit

FAULTS: Schema = {
    "line": pl.Int64,  # where the row stands in its file
    "application": pl.String,  # null: it names none
    "column": pl.String,
    "found": pl.String,
    "fault": pl.String,  # what is wrong, what was expected, how to mend it
}
"""One row a cell that cannot be believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationRows:
    """What a table states: every row of it is among the applications or the faults."""

    file: str
    """The file's name."""
    columns: ApplicationColumns
    """What each column was taken for."""
    applications: pl.DataFrame
    """Frame APPLICATIONS: the rows that can be believed."""
    faults: pl.DataFrame
    """Frame FAULTS."""
    left_out: int
    """Rows with faults, which are not among the applications."""
    notes: tuple[str, ...]
    """What an officer should know about how the table was read."""

    @property
    def rows(self) -> int:
        """All rows below the column names."""
        return self.applications.height + self.left_out


def application_rows(
    table: TextTable, systems: Mapping[str, System], *, unit: HourUnit, best_score: float = 100.0, mapping: Sequence[str] = ()
) -> ApplicationRows:
    """The applications that a table states.

    Args:
        table: The records.
        systems: The machines that may be wished for.
        unit: The unit of the call; hours stated in another are converted where one factor holds.
        best_score: The highest score that can be given.
        mapping: Corrections of the guessed columns, each `COLUMN=field`.

    Raises:
        InputError: if the table has no column for what a call cannot be decided without.
    """
    columns = application_columns(table, mapping)
    records = [record for record in table.records if record[0] > columns.header_line]
    reading = Reading(columns=columns, machines=Machines(systems), unit=unit, best_score=best_score, marks=marks_of(columns, records))
    rows = [reading.row(line, cells) for line, cells in records]
    faults = {row.line: list(row.faults) for row in rows}
    for line, fault in _stated_twice(rows):
        faults[line].append(fault)
    good = [row for row in rows if not faults[row.line]]
    return ApplicationRows(
        file=table.file,
        columns=columns,
        applications=pl.DataFrame([row.values for row in good], schema=dict(APPLICATIONS)),
        faults=_fault_frame(columns, rows, faults),
        left_out=len(rows) - len(good),
        notes=tuple(_notes(columns, good)),
    )


def _stated_twice(rows: list[ApplicationRow]) -> list[tuple[int, CellFault]]:
    """Applications that stand on several lines: a mere repetition is left out, of differing ones none can be believed."""
    first: dict[str, list[ApplicationRow]] = {}
    for row in rows:
        if row.values["application"] is not None:
            first.setdefault(str(row.values["application"]).casefold(), []).append(row)
    found = []
    for same in first.values():
        alike = all(row.values == same[0].values for row in same)
        for row in same[1:] if alike else same if len(same) > 1 else []:
            others = ", ".join(str(each.line) for each in same if each is not row)
            what = f"says the same as line {same[0].line}; keep one of them" if alike else f"stands on line {others} too, with other values"
            name = str(row.values["application"])
            sentence = f"application {name!r} {what}" + ("" if alike else "; keep the line that holds")
            found.append((row.line, CellFault(field=ApplicationField.APPLICATION, found=name, fault=sentence)))
    return found


def _fault_frame(columns: ApplicationColumns, rows: list[ApplicationRow], faults: Mapping[int, list[CellFault]]) -> pl.DataFrame:
    cells = [
        {
            "line": row.line,
            "application": row.values["application"],
            "column": columns.names[columns.places[fault.field]] if fault.field in columns.places else fault.field.value,
            "found": fault.found,
            "fault": fault.fault,
        }
        for row in rows
        for fault in faults[row.line]
    ]
    return pl.DataFrame(cells, schema=dict(FAULTS))


def _notes(columns: ApplicationColumns, rows: list[ApplicationRow]) -> list[str]:
    notes = [f"{count:,} x {note}" for note, count in Counter(note for row in rows for note in row.notes).most_common()]
    if ApplicationField.CATEGORY not in columns.places:
        notes.append("no column tells the user category: all applications are unclassified, and limits on categories do not count them")
    open_ended = sum(row.values["hours_least"] is None for row in rows)
    if open_ended:
        notes.append(f"{open_ended:,} x no minimum stated, so any award counts as useful")
    holders = Counter(str(row.values["organisation"]) for row in rows if row.values["organisation"] != "not stated")
    several = sorted(name for name, count in holders.items() if count > 1)
    if several:
        shown = ", ".join(several[:3]) + (f" and {len(several) - 3} more" if len(several) > 3 else "")
        notes.append(f"organisations with more than one application: {shown}")
    return notes
