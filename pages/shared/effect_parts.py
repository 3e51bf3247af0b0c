"""The part of a page that tells what a change of quotas brought, once enough weeks have passed."""

from datetime import timedelta
from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from analytics import effect_words as words
from analytics.charts import effect as charts
from analytics.charts import numbers
from analytics.demand import demand_of_projects
from analytics.effect import AFFECTED, BEYOND, OTHERS, Measure, Windows, effect, windows
from analytics.fairness import due_by_demand
from data import around, quotas
from data.terms import Period, Selection
from pages.shared import loaders, parts, quota_results, tables
from pages.shared.visit import Visit

CHANGE, MEASURE = "effect-change", "effect-measure"
LONGEST_REASON = 60

Accounts = tuple[tuple[str, str], ...]


def section(here: Visit) -> None:
    """Which change, what it brought by measure and group, and what these words rest on."""
    made = changes(here)
    if made.is_empty():
        parts.finding("No quota was changed yet, so there is nothing to compare.")
        st.info("Once a change of quotas was saved on the page Quotas, this page tells what it brought, from four whole weeks after it on.")
        return
    chosen = _chosen(made)
    changed, affected = chosen["day"], tuple(zip(chosen["systems"], chosen["accounts"], strict=True))
    logged = loaders.logged_days(here.seen)
    compared = windows(changed, [logged[system] for system in set(chosen["systems"]) if system in logged], _silent(here, affected))
    rows = loaders.kept(here.seen, "effect", (affected, changed), partial(_effect, here, affected, compared))
    parts.finding(words.finding(rows, compared))
    if compared.weeks == 0:
        st.info("No whole week of the logs lies on both sides of it, so there is nothing to compare; look again when the logs reach on.")
        return
    measure = st.segmented_control(
        "Measure",
        list(words.MEASURES),
        format_func=words.MEASURES.__getitem__,
        default=Measure.NODE_HOURS.value,
        required=True,
        key=MEASURE,
    )
    after = numbers.counted(compared.weeks, "week")
    title = f"{words.MEASURES[measure]}, {after} after {numbers.day(changed)} against as many before"
    parts.chart(
        charts.changes(rows, measure, title=title),
        alt=charts.changes_summary(rows, measure),
        data=rows.filter(measure=measure),
        name="quota-effect",
        selection=f"change {chosen['change_id']} of {numbers.day(changed)}",
        coverage=["The line is the interval that is meant to hold the change nine times in ten."],
        method="Quotas",
    )
    _in_words(rows)
    _table(rows)


def changes(here: Visit) -> pl.DataFrame:
    """Every change of quotas that was made current: change_id, day, author, reason, systems and accounts, newest first."""
    return loaders.kept(here.seen, "changes of quotas", (), partial(_changes, here))


def _changes(here: Visit) -> pl.DataFrame:
    every = quotas.versions(here.seen.lake)
    return (
        every.sort("change_id", "system", "account")
        .group_by("change_id")
        .agg(pl.col("decided").max().dt.date().alias("day"), pl.col("author", "reason").first(), systems="system", accounts="account")
        .sort("change_id", descending=True)
    )


def _chosen(made: pl.DataFrame) -> dict[str, Any]:
    """The change that the reader chose, by default the newest."""
    named = {str(row["change_id"]): row for row in made.iter_rows(named=True)}
    st.caption("The weeks before and after a change are compared, whatever the period and choices above.")
    number = st.selectbox("Change of quotas", list(named), format_func=lambda each: _named(named[each]), key=CHANGE)
    return named[number]


def _named(row: dict[str, Any]) -> str:
    reason = row["reason"] if len(row["reason"]) <= LONGEST_REASON else row["reason"][: LONGEST_REASON - 1] + "…"
    return f"{row['change_id']}: {numbers.day(row['day'])}, {numbers.counted(len(row['accounts']), 'project')}, {reason}"


def _silent(here: Visit, affected: Accounts) -> list[Period]:
    """The weeks on end in which one of the machines ran nothing at all, beyond which nothing is compared."""
    return [days for system in sorted({system for system, _ in affected}) for days in quota_results.silent(here.seen, system)]


def _effect(here: Visit, affected: Accounts, compared: Windows) -> pl.DataFrame:
    weeks = max(compared.weeks, 1)
    lake, changed, lasting = here.seen.lake, compared.changed, _lasting(here, compared)
    return effect(
        around.usage(lake, affected, lasting, changed, weeks=weeks),
        around.waits(lake, affected, lasting, changed, weeks=weeks),
        loaders.partitions(here.state),
        compared,
        _due(here, affected, compared),
    )


def _lasting(here: Visit, compared: Windows) -> Accounts:
    """The projects whose quotas run on all days compared."""
    length, changed = timedelta(weeks=compared.weeks), compared.changed
    known = quota_results.current(here.seen)
    lasting = known.filter(pl.col("starts") <= changed - length, pl.col("ends") >= changed + length)
    return tuple(lasting.select("system", "account").rows())


def _due(here: Visit, affected: Accounts, compared: Windows) -> dict[str, tuple[float, float]]:
    """The hours due to each category, to those affected and to the others, on either side: those awarded, else those asked for."""
    if compared.weeks == 0:
        return {}
    length, changed = timedelta(weeks=compared.weeks), compared.changed
    sides = [_due_in(here, affected, period) for period in (Period(changed - length, changed), Period(changed, changed + length))]
    return {group: (sides[0].get(group, 0.0), sides[1].get(group, 0.0)) for group in {**sides[0], **sides[1]}}


def _due_in(here: Visit, affected: Accounts, period: Period) -> dict[str, float]:
    systems = tuple(sorted({system for system, _ in affected}))
    used = loaders.usage(here.seen, Selection(period=period, systems=systems), "system", "account")
    known = loaders.all_projects(here.seen, systems)
    demand = demand_of_projects(used, known, period)
    keys = pl.DataFrame(list(affected), schema={"system": pl.String, "account": pl.String}, orient="row").with_columns(
        group=pl.lit(AFFECTED)
    )
    told = demand.join(keys, on=["system", "account"], how="left", validate="m:1").with_columns(pl.col("group").fill_null(OTHERS))
    return due_by_demand(demand) | due_by_demand(told, "group")


def _in_words(rows: pl.DataFrame) -> None:
    left, right = st.columns(2, gap="large")
    for place, group in ((left, AFFECTED), (right, BEYOND)):
        with place:
            st.subheader(words.GROUPS[group], anchor=False)
            st.markdown("\n".join(f"- {parts.escaped(sentence)}" for sentence in words.sentences(rows, group)))
    st.caption(words.ASSUMPTION)


def _table(rows: pl.DataFrame) -> None:
    st.header("Before and after", anchor="before-and-after")
    shown = rows.select(
        pl.col("group").map_elements(words.group_name, return_dtype=pl.String),
        pl.col("measure").replace_strict(words.MEASURES, return_dtype=pl.String),
        *(_written(name) for name in ("before", "after", "change")),
        pl.when(pl.col("change_low").is_not_null())
        .then(pl.format("{} to {}", _written("change_low"), _written("change_high")))
        .alias("nine_times_in_ten"),
        pl.col("verdict").replace_strict(words.VERDICTS, return_dtype=pl.String),
    )
    tables.table(
        rows, shown=shown, name="quota-effect-all", alt="Each measure of each group before and after the change, with its interval"
    )


def _written(name: str) -> pl.Expr:
    return pl.struct("measure", name).map_elements(partial(_amount, name), return_dtype=pl.String).alias(name)


def _amount(name: str, cell: dict[str, Any]) -> str:
    amount, measure = cell[name], cell["measure"]
    if amount is None:
        return numbers.NOT_AVAILABLE
    sign = ("+" if amount > 0 else "\N{MINUS SIGN}" if amount < 0 else "") if name.startswith("change") else ""
    return sign + (numbers.amount(abs(amount), "") if measure == Measure.NODE_HOURS else words.value(measure, abs(amount)))
