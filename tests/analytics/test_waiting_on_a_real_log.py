"""Waits of a real Slurm log, against the mean that Open XDMoD publishes for it and against the waits themselves."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from analytics import waiting
from data.schema import waits_by

LOG = "traces/slurm-ccr-xdmod/pozidriv.sacct.psv.gz"
SUBMIT, START, END, STATE, NODES = 10, 12, 13, 16, 24
FINISHED = ("BOOT_FAIL", "CANCELLED", "COMPLETED", "FAILED", "NODE_FAIL", "PREEMPTED", "TIMEOUT", "OUT_OF_MEMORY")


@pytest.fixture(scope="module")
def waits_s(shared: Path) -> NDArray[np.float64]:
    """The waits of the finished jobs that started between 22 December 2016 and 1 January 2017, in seconds."""
    found = []
    for line in gzip.decompress((shared / LOG).read_bytes()).decode("utf-8", errors="replace").splitlines():
        fields = line.split("|")
        if "." in fields[0] or fields[NODES] == "None assigned" or fields[STATE].split(" ")[0] not in FINISHED or fields[END] == "Unknown":
            continue
        submitted, started = (datetime.fromisoformat(fields[place]).replace(tzinfo=UTC) for place in (SUBMIT, START))
        if datetime(2016, 12, 22, tzinfo=UTC) <= started < datetime(2017, 1, 2, tzinfo=UTC):
            found.append(max((started - submitted).total_seconds(), 0))
    return np.array(found)


@pytest.fixture(scope="module")
def histogram(waits_s: NDArray[np.float64]) -> pl.DataFrame:
    rows = pl.DataFrame({"bin": np.floor(8 * np.log2(1 + waits_s)).astype(np.int64), "wait_s": waits_s})
    return rows.group_by("bin").agg(pl.len().cast(pl.Int64).alias("jobs"), pl.col("wait_s").sum()).select(waits_by().keys())


def test_the_mean_wait_is_the_one_that_open_xdmod_publishes(histogram: pl.DataFrame) -> None:
    assert waiting.queue_waits(histogram)["mean_wait_s"].item() / 3_600 == pytest.approx(1.85771176, rel=1e-6)


@pytest.mark.parametrize("quantile", [0.5, 0.9, 0.95, 0.99])
def test_quantiles_from_the_histogram_lie_within_their_stated_error(
    histogram: pl.DataFrame, waits_s: NDArray[np.float64], quantile: float
) -> None:
    found = waiting.wait_quantile_s(histogram, quantile)
    true = float(np.quantile(waits_s, quantile, method="inverted_cdf"))
    assert found is not None
    assert abs(found - true) <= waiting.LARGEST_ERROR_SHARE * (1 + true)
