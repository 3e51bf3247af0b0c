"""The indices of inequality keep their laws, whatever was shared."""

from collections.abc import Callable
from datetime import date
from itertools import pairwise
from typing import TypeVar

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from polars.testing import assert_frame_equal

from analytics import fairness
from analytics.demand import DEMAND
from analytics.fairness import Numbers
from data.errors import InputError

T = TypeVar("T")
Index = Callable[[Numbers], float | None]

HOURS = st.lists(st.one_of(st.just(0.0), st.floats(1e-6, 1e9)), min_size=1, max_size=40).map(np.array)
INDICES: list[Index] = [
    fairness.jain_index,
    fairness.gini_coefficient,
    fairness.theil_index,
    lambda x: fairness.atkinson_index(x, alpha=0.5),
]


def known(value: T | None) -> T:
    assert value is not None
    return value


def grouped(values: Numbers, seed: int) -> NDArray[np.str_]:
    return np.random.default_rng(seed).choice(np.array(["sme", "research", "start_up"]), len(values))


@pytest.mark.parametrize("index", INDICES)
@given(HOURS, st.floats(1e-3, 1e3))
def test_no_index_changes_when_all_hours_are_scaled(index: Index, values: Numbers, factor: float) -> None:
    assume(values.max() > 0)
    assert index(values * factor) == pytest.approx(index(values), abs=1e-9)


@pytest.mark.parametrize("index", INDICES)
@given(HOURS, st.integers(0, 2**32 - 1))
def test_no_index_depends_on_the_order_of_projects(index: Index, values: Numbers, seed: int) -> None:
    assume(values.max() > 0)
    assert index(np.random.default_rng(seed).permutation(values)) == pytest.approx(index(values), abs=1e-9)


@pytest.mark.parametrize("index", INDICES)
@given(HOURS)
def test_no_index_changes_when_every_project_is_doubled(index: Index, values: Numbers) -> None:
    assume(values.max() > 0)
    assert index(np.concatenate([values, values])) == pytest.approx(index(values), abs=1e-9)


@given(st.integers(1, 50), st.floats(1e-3, 1e6))
def test_equal_projects_are_perfectly_fair(n: int, value: float) -> None:
    values = np.full(n, value)
    assert fairness.jain_index(values) == pytest.approx(1)
    assert fairness.gini_coefficient(values) == pytest.approx(0, abs=1e-12)
    assert fairness.theil_index(values) == pytest.approx(0, abs=1e-12)
    assert fairness.atkinson_index(values, alpha=2) == pytest.approx(0, abs=1e-12)


@given(HOURS)
def test_the_indices_stay_within_their_bounds(values: Numbers) -> None:
    assume(values.max() > 0)
    n = len(values)
    assert 1 / n - 1e-12 <= known(fairness.jain_index(values)) <= 1 + 1e-12
    assert 0 <= known(fairness.gini_coefficient(values)) <= 1 - 1 / n + 1e-12
    assert -1e-12 <= known(fairness.theil_index(values)) <= np.log(n) + 1e-12


@given(HOURS, st.integers(0, 2**32 - 1))
def test_theil_between_and_within_add_up_to_theil(values: Numbers, seed: int) -> None:
    assume(values.max() > 0)
    between, within = known(fairness.theil_parts(values, grouped(values, seed)))
    assert between + within == pytest.approx(fairness.theil_index(values), abs=1e-9)
    assert between >= -1e-12
    assert within >= -1e-12


@given(HOURS, st.integers(0, 2**32 - 1))
def test_a_transfer_from_richer_to_poorer_never_makes_it_less_fair(values: Numbers, seed: int) -> None:
    assume(len(values) > 1 and values.max() > values.min())
    rng = np.random.default_rng(seed)
    rich, poor = int(values.argmax()), int(values.argmin())
    after = values.copy()
    moved = rng.uniform(0, 0.5) * (values[rich] - values[poor])
    after[rich] -= moved
    after[poor] += moved
    assert known(fairness.jain_index(after)) >= known(fairness.jain_index(values)) - 1e-9
    assert known(fairness.gini_coefficient(after)) <= known(fairness.gini_coefficient(values)) + 1e-9
    assert known(fairness.theil_index(after)) <= known(fairness.theil_index(values)) + 1e-9


@given(HOURS, st.floats(0, 60))
def test_the_equal_equivalent_lies_between_the_least_and_the_mean(values: Numbers, alpha: float) -> None:
    equivalent = known(fairness.equally_distributed_equivalent(values, alpha=alpha))
    assert values.min() * (1 - 1e-9) - 1e-12 <= equivalent <= values.mean() * (1 + 1e-9) + 1e-12


@given(HOURS)
def test_more_aversion_never_raises_the_equal_equivalent(values: Numbers) -> None:
    levels = [known(fairness.equally_distributed_equivalent(values, alpha=a)) for a in (0, 0.5, 1, 2, 8, 30)]
    assert all(after <= before * (1 + 1e-9) + 1e-12 for before, after in pairwise(levels))


def test_great_aversion_comes_close_to_the_least() -> None:
    assert fairness.equally_distributed_equivalent(np.array([1.0, 9.0, 9.0]), alpha=500) == pytest.approx(1, rel=0.01)


def test_a_weight_counts_like_that_many_projects() -> None:
    weighted = fairness.equally_distributed_equivalent(np.array([1.0, 4.0]), alpha=2, weights=np.array([1.0, 3.0]))
    assert weighted == pytest.approx(fairness.equally_distributed_equivalent(np.array([1.0, 4.0, 4.0, 4.0]), alpha=2))


@pytest.mark.parametrize("values", [np.array([]), np.zeros(3)])
def test_an_index_of_nothing_is_not_defined(values: Numbers) -> None:
    for index in INDICES:
        assert index(values) is None
    assert fairness.theil_parts(values, np.array(["sme"] * len(values))) is None


@pytest.mark.parametrize("wrong", [np.nan, -1.0, np.inf])
def test_a_number_that_cannot_be_hours_is_refused(wrong: float) -> None:
    with pytest.raises(InputError, match="0 or more"):
        fairness.jain_index(np.array([1.0, wrong]))


def test_all_hours_in_one_category_lie_between_categories() -> None:
    between, within = known(fairness.theil_parts(np.array([0.0, 2.0]), np.array(["sme", "research"])))
    assert between == pytest.approx(np.log(2))
    assert within == 0


def test_a_category_without_hours_still_had_its_due() -> None:
    frame = pl.DataFrame({"category": ["research"], "hours": [10.0]})
    rows = fairness.against_due(frame, {"research": 1, "sme": 1})
    assert rows.select("category", "share_received", "share_due", "difference").rows() == [
        ("research", 1.0, 0.5, 0.5),
        ("sme", 0.0, 0.5, -0.5),
    ]


def test_a_category_that_no_policy_names_has_no_known_due() -> None:
    frame = pl.DataFrame({"category": ["research", "unclassified"], "hours": [3.0, 1.0]})
    row = fairness.against_due(frame, {"research": 1}).filter(category="unclassified").row(0, named=True)
    assert (row["share_received"], row["share_due"], row["received_of_due"]) == (0.25, None, None)


def test_weights_of_nothing_are_refused() -> None:
    with pytest.raises(InputError, match="weights"):
        fairness.against_due(pl.DataFrame({"category": ["sme"], "hours": [1.0]}), {"sme": 0})


def projects_with_demand(*rows: tuple[str, str, float, float]) -> pl.DataFrame:
    full = [("alpha", f"p{i}", c, None, None, basis, used, asked, 0, 0) for i, (c, basis, used, asked) in enumerate(rows)]
    return pl.DataFrame(full, schema=dict(DEMAND), orient="row")


def test_the_due_is_in_proportion_to_what_was_asked_for() -> None:
    asked = projects_with_demand(("sme", "awarded", 0, 10), ("sme", "observed", 0, 5), ("research", "awarded", 0, 30))
    assert fairness.due_by_demand(asked) == {"research": 30.0, "sme": 15.0}


def test_where_nothing_but_use_is_known_nothing_is_said_to_be_due() -> None:
    only_use = projects_with_demand(("sme", "observed", 5, 5), ("research", "observed", 9, 9))
    assert fairness.due_by_demand(only_use) == {}
    assert fairness.against_due(pl.DataFrame({"category": ["sme"], "hours": [5.0]}), {})["share_due"].to_list() == [None]
    waits = projects_with_demand(("sme", "observed", 5, 6), ("research", "observed", 9, 9))
    assert fairness.due_by_demand(waits) == {"research": 9.0, "sme": 6.0}
    by_month = pl.concat(
        frame.select(pl.lit(month, pl.Date).alias("month"), pl.all())
        for frame, month in ((only_use, date(2026, 1, 1)), (waits, date(2026, 2, 1)))
    )
    hours = pl.DataFrame({"month": [date(2026, 1, 1), date(2026, 2, 1)], "category": ["sme", "sme"], "hours": [5.0, 5.0]})
    rows = fairness.against_due_by_month(hours, by_month).filter(category="sme")
    assert rows["share_due"].to_list() == [None, 0.4]


def test_only_projects_with_an_award_have_a_satisfaction() -> None:
    rows = fairness.satisfaction_of_projects(projects_with_demand(("sme", "awarded", 5, 10), ("sme", "observed", 5, 5)))
    assert rows["satisfaction"].to_list() == [0.5]


def test_the_indices_of_each_group_are_those_of_its_own_projects() -> None:
    frame = pl.DataFrame({"month": [2, 1, 1], "category": ["sme", "sme", "research"], "satisfaction": [1.0, 0.0, 1.0]})
    rows = fairness.inequality_by(frame, "month")
    assert rows.select("month", "projects", "jain", "least").rows() == [(1, 2, 0.5, 0.0), (2, 1, 1.0, 1.0)]


def test_a_category_of_unknown_hours_received_an_unknown_share() -> None:
    frame = pl.DataFrame({"category": ["research", "sme"], "hours": [4.0, None]})
    row = fairness.against_due(frame, {"research": 1, "sme": 1}).filter(category="sme").row(0, named=True)
    assert (row["hours"], row["share_received"], row["share_due"]) == (None, None, 0.5)


def test_a_project_with_jobs_of_unknown_hours_has_no_satisfaction() -> None:
    known = projects_with_demand(("sme", "awarded", 5, 10))
    unknown = known.with_columns(account=pl.lit("other"), jobs_without_nodes=pl.lit(1, pl.Int64))
    assert fairness.satisfaction_of_projects(pl.concat([known, unknown]))["account"].to_list() == ["p0"]


@pytest.mark.parametrize("seed", range(6))
def test_each_month_s_due_is_that_of_the_month_by_itself(seed: int) -> None:
    rng = np.random.default_rng(seed)
    months = [date(2026, 1, 1), date(2026, 2, 1)]
    asked = pl.concat(
        projects_with_demand(*((c, "awarded", 1.0, float(rng.integers(0, 9))) for c in ("sme", "research", "start_up"))).select(
            pl.lit(month, pl.Date).alias("month"), pl.all()
        )
        for month in months
    )
    used = [(m, c, float(rng.integers(0, 9)) + 1) for m in (*months, date(2026, 3, 1)) for c in ("sme", "unclassified")]
    hours = pl.DataFrame(used, schema={"month": pl.Date, "category": pl.String, "hours": pl.Float64}, orient="row")
    found = fairness.against_due_by_month(hours, asked)
    for month in months:
        due = fairness.due_by_demand(asked.filter(month=month).drop("month"))
        alone = fairness.against_due(hours.filter(month=month).drop("month"), due)
        assert_frame_equal(found.filter(month=month).drop("month"), alone, check_column_order=False)
    assert found["month"].unique().sort().to_list() == months


def test_states_have_shares_due_as_categories_have_and_the_unknown_one_is_shown() -> None:
    asked = projects_with_demand(("sme", "awarded", 0, 10), ("sme", "awarded", 0, 30)).with_columns(country=pl.Series(["FI", None]))
    due = fairness.due_by_demand(asked, "country")
    rows = fairness.against_due(pl.DataFrame({"country": ["FI", "IT"], "hours": [3.0, 1.0]}), due, "country")
    told = rows.select("country", "share_received", "share_due").rows()
    assert told == [("FI", 0.75, 0.25), ("IT", 0.25, None), (fairness.UNKNOWN_STATE, 0.0, 0.75)]
