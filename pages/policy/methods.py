"""How each figure is computed, and from what: every indicator in its own words with today's value, the limits, facts and factors."""

import re

import polars as pl
import streamlit as st

from analytics.charts import numbers
from analytics.explained import TOPICS, anchor, explained
from analytics.report.document import Method
from data import facts
from data.export.xdmod_differences import differences
from data.terms import Flag, LimitBase
from pages.shared import filters, loaders, method_values, parts, tables, visit

DIFFERENCES = {"statistics": "Statistics", "xdmod": "Open XDMoD", "ours": "Ours", "why": "Why"}
SHARES_OF = {
    LimitBase.MACHINE: "the machine's time",
    LimitBase.UNION_SHARE: "the Union's share",
    LimitBase.UNION_AI_SHARE: "the Union's time for AI",
}
EVERY = "All"
here = visit.now()


def indicators() -> None:
    """Every indicator of the topic chosen: definition, formula, source and edge cases, and what it comes to for the selection."""
    first = next(iter(TOPICS))
    topic = st.segmented_control(
        "Topic", (EVERY, *TOPICS), default=first, required=True, key="method", bind="query-params", label_visibility="collapsed"
    )
    has_values = here.state is not None and not filters.is_empty(here.seen, here.chosen)
    if has_values:
        st.caption(parts.escaped(f"Values are those of {filters.in_words(here.chosen, loaders.system_names(here.state))}."))
    for name in TOPICS if topic == EVERY else (topic,):
        st.header(name, anchor=f"topic-{name.lower().replace(' ', '-')}")
        for title, method in explained(name).items():
            one_method(title, method, value=method_values.value(here, method.name) if has_values else "")


def one_method(title: str, method: Method, *, value: str) -> None:
    """One indicator under its own anchor, with its value in front of its words."""
    st.subheader(parts.escaped(title), anchor=anchor(method.name))
    now = f"**Now: {parts.escaped(value)}**  \n" if value else ""
    st.markdown(now + "\n\n".join(as_markdown(words) for words in (method.summary, *method.details)))


def as_markdown(words: str) -> str:
    """Words of a docstring, in which only code stands out."""
    pieces = re.split(r"(`[^`]*`)", words)
    return "".join(piece if piece.startswith("`") else parts.escaped(piece) for piece in pieces)


def facts_of_machines() -> None:
    """Every fact about every machine, known or not, with source, flag and validity."""
    st.header("Facts about the machines", anchor="facts")
    st.caption("An unknown fact stands with the reason why it is not known, and figures that need it are not available.")
    known = loaders.systems(here.state)
    wanted = here.selection.systems if here.selection is not None else ()
    table = facts.fact_table([system for name, system in known.items() if not wanted or name in wanted])
    shown = tables.for_people(table).select(
        "system",
        pl.col("partition").fill_null("whole machine"),
        pl.col("fact").map_elements(tables.readable, return_dtype=pl.String),
        value=pl.coalesce(pl.format("{} {}", "value", "unit"), "value", pl.format("not available: {}", "unknown")),
        known=pl.col("flag").replace({flag.value: flag.shown_as for flag in Flag}).fill_null("not known"),
        source=pl.col("source").fill_null("none"),
        valid=pl.col("valid").fill_null("not stated"),
    )
    tables.table(
        table, shown=shown, name="facts", is_published=True, alt="Every fact about the machines with source and flag", most_rows=11
    )


def limits_of_the_law() -> None:
    """The limits with their reading, source and flag."""
    st.header("Limits of law and access policy", anchor="limits-of-the-law")
    for limit in loaders.policy_limits():
        indicative = "" if limit.exact else " The comparison is indicative."
        most = f"at most {numbers.percent(limit.share)} of {SHARES_OF[limit.of]}"
        st.markdown(
            f"**{parts.escaped(limit.title)}**: {most}. {parts.escaped(limit.reading)}{indicative}  \n"
            f":gray[{parts.escaped(f'{limit.source}; {limit.flag.shown_as}; {limit.valid}')}]"
        )


def factors() -> None:
    """Carbon intensities and prices, with source and flag."""
    st.header("Carbon intensity of the grids", anchor="carbon-intensity")
    tables.table(
        loaders.intensity(),
        shown=in_words(loaders.intensity()),
        name="carbon-intensity",
        is_published=True,
        alt="Annual carbon intensity of each grid zone, with source",
        most_rows=8,
    )
    st.header("Electricity prices", anchor="prices")
    tables.table(
        loaders.prices(),
        shown=in_words(loaders.prices()),
        name="prices",
        is_published=True,
        alt="Annual electricity prices of each country, with source",
        most_rows=8,
    )
    st.header("Where our definitions differ from Open XDMoD's on purpose", anchor="open-xdmod")
    tables.plain_table(differences().rename(DIFFERENCES), alt="Statistics that Open XDMoD defines otherwise, and why")


def in_words(published: pl.DataFrame) -> pl.DataFrame:
    """Published figures as people read them: how well each is known instead of its flag, and no underscores."""
    known = {flag.value: flag.shown_as for flag in Flag}
    texts = [name for name in ("method", "scope", "kind") if name in published.columns]
    plain = pl.col(*texts).str.replace_all("_", " ")
    people = tables.for_people(published).with_columns(plain, known=pl.col("flag").replace(known))
    return people.select(pl.exclude("flag", "source"), "source")


indicators()
limits_of_the_law()
facts_of_machines()
factors()
