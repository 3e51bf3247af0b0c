"""What was asked for and not received, how unequal that is, and who would gain most from a little more machine time."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analytics.demand import DEMAND
from analytics.fairness import tells_more_than_use
from analytics.usage import ratio
from data.errors import InputError
from data.schema import Schema, check

MORE_SHARE = 0.01
"""How much more machine time the question asks about: one percent of what was used."""

MOST_POINTS = 200
"""A Lorenz curve is drawn through at most so many points."""

GAINS: Schema = {
    "category": pl.String,
    "projects": pl.Int64,
    "node_hours": pl.Float64,
    "node_hours_demanded": pl.Float64,
    "node_hours_unmet": pl.Float64,
    "served": pl.Float64,
    "node_hours_more": pl.Float64,
    "served_after": pl.Float64,
    "gain": pl.Float64,
    "projects_unknown": pl.Int64,
}

LORENZ: Schema = {"category": pl.String, "projects_share": pl.Float64, "received_share": pl.Float64}


def unmet_demand(demand: pl.DataFrame) -> pl.DataFrame:
    """What each category asked for and did not receive, and how much better served it would be by one percent more machine time.

    Unmet = Σ over projects of what each asked for beyond what it used; a project that used more than was due to it leaves no more for
    others and counts as fully served. Served = 1 − unmet / asked for. One percent more = 1 % of the node-hours used by all, given to one
    category alone, at most its unmet demand; gain = served then − served now. Projects whose hours used or asked for are not known are
    left out and counted as `projects_unknown`. Demand is what was awarded, else what the queue showed: who never applied is in no log.
    Where no award is known and no job waits, unmet demand is unknown and not none.

    Takes frame DEMAND; gives frame GAINS.
    """
    check(demand, DEMAND)
    known = pl.col("node_hours").is_not_null() & pl.col("node_hours_demanded").is_not_null()
    unmet = (pl.col("node_hours_demanded") - pl.col("node_hours")).clip(0)
    summed = demand.group_by("category").agg(
        projects=known.sum().cast(pl.Int64),
        node_hours=pl.col("node_hours").filter(known).sum(),
        node_hours_demanded=pl.col("node_hours_demanded").filter(known).sum(),
        node_hours_unmet=unmet.filter(known).sum(),
        projects_unknown=(~known).sum().cast(pl.Int64),
    )
    told = not demand.filter(known, tells_more_than_use()).is_empty()
    more = pl.min_horizontal(MORE_SHARE * pl.col("node_hours").sum(), "node_hours_unmet")
    asked = pl.col("node_hours_demanded")
    return (
        summed.with_columns(pl.when(pl.lit(told)).then("node_hours_unmet").alias("node_hours_unmet"))
        .with_columns(served=1 - ratio(pl.col("node_hours_unmet"), asked), node_hours_more=more)
        .with_columns(served_after=1 - ratio(pl.col("node_hours_unmet") - pl.col("node_hours_more"), asked))
        .with_columns(gain=pl.col("served_after") - pl.col("served"))
        .select(GAINS.keys())
        .sort("category")
    )


def lorenz_curve(values: NDArray[np.float64]) -> pl.DataFrame:
    """The Lorenz curve: which share of the whole the least served projects have together, from none of them to all.

    The projects in ascending order; at the share p of the projects, L(p) = what these have / what all have. Where all have the same it is
    the diagonal; the Gini coefficient is twice the area between the two. Through at most 200 points, evenly spread over the projects.
    Empty where nobody has anything. Source: Lorenz, Methods of Measuring the Concentration of Wealth, 1905.

    Gives projects_share and received_share.

    >>> lorenz_curve(np.array([1.0, 3.0])).rows()
    [(0.0, 0.0), (0.5, 0.25), (1.0, 1.0)]
    """
    sorted_values = np.sort(np.asarray(values, dtype=float))
    if not np.all(np.isfinite(sorted_values) & (sorted_values >= 0)):
        raise InputError("a Lorenz curve needs numbers of 0 or more; leave out the projects of which they are not known.")
    if not sorted_values.any():
        return pl.DataFrame(schema={name: LORENZ[name] for name in ("projects_share", "received_share")})
    n = len(sorted_values)
    places = np.unique(np.round(np.linspace(0, n, min(n, MOST_POINTS - 1) + 1)).astype(int))
    reached = np.concatenate([[0.0], np.cumsum(sorted_values / sorted_values.max())])
    return pl.DataFrame({"projects_share": places / n, "received_share": reached[places] / reached[-1]})


def lorenz_by(projects: pl.DataFrame, value: str) -> pl.DataFrame:
    """The Lorenz curves of all projects (category null) and of each category by itself, of a column of values; frame LORENZ."""
    check(projects, {"category": pl.String, value: pl.Float64})
    known = projects.drop_nulls(value)
    curves = [lorenz_curve(known[value].to_numpy()).with_columns(category=pl.lit(None, pl.String))]
    for (category,), part in known.group_by("category", maintain_order=True):
        curves.append(lorenz_curve(part[value].to_numpy()).with_columns(category=pl.lit(category, pl.String)))
    return pl.concat(curves).select(LORENZ.keys()).sort("category", "projects_share")
