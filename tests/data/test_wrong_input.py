"""Wrong input on the command line: exit status 2, one clear sentence, no traceback, and the store as it was."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest
from made_jobs import COLUMNS, sacct_line, sacct_log
from typer.testing import CliRunner, Result

from data import batches
from data.__main__ import app, main
from data.check import findings
from data.errors import EquinodeError
from data.facts import DECLARATION_EXAMPLE
from data.lake import Lake, writing
from data.settings import Settings
from data.settings import settings as site

HOUSE = Path(__file__).resolve().parents[2]


@pytest.fixture
def lake(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The store that commands find in the environment."""
    monkeypatch.setenv("EQUINODE_LAKE", str(settings.lake))
    monkeypatch.setenv("EQUINODE_AUTHOR", "olga")
    site.cache_clear()
    return settings


@pytest.fixture(autouse=True)
def forget_settings() -> object:
    yield
    site.cache_clear()


def refused(*words: object) -> str:
    """What a command says that must end with status 2."""
    result: Result = CliRunner().invoke(app, [str(word) for word in words])
    if isinstance(result.exception, EquinodeError):
        assert result.exception.exit_status == 2
        return str(result.exception)
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    return result.output


def assert_nothing_is_stored(lake: Settings) -> None:
    if (lake.lake / "catalog.sqlite").exists():
        newest = Lake(lake).snapshot()
        assert str(newest.message).startswith("Migration"), newest


GPUS = "cpu=512,gres/gpu=1000000000,node=2"
FILES = {
    "not a log": (b"Dear operator,\nthe log is attached.\n", "no job log"),
    "empty": (b"", "holds no job"),
    "only blank lines": (b"\n\n  \n", "holds no job"),
    "only a header": (f"{COLUMNS}\n".encode(), "holds no job"),
    "binary": (bytes(range(256)) * 20, "binary data"),
    "cut off gzip": (gzip.compress("\n".join((COLUMNS, *(sacct_line(n) for n in range(1, 3_000)), "")).encode())[:-2_000], "cut off"),
    "damaged gzip": (b"\x1f\x8b" + b"damaged" * 100, "damaged"),
    "utf-16": (f"{COLUMNS}\n{sacct_line(1)}\n".encode("utf-16"), "UTF-16"),
    "json": (b'{"jobs": []}', "JSON"),
    "a parquet file": (b"PAR1" + bytes(100), "Parquet"),
    "all in 1970": (f"{COLUMNS}\n{sacct_line(1, Submit='1970-01-02T00:00:00')}\n".encode(), "time_out_of_range"),
    "all in 2099": (f"{COLUMNS}\n{sacct_line(1, End='2099-01-01T00:00:00')}\n".encode(), "time_out_of_range"),
    "negative durations": (f"{COLUMNS}\n{sacct_line(1, ElapsedRaw='-7200')}\n".encode(), "negative"),
    "a billion gpus": (
        f"{COLUMNS}\n{sacct_line(1, Partition='gpu', AllocTRES=GPUS)}\n".encode(),
        "too_large",
    ),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_cannot_be_believed_is_refused_with_its_fault(lake: Settings, tmp_path: Path, kind: str) -> None:
    content, told = FILES[kind]
    (tmp_path / "log").write_bytes(content)
    assert told in refused("ingest", tmp_path / "log", "--system", "vega")
    assert_nothing_is_stored(lake)


def test_a_folder_and_a_missing_file_are_told_apart(lake: Settings, tmp_path: Path) -> None:
    assert "is a folder" in refused("ingest", tmp_path, "--system", "vega")
    assert "there is no file" in refused("ingest", tmp_path / "none", "--system", "vega")
    assert_nothing_is_stored(lake)


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may read every file")
@pytest.mark.usefixtures("lake")
def test_a_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    log = sacct_log(tmp_path / "log", sacct_line(1))
    log.chmod(0)
    assert "read permission" in refused("ingest", log, "--system", "vega")


def test_one_wrong_line_does_not_cost_the_others(lake: Settings, tmp_path: Path) -> None:
    odd = [
        sacct_line(2, Submit="1970-01-02T00:00:00"),
        sacct_line(3, End="2099-01-01T00:00:00"),
        sacct_line(4, ElapsedRaw="-7200"),
        sacct_line(5, Partition="gpu", AllocTRES=GPUS),
        sacct_line(6, State="DONE"),
        "half a li",
    ]
    log = sacct_log(tmp_path / "log", sacct_line(1), *odd)
    result = CliRunner().invoke(app, ["ingest", str(log), "--system", "vega"])
    assert result.exit_code == 0, result.output
    reader = Lake(lake)
    assert batches.all_batches(reader).select("accepted", "refused").row(0) == (1, 6)
    assert set(batches.refusals(reader)["line"]) == {3, 4, 5, 6, 7, 8}
    assert findings(reader) == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--system", "hal9000"], "the machine 'hal9000' is not known"),
        (["--system", "vega", "--time-zone", "Europe/Atlantis"], "the time zone 'Europe/Atlantis' does not exist"),
        (["--system", "vega", "--dialect", "pbs"], "'pbs' is not a dialect"),
        (["--system", "vega", "--dialect", "swf"], "it seems to be Slurm sacct"),
        (["--system", "mine", "--system-file", "{folder}/none.toml"], "cannot be read"),
        (["--system", "mine", "--system-file", "{folder}/broken.toml"], "broken.toml"),
        (["--system", "mine", "--system-file", "{folder}/binary.toml"], "cannot be read"),
        ([], "--system"),
        (["--system", "vega", "--colour", "blue"], "--colour"),
    ],
    ids=" ".join,
)
def test_a_wrong_option_is_refused_with_its_fault(lake: Settings, tmp_path: Path, options: list[str], told: str) -> None:
    (tmp_path / "broken.toml").write_text("name = ")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    log = sacct_log(tmp_path / "log", sacct_line(1))
    assert told in refused("ingest", log, *(word.format(folder=tmp_path) for word in options))
    assert_nothing_is_stored(lake)


@pytest.mark.usefixtures("lake")
def test_a_declaration_with_impossible_figures_is_refused_with_all_its_faults(tmp_path: Path) -> None:
    text = DECLARATION_EXAMPLE.replace("nodes = 500", "nodes = -500").replace("pue = 1.15", "pue = 0.4")
    (tmp_path / "mine.toml").write_text(text)
    log = sacct_log(tmp_path / "log", sacct_line(1))
    said = refused("ingest", log, "--system", "mine", "--system-file", tmp_path / "mine.toml")
    assert "nodes" in said
    assert "pue" in said


def test_a_store_that_is_a_file_is_told(lake: Settings, tmp_path: Path) -> None:
    lake.lake.write_text("a file")
    assert "let EQUINODE_LAKE name one" in refused("ingest", sacct_log(tmp_path / "log", sacct_line(1)), "--system", "vega")


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may write everywhere")
def test_a_folder_that_may_not_be_written_is_told(lake: Settings, tmp_path: Path) -> None:
    lake.lake.mkdir()
    lake.lake.chmod(0o500)
    assert "no permission" in refused("ingest", sacct_log(tmp_path / "log", sacct_line(1)), "--system", "vega")


@pytest.mark.usefixtures("lake")
def test_a_place_where_no_folder_can_be_made_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQUINODE_LAKE", "/proc/equinode/lake")
    site.cache_clear()
    said = refused("ingest", sacct_log(tmp_path / "log", sacct_line(1)), "--system", "vega")
    assert "the store could not be opened" in said


def test_a_locked_store_is_told_with_what_to_do(lake: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQUINODE_WRITER_WAIT_S", "0.1")
    site.cache_clear()
    log = sacct_log(tmp_path / "log", sacct_line(1))
    with writing(lake, author="otto", message="holds the store"):
        assert "another process is writing" in refused("ingest", log, "--system", "vega")
    assert_nothing_is_stored(lake)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["export", "usage"], "there is no store"),
        (["check"], "there is no store"),
        (["rebuild"], "there is no store"),
        (["demo", "--jobs", "3"], "--jobs"),
        (["frobnicate"], "frobnicate"),
    ],
    ids=" ".join,
)
def test_a_command_that_cannot_be_done_says_why(lake: Settings, words: list[str], told: str) -> None:
    assert told in refused(*words)
    assert not lake.lake.exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--from", "yesterday"], "YYYY-MM-DD"),
        (["--from", "2027-01-01", "--to", "2026-01-01"], "its end must lie after its start"),
        (["--by", "colour"], "cannot be grouped by colour"),
        (["--by", "system,system"], "more than once"),
        (["--systems", "hal9000"], "not known"),
        (["--format", "pdf"], "pdf"),
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("lake")
def test_a_wrong_export_is_refused_with_its_fault(tmp_path: Path, options: list[str], told: str) -> None:
    assert CliRunner().invoke(app, ["ingest", str(sacct_log(tmp_path / "log", sacct_line(1))), "--system", "vega"]).exit_code == 0
    assert told in refused("export", "usage", *options)


def test_an_export_of_a_store_without_jobs_says_so(lake: Settings) -> None:
    with writing(lake, author="olga", message="nothing yet"):
        pass
    assert "the store is empty" in refused("export", "usage")


def test_a_store_whose_making_was_cut_short_is_told_to_readers(lake: Settings) -> None:
    lake.lake.mkdir()
    (lake.lake / "catalog.sqlite").touch()
    assert "could not be opened" in refused("export", "usage")


@pytest.mark.usefixtures("lake")
def test_the_sentence_comes_without_a_traceback_and_with_status_2(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "data", "ingest", str(tmp_path / "none"), "--system", "vega"]
    done = subprocess.run(words, cwd=HOUSE, env=os.environ | {"EQUINODE_THREADS": "2"}, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: there is no file")
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.usefixtures("lake")
def test_a_setting_that_cannot_be_used_is_told_by_every_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EQUINODE_THREADS", "many")
    monkeypatch.setattr(sys, "argv", ["data", "check"])
    site.cache_clear()
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "EQUINODE_THREADS" in capsys.readouterr().err


@pytest.mark.usefixtures("lake")
def test_a_reader_that_stops_listening_gets_no_traceback(tmp_path: Path) -> None:
    lines = [sacct_line(number, Account=f"project_with_a_long_name_{number}") for number in range(1, 3_000)]
    assert CliRunner().invoke(app, ["ingest", str(sacct_log(tmp_path / "log", *lines)), "--system", "vega"]).exit_code == 0
    command = f"{sys.executable} -m data export usage --by account | head -1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=HOUSE, env=os.environ, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("account,")
    assert done.stderr == ""
