"""Fields of sacct as JSON, one record or list a line."""

import json

import pytest

from data.errors import LogError
from tests.data.ingest.sample_dialects import ndjson_line, ndjson_record
from tests.data.ingest.sample_logs import sacct, sacct_line


def envelope(*records):
    return json.dumps({"meta": {"producer": "sonar"}, "data": {"type": "slurm_jobs", "attributes": {"slurm_jobs": list(records)}}}) + "\n"


def test_a_record_reads_as_the_line_of_sacct_does(log):
    as_text = log(sacct(sacct_line())).jobs.row(0, named=True)
    job = log(ndjson_line()).jobs.row(0, named=True)
    same = ("job_id", "submitted", "started", "ended", "elapsed_s", "time_limit_s", "nodes", "cores", "gpus", "energy_logged_kwh", "state")
    assert {name: job[name] for name in same} == {name: as_text[name] for name in same}
    assert job["user_pseudonym"] == as_text["user_pseudonym"]


def test_lists_of_records_are_read_as_records(log):
    found = log(envelope(ndjson_record(), ndjson_record(JobID="123.batch", User="")) + envelope(ndjson_record(JobID="124")))
    assert (found.jobs["line"].to_list(), found.steps, found.lines) == ([1, 3], 1, 3)


def test_a_key_that_is_absent_means_an_empty_field(log):
    found = log(ndjson_line(NodeList="", Partition="", AllocTRES="", Start="", End="", ElapsedRaw="0", State="PENDING") + ndjson_line())
    assert found.jobs.select("started", "nodes", "queue").row(0) == (None, None, None)


def test_a_line_that_is_no_record_is_refused_without_showing_names(log):
    found = log(ndjson_line() + '{"JobID": "5", "User": "alice"\n' + "\n" + '{"User": "alice"}\n' + envelope("alice"))
    assert (found.jobs.height, found.blank, found.refusals["line"].to_list()) == (1, 1, [2, 4, 5])
    assert "alice" not in found.refusals.write_csv()


def test_records_without_run_time_are_refused_as_a_whole(log):
    with pytest.raises(LogError, match="lacks the column ElapsedRaw or Elapsed"):
        log(ndjson_line(ElapsedRaw=""))
