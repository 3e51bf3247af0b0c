"""Why a split is as it is, in sentences: what binds at what price, why each got what it got, who envies, whether asking for more pays."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from analytics.allocation.objectives import Aim, Objective
from analytics.allocation.problem import Problem
from analytics.allocation.program import Program, Vector, program
from analytics.allocation.solution import Refusal, Solution
from analytics.allocation.solve import solve

BINDING = 1e-6
"""The relative slack below which a limit counts as met to the full."""
SHORT = 0.005
"""The part of its request from which a project counts as not getting all it asks for."""
PLACES = 3
"""How many partitions a project's sentence names."""
MOST_SENTENCES = 6
MANY = 4_000
"""The number of projects above which envy between all pairs is not looked for."""

ACCOUNT = {
    "project": pl.String,
    "node_hours": pl.Float64,
    "satisfaction": pl.Float64,  # null where nothing is asked for
    "equal_share": pl.Float64,  # its satisfaction if every partition were cut by weight
    "reason": pl.String,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exaggeration:
    """What one project would gain by asking for more than it does."""

    project: str
    """For which it was tried."""
    measured_against: str
    """Its request or its entitlement."""
    part: float
    """By which part of its request it would ask for more."""
    gain_share: float | None
    """By which part its useful hours would grow; None where there would be no split."""


def headline(solution: Solution) -> str:
    """One sentence that says what the split is best at, how good it is and how sure that is."""
    proof, objective = solution.certificate, solution.objective
    aim = {
        Aim.MAX_MIN: "makes the least satisfaction as large as can be",
        Aim.LEXIMIN: "helps the worst-off first, then the next, and so on",
        Aim.ALPHA: _words_of_alpha(objective.alpha),
    }[objective.aim]
    figure = (
        "the least satisfaction is" if objective.aim is not Aim.ALPHA else "it is worth as much as if every project had a satisfaction of"
    )
    return f"This split {aim}: {figure} {proof.objective_ede:.3f}, and no split within the limits can pass {proof.bound_ede:.3f}."


def binding(solution: Solution) -> list[str]:
    """A sentence for each limit that binds, dearest first, with what one unit more of it would be worth in node-hours."""
    hour, where = _dearest_hour(solution)
    rows = solution.prices.filter(~pl.col("name").str.starts_with("capacity:") & (pl.col("price") > 0)).join(
        solution.problem.limits.select("name", "sense", "value"), on="name", validate="1:1"
    )
    rows = rows.filter(pl.col("price") > BINDING * pl.col("price").max()).sort("price", "name", descending=[True, False])
    found = []
    for row in rows.head(MOST_SENTENCES).iter_rows(named=True):
        unit = row["unit"].split(" per ")[1]
        verb = "more" if row["sense"] == "max" else "less"
        worth = f" One {unit} {verb} would be worth as much as {row['price'] / hour:,.3g} node-hours on {where}." if hour > 0 else ""
        found.append(f"Limit {row['name']} binds.{worth}")
    idle = solution.problem.limits.height - rows.height
    if idle:
        found.append(f"{idle} limit{'s do' if idle > 1 else ' does'} not bind.")
    return found


def account(solution: Solution, allocation: pl.DataFrame, satisfaction: pl.DataFrame) -> pl.DataFrame:
    """One row a project: what it got, what an equal share would give it, and a sentence that says what keeps it from more, frame ACCOUNT.

    Args:
        solution: The split.
        allocation: Its grants, or those it was rounded to.
        satisfaction: The satisfactions of these grants.
    """
    given = (
        allocation.group_by("project", "partition")
        .agg(pl.sum("node_hours"))
        .sort("project", "node_hours", "partition", descending=[False, True, False])
    )
    place = pl.col("node_hours").map_elements(lambda hours: f"{hours:,.0f}", return_dtype=pl.String) + " on " + pl.col("partition")
    by_project = given.group_by("project").agg(
        pl.sum("node_hours"), places=place.head(PLACES).str.join(", "), more=pl.len().cast(pl.Int64) - PLACES
    )
    exact = solution.satisfaction.select("project", "limited_by", exact="satisfaction")
    rows = (
        satisfaction.select("project", "satisfaction")
        .join(exact, on="project", how="left", validate="1:1")
        .join(equal_shares(solution).select("project", "equal_share"), on="project", how="left", validate="1:1")
        .join(by_project, on="project", how="left", validate="1:1")
        .with_columns(pl.col("node_hours").fill_null(0.0))
        .sort("project")
    )
    return rows.with_columns(reason=pl.Series([_reason(row) for row in rows.iter_rows(named=True)], dtype=pl.String)).select(list(ACCOUNT))


def equal_shares(solution: Solution) -> pl.DataFrame:
    """project, satisfaction, equal_share: beside what each would have if every partition were cut, by weight, among those open to it.

    Every partition and month is cut among the projects that ask for something and may run there; what a project cannot use of its
    pieces is lost. A split that gives nobody less offers what Ghodsi et al. (2011) call a sharing incentive; where every project may
    run everywhere and only capacity limits, proportional fairness does so.
    """
    full = program(solution.problem, Objective())
    asking = np.where((full.usefulness > 0) & (full.most > 0), full.weight, 0.0)
    among = full.used_by_class(asking).T @ full.open
    per_weight = np.divide(full.capacity, among, out=np.zeros_like(full.capacity), where=among > 0)
    hours = asking * full.by_class((per_weight @ full.open.T).T)
    useful = (hours * full.usefulness).sum(axis=0)
    equal = np.minimum(np.divide(useful, full.entitlement, out=np.zeros_like(useful), where=full.entitlement > 0), full.most)
    shares = pl.DataFrame({"project": full.projects, "equal_share": equal})
    return solution.satisfaction.select("project", "satisfaction").join(shares, on="project", validate="1:1", maintain_order="left")


def exaggeration(solution: Solution, part: float = 0.2) -> Exaggeration | None:
    """What asking for so much more would bring one project if the others asked for what they do, found by solving once more.

    The project is the middle one, by request, of those that get some but not all they ask for, unknown where there is none.
    Where satisfaction is measured against the request itself, hours grow like request^(1 − 1/α) among many;
    against an entitlement that does not follow the request it brings nothing.
    """
    asked = solution.problem.projects.select("project", "hours_asked", "entitlement", "most_satisfaction")
    short = (
        solution.satisfaction.join(asked, on="project", how="left", validate="1:1")
        .filter(pl.col("satisfaction") > 0, pl.col("satisfaction") < pl.col("most_satisfaction") * (1 - SHORT))
        .sort("hours_asked", "project")
    )
    if short.is_empty():
        return None
    one = short.row(short.height // 2, named=True)
    by_request = abs(one["entitlement"] - one["hours_asked"]) <= BINDING * one["hours_asked"]
    return Exaggeration(
        project=one["project"],
        measured_against="request" if by_request else "entitlement",
        part=part,
        gain_share=gain(solution, _asking_more(solution.problem, one["project"], part, by_request=by_request), one["project"]),
    )


def gain(solution: Solution, other: Problem, project: str) -> float | None:
    """By which part the useful hours of a project grow from a split to the best one of another problem; None where that has no split."""
    again = solve(other, solution.objective, warm=solution)
    if isinstance(again, Refusal):
        return None
    before, after = (_useful_hours(found, project) for found in (solution, again))
    return after / before - 1


def envy(solution: Solution) -> pl.DataFrame | None:
    """project, envied, satisfaction, with_their_hours: who would be better off with another's hours, scaled by their weights.

    With equal weights and entitlements, no limits beyond capacity and α = 1 nobody envies anybody (competitive equilibrium from
    equal incomes). None where there are too many projects to compare all pairs.
    """
    full = program(solution.problem, Objective())
    count = len(full.projects)
    if count > MANY:
        return None
    hours = _dense(full, solution.allocation)
    within = [hours[:, :, months].sum(axis=2) / full.weight for months in full.open]
    found = []
    own = dict(solution.satisfaction.with_columns(pl.col("satisfaction").fill_null(0.0)).select("project", "satisfaction").iter_rows())
    for project in range(count):
        if full.most[project] <= 0:
            continue
        useful = full.usefulness[:, project] @ within[full.class_of[project]] * full.weight[project] / full.entitlement[project]
        theirs = np.minimum(useful, full.most[project])
        best, mine = int(theirs.argmax()), float(own[full.projects[project]])
        if theirs[best] > mine * (1 + 1e-6) + 1e-9:
            found.append((full.projects[project], full.projects[best], mine, float(theirs[best])))
    schema = {"project": pl.String, "envied": pl.String, "satisfaction": pl.Float64, "with_their_hours": pl.Float64}
    return pl.DataFrame(found, schema=schema, orient="row").sort("project")


def _dense(full: Program, allocation: pl.DataFrame) -> Vector:
    """(partition, project, period): node-hours."""
    dense = np.zeros((len(full.partitions), len(full.projects), len(full.periods)))
    place = {name: row for row, name in enumerate(full.projects)}
    partition = {name: row for row, name in enumerate(full.partitions)}
    period = {name: row for row, name in enumerate(full.periods)}
    for row in allocation.iter_rows():
        dense[partition[row[1]], place[row[0]], period[row[2]]] = row[3]
    return dense


def _asking_more(problem: Problem, project: str, part: float, *, by_request: bool) -> Problem:
    """The problem in which one project asks for more; what is due to it follows where that is its request."""
    here, more = pl.col("project") == project, 1 + part
    as_asked = pl.col("most_satisfaction") >= pl.col("hours_asked") / pl.col("entitlement") * (1 - BINDING)
    most = pl.col("most_satisfaction") * (1.0 if by_request else more)
    return replace(
        problem,
        projects=problem.projects.with_columns(
            hours_asked=pl.when(here).then(pl.col("hours_asked") * more).otherwise("hours_asked"),
            entitlement=pl.when(here).then(pl.col("entitlement") * (more if by_request else 1.0)).otherwise("entitlement"),
            most_satisfaction=pl.when(here & as_asked).then(most).otherwise("most_satisfaction"),
        ),
    )


def _useful_hours(solution: Solution, project: str) -> float:
    mine = solution.allocation.filter(pl.col("project") == project)
    worth = mine.join(solution.problem.options, on=["project", "partition"], how="left", validate="m:1")
    return float((worth["node_hours"] * worth["usefulness"]).sum())


def _reason(row: Mapping[str, Any]) -> str:
    """The sentence of one project."""
    name, satisfaction, held = row["project"], row["satisfaction"], str(row["limited_by"])
    if satisfaction is None:
        return f"{name} asks for nothing and gets nothing."
    if not row["node_hours"]:
        return f"{name} gets nothing: {'less than a quantum is due to it' if row['exact'] > 0 else held}."
    places = row["places"] + (f" and {row['more']} more" if row["more"] > 0 else "")
    if held != "own request":
        why = f"It is held back by {held.replace('; ', ', then ')}."
    elif satisfaction < row["exact"] * (1 - BINDING):
        why = "That is all it asks for but for the rounding."
    else:
        why = "That is all it asks for."
    return f"{name} gets {row['node_hours']:,.0f} node-hours ({places}), a satisfaction of {satisfaction:.2f}. {why}"


def _dearest_hour(solution: Solution) -> tuple[float, str]:
    """The price of a node-hour where it is dearest (mean over the months), and the partition."""
    rows = (
        solution.prices.filter(pl.col("name").str.starts_with("capacity:"))
        .with_columns(partition=pl.col("name").str.strip_prefix("capacity:").str.replace(r":[^:]*$", ""))
        .group_by("partition")
        .agg(pl.mean("price"))
        .sort("price", "partition", descending=[True, False])
    )
    return float(rows["price"][0]), str(rows["partition"][0])


def _words_of_alpha(alpha: float) -> str:
    if alpha == 0:
        return "brings the most useful hours, whoever gets them"
    if alpha == 1:
        return "is proportionally fair (α = 1)"
    return f"is α-fair with α = {alpha:g}, {'closer to most useful hours' if alpha < 1 else 'with more care for the worst-off'}"
