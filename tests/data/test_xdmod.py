"""Each of XDMoD's formulas holds on a few jobs whose figures can be worked out by hand."""

import math
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from made_jobs import frame, job, plain_store

from data import jobs
from data.errors import InputError
from data.export import xdmod
from data.export.xdmod import DatasetType, Dimension, Request
from data.export.xdmod_periods import AggregationUnit, buckets, cpu_hours_offered
from data.ingest.privacy import pseudonyms
from data.systems import declared_system
from data.terms import JobState, Period

MACHINE = """
name = "Small"
country = "FR"
time_zone = "Europe/Paris"
in_service = 2026-03-02

[partitions.cpu]
nodes = 10
cores_per_node = 4
cores_per_logged_cpu = 0.5
gpus_per_logged_gpu = 0.5
"""
SYSTEM = declared_system("small", MACHINE)
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
WEEK = Period(date(2026, 3, 2), date(2026, 3, 5))
AGGREGATE = "2026-03-02..2026-03-04"
FIRST, SECOND, THIRD = "2026-03-02", "2026-03-03", "2026-03-04"
PSEUDONYM = pseudonyms(b"key of the test", "small")


def ran(number: int, start_h: float, end_h: float, *, waited_h: float = 0, cpus: float = 2, **fields: Any) -> dict[str, Any]:
    """A job of so many logged CPUs on one node, from so many to so many hours after Monday's midnight."""
    started, ended = MONDAY + timedelta(hours=start_h), MONDAY + timedelta(hours=end_h)
    usual: dict[str, Any] = {"submitted": started - timedelta(hours=waited_h), "elapsed_s": int((end_h - start_h) * 3600), "nodes": 1}
    usual |= {"system": "small", "partition": "cpu", "cores": cpus / 2, "unix_group": "physics"}
    row: dict[str, Any] = job(number, **(usual | fields)) | {"started": started, "ended": ended}
    return row


def table(*rows: dict[str, Any], **request: Any) -> pl.DataFrame:
    """The metrics of these jobs, by Day over three days if not asked otherwise."""
    asked: dict[str, Any] = {"system": SYSTEM, "period": WEEK, "units": (AggregationUnit.DAY,)} | request
    with plain_store() as store:
        jobs.store(store, frame(*rows), batch_id=1)
        return xdmod.metrics(store, Request(**asked), PSEUDONYM)


def figures(*rows: dict[str, Any], period: str = AGGREGATE, column: str = "value", **request: Any) -> dict[str, Any]:
    """The figures of one period by statistic."""
    return dict(table(*rows, **request).filter(pl.col("period") == period).select("statistic", column).rows())


@pytest.mark.parametrize(("day", "hours"), [(FIRST, 4.0), (SECOND, 24.0), (THIRD, 6.0), (AGGREGATE, 34.0)])
def test_wall_time_is_split_at_midnight_by_the_hours_on_each_side(day: str, hours: float) -> None:
    found = figures(ran(1, 20, 54, nodes=3), period=day)
    assert found["total_wallduration_hours"] == hours
    assert found["total_node_hours"] == 3 * hours


def test_wall_time_is_from_start_to_end_though_the_job_was_suspended_in_between() -> None:
    assert figures(ran(1, 2, 6, elapsed_s=3_600, suspended_s=3 * 3_600))["total_wallduration_hours"] == 4.0


def test_sizes_are_in_the_cpus_and_gpus_that_the_log_counts() -> None:
    found = figures(ran(1, 0, 2, cpus=8, gpus=1.0))
    assert (found["total_cpu_hours"], found["max_processors"]) == (16.0, 8.0)
    assert (found["total_gpu_hours"], found["avg_gpus"]) == (4.0, 2.0)


def test_only_time_inside_the_touched_periods_counts() -> None:
    assert figures(ran(1, -5, 1), ran(2, 70, 90))["total_wallduration_hours"] == 3.0


@pytest.mark.parametrize(
    ("day", "counts"),
    [
        (FIRST, {"submitted_job_count": 1, "started_job_count": 1, "running_job_count": 2, "job_count": 1}),
        (SECOND, {"submitted_job_count": 0, "started_job_count": 1, "running_job_count": 2, "job_count": 2}),
        (AGGREGATE, {"submitted_job_count": 1, "started_job_count": 2, "running_job_count": 3, "job_count": 3}),
    ],
)
def test_jobs_are_counted_by_submission_start_and_end_and_as_running_once(day: str, counts: dict[str, int]) -> None:
    before, across, late = ran(1, -5, 1, waited_h=1), ran(2, 20, 30), ran(3, 25, 26, waited_h=5)
    found = figures(before, across, late, period=day)
    assert {name: found[name] for name in counts} == counts


def test_a_job_submitted_in_one_period_and_started_in_a_later_one_is_submitted_in_neither() -> None:
    late = ran(3, 25, 26, waited_h=5)
    assert table(late).filter(pl.col("statistic") == "submitted_job_count")["value"].to_list() == [0.0, 0.0]


def test_a_job_that_ends_at_midnight_runs_on_the_new_day_for_no_time() -> None:
    found = figures(ran(1, 20, 24), period=SECOND)
    assert (found["running_job_count"], found["job_count"], found["total_wallduration_hours"]) == (1, 1, 0)


def test_wait_counts_from_submission_in_the_period_of_the_start() -> None:
    late = ran(1, 25, 26, waited_h=5, eligible=MONDAY + timedelta(hours=24))
    assert figures(late, ran(2, 1, 30, waited_h=1), period=SECOND)["total_waitduration_hours"] == 5.0


def test_the_average_wait_is_over_the_jobs_that_started() -> None:
    assert figures(ran(1, 1, 2, waited_h=3), ran(2, 1, 2, waited_h=1), ran(3, -9, 2, waited_h=7))["avg_waitduration_hours"] == 2.0


def test_averages_a_job_are_over_the_jobs_that_ran() -> None:
    found = figures(ran(1, 20, 30, cpus=6), ran(2, 0, 2, cpus=2, gpus=1.0))
    assert (found["avg_wallduration_hours"], found["avg_cpu_hours"], found["avg_node_hours"]) == (6.0, 32.0, 6.0)
    assert (found["avg_processors"], found["avg_gpus"], found["avg_gpu_hours"]) == (4.0, 1.0, 2.0)


def test_an_average_of_nothing_is_none_at_all_as_xdmod_prints_it() -> None:
    found = figures(ran(1, -5, 1), period=FIRST)
    assert (found["avg_waitduration_hours"], found["avg_job_size_weighted_by_gpu_hours"]) == (0.0, 0.0)


def test_job_size_is_weighted_by_the_time_that_each_size_used() -> None:
    found = figures(ran(1, 0, 1, cpus=2), ran(2, 0, 3, cpus=6, gpus=1.0))
    assert found["avg_job_size_weighted_by_cpu_hours"] == pytest.approx((2 * 2 + 6 * 18) / 20)
    assert found["avg_job_size_weighted_by_gpu_hours"] == 6.0


def test_the_expansion_factor_is_weighted_by_node_hours_and_passes_over_jobs_without_wall_time() -> None:
    found = figures(ran(1, 1, 2, waited_h=1), ran(2, 0, 3, nodes=2), ran(3, 5, 5, waited_h=1))
    assert found["expansion_factor"] == pytest.approx((2 * 1 + 1 * 6) / 7)


def test_the_largest_and_smallest_job_ignore_jobs_without_cores() -> None:
    found = figures(ran(1, 0, 1, cpus=8), ran(2, 0, 1, cpus=4), ran(3, 0, 1, cpus=0))
    assert (found["max_processors"], found["min_processors"]) == (8.0, 4.0)


@pytest.mark.parametrize(("unit", "days"), [("Day", 3), ("Month", 30), ("Quarter", 30), ("Year", 305)])
def test_utilization_divides_by_the_whole_periods_touched_from_the_first_day_of_service(unit: str, days: int) -> None:
    found = figures(ran(1, 0, 24, cpus=40), units=(AggregationUnit(unit),))
    assert found["utilization"] == pytest.approx(100 * 40 / (80 * days))


def test_utilization_of_a_machine_of_unknown_size_is_unknown() -> None:
    unsized = declared_system("small", MACHINE.replace("nodes = 10\n", 'unknown = { nodes = "not published" }\n'))
    assert figures(ran(1, 0, 24), system=unsized)["utilization"] is None


@pytest.mark.parametrize(
    ("unit", "wall"), [(AggregationUnit.DAY, math.sqrt((85 / 3 - 25) / 3)), (AggregationUnit.MONTH, math.sqrt((93 / 3 - 25) / 3))]
)
def test_the_standard_error_takes_each_periods_part_of_a_job_for_a_value_of_its_own(unit: AggregationUnit, wall: float) -> None:
    rows = [ran(1, 20, 25, cpus=2, waited_h=1), ran(2, 0, 2, cpus=4, waited_h=3), ran(3, 1, 9, cpus=6, waited_h=5)]
    found = figures(*rows, column="std_err", units=(unit,))
    assert found["avg_wallduration_hours"] == pytest.approx(wall)
    assert [found["avg_waitduration_hours"], found["avg_processors"]] == pytest.approx([math.sqrt(8 / 3 / 3)] * 2)


def test_the_standard_error_of_equal_jobs_is_nothing() -> None:
    found = figures(*(ran(number, 0, 0.1, cpus=3) for number in range(7)), column="std_err")
    assert (found["avg_processors"], found["avg_cpu_hours"]) == (0.0, pytest.approx(0.0, abs=1e-7))


def test_the_standard_error_is_unknown_where_xdmods_formula_gives_no_number() -> None:
    assert figures(ran(1, 20, 30), ran(2, 0, 2), column="std_err")["avg_wallduration_hours"] is None


def test_only_averages_of_an_aggregate_have_a_standard_error() -> None:
    rows = table(ran(1, 20, 25), ran(2, 0, 2), ran(3, 1, 9)).drop_nulls("std_err")
    assert rows["dataset_type"].unique().to_list() == ["aggregate"]
    assert set(rows["statistic"]) == {
        "avg_wallduration_hours",
        "avg_waitduration_hours",
        "avg_cpu_hours",
        "avg_node_hours",
        "avg_processors",
        "avg_gpus",
    }


def test_users_and_groups_are_counted_once() -> None:
    rows = [ran(1, 0, 1), ran(2, 0, 30), ran(3, 0, 1, user_pseudonym="u_2", unix_group="chemistry")]
    found = figures(*rows)
    assert (found["active_person_count"], found["active_pi_count"], found["active_resource_count"]) == (2, 2, 1)


def test_a_group_hidden_where_a_member_has_its_name_is_the_same_pi_as_under_its_name() -> None:
    rows = [ran(1, 0, 1), ran(2, 0, 1, unix_group=PSEUDONYM("physics")), ran(3, 0, 1, unix_group=PSEUDONYM("alone"))]
    assert figures(*rows)["active_pi_count"] == 2
    assert set(table(*rows, dimension=Dimension.PI)["key"]) == {"physics", PSEUDONYM("alone")}


@pytest.mark.parametrize("state", [JobState.RUNNING, JobState.REQUEUED, JobState.RESIZING, JobState.SUSPENDED, JobState.PENDING])
def test_jobs_that_run_wait_or_are_moved_are_in_no_figure(state: JobState) -> None:
    assert figures(ran(1, 0, 1), ran(2, 0, 9, state=state.value))["running_job_count"] == 1


def test_jobs_that_never_started_are_in_no_figure() -> None:
    cancelled = ran(2, 0, 1, state="CANCELLED") | {"started": None}
    assert figures(ran(1, 0, 1), cancelled)["submitted_job_count"] == 1


def test_a_figure_is_unknown_where_a_job_does_not_tell_what_it_needs() -> None:
    found = figures(ran(1, 0, 1), ran(2, 0, 1, nodes=None, gpus=None))
    assert {name for name, value in found.items() if value is None} == {
        "total_node_hours",
        "avg_node_hours",
        "expansion_factor",
        "total_gpu_hours",
        "avg_gpu_hours",
        "avg_gpus",
        "avg_job_size_weighted_by_gpu_hours",
    }


@pytest.mark.parametrize(
    ("dimension", "key"),
    [
        ("none", "all"),
        ("resource", "small"),
        ("queue", "cpu"),
        ("qos", None),
        ("account", "project_1"),
        ("pi", "physics"),
        ("person", "u_1"),
        ("jobsize", "257 - 512"),
        ("jobwalltime", "18+hr"),
        ("jobwaittime", "30 - 60min"),
        ("gpucount", "9 - 16"),
        ("nodecount", "64"),
    ],
)
def test_a_job_stands_under_its_key_in_each_dimension(dimension: str, key: str | None) -> None:
    rows = table(ran(1, 0, 18, waited_h=0.5, cpus=257, gpus=4.5, nodes=64), dimension=Dimension(dimension))
    assert rows["key"].unique().to_list() == [key]


@pytest.mark.parametrize(("seconds", "name"), [(0, "0 - 1s"), (1, "1 - 30s"), (29, "1 - 30s"), (30, "30s - 30min"), (3_599, "30 - 60min")])
def test_a_class_of_jobs_starts_at_its_least_value(seconds: int, name: str) -> None:
    rows = table(ran(1, 0, seconds / 3_600), dimension=Dimension.JOBWALLTIME)
    assert rows["key"].unique().to_list() == [name]


def test_days_begin_at_midnight_of_the_zone_asked_for() -> None:
    found = figures(ran(1, 20, 24), period=SECOND, time_zone="Europe/Paris")
    assert found["total_wallduration_hours"] == 1.0


def test_a_day_on_which_clocks_change_offers_an_hour_less() -> None:
    assert cpu_hours_offered(SYSTEM, date(2026, 3, 29), date(2026, 3, 30), "Europe/Paris") == 80 * 23


def test_a_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InputError, match="Mars/Base"):
        table(ran(1, 0, 1), time_zone="Mars/Base")


@pytest.mark.parametrize("kind", list(DatasetType))
def test_one_type_is_given_alone_where_it_is_asked_for_alone(kind: DatasetType) -> None:
    rows = table(ran(1, 0, 30), types=(kind,))
    assert rows["dataset_type"].unique().to_list() == [kind.value]


def test_nothing_ran_is_no_row_at_all() -> None:
    assert table(ran(1, 100, 101)).is_empty()


def test_the_period_of_all_jobs_runs_from_the_first_start_to_the_last_end() -> None:
    with plain_store() as store:
        jobs.store(store, frame(ran(1, 5, 6), ran(2, 30, 50)), batch_id=1)
        assert xdmod.period_of_jobs(store, SYSTEM) == WEEK


def test_a_machine_without_ended_jobs_has_no_period() -> None:
    with plain_store() as store, pytest.raises(InputError, match="no ended job of Small"):
        xdmod.period_of_jobs(store, SYSTEM)


def test_every_day_of_a_request_lies_in_exactly_one_bucket_of_each_unit() -> None:
    request = Period(date(2023, 11, 17), date(2025, 2, 3))
    for unit in AggregationUnit:
        found = buckets(request, unit)
        assert found[0].start <= request.start < found[0].end
        assert found[-1].start < request.end <= found[-1].end
        assert [one.end for one in found[:-1]] == [one.start for one in found[1:]]
