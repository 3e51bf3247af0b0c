"""Quotas pasted from a spreadsheet: every row read as an edit or refused with a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from data.errors import InputError
from data.ingest.project_row import amount_written
from data.ingest.project_words import SAYS_NOTHING, plain, unit_named
from data.ingest.text_table import Record, table_of_text
from data.ingest.written import Mark, day, day_order, decimal_mark, number
from data.project_codes import same_account
from data.quotas import EDITS, KEY
from data.terms import HourUnit

FIELDS: Mapping[str, tuple[str, ...]] = {
    "account": ("account", "project", "project account", "slurm account", "name"),
    "system": ("machine", "system", "cluster"),
    "hours": ("hours", "quota", "new quota", "node hours", "gpu hours", "core hours", "hours granted", "grant"),
    "unit": ("unit", "unit of hours"),
    "at_once": ("at once", "at one time", "most at one time", "nodes", "gpus", "cores"),
    "fairshare": ("fairshare", "shares", "fair share"),
    "qos": ("qos",),
    "ends": ("ends", "end", "end date", "until"),
}
"""The names of columns that are read, without capitals and signs, by what they set."""
AS_THEY_STAND = ("account", "hours")
"""What the columns are of a table without a line of names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pasted:
    """What was read of a pasted table."""

    edits: pl.DataFrame
    """The rows that can be read (frame EDITS), each with what stands now as what was seen."""
    refused: list[str]
    """A sentence for each of the other rows, with its line."""
    passed_over: tuple[str, ...]
    """The names of columns that are not read."""


def pasted(text: str, stands: pl.DataFrame, names: Mapping[str, str], *, mark: Mark | None = None) -> Pasted:
    """The quotas of a text with tabs, semicolons, commas or bars between its cells; a line of column names may lead it.

    Args:
        text: As it was pasted; without a line of names its columns are account and hours.
        stands: Every project as an edit that changes nothing (EDITS).
        names: The name of each machine by its identifier.
        mark: What stands between whole and part of numbers, where these do not tell it themselves.

    Raises:
        InputError: if the text is no table, or has no column of accounts or none that sets anything.
    """
    table = table_of_text("what was pasted", text)
    header, *rows = table.records
    places = _places(header[1])
    passed_over = tuple(cell for place, cell in enumerate(header[1]) if places and cell and place not in places.values())
    if not places:
        places, rows = dict(zip(AS_THEY_STAND, range(len(AS_THEY_STAND)), strict=True)), table.records
    if "account" not in places or len(places) < 2:
        raise InputError(
            f"what was pasted has the columns {', '.join(header[1])}; expected one called account and one called hours, at one time, "
            "fairshare, QOS or ends."
        )
    reader = _Reader(places, rows, stands, names, mark)
    return reader.read(rows, passed_over, unit_of_header=_unit_of_header(header[1], places))


class _Reader:
    """Reads rows; what only whole columns tell (decimal mark, order of days) is found first."""

    def __init__(self, places: Mapping[str, int], rows: list[Record], stands: pl.DataFrame, names: Mapping[str, str], mark: Mark | None):
        self.places = places
        amounts = [found[0] for field in ("hours", "at_once") for text in self._column(rows, field) if (found := amount_written(text))]
        self.mark = mark or decimal_mark(amounts)
        self.order = day_order(self._column(rows, "ends"))
        self.machines = {plain(name): system for system, name in names.items()} | {plain(system): system for system in names}
        self.by_account: dict[str, list[dict[str, Any]]] = {}
        for row in stands.iter_rows(named=True):
            self.by_account.setdefault(same_account(row["account"]), []).append(row)

    def read(self, rows: list[Record], passed_over: tuple[str, ...], *, unit_of_header: HourUnit | None) -> Pasted:
        found, refused, lines = [], [], dict[tuple[str, str], int]()
        for line, cells in rows:
            try:
                edit = self._edit(cells, unit_of_header)
            except InputError as error:
                refused.append(f"line {line}: {error}")
                continue
            key = (edit["system"], edit["account"])
            if key in lines:
                refused.append(f"line {line}: project {edit['account']} stands in line {lines[key]} already; give it once")
                continue
            lines[key] = line
            found.append(edit)
        return Pasted(edits=pl.DataFrame(found, schema=dict(EDITS)).sort(KEY), refused=refused, passed_over=passed_over)

    def _edit(self, cells: list[str], unit_of_header: HourUnit | None) -> dict[str, Any]:
        said = {
            field: cells[place] for field, place in self.places.items() if place < len(cells) and plain(cells[place]) not in SAYS_NOTHING
        }
        edit = dict(self._project(said))
        if len(said) - ("system" in said) - ("unit" in said) < 2:
            raise InputError(f"project {edit['account']} has no value in it; fill in the hours")
        if "hours" in said:
            edit["hours"], unit = self._hours(said["hours"], edit["account"])
            edit["unit"] = self._unit(said, unit, unit_of_header, edit)
        if "at_once" in said:
            edit["at_once"] = self._number(said["at_once"], "number at one time", edit["account"])
        if "fairshare" in said:
            shares = self._number(said["fairshare"], "fairshare", edit["account"])
            if not shares.is_integer():
                raise InputError(f"the fairshare of {edit['account']} is {said['fairshare']!r}; expected a whole number")
            edit["fairshare"] = int(shares)
        if "qos" in said:
            edit["qos"] = said["qos"]
        if "ends" in said:
            edit["ends"] = day(said["ends"], self.order)
            if edit["ends"] is None:
                raise InputError(
                    f"the end of {edit['account']} is {said['ends']!r}, which is no day or could be two; write it as 2026-12-31"
                )
        return edit

    def _project(self, said: Mapping[str, str]) -> dict[str, Any]:
        if "account" not in said:
            raise InputError("it names no project")
        account = said["account"]
        found = self.by_account.get(same_account(account), [])
        if "system" in said:
            system = self.machines.get(plain(said["system"]))
            if system is None:
                raise InputError(f"the machine {said['system']!r} is not known")
            found = [row for row in found if row["system"] == system]
        exact = [row for row in found if row["account"] == account]
        found = exact or found
        if not found:
            raise InputError(f"project {account!r} is not known{' on that machine' if 'system' in said else ''}; see how it is written")
        if len(found) > 1:
            systems = ", ".join(sorted(row["system"] for row in found))
            raise InputError(f"project {account!r} could be several ({systems}); add a column called machine")
        return found[0]

    def _hours(self, text: str, account: str) -> tuple[float, str]:
        amount = amount_written(text)
        value = number(amount[0], self.mark) if amount is not None else None
        if amount is None or value is None:
            mend = ", or could be two; say below what its mark means" if amount is not None else ""
            raise InputError(f"the hours of {account} are {text!r}, which is no number{mend}")
        return value * amount[1], amount[2]

    def _number(self, text: str, what: str, account: str) -> float:
        value = number(text, self.mark)
        if value is None:
            raise InputError(f"the {what} of {account} is {text!r}; expected a number")
        return value

    def _unit(self, said: Mapping[str, str], written: str, of_header: HourUnit | None, edit: Mapping[str, Any]) -> str:
        """The unit of hours where cell, column and name of the column agree; that of the quota as it stands where none speaks of it."""
        told = {unit_named(text) for text in (written, said.get("unit")) if text} | ({of_header} if of_header is not None else set())
        if not told:
            return str(edit["unit"])
        if len(told) > 1 or None in told:
            raise InputError(f"the unit of the hours of {edit['account']} is not clear; expected one of {', '.join(HourUnit)}")
        return str(told.pop())

    def _column(self, rows: list[Record], field: str) -> list[str]:
        place = self.places.get(field)
        return [] if place is None else [cells[place] for _, cells in rows if place < len(cells)]


def _places(header: list[str]) -> dict[str, int]:
    """Where each field stands by the line of names, none where the first line is no such line."""
    found: dict[str, int] = {}
    for place, cell in enumerate(header):
        field = next((field for field, words in FIELDS.items() if plain(cell) in words), None)
        if field is not None and field not in found:
            found[field] = place
    return found


def _unit_of_header(header: list[str], places: Mapping[str, int]) -> HourUnit | None:
    """The unit that the name of the column of hours tells, where there is a line of names."""
    place = places.get("hours")
    return unit_named(header[place]) if place is not None and plain(header[place]) in FIELDS["hours"] else None
