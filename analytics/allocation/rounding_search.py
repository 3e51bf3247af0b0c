"""Which cells of a rounded allocation are rounded up: the best choice of all, by an integer program, where cells are not too many."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from analytics.allocation.program import Index, Mask, Vector

MOST_CELLS = 2_000
"""The number of cells up to which all choices are searched; beyond it the largest remainders alone decide."""
NODES_AT_MOST = 2_000
"""How many branches are looked at before the best choice so far is taken."""
TINY = 1e-9
"""The part of a limit, or of a quantum, that rounding of sums may be off by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What may be rounded up, in quanta, after every cell was rounded down."""

    remainder: Vector
    """(cell): the part of a quantum that was cut off."""
    place: Index
    """(cell): its partition and period."""
    room: Vector
    """(place): quanta that its capacity leaves."""
    most: tuple[Vector, Vector]
    """(row, cell) and (row): what a quantum uses of limits of at most and of requests, and what these leave."""
    least: tuple[Vector, Vector]
    """(row, cell) and (row): what a quantum adds to floors and guarantees, and what these lack; in parts of them."""

    def keeps(self, up: Mask) -> bool:
        """Whether rounding these cells up passes no capacity, limit or request."""
        used = np.bincount(self.place, up, minlength=len(self.room))
        uses, left = self.most
        return bool((used <= self.room + TINY).all() and (uses @ up <= left + TINY * np.abs(uses).max(axis=1, initial=0.0)).all())

    def worth(self, up: Mask) -> tuple[float, float, float]:
        """What a choice is judged by, in this order: what floors and guarantees still lack, quanta given, and remainders made good."""
        adds, lacks = self.least
        short = float(np.maximum(lacks - adds @ up, 0.0).sum())
        return (-round(short, 9), float(up @ self.counted), float(up @ self.remainder))

    @property
    def counted(self) -> Vector:
        """(cell): 1 for a quantum that was cut off in part, -1 for one that goes beyond the exact split."""
        return np.where(self.remainder > TINY, 1.0, -1.0)


def best(choice: Choice, first: Mask) -> Mask:
    """The cells to round up: those of a first choice, unless the search finds a better one that passes nothing either."""
    if len(choice.remainder) > MOST_CELLS or not len(choice.remainder):
        return first
    lacking = choice.least[1] > TINY
    adds, lacks = choice.least[0][lacking], choice.least[1][lacking]
    count, floors = len(choice.remainder), int(lacking.sum())
    value = choice.counted + choice.remainder / (count + 1)
    short = 2.0 * count / max(SMALLEST_LACK, float(np.min(adds[adds > 0], initial=1.0))) if floors else 0.0
    found = milp(
        c=np.concatenate([-value, np.full(floors, short)]),
        constraints=_rows(choice, adds, lacks),
        integrality=np.concatenate([np.ones(count), np.zeros(floors)]),
        bounds=Bounds(0.0, np.concatenate([np.ones(count), np.full(floors, np.inf)])),
        options={"node_limit": NODES_AT_MOST, "mip_rel_gap": 0.0},
    )
    if found.x is None:
        return first
    up = np.asarray(found.x[:count] > 0.5, dtype=bool)
    return up if choice.keeps(up) and choice.worth(up) > choice.worth(first) else first


SMALLEST_LACK = 1e-4
"""The smallest part of a floor that a quantum counts for when what is lacking is weighed against quanta."""


def _rows(choice: Choice, adds: Vector, lacks: Vector) -> list[LinearConstraint]:
    """Capacity, limits and requests as upper bounds; floors and guarantees with a column for what they still lack."""
    count, floors = len(choice.remainder), len(lacks)
    places = sparse.csr_array((np.ones(count), (choice.place, np.arange(count))), shape=(len(choice.room), count + floors))
    uses, left = choice.most
    size = np.maximum(np.abs(uses).max(axis=1, initial=0.0), 1e-300)[:, None]
    rows = [LinearConstraint(places, ub=np.floor(choice.room + TINY))]
    if len(left):
        rows.append(LinearConstraint(sparse.csr_array(np.hstack([uses / size, np.zeros((len(left), floors))])), ub=left / size[:, 0]))
    if floors:
        rows.append(LinearConstraint(sparse.csr_array(np.hstack([adds, np.eye(floors)])), lb=lacks))
    return rows
