"""The commands that bring in projects and series: what a person types, and one sentence with exit status 2 where it is wrong."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from made_jobs import brought_in, frame, job

from data.__main__ import main
from data.settings import Settings, settings
from tests.data.made_tables import written

Run = Callable[..., tuple[int, str, str]]
PROJECTS = "Account,System,Category,Node hours\np1,Vega,SME,5\np2,Vega,purple,5\n"
SERIES = "ts_utc,zone,eur_per_mwh\n2024-01-01 00:00,FI,-1\n2024-01-01 01:00,FI,2\n2024-01-01 03:00,FI,2\n"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A place for a store that commands find."""
    monkeypatch.setenv("EQUINODE_LAKE", str(tmp_path / "lake"))
    settings.cache_clear()
    yield Settings()
    settings.cache_clear()


@pytest.fixture
def run(store: Settings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Exit status, standard output and standard error of a command, which finds the test's own store."""
    assert settings().lake == store.lake

    def command(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["data", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return int(ended.value.code or 0), out, err

    return command


def test_a_table_of_projects_is_tried_brought_in_and_listed(run: Run, store: Settings, tmp_path: Path) -> None:
    brought_in(store, frame(job(1, account="p1"), job(2, account="p3")))
    table = written(tmp_path, PROJECTS)
    status, _, said = run("projects", "import", table, "--dry-run")
    assert status == 0
    assert "nothing was stored" in said
    status, _, said = run("projects", "import", table, "--refused", tmp_path / "refused.csv")
    assert status == 0
    assert (tmp_path / "refused.csv").read_text().splitlines()[1].startswith("3,unknown category,")
    assert all(words in said for words in ("'Category' is read as category", "1 rows refused", "line 3: 'purple'", "Stored."))
    status, out, _ = run("projects", "list", "--unclassified", "--system", "vega", "--format", "csv")
    assert status == 0
    assert [line.split(",")[:2] for line in out.splitlines()[1:]] == [["vega", "p3"]]


def test_a_tree_is_brought_in_without_a_table_of_projects(run: Run, tmp_path: Path) -> None:
    tree, groups = written(tmp_path, "a,A,\nb,B,a\n", "tree.csv"), written(tmp_path, "g1,b\ng2,x\n", "groups.csv")
    status, _, said = run("projects", "import", "--hierarchy", tree, "--groups", groups, "--system", "vega")
    assert status == 0
    assert "1 accounts were given a place" in said
    assert "line 2" in said


def test_a_series_is_brought_in_and_its_coverage_listed(run: Run, tmp_path: Path) -> None:
    status, _, said = run("series", "import", written(tmp_path, SERIES), "--kind", "price")
    assert status == 0
    assert all(words in said for words in ("a row a zone and time", "3 landed", "FI lacks 1.00 hours", "Stored as series batch 1."))
    status, out, _ = run("series", "list", "--kind", "price")
    assert status == 0
    assert out.splitlines()[1].startswith("price,FI,,,2024,3.0,8784.0,1.0,")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("projects", "import"), "nothing to bring in"),
        (("projects", "import", "missing.csv"), "cannot be read"),
        (("projects", "import", "--hierarchy", "tree.csv"), "--groups"),
        (("projects", "import", "table.csv", "--mapping", "Nothing=account"), "no column"),
        (("projects", "import", "table.csv", "--system", "Deep Thought"), "not known"),
        (("series", "import", "missing.csv", "--kind", "price"), "cannot be read"),
        (("series", "import", "table.csv", "--kind", "carbon"), "times"),
        (("projects", "list"), "there is no store"),
        (("series", "list"), "there is no store"),
    ],
)
def test_wrong_input_is_told_in_one_sentence_with_exit_status_2(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], told: str
) -> None:
    written(tmp_path, PROJECTS)
    monkeypatch.chdir(tmp_path)
    status, out, said = run(*words)
    assert (status, out) == (2, "")
    assert said.startswith("Error: ")
    assert told in said
    assert len(said.strip().splitlines()) == 1
