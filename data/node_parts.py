"""Which part of its nodes a job held, where others could run beside it: nodes draw power by what is held of them.

Node-hours count whole nodes, as Slurm's limits and Open XDMoD do. Two jobs on the halves of a node are thus two node-hours an hour, and
energy modelled by them would be that of two nodes. So each stored job also says how many nodes' worth it held.
"""

import polars as pl

from data import facts
from data.hourly import STEPS_PER_NODE
from data.lake import Lake, Writer
from data.schema import PARTITIONS, check
from data.systems import known_systems

MIGRATION = 10
"""The migration from which on stored jobs tell it."""

SIZES = ("system", "partition", "cores_per_node", "gpus_per_node")
KINDS = """
select system, "partition", nodes, cores, gpus, nodes_held as stored, count(*) as jobs
from lake.jobs where nodes is not null group by all order by all
"""
"""The sizes of the stored jobs: few, however many jobs there are."""
RENEW = """
update lake.jobs set nodes_held = k.nodes_held from kinds k
where jobs.system = k.system and jobs."partition" is not distinct from k."partition" and jobs.nodes = k.nodes
    and jobs.cores is not distinct from k.cores and jobs.gpus is not distinct from k.gpus
    and jobs.nodes_held is not distinct from k.stored
"""


def with_nodes_held(jobs: pl.DataFrame, partitions: pl.DataFrame) -> pl.DataFrame:
    """The jobs with `nodes_held`: nodes × the part of them that a job held, null where it held all of them, or may have.

    The part is the larger of cores held / cores of the nodes and GPUs held / GPUs of the nodes, as those centres charge that let jobs share
    nodes (LUMI: docs/runjobs/lumi_env/billing.md of its user guide), but for memory, which draws power whoever holds it. Kept in steps of
    1/65,536 of a node, so that sums are exact in any order.

    Takes system, partition, nodes, cores and gpus of jobs, and frame PARTITIONS.

    >>> held = {"system": "a", "partition": "g", "nodes": [1, 2, 1, 1], "cores": [16.0, 128.0, 8.0, None], "gpus": [2.0, 2.0, 4.0, 1.0]}
    >>> jobs = pl.DataFrame(held, schema_overrides={"system": pl.String, "partition": pl.String})
    >>> part = pl.DataFrame({"system": "a", "partition": "g", "cores_per_node": 64.0, "gpus_per_node": 4.0})
    >>> with_nodes_held(jobs, part)["nodes_held"].to_list()
    [0.5, None, None, None]
    """
    sizes = check(partitions, {name: PARTITIONS[name] for name in SIZES}).select(SIZES)
    rows = jobs.drop("nodes_held", strict=False).join(sizes, on=["system", "partition"], how="left", validate="m:1", maintain_order="left")
    nodes = pl.col("nodes")
    of_cores, of_gpus = pl.col("cores") / pl.col("cores_per_node"), pl.col("gpus") / pl.col("gpus_per_node")
    held = pl.when(pl.col("gpus_per_node") == 0).then(of_cores).otherwise(pl.when(of_cores > of_gpus).then(of_cores).otherwise(of_gpus))
    told = of_cores.is_not_null() & ((pl.col("gpus_per_node") == 0) | of_gpus.is_not_null())
    stepped = (held * STEPS_PER_NODE).round() / STEPS_PER_NODE
    part = pl.when(told & (stepped > 0) & (stepped < nodes)).then(stepped)
    return rows.with_columns(nodes_held=part).drop("cores_per_node", "gpus_per_node")


def outdated(lake: Lake | Writer) -> pl.DataFrame:
    """The sizes of stored jobs whose part of their nodes is another by the facts of today: what RENEW needs, and how many jobs have it."""
    kinds = lake.frame(KINDS)
    renewed = with_nodes_held(kinds, facts.partitions(known_systems(lake).values()))
    return renewed.filter(~pl.col("nodes_held").eq_missing(pl.col("stored")))


def renew(writer: Writer) -> None:
    """Tell of all stored jobs anew which part of their nodes they held; the rollups are to be made anew after it."""
    kinds = outdated(writer)
    if not kinds.is_empty():
        with writer.beside("kinds", kinds):
            writer.change(RENEW)
