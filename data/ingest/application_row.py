"""One row of a table of applications read into our words, with every fault that was found in its cells."""

import math
import re
from dataclasses import dataclass

from data.ingest.application_columns import ApplicationColumns, ApplicationField
from data.ingest.project_machine import Machines, Place, factor
from data.ingest.project_row import FORMULA_GUARD, LONGEST_TEXT, amount_written
from data.ingest.project_words import SAYS_NOTHING, category_named, country_named, is_company_of_unknown_kind, plain, unit_named
from data.ingest.text_table import padded
from data.ingest.written import GROUPED, Mark, decimal_mark, number
from data.terms import HourUnit
from data.units import HOURS_PER_YEAR

PART = ":"
"""Stands between the machine and the partition in a key."""

WISHES = re.compile(r"\s*(?:;|,|/|\||\n|\bor\b|\bthen\b)\s*", re.IGNORECASE)
"""What stands between two machines that are wished for."""

CATEGORIES = "start-up, SME, large enterprise, research, public sector, unclassified"
UNIT_NAMES = {HourUnit.NODE_HOURS: "node-hours", HourUnit.GPU_HOURS: "GPU-hours", HourUnit.CORE_HOURS: "core-hours"}
FEWEST_HOURS = 10
"""Below this a request is a number cut in two, or one of millions: no call is for a few hours."""

MOST_HOURS = 1e15
"""Beyond this no machine can be meant, whatever is known of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFault:
    """What is wrong with a cell."""

    field: ApplicationField
    """What the cell should tell."""
    found: str
    """What stands in it."""
    fault: str
    """What is wrong, what was expected, and how to mend it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationRow:
    """A row as far as it could be read."""

    line: int
    """Where it stands."""
    values: dict[str, object]
    """The values of the schema APPLICATIONS."""
    faults: tuple[CellFault, ...]
    """What is wrong with its cells; a row with faults is left out."""
    notes: tuple[str, ...]
    """What an officer should know about how it was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How the cells of a table are read."""

    columns: ApplicationColumns
    """What each column means."""
    machines: Machines
    """The machines that may be named."""
    unit: HourUnit
    """The unit of the call."""
    best_score: float
    """The highest score."""
    marks: dict[ApplicationField, Mark | None]
    """The decimal mark of each column of numbers, where it gives itself away."""

    def row(self, line: int, cells: list[str]) -> ApplicationRow:
        """The row on a line."""
        cut = padded(cells, len(self.columns.names))
        if cut is None:
            found = f"{len(cells)} cells"
            sentence = f"the table has {len(self.columns.names)} columns; quote cells that hold the delimiter, such as 1,500"
            fault = CellFault(field=ApplicationField.APPLICATION, found=found, fault=sentence)
            return ApplicationRow(line=line, values={"application": None}, faults=(fault,), notes=())
        return _OneRow(self, {field: _said(cut[place]) for field, place in self.columns.places.items()}).read(line)


def marks_of(columns: ApplicationColumns, records: list[tuple[int, list[str]]]) -> dict[ApplicationField, Mark | None]:
    """The decimal mark that each column of numbers gives away."""
    found = {}
    for field in (ApplicationField.HOURS_ASKED, ApplicationField.HOURS_LEAST, ApplicationField.SCORE):
        place = columns.places.get(field)
        texts = [] if place is None else [cells[place] for _, cells in records if place < len(cells)]
        found[field] = decimal_mark(amount[0] for text in texts if (amount := amount_written(text)) is not None)
    return found


class _OneRow:
    """The reading of a single row, which gathers its faults."""

    def __init__(self, reading: Reading, said: dict[ApplicationField, str | None]) -> None:
        self.reading, self.said = reading, said
        self.faults: list[CellFault] = []
        self.notes: list[str] = []

    def read(self, line: int) -> ApplicationRow:
        places = self._places()
        asked = self._hours(ApplicationField.HOURS_ASKED, places)
        least = self._hours(ApplicationField.HOURS_LEAST, places)
        self._plausible(asked, least, places)
        values: dict[str, object] = {
            "application": self._application(),
            "organisation": self._text(ApplicationField.ORGANISATION) or "not stated",
            "category": self._category(),
            "country": self._country(),
            "machines": [f"{place.system.id}{PART}{place.parts[0].name}" for place in places],
            "hours_asked": asked,
            "hours_least": least,
            "score": self._score(),
        }
        return ApplicationRow(line=line, values=values, faults=tuple(self.faults), notes=tuple(self.notes))

    def _fault(self, field: ApplicationField, sentence: str) -> None:
        self.faults.append(CellFault(field=field, found=self.said.get(field) or "", fault=sentence))

    def _application(self) -> str | None:
        name = self._text(ApplicationField.APPLICATION)
        if name is None:
            self._fault(ApplicationField.APPLICATION, "the row has no application number; give each application its own")
        return name

    def _text(self, field: ApplicationField) -> str | None:
        text = self.said.get(field)
        if text is not None and (len(text) > LONGEST_TEXT or not text.isprintable()):
            self._fault(field, f"the text holds a sign that cannot be printed, or more than {LONGEST_TEXT} signs; shorten it")
        return text

    def _category(self) -> str | None:
        text = self.said.get(ApplicationField.CATEGORY)
        if text is None and ApplicationField.CATEGORY not in self.said:
            return "unclassified"
        if text is None:
            self._fault(ApplicationField.CATEGORY, f"no user category; write one of {CATEGORIES}")
        elif is_company_of_unknown_kind(text):
            self._fault(ApplicationField.CATEGORY, f"{text!r} does not tell start-up, SME and large enterprise apart; write which it is")
        elif (named := category_named(text)) is None:
            self._fault(ApplicationField.CATEGORY, f"{text!r} is no user category; write one of {CATEGORIES}")
        else:
            return named.value
        return None

    def _country(self) -> str | None:
        text = self.said.get(ApplicationField.COUNTRY)
        if text is None:
            self.notes.append("no country, so limits on countries do not count it")
            return None
        named = country_named(text)
        if named is None:
            self._fault(ApplicationField.COUNTRY, f"{text!r} is no country; write its English name or ISO 3166 code, such as FI")
        return named

    def _places(self) -> list[Place]:
        """The partitions wished for, in order; a machine alone means its only partition that counts in the unit of the call."""
        text = self.said.get(ApplicationField.MACHINES)
        if text is None:
            self._fault(ApplicationField.MACHINES, "no machine is wished for; name one or more, the first wish first, with ; between them")
            return []
        found: dict[str, Place] = {}
        for name in filter(None, WISHES.split(text)):
            place = self._place(name)
            if place is not None:
                found.setdefault(f"{place.system.id}{PART}{place.parts[0].name}", place)
        return list(found.values())

    def _place(self, name: str) -> Place | None:
        place = self.reading.machines.place(name)
        if place is None:
            self._fault(ApplicationField.MACHINES, f"the machine {name!r} is not known; known are {self.reading.machines.names}")
            return None
        parts = place.parts
        if len(parts) > 1 and self.reading.unit is HourUnit.GPU_HOURS:
            parts = tuple(part for part in parts if part.gpus_per_node != 0)
        if len(parts) != 1:
            choices = ", ".join(part.name for part in place.parts)
            self._fault(ApplicationField.MACHINES, f"{place.system.name} has the partitions {choices}; name the one that is wished for")
            return None
        if self.reading.unit is HourUnit.GPU_HOURS and parts[0].gpus_per_node == 0:
            self._fault(ApplicationField.MACHINES, f"{parts[0].name} has no GPUs, and the call is for GPU-hours; name a machine with GPUs")
            return None
        return Place(system=place.system, parts=parts)

    def _hours(self, field: ApplicationField, places: list[Place]) -> int | None:
        text = self.said.get(field)
        if text is None:
            if field is ApplicationField.HOURS_ASKED:
                self._fault(field, "no hours are asked for; state a whole number of at least 1")
            return None
        amount = amount_written(text)
        hours = None if amount is None else _number(amount[0], amount[1], self.reading.marks.get(field))
        if amount is None or hours is None:
            self._fault(field, f"{text!r} is no number of hours, or could be two; write it with digits alone, such as 1500000")
        elif hours < 0:
            self._fault(field, f"{text} hours are fewer than none; state a whole number of at least {0 if 'least' in field else 1}")
        elif hours >= MOST_HOURS:
            self._fault(field, f"{text} hours are more than any machine has in a year; check the unit and the zeros")
        else:
            return self._in_unit(field, hours, amount[2], places)
        return None

    def _in_unit(self, field: ApplicationField, hours: float, written: str, places: list[Place]) -> int | None:
        """The hours in the unit of the call, whole ones; converted where cell, column or unit column say another unit."""
        column = self.said.get(ApplicationField.UNIT)
        stated = {unit_named(text) for text in (written, column) if text}
        stated |= {self.reading.columns.units[field]} if field in self.reading.columns.units else set()
        if None in stated or len(stated) > 1:
            self._fault(field, "cell, column name and unit column must say one and the same of node-hours, GPU-hours and core-hours")
            return None
        unit = stated.pop() if stated else self.reading.unit
        if unit is not None and unit is not self.reading.unit:
            return self._converted(field, hours, unit, places)
        if hours != int(hours):
            self._fault(field, f"{hours:,.15g} is no whole number of hours; awards are whole hours")
            return None
        return int(hours)

    def _converted(self, field: ApplicationField, hours: float, unit: HourUnit, places: list[Place]) -> int | None:
        factors = {(factor(place, unit).per_node_hour, factor(place, self.reading.unit).per_node_hour) for place in places}
        if len(factors) != 1 or None in (pair := next(iter(factors))):
            names = ", ".join(place.name for place in places) or "no known machine"
            words = f"{UNIT_NAMES[unit]} cannot be turned into {UNIT_NAMES[self.reading.unit]}"
            self._fault(field, f"{words}: no one factor holds for {names}; state {UNIT_NAMES[self.reading.unit]}")
            return None
        given, wanted = pair
        assert given is not None
        assert wanted is not None
        self.notes.append(f"{UNIT_NAMES[unit]} read as {wanted / given:g} {UNIT_NAMES[self.reading.unit]} each, rounded up to whole ones")
        return math.ceil(hours * wanted / given - 1e-9)

    def _plausible(self, asked: int | None, least: int | None, places: list[Place]) -> None:
        if asked is not None and asked < 1 and not any(fault.field is ApplicationField.HOURS_ASKED for fault in self.faults):
            self._fault(ApplicationField.HOURS_ASKED, "no hours are asked for; state a whole number of at least 1")
        elif asked is not None and asked < FEWEST_HOURS:
            words = f"only {asked} {UNIT_NAMES[self.reading.unit]} are asked for; if a comma cut a number in two, quote it"
            self._fault(ApplicationField.HOURS_ASKED, f"{words}; if millions are meant, write them out")
        if asked is not None and least is not None and least > asked:
            words = f"the minimum of {least:,} lies above the {asked:,} hours asked for; lower it, or ask for more"
            self._fault(ApplicationField.HOURS_LEAST, words)
        year = _hours_of_a_year(places, self.reading.unit)
        if asked is not None and year is not None and asked > year:
            names = " and ".join(place.name for place in places)
            words = f"{asked:,} {UNIT_NAMES[self.reading.unit]} are more than {names} can give in a whole year ({year:,.0f})"
            self._fault(ApplicationField.HOURS_ASKED, f"{words}; check the unit and the zeros")

    def _score(self) -> float | None:
        text, best = self.said.get(ApplicationField.SCORE), self.reading.best_score
        score = None if text is None else number(text, self.reading.marks.get(ApplicationField.SCORE))
        if text is None:
            self._fault(ApplicationField.SCORE, f"no score; an application without one cannot be ranked. Write 0 to {best:g}")
        elif score is None or not math.isfinite(score):
            self._fault(ApplicationField.SCORE, f"{text!r} is no number, or could be two; write a score such as 87.5")
        elif not 0 <= score <= best:
            self._fault(
                ApplicationField.SCORE, f"the score is {score:g}, but scores run from 0 to {best:g}; correct it, or the highest score"
            )
        else:
            return score
        return None


def _number(digits: str, multiple: float, mark: Mark | None) -> float | None:
    """The hours that digits and a multiple state; groups of three are thousands, for no award is a fraction of an hour.

    >>> _number("1,500,000", 1.0, None), _number("1,500", 1.0, None), _number("1,500", 1e6, None), _number("1.5", 1e6, None)
    (1500000.0, 1500.0, None, 1500000.0)
    """
    if multiple == 1.0 and mark is None and GROUPED.fullmatch(digits):
        return float(re.sub(r"[.,]", "", digits))
    value = number(digits, mark)
    return value * multiple if value is not None and math.isfinite(value * multiple) else (None if value is None else math.inf)


def _hours_of_a_year(places: list[Place], unit: HourUnit) -> float | None:
    """The hours that the partitions could give together in a year, without a break; unknown where one's size is."""
    total = 0.0
    for place in places:
        per_node, nodes = factor(place, unit).per_node_hour, place.parts[0].nodes
        if per_node is None or nodes is None:
            return None
        total += nodes * per_node * HOURS_PER_YEAR
    return total if places else None


def _said(cell: str) -> str | None:
    """The text of a cell, none where it says nothing."""
    text = cell[1:] if cell.startswith(FORMULA_GUARD) else cell
    return None if plain(text) in SAYS_NOTHING else text
