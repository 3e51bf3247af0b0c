"""The section about a recommended split: what it would change for each category and on each machine."""

import polars as pl

from analytics import findings, usage
from analytics.charts import split as split_charts
from analytics.report.disclosure import blanked
from analytics.report.document import Block, Chart, Column, Kind, Note, Paragraph, Section, Table
from analytics.report.inputs import ReportInputs, marked, told
from analytics.report.protection import protected_demand

OF_ALL = "A split is of all user categories together, and this report is of some; ask for one of all."

HOURS = ("node_hours_received", "node_hours_recommended")


def recommended(inputs: ReportInputs) -> tuple[Section, ...]:
    """The recommended split beside what was received; no section where there is none, and no figures in a report of some categories."""
    title = "What would a recommended split change?"
    if inputs.selection.categories:
        return (Section(id="recommended", title=title, finding=OF_ALL, blocks=()),)
    if inputs.recommended is None:
        return ()
    shares = split_charts.shares_by_category(inputs.recommended)
    is_open = not _held(inputs, shares, "category")
    words = inputs.recommended_in_words if is_open else ""
    return (
        Section(
            id="recommended",
            title=title,
            finding=findings.recommended(inputs.recommended) if is_open else "A split is recommended; part of it is withheld.",
            blocks=(
                *((Paragraph(text=words),) if words else ()),
                _by_category(inputs),
                _by_machine(inputs),
                Note(text="A recommendation changes nothing by itself: quotas are set by a person, with a reason."),
            ),
        ),
    )


def _by_category(inputs: ReportInputs) -> Block:
    """Shares of categories; only as a table where one is withheld, since the chart draws all of them."""
    split = inputs.recommended
    assert split is not None, "asked for only where there is a split"
    shares = split_charts.shares_by_category(split)
    held = _held(inputs, shares, "category")
    table = Table(
        caption="Share of node-hours received and recommended.",
        frame=blanked(shares, held, ["received", "recommended"]),
        withheld=held,
        columns=(
            Column(name="category", header="User category", kind=Kind.CATEGORY),
            Column(name="received", header="Received", kind=Kind.SHARE),
            Column(name="recommended", header="Recommended", kind=Kind.SHARE),
        ),
    )
    if held:
        return table
    alt = split_charts.by_category_summary(split)
    return Chart(id="recommended-by-category", figure=split_charts.by_category(split), alt=alt, table=table)


def _by_machine(inputs: ReportInputs) -> Chart:
    split = inputs.recommended
    assert split is not None, "asked for only where there is a split"
    rows = split.sort("category", "system")
    held = _held(inputs, rows, "system", "category")
    named = usage.with_system_names(blanked(rows, held, HOURS), inputs.partitions)
    return Chart(
        id="recommended-by-machine",
        figure=split_charts.by_system(marked(named, held)),
        alt=told(split_charts.by_system_summary(named), held),
        table=Table(
            caption="Node-hours received and recommended, by user category and machine.",
            frame=named,
            withheld=held,
            columns=(
                Column(name="category", header="User category", kind=Kind.CATEGORY),
                Column(name="system", header="Machine"),
                Column(name="node_hours_received", header="Received", kind=Kind.NUMBER),
                Column(name="node_hours_recommended", header="Recommended", kind=Kind.NUMBER),
            ),
        ),
    )


def _held(inputs: ReportInputs, rows: pl.DataFrame, *by: str) -> frozenset[int]:
    """The places of the rows that would show a single firm, by its use or by what it asked for."""
    if inputs.withheld is None:
        return frozenset()
    asked = protected_demand(inputs.demand, inputs.projects, inputs.withheld.rule, ("category",), ("system", "category"))
    return inputs.held_back(rows, *by) | asked.places(rows, *by)
