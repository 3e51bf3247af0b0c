"""What was refused can be looked at and exported, and is open no longer once it was mended."""

import polars as pl
import pytest
from made_jobs import batch, bring_in, frame, job, plain_store

from data import batches, refusals
from data.batches import Batch
from data.lake import Writer
from data.schema import REFUSALS


def refused(*rows: tuple[int, str]) -> pl.DataFrame:
    told = [{"line": line, "reason": "negative", "detail": "found and expected", "raw": raw} for line, raw in rows]
    return pl.DataFrame(told, schema=dict(REFUSALS))


def brought(writer: Writer, number: int, file: str, jobs: list[int], lines: pl.DataFrame, **fields: int) -> Batch:
    """A batch of a log with these jobs, but for those that the store has already, and these refused lines."""
    log = frame(*(job(each) for each in jobs))
    landed = bring_in(writer, number, log)
    usual = {name: getattr(batch(number, log, landed), name) for name in Batch.__slots__}
    told = Batch(**(usual | {"file": file, "refused": lines.height, "lines_read": log.height + lines.height} | fields))
    batches.record(writer, told)
    batches.record_refusals(writer, lines, batch_id=number)
    return told


BAD = refused((2, "102|***"), (3, "103|***"))


def open_lines(writer: Writer) -> list[tuple[int, int]]:
    return refusals.lines(writer).select("batch_id", "line").rows()


def test_lines_that_were_never_mended_stay_open() -> None:
    with plain_store() as writer:
        brought(writer, 1, "march.txt", [101], BAD)
        brought(writer, 2, "april.txt", [201, 202, 203, 204], refused())
        assert open_lines(writer) == [(1, 2), (1, 3)]
        assert refusals.open_of_logs(writer).rows() == [("vega", 2, 2 / 7)]


def test_the_mended_file_brought_in_again_resolves_what_it_no_longer_refuses() -> None:
    with plain_store() as writer:
        brought(writer, 1, "march.txt", [101], BAD)
        brought(writer, 2, "march.txt", [101, 102], refused((3, "103|***")))
        assert open_lines(writer) == [(2, 3)]
        assert refusals.lines(writer, batch_id=1, resolved_too=True)["resolved_in"].to_list() == [2, 2]
        assert refusals.listed(writer).select("batch_id", "lines", "lines_open", "example").rows() == [
            (2, 1, 1, "103|***"),
            (1, 2, 0, "102|***"),
        ]


def test_a_file_of_mended_lines_alone_resolves_those_lines() -> None:
    with plain_store() as writer:
        brought(writer, 1, "march.txt", [101], BAD)
        brought(writer, 2, "mended.txt", [103], refused())
        assert open_lines(writer) == [(1, 2)]


@pytest.mark.parametrize("raw", ["103_7|***", "jobidraw=103|state=X", '"103",***', "jobid=103|***"])
def test_the_number_of_a_job_is_found_in_every_form_of_a_masked_line(raw: str) -> None:
    with plain_store() as writer:
        brought(writer, 1, "march.txt", [101], refused((3, raw)))
        log = frame(job(103, array_job_id=103, array_task=7) if "_" in raw else job(103))
        batches.record(writer, batch(2, log, bring_in(writer, 2, log)))
        assert open_lines(writer) == []


def test_another_log_of_the_same_name_resolves_nothing() -> None:
    with plain_store() as writer:
        brought(writer, 1, "sacct.txt", [101, 104], BAD)
        brought(writer, 2, "sacct.txt", [201, 202, 203, 204, 205], refused())
        assert open_lines(writer) == [(1, 2), (1, 3)]


def test_a_small_log_that_happens_to_hold_the_number_of_a_refused_line_resolves_nothing() -> None:
    with plain_store() as writer:
        brought(writer, 1, "march.txt", [101], BAD)
        brought(writer, 2, "april.txt", [103, 999], refused())
        assert open_lines(writer) == [(1, 2), (1, 3)]
