"""How near machine time comes to the limits that law and access policy set, for each machine by itself."""

from collections.abc import Iterable

import polars as pl

from analytics.usage import CAPACITY, capacity_by, ratio
from data.schema import Schema, check, usage_by
from data.terms import AccessMode, LimitBase, PolicyLimit

AGAINST_LIMITS: Schema = {
    "system": pl.String,
    "limit": pl.String,
    "title": pl.String,
    "node_hours": pl.Float64,  # of Union access that count towards the limit; null where the log names no Union access at all
    "node_hours_other": pl.Float64,  # that would count, but of accounts whose access the log does not tell: national, or unknown
    "node_hours_base": pl.Float64,  # what the limit is a share of; null where that is not known
    "share": pl.Float64,
    "share_most": pl.Float64,  # what the share would be if all other access were the Union's
    "share_allowed": pl.Float64,
    "over": pl.Boolean,  # null where the share is not known
    "near": pl.Boolean,  # not over, but at nine tenths of the limit or more
    "exact": pl.Boolean,  # false: the comparison is indicative, the reading says why
    "reading": pl.String,
    "source": pl.String,
    "flag": pl.String,
    "jobs_without_nodes": pl.Int64,
}
"""One row a machine and limit."""

NEAR_SHARE = 0.9
"""From this part of a limit on, machine time is said to near it."""

_BASES = {LimitBase.MACHINE: "capacity_node_hours", LimitBase.UNION_SHARE: "union_node_hours"}


def against_limits(usage: pl.DataFrame, offered: pl.DataFrame, limits: Iterable[PolicyLimit]) -> pl.DataFrame:
    """The share of each machine's time that counts towards each limit, beside the share allowed.

    Share = node-hours of Union access, of the categories and modes that the limit names / node-hours that the machine (or the Union's part
    of it) offered in the period. Union access is that of projects with a EuroHPC access mode, which the code of the account tells, such as
    EHPC-REG-2025R01-218, or a decision about the project; where a log names none, shares of that machine are unknown. Time of all other
    accounts, national access or unknown, stands beside it, with the share that it would make if all of it were the Union's. The Union's
    part set aside for AI is not published, so shares of it are unknown. Where a job's node-hours are not known the share is too low by
    them; `jobs_without_nodes` counts those jobs.

    Needs usage by system, category and mode, and frame CAPACITY. Gives frame AGAINST_LIMITS.
    """
    check(usage, usage_by("system", "category", "mode"))
    held, bases = tuple(limits), capacity_by(check(offered, CAPACITY), "system")
    counted = usage.lazy().group_by("system").agg(_OF_UNION.any().alias("union_told"), *(sums for limit in held for sums in _sums(limit)))
    rows = bases.lazy().join(counted, on="system", how="inner", validate="1:1").collect().lazy()
    parts = [_against(limit, rows) for limit in held]
    return pl.concat([pl.LazyFrame(schema=dict(AGAINST_LIMITS)), *parts]).sort("system", "limit").collect()


def _sums(limit: PolicyLimit) -> list[pl.Expr]:
    """What counts towards a limit, under its name, and what would if all access were of the Union."""
    counts = pl.lit(value=True)
    if limit.categories:
        counts &= pl.col("category").is_in(limit.categories)
    if limit.modes:
        counts &= pl.col("mode").is_in(limit.modes)
    hours = pl.col("node_hours")
    return [
        hours.filter(counts & _OF_UNION).sum().alias(f"node_hours of {limit.id}"),
        hours.filter(counts & ~_OF_UNION).sum().alias(f"node_hours_other of {limit.id}"),
        pl.col("jobs_without_nodes").filter(counts).sum().alias(f"jobs_without_nodes of {limit.id}"),
    ]


def _against(limit: PolicyLimit, rows: pl.LazyFrame) -> pl.LazyFrame:
    held = rows.filter(pl.col("system").is_in(limit.systems)) if limit.systems else rows
    counted = {name: pl.col(f"{name} of {limit.id}") for name in ("node_hours", "node_hours_other", "jobs_without_nodes")}
    share = pl.when("union_told").then(ratio(pl.col("node_hours"), pl.col("node_hours_base")))
    return (
        held.with_columns(**counted, node_hours_base=_base(limit))
        .with_columns(
            limit=pl.lit(limit.id),
            title=pl.lit(limit.title),
            node_hours=pl.when("union_told").then("node_hours"),
            share=share,
            share_most=ratio(pl.col("node_hours") + pl.col("node_hours_other"), pl.col("node_hours_base")),
            share_allowed=pl.lit(limit.share, pl.Float64),
            over=share > limit.share,
            near=(share <= limit.share) & (share >= NEAR_SHARE * limit.share),
            exact=pl.lit(limit.exact),
            reading=pl.lit(limit.reading),
            source=pl.lit(limit.source),
            flag=pl.lit(limit.flag.value),
        )
        .select(AGAINST_LIMITS.keys())
    )


_OF_UNION = pl.col("mode") != AccessMode.OTHER.value


def _base(limit: PolicyLimit) -> pl.Expr:
    """The hours that the limit is a share of, unknown where a partition of the machine has no known size."""
    name = _BASES.get(limit.of)
    if name is None:
        return pl.lit(None, pl.Float64)
    missing = "partitions_without_nodes" if limit.of is LimitBase.MACHINE else "partitions_without_union_share"
    return pl.when(pl.col(missing) == 0).then(pl.col(name))
