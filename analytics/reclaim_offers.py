"""To whom hours that would be taken back could be given: a split of them among the projects that wait, best within all limits."""

from dataclasses import dataclass, field
from datetime import date

import polars as pl

from analytics.allocation.explain import account as accounted
from analytics.allocation.problem import Problem
from analytics.allocation.rounding import rounded
from analytics.allocation.solution import Refusal, Solution
from analytics.allocation.solve import solve
from analytics.capacity_changes import PART
from analytics.limits import AGAINST_LIMITS
from analytics.quota_progress import KEY, PROGRESS, QuotaStatus
from analytics.reclaim import CANDIDATES
from analytics.split_problem import JOIN, SplitChoices, limit_table
from analytics.usage import ratio
from data.schema import PARTITIONS, Schema, check, usage_by
from data.terms import HourUnit, PolicyLimit, month_after

WAITING = (QuotaStatus.ON_TRACK, QuotaStatus.WILL_RUN_OUT, QuotaStatus.USED_UP, QuotaStatus.TOO_EARLY)
"""Projects that may be given more: their quota runs, and they use it."""

OVER = "Its machine is over a limit of law or access policy that its hours count towards."
"""Why a project that needs hours is given none, where such a limit is the reason."""

REFUSED = "No split of the hours keeps to all limits, so none is given."
"""Why nobody is given any, where the limits clash."""

NOWHERE = "No hours are taken where it runs or waits, before its quota ends."
"""Why a project that needs hours is given none, where no limit is the reason."""

OFFERS: Schema = {
    "system": pl.String,
    "account": pl.String,
    "title": pl.String,
    "category": pl.String,
    "unit": pl.String,
    "ends": pl.Date,
    "quota_hours": pl.Float64,
    "used_hours": pl.Float64,
    "needed_hours": pl.Float64,  # beyond its quota, and beyond what it used already: by forecast, or for the jobs that wait
    "given_hours": pl.Float64,
    "given_share": pl.Float64,  # of what it needs
    "given_node_hours": pl.Float64,
    "reason": pl.String,
}
"""One row a project that needs more than its quota, with what it would be given, in its own unit."""

FREED: Schema = {
    "system": pl.String,
    "partition": pl.String,  # null: of projects that never ran, on a machine of several partitions
    "taken_node_hours": pl.Float64,  # null: not known how many a GPU-hour or core-hour is
    "given_node_hours": pl.Float64,
}
"""One row a partition: what would be taken from its projects, and what of it would be given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReclaimFacts:
    """What is known about the projects and machines."""

    progress: pl.DataFrame
    """Frame PROGRESS of all projects."""
    used: pl.DataFrame
    """Usage by system, partition and account on the days of the quotas: on which partitions a project runs."""
    queued: pl.DataFrame
    """Usage by system, partition and account of the whole log: on which partitions its jobs wait."""
    partitions: pl.DataFrame
    """Frame PARTITIONS of the machines."""
    limits: tuple[PolicyLimit, ...] = ()
    """What law and access policy allow."""
    against: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=dict(AGAINST_LIMITS)))
    """Frame AGAINST_LIMITS: where a machine is over a limit, whoever counts towards it is given nothing there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reclaimed:
    """Hours that would be taken and given, as a recommendation."""

    offers: pl.DataFrame
    """Frame OFFERS: the projects that need more, those that would be given most first."""
    freed: pl.DataFrame
    """Frame FREED."""
    solution: Solution | None
    """The split with its prices and its proof; None where there is nothing to give, nobody to give it to, or no split."""
    refusal: Refusal | None
    """Why there is no split, where limits clash."""


def offered_back(candidates: pl.DataFrame, facts: ReclaimFacts, choices: SplitChoices) -> Reclaimed:
    """The hours that could be taken, offered to the projects that need more, as the best split within all limits.

    Who needs: a project whose forecast, or whose waiting jobs, pass what is left of its quota; it needs the difference. What there is: the
    hours that could be taken, on the partitions on which the project that loses them ran, month by month from the end of the log to the
    end of its quota in equal daily parts, so that hours are given only while they would have been unused. A project may be given hours on
    partitions on which it ran or waits, up to the month in which its own quota ends. Satisfaction is hours given ÷ hours needed; the aim,
    limits, floors and caps are those of a split, whose shares here are of the hours that could be taken; where a machine is over a limit
    already, whoever counts towards it is given nothing there. Every grant is rounded to whole node-hours within them. Hours of projects
    that never ran, on a machine of several partitions, are offered to nobody: where they lie is not known.

    Args:
        candidates: Frame CANDIDATES.
        facts: What is known about the projects and machines.
        choices: Aim, floors, caps and weights.
    """
    check(candidates, CANDIDATES)
    check(facts.progress, PROGRESS)
    pools = _pools(candidates, facts)
    asking = _with_barred(_needs(candidates, facts.progress), facts)
    capacity = _capacity(pools)
    options = _options(asking.filter(~pl.col("is_barred")), capacity, facts)
    served = asking.join(options.select("project").unique(), on="project", how="semi")
    if served.is_empty():
        return Reclaimed(offers=_offers(asking), freed=_freed(pools), solution=None, refusal=None)
    found = solve(_problem(served, options, capacity, facts, choices), choices.objective)
    if isinstance(found, Refusal):
        return Reclaimed(offers=_offers(asking, otherwise=REFUSED), freed=_freed(pools), solution=None, refusal=found)
    given = rounded(found, quantum=1.0)
    reasons = accounted(found, given.allocation, given.satisfaction).select("project", "reason")
    offers = _offers(asking, given.allocation.join(options, on=["project", "partition"], how="left", validate="m:1"), reasons)
    return Reclaimed(offers=offers, freed=_freed(pools, given.allocation), solution=found, refusal=None)


def units_per_node(partitions: pl.DataFrame) -> pl.DataFrame:
    """system, partition, unit, per_node: how many hours of each unit a node-hour is on each partition, where that is published."""
    per_node = {
        HourUnit.NODE_HOURS: pl.lit(1.0),
        HourUnit.GPU_HOURS: pl.col("gpus_per_node"),
        HourUnit.CORE_HOURS: pl.col("cores_per_node"),
    }
    rows = [
        check(partitions, PARTITIONS).select("system", "partition", unit=pl.lit(unit.value), per_node=hours)
        for unit, hours in per_node.items()
    ]
    return pl.concat(rows).filter(pl.col("per_node") > 0)


def _pools(candidates: pl.DataFrame, facts: ReclaimFacts) -> pl.DataFrame:
    """system, account, partition, as_of, ends, node_hours: what each project would lose on each partition; null where not known."""
    where = pl.concat([_ran_on(candidates, facts), _only_partition(candidates, facts)])
    losing = candidates.select(*KEY, "unit", "as_of", "ends", "taken_hours")
    placed = losing.join(where, on=KEY, how="left", validate="1:m").join(
        units_per_node(facts.partitions), on=["system", "partition", "unit"], how="left", validate="m:1"
    )
    hours = pl.col("taken_hours") * pl.col("part") / pl.col("per_node")
    own = pl.when(pl.col("unit") == HourUnit.NODE_HOURS.value).then("taken_hours")
    return placed.select(*KEY, "partition", "as_of", "ends", node_hours=pl.coalesce(hours, own), is_placed=hours.is_not_null())


def _ran_on(candidates: pl.DataFrame, facts: ReclaimFacts) -> pl.DataFrame:
    """system, account, partition, part: on which partitions a project used which part of its hours."""
    check(facts.used, usage_by("system", "partition", "account"))
    ran = facts.used.join(candidates.select(*KEY, "unit"), on=KEY, how="inner", validate="m:1").with_columns(
        hours=pl.coalesce(pl.when(pl.col("unit") == unit.value).then(pl.col(unit.value)) for unit in HourUnit)
    )
    known = ran.filter(pl.col("hours") > 0)
    return known.select(*KEY, "partition", part=pl.col("hours") / pl.col("hours").sum().over(KEY))


def _only_partition(candidates: pl.DataFrame, facts: ReclaimFacts) -> pl.DataFrame:
    """The same for projects that never ran, on machines with one partition."""
    alone = facts.partitions.filter(pl.len().over("system") == 1).select("system", "partition")
    never = candidates.filter(pl.col("used_hours") == 0).select(KEY)
    return never.join(alone, on="system", how="inner", validate="m:1").with_columns(part=pl.lit(1.0))


def _needs(candidates: pl.DataFrame, progress: pl.DataFrame) -> pl.DataFrame:
    """The rows of progress of projects that need more than their quota, with `needed_hours` and their name in the problem."""
    waiting = pl.max_horizontal("forecast_hours", pl.col("used_hours") + pl.col("queued_hours").fill_null(0))
    running = progress.filter(pl.col("status").is_in([status.value for status in WAITING]), pl.col("days_left") > 0)
    rows = running.join(candidates, on=KEY, how="anti").with_columns(
        needed_hours=(waiting - pl.max_horizontal("quota_hours", "used_hours")).floor(), project=pl.col("account") + JOIN + pl.col("system")
    )
    return rows.filter(pl.col("needed_hours") >= 1)


def _with_barred(asking: pl.DataFrame, facts: ReclaimFacts) -> pl.DataFrame:
    """The same with whether a machine is over a limit that a project's hours count towards."""
    over = set(check(facts.against, AGAINST_LIMITS).filter("over").select("system", "limit").rows())
    barred = pl.lit(value=False)
    for limit in facts.limits:
        systems = [system for system, name in over if name == limit.id]
        of_category = pl.col("category").is_in(limit.categories) if limit.categories else pl.lit(value=True)
        of_mode = pl.col("mode").is_in(limit.modes) if limit.modes else pl.lit(value=True)
        barred |= pl.col("system").is_in(systems) & of_category & of_mode
    return asking.with_columns(is_barred=barred.fill_null(value=False))


def _capacity(pools: pl.DataFrame) -> pl.DataFrame:
    """system, partition (as `system:partition`), period, node_hours: what is freed in each month, in equal parts of a day."""
    spans = pools.filter("is_placed").with_columns(days=(pl.col("ends") - pl.col("as_of")).dt.total_days())
    if spans.is_empty():
        return pl.DataFrame(schema={"system": pl.String, "partition": pl.String, "period": pl.String, "node_hours": pl.Float64})
    months = _months(spans)
    inside = (pl.min_horizontal("ends", "next") - pl.max_horizontal("as_of", "month")).dt.total_days()
    parts = spans.join(months, how="cross").with_columns(inside=inside).filter(pl.col("inside") > 0)
    return (
        parts.group_by("system", "partition", "month")
        .agg(node_hours=(pl.col("node_hours") * pl.col("inside") / pl.col("days")).sum())
        .select(
            "system",
            partition=pl.col("system") + PART + pl.col("partition"),
            period=pl.col("month").dt.strftime("%Y-%m"),
            node_hours="node_hours",
        )
        .sort("partition", "period")
    )


def _months(spans: pl.DataFrame) -> pl.DataFrame:
    """Every month that a span touches, and the one after it."""
    first, last = spans.select(pl.col("as_of").min(), pl.col("ends").max()).row(0)
    months: list[date] = [first.replace(day=1)]
    while month_after(months[-1]) < last:
        months.append(month_after(months[-1]))
    return pl.DataFrame({"month": months, "next": [month_after(month) for month in months]})


def _options(asking: pl.DataFrame, capacity: pl.DataFrame, facts: ReclaimFacts) -> pl.DataFrame:
    """project, partition, usefulness: where each could use freed hours before its quota ends, and what a node-hour there is in its unit."""
    ran = facts.used.filter(pl.col("node_hours") > 0).select(*KEY, "partition")
    waits = facts.queued.filter(pl.col("node_hours_queued") > 0).select(*KEY, "partition")
    on = pl.concat([ran, waits]).unique().join(asking.select(*KEY, "unit", "project", "ends"), on=KEY, how="inner", validate="m:1")
    useful = on.join(units_per_node(facts.partitions), on=["system", "partition", "unit"], how="inner", validate="m:1")
    first = capacity.group_by("partition").agg(first=pl.col("period").min())
    named = useful.with_columns(partition=pl.col("system") + PART + pl.col("partition"), last=_last_month())
    open_to = named.join(first, on="partition", how="inner", validate="m:1").filter(pl.col("first") <= pl.col("last"))
    return open_to.select("project", "partition", usefulness="per_node").sort("project", "partition")


def _problem(served: pl.DataFrame, options: pl.DataFrame, capacity: pl.DataFrame, facts: ReclaimFacts, choices: SplitChoices) -> Problem:
    weights = {category.value: weight for category, weight in choices.weights.items()}
    return Problem.of(
        projects=served.select(
            "project",
            "category",
            "country",
            "mode",
            weight=pl.col("category").replace_strict(weights, default=1.0, return_dtype=pl.Float64),
            hours_asked="needed_hours",
            starts=pl.col("as_of").dt.strftime("%Y-%m"),
            ends=_last_month(),
        ),
        options=options,
        partitions=capacity.select("partition", "system").unique(maintain_order=True),
        capacity=capacity.select("partition", "period", "node_hours"),
        limits=limit_table(facts.limits, choices, capacity["system"].unique().sort().to_list()),
    )


def _last_month() -> pl.Expr:
    return (pl.col("ends") - pl.duration(days=1)).dt.strftime("%Y-%m")


def _offers(
    asking: pl.DataFrame, given: pl.DataFrame | None = None, reasons: pl.DataFrame | None = None, *, otherwise: str = NOWHERE
) -> pl.DataFrame:
    nothing = pl.DataFrame(schema={"project": pl.String, "given_node_hours": pl.Float64, "given_hours": pl.Float64})
    sums = (
        nothing
        if given is None
        else given.group_by("project").agg(
            given_node_hours=pl.col("node_hours").sum(), given_hours=(pl.col("node_hours") * pl.col("usefulness")).sum()
        )
    )
    told = pl.DataFrame(schema={"project": pl.String, "reason": pl.String}) if reasons is None else reasons
    rows = asking.join(sums, on="project", how="left", validate="1:1").join(told, on="project", how="left", validate="1:1")
    return (
        rows.with_columns(
            pl.col("given_node_hours", "given_hours").fill_null(0.0),
            pl.coalesce("reason", pl.when("is_barred").then(pl.lit(OVER)).otherwise(pl.lit(otherwise))).alias("reason"),
        )
        .with_columns(given_share=ratio(pl.col("given_hours"), pl.col("needed_hours")))
        .select(list(OFFERS))
        .sort("given_node_hours", "system", "account", descending=[True, False, False])
    )


def _freed(pools: pl.DataFrame, allocation: pl.DataFrame | None = None) -> pl.DataFrame:
    place = pl.when("is_placed").then("partition").alias("partition")
    taken = pools.group_by("system", place).agg(taken_node_hours=pl.col("node_hours").sum(), known=pl.col("node_hours").is_not_null().any())
    rows = taken.with_columns(taken_node_hours=pl.when("known").then("taken_node_hours")).drop("known")
    if allocation is None:
        return rows.with_columns(given_node_hours=pl.lit(0.0)).select(list(FREED)).sort("system", "partition")
    names = pl.col("partition").str.splitn(PART, 2)
    given = (
        allocation.group_by("partition")
        .agg(given_node_hours=pl.col("node_hours").sum())
        .select(system=names.struct.field("field_0"), partition=names.struct.field("field_1"), given_node_hours="given_node_hours")
    )
    both = rows.join(given, on=["system", "partition"], how="left", validate="1:1")
    return both.with_columns(pl.col("given_node_hours").fill_null(0.0)).select(list(FREED)).sort("system", "partition")
