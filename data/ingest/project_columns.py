"""Which column of a table of projects means what: guessed by its name, corrected by whoever brings it in."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from data.errors import InputError
from data.ingest.project_words import plain, unit_named
from data.ingest.text_table import TextTable
from data.terms import HourUnit


class ProjectField(StrEnum):
    """What a column of a table of projects can tell."""

    ACCOUNT = "account"
    SYSTEM = "system"
    CODE = "code"
    TITLE = "title"
    CATEGORY = "category"
    TRACK = "track"
    ORGANISATION = "organisation"
    COUNTRY = "country"
    FIELD = "field"
    MODE = "mode"
    CALL = "call"
    NODE_HOURS = "node_hours"
    GPU_HOURS = "gpu_hours"
    CORE_HOURS = "core_hours"
    HOURS = "hours"
    UNIT = "unit"
    STARTS = "starts"
    ENDS = "ends"
    IGNORE = "ignore"


NAMES: dict[ProjectField, tuple[str, ...]] = {
    ProjectField.ACCOUNT: (
        "account",
        "slurm account",
        "account name",
        "unix group",
        "group",
        "project account",
        "project id",
        "project code",
        "project number",
        "project reference",
        "project identifier",
        "proposal id",
        "proposal number",
        "reference",
        "id",
        "code",
        "project",
    ),
    ProjectField.CODE: ("project code", "project id", "eurohpc code", "eurohpc id", "ehpc code", "proposal id", "reference", "code"),
    ProjectField.TITLE: ("title", "project title", "proposal title", "title of project", "project name", "acronym", "project"),
    ProjectField.SYSTEM: ("system", "machine", "supercomputer", "cluster", "awarded system", "allocated system", "hpc system", "resource"),
    ProjectField.CATEGORY: (
        "category",
        "user category",
        "organisation type",
        "organization type",
        "type of organisation",
        "type of organization",
        "user type",
        "legal form",
    ),
    ProjectField.TRACK: ("track", "access track", "application track"),
    ProjectField.ORGANISATION: (
        "organisation",
        "organization",
        "institution",
        "affiliation",
        "company",
        "pi organisation",
        "pi organization",
        "pi institution",
        "pi affiliation",
        "lead organisation",
        "institution organisation",
        "host institution",
    ),
    ProjectField.COUNTRY: ("country", "pi country", "country of pi", "country of affiliation", "country of the pi", "organisation country"),
    ProjectField.FIELD: (
        "field",
        "research field",
        "field of science",
        "scientific field",
        "research domain",
        "scientific domain",
        "domain",
        "discipline",
        "area",
        "scientific area",
    ),
    ProjectField.MODE: ("mode", "access mode", "type of access", "access type", "access"),
    ProjectField.CALL: ("call", "cut off", "call id", "cut off date", "call year", "call identifier"),
    ProjectField.UNIT: ("unit", "units", "unit of hours", "hours unit", "resource unit"),
    ProjectField.STARTS: ("starts", "start", "start date", "from", "begin", "begins", "allocation start", "starting date", "project start"),
    ProjectField.ENDS: ("ends", "end", "end date", "until", "to", "allocation end", "ending date", "expires", "expiry", "project end"),
}
"""The names by which columns are known, the surest first."""

HOUR_FIELDS = {
    HourUnit.NODE_HOURS: ProjectField.NODE_HOURS,
    HourUnit.GPU_HOURS: ProjectField.GPU_HOURS,
    HourUnit.CORE_HOURS: ProjectField.CORE_HOURS,
}
HOURS_AROUND = ("awarded", "allocated", "granted", "allocation", "award", "budget", "number of", "total", "resources", "amount", "in")
NOT_AWARDED = ("used", "consumed", "spent", "remaining", "left", "requested", "asked")
PLAIN_HOURS = (
    "hours",
    "hours awarded",
    "awarded hours",
    "allocated hours",
    "allocation",
    "amount",
    "awarded resources",
    "allocated resources",
)
PERSONAL = ("pi", "principal investigator", "investigator", "pi name", "name of pi", "leader", "applicant", "contact", "e mail", "email")
PERSONAL_WORDS = ("pi", "investigator", "leader", "applicant", "contact", "email", "mail", "phone", "surname", "person", "coordinator")


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What each column of a table was taken for."""

    header_line: int
    """The line that names the columns."""
    names: tuple[str, ...]
    """The names of all columns, in their order."""
    places: dict[ProjectField, int]
    """Where each thing that the table tells stands."""
    personal: tuple[str, ...]
    """Columns left unread because they hold personal data."""
    unread: tuple[str, ...]
    """Columns left unread because nothing here has use for them."""

    @property
    def said(self) -> list[str]:
        """The guess in words, a line a column."""
        taken = [
            f"{self.names[place]!r} is read as {field.value}" for field, place in sorted(self.places.items(), key=lambda item: item[1])
        ]
        taken += [f"{name!r} is dropped, as personal data" for name in self.personal]
        return taken + [f"{name!r} is not read" for name in self.unread]


def columns_of(table: TextTable, mapping: Sequence[str]) -> Columns:
    """The meaning of each column, by the first line that names an account and by what the mapping (`column=field`) says.

    Raises:
        InputError: if no line names an account, two columns claim the same field, or the mapping names what does not exist.
    """
    asked = dict(_asked(text) for text in mapping)
    best: Columns | None = None
    for line, cells in table.records[:20]:
        found = _columns(line, cells, asked)
        if best is None or len(found.places) > len(best.places):
            best = found
    if best is None or ProjectField.ACCOUNT not in best.places:
        seen = ", ".join(map(repr, best.names)) if best else "nothing"
        raise InputError(
            f"{table.file} has no column that names the project or account (columns found: {seen}); "
            "say which it is with --mapping 'COLUMN=account'."
        )
    _possible(table.file, best, asked)
    return best


def mapping_texts(texts: Sequence[str]) -> list[str]:
    """The single corrections of `--mapping`, which may be repeated or joined by commas.

    >>> mapping_texts(["Node hours, total=hours", "A=account,B=title"])
    ['Node hours, total=hours', 'A=account', 'B=title']
    """
    found: list[str] = []
    for text in texts:
        for piece in text.split(","):
            if found and "=" not in found[-1]:
                found[-1] += f",{piece}"
            else:
                found.append(piece)
    return [text.strip() for text in found]


def _asked(text: str) -> tuple[str, ProjectField]:
    column, equals, field = text.rpartition("=")
    if not equals or not column.strip() or field.strip() not in set(ProjectField):
        raise InputError(f"--mapping {text!r} is not COLUMN=FIELD; fields are {', '.join(ProjectField)}.")
    return plain(column), ProjectField(field.strip())


def _columns(line: int, cells: list[str], asked: dict[str, ProjectField]) -> Columns:
    plains = [plain(cell) for cell in cells]
    places = {asked[name]: place for place, name in enumerate(plains) if name in asked and asked[name] is not ProjectField.IGNORE}
    free = [place for place, name in enumerate(plains) if name and name not in asked]
    for field, known in NAMES.items():
        if field not in places:
            candidates = [place for place in free if plains[place] in known]
            if candidates:
                places[field] = min(candidates, key=lambda place: known.index(plains[place]))
                free.remove(places[field])
    for place in list(free):
        hours = _hours_field(plains[place])
        if hours is not None and hours not in places:
            places[hours] = place
            free.remove(place)
    personal = [place for place in free if plains[place] in PERSONAL or set(plains[place].split()) & set(PERSONAL_WORDS)]
    return Columns(
        header_line=line,
        names=tuple(cells),
        places=places,
        personal=tuple(cells[place] for place in personal),
        unread=tuple(cells[place] for place in range(len(cells)) if plains[place] and place not in (*places.values(), *personal)),
    )


def _hours_field(name: str) -> ProjectField | None:
    """The field of a column of awarded hours, by the unit in its name."""
    if set(name.split()) & set(NOT_AWARDED):
        return None
    if name in PLAIN_HOURS:
        return ProjectField.HOURS
    for word in HOURS_AROUND:
        name = f" {name} ".replace(f" {word} ", " ").strip()
    unit = unit_named(name)
    return HOUR_FIELDS[unit] if unit is not None else None


def _possible(file: str, columns: Columns, asked: dict[str, ProjectField]) -> None:
    plains = [plain(name) for name in columns.names]
    absent = sorted(name for name in asked if name not in plains)
    if absent:
        raise InputError(f"{file} has no column {absent[0]!r}; its columns are {', '.join(map(repr, columns.names))}.")
    fields = [field for field in asked.values() if field is not ProjectField.IGNORE]
    twice = sorted({field.value for field in fields if fields.count(field) > 1} | {name for name in asked if plains.count(name) > 1})
    if twice:
        raise InputError(f"--mapping speaks of {twice[0]!r} more than once; one column can mean one thing.")
    hours = [field for field in (*HOUR_FIELDS.values(), ProjectField.HOURS) if field in columns.places]
    if len(hours) > 1:
        named = " and ".join(repr(columns.names[columns.places[field]]) for field in hours)
        raise InputError(f"{file} states hours in {named}; say with --mapping 'COLUMN=ignore' which of them not to read.")
