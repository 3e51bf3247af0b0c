"""Power over time, its highest hour, and its place beside what a site may draw, against figures worked out by hand."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from analytics import power
from analytics.energy import ENERGY
from data.schema import HOURLY, PARTITIONS, UTC_TIME
from data.terms import Period

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
FACTS = {"system": "alpha", "partition": "gpu", "nodes": 10.0, "node_idle_w": 500.0, "node_max_w": 1_500.0, "utilisation": 0.5, "pue": 1.2}


def partitions(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame([dict.fromkeys(PARTITIONS) | FACTS | row for row in rows or ({},)], schema=dict(PARTITIONS))


def hours(*rows: dict[str, object]) -> pl.DataFrame:
    usual = {
        "system": "alpha",
        "partition": "gpu",
        "hour": MONDAY,
        "node_hours_held": 4.0,
        "node_hours_held_metered": 0.0,
        "energy_measured_kwh": 0.0,
    }
    return pl.DataFrame([usual | row for row in rows or ({},)], schema=dict(HOURLY))


def test_power_is_what_was_measured_and_the_model_for_the_rest() -> None:
    row = power.hourly_power(hours({"node_hours_held_metered": 3.0, "energy_measured_kwh": 3.3}), partitions()).row(0, named=True)
    assert row["power_it_kw"] == pytest.approx(3.3 + 1.0 * 1.0)
    assert row["power_facility_kw"] == pytest.approx(4.3 * 1.2)
    assert row["power_idle_kw"] == pytest.approx(6 * 0.5 * 1.2)


def test_power_is_unknown_where_nodes_at_work_have_neither_reading_nor_model() -> None:
    unknown = partitions({"node_max_w": None})
    assert power.hourly_power(hours(), unknown)["power_it_kw"].to_list() == [None]
    metered = power.hourly_power(hours({"node_hours_held_metered": 4.0, "energy_measured_kwh": 2.0}), unknown)
    assert metered["power_it_kw"].to_list() == [2.0]


def test_the_highest_hour_is_that_of_the_machine_and_not_of_a_partition() -> None:
    later = MONDAY + timedelta(hours=1)
    rows = hours(
        {"node_hours_held": 9.0},
        {"partition": "cpu", "node_hours_held": 1.0},
        {"hour": later},
        {"hour": later, "partition": "cpu", "node_hours_held": 8.0},
    )
    found = power.peaks(power.hourly_power(rows, partitions({}, {"partition": "cpu"}))).row(0, named=True)
    assert (found["peak_kw"], found["peak_hour"], found["hours"]) == (pytest.approx(12 * 1.2), later, 2)
    assert found["mean_kw"] == pytest.approx(11 * 1.2)


def test_an_hour_in_which_a_partition_is_unknown_is_no_peak() -> None:
    later = MONDAY + timedelta(hours=1)
    rows = hours({}, {"hour": later}, {"hour": later, "partition": "cpu", "node_hours_held": 99.0})
    found = power.peaks(power.hourly_power(rows, partitions({}, {"partition": "cpu", "node_max_w": None})))
    assert found.select("peak_hour", "hours").row(0) == (MONDAY, 1)


def test_a_machine_beyond_what_its_site_may_draw_is_over_and_one_without_a_limit_is_unknown() -> None:
    rows = hours({"node_hours_held": 5.0}, {"system": "beta"})
    found = power.peaks(power.hourly_power(rows, partitions({}, {"system": "beta"})))
    told = power.against_power_limits(found, {"alpha": 5.0}).select("system", "peak_of_limit", "over").rows()
    assert told == [("alpha", pytest.approx(1.2), True), ("beta", None, None)]


def test_the_week_is_the_mean_over_its_weeks() -> None:
    rows = hours(
        {"node_hours_held": 2.0},
        {"node_hours_held": 6.0, "hour": MONDAY + timedelta(days=7)},
        {"hour": MONDAY + timedelta(days=6, hours=23)},
    )
    found = power.week(power.hourly_power(rows, partitions()))
    assert found.rows() == [(1, 0, 4.0, pytest.approx(0.4), 2), (7, 23, 4.0, pytest.approx(0.4), 1)]


def test_the_share_at_work_counts_only_partitions_of_known_size() -> None:
    rows = hours({}, {"partition": "new", "node_hours_held": 7.0})
    found = power.week(power.hourly_power(rows, partitions({}, {"partition": "new", "nodes": None}))).row(0, named=True)
    assert (found["nodes_busy"], found["share_busy"]) == (11.0, pytest.approx(0.4))


def test_the_mean_power_of_a_month_is_its_energy_over_the_hours_that_lie_in_the_period() -> None:
    nothing: dict[str, object] = {name: 0 if kind == pl.Int64 else 0.0 for name, kind in ENERGY.items()}
    rows = [
        nothing | {"month": date(2026, m, 1), "category": "sme", "energy_facility_kwh": kwh}
        for m, kwh in ((2, 672.0), (3, 240.0), (3, None))
    ]
    frame = pl.DataFrame(rows, schema={"month": pl.Date, "category": pl.String, **ENERGY})
    found = power.power_over_time(frame, "month", Period(date(2026, 2, 1), date(2026, 3, 11)))
    assert found["power_facility_kw"].to_list() == [1.0, 1.0]


def test_hours_outside_the_logs_are_left_out() -> None:
    rows = hours({}, {"hour": MONDAY + timedelta(days=1)}, {"system": "beta"})
    kept = power.while_logged(rows, {"alpha": Period(date(2026, 3, 2), date(2026, 3, 3))})
    assert kept.select("system", "hour").rows() == [("alpha", MONDAY)]


def test_each_zone_counts_alike_in_the_carbon_intensity_of_a_week() -> None:
    stated = [("FI", MONDAY, 50.0), ("FI", MONDAY + timedelta(days=7), 70.0), ("DE", MONDAY, 300.0)]
    frame = pl.DataFrame(stated, schema={"grid_zone": pl.String, "hour": UTC_TIME, "intensity_gco2e_per_kwh": pl.Float64}, orient="row")
    assert power.intensity_week(frame).rows() == [(1, 0, 180.0)]
