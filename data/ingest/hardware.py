"""What the machine's hardware says about its jobs: where a queue runs, how much a job can have, what power its nodes can draw."""

from collections.abc import Mapping

import polars as pl

from data.ingest.parse import by_function
from data.ingest.source import Machine
from data.terms import EnergyQuality
from data.units import JOULES_PER_KWH

LEAST_OF_IDLE = 0.5
MOST_OF_MAXIMUM = 1.15
"""A node draws no less than half its idle power and no more than 1.15 times its maximum; the room is for meters and rounding."""

LEAST_NODE_W, MOST_NODE_W = 20.0, 15_000.0
"""What any node draws, where nothing is known of the partition's own."""

ROOM = 1.1
"""How much more than the machine's published size a job may have: facts are rounded, and machines grow."""


def partitions(queues: pl.Series, machine: Machine) -> pl.Series:
    """The hardware partition of each queue: as the facts say, the only one of a machine that has one, else the queue's own name.

    A pending job may name several queues, separated by commas; they are one partition if all of them lie in it.

    >>> lumi = Machine(system="lumi", log_time_zone="UTC", queues={"standard": "LUMI-C", "small": "LUMI-C", "standard-g": "LUMI-G"})
    >>> partitions(pl.Series(["Standard", "small,standard", "small,standard-g", "test"]), lumi).to_list()
    ['LUMI-C', 'LUMI-C', 'small,standard-g', 'test']
    """
    only = machine.partitions[0] if len(machine.partitions) == 1 else None
    if only is not None:
        return pl.Series("partition", [only], pl.String).new_from_index(0, len(queues))

    def partition(queue: str) -> str:
        found = {machine.queues.get(name.strip().lower()) for name in queue.split(",")}
        return found.pop() or queue if len(found) == 1 else queue

    return by_function(queues, partition)


def of_partition(facts: Mapping[str, float], otherwise: float | None) -> pl.Expr:
    """A fact about the partition of each job, `otherwise` where there is none."""
    other = pl.lit(otherwise, pl.Float64)
    return pl.col("partition").replace_strict(dict(facts), default=other, return_dtype=pl.Float64) if facts else other


def limits(machine: Machine) -> dict[str, pl.Expr]:
    """The most nodes, cores and GPUs that a job can have: those of its partition, else of the whole machine; null where not known."""
    nodes = dict(machine.nodes)
    cores = {name: count * machine.cores_per_node[name] for name, count in nodes.items() if name in machine.cores_per_node}
    gpus = {name: count * machine.gpus_per_node[name] for name, count in nodes.items() if name in machine.gpus_per_node}
    whole = {"nodes": nodes, "cores": cores, "gpus": gpus}
    return {size: of_partition(facts, _sum_if_all(facts, machine)) for size, facts in whole.items()}


def _sum_if_all(facts: Mapping[str, float], machine: Machine) -> float | None:
    return sum(facts.values()) if facts and set(facts) == set(machine.partitions) else None


def energy_quality(machine: Machine) -> pl.Expr:
    """What the energy reading of each job is worth, judged by the power it implies for each of its nodes.

    A reading is measured where that power lies between half the idle and 1.15 times the maximum power of a node of the
    partition, or between 20 W and 15 kW where these are not known. Otherwise it is implausible: counters wrap, and on
    shared nodes each job carries the whole node. A reading whose nodes or time are not known cannot be judged and is
    implausible too.

    >>> jobs = pl.DataFrame({"partition": "GPU", "energy_logged_kwh": [1.0, 900.0, None], "elapsed_s": 3600, "nodes": 2})
    >>> vega = Machine(system="vega", log_time_zone="UTC", node_idle_w={"GPU": 700}, node_max_w={"GPU": 3000})
    >>> jobs.select(quality=energy_quality(vega))["quality"].to_list()
    ['measured', 'implausible', 'missing']
    """
    node_w = pl.col("energy_logged_kwh") * JOULES_PER_KWH / (pl.col("elapsed_s") * pl.col("nodes"))
    least = of_partition({name: idle_w * LEAST_OF_IDLE for name, idle_w in machine.node_idle_w.items()}, LEAST_NODE_W)
    most = of_partition({name: max_w * MOST_OF_MAXIMUM for name, max_w in machine.node_max_w.items()}, MOST_NODE_W)
    is_plausible = node_w.is_between(least, most).fill_null(False)
    judged = pl.when(is_plausible).then(pl.lit(EnergyQuality.MEASURED.value)).otherwise(pl.lit(EnergyQuality.IMPLAUSIBLE.value))
    return pl.when(pl.col("energy_logged_kwh").is_null()).then(pl.lit(EnergyQuality.MISSING.value)).otherwise(judged)
