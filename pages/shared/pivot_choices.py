"""What a reader makes a table of: rows, columns, measure, shares, order and filters, each in the page's address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from analytics.charts.numbers import UNIT_WORDS
from analytics.charts.theme import sentence_case
from analytics.pivot import Measure, ShareOf, in_words
from data.terms import Dimension, HourUnit
from pages.shared import filters, loaders
from pages.shared.visit import Visit

ROWS, COLUMNS, MEASURE, CELLS, ORDER = "rows", "columns", "measure", "cells", "order"
"""The names of the choices, in the session and in the address."""

NAMES = {
    Dimension.CATEGORY: "User category",
    Dimension.SYSTEM: "Machine",
    Dimension.PARTITION: "Partition",
    Dimension.MODE: "Access mode",
    Dimension.COUNTRY: "Country",
    Dimension.FIELD: "Field",
    Dimension.ORGANISATION: "Organisation",
    Dimension.PROJECT: "Project",
    Dimension.QUARTER: "Quarter",
    Dimension.MONTH: "Month",
    Dimension.DAY: "Day",
}
"""The dimensions as the reader knows them."""

DIMENSION_OF = {name: dimension for dimension, name in NAMES.items()}
NO_COLUMNS = "No columns"
MOST_ROWS_OF = 3
"""By how many dimensions at once rows are told apart."""

SHARES = {
    "Amount": ShareOf.NOTHING,
    "Share of row": ShareOf.ROW,
    "Share of column": ShareOf.COLUMN,
    "Share of all": ShareOf.WHOLE,
}
ORDERS = {"Largest first": True, "By name": False}
FILTERED = (Dimension.PARTITION, Dimension.MODE, Dimension.COUNTRY, Dimension.FIELD, Dimension.ORGANISATION, Dimension.PROJECT)
"""What can be left out here; machines and user categories are chosen in the filter bar."""

MOST_OPTIONS = 500
"""How many values a filter lists, the largest by machine time; any other can be typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The table that the reader asks for."""

    rows: tuple[Dimension, ...]
    """What its rows are told apart by."""
    column: Dimension | None
    """What its columns are told apart by."""
    measure: Measure
    """What a cell counts."""
    share_of: ShareOf
    """What its cells are shares of."""
    by_size: bool
    """Whether the largest rows come first."""
    only: tuple[tuple[Dimension, tuple[str, ...]], ...]
    """Which values are wanted, by dimension."""


def measures(unit: HourUnit) -> dict[str, Measure]:
    """The measures by their words, machine time in the unit chosen."""
    return {
        f"Machine time ({UNIT_WORDS[unit]})": Measure.HOURS,
        "Jobs": Measure.JOBS,
        "Jobs that failed": Measure.JOBS_FAILED,
        "Jobs never started": Measure.JOBS_NEVER_STARTED,
        "Node-hours in failed jobs": Measure.NODE_HOURS_FAILED,
        "Node-hours asked for by waiting jobs": Measure.NODE_HOURS_QUEUED,
        "Measured IT energy (kWh)": Measure.ENERGY,
    }


def asked(here: Visit) -> Asked:
    """What the reader asks for, after drawing the choices."""
    known = measures(here.chosen.unit)
    first, second, third = st.columns([3, 2, 2], gap="small")
    names = first.multiselect(
        "Rows", list(DIMENSION_OF), default=[NAMES[Dimension.CATEGORY]], max_selections=MOST_ROWS_OF, key=ROWS, bind="query-params"
    )
    rows = tuple(DIMENSION_OF[name] for name in names) or (Dimension.CATEGORY,)
    across = second.selectbox(
        "Columns", [NO_COLUMNS, *DIMENSION_OF], index=1 + list(NAMES).index(Dimension.QUARTER), key=COLUMNS, bind="query-params"
    )
    column = DIMENSION_OF.get(across)
    said = third.selectbox("Measure", list(known), key=MEASURE, bind="query-params")
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="pivot-bar"):
        cells = st.segmented_control("Cells", list(SHARES), default="Amount", required=True, key=CELLS, bind="query-params")
        order = st.segmented_control("Order of rows", list(ORDERS), default="Largest first", required=True, key=ORDER, bind="query-params")
        only = _only(here)
    return Asked(
        rows=rows,
        column=None if column in rows else column,
        measure=known[said],
        share_of=SHARES[cells],
        by_size=ORDERS[order],
        only=only,
    )


def key_of(dimension: Dimension) -> str:
    """The name of a filter, in the session and in the address."""
    return f"only-{NAMES[dimension].lower().replace(' ', '-')}"


def _only(here: Visit) -> tuple[tuple[Dimension, tuple[str, ...]], ...]:
    """The filters beyond those of the bar, one click away; what can be chosen is looked up when they are opened, or set already."""
    given = [dimension for dimension in FILTERED if st.session_state.get(key_of(dimension)) or st.query_params.get(key_of(dimension))]
    wanted = []
    label = f"Filters ({len(given)})" if given else "Filters"
    popover = st.popover(label, icon=":material/filter_alt:", key="pivot-filters", on_change="rerun")
    with popover:
        st.caption("Period, machines and user categories are chosen in the bar above.")
        places = {dimension: st.container() for dimension in FILTERED}
    for dimension in FILTERED if popover.open else given:
        options = _options(here, dimension)
        labels = places[dimension].multiselect(
            NAMES[dimension], list(options), key=key_of(dimension), placeholder="All", bind="query-params"
        )
        if labels:
            wanted.append((dimension, tuple(options[label] for label in labels)))
    return tuple(wanted)


def _options(here: Visit, dimension: Dimension) -> dict[str, str]:
    """The values of a dimension by their words, the largest first, and whatever else the address asks for and is there."""
    found = loaders.explored(here.seen, here.chosen, (dimension,)).sort("node_hours", "jobs", descending=True)[dimension.value]
    names = loaders.system_names(here.seen)
    words = {in_words(dimension, value, names): value or "" for value in found}
    already = {*st.query_params.get_all(key_of(dimension)), *st.session_state.get(key_of(dimension), ())}
    options = {label: value for place, (label, value) in enumerate(words.items()) if place < MOST_OPTIONS or label in already}
    filters.forget_unknown(key_of(dimension), options)
    return options


def in_sentence(asked_for: Asked, names: Mapping[str, str]) -> Sequence[str]:
    """The filters set, as words.

    >>> wanted = Asked(rows=(), column=None, measure=Measure.JOBS, share_of=ShareOf.ROW, by_size=True, only=((Dimension.COUNTRY, ("FI",)),))
    >>> in_sentence(wanted, {})
    ['country: Finland']
    """
    return [
        f"{sentence_case(NAMES[dimension]).lower()}: {', '.join(in_words(dimension, value, names) for value in values)}"
        for dimension, values in asked_for.only
    ]
