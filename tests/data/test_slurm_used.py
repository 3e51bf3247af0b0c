"""Hours used since quotas began are told to Slurm only where the log reaches back to their beginning."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from data import batches
from data.export.slurm_used import used_hours
from data.lake import Lake
from data.settings import Settings
from data.terms import HourUnit


def test_what_was_used_is_left_out_where_the_quota_began_before_the_log(demo_lake: Path) -> None:
    lake = Lake(Settings(lake=demo_lake))
    try:
        used = lake.frame("select account, sum(node_s) / 3600 as hours from lake.usage_daily where system = 'lumi' group by all order by 2")
        account, hours = used.row(-1)
        first = batches.logged_days(lake)["lumi"].start

        def told(starts: date | None) -> float | None:
            asked = pl.DataFrame({"system": ["lumi"], "account": [account], "starts": [starts]}, schema_overrides={"starts": pl.Date})
            return used_hours(lake, "lumi", asked).get((account, HourUnit.NODE_HOURS))

        assert told(first) == pytest.approx(hours)
        assert told(first - timedelta(days=3)) == pytest.approx(hours), "a few days before the log are next to nothing"
        assert told(first - timedelta(days=200)) is None
        assert told(None) == pytest.approx(hours)
        assert told(date(2100, 1, 1)) == 0
    finally:
        lake.close()
