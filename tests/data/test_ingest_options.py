"""What the ingest command does beyond files of sacct: standard input, mappings of columns, numbers of GPUs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from made_jobs import sacct_line, sacct_log
from typer.testing import CliRunner, Result

from data.__main__ import app
from data.errors import InputError
from data.lake import Lake
from data.settings import Settings
from data.settings import settings as site
from tests.data.ingest.sample_dialects import db_table, json_job, json_log, table

GPUS = "1=256,2=512000,4=2,1002=8"
GPUS_STORED = "select sum(gpus), count(*) from lake.jobs"


@pytest.fixture
def lake(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """The store that commands find in the environment."""
    monkeypatch.setenv("EQUINODE_LAKE", str(settings.lake))
    site.cache_clear()
    yield settings
    site.cache_clear()


def run(*words: object, given: bytes | None = None) -> Result:
    return CliRunner().invoke(app, ["ingest", *map(str, words), "--system", "vega"], input=given)


def test_standard_input_gives_the_same_account_as_the_file(lake: Settings, tmp_path: Path) -> None:
    log = sacct_log(tmp_path / "march.txt", sacct_line(1), sacct_line(2), sacct_line(3, End="2026-03-01T09:00:00"))
    said = run("-", given=log.read_bytes()).stderr
    assert "standard input: Slurm sacct -P with a header" in said
    assert "4 lines read" in said
    assert "2 accepted" in said
    assert "No job was new." in run(log).stderr
    assert Lake(lake).frame("select file from lake.batches").item() == "standard input"


@pytest.mark.usefixtures("lake")
def test_an_empty_standard_input_is_refused() -> None:
    assert "holds no job" in str(run("-", given=b"").exception)


def test_gpus_by_number_are_stored_once_they_are_named_and_nothing_before(lake: Settings, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(db_table({"tres_alloc": GPUS}))
    assert "--gpu-tres" in str(run(path).exception)
    assert isinstance(run(path, "--gpu-tres", "gpu").exception, InputError)
    assert "1002 was counted as GPUs" in run(path, "--gpu-tres", "1002").stderr
    assert Lake(lake).frame(GPUS_STORED).row(0) == (8.0, 1)


def test_columns_are_told_and_corrected(lake: Settings, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(table({}).replace("num_gpus", "accelerators"))
    assert "cores=num_cores" in (result := run(path, "--mapping", "gpus=accelerators")).stderr, result.exception
    assert Lake(lake).frame(GPUS_STORED).row(0) == (8.0, 1)


@pytest.mark.usefixtures("lake")
def test_records_are_counted_where_a_log_has_no_lines(tmp_path: Path) -> None:
    path = tmp_path / "jobs.json"
    path.write_text(json_log(json_job(steps=[{}, {}])))
    said = run(path).stderr
    assert "3 records read" in said
    assert "2 job steps" in said
