"""Every log that was brought in has its record, and every refused line its reason."""

from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest
from made_jobs import NOON, batch, bring_in, frame, job, plain_store, running

from data import batches
from data.errors import SchemaError
from data.health import DAYS
from data.schema import REFUSALS
from data.terms import Period


def refused(*reasons: str) -> pl.DataFrame:
    rows = [{"line": number, "reason": reason, "detail": "found and expected", "raw": "1|***"} for number, reason in enumerate(reasons, 2)]
    return pl.DataFrame(rows, schema=dict(REFUSALS))


def test_batches_are_numbered_on_and_listed_newest_first() -> None:
    with plain_store() as writer:
        for number in (1, 2):
            assert batches.next_id(writer) == number
            log = frame(job(number))
            batches.record(writer, batch(number, log, bring_in(writer, number, log)))
        assert batches.all_batches(writer)["batch_id"].to_list() == [2, 1]


def test_a_batch_spans_from_its_first_submission_to_the_last_thing_seen() -> None:
    later = NOON + timedelta(days=1)
    with plain_store() as writer:
        bring_in(writer, 1, frame(job(1), running(2, submitted=later), job(3, submitted=NOON + timedelta(days=2), ran_s=None)))
        assert batches.span(writer, 1) == (NOON, NOON + timedelta(days=2))
        assert batches.span(writer, 2) == (None, None)


def test_refused_lines_are_kept_with_machine_and_file_and_counted_by_reason() -> None:
    with plain_store() as writer:
        for number, system in enumerate(("vega", "lumi"), start=1):
            log = frame(job(number, system=system))
            batches.record(writer, batch(number, log, bring_in(writer, number, log)))
            batches.record_refusals(writer, refused("negative", "negative", "no_end_time"), batch_id=number)
        assert batches.refusals(writer, most=4).select("system", "line").rows() == [("lumi", 2), ("lumi", 3), ("lumi", 4), ("vega", 2)]
        assert batches.refusals(writer, systems=("vega",)).height == 3
        assert batches.refusals_by_reason(writer).row(0) == ("lumi", "negative", 2)
        assert writer.frame(batches.OF_BATCH_BY_REASON, {"batch_id": 1}).rows() == [("negative", 2), ("no_end_time", 1)]


def test_refused_lines_of_a_log_with_nothing_new_are_forgotten() -> None:
    with plain_store() as writer:
        batches.record_refusals(writer, refused("negative"), batch_id=1)
        batches.forget_refusals(writer, 1)
        assert writer.frame("from lake.refusals").is_empty()


def test_refusals_without_a_reason_column_do_not_pass_the_door() -> None:
    with plain_store() as writer, pytest.raises(SchemaError, match="reason"):
        batches.record_refusals(writer, refused("negative").drop("reason"), batch_id=1)


def test_a_log_runs_from_the_day_on_which_a_job_first_ended_and_not_from_an_early_submission() -> None:
    end, long_before = NOON + timedelta(days=1), NOON - timedelta(days=90)
    with plain_store() as writer:
        log = frame(
            job(1, submitted=long_before, started=NOON, ended=end), job(2, submitted=NOON, started=end, ended=end + timedelta(days=2))
        )
        batches.record(
            writer, replace(batch(1, log, bring_in(writer, 1, log)), first_submitted=long_before, last_seen=end + timedelta(days=2))
        )
        assert batches.logged_days(writer) == {"vega": Period(end.date(), end.date() + timedelta(days=3))}


def test_days_of_which_all_jobs_were_taken_back_count_no_more() -> None:
    early, days = NOON - timedelta(days=40), timedelta(days=1)
    with plain_store() as writer:
        log = frame(job(1, submitted=early, started=early, ended=early + timedelta(hours=1)), job(2), job(3, ended=NOON + 2 * days))
        batches.record(writer, batch(1, log, bring_in(writer, 1, log)))
        assert batches.logged_days(writer)["vega"].start == early.date()
        writer.change(
            "insert into lake.usage_daily by name select * replace (-jobs as jobs) from lake.usage_daily where day = $day",
            {"day": early.date()},
        )
        assert batches.logged_days(writer)["vega"].start == NOON.date()
        assert writer.frame(DAYS)["first_day"].item() == NOON.date()
