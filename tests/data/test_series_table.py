"""Files of series: recognised by their columns, times in the nights when clocks change, and no value lost or half believed."""

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as trial
from hypothesis import strategies as st

from data.errors import InputError
from data.ingest.series_table import SeriesOrder, SeriesValues, series_values
from data.series import IntensityMethod, IntensityScope, SeriesKind
from tests.data.made_tables import written

OLD_MAPS = (
    "Datetime (UTC),Country,Zone Name,Zone Id,Carbon Intensity gCO₂eq/kWh (direct),Carbon Intensity gCO₂eq/kWh (LCA),"
    "Low Carbon Percentage,Renewable Percentage,Data Source,Data Estimated,Data Estimation Method\n"
)
NEW_MAPS = (
    "Datetime (UTC),Country,Zone name,Zone id,Carbon intensity gCO₂eq/kWh (direct),Carbon intensity gCO₂eq/kWh (Life cycle),"
    "Carbon-free energy percentage (CFE%),Renewable energy percentage (RE%),Data source,Data estimated,Data estimation method\n"
)
OLD_ENTSO_E = '"MTU (CET/CEST)","Day-ahead Price [EUR/MWh]","Currency","BZN|DE-LU"\n'
NEW_ENTSO_E = '"MTU (CET/CEST)","Area","Sequence","Day-ahead Price (EUR/MWh)","Intraday Period (CET/CEST)","Intraday Price (EUR/MWh)"\n'
FLOW_TRACED: dict[str, Any] = {"method": IntensityMethod.FLOW_TRACED, "scope": IntensityScope.LIFE_CYCLE}


def values(folder: Path, text: str | bytes, kind: str = "carbon", *, name: str = "series.csv", **order: Any) -> SeriesValues:
    return series_values(SeriesOrder(path=written(folder, text, name), kind=SeriesKind(kind), **order))


def hours(day: str, count: int = 24) -> str:
    return "".join(f"{day} {hour:02d}:00,{100 + hour}\n" for hour in range(count))


def old_rows(day: str, clock: list[tuple[str, str]]) -> str:
    return "".join(f'"{day} {start} - {day} {end}","{place}.5","EUR",""\n' for place, (start, end) in enumerate(clock))


@pytest.mark.parametrize("header", [OLD_MAPS, NEW_MAPS])
def test_the_files_of_electricity_maps_are_recognised_with_both_scopes_and_the_publishers_zone(tmp_path: Path, header: str) -> None:
    text = (
        header + "2024-01-01 00:00:00,Finland,Finland,FI,40,60.5,1,1,x,true,A\n2024-01-01 01:00:00,Finland,Finland,FI,0,61,1,1,x,false,\n"
    )
    found = values(tmp_path, text)
    assert "Electricity Maps" in found.form
    assert found.values.select("zone", "method", "scope", "started", "minutes", "value").rows() == [
        ("FI", "flow_traced", "direct", datetime(2024, 1, 1, 0, tzinfo=UTC), 60, 40.0),
        ("FI", "flow_traced", "direct", datetime(2024, 1, 1, 1, tzinfo=UTC), 60, 0.0),
        ("FI", "flow_traced", "life_cycle", datetime(2024, 1, 1, 0, tzinfo=UTC), 60, 60.5),
        ("FI", "flow_traced", "life_cycle", datetime(2024, 1, 1, 1, tzinfo=UTC), 60, 61.0),
    ]
    assert found.notes == ("1 of 2 rows were estimated by their publisher",)
    assert values(tmp_path, text, scope=IntensityScope.DIRECT).passed_over == 2


def test_a_method_that_the_form_denies_is_refused(tmp_path: Path) -> None:
    text = NEW_MAPS + "2024-01-01 00:00:00,Finland,Finland,FI,40,60.5,1,1,x,false,\n"
    with pytest.raises(InputError, match="flow-traced"):
        values(tmp_path, text, method=IntensityMethod.PRODUCTION)


@pytest.mark.parametrize("step", [timedelta(days=1), timedelta(days=31), timedelta(days=365)])
def test_values_of_days_months_and_years_are_not_taken_for_hours(tmp_path: Path, step: timedelta) -> None:
    rows = "".join(
        f"{datetime(2021, 1, 1, tzinfo=UTC) + step * place:%Y-%m-%d %H:%M:%S},Finland,Finland,FI,40,60,1,1,x,,\n" for place in range(4)
    )
    found = values(tmp_path, NEW_MAPS + rows)
    assert found.values.is_empty()
    assert set(found.refusals["reason"]) == {"no length"}


def test_the_old_export_of_entso_e_is_read_in_the_night_with_25_hours(tmp_path: Path) -> None:
    clock = [(f"{hour:02d}:00", f"{hour + 1:02d}:00") for hour in (0, 1, 2, 2, 3, 4)]
    found = values(tmp_path, OLD_ENTSO_E + old_rows("27.10.2019", clock), "price")
    first = datetime(2019, 10, 26, 22, tzinfo=UTC)
    assert found.values["started"].to_list() == [first + timedelta(hours=place) for place in range(6)]
    assert found.values["value"].to_list() == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]
    assert set(found.values["minutes"]) == {60}
    assert set(found.values["zone"]) == {"DE-LU"}


def test_the_old_export_of_entso_e_is_read_in_the_night_with_23_hours(tmp_path: Path) -> None:
    text = OLD_ENTSO_E + (
        '"31.03.2019 01:00 - 31.03.2019 02:00","5","EUR",""\n"31.03.2019 02:00 - 31.03.2019 03:00","","EUR",""\n'
        '"31.03.2019 03:00 - 31.03.2019 04:00","-7.5","EUR",""\n'
    )
    found = values(tmp_path, text, "price")
    assert (found.values["value"].to_list(), found.empty, found.refusals.height) == ([5.0, -7.5], 1, 0)
    assert found.values["started"].diff().drop_nulls().to_list() == [timedelta(hours=1)]
    stated = values(tmp_path, text.replace('03:00","","EUR"', '03:00","6","EUR"'), "price")
    assert stated.refusals["reason"].to_list() == ["skipped"]


def test_the_new_export_of_entso_e_says_summer_and_winter_time_and_other_auctions_are_left_out(tmp_path: Path) -> None:
    area = '"BZN|DE-LU","Sequence 1"'
    text = NEW_ENTSO_E + (
        f'"27/10/2024 02:00:00 (CEST) - 27/10/2024 02:00:00 (CET)",{area},"10","",""\n'
        f'"27/10/2024 02:00:00 (CET) - 27/10/2024 03:00:00 (CET)",{area},"20","",""\n'
        f'"27/10/2024 02:00:00 (CET) - 27/10/2024 03:00:00 (CET)",{area.replace("1", "2")},"99","",""\n'
        f'"01/11/2024 00:00:00 - 01/11/2024 00:15:00",{area},"N/A","",""\n'
        f'"01/11/2024 00:15:00 - 01/11/2024 00:30:00",{area},"-500","",""\n'
    )
    found = values(tmp_path, text, "price")
    assert found.values.select("zone", "started", "minutes", "value").rows() == [
        ("DE-LU", datetime(2024, 10, 27, 0, tzinfo=UTC), 60, 10.0),
        ("DE-LU", datetime(2024, 10, 27, 1, tzinfo=UTC), 60, 20.0),
        ("DE-LU", datetime(2024, 10, 31, 23, 15, tzinfo=UTC), 15, -500.0),
    ]
    assert (found.empty, found.passed_over, found.refusals.height) == (1, 1, 0)


def test_a_spring_interval_of_two_clock_hours_holds_for_one(tmp_path: Path) -> None:
    text = NEW_ENTSO_E + '"31/03/2024 01:00:00 (CET) - 31/03/2024 03:00:00 (CEST)","BZN|PT","Without Sequence","5","",""\n'
    assert values(tmp_path, text, "price").values["minutes"].to_list() == [60]
    assert values(tmp_path, text.replace(" (CET)", "").replace(" (CEST)", ""), "price").values["minutes"].to_list() == [60]


@pytest.mark.parametrize(
    ("zone", "night"), [("Europe/Paris", "2022-10-30"), ("Europe/Helsinki", "2022-10-30"), ("Europe/Lisbon", "2021-10-31")]
)
@pytest.mark.parametrize("minutes", [60, 15])
def test_local_times_of_the_longest_day_stand_for_as_many_instants_as_passed(tmp_path: Path, zone: str, night: str, minutes: int) -> None:
    midnight = datetime.fromisoformat(night).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    instants = [midnight + timedelta(minutes=minutes * place) for place in range(25 * 60 // minutes)]
    rows = [f"{instant.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M},{100 + place}" for place, instant in enumerate(instants)]
    for lines in (rows, rows[::-1]):
        text = "time,price_eur_per_mwh\n" + "\n".join(lines) + "\n"
        found = values(tmp_path, text, "price", zones=("X",), time_zone=zone)
        assert found.values["started"].to_list() == instants
        assert found.values["value"].to_list() == [100.0 + place for place in range(len(instants))]
        assert set(found.values["minutes"]) == {minutes}


def test_a_repeated_hour_that_stands_in_the_file_once_is_refused_not_guessed(tmp_path: Path) -> None:
    text = "time,price_eur_per_mwh\n" + hours("2022-10-30")
    found = values(tmp_path, text, "price", zones=("FR",), time_zone="Europe/Paris")
    assert found.refusals.select("line", "reason").rows() == [(4, "once of two")]


def test_times_with_their_offset_need_no_zone_and_those_without_do(tmp_path: Path) -> None:
    text = "time,zone,intensity_gco2e_per_kwh\n2024-07-01T12:00:00+02:00,DE,300\n2024-07-01T11:00:00Z,DE,301\n"
    assert values(tmp_path, text, **FLOW_TRACED).values["started"].dt.hour().to_list() == [10, 11]
    with pytest.raises(InputError, match="--time-zone"):
        values(tmp_path, text.replace("Z,DE", ",DE"), **FLOW_TRACED)
    with pytest.raises(InputError, match="Mars"):
        values(tmp_path, text, time_zone="Mars/Olympus", **FLOW_TRACED)


def test_a_wide_table_is_a_column_a_zone(tmp_path: Path) -> None:
    text = "time_utc;DE;IT-NO\n2024-01-01 00:00;12,5;-3\n2024-01-01 01:00;1;\n"
    found = values(tmp_path, text, "price", unit="ct/kWh")
    assert found.values.select("zone", "value").rows() == [("DE", 125.0), ("DE", 10.0), ("IT-NO", -30.0)]
    assert (found.empty, found.read) == (1, 4)
    with pytest.raises(InputError, match="--unit"):
        values(tmp_path, text, "price")


def test_countries_are_taken_under_their_codes_and_that_is_told(tmp_path: Path) -> None:
    text = "Datetime (UTC),Country,Price (EUR/MWhe)\n2024-01-01 00:00,Austria,5\n2024-01-01 01:00,Austria,6\n"
    found = values(tmp_path, text, "price")
    assert set(found.values["zone"]) == {"AT"}
    assert any("ISO 3166" in note for note in found.notes)


def test_columns_that_only_begin_like_a_zone_are_not_taken_for_zones(tmp_path: Path) -> None:
    text = "utc_timestamp,DE_LU_price_day_ahead,CI_direct\n2024-01-01 00:00,5,6\n"
    with pytest.raises(InputError, match="no column of price values"):
        values(tmp_path, text, "price", unit="EUR/MWh")


def test_a_wide_parquet_file_and_a_spreadsheet_like_one_agree(tmp_path: Path) -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    frame = pl.DataFrame({"time": [start, start + timedelta(hours=1)], "FI [EUR/MWh]": [1.5, -2.0], "SE3 [EUR/MWh]": [3.0, None]})
    path = tmp_path / "wide.parquet"
    frame.write_parquet(path)
    found = series_values(SeriesOrder(path=path, kind=SeriesKind.PRICE))
    assert found.values.select("zone", "value").rows() == [("FI", 1.5), ("FI", -2.0), ("SE3", 3.0)]
    assert found.empty == 1


@pytest.mark.parametrize(
    ("header", "unit", "value"),
    [
        ("kgco2_per_kwh", None, 300.0),
        ("gCO2eq/kWh", None, 0.3),
        ("carbon_intensity", "kgCO2e/MWh", 0.3),
        ("carbon_intensity", "t/MWh", 300.0),
    ],
)
def test_a_unit_is_taken_from_the_column_or_from_the_option(tmp_path: Path, header: str, unit: str | None, value: float) -> None:
    text = f"ts_utc,zone,{header}\n2024-01-01 00:00,DE,0.3\n2024-01-01 01:00,DE,0.3\n"
    assert values(tmp_path, text, unit=unit, **FLOW_TRACED).values["value"].to_list() == pytest.approx([value, value])


@pytest.mark.parametrize(
    ("text", "kind", "order", "told"),
    [
        ("time_utc,zone,intensity_gco2e_per_kwh\n2024-01-01 00:00,DE,1\n", "carbon", {"scope": IntensityScope.DIRECT}, "--method"),
        (
            "time_utc,zone,intensity_gco2e_per_kwh\n2024-01-01 00:00,DE,1\n",
            "carbon",
            {"method": IntensityMethod.PRODUCTION},
            "--scope",
        ),
        ("time_utc,price_eur_per_mwh\n2024-01-01 00:00,1\n", "price", {}, "--zone"),
        ("time_utc,zone,price_eur_per_mwh\n2024-01-01 00:00,FI,1\n", "price", {"zones": ("DE",)}, "no zone 'DE'"),
        ("time_utc,zone,price_eur_per_mwh\n2024-01-01 00:00,FI,1\n", "carbon", FLOW_TRACED, "--kind price"),
        ("time_utc,zone,intensity_gco2e_per_kwh\n2024-01-01 00:00,FI,1\n", "price", {}, "--kind carbon"),
        ("time_utc,zone,price_gbp_per_mwh\n2024-01-01 00:00,GB,1\n", "price", {}, "currency"),
        ("time_utc,zone,price_eur_per_mwh\n2024-01-01 00:00,FI,1\n", "price", {"unit": "EUR/kWh"}, "--unit"),
        ("time_utc,zone,price\n2024-01-01 00:00,FI,1\n", "price", {"unit": "apples"}, "apples"),
        ("time_utc,zone,price\n2024-01-01 00:00,FI,1\n", "price", {}, "--unit"),
        ("zone,price_eur_per_mwh\nFI,1\n", "price", {}, "times"),
        ("time_utc,zone,a_eur_mwh,b_eur_mwh\n2024-01-01 00:00,FI,1,2\n", "price", {}, "several"),
        ("time_utc,colour,size\n2024-01-01 00:00,red,2\n", "price", {"zones": ("FI",)}, "no column of price values"),
        ("time_utc,zone,price_eur_per_mwh\n2024-01-01 00:00,FI,1\n", "price", {"time_zone": "Europe/Paris"}, "is in UTC"),
    ],
)
def test_what_a_file_does_not_say_is_asked_for_in_one_sentence(
    tmp_path: Path, text: str, kind: str, order: dict[str, Any], told: str
) -> None:
    with pytest.raises(InputError, match=told) as error:
        values(tmp_path, text, kind, **order)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ("2024-01-01 02:00,DE,-1", "impossible value"),
        ("2024-01-01 02:00,DE,2001", "impossible value"),
        ("2024-01-01 02:00,DE,0", "impossible value"),
        ("2024-01-01 02:00,DE,inf", "no number"),
        ("2024-01-01 02:00,DE,'); drop table lake.jobs; --", "no number"),
        ("yesterday,DE,5", "unreadable"),
        ("2024-02-30 02:00,DE,5", "unreadable"),
        ("03/04/2024 02:00,DE,5", "unreadable"),
        ("2024-01-01 02:00,,5", "no zone"),
        ("2024-01-01 02:30,DE,5", "off the clock"),
    ],
)
def test_an_impossible_value_is_refused_with_its_line(tmp_path: Path, rows: str, reason: str) -> None:
    text = f"time_utc,zone,intensity_gco2e_per_kwh\n2024-01-01 00:00,DE,300\n2024-01-01 01:00,DE,301\n{rows}\n2024-01-01 03:30,DE,5\n"
    found = values(tmp_path, text.replace("03:30", "03:00") if reason != "off the clock" else text, **FLOW_TRACED)
    assert (4, reason) in found.refusals.select("line", "reason").rows()


def test_values_stated_twice_are_counted_and_those_that_differ_are_all_refused(tmp_path: Path) -> None:
    text = (
        "time_utc,zone,intensity_gco2e_per_kwh\n2024-01-01 00:00,DE,300\n2024-01-01 01:00,DE,301\n"
        "2024-01-01 01:00,DE,301\n2024-01-01 02:00,DE,1\n2024-01-01 02:00,DE,2\n"
    )
    found = values(tmp_path, text, **FLOW_TRACED)
    assert (found.values.height, found.repeated) == (2, 1)
    assert found.refusals.select("line", "reason").rows() == [(5, "stated twice"), (6, "stated twice")]


@pytest.mark.parametrize(
    "content", [b"", b"\x00\x01", b"PAR1 no parquet", b"a\nb\n", b"time_utc,time_utc,x\n1,2,3\n", b"time_utc,zone\n1,2,3,4\n"]
)
def test_a_file_that_is_no_series_is_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputError) as told:
        values(tmp_path, content, "price")
    assert "\n" not in str(told.value)


TIMES = st.sampled_from(
    ["2022-10-30 01:00", "2022-10-30 02:00", "2022-03-27 02:00", "2022-03-27 03:00", "2022-03-27 03:15", "x", "", "27.03.2022 05:00"]
)
NUMBERS = st.sampled_from(["1", "-5", "1e3", "9e9", "nan", "", "N/A", "1,5", "0x1"]) | st.floats(width=32).map(str)


@trial(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(TIMES, st.sampled_from(["FI", "SE3", ""]), NUMBERS), min_size=1, max_size=12),
    st.sampled_from(["UTC", "Europe/Paris"]),
)
def test_every_value_is_believed_refused_repeated_or_empty(rows: list[tuple[str, str, str]], zone: str) -> None:
    lines = [";".join(row) for row in [("time", "zone", "price_eur_per_mwh"), ("2022-01-01 00:00", "FI", "1"), *rows]]
    with tempfile.TemporaryDirectory() as folder:
        found = values(Path(folder), "\n".join(lines) + "\n", "price", time_zone=zone)
    filled = sum(any(row) for row in rows) + 1
    assert found.read == filled
    assert found.values.select("zone", "started").is_unique().all()
    ended = found.values.with_columns(end=pl.col("started") + pl.duration(minutes="minutes")).with_columns(
        after=pl.col("started").shift(-1).over("zone")
    )
    assert ended.filter(pl.col("after") < pl.col("end")).is_empty()
