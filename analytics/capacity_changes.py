"""What if a machine could give less or more: maintenance, more nodes, a partition that is not there yet."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from analytics.charts import numbers
from data.errors import InputError

PART = ":"
EXAMPLES = "lumi:LUMI-G 2026-03 50%; lumi:LUMI-X 200 nodes like LUMI-G"
MOST_PERCENT, MOST_NODES = 1_000.0, 100_000.0
SCALED = re.compile(
    r"(?P<system>[^:\s]+):(?P<partition>\S+)(?:\s+(?P<period>\d{4}-(?:0[1-9]|1[0-2])))?\s+(?P<percent>\d{1,7}(?:\.\d+)?)\s*%"
)
ADDED = re.compile(r"(?P<system>[^:\s]+):(?P<partition>\S+)\s+(?P<nodes>\d{1,9}(?:\.\d+)?)\s+nodes?\s+like\s+(?P<like>\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityChange:
    """A partition that gives another part of its hours, or one that is added."""

    system: str
    """The machine."""
    partition: str
    """The partition, or the name of the added one."""
    period: str | None = None
    """The month (YYYY-MM) in which it gives another part; every month if not given."""
    factor: float = 1.0
    """The part of its usual hours that it gives: 0.5 is half of them; of no use for an added partition."""
    like: str | None = None
    """The partition of the same machine after which an added one is made; none where the partition is there already."""
    nodes: float = 0.0
    """The nodes of an added partition."""

    @property
    def text(self) -> str:
        """The change as it is typed.

        >>> CapacityChange(system="lumi", partition="LUMI-G", period="2026-03", factor=0.5).text
        'lumi:LUMI-G 2026-03 50%'
        """
        name = f"{self.system}{PART}{self.partition}"
        if self.like is not None:
            return f"{name} {self.nodes:.12g} nodes like {self.like}"
        return " ".join(filter(None, (name, self.period, f"{self.factor * 100:.12g}%")))


def typed(text: str) -> tuple[tuple[CapacityChange, ...], list[str]]:
    """The changes that a text names, separated by semicolons, and a sentence for each part of it that is none.

    >>> changes, faults = typed("lumi:LUMI-G 2026-03 50%; lumi:LUMI-X 200 nodes like LUMI-G; half of it")
    >>> [change.text for change in changes]
    ['lumi:LUMI-G 2026-03 50%', 'lumi:LUMI-X 200 nodes like LUMI-G']
    >>> faults
    ["'half of it' is no change of capacity; write it as in lumi:LUMI-G 2026-03 50%; lumi:LUMI-X 200 nodes like LUMI-G"]
    """
    changes, faults = [], []
    for part in filter(None, (each.strip() for each in text.split(";"))):
        scaled, added = SCALED.fullmatch(part), ADDED.fullmatch(part)
        if scaled and float(scaled["percent"]) <= MOST_PERCENT:
            percent = float(scaled["percent"])
            changes.append(
                CapacityChange(system=scaled["system"], partition=scaled["partition"], period=scaled["period"], factor=percent / 100)
            )
        elif added and 0 < float(added["nodes"]) <= MOST_NODES:
            changes.append(
                CapacityChange(
                    system=added["system"], partition=added["partition"], nodes=float(added["nodes"]), like=added["like"].rstrip(",.")
                )
            )
        elif scaled:
            faults.append(f"{part!r} gives {scaled['percent']}% of its hours; at most {MOST_PERCENT:g}% can be")
        elif added:
            faults.append(f"{part!r} adds {added['nodes']} nodes; from 1 to {MOST_NODES:,.0f} can be")
        else:
            faults.append(f"{part!r} is no change of capacity; write it as in {EXAMPLES}")
    return tuple(changes), faults


def changed(capacity: pl.DataFrame, partitions: pl.DataFrame, changes: Sequence[CapacityChange]) -> pl.DataFrame:
    """What each partition offers after the changes, one after the other; an added partition has its model's hours per node and factors.

    A partition that gives nothing stays with 0 node-hours.

    Args:
        capacity: system, partition (as `system:partition`), period (YYYY-MM), node_hours, and factors per node-hour.
        partitions: Frame PARTITIONS, for the nodes of the partition after which another is made.
        changes: What changes.

    Raises:
        InputError: if a change names what is not there, adds what is there already, or leaves a machine without any hours.
    """
    rows = capacity
    for change in changes:
        rows = _added(rows, partitions, change) if change.like is not None else _scaled(rows, change)
    closed = rows.group_by("system").agg(pl.col("node_hours").sum()).filter(pl.col("node_hours") <= 0)["system"].sort().to_list()
    if closed and changes:
        raise InputError(
            f"{numbers.listed(closed)} would give no hour in the whole period; leave the machine out of the machines chosen instead, "
            "since a split can say nothing of projects that can run nowhere."
        )
    return rows


def added_partitions(changes: Iterable[CapacityChange]) -> list[str]:
    """The partitions that changes add, as `system:partition`."""
    return [f"{change.system}{PART}{change.partition}" for change in changes if change.like is not None]


def in_words(change: CapacityChange, system_name: str) -> str:
    r"""A change as people say it.

    >>> in_words(CapacityChange(system="lumi", partition="LUMI-G", period="2026-03", factor=0.0), "LUMI").replace("\u202f", " ")
    'LUMI LUMI-G gives 0 % of its hours in March 2026'
    >>> in_words(CapacityChange(system="lumi", partition="X", nodes=200, like="LUMI-G"), "LUMI")
    'LUMI has a further partition X of 200 nodes like those of LUMI-G'
    """
    if change.like is not None:
        nodes = numbers.counted(round(change.nodes), "node")
        return f"{system_name} has a further partition {change.partition} of {nodes} like those of {change.like}"
    when = "" if change.period is None else f" in {numbers.month(pl.Series([f'{change.period}-01']).str.to_date()[0])}"
    return f"{system_name} {change.partition} gives {numbers.percent(change.factor)} of its hours{when}"


def _scaled(rows: pl.DataFrame, change: CapacityChange) -> pl.DataFrame:
    name = f"{change.system}{PART}{change.partition}"
    meant = pl.col("partition") == name
    if change.period is not None:
        meant &= pl.col("period") == change.period
    if rows.filter(meant).is_empty():
        _refuse(rows, change, name)
    return rows.with_columns(node_hours=pl.when(meant).then(pl.col("node_hours") * change.factor).otherwise("node_hours"))


def _added(rows: pl.DataFrame, partitions: pl.DataFrame, change: CapacityChange) -> pl.DataFrame:
    name, model = f"{change.system}{PART}{change.partition}", f"{change.system}{PART}{change.like}"
    if not rows.filter(pl.col("partition") == name).is_empty():
        raise InputError(f"{name} is there already; to change it write its hours, such as {name} 150%.")
    like = rows.filter(pl.col("partition") == model)
    if like.is_empty():
        _refuse(rows, change, model)
    nodes = partitions.filter(system=change.system, partition=change.like)["nodes"].drop_nulls().to_list()
    if len(nodes) != 1 or not nodes[0] > 0:
        raise InputError(f"how many nodes {model} has is not known, so {name} cannot be made after it; name another partition.")
    further = like.with_columns(partition=pl.lit(name), node_hours=pl.col("node_hours") * (change.nodes / nodes[0]))
    return pl.concat([rows, further])


def _refuse(rows: pl.DataFrame, change: CapacityChange, name: str) -> None:
    known = numbers.listed(rows["partition"].unique().sort().to_list())
    months = " to ".join(rows["period"].unique().sort().gather([0, -1]).to_list())
    when = f" in {change.period}" if change.period and name in rows["partition"] else ""
    raise InputError(f"{change.text!r}: {name} offers no hours{when}; there are {known}, from {months}.")
