"""A sound store has no findings; whatever is bent in it is found and told with its mend."""

import re
from collections.abc import Iterator

import pytest
from made_jobs import batch, bring_in, brought_in, frame, job, plain_store, running

from data import batches, check, check_tables, rollups
from data.lake import Writer
from data.settings import Settings
from data.systems import known_systems

PROJECT = """
insert into lake.projects by name select 'vega' as system, 'p' as account, 'olga' as author, now() as decided,
    category, mode, starts, ends from (values ({})) v(category, mode, starts, ends);
"""
CARBON = """
insert into lake.carbon_series by name select 'FI' as grid_zone, timestamptz '2026-03-10 12:00:00Z' as started, 'S' as source,
    v.* from (values ({})) v(method, scope, minutes, intensity_gco2e_per_kwh, batch_id);
"""
SERIES_BATCH = "insert into lake.series_batches values (1, {}, 'f', 'form', 'S', 1, 1, 0, 0, 0, 'olga', now());"


QUOTA = """
insert into lake.quotas by name select 'vega' as system, 'p' as account, 'olga' as author, 'r' as reason, now() as decided,
    v.* from (values ({})) v(unit, hours, version, change_id);
"""
CHANGE = "insert into lake.quota_changes values (1, 'current', {}, 'olga', 'r', now(), 'olga', null, now());"


@pytest.fixture
def filled(monkeypatch: pytest.MonkeyPatch) -> Iterator[Writer]:
    monkeypatch.setattr(check, "pending_migrations", lambda _: [])
    log = frame(
        job(1, state="FAILED", energy_quality="measured", energy_logged_kwh=1.25),
        job(2, energy_quality="implausible", gpus=None),
        job(3, ran_s=None),
        running(4, nodes=None),
    )
    with plain_store() as writer:
        batches.record(writer, batch(1, log, bring_in(writer, 1, log)))
        yield writer


def told(writer: Writer) -> str:
    return " | ".join(f"{finding.what}. {finding.mend}" for finding in check.findings(writer))


def test_a_store_as_it_was_written_is_sound(filled: Writer) -> None:
    filled.change(CHANGE.format(1) + QUOTA.format("'node_hours', 5, 1, 1"))
    assert check.findings(filled) == []


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ("usage_daily", "daily usage rollup"),
        ("usage_monthly", "monthly usage rollup"),
        ("usage_account_monthly", "monthly usage rollup of accounts"),
    ],
)
def test_a_rollup_that_differs_from_its_jobs_in_any_measure_is_found(filled: Writer, table: str, named: str) -> None:
    every = ", ".join(f"{measure} = {measure} + 1" for measure in rollups.ROLLED_MEASURES)
    filled.change(f"update lake.{table} set {every} where rowid = 0")  # noqa: S608
    found = told(filled)
    for measure in rollups.ROLLED_MEASURES:
        assert re.search(rf"the {named} has [-\d.,]+ {measure} of vega, its jobs sum to", found), measure
    rollups.rebuild(filled)
    assert check.findings(filled) == []


@pytest.mark.parametrize("table", ["waits_daily", "waits_monthly"])
def test_waits_that_differ_from_their_jobs_are_found(filled: Writer, table: str) -> None:
    filled.change(f"update lake.{table} set jobs = jobs + 1, wait_s = wait_s + 1 where rowid = 0")  # noqa: S608
    for measure in ("jobs", "wait_s"):
        assert re.search(rf"the {table.removeprefix('waits_')} wait rollup has [\d.,]+ {measure} of vega", told(filled))


def test_slowdowns_and_hours_that_differ_from_their_jobs_are_found(filled: Writer) -> None:
    filled.change("update lake.slowdowns_monthly set jobs = jobs + 1 where rowid = 0")
    filled.change("update lake.changes_hourly set nodes = nodes + 1 where hour = (select min(hour) from lake.changes_hourly)")
    found = told(filled)
    assert "the monthly slowdown rollup has" in found
    assert re.search(r"the hourly rollup has [\d.,]+ node_s of vega", found)
    assert "the monthly slowdown rollup of accounts" not in found


def test_a_rollup_that_is_gone_is_found(filled: Writer) -> None:
    filled.change("truncate lake.usage_daily")
    assert "the daily usage rollup has 0.0 jobs of vega, its jobs sum to 3.0" in told(filled)


@pytest.mark.parametrize(
    ("statement", "wanted"),
    [
        ("insert into lake.jobs select * from lake.jobs where job_id = 1", "job 1 of vega, submitted 2026-03-10"),
        ("update lake.batches set accepted = accepted + 1", "batch 1 (log 1) read 4 lines but accounts for 5"),
        ("update lake.batches set refused = 1, accepted = accepted - 1", "batch 1 (log 1) refused 1 lines but 0 are kept"),
        ("delete from lake.batches", "jobs of batch 1 have no batch record"),
        ("update lake.jobs set system = 'hal9000'", "jobs of 'hal9000' are stored, but the machine is not known"),
        ("delete from lake.accounts", "jobs of account project_1 of vega are stored, but the account is not registered"),
        ("insert into lake.accounts select * from lake.accounts", "account project_1 of vega stands 2 times"),
        ("update lake.accounts set system = 'hal9000'", "projects or accounts of 'hal9000' are stored, but the machine is not known"),
        ("insert into lake.refusals values (7, 1, 'odd', 'odd', null)", "1 refused lines are kept of batch 7, which has no record"),
        (PROJECT.format("'aristocracy', null, null, null"), "has the category aristocracy, which nobody defined"),
        (PROJECT.format("'sme', 'royal', null, null"), "has the category sme and the mode royal, which nobody defined"),
        (PROJECT.format("'sme', null, '2026-02-01', '2026-01-01'"), "project p of vega ends before it starts"),
        (CARBON.format("'guessed', 'direct', 60, 5, 1"), "the carbon series of FI has 1 values of the method guessed and scope direct"),
        (CARBON.format("'production', 'direct', 60, -5, 1"), "the carbon series of FI has 1 values that are no number, negative"),
        (CARBON.format("'production', 'direct', 60, 5, 1"), "the carbon series hold 1 values, their batches brought 0 and left 1 without"),
        (
            CARBON.format("'production', 'direct', 60, 5, 1") + CARBON.format("'production', 'direct', 30, 6, 1"),
            "the carbon series of FI production direct says 1 times two values at once, first at 2026-03-10 12:00 UTC",
        ),
        (CHANGE.format(1) + QUOTA.format("'node_hours', 5, 2, 1"), "the quota of p of vega has 1 versions, the highest of which is 2"),
        (
            CHANGE.format(1) + QUOTA.format("'node_hours', -5, 1, 1"),
            "the quota of p of vega is -5.0 node_hours, which is less than nothing",
        ),
        (CHANGE.format(1) + QUOTA.format("'days', 5, 1, 1"), "or in a unit that nobody defined"),
        (CHANGE.format(2) + QUOTA.format("'node_hours', 5, 1, 1"), "change 1 of quotas tells of 2 projects, of which 1 are stored"),
        (QUOTA.format("'node_hours', 5, 1, 9"), "change 9 of quotas tells of 0 projects, of which 1 are stored"),
        (SERIES_BATCH.format("'price'"), "the price series hold 0 values, their batches brought 1 and left 0 without record"),
    ],
)
def test_what_does_not_fit_together_is_found(filled: Writer, statement: str, wanted: str) -> None:
    filled.change(statement)
    assert wanted in told(filled)


def test_gaps_and_mixed_sources_of_a_series_are_noted_and_not_wrong(filled: Writer) -> None:
    filled.change(SERIES_BATCH.format("'carbon'").replace("1, 1, 0, 0, 0", "2, 2, 0, 0, 0"))
    filled.change(CARBON.format("'production', 'direct', 60, 5, 1"))
    filled.change(CARBON.format("'production', 'direct', 60, 6, 1").replace("12:00:00Z", "15:30:00Z").replace("'S'", "'T'"))
    assert check.findings(filled) == []
    assert check_tables.notes(filled) == [
        "the carbon series of FI production direct lacks 2.5 hours in 1 gaps, the first from 2026-03-10 13:00 UTC on",
        "the carbon series of FI production direct comes from 2 sources: S; T",
    ]


def test_migrations_that_wait_are_found_before_anything_else(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = brought_in(settings, frame(job(1)))
    assert check.findings(reader) == []
    assert "vega" in known_systems(reader)
    monkeypatch.setattr(check, "pending_migrations", lambda _: [7])
    assert [finding.what for finding in check.findings(reader)] == ["migrations [7] have not been applied"]
