"""A figure of plain values is the figure that Plotly would have made, once it has checked every property."""

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from plotly.basedatatypes import BaseFigure
from test_svg_of_charts import DRAWN

from analytics.charts import theme
from analytics.charts.drawing import Drawing, bar, heatmap, layout_of, scatter


def written(figure: go.Figure) -> dict[str, Any]:
    """The figure as it travels, without the looks that Plotly gives to any figure without its own."""
    found: dict[str, Any] = json.loads(figure.to_json())
    if "data" in found["layout"].get("template", {}):
        del found["layout"]["template"]
    return found


def by_plotly(figure: Drawing) -> dict[str, Any]:
    """The figure as Plotly writes it, after it has checked every property."""
    assert figure.plain is not None
    return written(go.Figure(copy.deepcopy(figure.plain)))


@pytest.mark.parametrize("draws", DRAWN.values())
def test_plotly_accepts_every_property_of_a_chart_and_changes_none(draws: Callable[[], Drawing]) -> None:
    figure = draws()
    assert written(figure) == by_plotly(figure)


def test_looking_into_a_figure_changes_nothing_of_it() -> None:
    figure = theme.rows_canvas("Title", "hours", ["a", "b"], legend=True).add_trace(bar(x=np.array([1.5, 2.5]), y=np.arange(2)))
    before = written(figure)
    assert figure.data[0].type == "bar"
    assert figure.plain is None
    assert written(figure) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda figure: figure.update_layout(margin_b=52, xaxis_title_text="x", title={"font": {"size": 9}}),
        lambda figure: figure.update_layout({"yaxis2": {"overlaying": "y"}}, barmode="stack", paper_bgcolor="#FFFFFF"),
        lambda figure: figure.update_layout(xaxis={"title": {"text": "x"}}).update_layout(xaxis={"title": {"standoff": 6}}),
        lambda figure: figure.update_layout(annotations=[{"text": "first"}]),
        lambda figure: figure.update_xaxes(range=[0, 1], title={"text": "x"}).update_yaxes({"showgrid": False}, visible=False),
        lambda figure: figure.update_yaxes(selector={"visible": False}, showgrid=True),
        lambda figure: figure.add_annotation(text="a", x=1, showarrow=False).add_annotation(go.layout.Annotation(text="b"), x=2),
        lambda figure: figure.add_shape(type="line", x0=0, x1=1, y0=0, y1=1, line={"color": "red"}, name=None),
        lambda figure: figure.add_trace(go.Bar(x=np.array([1, 2]), y=[3, None])).add_trace({"type": "scatter", "x": [1], "mode": "lines"}),
        lambda figure: figure.add_traces([go.Scatter(y=[1.0])]).update_traces(marker_color="red"),
        lambda figure: figure.add_vline(x=1, line_dash="dash"),
    ],
)
def test_a_change_gives_what_it_gives_on_plotlys_own_figure(change: Callable[[go.Figure], go.Figure]) -> None:
    given = {
        "data": [scatter(x=[1, 2], y=np.array([1.0, np.nan]))],
        "layout": {"annotations": [{"text": "old"}], "xaxis": {"zeroline": False}},
    }
    assert written(change(Drawing(given))) == written(change(go.Figure(copy.deepcopy(given))))


@pytest.mark.parametrize(
    "values",
    [
        np.arange(3),
        np.array([-200, 5]),
        np.array([70_000, -3]),
        np.array([2**40]),
        np.array([], dtype=np.int64),
        np.array([0.5, np.nan, np.inf]),
        np.array([1, 2], dtype=np.uint64),
        np.array([1.5], dtype=np.float32),
        np.array([True, False]),
        np.array(["2026-03-01", "2026-04-01"], dtype="datetime64[D]"),
        np.array(["2026-03-01T14:00"], dtype="datetime64[us]"),
        np.array(["a", "b"], dtype=object),
        np.array([3.0, 1.0, 2.0])[::2],
    ],
)
def test_an_array_travels_as_plotly_would_send_it(values: np.ndarray[Any, Any]) -> None:
    assert written(Drawing({"data": [scatter(x=values)]})) == written(go.Figure(go.Scatter(x=values)))


def test_a_matrix_travels_with_its_shape() -> None:
    values = np.arange(6.0).reshape(2, 3)
    assert written(Drawing({"data": [heatmap(z=values)]}))["data"] == written(go.Figure(go.Heatmap(z=values)))["data"]


def test_what_plotly_does_not_know_is_refused_when_the_figure_is_looked_into() -> None:
    figure = Drawing({"data": [bar(x=[1], colour="red")]})
    with pytest.raises(ValueError, match="colour"):
        figure.data  # noqa: B018, looking is what refuses


def test_a_chart_is_drawn_without_plotlys_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    def checked(*_: object, **__: object) -> None:
        raise AssertionError("Plotly checked a figure that nobody looked into")

    monkeypatch.setattr(BaseFigure, "__init__", checked)
    for draws in DRAWN.values():
        assert draws().to_dict()["layout"]["height"] > 0


def test_a_figure_can_be_copied_and_kept() -> None:
    figure = theme.canvas("Title", "hours").add_trace(scatter(x=np.array([1.0]), y=np.array([2.0])))
    assert written(pickle.loads(pickle.dumps(figure))) == written(figure)
    assert written(copy.deepcopy(figure)) == written(figure)
    assert layout_of(figure)["title"]["text"] == layout_of(go.Figure(figure))["title"]["text"] == "Title"
