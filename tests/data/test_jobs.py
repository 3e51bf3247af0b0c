"""A run is stored once, in its latest state, however logs overlap, whatever their order, wherever a log is cut into blocks."""

from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as trial
from hypothesis import strategies as st
from made_jobs import NOON, bring_in, frame, job, plain_store, running

from data import rollups
from data.lake import Writer

STORED = "select job_id, array_task, started, ended, elapsed_s, state from lake.jobs order by all"
SUMS = "select " + ", ".join(f"coalesce(sum({name}), 0)::double as {name}" for name in rollups.ROLLED_MEASURES) + " from lake.usage_daily"  # noqa: S608


def stored(*logs: pl.DataFrame) -> pl.DataFrame:
    with plain_store() as writer:
        for number, log in enumerate(logs, start=1):
            bring_in(writer, number, log)
        assert_rollups_follow(writer)
        return writer.frame(STORED)


def assert_rollups_follow(writer: Writer) -> None:
    kept = writer.frame(SUMS).row(0)
    rollups.rebuild(writer)
    assert kept == writer.frame(SUMS).row(0)


def pending(number: int = 1, **fields: Any) -> dict[str, Any]:
    return job(number, ran_s=None, **fields)


def test_a_log_lands_once() -> None:
    log = frame(job(1), job(2), job(3))
    with plain_store() as writer:
        assert bring_in(writer, 1, log).accepted == 3
        again = bring_in(writer, 2, log)
    assert (again.accepted, again.completed, again.seen_before) == (0, 0, 3)


def test_jobs_known_since_far_apart_times_are_all_known_again() -> None:
    log = frame(*(job(number, submitted=NOON + timedelta(days=10 * number)) for number in range(1, 15)))
    with plain_store() as writer:
        assert bring_in(writer, 1, frame(running(20, submitted=NOON + timedelta(days=70))), log).accepted == 15
        again = bring_in(writer, 2, frame(job(20, submitted=NOON + timedelta(days=70)), *log.to_dicts()))
    assert (again.accepted, again.completed, again.seen_before) == (1, 1, 14)


def test_the_same_line_twice_in_a_log_is_one_job() -> None:
    with plain_store() as writer:
        landed = bring_in(writer, 1, frame(job(1), job(1)))
    assert (landed.accepted, landed.seen_before) == (1, 1)


@pytest.mark.parametrize(
    "other",
    [
        {"number": 2},
        {"array_task": 7},
        {"submitted": NOON + timedelta(days=30)},
        {"system": "lumi"},
        {"waited_s": 9_000},
    ],
    ids=lambda other: next(iter(other)),
)
def test_another_system_number_task_submission_or_start_is_another_job(other: dict[str, Any]) -> None:
    assert stored(frame(job(1)), frame(job(**{"number": 1} | other))).height == 2


def test_every_run_of_a_requeued_job_is_kept() -> None:
    first, second = job(1, state="REQUEUED"), job(1, waited_s=9_000)
    assert stored(frame(first, second)).height == 2
    assert stored(frame(first), frame(second)).height == 2


@pytest.mark.parametrize("state", [pending(1), running(1)], ids=["waiting", "running"])
def test_an_open_job_is_completed_by_a_later_log(state: dict[str, Any]) -> None:
    with plain_store() as writer:
        bring_in(writer, 1, frame(state, job(2)))
        landed = bring_in(writer, 2, frame(job(1), job(2)))
        assert (landed.accepted, landed.completed, landed.seen_before) == (1, 1, 1)
        assert writer.frame(STORED)["state"].to_list() == ["COMPLETED", "COMPLETED"]
        assert_rollups_follow(writer)


def test_an_older_export_after_a_newer_one_changes_nothing() -> None:
    for older in (pending(1), running(1), running(1, ran_s=10)):
        with plain_store() as writer:
            bring_in(writer, 1, frame(job(1)))
            landed = bring_in(writer, 2, frame(older))
            assert (landed.accepted, landed.seen_before) == (0, 1)


def test_a_run_that_began_after_a_requeue_counts_while_it_runs() -> None:
    first = job(1, state="REQUEUED")
    second = running(1, waited_s=9_000)
    assert stored(frame(first), frame(second))["state"].to_list() == ["REQUEUED", "RUNNING"]
    assert stored(frame(first, second))["state"].to_list() == ["REQUEUED", "RUNNING"]


def test_an_old_run_that_arrives_late_does_not_end_the_one_that_runs_now() -> None:
    now, before = running(1, waited_s=9_000), job(1, state="REQUEUED")
    assert stored(frame(now), frame(before))["state"].to_list() == ["REQUEUED", "RUNNING"]


def test_the_waiting_rest_of_an_array_is_gone_once_its_last_task_carries_its_number() -> None:
    rest = pending(100, array_job_id=100)
    tasks = [job(101, array_job_id=100, array_task=1), job(100, array_job_id=100, array_task=2)]
    assert stored(frame(rest), frame(*tasks))["state"].to_list() == ["COMPLETED", "COMPLETED"]


def test_the_waiting_rest_of_an_array_stays_while_the_log_still_shows_it() -> None:
    log = frame(pending(100, array_job_id=100), job(100, array_job_id=100, array_task=1))
    with plain_store() as writer:
        bring_in(writer, 1, log)
        assert bring_in(writer, 2, log).accepted == 0
        assert sorted(writer.frame(STORED)["state"]) == ["COMPLETED", "PENDING"]


def array_log(tasks: tuple[int, ...]) -> pl.DataFrame:
    """What a log shows of an array of three: each task waits (0), runs (1) or has ended (2); those that wait share one line."""
    shown = [
        (pending(100), running(100 + task), job(100 + task))[age] | {"array_job_id": 100, "array_task": task, "line": task if age else 9}
        for task, age in enumerate(tasks, start=1)
    ]
    return frame(*shown)


ARRAY_LIFE = [(0, 0, 0), (1, 0, 0), (2, 1, 0), (2, 2, 0), (2, 2, 1), (2, 2, 2)]


@given(st.lists(st.integers(0, len(ARRAY_LIFE) - 1), min_size=1, max_size=4))
@trial(max_examples=10, deadline=None)
def test_each_task_of_an_array_stands_once_in_its_latest_state(ages: list[int]) -> None:
    found = stored(*(array_log(ARRAY_LIFE[age]) for age in ages))
    latest = array_log(ARRAY_LIFE[max(ages)]).sort("job_id", "array_task")
    assert found.select("job_id", "array_task", "state").rows() == latest.select("job_id", "array_task", "state").rows()


def test_the_line_of_a_waiting_array_counts_once_and_is_completed_task_by_task() -> None:
    with plain_store() as writer:
        steps = [bring_in(writer, number, array_log(tasks)) for number, tasks in enumerate([(0, 0, 0), (2, 0, 0), (2, 2, 2)], start=1)]
    told = [(landed.accepted, landed.completed, landed.seen_before) for landed in steps]
    assert told == [(1, 0, 0), (1, 1, 1), (2, 2, 1)]


def test_a_waiting_array_and_its_tasks_in_one_log_account_for_every_line() -> None:
    with plain_store() as writer:
        exports = [
            array_log(tasks).with_columns(pl.col("line") + 10 * turn) for turn, tasks in enumerate([(0, 0, 0), (2, 0, 0), (2, 2, 2)])
        ]
        landed = bring_in(writer, 1, *exports)
        assert (landed.accepted, landed.completed) == (3, 0)
        assert landed.accepted + landed.seen_before == 1 + 2 + 3
        assert_rollups_follow(writer)


def test_a_waiting_array_that_is_given_up_is_one_line_completed() -> None:
    given_up = [job(100, array_job_id=100, array_task=task, line=9, state="CANCELLED") | {"started": None} for task in (1, 2, 3)]
    with plain_store() as writer:
        bring_in(writer, 1, array_log((0, 0, 0)))
        landed = bring_in(writer, 2, frame(*given_up))
        assert (landed.accepted, landed.completed, landed.seen_before) == (1, 1, 0)
        assert writer.frame(STORED)["state"].to_list() == ["CANCELLED"] * 3


def test_a_rest_whose_tasks_were_not_known_gives_way_to_its_tasks() -> None:
    rest = pending(100, array_job_id=100)
    assert stored(frame(rest), array_log((0, 0, 0)))["array_task"].to_list() == [1, 2, 3]


def test_a_job_that_one_block_shows_running_and_the_next_ended_counts_once() -> None:
    with plain_store() as writer:
        landed = bring_in(writer, 1, frame(running(1), job(2)), frame(job(1)))
        assert (landed.accepted, landed.completed, landed.seen_before) == (2, 0, 1)
        assert_rollups_follow(writer)


LIFE = [pending(1), running(1, ran_s=60), running(1, ran_s=1_800), job(1)]


@given(st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=3), min_size=1, max_size=5))
@trial(max_examples=12, deadline=None)
def test_the_latest_state_wins_in_whatever_order_and_company_logs_come(logs: list[list[int]]) -> None:
    found = stored(*(frame(*(LIFE[age] for age in ages)) for ages in logs))
    newest = LIFE[max(age for ages in logs for age in ages)]
    assert found.select("state", "elapsed_s", "ended").rows() == [(newest["state"], newest["elapsed_s"], newest["ended"])]


NUMBERS = st.lists(st.tuples(st.integers(1, 6), st.integers(0, 3)), min_size=1, max_size=12)


@given(NUMBERS, st.integers(1, 12))
@trial(max_examples=10, deadline=None)
def test_where_a_log_is_cut_into_blocks_makes_no_difference(lines: list[tuple[int, int]], cut: int) -> None:
    rows = [LIFE[age] | {"job_id": number} for number, age in lines]
    parts = [frame(*part) for part in (rows[:cut], rows[cut:]) if part]
    with plain_store() as whole, plain_store() as in_parts:
        one, other = bring_in(whole, 1, frame(*rows)), bring_in(in_parts, 1, *parts)
        assert one == other
        assert one.accepted + one.seen_before == len(rows)
        assert whole.frame(STORED).equals(in_parts.frame(STORED))
        assert_rollups_follow(in_parts)
