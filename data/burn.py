"""What projects used since their quotas began, and week by week until the end of their machine's log."""

from collections.abc import Mapping
from datetime import date

import polars as pl

from data.lake import Lake
from data.schema import DAILY_USE, WEEKLY_USE, check, usage_by
from data.terms import Period
from data.usage import MEASURES

WEEKS = """
with logged as (select unnest($systems) as system, unnest($ends) as until)
select r.system, r.account, ((l.until - r.day - 1) // 7)::bigint as weeks_ago,
    sum(node_s) / 3600 as node_hours, sum(gpu_s) / 3600 as gpu_hours, sum(core_s) / 3600 as core_hours
from lake.usage_daily r join logged l using (system)
where r.account is not null and r.day < l.until and r.day >= l.until - 7 * $weeks::int
group by all
having greatest(sum(node_s), sum(gpu_s), sum(core_s)) > 0
"""
SINCE = (
    """
with spans as (select unnest($systems) as system, unnest($accounts) as account, unnest($starts) as starts, unnest($ends) as ends)
select r.system, r."partition", r.account,
"""
    + MEASURES
    + """
from lake.usage_daily r join spans s using (system, account)
where (s.starts is null or r.day >= s.starts) and (s.ends is null or r.day < s.ends)
group by all
having sum(jobs) <> 0 or sum(jobs_never_started) <> 0 or greatest(sum(node_s), sum(core_s), sum(gpu_s), sum(wall_s)) > 0
order by system, "partition", account
"""
)
DAYS = """
select day, sum(node_s) / 3600 as node_hours, sum(gpu_s) / 3600 as gpu_hours, sum(core_s) / 3600 as core_hours
from lake.usage_daily where system = $system and account = $account
group by day
having greatest(sum(node_s), sum(gpu_s), sum(core_s)) > 0
order by day
"""


def weeks(lake: Lake, logged: Mapping[str, Period], *, most: int) -> pl.DataFrame:
    """The hours of every account in each of its machine's last weeks, counted back from the last day of the log (frame WEEKLY_USE).

    The rows come in any order: a million of them would take long to sort.

    Args:
        lake: The store.
        logged: From which day to which the logs of each machine run.
        most: So many weeks at most.
    """
    ends: list[date] = [days.end for days in logged.values()]
    if not ends:
        return pl.DataFrame(schema=dict(WEEKLY_USE))
    return check(lake.frame(WEEKS, {"systems": list(logged), "ends": ends, "weeks": most}), WEEKLY_USE)


def since(lake: Lake, spans: pl.DataFrame) -> pl.DataFrame:
    """Machine time of each account on the days of its own span: from `starts` up to but without `ends`, either open where it is null.

    Args:
        lake: The store.
        spans: system, account, starts, ends; each account of a machine once.

    Returns:
        A frame of `schema.usage_by("system", "partition", "account")`.
    """
    wanted = usage_by("system", "partition", "account")
    if spans.is_empty():
        return pl.DataFrame(schema=dict(wanted))
    named = {"systems": "system", "accounts": "account", "starts": "starts", "ends": "ends"}
    return check(lake.frame(SINCE, {key: spans[column].to_list() for key, column in named.items()}), wanted)


def days(lake: Lake, system: str, account: str) -> pl.DataFrame:
    """The hours of one account on each day on which it used the machine (frame DAILY_USE)."""
    return check(lake.frame(DAYS, {"system": system, "account": account}), DAILY_USE)
