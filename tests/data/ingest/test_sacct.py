"""sacct text with a header: what each field means, whatever its spelling and order."""

from datetime import UTC, datetime

import pytest

from data.errors import LogError
from data.ingest.source import Machine
from tests.data.ingest.sample_logs import COLUMNS, MACHINE, sacct, sacct_line


def row(log, columns=COLUMNS, machine=MACHINE, **fields):
    found = log(sacct(sacct_line(columns, **fields), columns=columns), machine=machine)
    assert found.refusals.is_empty(), found.refusals["detail"].to_list()
    return found.jobs.row(0, named=True)


def refusal(log, columns=COLUMNS, **fields):
    found = log(sacct(sacct_line(columns, **fields), columns=columns))
    assert found.jobs.is_empty()
    return found.refusals.row(0, named=True)


CANCELLED_WAITING = {
    "State": "CANCELLED by 1001",
    "Start": "2026-03-01T11:00:00",
    "End": "2026-03-01T11:00:00",
    "ElapsedRaw": "0",
    "NodeList": "None assigned",
    "ConsumedEnergyRaw": "0",
}


def test_a_plain_job_is_read_in_our_words(log):
    job = row(log)
    assert job["submitted"] == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert job["ended"] == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert (job["elapsed_s"], job["time_limit_s"], job["nodes"], job["memory_mib"]) == (7200, 86400, 2, 512_000)
    assert (job["partition"], job["queue"], job["account"], job["state"]) == ("GPU", "gpu", "project_1", "COMPLETED")
    assert job["line"] == 2


def test_logged_cpus_become_physical_cores_and_typed_gpus_are_not_counted_twice(log):
    job = row(log)
    assert (job["cores"], job["requested_cores"], job["gpus"]) == (128.0, 64.0, 8.0)


def test_logged_dies_become_billing_gpus(log):
    machine = Machine(system="lumi", log_time_zone="UTC", queues={"gpu": "LUMI-G"}, gpus_per_logged_gpu={"LUMI-G": 0.5})
    assert row(log, machine=machine)["gpus"] == 4.0


def test_typed_gpus_alone_are_summed(log):
    assert row(log, AllocTRES="cpu=4,gres/gpu:a100=2,gres/gpu:h100=1,node=1")["gpus"] == 3.0


def test_a_list_without_gpus_means_none_but_no_list_means_not_known(log):
    assert row(log, AllocTRES="cpu=4,node=1")["gpus"] == 0.0
    assert row(log, AllocTRES="")["gpus"] is None
    assert row(log, columns=COLUMNS.replace("|AllocTRES", ""))["gpus"] is None


def test_sizes_come_from_the_list_of_resources_where_their_columns_are_missing(log):
    job = row(log, columns=COLUMNS.replace("|NNodes|NCPUS", ""))
    assert (job["nodes"], job["cores"]) == (2, 128.0)


def test_a_count_with_k_is_read_and_a_rounded_one_comes_from_the_list(log):
    assert row(log, NNodes="1K", NCPUS="256", Partition="cpu", AllocTRES="")["nodes"] == 1024
    assert row(log, NNodes="0.98K", Partition="cpu", AllocTRES="cpu=9,node=1004")["nodes"] == 1004
    assert refusal(log, NNodes="1.50K", AllocTRES="")["reason"] == "unreadable_number"


def test_columns_may_stand_in_any_order_and_case_and_end_with_a_separator(log):
    columns = "|".join(reversed(COLUMNS.split("|")))
    text = sacct(sacct_line(columns) + "|", columns=columns.upper() + "|")
    assert log(text).jobs.row(0, named=True) == log(sacct(sacct_line())).jobs.row(0, named=True)


def test_elapsed_and_time_limit_are_read_in_words_of_days(log):
    columns = COLUMNS.replace("ElapsedRaw", "Elapsed").replace("TimelimitRaw", "Timelimit")
    text = sacct_line(columns, Elapsed="02:00:00", Timelimit="1-00:00:00")
    job = log(sacct(text, columns=columns)).jobs.row(0, named=True)
    assert (job["elapsed_s"], job["time_limit_s"]) == (7200, 86400)


@pytest.mark.parametrize("limit", ["UNLIMITED", "Partition_Limit", "", "4294967295"])
def test_a_limit_that_is_not_set_is_null(log, limit):
    assert row(log, TimelimitRaw=limit)["time_limit_s"] is None


@pytest.mark.parametrize(
    ("text", "mib"),
    [("4000Mc", 4000 * 256), ("4000Mn", 8000), ("62.50G", 64_000), ("2147486648Mn", 3000 * 256), ("0n", None), ("", None)],
)
def test_requested_memory_is_told_for_the_whole_job(log, text, mib):
    assert row(log, ReqMem=text, ReqTRES="", AllocTRES="")["memory_mib"] == mib


@pytest.mark.parametrize(
    ("state", "read"),
    [("CANCELLED by 1001", "CANCELLED"), ("CANCELLED+", "CANCELLED"), ("OUT_OF_ME+", "OUT_OF_MEMORY"), ("timeout", "TIMEOUT")],
)
def test_a_state_is_read_without_the_uid_of_who_cancelled(log, state, read):
    assert row(log, State=state)["state"] == read


def test_a_job_given_up_while_it_waited_never_started(log):
    job = row(log, **CANCELLED_WAITING)
    assert job["started"] is None
    assert (job["ended"], job["elapsed_s"]) == (datetime(2026, 3, 1, 10, tzinfo=UTC), 0)
    assert (job["energy_logged_kwh"], job["energy_quality"]) == (None, "missing")


def test_a_job_given_up_while_it_waited_is_known_by_its_state_where_nodes_are_not_logged(log):
    columns = COLUMNS.replace("|NodeList", "")
    assert row(log, columns=columns, **CANCELLED_WAITING)["started"] is None
    assert row(log, columns=columns, **(CANCELLED_WAITING | {"State": "FAILED"}))["started"] is not None


def test_a_job_that_failed_within_its_first_second_did_start(log):
    assert row(log, **(CANCELLED_WAITING | {"State": "FAILED", "NodeList": "gn01"}))["started"] is not None


@pytest.mark.parametrize("start", ["Unknown", "None", ""])
def test_a_job_without_start_never_started(log, start):
    job = row(log, State="CANCELLED", Start=start, ElapsedRaw="0", AllocTRES="", NodeList="None assigned")
    assert (job["started"], job["gpus"]) == (None, 0.0)


def test_a_pending_job_has_neither_start_nor_end_nor_run_time(log):
    job = row(log, State="PENDING", Start="2026-04-01T00:00:00", End="Unknown", ElapsedRaw="0", AllocTRES="", NodeList="None assigned")
    assert (job["started"], job["ended"], job["elapsed_s"]) == (None, None, 0)


def test_a_running_job_has_no_end(log):
    job = row(log, State="RUNNING", End="Unknown")
    assert job["ended"] is None
    assert job["elapsed_s"] == 7200


def test_steps_are_counted_and_never_read_as_jobs(log):
    steps = (sacct_line(JobID=name, JobIDRaw=name) for name in ("123.batch", "123.0", "123_7.extern", "12+0.batch"))
    found = log(sacct(sacct_line(), *steps))
    assert (found.jobs.height, found.steps) == (1, 4)


def test_array_tasks_keep_their_own_number_and_that_of_the_array(log):
    job = row(log, JobID="100_7", JobIDRaw="107")
    assert (job["job_id"], job["array_job_id"], job["array_task"]) == (107, 100, 7)


WAITING = {"State": "PENDING", "Start": "Unknown", "End": "Unknown", "ElapsedRaw": "0"}


@pytest.mark.parametrize(
    ("identity", "tasks"),
    [("100_[1-3,7%2]", [1, 2, 3, 7]), ("100_[3,5]", [3, 5]), ("100_[0-30:10%5]", [0, 10, 20, 30]), ("100_[4]", [4])],
)
def test_a_line_of_an_array_that_waits_is_as_many_jobs_as_it_has_tasks(log, identity, tasks):
    jobs = log(sacct(sacct_line(JobID=identity, JobIDRaw="100", **WAITING), sacct_line())).jobs
    waiting = jobs.filter(jobs["state"] == "PENDING")
    assert waiting["array_task"].to_list() == tasks
    assert set(waiting.select("job_id", "array_job_id", "line").rows()) == {(100, 100, 2)}


def test_an_array_given_up_before_it_started_is_that_many_jobs_without_any_use(log):
    jobs = log(sacct(sacct_line(JobID="100_[3,5]", JobIDRaw="100", **CANCELLED_WAITING))).jobs
    assert jobs.select("array_task", "started", "elapsed_s", "energy_logged_kwh").rows() == [(3, None, 0, None), (5, None, 0, None)]


@pytest.mark.parametrize("identity", ["100_[1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31,33,35,37,...", "100_[1-99999999]", "100_[7-3]"])
def test_an_array_whose_tasks_are_not_known_is_one_row_without_task(log, identity):
    job = row(log, JobID=identity, JobIDRaw="100", **WAITING)
    assert (job["job_id"], job["array_job_id"], job["array_task"]) == (100, 100, None)


def test_a_range_that_is_cut_short_is_told_in_a_note(log):
    told = log(sacct(sacct_line(JobID="100_[1,3,5,7,9,...", JobIDRaw="100", **WAITING))).notes
    assert "SLURM_BITSTR_LEN=0" in " ".join(told)
    assert not log(sacct(sacct_line(JobID="100_[1-3]", JobIDRaw="100", **WAITING))).notes


def test_an_array_range_that_claims_to_have_run_is_refused(log):
    assert refusal(log, JobID="100_[1-3]", JobIDRaw="100")["reason"] == "array_range_ran"


def test_a_group_whose_user_is_not_named_is_hidden_as_that_user_would_be(log):
    job, named = row(log, User="", Group="alice"), row(log, User="alice", Group="physics")
    assert job["unix_group"] == named["user_pseudonym"]
    assert row(log, User="", Group="2002")["unix_group"] == "2002"


def test_components_of_a_heterogeneous_job_have_numbers_of_their_own(log):
    columns = COLUMNS.removeprefix("JobIDRaw|")
    found = log(sacct(sacct_line(columns, JobID="12+0"), sacct_line(columns, JobID="12+1"), columns=columns))
    assert found.jobs["job_id"].to_list() == [12, 13]


@pytest.mark.parametrize(
    ("joules", "quality", "kwh"),
    [
        ("14400000", "measured", 4.0),
        ("0", "missing", None),
        ("18446744073709551614", "missing", None),
        ("-2", "missing", None),
        ("", "missing", None),
        ("4294967294", "missing", None),
        ("3600000", "implausible", 1.0),
        ("144000000", "implausible", 40.0),
    ],
)
def test_energy_is_judged_by_the_power_of_a_node(log, joules, quality, kwh):
    job = row(log, ConsumedEnergyRaw=joules, AllocTRES="cpu=256,node=2")
    assert (job["energy_quality"], job["energy_logged_kwh"]) == (quality, pytest.approx(kwh) if kwh else None)


def test_energy_is_taken_from_the_list_of_resources_where_it_has_no_column(log):
    job = row(log, columns=COLUMNS.replace("|ConsumedEnergyRaw", ""))
    assert job["energy_logged_kwh"] == pytest.approx(4.0)


def test_where_nothing_is_known_of_a_node_its_power_lies_between_20_w_and_15_kw(log):
    machine = Machine(system="vega", log_time_zone="UTC")
    qualities = [row(log, machine=machine, ConsumedEnergyRaw=str(watts * 2 * 7200))["energy_quality"] for watts in (19, 21, 14_999, 15_001)]
    assert qualities == ["implausible", "measured", "measured", "implausible"]


def test_a_queue_that_the_facts_do_not_know_keeps_its_name_unless_the_machine_has_one_partition(log):
    assert row(log, Partition="secret")["partition"] == "secret"
    one = Machine(system="vega", log_time_zone="UTC", nodes={"all": 100})
    assert row(log, machine=one, Partition="secret")["partition"] == "all"


def test_names_of_people_are_not_kept(log):
    found = log(sacct(sacct_line(Group="alice"), sacct_line(User="", JobIDRaw="124", JobID="124")))
    kept = found.jobs.select("user_pseudonym", "unix_group").rows()
    assert kept[0][0] == kept[0][1]
    assert all(text.startswith("u_") for text in (*kept[0], kept[1][0]))
    assert "alice" not in found.jobs.write_csv()
    assert "1001" not in found.jobs.write_csv()


def test_a_separator_in_the_only_free_text_belongs_to_it_wherever_it_stands(log):
    assert row(log, JobName="a|b|c")["line"] == 2
    middle = "JobName|" + COLUMNS.removesuffix("|JobName")
    job = row(log, columns=middle, JobName="a|b|c")
    assert (job["job_id"], job["nodes"]) == (123, 2)


def test_a_separator_where_two_fields_may_hold_it_is_refused_without_showing_names(log):
    found = refusal(log, columns=COLUMNS + "|Comment", JobName="a|b", Comment="for bob")
    assert found["reason"] == "wrong_number_of_fields"
    assert not {"alice", "bob", "a"} & set(found["raw"].replace("|", " ").split())


def test_a_header_that_is_repeated_is_passed_over(log):
    found = log(sacct(sacct_line(), COLUMNS, sacct_line(JobID="124", JobIDRaw="124")))
    assert (found.jobs.height, found.header) == (2, 2)


@pytest.mark.parametrize("other", ["JobID|State|Start|End", COLUMNS.replace("Submit|Eligible", "Eligible|Submit")])
def test_a_header_that_changes_stops_the_reading(log, other):
    with pytest.raises(LogError, match="columns change at line 3"):
        log(sacct(sacct_line(), other, sacct_line()))


def test_a_column_without_which_no_time_can_be_told_is_named(log):
    with pytest.raises(LogError, match="lacks the column Start, ElapsedRaw or Elapsed"):
        log(sacct(sacct_line("JobID|Submit|End|State|NNodes|NCPUS"), columns="JobID|Submit|End|State|NNodes|NCPUS"))


def test_lines_may_end_as_on_windows_and_the_file_begin_with_a_mark(log):
    text = sacct(sacct_line()).replace("\n", "\r\n").encode()
    assert log(b"\xef\xbb\xbf" + text).jobs.equals(log(sacct(sacct_line())).jobs)


def test_bytes_that_are_no_text_do_not_stop_the_reading(log):
    assert log(sacct(sacct_line(JobName="X")).encode().replace(b"|X\n", b"|\xff\xfe\n")).jobs.height == 1


def test_a_last_line_that_may_be_cut_short_is_refused(log):
    ends_with_energy = COLUMNS.replace("|ConsumedEnergyRaw", "") + "|ConsumedEnergyRaw"
    cut = sacct(sacct_line(), sacct_line(JobID="124")).rstrip("\n")
    assert log(cut).jobs.height == 2
    cut = sacct(sacct_line(ends_with_energy), columns=ends_with_energy).rstrip("\n")
    assert log(cut).refusals["reason"].to_list() == ["truncated_line"]
    assert log(sacct(sacct_line(), "124|124|vega").rstrip("\n")).refusals["reason"].to_list() == ["truncated_line"]


@pytest.mark.parametrize(
    ("allocated", "gpus"),
    [
        ("cpu=8,gres/gpu:1g.5gb=1,node=1", 1.0),
        ("cpu=8,gres/gpu=0,node=1", 0.0),
        ("cpu=8,gres/gpu:a100_80=4,gres/gpu=4,gres/nvme=10,license/ansys=2,node=1", 4.0),
        ("billing=NONE,cpu=8,gres/gpumem=40G,gres/gpuutil=0,node=1", 0.0),
    ],
)
def test_gpus_are_told_from_whatever_else_a_site_tracks(log, allocated, gpus):
    assert row(log, AllocTRES=allocated)["gpus"] == gpus


@pytest.mark.parametrize("form", ["2026-03-01T10:00:00", "1772355600", "2026-03-01T10:00:00+01:00", "2026-03-01T09:00:00+0000"])
def test_a_time_is_read_as_local_as_epoch_and_with_its_offset(log, form):
    assert row(log, Submit=form)["submitted"] == datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("limit", "seconds"), [("1-00:00:00", 86_400), ("7-20:39:39", 679_179), ("00:30:00", 1_800), ("UNLIMITED", None), ("", None)]
)
def test_a_limit_in_words_is_read(log, limit, seconds):
    columns = COLUMNS.replace("TimelimitRaw", "Timelimit")
    assert log(sacct(sacct_line(columns, Timelimit=limit), columns=columns)).jobs["time_limit_s"].to_list() == [seconds]
