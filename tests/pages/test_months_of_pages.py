"""Tables by month are the same, whether cut out of all months of the store or made for the period alone."""

from datetime import date
from pathlib import Path
from typing import cast

import pytest
from polars.testing import assert_frame_equal
from streamlit.delta_generator import DeltaGenerator

from data.access import local_person
from data.settings import Settings
from data.terms import HourUnit, Period, Selection, UserCategory
from pages.shared import loaders, results, results_fairness
from pages.shared.visit import Visit

TABLES = (
    results.monthly_demand,
    results.monthly_due,
    results.energy_rows,
    results.emission_rows,
    results_fairness.index_by_month,
)
PERIODS = (
    Period(date(2025, 7, 1), date(2025, 10, 1)),
    Period(date(2025, 1, 1), date(2026, 3, 1)),
    Period(date(2024, 11, 1), date(2025, 2, 1)),
)


@pytest.mark.parametrize("categories", [(), (UserCategory.SME,)])
def test_months_cut_out_of_all_are_those_made_for_the_period(
    small_store: Path, monkeypatch: pytest.MonkeyPatch, categories: tuple[UserCategory, ...]
) -> None:
    monkeypatch.setenv("EQUINODE_LAKE", str(small_store))
    state = loaders.seen()
    assert state is not None
    assert loaders.holds_months(state)
    for period in PERIODS:
        chosen = Selection(period=period, systems=(), categories=categories, unit=HourUnit.NODE_HOURS)
        here = Visit(
            person=local_person(Settings(lake=small_store)), state=state, selection=chosen, finding_place=cast(DeltaGenerator, None)
        )
        cut = [table(here) for table in TABLES]
        with monkeypatch.context() as one:
            one.setattr(loaders, "holds_months", lambda _: False)
            loaders._results.clear()
            alone = [table(here) for table in TABLES]
        assert alone[0].height
        for some, other in zip(cut, alone, strict=True):
            assert_frame_equal(some, other)
