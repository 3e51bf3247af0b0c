"""Quotas: how much of a machine each project may use from day to day, as somebody set it; an earlier version is never written over."""

from datetime import date

import polars as pl

from data.lake import Lake, Writer
from data.migrated import has_seen
from data.schema import Schema, check, empty
from data.terms import HourUnit

MIGRATION = 8
"""The migration that makes their tables; a store from before it holds none, and is read all the same."""

KEY = ("system", "account")
VALUES: Schema = {
    "unit": pl.String,
    "hours": pl.Float64,  # lifetime total granted from `starts` to `ends`; null: none of its own, the award holds
    "at_once": pl.Float64,  # most nodes, GPUs or cores (as the unit says) at one time; null: no such limit
    "fairshare": pl.Int64,  # null: left as the scheduler has it
    "qos": pl.String,
    "starts": pl.Date,
    "ends": pl.Date,  # the first day that no longer belongs to it
}
"""What a person sets for a project on a machine."""

QUOTAS: Schema = {
    "system": pl.String,
    "account": pl.String,
    **VALUES,
    "version": pl.Int64,  # counted from 1 for each system and account; 0: nobody ever set one, and the award is the quota
    "change_id": pl.Int64,  # null: the award
    "author": pl.String,
    "reason": pl.String,
    "decided": pl.Datetime("us", "UTC"),
}
"""One row a project on a machine: its quota, and who set it when and why."""

STANDING: Schema = {**QUOTAS, "is_award": pl.Boolean}
"""As QUOTAS, with the projects that have neither quota nor award, and whether the hours are those of the award."""

EDITS: Schema = {
    "system": pl.String,
    "account": pl.String,
    **VALUES,
    "base_version": pl.Int64,
    "base_hours": pl.Float64,
    "base_starts": pl.Date,
    "base_ends": pl.Date,
}
"""One row a project whose quota somebody wants to set: all its values, and what stood there when that person looked."""

NEWEST = """
with newest as (
    select * from lake.quotas qualify row_number() over (partition by system, account order by version desc) = 1
)
select system, account, case when q.hours is null then $award_unit else q.unit end as unit,
    coalesce(q.hours, p.node_hours_awarded) as hours,
    case when q.hours is not null then q.at_once end as at_once, case when q.hours is not null then q.fairshare end as fairshare,
    case when q.hours is not null then q.qos end as qos,
    case when q.hours is null then p.starts else q.starts end as starts, case when q.hours is null then p.ends else q.ends end as ends,
    coalesce(q.version, 0)::bigint as version, q.change_id, coalesce(q.author, p.author) as author, q.reason,
    coalesce(q.decided, p.decided) as decided, q.hours is null as is_award
from newest q full join lake.projects p using (system, account)
where len($systems) = 0 or list_contains($systems, system)
order by system, account
"""
AWARDS = """
select system, account, $award_unit as unit, node_hours_awarded as hours, null::double as at_once, null::bigint as fairshare,
    null::varchar as qos, starts, ends, 0::bigint as version, null::bigint as change_id, author, null::varchar as reason, decided,
    true as is_award
from lake.projects where len($systems) = 0 or list_contains($systems, system) order by system, account
"""
VERSIONS = """
select system, account, unit, hours, at_once, fairshare, qos, starts, ends, version, change_id, author, reason, decided
from lake.quotas where (len($systems) = 0 or list_contains($systems, system)) and (len($changes) = 0 or list_contains($changes, change_id))
order by system, account, version
"""


def current(lake: Lake | Writer, systems: tuple[str, ...] = ()) -> pl.DataFrame:
    """The quota of every project that has one: the newest that was made current, else the project's award as version 0 (frame QUOTAS).

    A quota that was taken back leaves the award as version 0 again; `standing` tells by whom, and in which version, it was. A store
    that is pinned to an earlier state tells the quotas of that state.
    """
    own = ~pl.col("is_award")
    known = standing(lake, systems).filter(pl.col("hours").is_not_null())
    version = pl.when(own).then("version").otherwise(pl.lit(0, pl.Int64))
    return known.with_columns(version=version, change_id=pl.when(own).then("change_id")).select(list(QUOTAS))


def standing(lake: Lake | Writer, systems: tuple[str, ...] = ()) -> pl.DataFrame:
    """As `current`, with the projects that somebody decided about and that have neither quota nor award (frame STANDING)."""
    asked = {"systems": list(systems), "award_unit": HourUnit.NODE_HOURS.value}
    return check(lake.frame(NEWEST if knows_quotas(lake) else AWARDS, asked), STANDING)


def running(rows: pl.DataFrame, day: date) -> pl.DataFrame:
    """The quotas that have not ended on a day; one without a last day never ends."""
    return rows.filter(pl.col("ends").is_null() | (pl.col("ends") > day))


def versions(lake: Lake | Writer, *, systems: tuple[str, ...] = (), changes: tuple[int, ...] = ()) -> pl.DataFrame:
    """Every version that was ever made current, of these machines and changes or of all (frame QUOTAS)."""
    if not knows_quotas(lake):
        return empty(QUOTAS)
    return check(lake.frame(VERSIONS, {"systems": list(systems), "changes": list(changes)}), QUOTAS)


def knows_quotas(lake: Lake | Writer) -> bool:
    """Whether the store, in the state that is read, has the tables of quotas; a writer's always has."""
    return has_seen(lake, MIGRATION)


def edits_of(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of QUOTAS or STANDING as edits (frame EDITS) that change nothing yet and name these rows as what was seen."""
    seen = {"base_version": "version", "base_hours": "hours", "base_starts": "starts", "base_ends": "ends"}
    return rows.select(*KEY, *VALUES, **{name: pl.col(column) for name, column in seen.items()})


def overtaken(now: pl.DataFrame, edits: pl.DataFrame) -> pl.DataFrame:
    """Which of these edits another person's were faster than: the edits joined with a column `is_overtaken`.

    A quota is what was seen when its version is, and, while the award is the quota, when the award still says the same.
    """
    stands = now.select(*KEY, "version", now_hours="hours", now_starts="starts", now_ends="ends")
    both = edits.join(stands, on=KEY, how="left", validate="1:1")
    same = pl.col("version").fill_null(0) == pl.col("base_version")
    for name in ("hours", "starts", "ends"):
        same &= pl.col(f"now_{name}").eq_missing(pl.col(f"base_{name}"))
    return both.with_columns(is_overtaken=~same).select(*EDITS, "is_overtaken")


def changed(now: pl.DataFrame, edits: pl.DataFrame) -> pl.DataFrame:
    """The edits that would change a quota (frame EDITS).

    Args:
        now: What stands (STANDING).
        edits: What is wanted (EDITS).
    """
    stands = now.select(*KEY, "is_award", **{f"now_{name}": pl.col(name) for name in VALUES})
    both = edits.join(stands, on=KEY, how="left", validate="1:1")
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"now_{name}")) for name in VALUES)
    has_own = ~pl.col("is_award").fill_null(value=True)
    return both.filter(pl.when(pl.col("hours").is_null()).then(has_own).otherwise(differs)).select(list(EDITS)).sort(KEY)


def restoring(now: pl.DataFrame, then: pl.DataFrame) -> pl.DataFrame:
    """The edits that bring the quotas of an earlier state back (frame EDITS): its own ones, and none where the award was the quota.

    Args:
        now: What stands (STANDING).
        then: What stood (STANDING).
    """
    keys = pl.concat([now.select(*KEY), then.select(*KEY)]).unique().sort(KEY)
    seen = keys.join(edits_of(now).drop(list(VALUES)), on=KEY, how="left", validate="1:1").with_columns(pl.col("base_version").fill_null(0))
    own = then.filter(~pl.col("is_award")).select(*KEY, *VALUES)
    wanted = seen.join(own, on=KEY, how="left", validate="1:1").with_columns(pl.col("unit").fill_null(HourUnit.NODE_HOURS.value))
    return changed(now, wanted.select(list(EDITS)))
