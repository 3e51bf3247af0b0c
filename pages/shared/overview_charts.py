"""The charts of the overview: shares against dues, fairness over time, machine time by month, and energy by machine."""

import polars as pl
import streamlit as st

from analytics import energy, findings
from analytics.charts import energy as energy_charts
from analytics.charts import fairness as fairness_charts
from analytics.charts import received
from analytics.fairness import Inequality
from data.terms import Dimension, HourUnit
from pages.shared import parts, protection, results, results_fairness
from pages.shared.visit import Visit

MONTHLY = "Fairness of each month on its own"

PERIOD = "the period"
"""The period in the findings below the first, which names it."""


def fairness(here: Visit, due: pl.DataFrame, fair: Inequality) -> None:
    """Shares against dues, and fairness over time."""
    left, right = st.columns(2, gap="large")
    with left:
        parts.chart(
            fairness_charts.against_due(due, title="Share received against share due"),
            alt=fairness_charts.against_due_summary(due),
            data=due,
            name="received-against-due",
            finding=findings.against_due(due, period=PERIOD),
            withholds=protection.by(Dimension.CATEGORY, unit=HourUnit.NODE_HOURS)(due),
            method="Fairness",
        )
    with right:
        indices = results_fairness.index_by_month(here)
        parts.chart(
            fairness_charts.index_over_time(indices, "jain", name="Jain's index, 1 where all are served alike", title=MONTHLY),
            alt=fairness_charts.index_over_time_summary(indices, "jain", name="Jain's index"),
            data=indices,
            name="fairness-over-time",
            finding=findings.unequal(fair, period=PERIOD),
            method="Fairness",
        )


def machine_time(here: Visit) -> None:
    """Machine time by month against capacity."""
    unit, monthly = here.chosen.unit, results.by_month(here)
    parts.chart(
        received.by_month(
            monthly, unit=unit, title="Machine time by month and user category, against capacity", offered=results.capacity_by_month(here)
        ),
        alt=received.by_month_summary(monthly, unit=unit),
        data=monthly,
        name="machine-time-by-month",
        finding=findings.capacity_used(results.named(here, results.of_capacity(here)), period=PERIOD),
        withholds=protection.by(Dimension.CATEGORY, Dimension.MONTH)(monthly),
        method="Usage",
    )


def energy_by_machine(here: Visit, spent: pl.DataFrame) -> None:
    """IT energy of each machine."""
    spent_by_system = energy.energy_by(results.energy_rows(here), "system")
    by_system = results.named(here, spent_by_system)
    parts.chart(
        energy_charts.by_group(by_system, title="IT energy by machine"),
        alt=energy_charts.by_group_summary(by_system),
        data=by_system,
        name="energy-by-machine",
        finding=findings.energy_used(spent, period=PERIOD),
        withholds=protection.by(Dimension.SYSTEM, unit=HourUnit.NODE_HOURS)(spent_by_system),
        method="Energy",
    )
