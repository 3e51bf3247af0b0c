"""`python -m analytics recommend | report` on a small demonstration store: files, figures, exit statuses."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest
from click.testing import Result
from typer.testing import CliRunner

from analytics.__main__ import app
from data.settings import settings

HOUSE = Path(__file__).resolve().parents[2]


Run = Callable[..., Result]


@pytest.fixture
def run(demo_lake: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs a command on the small demonstration store."""

    def told(*words: str) -> Result:
        monkeypatch.setenv("EQUINODE_LAKE", str(demo_lake))
        settings.cache_clear()
        return CliRunner().invoke(app, list(words))

    yield told
    settings.cache_clear()


def by_the_program(store: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EQUINODE_")} | {"EQUINODE_LAKE": str(store)}
    command = [sys.executable, "-m", "analytics", *words]
    return subprocess.run(command, cwd=HOUSE, env=environment, capture_output=True, text=True, check=False)


def test_the_same_state_of_the_store_makes_the_same_report_in_another_process(run: Run, demo_lake: Path, tmp_path: Path) -> None:
    words = ("report", "--period", "2026-Q1", "--out")
    assert run(*words, str(tmp_path / "one.html")).exit_code == 0
    assert by_the_program(demo_lake, *words, str(tmp_path / "two.html")).returncode == 0
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_the_report_says_its_period_its_state_and_that_it_is_a_demonstration(run: Run, tmp_path: Path) -> None:
    done = run("report", "--period", "2026-Q1", "--systems", "lumi", "--out", str(tmp_path / "deep" / "r.html"))
    assert done.exit_code == 0, done.stderr
    page = (tmp_path / "deep" / "r.html").read_text("utf-8")
    assert "Q1 2026" in page
    assert "Demonstration data" in page
    assert re.search(r"napshot", page)
    assert "http-equiv" in page


def test_a_recommendation_is_told_and_its_tables_agree(run: Run, tmp_path: Path) -> None:
    done = run("recommend", "--period", "2026-Q1", "--alpha", "2", "--out", str(tmp_path / "split"))
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith("For Q1 2026 the split aims at")
    projects = pl.read_csv(tmp_path / "split" / "by_project.csv")
    categories = pl.read_csv(tmp_path / "split" / "by_category.csv")
    assert projects["node_hours_recommended"].sum() == pytest.approx(categories["node_hours_recommended"].sum())
    assert (projects["node_hours_recommended"] <= projects["node_hours_demanded"] + 1e-3).all()


def test_other_demands_are_planned_for_and_told(run: Run, tmp_path: Path) -> None:
    words = ("--period", "2026-Q1", "--floor", "sme=0.01", "--demand", "sme=0.9", "--demand", "all=1.2", "--out", str(tmp_path))
    done = run("recommend", *words)
    assert done.exit_code == 0, done.stderr
    assert "in every scenario" in done.stdout
    rows = pl.read_csv(tmp_path / "robust_by_scenario.csv")
    assert rows.height == 3
    assert (rows["floors_held_robust"] == rows["floors"]).all()
    assert run("recommend", "--period", "2026-Q1", "--demand", "all=more").exit_code == 2
    assert run("recommend", "--period", "2026-Q1", "--demand", "sme=-1").exit_code == 2


def test_limits_that_clash_are_named_with_exit_status_three(run: Run) -> None:
    done = run("recommend", "--period", "2026-Q1", "--floor", "sme=0.7", "--floor", "start_up=0.7")
    assert done.exit_code == 3
    assert "the floor for" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("recommend", "--period", "soon"), "is not a period"),
        (("recommend", "--period", "2026-Q1", "--floor", "sme=much"), "is not a share"),
        (("recommend", "--period", "2026-Q1", "--systems", "hal"), "'hal' is not known"),
        (("report", "--period", "1999", "--out", "never.html"), "no log in the store touches 1999"),
    ],
)
def test_wrong_words_are_told_in_a_sentence_with_exit_status_two(run: Run, words: tuple[str, ...], told: str) -> None:
    done = run(*words)
    assert done.exit_code == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not (HOUSE / "never.html").exists()


def test_a_missing_store_is_told_by_the_program_itself(tmp_path: Path) -> None:
    done = by_the_program(tmp_path / "nowhere", "recommend", "--period", "2026-Q1")
    assert done.returncode == 2
    assert "there is no store" in done.stderr
    assert "Traceback" not in done.stderr
