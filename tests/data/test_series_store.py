"""Series in the store: nothing twice, no value over another in silence, and real series as their own sums say."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from made_jobs import brought_in, frame, job

from data import series
from data.errors import AccessError, InputError
from data.ingest.series_load import SeriesAccount, import_series
from data.ingest.series_table import SeriesOrder
from data.lake import Lake, exists
from data.series import IntensityMethod, IntensityScope, SeriesKind
from data.settings import Settings
from data.terms import Period
from tests.data.made_tables import OPERATOR, READER, written

DAY = Period(date(2024, 1, 1), date(2024, 1, 2))
YEAR_2022 = Period(date(2022, 1, 1), date(2023, 1, 1))
CARBON: dict[str, Any] = {"kind": SeriesKind.CARBON, "method": IntensityMethod.FLOW_TRACED, "scope": IntensityScope.LIFE_CYCLE}
TEXT = "time_utc,zone,intensity_gco2e_per_kwh\n2024-01-01 00:00,FI,60\n2024-01-01 01:00,FI,61\n2024-01-01 03:00,FI,63\n"


def brought(settings: Settings, folder: Path, text: str, *, dry_run: bool = False, **order: Any) -> SeriesAccount:
    account = import_series(settings, SeriesOrder(path=written(folder, text), **(CARBON | order)), OPERATOR, dry_run=dry_run)
    batch = account.batch
    counted = batch.landed + batch.seen_before + account.repeated + account.empty + account.passed_over + batch.refused
    assert counted == batch.rows_read
    return account


def known(settings: Settings, **which: Any) -> list[float]:
    asked = {"method": IntensityMethod.FLOW_TRACED} | which
    return series.carbon(Lake(settings), ("FI",), DAY, **asked)["intensity_gco2e_per_kwh"].to_list()


def test_a_file_lands_once_with_its_gaps_told(settings: Settings, tmp_path: Path) -> None:
    account = brought(settings, tmp_path, TEXT, source="A publisher")
    assert (account.batch.landed, account.batch.batch_id) == (3, 1)
    assert account.gaps.rows() == [("FI", "flow_traced", "life_cycle", 1, 1.0, datetime(2024, 1, 1, 2, tzinfo=UTC))]
    before = Lake(settings).snapshot()
    assert (before.author, before.message) == ("olga", "Carbon series from table.csv")
    again = brought(settings, tmp_path, TEXT)
    assert (again.batch.landed, again.batch.seen_before, again.batch.batch_id) == (0, 3, 0)
    assert Lake(settings).snapshot_id == before.snapshot_id
    assert set(series.carbon(Lake(settings), ("FI",), DAY, method=IntensityMethod.FLOW_TRACED)["source"]) == {"A publisher"}


def test_a_longer_file_adds_only_what_is_new(settings: Settings, tmp_path: Path) -> None:
    brought(settings, tmp_path, TEXT)
    more = brought(settings, tmp_path, TEXT + "2024-01-01 02:00,FI,62\n2024-01-01 04:00,FI,64\n")
    assert (more.batch.landed, more.batch.seen_before) == (2, 3)
    assert known(settings) == [60.0, 61.0, 62.0, 63.0, 64.0]


def test_a_contradiction_is_refused_by_name_and_leaves_everything_as_it_was(settings: Settings, tmp_path: Path) -> None:
    brought(settings, tmp_path, TEXT)
    before = Lake(settings).snapshot_id
    with pytest.raises(InputError, match=r"FI \(flow_traced, life_cycle\) at 2024-01-01 01:00 UTC is 99 .* stored is 61 ") as told:
        brought(settings, tmp_path, TEXT.replace("61", "99") + "2024-01-01 05:00,FI,7\n")
    assert "--replace" in str(told.value)
    assert Lake(settings).snapshot_id == before
    account = brought(settings, tmp_path, TEXT.replace("61", "99") + "2024-01-01 05:00,FI,7\n", replace=True)
    assert (account.batch.landed, account.batch.replaced, account.batch.seen_before) == (2, 1, 2)
    assert known(settings) == [60.0, 99.0, 63.0, 7.0]


def test_the_same_hour_by_another_method_or_scope_stands_beside_and_is_never_mixed(settings: Settings, tmp_path: Path) -> None:
    brought(settings, tmp_path, TEXT)
    brought(settings, tmp_path, TEXT.replace(",6", ",1"), method=IntensityMethod.PRODUCTION)
    brought(settings, tmp_path, TEXT.replace(",6", ",2"), scope=IntensityScope.DIRECT)
    assert known(settings) == [60.0, 61.0, 63.0]
    assert known(settings, method=IntensityMethod.PRODUCTION) == [10.0, 11.0, 13.0]
    assert known(settings, scope=IntensityScope.DIRECT) == [20.0, 21.0, 23.0]
    assert series.coverage(Lake(settings)).select("method", "scope", "hours_known", "hours_of_year").rows() == [
        ("flow_traced", "direct", 3.0, 8784.0),
        ("flow_traced", "life_cycle", 3.0, 8784.0),
        ("production", "life_cycle", 3.0, 8784.0),
    ]


def test_quarters_of_an_hour_do_not_slip_between_stored_hours(settings: Settings, tmp_path: Path) -> None:
    brought(settings, tmp_path, TEXT)
    quarters = "time_utc,zone,intensity_gco2e_per_kwh\n2024-01-01 01:15,FI,5\n2024-01-01 01:30,FI,6\n"
    with pytest.raises(InputError, match="contradicts 2 stored values"):
        brought(settings, tmp_path, quarters)
    assert brought(settings, tmp_path, quarters, replace=True).batch.replaced == 1
    assert known(settings) == [60.0, 5.0, 6.0, 63.0]
    with pytest.raises(InputError, match="contradicts"):
        brought(settings, tmp_path, TEXT.split("2024-01-01 03", maxsplit=1)[0])


def test_a_dry_run_tells_the_same_and_stores_nothing(settings: Settings, tmp_path: Path) -> None:
    assert brought(settings, tmp_path, TEXT, dry_run=True).batch.landed == 3
    assert not exists(settings)
    brought(settings, tmp_path, TEXT)
    before = Lake(settings).snapshot_id
    assert brought(settings, tmp_path, TEXT + "2024-01-01 04:00,FI,1\n", dry_run=True).batch.landed == 1
    assert Lake(settings).snapshot_id == before


def test_negative_prices_are_kept_and_periods_are_half_open(settings: Settings, tmp_path: Path) -> None:
    text = "time_utc,zone,eur_per_mwh\n2023-12-31 23:00,FI,1\n2024-01-01 00:00,FI,-500\n2024-01-01 01:00,FI,5000\n2024-01-02 00:00,FI,2\n"
    brought(settings, tmp_path, text, kind=SeriesKind.PRICE, method=None, scope=None)
    found = series.prices(Lake(settings), ("FI", "DE"), DAY)
    assert found["price_eur_per_mwh"].to_list() == [-500.0, 5000.0]


@pytest.mark.parametrize("hostile", ["'; drop table lake.price_series; --", "$zones", "%s", 'x") --'])
def test_hostile_zones_and_sources_are_stored_as_texts(settings: Settings, tmp_path: Path, hostile: str) -> None:
    zone = hostile.replace('"', "")
    text = f"time_utc\tzone\teur_per_mwh\n2024-01-01 00:00\t{zone}\t1\n2024-01-01 01:00\t{zone}\t1\n"
    brought(settings, tmp_path, text, kind=SeriesKind.PRICE, method=None, scope=None, source=hostile)
    found = series.prices(Lake(settings), (zone,), DAY)
    assert found.select("zone", "source").row(0) == (zone, hostile)


def test_states_from_before_series_existed_hold_none(settings: Settings) -> None:
    lake = brought_in(settings, frame(job(1)))
    first = Lake(settings, snapshot_id=1)
    assert series.carbon(first, ("FI",), DAY, method=IntensityMethod.FLOW_TRACED).is_empty()
    assert series.coverage(first).is_empty()
    assert series.prices(lake, ("FI",), DAY).is_empty()


def test_a_reader_may_not_bring_in_series_and_a_file_without_values_is_refused(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(AccessError):
        import_series(settings, SeriesOrder(path=written(tmp_path, TEXT), **CARBON), READER)
    with pytest.raises(InputError, match="can be believed"):
        brought(settings, tmp_path, TEXT.replace(",6", ",-6"))
    assert not exists(settings)


@pytest.mark.nightly
def test_a_year_of_123_zones_lands_whole_and_each_zone_keeps_its_mean(settings: Settings, shared: Path) -> None:
    path = shared / "traces" / "carbon-2022-hourly-123zones" / "carbon_2022_hourly.parquet"
    account = import_series(settings, SeriesOrder(path=path, **CARBON), OPERATOR)
    assert (account.batch.landed, account.batch.refused, account.gaps.height) == (1_077_357, 0, 0)
    own = pl.read_parquet(path).group_by("zone").agg(values=pl.len(), own_mean=pl.mean("gco2_per_kwh")).sort("zone")
    stored = series.coverage(Lake(settings)).select("zone", "hours_known", "hours_of_year", "mean")
    both = own.join(stored, on="zone", how="full", coalesce=True, validate="1:1")
    assert both.height == 123
    assert set(both["values"]) == {8_759}
    assert both.select("hours_known", "hours_of_year").unique().rows() == [(8_759.0, 8_760.0)]
    assert both.filter((pl.col("own_mean") - pl.col("mean")).abs() > 1e-9 * pl.col("own_mean")).is_empty()
    finland = series.carbon(Lake(settings), ("FI",), YEAR_2022, method=IntensityMethod.FLOW_TRACED)
    assert finland["intensity_gco2e_per_kwh"].to_list() == (
        pl.read_parquet(path).filter(pl.col("zone") == "FI").sort("ts_utc")["gco2_per_kwh"].to_list()
    )


@pytest.mark.nightly
def test_another_release_of_the_same_series_is_not_laid_over_the_first(settings: Settings, shared: Path, tmp_path: Path) -> None:
    first = pl.read_parquet(shared / "traces" / "carbon-2022-hourly-123zones" / "carbon_2022_hourly.parquet").filter(pl.col("zone") == "DE")
    first.write_parquet(tmp_path / "germany.parquet")
    import_series(settings, SeriesOrder(path=tmp_path / "germany.parquet", **CARBON), OPERATOR)
    path = shared / "domain" / "ci_hourly_DE_2021_2024_ES_2021_2023.csv.gz"
    order: dict[str, Any] = {"path": path, "kind": SeriesKind.CARBON, "method": IntensityMethod.FLOW_TRACED}
    with pytest.raises(InputError, match="contradicts"):
        import_series(settings, SeriesOrder(**order), OPERATOR)
    account = import_series(settings, SeriesOrder(**order, zones=("ES",)), OPERATOR)
    assert (account.batch.landed, account.passed_over) == (2 * 26_280, 2 * 35_064)
    own = pl.read_csv(path).filter(pl.col("zone") == "ES")
    spain = series.coverage(Lake(settings)).filter(pl.col("zone") == "ES").group_by("scope").agg(pl.sum("hours_known"), pl.mean("mean"))
    means = dict(spain.select("scope", "mean").rows())
    assert set(spain["hours_known"]) == {26_280.0}
    assert means["direct"] == pytest.approx(own["direct_gco2_kwh"].mean(), rel=1e-9)
    assert means["life_cycle"] == pytest.approx(own["lifecycle_gco2_kwh"].mean(), rel=1e-9)


@pytest.mark.parametrize(
    ("path", "value", "zones"),
    [
        ("traces/price-8zones-2019-2020/day_ahead_8zones_2019_2020.parquet", "eur_per_mwh", 8),
        ("domain/dayahead_price_hourly_2022_2024_eur_mwh.csv.gz", "eur_mwh", 4),
    ],
)
def test_real_prices_land_whole_negative_ones_too(settings: Settings, shared: Path, path: str, value: str, zones: int) -> None:
    file = shared / path
    own = pl.read_parquet(file) if file.suffix == ".parquet" else pl.read_csv(file)
    account = import_series(settings, SeriesOrder(path=file, kind=SeriesKind.PRICE, time_zone="UTC"), OPERATOR)
    assert (account.batch.landed, account.batch.refused) == (own.height, 0)
    stored = series.prices(Lake(settings), tuple(own["zone"].unique()), Period(date(2019, 1, 1), date(2026, 1, 1)))
    assert stored["zone"].n_unique() == zones
    assert sorted(stored["price_eur_per_mwh"]) == sorted(own[value])
    assert (stored["price_eur_per_mwh"] < 0).any()
