"""The frame round every chart: what it found, unit, source and coverage, its numbers as a table, its exports, and a link to this view."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import plotly.graph_objects as go
import polars as pl
import streamlit as st

from analytics.charts import framed, numbers, theme
from analytics.charts.picture import png_of_svg
from data.terms import Action
from pages.shared import filters, loaders, protection, tables, visit
from pages.shared.words import escaped

CHART, TABLE = "Chart", "Numbers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Framed:
    """A chart with all that stands round it."""

    figure: go.Figure
    """The chart; its title, where it has one, is written as text."""
    alt: str
    """What it shows, in words."""
    data: pl.DataFrame
    """Its numbers."""
    name: str
    """Its name among others, that of its downloads, and that of its place in a link."""
    finding: str = ""
    """What it found, in one sentence; else its title is its heading."""
    unit: str = ""
    """The unit of its numbers, in words."""
    coverage: Sequence[str] = ()
    """What part of the jobs it does not cover, where `data` does not count that itself."""
    method: str = ""
    """The part of the methods page that tells how it is computed."""
    selection: str = ""
    """Of what it is, in words, where that is not what the filter bar says."""
    picked: Callable[[], None] | None = None
    """What a click on one of its marks does."""
    withholds: protection.Places | None = None
    """Which rows of its numbers are withheld from all but the operator; where that is not told, nobody else takes a file away."""

    @property
    def heading(self) -> str:
        """The words above it."""
        return self.finding or framed.title_of(self.figure)

    @property
    def subtitle(self) -> str:
        """What is drawn, where the heading tells what was found, and in which unit."""
        drawn = framed.title_of(self.figure) if self.finding else ""
        return ", ".join(filter(None, (drawn, f"in {self.unit}" if self.unit else "")))

    @property
    def lines(self) -> list[str]:
        """Where its numbers are from, and what they do not cover."""
        return [f"Source: {source(self.selection)}", *(self.coverage or covered(self.data))]


def show(chart: Framed) -> None:
    """Draw a chart in its frame; where a mark of it was clicked, the page as a whole follows."""
    _drawn(chart)


def source(selection: str = "") -> str:
    """What the numbers of a page are from: logs, selection (by default that of the filter bar), and the state of the store."""
    here = visit.now()
    if here.state is None or here.selection is None:
        return "published facts and what was handed in"
    invented = "demonstration data, invented" if here.is_demo else "job logs of the centres"
    words = selection or filters.in_words(here.chosen, loaders.system_names(here.seen))
    return f"{invented} · {words} · state {here.seen.snapshot_id} of the store"


def covered(data: pl.DataFrame) -> list[str]:
    """How many jobs are missing from the hours of a table that counts them, in words.

    >>> covered(pl.DataFrame({"jobs": [8, 2], "jobs_without_hours": [1, 0]}))
    ['Coverage: the hours of 1 job are not known and not drawn.']
    """
    if "jobs_without_hours" not in data.columns:
        return []
    missing = int(data["jobs_without_hours"].sum() or 0)
    return [f"Coverage: the hours of {numbers.counted(missing, 'job')} are not known and not drawn."] if missing else []


def clicked(key: str, do: Callable[[Any], None]) -> None:
    """Do what a click on a mark of this chart means, with the point clicked; nothing where the click took a mark back."""
    points = st.session_state[key]["selection"]["points"]
    if points:
        do(points[0])
        st.session_state[filters.PICKED] = True


def chart_key(name: str) -> str:
    """The key under which the session keeps what was clicked in a chart."""
    return f"chart-{name}"


@st.fragment
def _drawn(chart: Framed) -> None:
    if st.session_state.pop(filters.PICKED, False):
        st.rerun()
    with st.container(key=f"frame-{chart.name}"):
        _frame(chart)


def _frame(chart: Framed) -> None:
    if chart.heading:
        st.subheader(escaped(chart.heading), anchor=chart.name)
    if chart.subtitle:
        st.caption(escaped(chart.subtitle))
    place = st.container(key=f"shown-{chart.name}")
    for line in chart.lines:
        st.caption(escaped(line))
    with st.container(horizontal=True, gap="small", key=f"data-of-{chart.name}", vertical_alignment="center"):
        shown = _switch(chart.name)
        _exports(chart)
    with place:
        if shown == TABLE:
            tables.numbers_of_chart(chart.data, name=chart.name, alt=f"The numbers of the chart: {chart.alt}")
        else:
            _chart(chart)


def _chart(chart: Framed) -> None:
    key, options = chart_key(chart.name), dict(theme.CONFIG)
    figure = framed.bare(chart.figure)
    if chart.picked is None:
        st.plotly_chart(figure, alt=chart.alt, key=key, config=options)
    else:
        st.plotly_chart(figure, alt=chart.alt, key=key, config=options, on_select=chart.picked, selection_mode="points")


def _switch(name: str) -> str:
    return st.segmented_control(
        f"Show {name.replace('-', ' ')} as",
        (CHART, TABLE),
        default=CHART,
        required=True,
        key=f"show-{name}",
        bind="query-params",
        label_visibility="collapsed",
    )


def _exports(chart: Framed) -> None:
    """What can be taken away: the numbers, a link to this very view, and the way to the method."""
    tables.download(chart.data, name=chart.name, label="CSV", selection=chart.selection, withholds=chart.withholds)
    _pictures(chart)
    link_to_view(chart.name)
    at = {"method": chart.method} if chart.method else None
    st.page_link("policy/methods.py", label="Method", query_params=at)


def _pictures(chart: Framed) -> None:
    """The chart as a picture with its finding, source and coverage in it, drawn when it is asked for."""
    person = visit.now().person
    if Action.EXPORT not in person.may or not (person.sees_single_firms or chart.withholds is not None):
        return
    if not person.sees_single_firms and chart.withholds is not None and chart.withholds():
        st.caption(protection.NO_PICTURE)
        return
    said, own, address = chart.lines, protection.sentence(visit.now()), link(chart.name)

    def drawn() -> str:
        may_show_firms = person.sees_single_firms and (chart.withholds is None or chart.withholds())
        lines = [*said, *([own] if may_show_firms else []), address]
        return framed.picture(chart.figure, alt=chart.alt, heading=chart.heading, subtitle=chart.subtitle, lines=lines)

    made: dict[str, tuple[Callable[[], bytes], str]] = {
        "svg": (lambda: drawn().encode(), "image/svg+xml"),
        "png": (lambda: png_of_svg(drawn()), "image/png"),
    }
    for ending, (data, mime) in made.items():
        st.download_button(
            ending.upper(),
            data=data,
            file_name=f"{tables.file_name(chart.name, chart.selection)}.{ending}",
            mime=mime,
            key=f"{ending}-of-{chart.name}",
            on_click="ignore",
            type="tertiary",
            help="The chart as a picture, with its source",
        )


def link_to_view(name: str = "") -> None:
    """Offer the address of exactly this view, to be copied."""
    with st.popover("Link", type="tertiary", icon=":material/link:", help="A link to exactly this view"):
        st.caption("This view, with its period fixed; logs that come later show in it.")
        st.code(link(name), language=None, wrap_lines=True)


def link(name: str = "") -> str:
    """The address of exactly this view, with its period by months so that it never moves, and of a chart on it."""
    here = visit.now()
    pinned = filters.pinned(here.chosen, loaders.system_names(here.seen)) if here.state is not None else {}
    others = {key: st.query_params.get_all(key) for key in st.query_params}
    return filters.link(str(st.context.url or ""), pinned, others, name)


def on_click(name: str, do: Callable[[Any], None]) -> Callable[[], None]:
    """What a chart of this name is to do when one of its marks is clicked."""
    return partial(clicked, chart_key(name), do)
