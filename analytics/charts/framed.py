"""A chart and what stands round it: bare for a page that writes its title as text."""

import plotly.graph_objects as go

UNTITLED_PX = 30
"""What `theme.canvas` leaves above a chart without title."""


def title_of(figure: go.Figure) -> str:
    """The title of a chart as one line of text, empty where it has none.

    >>> from analytics.charts import theme
    >>> title_of(theme.canvas("Machine time by month", "node-hours"))
    'Machine time by month'
    """
    return (figure.layout.title.text or "").replace("<br>", " ")


def bare(figure: go.Figure) -> go.Figure:
    """The chart without its title and without the room for it, for a page on which the title stands as text above.

    >>> from analytics.charts import theme
    >>> figure = theme.canvas("Machine time by month", "node-hours")
    >>> bare(figure).layout.height == theme.canvas("", "node-hours").layout.height
    True
    """
    if not figure.layout.title.text:
        return figure
    room = 22 * (figure.layout.title.text.count("<br>") + 1) + 34 - UNTITLED_PX
    return go.Figure(figure).update_layout(title_text=None, height=figure.layout.height - room, margin_t=figure.layout.margin.t - room)
