"""Usage and waits: every way of grouping sums to the same total, and the fast way over months answers as the way over days."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from made_jobs import bring_in, decided, frame, job, plain_store, project, running
from polars.testing import assert_frame_equal

from data import projects, usage
from data.errors import InputError
from data.lake import Writer
from data.schema import DIMENSIONS, USAGE_MEASURES
from data.terms import AccessMode, Period, Selection, UserCategory

YEAR = Period(date(2026, 1, 1), date(2027, 1, 1))
CODE = "EHPC-AIF-2025PG01-128"


@pytest.fixture(scope="module")
def filled() -> Iterator[Writer]:
    """A store of two machines over three months, with classified, unclassified and nameless accounts."""
    rows = [
        job(
            number,
            system="lumi" if number % 3 else "vega",
            partition="GPU" if number % 2 else "CPU",
            account=["project_1", CODE, None, "other_1"][number % 4],
            submitted=datetime(2026, 2, 20, 22, tzinfo=UTC) + timedelta(hours=17 * number),
            waited_s=97 * number,
            ran_s=None if number % 11 == 0 else 20_000 * (number % 5),
            gpus=None if number % 7 == 0 else 4.0,
            energy_quality="measured" if number % 2 else "missing",
            energy_logged_kwh=float(number),
        )
        for number in range(1, 61)
    ]
    with plain_store() as writer:
        for number, system in enumerate(("lumi", "vega"), start=1):
            bring_in(writer, number, frame(*(row for row in rows if row["system"] == system)))
        known = [project("project_1", category="sme", country="SI", mode="regular"), project("other_1", system="lumi", category="research")]
        projects.save(writer, decided(*known), author="olga")
        yield writer


def chosen(period: Period = YEAR, **others: object) -> Selection:
    return Selection(period=period, **others)  # type: ignore[arg-type]


def totals(table: pl.DataFrame) -> dict[str, float]:
    return {name: float(table[name].sum()) for name in USAGE_MEASURES}


@pytest.mark.parametrize(
    "by", [(name,) for name in DIMENSIONS] + [tuple(DIMENSIONS), ("month", "category"), ("account", "system")], ids=",".join
)
def test_every_grouping_sums_to_the_total(filled: Writer, by: tuple[str, ...]) -> None:
    assert totals(usage.usage(filled, chosen(), *by)) == pytest.approx(totals(usage.usage(filled, chosen())), rel=1e-12)


@pytest.mark.parametrize("name", DIMENSIONS)
def test_every_grouping_of_waits_sums_to_the_total(filled: Writer, name: str) -> None:
    of_all, by_name = usage.waits(filled, chosen()), usage.waits(filled, chosen(), name)
    summed = by_name.group_by("bin").agg(pl.col("jobs").sum(), pl.col("wait_s").sum()).sort("bin")
    assert_frame_equal(summed, of_all.sort("bin"))


IN_MONTHS = [("system",), ("partition", "category"), ("mode",), ("country", "month"), ("month",), ("account", "month")]


@pytest.mark.parametrize("by", IN_MONTHS, ids=",".join)
def test_months_and_days_answer_alike(filled: Writer, by: tuple[str, ...]) -> None:
    by_days = usage.usage(filled, chosen(), *by, "day").group_by(by).agg(pl.col(*USAGE_MEASURES).sum()).sort(by)
    assert_frame_equal(usage.usage(filled, chosen(), *by).sort(by), by_days, check_exact=False, rel_tol=1e-12)
    waits_by_days = usage.waits(filled, chosen(), *by, "day").group_by(*by, "bin").agg(pl.col("jobs", "wait_s").sum())
    assert_frame_equal(usage.waits(filled, chosen(), *by).sort(*by, "bin"), waits_by_days.sort(*by, "bin"))


def test_months_add_up_to_a_period_cut_within_a_month(filled: Writer) -> None:
    middle = date(2026, 3, 14)
    parts = [usage.usage(filled, chosen(Period(*days))) for days in ((YEAR.start, middle), (middle, YEAR.end))]
    assert totals(pl.concat(parts)) == pytest.approx(totals(usage.usage(filled, chosen())), rel=1e-12)


def test_categories_filter(filled: Writer) -> None:
    by_category = usage.usage(filled, chosen(), "category")
    for category in (UserCategory.SME, UserCategory.RESEARCH, UserCategory.UNCLASSIFIED):
        alone = usage.usage(filled, chosen(categories=(category,)))
        assert totals(alone) == pytest.approx(totals(by_category.filter(pl.col("category") == category.value)))
        assert alone["jobs"].sum() > 0
    two = usage.usage(filled, chosen(categories=(UserCategory.SME, UserCategory.RESEARCH)), "account")
    assert set(two["account"]) == {"project_1", "other_1"}


def test_machines_filter(filled: Writer) -> None:
    alone = usage.usage(filled, chosen(systems=("vega",)), "system")
    assert alone["system"].to_list() == ["vega"]
    assert totals(alone) == totals(usage.usage(filled, chosen(), "system").filter(pl.col("system") == "vega"))


def test_a_code_names_the_mode_until_somebody_decides(filled: Writer) -> None:
    modes = usage.usage(filled, chosen(), "account", "mode", "system").filter(pl.col("system") == "vega")
    assert dict(modes.select("account", "mode").iter_rows()) == {
        CODE: AccessMode.PLAYGROUND.value,
        "project_1": AccessMode.REGULAR.value,
        "other_1": AccessMode.OTHER.value,
        None: AccessMode.OTHER.value,
    }


def test_nothing_ran_is_no_row_and_not_a_row_of_zeros(filled: Writer) -> None:
    empty = chosen(Period(date(2020, 1, 1), date(2021, 1, 1)))
    assert (usage.usage(filled, empty, "system").height, usage.usage(filled, empty).height, usage.waits(filled, empty).height) == (0, 0, 0)


def test_the_place_of_a_job_that_went_on_is_left_without_a_trace() -> None:
    asked = [{"requested_nodes": nodes, "time_limit_s": limit_s} for nodes, limit_s in ((1, 1_000), (3, 777), (7, 12_345))]
    waiting = [job(number, ran_s=None, **what) for number, what in enumerate(asked, start=1)]
    ran = [job(number, submitted=row["submitted"], waited_s=200_000) for number, row in enumerate(waiting, start=1)]
    with plain_store() as writer:
        bring_in(writer, 1, frame(*waiting))
        for number, row in enumerate(ran, start=2):
            bring_in(writer, number, frame(row))
        days = usage.usage(writer, chosen(), "day")
    assert days["day"].to_list() == [date(2026, 3, 12)]
    assert days.select("jobs", "jobs_never_started", "node_hours_queued").rows() == [(3, 0, 0.0)]


def test_a_running_job_moves_on_with_the_next_log() -> None:
    with plain_store() as writer:
        bring_in(writer, 1, frame(running(1, ran_s=1_800), job(2)))
        assert usage.usage(writer, chosen())["node_hours"].item() == 3.0
        bring_in(writer, 2, frame(job(1, ran_s=7_200)))
        assert usage.usage(writer, chosen()).select("jobs", "node_hours").row(0) == (2, 6.0)


def test_the_whole_period_runs_from_the_first_month_to_the_last(filled: Writer) -> None:
    assert usage.whole_period(filled) == Period(date(2026, 2, 1), date(2026, 5, 1))
    assert usage.spans(filled)["system"].to_list() == ["lumi", "vega"]
    assert usage.spans(filled)["core_hours"].sum() == pytest.approx(totals(usage.usage(filled, chosen()))["core_hours"])


def test_an_empty_store_has_no_period() -> None:
    with plain_store() as writer:
        assert usage.whole_period(writer) is None


def test_an_unknown_dimension_is_refused_with_those_that_are_known(filled: Writer) -> None:
    with pytest.raises(InputError, match="cannot be grouped by colour; choose among system"):
        usage.usage(filled, chosen(), "colour")
