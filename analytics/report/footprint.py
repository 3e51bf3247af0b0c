"""The sections about energy and emissions, measured and modelled, location-based and market-based."""

from functools import partial

import polars as pl

from analytics import carbon, energy, findings, usage
from analytics.charts import carbon as carbon_charts
from analytics.charts import energy as energy_charts
from analytics.charts import numbers
from analytics.report.document import Block, Chart, Column, Kind, Note, Section, Table
from analytics.report.inputs import ReportInputs, in_words, marked

POWER_ESTIMATES = {"node_idle_w": "idle power", "node_max_w": "maximum power", "utilisation": "utilisation", "pue": "PUE"}
"""The facts of a partition on which energy rests, as words."""

MACHINE = Column(name="system", header="Machine")
CATEGORY = Column(name="category", header="User category", kind=Kind.CATEGORY)

FEW = 4
"""Up to how many partitions a note names one by one."""


def energy_used(inputs: ReportInputs) -> Section:
    """What the machine time cost in energy, by machine and by category."""
    rows = energy_rows(inputs)
    systems, categories = energy.energy_by(rows, "system"), energy.energy_by(rows, "category")
    return Section(
        id="energy",
        title="What did it cost in energy?",
        finding=findings.energy_used(energy.energy_by(rows), period=inputs.period.name),
        blocks=(
            _energy_chart("energy-by-machine", systems, MACHINE, inputs),
            _energy_chart("energy-by-category", categories, CATEGORY, inputs),
            *_estimates(inputs),
            Note(text="Modelled energy may lie 30 % to either side."),
            *_idle(inputs),
        ),
    )


def emitted(inputs: ReportInputs) -> Section:
    """What the machine time cost in emissions, by machine and by category."""
    rows = emissions_of(energy_rows(inputs), inputs)
    total = carbon.emissions_by(rows)
    systems = carbon.emissions_by(rows, "system")
    return Section(
        id="emissions",
        title="What did it cost in emissions?",
        finding=findings.emitted(total, period=inputs.period.name),
        blocks=(
            _emissions_chart("emissions-by-machine", systems, MACHINE, inputs),
            _emissions_chart("emissions-by-category", carbon.emissions_by(rows, "category"), CATEGORY, inputs),
            *_by_the_hour(total, rows, inputs),
            *_forward(total, inputs),
        ),
    )


def intensities(inputs: ReportInputs) -> Table:
    """The carbon intensities that the emissions rest on."""
    zones = inputs.logged_partitions["grid_zone"].drop_nulls().unique().to_list()
    years = sorted({month.year for month in inputs.period.months})
    known = inputs.intensity.filter(
        pl.col("method") == inputs.method, pl.col("scope") == inputs.scope, pl.col("grid_zone").is_in(zones), pl.col("year") <= years[-1]
    )
    newest = known.filter(pl.col("year") >= pl.min_horizontal(pl.col("year").max().over("grid_zone"), pl.lit(years[0])))
    return Table(
        caption=f"Carbon intensity of the grid zones, {inputs.method.replace('_', ' ')}, {inputs.scope.replace('_', ' ')}.",
        frame=newest.sort("grid_zone", "year").with_columns(pl.col("year").cast(pl.String)),
        columns=(
            Column(name="grid_zone", header="Grid zone"),
            Column(name="year", header="Year"),
            Column(name="intensity_gco2e_per_kwh", header="gCO₂e per kWh", kind=Kind.NUMBER),
            Column(name="source", header="Source", kind=Kind.SOURCE),
            Column(name="flag", header="How well known", kind=Kind.FLAG),
        ),
    )


def energy_rows(inputs: ReportInputs) -> pl.DataFrame:
    """The energy of all machine time, by machine, partition, category and month."""
    return energy_of(inputs.usage, inputs)


def energy_of(used: pl.DataFrame, inputs: ReportInputs) -> pl.DataFrame:
    """The energy of a part of the machine time, by machine, partition, category and month."""
    return energy.energy(usage.total_by(used, "system", "partition", "category", "month"), inputs.partitions)


def emissions_of(rows: pl.DataFrame, inputs: ReportInputs) -> pl.DataFrame:
    """The emissions of rows of energy, by the carbon intensity of their hours where it is known, else of the year."""
    return carbon.emissions(
        rows, inputs.partitions, inputs.intensity, method=inputs.method, scope=inputs.scope, hourly=inputs.intensity_hourly
    )


def by_the_hour_column(rows: pl.DataFrame) -> tuple[Column, ...]:
    """The column that says which part of the energy the intensity of its own hours values, where there is any."""
    any_valued = rows.select((pl.col("hourly_share") > 0).any()).item()
    return (Column(name="hourly_share", header="Energy valued by the hour", kind=Kind.SHARE),) if any_valued else ()


def _protected(rows: pl.DataFrame, group: str, by: str, inputs: ReportInputs) -> tuple[pl.DataFrame, frozenset[int]]:
    """The rows by size, those withheld empty and behind, with the places of these; machines by their names."""
    sized = inputs.shown(rows, group).sort(by, group, descending=[True, False], nulls_last=True)
    held = inputs.held_back(sized, group)
    return (usage.with_system_names(sized, inputs.partitions) if group == "system" else sized), held


def _energy_chart(name: str, unprotected: pl.DataFrame, first: Column, inputs: ReportInputs) -> Chart:
    group = first.name
    rows, held = _protected(unprotected, group, "energy_it_kwh", inputs)
    others = (
        Column(name="energy_measured_kwh", header="Measured", kind=Kind.ENERGY),
        Column(name="energy_modelled_kwh", header="Modelled", kind=Kind.ENERGY),
        Column(name="energy_it_kwh", header="IT energy", kind=Kind.ENERGY),
        Column(name="energy_it_low_kwh", header="At least", kind=Kind.ENERGY),
        Column(name="energy_it_high_kwh", header="At most", kind=Kind.ENERGY),
        Column(name="energy_facility_kwh", header="Facility (×\N{NO-BREAK SPACE}PUE)", kind=Kind.ENERGY),
        Column(name="metered_share", header="Node-hours measured", kind=Kind.SHARE),
        Column(name="covered_share", header="Node-hours covered", kind=Kind.SHARE),
    )
    caption = "Energy of jobs. Sums hold what is known; the last column says for which part of the node-hours."
    return Chart(
        id=name,
        figure=energy_charts.by_group(marked(rows, held), group),
        alt=in_words(partial(energy_charts.by_group_summary, group=group), rows, held),
        table=Table(caption=caption, frame=rows, withheld=held, columns=(first, *others)),
    )


def _emissions_chart(name: str, unprotected: pl.DataFrame, first: Column, inputs: ReportInputs) -> Chart:
    group = first.name
    rows, held = _protected(unprotected, group, "emissions_location_kgco2e", inputs)
    others = (
        Column(name="emissions_location_kgco2e", header="Location-based", kind=Kind.EMISSIONS),
        Column(name="emissions_location_low_kgco2e", header="At least", kind=Kind.EMISSIONS),
        Column(name="emissions_location_high_kgco2e", header="At most", kind=Kind.EMISSIONS),
        Column(name="emissions_market_kgco2e", header="Market-based", kind=Kind.EMISSIONS),
        Column(name="covered_share", header="Node-hours covered", kind=Kind.SHARE),
        Column(name="contracted_share", header="Energy of known contract", kind=Kind.SHARE),
        Column(name="intensity_years", header="Intensity of"),
        *by_the_hour_column(rows),
    )
    caption = "Scope 2 emissions of the electricity of jobs, by both methods of the GHG Protocol."
    return Chart(
        id=name,
        figure=carbon_charts.by_group(marked(rows, held), group),
        alt=in_words(partial(carbon_charts.by_group_summary, group=group), rows, held),
        table=Table(caption=caption, frame=rows, withheld=held, columns=(first, *others)),
    )


def _estimates(inputs: ReportInputs) -> tuple[Block, ...]:
    """One note that names the partitions whose power or PUE is an estimate."""
    parts, are_named = [], True
    rows = inputs.logged_partitions.sort("system_name", "partition").select("system_name", "partition", "estimates").rows()
    for column, words in POWER_ESTIMATES.items():
        named = [f"{system} {partition}" for system, partition, estimates in rows if column in (estimates or "").split()]
        if named:
            few = len(named) <= FEW
            parts.append(f"{words} of {numbers.listed(named) if few else f'{len(named)} of {len(rows)} partitions'}")
            are_named = are_named and few
    rest = "" if are_named else " The sources name these partitions."
    return (Note(text=f"Estimates: the {'; the '.join(parts)}.{rest}"),) if parts else ()


def _idle(inputs: ReportInputs) -> tuple[Block, ...]:
    """What the nodes that no job used took on top, were they all switched on and idle."""
    offered = inputs.capacity
    rows = energy.idle_energy(usage.total_by(inputs.usage, "system", "partition", "month"), offered, inputs.partitions)
    known = rows.filter(pl.col("energy_idle_kwh").is_not_null())
    if known.is_empty():
        return (Note(text="Nodes that no job used are not in the energy of jobs; what they took is not available."),)
    hours, taken = float(known["node_hours_unallocated"].sum()), float(known["energy_idle_kwh"].sum())
    left_out = rows.height - known.height
    without = f", without {numbers.counted(left_out, 'month')} of partitions of unknown size or power" if left_out else ""
    text = (
        f"Nodes that no job used are not in the energy of jobs. Had they all stood switched on and idle, their "
        f"{numbers.amount(hours, 'node-hours')} would have taken {numbers.energy(taken)} of IT energy on top{without}."
    )
    return (Note(text=text),)


def _by_the_hour(total: pl.DataFrame, rows: pl.DataFrame, inputs: ReportInputs) -> tuple[Block, ...]:
    """For which part of the energy the intensity of its own hours counts, and whose series that is."""
    row = total.row(0, named=True)
    if inputs.intensity_hourly is None or not row["hourly_share"]:
        return ()
    keys = ["system", "partition", "month"]
    used = inputs.intensity_hourly.join(rows.filter(pl.col("intensity_hourly")), on=keys, how="semi")
    sources = used["sources"].explode(empty_as_null=True, keep_nulls=True).drop_nulls().unique().sort().to_list()
    named = f" (series: {'; '.join(sources)})" if sources else ""
    rest = "; for the rest, the mean of the year" if numbers.is_partial(row["hourly_share"]) else ""
    text = (
        f"For {numbers.percent(row['hourly_share'])} of the energy the carbon intensity of the hours in which it was drawn "
        f"counts{named}{rest}."
    )
    return (Note(text=text),)


def _forward(total: pl.DataFrame, inputs: ReportInputs) -> tuple[Block, ...]:
    row = total.row(0, named=True)
    if not row["carried_forward"]:
        return ()
    years = ", ".join(sorted({str(month.year) for month in inputs.period.months}))
    text = (
        f"The annual carbon intensity of {years} is not published yet: "
        f"that of {row['carried_forward_years']} is carried forward for {numbers.energy(row['energy_carried_forward_kwh'])}."
    )
    return (Note(text=text),)
