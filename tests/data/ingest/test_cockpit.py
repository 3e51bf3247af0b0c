"""ClusterCockpit's archive: measured energy in kWh, submissions at 0."""

import pytest

from tests.data.ingest.sample_dialects import cockpit_line


def row(log, **members):
    found = log(cockpit_line(**members))
    assert found.refusals.is_empty(), found.refusals["detail"].to_list()
    return found.jobs.row(0, named=True)


def test_a_plain_job_is_read_in_our_words(log):
    job = row(log)
    assert (job["job_id"], job["state"], job["elapsed_s"], job["time_limit_s"]) == (123, "COMPLETED", 7200, 86_400)
    assert (job["nodes"], job["cores"], job["gpus"], job["account"], job["partition"]) == (2, 128.0, 8.0, "project_1", "GPU")
    assert job["submitted"].isoformat() == "2026-03-01T09:00:00+00:00"


def test_a_submission_at_0_is_not_known_and_the_job_is_kept(log):
    job = row(log, submit_time=0)
    assert job["submitted"] is None
    assert job["started"].isoformat() == "2026-03-01T10:00:00+00:00"


@pytest.mark.parametrize(
    ("kwh", "quality"), [(4.0, "measured"), (0, "missing"), (None, "missing"), (400.0, "implausible"), (-1, "missing")]
)
def test_energy_is_judged_by_the_power_it_implies(log, kwh, quality):
    assert row(log, energy=kwh)["energy_quality"] == quality


def test_a_running_job_has_no_end(log):
    assert row(log, job_state="running")["ended"] is None


KNOWN_STATES = [
    ("boot_fail", "BOOT_FAIL"), ("cancelled", "CANCELLED"), ("completed", "COMPLETED"), ("deadline", "DEADLINE"), ("failed", "FAILED"),
    ("node_fail", "NODE_FAIL"), ("out_of_memory", "OUT_OF_MEMORY"), ("preempted", "PREEMPTED"), ("suspended", "SUSPENDED"),
    ("timeout", "TIMEOUT"), ("stopped", "CANCELLED"), ("canceled", "CANCELLED"), ("out-of-memory", "OUT_OF_MEMORY"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "state"), KNOWN_STATES)
def test_every_state_of_its_schemas_old_and_new_is_read(log, written, state):
    assert row(log, job_state=written)["state"] == state


def test_the_archive_s_own_spelling_is_read_too(log):
    line = cockpit_line().replace('"job_id"', '"jobId"').replace('"start_time"', '"startTime"').replace('"num_nodes"', '"numNodes"')
    line = line.replace('"job_state"', '"jobState"').replace('"hpc_user"', '"user"')
    assert log(line).jobs.equals(log(cockpit_line()).jobs)


def test_shared_nodes_are_told(log):
    assert log(cockpit_line()).notes == ()
    assert log(cockpit_line(shared="multi_user")).notes[0].startswith("1 jobs shared their nodes")


def test_a_line_that_is_no_job_is_refused_without_showing_names(log):
    found = log(cockpit_line() + '{"hpc_user": "alice"}\n' + cockpit_line(duration="long") + "alice\n")
    assert found.refusals["line"].to_list() == [2, 3, 4]
    assert "alice" not in found.refusals.write_csv()
