"""What the store knows of the hours used since each quota began, to be held against what Slurm has counted."""

import polars as pl

from data import batches, burn, projects
from data.export.slurm_plan import Used
from data.lake import Lake
from data.terms import HourUnit

MOST_UNLOGGED_SHARE = 0.02
"""Up to this part of a quota's days so far may lie before the log; where it is more, what was used is not known."""


def used_hours(lake: Lake, system: str, quotas: pl.DataFrame) -> Used:
    """The hours that the store knows of since the start of each quota, by account in small letters and unit.

    An account is left out where the store has none such, where a job does not tell its size, or where the quota began before the log.
    """
    lower = pl.col("account").str.to_lowercase().alias("asked")
    spans = quotas.select("system", lower, "starts").unique(subset=["system", "asked"]).filter(_in_log(lake, system))
    logged = projects.accounts(lake, systems=(system,)).with_columns(asked=pl.col("account").str.to_lowercase())
    wanted = logged.join(spans, on=["system", "asked"], validate="m:1").with_columns(ends=pl.lit(None, pl.Date))
    summed = wanted.select("system", "account", "asked").join(
        burn.since(lake, wanted.select("system", "account", "starts", "ends")), on=["system", "account"], how="left", validate="1:m"
    )
    used: dict[tuple[str, HourUnit], float] = {}
    for unit in HourUnit:
        thing = unit.value.removesuffix("_hours")
        missing = pl.col(f"jobs_without_{thing}s").fill_null(0).sum() + pl.col(f"wall_hours_without_{thing}s").fill_null(0).sum()
        for account, hours in summed.group_by("asked").agg(hours=pl.when(missing == 0).then(pl.col(unit.value).sum())).iter_rows():
            if hours is not None:
                used[account, unit] = hours
    return used


def _in_log(lake: Lake, system: str) -> pl.Expr:
    """Whether the machine's log reaches back to a quota's first day; of quotas that name none, all of the log counts."""
    logged = batches.logged_days(lake).get(system)
    if logged is None:
        return pl.lit(value=False)
    unlogged = (pl.lit(logged.start) - pl.col("starts")).dt.total_days()
    so_far = (pl.lit(logged.end) - pl.col("starts")).dt.total_days()
    return (unlogged <= MOST_UNLOGGED_SHARE * so_far).fill_null(value=True) | (unlogged <= 0)
