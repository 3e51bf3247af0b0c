"""The command line: files in, files out, and one clear sentence where it cannot."""

import json
import zipfile
from pathlib import Path

import polars as pl
import pytest
from random_problems import Recipe, limits_of, random_problem
from typer.testing import CliRunner

from analytics.__main__ import app
from analytics.allocation import tables
from analytics.allocation.problem import Problem

ANSWER = {"allocation.csv", "satisfaction.csv", "prices.csv", "reasons.csv", "solution.json"}
run = CliRunner()


def write(problem: Problem, folder: Path, ending: str = "csv") -> Path:
    folder.mkdir()
    for table in tables.TABLES:
        frame = getattr(problem, table)
        if ending == "csv":
            frame.write_csv(folder / f"{table}.csv")
        else:
            frame.write_parquet(folder / f"{table}.parquet")
    return folder


@pytest.fixture
def posed(tmp_path: Path) -> Path:
    return write(random_problem(Recipe(seed=1)), tmp_path / "problem")


def told(*arguments: object) -> tuple[int, str]:
    result = run.invoke(app, ["solve", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result.exit_code, " ".join(result.output.split())


@pytest.mark.parametrize("flags", [["--alpha", 0], ["--alpha", 2], ["--max-min"], ["--leximin"], ["--integer"], []])
def test_an_answer_has_its_files_and_a_proof(posed: Path, tmp_path: Path, flags: list[object]) -> None:
    status, _ = told(posed, *flags, "--out", tmp_path / "out")
    assert status == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == ANSWER
    proof = json.loads((tmp_path / "out" / "solution.json").read_text())
    assert proof["outcome"] == "optimal"
    assert proof["gap"] <= 1e-6
    assert proof["largest_violation"] <= 1e-8
    assert proof["explained"]["envious"] >= 0
    assert f"{proof['objective_ede']:.3f}" in proof["explained"]["headline"]
    assert pl.read_csv(tmp_path / "out" / "reasons.csv").height == pl.read_csv(posed / "projects.csv").height


def test_csv_parquet_and_zip_of_the_same_problem_give_the_same_bytes(posed: Path, tmp_path: Path) -> None:
    other = write(random_problem(Recipe(seed=1)), tmp_path / "parquet", "parquet")
    with zipfile.ZipFile(tmp_path / "problem.zip", "w") as archive:
        for file in posed.iterdir():
            archive.write(file, f"inside/{file.name}")
    answers = []
    for number, source in enumerate((posed, other, tmp_path / "problem.zip", posed)):
        assert told(source, "--out", tmp_path / f"out{number}")[0] == 0
        answers.append({name: (tmp_path / f"out{number}" / name).read_bytes() for name in ANSWER - {"solution.json"}})
    assert all(answer == answers[0] for answer in answers)


def test_a_clash_is_told_with_status_3_and_leaves_no_old_answer(posed: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert told(posed, "--out", out)[0] == 0
    rows = [
        {"name": "floor", "sense": "min", "quantity": "node_hours", "value": 0.9, "unit": "share"},
        {"name": "cap", "sense": "max", "quantity": "node_hours", "value": 0.1, "unit": "share"},
    ]
    limits_of(rows).write_csv(posed / "limits.csv")
    status, words = told(posed, "--out", out)
    assert status == 3
    clash = json.loads((out / "clash.json").read_text())
    assert not (out / "allocation.csv").exists()
    assert clash["outcome"] == "infeasible"
    assert {row["name"] for row in clash["clash"]} <= {"floor", "cap"}
    assert "floor" in words


@pytest.mark.parametrize(
    ("table", "content", "words"),
    [
        ("projects", "project,weight\na,1\n", "hours_asked is missing"),
        ("projects", "", "is empty"),
        ("projects", "project,weight,hours_asked\na,1,many\n", "row 1 (a): hours_asked is 'many'"),
        ("projects", "project,weight,hours_asked\na,1,-5\n", "must not be negative"),
        ("projects", "project,weight,hours_asked\na,0,5\n", "must be above zero"),
        ("projects", "project,weight,hours_asked\na,1,nan\n", "is not a number"),
        ("projects", "project,weight,hours_asked\na,1,5\na,1,6\n", "stands in rows 1, 2"),
        ("options", "project,partition,usefulness\nnobody,part0,1\n", "'nobody' is not in table projects"),
        ("options", "project,partition,usefulness\np0000,mars,1\n", "'mars' is not in table partitions"),
        ("capacity", "partition,period,node_hours\nmars,2026-01,5\n", "'mars' is not in table partitions"),
        ("limits", "name,sense,quantity,value,unit\nx,most,node_hours,1,absolute\n", "must be one of max, min"),
        ("limits", "name,sense,quantity,value,unit\nx,max,hours,1,absolute\n", "must be one of node_hours"),
        ("limits", "name,sense,quantity,value,unit\nx,max,node_hours,20,share\n", "write 20 % as 0.2"),
        ("limits", "name,sense,quantity,partition,value,unit\nx,max,node_hours,mars,1,absolute\n", "partition mars is not known"),
    ],
)
def test_wrong_input_is_one_sentence_with_status_2(posed: Path, tmp_path: Path, table: str, content: str, words: str) -> None:
    (posed / f"{table}.csv").write_text(content)
    status, output = told(posed, "--out", tmp_path / "out")
    assert status == 2
    assert words in output


def test_a_folder_without_tables_and_a_place_that_is_none_are_named(tmp_path: Path) -> None:
    assert told(tmp_path, "--out", tmp_path / "out")[0] == 2
    status, words = told(tmp_path / "nowhere", "--out", tmp_path / "out")
    assert status == 2
    assert "nowhere" in words


def test_aims_exclude_each_other(posed: Path, tmp_path: Path) -> None:
    assert told(posed, "--alpha", 1, "--leximin", "--out", tmp_path / "out")[0] == 2


def test_a_price_on_carbon_lowers_emissions(posed: Path, tmp_path: Path) -> None:
    factor = pl.read_csv(posed / "capacity.csv").select("partition", "period", "tco2e_per_node_hour")
    (posed / "limits.csv").unlink()
    emitted = []
    for price in (0, 2):
        assert told(posed, "--price-co2", price, "--out", tmp_path / "out")[0] == 0
        hours = pl.read_csv(tmp_path / "out" / "allocation.csv").join(factor, on=["partition", "period"], validate="m:1")
        emitted.append((hours["node_hours"] * hours["tco2e_per_node_hour"]).sum())
    assert emitted[1] < emitted[0] * 0.99


def test_a_frontier_has_a_proven_point_for_every_aim_and_budget_and_says_its_error(posed: Path, tmp_path: Path) -> None:
    result = run.invoke(app, ["frontier", str(posed), "--alpha", "1", "--alpha", "2", "--points", "4", "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    rows = pl.read_csv(tmp_path / "out" / "frontier.csv")
    curves = json.loads((tmp_path / "out" / "frontier.json").read_text())["curves"]
    assert {f"{alpha:g}": count for alpha, count in rows.group_by("alpha").len().rows()} == {
        alpha: curve["points"] for alpha, curve in curves.items()
    }
    assert ((rows["bound_ede"] / rows["objective_ede"] - 1) <= 1e-6).all()
    assert all(0 <= curve["error"] < 0.1 for curve in curves.values())


def test_a_frontier_of_limits_that_clash_is_refused_with_status_3(posed: Path, tmp_path: Path) -> None:
    floor = {"name": "floor", "sense": "min", "quantity": "node_hours", "value": 1.0, "unit": "share"}
    limits_of([floor, floor | {"name": "cap", "sense": "max", "value": 0.1}]).write_csv(posed / "limits.csv")
    result = run.invoke(app, ["frontier", str(posed), "--alpha", "1", "--out", str(tmp_path / "out")])
    assert result.exit_code == 3
    assert (tmp_path / "out" / "clash.json").exists()
