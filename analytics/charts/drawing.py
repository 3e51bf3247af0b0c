"""The figure that every chart is drawn on: Plotly's own, quick to take many texts and lines."""

from typing import Any, Self

import plotly.graph_objects as go


class Drawing(go.Figure):  # type: ignore[misc]  # Plotly tells no types
    """A figure that keeps the texts and lines added to it and sets them together when the layout is looked at.

    Plotly checks every text of a figure again whenever one is added, which makes sixty texts cost as much as two thousand.

    >>> drawing = Drawing().add_annotation(text="a").add_annotation(text="b")
    >>> [text.text for text in drawing.layout.annotations]
    ['a', 'b']
    """

    _waiting: dict[str, list[Any]] | None = None

    def add_annotation(self, arg: Any = None, **places: Any) -> Self:
        """The figure with one text more."""
        return self._later("annotations", go.layout.Annotation(arg, **places))

    def add_shape(self, arg: Any = None, **places: Any) -> Self:
        """The figure with one line or area more."""
        return self._later("shapes", go.layout.Shape(arg, **places))

    @property
    def layout(self) -> go.Layout:
        """The layout, with all texts and lines in it."""
        self._settle()
        return go.Figure.layout.fget(self)

    @layout.setter
    def layout(self, new: Any) -> None:
        go.Figure.layout.fset(self, new)

    def to_dict(self) -> dict[str, Any]:
        """The figure as plain values."""
        self._settle()
        found: dict[str, Any] = super().to_dict()
        return found

    def _later(self, where: str, what: Any) -> Self:
        waiting = self._waiting or {}
        waiting.setdefault(where, []).append(what)
        self._waiting = waiting
        return self

    def _settle(self) -> None:
        waiting, self._waiting = self._waiting or {}, None
        for where, new in waiting.items():
            layout: Any = go.Figure.layout.fget(self)
            layout[where] = (*layout[where], *new)
