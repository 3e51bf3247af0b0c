"""Who should get how much: the best split for the aims a reader sets, beside what was received, with what it costs and what binds."""

from dataclasses import replace

import polars as pl
import streamlit as st

from analytics import recommendation_words as words
from analytics.allocation.solution import Refusal
from analytics.charts import numbers
from analytics.charts import split as charts
from analytics.recommendation import Recommendation
from pages.shared import loaders, parts, scenario, tables, visit

MOST_LIMITS = 10

here = visit.now()
chosen = replace(here.chosen, categories=())
names = loaders.system_names(here.state)
limits = loaders.policy_limits()


def refused(refusal: Refusal) -> None:
    """Why there is no split, and what would mend it."""
    sentences = words.refusal_in_words(refusal, limits, names)
    parts.finding(f"There is no split for {chosen.period.name} that keeps to all of these limits.")
    st.warning("\n".join(f"- {parts.escaped(sentence)}" for sentence in sentences), icon=":material/block:")


def why(found: Recommendation) -> None:
    """The split in words, and what each limit costs."""
    st.markdown(parts.escaped(words.paragraph(found, limits, names, period=chosen.period.name)))
    st.header("What holds the split back", anchor=False)
    if found.binding.is_empty():
        st.caption("Nothing: every project gets what it asks for.")
        return
    held = found.binding.head(MOST_LIMITS)
    shown = {
        "Limit": [words.limit_in_words(name, limits, names) for name in held["name"]],
        "Months in which it binds": [numbers.exact(months) for months in held["months"]],
        "Gain in satisfaction if 1 % looser": [numbers.percent(gain) for gain in held["gain"]],
    }
    tables.plain_table(pl.DataFrame(shown), alt="The limits that bind, the keenest first, and what one per cent more of each would bring")


def winners_and_losers(found: Recommendation) -> None:
    """Every project with what it asked for, received and would get."""
    st.header("Every project, the largest change first", anchor=False)
    rows = found.by_project.drop("project").sort(pl.col("change").abs(), descending=True)
    held = [words.in_words(limit, limits, names) if limit else "its own request" for limit in rows["limited_by"]]
    shown = tables.for_people(rows).with_columns(limited_by=pl.Series(held, dtype=pl.String))
    tables.table(rows, shown=shown, name="split-by-project", alt="What each project asked for, received and would get", most_rows=9)


def show(found: Recommendation) -> None:
    """The recommended split."""
    parts.finding(f"Aim: {words.aim_in_words(found.choices.objective)}. {words.who_changes(found)}")
    parts.figures(scenario.figures(found))
    parts.chart(
        charts.by_category(found.by_category_system, title="Share of node-hours, received and recommended"),
        alt=charts.by_category_summary(found.by_category_system),
        data=found.by_category,
        name="split-by-category",
    )
    by_system = found.by_category_system.with_columns(pl.col("system").replace(names))
    parts.chart(
        charts.by_system(by_system, title="Change on each machine"),
        alt=charts.by_system_summary(by_system),
        data=by_system,
        name="split-by-machine",
    )
    why(found)
    winners_and_losers(found)


choices = scenario.chosen_by_reader()
answer = scenario.best_split(here, chosen, choices)
if isinstance(answer, Refusal):
    refused(answer)
else:
    show(answer)
if here.chosen.categories:
    st.caption("The split is one of all user categories; the choice of categories in the filter bar is left out here.")
st.caption("A recommendation changes nothing: quotas are set by the operator, with a reason.")
parts.sources(factors=["demand: awards, else use and queue", f"carbon intensity: {scenario.SERIES_IN_WORDS}"], method="the split")
