"""Which column of a table of applications means what: guessed by its name, corrected by whoever brings it in."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from data.errors import InputError
from data.ingest.project_columns import PERSONAL, PERSONAL_WORDS
from data.ingest.project_words import plain, unit_named
from data.ingest.text_table import TextTable
from data.terms import HourUnit

LOOKED_AT = 20
"""Among so many first lines the one that names the columns is looked for."""


class ApplicationField(StrEnum):
    """What a column of a table of applications can tell."""

    APPLICATION = "application"
    ORGANISATION = "organisation"
    CATEGORY = "category"
    COUNTRY = "country"
    MACHINES = "machines"
    HOURS_ASKED = "hours_asked"
    HOURS_LEAST = "hours_least"
    SCORE = "score"
    UNIT = "unit"
    IGNORE = "ignore"


NEEDED = (ApplicationField.APPLICATION, ApplicationField.MACHINES, ApplicationField.HOURS_ASKED, ApplicationField.SCORE)
"""Without these a call cannot be decided."""

NAMES: dict[ApplicationField, tuple[str, ...]] = {
    ApplicationField.APPLICATION: (
        "application",
        "application id",
        "application number",
        "application code",
        "proposal",
        "proposal id",
        "proposal number",
        "project code",
        "project id",
        "project",
        "reference",
        "code",
        "number",
        "id",
    ),
    ApplicationField.ORGANISATION: (
        "organisation",
        "organization",
        "applicant organisation",
        "lead organisation",
        "institution",
        "company",
        "affiliation",
        "pi organisation",
        "pi affiliation",
    ),
    ApplicationField.CATEGORY: ("category", "user category", "organisation type", "type of organisation", "user type"),
    ApplicationField.COUNTRY: ("country", "country of organisation", "organisation country", "pi country"),
    ApplicationField.MACHINES: (
        "machines",
        "machine",
        "machine wishes",
        "machines wished",
        "machines wished for",
        "wishes",
        "system",
        "systems",
        "supercomputer",
        "supercomputers",
        "partition",
        "partitions",
        "requested system",
        "requested systems",
        "resource",
    ),
    ApplicationField.SCORE: ("score", "panel score", "final score", "total score", "points", "mark", "evaluation", "merit"),
    ApplicationField.UNIT: ("unit", "units", "unit of hours", "hours unit"),
}
"""The names by which columns are known, the surest first."""

LEAST_WORDS = ("minimum", "min", "least", "minimal", "smallest")
"""Words that tell a column of minimums from one of requests."""

AROUND_HOURS = (
    "requested",
    "request",
    "asked",
    "asked for",
    "for",
    "useful",
    "award",
    "of",
    "number",
    "total",
    "resources",
    "amount",
    "in",
)
NOT_ASKED = ("awarded", "allocated", "granted", "used", "left", "remaining", "per", "last", "previous")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationColumns:
    """What each column of a table was taken for."""

    header_line: int
    """The line that names the columns."""
    names: tuple[str, ...]
    """The names of all columns, in their order."""
    places: dict[ApplicationField, int]
    """Where each thing that the table tells stands."""
    units: dict[ApplicationField, HourUnit]
    """The unit that the name of a column of hours states."""

    @property
    def said(self) -> list[str]:
        """The guess in words, a line a column; personal data are named as dropped."""
        read = {place: f"is read as {field.value}" for field, place in self.places.items()}
        return [f"{name!r} {read.get(place, _unread(name))}" for place, name in enumerate(self.names) if name]


def application_columns(table: TextTable, mapping: Sequence[str] = ()) -> ApplicationColumns:
    """The meaning of each column, by the line that names most of them and by what the mapping (`column=field`) says.

    Raises:
        InputError: if a needed column is missing, or the mapping names what does not exist.
    """
    if not table.records:
        raise InputError(f"{table.file} is empty; expected a line of column names and a line for each application.")
    asked = dict(_asked(text) for text in mapping)
    best = max((_columns(line, cells, asked) for line, cells in table.records[:LOOKED_AT]), key=lambda found: len(found.places))
    absent = sorted(name for name in asked if name not in {plain(each) for each in best.names})
    if absent:
        raise InputError(f"{table.file} has no column {absent[0]!r}; its columns are {', '.join(map(repr, best.names))}.")
    missing = [field.value for field in NEEDED if field not in best.places]
    if missing:
        seen = ", ".join(repr(name) for name in best.names if name)
        raise InputError(
            f"{table.file} has no column for {', '.join(missing)} (columns found: {seen}); name columns {', '.join(NEEDED)}, "
            f"or say which is which with --mapping 'COLUMN={missing[0]}'."
        )
    return best


def _asked(text: str) -> tuple[str, ApplicationField]:
    column, equals, field = text.rpartition("=")
    if not equals or not column.strip() or field.strip() not in set(ApplicationField):
        raise InputError(f"--mapping {text!r} is not COLUMN=FIELD; fields are {', '.join(ApplicationField)}.")
    return plain(column), ApplicationField(field.strip())


def _columns(line: int, cells: list[str], asked: dict[str, ApplicationField]) -> ApplicationColumns:
    plains = [plain(cell) for cell in cells]
    places = {asked[name]: place for place, name in enumerate(plains) if name in asked and asked[name] is not ApplicationField.IGNORE}
    free = [place for place, name in enumerate(plains) if name and name not in asked]
    for field, known in NAMES.items():
        candidates = [place for place in free if plains[place] in known]
        if field not in places and candidates:
            places[field] = min(candidates, key=lambda place: known.index(plains[place]))
            free.remove(places[field])
    for place in free:
        hours = _hours_field(plains[place])
        if hours is not None and hours not in places:
            places[hours] = place
    units = {field: unit for field, place in places.items() if "hours" in field and (unit := _unit(plains[place])) is not None}
    return ApplicationColumns(header_line=line, names=tuple(cells), places=places, units=units)


def _hours_field(name: str) -> ApplicationField | None:
    """Whether a column of this name holds requests or minimums."""
    words = set(name.split())
    if words & set(NOT_ASKED):
        return None
    if words & set(LEAST_WORDS):
        return ApplicationField.HOURS_LEAST
    return ApplicationField.HOURS_ASKED if words & {"hours", "h", "request", "requested"} or unit_named(name) else None


def _unit(name: str) -> HourUnit | None:
    """The unit in a column's name, whatever stands around it.

    >>> str(_unit("minimum gpu hours")), _unit("hours asked for")
    ('gpu_hours', None)
    """
    return unit_named(" ".join(word for word in name.split() if word not in (*LEAST_WORDS, *AROUND_HOURS)))


def _unread(name: str) -> str:
    words = plain(name)
    return "is dropped, as personal data" if words in PERSONAL or set(words.split()) & set(PERSONAL_WORDS) else "is not read"
