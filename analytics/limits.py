"""How near machine time comes to the limits that law and access policy set, for each machine by itself."""

from collections.abc import Iterable

import polars as pl

from analytics.usage import CAPACITY, capacity_by, ratio
from data.schema import Schema, check, usage_by
from data.terms import LimitBase, PolicyLimit

AGAINST_LIMITS: Schema = {
    "system": pl.String,
    "limit": pl.String,
    "title": pl.String,
    "node_hours": pl.Float64,  # that count towards the limit
    "node_hours_base": pl.Float64,  # what the limit is a share of; null where that is not known
    "share": pl.Float64,
    "share_allowed": pl.Float64,
    "over": pl.Boolean,  # null where the share is not known
    "exact": pl.Boolean,  # false: the comparison is indicative, the reading says why
    "reading": pl.String,
    "source": pl.String,
    "flag": pl.String,
    "jobs_without_nodes": pl.Int64,
}
"""One row a machine and limit."""

_BASES = {LimitBase.MACHINE: "capacity_node_hours", LimitBase.UNION_SHARE: "union_node_hours"}


def against_limits(usage: pl.DataFrame, offered: pl.DataFrame, limits: Iterable[PolicyLimit]) -> pl.DataFrame:
    """The share of each machine's time that counts towards each limit, beside the share allowed.

    Share = node-hours of the categories and modes that the limit names / node-hours that the machine (or the Union's part of it) offered
    in the period. The Union's part set aside for AI is not published, so shares of it are unknown. Where a job's node-hours are not known
    the share is too low by them; `jobs_without_nodes` counts those jobs.

    Needs usage by system, category and mode, and frame CAPACITY. Gives frame AGAINST_LIMITS.
    """
    check(usage, usage_by("system", "category", "mode"))
    bases = capacity_by(check(offered, CAPACITY), "system")
    parts = [_against(limit, usage, bases) for limit in limits]
    rows = pl.concat([pl.DataFrame(schema=dict(AGAINST_LIMITS)), *parts])
    return rows.sort("system", "limit")


def _against(limit: PolicyLimit, usage: pl.DataFrame, bases: pl.DataFrame) -> pl.DataFrame:
    held = bases.filter(pl.col("system").is_in(limit.systems)) if limit.systems else bases
    counted = usage
    if limit.categories:
        counted = counted.filter(pl.col("category").is_in(limit.categories))
    if limit.modes:
        counted = counted.filter(pl.col("mode").is_in(limit.modes))
    logged = usage.select("system").unique()
    sums = counted.group_by("system").agg(pl.col("node_hours").sum(), pl.col("jobs_without_nodes").sum())
    rows = held.join(logged, on="system", how="semi").join(sums, on="system", how="left", validate="1:1")
    share = ratio(pl.col("node_hours"), pl.col("node_hours_base"))
    return (
        rows.with_columns(pl.col("node_hours").fill_null(0.0), pl.col("jobs_without_nodes").fill_null(0), node_hours_base=_base(limit))
        .with_columns(
            limit=pl.lit(limit.id),
            title=pl.lit(limit.title),
            share=share,
            share_allowed=pl.lit(limit.share, pl.Float64),
            over=share > limit.share,
            exact=pl.lit(limit.exact),
            reading=pl.lit(limit.reading),
            source=pl.lit(limit.source),
            flag=pl.lit(limit.flag.value),
        )
        .select(AGAINST_LIMITS.keys())
    )


def _base(limit: PolicyLimit) -> pl.Expr:
    """The hours that the limit is a share of, unknown where a partition of the machine has no known size."""
    name = _BASES.get(limit.of)
    if name is None:
        return pl.lit(None, pl.Float64)
    missing = "partitions_without_nodes" if limit.of is LimitBase.MACHINE else "partitions_without_union_share"
    return pl.when(pl.col(missing) == 0).then(pl.col(name))
