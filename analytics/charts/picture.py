"""Figures as PNG pictures: the vector picture, set by the engine of the documents, so that it looks the same on every machine."""

from typing import Any

import plotly.graph_objects as go
import typst

from analytics.charts.fonts import FOLDER
from analytics.charts.svg import WIDTH_PX, svg

PAGE = """#set page(width: auto, height: auto, margin: 0pt)
#set text(font: "Source Sans 3")
#image("chart.svg")
"""
PIXELS_PER_INCH = 96


def png(figure: go.Figure, *, alt: str, width_px: int = WIDTH_PX, height_px: int | None = None, zoom: float = 2.0) -> bytes:
    """The figure as a PNG picture, with `zoom` pixels for each of `svg`, dark on white.

    Raises:
        InputError: as `svg` does.
    """
    return png_of_svg(svg(figure, alt=alt, width_px=width_px, height_px=height_px), zoom=zoom)


def png_of_svg(drawn: str, *, zoom: float = 2.0) -> bytes:
    """A vector picture as a PNG picture."""
    files: Any = {"main.typ": PAGE.encode(), "chart.svg": drawn.encode()}
    return bytes(typst.compile(files, format="png", ppi=zoom * PIXELS_PER_INCH, font_paths=[FOLDER], ignore_system_fonts=True))
