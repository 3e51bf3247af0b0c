"""The commands of `python -m data`: what they say of an ingest, a check, a rebuild, and what they write to standard output."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from made_jobs import sacct_line, sacct_log
from typer.testing import CliRunner, Result

from data.__main__ import app
from data.errors import InputError
from data.facts import DECLARATION_EXAMPLE
from data.lake import Lake, writing
from data.settings import Settings
from data.settings import settings as site


@pytest.fixture
def lake(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """The store that commands find in the environment."""
    monkeypatch.setenv("EQUINODE_LAKE", str(settings.lake))
    monkeypatch.setenv("EQUINODE_AUTHOR", "olga")
    site.cache_clear()
    yield settings
    site.cache_clear()


def run(*words: object) -> Result:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, (result.output, result.exception)
    return result


def test_an_ingest_gives_account_of_every_line_and_names_its_batch(lake: Settings, tmp_path: Path) -> None:
    log = sacct_log(tmp_path / "march.txt", sacct_line(1), sacct_line(2), sacct_line(3, End="2026-03-01T09:00:00"))
    said = run("ingest", log, "--system", "Vega").stderr
    for line in ("4 lines read", "2 accepted", "1 refused", "1 x ended_before_started", "0 seen before", "Stored as batch 1."):
        assert re.search(rf"(^|\s){re.escape(line)}", said), said
    assert "No job was new." in run("ingest", log, "--system", "vega").stderr
    assert Lake(lake).snapshot().author == "olga"


def test_several_files_land_one_after_the_other_until_one_cannot_be_read(lake: Settings, tmp_path: Path) -> None:
    logs = [sacct_log(tmp_path / f"{number}.txt", sacct_line(number)) for number in (1, 2)]
    result = CliRunner().invoke(app, ["ingest", *map(str, logs), str(tmp_path / "none"), "--system", "vega"])
    assert result.exit_code != 0
    assert Lake(lake).frame("select count(*) from lake.batches").item() == 2


def test_a_declared_machine_is_known_to_later_commands(lake: Settings, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(DECLARATION_EXAMPLE)
    small = {"NNodes": "1", "NCPUS": "2", "AllocTRES": "cpu=2,node=1", "ReqTRES": "cpu=2,node=1"}
    first, second = (sacct_log(tmp_path / f"{number}.txt", sacct_line(number, **small)) for number in (1, 2))
    said = run("ingest", first, "--system", "My Machine", "--system-file", tmp_path / "mine.toml").stderr
    assert "The declaration of mymachine was stored." in said
    run("ingest", second, "--system", "mymachine")
    assert "mymachine: 2 jobs" in run("check").stderr
    assert Lake(lake).frame("select count(*) from lake.jobs").item() == 2


@pytest.mark.usefixtures("lake")
def test_an_export_goes_to_standard_output_and_nothing_else_does(tmp_path: Path) -> None:
    run("ingest", sacct_log(tmp_path / "march.txt", sacct_line(1), sacct_line(2, Account="other")), "--system", "vega")
    result = run("export", "usage", "--by", "account,month", "--from", "2026-03-01", "--to", "2026-04-01", "--systems", "Vega")
    table = pl.read_csv(io.BytesIO(result.stdout_bytes))
    assert table.select("account", "month", "jobs", "node_hours").rows() == [
        ("other", "2026-03-01", 1, 4.0),
        ("project_1", "2026-03-01", 1, 4.0),
    ]
    assert run("export", "usage", "--from", "2027-01-01", "--to", "2027-02-01").stdout.count("\n") == 1


def test_a_check_finds_what_is_bent_and_a_rebuild_mends_it(lake: Settings, tmp_path: Path) -> None:
    run("ingest", sacct_log(tmp_path / "march.txt", sacct_line(1)), "--system", "vega")
    assert "is sound (snapshot" in run("check").stderr
    with writing(lake, author="eve", message="bends a rollup") as writer:
        writer.change("update lake.usage_daily set jobs = jobs + 1")
    bent = CliRunner().invoke(app, ["check"])
    assert isinstance(bent.exception, InputError)
    assert "the daily usage rollup has 2.0 jobs of vega, its jobs sum to 1.0. Run 'python -m data rebuild'." in bent.stderr
    run("rebuild")
    run("check")


def test_the_demonstration_fills_an_empty_store_and_leaves_any_other_alone(lake: Settings) -> None:
    said = run("demo", "--jobs", "1000", "--seed", "3").stderr
    assert "Demonstration log of lumi" in said
    before = Lake(lake).snapshot_id
    assert "it stays as it is" in run("demo", "--jobs", "1000").stderr
    assert Lake(lake).snapshot_id == before


def test_help_names_every_command(lake: Settings) -> None:
    said = run("--help").stdout
    for command in ("ingest", "demo", "check", "rebuild", "export"):
        assert command in said
    assert not lake.lake.exists()


def test_a_batch_is_listed_undone_with_its_reason_and_gone(lake: Settings, tmp_path: Path) -> None:
    run("ingest", sacct_log(tmp_path / "wrong.txt", sacct_line(1), sacct_line(2)), "--system", "vega")
    listed = pl.read_csv(io.BytesIO(run("batches").stdout_bytes))
    assert listed.select("batch_id", "file", "accepted").row(0) == (1, "wrong.txt", 2)
    told = run("undo", 1, "--reason", "of another machine").stderr
    assert "Batch 1 (wrong.txt of vega) was undone: 2 jobs and 0 refused lines are gone" in told.replace("\n", " ")
    assert Lake(lake).snapshot().message == "Undo batch 1 (wrong.txt of vega): of another machine"
    assert Lake(lake).frame("select count(*) from lake.jobs").item() == 0


def test_an_ingest_tidies_up_when_files_are_many_and_says_so(lake: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data.tidy.MANY_FILES", 1)
    log = sacct_log(tmp_path / "log.txt", *(sacct_line(number) for number in range(1, 30)))
    assert "Tidied up:" in run("ingest", log, "--system", "vega").stderr
    assert Lake(lake).snapshots(most=1)[0].message.startswith("Tidy: ")


@pytest.mark.usefixtures("lake")
def test_a_check_says_where_core_hours_are_not_known(tmp_path: Path) -> None:
    table = tmp_path / "jobs.csv"
    table.write_text("job_id,start_time,end_time,nodes\n1,2026-03-01T10:00:00Z,2026-03-01T12:00:00Z,2\n")
    run("ingest", table, "--system", "vega")
    assert "vega: 1 jobs, core-hours not known, 2026-03 to 2026-03" in run("check").stderr
    told = pl.read_csv(io.BytesIO(run("export", "usage").stdout_bytes))
    assert told.select("core_hours", "jobs_without_cores", "node_hours").row(0) == (None, 1, 4.0)
