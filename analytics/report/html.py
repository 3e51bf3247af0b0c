"""A report as one HTML file that opens anywhere: nothing is fetched, nothing is sent, and the same report gives the same bytes."""

import base64
import hashlib
import json
import re
from typing import Any

import numpy as np
import plotly.io
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape
from plotly.offline import get_plotlyjs

from analytics.charts import theme
from analytics.charts.numbers import NOT_AVAILABLE
from analytics.report.document import Block, Chart, Kind, Note, Paragraph, Report, Table
from analytics.report.record import record_text
from analytics.report.style import FIGURE, LONG_TABLE, STYLE, TABLE, TEMPLATE

_JINJA = Environment(autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True)
LONG_ROWS = 40
"""From more rows than this on, a table waits folded on the screen; on paper it stands open."""

LONG_WORDS = 60
"""A column in which any cell has more letters than this is kept wide enough to be read, and does not make tall rows."""

DRAWN_DIGITS = 10
"""To how many digits a chart is drawn."""

_CODE = re.compile(r"`([^`]+)`")


def html(report: Report) -> str:
    """The report as a self-contained HTML page, with every chart drawn by the plotly.js inside and repeated as a table.

    The page's own security policy lets no script run but those that stand in it, named by their digests.
    """
    scripts = (get_plotlyjs(), _drawing(report))
    committed = report.snapshot.committed
    return _JINJA.from_string(TEMPLATE).render(
        report=report,
        style=Markup(STYLE),
        policy=_policy(scripts),
        scripts=[Markup(script) for script in scripts],
        shown=_shown,
        record=Markup(record_text(report).replace("<", "\\u003c")),
        committed=f"{committed:%Y-%m-%d %H:%M:%S} UTC" if committed else NOT_AVAILABLE,
    )


def _coded(text: str) -> Markup:
    """The text with what stands between backticks set as code.

    >>> _coded("by `mode` & <b>")
    Markup('by <code>mode</code> &amp; &lt;b&gt;')
    """
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))


_JINJA.filters["coded"] = _coded


def _shown(block: Block) -> Markup:
    match block:
        case Paragraph(text=text):
            return Markup("<p>{}</p>").format(text)
        case Note(text=text):
            return Markup('<p class="note">{}</p>').format(text)
        case Table(frame=frame) if frame.height > LONG_ROWS:
            return _filled(LONG_TABLE, caption=block.caption, rows=frame.height, table=_tabled(block))
        case Table():
            return _tabled(block)
        case Chart():
            return _filled(FIGURE, chart=block, table=_tabled(block.table))


def _tabled(table: Table) -> Markup:
    rows = list(table.rows)
    classes = [_classed(column.kind, [row[at] for row in rows]) for at, column in enumerate(table.columns)]
    return _filled(TABLE, table=table, classes=classes)


def _classed(kind: Kind, cells: list[str]) -> str:
    """The class by which the style sheet sets a column's cells.

    >>> _classed(Kind.TEXT, ["Reduced from 280,000 to 244,000 GPU-hours: that is what was left."])
    'words long'
    """
    if kind.is_number or kind is Kind.SOURCE:
        return "number" if kind.is_number else "source"
    return "words long" if any(len(cell) > LONG_WORDS for cell in cells) else "words"


def _filled(template: str, **values: object) -> Markup:
    return Markup(_JINJA.from_string(template).render(**values))


def _drawing(report: Report) -> str:
    """The script that draws every chart into its place; plotly's JSON hides < and / so that no text can end the script."""
    charts = [block for section in report.sections for block in section.blocks if isinstance(block, Chart)]
    config = json.dumps(theme.CONFIG, sort_keys=True)
    calls = [f'draw("{chart.id}", {plotly.io.to_json(_settled(chart.figure.to_dict()), engine="json")});' for chart in charts]
    start = f"const draw = (id, figure) => Plotly.newPlot(id, figure.data, figure.layout, {config});"
    return "\n".join((start, *calls))


def _settled(part: Any) -> Any:
    """A figure's part with its numbers to ten digits: the last bits of a sum depend on the order in which threads add it up.

    >>> _settled({"x": [0.1 + 0.2, "March"]})
    {'x': [0.3, 'March']}
    """
    if isinstance(part, dict) and part.get("dtype") == "f8":
        numbers = np.frombuffer(base64.b64decode(part["bdata"]))
        return _settled(numbers.reshape([int(length) for length in part.get("shape", str(numbers.size)).split(",")]))
    if isinstance(part, dict):
        return {name: _settled(value) for name, value in part.items()}
    if isinstance(part, list | tuple):
        return [_settled(value) for value in part]
    if isinstance(part, np.ndarray):
        return _settled(part.tolist())
    return float(f"{part:.{DRAWN_DIGITS}g}") if isinstance(part, float) else part


def _policy(scripts: tuple[str, ...]) -> str:
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"
