"""Uncertain demand on the split page: whether the floors hold where others ask for more or less, and what holding them costs."""

import polars as pl
import streamlit as st

from analytics import recommendation_robust as robust
from analytics.allocation.objectives import Aim
from analytics.allocation.solution import Refusal
from analytics.charts import numbers
from analytics.charts.theme import STACK, category_name, sentence_case
from analytics.recommendation import Recommendation
from analytics.recommendation_robust import DemandScenario, RobustRecommendation
from analytics.recommendation_words import limit_in_words
from analytics.split_problem import JOIN
from data.scenarios import Scenario
from data.terms import Selection, UserCategory
from pages.shared import loaders, parts, scenario, split_address, tables
from pages.shared.visit import Visit

DEMANDS, CHANGE = "demands", "demand-change"
CHANGES = {"10 %": 0.1, "20 %": 0.2, "30 %": 0.3, "50 %": 0.5}
USUAL_CHANGE = "20 %"
MORE, LESS = "more", "less"
NEGLIGIBLE = 0.005
"""The part of the hours of other months, asked for by projects that ask for nothing here, below which it is not worth a sentence."""

PROVEN = (
    " The robust split is proven best on the average over the demands, each as likely; where a floor would be missed, the projects that it "
    "counts are granted no more than they ask for in any demand."
)

HEADERS = {
    "scenario": "Demand",
    "node_hours_demanded": "Node-hours asked for",
    "satisfaction_planned": "Satisfaction, this split",
    "satisfaction_robust": "Satisfaction, robust split",
    "node_hours_planned": "Node-hours used, this split",
    "node_hours_robust": "Node-hours used, robust split",
    "floors_held": "Floors held, this split",
    "floors_held_then": "Floors held, robust split",
}


def section(here: Visit, chosen: Selection, found: Recommendation) -> None:
    """Which other demands count, and the answer for them."""
    if found.choices.objective.aim is not Aim.ALPHA:
        st.info("The worst-served first looks at one project alone, so no average over demands can be weighed; choose another aim.")
        return
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    known = {f"As in “{one.title}”": one for one in loaders.scenarios(here.seen)}
    options = [*_kinds(found), *known]
    wanted = left.multiselect(
        "Besides the demand as logged, plan for",
        options,
        key=DEMANDS,
        bind="query-params",
        placeholder="Choose who may ask for more or less; each demand counts as equally likely",
    )
    change = right.selectbox("By how much", CHANGES, index=list(CHANGES).index(USUAL_CHANGE), key=CHANGE, bind="query-params")
    if not wanted:
        st.caption("Hours are granted now, and used as projects then ask for them. Choose other demands to see whether every floor holds.")
        return
    demands = _demands(here, chosen, found, {name: known.get(name) for name in wanted}, CHANGES[change])
    if demands:
        with st.spinner("Looking for a split that is good in all of them, and for its proof…"):
            _show(here, _robust(here, chosen, found, demands))


def _kinds(found: Recommendation) -> dict[str, tuple[UserCategory | None, str]]:
    """Whose requests can change which way, by the words for the reader."""
    there = set(found.by_category["category"])
    who = [None, *(category for category in STACK if category.value in there)]
    return {_words(category, way): (category, way) for category in who for way in (MORE, LESS)}


def _words(category: UserCategory | None, way: str) -> str:
    if category is None:
        return f"Everybody asks for {way}"
    name = sentence_case(category_name(category.value))
    return f"{name} {'ask' if name.endswith('s') else 'asks'} for {way}"


def _demands(
    here: Visit, chosen: Selection, found: Recommendation, wanted: dict[str, Scenario | None], part: float
) -> dict[str, pl.DataFrame]:
    """The demands chosen, by their words; those of saved scenarios are what was asked for in their months, as long as these."""
    kinds, projects = _kinds(found), found.solution.problem.projects
    demands: dict[str, pl.DataFrame] = {}
    for name, saved in wanted.items():
        if saved is None:
            category, way = kinds[name]
            other = DemandScenario(category=category, factor=1 + part if way == MORE else 1 - part)
            demands[other.title] = other.demand(projects)
        else:
            selection, missing = split_address.selection_in(saved.address, here.seen)
            if missing:
                st.warning(parts.escaped(f"{name} is left out: {'; '.join(missing)}."))
                continue
            demands[name] = _of_other_months(here, chosen, projects, selection, name)
    return demands


def _of_other_months(here: Visit, chosen: Selection, projects: pl.DataFrame, selection: Selection, name: str) -> pl.DataFrame:
    asked = scenario.facts_of(here, split_address.everybody(selection)).demand.select(
        "node_hours_demanded", project=pl.col("account").fill_null("no account") + JOIN + pl.col("system")
    )
    demand, lost = robust.demand_of_other_months(asked, projects, part=chosen.period.days / selection.period.days)
    if lost > NEGLIGIBLE:
        st.caption(
            parts.escaped(f"{name}: {numbers.percent(lost)} of the hours asked for then were asked for by projects that ask for none here.")
        )
    return demand


def _robust(here: Visit, chosen: Selection, found: Recommendation, demands: dict[str, pl.DataFrame]) -> RobustRecommendation:
    key = tuple((name, float(demand["hours_asked"].sum())) for name, demand in demands.items())
    return loaders.kept(here.seen, "robust split", (chosen, found.choices, key), lambda: robust.robust_recommendation(found, demands))


def _show(here: Visit, result: RobustRecommendation) -> None:
    limits, names = loaders.policy_limits(), loaders.system_names(here.state)
    first, *others = robust.in_words(result, limits, names, floors_set=not result.floors.is_empty())
    st.markdown(f"**{parts.escaped(first)}**")
    st.markdown("\n".join(f"- {parts.escaped(sentence)}" for sentence in others))
    tables.plain_table(
        _readable(result.by_scenario), alt="Satisfaction, hours used and floors held in each demand, by this split and the robust one"
    )
    tables.download(result.by_scenario, name="split-robust")
    short = robust.missed(result)
    if not short.is_empty():
        st.markdown("**Floors missed by this split**")
        said = short.with_columns(
            pl.Series("name", [sentence_case(limit_in_words(name, limits, names)) for name in short["name"]], dtype=pl.String)
        )
        tables.table(short, shown=tables.for_people(said), name="split-floors-missed", alt="Floors and demands in which they are missed")
    proven = "" if isinstance(result.found, Refusal) else PROVEN
    st.caption(f"Satisfaction is that of the hours that projects then use, against the same dues in every demand.{proven}")


def _readable(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows as people read them."""
    shown = rows.select(
        "scenario",
        *(pl.Series(name, [numbers.amount(value, "") for value in rows[name]]) for name in ("node_hours_demanded",)),
        *(pl.Series(name, [numbers.percent(value) for value in rows[name]]) for name in ("satisfaction_planned", "satisfaction_robust")),
        *(pl.Series(name, [numbers.amount(value, "") for value in rows[name]]) for name in ("node_hours_planned", "node_hours_robust")),
        floors_held=_held(rows, "floors_held_planned"),
        floors_held_then=_held(rows, "floors_held_robust"),
    )
    return shown.rename(HEADERS)


def _held(rows: pl.DataFrame, column: str) -> pl.Series:
    said = [
        "none set" if row["floors"] == 0 else "not available" if row[column] is None else f"{row[column]} of {row['floors']}"
        for row in rows.iter_rows(named=True)
    ]
    return pl.Series(said, dtype=pl.String)
