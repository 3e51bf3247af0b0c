"""Weeks before and after a day: the same hours and waits as everywhere else, those affected told from the others."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from made_jobs import bring_in, decided, frame, job, plain_store, project
from polars.testing import assert_frame_equal

from data import around, projects
from data import usage as rollups
from data.lake import Writer
from data.terms import Period, Selection

pytestmark = pytest.mark.xdist_group("around")

CHANGED = date(2026, 2, 10)
AFFECTED = [("lumi", "project_1")]
LASTING = [*AFFECTED, ("lumi", "project_2")]


@pytest.fixture(scope="module")
def filled() -> Iterator[Writer]:
    """A store of two machines over ten weeks, with two accounts on each and jobs without any."""
    rows = [
        job(
            number,
            system="lumi" if number % 2 else "vega",
            account=["project_1", "project_2", None][number % 3],
            submitted=datetime(2026, 1, 1, 20, tzinfo=UTC) + timedelta(hours=23 * number),
            waited_s=400 * number,
            ran_s=9_000 * (1 + number % 4),
        )
        for number in range(1, 71)
    ]
    with plain_store() as writer:
        for number, system in enumerate(("lumi", "vega"), start=1):
            bring_in(writer, number, frame(*(row for row in rows if row["system"] == system)))
        projects.save(writer, decided(project("project_1", system="lumi", category="sme")), author="olga")
        yield writer


def by_week(rows: pl.DataFrame, *by: str) -> pl.DataFrame:
    """Rows by day of the machine changed as weeks around the day."""
    lumi = rows.filter(pl.col("system") == "lumi").with_columns(
        day=CHANGED + pl.duration(days=7 * ((pl.col("day") - CHANGED).dt.total_days() // 7)),
        account=pl.when(pl.col("account") == "project_1")
        .then(pl.lit("affected"))
        .when(pl.col("account") == "project_2")
        .then(pl.lit("others"))
        .otherwise(pl.lit("others_meanwhile")),
    )
    return lumi.group_by("account", "category", "day", *by).agg(pl.selectors.numeric().exclude(by).sum()).sort("account", "day", *by)


def test_weeks_of_usage_are_the_days_of_three_weeks_on_either_side(filled: Writer) -> None:
    window = Selection(period=Period(CHANGED - timedelta(weeks=3), CHANGED + timedelta(weeks=3)))
    wanted = by_week(rollups.usage(filled, window, "system", "account", "category", "day"))
    found = around.usage(filled, AFFECTED, LASTING, CHANGED, weeks=3)
    assert set(found["system"]) == {"lumi"}
    assert found["day"].unique().sort().to_list() == [CHANGED + timedelta(weeks=place) for place in range(-3, 3)]
    measures = ["account", "category", "day", "jobs", "node_hours", "wall_hours"]
    assert_frame_equal(found.select(measures).sort("account", "day"), wanted.select(measures))
    assert set(found.filter(account="affected")["category"]) == {"sme"}


def test_weeks_of_waits_hold_the_same_jobs(filled: Writer) -> None:
    window = Selection(period=Period(CHANGED - timedelta(weeks=2), CHANGED + timedelta(weeks=2)))
    wanted = by_week(rollups.waits(filled, window, "system", "account", "category", "day"), "bin")
    found = around.waits(filled, AFFECTED, LASTING, CHANGED, weeks=2)
    columns = ["account", "category", "day", "bin", "jobs", "wait_s"]
    assert_frame_equal(found.select(columns).sort("account", "day", "bin"), wanted.select(columns), check_dtypes=False)


def test_a_week_in_which_a_machine_ran_nothing_is_told_and_a_shorter_silence_is_not(filled: Writer) -> None:
    assert around.silent(filled, ["lumi"]) == []
    with plain_store() as writer:
        days = (1, 2, 3, 9, 10, 11, 19, 20, 21)
        for system, apart in (("lumi", 1), ("vega", 5)):
            days_of = [datetime(2026, 1, 1, 8, tzinfo=UTC) + timedelta(days=apart * (day - 1)) for day in days]
            rows = [job(number, system=system, submitted=day) for number, day in enumerate(days_of, 1)]
            bring_in(writer, apart, frame(*rows))
        assert around.silent(writer, ["lumi"]) == [Period(date(2026, 1, 12), date(2026, 1, 19))]
        assert around.silent(writer, ["vega"]) == [Period(date(2026, 2, 21), date(2026, 4, 1))]
        assert len(around.silent(writer, ["lumi", "vega"])) == 2
