"""The charts of the fairness page: shares received and due, how long jobs waited, and whose demand is unmet."""

import polars as pl
import streamlit as st

from analytics import findings, findings_fairness
from analytics.charts import fairness as charts
from analytics.charts import gains as gain_charts
from analytics.charts import lorenz, spread
from analytics.fairness import Inequality
from data.terms import Dimension, HourUnit
from pages.shared import fairness_parts, parts, protection, results, results_fairness
from pages.shared.visit import Visit


def who_received_what_was_due(here: Visit, due: pl.DataFrame) -> None:
    """Shares received and due by category and by participating state, and by month."""
    monthly, states, period = results.monthly_due(here), results_fairness.due_by_state(here), here.chosen.period.name
    left, right = st.columns([2, 3], gap="large")
    with left:
        parts.chart(
            charts.against_due(due, title="Share received against share due, by user category"),
            alt=charts.against_due_summary(due),
            data=fairness_parts.with_intervals(here, due),
            name="received-against-due",
            finding=findings.against_due(due, period=period),
            withholds=protection.by(Dimension.CATEGORY, unit=HourUnit.NODE_HOURS)(due),
            method="Fairness",
        )
        parts.coverage(fairness_parts.few(here))
    with right:
        parts.chart(
            charts.over_time(monthly, title="Difference from the share due, by month"),
            alt=charts.over_time_summary(monthly),
            data=monthly,
            name="difference-from-due-by-month",
            finding=findings_fairness.furthest_from_due(monthly),
            withholds=protection.by(Dimension.CATEGORY, Dimension.MONTH, unit=HourUnit.NODE_HOURS)(monthly),
            method="Fairness",
        )
    parts.chart(
        charts.against_due(states, "country", title="Share received against share due, by participating state"),
        alt=charts.against_due_summary(states, "country"),
        data=states,
        name="received-against-due-by-state",
        withholds=protection.by(Dimension.COUNTRY, unit=HourUnit.NODE_HOURS)(states),
        finding=findings_fairness.states(states, period=period),
        method="Fairness",
    )


def who_waited(here: Visit) -> None:
    """Waits and slowdowns as distributions."""
    st.header("How long did jobs wait?", anchor="waits")
    period, waits = here.chosen.period.name, results.waits(here)
    spread_of_waits, slowed = results_fairness.wait_spread(here), results_fairness.slowdown_spread(here)
    left, right = st.columns(2, gap="large")
    with left:
        parts.chart(
            spread.waits(spread_of_waits, title="Waits in the queue, by user category"),
            alt=spread.waits_summary(spread_of_waits),
            data=spread_of_waits,
            name="waits-by-category",
            withholds=protection.by(Dimension.CATEGORY, unit=HourUnit.NODE_HOURS)(spread_of_waits),
            finding=findings.waited(waits, period=period),
            method="Waits",
        )
    with right:
        parts.chart(
            spread.slowdowns(slowed, title="Bounded slowdowns, by user category"),
            alt=spread.slowdowns_summary(slowed),
            data=slowed,
            name="slowdowns-by-category",
            withholds=protection.by(Dimension.CATEGORY, unit=HourUnit.NODE_HOURS)(slowed),
            finding=findings_fairness.slowed(slowed, period=period),
            method="Waits",
        )


def who_lacks(here: Visit, fair: Inequality) -> None:
    """Unmet demand, and how unequally projects were served."""
    st.header("Whose demand is unmet, and how unequal is that?", anchor="unmet")
    unmet, curves, period = results_fairness.unmet(here), results_fairness.curves(here), here.chosen.period.name
    left, right = st.columns(2, gap="large")
    with left:
        parts.chart(
            gain_charts.one_percent_more(unmet, title="Demand received, now and with one percent more"),
            alt=gain_charts.one_percent_more_summary(unmet),
            data=unmet,
            name="one-percent-more",
            finding=findings_fairness.unmet(unmet, period=period),
            coverage=fairness_parts.unknown_projects(unmet),
            method="Fairness",
        )
    with right:
        parts.chart(
            lorenz.curves(curves, title="Lorenz curves of satisfaction, over projects with an award"),
            alt=lorenz.curves_summary(curves),
            data=curves,
            name="lorenz-curves",
            finding=findings.unequal(fair, period=period),
            method="Fairness",
        )
    if sure := findings_fairness.sure(fair, results_fairness.intervals(here)):
        st.markdown(parts.escaped(sure))
