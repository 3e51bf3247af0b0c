"""A dump of slurmdbd's job table: numbers for states and resources."""

import pytest

from data.errors import LogError
from tests.data.ingest.sample_dialects import START, db_table

WITH_GPUS = "1=256,2=512000,3=14400000,4=2,5=256,1002=8"


def row(log, separator=",", gpu_tres=(), **cells):
    found = log(db_table(cells, separator=separator), gpu_tres=gpu_tres)
    assert found.refusals.is_empty(), found.refusals["detail"].to_list()
    return found.jobs.row(0, named=True)


@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_a_plain_job_is_read_in_our_words(log, separator):
    job = row(log, separator)
    assert (job["job_id"], job["state"], job["elapsed_s"], job["time_limit_s"]) == (123, "COMPLETED", 7200, 86_400)
    assert (job["nodes"], job["cores"], job["gpus"], job["memory_mib"]) == (2, 128.0, 0.0, 512_000.0)
    assert (job["energy_logged_kwh"], job["energy_quality"]) == (pytest.approx(4.0), "measured")
    assert job["user_pseudonym"].startswith("u_")


def test_nothing_is_assumed_of_resources_that_the_site_numbered(log):
    with pytest.raises(LogError, match=r"line 2 .* 1002.*--gpu-tres"):
        log(db_table({"tres_alloc": WITH_GPUS}))


def test_the_resources_that_the_reader_names_are_gpus(log):
    assert row(log, gpu_tres=(1002,), tres_alloc=WITH_GPUS)["gpus"] == 8.0
    assert row(log, gpu_tres=(1001, 1002), tres_alloc=WITH_GPUS + ",1001=1")["gpus"] == 9.0
    assert row(log, gpu_tres=(0,), tres_alloc=WITH_GPUS)["gpus"] == 0.0
    assert "1002" in log(db_table({"tres_alloc": WITH_GPUS}), gpu_tres=(1002,)).notes[0]


@pytest.mark.parametrize("limit", ["4294967295", "4294967294", "NULL", "\\N", ""])
def test_a_limit_that_is_not_set_is_null(log, limit):
    assert row(log, timelimit=limit)["time_limit_s"] is None


@pytest.mark.parametrize(("number", "state"), [("3", "COMPLETED"), ("4", "CANCELLED"), ("6", "TIMEOUT"), ("11", "OUT_OF_MEMORY")])
def test_states_are_read_by_their_numbers(log, number, state):
    assert row(log, state=number)["state"] == state


def test_a_state_that_is_no_state_is_refused(log):
    assert log(db_table({}, {"state": "99"})).refusals["reason"].to_list() == ["unknown_state"]


def test_suspension_is_no_run_time(log):
    assert row(log, time_suspended="600")["elapsed_s"] == 6_600


@pytest.mark.parametrize(("number", "state"), [("1024", "REQUEUED"), ("8192", "RESIZING"), ("524288", "REVOKED"), ("32771", "COMPLETED")])
def test_flags_of_a_state_are_told_from_its_number(log, number, state):
    assert row(log, state=number)["state"] == state


def test_a_pending_job_has_no_start(log):
    assert row(log, state="0", time_start="0", time_end="0", tres_alloc="")["started"] is None


def open_job(log, **cells):
    """The job that had not ended, of a table in which the other one ended 2 h after both started."""
    found = log(db_table({}, {"id_job": "124", "time_end": "0"} | cells))
    return found.jobs.filter(found.jobs["job_id"] == 124).row(0, named=True)


def test_a_running_job_has_run_until_the_latest_moment_of_the_table(log):
    job = open_job(log, state="1")
    assert (job["state"], job["ended"], job["elapsed_s"]) == ("RUNNING", None, 7_200)


def test_a_job_that_the_database_forgot_to_end_has_not_run_beyond_its_limit(log):
    assert open_job(log, state="1", timelimit="5")["elapsed_s"] == 300


def test_a_suspended_job_has_run_until_its_suspension(log):
    job = open_job(log, state="2", time_suspended=str(START + 600))
    assert (job["ended"], job["elapsed_s"], job["suspended_s"]) == (None, 600, 6_600)


@pytest.mark.parametrize("waiting", ["0x16%2", "1-2,4"])
def test_a_waiting_array_has_its_tasks(log, waiting):
    cells = {"id_array_job": "100", "id_array_task": "4294967294", "array_task_str": waiting}
    found = log(db_table(cells | {"id_job": "100", "state": "0", "time_start": "0", "time_end": "0", "tres_alloc": ""}))
    assert found.jobs["array_task"].to_list() == [1, 2, 4]


def test_numbers_that_were_written_with_a_point_and_array_tasks_are_read(log):
    assert row(log, id_job="16051200000000.0")["job_id"] == 16_051_200_000_000
    task = row(log, id_job="107", id_array_job="100", id_array_task="7")
    assert (task["job_id"], task["array_job_id"], task["array_task"]) == (107, 100, 7)


def test_return_codes_and_signals_are_told_apart(log):
    assert row(log, exit_code="256")["exit_code"] == "1:0"
    assert row(log, exit_code="9")["exit_code"] == "0:9"


def test_a_column_without_which_no_time_can_be_told_is_named(log):
    with pytest.raises(LogError, match="lacks the column state, tres_alloc"):
        log("id_job,time_submit,time_start,time_end\n1,2,3,4\n")
