"""Calls on the command line: files in, award list and proof out, and a status that scripts can trust."""

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from analytics.__main__ import app
from data import facts
from data.settings import settings

HEADER = "Application,Organisation,User category,Country,Machines,GPU-hours asked for,Minimum GPU-hours,Score"
ROWS = ("A,Lab,SME,FI,LUMI,600000,300000,90", "B,Firm,SME,IT,LUMI,600000,500000,85", "C,Uni,Research,FI,LUMI,300000,200000,80")
run = CliRunner()


@pytest.fixture(autouse=True)
def no_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EQUINODE_LAKE", str(tmp_path / "none"))
    settings.cache_clear()


def told(*arguments: object) -> tuple[int, str]:
    result = run.invoke(app, ["call", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, " ".join(result.output.split())


def table(folder: Path, *rows: str) -> Path:
    path = folder / "applications.csv"
    path.write_text("\n".join([HEADER, *rows]), encoding="utf-8")
    return path


def test_a_call_is_decided_from_a_file_and_its_list_written(tmp_path: Path) -> None:
    out = tmp_path / "out"
    status, said = told(table(tmp_path, *ROWS), "--budget", "LUMI-G=1,000,000", "--out", out)
    assert status == 0, said
    awards = pl.read_csv(out / "award_list.csv")
    assert awards.select("application", "hours_awarded").rows() == [("A", 600_000), ("C", 300_000)]
    assert pl.read_csv(out / "reserve_list.csv")["application"].to_list() == ["B"]
    decision = json.loads((out / "decision.json").read_text())
    assert decision["outcome"] == "decided"
    assert decision["gap"] > 0
    book = pl.read_excel(out / "award_list.xlsx", sheet_name="Award list", read_options={"header_row": 3})
    assert book["Hours awarded"].to_list() == [600_000, 300_000]


def test_the_same_call_gives_the_same_files(tmp_path: Path) -> None:
    asked = ("--example", "large-scale-cut-off", "--rule", "best_total", "--country-cap", "0.3")
    for name in ("one", "two"):
        assert told(*asked, "--out", tmp_path / name)[0] == 0
    for file in ("award_list.csv", "limits.csv", "decision.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_a_floor_that_cannot_be_kept_ends_with_3_and_the_list(tmp_path: Path) -> None:
    status, said = told(table(tmp_path, *ROWS), "--budget", "LUMI-G=1000000", "--floor", "public_sector=0.2", "--out", tmp_path / "out")
    assert status == 3
    assert "Not reached" in said
    assert (tmp_path / "out" / "award_list.csv").exists()


def test_wrong_rows_end_with_2_and_a_file_of_faults_unless_they_may_be_left_out(tmp_path: Path) -> None:
    asked = (table(tmp_path, *ROWS, "D,Lab,SME,FI,Deep Thought,5000,,80"), "--budget", "LUMI-G=1000000", "--out", tmp_path / "out")
    status, said = told(*asked)
    assert (status, "line 5, Machines" in said) == (2, True)
    assert pl.read_csv(tmp_path / "out" / "faults.csv")["line"].to_list() == [5]
    assert not (tmp_path / "out" / "award_list.csv").exists()
    assert told(*asked, "--leave-out-faulty")[0] == 0
    assert json.loads((tmp_path / "out" / "decision.json").read_text())["left_out"] == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--budget", "LUMI=many"), "is not MACHINE=HOURS"),
        (("--budget", "Deep Thought=5"), "is not MACHINE=HOURS"),
        (("--budget", "LUMI=5", "--budget", "LUMI-G=6"), "twice"),
        ((), "no hours are offered"),
        (("--example", "large-scale-cut-off"), "one of the two"),
        (("--budget", "LUMI=5000000", "--floor", "smes=1"), "not a share of a category"),
        (("--budget", "LUMI=5000000", "--train", "none"), "no published training run"),
        (("--budget", "LUMI=5000000", "--threshold", "101"), "the threshold is 101"),
    ],
)
def test_wrong_options_end_with_2_and_say_what_is_wrong(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    status, words = told(table(tmp_path, *ROWS), *options, "--out", tmp_path / "out")
    assert status == 2
    assert said in words


def test_an_empty_file_ends_with_2(tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("")
    assert told(path, "--budget", "LUMI=5", "--out", tmp_path / "out")[0] == 2


def verified(*arguments: object) -> tuple[int, str]:
    result = run.invoke(app, ["report", "verify", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, " ".join(result.output.split())


def decided(folder: Path, *options: str) -> tuple[Path, Path]:
    """A table of applications and the award decision on it."""
    asked = table(folder, *ROWS)
    assert told(asked, "--budget", "LUMI-G=1,000,000", "--carbon-budget", "1e6", *options, "--out", folder / "out")[0] == 0
    return asked, folder / "out" / "award_decision.html"


def test_an_award_decision_is_verified_by_deciding_it_again_from_its_applications(tmp_path: Path) -> None:
    asked, report = decided(tmp_path, "--cap", "research=0.9", "--all-or-nothing")
    status, said = verified(report, "--applications", asked.rename(tmp_path / "renamed.csv"))
    assert (status, "it is the same byte for byte" in said) == (0, True), said
    status, said = verified(report)
    assert (status, "name that with --applications" in said) == (2, True)


def test_an_award_decision_whose_figures_or_applications_were_changed_does_not_hold(tmp_path: Path) -> None:
    asked, report = decided(tmp_path)
    forged = tmp_path / "forged.html"
    forged.write_text(report.read_text().replace("600,000", "700,000"))
    assert verified(forged, "--applications", asked)[0] == 1
    other = table(tmp_path, ROWS[0].replace(",90", ",70"), *ROWS[1:])
    status, said = verified(report, "--applications", other)
    assert (status, "the table compared with is" in said) == (1, True), said


def test_an_award_decision_does_not_hold_once_the_facts_under_it_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, report = decided(tmp_path)
    newer = facts.carbon_intensity().with_columns(pl.col("intensity_gco2e_per_kwh") * 2)
    monkeypatch.setattr(facts, "carbon_intensity", lambda: newer)
    status, said = verified(report, "--applications", asked)
    assert (status, "the file says" in said) == (1, True), said
