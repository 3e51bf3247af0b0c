"""The figure that every chart is drawn on: Plotly's own, made of plain values, which Plotly checks when it is looked into.

Plotly checks every property of a mark when it is made, when it is added, and when the figure is shown, which takes most of the time of
a page. Here a figure is plain values until something of it is asked for that only Plotly can tell; the tests ask that of every chart.
"""

import base64
import re
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import plotly.graph_objects as go
from plotly.basedatatypes import BasePlotlyType

Mark = dict[str, Any]
"""A trace, text or line of a figure as plain values, under Plotly's own names."""

WHOLE_NAMES = re.compile(r"paper_bgcolor|plot_bgcolor|[^_]+")
"""The parts into which a name such as xaxis_title_text falls; two names of the layout have an underscore of their own."""

TYPED = {"i1": "i1", "u1": "u1", "i2": "i2", "u2": "u2", "i4": "i4", "u4": "u4", "f4": "f4", "f8": "f8"}
"""The kinds of numbers that travel as bytes, as NumPy and as Plotly call them."""

NARROWER = {"i": ("i1", "i2", "i4"), "u": ("u1", "u2", "u4")}
"""The kinds of whole numbers that long ones are narrowed to, the first that holds them all."""


def bar(**places: Any) -> Mark:
    """Bars.

    >>> bar(x=[1], y=[2], name=None)
    {'type': 'bar', 'x': [1], 'y': [2], 'name': None}
    """
    return {"type": "bar", **places}


def scatter(**places: Any) -> Mark:
    """Points, lines, or areas with an outline."""
    return {"type": "scatter", **places}


def heatmap(**places: Any) -> Mark:
    """The cells of a matrix."""
    return {"type": "heatmap", **places}


def layout_of(figure: go.Figure) -> Mapping[str, Any]:
    """The layout of a figure as plain values, to be read and not changed.

    >>> layout_of(Drawing(layout={"title": {"text": "Waits"}}))["title"]["text"]
    'Waits'
    """
    plain = figure.plain if isinstance(figure, Drawing) else None
    found: Mapping[str, Any] = figure.layout.to_plotly_json() if plain is None else plain["layout"]
    return found


class Drawing(go.Figure):  # type: ignore[misc]  # Plotly tells no types
    """A figure of plain values; whatever is asked of it that is not written here, Plotly answers, after it has checked them all.

    >>> drawing = Drawing().add_annotation(text="a").update_layout(margin_b=46)
    >>> drawing.plain
    {'data': [], 'layout': {'annotations': [{'text': 'a'}], 'margin': {'b': 46}}}
    >>> [text.text for text in drawing.layout.annotations], drawing.plain
    (['a'], None)
    """

    plain: dict[str, Any] | None = None
    """The marks and the layout; nothing once Plotly has taken them over."""

    def __init__(self, given: Mapping[str, Any] | None = None, *, layout: Mapping[str, Any] | None = None) -> None:
        """A figure of these marks and this layout, or of what `to_dict` gave.

        Args:
            given: Marks as `data`, and a layout.
            layout: The layout, where there are no marks yet.
        """
        given = given or {}
        self.__dict__["plain"] = {"data": list(given.get("data", ())), "layout": dict(given.get("layout", layout or {}))}

    def __getattr__(self, name: str) -> Any:
        """What only Plotly can tell, after it has taken over marks and layout."""
        if self.plain is None or not name.startswith("_") or name.startswith("__"):
            raise AttributeError(name)
        self._hand_over()
        return getattr(self, name)

    def add_trace(self, trace: Any, *places: Any, **others: Any) -> Self:
        """The figure with one mark more."""
        if self.plain is None or places or others:
            return self._by_plotly("add_trace", trace, *places, **others)
        self.plain["data"].append(_plain(trace))
        return self

    def add_annotation(self, arg: Any = None, **places: Any) -> Self:
        """The figure with one text more."""
        return self._with("annotations", "add_annotation", arg, places)

    def add_shape(self, arg: Any = None, **places: Any) -> Self:
        """The figure with one line or area more."""
        return self._with("shapes", "add_shape", arg, places)

    def update_layout(self, dict1: Any = None, overwrite: bool = False, **places: Any) -> Self:
        """The figure with these properties of its layout."""
        new = {**_plain(dict1 or {}), **places}
        if self.plain is None or overwrite or {"annotations", "shapes", "images", "template"} & new.keys():
            return self._by_plotly("update_layout", dict1, overwrite, **places)
        _merge(self.plain["layout"], new)
        return self

    def update_xaxes(self, patch: Any = None, *places: Any, **new: Any) -> Self:
        """The figure with these properties of each of its x axes."""
        return self._axes("x", patch, places, new)

    def update_yaxes(self, patch: Any = None, *places: Any, **new: Any) -> Self:
        """The figure with these properties of each of its y axes."""
        return self._axes("y", patch, places, new)

    def to_dict(self) -> dict[str, Any]:
        """The figure as plain values, its numbers as bytes, as Plotly writes them."""
        found: dict[str, Any] = super().to_dict() if self.plain is None else _written(self.plain)
        return found

    def _with(self, where: str, method: str, arg: Any, places: dict[str, Any]) -> Self:
        if self.plain is None or {"row", "col", "exclude_empty_subplots", "secondary_y"} & places.keys():
            return self._by_plotly(method, arg, **places)
        layout = self.plain["layout"]
        layout[where] = [*layout.get(where, ()), {**_plain(arg or {}), **places}]
        return self

    def _axes(self, letter: str, patch: Any, places: tuple[Any, ...], new: dict[str, Any]) -> Self:
        if self.plain is None or places or {"selector", "overwrite", "row", "col", "secondary_y"} & new.keys():
            return self._by_plotly(f"update_{letter}axes", patch, *places, **new)
        layout = self.plain["layout"]
        layout.setdefault(f"{letter}axis", {})
        for name in [name for name in layout if re.fullmatch(rf"{letter}axis\d*", name)]:
            _merge(layout, {name: {**_plain(patch or {}), **new}})
        return self

    def _by_plotly(self, method: str, *arguments: Any, **named: Any) -> Self:
        """What Plotly makes of a call."""
        self._hand_over()
        getattr(super(), method)(*arguments, **named)
        return self

    def _hand_over(self) -> None:
        """Have Plotly check marks and layout, and keep them from now on."""
        plain, self.__dict__["plain"] = self.plain, None
        if plain is not None:
            super().__init__(plain)


def _plain(part: Any) -> Any:
    """An object of Plotly's as the plain values that it was made of."""
    return part.to_plotly_json() if isinstance(part, BasePlotlyType) else part


def _merge(into: dict[str, Any], new: Mapping[str, Any]) -> None:
    """Set properties, those inside others too; an underscore in a name leads to what is inside.

    >>> axis = {"xaxis": {"title": {"text": "a", "standoff": 6}}}
    >>> _merge(axis, {"xaxis_title_text": "b", "paper_bgcolor": "red"})
    >>> axis
    {'xaxis': {'title': {'text': 'b', 'standoff': 6}}, 'paper_bgcolor': 'red'}
    """
    for name, found in new.items():
        *path, last = WHOLE_NAMES.findall(name)
        place, value = into, _plain(found)
        for step in path:
            place[step] = dict(place.get(step) or {})
            place = place[step]
        if isinstance(value, Mapping):
            place[last] = dict(place.get(last) or {})
            _merge(place[last], value)
        else:
            place[last] = value


def _written(part: Any) -> Any:
    """A part of a figure as Plotly writes it: properties without a value left out, arrays of numbers as bytes, times as text."""
    if isinstance(part, Mapping):
        return {name: _written(_plain(value)) for name, value in part.items() if value is not None}
    if isinstance(part, list | tuple):
        is_flat = not part or isinstance(part[0], str | int | float)
        return list(part) if is_flat else [_written(_plain(value)) for value in part]
    return _array(part) if isinstance(part, np.ndarray) else part


def _array(values: np.ndarray[Any, Any]) -> Any:
    """An array as it travels.

    >>> _array(np.array([1, 2])), _array(np.array(["2026-03-01"], dtype="datetime64[D]"))
    ({'dtype': 'i1', 'bdata': 'AQI='}, ['2026-03-01'])
    """
    if values.dtype.kind == "M":
        return np.datetime_as_string(values).tolist()
    if values.dtype.kind in NARROWER and values.dtype.itemsize == 8 and values.size:
        low, high = int(values.min()), int(values.max())
        fitting = (kind for kind in NARROWER[values.dtype.kind] if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max)
        values = values.astype(next(fitting, values.dtype))
    kind = TYPED.get(values.dtype.str[1:])
    if kind is None or not values.size:
        return values.tolist()
    shape = {"shape": ", ".join(map(str, values.shape))} if values.ndim > 1 else {}
    return {"dtype": kind, "bdata": base64.b64encode(values.tobytes()).decode("ascii"), **shape}
