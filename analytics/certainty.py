"""How sure the indices of fairness are: how far each would move had chance brought other projects of the same kind."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analytics.usage import ratio
from data.errors import InputError
from data.schema import check

Numbers = NDArray[np.float64]

TRIALS = 1_000
"""How many times the projects are drawn anew."""

MOST_SINGLE = 1_000
"""Above so many projects, neighbours of like satisfaction are drawn together."""

GROUPS, SINGLE = 100, 100
"""Into how many groups they are put, and how many of the least and of the best served are drawn one by one all the same: a few of these
move an index more than all others together, and an interval without them would be too narrow."""

LEVEL = 0.9
"""In so many of the trials the index lay within its interval."""

NORMAL_QUANTILE = 1.6448536269514722
"""Within so many standard deviations lie nine tenths of a normal distribution."""

FEW_PROJECTS = 10
"""Below so many projects a group is marked: one project more or less changes its figures much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Between what an index lay in nine tenths of the trials."""

    low: float
    """In a twentieth of the trials it was lower."""
    high: float
    """In a twentieth of the trials it was higher."""


def index_intervals(satisfaction: Numbers, *, seed: int) -> Mapping[str, Interval]:
    """Between what each index of inequality lies in nine of ten trials, each of as many projects drawn anew from those there are.

    Percentile bootstrap over projects, 1,000 trials; mean, EDE, Jain's index, Gini coefficient and Theil's index. From the seed follow
    all trials, so that the same data give the same interval. Above 1,000 projects, all but the hundred least and the hundred best
    served are drawn in a hundred groups of like satisfaction, of which the Gini coefficient takes the mean; the other indices stay
    exact. Empty for fewer than two projects, and without an index that is not defined. It says how much chance in who applied moves an
    index, not how well hours were logged.
    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993.

    >>> found = index_intervals(np.array([1.0, 1.0, 1.0]), seed=1)["jain"]
    >>> round(found.low, 9), round(found.high, 9)
    (1.0, 1.0)
    """
    values = np.sort(np.asarray(satisfaction, dtype=float))
    if not np.all(np.isfinite(values) & (values >= 0)):
        raise InputError("a satisfaction is not a number of 0 or more; leave out the projects of which it is not known.")
    if len(values) < 2 or not values.any():
        return {}
    starts = _starts(len(values))
    drawn = _drawn(np.diff(starts, append=len(values)), np.random.default_rng(seed))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = _indices(drawn, values / values.max(), starts, float(values.max()))
    return {name: interval for name, trials in found.items() if (interval := _interval(trials)) is not None}


def share_intervals(hours: pl.DataFrame, *by: str) -> pl.DataFrame:
    """The share of machine time of each group with the interval in which chance in which projects there were would leave it.

    Share ± 1.645 standard deviations, nine in ten of a normal distribution; with h the hours of a project, H those of all and s the
    group's share, the variance is Σ (h/H · (1 − s))² over its own projects + Σ (h/H · s)² over the others: the linearised variance of a
    ratio whose parts are projects drawn independently. `few` marks groups of fewer than ten projects, whose interval is rough.
    Source: Cochran, Sampling Techniques, 1977, chapter 6.

    Gives the dimensions, projects, share, share_low, share_high and few.

    >>> rows = share_intervals(pl.DataFrame({"category": ["sme", "research"], "hours": [1.0, 1.0]}), "category")
    >>> rows.select("category", "share", "few").rows()
    [('research', 0.5, True), ('sme', 0.5, True)]
    """
    check(hours, {name: hours.schema[name] for name in by} | {"hours": pl.Float64})
    known = hours.drop_nulls("hours")
    parts = known.with_columns(part=ratio(pl.col("hours"), pl.col("hours").sum()))
    squares = pl.col("part").pow(2).sum()
    whole = float(parts.select(squares).item() or 0.0)
    grouped = parts.group_by(by).agg(projects=pl.len().cast(pl.Int64), share=pl.col("part").sum(), own=squares)
    share = pl.col("share")
    deviation = (pl.col("own") * (1 - share).pow(2) + (whole - pl.col("own")).clip(0) * share.pow(2)).sqrt() * NORMAL_QUANTILE
    return grouped.select(
        *by,
        "projects",
        "share",
        share_low=(share - deviation).clip(0),
        share_high=(share + deviation).clip(None, 1),
        few=pl.col("projects") < FEW_PROJECTS,
    ).sort(by)


def _starts(projects: int) -> NDArray[np.int64]:
    """Where the groups begin in which so many projects are drawn, in the order of their satisfaction.

    >>> len(_starts(1_000)), np.unique(np.diff(_starts(10_200)))
    (1000, array([  1, 100]))
    """
    if projects <= MOST_SINGLE:
        return np.arange(projects)
    between = np.linspace(SINGLE, projects - SINGLE, GROUPS, endpoint=False).astype(np.int64)
    return np.concatenate([np.arange(SINGLE), between, np.arange(projects - SINGLE, projects)])


def _drawn(sizes: NDArray[np.int64], chance: np.random.Generator) -> Numbers:
    """(trial, group): how often each group was drawn, in as many draws as there are projects.

    First how many draws fall on projects that are groups of their own, then which; what is left falls on the larger groups. That is one
    draw from all of them, made in a fraction of the time.
    """
    projects, alone = int(sizes.sum()), sizes == 1
    count = int(alone.sum())
    often = chance.binomial(projects, count / projects, size=TRIALS)
    place = np.repeat(np.arange(TRIALS) * count, often) + chance.integers(0, max(count, 1), size=int(often.sum()))
    drawn = np.zeros((TRIALS, len(sizes)))
    drawn[:, alone] = np.bincount(place, minlength=TRIALS * count).reshape(TRIALS, count)
    if count < len(sizes):
        larger = sizes[~alone]
        drawn[:, ~alone] = chance.multinomial(projects - often, larger / larger.sum())
    return drawn


def _indices(drawn: Numbers, values: Numbers, starts: NDArray[np.int64], largest: float) -> dict[str, Numbers]:
    """Each index in every trial; `drawn` counts how often each group of projects was drawn in each, `starts` tells where groups begin.

    With C the number of projects drawn up to a group, and m its mean, the ranks of the Gini coefficient's formula add up to
    Σ (C² − C²before) m − n Σ drawn m, which is Σ C² (m − m after) − n Σ drawn m.
    """
    n, sizes = drawn[0].sum(), np.diff(starts, append=len(values))
    logs = np.log(values)
    never = np.minimum.reduceat(values, starts) == 0
    parts = (values, values**2, np.where(values > 0, logs, 0.0), np.where(values > 0, values * logs, 0.0))
    mean, square, log, x_log_x = (np.add.reduceat(part, starts) / sizes for part in parts)
    total, squares, logs_drawn, entropy = (drawn @ np.column_stack((mean, square, np.where(never, 0.0, log), x_log_x))).T
    ranked = np.cumsum(drawn, axis=1) ** 2 @ -np.diff(mean, append=0.0) - n * total
    average = total / n
    return {
        "mean": average * largest,
        "ede": np.where(drawn[:, never].sum(axis=1) > 0, 0.0, np.exp(logs_drawn / n)) * largest,
        "jain": total**2 / (n * squares),
        "gini": ranked / (n * total),
        "theil": entropy / total - np.log(average),
    }


def _interval(trials: Numbers) -> Interval | None:
    defined = trials[np.isfinite(trials)]
    if not len(defined):
        return None
    low, high = np.quantile(defined, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(low=float(low), high=float(high))
