"""A recommended split taken into the unsaved quotas, to be looked at, changed and saved there; nothing is written by itself."""

from collections.abc import Mapping

import polars as pl
import streamlit as st

from analytics.charts import numbers
from analytics.recommendation import Recommendation
from data.quotas import EDITS, KEY, changed, edits_of
from data.terms import Action, HourUnit, Period
from pages.shared import loaders, parts, quota_compared, quota_many, quota_rows, quota_table
from pages.shared.visit import Visit

HOURS, SHARES = "Hours of each project", "Fairshare of each project"
SHARES_OF_A_MACHINE = 10_000
"""The shares of all projects on a machine, in sum."""
TAKEN = "split-taken"
"""Where the session keeps that a split was taken into the unsaved quotas, to say so once."""


def section(here: Visit, found: Recommendation) -> None:
    """What the split would make of the quotas, and the way to take it there."""
    if Action.DECIDE not in here.person.may:
        st.caption(f"{here.person.name} ({here.person.role}) may look at quotas, but not change them.")
        return
    done = st.session_state.pop(TAKEN, None)
    if done is not None:
        st.success(parts.escaped(done), icon=":material/check:")
        st.page_link("operations/quotas.py", label="To the unsaved quotas")
    what = st.segmented_control("What to take", [HOURS, SHARES], default=HOURS, required=True, key="split-as-quotas")
    edits, said = _edits(here, found, what)
    for sentence in said:
        st.caption(parts.escaped(sentence))
    if edits.is_empty():
        st.caption("No quota would change.")
        return
    stands = quota_rows.standing(here)
    if what == HOURS:
        st.markdown(f"**{parts.escaped(quota_many.in_words(edits, edits_of(stands)))}**")
    rows = quota_compared.side_by_side(stands, edits)
    alt = "What the split would make of each quota"
    quota_compared.table(rows, name="split-quotas", alt=alt, most_rows=8)
    if st.button(f"Take into quotas as unsaved changes ({numbers.counted(edits.height, 'project')})", key="split-take"):
        quota_table.keep(here, edits)
        quota_table.begin_anew()
        st.session_state[TAKEN] = f"{numbers.counted(edits.height, 'project')} taken into the unsaved quotas; nothing is saved yet."
        st.rerun()


def _edits(here: Visit, found: Recommendation, what: str) -> tuple[pl.DataFrame, list[str]]:
    """The edits that differ from what stands, and what is to be known of the others."""
    recommended = found.by_project.select(*KEY, "node_hours_recommended")
    stands = quota_rows.standing(here)
    rows = edits_of(stands).join(recommended.select(*KEY), on=KEY, how="semi")
    if what == SHARES:
        edits = with_fairshare(rows, recommended)
        said = [f"The shares of all projects on a machine are {numbers.whole(SHARES_OF_A_MACHINE)} in sum, in proportion to their hours."]
        return changed(stands, edits), said + _left_out(recommended.height - edits.height, "without any quota")
    logged = loaders.logged_days(here.seen)
    last_days = {system: days.end for system, days in logged.items()}
    last_day = pl.col("system").replace_strict(last_days, default=None, return_dtype=pl.Date)
    runs = rows.filter((pl.col("ends") > last_day).fill_null(value=False))
    counted = {system: both for system, days in logged.items() if (both := days.within(here.chosen.period))}
    edits = with_hours(runs, recommended, counted)
    said = [
        f"Of each quota, the hours that fall by its days into {here.chosen.period.name}, as far as its machine's log reaches, become those "
        "recommended; the hours of its other days stay."
    ]
    why = "whose quota is not in node-hours, has no first day or end, has ended by the end of the log, or does not fall into these months"
    return changed(stands, edits), said + _left_out(recommended.height - edits.height, why)


def _left_out(projects: int, why: str) -> list[str]:
    return [f"Left out: {numbers.counted(projects, 'project')} {why}."] if projects else []


def with_hours(edits: pl.DataFrame, recommended: pl.DataFrame, counted: Mapping[str, Period]) -> pl.DataFrame:
    """The quotas in node-hours that fall into the days of a split, these days' hours replaced by those recommended (frame EDITS).

    Args:
        edits: The quotas as they stand (EDITS).
        recommended: system, account, node_hours_recommended of these days.
        counted: The days of each machine for which the split counted what was asked for.
    """
    spans = pl.DataFrame(
        [(system, days.start, days.end) for system, days in counted.items()],
        schema={"system": pl.String, "first_day": pl.Date, "last_day": pl.Date},
        orient="row",
    )
    days = (pl.col("ends") - pl.col("starts")).dt.total_days()
    inside = (pl.min_horizontal("ends", "last_day") - pl.max_horizontal("starts", "first_day")).dt.total_days()
    dated = edits.filter(pl.all_horizontal(pl.col("hours", "starts", "ends").is_not_null()), unit=HourUnit.NODE_HOURS.value)
    touched = dated.join(spans, on="system", how="inner", validate="m:1").filter(days > 0, inside > 0)
    both = touched.join(recommended, on=KEY, how="inner", validate="1:1")
    outside = pl.col("hours") * (1 - inside / days)
    return both.with_columns(hours=(outside + pl.col("node_hours_recommended")).round(0)).select(list(EDITS))


def with_fairshare(edits: pl.DataFrame, recommended: pl.DataFrame) -> pl.DataFrame:
    """The quotas with shares in proportion to the hours recommended on their machine, at least one where any are (frame EDITS).

    Args:
        edits: The quotas as they stand (EDITS); those without hours are left out.
        recommended: system, account, node_hours_recommended.
    """
    hours = pl.col("node_hours_recommended")
    whole = recommended.with_columns(share=hours / hours.sum().over("system")).filter(hours.sum().over("system") > 0)
    shares = (pl.col("share") * SHARES_OF_A_MACHINE).round(0).clip(pl.when(hours > 0).then(1).otherwise(0)).cast(pl.Int64)
    both = edits.filter(pl.col("hours").is_not_null()).join(whole, on=KEY, how="inner", validate="1:1")
    return both.with_columns(fairshare=shares).select(list(EDITS))
