"""Tests of the stated carbon intensities and prices against the collected series they were rounded from, where those are at hand."""

import os
from pathlib import Path

import polars as pl
import pytest

from data import facts

SHARED = Path(os.environ.get("EQUINODE_SHARED", Path(__file__).resolve().parents[2].parent / "shared"))
ZONES = {"EU27": "EU-27"}
COUNTRIES = {
    "ITA": "IT",
    "FIN": "FI",
    "ESP": "ES",
    "DEU": "DE",
    "FRA": "FR",
    "SVN": "SI",
    "CZE": "CZ",
    "LUX": "LU",
    "BGR": "BG",
    "PRT": "PT",
    "GRC": "GR",
    "SWE": "SE",
}


def collected(name: str) -> pl.DataFrame:
    path = SHARED / "domain" / name
    if not path.exists():
        pytest.skip(f"{path} is not here; it is third-party data that the project does not carry")
    return pl.read_csv(path)


def test_production_based_intensities_are_the_collected_ones_rounded() -> None:
    series = collected("owid_ember_ci_annual_2015_2024.csv").select(
        "year", grid_zone=pl.col("zone").replace(ZONES), theirs="lifecycle_gco2_kwh_production_based"
    )
    ours = facts.carbon_intensity().filter(pl.col("method") == "production").with_columns(pl.col("year").cast(pl.Int64))
    both = ours.join(series, on=["grid_zone", "year"], how="left", validate="1:1")
    assert both["theirs"].null_count() == 0
    assert both.filter((pl.col("theirs") - pl.col("intensity_gco2e_per_kwh")).abs() > 0.51).is_empty()


@pytest.mark.parametrize(("scope", "column"), [("life_cycle", "lifecycle_gco2eq_kwh"), ("direct", "direct_gco2_kwh")])
def test_flow_traced_intensities_are_the_collected_ones_rounded(scope: str, column: str) -> None:
    series = collected("em_zone_annual_ci_derived.csv").select("year", grid_zone=pl.col("zone"), theirs=column)
    of_scope = (pl.col("method") == "flow_traced") & (pl.col("scope") == scope)
    ours = facts.carbon_intensity().filter(of_scope).with_columns(pl.col("year").cast(pl.Int64))
    both = ours.join(series, on=["grid_zone", "year"], how="left", validate="1:1")
    assert both["theirs"].null_count() == 0
    assert both.filter((pl.col("theirs") - pl.col("intensity_gco2e_per_kwh")).abs() > 0.56).is_empty()


def test_wholesale_prices_are_the_means_of_the_collected_months() -> None:
    months = collected("ember_wholesale_monthly_2015-01_2026-03.csv").with_columns(
        country=pl.col("ISO3 Code").replace_strict(COUNTRIES, default=None), year=pl.col("Date").str.slice(0, 4).cast(pl.Int32)
    )
    means = months.drop_nulls("country").group_by("country", "year").agg(theirs=pl.mean("Price (EUR/MWhe)"))
    both = facts.prices().filter(pl.col("kind") == "wholesale").join(means, on=["country", "year"], how="left", validate="1:1")
    assert both["theirs"].null_count() == 0
    assert both.filter((pl.col("theirs") - pl.col("price_eur_per_mwh")).abs() > 0.051).is_empty()


def test_non_household_prices_are_the_collected_ones() -> None:
    series = collected("eurostat_elec_price_nonhousehold_2025S2.csv").select(country=pl.col("geo").replace({"EL": "GR"}), theirs="eur_mwh")
    both = facts.prices().filter(pl.col("kind") == "non_household").join(series, on="country", how="left", validate="1:1")
    assert both.filter(pl.col("theirs").ne_missing(pl.col("price_eur_per_mwh"))).is_empty()
