"""What charts of calls are headed with: whole shares, ties, countries that are not known, and limits that are not kept."""

import polars as pl
import pytest

from analytics.calls import findings
from data.terms import HourUnit

UNIT = HourUnit.NODE_HOURS
OFFERED = pl.DataFrame({"name": ["LUMI-G", "Vega"], "hours_offered": [100, 100]})


def awarded(*rows: tuple[str, str, int]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"name": pl.String, "category": pl.String, "hours_awarded": pl.Int64}, orient="row")


def limits(*rows: tuple[str, float, bool]) -> pl.DataFrame:
    schema = {"limit": pl.String, "share_used": pl.Float64, "kept": pl.Boolean}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(sense=pl.lit("max"))


def test_where_all_is_awarded_nothing_is_said_to_be_left() -> None:
    found = findings.by_machine(awarded(("LUMI-G", "sme", 100), ("Vega", "sme", 100)), OFFERED, unit=UNIT)
    assert found == "All of the hours offered are awarded, all of them to SMEs."


def test_a_machine_on_which_nothing_is_awarded_is_where_most_is_left() -> None:
    found = findings.by_machine(awarded(("LUMI-G", "sme", 60), ("LUMI-G", "research", 20)), OFFERED, unit=UNIT)
    assert "75" in found
    assert "most is left on Vega, 100" in found


def test_nothing_awarded_is_said_plainly() -> None:
    none = pl.DataFrame({"country": ["FI"], "hours_asked": [5], "hours_awarded": [0]})
    assert {findings.by_machine(awarded(), OFFERED, unit=UNIT), findings.by_country(none)} == {"Nothing is awarded."}


def test_countries_that_receive_alike_are_named_together() -> None:
    groups = pl.DataFrame({"country": ["FI", "FR", "ES"], "hours_asked": [9, 8, 7], "hours_awarded": [5, 5, 0]})
    assert findings.by_country(groups).endswith("most of all Finland and France: 50\u202f% each.")


def test_a_country_that_is_not_known_is_not_counted_as_one() -> None:
    groups = pl.DataFrame({"country": [None, "FR"], "hours_asked": [9, 8], "hours_awarded": [5, 1]})
    assert findings.by_country(groups).startswith("The only country that asked is awarded hours, most of all an unknown country")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((("a", 1.0, True), ("b", 1.0, True)), "All 2 limits are kept, and none of them leaves any room."),
        ((("a", 1.0, True), ("b", 0.5, True)), "All 2 limits are kept, and 1 of them leaves no room."),
        ((("a", 0.2, True), ("b", 0.5, True)), "All 2 limits are kept, and all leave some room."),
        ((("a", 1.2, False), ("b", 0.5, True)), "1 of 2 limits is not kept: a."),
        ((("a", 0.5, True),), "The one limit is kept, and it leaves some room."),
    ],
)
def test_limits_are_said_to_be_kept_only_where_all_are(rows: tuple[tuple[str, float, bool], ...], said: str) -> None:
    assert findings.limits_used(limits(*rows)) == said
