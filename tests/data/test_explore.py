"""Machine time told apart by any dimensions sums to the same whole, and a filter leaves out exactly what it says."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from data.errors import InputError
from data.explore import FILTERED, explored
from data.lake import Lake
from data.projects import all_projects
from data.settings import Settings
from data.terms import Dimension, Period, Selection, UserCategory
from data.usage import usage, whole_period

D = Dimension


@pytest.fixture(scope="module")
def lake(demo_lake: Path) -> Iterator[Lake]:
    opened = Lake(Settings(lake=demo_lake))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def chosen(lake: Lake) -> Selection:
    period = whole_period(lake)
    assert period is not None
    return Selection(period=period)


@pytest.mark.parametrize("dimension", list(Dimension))
def test_every_dimension_divides_the_same_whole(lake: Lake, chosen: Selection, dimension: Dimension) -> None:
    whole = usage(lake, chosen).row(0, named=True)
    found = explored(lake, chosen, [dimension])
    assert found.height > 1
    for measure in ("jobs", "jobs_failed", "jobs_never_started"):
        assert found[measure].sum() == whole[measure]
    assert found["node_hours"].sum() == pytest.approx(whole["node_hours"])
    assert found["energy_measured_kwh"].sum() == pytest.approx(whole["energy_measured_kwh"])


def test_organisations_and_fields_are_those_of_the_table_of_projects(lake: Lake, chosen: Selection) -> None:
    by_account = usage(lake, chosen, "system", "account").join(
        all_projects(lake), on=["system", "account"], how="left", nulls_equal=True, validate="m:1"
    )
    expected = by_account.group_by("organisation", "field").agg(pl.col("jobs").sum()).filter(pl.col("jobs") > 0)
    found = explored(lake, chosen, [D.ORGANISATION, D.FIELD]).select("organisation", "field", "jobs").filter(pl.col("jobs") > 0)
    assert sorted(found.rows(), key=str) == sorted(expected.rows(), key=str)


@pytest.mark.parametrize("dimension", FILTERED)
def test_a_filter_and_its_opposite_make_the_whole(lake: Lake, chosen: Selection, dimension: Dimension) -> None:
    values = [value or "" for value in explored(lake, chosen, [dimension])[dimension.value]]
    some, others = values[::2], values[1::2]
    parts = [explored(lake, chosen, [D.MONTH], {dimension: wanted})["jobs"].sum() for wanted in (some, others)]
    assert sum(parts) == usage(lake, chosen)["jobs"].item()
    assert all(parts)


def test_days_and_months_agree_however_the_period_is_cut(lake: Lake, chosen: Selection) -> None:
    months = chosen.period.months
    middle = Selection(period=Period(date(months[2].year, months[2].month, 15), months[6]), categories=(UserCategory.RESEARCH,))
    by_day = explored(lake, middle, [D.DAY, D.FIELD]).group_by(pl.col("day").dt.truncate("1mo")).agg(pl.col("node_hours").sum()).sort("day")
    by_month = explored(lake, middle, [D.MONTH])
    assert by_day["day"].to_list() == by_month["month"].to_list()
    assert by_day["node_hours"].to_list() == pytest.approx(by_month["node_hours"].to_list())


def test_a_quarter_is_named_by_its_first_day(lake: Lake, chosen: Selection) -> None:
    assert all(first.day == 1 and first.month % 3 == 1 for first in explored(lake, chosen, [D.QUARTER])["quarter"])


def test_a_filter_by_time_and_a_dimension_named_twice_are_refused(lake: Lake, chosen: Selection) -> None:
    with pytest.raises(InputError, match="choose the period"):
        explored(lake, chosen, [D.SYSTEM], {D.MONTH: ["2026-01-01"]})
    with pytest.raises(InputError, match="more than once"):
        explored(lake, chosen, [D.SYSTEM, D.SYSTEM])
