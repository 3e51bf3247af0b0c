"""A split for demand that may come otherwise than logged: whether its floors hold in every scenario, and what holding them costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from analytics.allocation import robust, scenarios
from analytics.allocation.robust import RobustSplit
from analytics.allocation.solution import Refusal
from analytics.charts import numbers
from analytics.charts.theme import category_name, sentence_case
from analytics.recommendation import Recommendation
from analytics.recommendation_words import limit_in_words
from data.schema import Schema
from data.terms import HourUnit, PolicyLimit, UserCategory

AS_LOGGED = "Demand as logged"
TOLERANCE = 1e-8
"""The part of a floor by which the last digits of a sum may miss it."""
NOTHING = 5e-5
"""The part of satisfaction below which a difference is none."""

BY_SCENARIO: Schema = {
    "scenario": pl.String,
    "node_hours_demanded": pl.Float64,
    "satisfaction_planned": pl.Float64,  # of the split for the demand as logged
    "satisfaction_robust": pl.Float64,  # null where there is no robust split
    "node_hours_planned": pl.Float64,  # used of those granted
    "node_hours_robust": pl.Float64,
    "floors_held_planned": pl.Int64,
    "floors_held_robust": pl.Int64,
    "floors": pl.Int64,
}
"""One row a scenario of demand."""

FLOORS_ACROSS: Schema = {
    "name": pl.String,
    "scenario": pl.String,
    "value": pl.Float64,  # node-hours that it asks for
    "used_planned": pl.Float64,  # of the split for the demand as logged
    "used_robust": pl.Float64,  # null where there is no robust split
}
"""One row a floor and scenario."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandScenario:
    """Another demand: a category, or everybody, asks for more or less than logged."""

    factor: float
    """What every request is multiplied by."""
    category: UserCategory | None = None
    """Whose requests change; None for everybody's."""

    @property
    def title(self) -> str:
        """The scenario in words.

        >>> DemandScenario(factor=1.2, category=UserCategory.START_UP).title.replace(numbers.THIN_SPACE, " ")
        'Start-ups ask for 20 % more'
        >>> DemandScenario(factor=0.5).title.replace(numbers.THIN_SPACE, " ")
        'Everybody asks for 50 % less'
        """
        change = f"{numbers.percent(abs(self.factor - 1))} {'more' if self.factor > 1 else 'less'}"
        if self.category is None:
            return f"Everybody asks for {change}"
        who = sentence_case(category_name(self.category.value))
        return f"{who} {'ask' if who.endswith('s') else 'asks'} for {change}"

    def demand(self, projects: pl.DataFrame) -> pl.DataFrame:
        """Columns project and hours_asked, from the projects of a problem."""
        changed = pl.lit(True) if self.category is None else pl.col("category") == self.category.value
        asked = pl.col("hours_asked")
        return projects.select("project", hours_asked=pl.when(changed).then(asked * self.factor).otherwise(asked))


@dataclass(frozen=True, slots=True, kw_only=True)
class RobustRecommendation:
    """The split of a page, and the robust one, in every scenario of demand."""

    found: RobustSplit | Refusal
    """The robust split, or why there is none."""
    by_scenario: pl.DataFrame
    """Frame BY_SCENARIO, the demand as logged first."""
    floors: pl.DataFrame
    """Frame FLOORS_ACROSS."""
    held_at: pl.DataFrame
    """name, value, holds_at, scenario: the value with which each floor could hold in all; no row where there is a robust split."""


def demand_of_other_months(demand: pl.DataFrame, projects: pl.DataFrame, *, part: float) -> tuple[pl.DataFrame, float]:
    """What each project of a problem asked for in other months, and the part of all hours asked for then by projects that it lacks.

    Args:
        demand: Columns project and node_hours_demanded of the other months.
        projects: The projects of the problem; who is not in the other demand asks for nothing then.
        part: How long the problem's months are, as a part of the other months.
    """
    known = projects.select("project").join(demand.select("project", "node_hours_demanded"), on="project", how="left", validate="1:1")
    asked = known.select("project", hours_asked=pl.col("node_hours_demanded").fill_null(0.0) * part)
    whole = float(demand["node_hours_demanded"].sum())
    return asked, 1 - float(asked["hours_asked"].sum()) / (whole * part) if whole > 0 else 0.0


def robust_recommendation(found: Recommendation, demands: Mapping[str, pl.DataFrame]) -> RobustRecommendation:
    """The split that is best on the average over the demand as logged and other demands, each as likely, with its floors held in all.

    Hours are granted here and now; in each scenario a project uses what it then asks for, at most what it was granted. A floor holds if
    the hours that are used reach it. Beside it stands the split for the demand as logged in the same scenarios.

    Raises:
        InputError: for the worst-served first, which no average can weigh.
    """
    problem, objective = found.solution.problem, found.choices.objective
    every = {AS_LOGGED: problem.projects.select("project", "hours_asked"), **demands}
    answer = robust.robust_split(problem, every, objective)
    planned, floors = robust.across(problem, every, found.solution, objective)
    if isinstance(answer, RobustSplit):
        then, floors_then = robust.across(problem, every, answer.solution, objective)
        held_at = pl.DataFrame(schema=scenarios.HELD_AT)
    else:
        then, floors_then = planned.clear(), floors.clear()
        held_at = scenarios.robust_floors(problem, every)
    return RobustRecommendation(
        found=answer,
        by_scenario=_by_scenario(every, planned, then, floors, floors_then),
        floors=_side_by_side(floors, floors_then),
        held_at=held_at,
    )


def in_words(result: RobustRecommendation, limits: Sequence[PolicyLimit], names: Mapping[str, str], *, floors_set: bool) -> list[str]:
    """Whether the floors hold in all scenarios, and what holding them costs, in sentences; the finding first."""
    rows = result.by_scenario
    broken = rows.filter(pl.col("floors_held_planned") < pl.col("floors"))["scenario"].to_list()
    if not floors_set:
        first = "No category has a floor here, so none can be missed; set one to see whether it holds whatever is asked for."
    elif not broken:
        first = "Every floor holds in every scenario by the split for the demand as logged."
    else:
        first = f"By the split for the demand as logged a floor is missed where {numbers.listed([_lowered(name) for name in broken])}."
    if isinstance(result.found, Refusal):
        return [first, *_no_robust_split(result, limits, names)]
    return [first, _cost(rows, floors_set=floors_set), _average(rows)]


def missed(result: RobustRecommendation) -> pl.DataFrame:
    """The floors and scenarios in which the split for the demand as logged falls short, the furthest first."""
    short = result.floors.with_columns(short=1 - pl.col("used_planned") / pl.col("value"))
    return short.filter(pl.col("short") > TOLERANCE).sort("short", "name", descending=[True, False]).drop("short")


def _by_scenario(
    demands: Mapping[str, pl.DataFrame], planned: pl.DataFrame, then: pl.DataFrame, floors: pl.DataFrame, floors_then: pl.DataFrame
) -> pl.DataFrame:
    asked = pl.DataFrame({"scenario": list(demands), "node_hours_demanded": [float(one["hours_asked"].sum()) for one in demands.values()]})
    held, held_then = (
        rows.group_by("scenario").agg(pl.col("holds").sum().cast(pl.Int64).alias(name), pl.len().cast(pl.Int64).alias("floors"))
        for rows, name in ((floors, "floors_held_planned"), (floors_then, "floors_held_robust"))
    )
    one = planned.rename({"satisfaction": "satisfaction_planned", "node_hours_used": "node_hours_planned"})
    other = then.rename({"satisfaction": "satisfaction_robust", "node_hours_used": "node_hours_robust"})
    rows = asked
    for frame in (one, other, held, held_then.drop("floors")):
        rows = rows.join(frame, on="scenario", how="left", validate="1:1", maintain_order="left")
    return rows.with_columns(pl.col("floors_held_planned", "floors").fill_null(0)).select(list(BY_SCENARIO))


def _side_by_side(floors: pl.DataFrame, floors_then: pl.DataFrame) -> pl.DataFrame:
    one = floors.select("name", "scenario", "value", used_planned="used")
    other = floors_then.select("name", "scenario", used_robust="used")
    return one.join(other, on=["name", "scenario"], how="left", validate="1:1", maintain_order="left").select(list(FLOORS_ACROSS))


def _cost(rows: pl.DataFrame, *, floors_set: bool) -> str:
    logged = rows.row(0, named=True)
    loss = 1 - logged["satisfaction_robust"] / logged["satisfaction_planned"]
    what = "keeps every floor in every scenario" if floors_set else "is best on the average over all scenarios"
    if loss <= NOTHING:
        stays = numbers.percent(logged["satisfaction_robust"])
        return f"A split that {what} costs nothing if the demand comes as logged: satisfaction stays {stays}."
    with_it, without = (numbers.percent(logged[f"satisfaction_{which}"]) for which in ("robust", "planned"))
    beside = "" if with_it == without else f" ({with_it} instead of {without})"
    return f"A split that {what} costs {numbers.percent(loss)} of satisfaction if the demand comes as logged{beside}."


def _average(rows: pl.DataFrame) -> str:
    planned, then = (float(rows[f"node_hours_{what}"].mean()) for what in ("planned", "robust"))  # type: ignore[arg-type]
    if planned <= 0 or abs(then / planned - 1) <= NOTHING:
        return "On the average over the scenarios as many of the granted hours would be used."
    return (
        f"On the average over the scenarios {numbers.machine_time(then, HourUnit.NODE_HOURS)} of those granted would be used, "
        f"{numbers.change(then / planned - 1)} against the split for the demand as logged."
    )


def _no_robust_split(result: RobustRecommendation, limits: Sequence[PolicyLimit], names: Mapping[str, str]) -> list[str]:
    refused = result.found
    assert isinstance(refused, Refusal)
    lower = result.held_at.drop_nulls("scenario")
    if lower.is_empty():
        return [f"There is no split that holds them in all scenarios: {refused.reason}"]
    said = [
        f"{sentence_case(limit_in_words(row['name'], limits, names))} can hold in all scenarios at "
        f"{numbers.percent(row['holds_at'] / row['value'])} of what it asks for; the scenario that decides: {_lowered(row['scenario'])}."
        for row in lower.iter_rows(named=True)
    ]
    return ["No split holds every floor in all of these scenarios.", *said]


def _lowered(title: str) -> str:
    """The title inside a sentence, abbreviations left as they are."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]
