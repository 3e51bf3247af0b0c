"""Figures as vector pictures: for documents and downloads, drawn without a browser from the very figures that the pages show."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from analytics.charts import svg_axes, svg_marks, theme
from analytics.charts.svg_axes import Axis
from analytics.charts.svg_elements import dashed, element, harmless, number, painted
from analytics.charts.svg_known import described
from analytics.charts.svg_layout import (
    EDGE_PX,
    LEGEND_ROW_PX,
    SAMPLE_PX,
    STANDOFF_PX,
    TITLE_LINE_PX,
    Frame,
    axes_of,
    is_labelled,
    is_turned,
    legend_width,
    place_px,
    roomy,
    title_size,
)
from analytics.charts.svg_marks import Stage
from analytics.charts.svg_text import INK, LINE_HEIGHT, plain, text_element
from data.errors import InputError

WIDTH_PX = 720
PAPER = "#FFFFFF"
FAMILY = "'Source Sans 3', 'Source Sans', 'Segoe UI', system-ui, sans-serif"
"""The fonts of pictures: the one that the reports carry, else the reader's own."""

TURNED_DEGREES = -35


def svg(figure: go.Figure, *, alt: str, width_px: int = WIDTH_PX, height_px: int | None = None) -> str:
    """The figure as an SVG picture with its words as text, its title and description for screen readers, dark on white.

    Args:
        figure: A figure as the functions of this folder draw them; arrays, categories and dates, several subplots too.
        alt: What the picture shows, in words; it becomes its description.
        width_px: The width of the picture.
        height_px: Its height; that of the figure, if none is given.

    Raises:
        InputError: if the figure has a trace or a feature that this writer does not know, or no words describe it.
    """
    if not alt.strip():
        raise InputError("the picture of a chart needs words that say what it shows; give them as alt.")
    drawn = described(figure)
    layout = drawn["layout"]
    traces = [trace for trace in drawn["data"] if trace.get("visible") not in (False, "legendonly")]
    prefix = (
        "c" + hashlib.sha256(f"{alt} {width_px} {height_px} {json.dumps(figure.to_plotly_json(), default=str)}".encode()).hexdigest()[:10]
    )
    axes = axes_of(layout, traces)
    frame, legend, placed = roomy(layout, axes, traces, width_px, height_px)
    tiles: dict[str, str] = {}
    body = [
        *_grids(placed, frame),
        *_shapes(layout, placed, frame, layer="below"),
        *_marks(layout, traces, placed, prefix, tiles),
        *_shapes(layout, placed, frame, layer="above"),
        *_annotations(layout, placed, frame),
        *_legend(legend, frame, Stage(x=placed["x"], y=placed["y"], clip="", tiles=tiles, prefix=prefix)),
        *(text_element(f"<b>{line}</b>", EDGE_PX, 18 + TITLE_LINE_PX * i, title_size(layout)) for i, line in enumerate(frame.title)),
    ]
    title = plain((layout.get("title") or {}).get("text") or "") or alt.split(".")[0]
    return _document(frame, prefix, title, alt, [*tiles.values(), *_clips(placed, traces, prefix)], body)


def _document(frame: Frame, prefix: str, title: str, alt: str, definitions: Sequence[str], body: Sequence[str]) -> str:
    inside = [
        element("title", harmless(title), id=f"{prefix}-title"),
        element("desc", harmless(alt), id=f"{prefix}-desc"),
        element("defs", "".join(definitions)),
        element("rect", width=frame.width, height=frame.height, fill=PAPER),
        *body,
    ]
    return element(
        "svg",
        "".join(inside),
        xmlns="http://www.w3.org/2000/svg",
        role="img",
        aria_labelledby=f"{prefix}-title {prefix}-desc",
        width=frame.width,
        height=frame.height,
        viewBox=f"0 0 {number(frame.width)} {number(frame.height)}",
        font_family=FAMILY,
    )


def _clips(placed: Mapping[str, Axis], traces: Sequence[Mapping[str, Any]], prefix: str) -> Iterator[str]:
    """The areas of the subplots, beyond which marks are cut off."""
    for x, y in sorted({(trace.get("xaxis") or "x", trace.get("yaxis") or "y") for trace in traces}):
        left, right = sorted((placed[x].start_px, placed[x].end_px))
        top, bottom = sorted((placed[y].start_px, placed[y].end_px))
        box = element("rect", x=left, y=top - 1, width=right - left, height=bottom - top + 2)
        yield element("clipPath", box, id=f"{prefix}-{x}{y}")


def _grids(placed: Mapping[str, Axis], frame: Frame) -> Iterator[str]:
    """The grid lines, ticks and titles of every axis."""
    for name, axis in placed.items():
        if axis.layout.get("visible") is False:
            continue
        across = placed.get(str(axis.layout.get("anchor") or ""), placed["y" if name[0] == "x" else "x"])
        marked = svg_axes.ticks(axis)
        if axis.layout.get("showgrid") is not False:
            yield from _grid(name, axis, across, marked)
        if is_labelled(axis):
            yield from _labels(name, axis, across, marked, frame)


def _grid(name: str, axis: Axis, across: Axis, marked: Sequence[tuple[float, str]]) -> Iterator[str]:
    paint = painted(str(axis.layout.get("gridcolor") or "#DDDDDD"), part="stroke")
    for value, _ in marked:
        place = float(axis.at(np.array(value)))
        ends = {"x1": place, "x2": place, "y1": across.start_px, "y2": across.end_px}
        if name[0] == "y":
            ends = {"x1": across.start_px, "x2": across.end_px, "y1": place, "y2": place}
        yield element("line", **ends, **paint)


def _labels(name: str, axis: Axis, across: Axis, marked: Sequence[tuple[float, str]], frame: Frame) -> Iterator[str]:
    standoff = STANDOFF_PX + float(axis.layout.get("ticklabelstandoff") or 0)
    title = (axis.layout.get("title") or {}).get("text")
    middle = (axis.start_px + axis.end_px) / 2
    for value, words in marked:
        place = float(axis.at(np.array(value)))
        if name[0] == "y":
            yield text_element(words, min(across.start_px, across.end_px) - standoff, place, frame.size, anchor="end", valign="middle")
        elif is_turned(axis, abs(axis.end_px - axis.start_px), frame.size):
            turn = f"rotate({TURNED_DEGREES} {number(place)} {number(across.start_px + 14)})"
            yield text_element(words, place, across.start_px + 14, frame.size, anchor="end", transform=turn)
        else:
            yield text_element(words, place, across.start_px + 4, frame.size, anchor="middle", valign="top")
    if title and name[0] == "x":
        yield text_element(title, middle, frame.height - 6, frame.size, anchor="middle")
    elif title:
        yield text_element(title, 12, middle, frame.size, anchor="middle", transform=f"rotate(-90 12 {number(middle)})")


def _marks(
    layout: Mapping[str, Any], traces: Sequence[Mapping[str, Any]], placed: Mapping[str, Axis], prefix: str, tiles: dict[str, str]
) -> Iterator[str]:
    """The marks of every trace, in their order; bars first get the places at which they stack."""
    below: Mapping[str, Any] | None = None
    gap = float(layout["bargap"]) if layout.get("bargap") is not None else svg_marks.BAR_GAP
    for (x, y), mine in _subplots(traces).items():
        stage = Stage(x=placed[x], y=placed[y], clip=f"{prefix}-{x}{y}", tiles=tiles, prefix=prefix)
        standing = [trace for trace in mine if trace["type"] == "bar"]
        beside = [id(trace) for trace in standing] if layout.get("barmode", "group") == "group" else []
        for trace in mine:
            if trace["type"] == "bar":
                lying = trace.get("orientation") == "h"
                along, across = (stage.x, stage.y) if lying else (stage.y, stage.x)
                i = next(k for k, other in enumerate(standing) if other is trace)
                ends = svg_marks.bar_ends(standing, layout, along, across)[i]
                slot = svg_marks.bar_slots(standing, across)[i][1]
                place = (beside.index(id(trace)), len(beside)) if beside else (0, 1)
                yield element("g", "".join(svg_marks.bars(trace, ends, slot, place, stage, gap)))
            elif trace["type"] == "scatter":
                yield element("g", "".join(svg_marks.scatter(trace, below, stage)))
                below = trace
            else:
                yield element("g", "".join(svg_marks.heatmap(trace, stage)))


def _subplots(traces: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for trace in traces:
        found.setdefault((trace.get("xaxis") or "x", trace.get("yaxis") or "y"), []).append(trace)
    return found


def _shapes(layout: Mapping[str, Any], placed: Mapping[str, Axis], frame: Frame, *, layer: str) -> Iterator[str]:
    for shape in layout.get("shapes") or ():
        if (shape.get("layer") or "above") != layer:
            continue
        line = shape.get("line") or {}
        width = float(line.get("width", 2))
        x0, x1 = (place_px(shape[end], shape.get("xref"), "x", placed, frame) for end in ("x0", "x1"))
        y0, y1 = (place_px(shape[end], shape.get("yref"), "y", placed, frame) for end in ("y0", "y1"))
        stroke = {"stroke_width": width, "stroke_dasharray": dashed(line.get("dash"), width)}
        stroke |= painted(str(line.get("color") or INK), float(shape.get("opacity") or 1.0), part="stroke") if width else {}
        if shape.get("type") == "line":
            yield element("line", x1=x0, y1=y0, x2=x1, y2=y1, **stroke)
        else:
            fill = painted(str(shape["fillcolor"]), float(shape.get("opacity") or 1.0)) if shape.get("fillcolor") else {"fill": "none"}
            yield element("rect", x=min(x0, x1), y=min(y0, y1), width=abs(x1 - x0), height=abs(y1 - y0), **fill, **stroke)


def _annotations(layout: Mapping[str, Any], placed: Mapping[str, Axis], frame: Frame) -> Iterator[str]:
    notes = layout.get("annotations") or ()
    heights = _apart(notes, placed, frame)
    for place, note in enumerate(notes):
        font = note.get("font") or {}
        x = place_px(note["x"], note.get("xref"), "x", placed, frame) + float(note.get("xshift") or 0)
        y = heights[place]
        anchor = {"left": "start", "right": "end"}.get(note.get("xanchor") or "center", "middle")
        valign = note.get("yanchor") if note.get("yanchor") in ("top", "bottom") else "middle"
        size = float(font.get("size") or frame.size)
        yield text_element(note.get("text") or "", x, y, size, anchor=anchor, valign=str(valign), colour=font.get("color") or INK)


def _apart(notes: Sequence[Mapping[str, Any]], placed: Mapping[str, Axis], frame: Frame) -> list[float]:
    """The heights of the notes; names at the ends of lines stand apart, however low the picture is."""
    heights = [place_px(note["y"], note.get("yref"), "y", placed, frame) - float(note.get("yshift") or 0) for note in notes]
    ends = [place for place, note in enumerate(notes) if note.get("xref") == "paper" and note["x"] == 1 and note.get("xanchor") == "left"]
    for place, height in zip(ends, theme.spread([heights[place] for place in ends], frame.size * LINE_HEIGHT), strict=True):
        heights[place] = height
    return heights


def _legend(rows: Sequence[Sequence[Mapping[str, Any]]], frame: Frame, stage: Stage) -> Iterator[str]:
    """The names of the traces with their signs, in rows above the quantity."""
    for row, traces in enumerate(rows):
        y = frame.top - 30 - LEGEND_ROW_PX * (len(rows) - 1 - row)
        x = frame.left
        for trace in traces:
            yield svg_marks.sample(trace, x, y, stage)
            yield text_element(trace["name"], x + SAMPLE_PX - (0 if "lines" in (trace.get("mode") or "") else 10), y, 12, valign="middle")
            x += legend_width(trace)
