"""A chart and what stands round it: bare for a page that writes its title as text, whole for a picture that travels alone."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from analytics.charts import theme
from analytics.charts.drawing import Drawing, layout_of
from analytics.charts.svg import FAMILY, PAPER, svg
from analytics.charts.svg_elements import element
from analytics.charts.svg_text import LINE_HEIGHT, text_element, wrapped

WIDTH_PX, EDGE_PX = 840, 16
"""The width of a picture, and the room at its edges."""

HEADING_PX, SUBTITLE_PX, SOURCE_PX = 19, 14, 12
"""The sizes of the words round a chart."""

LONGEST_WORD = 110
"""How many signs of a word fit a line of the source."""

QUIET = "#5A6068"
"""The colour of source and coverage."""

UNTITLED_PX = 30
"""What `theme.canvas` leaves above a chart without title."""


def title_of(figure: go.Figure) -> str:
    """The title of a chart as one line of text, empty where it has none.

    >>> title_of(theme.canvas("Machine time by month", "node-hours"))
    'Machine time by month'
    """
    return _title(layout_of(figure)).replace("<br>", " ")


def bare(figure: go.Figure) -> go.Figure:
    """The chart without its title and without the room for it, for a page on which the title stands as text above.

    >>> figure = theme.canvas("Machine time by month", "node-hours")
    >>> bare(figure).layout.height == theme.canvas("", "node-hours").layout.height
    True
    """
    layout = layout_of(figure)
    if not _title(layout):
        return figure
    room, margin = 22 * (_title(layout).count("<br>") + 1) + 34 - UNTITLED_PX, layout["margin"]
    plain = figure.plain if isinstance(figure, Drawing) and figure.plain is not None else figure.to_dict()
    lower = {"height": layout["height"] - room, "margin": margin | {"t": margin["t"] - room}}
    return Drawing({"data": plain["data"], "layout": {**layout, "title": layout["title"] | {"text": ""}, **lower}})


def picture(figure: go.Figure, *, alt: str, heading: str, subtitle: str = "", lines: Sequence[str] = ()) -> str:
    """The chart as an SVG picture with what it found above it and its source below, so that it can be read wherever it ends up.

    Args:
        figure: The chart.
        alt: What it shows, in words.
        heading: What it found, or its title.
        subtitle: What is drawn, and in which unit.
        lines: Source, coverage and notes.

    Raises:
        InputError: if the chart has anything that the writer of pictures does not know.
    """
    room = WIDTH_PX - 2 * EDGE_PX
    drawn = svg(bare(figure), alt=alt, width_px=room)
    above, top = _written((heading, HEADING_PX, 600, None), (subtitle, SUBTITLE_PX, None, QUIET), start=EDGE_PX, room=room)
    below, end = _written(*((line, SOURCE_PX, None, QUIET) for line in lines), start=top + 8 + _height(drawn) + 4, room=room)
    height = end + EDGE_PX
    chart = drawn.replace("<svg ", f'<svg x="{EDGE_PX}" y="{top + 8:.0f}" ', 1)
    paper = element("rect", width=WIDTH_PX, height=height, fill=PAPER)
    return element(
        "svg",
        paper + above + chart + below,
        xmlns="http://www.w3.org/2000/svg",
        width=WIDTH_PX,
        height=height,
        viewBox=f"0 0 {WIDTH_PX} {height:.0f}",
        role="group",
        aria_label=heading or alt,
        font_family=FAMILY,
    )


def _title(layout: Mapping[str, Any]) -> str:
    return (layout.get("title") or {}).get("text") or ""


def _written(*texts: tuple[str, int, int | None, str | None], start: float, room: float) -> tuple[str, float]:
    """Texts below each other, each with size, weight and colour, and where the last one ends."""
    parts, y = [], start
    for text, size, weight, colour in texts:
        for line in wrapped(theme.safe(_breakable(text)), size, room) if text else ():
            look = {"colour": colour} if colour else {}
            parts.append(text_element(line, EDGE_PX, y, size, valign="top", font_weight=weight, **look))
            y += size * LINE_HEIGHT
    return "".join(parts), round(y)


def _breakable(text: str) -> str:
    """The text with a space in words that are too long for a line, such as addresses.

    >>> _breakable("a" * 130).split(" ") == ["a" * 110, "a" * 20]
    True
    """
    return re.sub(rf"(\S{{{LONGEST_WORD}}})(?=\S)", r"\1 ", text)


def _height(drawn: str) -> float:
    found = re.search(r'<svg [^>]*?height="([\d.]+)"', drawn)
    assert found, "a picture tells its height"
    return float(found.group(1))
