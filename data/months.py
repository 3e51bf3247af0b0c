"""Rollups from frames in memory: a page asks many questions of the same months, and each question of the store takes its time.

The frames hold the rollups as they are stored, in whole seconds and joules, so that any sums of them are those that the store itself
would give, to the last bit.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from data.explore import explored_by
from data.lake import Lake
from data.schema import DIMENSIONS, SLOWDOWN_MEASURES, USAGE_MEASURES, WAIT_MEASURES, check, slowdowns_by, usage_by, waits_by
from data.terms import OF_PROJECTS, Dimension, Selection
from data.units import JOULES_PER_KWH, SECONDS_PER_HOUR

MOST_ROWS = 300_000
"""Up to how many rows a rollup of usage is held in memory, about 80 MB; a larger one is asked in the store."""

MOST_BINS = 1_000_000
"""The same of a histogram, about 80 MB as well."""

BY_CATEGORY = "from lake.usage_monthly"
BY_ACCOUNT = """
select r.*, coalesce(p.category, 'unclassified') as category, coalesce(p.mode, a.mode_by_code, 'other') as mode, p.country,
    p.organisation, p.field
from lake.usage_account_monthly r
left join lake.accounts a using (system, account) left join lake.projects p using (system, account)
"""
BY_DAY = """
select r.system, r."partition", r.day, coalesce(p.category, 'unclassified') as category,
    sum(columns(r.* exclude (system, "partition", day, account)))
from lake.usage_daily r left join lake.accounts a using (system, account) left join lake.projects p using (system, account) group by all
"""
WAITS = "from lake.waits_monthly"
SLOWDOWNS = "from lake.slowdowns_monthly"
ROWS = """
select (select count(*) from lake.usage_monthly) as by_category, (select count(*) from lake.usage_account_monthly) as by_account,
    (select count(*) from lake.waits_monthly) as waits, (select count(*) from lake.slowdowns_monthly) as slowdowns
"""
EXPLORED = tuple(
    Dimension(name)
    for name in ("system", "partition", "category", "mode", "country", "field", "organisation", "account", "quarter", "month")
)
"""The dimensions of months, in the order in which the store sorts by them."""
SUMS = {
    "node_hours": "node_s",
    "core_hours": "core_s",
    "gpu_hours": "gpu_s",
    "node_hours_failed": "node_s_failed",
    "node_hours_metered": "node_s_metered",
    "node_hours_held": "node_s_held",
    "node_hours_held_metered": "node_s_held_metered",
    "node_hours_queued": "node_s_queued",
    "energy_measured_kwh": "energy_measured_j",
    "wall_hours": "wall_s",
    "wall_hours_without_nodes": "wall_s_without_nodes",
    "wall_hours_without_cores": "wall_s_without_cores",
    "wall_hours_without_gpus": "wall_s_without_gpus",
}
"""Each measure of machine time and energy by the column of the rollup that it is the sum of; all others are counts."""


def rows_of(lake: Lake) -> dict[str, int]:
    """How many rows the monthly rollups hold: of usage by category and by account, of waits and of slowdowns."""
    return {name: int(rows) for name, rows in lake.frame(ROWS).row(0, named=True).items()}


def months(lake: Lake, *, by_account: bool) -> pl.DataFrame:
    """A whole monthly rollup, one row a system, partition, month and category or account, sums in seconds and joules."""
    return lake.frame(BY_ACCOUNT if by_account else BY_CATEGORY)


def days(lake: Lake) -> pl.DataFrame:
    """The whole daily rollup by system, partition and category, sums in seconds and joules."""
    counts = [name for name in USAGE_MEASURES if name not in SUMS]
    return lake.frame(BY_DAY).with_columns(pl.col(counts).cast(pl.Int64))  # sums of whole numbers come as decimals


def waits(lake: Lake) -> pl.DataFrame:
    """The whole monthly histogram of queue waits."""
    return lake.frame(WAITS)


def slowdowns(lake: Lake) -> pl.DataFrame:
    """The whole monthly histogram of bounded slowdowns."""
    return lake.frame(SLOWDOWNS)


def answers(chosen: Selection, *by: str) -> bool:
    """Whether months can answer: the period is of whole months, and no day is asked for."""
    return chosen.period.is_of_whole_months and "day" not in by and len(set(by)) == len(by) and set(by) <= set(DIMENSIONS)


def days_answer(*by: str) -> bool:
    """Whether days in memory can answer: a day is asked for, and nothing but machines, partitions and categories besides."""
    return "day" in by and len(set(by)) == len(by) and set(by) <= {"system", "partition", "category", "day"}


def usage(held: pl.DataFrame, chosen: Selection, *by: str) -> pl.DataFrame:
    """What `data.usage.usage` answers, from months or days in memory: a frame of `schema.usage_by(*by)`."""
    keys = [name for name in DIMENSIONS if name in by]
    return check(_summed(held.lazy().filter(_wanted(chosen, "day" if "day" in by else "month")), keys), usage_by(*by))


def explored(held: pl.DataFrame, chosen: Selection, by: Sequence[Dimension], only: Mapping[Dimension, Sequence[str]]) -> pl.DataFrame:
    """What `data.explore.explored` answers, from months in memory: those by account where a table of projects alone can answer."""
    wanted = [pl.col(name.value).fill_null("").is_in(list(values)) for name, values in only.items() if values]
    rows = held.lazy().filter(_wanted(chosen), *wanted).with_columns(quarter=pl.col("month").dt.truncate("1q"))
    summed = _summed(rows, [name.value for name in EXPLORED if name in by])
    return check(summed.select(*(name.value for name in by), *USAGE_MEASURES), explored_by(by))


def by_account(by: Sequence[str], only: Mapping[Dimension, Sequence[str]] | None = None) -> bool:
    """Whether only sums by account tell what is asked for."""
    return bool({*by, *(name for name, values in (only or {}).items() if values)}.intersection(OF_PROJECTS))


def histogram(held: pl.DataFrame, chosen: Selection, *by: str) -> pl.DataFrame:
    """What `data.usage.waits` or `data.usage.slowdowns` answers, from months in memory, bins in their order."""
    keys, is_of_waits = [name for name in DIMENSIONS if name in by], "wait_s" in held.columns
    measures = [name for name in (WAIT_MEASURES if is_of_waits else SLOWDOWN_MEASURES) if name != "bin"]
    rows = held.lazy().filter(_wanted(chosen)).group_by(*keys, "bin").agg(pl.col(measures).sum()).filter(pl.col("jobs") != 0)
    told = rows.select(*keys, "bin", *measures).sort(*keys, "bin", nulls_last=True).collect()
    return check(told, (waits_by if is_of_waits else slowdowns_by)(*by))


def _summed(rows: pl.LazyFrame, keys: Sequence[str]) -> pl.DataFrame:
    """The rows summed by these columns, in hours and kWh."""
    summed = rows.group_by(keys).agg(_sums()) if keys else rows.select(pl.len().alias("rows"), *_sums()).filter(pl.col("rows") > 0)
    told = summed.filter(_tells_anything()).select(*keys, *(SUMS.get(name, name) for name in USAGE_MEASURES))
    return _in_hours((told.sort(keys, nulls_last=True) if keys else told).collect())


def _in_hours(summed: pl.DataFrame) -> pl.DataFrame:
    """The sums in hours and kWh; divided by NumPy, since Polars multiplies with a reciprocal, which may miss the last bit."""
    return summed.with_columns(
        pl.Series(name, summed[of].to_numpy() / (JOULES_PER_KWH if name == "energy_measured_kwh" else SECONDS_PER_HOUR))
        for name, of in SUMS.items()
    ).drop(SUMS.values())


def _wanted(chosen: Selection, time: str = "month") -> pl.Expr:
    wanted = pl.col(time).is_between(chosen.period.start, chosen.period.end, closed="left")
    if chosen.systems:
        wanted &= pl.col("system").is_in(list(chosen.systems))
    if chosen.categories:
        wanted &= pl.col("category").is_in([category.value for category in chosen.categories])
    return wanted


def _sums() -> list[pl.Expr]:
    return [pl.col(SUMS.get(name, name)).sum() for name in USAGE_MEASURES]


def _tells_anything() -> pl.Expr:
    """Whether something ran or waited; parts that cancelled each other out leave rows of nothing."""
    counted = (pl.col("jobs") != 0) | (pl.col("jobs_never_started") != 0)
    return counted | (pl.max_horizontal("node_s", "core_s", "gpu_s", "wall_s") > 0)
