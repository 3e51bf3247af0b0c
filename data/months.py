"""Usage by month from a frame in memory: a page asks many questions of the same months, and each question of the store takes its time.

The frame holds the monthly rollup as it is stored, in whole seconds and joules, so that any sums of it are those that the store itself
would give, to the last bit.
"""

import polars as pl

from data.lake import Lake
from data.schema import DIMENSIONS, USAGE_MEASURES, check, usage_by
from data.terms import Selection
from data.units import JOULES_PER_KWH, SECONDS_PER_HOUR

MOST_ROWS = 300_000
"""Up to how many rows a rollup is held in memory, about 80 MB; a larger one is asked in the store."""

BY_CATEGORY = "from lake.usage_monthly"
BY_ACCOUNT = """
select r.*, coalesce(p.category, 'unclassified') as category, coalesce(p.mode, a.mode_by_code, 'other') as mode, p.country
from lake.usage_account_monthly r
left join lake.accounts a using (system, account) left join lake.projects p using (system, account)
"""
ROWS = "select (select count(*) from lake.usage_monthly) as by_category, (select count(*) from lake.usage_account_monthly) as by_account"
SUMS = {
    "node_hours": "node_s",
    "core_hours": "core_s",
    "gpu_hours": "gpu_s",
    "node_hours_failed": "node_s_failed",
    "node_hours_metered": "node_s_metered",
    "node_hours_queued": "node_s_queued",
    "energy_measured_kwh": "energy_measured_j",
    "wall_hours": "wall_s",
    "wall_hours_without_nodes": "wall_s_without_nodes",
    "wall_hours_without_cores": "wall_s_without_cores",
    "wall_hours_without_gpus": "wall_s_without_gpus",
}
"""Each measure of machine time and energy by the column of the rollup that it is the sum of; all others are counts."""


def rows_of(lake: Lake) -> tuple[int, int]:
    """How many rows the monthly rollups hold: by category, and by account."""
    by_category, by_account = lake.frame(ROWS).row(0)
    return by_category, by_account


def months(lake: Lake, *, by_account: bool) -> pl.DataFrame:
    """A whole monthly rollup, one row a system, partition, month and category or account, sums in seconds and joules."""
    return lake.frame(BY_ACCOUNT if by_account else BY_CATEGORY)


def answers(chosen: Selection, *by: str) -> bool:
    """Whether months can answer: the period is of whole months, and no day is asked for."""
    whole = chosen.period.start.day == 1 and chosen.period.end.day == 1
    return whole and "day" not in by and len(set(by)) == len(by) and set(by) <= set(DIMENSIONS)


def usage(held: pl.DataFrame, chosen: Selection, *by: str) -> pl.DataFrame:
    """What `data.usage.usage` answers, from months in memory: a frame of `schema.usage_by(*by)`."""
    keys = [name for name in DIMENSIONS if name in by]
    rows = held.lazy().filter(_wanted(chosen))
    summed = rows.group_by(keys).agg(_sums()) if keys else rows.select(pl.len().alias("rows"), *_sums()).filter(pl.col("rows") > 0)
    told = summed.filter(_tells_anything()).select(*keys, *(SUMS.get(name, name) for name in USAGE_MEASURES))
    return check(_in_hours((told.sort(keys, nulls_last=True) if keys else told).collect()), usage_by(*by))


def _in_hours(summed: pl.DataFrame) -> pl.DataFrame:
    """The sums in hours and kWh; divided by NumPy, since Polars multiplies with a reciprocal, which may miss the last bit."""
    return summed.with_columns(
        pl.Series(name, summed[of].to_numpy() / (JOULES_PER_KWH if name == "energy_measured_kwh" else SECONDS_PER_HOUR))
        for name, of in SUMS.items()
    ).drop(SUMS.values())


def _wanted(chosen: Selection) -> pl.Expr:
    wanted = pl.col("month").is_between(chosen.period.start, chosen.period.end, closed="left")
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
