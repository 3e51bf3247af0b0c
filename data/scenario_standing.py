"""Which saved scenario holds: made current by a person, or by a second one where the site wants two to agree, and ended with a reason."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import polars as pl

from data.access import Person, require
from data.errors import InputError
from data.lake import Lake, Writer, writing
from data.migrated import has_seen
from data.quota_changes import same_person
from data.reasons import stated
from data.scenarios import Scenario, listed
from data.schema import Schema, check, empty
from data.settings import Settings
from data.terms import Action

MIGRATION = 9
"""The migration that makes their table; in a store from before it no scenario is current."""

DECISIONS: Schema = {
    "decision_id": pl.Int64,
    "name": pl.String,
    "version": pl.Int64,
    "state": pl.String,
    "author": pl.String,
    "reason": pl.String,
    "decided": pl.Datetime("us", "UTC"),
}
"""One row a decision about a scenario, oldest first."""

MADE = "select decision_id, name, version, state, author, reason, decided from lake.scenario_decisions order by decision_id"
INSERT = """
insert into lake.scenario_decisions by name select
    (select coalesce(max(decision_id), 0) + 1 from lake.scenario_decisions) as decision_id, $name as name, $version::bigint as version,
    $state as state, $author as author, $reason as reason, $decided::timestamptz as decided
"""


class ScenarioState(StrEnum):
    """What was decided about a scenario."""

    PROPOSED = "proposed"
    CURRENT = "current"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


SAID = {
    ScenarioState.PROPOSED: "proposed to be current",
    ScenarioState.CURRENT: "made current",
    ScenarioState.DECLINED: "declined",
    ScenarioState.WITHDRAWN: "withdrawn",
    ScenarioState.ENDED: "no longer current",
}
"""What was decided, as the history says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A scenario with the newest decision about it."""

    scenario: Scenario
    """The scenario."""
    state: ScenarioState
    """What was decided."""
    author: str
    """Who decided it."""
    reason: str
    """Why."""
    decided: datetime
    """When, UTC."""
    proposed_by: str | None
    """Who had proposed it, where somebody else decided."""


def standings(lake: Lake | Writer) -> list[Standing]:
    """Every scenario about which something was decided, with the newest decision, newest first."""
    known = {(one.name, one.version): one for one in listed(lake)}
    found: dict[tuple[str, int], Standing] = {}
    for row in decisions(lake).iter_rows(named=True):
        which, before = (row["name"], row["version"]), found.pop((row["name"], row["version"]), None)
        waits = before is not None and before.state is ScenarioState.PROPOSED
        found[which] = Standing(
            scenario=known[which],
            state=ScenarioState(row["state"]),
            author=row["author"],
            reason=row["reason"],
            decided=row["decided"],
            proposed_by=before.author if before is not None and waits else None,
        )
    return list(reversed(found.values()))


def current(lake: Lake | Writer) -> Standing | None:
    """The scenario that holds; none where none does."""
    return next((one for one in standings(lake) if one.state is ScenarioState.CURRENT), None)


def decisions(lake: Lake | Writer) -> pl.DataFrame:
    """Every decision about scenarios, oldest first (frame DECISIONS)."""
    return check(lake.frame(MADE), DECISIONS) if has_seen(lake, MIGRATION) else empty(DECISIONS)


def make_current(settings: Settings, person: Person, name: str, version: int, *, reason: str) -> ScenarioState:
    """What the scenario is now: current, in the place of the one before, or proposed where a second person must agree.

    Raises:
        AccessError: if the person may not decide.
        InputError: if there is no such scenario, no reason, or it is current or proposed already.
        StoreError: if the store cannot be written; nothing is stored then.
    """
    require(Action.DECIDE, person)
    state = ScenarioState.PROPOSED if settings.four_eyes else ScenarioState.CURRENT
    with writing(settings, author=person.name, message=f"Scenario {name}") as writer:
        before = _standing(writer, name, version)
        if before is not None and before.state in (ScenarioState.CURRENT, ScenarioState.PROPOSED):
            raise InputError(f"{before.scenario.title} is {SAID[before.state]} already, by {before.author}; nothing was changed.")
        if state is ScenarioState.CURRENT:
            _end_the_other(writer, person, reason)
        _record(writer, person, (name, version), state, reason)
    return state


def agree(settings: Settings, person: Person, name: str, version: int, *, reason: str) -> None:
    """Make a proposed scenario current, as a second person.

    Raises:
        AccessError: if the person may not decide.
        InputError: if it does not wait, there is no reason, or the person proposed it.
    """
    require(Action.DECIDE, person)
    with writing(settings, author=person.name, message=f"Scenario {name}") as writer:
        waits = _waiting(writer, name, version)
        if same_person(waits.author, person.name):
            raise InputError(f"{person.name} proposed {waits.scenario.title}; a second person has to agree to it. Nothing was changed.")
        _end_the_other(writer, person, reason)
        _record(writer, person, (name, version), ScenarioState.CURRENT, reason)


def turn_down(settings: Settings, person: Person, name: str, version: int, *, reason: str) -> ScenarioState:
    """Decline a proposed scenario, or withdraw one's own.

    Raises:
        AccessError: if the person may not decide.
        InputError: if it does not wait, or there is no reason.
    """
    require(Action.DECIDE, person)
    with writing(settings, author=person.name, message=f"Scenario {name}") as writer:
        waits = _waiting(writer, name, version)
        state = ScenarioState.WITHDRAWN if same_person(waits.author, person.name) else ScenarioState.DECLINED
        _record(writer, person, (name, version), state, reason)
    return state


def _standing(writer: Writer, name: str, version: int) -> Standing | None:
    if not any((one.name, one.version) == (name, version) for one in listed(writer)):
        raise InputError(f"there is no scenario {name!r} in version {version}; save it first.")
    return next((one for one in standings(writer) if (one.scenario.name, one.scenario.version) == (name, version)), None)


def _waiting(writer: Writer, name: str, version: int) -> Standing:
    found = _standing(writer, name, version)
    if found is None or found.state is not ScenarioState.PROPOSED:
        what = "nobody proposed it" if found is None else f"it is {SAID[found.state]} by {found.author}"
        raise InputError(f"scenario {name!r} in version {version} does not wait for a second person: {what}.")
    return found


def _end_the_other(writer: Writer, person: Person, reason: str) -> None:
    before = current(writer)
    if before is not None:
        _record(writer, person, (before.scenario.name, before.scenario.version), ScenarioState.ENDED, reason)


def _record(writer: Writer, person: Person, which: tuple[str, int], state: ScenarioState, reason: str) -> None:
    said = stated(reason, "decision")
    name, version = which
    row = {"name": name, "version": version, "state": state.value, "author": person.name, "reason": said}
    writer.change(INSERT, row | {"decided": datetime.now(UTC)})
    writer.message = f"Scenario {name}{f' (version {version})' if version > 1 else ''} {SAID[state]}: {said}"
    writer.details = {"scenario": name, "version": version, "state": state.value}
