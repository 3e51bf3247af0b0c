"""How fairly machine time was shared: what each group received against its due, and the indices of inequality between projects."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analytics.demand import DEMAND, DemandBasis
from analytics.usage import ratio
from data.errors import InputError
from data.schema import Schema, check

Numbers = NDArray[np.float64]

MONTHLY_DUE: Schema = {
    "month": pl.Date,
    "category": pl.String,
    "hours": pl.Float64,
    "share_received": pl.Float64,
    "share_due": pl.Float64,
    "difference": pl.Float64,
    "received_of_due": pl.Float64,
}
"""One row a month and category: share received against share due."""

UNKNOWN_STATE = "state unknown"
"""Where projects count whose participating state nobody has told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inequality:
    """The indices of inequality of one set of satisfactions; an index is None where it is not defined."""

    projects: int
    """How many projects it counts."""
    least: float | None
    """The least satisfaction of any project."""
    mean: float | None
    """The mean satisfaction."""
    ede: float | None
    """The satisfaction which, given to everybody, would be as good as the actual one (Atkinson, α = 1)."""
    jain: float | None
    """Jain's index, 1 where all are equal."""
    gini: float | None
    """The Gini coefficient, 0 where all are equal."""
    theil: float | None
    """Theil's index, 0 where all are equal."""
    theil_between: float | None
    """The part of Theil's index that lies between categories."""
    theil_within: float | None
    """The part that lies within them."""


def against_due(hours: pl.DataFrame, due: Mapping[str, float], by: str = "category") -> pl.DataFrame:
    """The share of machine time that each category, or participating state, received against the share that was due to it.

    Share received = its hours / all hours. Share due = its weight / all weights, where the weights are hours awarded or those of a
    policy. A category or state without a weight has no known due. Regulation (EU) 2021/1173 Art. 17(11) asks for both to be monitored.

    Gives category (or state), hours, share_received, share_due, difference (received less due) and received_of_due (received divided by
    due).

    >>> frame = pl.DataFrame({"category": ["research", "sme"], "hours": [90.0, 10.0]})
    >>> against_due(frame, {"research": 3, "sme": 1}).select("category", "share_received", "share_due", "received_of_due").rows()
    [('research', 0.9, 0.75, 1.2), ('sme', 0.1, 0.25, 0.4)]
    """
    check(hours, {by: pl.String, "hours": pl.Float64})
    _check_not_negative(np.array(list(due.values()), dtype=float), "weight")
    whole = sum(due.values())
    if due and not whole > 0:
        raise InputError("the weights of the shares due add up to nothing; give at least one category a weight above 0.")
    rows = [(group, weight / whole) for group, weight in due.items()]
    wanted = pl.DataFrame(rows, schema={by: pl.String, "share_due": pl.Float64}, orient="row")
    listed = hours.with_columns(received=pl.lit(value=True))
    both = listed.join(wanted, on=by, how="full", coalesce=True, validate="1:1")
    both = both.with_columns(hours=pl.when(pl.col("received").is_null()).then(0.0).otherwise("hours")).drop("received")
    received = both.with_columns(ratio(pl.col("hours"), pl.col("hours").sum()).alias("share_received"))
    return received.with_columns(
        (pl.col("share_received") - pl.col("share_due")).alias("difference"),
        ratio(pl.col("share_received"), pl.col("share_due")).alias("received_of_due"),
    ).sort(by)


def due_by_demand(demand: pl.DataFrame, by: str = "category") -> dict[str, float]:
    """The default weights of the shares due: the node-hours that each category (or state) asked for, where hours used are known.

    Without any weight where no award is known and no job waits: what was asked for is then only known to be what was used, so that
    everybody would seem to have received what was due. Takes frame DEMAND; a project of no known state counts as of `UNKNOWN_STATE`.
    """
    logged = check(demand, DEMAND).filter(pl.col("node_hours").is_not_null())
    if logged.filter(tells_more_than_use()).is_empty():
        return {}
    asked = logged.group_by(pl.col(by).fill_null(UNKNOWN_STATE)).agg(pl.sum("node_hours_demanded"))
    return dict(asked.filter(pl.col("node_hours_demanded") > 0).sort(by).rows())


def tells_more_than_use() -> pl.Expr:
    """Whether a project's demand rests on more than what it used: on an award, or on jobs that wait (of a frame DEMAND)."""
    asked, used = pl.col("node_hours_demanded"), pl.col("node_hours")
    return (pl.col("basis") == DemandBasis.AWARDED.value) | (asked > used * (1 + _ROUNDING))


def against_due_by_month(hours: pl.DataFrame, demand: pl.DataFrame) -> pl.DataFrame:
    """The share of machine time that each category received in each month against what was due to it by that month's demand.

    The same as `against_due` of each month by itself. Takes hours by month and category, and frame DEMAND with the month in front; gives
    frame MONTHLY_DUE, of the months in which anything was asked for.
    """
    check(hours, {"month": pl.Date, "category": pl.String, "hours": pl.Float64})
    keys = ["month", "category"]
    logged = check(demand, {"month": pl.Date, **DEMAND}).filter(pl.col("node_hours").is_not_null())
    told = logged.filter(tells_more_than_use().any().over("month"))
    due = told.group_by(keys).agg(weight=pl.sum("node_hours_demanded")).filter(pl.col("weight") > 0)
    listed = hours.select(*keys, "hours", received=pl.lit(value=True)).join(demand.select("month").unique(), on="month", how="semi")
    both = listed.join(due, on=keys, how="full", coalesce=True, validate="1:1")
    filled = both.with_columns(hours=pl.when(pl.col("received").is_null()).then(0.0).otherwise("hours"))
    return (
        filled.with_columns(
            share_received=ratio(pl.col("hours"), pl.col("hours").sum().over("month")),
            share_due=ratio(pl.col("weight"), pl.col("weight").sum().over("month")),
        )
        .with_columns(
            difference=pl.col("share_received") - pl.col("share_due"), received_of_due=ratio(pl.col("share_received"), pl.col("share_due"))
        )
        .select(MONTHLY_DUE.keys())
        .sort(keys)
    )


def satisfaction_of_projects(demand: pl.DataFrame) -> pl.DataFrame:
    """The satisfaction of each project whose award is known: node-hours used / node-hours due to it in the period.

    Projects without an award have no entitlement, and of projects with jobs of unknown node-hours, or on machines without logs, nobody
    knows what they used: all these are left out. Above 1, more was used than due.
    """
    check(demand, DEMAND)
    awarded = demand.filter(pl.col("basis") == "awarded", pl.col("node_hours_demanded") > 0, pl.col("jobs_without_nodes") == 0)
    awarded = awarded.filter(pl.col("node_hours").is_not_null())
    served = awarded.with_columns(satisfaction=pl.col("node_hours") / pl.col("node_hours_demanded"))
    return served.sort(*(["month"] if "month" in served.columns else []), "system", "account")


def inequality(satisfaction: Numbers, groups: NDArray[np.str_]) -> Inequality:
    """The indices of inequality of a set of satisfactions, with Theil's index taken apart by group.

    >>> inequality(np.array([1.0, 1.0]), np.array(["sme", "research"])).jain
    1.0
    """
    values = _checked(satisfaction)
    between, within = theil_parts(values, groups) or (None, None)
    return Inequality(
        projects=len(values),
        least=float(values.min()) if len(values) else None,
        mean=float(values.mean()) if len(values) else None,
        ede=equally_distributed_equivalent(values, alpha=1),
        jain=jain_index(values),
        gini=gini_coefficient(values),
        theil=theil_index(values),
        theil_between=between,
        theil_within=within,
    )


def inequality_by(satisfaction: pl.DataFrame, *dimensions: str) -> pl.DataFrame:
    """The indices of inequality between the projects of each group (such as a month), one column an index.

    The frame is one of `satisfaction_of_projects`, or any with the dimensions, category and satisfaction.
    """
    check(satisfaction, {"category": pl.String, "satisfaction": pl.Float64})
    kinds = {name: satisfaction.schema[name] for name in dimensions} | _INDICES
    rows = [
        dict(zip(dimensions, key, strict=True)) | asdict(inequality(part["satisfaction"].to_numpy(), part["category"].to_numpy()))
        for key, part in satisfaction.group_by(dimensions, maintain_order=True)
    ]
    return pl.DataFrame(rows, schema=kinds).sort(dimensions)


def jain_index(values: Numbers) -> float | None:
    """Jain's index of fairness: (Σx)² / (n Σx²), from 1/n where one has all to 1 where all have the same.

    Not defined where nobody has anything. Source: Jain, Chiu and Hawe, DEC Research Report TR-301, 1984.

    >>> jain_index(np.array([1.0, 1.0, 1.0, 0.0]))
    0.75
    """
    scaled = _scaled(values)
    return None if scaled is None else float(scaled.sum() ** 2 / (len(scaled) * (scaled**2).sum()))


def gini_coefficient(values: Numbers) -> float | None:
    """The Gini coefficient: half the mean difference between two projects, relative to the mean; 0 where all have the same.

    G = Σ (2i − n − 1) x₍ᵢ₎ / (n Σx) over the values in ascending order; at most 1 − 1/n. Not defined where nobody has anything.
    Source: Gini, Variabilità e mutabilità, 1912; Sen, On Economic Inequality, 1973.

    >>> gini_coefficient(np.array([0.0, 0.0, 0.0, 1.0]))
    0.75
    """
    scaled = _scaled(values)
    if scaled is None:
        return None
    n = len(scaled)
    ranks = 2 * np.arange(1, n + 1) - n - 1
    return max(0.0, float((ranks * np.sort(scaled)).sum() / (n * scaled.sum())))


def theil_index(values: Numbers) -> float | None:
    """Theil's index T: the mean of x/μ · ln(x/μ), 0 where all have the same and ln n where one has all.

    Not defined where nobody has anything. Source: Theil, Economics and Information Theory, 1967.

    >>> round(theil_index(np.array([0.0, 1.0])), 4)  # ln 2
    0.6931
    """
    scaled = _scaled(values)
    return None if scaled is None else float(_x_log_x(scaled / scaled.mean()).mean())


def theil_parts(values: Numbers, groups: NDArray[np.str_]) -> tuple[float, float] | None:
    """Theil's index taken apart: what lies between the groups, and what within them; the two add up to the index.

    With s the share of all hours in a group and p its share of the projects, between = Σ s ln(s/p) and within = Σ s T(group).
    Source: Shorrocks, The Class of Additively Decomposable Inequality Measures, Econometrica 48, 1980.

    >>> between, within = theil_parts(np.array([1.0, 1.0, 3.0, 3.0]), np.array(["sme", "sme", "research", "research"]))
    >>> round(between, 4), within
    (0.1308, 0.0)
    """
    if len(values) != len(groups):
        raise InputError(f"{len(values)} values came with {len(groups)} groups; each value needs its group.")
    scaled = _scaled(values)
    if scaled is None:
        return None
    between = within = 0.0
    for group in np.unique(groups):
        members = scaled[groups == group]
        hours_share, projects_share = members.sum() / scaled.sum(), len(members) / len(scaled)
        if hours_share > 0:
            between += float(hours_share * np.log(hours_share / projects_share))
            within += float(hours_share * (theil_index(members) or 0.0))
    return between, within


def equally_distributed_equivalent(values: Numbers, *, alpha: float, weights: Numbers | None = None) -> float | None:
    """The satisfaction which, given to everybody, would be as good as the actual one for a society averse to inequality by α.

    EDE = (Σ w x^(1−α) / Σ w)^(1/(1−α)), the weighted geometric mean for α = 1, the mean for α = 0, and ever nearer to the least for
    larger α; with α ≥ 1 it is 0 as soon as one project got nothing. Atkinson's index is 1 − EDE / mean. Not defined for no projects.
    Source: Atkinson, On the Measurement of Inequality, Journal of Economic Theory 2, 1970.

    >>> round(equally_distributed_equivalent(np.array([1.0, 4.0]), alpha=1), 6)
    2.0
    """
    checked = _checked(values)
    shares = np.ones(len(checked)) if weights is None else _checked(weights)
    if len(shares) != len(checked):
        raise InputError(f"{len(checked)} values came with {len(shares)} weights; each value needs its weight.")
    if alpha < 0:
        raise InputError(f"α is {alpha}; it must be 0 or more.")
    counted = checked[shares > 0]
    if len(counted) == 0:
        return None
    return _power_mean(counted, shares[shares > 0] / shares.sum(), 1 - alpha)


def atkinson_index(values: Numbers, *, alpha: float) -> float | None:
    """Atkinson's index: the share of all hours that could be given up, were the rest shared equally, without loss to society.

    1 − EDE / mean, from 0 where all have the same. Not defined where nobody has anything. Source: Atkinson 1970.

    >>> round(atkinson_index(np.array([1.0, 4.0]), alpha=1), 6)
    0.2
    """
    scaled = _scaled(values)
    if scaled is None:
        return None
    equivalent = equally_distributed_equivalent(scaled, alpha=alpha)
    return None if equivalent is None else max(0.0, float(1 - equivalent / scaled.mean()))


_ROUNDING = 1e-9
"""Less than this part more is the rounding of sums."""

_INDICES = {field.name: pl.Int64() if field.name == "projects" else pl.Float64() for field in fields(Inequality)}


def _power_mean(values: Numbers, shares: Numbers, power: float) -> float:
    """The weighted power mean, taken from logarithms relative to the extreme that dominates it, so that large powers do not overflow."""
    if power <= 0 and values.min() == 0:
        return 0.0
    with np.errstate(divide="ignore"):
        logs = np.log(values)
    if power == 0:
        return float(np.exp((shares * logs).sum()))
    pivot = logs.max() if power > 0 else logs.min()
    if not np.isfinite(pivot):
        return 0.0
    mean = (shares * np.exp(power * (logs - pivot))).sum()
    return float(np.exp(pivot + np.log(mean) / power))


def _x_log_x(ratios: Numbers) -> Numbers:
    """x ln x, which is 0 at 0."""
    return np.where(ratios > 0, ratios * np.log(np.where(ratios > 0, ratios, 1.0)), 0.0)


def _scaled(values: Numbers) -> Numbers | None:
    """The values divided by the largest, so that squares neither overflow nor vanish; None where nobody has anything."""
    checked = _checked(values)
    return checked / checked.max() if len(checked) and checked.max() > 0 else None


def _checked(values: Numbers) -> Numbers:
    numbers = np.asarray(values, dtype=float)
    _check_not_negative(numbers, "value")
    return numbers


def _check_not_negative(numbers: Numbers, name: str) -> None:
    wrong = numbers[~(np.isfinite(numbers) & (numbers >= 0))]
    if len(wrong):
        raise InputError(f"{len(wrong)} of {len(numbers)} {name}s, the first {wrong[0]}, cannot be used; each must be 0 or more.")
