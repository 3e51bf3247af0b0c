"""What every chart shares: the colours of the categories, and a figure that reads the same on a light and on a dark page."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import plotly.graph_objects as go
import polars as pl

from analytics.charts import numbers
from analytics.charts.drawing import Drawing, Mark, bar
from data.terms import AccessMode, UserCategory

COLOURS: Mapping[str, str] = {
    UserCategory.START_UP: "#E69F00",
    UserCategory.SME: "#56B4E9",
    UserCategory.LARGE_INDUSTRY: "#CC79A7",
    UserCategory.RESEARCH: "#0072B2",
    UserCategory.PUBLIC_SECTOR: "#009E73",
    UserCategory.UNCLASSIFIED: "#6B6B6B",
}
"""The colour of each user category, the same everywhere (Okabe and Ito's set, and a grey that nobody takes for one of its colours)."""

DASHES: Mapping[str, str] = {
    UserCategory.START_UP: "dash",
    UserCategory.SME: "dot",
    UserCategory.LARGE_INDUSTRY: "dashdot",
    UserCategory.RESEARCH: "solid",
    UserCategory.PUBLIC_SECTOR: "longdash",
    UserCategory.UNCLASSIFIED: "longdashdot",
}
"""The dash of each category's line, so that it survives a black-and-white printer."""

MARKERS: Mapping[str, str] = {
    UserCategory.START_UP: "triangle-up",
    UserCategory.SME: "square",
    UserCategory.LARGE_INDUSTRY: "diamond",
    UserCategory.RESEARCH: "circle",
    UserCategory.PUBLIC_SECTOR: "cross",
    UserCategory.UNCLASSIFIED: "x",
}
"""The marker of each category's points."""

PATTERNS: Mapping[str, str] = {
    UserCategory.START_UP: "/",
    UserCategory.SME: ".",
    UserCategory.LARGE_INDUSTRY: "x",
    UserCategory.RESEARCH: "",
    UserCategory.PUBLIC_SECTOR: "-",
    UserCategory.UNCLASSIFIED: "+",
}
"""The faint pattern of each category's bars where bars of several categories lie on each other."""

NAMES: Mapping[str, str] = {
    UserCategory.START_UP: "start-ups",
    UserCategory.SME: "SMEs",
    UserCategory.LARGE_INDUSTRY: "large industry",
    UserCategory.RESEARCH: "research",
    UserCategory.PUBLIC_SECTOR: "public sector",
    UserCategory.UNCLASSIFIED: "unclassified",
}
"""The user categories as they stand inside a sentence."""

MODE_NAMES: Mapping[str, str] = {
    AccessMode.BENCHMARK: "Benchmark",
    AccessMode.DEVELOPMENT: "Development",
    AccessMode.REGULAR: "Regular",
    AccessMode.EXTREME_SCALE: "Extreme Scale",
    AccessMode.AI_FOR_SCIENCE: "AI for Science",
    AccessMode.PLAYGROUND: "Playground",
    AccessMode.FAST_LANE: "Fast Lane",
    AccessMode.LARGE_SCALE: "Large Scale",
    AccessMode.STRATEGIC: "Strategic",
    AccessMode.OTHER: "Other or none",
}
"""The access modes as the calls write them."""

STACK = (
    UserCategory.RESEARCH,
    UserCategory.PUBLIC_SECTOR,
    UserCategory.LARGE_INDUSTRY,
    UserCategory.SME,
    UserCategory.START_UP,
    UserCategory.UNCLASSIFIED,
)
"""The order in which categories are stacked, from the axis outwards."""

LIMIT = "#7F7F7F"
"""Lines of limits and capacity: four to one against white and against the dark page."""

OVER = "#D55E00"
"""What lies over a limit, always with a word beside it."""

NEUTRAL = "#7A8299"
"""Marks that belong to no category, such as machines and energy."""

GRID = "rgba(127,127,127,0.25)"

CLEAR = "rgba(0,0,0,0)"

ROW_PX = 38
"""The height of one row of a horizontal chart."""

HOVER = "%{customdata}<extra></extra>"
"""Hover texts are whole sentences, written beforehand."""

ALL_WITHHELD = "The figures are withheld: they would show single organisations."

CONFIG = {"displaylogo": False, "displayModeBar": False, "responsive": True}
"""How a figure behaves wherever it is shown: no logo, no button that sends it anywhere."""


def category_name(category: str) -> str:
    """A user category as words, and as it stands where it is none of ours.

    >>> category_name("start_up")
    'start-ups'
    """
    return NAMES.get(category, category)


def group_name(category: str) -> str:
    """A user category as the people in it, for the middle of a sentence.

    >>> group_name("sme"), group_name("public_sector")
    ('SMEs', 'the public sector')
    """
    return f"the {category_name(category)}" if category == UserCategory.PUBLIC_SECTOR else category_name(category)


def sentence_case(words: str) -> str:
    """The words with a capital in front, the rest as it is.

    >>> sentence_case("start-ups"), sentence_case("SMEs")
    ('Start-ups', 'SMEs')
    """
    return words[:1].upper() + words[1:]


def label(name: str) -> str:
    """What stands beside a mark: a category with a capital, any other name as it is, made harmless.

    >>> label("public_sector"), label("eX3"), label("<b>")
    ('Public sector', 'eX3', '&lt;b&gt;')
    """
    return sentence_case(NAMES[name]) if name in NAMES else safe(name)


def in_order(categories: Iterable[str]) -> list[str]:
    """The categories found, in the order in which they are stacked; others behind, by name.

    >>> in_order(["sme", "research"])
    ['research', 'sme']
    """
    places = {category.value: place for place, category in enumerate(STACK)}
    return sorted(set(categories), key=lambda category: (places.get(category, len(places)), category))


def style_of(category: str) -> tuple[str, str, str, str]:
    """The colour, dash, marker and pattern of a category, those of the unclassified for any other word."""
    known = category if category in COLOURS else UserCategory.UNCLASSIFIED
    return COLOURS[known], DASHES[known], MARKERS[known], PATTERNS[known]


def safe(text: str) -> str:
    """A name from a log or a form, made harmless for a chart, which would read <b> and links in it."""
    return escape(text, quote=False)


def canvas(title: str, quantity: str, *, height: int = 380, right: int = 24, legend: bool = False, lift: int = 0) -> go.Figure:
    """An empty figure with its title, the quantity and unit at the top left, and nothing that clashes with a light or dark page.

    Args:
        title: The title, on as many lines as it needs.
        quantity: What is drawn and in which unit; nothing is written where it is empty.
        height: The height of what is below the title.
        right: The room to the right of what is drawn.
        legend: Whether there is a legend.
        lift: By how much the quantity stands higher than usual.
    """
    lines = textwrap.wrap(title, 84) or [""]
    top = 22 * len(lines) + (34 if title else 8) + (24 if legend else 0) + lift
    return Drawing(
        layout={
            "template": {"layout": {"font": {"size": 13}, "hoverlabel": {"align": "left"}}},
            "title": {
                "text": "<br>".join(lines),
                "x": 0,
                "xref": "container",
                "xanchor": "left",
                "y": 1,
                "yanchor": "top",
                "pad": {"t": 4 + 18 * (len(lines) - 1)},
                "font": {"size": 15},
            },
            "annotations": [_corner(quantity, lift)] if quantity else [],
            "paper_bgcolor": CLEAR,
            "plot_bgcolor": CLEAR,
            "height": height + top,
            "margin": {"t": top, "l": 8, "r": right, "b": 30},
            "separators": numbers.marks(),
            "showlegend": legend,
            "legend": {"orientation": "h", "x": 0, "y": 1 + 20 / height, "yanchor": "bottom", "xanchor": "left", "traceorder": "normal"},
            "hovermode": "closest",
            "xaxis": {"showgrid": False, "zeroline": False, "automargin": True, "fixedrange": True, "tickformat": ",~r"},
            "yaxis": {"gridcolor": GRID, "zeroline": False, "automargin": True, "fixedrange": True, "ticklabelstandoff": 6},
        }
    )


def rows_canvas(title: str, quantity: str, names: Sequence[str], *, right: int = 90, legend: bool = False) -> go.Figure:
    """An empty figure of horizontal rows, one a name, the first on top; rows lie at 0, 1, 2 and so on."""
    figure = canvas(title, quantity, height=ROW_PX * max(len(names), 2) + 12, right=right, legend=legend)
    labels = [label(name) for name in names]
    figure.update_yaxes(tickvals=list(range(len(names))), ticktext=labels, range=[len(names) - 0.4, -0.6], showgrid=False)
    return figure


def stacked_bar(category: str, sentences: Sequence[str], **places: Any) -> Mark:
    """The part of stacked bars that belongs to a category, in its colour and faint pattern, with a sentence for each bar."""
    colour, _, _, pattern = style_of(category)
    return bar(
        name=sentence_case(category_name(category)),
        marker={"color": colour, "pattern": hatching(pattern)},
        customdata=list(sentences),
        hovertemplate=HOVER,
        **places,
    )


def hatching(shape: str | Sequence[str]) -> dict[str, Any]:
    """A faint white pattern over the colour of a bar."""
    return {"shape": shape, "fillmode": "overlay", "fgcolor": "rgba(255,255,255,0.5)", "size": 7, "solidity": 0.15}


def small(text: str, **place: Any) -> Mark:
    """A small text without arrow at a place of a figure."""
    return {"text": text, "showarrow": False, "font": {"size": 12}, **place}


def spread(positions: Sequence[float], gap: float) -> list[float]:
    """The positions moved apart as little as needed to stand at least a gap from each other, in the same order.

    >>> spread([0.0, 0.1, 3.0], 1.0)
    [-0.45, 0.55, 3.0]
    """
    order = sorted(range(len(positions)), key=lambda i: positions[i])
    clusters: list[tuple[float, int]] = []
    for i in order:
        clusters.append((positions[i], 1))
        while len(clusters) > 1 and _overlap(clusters[-2], clusters[-1], gap):
            (low, m), (high, n) = clusters[-2:]
            clusters[-2:] = [((low * m + high * n) / (m + n), m + n)]
    placed = [centre + (k - (n - 1) / 2) * gap for centre, n in clusters for k in range(n)]
    return [place for _, place in sorted(zip(order, placed, strict=True))]


def end_labels(figure: go.Figure, labels: Mapping[str, tuple[float, str]], span: float, *, dashed: str = "") -> None:
    """Writes the name of each line or layer at its right end, at its height and moved apart where they would overlap.

    The one called `dashed` is a limit's line, and is marked so.
    """
    heights = spread([height for height, _ in labels.values()], span * 17 / 380)
    for (category, (_, text)), height in zip(labels.items(), heights, strict=True):
        colour, sign = (LIMIT, "– –") if category == dashed else (style_of(category)[0], "■")
        mark = f'<span style="color:{colour}">{sign}</span> '
        figure.add_annotation(x=1, xref="paper", xanchor="left", xshift=6, y=height, yanchor="middle", text=mark + text, showarrow=False)


def limit_line(figure: go.Figure, value: float, label: str, *, axis: str) -> None:
    """Draws a dashed line at a value of the x or y axis, with its name at the end if it has one."""
    line = {"color": LIMIT, "width": 1.5, "dash": "dash"}
    if axis == "x":
        figure.add_shape(type="line", x0=value, x1=value, y0=0, y1=1, yref="paper", line=line)
        if label:
            figure.add_annotation(small(label, x=value, y=1, yref="paper", yanchor="bottom", yshift=4))
    else:
        figure.add_shape(type="line", y0=value, y1=value, x0=0, x1=1, xref="paper", line=line)
        if label:
            figure.add_annotation(small(label, x=0, xref="paper", xanchor="left", y=value, yanchor="bottom"))


def from_zero(largest: float) -> list[float]:
    """The range of an axis of points from zero to the largest, with room for whole marks at both ends."""
    reach = largest if largest > 0 else 1.0
    return [-0.02 * reach, 1.04 * reach]


def months_axis(months: int) -> dict[str, Any]:
    """The ticks of an axis of so many months: at most six to eight of them named, upright, so that they fit a narrow page as well.

    >>> months_axis(3)["dtick"], months_axis(12)["dtick"], months_axis(36)["dtick"]
    ('M1', 'M2', 'M6')
    """
    step = next((step for most, step in ((6, 1), (14, 2), (24, 4), (42, 6)) if months <= most), 12)
    return {"tickformat": "%b<br>%Y", "dtick": f"M{step}", "tickangle": 0}


def missing(row: Mapping[str, Any], why: str = numbers.NOT_AVAILABLE) -> str:
    """What stands beside a row without a figure: that it is withheld where its column `withheld` says so, else why it is not known.

    >>> missing({"withheld": True}), missing({"withheld": False}), missing({}, "power not known")
    ('withheld', 'not available', 'power not known')
    """
    return numbers.WITHHELD if row.get("withheld") else why


def none_shown(rows: pl.DataFrame, why: str) -> str:
    """What stands in place of a chart of rows without any figure: that they are withheld where any is, else why they are not known."""
    return ALL_WITHHELD if "withheld" in rows.columns and rows["withheld"].any() else why


def words_instead(title: str, words: str) -> go.Figure:
    """A figure of the usual size that says in words why there is nothing to draw."""
    figure = canvas(title, "", height=120)
    figure.update_layout(xaxis_visible=False, yaxis_visible=False)
    lines = "<br>".join(textwrap.wrap(words, 46))
    figure.add_annotation(x=0.5, y=0.5, xref="paper", yref="paper", text=lines, showarrow=False, font={"size": 14})
    return figure


def _corner(quantity: str, lift: int) -> Mark:
    return small(quantity, x=0, xref="paper", xanchor="left", y=1, yref="paper", yanchor="bottom", yshift=4 + lift)


def _overlap(lower: tuple[float, int], upper: tuple[float, int], gap: float) -> bool:
    return lower[0] + (lower[1] - 1) / 2 * gap + gap > upper[0] - (upper[1] - 1) / 2 * gap + 1e-12 * gap
