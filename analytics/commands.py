"""The commands of `python -m analytics`: they read a problem from files, solve it, and write what comes back."""

import io
import json
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import typer

from analytics.allocation import explain, rounding, tables
from analytics.allocation.objectives import Aim, Objective
from analytics.allocation.problem import Problem
from analytics.allocation.solution import Refusal, Solution
from analytics.allocation.solve import solve as best_split
from data.errors import EquinodeError, InputError
from data.terms import UserCategory

ENDINGS: dict[str, Callable[[io.BytesIO], pl.DataFrame]] = {
    ".csv": lambda content: pl.read_csv(content, infer_schema=False),
    ".parquet": lambda content: pl.read_parquet(content),
}
OUTPUTS = ("allocation.csv", "satisfaction.csv", "prices.csv", "reasons.csv", "solution.json", "clash.json")
VERSIONS = ("numpy", "scipy", "polars")


def solve(
    problem: Annotated[
        Path, typer.Argument(help="Folder or ZIP with the tables projects, options, partitions, capacity, limits (CSV or Parquet).")
    ],
    out: Annotated[Path, typer.Option(help="Folder that receives the answer; it is made if missing.")],
    alpha: Annotated[
        float | None, typer.Option(help="0 most useful hours, 1 proportional fairness (the default), more: ever more for the worst-off.")
    ] = None,
    max_min: Annotated[bool, typer.Option("--max-min", help="Make the least satisfaction as large as can be.")] = False,
    leximin: Annotated[bool, typer.Option("--leximin", help="Max-min again and again: the worst-off first, then the next.")] = False,
    price_co2: Annotated[float, typer.Option(help="EUR that a tonne of CO2e counts against a split.")] = 0.0,
    integer: Annotated[bool, typer.Option("--integer", help="Round to whole quanta of node-hours within every limit.")] = False,
) -> None:
    """Find the best split of machine time, with prices and proof.

    Writes allocation.csv, satisfaction.csv, prices.csv, reasons.csv and solution.json to the folder OUT. Exit status: 0 best split
    found, 3 limits clash (see clash.json), 2 wrong input, 4 no split could be proven best.
    """
    with told():
        objective = _objective(alpha, max_min=max_min, leximin=leximin, price_co2=price_co2)
        posed = read_problem(problem)
        started = time.perf_counter()
        answer = best_split(posed, objective)
        seconds = time.perf_counter() - started
        status = (
            write_refusal(answer, out, seconds) if isinstance(answer, Refusal) else _write_solution(answer, out, seconds, integer=integer)
        )
    raise typer.Exit(status)


def read_problem(path: Path) -> Problem:
    """The problem in a folder or ZIP of CSV or Parquet files.

    Raises:
        InputError: if a table is missing, double, unreadable or wrong.
    """
    files = dict(_files(path))
    found: dict[str, pl.DataFrame] = {}
    for table in tables.TABLES:
        names = [name for name in files if Path(name).stem == table]
        if len(names) > 1:
            raise InputError(f"{path} has {' and '.join(names)}; keep one file for table {table}.")
        if names:
            found[table] = _frame(names[0], files[names[0]])
        elif table != "limits":
            raise InputError(f"{path} has no {table}.csv or {table}.parquet; add it.")
    return Problem.of(**found)


@contextmanager
def told() -> Iterator[None]:
    """Errors that a person can act on become one sentence on stderr and their exit status."""
    try:
        yield
    except EquinodeError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(error.exit_status) from None
    except OSError as error:
        typer.echo(f"Error: {error.filename or ''}: {error.strerror or error}. Name a place that can be read or written.", err=True)
        raise typer.Exit(InputError.exit_status) from None


def _objective(alpha: float | None, *, max_min: bool, leximin: bool, price_co2: float) -> Objective:
    if sum((alpha is not None, max_min, leximin)) > 1:
        raise InputError("--alpha, --max-min and --leximin exclude each other; name one.")
    aim = Aim.MAX_MIN if max_min else Aim.LEXIMIN if leximin else Aim.ALPHA
    return Objective(aim=aim, alpha=1.0 if alpha is None else alpha, price_co2_eur_per_t=price_co2)


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the tables in a folder or ZIP."""
    if path.is_dir():
        for file in sorted(path.iterdir()):
            if file.suffix in ENDINGS and file.is_file():
                yield file.name, file.read_bytes()
    elif path.is_file() and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                if Path(name).suffix in ENDINGS and not name.startswith("__MACOSX"):
                    yield name, archive.read(name)
    else:
        raise InputError(f"{path} is neither a folder nor a ZIP file; name one with the tables {', '.join(tables.TABLES)}.")


def _frame(name: str, content: bytes) -> pl.DataFrame:
    try:
        return ENDINGS[Path(name).suffix](io.BytesIO(content))
    except pl.exceptions.NoDataError:
        raise InputError(f"{name} is empty; its first line must name the columns.") from None
    except (pl.exceptions.PolarsError, UnicodeDecodeError, OSError) as error:
        raise InputError(f"{name} cannot be read as {Path(name).suffix[1:]}: {str(error).splitlines()[0]}. Save it again.") from None


def _write_solution(solution: Solution, out: Path, seconds: float, *, integer: bool) -> int:
    _clear(out)
    proof = solution.certificate
    result: dict[str, Any] = {
        "outcome": solution.outcome.value,
        "aim": solution.objective.aim.value,
        "alpha": solution.objective.alpha if solution.objective.aim is Aim.ALPHA else None,
        "objective_ede": proof.objective_ede,
        "bound_ede": proof.bound_ede,
        "gap": proof.gap,
        "largest_violation": proof.largest_violation,
        "stationarity_p99": proof.stationarity_p99,
        "stationarity_max": proof.stationarity_max,
        "unused": proof.unused,
        "seconds": seconds,
        "versions": versions(),
    }
    allocation, satisfaction = solution.allocation, solution.satisfaction
    if integer:
        whole = rounding.rounded(solution)
        result["rounded"] = _told_of(whole)
        allocation = whole.allocation
        satisfaction = whole.satisfaction.select("project", "satisfaction").join(
            satisfaction.select("project", "limited_by"), on="project", validate="1:1", maintain_order="left"
        )
    allocation.write_csv(out / "allocation.csv")
    satisfaction.write_csv(out / "satisfaction.csv")
    solution.prices.write_csv(out / "prices.csv")
    reasons = explain.account(solution, allocation, satisfaction)
    reasons.write_csv(out / "reasons.csv")
    result["explained"] = _explained(solution, reasons)
    (out / "solution.json").write_text(json.dumps(result, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    return solution.outcome.exit_status


def _explained(solution: Solution, reasons: pl.DataFrame) -> dict[str, Any]:
    """What the split is best at, what binds, and whether anybody has cause to complain; null where that was not looked at."""
    few = reasons.height <= explain.MANY
    jealous, more = explain.envy(solution), explain.exaggeration(solution) if few else None
    return {
        "headline": explain.headline(solution),
        "limits": explain.binding(solution),
        "below_equal_share": reasons.filter(pl.col("satisfaction") < pl.col("equal_share") * (1 - explain.SHORT)).height,
        "envious": None if jealous is None else jealous.height,
        "asking_more": None if more is None else asdict(more),
    }


def _told_of(whole: rounding.Rounded) -> dict[str, Any]:
    """What rounding did, for the record."""
    return {
        "quantum": whole.quantum,
        "rounded_to_zero": list(whole.rounded_to_zero),
        "guarantees_missed": whole.short_of_least.to_dicts(),
        "floors_missed": whole.broken.to_dicts(),
    }


def _clear(out: Path) -> None:
    """Make the folder, without what an earlier run left there."""
    out.mkdir(parents=True, exist_ok=True)
    for name in OUTPUTS:
        (out / name).unlink(missing_ok=True)


def write_refusal(refusal: Refusal, out: Path, seconds: float) -> int:
    """The exit status of a refusal, once its files are written."""
    _clear(out)
    told = {
        "outcome": refusal.outcome.value,
        "reason": refusal.reason,
        "mend": refusal.mend,
        "clash": refusal.clash.to_dicts(),
        "relaxation": refusal.relaxation.to_dicts(),
    }
    (out / "clash.json").write_text(json.dumps(told, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    result = {"outcome": refusal.outcome.value, "seconds": seconds, "versions": versions()}
    (out / "solution.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    typer.echo(f"{refusal.reason} {refusal.mend}", err=True)
    return refusal.outcome.exit_status


def versions() -> dict[str, str]:
    """What an answer was computed with."""
    return {"python": sys.version.split()[0]} | {name: version(name) for name in VERSIONS}


def shares_of_categories(stated: list[str] | None) -> Mapping[UserCategory, float]:
    """Shares as they are typed, such as sme=0.05, by user category.

    Raises:
        InputError: if one names no category or no number.
    """
    found = {}
    for text in stated or ():
        name, _, share = text.partition("=")
        try:
            found[UserCategory(name.strip())] = float(share)
        except ValueError as error:
            known = ", ".join(UserCategory)
            raise InputError(f"{text!r} is not a share of a category; write one of {known}, then = and a number such as 0.05.") from error
    return found
