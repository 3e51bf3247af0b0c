"""The burn-down of one project: its past is what was used, its future the forecast of the table of all projects."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from analytics import quota_burn
from analytics.charts import quota as charts
from analytics.charts.svg import svg
from analytics.quota_progress import PROGRESS, QuotaStatus
from data.schema import DAILY_USE
from data.terms import HourUnit

AS_OF = date(2026, 11, 1)
DAYS = pl.DataFrame(
    [(AS_OF - timedelta(days=age), 10.0, 40.0, 640.0) for age in (200, 70, 40, 1)], schema=dict(DAILY_USE), orient="row"
).sort("day")


def project(**given: Any) -> dict[str, Any]:
    known = {
        "account": "a",
        "category": "sme",
        "unit": "node_hours",
        "version": 1,
        "starts": AS_OF - timedelta(days=70),
        "ends": AS_OF + timedelta(days=30),
        "as_of": AS_OF,
        "days_left": 30,
        "weeks": 10,
        "weekly_hours": [10.0, 0, 0, 0, 10.0, 0, 0, 0, 0, 10.0],
        "quota_hours": 100.0,
        "used_hours": 30.0,
        "used_share": 0.3,
        "elapsed_share": 0.7,
        "forecast_hours": 40.0,
        "forecast_low_hours": 30.0,
        "forecast_high_hours": 60.0,
        "status": "will_leave_unused",
        "sure": False,
    }
    return dict.fromkeys(PROGRESS) | known | given


def test_the_past_ends_with_what_is_left_now_and_counts_no_use_before_the_quota() -> None:
    past = quota_burn.burn_down(project(), DAYS).filter(~pl.col("is_forecast"))
    assert past["day"].to_list()[0] == AS_OF - timedelta(days=70)
    assert past["day"].to_list()[-1] == AS_OF
    assert past["left_hours"].to_list()[0] == 100
    assert past["left_hours"].to_list()[-1] == 70
    assert past["left_hours"].is_sorted(descending=True)


def test_the_forecast_begins_where_the_past_ends_and_its_band_widens_to_the_end() -> None:
    ahead = quota_burn.burn_down(project(), DAYS).filter("is_forecast")
    assert ahead["day"].to_list() == [AS_OF + timedelta(days=days) for days in (0, 7, 14, 21, 28, 30)]
    assert ahead.select("left_hours", "left_low_hours", "left_high_hours").row(0) == (70, 70, 70)
    assert ahead["left_hours"].to_list()[-1] == pytest.approx(70 - 20 / 8 * 30 / 7)
    width = ahead["left_high_hours"] - ahead["left_low_hours"]
    assert width.is_sorted()
    assert (ahead["left_high_hours"] <= 70).all()


def test_a_quota_in_gpu_hours_burns_gpu_hours() -> None:
    rows = quota_burn.burn_down(project(unit="gpu_hours", quota_hours=200.0, used_hours=120.0, forecast_hours=None), DAYS)
    assert rows["left_hours"].to_list()[-1] == 80


@pytest.mark.parametrize("unknown", [{"used_hours": None}, {"quota_hours": None}], ids=str)
def test_what_is_not_known_is_not_drawn(unknown: dict[str, Any]) -> None:
    rows = quota_burn.burn_down(project(**unknown), DAYS)
    assert rows.is_empty()
    assert charts.burn_down_summary(rows, HourUnit.NODE_HOURS) == charts.NO_USE
    drawn = svg(charts.burn_down(rows, category="sme", unit=HourUnit.NODE_HOURS), alt="none")
    assert "so nothing can be drawn" in drawn


@pytest.mark.parametrize("ended", [False, True])
def test_the_chart_is_drawn_on_screen_and_on_paper_and_said_in_words(ended: bool) -> None:
    one = project(forecast_hours=None, ends=AS_OF - timedelta(days=10)) if ended else project()
    rows = quota_burn.burn_down(one, DAYS)
    figure = charts.burn_down(rows, category="sme", unit=HourUnit.NODE_HOURS, ends=one["ends"], title="Left")
    assert len(figure.data) == (2 if ended else 4)
    assert "<svg" in svg(figure, alt="a")
    assert ("by forecast" in charts.burn_down_summary(rows, HourUnit.NODE_HOURS)) is not ended


@pytest.mark.parametrize("status", list(QuotaStatus))
def test_every_status_is_told_without_unknown_figures(status: QuotaStatus) -> None:
    bare = status in (QuotaStatus.NO_QUOTA, QuotaStatus.NOT_KNOWN)
    nothing = dict.fromkeys(("used_hours", "used_share", "forecast_hours")) if bare else {}
    said = " ".join(quota_burn.sentences(project(status=status.value, queued_hours=5.0, **nothing)))
    assert "not available" not in said
    assert "None" not in said
    assert said.endswith(".")


def test_a_quota_of_no_hours_is_told_as_one_with_what_was_used_all_the_same() -> None:
    nothing = {"quota_hours": 0.0, "used_share": None, "forecast_hours": 5.0, "forecast_low_hours": 5.0, "forecast_high_hours": 5.0}
    said = " ".join(quota_burn.sentences(project(status=QuotaStatus.NOTHING_GRANTED.value, **nothing)))
    assert "grants 0" in said
    assert "it had used 30" in said
    assert "eight times in ten" not in said


def test_hours_that_are_used_up_do_not_run_out_on_a_day_to_come() -> None:
    used = {"used_hours": 126.0, "used_share": 1.26, "forecast_hours": 190.0, "runs_out": AS_OF}
    said = " ".join(quota_burn.sentences(project(status=QuotaStatus.USED_UP.value, **used)))
    assert "used up" in said
    assert "would run out on" not in said
    assert "would run out on" in " ".join(quota_burn.sentences(project(status=QuotaStatus.WILL_RUN_OUT.value, **used)))
