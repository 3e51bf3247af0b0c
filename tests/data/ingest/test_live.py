"""A log fetched from a site's own sacct: asked for the right days, brought in incrementally, clear when it fails."""

import shlex
import sys
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from data import commands, commands_upkeep
from data.__main__ import app
from data.errors import EquinodeError, InputError, LogError
from data.ingest.live import FIELDS, fetched, sacct_command, since_named
from data.lake import Lake
from data.settings import Settings

START = 1_767_225_600  # 2026-01-01
MACHINE = 'name = "Alpha"\ncountry = "FI"\ntime_zone = "Europe/Helsinki"\n[partitions.cpu]\nnodes = 100\ncores_per_node = 64\n'
SCRIPT = """
import os, sys
open({asked!r}, "a").write(" ".join(sys.argv[1:]) + " " + os.environ.get("SLURM_TIME_FORMAT", "") + "\\n")
print({header!r})
print(open({rows!r}).read(), end="")
"""


def row(job: int, *, end: int | None) -> str:
    """A job as sacct prints it, ended or still running."""
    values = dict.fromkeys(FIELDS.split(","), "")
    values |= {"JobIDRaw": str(job), "JobID": str(job), "Cluster": "alpha", "Partition": "cpu", "Account": "proj", "User": "ann"}
    values |= {"Submit": str(START), "Start": str(START + 60), "End": str(end) if end else "Unknown", "NNodes": "1", "NCPUS": "64"}
    values |= {
        "State": "COMPLETED" if end else "RUNNING",
        "ElapsedRaw": str((end or START + 660) - START - 60),
        "AllocTRES": "cpu=64,node=1",
    }
    return "|".join(values.values()) + "\n"


@pytest.fixture
def site(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a stand-in for sacct, its rows in `rows`, what it was asked in `asked`; the store beside it."""
    script = tmp_path / "sacct.py"
    asked, rows = str(tmp_path / "asked"), str(tmp_path / "rows")
    script.write_text(SCRIPT.format(asked=asked, rows=rows, header=FIELDS.replace(",", "|")))
    (tmp_path / "alpha.toml").write_text(MACHINE)
    chosen = settings.model_copy(update={"sacct": shlex.join([sys.executable, str(script)])})
    for module in (commands, commands_upkeep):
        monkeypatch.setattr(module, "settings", lambda: chosen)
    return tmp_path


def bring_in(*words: str) -> str:
    done = CliRunner().invoke(app, ["ingest", "--from-sacct", "--system", "alpha", *words])
    if isinstance(done.exception, EquinodeError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def test_a_job_that_ran_at_the_last_fetch_is_completed_by_the_next(site: Path) -> None:
    (site / "rows").write_text(row(1, end=START + 3_660) + row(2, end=None))
    bring_in("--system-file", str(site / "alpha.toml"), "--since", "2026-01-01")
    (site / "rows").write_text(row(1, end=START + 3_660) + row(2, end=START + 7_260))
    bring_in("--since", "last")
    lake = Lake(Settings(lake=site / "lake"))
    assert lake.frame("select job_id, elapsed_s, state from lake.jobs order by job_id").rows() == [
        (1, 3_600, "COMPLETED"),
        (2, 7_200, "COMPLETED"),
    ]
    assert lake.frame("select sum(node_s) from lake.usage_daily").item() == 10_800
    lake.close()


def test_the_next_fetch_reaches_back_over_the_last_days_and_asks_for_epoch_times(site: Path) -> None:
    (site / "rows").write_text(row(1, end=START + 3_660))
    bring_in("--system-file", str(site / "alpha.toml"), "--since", "2026-01-01")
    bring_in("--since", "last")
    first, second = (site / "asked").read_text().splitlines()
    assert "-S 2026-01-01" in first
    assert "-S 2025-12-30" in second
    assert second.endswith(" %s")


def test_nothing_new_leaves_the_store_as_it_was(site: Path) -> None:
    (site / "rows").write_text("")
    bring_in("--system-file", str(site / "alpha.toml"), "--since", "2026-01-01")
    assert not (site / "lake" / "catalog.sqlite").exists()


def test_there_is_no_last_day_before_the_first_log() -> None:
    with pytest.raises(InputError, match="name one: --since"):
        since_named("last", None, "alpha")


def test_a_failing_sacct_is_told_with_its_own_words(settings: Settings) -> None:
    failing = settings.model_copy(update={"sacct": f"{sys.executable} -c \"import sys; sys.exit('sacct: error: slurmdbd is down')\""})
    with pytest.raises(LogError, match="slurmdbd is down"), fetched(failing, date(2026, 1, 1)):
        pass


def test_a_missing_sacct_is_told_with_the_setting(settings: Settings) -> None:
    with pytest.raises(LogError, match="EQUINODE_SACCT"), fetched(settings.model_copy(update={"sacct": "no-such-sacct"}), date(2026, 1, 1)):
        pass


def test_the_sites_own_command_stands_in_front(settings: Settings) -> None:
    command = sacct_command(settings.model_copy(update={"sacct": "ssh login1 sacct"}), date(2026, 1, 1))
    assert command[:4] == ["ssh", "login1", "sacct", "-a"]


def test_an_older_sacct_is_asked_without_the_field_that_it_does_not_know(site: Path) -> None:
    script = (site / "sacct.py").read_text()
    refuses = 'import sys\nif "Restarts" in sys.argv[-1]:\n    sys.exit(\'sacct: error: Invalid field requested: "Restarts"\')\n'
    (site / "sacct.py").write_text(refuses + script.replace("|Restarts|", "|"))
    fields = row(1, end=START + 3_660).rstrip("\n").split("|")
    del fields[FIELDS.split(",").index("Restarts")]
    (site / "rows").write_text("|".join(fields) + "\n")
    bring_in("--system-file", str(site / "alpha.toml"), "--since", "2026-01-01")
    lake = Lake(Settings(lake=site / "lake"))
    assert lake.frame("select job_id, elapsed_s, restarts from lake.jobs").rows() == [(1, 3_600, None)]
    lake.close()
