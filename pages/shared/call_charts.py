"""The charts of a decided call, each in its frame: where the hours go, and how near the limits they come."""

from dataclasses import dataclass

import plotly.graph_objects as go
import polars as pl
import streamlit as st

from analytics.calls import findings
from analytics.calls.decision import Decision
from analytics.calls.exports import by_group
from analytics.charts import calls as charts
from pages.shared import chart_frame


@dataclass(frozen=True, slots=True, kw_only=True)
class OfCall(chart_frame.Framed):
    """A chart of a call, whose numbers come from its applications and from no log."""

    @property
    def lines(self) -> list[str]:
        """Where its numbers are from."""
        return [f"Source: {self.selection}"]


def pictures(decision: Decision, *, invented: bool) -> None:
    """The hours awarded on each machine, by country, and how much of each limit is used."""
    source = f"{'invented applications' if invented else 'the applications'} of the call {decision.call.title}"
    by_machine = decision.by_machine.join(decision.awards.select("application", "category"), on="application", how="left", validate="m:1")
    awarded = by_machine.group_by("name", "category").agg(pl.col("hours_awarded").sum()).sort("name", "category")
    offered = decision.machines.filter(pl.col("hours_offered") > 0).select("name", "hours_offered")
    _show(
        charts.by_machine(awarded, offered, unit=decision.call.unit, title="Hours awarded on each machine, by user category"),
        alt=charts.by_machine_summary(awarded, offered, unit=decision.call.unit),
        finding=findings.by_machine(awarded, offered, unit=decision.call.unit),
        data=awarded,
        name="machines",
        source=source,
    )
    left, right = st.columns(2, gap="large")
    countries = by_group(decision, "country")
    with left:
        figure = charts.by_country(countries, title="Share of the hours asked for and awarded, by country")
        found, alt = findings.by_country(countries), charts.by_country_summary(countries)
        _show(figure, alt=alt, finding=found, data=countries, name="countries", source=source)
    with right:
        figure = charts.limits_used(decision.limits, title="Part of each limit that is used")
        found, alt = findings.limits_used(decision.limits), charts.limits_used_summary(decision.limits)
        _show(figure, alt=alt, finding=found, data=decision.limits, name="limits", source=source)


def _show(figure: go.Figure, *, alt: str, finding: str, data: pl.DataFrame, name: str, source: str) -> None:
    """A chart in its frame; awards of a call are published by name, so that nothing of it is withheld."""
    said = data.select(pl.exclude(pl.List)).with_columns(applications=pl.lit(source))
    chart_frame.show(
        OfCall(
            figure=figure,
            alt=alt,
            finding=finding,
            data=said,
            name=f"call-{name}",
            method="Calls",
            selection=source,
            withholds=frozenset,
        )
    )
