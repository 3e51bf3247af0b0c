"""The sections about access time: who received it, on which machines, from which countries, and against which limits."""

import polars as pl

from analytics import findings, usage
from analytics.charts import machines, numbers, received, theme
from analytics.limits import against_limits
from analytics.report.document import Chart, Column, Kind, Section, Table
from analytics.report.inputs import ReportInputs


def by_category(inputs: ReportInputs) -> Section:
    """Who received the machine time, with the change against the period before, by month against capacity."""
    unit, name = inputs.selection.unit, inputs.period.name
    shares = usage.share(inputs.usage, "category", unit=unit)
    months = usage.share(inputs.usage, "category", "month", unit=unit)
    offered = inputs.capacity
    words = numbers.UNIT_WORDS[unit]
    return Section(
        id="received",
        title="Who received the machine time?",
        finding=findings.received(shares, period=name, unit=unit),
        blocks=(
            Chart(
                id="received-by-category",
                figure=received.by_category(shares, unit=unit),
                alt=received.by_category_summary(shares, unit=unit),
                table=_changes(inputs, shares),
            ),
            Chart(
                id="received-by-month",
                figure=received.by_month(months, unit=unit, offered=usage.capacity_by(offered, "month")),
                alt=received.by_month_summary(months, unit=unit),
                table=Table(
                    caption=f"Machine time by user category and month, in {words}.",
                    frame=months.sort("month", "category"),
                    columns=(
                        Column(name="month", header="Month", kind=Kind.MONTH),
                        Column(name="category", header="User category", kind=Kind.CATEGORY),
                        Column(name="hours", header=theme.sentence_case(f"{words} used"), kind=Kind.NUMBER),
                        Column(name="share", header="Share of all months", kind=Kind.SHARE),
                    ),
                ),
            ),
        ),
    )


def by_system(inputs: ReportInputs) -> Section:
    """How much of each machine was used, and by whom."""
    unit, words = inputs.selection.unit, numbers.UNIT_WORDS[inputs.selection.unit]
    offered = inputs.capacity
    totals = _named(inputs, usage.against_capacity(usage.total_by(inputs.usage, "system"), offered, unit=unit))
    parts = _named(inputs, usage.against_capacity(usage.total_by(inputs.usage, "system", "category"), offered, unit=unit))
    return Section(
        id="machines",
        title="How much of each machine was used?",
        finding=findings.capacity_used(totals, period=inputs.period.name),
        blocks=(
            Chart(
                id="used-by-machine",
                figure=machines.by_system(parts, unit=unit),
                alt=machines.by_system_summary(parts, unit=unit),
                table=Table(
                    caption=f"Use and capacity of each machine, in {words}. Maintenance is not taken off the capacity.",
                    frame=totals.sort("system"),
                    columns=(
                        Column(name="system", header="Machine"),
                        Column(name="hours", header=theme.sentence_case(f"{words} used"), kind=Kind.NUMBER),
                        Column(name="capacity_hours", header="Capacity", kind=Kind.NUMBER),
                        Column(name="share_of_capacity", header="Share of capacity", kind=Kind.SHARE),
                        Column(name="union_hours", header="Union share", kind=Kind.NUMBER),
                        Column(name="jobs_without_hours", header="Jobs of unknown hours", kind=Kind.NUMBER),
                    ),
                ),
            ),
        ),
    )


def by_country_and_mode(inputs: ReportInputs) -> Section:
    """The machine time of each participating state and access mode."""
    unit = inputs.selection.unit
    countries = usage.share(inputs.usage, "country", unit=unit).sort("hours", "country", descending=[True, False], nulls_last=True)
    modes = usage.share(inputs.usage, "mode", unit=unit).sort("hours", "mode", descending=[True, False], nulls_last=True)
    known = countries.filter(pl.col("country").is_not_null())
    finding = f"The countries of projects are not available for {inputs.period.name}."
    if known.height and known["share"][0] is not None:
        first = known.row(0, named=True)
        states = numbers.counted(known.height, "country", "countries")
        finding = (
            f"Projects from {states} received machine time; {numbers.country(first['country'])} most, {numbers.percent(first['share'])}."
        )
    return Section(
        id="countries",
        title="Which participating states and access modes received it?",
        finding=finding,
        blocks=(
            _shares(
                "Machine time by country of the project's lead.",
                countries,
                Column(name="country", header="Country", kind=Kind.COUNTRY),
                inputs,
            ),
            _shares("Machine time by access mode.", modes, Column(name="mode", header="Access mode", kind=Kind.MODE), inputs),
        ),
    )


def against_law(inputs: ReportInputs) -> Section:
    """Machine time beside the limits of law and access policy."""
    offered = inputs.capacity
    rows = _named(inputs, against_limits(inputs.usage, offered, inputs.limits)).sort("title", "system")
    kinds = rows.select("title", "share_allowed", "exact", "reading", "source", "flag").unique().sort("title")
    shares = Table(
        caption="Machine time that counts towards each limit, for each machine, as a share of what the limit speaks of.",
        frame=rows,
        columns=(
            Column(name="title", header="Limit"),
            Column(name="system", header="Machine"),
            Column(name="node_hours", header="Node-hours that count", kind=Kind.NUMBER),
            Column(name="share", header="Share", kind=Kind.SHARE),
            Column(name="share_allowed", header="At most", kind=Kind.SHARE),
            Column(name="over", header="Over", kind=Kind.YES_NO),
        ),
    )
    readings = Table(
        caption="How each limit is read, and where it stands. Where the reading is not exact, the comparison is only indicative.",
        frame=kinds,
        columns=(
            Column(name="title", header="Limit"),
            Column(name="reading", header="How it is read"),
            Column(name="exact", header="Exact", kind=Kind.YES_NO),
            Column(name="source", header="Source", kind=Kind.SOURCE),
            Column(name="flag", header="Known how", kind=Kind.FLAG),
        ),
    )
    return Section(
        id="limits",
        title="Were the limits of law and policy kept?",
        finding=findings.over_limits(rows, period=inputs.period.name),
        blocks=(shares, readings),
    )


def _changes(inputs: ReportInputs, shares: pl.DataFrame) -> Table:
    unit = inputs.selection.unit
    words, before = numbers.UNIT_WORDS[unit], inputs.period.before.name
    changes = usage.change(inputs.usage, inputs.usage_before, "category", unit=unit)
    rows = changes.join(shares.select("category", "share", "jobs", "jobs_without_hours", "hours_failed_share"), on="category", how="left")
    return Table(
        caption=f"Machine time by user category, and the change against {before}.",
        frame=rows.sort("hours", "category", descending=[True, False], nulls_last=True),
        columns=(
            Column(name="category", header="User category", kind=Kind.CATEGORY),
            Column(name="hours", header=theme.sentence_case(f"{words} used"), kind=Kind.NUMBER),
            Column(name="share", header="Share", kind=Kind.SHARE),
            Column(name="hours_before", header=f"Used in {before}", kind=Kind.NUMBER),
            Column(name="change_relative", header="Change", kind=Kind.CHANGE),
            Column(name="jobs", header="Jobs", kind=Kind.NUMBER),
            Column(name="hours_failed_share", header="Node-hours of failed jobs", kind=Kind.SHARE),
            Column(name="jobs_without_hours", header="Jobs of unknown hours", kind=Kind.NUMBER),
        ),
    )


def _shares(caption: str, rows: pl.DataFrame, first: Column, inputs: ReportInputs) -> Table:
    words = numbers.UNIT_WORDS[inputs.selection.unit]
    others = (
        Column(name="hours", header=theme.sentence_case(f"{words} used"), kind=Kind.NUMBER),
        Column(name="share", header="Share", kind=Kind.SHARE),
        Column(name="jobs", header="Jobs", kind=Kind.NUMBER),
    )
    return Table(caption=caption, frame=rows, columns=(first, *others))


def _named(inputs: ReportInputs, rows: pl.DataFrame) -> pl.DataFrame:
    return usage.with_system_names(rows, inputs.partitions)
