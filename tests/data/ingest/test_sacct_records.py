"""sacct text with any delimiter, without header, and with line ends inside texts."""

import pytest

from data.errors import LogError
from tests.data.ingest.sample_logs import COLUMNS, JOB, sacct, sacct_line

BROKEN = COLUMNS.replace("|JobName", "|JobName|SubmitLine|WCKeyID")
"""A header in which two columns may hold a line end, and the last may not."""


def broken_line(**fields):
    return sacct_line(BROKEN, **fields)


@pytest.mark.parametrize("delimiter", ["☃", "^|^", "|#", "#", ";", "\t", "~~", "€", "||"])
@pytest.mark.parametrize("trailing", ["", "|"])
def test_any_delimiter_reads_the_same_jobs(log, delimiter, trailing):
    lines = [line + trailing for line in (COLUMNS, sacct_line(), sacct_line(JobIDRaw="124", JobID="124"), sacct_line(JobID="123.batch"))]
    plain, other = log("\n".join(lines) + "\n"), log("\n".join(lines).replace("|", delimiter) + "\n")
    assert other.jobs.equals(plain.jobs)
    assert (other.steps, other.header, other.lines) == (1, 1, 4)


def test_a_refused_line_of_another_delimiter_is_shown_without_names(log):
    raw = log(sacct(sacct_line(Submit="Unknown"), sacct_line()).replace("|", "☃")).refusals["raw"][0]
    assert raw.startswith("123|123|vega|gpu|normal|project_1|***|***")


def test_a_delimiter_inside_the_job_name_belongs_to_it(log):
    assert log(sacct(sacct_line(JobName="a☃b"), sacct_line()).replace("|", "☃")).jobs.height == 2


def test_the_recommended_fields_need_no_header_in_the_machine_s_own_zone(log):
    with_header, without = log(sacct(sacct_line())), log(sacct_line() + "\n")
    assert without.jobs.drop("line").equals(with_header.jobs.drop("line"))


@pytest.mark.parametrize("name", ["two\nlines", "three\n\nlines", "a\nb\nc", "\nfirst", "last\n"])
def test_a_line_end_inside_a_text_breaks_no_record(log, name):
    found = log(sacct(broken_line(SubmitLine=name), broken_line(JobIDRaw="124", JobID="124"), columns=BROKEN))
    assert found.jobs.select("job_id", "line").rows() == [(123, 2), (124, 3 + name.count("\n"))]
    assert (found.continued, found.refusals.height) == (name.count("\n"), 0)


def test_two_texts_of_one_record_may_be_broken(log):
    found = log(sacct(broken_line(JobName="a\nb", SubmitLine="srun\n-n 4"), columns=BROKEN))
    assert (found.jobs["line"].to_list(), found.continued) == ([2], 2)


def test_a_broken_step_is_a_step(log):
    found = log(sacct(broken_line(), broken_line(JobID="123.0", SubmitLine="srun\nx"), columns=BROKEN))
    assert (found.jobs.height, found.steps, found.continued) == (1, 1, 1)


@pytest.mark.parametrize("size", [1, 50, 200, 500])
def test_a_record_that_ends_in_another_block_is_put_together(log, size):
    text = sacct(*[broken_line(SubmitLine="a\nb\nc")] * 5, columns=BROKEN)
    found = log(text, block_bytes=size)
    assert (found.jobs["line"].to_list(), found.continued, found.refusals.height) == ([2, 5, 8, 11, 14], 10, 0)


def test_a_record_that_never_closes_is_refused_with_its_first_line_and_the_next_is_read(log):
    cut = broken_line(SubmitLine="a").rsplit("|", 1)[0]
    found = log(sacct(cut, broken_line(JobIDRaw="124", JobID="124"), columns=BROKEN))
    assert found.jobs["job_id"].to_list() == [124]
    assert found.refusals.select("line", "reason").rows() == [(2, "wrong_number_of_fields")]


def test_halves_of_two_records_are_not_joined(log):
    half = len(JOB) // 2
    first = "|".join(broken_line().split("|")[:half])
    second = "|".join(broken_line(JobID="125").split("|")[half - 1 :])
    found = log(sacct(first, second, broken_line(), columns=BROKEN))
    assert found.refusals["line"].to_list() == [2, 3]


def test_the_widest_export_of_all_columns_is_read(log):
    columns = "Account|AdminComment|" + COLUMNS.replace("|JobName", "|JobName|Comment|WorkDir")
    found = log(sacct(sacct_line(columns, AdminComment="a\nb"), columns=columns))
    assert (found.jobs["account"].to_list(), found.continued) == (["project_1"], 1)


def test_the_same_job_twice_is_two_rows_of_which_each_has_its_line(log):
    again = sacct_line(Start="2026-03-02T11:00:00", End="2026-03-02T13:00:00", State="REQUEUED")
    assert log(sacct(again, sacct_line())).jobs["line"].to_list() == [2, 3]


def test_output_that_is_cut_to_a_width_is_refused_with_the_right_export(log):
    for text in (
        "JobID           JobName  Partition\n------------ ---------- ---------\n123  train  gpu\n",
        "       JobID    State\n123  COMPLETED\n",
    ):
        with pytest.raises(LogError, match="columns are cut short"):
            log(text)


def test_a_log_whose_times_are_cut_to_its_window_is_refused(log):
    hours = [f"2026-02-{day:02}T10:00:00" for day in range(1, 26)]
    lines = [sacct_line(JobIDRaw=str(n), JobID=str(n), Submit=submit, Eligible=submit) for n, submit in enumerate(hours, 200)]
    with pytest.raises(LogError, match="--truncate"):
        log(sacct(*lines), block_bytes=2_000)
    assert log(sacct(*lines, sacct_line(Start="2026-03-01T10:59:59"))).jobs.height == 26
    at_once = [line.replace(f"|{submit}|{submit}|", f"|{hours[0]}|{hours[0]}|") for line, submit in zip(lines, hours, strict=True)]
    assert log(sacct(*at_once)).jobs.height == 25
