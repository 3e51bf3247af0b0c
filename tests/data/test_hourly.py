"""The hours of a machine hold exactly what its jobs did, whenever they start and end, and whatever is undone."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as trial
from hypothesis import strategies as st
from made_jobs import NOON, bring_in, frame, job, plain_store, running
from polars.testing import assert_frame_equal

from data import rollups
from data.hourly import hourly
from data.lake import MIGRATIONS
from data.terms import Period

MARCH_TO_MAY = Period(date(2026, 3, 1), date(2026, 6, 1))
STEP = 1e-3
"""How far an hour may lie from the jobs: rates are kept in small steps."""


@st.composite
def a_job(draw: st.DrawFn) -> dict[str, Any]:
    ran_s = draw(st.one_of(st.integers(0, 200_000), st.sampled_from([3_600, 7_200])))
    return job(
        draw(st.integers(1, 10_000)),
        submitted=NOON + timedelta(seconds=draw(st.one_of(st.integers(0, 900_000), st.sampled_from([0, 3_600])))),
        waited_s=draw(st.sampled_from([0, 600, 3_600])),
        ran_s=ran_s,
        elapsed_s=draw(st.one_of(st.just(ran_s), st.integers(0, ran_s), st.none())),
        partition=draw(st.sampled_from(["CPU", None])),
        nodes=(nodes := draw(st.one_of(st.none(), st.integers(1, 50)))),
        nodes_held=draw(st.sampled_from([None, nodes / 4, nodes / 65_536])) if nodes else None,
        energy_quality=draw(st.sampled_from(["measured", "missing"])),
        energy_logged_kwh=draw(st.floats(0.1, 900.0)),
    )


JOBS = st.lists(a_job(), min_size=1, max_size=10, unique_by=lambda row: row["job_id"])


def hour_by_hour(rows: list[dict[str, Any]]) -> dict[tuple[str | None, datetime], list[float]]:
    """Node-hours, metered node-hours and measured kWh of each partition and hour, by walking through each job's hours."""
    found: dict[tuple[str | None, datetime], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for row in rows:
        length_s = (row["ended"] - row["started"]).total_seconds()
        hour = row["started"].replace(minute=0, second=0, microsecond=0)
        while length_s and hour < row["ended"]:
            part = (min(hour + timedelta(hours=1), row["ended"]) - max(hour, row["started"])).total_seconds() / length_s
            node_hours = part * (row["nodes_held"] or row["nodes"] or 0) * (row["elapsed_s"] or 0) / 3600
            metered = row["energy_quality"] == "measured"
            for place, value in enumerate((node_hours, node_hours * metered, part * row["energy_logged_kwh"] * metered)):
                found[row["partition"], hour][place] += value
            hour += timedelta(hours=1)
    return found


@given(JOBS)
@trial(max_examples=12, deadline=None)
def test_each_hour_holds_what_walking_through_the_jobs_finds(rows: list[dict[str, Any]]) -> None:
    with plain_store() as writer:
        bring_in(writer, 1, frame(*rows))
        kept = hourly(writer, MARCH_TO_MAY)
    wanted = hour_by_hour(rows)
    for partition, hour, *values in kept.drop("system").iter_rows():
        assert values == pytest.approx(wanted.pop((partition, hour), [0.0, 0.0, 0.0]), abs=STEP)
    assert not wanted


@given(JOBS, JOBS)
@trial(max_examples=12, deadline=None)
def test_what_is_taken_away_leaves_nothing(first: list[dict[str, Any]], second: list[dict[str, Any]]) -> None:
    later = [row | {"job_id": row["job_id"] + 20_000} for row in second]
    with plain_store() as writer:
        bring_in(writer, 1, frame(*first))
        alone = hourly(writer, MARCH_TO_MAY)
        bring_in(writer, 2, frame(*later))
        writer.change("create temp table replaced_jobs as select * from lake.jobs where batch_id = 2")
        rollups.subtract_replaced(writer, besides_batch=0)
        left = hourly(writer, MARCH_TO_MAY)
    assert_frame_equal(left.join(alone, on=["system", "partition", "hour"], how="semi", nulls_equal=True), alone, check_exact=True)
    elsewhere = left.join(alone, on=["system", "partition", "hour"], how="anti", nulls_equal=True)
    assert elsewhere.select(pl.sum("node_hours_held", "energy_measured_kwh")).row(0) == (0.0, 0.0)


def test_a_period_within_a_long_job_knows_of_it() -> None:
    with plain_store() as writer:
        bring_in(writer, 1, frame(job(nodes=3, ran_s=30 * 86_400)))
        day = hourly(writer, Period(date(2026, 3, 20), date(2026, 3, 21)))
        none = hourly(writer, Period(date(2026, 3, 20), date(2026, 3, 21)), ("lumi",))
    assert day["node_hours_held"].to_list() == [3.0] * 24
    assert none.is_empty()


def test_hours_before_the_first_job_have_no_row_and_idle_ones_after_it_have_nothing() -> None:
    with plain_store() as writer:
        bring_in(writer, 1, frame(job(ran_s=600)))
        rows = hourly(writer, Period(date(2026, 3, 10), date(2026, 3, 11)))
    assert rows["hour"].min() == NOON
    assert (rows.height, rows["node_hours_held"].sum()) == (12, pytest.approx(2 / 6))


def test_a_store_from_before_is_told_the_hours_and_slowdowns_that_its_jobs_sum_to() -> None:
    log = [
        job(1, nodes=None),
        job(2, ran_s=200_000, energy_quality="measured", energy_logged_kwh=77.7),
        job(3, elapsed_s=None),
        job(4, ran_s=None, time_limit_s=None),
        job(5, ran_s=3_601, elapsed_s=1_801, account=None),
        job(6, ran_s=0, waited_s=75),
        running(7, account="EHPC-AIF-2025PG01-128", partition=None, ran_s=90_000),
    ]
    with plain_store() as writer:
        bring_in(writer, 1, frame(*log))
        today = _state(writer)
        for table in rollups.TABLES:
            writer.change(f"drop table lake.{table}" if table[:4] in ("slow", "chan") else "select 1")
        for table in ("usage_daily", "usage_monthly", "usage_account_monthly"):
            writer.change(f"alter table lake.{table} drop column jobs_queued_without_hours")
        writer.change("use lake")
        for statement in next(MIGRATIONS.glob("007_*.sql")).read_text().split(";\n"):
            if statement.strip():
                writer.change(statement)
        writer.change("use memory")
        migrated = _state(writer)
    for found, wanted in zip(migrated, today, strict=True):
        assert_frame_equal(found, wanted)
    assert today[0]["jobs"].sum() == 4
    assert today[2]["jobs_queued_without_hours"].item() == 1


def _state(writer: Any) -> list[pl.DataFrame]:
    """The slowdowns by day and by month, what waiting jobs do not say, and the hours."""
    sums = "select sum(jobs_queued_without_hours)::bigint as jobs_queued_without_hours from lake."
    ordered = ("from lake.slowdowns_account_monthly order by all", "from lake.slowdowns_monthly order by all")
    told = [writer.frame(sums + table) for table in ("usage_daily", "usage_monthly", "usage_account_monthly")]
    months = writer.frame(ordered[1]).cast({"jobs": pl.Int64})
    return [writer.frame(ordered[0]), months, *told, hourly(writer, MARCH_TO_MAY)]
