"""The one page about one machine: how much it was used, by whom, how long jobs waited, at what energy and emissions."""

import polars as pl

from analytics import carbon, energy, findings, usage, waiting
from analytics.charts import numbers
from analytics.limits import against_limits
from analytics.report.access_time import category_chart, month_chart, not_drawn
from analytics.report.document import Column, Note, Section, Table
from analytics.report.footprint import emissions_of, energy_rows
from analytics.report.inputs import ReportInputs, found_unless_held


def brief(inputs: ReportInputs) -> Section:
    """The machine's figures in one table, who used it in one chart, and its limits in one sentence."""
    unit = inputs.selection.unit
    shares = inputs.shown(usage.share(inputs.usage, "category", unit=unit), "category")
    kept = findings.over_limits(against_limits(inputs.usage, inputs.capacity, inputs.limits), period=inputs.period.name)
    limits = () if inputs.withheld is not None and any(inputs.withheld.rows.values()) else (Note(text=kept),)
    return Section(
        id="brief",
        title="What was the machine used for?",
        finding=found_unless_held(
            findings.received(shares, period=inputs.period.name, unit=unit), shares, inputs.held_back(shares, "category")
        ),
        blocks=(
            category_chart(inputs),
            Table(
                caption=f"The machine in figures, {inputs.period.name}.",
                frame=pl.DataFrame(_figures(inputs), schema={"what": pl.String, "value": pl.String, "note": pl.String}, orient="row"),
                columns=(
                    Column(name="what", header="Figure"),
                    Column(name="value", header="Value"),
                    Column(name="note", header="How to read it"),
                ),
            ),
            *((month_chart(inputs),) if len(inputs.period.months) > 1 else ()),
            *(not_drawn(inputs, "month") if len(inputs.period.months) > 1 else ()),
            *limits,
        ),
    )


def _figures(inputs: ReportInputs) -> list[tuple[str, str, str]]:
    unit = inputs.selection.unit
    used = usage.against_capacity(usage.total_by(inputs.usage, "system"), inputs.capacity, unit=unit).row(0, named=True)
    rows = energy_rows(inputs)
    powered = energy.energy_by(rows).row(0, named=True)
    emitted = carbon.emissions_by(emissions_of(rows, inputs)).row(0, named=True)
    waited = waiting.queue_waits(inputs.waits.drop("category").with_columns(pl.lit("all").alias("category")), "category")
    wait = waited.row(0, named=True) if waited.height else {"median_wait_s": None, "p90_wait_s": None}
    hourly = f", {numbers.percent(emitted['hourly_share'])} of the energy by the hour" if emitted["hourly_share"] else ""
    jobs = int(inputs.usage["jobs"].sum())
    covered = f"of {numbers.percent(powered['covered_share'])} of the node-hours"
    return [
        ("Machine time", numbers.machine_time(used["hours"], unit), f"by {numbers.counted(jobs, 'job')}"),
        ("Share of capacity", numbers.percent(used["share_of_capacity"]), "maintenance is not taken off the capacity"),
        ("Median wait", numbers.duration(wait["median_wait_s"]), f"nine jobs in ten at most {numbers.duration(wait['p90_wait_s'])}"),
        ("IT energy of jobs", numbers.energy(powered["energy_it_kwh"]), covered),
        ("of which measured", numbers.percent(powered["metered_share"]), "of the node-hours; the rest is modelled, within 30 %"),
        ("Emissions, location-based", numbers.emissions(emitted["emissions_location_kgco2e"]), f"scope 2, by the grid's mix{hourly}"),
        ("Emissions, market-based", numbers.emissions(emitted["emissions_market_kgco2e"]), "scope 2, by the electricity contract"),
    ]
