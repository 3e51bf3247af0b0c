"""Usage from months in memory is what the store itself answers, to the last bit."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from made_jobs import bring_in, decided, frame, job, plain_store, project
from polars.testing import assert_frame_equal

from data import explore, hourly, months, projects, usage
from data.lake import Writer
from data.schema import DIMENSIONS
from data.terms import Dimension, Period, Selection, UserCategory

CODE = "EHPC-AIF-2025PG01-128"
MONTHS = [date(2026, number, 1) for number in range(1, 8)]


@pytest.fixture(scope="module")
def filled() -> Iterator[Writer]:
    """A store of two machines over months, with classified, unclassified and nameless accounts and unknown sizes."""
    rng = random.Random(7)
    rows = [
        job(
            number,
            system=rng.choice(["lumi", "vega"]),
            partition=rng.choice(["GPU", "CPU", None]),
            account=rng.choice(["project_1", CODE, None, "other_1"]),
            submitted=datetime(2026, 2, 1, 22, tzinfo=UTC) + timedelta(hours=rng.randrange(2_000)),
            ran_s=rng.choice([None, 0, 7, 20_000, 200_001]),
            gpus=rng.choice([None, 4.0, 0.5]),
            nodes=rng.choice([None, 1, 3]),
            energy_quality=rng.choice(["measured", "missing"]),
            energy_logged_kwh=rng.random() * 100,
        )
        for number in range(1, 121)
    ]
    with plain_store() as writer:
        for number, system in enumerate(("lumi", "vega"), start=1):
            bring_in(writer, number, frame(*(row for row in rows if row["system"] == system)))
        known = [project("project_1", category="sme", country="SI", mode="regular"), project("other_1", system="lumi", category="research")]
        projects.save(writer, decided(*known), author="olga")
        yield writer


@pytest.mark.parametrize("seed", range(12))
def test_any_question_gets_the_answer_of_the_store(filled: Writer, seed: int) -> None:
    rng = random.Random(seed)
    by = rng.sample([name for name in DIMENSIONS if name != "day"], rng.randrange(5))
    first, last = sorted(rng.sample(MONTHS, 2))
    systems = tuple(rng.sample(["lumi", "vega"], rng.randrange(3)))
    chosen = Selection(
        period=Period(first, last), systems=systems, categories=tuple(rng.sample(list(UserCategory), rng.choice([0, 0, 2, 5])))
    )
    asked = usage.usage(filled, chosen, *by)  # type: ignore[arg-type]
    held = months.months(filled, by_account="account" in by)  # type: ignore[arg-type]
    assert months.answers(chosen, *by)
    assert_frame_equal(months.usage(held, chosen, *by), asked, check_exact=True)


@pytest.mark.parametrize("seed", range(12))
def test_any_table_gets_the_answer_of_the_store(filled: Writer, seed: int) -> None:
    rng = random.Random(seed)
    by = rng.sample([dimension for dimension in Dimension if dimension is not Dimension.DAY], rng.randrange(5))
    only = {
        dimension: rng.sample(values, rng.randrange(1, len(values)))
        for dimension, values in {
            Dimension.SYSTEM: ["lumi", "vega"],
            Dimension.CATEGORY: ["sme", "research", "unclassified"],
            Dimension.COUNTRY: ["SI", "", "FI"],
            Dimension.PROJECT: ["project_1", "", CODE],
        }.items()
        if rng.random() < 0.3
    }
    chosen = Selection(period=Period(MONTHS[rng.randrange(3)], MONTHS[3 + rng.randrange(4)]), systems=("vega",) if seed % 4 == 0 else ())
    asked = explore.explored(filled, chosen, by, only)  # type: ignore[arg-type]
    held = months.months(filled, by_account=months.by_account(by, only))  # type: ignore[arg-type]
    assert_frame_equal(months.explored(held, chosen, by, only), asked, check_exact=True)


@pytest.mark.parametrize("by", [("day",), ("system", "day"), ("system", "partition", "category", "day")])
@pytest.mark.parametrize("categories", [(), (UserCategory.SME, UserCategory.UNCLASSIFIED)])
def test_days_get_the_answer_of_the_store(filled: Writer, by: tuple[str, ...], categories: tuple[UserCategory, ...]) -> None:
    chosen = Selection(period=Period(date(2026, 2, 3), date(2026, 4, 1)), categories=categories)
    asked = usage.usage(filled, chosen, *by)  # type: ignore[arg-type]
    assert asked.height
    assert months.days_answer(*by)
    assert_frame_equal(months.usage(months.days(filled), chosen, *by), asked, check_exact=True)  # type: ignore[arg-type]


@pytest.mark.parametrize("what", ["waits", "slowdowns"])
@pytest.mark.parametrize("by", [(), ("category",), ("system", "mode", "country", "month")])
def test_histograms_get_the_answer_of_the_store(filled: Writer, what: str, by: tuple[str, ...]) -> None:
    chosen = Selection(period=Period(date(2026, 2, 1), date(2026, 4, 1)), categories=(UserCategory.SME, UserCategory.RESEARCH))
    asked, held = getattr(usage, what)(filled, chosen, *by), getattr(months, what)(filled)
    assert asked.height
    assert_frame_equal(months.histogram(held, chosen, *by), asked, check_exact=True, check_row_order=False)


def test_what_days_cannot_tell_is_left_to_the_store() -> None:
    assert not any((months.days_answer("day", "account"), months.days_answer("system"), months.days_answer("day", "day")))


def test_parts_of_months_days_and_what_is_no_dimension_are_left_to_the_store() -> None:
    whole = Selection(period=Period(date(2026, 1, 1), date(2026, 3, 1)))
    part = Selection(period=Period(date(2026, 1, 1), date(2026, 3, 2)))
    assert months.answers(whole, "account", "month")
    assert not any(
        (months.answers(part), months.answers(whole, "day"), months.answers(whole, "colour"), months.answers(whole, "month", "month"))
    )


@pytest.mark.parametrize("period", [Period(date(2026, 2, 1), date(2026, 3, 1)), Period(date(2026, 2, 17), date(2026, 3, 5))])
def test_hours_of_a_period_are_those_of_the_whole_that_lie_in_it(filled: Writer, period: Period) -> None:
    asked = hourly.hourly(filled, period, ("vega",))  # type: ignore[arg-type]
    whole = hourly.hourly(filled, Period(date(2026, 1, 1), date(2026, 8, 1)))  # type: ignore[arg-type]
    assert asked["node_hours_held"].sum() > 0
    inside = pl.col("hour").is_between(period.start_utc, period.end_utc, closed="left")
    assert_frame_equal(whole.filter(inside, pl.col("system") == "vega"), asked, check_exact=True)
