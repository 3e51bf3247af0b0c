"""Whether each group received what was due to it: shares received and due, waits, unmet demand, inequality, limits of the law."""

import polars as pl
import streamlit as st

from analytics import demand, findings
from analytics.charts import numbers
from analytics.fairness import inequality_by
from data.terms import HourUnit
from pages.shared import fairness_charts, fairness_parts, parts, results, tables, visit

LIMITS_SHOWN = ("system", "title", "share", "share_allowed", "over", "near", "share_most", "node_hours", "node_hours_base", "source")
LIMITS_READ = ("system", "title", "share", "share_allowed", "standing", "share_most", "node_hours", "node_hours_base")
UNKNOWN = pl.col("over").is_null()
STANDING = pl.when(UNKNOWN).then(pl.lit("not available")).when("over").then(pl.lit("over")).when("near").then(pl.lit("near"))

here = visit.now()
period = here.chosen.period.name
due, asked, fair, limits = results.due(here), results.demand(here), results.inequality(here), results.against_limits(here)


def what_due_rests_on() -> None:
    """Say whether the shares due rest on awards or on what the queue showed, and what is missing from both."""
    basis = demand.demand_by(asked, "system")
    awarded, whole = float(basis["node_hours_awarded"].sum()), float(basis["node_hours_demanded"].sum())
    said = []
    if not whole:
        said.append("No demand in node-hours is known, so no share due can be stated.")
    elif due["share_due"].null_count() == due.height:
        said.append("No award is known and no job waits, so what was due cannot be told from what was used.")
    elif not awarded:
        said.append("No award is known, so shares due rest on the queue: hours used, and hours asked for by jobs that wait still.")
    elif awarded < whole:
        part = "Almost all" if awarded / whole >= 0.995 else numbers.percent(awarded / whole)
        said.append(f"{part} of the demand rests on awards; the rest is observed: hours used, and hours asked for by jobs that wait still.")
    for name, words in (
        ("jobs_without_nodes", "ran on an unknown number of nodes"),
        ("jobs_queued_without_hours", "wait without saying what for"),
    ):
        if count := int(asked[name].sum() or 0):
            said.append(f"{numbers.counted(count, 'job')} {words}; their hours are in no share, received or due.")
    parts.coverage(said)
    parts.shared_nodes(results.totals(here))
    if here.chosen.unit is not HourUnit.NODE_HOURS:
        st.caption("Demand, dues and limits are counted in node-hours, whatever unit is chosen.")


def limits_of_the_law() -> None:
    """Each machine's Union access against the limits that law and policy set."""
    st.header("Limits of law and access policy", anchor="limits")
    st.markdown(parts.escaped(findings.over_limits(results.named(here, limits), period=period)))
    st.caption(
        "Counted is Union access: projects whose code or decision tells a EuroHPC access mode. Time of other accounts, national or "
        "unknown, stands beside it, with the share it would make if all of it were the Union's."
    )
    nearest = limits.select(LIMITS_SHOWN).sort(pl.col("share") / pl.col("share_allowed"), descending=True, nulls_last=True)
    people = tables.for_people(nearest.with_columns(standing=STANDING.otherwise(pl.lit("within"))).select(LIMITS_READ))
    tables.table(nearest, shown=people, name="limits", alt="Union access against each limit, by machine, the nearest first", most_rows=12)


parts.finding(findings.against_due(due, period=period))
fairness_parts.row_of_figures(here, fair, asked.height)
what_due_rests_on()
fairness_charts.who_received_what_was_due(here, due)
fairness_charts.who_waited(here)
fairness_charts.who_lacks(here, fair)
st.header("Inequality between projects, by user category", anchor="inequality")
tables.table(
    inequality_by(results.satisfaction(here), "category").drop("theil_between", "theil_within"),  # within one category nothing is between
    name="inequality-by-category",
    alt="Indices of inequality between the projects of each user category",
)
limits_of_the_law()
parts.sources(factors=["shares due: by demand"], method="fairness")
