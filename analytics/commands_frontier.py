"""The command of `python -m analytics` that traces what a carbon budget costs in fairness, from a problem's files to a table."""

import json
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from analytics.allocation.frontier import CURVE, traced
from analytics.allocation.objectives import Objective
from analytics.allocation.solution import Refusal
from analytics.allocation.solve import solve as best_split
from analytics.commands import read_problem, told, versions, write_refusal

USUAL = (0.5, 1.0, 2.0, 4.0)
"""The aims of a frontier where none is named."""


def frontier(
    problem: Annotated[Path, typer.Argument(help="Folder or ZIP with the tables of a problem, as for solve.")],
    out: Annotated[Path, typer.Option(help="Folder that receives the answer; it is made if missing.")],
    alpha: Annotated[list[float] | None, typer.Option(help="An aim, as for solve; may be repeated. 0.5, 1, 2 and 4 if not given.")] = None,
    least_part: Annotated[float, typer.Option(help="The smallest budget, as a part of what is emitted without one.")] = 0.5,
    points: Annotated[int, typer.Option(help="Most splits for each aim.")] = 25,
    error: Annotated[
        float, typer.Option(help="Error of the curve between its points, in parts of it, from which no more are needed.")
    ] = 1e-3,
) -> None:
    """Find the best split for every aim and carbon budget, each with its proof, and how far the curve may lie above its points.

    Writes frontier.csv (one row an aim and budget) and frontier.json to the folder OUT. Exit status: 0 found, 3 the problem's own
    limits clash (see clash.json), 2 wrong input, such as a smallest budget that clashes with them.
    """
    with told():
        posed, curves = read_problem(problem), {}
        for steepness in alpha or USUAL:
            free = best_split(posed, Objective(alpha=steepness))
            if isinstance(free, Refusal):
                raise typer.Exit(write_refusal(free, out, seconds=0.0))
            curves[steepness] = traced(posed, Objective(alpha=steepness), least_part=least_part, points=points, error=error)
        out.mkdir(parents=True, exist_ok=True)
        rows = [curve.points.select(pl.lit(steepness).alias("alpha"), *CURVE) for steepness, curve in curves.items()]
        pl.concat(rows).write_csv(out / "frontier.csv")
        proof = {f"{steepness:g}": {"error": curve.error, "points": curve.points.height} for steepness, curve in curves.items()}
        text = json.dumps({"curves": proof, "versions": versions()}, indent=2, allow_nan=False)
        (out / "frontier.json").write_text(text + "\n", encoding="utf-8")
