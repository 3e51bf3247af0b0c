"""Rows of sacct that cannot be true are refused, each with its line, reason and masked text."""

import pytest

from tests.data.ingest.sample_logs import sacct, sacct_line

FAULTS = {
    "no_job_id": {"JobID": "batch", "JobIDRaw": ""},
    "no_submit_time": {"Submit": "Unknown"},
    "no_start_time": {"Start": "Unknown"},
    "no_end_time": {"End": "Unknown"},
    "no_run_time": {"ElapsedRaw": ""},
    "unreadable_time": {"Start": "yesterday"},
    "unreadable_number": {"NCPUS": "many", "AllocTRES": ""},
    "unknown_state": {"State": "DREAMING"},
    "negative": {"ElapsedRaw": "-7200"},
    "ended_before_started": {"End": "2026-03-01T10:59:59", "ElapsedRaw": "0"},
    "started_before_submitted": {"Submit": "2026-03-01T11:00:06"},
    "elapsed_too_long": {"ElapsedRaw": "7261"},
    "no_resources": {"NNodes": "0", "NCPUS": "0"},
    "too_large": {"AllocTRES": "cpu=256,gres/gpu=1000000000,node=2"},
}
"""One example of each reason."""

MORE = {
    "time_out_of_range": [
        {"Submit": "1970-01-02T00:00:00"},
        {"Submit": "1989-12-31T00:00:00"},
        {"End": "2099-01-01T00:00:00"},
        {"Start": "2026-06-03T00:00:00", "End": "2026-06-04T00:00:00"},
    ],
    "unreadable_number": [
        {"ElapsedRaw": "INVALID"},
        {"AllocTRES": "cpu=eight"},
        {"AllocTRES": "8 cores"},
        {"AllocTRES": "cpu=8,gres/gpu=99999999999999999999"},
        {"ReqMem": "plenty"},
        {"TimelimitRaw": "soon"},
        {"ConsumedEnergyRaw": "much"},
        {"Restarts": "twice"},
        {"NNodes": "two"},
        {"NCPUS": "8 cores"},
        {"ElapsedRaw": "9223372036854775807"},
    ],
    "unreadable_time": [{"Eligible": "2026-03-29T02:30:00"}, {"End": "2026-13-01T00:00:00"}],
    "negative": [{"NNodes": "-2"}, {"NCPUS": "-1"}],
    "too_large": [{"NNodes": "67"}, {"NCPUS": "20000"}],
    "no_job_id": [{"JobID": "0", "JobIDRaw": "0"}],
}


@pytest.mark.parametrize(
    ("reason", "fields"), [*FAULTS.items(), *((reason, fields) for reason, several in MORE.items() for fields in several)]
)
def test_a_row_that_cannot_be_true_is_refused_with_its_reason(log, reason, fields):
    found = log(sacct(sacct_line(JobID="7", JobIDRaw="7"), sacct_line(**fields)))
    assert found.jobs["job_id"].to_list() == [7]
    assert found.refusals.select("line", "reason").rows() == [(3, reason)]
    assert len(found.refusals["detail"][0]) > 15
    assert "alice" not in found.refusals.write_csv()
    assert "1001" not in found.refusals["raw"][0] or reason in ("no_job_id", "unreadable_time", "unreadable_number", "unknown_state")


@pytest.mark.parametrize(
    "fields",
    [
        {"Submit": "2026-03-01T11:00:05"},
        {"ElapsedRaw": "7260"},
        {"NNodes": "66"},
        {"End": "2026-06-02T01:00:00"},
        {"Submit": "1990-01-02T00:00:00"},
        {"Eligible": "2027-01-01T00:00:00"},
        {"AllocTRES": "cpu=8,mem=1.50T,billing=NONE"},
    ],
)
def test_what_clocks_rounding_and_growth_explain_is_accepted(log, fields):
    assert log(sacct(sacct_line(**fields))).refusals.is_empty()


def test_a_refused_line_shows_what_names_nobody(log):
    found = log(sacct(sacct_line(State="CANCELLED by 1001", Submit="Unknown", JobName="alice's run"), sacct_line())).refusals["raw"][0]
    assert "CANCELLED by ***" in found
    assert "project_1" in found
    assert not any(name in found for name in ("alice", "1001", "gn[01-02]", "physics"))


def test_a_name_in_a_shifted_field_is_shown_neither_in_the_line_nor_in_its_detail(log):
    refused = log(sacct(sacct_line(Start="bob", Account="carol"), sacct_line(State="dave"))).refusals
    assert refused.height == 2
    assert not any(name in refused.write_csv() for name in ("bob", "carol", "dave"))


def test_a_very_long_refused_line_is_cut(log):
    assert len(log(sacct(sacct_line(Submit="Unknown", Account="x" * 9000), sacct_line())).refusals["raw"][0]) <= 2_000
