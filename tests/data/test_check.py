"""A sound store has no findings; whatever is bent in it is found and told with its mend."""

from collections.abc import Iterator

import pytest
from made_jobs import batch, bring_in, brought_in, frame, job, plain_store, running

from data import batches, check, rollups
from data.lake import Writer
from data.settings import Settings
from data.systems import known_systems


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
    assert check.findings(filled) == []


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ("usage_daily", "daily usage rollup"),
        ("usage_monthly", "monthly usage rollup"),
        ("usage_account_monthly", "monthly usage rollup of accounts"),
    ],
)
@pytest.mark.parametrize("measure", rollups.ROLLED_MEASURES)
def test_a_rollup_that_differs_from_its_jobs_in_any_measure_is_found(filled: Writer, table: str, named: str, measure: str) -> None:
    filled.change(f"update lake.{table} set {measure} = {measure} + 1 where rowid = 0")  # noqa: S608
    assert f"the {named} has" in told(filled)
    assert f" {measure} of vega" in told(filled)
    rollups.rebuild(filled)
    assert check.findings(filled) == []


@pytest.mark.parametrize("table", ["waits_daily", "waits_monthly"])
@pytest.mark.parametrize("measure", ["jobs", "wait_s"])
def test_waits_that_differ_from_their_jobs_are_found(filled: Writer, table: str, measure: str) -> None:
    filled.change(f"update lake.{table} set {measure} = {measure} + 1 where rowid = 0")  # noqa: S608
    assert f"the {table.removeprefix('waits_')} wait rollup has" in told(filled)


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
    ],
)
def test_what_does_not_fit_together_is_found(filled: Writer, statement: str, wanted: str) -> None:
    filled.change(statement)
    assert wanted in told(filled)


def test_migrations_that_wait_are_found_before_anything_else(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = brought_in(settings, frame(job(1)))
    assert check.findings(reader) == []
    assert "vega" in known_systems(reader)
    monkeypatch.setattr(check, "pending_migrations", lambda _: [7])
    assert [finding.what for finding in check.findings(reader)] == ["migrations [7] have not been applied"]
