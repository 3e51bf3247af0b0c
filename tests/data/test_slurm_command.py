"""`python -m data export slurm`: from a table and a pasted state to files, with an exit status that scripts can trust."""

import stat
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from made_jobs import sacct_line, sacct_log
from typer.testing import CliRunner, Result

from data.__main__ import app
from data.export.slurm_site import read_from_site
from data.export.slurm_state import StateError
from data.export.slurm_words import DIFF
from data.quotas import running
from data.settings import Settings
from data.settings import settings as site

STATE = """Cluster|Account|User|ParentName|Share|GrpTRES|GrpTRESMins|QOS|QOS_RAW|Def QOS
vega|project_1||root|10|||||
vega|project_2||root|10||node=60|||
Account|User|GrpTRESRaw
project_1||cpu=1,node=120
project_2||cpu=1,node=0
"""
ANSWERS = """#!/bin/sh
case "$1 $2 $3 $4" in
"sacctmgr -P show assoc") head -2 STATE ;;
"sacctmgr -P show tres") printf 'Type|Name\\ncpu|\\nnode|\\n' ;;
"sacctmgr -P show qos") printf 'Name|Flags|UsageFactor\\nnormal||1.0\\n' ;;
sshare*) tail -3 STATE ;;
scontrol*) printf 'AccountingStorageEnforce = limits,safe\\n' ;;
*) echo "sacct: error: no connection" >&2; exit 1 ;;
esac
"""
RUNNING = "sacct*) printf 'JobIDRaw|Account|State|AllocTRES|ElapsedRaw|TimelimitRaw\\n' ;;\n*) echo"


@pytest.fixture
def home(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a state and a table of quotas, beside a store that is not made yet."""
    monkeypatch.setenv("EQUINODE_LAKE", str(settings.lake))
    monkeypatch.setenv("EQUINODE_AUTHOR", "olga")
    site.cache_clear()
    (tmp_path / "state.txt").write_text(STATE)
    (tmp_path / "quotas.csv").write_text("account,unit,hours\nproject_1,node_hours,10\nproject_2,node_hours,1\n")
    yield tmp_path
    site.cache_clear()


def run(home: Path, *words: str, state: str = "state.txt", **more: str) -> Result:
    told = ["--state", state if state == "-" else str(home / state)] if state else []
    return CliRunner().invoke(app, ["export", "slurm", "--system", "vega", "--out", str(home / "out"), *told, *words], **more)


def test_files_are_written_for_what_changes_and_the_undo_is_never_written_over(home: Path) -> None:
    done = run(home, "--quotas", str(home / "quotas.csv"))
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in (home / "out").iterdir()) == ["apply.sh", "diff.csv", "diff.txt", "undo.sh", "warnings.csv"]
    table = pl.read_csv(home / "out" / "diff.csv")
    assert table.columns == list(DIFF)
    assert table.select("account", "old", "new", "changes").rows() == [("project_1", None, 600, True), ("project_2", 60, 60, False)]
    assert "none → 600 minutes (none → 10.0 node-hours); Slurm counted 2.0 so far, 8.0 are left" in (home / "out" / "diff.txt").read_text()
    again = run(home, "--quotas", str(home / "quotas.csv"))
    assert again.exit_code != 0
    assert "holds undo.sh of an earlier export" in str(again.exception)


def test_the_state_may_come_from_standard_input_and_quiet_tells_little(home: Path) -> None:
    done = run(home, "--quotas", str(home / "quotas.csv"), "--quiet", "--form", "flat", state="-", input=STATE)
    assert done.exit_code == 0, done.output
    assert done.stderr.strip().startswith("Written to ")
    assert "Account - 'project_1':GrpTRESMins=node=600\n" in (home / "out" / "apply.cfg").read_text()


def test_a_refusal_writes_the_text_and_nothing_to_apply_and_ends_the_run_with_an_error(home: Path) -> None:
    (home / "quotas.csv").write_text("account,unit,hours\nproject_1,node_hours,-1\nproject_2,node_hours,5\n")
    done = run(home, "--quotas", str(home / "quotas.csv"))
    assert done.exit_code != 0
    assert "nothing was exported for Slurm. row 1 (account 'project_1')" in str(done.exception)
    assert sorted(path.name for path in (home / "out").iterdir()) == ["diff.csv", "diff.txt", "warnings.csv"]


def test_without_a_table_the_awards_of_the_store_are_exported_and_its_usage_leaned_on(home: Path) -> None:
    ingested = CliRunner().invoke(app, ["ingest", str(sacct_log(home / "log.txt", sacct_line(1), sacct_line(2))), "--system", "vega"])
    assert ingested.exit_code == 0, ingested.output
    (home / "projects.csv").write_text("account,node_hours,starts,ends\nproject_1,10,2026-03-01,2027-01-01\n")
    words = ["projects", "import", str(home / "projects.csv"), "--system", "vega", "--reason", "call"]
    imported = CliRunner().invoke(app, words)
    assert imported.exit_code == 0, imported.output
    done = run(home, "--usage", "log")
    assert done.exit_code == 0, done.output
    # two jobs of 4 node-hours are used of 10; Slurm counted 120 minutes before
    assert "set GrpTRESMins=node=240 ||" in (home / "out" / "apply.sh").read_text()


def test_a_state_is_named_or_read_from_the_site_and_not_both(home: Path) -> None:
    assert "and not both" in str(run(home, "--from-site").exception)
    assert "and not both" in str(run(home, state="").exception)
    assert "there is no store" in str(run(home).exception)


def test_the_sites_commands_are_run_and_a_failing_one_is_told_with_its_words(home: Path) -> None:
    script = home / "site.sh"
    answers = ANSWERS.replace("STATE", str(home / "state.txt"))
    script.write_text(answers)
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(StateError, match=r"sacct .* ended with status 1: sacct: error: no connection"):
        read_from_site(Settings(slurm=str(script)))
    script.write_text(answers.replace("*) echo", RUNNING))
    assert len(read_from_site(Settings(slurm=str(script)))) == 6
    with pytest.raises(StateError, match="EQUINODE_SLURM"):
        read_from_site(Settings(slurm="no-such-command"))
    with pytest.raises(StateError, match="cannot be handed to Slurm"):
        read_from_site(Settings(slurm=str(script)), cluster="x;id")


@pytest.mark.parametrize(("ends", "runs"), [(None, True), (date(2026, 6, 2), True), (date(2026, 6, 1), False), (date(2025, 1, 1), False)])
def test_a_quota_runs_until_the_day_before_its_end(ends: date | None, runs: bool) -> None:
    rows = pl.DataFrame({"account": ["a"], "ends": [ends]}, schema={"account": pl.String, "ends": pl.Date})
    assert (running(rows, date(2026, 6, 1)).height == 1) is runs
