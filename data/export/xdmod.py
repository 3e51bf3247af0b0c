"""Open XDMoD's own statistics computed from the stored jobs, so that a centre can check its figures here against those it knows.

This is a compatibility export. Pages and reports never show these figures: where their definitions differ from ours, and why, stands in
`data/export/xdmod_differences.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import polars as pl

from data.errors import InputError
from data.export.xdmod_periods import AggregationUnit, buckets, cpu_hours_offered, midnight, zone_named
from data.export.xdmod_sql import GROUPS, METRICS, SPAN
from data.lake import Lake, Writer
from data.machines import System
from data.schema import Schema, check
from data.terms import JobState, Period

TABLE: Schema = {
    "dimension": pl.String,
    "key": pl.String,  # null: the jobs do not tell
    "statistic": pl.String,
    "aggregation_unit": pl.String,
    "dataset_type": pl.String,
    "period": pl.String,
    "value": pl.Float64,
    "std_err": pl.Float64,
}
"""One row a figure, under XDMoD's own identifiers."""

COUNTED_STATES = tuple(
    state.value
    for state in (
        JobState.BOOT_FAIL,
        JobState.CANCELLED,
        JobState.COMPLETED,
        JobState.DEADLINE,
        JobState.FAILED,
        JobState.NODE_FAIL,
        JobState.OUT_OF_MEMORY,
        JobState.PREEMPTED,
        JobState.REVOKED,
        JobState.TIMEOUT,
    )
)
"""The states whose jobs XDMoD counts; it passes over those that wait, run or are being moved."""


class Compat(StrEnum):
    """Whose definitions an export of metrics follows."""

    XDMOD = "xdmod"


class Dimension(StrEnum):
    """What XDMoD's figures can be grouped by, under its identifiers (`account` is ours; XDMoD can be set up to take it for the PI)."""

    NONE = "none"
    RESOURCE = "resource"
    QUEUE = "queue"
    QOS = "qos"
    PI = "pi"
    ACCOUNT = "account"
    PERSON = "person"
    JOBSIZE = "jobsize"
    JOBWALLTIME = "jobwalltime"
    JOBWAITTIME = "jobwaittime"
    GPUCOUNT = "gpucount"
    NODECOUNT = "nodecount"


class DatasetType(StrEnum):
    """One figure for the whole request, or one for each of its periods."""

    AGGREGATE = "aggregate"
    TIMESERIES = "timeseries"


_DOUBLING = {17: "17 - 32", 33: "33 - 64", 65: "65 - 128", 129: "129 - 256", 257: "257 - 512", 513: "513 - 1024"}
_THOUSANDS = {1025: "1k - 2k", 2049: "2k - 4k", 4097: "> 4k"}
_TIMES_S = {
    0: "0 - 1s",
    1: "1 - 30s",
    30: "30s - 30min",
    1_800: "30 - 60min",
    3_600: "1 - 5hr",
    18_000: "5 - 10hr",
    36_000: "10 - 18hr",
    64_800: "18+hr",
}
SIZES = {
    Dimension.JOBSIZE: {1: "1", 2: "2", 3: "3 - 4", 5: "5 - 8", 9: "9 - 16"} | _DOUBLING | _THOUSANDS,
    Dimension.GPUCOUNT: {count: str(count) for count in range(9)} | {9: "9 - 16"} | _DOUBLING | _THOUSANDS,
    Dimension.JOBWALLTIME: _TIMES_S,
    Dimension.JOBWAITTIME: _TIMES_S,
}
"""XDMoD's classes of jobs: the least size, or time in seconds, that belongs to a class, and its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to compute."""

    system: System
    """The machine."""
    period: Period
    """The days asked for; XDMoD counts every day, month, quarter or year that they touch as a whole."""
    dimension: Dimension = Dimension.RESOURCE
    """What to group by."""
    units: tuple[AggregationUnit, ...] = tuple(AggregationUnit)
    """The periods to add up by."""
    types: tuple[DatasetType, ...] = tuple(DatasetType)
    """One figure for all, or one a period."""
    time_zone: str = "UTC"
    """The zone in which days begin; XDMoD takes that of the server it runs on."""


def metrics(store: Lake | Writer, request: Request, pseudonym: Callable[[str], str]) -> pl.DataFrame:
    """Every statistic of XDMoD's realm Jobs, one row a figure (frame TABLE), sorted by its texts.

    Sizes are in the CPUs and GPUs that the log counts, as in XDMoD, not in physical cores or billing units. PIs are Unix groups, persons
    are pseudonyms. A period in which nothing ran has no row. A figure is unknown where a job in it does not tell what the figure needs.
    The standard error is XDMoD's "Std Dev", which it publishes beside the averages of an aggregate.

    Args:
        store: where the jobs are.
        request: what to compute.
        pseudonym: how the names of this machine's users were hidden.
    """
    groups = _groups(store, request.system, pseudonym)
    tables = [_of_unit(store, request, unit, groups) for unit in request.units]
    wanted = pl.concat(tables).filter(pl.col("dataset_type").is_in([kind.value for kind in request.types]))
    return check(wanted.sort(list(TABLE)[:6], nulls_last=True), TABLE)


def period_of_jobs(store: Lake | Writer, system: System, time_zone: str = "UTC") -> Period:
    """The days from the first start to the last end of the jobs that XDMoD would count.

    Raises:
        InputError: if there is none.
    """
    zone = zone_named(time_zone)
    first, last = store.frame(SPAN, {"system": system.id, "states": list(COUNTED_STATES)}).row(0)
    if first is None:
        raise InputError(f"the store holds no ended job of {system.name}; bring in its log with 'python -m data ingest'.")
    return Period(first.astimezone(zone).date(), last.astimezone(zone).date() + timedelta(days=1))


def _of_unit(store: Lake | Writer, request: Request, unit: AggregationUnit, groups: dict[str, object]) -> pl.DataFrame:
    touched = buckets(request.period, unit)
    parameters = _periods(request, unit) | _hardware(request.system) | _grouping(request.dimension)
    rows = store.frame(METRICS, parameters | groups | {"states": list(COUNTED_STATES)})
    last = request.period.end - timedelta(days=1)
    names = {number: bucket.name for number, bucket in enumerate(touched)}
    of_period = pl.col("number").replace_strict(names, default=f"{request.period.start}..{last}", return_dtype=pl.String)
    is_aggregate = pl.col("number").is_null()
    return rows.select(
        pl.lit(request.dimension.value).alias("dimension"),
        "key",
        "statistic",
        pl.lit(unit.value).alias("aggregation_unit"),
        pl.when(is_aggregate).then(pl.lit("aggregate")).otherwise(pl.lit("timeseries")).alias("dataset_type"),
        of_period.alias("period"),
        "value",
        "std_err",
    )


def _periods(request: Request, unit: AggregationUnit) -> dict[str, object]:
    """The periods of a unit as the statements need them: numbered, with their moments and what the machine offered in them."""
    touched, zone = buckets(request.period, unit), request.time_zone
    starts, ends = [midnight(one.start, zone) for one in touched], [midnight(one.end, zone) for one in touched]
    return {
        "system": request.system.id,
        "numbers": list(range(len(touched))),
        "starts": starts,
        "ends": ends,
        "opens": starts[0],
        "closes": ends[-1],
        "offered": [cpu_hours_offered(request.system, one.start, one.end, zone) for one in touched],
        "offered_in_all": cpu_hours_offered(request.system, touched[0].start, touched[-1].end, zone),
    }


def _hardware(system: System) -> dict[str, object]:
    return {
        "partitions": [part.name for part in system.partitions],
        "cores_per_logged_cpu": [part.cores_per_logged_cpu for part in system.partitions],
        "gpus_per_logged_gpu": [part.gpus_per_logged_gpu for part in system.partitions],
    }


def _grouping(dimension: Dimension) -> dict[str, object]:
    sizes = SIZES.get(dimension, {})
    return {"dimension": dimension.value, "size_least": list(sizes), "size_names": list(sizes.values())}


def _groups(store: Lake | Writer, system: System, pseudonym: Callable[[str], str]) -> dict[str, object]:
    """The Unix groups that stand in the store twice: under their name, and hidden where a member has the same name.

    To XDMoD each is one PI, so that both are taken for one here.
    """
    stored = set(store.frame(GROUPS, {"system": system.id})["unix_group"])
    twice = {hidden: name for name in sorted(stored) if (hidden := pseudonym(name)) in stored}
    return {"groups": list(twice.values()), "groups_hidden": list(twice)}
