"""The projects of the quotas page: found, filtered and sorted on the server, a page of them at a time, all of it kept in the address."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
import streamlit as st

from analytics.charts import numbers
from analytics.charts.theme import sentence_case
from analytics.quota_progress import STATUS_WORDS
from data import quotas
from data.quota_check import ceilings
from data.quotas import EDITS, KEY, VALUES, edits_of
from data.terms import HourUnit
from pages.shared import filters, loaders, quota_results
from pages.shared.visit import Visit

SEARCH, STATUS, SORT, PAGE, UNSAVED = "find", "status", "sort", "page", "unsaved"
"""The names of the choices in the address."""
PAGE_ROWS = 100
"""How many projects stand on one page; an editor of fifty thousand rows would take seconds to draw at each keystroke."""

STATUS_OF = {sentence_case(words): status for status, words in STATUS_WORDS.items()}
SORTS: Mapping[str, tuple[str, bool]] = {
    "Furthest over by forecast": ("forecast_share", True),
    "Largest quota first": ("quota_hours", True),
    "Most used first": ("used_share", True),
    "Least used first": ("used_share", False),
    "Furthest under by forecast": ("forecast_share", False),
    "Fewest days left": ("days_left", False),
    "Most hours waiting": ("queued_hours", True),
    "Most energy": ("energy_kwh", True),
    "By name": ("account", False),
}
"""The orders in which projects can stand: a column, and whether the largest comes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The projects that a reader looks at."""

    every: pl.DataFrame
    """All projects of the machines and categories chosen (PROGRESS with what their quotas set beside the hours)."""
    found: pl.DataFrame
    """Those that are found, in their order."""
    page: pl.DataFrame
    """Those on this page."""


def every(here: Visit) -> pl.DataFrame:
    """All projects with their progress and everything that their quotas set."""
    return loaders.kept(here.seen, "quota rows", (), lambda: _every(here))


def standing(here: Visit) -> pl.DataFrame:
    """What stands for every project that somebody decided about (frame STANDING)."""
    return loaders.kept(here.seen, "standing quotas", (), lambda: quotas.standing(here.seen.lake))


def machine_ceilings(here: Visit) -> pl.DataFrame:
    """How much each machine has (frame CEILINGS)."""
    return loaders.kept(here.seen, "ceilings of quotas", (), lambda: ceilings(loaders.systems(here.state)))


def editable(here: Visit, rows: pl.DataFrame) -> pl.DataFrame:
    """These projects as edits that change nothing yet (frame EDITS)."""
    stands = rows.select(*KEY).join(edits_of(standing(here)), on=KEY, how="left", validate="1:1", maintain_order="left")
    return stands.with_columns(pl.col("unit").fill_null(HourUnit.NODE_HOURS.value), pl.col("base_version").fill_null(0)).select(list(EDITS))


def settled(here: Visit, edits: pl.DataFrame) -> pl.DataFrame:
    """The hours that would hold, in which unit and until when: of a quota that is taken back, the node-hours of the award."""
    awards = loaders.all_projects(here.seen, ()).select(*KEY, award="node_hours_awarded", award_ends="ends")
    unit = pl.when(pl.col("hours").is_null()).then(pl.lit(HourUnit.NODE_HOURS.value)).otherwise("unit").alias("unit")
    ends = pl.when(pl.col("hours").is_null()).then("award_ends").otherwise("ends").alias("ends")
    return edits.join(awards, on=KEY, how="left", validate="1:1").select(*KEY, unit, ends, hours=pl.coalesce("hours", "award"))


def shown(here: Visit, draft: pl.DataFrame) -> Shown:
    """The projects to look at, after drawing the controls that find and sort them."""
    rows = _of_bar(here, every(here))
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        text = st.text_input("Find", key=SEARCH, bind="query-params", placeholder="account, title or organisation", width=230)
        filters.forget_unknown(STATUS, STATUS_OF)
        chosen = st.multiselect("Status", list(STATUS_OF), key=STATUS, bind="query-params", placeholder="All", width=230)
        order = st.selectbox("Order", SORTS, key=SORT, bind="query-params", width=210)
        unsaved = st.toggle(f"Unsaved only ({numbers.whole(draft.height)})", key=UNSAVED, bind="query-params") if draft.height else False
    found = _found(rows, text, [STATUS_OF[name] for name in chosen])
    if unsaved:
        found = found.join(draft.select(*KEY), on=KEY, how="semi")
    column, largest = SORTS[order]
    found = found.sort(column, *KEY, descending=[largest, False, False][: 1 + len(KEY)], nulls_last=True)
    return Shown(every=rows, found=found, page=_page(found))


def _every(here: Visit) -> pl.DataFrame:
    beside = [name for name in VALUES if name not in ("unit", "hours", "starts", "ends")]
    rows = quota_results.progress(here.seen).join(standing(here).select(*KEY, *beside), on=KEY, how="left", validate="1:1")
    about = pl.concat_str([pl.col(name).fill_null("") for name in ("account", "title", "organisation")], separator="\n")
    share = pl.when(pl.col("quota_hours") > 0).then(pl.col("forecast_hours") / pl.col("quota_hours"))
    return rows.with_columns(forecast_share=share, searched=about.str.to_lowercase())


def _of_bar(here: Visit, rows: pl.DataFrame) -> pl.DataFrame:
    """The projects on the machines and of the categories of the filter bar."""
    if here.chosen.systems:
        rows = rows.filter(pl.col("system").is_in(list(here.chosen.systems)))
    if here.chosen.categories:
        rows = rows.filter(pl.col("category").is_in([category.value for category in here.chosen.categories]))
    return rows


def _found(rows: pl.DataFrame, text: str, statuses: list[str]) -> pl.DataFrame:
    for word in text.casefold().split():
        rows = rows.filter(pl.col("searched").str.contains(word, literal=True))
    return rows.filter(pl.col("status").is_in(statuses)) if statuses else rows


def _page(found: pl.DataFrame) -> pl.DataFrame:
    """The rows of the page chosen, after drawing the choice where there is more than one."""
    pages = max(1, math.ceil(found.height / PAGE_ROWS))
    if pages == 1:
        return found
    if st.session_state.get(PAGE, 1) > pages:
        st.session_state[PAGE] = 1
    number = st.pagination(pages, key=PAGE, bind="query-params")
    return found.slice((number - 1) * PAGE_ROWS, PAGE_ROWS)
