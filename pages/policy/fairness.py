"""Whether each group received what was due to it: shares received and due, waits, inequality between projects, limits of the law."""

import streamlit as st

from analytics import demand, findings
from analytics.charts import fairness as charts
from analytics.charts import numbers
from analytics.charts import waiting as waiting_charts
from analytics.fairness import inequality_by
from data.terms import HourUnit
from pages.shared import parts, results, tables, visit

LIMITS_SHOWN = ("system", "title", "share", "share_allowed", "over", "node_hours", "node_hours_base", "exact", "reading", "source")

here = visit.now()
period = here.chosen.period.name
due, asked, waits, limits = results.due(here), results.demand(here), results.waits(here), results.against_limits(here)
fair, monthly = results.inequality(here), results.monthly_due(here)


def row_of_figures() -> None:
    """The indices of inequality between projects."""
    between = fair.theil_between / fair.theil if fair.theil and fair.theil_between is not None else None
    parts.figures(
        [
            parts.Figure(
                label="Jain's index",
                value=numbers.plain(fair.jain),
                meaning="1 where all projects are served alike, 1/n where one has all.",
            ),
            parts.Figure(
                label="Gini coefficient",
                value=numbers.plain(fair.gini),
                meaning="0 where all are served alike; half the mean difference between two projects, relative to the mean.",
            ),
            parts.Figure(
                label="Theil's index",
                value=numbers.plain(fair.theil),
                note=f"{numbers.percent(between)} between categories" if between is not None else "",
                meaning="0 where all are served alike; it splits exactly into what lies between categories and within them.",
            ),
            parts.Figure(
                label="Least satisfaction",
                value=numbers.percent(fair.least),
                note=f"mean {numbers.percent(fair.mean)}" if fair.mean is not None else "",
                meaning="The least served project: node-hours used ÷ node-hours due to it in the period.",
            ),
            parts.Figure(
                label="Projects with an award",
                value=numbers.exact(fair.projects),
                note=f"of {numbers.exact(asked.height)} that asked",
                meaning="Only a project with an award has hours due to it; the indices count these alone.",
            ),
        ]
    )


def what_due_rests_on() -> None:
    """Say whether the shares due rest on awards or on what the queue showed."""
    basis = demand.demand_by(asked, "system")
    awarded, whole = float(basis["node_hours_awarded"].sum()), float(basis["node_hours_demanded"].sum())
    if not whole:
        parts.coverage(["No demand in node-hours is known, so no share due can be stated."])
    elif not awarded:
        parts.coverage(["No award is known, so shares due rest on the queue: hours used, and hours asked for by jobs that never started."])
    elif awarded < whole:
        parts.coverage(
            [
                f"{numbers.percent(awarded / whole)} of the demand rests on awards; the rest is observed: hours used, and hours "
                "asked for by jobs that never started."
            ]
        )
    if here.chosen.unit is not HourUnit.NODE_HOURS:
        st.caption("Demand, dues and limits are counted in node-hours, whatever unit is chosen.")


def limits_of_the_law() -> None:
    """Each machine's time against the limits that law and policy set."""
    st.header("Limits of law and access policy", anchor=False)
    st.markdown(parts.escaped(findings.over_limits(results.named(here, limits), period=period)))
    tables.table(limits.select(LIMITS_SHOWN), name="limits", alt="Machine time against each limit, by machine", most_rows=8)


parts.finding(findings.against_due(due, period=period))
row_of_figures()
what_due_rests_on()
left, right = st.columns(2, gap="large")
with left:
    parts.chart(
        charts.against_due(due, title="Share received against share due"),
        alt=charts.against_due_summary(due),
        data=due,
        name="received-against-due",
    )
with right:
    parts.chart(
        waiting_charts.by_group(waits, title="Wait in the queue, by user category"),
        alt=waiting_charts.by_group_summary(waits),
        data=waits,
        name="waits-by-category",
    )
parts.chart(
    charts.over_time(monthly, title="Difference from the share due, by month"),
    alt=charts.over_time_summary(monthly),
    data=monthly,
    name="difference-from-due-by-month",
)
st.markdown(parts.escaped(f"{findings.unequal(fair, period=period)} {findings.waited(waits, period=period)}"))
st.header("Inequality between projects, by user category", anchor=False)
tables.table(
    inequality_by(results.satisfaction(here), "category"),
    name="inequality-by-category",
    alt="Indices of inequality between the projects of each user category",
)
limits_of_the_law()
parts.sources(factors=["shares due: by demand"], method="fairness")
