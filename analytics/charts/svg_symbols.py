"""The points of vector pictures: circles, squares and the other symbols, filled or open."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from analytics.charts.svg_elements import element, number, painted
from data.errors import InputError

_X = (0, 1.7, 3, 1.3, 3, 1.7, 0, -1.7, -3, -1.3, -3, -1.7)
"""How far to the right the twelve corners of a lying cross are; how far down is the same, three corners on."""

SHAPES: Mapping[str, tuple[tuple[float, float], ...]] = {
    "square": ((-1, -1), (1, -1), (1, 1), (-1, 1)),
    "diamond": ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)),
    "triangle-up": ((0, -1), (1, 0.7), (-1, 0.7)),
    "triangle-down": ((0, 1), (1, -0.7), (-1, -0.7)),
    "cross": tuple(
        (x * 0.4, y * 0.4)
        for x, y in ((-1, -3), (1, -3), (1, -1), (3, -1), (3, 1), (1, 1), (1, 3), (-1, 3), (-1, 1), (-3, 1), (-3, -1), (-1, -1))
    ),
    "x": tuple((x * 0.32, y * 0.32) for x, y in zip(_X, (*_X[3:], *_X[:3]), strict=True)),
    "star": tuple(
        (1.4 * r * math.sin(i * math.pi / 5), -1.4 * r * math.cos(i * math.pi / 5))
        for i in range(10)
        for r in (1.0 if i % 2 == 0 else 0.45,)
    ),
}
"""The corners of markers of radius one."""

STROKES: Mapping[str, tuple[tuple[float, float], tuple[float, float]]] = {
    "line-ns": ((0, -1.4), (0, 1.4)),
    "line-ew": ((-1.4, 0), (1.4, 0)),
}
"""The ends of markers that are lines."""


def marker(trace: Mapping[str, Any], k: int, x: float, y: float, opacity: float, *, most: float = math.inf) -> str:
    """The point of a trace at a place of the picture."""
    look = trace.get("marker") or {}
    symbol = str(nth(look.get("symbol"), k) or "circle")
    radius = min(float(nth(look.get("size"), k) or 6), most) / 2
    colour = colour_of(trace, look.get("color"), k)
    shown = opacity * float(nth(look.get("opacity"), k) or 1.0)
    line = look.get("line") or {}
    shape = symbol.removesuffix("-open")
    edge = {**painted(str(nth(line.get("color"), k) or colour), shown, part="stroke"), "stroke_width": line.get("width", 0)}
    paint = {**painted(colour, shown), **(edge if edge["stroke_width"] else {})}
    if symbol.endswith("-open") or shape in STROKES:
        paint = {"fill": "none", **painted(colour, shown, part="stroke"), "stroke_width": max(line.get("width") or 0, 1.5)}
    if shape == "circle":
        return element("circle", cx=x, cy=y, r=radius, **paint)
    corners = SHAPES.get(shape) or STROKES.get(shape)
    if corners is None:
        raise InputError(
            f"the symbol {symbol!r} of a chart is not drawn; use circle, {', '.join((*SHAPES, *STROKES))}, or one of them -open."
        )
    path = "M" + "L".join(f"{number(x + dx * radius)},{number(y + dy * radius)}" for dx, dy in corners)
    return element("path", d=path + ("Z" if shape in SHAPES else ""), **paint)


def nth(given: Any, k: int) -> Any:
    """The value for a mark of what may be one value for all, or one each."""
    return given[k] if isinstance(given, list | tuple | np.ndarray) else given


def colour_of(trace: Mapping[str, Any], given: Any, k: int) -> str:
    """The colour of a mark: its own, else that of its trace's line."""
    found = nth(given, k) or (trace.get("line") or {}).get("color")
    if not isinstance(found, str):
        raise InputError("a mark of the chart has no colour of its own; set marker.color or line.color to words such as #0072B2.")
    return found
