"""From frames and facts to a report: which questions are answered, in which order, and what the answers rest on."""

import polars as pl

from analytics import findings, usage
from analytics.charts import numbers, theme
from analytics.charts import split as split_charts
from analytics.report import access_time, fair, footprint
from analytics.report.coverage import coverage
from analytics.report.document import Chart, Column, Kind, Note, Paragraph, Report, Section, Table
from analytics.report.inputs import FACTS, ReportInputs
from analytics.report.methods import methods
from data.errors import InputError

FACT_WORDS = {
    "country": "country",
    "grid_zone": "grid zone",
    "pue": "PUE",
    "union_share": "Union share",
    "market_factor": "market-based part",
    "in_service": "in service",
    "out_of_service": "out of service",
    "nodes": "nodes",
    "cores_per_node": "cores per node",
    "gpus_per_node": "GPUs per node",
    "cores_per_logged_cpu": "cores per logged CPU",
    "gpus_per_logged_gpu": "GPUs per logged GPU",
    "node_idle_w": "idle power of a node",
    "node_max_w": "maximum power of a node",
    "utilisation": "utilisation in the power model",
}
"""The facts on which the figures rest, in words."""

__all__ = ["ReportInputs", "quarterly"]


def quarterly(inputs: ReportInputs) -> Report:
    """The report of a period: who received the machine time, how fairly, at what energy and emissions, and what is missing.

    Any period will do; a quarter is the usual one.

    Raises:
        InputError: if the period has no usage at all.
    """
    if inputs.usage.is_empty():
        raise InputError(f"no log in the store touches {inputs.period.name}; choose a period with logs, or ingest them first.")
    sections = (
        access_time.by_category(inputs),
        access_time.by_system(inputs),
        access_time.by_country_and_mode(inputs),
        access_time.against_law(inputs),
        fair.against_due(inputs),
        fair.between_projects(inputs),
        fair.waits(inputs),
        footprint.energy_used(inputs),
        footprint.emitted(inputs),
        *_recommended(inputs),
        coverage(inputs),
    )
    return Report(
        title="Access time report",
        period=inputs.period.name,
        scope=_scope(inputs),
        demo=inputs.demo,
        sections=sections,
        methods=methods(),
        sources=(_facts(inputs), footprint.intensities(inputs)),
        snapshot=inputs.snapshot,
        versions=inputs.versions,
    )


def _recommended(inputs: ReportInputs) -> tuple[Section, ...]:
    if inputs.recommended is None:
        return ()
    named = usage.with_system_names(inputs.recommended, inputs.partitions)
    shares = split_charts.shares_by_category(inputs.recommended)
    return (
        Section(
            id="recommended",
            title="What would a recommended split change?",
            finding=findings.recommended(inputs.recommended),
            blocks=(
                *((Paragraph(text=inputs.recommended_in_words),) if inputs.recommended_in_words else ()),
                Chart(
                    id="recommended-by-category",
                    figure=split_charts.by_category(inputs.recommended),
                    alt=split_charts.by_category_summary(inputs.recommended),
                    table=Table(
                        caption="Share of node-hours received and recommended.",
                        frame=shares,
                        columns=(
                            Column(name="category", header="User category", kind=Kind.CATEGORY),
                            Column(name="received", header="Received", kind=Kind.SHARE),
                            Column(name="recommended", header="Recommended", kind=Kind.SHARE),
                        ),
                    ),
                ),
                Chart(
                    id="recommended-by-machine",
                    figure=split_charts.by_system(named),
                    alt=split_charts.by_system_summary(named),
                    table=Table(
                        caption="Node-hours received and recommended, by user category and machine.",
                        frame=named.sort("category", "system"),
                        columns=(
                            Column(name="category", header="User category", kind=Kind.CATEGORY),
                            Column(name="system", header="Machine"),
                            Column(name="node_hours_received", header="Received", kind=Kind.NUMBER),
                            Column(name="node_hours_recommended", header="Recommended", kind=Kind.NUMBER),
                        ),
                    ),
                ),
                Note(text="A recommendation changes nothing by itself: quotas are set by a person, with a reason."),
            ),
        ),
    )


def _facts(inputs: ReportInputs) -> Table:
    """The facts about the machines with logs on which the figures rest."""
    systems = inputs.usage["system"].unique().to_list()
    used = inputs.facts.filter(pl.col("system").is_in(systems), pl.col("fact").is_in(FACT_WORDS))
    shown = used.sort("system", "partition", "fact", nulls_last=False).with_columns(
        pl.col("partition").fill_null("whole machine"),
        pl.col("fact").replace(FACT_WORDS),
        value=pl.when(pl.col("value").is_not_null()).then(pl.concat_str("value", "unit", separator=numbers.THIN_SPACE, ignore_nulls=True)),
    )
    return Table(
        caption="Facts about the machines, with their sources.",
        frame=usage.with_system_names(shown.select(FACTS.keys()), inputs.partitions),
        columns=(
            Column(name="system", header="Machine"),
            Column(name="partition", header="Partition"),
            Column(name="fact", header="Fact"),
            Column(name="value", header="Value"),
            Column(name="source", header="Source", kind=Kind.SOURCE),
            Column(name="flag", header="Known how", kind=Kind.FLAG),
        ),
    )


def _scope(inputs: ReportInputs) -> str:
    names = usage.with_system_names(inputs.usage.select("system").unique(), inputs.partitions)["system"].sort().to_list()
    categories = [theme.category_name(category) for category in inputs.selection.categories]
    return f"Machines: {numbers.listed(names)}. User categories: {numbers.listed(categories) or 'all'}."
