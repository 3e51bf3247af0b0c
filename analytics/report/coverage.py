"""The section that says what is missing: jobs without hours, meter or category, and machines without log."""

import polars as pl

from analytics import energy, usage
from analytics.charts import numbers
from analytics.report.disclosure import blanked
from analytics.report.document import Column, Kind, Section, Table
from analytics.report.inputs import ReportInputs
from data.terms import UserCategory

OF_UNCLASSIFIED = "Node-hours of unclassified projects"


def coverage(inputs: ReportInputs) -> Section:
    """What the figures hold and what they lack, in jobs, node-hours and projects."""
    rows = [(what, number, unit, number / whole if number is not None and whole else None) for what, number, unit, whole in _counts(inputs)]
    frame = pl.DataFrame(rows, schema={"what": pl.String, "number": pl.Float64, "unit": pl.String, "share": pl.Float64}, orient="row")
    hidden = inputs.withheld is not None and (UserCategory.UNCLASSIFIED.value,) in inputs.withheld.rows[("category",)]
    held = frozenset(place for place, row in enumerate(rows) if hidden and row[0] == OF_UNCLASSIFIED)
    return Section(
        id="coverage",
        title="What is missing?",
        finding=_missing(inputs),
        blocks=(
            Table(
                caption=f"What the figures hold and what they lack{', of projects of all states' if inputs.country else ''}.",
                frame=blanked(frame, held, ["number", "share"]),
                withheld=held,
                columns=(
                    Column(name="what", header="What"),
                    Column(name="number", header="Number", kind=Kind.NUMBER),
                    Column(name="unit", header="Unit"),
                    Column(name="share", header="Share of all", kind=Kind.SHARE),
                ),
            ),
        ),
    )


def _counts(inputs: ReportInputs) -> list[tuple[str, float | None, str, float | None]]:
    total = usage.total_by(inputs.usage).row(0, named=True)
    categories = usage.total_by(inputs.usage, "category")
    unclassified = float(categories.filter(category=UserCategory.UNCLASSIFIED.value)["node_hours"].sum())
    powered = energy.energy_by(energy.energy(usage.total_by(inputs.usage, "system", "partition"), inputs.partitions)).row(0, named=True)
    asked = inputs.demand
    jobs, node_hours = total["jobs"], total["node_hours"]
    return [
        ("Jobs that used the machines", jobs, "jobs", jobs + total["jobs_never_started"]),
        ("Jobs that never started", total["jobs_never_started"], "jobs", jobs + total["jobs_never_started"]),
        ("Jobs whose node-hours are not known", total["jobs_without_nodes"], "jobs", jobs),
        ("Jobs whose core-hours are not known", total["jobs_without_cores"], "jobs", jobs),
        ("Jobs whose GPU-hours are not known", total["jobs_without_gpus"], "jobs", jobs),
        ("Jobs with an energy reading", total["jobs_metered"], "jobs", jobs),
        ("Jobs whose energy reading cannot be true", total["jobs_implausible"], "jobs", jobs),
        ("Node-hours of parts of nodes that jobs did not hold", node_hours - total["node_hours_held"], "node-hours", node_hours),
        ("Node-hours of unknown power", powered["node_hours_without_model"], "node-hours", node_hours),
        ("Node-hours of unknown PUE", powered["node_hours_without_pue"], "node-hours", node_hours),
        (OF_UNCLASSIFIED, unclassified, "node-hours", node_hours),
        ("Projects with a known award", float(asked.filter(basis="awarded").height), "projects", float(asked.height)),
    ]


def _missing(inputs: ReportInputs) -> str:
    absent = sorted(set(inputs.selection.systems) - set(inputs.usage["system"]))
    names = usage.with_system_names(pl.DataFrame({"system": absent}, schema={"system": pl.String}), inputs.partitions)["system"].to_list()
    everybody = " of projects of all states" if inputs.country else ""
    rest = f"The figures of {inputs.period.name} rest on {numbers.counted(int(inputs.usage['jobs'].sum()), 'job')}{everybody}"
    return f"{rest}; no log of {numbers.listed(names)} is in the store." if names else f"{rest}."
