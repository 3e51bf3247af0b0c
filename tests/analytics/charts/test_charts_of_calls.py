"""Charts of calls: words where nothing is awarded, names made harmless, and summaries that say the same numbers."""

import json

import plotly.graph_objects as go
import polars as pl
import pytest

from analytics.charts import calls, theme
from data.terms import HourUnit

UNIT = HourUnit.GPU_HOURS
OFFERED = pl.DataFrame({"name": ["LUMI-G", "<b>X</b>"], "hours_offered": [1_000_000, 500_000]})
AWARDED = pl.DataFrame(
    {"name": ["LUMI-G", "LUMI-G", "<b>X</b>"], "category": ["sme", "research", "sme"], "hours_awarded": [250_000, 500_000, 500_000]}
)
LIMITS = pl.DataFrame(
    {
        "limit": ["the 1,000,000 GPU-hours offered on LUMI-G", "at least 20 % for SMEs", "nothing offered"],
        "sense": ["max", "min", "max"],
        "share_used": [0.75, 0.5, None],
        "kept": [True, False, True],
    }
)
COUNTRIES = pl.DataFrame({"country": ["FI", None], "hours_asked": [10, 30], "hours_awarded": [10, 0]})


def drawn() -> list[go.Figure]:
    return [
        calls.by_machine(AWARDED, OFFERED, unit=UNIT, title="t"),
        calls.limits_used(LIMITS, title="t"),
        calls.by_country(COUNTRIES, title="t"),
    ]


@pytest.mark.parametrize("figure", drawn())
def test_a_chart_can_be_written_and_holds_no_markup_of_names(figure: go.Figure) -> None:
    text = figure.to_json()
    assert json.loads(text)["data"]
    assert "<b>X" not in text


def test_the_bars_of_a_machine_add_up_to_what_is_awarded_there() -> None:
    figure = calls.by_machine(AWARDED, OFFERED, unit=UNIT)
    assert sum(float(bar.x[0]) for bar in figure.data) == pytest.approx(0.75)
    assert {bar.marker.color for bar in figure.data} == {theme.COLOURS["sme"], theme.COLOURS["research"]}
    assert "LUMI-G 750" in calls.by_machine_summary(AWARDED, OFFERED, unit=UNIT)


def test_a_limit_that_is_not_kept_is_drawn_and_said_so() -> None:
    figure = calls.limits_used(LIMITS)
    assert list(figure.data[0].marker.color) == [theme.OVER, theme.NEUTRAL]
    assert "missed" in figure.data[0].text[0]
    assert "not kept: at least 20 % for SMEs" in calls.limits_used_summary(LIMITS)


def test_a_country_that_is_not_known_is_named_so() -> None:
    figure = calls.by_country(COUNTRIES)
    assert list(figure.layout.yaxis.ticktext) == ["Finland", "country not known"]
    assert "Finland 100" in calls.by_country_summary(COUNTRIES)


def test_where_nothing_is_awarded_words_stand_instead() -> None:
    assert calls.by_machine_summary(AWARDED.clear(), OFFERED.clear(), unit=UNIT) == calls.NOTHING
    assert calls.by_country_summary(COUNTRIES.with_columns(hours_awarded=pl.lit(0, pl.Int64))) == calls.NOTHING
    assert calls.by_machine(AWARDED.clear(), OFFERED.clear(), unit=UNIT).layout.annotations[0].text == calls.NOTHING
