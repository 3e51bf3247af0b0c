"""`python -m analytics recommend | report` on a small demonstration store: files, figures, exit statuses."""

import os
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

HOUSE = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a small demonstration log."""
    folder = tmp_path_factory.mktemp("store") / "lake"
    done = run(folder, "data", "demo", "--jobs", "4000")
    assert done.returncode == 0, done.stderr
    return folder


def run(store: Path, room: str, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EQUINODE_")}
    return subprocess.run(
        [sys.executable, "-m", room, *words], cwd=HOUSE, env=environment | {"EQUINODE_LAKE": str(store)}, capture_output=True, text=True
    )


def test_the_same_state_of_the_store_makes_the_same_report(store: Path, tmp_path: Path) -> None:
    for name in ("one.html", "two.html"):
        done = run(store, "analytics", "report", "--period", "2026-Q1", "--out", str(tmp_path / name))
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_the_report_says_its_period_its_state_and_that_it_is_a_demonstration(store: Path, tmp_path: Path) -> None:
    done = run(store, "analytics", "report", "--period", "2026-Q1", "--systems", "lumi", "--out", str(tmp_path / "deep" / "r.html"))
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "deep" / "r.html").read_text("utf-8")
    assert "Q1 2026" in page
    assert "Demonstration data" in page
    assert re.search(r"napshot", page)
    assert "http-equiv" in page


def test_a_recommendation_is_told_and_its_tables_agree(store: Path, tmp_path: Path) -> None:
    done = run(store, "analytics", "recommend", "--period", "2026-Q1", "--alpha", "2", "--out", str(tmp_path / "split"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("For Q1 2026 the split aims at")
    projects = pl.read_csv(tmp_path / "split" / "by_project.csv")
    categories = pl.read_csv(tmp_path / "split" / "by_category.csv")
    assert projects["node_hours_recommended"].sum() == pytest.approx(categories["node_hours_recommended"].sum())
    assert (projects["node_hours_recommended"] <= projects["node_hours_demanded"] + 1e-3).all()


def test_limits_that_clash_are_named_with_exit_status_three(store: Path) -> None:
    done = run(store, "analytics", "recommend", "--period", "2026-Q1", "--floor", "sme=0.7", "--floor", "start_up=0.7")
    assert done.returncode == 3
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
def test_wrong_words_are_told_in_a_sentence_with_exit_status_two(store: Path, words: tuple[str, ...], told: str) -> None:
    done = run(store, "analytics", *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not (HOUSE / "never.html").exists()


def test_a_missing_store_is_told(tmp_path: Path) -> None:
    done = run(tmp_path / "nowhere", "analytics", "recommend", "--period", "2026-Q1")
    assert done.returncode == 2
    assert "there is no store" in done.stderr
