"""Emissions by the hour, against an integral over each job's own minutes and against figures worked out by hand."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from analytics import carbon, carbon_hourly, power
from analytics.carbon import IntensityMethod, IntensityScope, intensity_frame
from analytics.energy import energy
from analytics.usage import usage_frame
from data.errors import SchemaError
from data.schema import CARBON_SERIES, HOURLY, PARTITIONS
from data.terms import Period

APRIL = datetime(2026, 4, 1, tzinfo=UTC)
DAYS = 30
MONTH = Period(date(2026, 4, 1), date(2026, 5, 1))
POWER_KW = 1.2  # facility, of a node at work
BASIS = {"method": IntensityMethod.PRODUCTION, "scope": IntensityScope.LIFE_CYCLE}
ANNUAL = intensity_frame(("FI", 2024, 72.0))


def partitions() -> pl.DataFrame:
    facts = {"system": "alpha", "partition": "gpu", "node_idle_w": 1_000.0, "node_max_w": 1_000.0, "utilisation": 0.5, "pue": 1.2}
    return pl.DataFrame([dict.fromkeys(PARTITIONS) | facts | {"grid_zone": "FI", "market_factor": 0.5}], schema=dict(PARTITIONS))


def series(*stated: float, minutes: int = 60, method: str = "production", zone: str = "FI") -> pl.DataFrame:
    rows = [
        (zone, method, "life_cycle", APRIL + place * timedelta(minutes=minutes), minutes, value, "A publisher")
        for place, value in enumerate(stated)
    ]
    return pl.DataFrame(rows, schema=dict(CARBON_SERIES), orient="row")


def at_work(node_hours: list[float]) -> pl.DataFrame:
    rows = [("alpha", "gpu", APRIL + timedelta(hours=hour), nodes, 0.0, 0.0) for hour, nodes in enumerate(node_hours)]
    return power.hourly_power(pl.DataFrame(rows, schema=dict(HOURLY), orient="row"), partitions())


def under_load(node_hours: list[float], known: pl.DataFrame) -> pl.DataFrame:
    return carbon_hourly.intensity_under_load(at_work(node_hours), partitions(), carbon_hourly.intensity_by_hour(known))


def emitted(node_hours: list[float], known: pl.DataFrame | None) -> pl.DataFrame:
    used = usage_frame({"system": "alpha", "partition": "gpu", "month": MONTH.start, "jobs": 1, "node_hours": sum(node_hours)})
    hourly = None if known is None else under_load(node_hours, known)
    return carbon.emissions(energy(used, partitions()), partitions(), ANNUAL, **BASIS, hourly=hourly)


@pytest.mark.parametrize("seed", range(5))
def test_emissions_are_the_integral_of_power_times_intensity_over_each_jobs_own_minutes(seed: int) -> None:
    chance = np.random.default_rng(seed)
    stated = chance.uniform(10, 900, DAYS * 24)
    minutes = np.zeros(DAYS * 24 * 60)
    directly_kg = 0.0
    for _ in range(6):
        start, end = sorted(chance.integers(0, minutes.size, 2).tolist())
        nodes = int(chance.integers(1, 50))
        minutes[start:end] += nodes
        edges = [start, *(edge for edge in range(0, minutes.size, 60) if start < edge < end), end]
        directly_kg += sum(nodes * POWER_KW * (to - at) / 60 * stated[at // 60] / 1_000 for at, to in pairwise(edges) if to > at)
    found = emitted(minutes.reshape(-1, 60).mean(axis=1).tolist(), series(*stated)).row(0, named=True)
    assert found["emissions_location_kgco2e"] == pytest.approx(directly_kg, rel=1e-9)
    assert found["emissions_market_kgco2e"] == pytest.approx(directly_kg / 2, rel=1e-9)


def test_a_constant_series_gives_the_answer_of_a_year_of_that_intensity() -> None:
    work = [float(hour % 7) for hour in range(DAYS * 24)]
    hourly, yearly = emitted(work, series(*[72.0] * len(work))), emitted(work, None)
    assert hourly["emissions_location_kgco2e"].item() == pytest.approx(yearly["emissions_location_kgco2e"].item(), rel=1e-12)
    assert (hourly["intensity_hourly"].item(), yearly["intensity_hourly"].item()) == (True, False)


def test_half_a_month_of_series_leaves_the_month_to_the_year() -> None:
    work = [1.0] * (DAYS * 24)
    row = emitted(work, series(*[500.0] * (DAYS * 12))).row(0, named=True)
    assert row["emissions_location_kgco2e"] == pytest.approx(sum(work) * POWER_KW * 0.072)
    assert (row["intensity_hourly"], row["intensity_year"], row["carried_forward"], row["energy_valued_hourly_kwh"]) == (
        False,
        2024,
        True,
        0.0,
    )


def test_hours_without_work_need_no_intensity() -> None:
    row = emitted([1.0] * 24 + [0.0] * (DAYS * 24 - 24), series(*[500.0] * 24)).row(0, named=True)
    assert (row["intensity_gco2e_per_kwh"], row["intensity_year"], row["carried_forward"]) == (pytest.approx(500.0), 2026, False)


def test_power_that_is_unknown_in_an_hour_leaves_the_month_to_the_year() -> None:
    drawn = at_work([1.0, 1.0]).with_columns(power_facility_kw=pl.Series([1.2, None]))
    found = carbon_hourly.intensity_under_load(drawn, partitions(), carbon_hourly.intensity_by_hour(series(500.0, 500.0)))
    assert found.select("known_share", "intensity_gco2e_per_kwh").row(0) == (None, None)


def test_a_series_of_another_method_is_never_used() -> None:
    row = emitted([1.0] * 24, series(*[500.0] * 24, method="flow_traced")).row(0, named=True)
    assert (row["intensity_gco2e_per_kwh"], row["intensity_hourly"]) == (72.0, False)


def test_a_zone_without_an_annual_figure_is_known_by_its_hours() -> None:
    used = usage_frame({"system": "alpha", "partition": "gpu", "month": MONTH.start, "jobs": 1, "node_hours": 24.0})
    hourly = under_load([1.0] * 24, series(*[500.0] * 24))
    row = carbon.emissions(energy(used, partitions()), partitions(), ANNUAL.clear(), **BASIS, hourly=hourly).row(0, named=True)
    assert row["emissions_location_kgco2e"] == pytest.approx(24 * POWER_KW * 0.5)


def test_the_share_valued_by_the_hour_is_of_the_energy_with_emissions() -> None:
    months = [MONTH.start, date(2026, 5, 1)]
    used = usage_frame(
        *(
            {"system": "alpha", "partition": "gpu", "month": m, "jobs": 1, "node_hours": h}
            for m, h in zip(months, (24.0, 72.0), strict=True)
        )
    )
    rows = carbon.emissions(energy(used, partitions()), partitions(), ANNUAL, **BASIS, hourly=under_load([1.0] * 24, series(*[500.0] * 24)))
    total = carbon.emissions_by(rows).row(0, named=True)
    assert (total["hourly_share"], total["intensity_years"]) == (pytest.approx(0.25), "2024, 2026")


def test_days_are_not_valued_with_the_mean_of_their_month() -> None:
    used = usage_frame({"system": "alpha", "partition": "gpu", "day": MONTH.start, "jobs": 1, "node_hours": 24.0})
    with pytest.raises(SchemaError, match="month"):
        carbon.emissions(energy(used, partitions()), partitions(), ANNUAL, **BASIS, hourly=under_load([1.0], series(500.0)))


def test_an_hour_is_the_mean_of_its_quarters_and_unknown_without_one_of_them() -> None:
    found = carbon_hourly.intensity_by_hour(series(10.0, 20.0, 30.0, 40.0, 99.0, 99.0, 99.0, minutes=15))
    assert found.select("hour", "intensity_gco2e_per_kwh").rows() == [(APRIL, 25.0)]


def test_the_mean_of_a_month_is_over_the_hours_of_the_period_and_unknown_with_a_tenth_of_them_missing() -> None:
    hours = carbon_hourly.intensity_by_hour(series(*[100.0] * 24, *[200.0] * 24))
    first_days = Period(MONTH.start, date(2026, 4, 3))
    assert carbon_hourly.monthly_intensity(hours, first_days)["intensity_gco2e_per_kwh"].to_list() == [150.0]
    assert carbon_hourly.monthly_intensity(hours[:43], first_days).is_empty()
    assert carbon_hourly.monthly_intensity(hours, MONTH).is_empty()
