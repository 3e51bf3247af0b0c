"""Machine time and waits in the weeks before and after a day, of some accounts and of all others on the same machines."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from data.lake import Lake, Writer
from data.schema import check, usage_by, waits_by
from data.terms import Period
from data.units import DAYS_PER_WEEK
from data.usage import MEASURES

AFFECTED, OTHERS = "affected", "others"
"""What stands in the place of an account."""

MEANWHILE = "_meanwhile"
"""What is added to it for projects that do not last over all of the weeks, since they began or ended meanwhile."""

Accounts = Sequence[tuple[str, str]]
"""Machine and account of some projects."""

SILENT = """
with days as (select distinct system, day from lake.usage_daily where list_contains($systems, system) and wall_s > 0),
runs as (select system, day, lag(day) over (partition by system order by day) as before from days),
usual as (select system, median(day - before) as apart from runs where before is not null group by system)
select before + 1 as first_day, day from runs join usual using (system)
where day - before > $longer::int * apart order by first_day, day
"""

WITHIN = """
with affected as (select unnest($affected_systems) as system, unnest($affected_accounts) as account),
lasting as (select unnest($lasting_systems) as system, unnest($lasting_accounts) as account)
select r.system, r."partition",
    (case when a.account is null then $others else $affected end) || (case when l.account is null then $meanwhile else '' end) as account,
    coalesce(p.category, 'unclassified') as category,
    ($changed::date + (7 * floor((r.day - $changed::date) / 7))::int)::date as day,
"""
OF_WEEKS = """
from lake.{table} r left join affected a using (system, account) left join lasting l using (system, account)
    left join lake.projects p using (system, account)
where list_contains($systems, r.system) and r.day >= $changed::date - 7 * $weeks::int and r.day < $changed::date + 7 * $weeks::int
group by all
order by all
"""
USAGE = WITHIN + MEASURES + OF_WEEKS.replace("{table}", "usage_daily")
WAITS = WITHIN + "bin, sum(jobs)::bigint as jobs, sum(wait_s) as wait_s" + OF_WEEKS.replace("{table}", "waits_daily")


def usage(lake: Lake, affected: Accounts, lasting: Accounts, changed: date, *, weeks: int) -> pl.DataFrame:
    """Machine time in each of so many weeks before and after a day, on the machines of the accounts affected.

    Args:
        lake: The store.
        affected: Machine and account of each project that a change affected.
        lasting: The same of each project that lasts over all of the weeks.
        changed: The day of the change, the first of the weeks after.
        weeks: So many on either side.

    Returns:
        A frame of `usage_by("system", "partition", "account", "category", "day")`, in which the account is AFFECTED or OTHERS, with
        MEANWHILE added where a project does not last, and the day the first of its week.
    """
    return check(
        lake.frame(USAGE, _asked(affected, lasting, changed, weeks)), usage_by("system", "partition", "account", "category", "day")
    )


def waits(lake: Lake, affected: Accounts, lasting: Accounts, changed: date, *, weeks: int) -> pl.DataFrame:
    """The histogram of queue waits of the same weeks and groups (frame `waits_by` of the same dimensions)."""
    return check(
        lake.frame(WAITS, _asked(affected, lasting, changed, weeks)), waits_by("system", "partition", "account", "category", "day")
    )


def silent(lake: Lake | Writer, systems: Sequence[str], *, longer: int = DAYS_PER_WEEK) -> list[Period]:
    """The days between two jobs on which one of these machines ran none, be it off or its log incomplete: a week or more on end.

    Of a machine that does not run jobs every day, as many times longer than it usually rests between two days with jobs.

    Args:
        lake: The store.
        systems: Identifiers of machines.
        longer: By how many times longer than usual.
    """
    rows = lake.frame(SILENT, {"systems": list(systems), "longer": longer})
    return [Period(first, end) for first, end in rows.iter_rows()]


def _asked(affected: Accounts, lasting: Accounts, changed: date, weeks: int) -> dict[str, object]:
    return {
        "affected_systems": [system for system, _ in affected],
        "affected_accounts": [account for _, account in affected],
        "lasting_systems": [system for system, _ in lasting],
        "lasting_accounts": [account for _, account in lasting],
        "meanwhile": MEANWHILE,
        "systems": sorted({system for system, _ in affected}),
        "affected": AFFECTED,
        "others": OTHERS,
        "changed": changed,
        "weeks": weeks,
    }
