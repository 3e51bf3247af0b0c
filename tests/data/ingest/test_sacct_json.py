"""sacct --json and slurmrestd: every version of the data parser tells the same job."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.errors import LogError
from tests.data.ingest.sample_dialects import json_job, json_log, number, tres

VERSIONS = range(37, 47)


def row(log, version=44, **members):
    found = log(json_log(json_job(version=version, **members), version=version))
    assert found.refusals.is_empty(), found.refusals["detail"].to_list()
    return found.jobs.row(0, named=True)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_job_reads_the_same_in_every_version(log, version):
    assert row(log, version) == row(log, 44)


def test_a_plain_job_is_read_in_our_words(log):
    job = row(log)
    assert (job["job_id"], job["state"], job["elapsed_s"], job["time_limit_s"], job["exit_code"]) == (123, "COMPLETED", 7200, 86_400, "0:0")
    assert (job["nodes"], job["cores"], job["gpus"], job["memory_mib"], job["requested_cores"]) == (2, 128.0, 8.0, 512_000.0, 64.0)
    assert (job["energy_logged_kwh"], job["energy_quality"]) == (pytest.approx(4.0), "measured")
    assert (job["cluster"], job["queue"], job["account"], job["unix_group"]) == ("vega", "gpu", "project_1", "physics")
    assert job["submitted"].isoformat() == "2026-03-01T09:00:00+00:00"


@pytest.mark.parametrize("current", [["COMPLETING", "COMPLETED"], ["COMPLETED", "COMPLETING"], ["SPECIAL_EXIT", "FAILED"]])
def test_the_state_is_told_from_its_flags(log, current):
    assert row(log, state={"current": current})["state"] in ("COMPLETED", "FAILED")


@pytest.mark.parametrize("energy", [-1, -2, 0, 18446744073709551614, 1.8446744073709552e19])
def test_energy_that_is_not_set_is_missing(log, energy):
    allocated = [*tres(cpu=256, node=2), {"type": "energy", "name": "", "id": 3, "count": energy}]
    job = row(log, tres={"allocated": allocated, "requested": []})
    assert (job["energy_logged_kwh"], job["energy_quality"]) == (None, "missing")


@pytest.mark.parametrize("limit", [4_294_967_295, number(None), number(0, infinite=True)])
def test_a_limit_that_is_not_set_is_null(log, limit):
    assert row(log, time={"limit": limit})["time_limit_s"] is None


def test_typed_gpus_alone_are_summed_and_with_the_plain_one_not_counted_twice(log):
    assert row(log)["gpus"] == 8.0
    assert row(log, tres={"allocated": tres(cpu=8, node=1, gres_gpu_a100=2, gres_gpu_h100=1), "requested": []})["gpus"] == 3.0


def test_nested_steps_are_counted_and_jobs_keep_the_number_of_their_record(log):
    steps = [{"step": {"id": "123.batch"}}, {"step": {"id": "123.0"}}]
    found = log(json_log(json_job(steps=steps), json_job(job_id=124)))
    assert (found.jobs["line"].to_list(), found.steps, found.lines) == ([1, 4], 2, 4)


def test_flags_beside_the_state_do_not_hide_it(log):
    assert row(log, state={"current": ["COMPLETED", "REQUEUED"], "reason": "None"})["state"] == "COMPLETED"


def test_array_tasks_and_components_are_known(log):
    task = row(log, job_id=107, array={"job_id": 100, "task_id": number(7), "task": ""})
    assert (task["job_id"], task["array_job_id"], task["array_task"]) == (107, 100, 7)
    waiting = {"current": ["PENDING"]}
    none_yet = {"start": 0, "end": 0, "elapsed": 0}
    rest = json_job(job_id=100, array={"job_id": 100, "task_id": number(None), "task": "1-3"}, state=waiting, time=none_yet)
    assert log(json_log(rest)).jobs.select("job_id", "array_job_id", "array_task", "started", "ended").rows() == [
        (100, 100, task, None, None) for task in (1, 2, 3)
    ]
    assert row(log, job_id=13, het={"job_id": 12, "job_offset": number(1)})["job_id"] == 13


def test_a_job_given_up_while_it_waited_never_started(log):
    times = {"start": 1_772_359_200, "end": 1_772_359_200, "elapsed": 0}
    job = row(log, state={"current": ["CANCELLED"]}, nodes="None assigned", time=times, tres={"allocated": [], "requested": []})
    assert (job["started"], job["elapsed_s"]) == (None, 0)


def test_gpus_that_were_asked_for_and_are_not_tracked_are_not_known(log):
    found = log(json_log(json_job(submit_line="sbatch --gpus 4 a.sh", tres={"allocated": tres(cpu=8, node=1), "requested": []})))
    assert found.jobs["gpus"].to_list() == [None]
    assert any("AccountingStorageTRES" in note for note in found.notes)
    assert row(log, submit_line="sbatch a.sh", tres={"allocated": tres(cpu=8, node=1), "requested": []})["gpus"] == 0.0


def test_what_is_no_job_in_the_list_is_refused_without_showing_names(log):
    found = log(json_log(json_job(), {"job_id": 5, "user": "alice"}, 7, json_job(tres={"allocated": "alice"}), json_job(array="alice")))
    assert (found.jobs.height, found.refusals["reason"].to_list()) == (1, ["unreadable_record"] * 4)
    assert "alice" not in found.refusals.write_csv()


def test_a_row_that_cannot_be_true_is_refused_with_its_record(log):
    found = log(json_log(json_job(), json_job(time={"elapsed": 9_000})))
    assert found.refusals.select("line", "reason").rows() == [(2, "elapsed_too_long")]
    assert "user=***" in found.refusals["raw"][0]


@pytest.mark.parametrize("kept", [0.5, 0.99])
def test_a_file_that_is_cut_off_is_refused_as_a_whole(log, kept):
    text = json_log(*[json_job(job_id=number) for number in range(1, 50)])
    with pytest.raises(LogError, match="not whole JSON"):
        log(text[: int(len(text) * kept)])


def test_errors_of_slurm_are_not_passed_over(log):
    with pytest.raises(LogError, match="could not give all jobs"):
        log(json_log(json_job(), errors=[{"description": "connection refused"}]))


def test_an_unknown_version_is_read_and_told(log):
    assert log(json_log(json_job())).notes == ()
    assert "v0.0.51" in log(json_log(json_job(), version=51)).notes[0]
    assert "does not say" in log(json.dumps({"jobs": [json_job()], "errors": []})).notes[0]


def test_the_meta_data_may_stand_first_and_the_text_on_one_line(log):
    first = log(json_log(json_job(), meta_first=True))
    assert first.jobs.equals(log(json_log(json_job())).jobs)
    assert log(json.dumps(json.loads(json_log(json_job())))).jobs.equals(first.jobs)


def test_a_value_may_cross_the_pieces_in_which_a_file_is_read(log, monkeypatch):
    text = json_log(*[json_job(job_id=number, name="☃é" * number) for number in range(1, 30)])
    whole = log(text).jobs
    monkeypatch.setattr("data.ingest.json_stream.PIECE_BYTES", 101)
    assert log(text).jobs.equals(whole)


ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["set", "number", "id", "count"]), inner, max_size=3)
    ),
    max_leaves=5,
)
MEMBERS = st.dictionaries(st.sampled_from(sorted(set(json_job()) - {"user", "group", "name"})), ANYTHING, max_size=3)
MOMENTS = st.dictionaries(st.sampled_from(["submission", "start", "end", "elapsed", "limit", "suspended"]), ANYTHING, max_size=2)
JOBS = st.one_of(ANYTHING, st.builds(lambda members, time: json_job(time=time) | members, MEMBERS, MOMENTS))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(st.lists(JOBS, max_size=4))
def test_whatever_stands_in_the_list_of_jobs_is_accounted_for_without_showing_names(log, jobs):
    found = log(json_log(json_job(), *jobs))
    numbers = [*found.jobs["line"], *found.refusals["line"]]
    assert len(numbers) == len(set(numbers)) == len(jobs) + 1
    assert "alice" not in "".join(found.refusals["raw"])
