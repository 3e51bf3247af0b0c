"""Numbers as people read them."""

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.charts import numbers
from analytics.charts.numbers import THIN_SPACE


@pytest.mark.parametrize("unknown", [None, math.nan, math.inf])
@pytest.mark.parametrize(
    "writes",
    [numbers.plain, numbers.exact, numbers.energy, numbers.emissions, numbers.duration, numbers.percent, numbers.points, numbers.change],
)
def test_an_unknown_number_is_said_to_be_not_available(writes, unknown) -> None:  # type: ignore[no-untyped-def]
    assert writes(unknown) == "not available"


@given(st.floats(-1e13, 1e13))
def test_a_plain_number_is_within_half_of_its_third_digit(value: float) -> None:
    shown = float(numbers.plain(value).replace(",", "").replace("\N{MINUS SIGN}", "-"))
    assert abs(shown - value) <= abs(value) * 0.005 + 1e-11


@given(st.floats(1, 1e14))
def test_an_amount_means_what_it_stands_for(value: float) -> None:
    number, *rest = numbers.amount(value, "node-hours").split(THIN_SPACE)
    factor = {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}.get(rest[0], 1)
    assert float(number.replace(",", "")) * factor == pytest.approx(value, rel=0.0051)


def test_no_number_is_written_as_a_thousand_of_a_prefix() -> None:
    assert numbers.amount(999_999, "node-hours") == f"1.00{THIN_SPACE}M{THIN_SPACE}node-hours"
    assert numbers.energy(999_999) == f"1.00{THIN_SPACE}GWh"


def test_small_and_large_emissions_find_their_unit() -> None:
    assert [numbers.emissions(v) for v in (0, 12, 482_000, 3.4e6)] == [
        f"0{THIN_SPACE}t CO₂e",
        f"12{THIN_SPACE}kg CO₂e",
        f"482{THIN_SPACE}t CO₂e",
        f"3.40{THIN_SPACE}kt CO₂e",
    ]


def test_a_negative_number_has_a_true_minus_sign() -> None:
    assert numbers.plain(-1.5) == "\N{MINUS SIGN}1.5"
    assert numbers.points(-0.05) == f"\N{MINUS SIGN}5.0{THIN_SPACE}pp"


def test_a_share_that_rounds_to_ten_percent_has_no_decimals() -> None:
    assert numbers.percent(0.0995) == f"10{THIN_SPACE}%"


def test_an_unknown_day_is_not_available() -> None:
    assert (numbers.day(date(2026, 11, 23)), numbers.day(None)) == ("23 November 2026", "not available")
