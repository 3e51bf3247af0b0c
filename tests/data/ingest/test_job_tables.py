"""Tables of jobs, CSV and Parquet: columns guessed by name, corrected by the reader."""

from datetime import UTC, datetime

import polars as pl
import pytest

from data.errors import InputError, LogError
from data.ingest.job_columns import mapping_of
from data.ingest.source import Dialect, Machine
from tests.data.ingest.sample_dialects import TABLE_ROW, table
from tests.data.ingest.sample_logs import MACHINE, joined, read, sacct, sacct_line

STARTED = datetime(2026, 3, 1, 10, tzinfo=UTC)


def row(log, text, **options):
    found = log(text, **options)
    assert found.refusals.is_empty(), found.refusals["detail"].to_list()
    return found.jobs.row(0, named=True)


@pytest.fixture
def parquet(tmp_path):
    def read_parquet(frame, **options):
        path = tmp_path / "jobs.parquet"
        frame.write_parquet(path)
        return joined(read(path, **options))

    return read_parquet


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_plain_job_is_read_in_our_words(log, separator):
    job = row(log, table({}, separator=separator))
    assert (job["job_id"], job["state"], job["elapsed_s"], job["started"]) == (123, "COMPLETED", 7200, STARTED)
    assert (job["nodes"], job["cores"], job["gpus"], job["account"], job["partition"]) == (2, 128.0, 8.0, "project_1", "GPU")
    assert (job["energy_logged_kwh"], job["energy_quality"]) == (pytest.approx(4.0), "measured")


@pytest.mark.parametrize(
    "start",
    ["2026-03-01T11:00:00", "2026-03-01 11:00:00.123", "2026-03-01 10:00:00Z", "2026-03-01 11:00:00+01:00", "1772359200", "1772359200000"],
)
def test_a_time_is_read_in_every_usual_spelling(log, start):
    assert row(log, table({"start_time": start}))["started"] == STARTED


def test_an_unknown_submission_is_null_and_an_unknown_start_of_a_job_that_ran_is_refused(log):
    found = log(table({"submit_time": ""}, {"start_time": "NaT", "job_id": "124"}))
    assert found.jobs["submitted"].to_list() == [None]
    assert found.refusals.select("line", "reason").rows() == [(3, "no_start_time")]


def test_a_quoted_field_may_hold_separators_and_line_ends(log):
    found = log(table({"name": 'a, "b"\nc\n'}, {"job_id": "124"}))
    assert (found.jobs["line"].to_list(), found.continued, found.lines) == ([2, 5], 2, 5)


def test_a_quotation_mark_that_never_closes_loses_only_its_own_line(log):
    text = table({}, {"job_id": "124"}, {"job_id": "125"}).replace('"train, then test"', '"train', 1).replace('"train, then test"', "test")
    found = log(text)
    assert found.jobs["job_id"].to_list() == [123, 124, 125]
    assert found.lines == 4


def test_a_row_with_another_number_of_fields_is_refused(log):
    found = log(table({}) + "124,alice,2\n")
    assert found.refusals.select("line", "reason").rows() == [(3, "wrong_number_of_fields")]
    assert "alice" not in found.refusals.write_csv()


def test_how_columns_were_understood_is_told_and_can_be_corrected(log):
    text = table({}).replace("num_cores", "cpus")
    assert any("nodes=num_nodes" in note for note in log(text).notes)
    assert row(log, text)["cores"] is None
    assert row(log, text, mapping=("cores=cpus, gpus=",))["cores"] == 128.0
    assert row(log, text, mapping=("cores=cpus", "gpus="))["gpus"] is None


@pytest.mark.parametrize(("correction", "what"), [("speed=cpus", "names no field"), ("cores=nothing", "names no column")])
def test_a_mapping_that_names_nothing_is_refused(correction, what):
    with pytest.raises(InputError, match=what):
        mapping_of(["job_id", "cpus"], [correction])


def test_a_table_that_lacks_what_time_is_told_from_says_how_to_name_it(tmp_path):
    path = tmp_path / "jobs.csv"
    path.write_text("number,began,took\n1,1772359200,60\n")
    with pytest.raises(LogError, match="no column for nodes or cores"):
        read(path, dialect=Dialect.JOB_TABLE, mapping=("job_id=number,started=began,elapsed_s=took",))


def test_a_duration_without_unit_is_not_guessed(log):
    text = "job_id,start_time,duration,num_nodes\n1,1772359200,60000,2\n"
    with pytest.raises(LogError, match="columns are not those of jobs"):
        log(text)


def test_a_duration_in_milliseconds_and_a_limit_in_minutes_are_read(tmp_path):
    path = tmp_path / "jobs.csv"
    path.write_text("job_id,start_time,duration,limit,num_nodes\n1,1772359200,60000,2,1\n")
    found = joined(read(path, dialect=Dialect.JOB_TABLE, mapping=("elapsed_ms=duration,time_limit_minutes=limit",)))
    assert found.jobs.select("elapsed_s", "time_limit_s").rows() == [(60, 120)]


def test_cores_that_were_only_asked_for_are_not_cores_that_were_given(log):
    text = table({}).replace("num_nodes", "nodes_req").replace("num_cores", "processors_req")
    found = log(text)
    assert found.jobs.select("nodes", "cores", "requested_cores").rows() == [(2, None, 128.0)]
    assert any("cores=processors_req" in note for note in found.notes)
    assert any("what jobs asked for" in note for note in found.notes)


def test_the_run_time_follows_from_start_and_end_and_is_unknown_in_the_repeated_hour(log):
    text = table({"run_time": ""}, {"start_time": "2026-03-01 11:30:00", "job_id": "124"}).replace("run_time", "seconds")
    assert log(text).jobs["elapsed_s"].to_list() == [7200, 5400]
    night = {"submit_time": "2025-10-26 01:00:00", "start_time": "2025-10-26 02:30:00", "end_time": "2025-10-26 05:00:00", "job_id": "124"}
    assert log(table({}, night).replace("run_time", "seconds")).refusals["reason"].to_list() == ["no_run_time"]


def test_quoted_fields_of_sacct_are_read_as_sacct(log):
    quoted = "\n".join(",".join(f'"{field}"' for field in line.split("|")) for line in sacct(sacct_line()).splitlines()) + "\n"
    assert log(quoted).jobs.equals(log(sacct(sacct_line())).jobs)


def test_parquet_is_read_as_csv_is_whatever_the_types_of_its_columns(parquet, log):
    naive = pl.DataFrame([TABLE_ROW]).with_columns(
        pl.col("job_id", "num_nodes", "num_cores", "num_gpus").cast(pl.Int32),
        pl.col("submit_time", "start_time", "end_time").str.to_datetime("%Y-%m-%d %H:%M:%S"),
        pl.col("run_time").cast(pl.Float64),
    )
    as_csv = log(table({})).jobs.drop("line")
    assert parquet(naive).jobs.drop("line").equals(as_csv)
    aware = naive.with_columns(pl.col("submit_time", "start_time", "end_time").dt.replace_time_zone("Europe/Ljubljana"))
    assert parquet(aware.with_columns(power=pl.Series([[1.0, 2.0]]))).jobs.drop("line").equals(as_csv)


def test_traces_of_opendc_start_when_they_were_handed_in_and_tell_no_waits(parquet):
    frame = pl.DataFrame(
        {"id": [7], "submission_time": [1_772_359_200_000], "duration": [60_000], "cpu_count": [16], "cpu_capacity": [1.0]}
    )
    machine = Machine(system="lisa", log_time_zone="UTC", cores_per_node={"thin": 16}, nodes={"thin": 100})
    found = parquet(frame, machine=machine)
    job = found.jobs.row(0, named=True)
    assert (job["started"], job["submitted"], job["elapsed_s"], job["nodes"], job["state"]) == (STARTED, None, 60, 1, None)
    assert any("not when they started" in note for note in found.notes)


def test_pm100_tells_its_limits_in_minutes(parquet):
    frame = pl.DataFrame(
        {
            "job_id": [7],
            "user_id": [5],
            "submit_time": [STARTED],
            "start_time": [STARTED],
            "end_time": [STARTED.replace(minute=1)],
            "run_time": [60],
            "time_limit": [1440],
            "num_cores_alloc": [256],
            "num_nodes_alloc": [2],
            "num_gpus_alloc": [8],
            "partition": ["gpu"],
            "job_state": ["COMPLETED"],
            "nodes": [["1", "2"]],
        }
    )
    job = parquet(frame, machine=MACHINE).jobs.row(0, named=True)
    assert (job["time_limit_s"], job["nodes"], job["gpus"], job["elapsed_s"]) == (86_400, 2, 8.0, 60)


def test_a_damaged_parquet_file_is_refused(tmp_path):
    path = tmp_path / "jobs.parquet"
    pl.DataFrame([TABLE_ROW]).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(LogError, match="cannot be read as Parquet"):
        read(path)


@pytest.mark.parametrize(("elapsed", "seconds"), [("7200", 7200), ("7199.6", 7200), ("02:00:00", 7200), ("1-00:00:00", 86_400)])
def test_a_run_time_is_read_in_seconds_and_in_words_and_gives_the_end(log, elapsed, seconds):
    columns = table({"run_time": elapsed}).replace("end_time", "finish")
    job = row(log, columns)
    assert (job["elapsed_s"], (job["ended"] - job["started"]).total_seconds()) == (seconds, seconds)


def test_a_run_time_that_is_no_time_is_refused(log):
    assert log(table({}, {"run_time": "long"})).refusals["reason"].to_list() == ["unreadable_number"]


def test_tasks_of_an_array_under_one_number_are_told_apart_also_across_chunks(log, monkeypatch):
    monkeypatch.setattr("data.ingest.job_table.BATCH", 2)
    found = log(table({}, {}, {"job_id": "124"}, {}, {"start_time": "2026-03-01 11:30:00", "run_time": "5400"}))
    assert found.jobs.select("job_id", "array_job_id", "array_task").rows() == [
        (123, None, None),
        (123, 123, 1),
        (124, None, None),
        (123, 123, 2),
        (123, None, None),
    ]
    assert any(note.startswith("2 rows repeat") for note in found.notes)
