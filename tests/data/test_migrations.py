"""Stores of earlier versions: brought up to date, they say what a store made today says of the same jobs."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest
from made_jobs import EVERYTHING, NOON, bring_in, decided, frame, job, plain_store, project, running, without_migrations
from polars.testing import assert_frame_equal

from data import hourly, projects, rollups, usage
from data.errors import StoreError
from data.lake import MIGRATIONS, Lake, Writer, prepare, writing
from data.settings import Settings

MIDNIGHT = NOON.replace(hour=0) + timedelta(days=1)
ADDED = ("jobs_without_cores", "wall_s", "wall_s_without_nodes", "wall_s_without_cores", "wall_s_without_gpus")
A_MONTH = """
insert into lake.usage_monthly
values ('vega', 'CPU', 'sme', 'other', null, date '2026-03-01', 1, 0, 0, 0, 0, 0, 0, 7200, 0, 0, 0, 0, 0, 0)
"""
LOG = [
    job(1, cores=None),
    job(2, nodes=None, gpus=None, ran_s=200_000, submitted=NOON.replace(day=30)),
    job(3, elapsed_s=None, account=None),
    job(4, ran_s=None),
    job(5, submitted=MIDNIGHT - timedelta(seconds=900), waited_s=0, ran_s=3_601, elapsed_s=1_801, suspended_s=1_800, cores=None),
    running(6, account="EHPC-AIF-2025PG01-128", partition="GPU", ran_s=90_000),
    job(7, ran_s=0),
]
"""Jobs over midnights and months, with unknown sizes and times, running and waiting ones."""


@contextmanager
def store_of(*numbers: int) -> Iterator[tuple[Writer, duckdb.DuckDBPyConnection]]:
    """The tables as these migrations make them, in memory."""
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("attach ':memory:' as lake")
        apply(connection, *numbers)
        yield Writer(connection), connection


def apply(connection: duckdb.DuckDBPyConnection, *numbers: int) -> None:
    connection.execute("use lake")
    for number in numbers:
        connection.execute(next(MIGRATIONS.glob(f"{number:03}_*.sql")).read_text())
    connection.execute("use memory")


def summed(writer: Writer, table: str) -> pl.DataFrame:
    rolled = writer.frame(f"from lake.{table}")
    keys = [name for name in rolled.columns if name not in rollups.ROLLED_MEASURES]
    return rolled.group_by(keys).agg(pl.col(list(rollups.ROLLED_MEASURES)).sum()).sort(keys, nulls_last=True)


@pytest.mark.parametrize("table", ["usage_daily", "usage_monthly", "usage_account_monthly"])
def test_a_store_from_before_hours_could_be_missing_is_told_what_today_s_store_is(table: str) -> None:
    with store_of(1, 2, 3) as (writer, connection):
        stored = frame(*LOG).drop("nodes_held").with_columns(known_since="submitted", batch_id=pl.lit(1, pl.Int64))
        with writer.beside("made", stored):
            writer.change("insert into lake.jobs by name select * from made")
        projects.register_accounts(writer, batch_id=1)
        with writer.beside("made", decided(project(category="sme", country="SI"))):
            writer.change("insert into lake.projects by name select *, 'olga' as author, now() as decided from made")
        apply(connection, 4, 7, 10)
        migrated = summed(writer, table)
        rollups.rebuild(writer)
        today = summed(writer, table)
    keys = [name for name in today.columns if name not in rollups.ROLLED_MEASURES]
    ran = today.filter(pl.any_horizontal(pl.col(ADDED) > 0))
    assert_frame_equal(migrated.filter(pl.any_horizontal(pl.col(ADDED) > 0)).select(*keys, *ADDED), ran.select(*keys, *ADDED))
    assert (migrated["jobs_without_nodes"].sum(), migrated["jobs_without_gpus"].sum(), migrated["jobs"].sum()) == (1, 1, 0)
    assert ran.height > 1


def test_a_named_state_from_before_says_that_it_does_not_know_which_hours_are_missing(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_migrations(monkeypatch, tmp_path, range(4, 1_000))
    with writing(settings, author="olga", message="from before") as writer:
        writer.change(A_MONTH)
    then = Lake(settings).snapshot_id
    monkeypatch.undo()
    prepare(settings)
    found = usage.usage(Lake(settings, snapshot_id=then), EVERYTHING, "month")
    told = ("month", "jobs", "node_hours", "core_hours", "jobs_without_cores", "wall_hours")
    assert found.select(told).rows() == [(date(2026, 3, 1), 1, 2.0, 0.0, None, None)]
    assert usage.usage(Lake(settings), EVERYTHING)["jobs_without_cores"].item() == 0


def test_a_store_of_an_earlier_version_says_so_when_it_is_asked_for_what_it_lacks(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_migrations(monkeypatch, tmp_path, range(10, 1_000))
    prepare(settings)
    monkeypatch.undo()
    with pytest.raises(StoreError, match=r"earlier version and lacks migrations \[10\]; run 'python -m data rebuild'"):
        usage.usage(Lake(settings), EVERYTHING, "month")
    prepare(settings)
    assert usage.usage(Lake(settings), EVERYTHING, "month").is_empty()
    with pytest.raises(StoreError, match="could not be read"):
        Lake(settings).frame("select nothing_like_it from lake.jobs")


def test_a_named_state_from_before_hours_were_kept_has_neither_hours_nor_slowdowns(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_migrations(monkeypatch, tmp_path, range(7, 1_000))
    prepare(settings)
    then = Lake(settings).snapshot_id
    monkeypatch.undo()
    prepare(settings)
    before, now = Lake(settings, snapshot_id=then), Lake(settings)
    for lake in (before, now):
        assert hourly.hourly(lake, EVERYTHING.period).is_empty()
        assert usage.slowdowns(lake, EVERYTHING, "category").is_empty()


@pytest.mark.parametrize(("log", "told"), [([None, None], (2, 2, None)), ([None, 256.0], (2, 1, 256.0))], ids=["none", "some"])
def test_core_hours_that_no_job_tells_are_unknown_and_not_0(log: list[float | None], told: tuple[object, ...]) -> None:
    with plain_store() as writer:
        bring_in(writer, 1, frame(*(job(number, cores=cores) for number, cores in enumerate(log, start=1))))
        assert usage.spans(writer).select("jobs", "jobs_without_cores", "core_hours").row(0) == told
