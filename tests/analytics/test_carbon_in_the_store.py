"""Hourly carbon intensity from a file to the figures of reports and splits, on the small demonstration store."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from analytics.carbon import IntensityMethod, IntensityScope
from analytics.commands_report_inputs import Asked, report_inputs
from analytics.commands_store import chosen_partitions, split_facts
from analytics.energy import energy
from analytics.power import hourly_power
from analytics.report.compose import Template, composed
from analytics.report.document import Note
from analytics.split_problem import SplitChoices, capacity_with_factors
from data import series
from data.dates import period_named
from data.hourly import hourly
from data.ingest.series_load import import_series
from data.ingest.series_table import SeriesOrder
from data.lake import Lake
from data.series import SeriesKind
from data.settings import Settings
from data.terms import Selection
from data.usage import usage
from tests.data.made_tables import OPERATOR

Q1 = Selection(period=period_named("2026-Q1"), systems=("lumi", "vega"))
STATED = 500.0
"""Of every hour of the quarter in Finland, and of none elsewhere."""


@pytest.fixture(scope="module")
def lake(demo_lake: Path, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A copy of the demonstration store with an hourly series of Finland."""
    folder = tmp_path_factory.mktemp("hours")
    shutil.copytree(demo_lake, folder / "lake")
    start, hours = Q1.period.start_utc, Q1.period.days * 24
    lines = [f"{start + timedelta(hours=hour):%Y-%m-%dT%H:%M:%SZ},FI,{STATED}" for hour in range(hours)]
    (folder / "hours.csv").write_text("\n".join(["time_utc,zone,intensity_gco2e_per_kwh", *lines]), "utf-8")
    settings = Settings(lake=folder / "lake", catalog=None, author="olga", pseudonym_key=None, writer_wait_s=30)
    basis = {"method": series.IntensityMethod.FLOW_TRACED, "scope": series.IntensityScope.LIFE_CYCLE}
    order = SeriesOrder(path=folder / "hours.csv", kind=SeriesKind.CARBON, source="A publisher of hours", **basis)
    import_series(settings, order, OPERATOR, now=datetime(2026, 7, 1, tzinfo=UTC))
    return Lake(settings)


def test_the_power_of_all_hours_is_the_energy_of_the_month(lake: Lake) -> None:
    parts, keys = chosen_partitions(lake, Q1), ["system", "partition", "month"]
    months = energy(usage(lake, Q1, *keys), parts).select(*keys, "energy_facility_kwh")
    drawn = hourly_power(hourly(lake, Q1.period, Q1.systems), parts).with_columns(month=pl.col("hour").dt.date().dt.truncate("1mo"))
    both = months.join(drawn.group_by(keys).agg(pl.col("power_facility_kw").sum()), on=keys, how="left", validate="1:1")
    assert both.height > 0
    assert both["power_facility_kw"].to_list() == pytest.approx(both["energy_facility_kwh"].to_list(), rel=1e-6)


def test_a_report_values_the_energy_of_a_zone_by_the_hour_and_says_whose_series_it_took(lake: Lake) -> None:
    asked = Asked(template=Template.BOARD, selection=Q1, sections=("emissions",))
    inputs = report_inputs(lake, asked)
    section = composed(Template.BOARD, inputs, ("emissions",)).sections[0]
    said = " ".join(block.text for block in section.blocks if isinstance(block, Note))
    assert "(series: A publisher of hours); for the rest, the mean of the year" in said
    assert inputs.intensity_hourly is not None
    assert set(inputs.intensity_hourly["system"]) == {"lumi"}
    assert set(inputs.intensity_hourly["intensity_gco2e_per_kwh"].round(9)) == {STATED}


def test_a_split_counts_with_the_mean_of_the_month_where_the_store_has_one(lake: Lake) -> None:
    facts, choices = split_facts(lake, Q1), SplitChoices()
    rows = capacity_with_factors(facts, choices).with_columns(intensity=pl.col("tco2e_per_node_hour") / pl.col("mwh_per_node_hour") * 1_000)
    yearly = facts.intensity.filter(
        pl.col("grid_zone") == "SI", pl.col("method") == IntensityMethod.FLOW_TRACED, pl.col("scope") == IntensityScope.LIFE_CYCLE
    ).sort("year")["intensity_gco2e_per_kwh"]
    assert set(rows.filter(pl.col("system") == "lumi")["intensity"].round(6)) == {STATED}
    assert set(rows.filter(pl.col("system") == "vega")["intensity"].round(6)) == {round(yearly[-1], 6)}
