"""The marks of vector pictures: bars, lines, points, areas and the cells of a matrix."""

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from analytics.charts.svg_axes import Axis, Floats
from analytics.charts.svg_elements import dashed, element, number, painted
from analytics.charts.svg_symbols import colour_of, marker, nth
from analytics.charts.svg_text import INK, text_element, width_px
from data.errors import InputError

BAR_GAP = 0.2
TEXT_GAP_PX = 5
TEXT_SIZE = 12.0
LEAST_SIZE = 7.0

HATCHES: Mapping[str, tuple[str, ...]] = {
    "/": ("M-1,1L1,-1M0,{s}L{s},0M{m},{p}L{p},{m}",),
    "\\": ("M-1,{m}L1,{p}M0,0L{s},{s}M{m},-1L{p},1",),
    "|": ("M{h},0L{h},{s}",),
    "-": ("M0,{h}L{s},{h}",),
    "+": ("M{h},0L{h},{s}", "M0,{h}L{s},{h}"),
    "x": ("M-1,1L1,-1M0,{s}L{s},0M{m},{p}L{p},{m}", "M-1,{m}L1,{p}M0,0L{s},{s}M{m},-1L{p},1"),
}
"""The strokes of one tile of a hatching; `s` is its size, `h` half of it, `m` and `p` one less and one more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where marks are drawn."""

    x: Axis
    """The axis to the right."""
    y: Axis
    """The axis upwards."""
    clip: str
    """The name of the area beyond which marks are cut off."""
    tiles: dict[str, str] = field(default_factory=dict)
    """The hatchings in use by their names; drawing adds to it."""
    prefix: str = ""
    """What stands before every name, so that several pictures in one page keep apart."""


def bar_slots(traces: Sequence[Mapping[str, Any]], axis: Axis) -> dict[int, tuple[Floats, float]]:
    """For each bar trace by its place, the positions of its bars on an axis and the width of their slot there."""
    bars = {i: axis.values(positions(trace)) for i, trace in enumerate(traces) if trace["type"] == "bar"}
    places = np.unique(np.concatenate([found[np.isfinite(found)] for found in bars.values()])) if bars else np.array([])
    slot = float(np.diff(places).min()) if places.size > 1 else 1.0
    return {i: (found, slot) for i, found in bars.items()}


def positions(trace: Mapping[str, Any]) -> Any:
    """Where the bars of a trace stand; their lengths are on the other axis."""
    return trace["y"] if trace.get("orientation") == "h" else trace["x"]


def lengths(trace: Mapping[str, Any]) -> Any:
    """How long the bars of a trace are."""
    return trace["x"] if trace.get("orientation") == "h" else trace["y"]


def bar_ends(traces: Sequence[Mapping[str, Any]], layout: Mapping[str, Any], axis: Axis, across: Axis) -> dict[int, tuple[Floats, Floats]]:
    """For each bar trace by its place, where its bars begin and end on the axis of lengths, stacked where the figure says so."""
    stacked = layout.get("barmode", "group") in ("stack", "relative")
    tops: dict[tuple[float, bool], float] = {}
    found = {}
    for i, trace in enumerate(traces):
        if trace["type"] != "bar":
            continue
        long = axis.values(lengths(trace))
        base = np.zeros(long.size) if trace.get("base") is None else np.broadcast_to(axis.values(trace["base"]), long.shape).copy()
        if stacked and trace.get("base") is None:
            for k, (place, value) in enumerate(zip(across.values(positions(trace)), long, strict=True)):
                key = (float(place), bool(value < 0))
                base[k] = tops.get(key, 0.0)
                tops[key] = base[k] + (value if math.isfinite(value) else 0.0)
        found[i] = (base, base + long)
    return found


def bars(
    trace: Mapping[str, Any], ends: tuple[Floats, Floats], slot: float, place: tuple[int, int], stage: Stage, gap: float
) -> Iterator[str]:
    """The bars of a trace with their words; `place` says which of how many bars stand beside each other at a position."""
    lying = trace.get("orientation") == "h"
    along, across = (stage.x, stage.y) if lying else (stage.y, stage.x)
    which, among = place
    centres = across.values(positions(trace))
    width = trace.get("width")
    thick = (slot * (1 - gap) / among if width is None else float(width)) * abs(across.px_per_unit)
    shift = (which - (among - 1) / 2) * thick
    marker = trace.get("marker") or {}
    for k, (centre, begin, end) in enumerate(zip(centres, *ends, strict=True)):
        if not (math.isfinite(centre) and math.isfinite(end)):
            continue
        middle = float(across.at(np.array(centre))) + shift
        low, high = sorted((float(along.at(np.array(begin))), float(along.at(np.array(end)))))
        box = {"x": low, "y": middle - thick / 2, "width": high - low, "height": thick}
        if not lying:
            box = {"x": middle - thick / 2, "y": low, "width": thick, "height": high - low}
        if high > low:
            yield _bar(box, marker, k, float(trace.get("opacity") or 1.0), stage)
        yield _words_at_bar(trace, k, low, high, middle, lying=lying, negative=end < begin)


def scatter(trace: Mapping[str, Any], below: Mapping[str, Any] | None, stage: Stage) -> Iterator[str]:
    """The area, line, points and words of a trace; an area to the next is filled down to the trace `below`."""
    xs, ys = stage.x.px(trace["x"]), stage.y.px(trace["y"])
    opacity = float(trace.get("opacity") or 1.0)
    mode = trace.get("mode") or ("lines+markers" if len(xs) < 20 else "lines")
    clip = None if trace.get("cliponaxis") is False else f"url(#{stage.clip})"
    drawn = list(_area(trace, xs, ys, below, stage, opacity))
    if "lines" in mode:
        drawn += _line(trace, xs, ys, opacity)
    if drawn:
        yield element("g", "".join(drawn), clip_path=clip)
    points = [(k, x, y) for k, (x, y) in enumerate(zip(xs, ys, strict=True)) if math.isfinite(x) and math.isfinite(y)]
    if "markers" in mode:
        yield from (marker(trace, k, x, y, opacity) for k, x, y in points)
    if "text" in mode:
        yield from (_words_at_point(trace, k, x, y) for k, x, y in points)


def heatmap(trace: Mapping[str, Any], stage: Stage) -> Iterator[str]:
    """The cells of a matrix in their colours, with their words."""
    z = np.asarray(trace["z"], dtype=np.float64)
    known = z[np.isfinite(z)]
    low = float(trace["zmin"]) if trace.get("zmin") is not None else float(known.min()) if known.size else 0.0
    high = float(trace["zmax"]) if trace.get("zmax") is not None else float(known.max()) if known.size else 1.0
    xs, ys = stage.x.px(_edges(trace.get("x"), z.shape[1])), stage.y.px(_edges(trace.get("y"), z.shape[0]))
    wide, tall = abs(stage.x.px_per_unit) - (trace.get("xgap") or 0), abs(stage.y.px_per_unit) - (trace.get("ygap") or 0)
    words, stops = trace.get("text"), _stops(trace)
    for row, column in np.ndindex(z.shape):
        x, y, value = float(xs[column]), float(ys[row]), z[row, column]
        fill = ""
        if math.isfinite(value):
            fill = _between(stops, float((value - low) / (high - low)) if high > low else 0.5)
            yield element("rect", x=x - wide / 2, y=y - tall / 2, width=wide, height=tall, fill=fill)
        if words is not None and trace.get("texttemplate"):
            font = trace.get("textfont") or {}
            colour = font.get("color") or (_readable(fill) if fill else INK)
            size = float(font.get("size") or TEXT_SIZE)
            size = max(LEAST_SIZE, min(size, size * (wide - 4) / max(width_px(words[row][column], size), 1.0)))
            yield text_element(words[row][column], x, y, size, anchor="middle", valign="middle", colour=colour)


def sample(trace: Mapping[str, Any], x: float, y: float, stage: Stage) -> str:
    """The sign that stands for a trace in the legend, 26 pixels wide."""
    if trace["type"] == "bar":
        return _bar(
            {"x": x, "y": y - 5, "width": 16, "height": 10}, trace.get("marker") or {}, 0, float(trace.get("opacity") or 1.0), stage
        )
    xs, ys = np.array([x, x + 26.0]), np.array([y, y])
    mode = trace.get("mode") or "lines+markers"
    line = "".join(_line({**trace, "line": {**(trace.get("line") or {}), "shape": "linear"}}, xs, ys, 1.0)) if "lines" in mode else ""
    return line + (marker(trace, 0, x + (13 if "lines" in mode else 8), y, 1.0, most=13.0) if "markers" in mode else "")


def _bar(box: Mapping[str, float], look: Mapping[str, Any], k: int, opacity: float, stage: Stage) -> str:
    opacity *= float(nth(look.get("opacity"), k) or 1.0)
    colour = nth(look.get("color"), k)
    if colour is None:
        raise InputError("a bar of the chart has no colour of its own; set marker.color, since a picture chooses none.")
    line = look.get("line") or {}
    edge = {}
    if line.get("width"):
        edge = {**painted(str(nth(line.get("color"), k) or colour), opacity, part="stroke"), "stroke_width": line["width"]}
    solid = element("rect", **box, **painted(str(colour), opacity), **edge)
    pattern = look.get("pattern") or {}
    shape = str(nth(pattern.get("shape"), k) or "")
    return solid if not shape else solid + element("rect", **box, fill=f"url(#{_tile(shape, pattern, stage)})")


def _tile(shape: str, pattern: Mapping[str, Any], stage: Stage) -> str:
    """The name of the tile of a hatching, which is kept among the tiles of the picture."""
    size, paint = float(pattern.get("size") or 8), painted(str(pattern.get("fgcolor") or "#FFFFFF"), part="stroke")
    stroke = max(0.6, size * float(pattern.get("solidity") or 0.3) * 0.9)
    key = hashlib.sha256(f"{shape} {size} {stroke} {sorted(paint.items(), key=str)}".encode()).hexdigest()[:6]
    name = f"{stage.prefix}-tile-{key}"
    if shape == ".":
        inside = element("circle", cx=size / 2, cy=size / 2, r=stroke, **painted(str(pattern.get("fgcolor") or "#FFFFFF")))
    else:
        sizes = {"s": number(size), "h": number(size / 2), "m": number(size - 1), "p": number(size + 1)}
        inside = "".join(element("path", d=path.format(**sizes), fill="none", stroke_width=stroke, **paint) for path in HATCHES[shape])
    stage.tiles[name] = element("pattern", inside, id=name, width=size, height=size, patternUnits="userSpaceOnUse")
    return name


def _words_at_bar(trace: Mapping[str, Any], k: int, low: float, high: float, middle: float, *, lying: bool, negative: bool) -> str:
    where, words = trace.get("textposition"), nth(trace.get("text"), k)
    if words in (None, "") or where in (None, "none"):
        return ""
    if where == "inside":
        centre = ((low + high) / 2, middle) if lying else (middle, (low + high) / 2)
        return text_element(words, *centre, TEXT_SIZE, anchor="middle", valign="middle")
    if lying:
        x = low - TEXT_GAP_PX if negative else high + TEXT_GAP_PX
        return text_element(words, x, middle, TEXT_SIZE, anchor="end" if negative else "start", valign="middle")
    y = high + TEXT_GAP_PX if negative else low - TEXT_GAP_PX
    return text_element(words, middle, y, TEXT_SIZE, anchor="middle", valign="top" if negative else "bottom")


def _words_at_point(trace: Mapping[str, Any], k: int, x: float, y: float) -> str:
    words = nth(trace.get("text"), k)
    if words in (None, ""):
        return ""
    vertical, _, side = str(nth(trace.get("textposition"), k) or "middle center").partition(" ")
    away = float(nth((trace.get("marker") or {}).get("size"), k) or 6) / 2 + 2 if "markers" in str(trace.get("mode")) else 0.0
    dx, anchor = {"left": (-away, "end"), "right": (away, "start"), "center": (0.0, "middle")}[side]
    dy, valign = {"top": (-away, "bottom"), "bottom": (away, "top"), "middle": (0.0, "middle")}[vertical]
    font = trace.get("textfont") or {}
    return text_element(
        words, x + dx, y + dy, float(font.get("size") or TEXT_SIZE), anchor=anchor, valign=valign, colour=font.get("color") or INK
    )


def _line(trace: Mapping[str, Any], xs: Floats, ys: Floats, opacity: float) -> Iterator[str]:
    line = trace.get("line") or {}
    width = float(line.get("width") or 2.0)
    colour = line.get("color") or colour_of(trace, (trace.get("marker") or {}).get("color"), 0)
    paint = {**painted(str(colour), opacity, part="stroke"), "stroke_width": width, "stroke_dasharray": dashed(line.get("dash"), width)}
    for part in _parts(xs, ys, joined=bool(trace.get("connectgaps"))):
        path = "M" + "L".join(f"{number(x)},{number(y)}" for x, y in _stepped(part, str(line.get("shape") or "linear")))
        yield element("path", d=path, fill="none", stroke_linejoin="round", **paint)


def _area(trace: Mapping[str, Any], xs: Floats, ys: Floats, below: Mapping[str, Any] | None, stage: Stage, opacity: float) -> Iterator[str]:
    kind = trace.get("fill") or "none"
    if kind == "none":
        return
    colour = trace.get("fillcolor") or (trace.get("line") or {}).get("color")
    if colour is None:
        raise InputError("an area of the chart has no colour of its own; set fillcolor, since a picture chooses none.")
    for part in _parts(xs, ys, joined=False):
        floor: list[tuple[float, float]] = []
        if kind == "tonexty" and below is not None:
            under = zip(stage.x.px(below["x"]), stage.y.px(below["y"]), strict=True)
            floor = [(float(x), float(y)) for x, y in under if math.isfinite(x) and math.isfinite(y)][::-1]
        elif kind != "toself":
            zero = float(stage.y.at(np.array(0.0)))
            floor = [(part[-1][0], zero), (part[0][0], zero)]
        edge = _stepped(part, str((trace.get("line") or {}).get("shape") or "linear"))
        path = "M" + "L".join(f"{number(x)},{number(y)}" for x, y in (*edge, *floor)) + "Z"
        yield element("path", d=path, stroke="none", **painted(str(colour), opacity))


def _parts(xs: Floats, ys: Floats, *, joined: bool) -> Iterator[list[tuple[float, float]]]:
    """The stretches between gaps."""
    part: list[tuple[float, float]] = []
    for x, y in zip(xs.tolist(), ys.tolist(), strict=True):
        if math.isfinite(x) and math.isfinite(y):
            part.append((x, y))
        elif part and not joined:
            yield part
            part = []
    if part:
        yield part


def _stepped(points: list[tuple[float, float]], shape: str) -> list[tuple[float, float]]:
    if shape == "linear":
        return points
    corners = [point for (x0, y0), (x1, y1) in pairwise(points) for point in ((x0, y0), (x1, y0) if shape == "hv" else (x0, y1))]
    return [*corners, points[-1]]


def _edges(names: Any, count: int) -> Any:
    return np.arange(float(count)) if names is None else names


def _stops(trace: Mapping[str, Any]) -> list[tuple[float, tuple[int, ...]]]:
    if trace.get("colorscale") is None:
        raise InputError("a matrix of the chart has no colours of its own; set colorscale, since a picture chooses none.")
    stops = [(float(place), str(painted(str(colour))["fill"])) for place, colour in trace["colorscale"]]
    return [(place, tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))) for place, colour in stops]


def _between(stops: list[tuple[float, tuple[int, ...]]], share: float) -> str:
    """The colour at a part of the way along a scale."""
    share = min(max(share, 0.0), 1.0)
    for (low, one), (high, other) in pairwise(stops):
        if share <= high:
            part = (share - low) / (high - low) if high > low else 1.0
            return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in zip(one, other, strict=True))
    return "#" + "".join(f"{part:02x}" for part in stops[-1][1])


def _readable(fill: str) -> str:
    red, green, blue = (int(fill[i : i + 2], 16) for i in (1, 3, 5))
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > 128 else "#FFFFFF"
