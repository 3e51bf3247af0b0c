"""Whether each group received what was due to it: shares received and due, waits, unmet demand, inequality, limits of the law."""

import streamlit as st

from analytics import demand, findings, findings_fairness
from analytics.charts import fairness as charts
from analytics.charts import gains as gain_charts
from analytics.charts import lorenz, numbers, spread
from analytics.fairness import inequality_by
from data.terms import Dimension, HourUnit
from pages.shared import fairness_parts, parts, protection, results, results_fairness, tables, visit

LIMITS_SHOWN = ("system", "title", "share", "share_allowed", "over", "near", "share_most", "node_hours", "node_hours_base", "source")

here = visit.now()
period = here.chosen.period.name
due, asked, waits, limits = results.due(here), results.demand(here), results.waits(here), results.against_limits(here)
fair, monthly = results.inequality(here), results.monthly_due(here)


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
    if here.chosen.unit is not HourUnit.NODE_HOURS:
        st.caption("Demand, dues and limits are counted in node-hours, whatever unit is chosen.")


def who_received_what_was_due() -> None:
    """Shares received and due by category and by participating state, and by month."""
    states = results_fairness.due_by_state(here)
    left, right = st.columns([2, 3], gap="large")
    with left:
        parts.chart(
            charts.against_due(due, title="Share received against share due, by user category"),
            alt=charts.against_due_summary(due),
            data=fairness_parts.with_intervals(here, due),
            name="received-against-due",
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


def who_waited() -> None:
    """Waits and slowdowns as distributions."""
    st.header("How long did jobs wait?", anchor="waits")
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


def who_lacks() -> None:
    """Unmet demand, and how unequally projects were served."""
    st.header("Whose demand is unmet, and how unequal is that?", anchor="unmet")
    unmet, curves = results_fairness.unmet(here), results_fairness.curves(here)
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


def limits_of_the_law() -> None:
    """Each machine's Union access against the limits that law and policy set."""
    st.header("Limits of law and access policy", anchor="limits")
    st.markdown(parts.escaped(findings.over_limits(results.named(here, limits), period=period)))
    st.caption(
        "Counted is Union access: projects whose code or decision tells a EuroHPC access mode. Time of other accounts, national or "
        "unknown, stands beside it, with the share it would make if all of it were the Union's."
    )
    tables.table(limits.select(LIMITS_SHOWN), name="limits", alt="Union access against each limit, by machine", most_rows=8)


parts.finding(findings.against_due(due, period=period))
fairness_parts.row_of_figures(here, fair, asked.height)
what_due_rests_on()
who_received_what_was_due()
who_waited()
who_lacks()
st.header("Inequality between projects, by user category", anchor="inequality")
tables.table(
    inequality_by(results.satisfaction(here), "category").drop("theil_between", "theil_within"),  # within one category nothing is between
    name="inequality-by-category",
    alt="Indices of inequality between the projects of each user category",
)
limits_of_the_law()
parts.sources(factors=["shares due: by demand"], method="fairness")
