"""Upkeep: fewer files, the same answers at every state of the store, and nothing taken away that anything names."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from made_jobs import NOON, OPERATOR, bring_in, brought_in, frame, job, plain_store, running

from data import rollups, tidy
from data.access import Person
from data.check import findings
from data.errors import AccessError, StoreError
from data.lake import Lake
from data.settings import Settings
from data.terms import Action

SAID = """
select 'jobs', sum(hash(t))::varchar from lake.jobs t union all select 'batches', sum(hash(t))::varchar from lake.batches t
union all select 'days', sum(hash(t))::varchar from lake.usage_daily t
union all select 'months', sum(hash(t))::varchar from lake.waits_monthly t
"""
LATER = datetime(2100, 1, 1, tzinfo=UTC)
"""A time at which every file is old enough to go."""


def every_ten_minutes(settings: Settings, logs: int) -> None:
    """A store after small logs, each of which completes jobs that ran in the one before."""
    made = []
    for number in range(1, logs + 1):
        rows = [job(100 * number + each, submitted=NOON + timedelta(minutes=10 * number)) for each in range(20)]
        rows += [running(100 * number + 50 + each, submitted=NOON + timedelta(minutes=10 * number)) for each in range(12)]
        rows += [job(100 * (number - 1) + 50 + each, submitted=NOON + timedelta(minutes=10 * (number - 1))) for each in range(12)]
        made.append(frame(*rows))
    brought_in(settings, *made).close()


def said(lake: Lake) -> dict[str, object]:
    """What the tables hold that every log writes to, whatever the order of their rows."""
    return dict(lake.frame(SAID).iter_rows())


def files(settings: Settings) -> set[Path]:
    return set(settings.lake.rglob("*.parquet"))


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A store after three small logs."""
    made = Settings(lake=tmp_path_factory.mktemp("tidy") / "lake", catalog=None, author="olga", pseudonym_key=None)
    every_ten_minutes(made, 3)
    return made


@pytest.fixture(scope="module")
def states(logged: Settings) -> dict[int, dict[str, object]]:
    numbers: Sequence[int] = [state.snapshot_id for state in Lake(logged).snapshots(most=3)]
    return {number: said(Lake(logged, snapshot_id=number)) for number in numbers}


@pytest.fixture(scope="module")
def open_readers(logged: Settings, states: dict[int, object]) -> list[Lake]:
    """One reader of the newest state and one of a named state, both opened before."""
    readers = [Lake(logged), Lake(logged, snapshot_id=min(states))]
    for reader in readers:
        said(reader)
    return readers


@pytest.fixture(scope="module")
def tidied(logged: Settings, open_readers: list[Lake]) -> tidy.Tidied:
    assert [len(said(reader)) for reader in open_readers] == [4, 4]
    killed = logged.lake / "parquet" / "main" / "jobs" / "ducklake-left-by-a-killed-writer.parquet"
    killed.write_bytes(b"PAR1")
    os.utime(killed, (0, 0))
    young = killed.with_name("ducklake-of-a-writer-elsewhere.parquet")
    young.write_bytes(b"PAR1")
    os.utime(young, (LATER.timestamp(), LATER.timestamp()))
    return tidy.tidy(logged, OPERATOR, now=LATER)


def test_small_files_become_few(logged: Settings, tidied: tidy.Tidied) -> None:
    reader = Lake(logged)
    assert reader.frame("select count(*) from ducklake_list_files('lake', 'jobs')").item() == 1
    assert tidied.files_before >= 3
    assert tidied.files_removed > 1
    assert findings(reader) == []


@pytest.mark.usefixtures("tidied")
def test_every_state_says_what_it_said_when_the_files_of_before_are_gone(logged: Settings, states: dict[int, dict[str, object]]) -> None:
    assert {number: said(Lake(logged, snapshot_id=number)) for number in states} == states
    jobs_now = said(Lake(logged))["jobs"]
    assert jobs_now == states[max(states)]["jobs"]


@pytest.mark.usefixtures("tidied")
def test_readers_that_were_open_go_on(open_readers: list[Lake], states: dict[int, dict[str, object]]) -> None:
    newest, named = (said(reader) for reader in open_readers)
    assert (newest["jobs"], named) == (states[max(states)]["jobs"], states[min(states)])


def test_the_history_names_who_tidied(logged: Settings, tidied: tidy.Tidied) -> None:
    newest = Lake(logged).snapshots(most=1)[0]
    assert (newest.author, newest.message) == (OPERATOR.name, "Tidy: small files joined")
    assert tidied.states_forgotten == 0


@pytest.mark.usefixtures("tidied")
def test_what_a_killed_writer_left_goes_after_a_day_and_not_before(logged: Settings) -> None:
    names = {file.name for file in files(logged)}
    assert "ducklake-left-by-a-killed-writer.parquet" not in names
    assert "ducklake-of-a-writer-elsewhere.parquet" in names


def test_files_that_may_be_another_store_s_stay_and_where_the_catalog_s_own_are_missing_all_do(settings: Settings) -> None:
    every_ten_minutes(settings, 1)
    other = settings.lake / "parquet" / "main" / "jobs"
    for number in range(9):
        file = other / f"ducklake-{number}.parquet"
        file.write_bytes(b"PAR1")
        os.utime(file, (0, 0))
    done = tidy.tidy(settings, OPERATOR)
    assert (done.files_foreign, done.files_removed, len(list(other.glob("ducklake-?.parquet")))) == (9, 0, 9)
    for file in other.glob("*.parquet"):
        file.rename(file.with_suffix(".moved"))
    with pytest.raises(StoreError, match=r"are not found, such as .* belong together"):
        tidy.tidy(settings, OPERATOR, now=LATER)


@pytest.mark.usefixtures("tidied")
def test_a_store_is_due_when_its_jobs_lie_in_many_small_files(logged: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not tidy.is_due(Lake(logged))
    monkeypatch.setattr(tidy, "MANY_FILES", 1)
    assert tidy.is_due(Lake(logged))


@pytest.mark.usefixtures("tidied")
def test_states_are_forgotten_by_order_alone(logged: Settings, states: dict[int, dict[str, object]]) -> None:
    forgotten = tidy.tidy(logged, OPERATOR, forget_before=LATER.date(), now=LATER)
    assert forgotten.states_forgotten >= len(states)
    with pytest.raises(StoreError):
        Lake(logged, snapshot_id=min(states))
    assert said(Lake(logged))["jobs"] == states[max(states)]["jobs"]


def test_only_who_may_decide_forgets_states(settings: Settings) -> None:
    ingester = Person(name="ina", role="ingester", may=frozenset({Action.INGEST}))
    with pytest.raises(AccessError, match="may not decide"):
        tidy.tidy(settings, ingester, forget_before=LATER.date())


def test_rollups_are_summed_up_without_a_change_of_any_sum() -> None:
    with plain_store() as writer:
        for number in range(1, 5):
            bring_in(writer, number, frame(job(number), job(10 + number, account="other_1"), running(20)))
        removed = rollups.sum_up(writer)
        summed = {table: writer.frame(f"select * from lake.{table} order by all") for table in rollups.TABLES}  # noqa: S608
        rollups.rebuild(writer)
        assert all(summed[table].equals(writer.frame(f"select * from lake.{table} order by all")) for table in rollups.TABLES)  # noqa: S608
    assert removed > 5
