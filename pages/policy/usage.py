"""Who received the machine time: by category, machine, mode, country and month, against what the machines offer."""

import streamlit as st

from analytics import findings
from analytics.charts import machines, numbers
from data.terms import Dimension, HourUnit
from pages.shared import drill, filters, loaders, parts, protection, results, usage_parts, visit

VIEWS = ("Map", "Compare")

here = visit.now()
chosen, unit, words = here.chosen, here.chosen.unit, numbers.UNIT_WORDS[here.chosen.unit]


def overall() -> None:
    """The figures of the whole selection, against the period before."""
    whole, before = results.totals(here), results.totals(here, filters.before(chosen))
    share, sized, logged = results.capacity_share(here)
    failed = whole["node_hours_failed"] / whole["node_hours"] if whole["node_hours"] else None
    parts.figures(
        [
            parts.hours_figure(whole["hours"], before["hours"]),
            parts.Figure(
                label="Jobs",
                value=numbers.amount(whole["jobs"], ""),
                note=parts.change(whole["jobs"], before["jobs"], lambda jobs: numbers.amount(jobs, "")),
                meaning="Jobs that used the machine, counted on the day they ended.",
            ),
            parts.Figure(
                label="Of capacity",
                value=numbers.percent(share),
                note=f"{sized} of {numbers.counted(logged, 'machine')}",
                meaning="Machine time ÷ (nodes × 24 hours × days with logs), only of machines whose size is known.",
            ),
            parts.Figure(
                label="In failed jobs",
                value=numbers.percent(failed),
                note="of node-hours",
                meaning="Node-hours of jobs that ended as failed, timed out, out of memory, or through a node's fault.",
            ),
            parts.Figure(
                label="Jobs never started",
                value=numbers.amount(whole["jobs_never_started"], ""),
                meaning="Cancelled while they waited, or still waiting when the log was written.",
            ),
        ]
    )
    st.caption(parts.against_before())
    if unit is HourUnit.NODE_HOURS:
        parts.shared_nodes(whole)
    missing = whole["jobs_without_hours"]
    if missing:
        covered = f"; they are those of {numbers.percent(1 - missing / whole['jobs'])} of the jobs" if whole["hours"] is not None else ""
        known = f"the {words} are not known, and so not in the figures{covered}."
        parts.coverage([f"Of {numbers.exact(missing)} of {numbers.exact(whole['jobs'])} jobs {known}"])
        told = [other for other in (HourUnit.CORE_HOURS, HourUnit.NODE_HOURS) if whole[other]]
        if whole["hours"] is None and told:
            st.button(f"Show {numbers.UNIT_WORDS[told[0]]}", on_click=filters.choose_unit, args=(told[0],))


def by_machine() -> None:
    """How much of each machine was used, and by whom; a click looks at a machine alone."""
    capacity = results.of_capacity(here, "category")
    of_capacity = results.named(here, capacity)
    parts.chart(
        machines.by_system(of_capacity, unit=unit, title=f"By machine, as a share of its capacity{', of all users' if way else ''}"),
        alt=machines.by_system_summary(of_capacity, unit=unit),
        data=of_capacity.select("system", "category", "hours", "capacity_hours", "union_hours", "share_of_capacity", "share_of_union"),
        name="machine-time-by-machine",
        finding=findings.capacity_used(results.named(here, results.of_capacity(here)), period=chosen.period.name),
        withholds=protection.by(Dimension.SYSTEM, Dimension.CATEGORY)(capacity),
        picks=filters.MACHINES,
        unit=f"% of the capacity in {words}",
        method="Usage",
    )


shares = results.by_category(here)
parts.finding(findings.received(shares, period=chosen.period.name, unit=unit))
with st.container(key="figures-and-notes"):
    overall()
    parts.unclassified(shares)
way = drill.path()
drill.breadcrumb(here, way)
dimension = drill.chosen_by(way)
if loaders.explored(here.seen, chosen, (dimension,), tuple((step, (value,)) for step, value in way)).is_empty():
    st.info("Nothing ran within these groups in this selection. Go back to all above, or widen the period.")
else:
    usage_parts.over_time(here, dimension, way)
    left, right = st.columns(2, gap="large")
    with left:
        usage_parts.ranked(here, dimension, way)
    with right:
        by_machine()
    st.page_link("policy/explore.py", label="Make a table of your own", icon=":material/table_chart:")
map_view, compare_view = st.tabs(VIEWS, key="view", on_change="rerun", bind="query-params")
if map_view.open:
    with map_view:
        usage_parts.users_map(here, way)
if compare_view.open:
    with compare_view:
        usage_parts.compared(here, dimension, way)
usage_parts.all_logs(here)
parts.sources(method="usage")
