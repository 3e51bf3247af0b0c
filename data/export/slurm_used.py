"""What the store knows of the hours used since each quota began, to be held against what Slurm has counted."""

import polars as pl

from data import burn, projects
from data.export.slurm_plan import Used
from data.lake import Lake
from data.terms import HourUnit


def used_hours(lake: Lake, system: str, quotas: pl.DataFrame) -> Used:
    """The hours that the store knows of since the start of each quota, by account in small letters and unit.

    An account is left out where the store has none such, or where a job does not tell its size.
    """
    spans = quotas.select("system", pl.col("account").str.to_lowercase().alias("asked"), "starts").unique(subset=["system", "asked"])
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
