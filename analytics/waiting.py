"""How long jobs waited in the queue, from submission to start."""

from collections.abc import Mapping

import polars as pl

from analytics.usage import ratio
from data.errors import InputError
from data.schema import check, slowdowns_by, waits_by

BINS_PER_DOUBLING = 8
"""A bin of the histogram is floor(8 log2(1 + wait in seconds))."""

SLOWDOWN_BINS_PER_DOUBLING = 4
"""A bin of the histogram of slowdowns is floor(4 log2(slowdown))."""

SPREAD = {"p05": 0.05, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95}
"""The quantiles by which a distribution is drawn."""

LARGEST_ERROR_SHARE = 2 ** (1 / (2 * BINS_PER_DOUBLING)) - 1
"""How far a quantile read from the histogram can lie from the true one, as a share of 1 s + the wait: 4.4 %."""


def queue_waits(waits: pl.DataFrame, *dimensions: str, among: pl.DataFrame | None = None) -> pl.DataFrame:
    """The median wait, the 90th-percentile wait and the mean wait of each group, in seconds, with the number of jobs that started.

    A quantile is the wait that at least that share of the jobs did not exceed. It is read from a histogram with eight bins for each
    doubling, as the middle of the bin on the logarithmic scale, so it lies within 4.4 % of 1 s + the true wait. The mean is exact.
    A group listed in `among` of which no wait is known appears with no jobs and unknown waits: never with a wait of nothing.

    >>> frame = waits_frame({"category": "sme", "bin": 0, "jobs": 3}, {"category": "sme", "bin": 94, "jobs": 1, "wait_s": 3600.0})
    >>> queue_waits(frame, "category").select("jobs", "median_wait_s", "mean_wait_s").row(0)
    (4, 0.0, 900.0)
    """
    check(waits, waits_by(*dimensions))
    found = waits.group_by(*dimensions, "bin").agg(pl.sum("jobs"), pl.sum("wait_s")).filter(pl.col("jobs") > 0)
    measures = [
        pl.sum("jobs"),
        _quantile(0.5).alias("median_wait_s"),
        _quantile(0.9).alias("p90_wait_s"),
        ratio(pl.sum("wait_s"), pl.sum("jobs")).alias("mean_wait_s"),
    ]
    if not dimensions:
        return found.select(measures)
    summary = found.group_by(dimensions).agg(measures)
    if among is not None:
        groups = among.select(dimensions).unique()
        summary = groups.join(summary, on=dimensions, how="full", coalesce=True, nulls_equal=True, validate="1:1")
        summary = summary.with_columns(pl.col("jobs").fill_null(0))
    return summary.sort(dimensions)


def wait_distribution(waits: pl.DataFrame, *dimensions: str) -> pl.DataFrame:
    """How the waits of each group are spread: those that 5, 25, 50, 75 and 95 % of the jobs did not exceed, in seconds.

    Read from the same histogram as the median, as the middle of its bin. Columns: the dimensions, jobs, p05_s, p25_s, median_s, p75_s
    and p95_s.
    """
    return _distribution(check(waits, waits_by(*dimensions)), dimensions, bin_middle_s(pl.col("bin")), "_s")


def slowdown_distribution(slowdowns: pl.DataFrame, *dimensions: str) -> pl.DataFrame:
    """How the bounded slowdown of each group is spread: those that 5, 25, 50, 75 and 95 % of the jobs that ended did not exceed.

    Bounded slowdown = (wait + run) / run of a job, at least 1, with runs below ten seconds counted as ten, so that jobs which end at once
    do not decide it: how many times as long a job took as it would have on an empty machine. It is kept by month in a histogram with four
    bins for each doubling and read as the middle of its bin, so within 9.1 %; the first bin, up to 1.19, counts as 1.
    Source: Feitelson, Rudolph, Schwiegelshohn, Sevcik and Wong, Theory and Practice in Parallel Job Scheduling, 1997.

    Columns: the dimensions, jobs, p05, p25, median, p75 and p95.
    """
    middle = pl.when(pl.col("bin") == 0).then(1.0).otherwise(2.0 ** ((pl.col("bin") + 0.5) / SLOWDOWN_BINS_PER_DOUBLING))
    return _distribution(check(slowdowns, slowdowns_by(*dimensions)), dimensions, middle, "")


def bin_middle_s(bins: pl.Expr) -> pl.Expr:
    """The wait in seconds that stands for a bin: its middle on the logarithmic scale, and nothing for the first bin.

    >>> pl.select(bin_middle_s(pl.lit(80))).item().__round__(0)
    1068.0
    """
    middle = (2.0 ** ((bins + 0.5) / BINS_PER_DOUBLING)) - 1
    return pl.when(bins == 0).then(0.0).otherwise(middle)


def wait_quantile_s(waits: pl.DataFrame, quantile: float) -> float | None:
    """The wait that at least this share of all jobs in the frame did not exceed, unknown for a frame without jobs.

    >>> wait_quantile_s(waits_frame({"bin": 0, "jobs": 9}, {"bin": 80, "jobs": 1}), 0.9)
    0.0
    """
    if not 0 < quantile <= 1:
        raise InputError(f"the quantile is {quantile}; it must lie above 0 and at most at 1.")
    check(waits, waits_by())
    found = waits.group_by("bin").agg(pl.sum("jobs")).filter(pl.col("jobs") > 0)
    waited: float | None = found.select(_quantile(quantile)).item()
    return waited


def waits_frame(*rows: Mapping[str, object]) -> pl.DataFrame:
    """A small frame of waits for examples: the columns of its rows, and sums of waits of nothing where they name none."""
    dimensions = [name for name in rows[0] if name not in ("bin", "jobs", "wait_s")]
    return pl.DataFrame([{"wait_s": 0.0} | dict(row) for row in rows], schema=dict(waits_by(*dimensions)))


def _distribution(histogram: pl.DataFrame, dimensions: tuple[str, ...], middle: pl.Expr, ending: str) -> pl.DataFrame:
    found = histogram.group_by(*dimensions, "bin").agg(pl.sum("jobs")).filter(pl.col("jobs") > 0).with_columns(middle=middle)
    measures = [pl.sum("jobs"), *(_reached(share, pl.col("middle")).alias(name + ending) for name, share in SPREAD.items())]
    return found.group_by(dimensions).agg(measures).sort(dimensions) if dimensions else found.select(measures)


def _reached(quantile: float, value: pl.Expr) -> pl.Expr:
    """The value of the first bin at which the jobs so far are at least that share."""
    reached = pl.col("jobs").sort_by("bin").cum_sum() >= quantile * pl.col("jobs").sum() * (1 - _ROUNDING)
    return value.sort_by("bin").filter(reached).min()


def _quantile(quantile: float) -> pl.Expr:
    """The middle of the first bin at which the jobs so far are at least that share, one row a bin."""
    reached = pl.col("jobs").sort_by("bin").cum_sum() >= quantile * pl.col("jobs").sum() * (1 - _ROUNDING)
    return bin_middle_s(pl.col("bin").sort().filter(reached).min())


_ROUNDING = 1e-12
"""Keeps 0.9 x 10 jobs at nine jobs whatever the last bit of the product."""
