"""The sections about access time: who received it, on which machines, from which countries, and against which limits."""

from datetime import date

import polars as pl

from analytics import findings, usage
from analytics.charts import machines, numbers, received, theme
from analytics.limits import against_limits
from analytics.report.disclosure import blanked, with_remainder
from analytics.report.document import Chart, Column, Kind, Note, Section, Table
from analytics.report.inputs import ReportInputs, counts_towards, found_unless_held, told, unheld
from data.terms import HourUnit


def by_category(inputs: ReportInputs) -> Section:
    """Who received the machine time, with the change against the period before, by month against capacity."""
    unit = inputs.selection.unit
    shares = inputs.shown(usage.share(inputs.usage, "category", unit=unit), "category")
    return Section(
        id="received",
        title="Who received the machine time?",
        finding=found_unless_held(
            findings.received(shares, period=inputs.period.name, unit=unit), shares, inputs.held_back(shares, "category")
        ),
        blocks=(category_chart(inputs), month_chart(inputs), *not_drawn(inputs, "month")),
    )


def category_chart(inputs: ReportInputs) -> Chart:
    """The machine time of each category, with the change against the period before in its table."""
    unit = inputs.selection.unit
    shares = usage.share(inputs.usage, "category", unit=unit)
    drawn = with_remainder(shares, inputs.held_back(shares, "category"))
    return Chart(
        id="received-by-category",
        figure=received.by_category(drawn, unit=unit),
        alt=received.by_category_summary(drawn, unit=unit),
        table=_changes(inputs, inputs.shown(shares, "category")),
    )


def month_chart(inputs: ReportInputs) -> Chart:
    """The machine time of each category and month against capacity; what is withheld of a month is drawn as one part."""
    unit = inputs.selection.unit
    words = numbers.UNIT_WORDS[unit]
    by_month = usage.share(inputs.usage, "category", "month", unit=unit).sort("month", "category")
    held = inputs.held_back(by_month, "category", "month")
    drawn = with_remainder(by_month, held, "month", without_whole=inputs.held_wholes("month"))
    return Chart(
        id="received-by-month",
        figure=received.by_month(drawn, unit=unit, offered=usage.capacity_by_month(inputs.capacity)),
        alt=told(received.by_month_summary(drawn, unit=unit), inputs.held_wholes("month")),
        table=Table(
            caption=f"Machine time by user category and month, in {words}.",
            frame=inputs.shown(by_month, "category", "month"),
            withheld=held,
            columns=(
                Column(name="month", header="Month", kind=Kind.MONTH),
                Column(name="category", header="User category", kind=Kind.CATEGORY),
                Column(name="hours", header=theme.sentence_case(f"{words} used"), kind=Kind.NUMBER),
                Column(name="share", header="Share of all months", kind=Kind.SHARE),
            ),
        ),
    )


def not_drawn(inputs: ReportInputs, of: str) -> tuple[Note, ...]:
    """Which months, or machines, a chart shows without what is withheld of them, since that would tell their whole."""
    held = [key[0] for key in inputs.held_wholes(of)]
    if not held:
        return ()
    if of == "month":
        named = [numbers.month(month) for month in sorted(held, key=str) if isinstance(month, date)]
    else:
        named = _named(inputs, pl.DataFrame({"system": held}, schema={"system": pl.String}))["system"].sort().to_list()
    return (Note(text=f"The whole of {numbers.listed(named)} is withheld; what is withheld of it is not drawn."),)


def by_system(inputs: ReportInputs) -> Section:
    """How much of each machine was used, and by whom."""
    unit, words = inputs.selection.unit, numbers.UNIT_WORDS[inputs.selection.unit]
    offered = inputs.capacity
    rows = usage.against_capacity(usage.total_by(inputs.usage, "system"), offered, unit=unit).sort("system")
    held = inputs.held_back(rows, "system")
    totals = _named(inputs, inputs.shown(rows, "system"))
    of_categories = usage.against_capacity(usage.total_by(inputs.usage, "system", "category"), offered, unit=unit)
    hidden = inputs.held_back(of_categories, "system", "category")
    parts = _named(inputs, with_remainder(of_categories, hidden, "system", without_whole=inputs.held_wholes("system")))
    return Section(
        id="machines",
        title="How much of each machine was used?",
        finding=found_unless_held(told(findings.capacity_used(unheld(totals, held), period=inputs.period.name), held), totals, held),
        blocks=(
            Chart(
                id="used-by-machine",
                figure=machines.by_system(parts, unit=unit),
                alt=_of_machines(unheld(totals, held), unit, hidden | held),
                table=Table(
                    caption=f"Use and capacity of each machine, in {words}. Maintenance is not taken off the capacity.",
                    frame=totals,
                    withheld=held,
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
            *not_drawn(inputs, "system"),
        ),
    )


def by_country_and_mode(inputs: ReportInputs) -> Section:
    """The machine time of each participating state and access mode."""
    unit = inputs.selection.unit
    countries, modes = (
        inputs.shown(usage.share(inputs.usage, of, unit=unit), of).sort("hours", of, descending=[True, False], nulls_last=True)
        for of in ("country", "mode")
    )
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
        finding=found_unless_held(finding, countries, inputs.held_back(countries, "country")),
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
    found = against_limits(inputs.usage, offered, inputs.limits).sort("title", "system")
    held = _held_of_limits(inputs, found)
    rows = _named(inputs, blanked(found, held, ["node_hours", "share", "over"]))
    kinds = rows.select("title", "share_allowed", "exact", "reading", "source", "flag").unique().sort("title")
    shares = Table(
        caption="Machine time that counts towards each limit, for each machine, as a share of what the limit speaks of.",
        frame=rows,
        withheld=held,
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
            Column(name="flag", header="How well known", kind=Kind.FLAG),
        ),
    )
    return Section(
        id="limits",
        title="Were the limits of law and policy kept?",
        finding=found_unless_held(told(findings.over_limits(rows, period=inputs.period.name), held), rows, held),
        blocks=(shares, readings),
    )


def _changes(inputs: ReportInputs, shares: pl.DataFrame) -> Table:
    unit = inputs.selection.unit
    words, before = numbers.UNIT_WORDS[unit], inputs.period.before.name
    changes = usage.change(inputs.usage, inputs.usage_before, "category", unit=unit)
    if inputs.withheld_before is not None:
        changes = blanked(changes, inputs.withheld_before.places(changes, "category"), ["hours_before", "change_hours", "change_relative"])
    told_of = shares.select("category", "share", "jobs", "jobs_without_hours", "hours_failed_share")
    rows = inputs.shown(changes.join(told_of, on="category", how="left"), "category").sort(
        "hours", "category", descending=[True, False], nulls_last=True
    )
    before_held = frozenset() if inputs.withheld_before is None else inputs.withheld_before.places(rows, "category")
    compared = (
        Column(name="hours_before", header=f"Used in {before}", kind=Kind.NUMBER),
        Column(name="change_relative", header="Change", kind=Kind.CHANGE),
    )
    said = f"and the change against {before}" if inputs.is_comparable else f"without a change, since logs do not reach over all of {before}"
    return Table(
        caption=f"Machine time by user category, {said}.",
        frame=rows,
        withheld=inputs.held_back(rows, "category") | (before_held if inputs.is_comparable else frozenset()),
        columns=(
            Column(name="category", header="User category", kind=Kind.CATEGORY),
            Column(name="hours", header=theme.sentence_case(f"{words} used"), kind=Kind.NUMBER),
            Column(name="share", header="Share", kind=Kind.SHARE),
            *(compared if inputs.is_comparable else ()),
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
    return Table(caption=caption, frame=rows, withheld=inputs.held_back(rows, first.name), columns=(first, *others))


def _of_machines(totals: pl.DataFrame, unit: HourUnit, held: frozenset[int]) -> str:
    """How much of each machine's capacity was used, in words; of those whose use is not withheld."""
    if totals.is_empty():
        return told("", held).strip()
    parts = [f"{system} {numbers.percent(share)}" for system, share in totals.select("system", "share_of_capacity").rows()]
    return told(f"Share of the capacity in {numbers.UNIT_WORDS[unit]} that was used on each machine: {numbers.listed(parts)}.", held)


def _held_of_limits(inputs: ReportInputs, rows: pl.DataFrame) -> frozenset[int]:
    """The places of the rows whose node-hours are withheld; those of a limit are protected as what counts towards it."""
    if inputs.withheld is None:
        return frozenset()
    counted = rows.select("limit", "system").rows()
    return frozenset(
        place for place, (limit, system) in enumerate(counted) if (system, True) in inputs.withheld.rows[("system", counts_towards(limit))]
    )


def _named(inputs: ReportInputs, rows: pl.DataFrame) -> pl.DataFrame:
    return usage.with_system_names(rows, inputs.partitions)
