"""Local times, also in the two nights of the year when the clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.ingest.local_time import in_utc, utc
from tests.data.ingest.sample_logs import sacct, sacct_line

ZONE = "Europe/Ljubljana"
LAST_SUMMER_HOUR = datetime(2025, 10, 26, 0, tzinfo=UTC)
"""02:00 summer time; 02:00 to 03:00 is told twice that night."""


def local(moment: datetime) -> str:
    return moment.astimezone(ZoneInfo(ZONE)).strftime("%Y-%m-%dT%H:%M:%S")


def resolved(submitted, started, ended, span_s):
    texts = {"submitted": [local(submitted)], "eligible": [None], "started": [local(started)], "ended": [local(ended) if ended else None]}
    schema = dict.fromkeys(texts, pl.String)
    return in_utc(pl.DataFrame(texts, schema=schema), pl.Series([span_s], dtype=pl.Int64), ZONE).row(0, named=True)


@given(
    start_min=st.integers(-180, 180),
    length_min=st.integers(0, 300),
    wait_min=st.integers(0, 120),
)
def test_a_job_in_the_repeated_hour_keeps_its_length_and_order(start_min, length_min, wait_min):
    started = LAST_SUMMER_HOUR + timedelta(minutes=start_min)
    ended, submitted = started + timedelta(minutes=length_min), started - timedelta(minutes=wait_min)
    found = resolved(submitted, started, ended, length_min * 60)
    assert found["ended"] - found["started"] == ended - started
    assert found["submitted"] <= found["started"]


@pytest.mark.parametrize("hour", [0, 1])
def test_an_end_in_the_repeated_hour_is_told_by_the_length_of_the_job(hour):
    started, ended = LAST_SUMMER_HOUR - timedelta(hours=3), LAST_SUMMER_HOUR + timedelta(hours=hour, minutes=30)
    assert resolved(started, started, ended, int((ended - started).total_seconds()))["ended"] == ended


def test_suspended_time_counts_to_the_length_of_a_job(log):
    started, ended = LAST_SUMMER_HOUR - timedelta(hours=3), LAST_SUMMER_HOUR + timedelta(hours=1, minutes=30)
    fields = {"Submit": local(started), "Eligible": "", "Start": local(started), "End": local(ended)}
    found = log(sacct(sacct_line(**fields, ElapsedRaw=str(4 * 3600), Suspended="00:30:00")))
    assert found.jobs["ended"].item() == ended


def test_a_running_job_that_cannot_be_told_started_in_the_earlier_hour():
    started = LAST_SUMMER_HOUR + timedelta(hours=1, minutes=30)
    assert resolved(LAST_SUMMER_HOUR - timedelta(hours=2), started, None, 600)["started"] == started - timedelta(hours=1)


def test_a_job_submitted_later_in_the_repeated_hour_than_its_start_is_told_started_in_the_second():
    submitted, started = LAST_SUMMER_HOUR + timedelta(minutes=50), LAST_SUMMER_HOUR + timedelta(hours=1, minutes=10)
    assert resolved(submitted, started, None, 600)["started"] == started


def test_a_time_that_the_clocks_jumped_over_is_refused_and_its_zone_named(log):
    refused = log(sacct(sacct_line(Start="2026-03-29T02:30:00", End="2026-03-29T04:30:00"))).refusals
    assert refused["reason"].item() == "unreadable_time"
    assert ZONE in refused["detail"].item()


@pytest.mark.parametrize(
    "text",
    [
        "1772359200",
        "2026-03-01T11:00:00+0100",
        "2026-03-01T11:00:00+01:00",
        "2026-03-01T10:00:00Z",
        "2026-03-01T11:00:00",
    ],
)
def test_seconds_offsets_and_local_times_tell_the_same_moment(log, text):
    assert log(sacct(sacct_line(Start=text))).jobs["started"].item() == datetime(2026, 3, 1, 10, tzinfo=UTC)


def test_a_zone_that_is_named_replaces_that_of_the_machine(log):
    assert log(sacct(sacct_line()), time_zone="UTC").jobs["started"].item() == datetime(2026, 3, 1, 11, tzinfo=UTC)


@given(st.integers(631_238_400, 1_893_456_000).map(lambda second: datetime.fromtimestamp(second, UTC)))
def test_every_local_time_is_read_as_python_reads_it(moment):
    text = local(moment)
    readings = {utc(pl.Series([text]), ZONE, side).item() for side in ("earliest", "latest")}
    assert moment in readings
