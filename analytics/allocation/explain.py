"""Why a split is as it is, in sentences: what binds and its price, what each project got and why, who wins, loses or envies."""

import numpy as np
import polars as pl

from analytics.allocation.objectives import Aim, Objective
from analytics.allocation.program import Program, Vector, program
from analytics.allocation.solution import Solution

BINDING = 1e-6
"""The relative slack below which a limit counts as met to the full."""
MOST_SENTENCES = 6
MANY = 4_000
"""The number of projects above which envy between all pairs is not looked for."""


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


def reason(solution: Solution, project: str) -> str:
    """A sentence that says what one project got and what keeps it from more."""
    row = solution.satisfaction.filter(pl.col("project") == project)
    if row.is_empty():
        return f"{project} is not a project of this split."
    hours = solution.allocation.filter(pl.col("project") == project)
    satisfaction, limited_by = row["satisfaction"].item(), row["limited_by"].item()
    if satisfaction is None:
        return f"{project} asks for nothing and gets nothing."
    if hours.is_empty():
        return f"{project} gets nothing: {limited_by}."
    by_partition = hours.group_by("partition").agg(pl.sum("node_hours")).sort("node_hours", "partition", descending=[True, False])
    places = ", ".join(f"{row['node_hours']:,.0f} on {row['partition']}" for row in by_partition.head(3).iter_rows(named=True))
    held = "That is all it asks for." if limited_by == "own request" else f"It is held back by {limited_by.replace('; ', ', then ')}."
    return f"{project} gets {hours['node_hours'].sum():,.0f} node-hours ({places}), a satisfaction of {satisfaction:.2f}. {held}"


def compared(solution: Solution, today: pl.DataFrame) -> pl.DataFrame:
    """project, today, node_hours, change: node-hours of the split beside today's (columns project, node_hours); null where not known."""
    granted = solution.allocation.group_by("project").agg(pl.sum("node_hours"))
    return (
        solution.problem.projects.select("project")
        .join(granted, on="project", how="left", validate="1:1")
        .with_columns(pl.col("node_hours").fill_null(0.0))
        .join(today.select("project", today="node_hours"), on="project", how="left", validate="1:1")
        .with_columns(change=pl.col("node_hours") - pl.col("today"))
        .select("project", "today", "node_hours", "change")
        .sort("change", "project", nulls_last=True)
    )


def winners_and_losers(solution: Solution, today: pl.DataFrame) -> list[str]:
    """Sentences on who gains and who loses node-hours against today."""
    known = compared(solution, today).drop_nulls("change")
    size = 1e-6 * float(known["today"].sum() or 0.0)
    losers, winners = (
        known.filter(pl.col("change") < -size),
        known.filter(pl.col("change") > size).sort("change", "project", descending=[True, False]),
    )
    found = [
        f"{winners.height} projects gain {winners['change'].sum():,.0f} node-hours, {losers.height} lose {-losers['change'].sum():,.0f}."
    ]
    for words, rows in (("gains", winners), ("loses", losers)):
        found += [f"{row['project']} {words} {abs(row['change']):,.0f} node-hours." for row in rows.head(3).iter_rows(named=True)]
    return found


def against_equal_shares(solution: Solution) -> pl.DataFrame:
    """project, satisfaction, equal_share: beside what each would have if every machine were cut up in proportion to weight.

    Every partition and month is cut among all projects that ask for something; what a project cannot use of its piece is lost.
    A split that gives nobody less offers what Ghodsi et al. (2011) call a sharing incentive; without limits beyond capacity
    proportional fairness does so wherever requests are not the bottleneck.
    """
    full = program(solution.problem, Objective())
    asking = np.where(full.most > 0, full.weight, 0.0)
    share = asking / max(float(asking.sum()), 1e-300)
    open_to = full.open[full.class_of]
    useful = share * ((full.capacity @ open_to.T) * full.usefulness).sum(axis=0)
    equal = np.minimum(np.divide(useful, full.entitlement, out=np.zeros_like(useful), where=full.entitlement > 0), full.most)
    shares = pl.DataFrame({"project": full.projects, "equal_share": equal})
    return solution.satisfaction.select("project", "satisfaction").join(shares, on="project", validate="1:1", maintain_order="left")


def exaggeration(solution: Solution, part: float = 0.2) -> pl.DataFrame:
    """project, measured_against, gain_share: what asking for so much more would bring each project, were all others honest.

    Where satisfaction is measured against the request itself, hours grow like request^(1 − 1/α) among many: at α = 2 a request
    larger by 20 % brings 9.5 % more hours, at max-min 20 %, at α = 1 none, and below it costs hours. Measured against an
    entitlement that does not follow the request it brings nothing; nor does it to a project that gets all it asks for.
    Null where nothing is asked for, and at α = 0, where hours follow usefulness alone and the formula has no limit.
    """
    objective = solution.objective
    growth = 1.0 if objective.aim is not Aim.ALPHA else (1 - 1 / objective.alpha if objective.alpha > 0 else None)
    gain = None if growth is None else (1 + part) ** growth - 1
    of_request = (pl.col("entitlement") - pl.col("hours_asked")).abs() <= BINDING * pl.col("hours_asked")
    asked = solution.problem.projects.select("project", "hours_asked", "entitlement")
    return (
        solution.satisfaction.join(asked, on="project", how="left", validate="1:1", maintain_order="left")
        .with_columns(measured_against=pl.when(of_request).then(pl.lit("request")).otherwise(pl.lit("entitlement")))
        .with_columns(
            gain_share=pl.when(pl.col("hours_asked") == 0)
            .then(None)
            .when((pl.col("measured_against") == "entitlement") | (pl.col("limited_by") == "own request"))
            .then(0.0)
            .otherwise(pl.lit(gain, dtype=pl.Float64))
        )
        .select("project", "measured_against", "gain_share")
    )


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
    found = []
    own = solution.satisfaction["satisfaction"].fill_null(0.0)
    of_name = dict(zip(solution.satisfaction["project"], own, strict=True))
    for project in range(count):
        if full.most[project] <= 0:
            continue
        within = hours[:, :, full.open[full.class_of[project]]].sum(axis=2)
        useful = full.usefulness[:, project] @ within * full.weight[project] / full.weight / full.entitlement[project]
        theirs = np.minimum(useful, full.most[project])
        best, mine = int(theirs.argmax()), float(of_name[full.projects[project]])
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
