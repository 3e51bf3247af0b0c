"""Scenarios: splits that somebody named and kept, each with author, time and reason; an earlier version is never written over."""

from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from data.access import Person, require
from data.errors import InputError
from data.lake import Lake, Writer, writing
from data.migrated import has_seen
from data.reasons import LONGEST_REASON, one_line
from data.schema import Schema, check, empty
from data.settings import Settings
from data.terms import Action

MIGRATION = 6
"""The migration that makes their table; a store from before it holds none, and is read all the same."""
LONGEST_NAME, LONGEST_ADDRESS = 80, 4_000
"""The most characters of each; an address longer than that opens in no browser everywhere."""

SCENARIOS: Schema = {
    "name": pl.String,
    "version": pl.Int64,
    "address": pl.String,
    "snapshot_id": pl.Int64,
    "author": pl.String,
    "reason": pl.String,
    "saved": pl.Datetime("us", "UTC"),
}
"""One row a version of a scenario."""

LISTED = "select name, version, address, snapshot_id, author, reason, saved from lake.scenarios order by saved desc, name, version desc"
NEXT_VERSION = "select coalesce(max(version), 0) + 1 from lake.scenarios where name = $name"
INSERT = """
insert into lake.scenarios by name select
    $name as name, $version::bigint as version, $address as address, $snapshot_id::bigint as snapshot_id, $author as author,
    $reason as reason, $saved::timestamptz as saved
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A split that somebody named and kept."""

    name: str
    """What it is called."""
    version: int
    """Counted from 1; saving under a name once more makes the next version."""
    address: str
    """All choices and the selection, as the query string of the split page."""
    snapshot_id: int
    """The state of the store on which it was looked at."""
    author: str
    """Who saved it."""
    reason: str
    """Why."""
    saved: datetime
    """When, UTC."""

    @property
    def title(self) -> str:
        """Its name, with the version from the second on.

        >>> when = datetime(2026, 3, 1, tzinfo=UTC)
        >>> Scenario(name="Lean", version=2, address="", snapshot_id=7, author="olga", reason="budget", saved=when).title
        'Lean (version 2)'
        """
        return self.name if self.version == 1 else f"{self.name} (version {self.version})"


def save(settings: Settings, person: Person, *, name: str, reason: str, address: str, snapshot_id: int) -> Scenario:
    """The scenario as it was stored, in the next version of its name.

    Raises:
        AccessError: if the person may not decide.
        InputError: if the name or the reason is empty, or one is too long.
        StoreError: if the store cannot be written; nothing is stored then.
    """
    require(Action.DECIDE, person)
    name, reason = one_line(name), one_line(reason)
    _believable(name, reason, address)
    saved = datetime.now(UTC)
    with writing(settings, author=person.name, message=f"Scenario {name}: {reason}") as writer:
        version = int(writer.frame(NEXT_VERSION, {"name": name}).item())
        stored = {"name": name, "version": version, "address": address, "snapshot_id": snapshot_id, "reason": reason}
        writer.change(INSERT, {**stored, "author": person.name, "saved": saved})
        writer.details = {"scenario": name, "version": version, "looked_at_on_snapshot": snapshot_id}
    return Scenario(name=name, version=version, address=address, snapshot_id=snapshot_id, author=person.name, reason=reason, saved=saved)


def listed(lake: Lake | Writer) -> list[Scenario]:
    """Every version of every scenario, the newest first; none in a store from before there were scenarios."""
    rows = check(lake.frame(LISTED), SCENARIOS) if has_seen(lake, MIGRATION) else empty(SCENARIOS)
    return [Scenario(**row) for row in rows.iter_rows(named=True)]


def _believable(name: str, reason: str, address: str) -> None:
    told = (("name", name, LONGEST_NAME), ("reason", reason, LONGEST_REASON), ("address", address, LONGEST_ADDRESS))
    faults = [
        f"the {what} has {len(text):,} characters, but at most {most:,} are kept; shorten it"
        for what, text, most in told
        if len(text) > most
    ]
    faults += [f"the scenario has no {what}; give it one, so that others know it later" for what, text, _ in told[:2] if not text]
    if faults:
        raise InputError("; ".join(faults) + ".")
