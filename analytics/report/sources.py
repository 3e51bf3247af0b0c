"""The table of facts about the machines on which a report rests, each with where it stands."""

import polars as pl

from analytics import usage
from analytics.charts import numbers
from analytics.report.document import Column, Kind, Table
from analytics.report.inputs import FACTS, ReportInputs

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

READING_WORDS = {
    "facility_energy_mwh": "energy of the data centre",
    "it_energy_mwh": "energy of its computers",
    "water_m3": "water taken in",
    "heat_reused_mwh": "heat given away for use",
    "renewable_energy_mwh": "renewable energy",
}
"""The readings of a calendar year in words; they are facts where somebody stated them."""

PURE = ("ratio", "share, 0–1")
"""The units of pure numbers, which stand without one."""


def facts(inputs: ReportInputs) -> Table:
    """The facts about the machines with logs on which the figures rest."""
    systems = inputs.usage["system"].unique().to_list()
    stated = pl.col("fact").is_in(READING_WORDS) & pl.col("value").is_not_null()
    used = inputs.facts.filter(pl.col("system").is_in(systems), pl.col("fact").is_in(FACT_WORDS) | stated)
    shown = used.sort("system", "partition", "fact", nulls_last=False).with_columns(
        pl.col("partition").fill_null("all"),
        pl.col("fact").replace(FACT_WORDS | READING_WORDS),
        value=pl.when(pl.col("value").is_not_null()).then(
            pl.concat_str("value", pl.col("unit").replace(dict.fromkeys(PURE)), separator=numbers.THIN_SPACE, ignore_nulls=True)
        ),
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
            Column(name="flag", header="How well known", kind=Kind.FLAG),
        ),
    )
