"""One row of a table of projects read into our words, with every fault that was found in it."""

import re
from dataclasses import dataclass
from datetime import date

from data.ingest import privacy
from data.ingest.project_columns import HOUR_FIELDS, Columns, ProjectField
from data.ingest.project_machine import Machines, Place, factor
from data.ingest.project_words import (
    SAYS_NOTHING,
    category_named,
    category_of_code,
    country_named,
    is_company_of_unknown_kind,
    mode_named,
    plain,
    unit_named,
)
from data.ingest.text_table import TextTable, padded
from data.ingest.written import BLANKS, DayOrder, Mark, day, day_order, decimal_mark, number
from data.project_codes import access_mode_of_code, project_code
from data.terms import AccessMode, HourUnit

LONGEST_TEXT = 500
AMOUNT = re.compile(r"(?P<digits>[+-]?[\d.,]+(?:[eE][+-]?\d+)?)(?P<words>.*)")
MULTIPLES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "mio": 1e6, "million": 1e6}
FORMULA_GUARD = ("'=", "'+", "'-", "'@")
"""How exported tables lead a text that a spreadsheet would run; the apostrophe is taken off again."""

TEXTS = (ProjectField.ACCOUNT, ProjectField.TITLE, ProjectField.ORGANISATION, ProjectField.FIELD, ProjectField.CALL)
HOURS = (*HOUR_FIELDS.values(), ProjectField.HOURS)
UNIT_OF_FIELD = {field: unit for unit, field in HOUR_FIELDS.items()}

Said = dict[ProjectField, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row that can be believed."""

    line: int
    """Where it stands."""
    place: Place
    """The machine, and the partition where it names one."""
    values: dict[str, object]
    """The values of the schema `ROWS`, but for the line."""
    notes: tuple[str, ...]
    """What an operator should know about how it was read."""


class RowFaultsError(Exception):
    """What is wrong with a row, each fault a short code and a sentence."""

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        """Keep the faults."""
        super().__init__(faults)
        self.reason = faults[0][0]
        self.detail = "; ".join(sentence for _, sentence in faults)


class RowReader:
    """Reads single rows; what only whole columns can tell (decimal mark, order of days) is found first."""

    def __init__(self, table: TextTable, columns: Columns, machines: Machines, *, default: Place | None, mark: Mark | None) -> None:
        """Look at the columns of hours and days; `default` is the machine of rows that name none."""
        self.columns = columns
        self.machines = machines
        self.default = default
        self.records = [record for record in table.records if record[0] > columns.header_line]
        amounts = [amount[0] for field in HOURS for text in self._column(field) if (amount := amount_written(text)) is not None]
        told = mark or decimal_mark(amounts)
        self.mark = told or (Mark.POINT if table.delimiter != ";" else None)
        self.notes = [_assumption(amounts)] if told is None and self.mark is not None and _assumption(amounts) else []
        self.orders: dict[ProjectField, DayOrder | None] = {
            field: day_order(self._column(field)) for field in (ProjectField.STARTS, ProjectField.ENDS)
        }

    def row(self, line: int, cells: list[str]) -> Row:
        """The row.

        Raises:
            RowFaultsError: with every fault of the row.
        """
        cut = padded(cells, len(self.columns.names))
        if cut is None:
            fault = f"the row has {len(cells)} cells, the table {len(self.columns.names)} columns; quote a cell that holds the delimiter"
            raise RowFaultsError([("too many cells", fault)])
        said = {field: _said(cut[place]) for field, place in self.columns.places.items()}
        return _OneRow(said, self).read(line)

    def raw(self, cells: list[str]) -> str:
        """The row's text, of which only the cells of columns that are read are shown: others may name a person.

        Of a row with more cells than columns, no cell is known, and every word that could be a name is masked.
        """
        if padded(cells, len(self.columns.names)) is None:
            return privacy.masked(" | ".join(cells))
        read = set(self.columns.places.values())
        shown = (cell if place in read or not cell else privacy.MASK for place, cell in enumerate(cells))
        return " | ".join(shown)[: privacy.LONGEST_RAW]

    def _column(self, field: ProjectField) -> list[str]:
        place = self.columns.places.get(field)
        return [] if place is None else [cells[place] for _, cells in self.records if place < len(cells)]


class _OneRow:
    """The reading of a single row, which gathers its faults."""

    def __init__(self, said: Said, reader: RowReader) -> None:
        self.said = said
        self.reader = reader
        self.faults: list[tuple[str, str]] = []
        self.notes: list[str] = []

    def read(self, line: int) -> Row:
        place = self._place()
        hours = self._node_hours(place)
        values = self._texts() | self._words() | self._days() | {"node_hours_awarded": hours}
        if self.faults or place is None:
            raise RowFaultsError(self.faults)
        return Row(line=line, place=place, values={"system": place.system.id} | values, notes=tuple(self.notes))

    def _fault(self, reason: str, sentence: str) -> None:
        self.faults.append((reason, sentence))

    def _place(self) -> Place | None:
        name, default = self.said.get(ProjectField.SYSTEM), self.reader.default
        if name is None:
            if default is None:
                self._fault("no machine", "the row names no machine; fill in the column or give --system")
            return default
        place = self.reader.machines.place(name)
        if place is None:
            self._fault("unknown machine", f"the machine {name!r} is not known; known are {self.reader.machines.names}")
        elif default is not None and place.system.id != default.system.id:
            self._fault("another machine", f"the row is of {place.system.name}, but --system says {default.system.name}")
        return place

    def _texts(self) -> dict[str, object]:
        if self.said.get(ProjectField.ACCOUNT) is None:
            self._fault("no account", "the row names no project or account")
        for field in TEXTS:
            text = self.said.get(field) or ""
            if len(text) > LONGEST_TEXT or not text.isprintable():
                self._fault("odd text", f"{field} holds a sign that cannot be printed, or more than {LONGEST_TEXT} signs")
        return {field.value: self.said.get(field) for field in TEXTS}

    def _words(self) -> dict[str, object]:
        codes = (self.said.get(field) for field in (ProjectField.CODE, ProjectField.ACCOUNT, ProjectField.TITLE))
        code = next((text for text in codes if text is not None and project_code(text) is not None), None)
        by_code = access_mode_of_code(code) if code is not None else AccessMode.OTHER
        return {
            "category": self._category(code),
            "category_by_track": category_of_code(code, self.said.get(ProjectField.TRACK)).category.value,
            "country": self._country(),
            "mode": self._mode(code, by_code),
            "mode_by_code": by_code.value if by_code is not AccessMode.OTHER else None,
        }

    def _category(self, code: str | None) -> str | None:
        """The category as stated; nothing where none is, or one that leaves the kind of company open."""
        text = self.said.get(ProjectField.CATEGORY)
        if text is None:
            why = category_of_code(code, self.said.get(ProjectField.TRACK)).why
            self.notes += [f"no category stated, and {why}"] if why is not None else []
            return None
        if is_company_of_unknown_kind(text):
            self.notes.append(f"{text!r} does not tell start-up, SME and large firm apart")
            return None
        named = category_named(text)
        if named is None:
            known = "start-up, SME, large enterprise, research, public sector, unclassified"
            self._fault("unknown category", f"{text!r} is no user category; expected one of {known}")
        return named

    def _country(self) -> str | None:
        text = self.said.get(ProjectField.COUNTRY)
        named = country_named(text) if text is not None else None
        if text is not None and named is None:
            self._fault("unknown country", f"{text!r} is no country; write its English name or ISO 3166 code, such as FI")
        return named

    def _mode(self, code: str | None, by_code: AccessMode) -> str | None:
        text = self.said.get(ProjectField.MODE)
        named = mode_named(text) if text is not None else None
        if text is not None and named is None:
            self._fault("unknown mode", f"{text!r} is no access mode; expected one of {', '.join(AccessMode)}")
        elif named is not None and by_code not in (AccessMode.OTHER, named):
            self._fault("mode against code", f"the mode is {named}, but the code {code} tells {by_code}")
        return named

    def _days(self) -> dict[str, object]:
        found: dict[str, date | None] = {}
        for field, order in self.reader.orders.items():
            text = self.said.get(field)
            found[field.value] = None if text is None else day(text, order)
            if text is not None and found[field.value] is None:
                self._fault("unreadable day", f"{field} is {text!r}, which is no day or could be two; write it as 2026-03-01")
        starts, ends = found["starts"], found["ends"]
        if starts is not None and ends is not None and starts > ends:
            self._fault("days in wrong order", f"the project starts on {starts} and ends on {ends}, before that")
        return dict(found)

    def _node_hours(self, place: Place | None) -> float | None:
        field = next((field for field in HOURS if self.said.get(field) is not None), None)
        text = self.said.get(field) if field is not None else None
        if text is None or field is None:
            return None
        amount = amount_written(text)
        hours = number(amount[0], self.reader.mark) if amount is not None else None
        if amount is None or hours is None or not 0 <= hours * amount[1] < float("inf"):
            mend = "; if it is one, say with --decimal point or comma what its mark means" if self.reader.mark is None else ""
            self._fault("unreadable hours", f"{text!r} is no number of hours{mend}")
            return None
        unit = self._unit(field, amount[2])
        return self._in_node_hours(hours * amount[1], unit, place) if unit is not None and place is not None else None

    def _unit(self, field: ProjectField, written: str) -> HourUnit | None:
        """The unit of hours, where all that speak of it (column name, cell, unit column) agree."""
        column = self.said.get(ProjectField.UNIT)
        found = {unit_named(text) for text in (written, column) if text} | ({UNIT_OF_FIELD[field]} if field in UNIT_OF_FIELD else set())
        if len(found) == 1 and None not in found:
            return found.pop()
        mend = "say it with --mapping 'COLUMN=node_hours'"
        self._fault("unit of hours", f"column, cell and unit column must say one of node-hours, GPU-hours, core-hours; {mend}")
        return None

    def _in_node_hours(self, hours: float, unit: HourUnit, place: Place) -> float | None:
        known = factor(place, unit)
        if known.per_node_hour is None:
            self._fault("hours not convertible", known.why)
            return None
        self.notes += [f"hours converted with {known.why}"] if known.why else []
        return hours / known.per_node_hour


def _assumption(amounts: list[str]) -> str:
    """Which numbers were read with a decimal point only because most tables have one; empty where none was."""
    found = [text for text in amounts if number(text, None) is None and number(text, Mark.POINT) is not None]
    if not found:
        return ""
    return f"hours such as {found[0]!r} were read as {number(found[0], Mark.POINT):,.15g}; if the mark means otherwise, say --decimal comma"


def _said(cell: str) -> str | None:
    """The text of a cell, `None` where it says nothing."""
    text = cell[1:] if cell.startswith(FORMULA_GUARD) else cell
    return None if plain(text) in SAYS_NOTHING else text


def amount_written(text: str) -> tuple[str, float, str] | None:
    """A number's digits, the multiple and the unit written behind them, `None` where the text is not of that form.

    >>> amount_written("1.5 M GPU-h"), amount_written("12 500"), amount_written("1e6 node hours"), amount_written("about 5")
    (('1.5', 1000000.0, 'GPU-h'), ('12500', 1.0, ''), ('1e6', 1.0, 'node hours'), None)
    """
    digits = re.match(r"[\s\d.,'’_+-]*", text)
    tight = (digits[0].translate(BLANKS) if digits else "") + text[digits.end() if digits else 0 :]
    match = AMOUNT.fullmatch(tight)
    if match is None:
        return None
    first, _, rest = match["words"].strip().partition(" ")
    if first.casefold() in MULTIPLES:
        return match["digits"], MULTIPLES[first.casefold()], rest.strip()
    return match["digits"], 1.0, match["words"].strip()
