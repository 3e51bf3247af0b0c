"""The sections about fairness: what was due, how evenly projects were served, how long jobs waited."""

import polars as pl

from analytics import fairness, findings, usage, waiting
from analytics.charts import fairness as fairness_charts
from analytics.charts import numbers
from analytics.charts import waiting as waiting_charts
from analytics.charts.theme import ALL_WITHHELD, in_order
from analytics.demand import DemandBasis
from analytics.fairness import Inequality
from analytics.report.disclosure import blanked, contributions_of, shows_single_firm
from analytics.report.document import Chart, Column, Kind, Note, Paragraph, Section, Table
from analytics.report.inputs import ReportInputs, found_unless_held, in_words, marked, told
from analytics.report.protection import protected_demand
from data.terms import HourUnit

INDICES = 9
"""How many rows the table of indices has."""

LEAST = 1
"""The place of the least satisfaction among the indices: it is that of a single project."""


def against_due(inputs: ReportInputs) -> Section:
    """Whether each category received what was due to it, in the period and by month."""
    asked = inputs.demand
    due = dict(inputs.due) or fairness.due_by_demand(asked)
    rows, held = _protected(inputs, fairness.against_due(_hours(inputs.usage, "category"), due), "category")
    rows, held = _in_order(rows, held)
    months, months_held = _protected(inputs, _by_month(inputs), "category", "month")
    return Section(
        id="due",
        title="Did each category receive what was due to it?",
        finding=found_unless_held(findings.against_due(rows, period=inputs.period.name), rows, held),
        blocks=(
            Paragraph(text=_due_in_words(inputs, asked)),
            Chart(
                id="received-and-due",
                figure=fairness_charts.against_due(marked(rows, held)),
                alt=in_words(fairness_charts.against_due_summary, rows, held),
                table=Table(
                    caption="Share of node-hours received and due.",
                    frame=rows,
                    withheld=held,
                    columns=_DUE,
                ),
            ),
            Chart(
                id="due-by-month",
                figure=fairness_charts.over_time(months),
                alt=told(fairness_charts.over_time_summary(months), months_held),
                table=Table(
                    caption="Share of node-hours received and due, by month.",
                    frame=months,
                    withheld=months_held,
                    columns=(Column(name="month", header="Month", kind=Kind.MONTH), *_DUE),
                ),
            ),
        ),
    )


def between_projects(inputs: ReportInputs) -> Section:
    """How evenly the projects with an award were served."""
    asked = inputs.demand
    served = fairness.satisfaction_of_projects(asked)
    found = fairness.inequality(served["satisfaction"].to_numpy(), served["category"].to_numpy())
    single = _held_indices(inputs, served)
    table = Table(
        caption="Indices of inequality between projects; satisfaction is node-hours used divided by node-hours due in the period.",
        frame=blanked(_indices(found), single, ["value"]),
        withheld=single,
        columns=(
            Column(name="index", header="Index"),
            Column(name="value", header="Value", kind=Kind.NUMBER),
            Column(name="meaning", header="How to read it"),
        ),
    )
    without = asked.height - served.height
    left_out = f"{numbers.counted(without, 'project')} without a known award, or with jobs of unknown node-hours, are left out."
    notes = (Note(text=left_out),) if without else ()
    return Section(
        id="projects",
        title="How evenly were projects served?",
        finding=ALL_WITHHELD if len(single) > 1 else findings.unequal(found, period=inputs.period.name),
        blocks=(table, *notes),
    )


def waits(inputs: ReportInputs) -> Section:
    """How long jobs of each category waited."""
    groups = usage.total_by(inputs.usage, "category").select("category")
    found = inputs.shown(waiting.queue_waits(inputs.waits, "category", among=groups), "category")
    rows = found.sort(pl.col("category").cast(pl.Enum(in_order(found["category"]))))
    held = inputs.held_back(rows, "category")
    return Section(
        id="waits",
        title="How long did jobs wait?",
        finding=found_unless_held(findings.waited(rows, period=inputs.period.name), rows, held),
        blocks=(
            Chart(
                id="waits-by-category",
                figure=waiting_charts.by_group(marked(rows, held)),
                alt=in_words(waiting_charts.by_group_summary, rows, held),
                table=Table(
                    caption="Waits from submission to start. Median and 90th percentile are within 4.4 %, the mean is exact.",
                    frame=rows,
                    withheld=held,
                    columns=(
                        Column(name="category", header="User category", kind=Kind.CATEGORY),
                        Column(name="jobs", header="Jobs started", kind=Kind.NUMBER),
                        Column(name="median_wait_s", header="Median", kind=Kind.DURATION),
                        Column(name="p90_wait_s", header="90th percentile", kind=Kind.DURATION),
                        Column(name="mean_wait_s", header="Mean", kind=Kind.DURATION),
                    ),
                ),
            ),
        ),
    )


_DUE = (
    Column(name="category", header="User category", kind=Kind.CATEGORY),
    Column(name="hours", header="Node-hours received", kind=Kind.NUMBER),
    Column(name="share_received", header="Received", kind=Kind.SHARE),
    Column(name="share_due", header="Due", kind=Kind.SHARE),
    Column(name="difference", header="Difference", kind=Kind.POINTS),
)


def _hours(used: pl.DataFrame, *by: str) -> pl.DataFrame:
    """The node-hours by these columns, unknown where those of no job are known."""
    return usage.hours(usage.total_by(used, *by), HourUnit.NODE_HOURS).select(*by, "hours")


def _by_month(inputs: ReportInputs) -> pl.DataFrame:
    """Share received and due in each month: due by the demand of that month, or by the weights of a policy."""
    used = _hours(inputs.usage, "month", "category")
    if not inputs.due:
        return fairness.against_due_by_month(used, inputs.monthly_demand)
    months = [
        fairness.against_due(used.filter(month=month).drop("month"), inputs.due).select(pl.lit(month, pl.Date).alias("month"), pl.all())
        for month in inputs.period.months
    ]
    return pl.concat(months).sort("month", "category")


def _protected(inputs: ReportInputs, rows: pl.DataFrame, *by: str) -> tuple[pl.DataFrame, frozenset[int]]:
    """The rows without what would show a single firm, by its use or by what it asked for, and the places of those that lack something."""
    if inputs.withheld is None:
        return rows, frozenset()
    held = inputs.held_back(rows, *by)
    shown = inputs.shown(rows, *by)
    if inputs.due:
        return shown, held
    shapes = (("category",), ("category", "month"), ("month",))
    asked = protected_demand(inputs.monthly_demand, inputs.projects, inputs.withheld.rule, *shapes)
    alone = asked.places(rows, *by)
    return blanked(shown, alone, ["share_due", "difference", "received_of_due"]), held | alone


def _in_order(rows: pl.DataFrame, held: frozenset[int]) -> tuple[pl.DataFrame, frozenset[int]]:
    """The rows by what was due, and where those that are withheld stand then."""
    placed = rows.with_row_index("place").sort("share_due", "category", descending=[True, False], nulls_last=True)
    return placed.drop("place"), frozenset(now for now, place in enumerate(placed["place"]) if place in held)


def _held_indices(inputs: ReportInputs, served: pl.DataFrame) -> frozenset[int]:
    """The places of the indices to withhold: the least satisfaction is that of one project, and all are where few organisations count."""
    if inputs.withheld is None:
        return frozenset()
    parts = contributions_of(served.with_columns(node_hours=pl.col("satisfaction")), inputs.projects)
    return frozenset(range(INDICES)) if shows_single_firm(parts, inputs.withheld.rule) else frozenset({LEAST})


def _due_in_words(inputs: ReportInputs, asked: pl.DataFrame) -> str:
    if inputs.due:
        return "The shares due are weights that a policy sets."
    awarded = asked.filter(pl.col("basis") == DemandBasis.AWARDED.value)
    whole = float(asked["node_hours_demanded"].sum())
    part = float(awarded["node_hours_demanded"].sum()) / whole if whole else None
    return (
        f"The shares due are the node-hours asked for: the awards of {numbers.counted(awarded.height, 'project')} in proportion to the "
        f"days in the period, {numbers.percent(part)} of the hours asked for, and for the others what they used and queued for."
    )


def _indices(found: Inequality) -> pl.DataFrame:
    rows = [
        ("Projects", float(found.projects), "how many have both an award and a place in the period"),
        ("Least satisfaction", found.least, "of the project served worst"),
        ("Mean satisfaction", found.mean, "1 means that all that was due was used"),
        (
            "Equally distributed equivalent, α = 1",
            found.ede,
            "the equal satisfaction that would be as good; 0 once one project got nothing",
        ),
        ("Jain's index", found.jain, "1 where all projects stand alike"),
        ("Gini coefficient", found.gini, "0 where all projects stand alike"),
        ("Theil's index", found.theil, "0 where all projects stand alike"),
        ("of which between categories", found.theil_between, "differences between the categories' means"),
        ("of which within categories", found.theil_within, "differences among projects of one category"),
    ]
    return pl.DataFrame(rows, schema={"index": pl.String, "value": pl.Float64, "meaning": pl.String}, orient="row")
