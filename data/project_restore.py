"""What was decided about projects brought back as an earlier state of the store had it: a new decision, which writes nothing over."""

from dataclasses import dataclass

import polars as pl

from data import projects, rollups
from data.access import Person, require
from data.errors import ConflictError, InputError
from data.history import state_of
from data.lake import Lake, Writer, writing
from data.reasons import one_line
from data.schema import PROJECTS
from data.settings import Settings
from data.terms import Action

KEY = ["system", "account"]
FORGET = "delete from lake.projects stored using incoming_forgotten i where stored.system = i.system and stored.account = i.account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoration:
    """What is to be done so that projects are as they were."""

    state: int
    """The state that is brought back."""
    decided: pl.DataFrame
    """The projects that are set to what they were (frame PROJECTS)."""
    forgotten: pl.DataFrame
    """System and account of those about which nobody had decided."""
    seen: pl.DataFrame
    """What is decided about all of these now (frame PROJECTS)."""

    @property
    def projects(self) -> int:
        """How many projects it changes."""
        return self.decided.height + self.forgotten.height


def restoration(settings: Settings, now: Lake | Writer, state: int, *, accounts: tuple[tuple[str, str], ...] = ()) -> Restoration:
    """What it takes to bring back what an earlier state had decided, about these projects (system, account) or about all.

    Raises:
        InputError: if the state is not remembered.
    """
    with state_of(settings, state) as pinned:
        then = _of(projects.stored(pinned), accounts)
    stands = _of(projects.stored(now), accounts)
    decided = then.join(stands, on=list(PROJECTS), how="anti", nulls_equal=True).sort(KEY)
    forgotten = stands.join(then, on=KEY, how="anti").select(*KEY).sort(KEY)
    touched = pl.concat([decided.select(*KEY), forgotten])
    return Restoration(state=state, decided=decided, forgotten=forgotten, seen=stands.join(touched, on=KEY, how="semi").sort(KEY))


def restore(settings: Settings, person: Person, wanted: Restoration, *, reason: str) -> int:
    """How many projects were set back, in one transaction whose message is the reason.

    Raises:
        AccessError: if the person may not decide.
        InputError: if there is no reason, or nothing to bring back.
        ConflictError: if somebody decided about one of them since the restoration was looked at; nothing is changed then.
    """
    require(Action.DECIDE, person)
    if not one_line(reason):
        raise InputError("bringing back an earlier state needs a reason, which the history will show.")
    if wanted.projects == 0:
        raise InputError(f"the projects are as they were in state {wanted.state}; there is nothing to bring back.")
    with writing(settings, author=person.name, message="Projects brought back") as writer:
        again = restoration(settings, writer, wanted.state, accounts=_keys(wanted))
        if not again.seen.equals(wanted.seen):
            raise ConflictError("somebody decided about these projects meanwhile. Nothing was changed; look at the difference once more.")
        if wanted.decided.height:
            projects.save(writer, wanted.decided, author=person.name)
        _forget(writer, wanted.forgotten)
        writer.message = f"Projects as in state {wanted.state}: {one_line(reason)}"
        writer.details = {"projects": wanted.projects, "restored": wanted.state}
    return wanted.projects


def _forget(writer: Writer, keys: pl.DataFrame) -> None:
    if keys.is_empty():
        return
    with writer.beside("incoming_forgotten", keys):
        writer.change(FORGET)
    rollups.reclassify(writer, keys["system"].unique().sort().to_list())


def _of(rows: pl.DataFrame, accounts: tuple[tuple[str, str], ...]) -> pl.DataFrame:
    if not accounts:
        return rows
    return rows.join(pl.DataFrame(accounts, schema=dict.fromkeys(KEY, pl.String), orient="row"), on=KEY, how="semi")


def _keys(wanted: Restoration) -> tuple[tuple[str, str], ...]:
    keys = pl.concat([wanted.decided.select(*KEY), wanted.forgotten])
    return tuple((str(system), str(account)) for system, account in keys.rows())
