"""The parts that every page is made of: the finding, figures in a row, charts with their data, tables, and the words for each state."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import plotly.graph_objects as go
import polars as pl
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analytics import findings
from analytics.charts import numbers, theme
from analytics.charts.drawing import layout_of
from data.errors import EquinodeError
from data.terms import UserCategory
from pages.shared import chart_frame, filters, loaders, visit
from pages.shared.protection import Places
from pages.shared.words import escaped as escaped

COMMAND_DEMO = "python -m data demo"
COMMAND_PROJECTS = "python -m data projects import TABLE --system NAME"
COMMAND_SERIES = "python -m data series import FILE --kind carbon"
COMMAND_INGEST = "python -m data ingest LOG --system NAME"

WORTH_A_NOTE = 0.01
"""From this share of unclassified machine time on, a page says how to classify projects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of the row at the top of a page."""

    label: str
    """What it is."""
    value: str
    """The value with its unit, in words where it is not available."""
    note: str = ""
    """The change against the period before, or what else stands beside it."""
    meaning: str = ""
    """What the word means, one hover away."""


def finding(words: str) -> None:
    """Say what the page found, in one sentence below its question."""
    visit.now().finding_place.markdown(escaped(words))


def figures(row: Sequence[Figure]) -> None:
    """Show at most five figures in a row."""
    for column, figure in zip(st.columns(len(row), gap="medium"), row, strict=True):
        column.metric(
            figure.label,
            figure.value,
            delta=figure.note or None,
            delta_color="off",
            delta_arrow="off",
            help=figure.meaning or None,
        )


def hours_figure(now: float | None, before: float | None) -> Figure:
    """The figure of machine time, in the unit chosen, with its change."""
    words = numbers.UNIT_WORDS[visit.now().chosen.unit]
    return Figure(
        label=theme.sentence_case(words),
        value=numbers.amount(now, ""),
        note=change(now, before, lambda hours: numbers.amount(hours, "")),
        meaning=f"Machine time of all jobs of the selection in {words}; a job over midnight is split at the day's end.",
    )


def change(now: float | None, before: float | None, write: Callable[[float], str]) -> str:
    """The change against the period before, in words and absolute; empty where the logs do not reach over both periods.

    Args:
        now: The value of the period.
        before: That of the period before.
        write: Writes an amount.
    """
    here = visit.now()
    periods = (here.chosen.period, here.chosen.period.before)
    if now is None or before is None or not before > 0:
        return ""
    if not all(loaders.logged_throughout(here.seen, here.chosen, period) for period in periods):
        return ""
    sign = "+" if now >= before else "\N{MINUS SIGN}"
    return f"{numbers.change(now / before - 1)} ({sign}{write(abs(now - before))})"


def covering(share: float | None, what: str, reason: str) -> str:
    """Which part of something a figure covers, and where it is not available, the reason."""
    return reason if share is None or not share > 0 else f"of {numbers.percent(share)} of {what}"


def against_before() -> str:
    """What the changes of this page are against, or why there are none."""
    here = visit.now()
    before = here.chosen.period.before
    if all(loaders.logged_throughout(here.seen, here.chosen, period) for period in (here.chosen.period, before)):
        return f"Changes are against {before.name}."
    return f"No change is shown: the logs do not reach over both {here.chosen.period.name} and {before.name}, the period before."


def chart(
    figure: go.Figure,
    *,
    alt: str,
    data: pl.DataFrame,
    name: str,
    picks: str | Callable[[Any], None] | None = None,
    finding: str = "",
    unit: str = "",
    coverage: Sequence[str] = (),
    method: str = "",
    selection: str = "",
    withholds: Places | None = None,
) -> None:
    """Show a chart in its frame: what it found, unit, source and coverage; its numbers, its exports, a link, and the way to its method.

    Args:
        figure: The chart; its title is written above it as text.
        alt: What it shows, in words.
        data: Its numbers; where they have columns `jobs_without_hours` the frame says what they do not cover.
        name: Its name among others, that of its downloads, and that of its place in a link.
        picks: Which choice of the filter bar a click on one of its rows sets, or what to do with the point that was clicked.
        finding: What it found, a sentence computed from its numbers; it becomes the heading, and the figure's title the line below.
        unit: The unit of its numbers in words, such as "node-hours".
        coverage: Sentences on what it does not cover, where `data` does not count that itself.
        method: The tab of the methods page that tells how it is computed, such as "Usage".
        selection: Of what it is in words, where that is not what the filter bar says.
        withholds: Which rows of its numbers are withheld from all but the operator, as `protection` tells.
    """
    picked: Callable[[], None] | None = None
    if isinstance(picks, str):
        picked = partial(filters.pick, chart_frame.chart_key(name), list(layout_of(figure)["yaxis"].get("ticktext") or ()), picks)
    elif picks is not None:
        picked = chart_frame.on_click(name, picks)
    chart_frame.show(
        chart_frame.Framed(
            figure=figure,
            alt=alt,
            data=data,
            name=name,
            picked=picked,
            finding=finding,
            unit=unit,
            coverage=coverage,
            method=method,
            selection=selection,
            withholds=withholds,
        )
    )


def coverage(words: Sequence[str]) -> None:
    """Note what part of the jobs the figures above do not cover."""
    for line in words:
        st.caption(f"⚠ {escaped(line)}")


def shared_nodes(whole: Mapping[str, Any]) -> None:
    """Note how much of the node-hours is of parts of nodes that jobs did not hold.

    Args:
        whole: The measures of all usage, as `results.totals` gives them.
    """
    if said := findings.held_in_part(whole["node_hours"] or 0.0, whole["node_hours_held"] or 0.0):
        coverage([said])


def unclassified(shares: pl.DataFrame) -> None:
    """Note how much machine time belongs to projects that nobody has put into a user category."""
    share = float(shares.filter(category=UserCategory.UNCLASSIFIED.value)["share"].sum())
    if share >= WORTH_A_NOTE:
        st.markdown(
            f"{numbers.percent(share)} of the machine time is of projects whose user category nobody has decided: bring in a table of "
            f"projects on the page Intake, or with `{COMMAND_PROJECTS}`."
        )


def sources(*, factors: Sequence[str] = (), method: str) -> None:
    """Close a page with what its figures rest on: period, logs, factors, state of the store, and the way to the method."""
    here = visit.now()
    state = loaders.snapshot(here.seen)
    names = loaders.system_names(here.seen)
    parts = [
        filters.in_words(here.chosen, names),
        *factors,
        f"state {state.snapshot_id} of the store, {numbers.moment(state.committed)}",
    ]
    with st.container(horizontal=True, gap="small", key="sources"):
        st.caption("Source: " + escaped(" · ".join(parts)))
        st.page_link("policy/methods.py", label=f"How {method} is computed")


def nothing_in_selection() -> None:
    """Say that nothing ran in the selection, and offer the way back."""
    here = visit.now()
    names = loaders.system_names(here.seen)
    whole = loaders.whole_period(here.seen)
    finding(f"No job in {filters.in_words(here.chosen, names)}.")
    st.info(f"Nothing ran in this selection. The store holds logs of {whole.name}; widen the period or the choice of machines.")
    st.button("Show everything", on_click=filters.show_everything)


def empty_store() -> None:
    """Say what will be here once a log is in the store, and how to bring one."""
    with st.container(border=True):
        st.markdown("**No log has been brought in yet.** Once there is one, this page answers its question from it.")
        st.markdown("Bring in the log of a machine, here on the page *Intake* or on the command line:")
        st.code(COMMAND_INGEST, language=None)
        st.markdown("Or look around first, with a log that is invented and marked so everywhere:")
        st.code(COMMAND_DEMO, language=None)
        st.page_link("operations/intake.py", label="Bring in a log", icon=":material/upload_file:")


def demo_banner(place: DeltaGenerator) -> None:
    """Say quietly that the store holds invented data."""
    place.markdown(":orange-badge[Demonstration data] :small[Jobs, projects and accounts are invented here; the machines' facts are real.]")


def told(run: Callable[[], None]) -> None:
    """Run a page; an error that a person can act on is told where the page stops."""
    try:
        run()
    except EquinodeError as error:
        error_box(error)


def error_box(error: EquinodeError, *, what: str = "This cannot be shown.") -> None:
    """Say what happened, what is safe and what to do, in the error's own words."""
    logging.getLogger("equinode").warning("%s: %s", type(error).__name__, error)
    first, _, rest = str(error).partition("\n")
    words = escaped(theme.sentence_case(first) if first.partition(" ")[0].isalpha() else first)
    st.error(f"**{what}** {words}\n\nNothing in the store was changed.", icon=":material/error:")
    if rest.strip():
        st.code(rest.strip("\n"), language=None)


def unexpected(error: Exception) -> bool:
    """Tell a visitor calmly of a fault of ours, and the log all about it; whether Streamlit's own display is put away."""
    logging.getLogger("equinode").error("a page failed", exc_info=error)
    st.error(
        "**This page failed, through a fault of the dashboard.** Nothing in the store was changed. Load the page again; if it happens "
        "again, tell the operator, whose log of the server names the fault.",
        icon=":material/error:",
    )
    return True
