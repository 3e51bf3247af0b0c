"""The parts of the split page that answer: what holds the split back, who wins and who loses, and every project."""

import polars as pl
import streamlit as st

from analytics import findings
from analytics import recommendation_changes as changes
from analytics import recommendation_prices as prices
from analytics import recommendation_words as words
from analytics.charts import split as charts
from analytics.recommendation import Recommendation
from analytics.recommendation_changes import Against
from data.terms import Selection
from pages.shared import loaders, parts, scenario, tables
from pages.shared.visit import Visit

MOST_TAGS = 4
MOST_AFFECTED = 12
AGAINST = {"what was received": Against.RECEIVED, "equal shares": Against.EQUAL_SHARES}


def answer(here: Visit, found: Recommendation) -> None:
    """The finding, the figures and the main chart."""
    supposed = words.what_if(found, loaders.system_names(here.state))
    parts.finding(" ".join(filter(None, (f"Aim: {words.aim_in_words(found.choices.objective)}.", supposed, words.who_changes(found)))))
    figures = scenario.figures(found)
    parts.figures(figures[:3])
    parts.figures(figures[3:])
    parts.chart(
        charts.by_category(found.by_category_system, title="Share of node-hours, received and recommended"),
        alt=charts.by_category_summary(found.by_category_system),
        data=found.by_category,
        name="split-by-category",
        finding=words.who_changes(found),
    )
    st.header("What holds the split back", anchor=False)
    tags = prices.price_tags(found, loaders.policy_limits(), loaders.system_names(here.state))
    shown = tags[:MOST_TAGS] or [words.nothing_binds(found)]
    st.markdown("\n".join(f"- {parts.escaped(sentence)}" for sentence in shown))
    if len(tags) > MOST_TAGS:
        with st.expander(f"{len(tags) - MOST_TAGS} more limits, each worth less"):
            st.markdown("\n".join(f"- {parts.escaped(sentence)}" for sentence in tags[MOST_TAGS:]))
    st.caption(parts.escaped(prices.proof_in_words(found)))


def winners_and_losers(here: Visit, chosen: Selection, found: Recommendation) -> None:
    """Who gains and who loses against what was received or against equal shares, and whether anybody has cause to complain."""
    what = st.segmented_control("Against", AGAINST, default="what was received", key="against", bind="query-params", required=True)
    rows = changes.changes(found, AGAINST[what])
    st.markdown(f"**{parts.escaped(changes.counts_in_words(rows, what))}**")
    by_category = changes.by_category(rows)
    tables.table(by_category, name="split-winners-by-category", alt=f"Winners and losers by user category, against {what}")
    left, right = st.columns(2, gap="large")
    for place, outcome, title in ((left, "gains", "Gain most"), (right, "loses", "Lose most")):
        with place:
            _most_affected(rows.filter(outcome=outcome), title, name=f"split-{outcome}")
    if what == "what was received":
        _on_machines(here, found)
    st.markdown(parts.escaped(changes.sharing_in_words(found)))
    with st.expander("Would anybody rather have another's hours?", key="checks", on_change="rerun") as checks:
        if checks.open:
            st.markdown(parts.escaped(_envy(here, chosen, found)))


def every_project(here: Visit, found: Recommendation) -> None:
    """Every project with what it asked for, received and would get, and what keeps it from more."""
    names, limits = loaders.system_names(here.state), loaders.policy_limits()
    rows = found.by_project.drop("project").sort(pl.col("change").abs(), descending=True)
    known = {limit: words.in_words(limit, limits, names) for limit in rows["limited_by"].drop_nulls().unique()}
    held = pl.col("limited_by").replace({**known, "own request": "its own request"}).fill_null("its own request")
    first = ["system", "account", "category", "node_hours_received", "node_hours_demanded", "node_hours_recommended"]
    shown = tables.for_people(rows).with_columns(limited_by=held).select(*first, pl.exclude(first))
    tables.table(rows, shown=shown, name="split-by-project", alt="What each project asked for, received and would get", most_rows=12)


def in_words(here: Visit, found: Recommendation) -> None:
    """The whole split as a paragraph to quote."""
    names, limits = loaders.system_names(here.state), loaders.policy_limits()
    st.markdown(parts.escaped(words.paragraph(found, limits, names, period=here.chosen.period.name)))


def _most_affected(rows: pl.DataFrame, title: str, *, name: str) -> None:
    st.markdown(f"**{title}**")
    if rows.is_empty():
        st.caption("No project.")
        return
    shown = tables.for_people(
        rows.head(MOST_AFFECTED).select("account", "system", "change", before="node_hours_before", after="node_hours_after")
    )
    tables.table(rows, shown=shown, name=name, alt=f"The projects that {title.lower()}", most_rows=MOST_AFFECTED)


def _on_machines(here: Visit, found: Recommendation) -> None:
    by_system = found.by_category_system.with_columns(pl.col("system").replace(loaders.system_names(here.state)))
    parts.chart(
        charts.by_system(by_system, title="Hours recommended less received, by machine and user category"),
        alt=charts.by_system_summary(by_system),
        data=by_system,
        finding=findings.moved_most(by_system),
        name="split-by-machine",
    )


def _envy(here: Visit, chosen: Selection, found: Recommendation) -> str:
    """Envy in words, kept for this split."""
    with st.spinner("Looking whether anybody would rather have the hours of another…"):
        return loaders.kept(here.seen, "envy in a split", (chosen, found.choices), lambda: changes.envy_in_words(found))
