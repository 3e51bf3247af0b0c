"""Who wins and who loses by a split, against what was received or against equal shares, and whether anybody has cause to complain."""

from dataclasses import replace
from enum import StrEnum

import polars as pl

from analytics.allocation import explain
from analytics.allocation.problem import Problem
from analytics.charts import numbers
from analytics.charts.theme import category_name
from analytics.recommendation import Recommendation
from analytics.split_problem import JOIN, Due, SplitFacts, split_problem
from data.schema import Schema
from data.terms import HourUnit

SAME = 0.005
"""The relative change below which a project keeps what it had."""

CHANGES: Schema = {
    "project": pl.String,
    "system": pl.String,
    "account": pl.String,
    "category": pl.String,
    "node_hours_before": pl.Float64,
    "node_hours_after": pl.Float64,
    "change": pl.Float64,
    "outcome": pl.String,  # gains | loses | same
}
"""One row a project."""


class Against(StrEnum):
    """What a split is held against."""

    RECEIVED = "received"
    """What each project received in the period."""
    EQUAL_SHARES = "equal_shares"
    """What each project could use if every partition were cut, by weight, among the projects that may run on it."""


def changes(found: Recommendation, against: Against = Against.RECEIVED) -> pl.DataFrame:
    """What each project has before and after, frame CHANGES, the largest change first."""
    before = found.by_project.select("project", before="node_hours_received") if against is Against.RECEIVED else equal_shares(found)
    rows = found.by_project.join(before, on="project", how="left", validate="1:1")
    return changes_between(rows.select("project", "system", "account", "category", "before", after="node_hours_recommended"))


def changes_between(rows: pl.DataFrame) -> pl.DataFrame:
    """Frame CHANGES of rows with project, system, account, category, before and after; what is missing on a side is 0 hours there."""
    before, after = pl.col("before").fill_null(0.0), pl.col("after").fill_null(0.0)
    change, size = after - before, pl.max_horizontal(before, after)
    outcome = (
        pl.when(change > SAME * size).then(pl.lit("gains")).when(change < -SAME * size).then(pl.lit("loses")).otherwise(pl.lit("same"))
    )
    return (
        rows.select(
            "project", "system", "account", "category", node_hours_before=before, node_hours_after=after, change=change, outcome=outcome
        )
        .sort(pl.col("change").abs(), "project", descending=[True, False])
        .select(list(CHANGES))
    )


def equal_shares(found: Recommendation) -> pl.DataFrame:
    """project, before: the node-hours each project could use if every partition were cut, by weight, among those that may run on it.

    What a project cannot use of its piece is lost, as with shares that nobody may lend. It is the test of a sharing incentive (Ghodsi et
    al. 2011): whoever has less than this would rather not share.
    """
    due = found.solution.problem.projects.select("project", "entitlement")
    shares = explain.equal_shares(found.solution).join(due, on="project", how="left", validate="1:1")
    return shares.select("project", before=pl.col("equal_share") * pl.col("entitlement"))


def by_category(rows: pl.DataFrame) -> pl.DataFrame:
    """category, projects, gain, lose, node_hours_before, node_hours_after, change."""
    counted = {name: (pl.col("outcome") == outcome).sum().cast(pl.Int64) for name, outcome in (("gain", "gains"), ("lose", "loses"))}
    sums = pl.col("node_hours_before", "node_hours_after", "change").sum()
    return (
        rows.group_by("category")
        .agg(pl.len().cast(pl.Int64).alias("projects"), **counted)
        .join(rows.group_by("category").agg(sums), on="category", how="left", validate="1:1")
        .sort("change", "category", descending=[True, False])
    )


def counts_in_words(rows: pl.DataFrame, what: str) -> str:
    """How many projects gain and lose how much against something, and which categories most.

    >>> rows = pl.DataFrame({"project": ["a@x", "b@x"], "system": "x", "account": ["a", "b"], "category": ["sme", "research"],
    ...     "before": [100.0, 300.0], "after": [200.0, 250.0]})
    >>> counts_in_words(changes_between(rows), "what was received").replace(numbers.THIN_SPACE, " ")
    'Against what was received 1 project gains 100 node-hours, 1 loses 50, and 0 keep what they had.'
    """
    of = {outcome: rows.filter(pl.col("outcome") == outcome) for outcome in ("gains", "loses", "same")}
    gained, lost = float(of["gains"]["change"].sum()), -float(of["loses"]["change"].sum())
    winners, losers, same = (part.height for part in of.values())
    return (
        f"Against {what} {winners:,} {'project gains' if winners == 1 else 'projects gain'} "
        f"{numbers.machine_time(gained, HourUnit.NODE_HOURS)}, {losers:,} {'loses' if losers == 1 else 'lose'} "
        f"{numbers.amount(lost, '')}, and {same:,} {'keeps what it had' if same == 1 else 'keep what they had'}."
    )


def sharing_in_words(found: Recommendation) -> str:
    """Whether anybody would be better off with an equal share of every machine: the test of sharing incentive."""
    rows = changes(found, Against.EQUAL_SHARES)
    worse = rows.filter(pl.col("outcome") == "loses")
    if worse.is_empty():
        return "Nobody would be better off with an equal share of its machine: everybody has cause to take part (a sharing incentive)."
    least = float((worse["node_hours_after"] / worse["node_hours_before"]).min())  # type: ignore[arg-type]
    by = worse.group_by("category").len().sort("len", "category", descending=[True, False])
    return (
        f"{worse.height:,} of {rows.height:,} projects would have more with an equal share of their machine (the worst of them keeps "
        f"{numbers.percent(least)} of it), most often {category_name(by['category'][0])}."
    )


def envy_in_words(found: Recommendation) -> str:
    """Whether anybody would rather have the hours of another, by weight."""
    rows = explain.envy(found.solution)
    if rows is None:
        return f"Whether anybody would rather have another's hours was not looked at: there are more than {explain.MANY:,} projects."
    if rows.is_empty():
        return "Nobody would rather have the hours of another project, weighted as the choices say: the split is free of envy."
    return (
        f"{rows.height:,} of {found.by_project.height:,} projects would be better served with the hours of another project (envy), which "
        "limits, unlike dues and an aim other than proportional bring about."
    )


def exaggeration_in_words(facts: SplitFacts, found: Recommendation, *, part: float = 0.2) -> str:
    """What a project would gain by asking for so much more than it does, found by solving the split once more for it.

    The project is the middle one, by size, of those that do not get all they ask for; the others ask for what they do.
    """
    given = pl.col("node_hours_recommended")
    short = found.by_project.filter(given > 0, given < (1 - SAME) * pl.col("node_hours_demanded")).sort("node_hours_demanded", "project")
    if short.is_empty():
        return "Every project gets what it asks for, so asking for more would only bring hours that are not needed."
    one = short.row(short.height // 2, named=True)
    gain = explain.gain(found.solution, _with_more_asked(facts, found, one["project"], part), one["project"])
    against = "its own request" if found.choices.due is Due.REQUEST else "the usual request of its access mode"
    if gain is None:
        return f"If {one['account'] or 'the jobs without account'} asked for {numbers.percent(part)} more, there would be no split."
    brings = f"{numbers.percent(gain)} more hours" if gain > SAME else "nothing"
    return (
        f"Satisfaction is measured against {against}: asking for {numbers.percent(part)} more than it does would bring a project "
        f"{brings} (tried for {one['account'] or 'the jobs without account'}, the middle one of the {short.height:,} projects that do not "
        "get all they ask for)."
    )


def _with_more_asked(facts: SplitFacts, found: Recommendation, project: str, part: float) -> Problem:
    """The problem in which one project asks for more; dues follow where they are made of requests."""
    name = pl.col("account").fill_null("no account") + JOIN + pl.col("system")
    asked = pl.col("node_hours_demanded")
    demand = facts.demand.with_columns(node_hours_demanded=pl.when(name == project).then(asked * (1 + part)).otherwise(asked))
    return split_problem(replace(facts, demand=demand), found.choices)
