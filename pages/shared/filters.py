"""The one filter bar: what the reader chose to look at, kept in the page's address so that a link reopens the same view."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from html import unescape
from urllib.parse import urlencode

import streamlit as st

from analytics.charts import numbers
from analytics.charts.numbers import UNIT_WORDS
from analytics.charts.theme import STACK, category_name, sentence_case
from data.terms import HourUnit, Period, Selection, month_after
from pages.shared import loaders
from pages.shared.loaders import Seen

PERIOD, FROM, TO, MACHINES, CATEGORIES, UNIT = "period", "from", "to", "machines", "categories", "unit"
"""The names of the choices, in the session and in the address."""

LAST_YEAR, WHOLE, BETWEEN = "Last 12 months", "All months", "From … to …"
PICKED = "picked-in-a-chart"
"""Where the session keeps that a mark was clicked, since the page as a whole has to follow."""

CATEGORY_OF = {sentence_case(category_name(category)): category for category in STACK}
UNIT_OF = {words: unit for unit, words in UNIT_WORDS.items()}


def bar(state: Seen) -> Selection:
    """What the reader chose, after drawing the bar."""
    logged = loaders.spans(state)
    names_of = loaders.system_names(state)
    machines = {names_of[name]: name for name in logged["system"]}
    forget_unknown(MACHINES, machines)
    with st.container(horizontal=True, gap="small", key="filter-bar", vertical_alignment="center"):
        period = _period(periods(state))
        names = _several("Machines", machines, MACHINES)
        groups = _several("User categories", CATEGORY_OF, CATEGORIES)
        unit = st.selectbox("Unit", UNIT_OF, key=UNIT, bind="query-params", label_visibility="collapsed", width=140)
        _chip(period.name if st.session_state[PERIOD] != LAST_YEAR else "", "the period", (PERIOD, FROM, TO))
        _chip(unit if UNIT_OF[unit] is not HourUnit.NODE_HOURS else "", "the unit", (UNIT,))
    return Selection(
        period=period,
        systems=tuple(machines[name] for name in names),
        categories=tuple(CATEGORY_OF[group] for group in groups),
        unit=UNIT_OF[unit],
    )


def periods(state: Seen) -> dict[str, Period]:
    """The periods that a reader can pick in this store, by name."""
    logged = loaders.spans(state).select("first_month", "last_month").rows()
    return named_periods([Period(first, month_after(last)) for first, last in logged])


def is_empty(state: Seen, chosen: Selection) -> bool:
    """Whether nothing ran, and nothing waited, in a selection."""
    return loaders.usage(state, chosen, "system").is_empty()


def named_periods(logged: Sequence[Period]) -> dict[str, Period]:
    """The periods a reader can pick, by name: the last twelve months, all months, and each year and quarter for which there are logs.

    >>> list(named_periods([Period(date(2025, 11, 1), date(2026, 3, 1))]))
    ['Last 12 months', 'All months', '2026', '2025', 'Q1 2026', 'Q4 2025']
    """
    whole = Period(min(period.start for period in logged), max(period.end for period in logged))
    months = sorted({month for period in logged for month in period.months}, reverse=True)
    years = [Period(date(year, 1, 1), date(year + 1, 1, 1)) for year in dict.fromkeys(month.year for month in months)]
    quarters = dict.fromkeys(date(month.year, month.month - (month.month - 1) % 3, 1) for month in months)
    named = [*years, *(Period(quarter, month_after(quarter, 3)) for quarter in quarters)]
    last_year = Period(max(whole.start, month_after(whole.end, -12)), whole.end)
    return {LAST_YEAR: last_year, WHOLE: whole} | {period.name: period for period in named}


def reset(*names: str) -> None:
    """Put these choices back to what they are without a choice."""
    for name in names:
        st.session_state[name] = {MACHINES: [], CATEGORIES: [], PERIOD: LAST_YEAR, UNIT: UNIT_WORDS[HourUnit.NODE_HOURS]}.get(name)


def show_everything() -> None:
    """Choose all months, machines and user categories."""
    reset(MACHINES, CATEGORIES)
    st.session_state[PERIOD] = WHOLE


def choose_unit(unit: HourUnit) -> None:
    """Choose a unit."""
    st.session_state[UNIT] = UNIT_WORDS[unit]


def before(chosen: Selection) -> Selection:
    """The same selection in the period before."""
    return replace(chosen, period=chosen.period.before)


def pick(chart: str, labels: Sequence[str], name: str) -> None:
    """Choose alone the machine or category whose mark was clicked in a chart; its tag in the bar is the way back."""
    points = st.session_state[chart]["selection"]["points"]
    if points:
        st.session_state[name] = [unescape(labels[round(points[0]["y"])])]
        st.session_state[PICKED] = True


def pinned(chosen: Selection, names: Mapping[str, str]) -> dict[str, list[str]]:
    """The choices of the bar as an address says them, the period by its months, so that a link never moves."""
    months = chosen.period.months
    return {
        PERIOD: [BETWEEN],
        FROM: [numbers.month(months[0])],
        TO: [numbers.month(months[-1])],
        MACHINES: [names.get(system, system) for system in chosen.systems],
        CATEGORIES: [sentence_case(category_name(category)) for category in chosen.categories],
        UNIT: [] if chosen.unit is HourUnit.NODE_HOURS else [UNIT_WORDS[chosen.unit]],
    }


def link(page: str, choices: Mapping[str, Sequence[str]], others: Mapping[str, Sequence[str]], place: str = "") -> str:
    """The address of a page with the choices of the bar, what else its address says, and a place on it.

    >>> link("http://localhost/usage", {"unit": ["GPU-hours"]}, {"unit": ["node-hours"], "by": ["Country"]}, "by-month")
    'http://localhost/usage?unit=GPU-hours&by=Country#by-month'
    """
    query = urlencode(dict(others) | dict(choices), doseq=True)
    return page + (f"?{query}" if query else "") + (f"#{place}" if place else "")


def in_words(chosen: Selection, names: dict[str, str]) -> str:
    """The selection as words for a sentence: period, machines, categories."""
    machines = ", ".join(names.get(system, system) for system in chosen.systems) or "all machines"
    categories = ", ".join(category_name(category) for category in chosen.categories)
    return " · ".join(filter(None, (chosen.period.name, machines, categories)))


def forget_unknown(name: str, options: Iterable[str]) -> None:
    """Drop what was chosen from a store that has been replaced since."""
    known = set(options)
    if not known.issuperset(st.session_state.get(name, ())):
        st.session_state[name] = [choice for choice in st.session_state[name] if choice in known]


def _period(named: dict[str, Period]) -> Period:
    whole = named[WHOLE]
    name = st.selectbox("Period", [*named, BETWEEN], key=PERIOD, bind="query-params", label_visibility="collapsed", width=170)
    place = st.empty()  # a choice that moves loses its hold on the address, so the months have their place without being there
    if name != BETWEEN:
        return named[name]
    months = {numbers.month(month): month for month in whole.months}
    with place.container(horizontal=True, gap="small", width="content"):
        first = st.selectbox("First month", months, key=FROM, bind="query-params", label_visibility="collapsed", width=150)
        last = st.selectbox(
            "Last month", months, index=len(months) - 1, key=TO, bind="query-params", label_visibility="collapsed", width=150
        )
    start, end = sorted((months[first], months[last]))
    return Period(start, month_after(end))


def _several(label: str, options: Iterable[str], key: str) -> list[str]:
    none = f"All {label.lower()}"
    return st.multiselect(
        label, list(options), placeholder=none, key=key, bind="query-params", label_visibility="collapsed", wrap=False, width=240
    )


def _chip(shown: str, what: str, names: tuple[str, ...]) -> None:
    if shown:
        st.button(f"{shown} ✕", key=f"chip-{names[0]}", help=f"Remove the choice of {what}", on_click=reset, args=names, type="secondary")
