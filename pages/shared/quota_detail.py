"""One project's quota: what is left of it, whether it lasts, and what the log says of its use."""

from datetime import timedelta

import polars as pl
import streamlit as st

from analytics import quota_burn
from analytics.charts import numbers
from analytics.charts import quota as charts
from data import burn
from data.terms import HourUnit
from pages.shared import loaders, parts, quota_results
from pages.shared.visit import Visit


def detail(here: Visit, system: str, account: str) -> None:
    """The burn-down of one project with its forecast, and the sentences that say what it means.

    Args:
        here: The visit.
        system: The machine.
        account: The project's account on it.
    """
    found = quota_results.progress(here.seen).filter(system=system, account=account)
    if found.is_empty():
        st.info(parts.escaped(f"No account {account} is known on this machine."))
        return
    project = found.row(0, named=True)
    daily = loaders.kept(here.seen, "days of account", (system, account), lambda: burn.days(here.seen.lake, system, account))
    rows = quota_burn.burn_down(project, daily)
    name = f"{account} on {loaders.system_names(here.state).get(system, system)}"
    st.markdown(parts.escaped(" ".join(quota_burn.sentences(project))))
    if rows.is_empty():
        return
    unit, last = HourUnit(project["unit"]), project["as_of"] - timedelta(days=1)
    parts.chart(
        charts.burn_down(rows, category=project["category"], unit=unit, ends=project["ends"], title=f"Hours left of {name}"),
        alt=charts.burn_down_summary(rows, unit),
        data=rows.with_columns(system=pl.lit(system), account=pl.lit(account)),
        name="quota-burn-down",
        selection=name,
        method="Quotas",
        coverage=[f"The machine's log ends on {numbers.day(last)}. The band is meant to hold eight cases of ten.{_trial(here, system)}"],
    )


def _trial(here: Visit, system: str) -> str:
    """How the same forecast fared eight weeks ago on this machine, in a sentence."""
    found = quota_results.tried(here.seen, (system,))
    if found is None:
        return ""
    whose = numbers.counted(found.projects, "project")
    return f" Made {found.weeks} weeks ago it held what came since of {numbers.percent(found.held_share)} of {whose} of this machine."
