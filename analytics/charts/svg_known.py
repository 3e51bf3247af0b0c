"""What the writer of vector pictures knows of a figure; anything else is refused, so that no mark is ever left out in silence."""

import base64
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import plotly.graph_objects as go

from data.errors import InputError

DRAWN = """
layout: height width showlegend bargap plot_bgcolor paper_bgcolor font.size
layout.title: text x xref xanchor y yanchor pad.t font.size
layout.margin: t b l r
layout.legend: orientation x y xanchor yanchor traceorder
layout.annotations: text x y xref yref xanchor yanchor xshift yshift showarrow font.size font.color align textangle
layout.shapes: type x0 x1 y0 y1 xref yref layer fillcolor opacity line.color line.width line.dash
layout.axis: title.text title.standoff showgrid gridcolor zeroline tickformat tickvals ticktext tickmode range rangemode autorange type
layout.axis: dtick ticksuffix tickprefix ticks ticklabelstandoff visible showticklabels domain anchor side scaleanchor scaleratio tickangle
layout.axis: categoryarray categoryorder nticks matches tick0 showline constrain
bar: type name x y orientation width base text textposition cliponaxis showlegend xaxis yaxis visible legendgroup opacity
bar.marker: color opacity line.color line.width pattern.shape pattern.fillmode pattern.fgcolor pattern.size pattern.solidity
scatter: type name x y mode cliponaxis showlegend xaxis yaxis visible legendgroup opacity text textposition textfont.color textfont.size
scatter: fill fillcolor connectgaps
scatter.line: color width dash shape
scatter.marker: color size symbol opacity line.color line.width
heatmap: type name x y z zmin zmax colorscale showscale xgap ygap text texttemplate textfont.color textfont.size xaxis yaxis
heatmap: visible showlegend
"""
"""The features that are drawn, by where they stand."""

WITHOUT_MARK = """
layout: hovermode clickmode dragmode separators uirevision hoverdistance hoverlabel.align autosize
layout.template: layout.font.size layout.hoverlabel.align
layout.legend: itemclick itemdoubleclick
layout.axis: automargin fixedrange hoverformat
bar: customdata hovertemplate hoverinfo hovertext ids constraintext
scatter: customdata hovertemplate hoverinfo hovertext ids hoveron
heatmap: customdata hovertemplate hoverinfo hovertext hoverongaps
"""
"""The features that answer the pointer or the window, and leave no mark on paper."""

ONLY: dict[str, frozenset[object]] = {
    "layout.barmode": frozenset({"stack", "relative", "group", "overlay"}),
    "layout.legend.orientation": frozenset({"h"}),
    "layout.legend.traceorder": frozenset({"normal"}),
    "layout.annotations.showarrow": frozenset({False}),
    "layout.annotations.textangle": frozenset({0}),
    "layout.shapes.type": frozenset({"line", "rect"}),
    "layout.shapes.layer": frozenset({"below", "above"}),
    "layout.axis.type": frozenset({"linear", "date", "category", "-"}),
    "layout.axis.rangemode": frozenset({"tozero", "normal"}),
    "layout.axis.autorange": frozenset({True, False, "reversed"}),
    "layout.axis.ticks": frozenset({""}),
    "layout.axis.tickangle": frozenset({0}),
    "layout.axis.showline": frozenset({False}),
    "layout.axis.zeroline": frozenset({False}),
    "layout.axis.side": frozenset({"left", "bottom"}),
    "layout.axis.categoryorder": frozenset({"array", "trace"}),
    "layout.axis.constrain": frozenset({"range", "domain"}),
    "layout.axis.tickmode": frozenset({"array", "auto", "linear"}),
    "layout.title.xanchor": frozenset({"left"}),
    "layout.title.x": frozenset({0}),
    "layout.title.yanchor": frozenset({"top"}),
    "bar.orientation": frozenset({"h", "v"}),
    "bar.textposition": frozenset({"outside", "inside", "none"}),
    "bar.marker.pattern.fillmode": frozenset({"overlay"}),
    "bar.marker.pattern.shape": frozenset({"", "/", "\\", "|", "-", "+", "x", "."}),
    "bar.visible": frozenset({True, False, "legendonly"}),
    "scatter.visible": frozenset({True, False, "legendonly"}),
    "heatmap.visible": frozenset({True, False}),
    "scatter.mode": frozenset({"lines", "markers", "lines+markers", "text", "markers+text", "lines+text", "lines+markers+text", "none"}),
    "scatter.fill": frozenset({"none", "toself", "tozeroy", "tonexty"}),
    "scatter.line.shape": frozenset({"linear", "hv", "vh"}),
    "scatter.connectgaps": frozenset({False, True}),
    "heatmap.showscale": frozenset({False}),
    "heatmap.texttemplate": frozenset({"%{text}"}),
}
"""Features of which only these values are drawn."""

MOST_NAMED = 8

LISTS = frozenset(
    f"{trace}.{name}" for trace in ("bar", "scatter", "heatmap") for name in ("x", "y", "z", "text", "customdata", "hovertext", "ids")
) | {"heatmap.colorscale", "layout.axis.tickvals", "layout.axis.ticktext", "layout.axis.range", "layout.axis.domain"}
"""What holds data, into which nobody looks for features."""


def described(figure: go.Figure) -> dict[str, Any]:
    """The figure as plain dictionaries with its arrays unpacked, after every feature in it was recognised.

    Raises:
        InputError: if the figure has a trace or a feature that is not drawn.
    """
    plain: dict[str, Any] = _unpacked(figure.to_plotly_json())
    unknown = sorted({said for trace in plain["data"] for said in _unknown(trace, trace["type"])})
    unknown += sorted(set(_unknown(plain["layout"], "layout")))
    if unknown:
        raise InputError(
            f"the picture of a chart cannot show {', '.join(unknown[:MOST_NAMED])}; "
            "draw it with features that analytics/charts/svg_known.py lists, or teach the writer to draw these."
        )
    return plain


def _features(listing: str) -> frozenset[str]:
    lines = (line.split(":") for line in listing.strip().splitlines())
    return frozenset(f"{place}.{name}" for place, names in lines for name in names.split())


_KNOWN = _features(DRAWN) | _features(WITHOUT_MARK) | frozenset(ONLY)


def _unknown(part: Any, place: str) -> Iterator[str]:
    if isinstance(part, dict) and place not in LISTS:
        for name, inner in part.items():
            below = re.sub(r"^(layout)\.[xy]axis\d*", r"\1.axis", f"{place}.{name}")
            yield from _unknown(inner, below)
    elif place in LISTS:
        return
    elif isinstance(part, list | tuple) and part and isinstance(part[0], dict):
        for inner in part:
            yield from _unknown(inner, place)
    elif part is not None and place not in _KNOWN:
        yield place
    elif place in ONLY:
        values = part if isinstance(part, list | tuple | np.ndarray) else (part,)
        yield from (f"{place} = {value!r}" for value in values if value is not None and value not in ONLY[place])


def _unpacked(part: Any) -> Any:
    """Numbers that travel as bytes become arrays again."""
    if isinstance(part, dict) and "bdata" in part:
        values = np.frombuffer(base64.b64decode(part["bdata"]), dtype=np.dtype(part["dtype"]))
        return values.reshape([int(size) for size in part["shape"].split(",")]) if "shape" in part else values
    if isinstance(part, dict):
        return {name: _unpacked(inner) for name, inner in part.items()}
    if isinstance(part, list | tuple):
        return [_unpacked(inner) for inner in part]
    return part
