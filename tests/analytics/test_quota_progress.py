"""Quotas against use: statuses, forecasts and what stays unknown, against figures worked out by hand."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from analytics import quota_progress
from analytics.energy import ENERGY
from analytics.quota_forecast import LEAST_WEEKS, outlook, tried
from analytics.quota_progress import PROGRESS, QUOTAS_READ, QuotaStatus, progress, trial
from analytics.usage import usage_frame
from data.errors import SchemaError
from data.schema import PROJECTS, WEEKLY_USE, empty, usage_by
from data.terms import HourUnit, Period

AS_OF = date(2026, 11, 1)
LOGGED = {"lumi": Period(date(2025, 1, 1), AS_OF)}
KEY = {"system": "lumi", "account": "a"}
YEAR = {"starts": AS_OF - timedelta(weeks=26), "ends": AS_OF + timedelta(weeks=26)}


def quota(**given: Any) -> pl.DataFrame:
    row = {**KEY, "unit": "node_hours", "hours": 5_200.0, **YEAR, "version": 1} | given
    return pl.DataFrame([row], schema=dict(QUOTAS_READ))


def weeks(hours: list[float], unit: str = "node_hours") -> pl.DataFrame:
    """The last weeks, the newest first."""
    nothing = {"node_hours": 0.0, "gpu_hours": 0.0, "core_hours": 0.0}
    rows = [KEY | nothing | {"weeks_ago": ago, unit: value} for ago, value in enumerate(hours) if value]
    return pl.DataFrame(rows, schema=dict(WEEKLY_USE))


def looked_at(quotas: pl.DataFrame, weekly: pl.DataFrame, **measures: Any) -> dict[str, Any]:
    """The one row of progress of a project whose use is that of its weeks."""
    sums = {unit.value: float(weekly[unit.value].sum()) for unit in HourUnit}
    used = usage_frame(KEY | sums | {"jobs": 1, "wall_hours": 10.0} | measures)
    found = progress(
        quotas,
        pl.concat([empty(PROJECTS), pl.DataFrame([KEY | {"category": "sme", "title": "T"}])], how="diagonal"),
        used=used,
        weekly=weekly,
        queued=used,
        energy=pl.DataFrame(schema={"system": pl.String, "account": pl.String, **ENERGY}),
        logged=LOGGED,
    )
    assert dict(found.schema) == dict(PROGRESS)
    return found.row(0, named=True)


def test_the_forecast_is_what_was_used_and_the_recent_rate_until_the_end() -> None:
    row = looked_at(quota(), weeks([100.0] * 26))
    assert row["used_hours"] == 2_600
    assert row["days_left"] == 26 * 7
    assert row["rate_hours_per_day"] == pytest.approx(100 / 7)
    assert row["forecast_hours"] == pytest.approx(2_600 + 26 * 100)
    assert row["forecast_low_hours"] < 5_200 < row["forecast_high_hours"]
    assert row["weekly_hours"] == [100.0] * 26
    assert (row["weeks"], row["used_share"], row["elapsed_share"]) == (26, 0.5, 0.5)


@pytest.mark.parametrize(
    ("hours", "status"),
    [
        ([100.0] * 26, QuotaStatus.ON_TRACK),
        ([150.0] * 26, QuotaStatus.WILL_RUN_OUT),
        ([50.0] * 26, QuotaStatus.WILL_LEAVE_UNUSED),
        ([0.0] * 8 + [100.0] * 18, QuotaStatus.DORMANT),
        ([0.0] * 7 + [100.0] * 19, QuotaStatus.WILL_LEAVE_UNUSED),
        ([0.0] * 26, QuotaStatus.DORMANT),
        ([200.0] * 26, QuotaStatus.USED_UP),
    ],
)
def test_the_status_follows_from_use_and_forecast(hours: list[float], status: QuotaStatus) -> None:
    assert looked_at(quota(), weeks(hours))["status"] == status


@pytest.mark.parametrize(
    ("days", "status"),
    [
        ({"ends": AS_OF}, QuotaStatus.ENDED),
        ({"starts": AS_OF}, QuotaStatus.NOT_STARTED),
        ({"starts": AS_OF - timedelta(weeks=LEAST_WEEKS) + timedelta(days=1)}, QuotaStatus.TOO_EARLY),
        ({"starts": None}, QuotaStatus.NOT_KNOWN),
        ({"ends": None}, QuotaStatus.NOT_KNOWN),
        ({"hours": None}, QuotaStatus.NO_QUOTA),
        ({"hours": 0.0}, QuotaStatus.NOTHING_GRANTED),
        ({"hours": 0.0, "ends": AS_OF}, QuotaStatus.ENDED),
        ({"starts": date(2024, 12, 1)}, QuotaStatus.NOT_KNOWN),
        ({"starts": date(2024, 12, 20)}, QuotaStatus.WILL_LEAVE_UNUSED),
    ],
    ids=str,
)
def test_the_status_follows_from_the_days_of_the_quota(days: dict[str, Any], status: QuotaStatus) -> None:
    row = looked_at(quota(**days), weeks([20.0] * 26))
    assert row["status"] == status
    assert (row["used_hours"] is None) == (status is QuotaStatus.NOT_KNOWN and "ends" not in days)


def test_use_is_unknown_where_too_much_of_the_time_is_of_jobs_of_unknown_size() -> None:
    little = looked_at(quota(), weeks([100.0] * 26), wall_hours_without_nodes=0.1, jobs_without_nodes=1)
    much = looked_at(quota(), weeks([100.0] * 26), wall_hours_without_nodes=3.0, jobs_without_nodes=1)
    assert (little["status"], little["jobs_without_hours"]) == (QuotaStatus.ON_TRACK, 1)
    assert (much["status"], much["used_hours"], much["forecast_hours"], much["rate_hours_per_day"]) == (
        QuotaStatus.NOT_KNOWN,
        None,
        None,
        None,
    )


def test_a_quota_in_gpu_hours_is_measured_in_gpu_hours_and_its_queue_as_its_own_jobs_were() -> None:
    used = weeks([400.0] * 26, "gpu_hours")
    row = looked_at(quota(unit="gpu_hours", hours=20_800.0), used, node_hours=2_600.0, node_hours_queued=10.0, jobs_without_nodes=3)
    assert row["used_hours"] == 10_400
    assert row["queued_hours"] == 40  # four GPU-hours to a node-hour
    assert row["jobs_without_hours"] == 0
    assert looked_at(quota(unit="gpu_hours"), weeks([]), node_hours_queued=10.0)["queued_hours"] is None


def test_waiting_jobs_that_tell_no_hours_are_not_none() -> None:
    assert looked_at(quota(), weeks([1.0]), jobs_queued_without_hours=2)["queued_hours"] is None
    assert looked_at(quota(), weeks([1.0]))["queued_hours"] == 0


def test_the_day_on_which_the_quota_runs_out_lies_before_its_end_or_is_not_told() -> None:
    assert looked_at(quota(), weeks([150.0] * 26))["runs_out"] == AS_OF + timedelta(days=int((5_200 - 3_900) / (150 / 7)))
    assert looked_at(quota(), weeks([50.0] * 26))["runs_out"] is None


def test_a_machine_without_log_tells_nothing() -> None:
    row = looked_at(quota(system="vega"), weeks([]))
    assert row["system"] == "lumi"
    assert row["status"] == QuotaStatus.NO_QUOTA


def test_weeks_before_the_quota_began_are_no_part_of_its_rate() -> None:
    row = looked_at(quota(starts=AS_OF - timedelta(weeks=5)), weeks([100.0] * 5 + [9_000.0] * 20))
    assert row["rate_hours_per_day"] == pytest.approx(100 / 7)
    assert row["weekly_hours"] == [100.0] * 5


def test_a_frame_of_other_columns_is_refused() -> None:
    with pytest.raises(SchemaError, match="weeks_ago"):
        progress(
            quota(),
            empty(PROJECTS),
            used=empty(usage_by("system", "account")),
            weekly=pl.DataFrame(),
            queued=empty(usage_by("system", "account")),
            energy=pl.DataFrame(schema={"system": pl.String, "account": pl.String, **ENERGY}),
            logged=LOGGED,
        )


@pytest.mark.parametrize("seed", range(20))
def test_an_interval_holds_its_forecast_and_widens_with_the_weeks_left(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = 50
    weekly = rng.gamma(0.5, 100, (count, 52)) * (rng.random((count, 52)) < 0.6)
    seen, planned = rng.integers(0, 60, count), rng.uniform(1, 200, count)
    near, far = (outlook(weekly, weeks=seen, weeks_left=np.full(count, left), planned=planned) for left in (4.0, 12.0))
    told = seen >= LEAST_WEEKS
    assert np.isnan(near.hours[~told]).all()
    assert np.isfinite(near.high_hours[told]).all()
    assert (near.low_hours[told] >= 0).all()
    assert ((near.low_hours <= near.hours) & (near.hours < near.high_hours))[told].all()
    assert ((far.high_hours - far.hours) > (near.high_hours - near.hours))[told].all()


def test_every_status_is_explained() -> None:
    assert {status.value for status in QuotaStatus} == set(quota_progress.STATUS_WORDS)


def test_a_forecast_of_the_past_is_judged_by_what_came() -> None:
    weekly = np.vstack([np.full(30, 10.0), np.r_[np.full(8, 500.0), np.full(22, 10.0)], np.full(30, 10.0)])
    weeks_seen, planned = np.array([30, 30, 5]), np.full(3, 10.0)
    found = tried(weekly, weeks=weeks_seen, planned=planned)
    assert found is not None
    assert (found.projects, found.held_share, found.passed_share, found.hours, found.hours_said) == (2, 0.5, 0.5, 80 + 4_000, 160)
    assert tried(weekly, weeks=np.array([11, 5, 0]), planned=planned) is None


def test_the_forecast_of_eight_weeks_ago_is_tried_on_the_weeks_of_the_table() -> None:
    def one(account: str, used: list[float], **given: Any) -> pl.DataFrame:
        row = looked_at(quota(**given), weeks(used)) | {"account": account}
        return pl.DataFrame([row], schema=dict(PROGRESS))

    steady, leapt = one("a", [100.0] * 26), one("b", [2_000.0] * 8 + [100.0] * 18, hours=52_000.0)
    short = one("c", [100.0] * 10, starts=AS_OF - timedelta(weeks=10))
    found = trial(pl.concat([steady, leapt, short]))
    assert found is not None
    assert (found.projects, found.held_share, found.hours, found.hours_said) == (2, 0.5, 16_800, 1_600)
    assert trial(short) is None
    assert trial(pl.DataFrame(schema=dict(PROGRESS))) is None
