"""Unmet demand and Lorenz curves keep their laws."""

import numpy as np
import polars as pl
import pytest

from analytics import fairness, gains
from analytics.demand import DEMAND


def asked(*rows: tuple[str, float | None, float | None]) -> pl.DataFrame:
    full = [("alpha", f"p{i}", category, None, None, "awarded", used, due, 0, 0) for i, (category, used, due) in enumerate(rows)]
    return pl.DataFrame(full, schema=dict(DEMAND), orient="row")


def test_one_percent_more_goes_to_one_category_and_no_further_than_what_it_lacks() -> None:
    rows = gains.unmet_demand(asked(("sme", 50.0, 100.0), ("research", 850.0, 850.0), ("start_up", 100.0, 105.0)))
    told = {row["category"]: row for row in rows.iter_rows(named=True)}
    assert (told["sme"]["node_hours_more"], told["sme"]["gain"]) == (pytest.approx(10.0), pytest.approx(0.1))
    assert (told["research"]["node_hours_unmet"], told["research"]["gain"]) == (0.0, 0.0)
    assert told["start_up"]["served_after"] == pytest.approx(1.0)


def test_who_used_more_than_was_due_does_not_make_up_for_who_lacks() -> None:
    row = gains.unmet_demand(asked(("sme", 30.0, 10.0), ("sme", 0.0, 10.0))).row(0, named=True)
    assert (row["node_hours_unmet"], row["served"]) == (10.0, 0.5)


def test_a_log_that_tells_nothing_but_use_leaves_unmet_demand_unknown() -> None:
    only_use = asked(("sme", 5.0, 5.0), ("research", 0.0, 0.0)).with_columns(basis=pl.lit("observed"))
    assert gains.unmet_demand(only_use).select("node_hours_unmet", "served", "gain").rows() == [(None, None, None)] * 2
    waits = only_use.with_columns(node_hours_demanded=pl.col("node_hours") + 1.0)
    assert gains.unmet_demand(waits)["node_hours_unmet"].to_list() == [1.0, 1.0]


def test_projects_of_unknown_hours_are_counted_and_not_taken_for_unserved() -> None:
    row = gains.unmet_demand(asked(("sme", None, 10.0), ("sme", 5.0, None), ("sme", 5.0, 5.0))).row(0, named=True)
    assert (row["projects"], row["projects_unknown"], row["node_hours_unmet"], row["served"]) == (1, 2, 0.0, 1.0)


@pytest.mark.parametrize("seed", range(10))
def test_twice_the_area_below_the_diagonal_is_the_gini_coefficient(seed: int) -> None:
    values = np.random.default_rng(seed).lognormal(0, 1, 150)
    curve = gains.lorenz_curve(values)
    x, y = curve["projects_share"].to_numpy(), curve["received_share"].to_numpy()
    area = float(((y[1:] + y[:-1]) / 2 * np.diff(x)).sum())
    assert 1 - 2 * area == pytest.approx(fairness.gini_coefficient(values))
    assert np.all(np.diff(y) >= 0)
    assert np.all(y <= x + 1e-12)


def test_fifty_thousand_projects_are_drawn_through_two_hundred_points_on_the_curve() -> None:
    values = np.random.default_rng(1).random(50_000)
    curve = gains.lorenz_curve(values)
    assert curve.height == gains.MOST_POINTS
    assert curve["received_share"].to_numpy() == pytest.approx(curve["projects_share"].to_numpy() ** 2, abs=0.01)


def test_every_category_has_its_own_curve_beside_that_of_all() -> None:
    frame = pl.DataFrame({"category": ["sme", "research", "research"], "satisfaction": [1.0, 2.0, None]})
    assert gains.lorenz_by(frame, "satisfaction")["category"].unique().sort().to_list() == [None, "research", "sme"]


def test_nobody_having_anything_has_no_curve() -> None:
    assert gains.lorenz_curve(np.zeros(3)).is_empty()
