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

PURE = ("ratio", "share, 0–1")
"""The units of pure numbers, which stand without one."""


def facts(inputs: ReportInputs) -> Table:
    """The facts about the machines with logs on which the figures rest."""
    systems = inputs.usage["system"].unique().to_list()
    used = inputs.facts.filter(pl.col("system").is_in(systems), pl.col("fact").is_in(FACT_WORDS))
    shown = used.sort("system", "partition", "fact", nulls_last=False).with_columns(
        pl.col("partition").fill_null("whole machine"),
        pl.col("fact").replace(FACT_WORDS),
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
            Column(name="flag", header="Known how", kind=Kind.FLAG),
        ),
    )
