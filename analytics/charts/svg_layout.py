"""How the room of a vector picture is shared out: its axes, its margins, and the places of both."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from analytics.charts import svg_axes, svg_marks
from analytics.charts.svg_axes import Axis, Scale
from analytics.charts.svg_elements import number
from analytics.charts.svg_text import width_px, wrapped
from data.errors import InputError

TITLE_LINE_PX = 22
LEGEND_ROW_PX = 20
STANDOFF_PX = 5
AXIS_TITLE_PX = 20
LEGEND_GAP_PX = 18
SAMPLE_PX = 32
EDGE_PX = 8
ATTEMPTS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """How the room of a picture is shared out."""

    width: float
    """The width of the picture."""
    height: float
    """The height of the picture."""
    left: float
    """Where the area of the marks begins."""
    right: float
    """Where it ends."""
    top: float
    """Where it begins from above."""
    bottom: float
    """Where it ends."""
    title: tuple[str, ...]
    """The lines of the title."""
    size: float
    """The size of words."""


def axes_of(layout: Mapping[str, Any], traces: Sequence[Mapping[str, Any]]) -> dict[str, Axis]:
    """The axes of the figure by name, x, x2, y and so on, with their ranges but not yet their places."""
    names = {_axis_name(trace, letter) for trace in traces for letter in "xy"} | {"x", "y"}
    for name in layout:
        if found := re.fullmatch(r"([xy])axis(\d*)", name):
            names.add(found.group(1) + found.group(2))
    return {name: _axis(name, layout, traces) for name in sorted(names)}


def _axis(name: str, layout: Mapping[str, Any], traces: Sequence[Mapping[str, Any]]) -> Axis:
    stated = {"marks": layout.get("separators"), **(layout.get(f"{name[0]}axis{name[1:]}") or {})}
    mine = [trace for trace in traces if _axis_name(trace, name[0]) == name]
    given: list[Any] = _marked(layout, name)
    slots: list[tuple[Any, float]] = []
    standing = [trace for trace in mine if trace["type"] == "bar"]
    lengthwise = [trace for trace in standing if (trace.get("orientation") == "h") == (name[0] == "x")]
    if standing and not lengthwise:
        positions = svg_axes.axis_of(stated, [svg_marks.positions(trace) for trace in standing], bars=[], from_zero=False)
        widths = svg_marks.bar_slots(standing, positions)
        slots = [(svg_marks.positions(trace), widths[i][1]) for i, trace in enumerate(standing)]
    if lengthwise:
        plain_axis = Axis(scale=Scale.LINEAR, layout={})
        across = _axis_name(standing[0], "y" if name[0] == "x" else "x")
        other = _axis(across, layout, [trace for trace in traces if trace["type"] == "bar"])
        ends = svg_marks.bar_ends(lengthwise, layout, plain_axis, other)
        given += [values for both in ends.values() for values in both]
    for trace in mine:
        if trace["type"] == "heatmap":
            shape = np.asarray(trace["z"]).shape
            cells = trace.get(name[0])
            slots.append((np.arange(float(shape[1 if name[0] == "x" else 0])) if cells is None else cells, 1.0))
        elif trace["type"] == "scatter":
            given.append(trace[name[0]])
        elif trace["type"] != "bar":
            raise InputError(f"a trace of type {trace['type']!r} is not drawn in pictures.")
    return svg_axes.axis_of(stated, given, bars=slots, from_zero=bool(lengthwise))


def _marked(layout: Mapping[str, Any], name: str) -> list[Any]:
    """The values of an axis at which shapes and notes stand, so that its range holds them too."""
    shapes = [shape for shape in layout.get("shapes") or () if (shape.get(f"{name[0]}ref") or name[0]) == name]
    notes = [note for note in layout.get("annotations") or () if (note.get(f"{name[0]}ref") or name[0]) == name]
    found = [shape[f"{name[0]}{end}"] for shape in shapes for end in (0, 1)] + [note[name[0]] for note in notes]
    return [[value] for value in found]


def _axis_name(trace: Mapping[str, Any], letter: str) -> str:
    return str(trace.get(f"{letter}axis") or letter)


def roomy(
    layout: Mapping[str, Any], axes: Mapping[str, Axis], traces: Sequence[Mapping[str, Any]], width_px: int, height_px: int | None
) -> tuple[Frame, list[list[Mapping[str, Any]]], dict[str, Axis]]:
    """The frame of a picture, the rows of its legend and its placed axes, with a right margin in which every note ends."""
    margin = dict(layout.get("margin") or {})
    for _ in range(ATTEMPTS):
        frame, legend = frame_of({**layout, "margin": margin}, axes, traces, width_px, height_px)
        placed = placed_axes(axes, frame)
        over = max((end for end in _right_ends(layout, traces, placed, frame)), default=0.0) - (width_px - EDGE_PX)
        if over <= 0:
            break
        margin["r"] = float(margin.get("r", 24)) + over + 1
    return frame, legend, placed


def _right_ends(
    layout: Mapping[str, Any], traces: Sequence[Mapping[str, Any]], placed: Mapping[str, Axis], frame: Frame
) -> Iterator[float]:
    """Where the notes beside marks and the words behind bars end."""
    for note in layout.get("annotations") or ():
        wide = width_px(note.get("text") or "", float((note.get("font") or {}).get("size") or frame.size))
        part = {"left": 1.0, "right": 0.0}.get(note.get("xanchor") or "center", 0.5)
        yield place_px(note["x"], note.get("xref"), "x", placed, frame) + float(note.get("xshift") or 0) + part * wide
    for trace in traces:
        if trace["type"] == "bar" and trace.get("textposition") == "outside" and trace.get("orientation") == "h":
            ends = placed[_axis_name(trace, "x")].px(trace["x"])
            words = trace["text"] if isinstance(trace.get("text"), list | tuple | np.ndarray) else [trace.get("text")] * len(ends)
            yield from (float(end) + 6 + width_px(word, 12) for end, word in zip(ends, words, strict=True) if word and end == end)


def place_px(value: Any, reference: str | None, letter: str, placed: Mapping[str, Axis], frame: Frame) -> float:
    """Where a shape or a note lies: in the values of an axis, or as a part of the area of the marks."""
    reference = reference or letter
    start, end = (frame.left, frame.right) if letter == "x" else (frame.bottom, frame.top)
    if reference != "paper":
        axis = placed[reference.removesuffix(" domain")]
        if not reference.endswith(" domain"):
            return float(axis.px(value)[0])
        start, end = axis.start_px, axis.end_px
    return start + float(value) * (end - start)


def frame_of(
    layout: Mapping[str, Any], axes: Mapping[str, Axis], traces: Sequence[Mapping[str, Any]], width_px: int, height_px: int | None
) -> tuple[Frame, list[list[Mapping[str, Any]]]]:
    """The shares of the room, with margins grown for long names, a long title and a long legend."""
    margin = layout.get("margin") or {}
    size = float((layout.get("font") or {}).get("size") or _template_size(layout) or 13)
    height = float(height_px or layout.get("height") or 450)
    text = (layout.get("title") or {}).get("text") or ""
    title = tuple(wrapped(text, title_size(layout) * 1.05, width_px - 16)) if text else ()
    legend = legend_rows(layout, traces, width_px)
    left, right = float(margin.get("l", 8)), float(margin.get("r", 24))
    left += max((_label_width(axis, size) for name, axis in axes.items() if name[0] == "y" and _first(axis)), default=0.0)
    grown = TITLE_LINE_PX * (len(title) - (str(text).count("<br>") + 1 if text else 0)) + LEGEND_ROW_PX * max(len(legend) - 1, 0)
    top = float(margin.get("t", 40)) + grown
    height += grown if height_px is None else 0
    below = max(
        (_label_height(axis, size, width_px - left - right) for name, axis in axes.items() if name[0] == "x" and _first(axis)), default=0.0
    )
    bottom = max(float(margin.get("b", 30)), below)
    height += bottom - float(margin.get("b", 30)) if height_px is None else 0
    if width_px - left - right < 40 or height - top - bottom < 20:
        raise InputError(f"{width_px} × {number(height)} pixels are too small for this chart and its names; give it more room.")
    frame = Frame(width=width_px, height=height, left=left, right=width_px - right, top=top, bottom=height - bottom, title=title, size=size)
    return frame, legend


def _template_size(layout: Mapping[str, Any]) -> float | None:
    template = (layout.get("template") or {}).get("layout") or {}
    size = (template.get("font") or {}).get("size")
    return None if size is None else float(size)


def title_size(layout: Mapping[str, Any]) -> float:
    return float(((layout.get("title") or {}).get("font") or {}).get("size") or 15)


def _first(axis: Axis) -> bool:
    """Whether an axis stands at the edge, so that its words need room in the margin."""
    domain = axis.layout.get("domain")
    return domain is None or float(domain[0]) < 0.01


def is_labelled(axis: Axis) -> bool:
    return axis.layout.get("visible") is not False and axis.layout.get("showticklabels") is not False


def _label_width(axis: Axis, size: float) -> float:
    if not is_labelled(axis):
        return 0.0
    standoff = STANDOFF_PX + float(axis.layout.get("ticklabelstandoff") or 0)
    title = AXIS_TITLE_PX if (axis.layout.get("title") or {}).get("text") else 0
    return title + standoff + max((width_px(words, size) for _, words in svg_axes.ticks(axis.placed(400, 0))), default=0.0)


def _label_height(axis: Axis, size: float, across: float) -> float:
    if not is_labelled(axis):
        return 0.0
    title = AXIS_TITLE_PX if (axis.layout.get("title") or {}).get("text") else 0
    words = [words for _, words in svg_axes.ticks(axis.placed(0, across))]
    if is_turned(axis, across, size):
        return title + 14 + 0.6 * max(width_px(word, size) for word in words)
    return title + 12 + size * 1.3 * max((word.count("<br>") + 1 for word in words), default=0)


def is_turned(axis: Axis, across: float, size: float) -> bool:
    """Whether names below columns are too long to lie straight."""
    if axis.scale is not Scale.CATEGORY or not axis.names:
        return False
    return max(width_px(name, size) for name in axis.names) + 6 > across / len(axis.names)


def placed_axes(axes: Mapping[str, Axis], frame: Frame) -> dict[str, Axis]:
    placed = {}
    for name, axis in axes.items():
        low, high = (float(end) for end in axis.layout.get("domain") or (0.0, 1.0))
        if name[0] == "x":
            across = frame.right - frame.left
            placed[name] = axis.placed(frame.left + low * across, frame.left + high * across)
        else:
            tall = frame.bottom - frame.top
            placed[name] = axis.placed(frame.bottom - low * tall, frame.bottom - high * tall)
    return {name: _in_scale(axis, placed) for name, axis in placed.items()}


def _in_scale(axis: Axis, placed: Mapping[str, Axis]) -> Axis:
    """The axis with its range widened where it, or one that it leads, must keep a ratio with another, as on a map."""
    pairs = [(axis, axis.layout.get("scaleanchor"), float(axis.layout.get("scaleratio") or 1.0))]
    pairs += [
        (other, next(name for name, same in placed.items() if same is axis), 1 / float(other.layout.get("scaleratio") or 1.0))
        for other in placed.values()
        if other.layout.get("scaleanchor") and placed.get(str(other.layout["scaleanchor"])) is axis
    ]
    for one, anchor, ratio in pairs:
        if not anchor:
            continue
        other = placed[str(anchor)] if one is axis else one
        wished = abs(other.px_per_unit) * ratio
        if wished < abs(axis.px_per_unit):
            return _widened(axis, abs(axis.px_per_unit) / wished)
    return axis


def _widened(axis: Axis, factor: float) -> Axis:
    middle, half = (axis.low + axis.high) / 2, (axis.high - axis.low) / 2 * factor
    return replace(axis, low=middle - half, high=middle + half)


def legend_rows(layout: Mapping[str, Any], traces: Sequence[Mapping[str, Any]], across: float) -> list[list[Mapping[str, Any]]]:
    """The traces that the legend names, in rows that fit the picture."""
    if not layout.get("showlegend"):
        return []
    rows: list[list[Mapping[str, Any]]] = [[]]
    used, named = 0.0, set()
    for trace in traces:
        key = trace.get("legendgroup") or trace.get("name")
        if trace.get("showlegend") is False or not trace.get("name") or key in named:
            continue
        named.add(key)
        wide = legend_width(trace)
        if rows[-1] and used + wide > across:
            rows.append([])
            used = 0.0
        rows[-1].append(trace)
        used += wide
    return [row for row in rows if row]


def legend_width(trace: Mapping[str, Any]) -> float:
    """The room of a name in the legend with its sign."""
    return SAMPLE_PX + width_px(trace["name"], 12) + LEGEND_GAP_PX
