"""What projects used since their quotas began and week by week: the same hours as everywhere else, on exactly the days asked for."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from made_jobs import bring_in, frame, job, plain_store
from polars.testing import assert_frame_equal

from data import burn, usage
from data.lake import Writer
from data.terms import Period, Selection

FIRST = datetime(2026, 1, 1, 20, tzinfo=UTC)
LOGGED = {"lumi": Period(date(2026, 1, 1), date(2026, 3, 13)), "vega": Period(date(2026, 1, 1), date(2026, 3, 10))}
NEVER = {"starts": None, "ends": None}


@pytest.fixture(scope="module")
def filled() -> Iterator[Writer]:
    """A store of two machines over ten weeks; many jobs cross midnight."""
    rows = [
        job(
            number,
            system="lumi" if number % 2 else "vega",
            account=["project_1", "project_2", None][number % 3],
            submitted=FIRST + timedelta(hours=23 * number),
            ran_s=None if number % 13 == 0 else 9_000 * (1 + number % 4),
            gpus=float(number % 5),
        )
        for number in range(1, 71)
    ]
    with plain_store() as writer:
        for number, system in enumerate(("lumi", "vega"), start=1):
            bring_in(writer, number, frame(*(row for row in rows if row["system"] == system)))
        yield writer


def by_day(filled: Writer) -> pl.DataFrame:
    year = Selection(period=Period(date(2026, 1, 1), date(2027, 1, 1)))
    return usage.usage(filled, year, "system", "account", "day").drop_nulls("account")


def spans(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema={"system": pl.String, "account": pl.String, "starts": pl.Date, "ends": pl.Date})


def test_weeks_are_counted_back_from_the_end_of_each_machines_own_log(filled: Writer) -> None:
    days = by_day(filled)
    ends = pl.col("system").replace_strict({system: period.end for system, period in LOGGED.items()}, return_dtype=pl.Date)
    passed = (ends - pl.col("day")).dt.total_days() - 1
    kept = days.with_columns(passed=passed).filter(pl.col("passed").is_between(0, 34))
    wanted = (
        kept.group_by("system", "account", weeks_ago=pl.col("passed") // 7)
        .agg(pl.sum("node_hours", "gpu_hours", "core_hours"))
        .filter(pl.max_horizontal("node_hours", "gpu_hours", "core_hours") > 0)
        .sort("system", "account", "weeks_ago")
    )
    found = burn.weeks(filled, LOGGED, most=5)
    assert found["weeks_ago"].max() == 4
    assert_frame_equal(found, wanted, check_row_order=False)


def test_hours_of_a_span_are_those_of_its_days_up_to_but_without_its_end(filled: Writer) -> None:
    starts, ends = date(2026, 1, 20), date(2026, 2, 11)
    wanted = by_day(filled).filter(pl.col("day") >= starts, pl.col("day") < ends, system="lumi", account="project_2")
    found = burn.since(filled, spans({"system": "lumi", "account": "project_2", "starts": starts, "ends": ends}))
    assert found["node_hours"].sum() == pytest.approx(wanted["node_hours"].sum())
    assert found["jobs"].sum() == wanted["jobs"].sum() > 0
    assert set(found["account"]) == {"project_2"}


def test_an_open_span_holds_all_use_and_spans_of_others_do_not_add_to_it(filled: Writer) -> None:
    wanted = by_day(filled).filter(system="vega", account="project_1")["gpu_hours"].sum()
    alone = spans({"system": "vega", "account": "project_1"} | NEVER)
    both = spans(
        {"system": "vega", "account": "project_1"} | NEVER,
        {"system": "lumi", "account": "project_1", "starts": date(2026, 2, 1), "ends": None},
    )
    for asked in (alone, both):
        found = burn.since(filled, asked).filter(system="vega")
        assert found["gpu_hours"].sum() == pytest.approx(wanted) != 0


def test_days_of_an_account_are_its_own(filled: Writer) -> None:
    wanted = by_day(filled).filter(pl.max_horizontal("node_hours", "gpu_hours", "core_hours") > 0, system="lumi", account="project_1")
    found = burn.days(filled, "lumi", "project_1")
    assert_frame_equal(found, wanted.select("day", "node_hours", "gpu_hours", "core_hours").sort("day"))


def test_nothing_asked_is_nothing_read(filled: Writer) -> None:
    assert burn.weeks(filled, {}, most=5).is_empty()
    assert burn.since(filled, spans()).is_empty()
