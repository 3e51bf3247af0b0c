"""Quantiles of queue waits read from the histogram, against those of the waits themselves."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import waiting
from analytics.waiting import waits_frame
from data.errors import InputError


def histogram(waits_s: list[int], category: str = "sme") -> pl.DataFrame:
    bins = np.floor(8 * np.log2(1 + np.array(waits_s, dtype=float))).astype(int)
    return waits_frame(*({"category": category, "bin": int(b), "jobs": 1, "wait_s": float(w)} for b, w in zip(bins, waits_s, strict=True)))


@given(st.lists(st.integers(0, 30 * 86_400), min_size=1, max_size=60), st.sampled_from([0.5, 0.9]))
def test_a_quantile_lies_within_its_stated_error(waits_s: list[int], quantile: float) -> None:
    found = waiting.wait_quantile_s(histogram(waits_s), quantile)
    assert found is not None
    true = np.quantile(waits_s, quantile, method="inverted_cdf")
    assert abs(found - true) <= waiting.LARGEST_ERROR_SHARE * (1 + true) * (1 + 1e-9)


def test_the_stated_error_is_below_four_and_a_half_percent() -> None:
    assert waiting.LARGEST_ERROR_SHARE < 0.045


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=40))
def test_the_mean_is_exact(waits_s: list[int]) -> None:
    row = waiting.queue_waits(histogram(waits_s), "category").row(0, named=True)
    assert row["mean_wait_s"] == pytest.approx(np.mean(waits_s))
    assert row["jobs"] == len(waits_s)


def test_a_job_that_started_at_once_waited_nothing() -> None:
    assert waiting.queue_waits(histogram([0, 0, 0]), "category").select("median_wait_s", "p90_wait_s").row(0) == (0.0, 0.0)


def test_the_median_never_exceeds_the_ninetieth_percentile() -> None:
    row = waiting.queue_waits(histogram([1, 5, 60, 3600, 7200]), "category").row(0, named=True)
    assert row["median_wait_s"] <= row["p90_wait_s"]


def test_a_group_without_waits_is_shown_as_unknown_and_not_as_nothing() -> None:
    among = pl.DataFrame({"category": ["research", "sme"]})
    rows = waiting.queue_waits(histogram([60]), "category", among=among)
    assert rows.select("category", "jobs", "median_wait_s").row(0) == ("research", 0, None)
    assert rows.row(1, named=True)["jobs"] == 1


def test_a_log_without_any_wait_has_no_median() -> None:
    empty = histogram([1]).clear()
    assert waiting.queue_waits(empty).row(0) == (0, None, None, None)
    assert waiting.wait_quantile_s(empty.drop("category"), 0.5) is None


def test_groups_split_over_several_rows_count_as_one() -> None:
    rows = waiting.queue_waits(pl.concat([histogram([60]), histogram([60, 3600])]), "category")
    assert rows["jobs"].to_list() == [3]


def test_a_quantile_outside_its_range_is_refused() -> None:
    with pytest.raises(InputError, match="quantile"):
        waiting.wait_quantile_s(histogram([1]), 90)


@pytest.mark.parametrize("seed", range(5))
def test_the_spread_of_waits_is_that_of_the_jobs_within_the_width_of_a_bin(seed: int) -> None:
    waits_s = np.random.default_rng(seed).lognormal(6, 2, 500).round()
    bins = np.floor(waiting.BINS_PER_DOUBLING * np.log2(1 + waits_s)).astype(int)
    rows = waiting.wait_distribution(waiting.waits_frame(*({"category": "sme", "bin": int(b), "jobs": 1} for b in bins)), "category")
    for name, share in waiting.SPREAD.items():
        true_s = np.quantile(waits_s, share, method="inverted_cdf")
        assert abs(rows[f"{name}_s"].item() - true_s) <= waiting.LARGEST_ERROR_SHARE * (1 + true_s) + 1e-9


@pytest.mark.parametrize("seed", range(5))
def test_the_spread_of_slowdowns_is_that_of_the_jobs_within_the_width_of_a_bin(seed: int) -> None:
    slowdowns = 1 + np.random.default_rng(seed).lognormal(1, 2, 500)
    bins = np.floor(waiting.SLOWDOWN_BINS_PER_DOUBLING * np.log2(slowdowns)).astype(int)
    frame = pl.DataFrame({"bin": bins, "jobs": np.ones(500, dtype=int)})
    rows = waiting.slowdown_distribution(frame)
    for name, share in waiting.SPREAD.items():
        true = np.quantile(slowdowns, share, method="inverted_cdf")
        assert rows[name].item() == pytest.approx(true, rel=0.2 if true < 1.2 else 0.0906)
