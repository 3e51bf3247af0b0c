"""Vector pictures show what the figures show: every chart of the house, every word, and nothing left out in silence."""

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from datetime import date
from importlib import import_module
from inspect import getmembers, isfunction, signature
from pkgutil import iter_modules
from typing import Any

import numpy as np
import plotly.graph_objects as go
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_charts import CHARTS, MONTHLY_DUE
from test_charts_of_calls import AWARDED, COUNTRIES, LIMITS, OFFERED, UNIT

from analytics import charts
from analytics.charts import calls, effect, fairness, frontier, quota, theme
from analytics.charts.picture import png
from analytics.charts.svg import svg
from analytics.charts.svg_axes import axis_of, ticks
from analytics.charts.svg_text import plain, width_px, wrapped
from analytics.effect import EFFECT
from analytics.quota_burn import BURN_DOWN
from data.errors import InputError

ALT = "What the chart shows, in words."
TITLE = "A finding & what follows"
POINTS = pl.DataFrame(
    {
        "aim": ["Most hours", "Proportional", "Proportional"],
        "carbon_budget_t": [None, None, 20.0],
        "outcome": ["optimal"] * 3,
        "node_hours": [2e6, 1.8e6, 1.5e6],
        "emissions_location_t": [40.0, 35.0, 20.0],
        "served_of_worst": [0.2, 0.4, 0.3],
        "satisfaction": [0.5] * 3,
        "satisfaction_at_most": [0.6] * 3,
    }
)
INDEX = pl.DataFrame({"month": MONTHLY_DUE["month"].unique().sort(), "projects": [3, 4, 5], "jain": [0.5, None, 0.75]})
BURNS = pl.DataFrame(
    [
        (date(2026, 3, 1), 900.0, None, None, False),
        (date(2026, 4, 1), 600.0, None, None, False),
        (date(2026, 4, 8), 500.0, 450.0, 560.0, True),
        (date(2026, 6, 1), -50.0, -300.0, 250.0, True),
    ],
    schema=BURN_DOWN,
    orient="row",
)
CHANGED = pl.DataFrame(
    [("affected", "node_hours", 100.0, 150.0, 50.0, 10.0, 80.0, "rose"), ("sme", "node_hours", 40.0, 38.0, -2.0, -20.0, 9.0, "not_clear")],
    schema=EFFECT,
    orient="row",
)

DRAWN: dict[Callable[..., go.Figure], Callable[[], go.Figure]] = {
    **{
        draws: lambda draws=draws, frame=frame, options=options: draws(frame, title=TITLE, **options)
        for draws, _, frame, options in CHARTS.values()
    },
    calls.by_machine: lambda: calls.by_machine(AWARDED, OFFERED, unit=UNIT, title=TITLE),
    calls.limits_used: lambda: calls.limits_used(LIMITS, title=TITLE),
    calls.by_country: lambda: calls.by_country(COUNTRIES, title=TITLE),
    fairness.index_over_time: lambda: fairness.index_over_time(INDEX, "jain", name="Jain's index", title=TITLE),
    quota.burn_down: lambda: quota.burn_down(BURNS, category="sme", unit=UNIT, ends=date(2026, 6, 1), title=TITLE),
    effect.changes: lambda: effect.changes(CHANGED, "node_hours", title=TITLE),
    frontier.frontier: lambda: frontier.frontier(POINTS, current=(1.6e6, 0.35), title=TITLE),
}
"""Every chart of the documents, and more, with a figure that it draws."""

ON_PAGES = {"comparison", "gains", "groups", "lorenz", "map", "power", "savings", "spread", "week"}
"""Files whose charts are tried as the pages show them, in tests/pages/test_figures_of_pages.py."""


def chart_functions() -> Iterator[Callable[..., go.Figure]]:
    """What returns a figure and answers a question; the empty figures of the theme answer none, nor does what changes another figure."""
    for module in iter_modules(charts.__path__):
        if module.name == "theme" or module.name in ON_PAGES:
            continue
        for _, function in getmembers(import_module(f"analytics.charts.{module.name}"), isfunction):
            asks = signature(function)
            changes_another = any(parameter.annotation is go.Figure for parameter in asks.parameters.values())
            at_home = function.__module__ == f"analytics.charts.{module.name}"
            is_part = function.__name__.startswith("_")
            if at_home and not is_part and asks.return_annotation is go.Figure and not changes_another:
                yield function


def drawn_bars(trace: go.Bar) -> int:
    lengths = np.asarray(trace.x if trace.orientation == "h" else trace.y, dtype=float)
    return int(np.count_nonzero(lengths[np.isfinite(lengths)]))


def said(drawn: str) -> str:
    return " ".join("".join(node.itertext()) for node in ET.fromstring(drawn).iter() if node.tag.endswith("}text"))


def tags(drawn: str) -> list[str]:
    return [node.tag.rpartition("}")[2] for node in ET.fromstring(drawn).iter()]


def as_read(text: object) -> str:
    return plain(str(text).replace("<br>", " ")).replace("\u202f", "\u00a0")


def test_every_chart_of_the_house_is_tried_here() -> None:
    missing = set(chart_functions()) - set(DRAWN)
    assert not missing, f"add to CHARTS in test_charts.py or to DRAWN here: {missing}"


@pytest.mark.parametrize("function", DRAWN, ids=lambda function: f"{function.__module__.rpartition('.')[2]}.{function.__name__}")
class TestEveryChart:
    def test_it_is_drawn_with_its_title_description_and_role(self, function: Callable[..., go.Figure]) -> None:
        root = ET.fromstring(svg(DRAWN[function](), alt=ALT))
        texts = {node.tag.rpartition("}")[2]: node for node in root}
        assert root.get("role") == "img"
        assert root.get("aria-labelledby") == f"{texts['title'].get('id')} {texts['desc'].get('id')}"
        assert (texts["title"].text, texts["desc"].text) == (TITLE, ALT)

    def test_every_note_tick_name_and_legend_of_the_figure_stands_in_it(self, function: Callable[..., go.Figure]) -> None:
        figure = DRAWN[function]()
        words = said(svg(figure, alt=ALT))
        expected = [note.text for note in figure.layout.annotations] + list(figure.layout.yaxis.ticktext or ())
        if figure.layout.showlegend:
            expected += [trace.name for trace in figure.data if trace.name and trace.showlegend is not False]
        for text in expected:
            assert all(part in words for part in as_read(text).split(" ")), text

    def test_every_mark_lies_in_the_picture(self, function: Callable[..., go.Figure]) -> None:
        root = ET.fromstring(svg(DRAWN[function](), alt=ALT))
        width, height = float(root.get("width", "")), float(root.get("height", ""))
        shapes = [node for node in root.iter() if node.tag.rpartition("}")[2] in ("circle", "rect", "text", "tspan", "line")]
        for node in shapes:
            for name in ("x", "cx", "x1", "x2"):
                assert -0.01 <= float(node.get(name, 0)) <= width + 0.01
            for name in ("y", "cy", "y1", "y2"):
                assert -0.01 <= float(node.get(name, 0)) <= height + 0.01

    def test_the_same_figure_gives_the_same_bytes(self, function: Callable[..., go.Figure]) -> None:
        assert svg(DRAWN[function](), alt=ALT) == svg(DRAWN[function](), alt=ALT)

    def test_it_fits_half_a_page(self, function: Callable[..., go.Figure]) -> None:
        assert 'width="420"' in svg(DRAWN[function](), alt=ALT, width_px=420)


def test_there_are_as_many_bars_and_points_as_the_figure_has() -> None:
    for function, draw in DRAWN.items():
        figure = draw()
        bars = sum(drawn_bars(t) for t in figure.data if t.type == "bar")
        legend = sum(1 for t in figure.data if t.type == "bar") if figure.layout.showlegend else 0
        boxes = [n for n in ET.fromstring(svg(figure, alt=ALT)).iter() if n.tag.endswith("}rect") and str(n.get("fill")).startswith("#")]
        cells = sum(np.asarray(t.z).size for t in figure.data if t.type == "heatmap")
        assert len(boxes) - 1 - legend == bars + cells, function


def test_a_bar_twice_as_long_is_drawn_twice_as_long() -> None:
    figure = theme.rows_canvas("", "h", ["a", "b"])
    figure.add_trace(go.Bar(x=np.array([10.0, 20.0]), y=np.arange(2), orientation="h", marker={"color": "#0072B2"}))
    boxes = [n for n in ET.fromstring(svg(figure, alt=ALT)).iter() if n.get("fill") == "#0072B2"]
    assert float(boxes[1].get("width", 0)) == pytest.approx(2 * float(boxes[0].get("width", 0)), abs=0.02)
    assert boxes[0].get("x") == boxes[1].get("x")


def test_stacked_bars_begin_where_those_below_end() -> None:
    figure = theme.canvas("", "h")
    for value, colour in ((1.0, "#111111"), (2.0, "#222222")):
        figure.add_trace(go.Bar(x=np.array([0]), y=np.array([value]), marker={"color": colour}))
    below, above = (
        n for n in ET.fromstring(svg(figure.update_layout(barmode="stack"), alt=ALT)).iter() if n.get("fill") in ("#111111", "#222222")
    )
    assert float(above.get("y", 0)) + float(above.get("height", 0)) == pytest.approx(float(below.get("y", 0)), abs=0.02)


UNDRAWABLE = {
    "a pie": lambda: go.Figure(go.Pie(values=[1, 2])),
    "a map of tiles": lambda: go.Figure(go.Scattermap(lat=[1], lon=[2])),
    "an axis of logarithms": lambda: theme.canvas("", "h").update_xaxes(type="log"),
    "an arrow": lambda: theme.canvas("", "h").add_annotation(x=0, y=0, text="see", showarrow=True),
    "error bars": lambda: theme.canvas("", "h").add_trace(go.Scatter(x=[1], y=[1], error_y={"array": [1]}, marker={"color": "#111111"})),
    "a colour bar": lambda: theme.canvas("", "h").add_trace(go.Heatmap(z=[[1]], colorscale="Cividis", showscale=True)),
    "a second axis over the first": lambda: theme.canvas("", "h").update_layout(yaxis2={"overlaying": "y"}),
    "a bar of no colour": lambda: theme.canvas("", "h").add_trace(go.Bar(x=[1], y=[1])),
    "an unknown symbol": lambda: theme.canvas("", "h").add_trace(
        go.Scatter(x=[1], y=[1], mode="markers", marker={"symbol": "hexagram", "color": "#111111"})
    ),
    "a link": lambda: theme.canvas("", "h").add_annotation(x=0, y=0, text="<a href='x'>y</a>", showarrow=False),
    "a number format of another kind": lambda: theme.canvas("", "h").update_xaxes(tickformat="~s"),
    "the looks of another house": lambda: go.Figure(go.Scatter(x=[1], y=[2]), layout={"template": "plotly"}),
}


@pytest.mark.parametrize("draw", UNDRAWABLE.values(), ids=UNDRAWABLE)
def test_what_the_writer_does_not_know_is_refused(draw: Callable[[], go.Figure]) -> None:
    with pytest.raises(InputError):
        svg(draw(), alt=ALT)


def test_a_picture_without_words_is_refused() -> None:
    with pytest.raises(InputError, match="alt"):
        svg(theme.words_instead("", "Nothing."), alt=" ")


@given(st.text(max_size=20), st.text(max_size=20))
@settings(max_examples=40, deadline=None)
def test_any_name_from_a_log_is_drawn_as_words_and_never_as_markup(name: str, alt: str) -> None:
    figure = theme.rows_canvas(theme.safe(name), "h", [theme.safe(name) or "-"])
    drawn = svg(figure, alt=f"x{alt}")
    assert "script" not in tags(drawn)
    assert set(tags(drawn)) <= {"svg", "title", "desc", "defs", "rect", "text", "tspan", "line"}


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e9))
def test_ticks_lie_in_the_range_and_are_few(low: float, span: float) -> None:
    axis = axis_of({"range": [low, low + span]}, [], bars=[], from_zero=False).placed(0, 600)
    marked = [value for value, _ in ticks(axis)]
    assert len(marked) <= 12
    assert all(low - 1e-6 * span <= value <= low + span + 1e-6 * span for value in marked)


@given(st.text(alphabet="abc defg", max_size=200), st.floats(60, 400))
def test_wrapped_words_are_all_there_and_no_line_of_several_is_too_long(text: str, room: float) -> None:
    lines = wrapped(text, 13, room)
    assert " ".join(lines).split() == text.split()
    assert all(width_px(line, 13) <= room or " " not in line for line in lines)


def test_a_png_has_the_size_that_was_asked_for() -> None:
    made = png(DRAWN[fairness.against_due](), alt=ALT, width_px=500, height_px=300, zoom=2)
    assert made.startswith(b"\x89PNG")
    assert (int.from_bytes(made[16:20]), int.from_bytes(made[20:24])) == (1000, 600)


def test_a_png_without_the_fonts_of_the_machine_is_the_same_every_time() -> None:
    figure: Any = DRAWN[fairness.against_due]()
    assert png(figure, alt=ALT, zoom=1) == png(figure, alt=ALT, zoom=1)
