"""The laws of the rollups: nothing is lost or counted twice, whatever the midnights, batches and decisions."""

import math
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as trial
from hypothesis import strategies as st
from made_jobs import NOON, bring_in, decided, frame, job, plain_store, project, running
from polars.testing import assert_frame_equal

from data import facts, node_parts, projects, rollups
from data.lake import Writer
from data.rollups import MEASURES, ROLLED_MEASURES, TABLES
from data.terms import AccessMode, JobState, UserCategory

USAGE = 'select * from lake.usage_daily order by system, "partition", account, day'
WAITS = 'select * from lake.waits_daily order by system, "partition", account, day, bin'
MIDNIGHT = datetime(2026, 3, 11, tzinfo=UTC)
SUMS = ", ".join(f"coalesce(sum({name}), 0)::double as {name}" for name in ROLLED_MEASURES)
ONE_BY_ONE = """
select count(*) filter (where started is not null)::double as jobs,
    count(*) filter (where started is null)::double as jobs_never_started,
    count(*) filter (where started is not null and state in ('FAILED', 'TIMEOUT'))::double as jobs_failed,
    count(*) filter (where started is not null and energy_quality = 'measured')::double as jobs_metered,
    count(*) filter (where started is not null and energy_quality = 'implausible')::double as jobs_implausible,
    count(*) filter (where started is not null and nodes * elapsed_s is null)::double as jobs_without_nodes,
    count(*) filter (where started is not null and cores * elapsed_s is null)::double as jobs_without_cores,
    count(*) filter (where started is not null and gpus * elapsed_s is null)::double as jobs_without_gpus,
    count(*) filter (where state = 'PENDING' and requested_nodes * time_limit_s is null)::double as jobs_queued_without_hours,
    coalesce(sum(nodes * elapsed_s) filter (where started is not null), 0)::double as node_s,
    coalesce(sum(cores * elapsed_s) filter (where started is not null), 0)::double as core_s,
    coalesce(sum(gpus * elapsed_s) filter (where started is not null), 0)::double as gpu_s,
    coalesce(sum(nodes * elapsed_s) filter (where started is not null and state in ('FAILED', 'TIMEOUT')), 0)::double as node_s_failed,
    coalesce(sum(nodes * elapsed_s) filter (where started is not null and energy_quality = 'measured'), 0)::double as node_s_metered,
    coalesce(sum(coalesce(nodes_held, nodes) * elapsed_s) filter (where started is not null), 0)::double as node_s_held,
    coalesce(sum(coalesce(nodes_held, nodes) * elapsed_s) filter (where started is not null and energy_quality = 'measured'), 0)::double
        as node_s_held_metered,
    coalesce(sum(requested_nodes * time_limit_s) filter (where started is null and state = 'PENDING'), 0)::double as node_s_queued,
    coalesce(sum(round(energy_logged_kwh * 3600000)) filter (where started is not null and energy_quality = 'measured'), 0)::double
        as energy_measured_j,
    coalesce(sum(elapsed_s) filter (where started is not null), 0)::double as wall_s,
    coalesce(sum(elapsed_s) filter (where started is not null and nodes is null), 0)::double as wall_s_without_nodes,
    coalesce(sum(elapsed_s) filter (where started is not null and cores is null), 0)::double as wall_s_without_cores,
    coalesce(sum(elapsed_s) filter (where started is not null and gpus is null), 0)::double as wall_s_without_gpus
from lake.jobs
"""


def day_rows(*rows: dict[str, Any]) -> pl.DataFrame:
    with plain_store() as writer:
        bring_in(writer, 1, log_of(rows))
        return writer.frame(USAGE)


def tables(writer: Writer) -> list[pl.DataFrame]:
    """Every rollup summed up per key, without the keys of which nothing is left."""
    found = []
    for name in TABLES:
        table = writer.frame(f"from lake.{name}")
        measures = [column for column in table.columns if column in MEASURES]
        keys = [column for column in table.columns if column not in measures]
        summed = table.group_by(keys).agg(pl.col(measures).sum()).sort(keys, nulls_last=True)
        found.append(summed.filter(pl.any_horizontal(pl.selectors.numeric().exclude("bin").abs() > 0)))
    return found


def assert_same(found: list[pl.DataFrame], wanted: list[pl.DataFrame]) -> None:
    for one, other in zip(found, wanted, strict=True):
        assert_frame_equal(one, other, check_exact=True)


def log_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """The jobs as an ingest stores them, with the parts of the nodes that they held."""
    return node_parts.with_nodes_held(frame(*rows), facts.partitions([facts.systems()["vega"]]))


@st.composite
def any_job(draw: st.DrawFn) -> dict[str, Any]:
    number, waited_s = draw(st.integers(1, 10_000)), draw(st.integers(0, 400_000))
    ran_s = draw(st.one_of(st.none(), st.integers(0, 400_000)))
    rows: dict[str, Any] = job(
        number,
        waited_s=waited_s,
        ran_s=ran_s,
        submitted=NOON + timedelta(seconds=draw(st.integers(0, 3_000_000))),
        partition=draw(st.sampled_from(["CPU", "GPU"])),
        account=draw(st.sampled_from(["project_1", "EHPC-REG-2025R01-218", None])),
        nodes=draw(st.one_of(st.none(), st.integers(1, 50))),
        cores=draw(st.one_of(st.none(), st.sampled_from([0.5, 64.0]))),
        gpus=draw(st.one_of(st.none(), st.sampled_from([0.0, 0.5, 4.0]))),
        time_limit_s=draw(st.sampled_from([None, 86_400])),
        energy_quality=draw(st.sampled_from(["measured", "missing", "implausible"])),
        energy_logged_kwh=draw(st.floats(0.1, 900.0)),
    )
    if ran_s is not None:
        suspended_s = draw(st.integers(0, ran_s))
        state = draw(st.sampled_from(["COMPLETED", "FAILED", "TIMEOUT", "CANCELLED"]))
        rows |= {"elapsed_s": ran_s - suspended_s, "suspended_s": suspended_s, "state": state}
        if draw(st.booleans()) and draw(st.booleans()):
            rows |= {"elapsed_s": None}
        elif draw(st.booleans()) and draw(st.booleans()):
            rows |= {"ended": None, "state": JobState.RUNNING.value}
    return rows


FEW_JOBS = st.lists(any_job(), min_size=1, max_size=12, unique_by=lambda row: row["job_id"])


@given(FEW_JOBS)
@trial(max_examples=8, deadline=None)
def test_days_and_months_sum_to_the_jobs_in_every_measure(rows: list[dict[str, Any]]) -> None:
    with plain_store() as writer:
        bring_in(writer, 1, log_of(rows))
        wanted = writer.frame(ONE_BY_ONE).row(0, named=True)
        for table in ("usage_daily", "usage_monthly", "usage_account_monthly"):
            found = writer.frame(f"select {SUMS} from lake.{table}").row(0, named=True)  # noqa: S608
            assert found == wanted


@given(FEW_JOBS)
@trial(max_examples=6, deadline=None)
def test_no_day_gives_a_job_more_than_a_day(rows: list[dict[str, Any]]) -> None:
    alone = [row | {"account": f"project_{row['job_id']}", "nodes": 1} for row in rows]
    with plain_store() as writer:
        bring_in(writer, 1, log_of(alone))
        days = writer.frame(USAGE)
    assert days["node_s"].is_between(0, 86_400).all()
    assert (days["node_s"] == days["node_s"].round()).all()


@given(FEW_JOBS)
@trial(max_examples=6, deadline=None)
def test_every_started_job_stands_once_in_the_histogram_of_waits_and_in_its_bin(rows: list[dict[str, Any]]) -> None:
    waits = [(row["started"] - row["submitted"]).total_seconds() for row in rows if row["started"] is not None]
    with plain_store() as writer:
        bring_in(writer, 1, log_of(rows))
        found = writer.frame(WAITS)
    assert found["jobs"].sum() == len(waits)
    assert found["wait_s"].sum() == pytest.approx(sum(waits))
    bins: Counter[int] = Counter()
    for bin_of_wait, jobs in found.select("bin", "jobs").iter_rows():
        bins[bin_of_wait] += jobs
    assert bins == Counter(math.floor(8 * math.log2(1 + wait)) for wait in waits)


@given(FEW_JOBS, st.integers(1, 12))
@trial(max_examples=8, deadline=None)
def test_two_batches_roll_up_to_what_one_rebuild_gives(rows: list[dict[str, Any]], cut: int) -> None:
    with plain_store() as writer:
        for number, part in enumerate((rows[:cut], rows[cut:]), start=1):
            bring_in(writer, number, log_of(part))
        grown = tables(writer)
        rollups.rebuild(writer)
        assert_same(grown, tables(writer))


@given(FEW_JOBS, st.sampled_from(UserCategory), st.sampled_from([None, AccessMode.REGULAR]), st.sampled_from([None, "SI"]))
@trial(max_examples=8, deadline=None)
def test_a_decision_moves_months_as_a_rebuild_would(
    rows: list[dict[str, Any]], category: UserCategory, mode: AccessMode | None, country: str | None
) -> None:
    with plain_store() as writer:
        bring_in(writer, 1, log_of(rows))
        projects.save(writer, decided(project(category=category, mode=mode, country=country)), author="olga")
        moved = tables(writer)
        rollups.rebuild(writer)
        assert_same(moved, tables(writer))


@given(FEW_JOBS)
@trial(max_examples=8, deadline=None)
def test_what_is_added_and_taken_away_leaves_nothing(rows: list[dict[str, Any]]) -> None:
    with plain_store() as writer:
        bring_in(writer, 1, log_of(rows))
        writer.change("create or replace temp table replaced_jobs as from lake.jobs")
        rollups.subtract_replaced(writer, besides_batch=2)
        assert {table.height for table in tables(writer)} == {0}


def test_a_job_that_crosses_midnight_is_split_at_the_second() -> None:
    days = day_rows(
        job(submitted=MIDNIGHT - timedelta(seconds=900), waited_s=0, ran_s=3_600, nodes=1, energy_quality="measured", energy_logged_kwh=4.0)
    )
    assert days["day"].to_list() == [date(2026, 3, 10), date(2026, 3, 11)]
    assert days["node_s"].to_list() == [900, 2_700]
    assert days["energy_measured_j"].to_list() == [3_600_000, 10_800_000]
    assert days["jobs"].to_list() == [0, 1]


def test_a_job_that_ends_at_midnight_belongs_to_the_day_it_ran() -> None:
    days = day_rows(job(submitted=MIDNIGHT - timedelta(hours=1), waited_s=0, ran_s=3_600))
    assert days.select("day", "jobs", "node_s").rows() == [(date(2026, 3, 10), 1, 7_200)]


def test_a_job_that_starts_at_midnight_belongs_to_the_day_it_ran() -> None:
    days = day_rows(job(submitted=MIDNIGHT, waited_s=0, ran_s=86_400))
    assert days.select("day", "jobs", "node_s").rows() == [(date(2026, 3, 11), 1, 172_800)]


def test_a_job_of_no_length_is_counted_without_hours() -> None:
    days = day_rows(job(submitted=MIDNIGHT, waited_s=0, ran_s=0))
    assert days.select("day", "jobs", "node_s").rows() == [(date(2026, 3, 11), 1, 0)]


def test_suspended_time_is_no_machine_time() -> None:
    days = day_rows(job(ran_s=7_200, elapsed_s=3_600, suspended_s=3_600))
    assert days["node_s"].sum() == 7_200


def test_a_running_job_counts_on_the_last_day_the_log_saw() -> None:
    days = day_rows(running(submitted=MIDNIGHT - timedelta(hours=1), waited_s=0, ran_s=7_200))
    assert days.select("day", "jobs", "node_s").rows() == [(date(2026, 3, 10), 0, 7_200), (date(2026, 3, 11), 1, 7_200)]


def test_only_a_job_that_still_waits_is_queued_demand() -> None:
    waits, gave_up = job(1, ran_s=None), job(2, ran_s=None, state=JobState.CANCELLED.value, ended=NOON)
    days = day_rows(waits, gave_up)
    assert (days["jobs_never_started"].sum(), days["node_s_queued"].sum(), days["jobs"].sum()) == (2, 172_800, 0)


def test_hours_that_are_not_known_are_counted_as_missing_and_not_as_nothing() -> None:
    days = day_rows(job(1, nodes=None, gpus=None), job(2, gpus=8.0, cores=None))
    known = days.select("jobs", "jobs_without_nodes", "jobs_without_cores", "jobs_without_gpus", "node_s", "core_s", "gpu_s", "wall_s")
    assert known.rows() == [(2, 1, 1, 1, 7_200, 921_600, 28_800, 7_200)]
    assert days.select("wall_s_without_nodes", "wall_s_without_cores", "wall_s_without_gpus").rows() == [(3_600, 3_600, 3_600)]


def test_an_implausible_reading_is_counted_and_its_energy_is_not() -> None:
    days = day_rows(job(energy_quality="implausible", energy_logged_kwh=9e9))
    assert days.select("jobs_implausible", "jobs_metered", "energy_measured_j").rows() == [(1, 0, 0)]


def test_a_month_of_an_undecided_project_is_unclassified_under_the_mode_of_its_code() -> None:
    with plain_store() as writer:
        bring_in(writer, 1, frame(job(1, account="EHPC-AIF-2025PG01-128"), job(2, account=None), job(3, account="other_1")))
        months = writer.frame("select category, mode, sum(jobs)::bigint as jobs from lake.usage_monthly group by all order by all")
    assert months.rows() == [("unclassified", "other", 2), ("unclassified", "playground", 1)]


@given(FEW_JOBS)
@trial(max_examples=6, deadline=None)
def test_jobs_rolled_up_a_few_at_a_time_give_the_sums_of_all_at_once(rows: list[dict[str, Any]]) -> None:
    with plain_store() as writer:
        bring_in(writer, 1, log_of(rows))
        wanted = tables(writer)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(rollups, "MOST_AT_ONCE", 2)
            rollups.rebuild(writer)
        assert_same(tables(writer), wanted)
