"""Usage and queue waits read from the rollups, grouped by whatever dimensions the reader asks for."""

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from data.errors import InputError
from data.lake import Lake, pending_migrations
from data.schema import DIMENSIONS, check, empty, slowdowns_by, usage_by, waits_by
from data.terms import Period, Selection, month_after

MEASURES = """
    sum(jobs)::bigint as jobs, sum(jobs_never_started)::bigint as jobs_never_started, sum(jobs_failed)::bigint as jobs_failed,
    sum(jobs_metered)::bigint as jobs_metered, sum(jobs_implausible)::bigint as jobs_implausible,
    sum(jobs_without_nodes)::bigint as jobs_without_nodes, sum(jobs_without_cores)::bigint as jobs_without_cores,
    sum(jobs_without_gpus)::bigint as jobs_without_gpus, sum(jobs_queued_without_hours)::bigint as jobs_queued_without_hours,
    sum(node_s) / 3600 as node_hours, sum(core_s) / 3600 as core_hours, sum(gpu_s) / 3600 as gpu_hours,
    sum(node_s_failed) / 3600 as node_hours_failed, sum(node_s_metered) / 3600 as node_hours_metered,
    sum(node_s_held) / 3600 as node_hours_held, sum(node_s_held_metered) / 3600 as node_hours_held_metered,
    sum(node_s_queued) / 3600 as node_hours_queued, sum(energy_measured_j) / 3600000 as energy_measured_kwh,
    sum(wall_s) / 3600 as wall_hours, sum(wall_s_without_nodes) / 3600 as wall_hours_without_nodes,
    sum(wall_s_without_cores) / 3600 as wall_hours_without_cores, sum(wall_s_without_gpus) / 3600 as wall_hours_without_gpus
"""
"""Every measure of a usage frame, summed from a rollup."""
USAGE = (
    """
select
    case when list_contains($by, 'system') then system end as system,
    case when list_contains($by, 'partition') then "partition" end as "partition",
    case when list_contains($by, 'account') then account end as account,
    case when list_contains($by, 'category') then category end as category,
    case when list_contains($by, 'mode') then mode end as mode,
    case when list_contains($by, 'country') then country end as country,
    case when list_contains($by, 'month') then month end as month,
    case when list_contains($by, 'day') then day end as day,
"""
    + MEASURES
    + """
from rolled
where len($categories) = 0 or list_contains($categories, category)
group by all
having sum(jobs) <> 0 or sum(jobs_never_started) <> 0 or greatest(sum(node_s), sum(core_s), sum(gpu_s), sum(wall_s)) > 0
order by system, "partition", account, category, mode, country, month, day
"""
)
WAITS = """
select
    case when list_contains($by, 'system') then system end as system,
    case when list_contains($by, 'partition') then "partition" end as "partition",
    case when list_contains($by, 'account') then account end as account,
    case when list_contains($by, 'category') then category end as category,
    case when list_contains($by, 'mode') then mode end as mode,
    case when list_contains($by, 'country') then country end as country,
    case when list_contains($by, 'month') then month end as month,
    case when list_contains($by, 'day') then day end as day,
    bin, sum(jobs)::bigint as jobs, sum(wait_s) as wait_s
from rolled
where len($categories) = 0 or list_contains($categories, category)
group by all
having sum(jobs) <> 0
order by system, "partition", account, category, mode, country, month, day
"""
USAGE_BY_MONTH = """
with rolled as (
    select *, null::varchar as account, null::date as day from lake.usage_monthly
    where month >= $start and month < $end and (len($systems) = 0 or list_contains($systems, system))
)
"""
WAITS_BY_MONTH = """
with rolled as (
    select *, null::varchar as account, null::date as day from lake.waits_monthly
    where month >= $start and month < $end and (len($systems) = 0 or list_contains($systems, system))
)
"""
USAGE_BY_ACCOUNT = """
with rolled as (
    select r.*, null::date as day, coalesce(p.category, 'unclassified') as category, coalesce(p.mode, a.mode_by_code, 'other') as mode,
        p.country
    from lake.usage_account_monthly r
    left join lake.accounts a using (system, account) left join lake.projects p using (system, account)
    where r.month >= $start and r.month < $end and (len($systems) = 0 or list_contains($systems, r.system))
)
"""
UNTOLD = {
    4: """
        null::bigint as jobs_without_cores, null::double as wall_s, null::double as wall_s_without_nodes,
        null::double as wall_s_without_cores, null::double as wall_s_without_gpus
    """,
    7: "null::bigint as jobs_queued_without_hours",
    10: "node_s as node_s_held, node_s_metered as node_s_held_metered",
}
"""What states of the store from before a migration do not know."""
SLOWDOWNS_SINCE = 7
"""The migration from which on states of the store know bounded slowdowns."""
USAGE_BY_DAY = """
with rolled as (
    select r.*, date_trunc('month', r.day)::date as month, coalesce(p.category, 'unclassified') as category,
        coalesce(p.mode, a.mode_by_code, 'other') as mode, p.country
    from lake.usage_daily r left join lake.accounts a using (system, account) left join lake.projects p using (system, account)
    where r.day >= $start and r.day < $end and (len($systems) = 0 or list_contains($systems, r.system))
)
"""
WAITS_BY_DAY = """
with rolled as (
    select r.*, date_trunc('month', r.day)::date as month, coalesce(p.category, 'unclassified') as category,
        coalesce(p.mode, a.mode_by_code, 'other') as mode, p.country
    from lake.waits_daily r left join lake.accounts a using (system, account) left join lake.projects p using (system, account)
    where r.day >= $start and r.day < $end and (len($systems) = 0 or list_contains($systems, r.system))
)
"""
SLOWDOWNS = WAITS.replace(", sum(wait_s) as wait_s", "")
SLOWDOWNS_BY_MONTH = WAITS_BY_MONTH.replace("lake.waits_", "lake.slowdowns_")
SLOWDOWNS_BY_ACCOUNT = USAGE_BY_ACCOUNT.replace("lake.usage_", "lake.slowdowns_")
"""The same of the bounded slowdowns, whose rollups have the keys of those of waits and usage."""
SPAN = """
select system, min(month) as first_month, max(month) as last_month, sum(jobs)::bigint as jobs,
    sum(jobs + jobs_never_started)::bigint as jobs_logged,
    sum(jobs_without_cores)::bigint as jobs_without_cores,
    case when sum(core_s) > 0 or sum(jobs_without_cores) = 0 then sum(core_s) / 3600 end as core_hours
from lake.usage_monthly group by all having sum(jobs) + sum(jobs_never_started) > 0 order by system
"""


def usage(lake: Lake, chosen: Selection, *by: str) -> pl.DataFrame:
    """Machine time, job counts and measured energy in the period, one row a combination of the dimensions asked for.

    Args:
        lake: The store.
        chosen: Period, machines and categories; the unit plays no part, all three are in the frame.
        by: Any of system, partition, account, category, mode, country, month, day.

    Returns:
        A frame of `schema.usage_by(*by)`; no row where nothing ran.
    """
    months = USAGE_BY_ACCOUNT if "account" in by else USAGE_BY_MONTH
    rolled = months if _whole_months(chosen, by) else USAGE_BY_DAY
    untold = [columns for number, columns in UNTOLD.items() if number in _lacking(lake)]
    if untold:
        rolled += f", known as (select *, {', '.join(untold)} from rolled)"  # noqa: S608 (columns of our own)
        return check(_answer(lake, rolled + USAGE.replace("from rolled", "from known"), chosen, by), usage_by(*by))
    return check(_answer(lake, rolled + USAGE, chosen, by), usage_by(*by))


def waits(lake: Lake, chosen: Selection, *by: str) -> pl.DataFrame:
    """The histogram of queue waits of the jobs that started in the period, a frame of `schema.waits_by(*by)`."""
    months = _whole_months(chosen, by) and "account" not in by
    return check(_answer(lake, (WAITS_BY_MONTH if months else WAITS_BY_DAY) + WAITS, chosen, by), waits_by(*by))


def slowdowns(lake: Lake, chosen: Selection, *by: str) -> pl.DataFrame:
    """The histogram of bounded slowdowns of the jobs that started in the period and ended, a frame of `schema.slowdowns_by(*by)`.

    They are kept by month, so a period of whole months is needed. A named state of the store from before they were kept has no row.
    """
    if not _whole_months(chosen, by):
        raise InputError(f"slowdowns are kept by month, and {chosen.period.name} is to be told by days; choose whole months.")
    if SLOWDOWNS_SINCE in _lacking(lake):
        return empty(slowdowns_by(*by))
    rolled = SLOWDOWNS_BY_ACCOUNT if "account" in by else SLOWDOWNS_BY_MONTH
    return check(_answer(lake, rolled + SLOWDOWNS, chosen, by), slowdowns_by(*by))


def spans(lake: Lake) -> pl.DataFrame:
    """First and last month with anything to show, jobs in the logs, those of them that ran, and core-hours, per machine.

    `jobs_without_cores` of the jobs are missing from the core-hours; where those of no job are known, the core-hours are null.
    """
    return lake.frame(SPAN)


def reach_over(period: Period, spans: pl.DataFrame, logged_days: Mapping[str, Period], in_service: Mapping[str, date]) -> bool:
    """Whether logs reach over a period, so that it can be compared: over all months of each machine's service, and to the last week.

    Args:
        period: The period.
        spans: First and last month of the machines that count (see `spans`).
        logged_days: From which day to which the logs of each machine run.
        in_service: The first day of service of every machine of which it is known.

    >>> told = pl.DataFrame({"system": ["vega"], "first_month": [date(2024, 11, 1)], "last_month": [date(2025, 12, 1)]})
    >>> days = {"vega": Period(date(2024, 11, 1), date(2026, 1, 1))}
    >>> [reach_over(Period(date(year, 1, 1), date(year + 1, 1, 1)), told, days, {}) for year in (2024, 2025)]
    [False, True]
    """
    newest = period.start
    for system, first, last in spans.select("system", "first_month", "last_month").iter_rows():
        starts = max(period.months[0], in_service[system].replace(day=1)) if system in in_service else period.months[0]
        newest = max(newest, logged_days[system].end)
        if first > starts or last < period.months[-1]:
            return False
    return newest >= period.end - timedelta(days=7)


def whole_period(lake: Lake) -> Period | None:
    """The whole months from the first to the last that the store knows, none where it is empty."""
    known = spans(lake)
    first, last = known["first_month"].min(), known["last_month"].max()
    return Period(first, month_after(last)) if isinstance(first, date) and isinstance(last, date) else None


def _lacking(lake: Lake) -> list[int]:
    """The migrations that a named state of the store was there before; what they brought is unknown in it."""
    return pending_migrations(lake) if isinstance(lake, Lake) and lake.pinned is not None else []


def _whole_months(chosen: Selection, by: tuple[str, ...]) -> bool:
    """Whether the monthly rollups can answer, which is the fast way."""
    return chosen.period.is_of_whole_months and "day" not in by


def _answer(lake: Lake, sql: str, chosen: Selection, by: tuple[str, ...]) -> pl.DataFrame:
    unknown = [name for name in by if name not in DIMENSIONS]
    if unknown:
        raise InputError(f"usage cannot be grouped by {', '.join(unknown)}; choose among {', '.join(DIMENSIONS)}.")
    if len(set(by)) < len(by):
        raise InputError(f"usage is to be grouped by {', '.join(by)}, where a dimension stands more than once; name each once.")
    frame = lake.frame(
        sql,
        {
            "by": list(by),
            "start": chosen.period.start,
            "end": chosen.period.end,
            "systems": list(chosen.systems),
            "categories": [category.value for category in chosen.categories],
        },
    )
    return frame.drop([name for name in DIMENSIONS if name not in by])
