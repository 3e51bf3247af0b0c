"""The sections about one participating state: what its projects received, on which machines, in which access modes, at what emissions."""

from functools import partial

import polars as pl

from analytics import carbon, findings, usage
from analytics.charts import numbers, received, theme
from analytics.report.disclosure import blanked
from analytics.report.document import Chart, Column, Kind, Section, Table
from analytics.report.footprint import by_the_hour_column, emissions_of, energy_of
from analytics.report.inputs import ReportInputs, found_unless_held, in_words, marked

ELSEWHERE = "every other state"
"""Stands for all other states in tables that are protected; no value of another column, such as an access mode, may be the same."""


def received_by_state(inputs: ReportInputs) -> Section:
    """What the state's projects received, by user category and access mode."""
    unit, words = inputs.selection.unit, numbers.UNIT_WORDS[inputs.selection.unit]
    mine = _of_state(inputs)
    shares, modes = (
        inputs.shown(usage.share(mine, "country", of, unit=unit), "country", of).sort(
            "hours", of, descending=[True, False], nulls_last=True
        )
        for of in ("category", "mode")
    )
    held = inputs.held_back(shares, "country", "category")
    hours = Column(name="hours", header=theme.sentence_case(f"{words} used"), kind=Kind.NUMBER)
    share = Column(name="share", header="Share of the state's", kind=Kind.SHARE)
    jobs = Column(name="jobs", header="Jobs", kind=Kind.NUMBER)
    return Section(
        id="state",
        title="What did its projects receive?",
        finding=found_unless_held(findings.received(shares.drop("country"), period=inputs.period.name, unit=unit), shares, held),
        blocks=(
            Chart(
                id="state-by-category",
                figure=received.by_category(marked(shares.drop("country"), held), unit=unit),
                alt=in_words(partial(received.by_category_summary, unit=unit), shares.drop("country"), held),
                table=Table(
                    caption="Machine time of the state's projects by user category.",
                    frame=shares,
                    withheld=held,
                    columns=(Column(name="category", header="User category", kind=Kind.CATEGORY), hours, share, jobs),
                ),
            ),
            Table(
                caption="Machine time of the state's projects by access mode.",
                frame=modes,
                withheld=inputs.held_back(modes, "country", "mode"),
                columns=(Column(name="mode", header="Access mode", kind=Kind.MODE), hours, share, jobs),
            ),
        ),
    )


def on_machines(inputs: ReportInputs) -> Section:
    """The state's part of each machine's time, with its energy and emissions."""
    unit, words = inputs.selection.unit, numbers.UNIT_WORDS[inputs.selection.unit]
    whole = usage.hours(usage.total_by(inputs.usage, "system"), unit).select("system", hours_of_all="hours")
    rows = energy_of(_of_state(inputs), inputs)
    emitted = carbon.emissions_by(emissions_of(rows, inputs), "system").select(
        "system", "emissions_location_kgco2e", "emissions_market_kgco2e", "covered_share", "hourly_share"
    )
    found = (
        usage.hours(usage.total_by(_of_state(inputs), "country", "system"), unit)
        .select("country", "system", "hours", "jobs")
        .join(whole, on="system", how="left", validate="m:1")
        .join(emitted, on="system", how="left", validate="m:1")
        .with_columns(part=usage.ratio(pl.col("hours"), pl.col("hours_of_all")))
        .sort("system")
    )
    held = inputs.held_back(found, "country", "system") | inputs.held_back(found, "system")
    shown = blanked(inputs.shown(found, "country", "system"), inputs.held_back(found, "system"), ["part"])
    return Section(
        id="state-machines",
        title="On which machines, and at what emissions?",
        finding=_finding(inputs, shown),
        blocks=(
            Table(
                caption=f"Machine time of the state's projects on each machine, in {words}, and its scope 2 emissions.",
                frame=usage.with_system_names(shown, inputs.partitions),
                withheld=held,
                columns=(
                    Column(name="system", header="Machine"),
                    Column(name="hours", header=theme.sentence_case(f"{words} used"), kind=Kind.NUMBER),
                    Column(name="part", header="Part of the machine's use", kind=Kind.SHARE),
                    Column(name="jobs", header="Jobs", kind=Kind.NUMBER),
                    Column(name="emissions_location_kgco2e", header="Location-based", kind=Kind.EMISSIONS),
                    Column(name="emissions_market_kgco2e", header="Market-based", kind=Kind.EMISSIONS),
                    Column(name="covered_share", header="Node-hours covered", kind=Kind.SHARE),
                    *by_the_hour_column(shown),
                ),
            ),
        ),
    )


def _of_state(inputs: ReportInputs) -> pl.DataFrame:
    return inputs.usage.filter(pl.col("country") == inputs.country)


def _finding(inputs: ReportInputs, shown: pl.DataFrame) -> str:
    state = numbers.country(inputs.country or "")
    known = usage.with_system_names(shown, inputs.partitions).drop_nulls("part").sort("part", "system", descending=[True, False])
    if known.is_empty():
        return f"No machine time of projects from {state} can be shown for {inputs.period.name}."
    first = known.row(0, named=True)
    return (
        f"Projects from {state} used {numbers.counted(shown.height, 'machine')} in {inputs.period.name}; "
        f"their part was largest on {first['system']}, {numbers.percent(first['part'])} of all use."
    )
