"""The axes of vector pictures: from values to pixels, with ticks where people expect them."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.errors import InputError

ROOM = 0.055
"""The part of a span that an axis adds at an end which is not set."""

MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120)
DAY_STEPS = (1, 2, 7, 14)
TICK_ROOM_PX = 62
DAYS_PER_MONTH = 30.44
FEW_DAYS = 100

Floats = NDArray[np.float64]


class Scale(StrEnum):
    """What the values of an axis are."""

    LINEAR = "linear"
    DATE = "date"
    CATEGORY = "category"


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """An axis with its range in values and its place in pixels."""

    scale: Scale
    """What its values are."""
    names: tuple[str, ...] = ()
    """The categories of an axis of categories, in their order."""
    low: float = 0.0
    """The value at its start; days since 1970 for dates, places from 0 for categories."""
    high: float = 1.0
    """The value at its end; below `low` where the axis runs backwards."""
    start_px: float = 0.0
    """Where its start lies in the picture."""
    end_px: float = 1.0
    """Where its end lies."""
    layout: Mapping[str, Any]
    """What the figure says of it."""

    def values(self, given: Any) -> Floats:
        """Values of a figure as numbers of this axis, unknown ones as not a number."""
        found = np.asarray(given if isinstance(given, np.ndarray | list | tuple) else [given])
        if self.scale is Scale.CATEGORY:
            places = {name: float(place) for place, name in enumerate(self.names)}
            return np.array([places.get(name, float("nan")) if isinstance(name, str) else float(name) for name in found.tolist()])
        if self.scale is Scale.DATE:
            return _days(found)
        return np.array([float("nan") if value is None else float(value) for value in found.tolist()])

    def px(self, given: Any) -> Floats:
        """Where values of a figure lie in the picture."""
        return self.at(self.values(given))

    def at(self, values: Floats) -> Floats:
        """Where numbers of this axis lie in the picture."""
        return self.start_px + (values - self.low) * self.px_per_unit

    @property
    def px_per_unit(self) -> float:
        """The pixels of one unit, negative where values grow to the left or upwards."""
        return (self.end_px - self.start_px) / ((self.high - self.low) or 1.0)

    def placed(self, start_px: float, end_px: float) -> "Axis":
        """The same axis between two places of the picture."""
        return replace(self, start_px=start_px, end_px=end_px)


def axis_of(layout: Mapping[str, Any], given: Sequence[Any], *, bars: Sequence[tuple[Any, float]], from_zero: bool) -> Axis:
    """An axis that holds the given values; `bars` are positions with the width of bars there, `from_zero` whether they grow along it."""
    scale, names = _scale(layout, [*given, *(position for position, _ in bars)])
    axis = Axis(scale=scale, names=names, layout=layout)
    low, high = _span(axis, given, bars, from_zero=from_zero)
    if layout.get("autorange") == "reversed":
        low, high = high, low
    fixed = layout.get("range")
    if fixed is not None:
        ends = axis.values([end if end is not None else float("nan") for end in fixed]) if scale is not Scale.CATEGORY else np.array(fixed)
        low, high = (other if math.isnan(end) else float(end) for end, other in zip(ends, (low, high), strict=True))
    return replace(axis, low=low, high=high)


def ticks(axis: Axis) -> list[tuple[float, str]]:
    """The values that are marked on an axis, with their words."""
    low, high = sorted((axis.low, axis.high))
    chosen = axis.layout.get("tickvals")
    if chosen is not None:
        words = axis.layout.get("ticktext")
        values = axis.values(chosen)
        said = [_said(axis, value) for value in values] if words is None else [str(word) for word in words]
        return [(float(value), word) for value, word in zip(values, said, strict=True) if low <= value <= high]
    if axis.scale is Scale.CATEGORY:
        return [(float(place), name) for place, name in enumerate(axis.names) if low <= place <= high]
    if axis.scale is Scale.DATE:
        return _without_repeats([(value, _said(axis, value)) for value in _dates(axis, low, high)])
    return [(value, _said(axis, value)) for value in _round_values(axis, low, high)]


def _scale(layout: Mapping[str, Any], given: Iterable[Any]) -> tuple[Scale, tuple[str, ...]]:
    stated = layout.get("type")
    arrays = [np.asarray(values) for values in given]
    words = [values for values in arrays if values.dtype.kind in "UO" and any(isinstance(value, str) for value in values.tolist())]
    dates = any(values.dtype.kind == "M" or any(isinstance(v, date) for v in values.tolist()[:1]) for values in arrays)
    if stated == "date" or (stated in (None, "-") and (dates or (words and all(_are_dates(values) for values in words)))):
        return Scale.DATE, ()
    if stated == "category" or (stated in (None, "-") and words):
        order = layout.get("categoryarray")
        names = [str(name) for name in (order if order is not None else ())]
        names += [str(name) for values in words for name in values.tolist() if name is not None]
        return Scale.CATEGORY, tuple(dict.fromkeys(names))
    return Scale.LINEAR, ()


def _are_dates(values: NDArray[Any]) -> bool:
    return all(value is None or re.match(r"\d{4}-\d{2}-\d{2}", str(value)) for value in values.tolist())


def _days(values: NDArray[Any]) -> Floats:
    """Days since 1970; a time zone is taken for UTC, as everywhere."""
    if values.dtype.kind == "M":
        whole = values.astype("datetime64[ms]")
    elif values.dtype.kind in "if":
        return values.astype(np.float64)
    else:
        whole = np.array([_moment(value) for value in values.tolist()], dtype="datetime64[ms]")
    days = whole.astype(np.int64) / 86_400_000
    return np.where(np.isnat(whole), np.nan, days)


def _moment(value: object) -> np.datetime64:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return np.datetime64("NaT", "ms")
    if isinstance(value, datetime):
        return np.datetime64(value.replace(tzinfo=None), "ms")
    return np.datetime64(value if isinstance(value, date) else str(value).replace("Z", ""), "ms")


def _span(axis: Axis, given: Sequence[Any], bars: Sequence[tuple[Any, float]], *, from_zero: bool) -> tuple[float, float]:
    """The range that holds what is drawn, with room at its ends but not below a zero on which bars stand."""
    if axis.scale is Scale.CATEGORY:
        return -0.5, max(len(axis.names), 1) - 0.5
    found = [axis.values(values) for values in given]
    flat = np.concatenate([values[np.isfinite(values)] for values in found]) if found else np.array([])
    slots = [axis.values(positions) for positions, _ in bars]
    halves = [slot / 2 for _, slot in bars]
    edges = [edge for places, half in zip(slots, halves, strict=True) if places.size for edge in (places.min() - half, places.max() + half)]
    if not flat.size and not edges:
        return 0.0, 1.0
    if not flat.size:
        return float(min(edges)), float(max(edges))
    low, high = float(flat.min()), float(flat.max())
    zero = from_zero or axis.layout.get("rangemode") == "tozero"
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    room = ROOM * ((high - low) or abs(high) or 1.0)
    low, high = low - (0.0 if zero and low == 0 else room), high + (0.0 if zero and high == 0 else room)
    return float(min([low, *edges])), float(max([high, *edges]))


def _round_values(axis: Axis, low: float, high: float) -> list[float]:
    step = axis.layout.get("dtick")
    if step is None:
        across = abs(axis.end_px - axis.start_px)
        wished = max(2.0, min(float(axis.layout.get("nticks") or 8), across / TICK_ROOM_PX))
        rough = (high - low) / wished
        power = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
        step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    start = float(axis.layout.get("tick0") or 0.0)
    first, last = math.ceil((low - start) / step - 1e-9), math.floor((high - start) / step + 1e-9)
    return [start + number * step for number in range(first, last + 1)]


def _dates(axis: Axis, low: float, high: float) -> list[float]:
    stated = axis.layout.get("dtick")
    across = max(abs(axis.end_px - axis.start_px) / TICK_ROOM_PX, 2.0)
    if stated is None and high - low < FEW_DAYS:
        step = next((days for days in DAY_STEPS if (high - low) / days <= across), 28)
        return [float(value) for value in range(math.ceil(low), math.floor(high) + 1) if value % step == 0]
    if stated is None:
        months = next((steps for steps in MONTH_STEPS if (high - low) / DAYS_PER_MONTH / steps <= across), MONTH_STEPS[-1])
    elif isinstance(stated, str) and re.fullmatch(r"M\d+", stated):
        months = int(stated[1:])
    else:
        raise InputError(f"the step {stated!r} of an axis of dates is not drawn; write M and a number of months.")
    first = np.datetime64(math.floor(low), "D").astype("datetime64[M]").astype(int)
    last = np.datetime64(math.ceil(high), "D").astype("datetime64[M]").astype(int)
    starts = [
        float(np.datetime64(int(month), "M").astype("datetime64[D]").astype(int)) for month in range(first, last + 1) if month % months == 0
    ]
    return [start for start in starts if low <= start <= high]


def _said(axis: Axis, value: float) -> str:
    """A tick in words, in the format that the figure asks for."""
    form = axis.layout.get("tickformat")
    if axis.scale is Scale.DATE:
        moment = datetime(1970, 1, 1) + _since(value)  # noqa: DTZ001 - days of an axis, in no zone
        return str(moment.strftime(form or "%-d %b<br>%Y"))
    number = 0.0 if abs(value) < 1e-12 * abs(axis.high - axis.low) else value
    words = _number(number, form).translate(_translated(axis.layout.get("marks") or ".,"))
    return f"{axis.layout.get('tickprefix') or ''}{words}{axis.layout.get('ticksuffix') or ''}"


def _translated(marks: str) -> dict[int, str]:
    """How the marks of a number are written: a minus, and the marks before decimals and between thousands that the figure asks for."""
    return str.maketrans({"-": "\N{MINUS SIGN}", ".": marks[0], ",": marks[1]})


def _since(days: float) -> Any:
    return np.timedelta64(round(days * 86_400), "s").astype(object)


def _number(value: float, form: str | None) -> str:
    if form in (None, "", ",~r", ",", ",~g"):
        return f"{value:,.12g}"
    if re.fullmatch(r",?\.\d+[f%]", form or ""):
        return f"{value:{form}}"
    raise InputError(f"the number format {form!r} of an axis is not drawn; use ,~r, or digits behind the point such as ,.1f.")


def _without_repeats(marked: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """The second line of a date, mostly the year, only where it changes."""
    seconds = [words.split("<br>", 1)[1:] for _, words in marked]
    repeated = [False, *(before == after for before, after in pairwise(seconds))]
    return [(value, words.split("<br>")[0] if again else words) for (value, words), again in zip(marked, repeated, strict=True)]
