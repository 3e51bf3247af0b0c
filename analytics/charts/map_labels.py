"""Where the names of places stand on a map: beside their marks, so that no name lies on another name or on another's mark."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

KM_PER_PX = (7.2, 12.0)
"""How many kilometres a pixel is, on a wide page and on a narrow one; names keep apart on both."""

CHARACTER_PX, LINE_PX, MARK_PX = 6.4, 15.0, 13.0
"""The width of a letter, the height of a line and the size of a mark."""

PASSES = 4
"""How often every name is placed anew beside the others; a few times suffice for dozens of places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the sides of a mark on which its name can stand."""

    xanchor: str
    """Which edge of the name is beside the mark: left, center or right."""
    yanchor: str
    """Which edge of the name is beside the mark: bottom, middle or top."""
    xshift: float
    """How far to the right of the mark that edge is, in pixels."""
    yshift: float
    """How far above the mark it is, in pixels."""


SIDES = (
    Side(xanchor="center", yanchor="bottom", xshift=0, yshift=8),
    Side(xanchor="center", yanchor="top", xshift=0, yshift=-8),
    Side(xanchor="left", yanchor="middle", xshift=10, yshift=0),
    Side(xanchor="right", yanchor="middle", xshift=-10, yshift=0),
    Side(xanchor="left", yanchor="bottom", xshift=7, yshift=4),
    Side(xanchor="left", yanchor="top", xshift=7, yshift=-4),
    Side(xanchor="right", yanchor="bottom", xshift=-7, yshift=4),
    Side(xanchor="right", yanchor="top", xshift=-7, yshift=-4),
)
"""The sides in the order in which they are liked."""

Box = tuple[float, float, float, float]
"""Left, right, lower and upper edge in pixels."""


def sides(names: Sequence[str], places_km: Sequence[tuple[float, float]]) -> list[Side]:
    """The side of its mark on which each name stands, so that names and marks overlap as little as can be.

    >>> [side.xanchor for side in sides(["Left", "Right"], [(0.0, 0.0), (100.0, 0.0)])]
    ['center', 'center']
    >>> beside = sides(["JUPITER", "MeluXina"], [(0.0, 0.0), (10.0, 80.0)])
    >>> beside[0].yanchor, beside[1].yanchor
    ('top', 'bottom')
    """
    chosen = [SIDES[0]] * len(names)
    for _ in range(PASSES):
        before = list(chosen)
        for at in range(len(names)):
            chosen[at] = min(SIDES, key=lambda side: (_crowding(at, side, names, places_km, chosen), SIDES.index(side)))
        if chosen == before:
            break
    return chosen


def overlaps(names: Sequence[str], places_km: Sequence[tuple[float, float]], chosen: Sequence[Side]) -> float:
    """By how many square pixels names lie on other names or marks, on a wide and a narrow page together."""
    return sum(_crowding(at, side, names, places_km, chosen) for at, side in enumerate(chosen))


def _crowding(at: int, side: Side, names: Sequence[str], places_km: Sequence[tuple[float, float]], chosen: Sequence[Side]) -> float:
    """By how many square pixels this name would lie on others and on their marks."""
    crowded = 0.0
    for scale, other in product(KM_PER_PX, range(len(names))):
        if other != at:
            mine = _name_box(names[at], places_km[at], side, scale)
            crowded += _common(mine, _name_box(names[other], places_km[other], chosen[other], scale))
            crowded += _common(mine, _mark_box(places_km[other], scale))
    return crowded


def _name_box(name: str, place_km: tuple[float, float], side: Side, scale: float) -> Box:
    x, y = place_km[0] / scale + side.xshift, place_km[1] / scale + side.yshift
    wide = CHARACTER_PX * len(name)
    left = x - {"left": 0.0, "center": wide / 2, "right": wide}[side.xanchor]
    low = y - {"bottom": 0.0, "middle": LINE_PX / 2, "top": LINE_PX}[side.yanchor]
    return left, left + wide, low, low + LINE_PX


def _mark_box(place_km: tuple[float, float], scale: float) -> Box:
    x, y = place_km[0] / scale, place_km[1] / scale
    return x - MARK_PX / 2, x + MARK_PX / 2, y - MARK_PX / 2, y + MARK_PX / 2


def _common(one: Box, other: Box) -> float:
    """The area that two boxes share."""
    across, tall = min(one[1], other[1]) - max(one[0], other[0]), min(one[3], other[3]) - max(one[2], other[2])
    return max(across, 0.0) * max(tall, 0.0)
