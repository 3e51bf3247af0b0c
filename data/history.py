"""Who changed what, when and why: the states of the store as its own snapshots tell them, and what lies between any two."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

import polars as pl

from data import projects, quotas, scenario_standing, scenarios
from data.errors import InputError, StoreError
from data.lake import Lake, Snapshot
from data.quotas import KEY, STANDING, VALUES
from data.scenario_standing import SAID
from data.schema import PROJECTS, Schema, check, empty
from data.settings import Settings

MOST_STATES = 100_000
"""How many states are read at most, the newest first."""

HISTORY: Schema = {
    "state": pl.Int64,
    "committed": pl.Datetime("us", "UTC"),
    "author": pl.String,  # null: the store's own upkeep
    "kind": pl.String,
    "message": pl.String,
}
"""One row a committed state of the store, newest first."""

DIFFERENCES: Schema = {
    "kind": pl.String,
    "system": pl.String,
    "account": pl.String,  # or the name of what is no project
    "what": pl.String,
    "before": pl.String,  # null: there was none
    "after": pl.String,  # null: there is none any more
}
"""One row a value that differs between two states."""

TOUCHING = """
select distinct snapshot_id as state from (
    select snapshot_id, system, account from ducklake_table_changes('lake', 'main', 'projects', $first, $last)
    {quotas}
) where contains(lower(account), lower($account)) order by state desc
"""
TOUCHING_QUOTAS = """
    union all select snapshot_id, system, account from ducklake_table_changes('lake', 'main', 'quotas', $first, $last)
    union all select snapshot_id, system, account from ducklake_table_changes('lake', 'main', 'quota_proposals', $first, $last)
"""
"""The same of quotas, in a store that has their tables."""


class HistoryKind(StrEnum):
    """What a state of the store was written for."""

    QUOTAS = "quotas"
    PROJECTS = "projects"
    SCENARIOS = "scenarios"
    LOGS = "logs"
    SERIES = "series"
    UPKEEP = "upkeep"
    OTHER = "other"


KIND_OF_DETAIL = {
    "quota_change": HistoryKind.QUOTAS,
    "projects": HistoryKind.PROJECTS,
    "accounts": HistoryKind.PROJECTS,
    "scenario": HistoryKind.SCENARIOS,
    "batches": HistoryKind.LOGS,
    "undone": HistoryKind.LOGS,
    "series_batch": HistoryKind.SERIES,
}
"""What the note beside a commit's message tells of its kind."""
UPKEEP = ("Migration", "Tidy", "Rebuild")
"""How the messages of the store's own upkeep begin."""


def states(lake: Lake) -> pl.DataFrame:
    """Every state of the store that is remembered, newest first (frame HISTORY)."""
    rows = [
        {
            "state": each.snapshot_id,
            "committed": each.committed,
            "author": each.author,
            "kind": kind_of(each).value,
            "message": each.message,
        }
        for each in lake.snapshots(most=MOST_STATES)
    ]
    return check(pl.DataFrame(rows, schema=dict(HISTORY)), HISTORY)


def kind_of(state: Snapshot) -> HistoryKind:
    """What a state was written for, by the note and the message of its commit."""
    noted: dict[str, Any] = json.loads(state.details) if state.details else {}
    for name, kind in KIND_OF_DETAIL.items():
        if noted.get(name):
            return kind
    is_upkeep = state.author is None or (state.message or "").startswith(UPKEEP)
    return HistoryKind.UPKEEP if is_upkeep else HistoryKind.OTHER


def touching(lake: Lake, account: str) -> list[int]:
    """The states that set a quota, proposed one or classified a project whose account holds this text, newest first."""
    remembered = states(lake)["state"]
    first, last = remembered.min(), remembered.max()
    if first is None or not holds_decisions(lake):
        return []
    asked = TOUCHING.replace("{quotas}", TOUCHING_QUOTAS if quotas.knows_quotas(lake) else "")
    return lake.frame(asked, {"account": account, "first": first, "last": last})["state"].to_list()


@contextmanager
def state_of(settings: Settings, state: int) -> Iterator[Lake]:
    """The store as it was in a state, let go at the end.

    Raises:
        InputError: if there is no such state, or it was forgotten.
    """
    try:
        pinned = Lake(settings, snapshot_id=state)
    except StoreError as error:
        raise InputError(f"the store has no state {state}, or has forgotten it ({error}). The history lists those that it has.") from error
    try:
        yield pinned
    finally:
        pinned.close()


def between(settings: Settings, before: int, after: int) -> pl.DataFrame:
    """What decisions differ between two states: quotas, projects and scenarios (frame DIFFERENCES).

    Where one state has a quota and in the other the award was it, the award is what it is compared with.

    Raises:
        InputError: if one of the states is not remembered.
    """
    with state_of(settings, before) as one, state_of(settings, after) as other:
        quotas_of = [_standing(one), _standing(other)]
        own = pl.concat([rows.filter(~pl.col("is_award")).select(*KEY) for rows in quotas_of]).unique()
        then, now = (_in_words(rows.join(own, on=KEY, how="semi"), list(VALUES)) for rows in quotas_of)
        found = [
            _compared(then, now, HistoryKind.QUOTAS),
            _compared(_projects(one), _projects(other), HistoryKind.PROJECTS),
            _compared(_scenarios(one), _scenarios(other), HistoryKind.SCENARIOS),
        ]
    return check(pl.concat(found), DIFFERENCES)


def holds_decisions(lake: Lake) -> bool:
    """Whether the state has the tables of decisions; the very first ones have not."""
    return bool(
        lake.frame("select count(*) > 0 from information_schema.tables where table_catalog = 'lake' and table_name = 'projects'").item()
    )


def _standing(lake: Lake) -> pl.DataFrame:
    return quotas.standing(lake) if holds_decisions(lake) else empty(STANDING)


def _projects(lake: Lake) -> pl.DataFrame:
    columns = [name for name in PROJECTS if name not in KEY]
    return _in_words(projects.stored(lake), columns) if holds_decisions(lake) else _none()


def _scenarios(lake: Lake) -> pl.DataFrame:
    """The scenarios with what was decided about each of them last, and by whom."""
    values = ("address", "reason", "standing")
    known, decided = (scenarios.listed(lake), scenario_standing.standings(lake)) if holds_decisions(lake) else ([], [])
    said = {(each.scenario.name, each.scenario.version): f"{SAID[each.state]} by {each.author}: {each.reason}" for each in decided}
    rows = [
        {
            "system": "",
            "account": f"{one.name} (version {one.version})",
            "address": one.address,
            "reason": one.reason,
            "standing": said.get((one.name, one.version)),
        }
        for one in known
    ]
    return _in_words(pl.DataFrame(rows, schema=dict.fromkeys((*KEY, *values), pl.String)), list(values))


def _none() -> pl.DataFrame:
    return pl.DataFrame(schema=dict.fromkeys(("system", "account", "what", "value"), pl.String))


def _in_words(rows: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """One row a known value: system, account, what, value as text that says it in full."""
    texts = rows.select(*KEY, *(as_text(name, kind) for name, kind in rows.schema.items() if name in columns))
    return texts.unpivot(on=columns, index=KEY, variable_name="what", value_name="value").filter(pl.col("value").is_not_null())


def as_text(name: str, kind: pl.DataType) -> pl.Expr:
    """The column as text that says it in full; a float that is whole without its point.

    >>> pl.DataFrame({"hours": [12_500.0, 0.1]}).select(as_text("hours", pl.Float64()))["hours"].to_list()
    ['12500', '0.1']
    """
    if kind != pl.Float64:
        return pl.col(name).cast(pl.String)
    whole = pl.col(name).is_finite() & (pl.col(name) == pl.col(name).round()) & (pl.col(name).abs() < 2**53)
    return (
        pl.when(whole).then(pl.col(name).cast(pl.Int64, strict=False).cast(pl.String)).otherwise(pl.col(name).cast(pl.String)).alias(name)
    )


def _compared(before: pl.DataFrame, after: pl.DataFrame, kind: HistoryKind) -> pl.DataFrame:
    on = [*KEY, "what"]
    both = before.rename({"value": "before"}).join(after.rename({"value": "after"}), on=on, how="full", coalesce=True, validate="1:1")
    differ = both.filter(pl.col("before").ne_missing(pl.col("after"))).sort(on)
    return differ.select(pl.lit(kind.value).alias("kind"), *on, "before", "after")
