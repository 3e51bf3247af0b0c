"""The Standard Workload Format: offsets and epochs, -1, several blanks, names in the header, partial executions."""

from datetime import UTC, datetime

import pytest

from data.errors import LogError
from data.ingest.source import Machine
from tests.data.ingest.sample_logs import NOW

START = 1_296_571_124
HEADER = f"""; Version: 2.2
; UnixStartTime: {START}
; MaxProcs: 1000
; Queue:  1  batch
; Partition:  4  large
"""
MACHINE = Machine(
    system="curie",
    log_time_zone="Europe/Paris",
    queues={"large": "thin"},
    nodes={"thin": 5040, "fat": 360},
    cores_per_node={"thin": 16, "fat": 32},
    gpus_per_node={"thin": 0},
)
NAMES = ("job", "submit", "wait", "run", "procs", "cpu", "used", "req_procs", "req_time", "req_memory", "status", "user", "group", "exe")
JOB = dict.fromkeys((*NAMES, "queue", "partition", "preceding", "think"), -1) | {
    "job": 1,
    "submit": 1000,
    "wait": 60,
    "run": 3600,
    "procs": 40,
    "req_procs": 64,
    "req_time": 7200,
    "req_memory": 2048,
    "status": 1,
    "user": 7,
    "group": 9,
    "partition": 4,
}


def swf_line(separator=" ", **fields):
    return separator.join(str(value) for value in (JOB | fields).values())


def row(log, header=HEADER, machine=MACHINE, **fields):
    found = log(f"{header}{swf_line(**fields)}\n", machine=machine)
    assert found.refusals.is_empty(), found.refusals["detail"].to_list()
    return found.jobs.row(0, named=True)


def reason(log, header=HEADER, **fields):
    found = log(f"{header}{swf_line(job=2)}\n{swf_line(**fields)}\n", machine=MACHINE)
    return found.refusals["reason"].to_list()


def test_a_plain_job_is_read_in_our_words(log):
    job = row(log)
    assert job["submitted"] == datetime.fromtimestamp(START + 1000, UTC)
    assert job["started"] == datetime.fromtimestamp(START + 1060, UTC)
    assert job["ended"] == datetime.fromtimestamp(START + 4660, UTC)
    assert (job["elapsed_s"], job["time_limit_s"], job["state"], job["account"]) == (3600, 7200, "COMPLETED", "g9")
    assert (job["queue"], job["partition"], job["cores"], job["nodes"], job["gpus"]) == ("large", "thin", 40.0, 3, 0.0)
    assert (job["requested_cores"], job["memory_mib"], job["energy_quality"]) == (64.0, 80.0, "missing")
    assert job["user_pseudonym"].startswith("u_")


def test_what_the_format_does_not_tell_is_null(log):
    job = row(log, req_procs=-1, req_time=-1, req_memory=-1, user=-1, group=-1, partition=-1, status=-1)
    unknown = ("requested_cores", "time_limit_s", "memory_mib", "user_pseudonym", "account", "queue", "partition", "nodes", "gpus", "state")
    assert {job[name] for name in unknown} == {None}


def test_a_submit_time_that_is_already_an_epoch_is_not_shifted(log):
    assert row(log, submit=1_641_021_254)["submitted"] == datetime.fromtimestamp(1_641_021_254, UTC)
    assert row(log, header="; UnixStartTime: 0\n", submit=1_641_021_254)["submitted"] == datetime.fromtimestamp(1_641_021_254, UTC)


def test_offsets_without_the_start_of_the_log_are_no_times(log):
    with pytest.raises(LogError, match="UnixStartTime"):
        log(swf_line() + "\n")


def test_several_blanks_and_tabs_separate_fields(log):
    text = f"{HEADER}  {swf_line('   ')}  \n\t{swf_line(chr(9) + ' ', job=2)}\n"
    assert log(text, machine=MACHINE).jobs["job_id"].to_list() == [1, 2]


@pytest.mark.parametrize("extra", [1, 3])
def test_columns_that_an_archive_appends_are_not_read(log, extra):
    text = f"{HEADER}{swf_line()}{' 5' * extra}\n{swf_line(job=2)}\n"
    assert log(text, machine=MACHINE).jobs["job_id"].to_list() == [1, 2]


def test_remarks_are_passed_over_wherever_they_stand(log):
    found = log(f"{HEADER}{swf_line()}\n; {'word ' * 17}\n;\n\n", machine=MACHINE)
    assert (found.jobs.height, found.comment, found.blank) == (1, 7, 1)


@pytest.mark.parametrize("fields", [{"run": 0, "procs": -1}, {"run": -1, "procs": -1}, {"run": 0, "status": 5}, {"run": -1, "status": 5}])
def test_a_job_without_processors_or_cancelled_without_run_time_never_started(log, fields):
    job = row(log, **fields)
    assert (job["started"], job["elapsed_s"]) == (None, 0)
    assert job["ended"] == datetime.fromtimestamp(START + 1060, UTC)


def test_a_log_without_waits_tells_starts_but_no_submissions(log):
    job = row(log, wait=-1)
    assert job["submitted"] is None
    assert job["started"] == datetime.fromtimestamp(START + 1000, UTC)


def test_partial_executions_are_counted_as_steps_of_the_job_above_them(log):
    lines = [swf_line(job=5), swf_line(job=5, status=2), swf_line(job=5, status=3), swf_line(job=6), swf_line(job=7, status=2)]
    found = log(HEADER + "\n".join(lines) + "\n", machine=MACHINE)
    assert (found.jobs["job_id"].to_list(), found.steps) == ([5, 6, 7], 2)


def test_partial_executions_are_told_across_blocks(log):
    lines = [swf_line(job=5), *(swf_line(job=5, status=2) for _ in range(30))]
    found = log(HEADER + "\n".join(lines) + "\n", machine=MACHINE, block_bytes=150)
    assert (found.jobs["job_id"].to_list(), found.steps) == ([5], 30)


def test_a_queue_names_a_job_where_it_has_no_partition(log):
    assert row(log, partition=-1, queue=1)["queue"] == "batch"
    assert row(log, partition=8)["queue"] == "partition 8"


def test_logged_processors_become_physical_cores(log):
    nodes = Machine(
        system="theta", log_time_zone="UTC", cores_per_logged_cpu={"knl": 64.0}, cores_per_node={"knl": 64}, nodes={"knl": 4360}
    )
    job = row(log, machine=nodes)
    assert (job["cores"], job["nodes"], job["partition"]) == (2560.0, 40, "knl")


@pytest.mark.parametrize(
    ("why", "fields"),
    [
        ("unreadable_number", {"run": "long"}),
        ("unreadable_number", {"procs": "nan"}),
        ("unreadable_number", {"run": 10**15}),
        ("no_job_id", {"job": -1}),
        ("no_submit_time", {"submit": -1}),
        ("no_run_time", {"run": -1}),
        ("unknown_state", {"status": 9}),
        ("negative", {"run": -5}),
        ("negative", {"procs": -5}),
        ("started_before_submitted", {"wait": -60}),
        ("too_large", {"procs": 1101}),
        ("time_out_of_range", {"submit": int(NOW.timestamp()) + 2 * 86_400}),
        ("time_out_of_range", {"submit": -1_200_000_000}),
        ("wrong_number_of_fields", {"think": "1 2"[:1] + " 2 3"}),
    ],
)
def test_a_row_that_cannot_be_true_is_refused_with_its_reason(log, why, fields):
    assert reason(log, **fields) == [why]


def test_a_log_of_1993_is_believed(log):
    assert row(log, header="; UnixStartTime: 749458803\n")["submitted"].year == 1993


def test_a_file_that_ends_within_a_line_loses_only_that_line(log):
    found = log(f"{HEADER}{swf_line()}\n{swf_line(job=2)[:20]}", machine=MACHINE)
    assert found.refusals["reason"].to_list() == ["truncated_line"]
