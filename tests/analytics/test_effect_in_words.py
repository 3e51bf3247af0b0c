"""What a change of quotas brought, said in words and drawn: only what is clear is called an effect."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from analytics import effect_words
from analytics.charts import effect as charts
from analytics.charts.svg import svg
from analytics.effect import AFFECTED, BEYOND, EFFECT, OTHERS, Measure, Verdict, Windows

AROUND = Windows(changed=date(2026, 6, 1), weeks=8)


def rows(*given: dict[str, Any]) -> pl.DataFrame:
    usual = {
        "group": BEYOND,
        "measure": "node_hours",
        "before": 100.0,
        "after": 150.0,
        "change": 50.0,
        "change_low": 20.0,
        "change_high": 80.0,
    }
    return pl.DataFrame([usual | {"verdict": "rose"} | row for row in given], schema=dict(EFFECT))


def test_a_clear_effect_is_named_with_its_size() -> None:
    said = effect_words.finding(rows({}, {"measure": "median_wait_s", "verdict": "not_clear"}), AROUND).replace(
        "\N{NARROW NO-BREAK SPACE}", " "
    )
    assert "node-hours a week rose by 50 node-hours (50 %)" in said
    assert "median wait" not in said


def test_what_may_be_chance_is_not_called_an_effect() -> None:
    assert effect_words.finding(rows({"verdict": "not_clear"}), AROUND).startswith("No clear effect")


def test_too_few_weeks_are_said_to_be_too_early() -> None:
    assert effect_words.finding(rows({}), Windows(changed=AROUND.changed, weeks=1)).startswith(
        "Too early to tell: the logs hold 1 whole week "
    )


@pytest.mark.parametrize("measure", list(Measure))
@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_measure_and_verdict_is_said_without_unknown_figures(measure: Measure, verdict: Verdict) -> None:
    unknown = verdict in (Verdict.TOO_EARLY, Verdict.NOT_KNOWN)
    missing = dict.fromkeys(("change_low", "change_high")) if unknown else {}
    said = effect_words.sentences(rows({"measure": measure.value, "verdict": verdict.value} | missing), BEYOND)
    assert len(said) == (0 if verdict is Verdict.NOT_KNOWN else 1)
    assert not any("None" in sentence or "not available" in sentence for sentence in said)


def test_the_chart_shows_each_group_with_its_interval_those_compared_first() -> None:
    shown = rows(
        {"group": "sme"}, {"group": OTHERS}, {"group": AFFECTED, "verdict": "not_clear"}, {}, {"group": "research", "before": None}
    )
    figure = charts.changes(shown, "node_hours", title="Change")
    assert list(figure.layout.yaxis.ticktext) == ["Beyond the others", "Projects changed", "All other projects", "SMEs"]
    assert figure.data[0].x.tolist() == [20, 80]
    assert figure.data[3].marker.color == "#FFFFFF"
    assert "<svg" in svg(figure, alt="Change")
    assert "had it changed as the others" in charts.changes_summary(shown, "node_hours")


def test_without_an_interval_words_stand_in_the_chart() -> None:
    assert "too few whole weeks" in charts.changes_summary(rows({"change_low": None}), "node_hours")
    assert charts.changes(rows(), "node_hours").data == ()


def test_nothing_is_drawn_to_have_fallen_by_more_than_all_of_it() -> None:
    fallen = rows({"before": 100.0, "after": 10.0, "change": -90.0, "change_low": -130.0, "change_high": -50.0})
    assert "(\N{MINUS SIGN}100" in charts.changes_summary(fallen, "node_hours")
