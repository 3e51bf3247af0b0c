"""Intervals hold what they say, against drawing the projects one by one and against closed forms."""

import numpy as np
import polars as pl
import pytest

from analytics import certainty, fairness
from data.errors import InputError

SOME = np.array([0.2, 0.5, 0.9, 1.0, 1.4, 0.7, 0.3, 2.0, 0.0, 1.1])
INDICES = {
    "mean": lambda drawn: float(drawn.mean()),
    "ede": lambda drawn: fairness.equally_distributed_equivalent(drawn, alpha=1),
    "jain": fairness.jain_index,
    "gini": fairness.gini_coefficient,
    "theil": fairness.theil_index,
}


@pytest.mark.parametrize("name", INDICES)
def test_drawing_projects_one_by_one_gives_the_same_interval(name: str) -> None:
    rng = np.random.default_rng(7)
    trials = [INDICES[name](rng.choice(SOME, len(SOME))) for _ in range(2_000)]
    low, high = np.quantile([value for value in trials if value is not None], [0.05, 0.95])
    found = certainty.index_intervals(SOME, seed=3)[name]
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.05)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another() -> None:
    assert certainty.index_intervals(SOME, seed=3) == certainty.index_intervals(SOME, seed=3)
    assert certainty.index_intervals(SOME, seed=3) != certainty.index_intervals(SOME, seed=4)


def test_many_projects_drawn_in_groups_have_the_interval_that_the_delta_method_gives() -> None:
    values = np.random.default_rng(5).lognormal(0, 0.5, 20_000)
    found = certainty.index_intervals(values, seed=1)
    jain = values.mean() ** 2 / (values**2).mean()
    influence = 2 * (values - values.mean()) / values.mean() - (values**2 - (values**2).mean()) / (values**2).mean()
    reach = certainty.NORMAL_QUANTILE * jain * influence.std() / np.sqrt(len(values))
    assert found["jain"].high - found["jain"].low == pytest.approx(2 * reach, rel=0.1)
    assert found["gini"].low < (fairness.gini_coefficient(values) or 0) < found["gini"].high


@pytest.mark.parametrize("name", INDICES)
def test_projects_drawn_in_groups_have_the_interval_of_projects_drawn_one_by_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(2).lognormal(0, 1.2, 1_500)  # few have most
    grouped = certainty.index_intervals(values, seed=1)[name]
    monkeypatch.setattr(certainty, "MOST_SINGLE", 1_500)
    single = certainty.index_intervals(values, seed=2)[name]
    width = single.high - single.low
    assert grouped.high - grouped.low == pytest.approx(width, rel=0.12)
    assert (grouped.low, grouped.high) == pytest.approx((single.low, single.high), abs=0.12 * width)


@pytest.mark.parametrize("values", [np.array([]), np.array([1.0]), np.zeros(5)])
def test_nothing_to_draw_from_has_no_interval(values: np.ndarray) -> None:
    assert certainty.index_intervals(values, seed=1) == {}


def test_a_satisfaction_that_is_no_number_is_refused() -> None:
    with pytest.raises(InputError, match="0 or more"):
        certainty.index_intervals(np.array([1.0, np.nan]), seed=1)


def test_the_interval_of_a_share_is_that_of_projects_drawn_anew() -> None:
    rng = np.random.default_rng(11)
    hours, of_sme = rng.lognormal(0, 1, 400), rng.random(400) < 0.3
    frame = pl.DataFrame({"category": np.where(of_sme, "sme", "research"), "hours": hours})
    row = certainty.share_intervals(frame, "category").filter(category="sme").row(0, named=True)
    places = rng.integers(0, 400, (3_000, 400))
    shares = (hours * of_sme)[places].sum(axis=1) / hours[places].sum(axis=1)
    assert (row["share_low"], row["share_high"]) == pytest.approx(np.quantile(shares, [0.05, 0.95]), abs=0.01)
    assert (row["projects"], row["few"]) == (int(of_sme.sum()), False)


def test_a_single_group_has_all_for_sure() -> None:
    rows = certainty.share_intervals(pl.DataFrame({"category": ["sme"] * 3, "hours": [1.0, 2.0, None]}), "category")
    assert rows.row(0) == ("sme", 2, 1.0, 1.0, 1.0, True)
