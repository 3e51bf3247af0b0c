"""A figure that is withheld stands in charts as withheld, not as unknown, and its row is not read aloud."""

from collections.abc import Callable
from functools import partial

import plotly.graph_objects as go
import polars as pl
import pytest

from analytics.charts import carbon, energy, fairness, received, split, theme, waiting
from analytics.charts.numbers import WITHHELD
from analytics.report.inputs import LEFT_OUT, in_words, marked
from data.terms import HourUnit

NAMES = ["research", "sme"]
UNIT = HourUnit.NODE_HOURS


def rows_of(schema: dict[str, pl.DataType], **known: object) -> pl.DataFrame:
    """A row of research whose figures are known, and one of SMEs without any."""
    first = {name: known.get(name, "2024" if kind == pl.String else 1) for name, kind in schema.items()}
    return pl.DataFrame(
        [{"category": NAMES[0], **first}, {"category": NAMES[1], **dict.fromkeys(schema)}], {"category": pl.String, **schema}
    )


DRAWN: dict[str, tuple[Callable[[pl.DataFrame], go.Figure], Callable[[pl.DataFrame], str], pl.DataFrame]] = {
    "energy": (
        partial(energy.by_group, group="category"),
        partial(energy.by_group_summary, group="category"),
        rows_of(dict(energy.ENERGY_SUMS)),
    ),
    "emissions": (
        partial(carbon.by_group, group="category"),
        partial(carbon.by_group_summary, group="category"),
        rows_of(dict(carbon.EMISSION_SUMS)),
    ),
    "waits": (waiting.by_group, waiting.by_group_summary, rows_of(dict(waiting.WAITS))),
    "dues": (fairness.against_due, fairness.against_due_summary, rows_of(dict(fairness.DUE_MEASURES))),
    "hours": (
        partial(received.by_category, unit=UNIT),
        partial(received.by_category_summary, unit=UNIT),
        rows_of({name: kind for name, kind in received.SHARES.items() if name != "category"}),
    ),
    "split": (
        split.by_system,
        split.by_system_summary,
        rows_of({"system": pl.String, "node_hours_received": pl.Float64, "node_hours_recommended": pl.Float64}).with_columns(
            system=pl.lit("LUMI")
        ),
    ),
}


def words_on(figure: go.Figure) -> str:
    """Every text on a figure and every sentence behind its marks."""
    return str(figure.to_dict())


@pytest.mark.parametrize("name", DRAWN)
def test_a_withheld_row_is_drawn_as_withheld_and_an_unknown_one_as_not_known(name: str) -> None:
    draw, _, rows = DRAWN[name]
    assert WITHHELD in words_on(draw(marked(rows, frozenset({1}))))
    assert WITHHELD not in words_on(draw(marked(rows, frozenset())))


@pytest.mark.parametrize("name", DRAWN)
def test_a_withheld_row_is_left_out_of_the_words_of_a_chart(name: str) -> None:
    _, summary, rows = DRAWN[name]
    said = in_words(summary, rows, frozenset({1}))
    assert said.endswith(LEFT_OUT)
    assert "SMEs" not in said
    assert in_words(summary, rows, frozenset({0, 1})) == LEFT_OUT


@pytest.mark.parametrize("name", ["energy", "emissions", "waits"])
def test_a_chart_without_any_shown_figure_says_that_they_are_withheld(name: str) -> None:
    draw, _, rows = DRAWN[name]
    nothing = rows.tail(1)
    assert theme.ALL_WITHHELD[:20] in words_on(draw(marked(nothing, frozenset({0}))))
    assert theme.ALL_WITHHELD[:20] not in words_on(draw(nothing))
