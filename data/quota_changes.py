"""Changes of quotas: saved with author and reason, refused as a whole where somebody else was faster, or left to a second person."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import polars as pl

from data.access import Person, require
from data.errors import ConflictError, InputError
from data.lake import Lake, Writer, writing
from data.quota_check import QuotaFaultsError, ceilings, faults
from data.quotas import EDITS, KEY, changed, knows_quotas, overtaken, standing
from data.reasons import one_line, stated
from data.schema import Schema, check, empty
from data.settings import Settings
from data.systems import known_systems
from data.terms import Action

CHANGES: Schema = {
    "change_id": pl.Int64,
    "state": pl.String,
    "projects": pl.Int64,
    "author": pl.String,
    "reason": pl.String,
    "made": pl.Datetime("us", "UTC"),
    "decided_by": pl.String,
    "decided_because": pl.String,
    "decided": pl.Datetime("us", "UTC"),
}
"""One row a change, made current at once or proposed."""

NEXT = "select coalesce(max(change_id), 0) + 1 from lake.quota_changes"
RECORD = """
insert into lake.quota_changes by name select $change_id::bigint as change_id, $state as state, $projects::bigint as projects,
    $author as author, $reason as reason, $made::timestamptz as made, $decided_by as decided_by,
    $decided_because as decided_because, $decided::timestamptz as decided
"""
DECIDE = """
update lake.quota_changes set state = $state, decided_by = $decided_by, decided_because = $decided_because,
    decided = $decided::timestamptz
where change_id = $change_id and state = 'proposed'
"""
INSERT = """
insert into lake.quotas by name
select system, account, unit, hours, at_once, fairshare, qos, starts, ends, base_version + 1 as version, $change_id::bigint as change_id,
    $author as author, $reason as reason, $decided::timestamptz as decided
from incoming_quotas
"""
PROPOSE = "insert into lake.quota_proposals by name select *, $change_id::bigint as change_id from incoming_quotas"
CHANGES_MADE = """
select change_id, state, projects, author, reason, made, decided_by, decided_because, decided from lake.quota_changes
where len($states) = 0 or list_contains($states, state) order by change_id desc
"""
PROPOSED = """
select system, account, unit, hours, at_once, fairshare, qos, starts, ends, base_version, base_hours, base_starts, base_ends
from lake.quota_proposals where change_id = $change_id order by system, account
"""
UNKNOWN = """
select system, account from incoming_quotas anti join (
    select system, account from lake.accounts union select system, account from lake.projects
) using (system, account) order by all
"""


class ChangeState(StrEnum):
    """What became of a change of quotas."""

    PROPOSED = "proposed"
    CURRENT = "current"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of quotas as it was stored."""

    change_id: int
    """Its number, counted from 1."""
    state: ChangeState
    """Whether it holds, or waits for a second person."""
    projects: int
    """How many projects it changes."""


class QuotaConflictError(ConflictError):
    """Quotas that somebody else set after this person had looked at them; nothing of the change was saved."""

    def __init__(self, yours: pl.DataFrame, theirs: pl.DataFrame) -> None:
        """Keep both sides: `yours` (EDITS, which holds what was seen) and `theirs` (QUOTAS), row by row of the same projects."""
        first = theirs.row(0, named=True)
        who = f"{first['author'] or 'somebody'} meanwhile set project {first['account']} of {first['system']}"
        more = f" and {theirs.height - 1:,} further projects were set as well" if theirs.height > 1 else ""
        super().__init__(f"{who}{more}. Nothing of this change was saved; look at both, and keep yours or theirs for each project.")
        self.yours = yours
        self.theirs = theirs


def save(settings: Settings, person: Person, edits: pl.DataFrame, *, reason: str, now: datetime | None = None) -> Change:
    """The change as it was stored: current at once, or proposed where the site wants a second person to agree.

    Args:
        settings: Which store, and whether a second person must agree.
        person: Who wants it.
        edits: The projects to change (EDITS), each with what stood there when the person looked.
        reason: Why, for the history.
        now: When, for tests.

    Raises:
        AccessError: if the person may not decide.
        InputError: if there is no reason, nothing to change, or a project that nobody knows.
        QuotaFaultsError: if quotas cannot be believed, with all of them.
        QuotaConflictError: if somebody else set one of them meanwhile.
        StoreError: if the store cannot be written. In each case nothing is stored.
    """
    require(Action.DECIDE, person)
    reason, when = stated(reason, "change"), now or datetime.now(UTC)
    wanted = check(edits, EDITS).select(list(EDITS))
    with writing(settings, author=person.name, message="Quotas") as writer:
        _believable(writer, wanted)
        rows = _not_overtaken(writer, wanted)
        number = int(writer.frame(NEXT).item())
        state = ChangeState.PROPOSED if settings.four_eyes else ChangeState.CURRENT
        record = {"change_id": number, "state": state.value, "projects": rows.height, "author": person.name, "reason": reason, "made": when}
        undecided = {"decided_by": None, "decided_because": None, "decided": None}
        writer.change(RECORD, record | (undecided if settings.four_eyes else undecided | {"decided_by": person.name, "decided": when}))
        if settings.four_eyes:
            with writer.beside("incoming_quotas", rows):
                writer.change(PROPOSE, {"change_id": number})
        else:
            _make_current(writer, rows, record, when)
        _tell(writer, record, "Quotas proposed" if settings.four_eyes else "Quotas", reason)
    return Change(change_id=number, state=state, projects=rows.height)


def approve(settings: Settings, person: Person, change_id: int, *, reason: str = "", now: datetime | None = None) -> Change:
    """The proposed change after a second person made it current.

    Raises:
        AccessError: if the person may not decide, or proposed it.
        InputError: if no such change waits.
        QuotaConflictError: if a quota of it was set meanwhile; then it cannot be made current any more, and is to be proposed anew.
    """
    require(Action.DECIDE, person)
    when = now or datetime.now(UTC)
    with writing(settings, author=person.name, message="Quotas approved") as writer:
        record = _waiting(writer, change_id)
        if same_person(record["author"], person.name):
            raise InputError(f"{person.name} proposed change {change_id}; a second person has to agree to it. Nothing was changed.")
        wanted = proposed(writer, change_id)
        _believable(writer, wanted)
        rows = _not_overtaken(writer, wanted)
        _make_current(writer, rows, record, when)
        _decide(writer, record, ChangeState.CURRENT, person, one_line(reason), when)
        _tell(writer, record, f"Quotas of {record['author']} approved", record["reason"])
    return Change(change_id=change_id, state=ChangeState.CURRENT, projects=rows.height)


def decline(settings: Settings, person: Person, change_id: int, *, reason: str, now: datetime | None = None) -> Change:
    """The proposed change after it was turned down with a reason, or withdrawn by the person who had proposed it.

    Raises:
        AccessError: if the person may not decide.
        InputError: if no such change waits, or another than its author gives no reason.
    """
    require(Action.DECIDE, person)
    reason = one_line(reason)
    with writing(settings, author=person.name, message="Quotas declined") as writer:
        record = _waiting(writer, change_id)
        state = ChangeState.WITHDRAWN if same_person(record["author"], person.name) else ChangeState.DECLINED
        if state is ChangeState.DECLINED:
            reason = stated(reason, "change")
        _decide(writer, record, state, person, reason, now or datetime.now(UTC))
        _tell(writer, record, f"Quotas of {record['author']} {state}", reason or record["reason"])
    return Change(change_id=change_id, state=state, projects=record["projects"])


def changes(lake: Lake | Writer, *states: ChangeState) -> pl.DataFrame:
    """Every change of these states, or of all, newest first (frame CHANGES)."""
    if not knows_quotas(lake):
        return empty(CHANGES)
    return check(lake.frame(CHANGES_MADE, {"states": [state.value for state in states]}), CHANGES)


def proposed(lake: Lake | Writer, change_id: int) -> pl.DataFrame:
    """What a change proposes, with what its author saw (frame EDITS); no row where it never waited for a second person."""
    return check(lake.frame(PROPOSED, {"change_id": change_id}), EDITS) if knows_quotas(lake) else empty(EDITS)


def same_person(one: str, other: str) -> bool:
    """Whether two names of authors are one person's, however they are written."""
    return one.strip().casefold() == other.strip().casefold()


def _not_overtaken(writer: Writer, edits: pl.DataFrame) -> pl.DataFrame:
    """The edits that change something.

    Raises:
        QuotaConflictError: if somebody else set a quota since it was looked at.
        InputError: if nothing changes.
    """
    now = standing(writer)
    judged = overtaken(now, edits)
    late = judged.filter("is_overtaken").sort(KEY)
    if late.height:
        theirs = late.select(*KEY).join(now, on=KEY, how="left", validate="1:1").with_columns(pl.col("version").fill_null(0)).sort(KEY)
        raise QuotaConflictError(late.select(list(EDITS)), theirs)
    rows = changed(now, edits)
    if rows.is_empty():
        raise InputError("these quotas are as they stand already, so there is nothing to save.")
    return rows


def _make_current(writer: Writer, rows: pl.DataFrame, record: dict[str, Any], when: datetime) -> None:
    with writer.beside("incoming_quotas", rows):
        writer.change(INSERT, {name: record[name] for name in ("change_id", "author", "reason")} | {"decided": when})


def _decide(writer: Writer, record: dict[str, Any], state: ChangeState, person: Person, reason: str, when: datetime) -> None:
    said = {"state": state.value, "decided_by": person.name, "decided_because": reason or None, "decided": when}
    writer.change(DECIDE, said | {"change_id": record["change_id"]})


def _tell(writer: Writer, record: dict[str, Any], what: str, reason: str) -> None:
    number = record["projects"]
    writer.message = f"{what}, {number:,} project{'s' if number != 1 else ''}: {reason}"
    writer.details = {"quota_change": record["change_id"]}


def _waiting(writer: Writer, change_id: int) -> dict[str, Any]:
    known = changes(writer).filter(change_id=change_id)
    if known.is_empty():
        raise InputError(f"there is no change {change_id} of quotas; the page Quotas lists those that wait.")
    record = known.row(0, named=True)
    if record["state"] != ChangeState.PROPOSED:
        raise InputError(f"change {change_id} waits for nobody: it is {record['state']} since {record['decided']:%Y-%m-%d %H:%M} UTC.")
    return record


def _believable(writer: Writer, edits: pl.DataFrame) -> None:
    if edits.is_empty():
        raise InputError("there is no quota to save; change one first.")
    systems = known_systems(writer)
    found = faults(edits, ceilings(systems), {name: system.name for name, system in systems.items()})
    if found.height:
        raise QuotaFaultsError(found)
    with writer.beside("incoming_quotas", edits):
        unknown = writer.frame(UNKNOWN)
    if unknown.height:
        system, account = unknown.row(0)
        raise InputError(
            f"project {account!r} of {system} is not known, one of {unknown.height:,}; a project is known once it ran a job or was brought "
            "in with a table of projects. Nothing was saved."
        )
