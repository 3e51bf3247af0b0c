"""The store: many read while one writes, nothing half-done is ever seen, and readers change nothing."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from made_jobs import NOON, brought_in, frame, job, running

from data import lake as store
from data.errors import StoreError
from data.lake import Lake, pending_migrations, prepare, writing
from data.settings import Settings

COUNT = "select count(*) from lake.jobs"
DECLARE = "insert into lake.declared_systems values ('vega', 'text', 'olga', now())"
DECLARED = "select count(*) from lake.declared_systems"


def test_a_reader_sees_what_is_written_after_it_was_opened(settings: Settings) -> None:
    reader = brought_in(settings, frame(job(1)))
    before = reader.snapshot_id
    with writing(settings, author="olga", message="a machine") as writer:
        writer.change(DECLARE)
        assert reader.frame(DECLARED).item() == 0
    assert reader.frame(DECLARED).item() == 1
    assert reader.snapshot_id > before


def test_a_pinned_reader_stays_with_its_snapshot(settings: Settings) -> None:
    reader = brought_in(settings, frame(job(1), running(2)))
    then = reader.snapshot_id
    brought_in(settings, frame(job(3), job(2)))
    pinned = Lake(settings, snapshot_id=then)
    assert (pinned.snapshot_id, pinned.frame(COUNT).item(), reader.frame(COUNT).item()) == (then, 2, 3)
    assert pinned.frame("select state from lake.jobs where job_id = 2").item() == "RUNNING"


def test_a_snapshot_tells_who_wrote_it_when_and_why(settings: Settings) -> None:
    reader = brought_in(settings, frame(job(1)))
    snapshot = reader.snapshot()
    assert (snapshot.author, snapshot.message) == ("olga", "log 1")
    assert snapshot.committed.utcoffset() is not None
    numbers = [each.snapshot_id for each in reader.snapshots(most=9)]
    assert numbers == sorted(numbers, reverse=True)


def test_a_snapshot_that_does_not_exist_is_told(settings: Settings) -> None:
    prepare(settings)
    with pytest.raises(StoreError, match="999"):
        Lake(settings, snapshot_id=999)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A store without jobs, for tests that change nothing."""
    made = Settings(lake=tmp_path_factory.mktemp("made") / "lake", catalog=None, author="olga", pseudonym_key=None)
    prepare(made)
    (made.lake / "pseudonym.key").write_text("secret")
    (made.lake.parent / "secret.txt").write_text("secret")
    return made


@pytest.mark.parametrize("pinned", [False, True], ids=["newest", "pinned"])
@pytest.mark.parametrize(
    "statement",
    [
        "delete from lake.jobs",
        "drop table lake.jobs",
        DECLARE,
        "call ducklake_expire_snapshots('lake', older_than => now())",
        "set TimeZone = 'Asia/Tokyo'",
        "install httpfs",
        "copy (select 1) to '{folder}/out.csv'",
        "copy (select 1) to '{folder}/lake/out.csv'",
        "select * from read_text('{folder}/secret.txt')",
        "select * from read_text('{folder}/lake/pseudonym.key')",
        "select * from read_text('{folder}/lake/parquet/../../secret.txt')",
    ],
)
def test_a_reader_can_neither_write_nor_reach_files(made: Settings, statement: str, pinned: bool) -> None:
    before = Lake(made).snapshots(most=100)
    reader = Lake(made, snapshot_id=before[0].snapshot_id if pinned else None)
    with pytest.raises(StoreError):
        reader.frame(statement.format(folder=made.lake.parent))
    assert Lake(made).snapshots(most=100) == before
    assert not list(made.lake.parent.rglob("out.csv"))


@pytest.mark.usefixtures("as_shipped")
def test_a_store_is_made_and_read_with_extensions_whose_signatures_are_verified(settings: Settings) -> None:
    asked = "select current_setting('allow_unsigned_extensions')"
    with writing(settings, author="olga", message="made") as writer:
        assert writer.frame(asked).item() is False
    assert Lake(settings).frame(asked).item() is False
    assert pending_migrations(Lake(settings)) == []


def test_an_error_inside_a_transaction_leaves_nothing(settings: Settings) -> None:
    prepare(settings)
    before = Lake(settings).snapshot_id
    with pytest.raises(ZeroDivisionError), writing(settings, author="olga", message="fails") as writer:
        raise ZeroDivisionError(writer.change(DECLARE))
    reader = Lake(settings)
    assert (reader.frame(DECLARED).item(), reader.snapshot_id) == (0, before)


def test_an_abandoned_transaction_leaves_no_snapshot(settings: Settings) -> None:
    prepare(settings)
    before = Lake(settings).snapshot_id
    with writing(settings, author="olga", message="nothing new") as writer:
        writer.change(DECLARE)
        writer.abandoned = True
    assert Lake(settings).snapshot_id == before


def test_one_lake_serves_many_threads_each_its_own_answer(settings: Settings) -> None:
    reader = brought_in(settings, frame(*(job(number) for number in range(1, 41))))
    wrong: list[int] = []

    def ask(number: int) -> None:
        for _ in range(10):
            found = reader.frame("select job_id from lake.jobs where job_id = $number", {"number": number})["job_id"].to_list()
            if found != [number]:
                wrong.append(number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_times_come_back_in_utc_whatever_the_zone_of_the_process(settings: Settings) -> None:
    brought_in(settings, frame(job(1, submitted=NOON.replace(hour=23, minute=30), waited_s=0, ran_s=600)))
    asked = (
        "from data.lake import Lake; from data.settings import settings; lake = Lake(settings());"
        "print(lake.frame('select submitted from lake.jobs').item().isoformat(), lake.frame('select day from lake.usage_daily').item())"
    )
    environment = {"EQUINODE_LAKE": str(settings.lake), "TZ": "Asia/Tokyo", "PATH": "/usr/bin"}
    done = subprocess.run([sys.executable, "-c", asked], env=environment, cwd=store.MIGRATIONS.parents[1], capture_output=True, text=True)
    assert done.stdout.split() == ["2026-03-10T23:30:00+00:00", "2026-03-10"], done.stderr


def test_a_writer_waits_no_longer_than_it_may(settings: Settings) -> None:
    prepare(settings)
    hasty = settings.model_copy(update={"writer_wait_s": 0.1})
    with (
        writing(settings, author="olga", message="first"),
        pytest.raises(StoreError, match=r"did not finish within 0\.1 s"),
        writing(hasty, author="otto", message="second"),
    ):
        pass


def test_no_store_is_told_with_the_way_to_make_one(settings: Settings) -> None:
    with pytest.raises(StoreError, match="python -m data demo"):
        Lake(settings)
    assert not settings.lake.exists()


def test_a_store_whose_making_was_cut_short_is_finished_by_the_next_writer(settings: Settings) -> None:
    settings.lake.mkdir()
    (settings.lake / "catalog.sqlite").touch()
    with pytest.raises(StoreError):
        Lake(settings)
    prepare(settings)
    assert pending_migrations(Lake(settings)) == []


def test_a_file_that_is_no_catalog_is_told_and_left_alone(settings: Settings) -> None:
    settings.lake.mkdir()
    (settings.lake / "catalog.sqlite").write_bytes(b"no catalog" * 1_000)
    for opened in (Lake, prepare):
        with pytest.raises(StoreError, match="could not be opened"):
            opened(settings)
    assert (settings.lake / "catalog.sqlite").read_bytes() == b"no catalog" * 1_000


def test_a_lake_that_is_a_file_is_told(settings: Settings) -> None:
    settings.lake.write_text("a file")
    with pytest.raises(StoreError, match="is no folder; let EQUINODE_LAKE name one"):
        prepare(settings)


def test_a_lost_parquet_file_is_told_and_not_taken_for_nothing(settings: Settings) -> None:
    reader = brought_in(settings, frame(*(job(number) for number in range(1, 41))))
    for file in settings.lake.rglob("jobs/*.parquet"):
        file.unlink()
    with pytest.raises(StoreError, match="could not be read"):
        reader.frame("select sum(nodes) from lake.jobs")


def test_each_migration_is_applied_once_and_in_order(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    brought_in(settings, frame(job(1)))
    later = tmp_path / "migrations"
    later.mkdir()
    for file in store.MIGRATIONS.glob("*.sql"):
        (later / file.name).write_text(file.read_text())
    (later / "901_notes.sql").write_text("create table notes (note varchar);")
    (later / "902_first_note.sql").write_text("insert into notes values ('one');")
    monkeypatch.setattr(store, "MIGRATIONS", later)
    assert pending_migrations(Lake(settings)) == [901, 902]
    prepare(settings)
    prepare(settings)
    reader = Lake(settings)
    assert pending_migrations(reader) == []
    assert (reader.frame("select count(*) from lake.notes").item(), reader.frame(COUNT).item()) == (1, 1)


def test_a_migration_that_fails_leaves_the_store_as_it_was(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    brought_in(settings, frame(job(1)))
    before = Lake(settings).snapshot_id
    later = tmp_path / "migrations"
    later.mkdir()
    (later / "901_broken.sql").write_text("create table notes (note varchar); insert into nowhere values (1);")
    monkeypatch.setattr(store, "MIGRATIONS", later)
    with pytest.raises(StoreError, match="nowhere"):
        prepare(settings)
    assert Lake(settings).snapshot_id == before
