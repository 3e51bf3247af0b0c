"""A problem that falls into parts which share neither projects nor limits: solved part by part, and proven as one.

Ten machines of which no project uses two are ten small problems, each with few prices to be found. Limits that count every partition,
such as a floor for a user category, are left aside at first: where the split keeps to them all the same, it is the best within them
too, for they cost nobody anything. The proof is that of the whole problem; where it does not hold, the whole is solved at once.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice

import numpy as np
from numpy.linalg import LinAlgError
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from analytics.allocation import attempts, scaling
from analytics.allocation.aggregate import Reduced, reduced
from analytics.allocation.attempts import Found
from analytics.allocation.certificate import Prices, Split, certify
from analytics.allocation.program import Index, Mask, Program, of_projects

MANY = 20_000
"""From how many projects on parts are looked for; fewer are solved at once in no time."""

TRIES = 2
"""How many splits of a part are looked at before the whole is solved at once."""


def alpha_fair(small: Reduced, served: Index, alpha: float, warm: Prices | None) -> Iterator[Found]:
    """The split put together from those of the parts, if there are several and the proof of the whole holds; nothing otherwise."""
    full = small.program
    if len(served) < MANY:
        return
    part_of, limits = parts(small, served)
    count = int(part_of.max(initial=-1)) + 1
    if count < 2:
        return
    split = Split(hours=np.zeros_like(full.usefulness), shares=np.zeros((len(full.open), *full.capacity.shape)))
    prices = Prices(limits=np.zeros(len(full.limits.names)), capacity=np.zeros_like(full.capacity))
    shut = (full.limits.sign > 0) & (full.limits.value == 0)
    for part in range(count):
        here, rows = part_of == part, np.flatnonzero((limits == part) | shut)
        projects = served[small.live[here][:, served].any(axis=0)]
        found = _best(_slice(full, here, projects, rows), alpha, _prices_there(warm, here, rows))
        if found is None:
            return
        classes = np.unique(full.class_of[projects])
        split.hours[np.ix_(here, projects)] = found.split.hours
        split.shares[np.ix_(classes, np.flatnonzero(here))] = found.split.shares
        prices.limits[rows], prices.capacity[here] = found.prices.limits, found.prices.capacity
    whole = Found(split=split, prices=prices, certificate=certify(full, split, prices, served, alpha))
    if whole.certificate.accepted:
        yield whole


def parts(small: Reduced, served: Index) -> tuple[Index, Index]:
    """(partition): the part that it belongs to, -1 where nobody can use it; (limit): its part, -1 where it is left aside or cannot bind.

    Partitions belong together where a project may use both, or a limit that can bind counts both but not every partition in use.
    """
    full, limits = small.program, small.program.limits
    live = small.live[:, served].astype(float)
    used = live.any(axis=1)
    counted = (limits.factor > 0).any(axis=2) & used & (small.limit_row >= 0)[:, None]
    links = live @ live.T
    for row in counted[~counted[:, used].all(axis=1)].astype(float):
        links += np.outer(row, row)
    _, name = connected_components(sparse.csr_array(links), directed=False)
    part_of = np.full(len(full.partitions), -1)
    part_of[used] = np.unique(name[used], return_inverse=True)[1]
    within = np.array([len(set(part_of[row])) == 1 for row in counted], dtype=bool)
    first = counted.argmax(axis=1) if len(counted) else np.zeros(0, dtype=np.int64)
    return part_of, np.where(within, part_of[first], -1)


def _best(part: Program, alpha: float, warm: Prices | None) -> Found | None:
    """The proven split of a part; None where there is none at once."""
    small = reduced(part)
    served = np.flatnonzero(scaling.can_be_served(small))
    with suppress(ArithmeticError, LinAlgError):
        return next((found for found in islice(attempts.alpha_fair(small, served, alpha, warm), TRIES) if found.certificate.accepted), None)
    return None


def _slice(full: Program, here: Mask, projects: Index, rows: Index) -> Program:
    """The program of some partitions, projects and limits alone, over all periods."""
    part, _ = of_projects(full, projects)
    limits = part.limits
    return replace(
        part,
        partitions=tuple(name for name, kept in zip(full.partitions, here, strict=True) if kept),
        usefulness=part.usefulness[here],
        capacity=full.capacity[here],
        cost=full.cost[here],
        limits=replace(
            limits,
            names=tuple(limits.names[row] for row in rows),
            quantities=tuple(limits.quantities[row] for row in rows),
            sign=limits.sign[rows],
            factor=limits.factor[np.ix_(rows, here)],
            member=limits.member[rows],
            value=limits.value[rows],
        ),
    )


def _prices_there(warm: Prices | None, here: Mask, rows: Index) -> Prices | None:
    return None if warm is None else Prices(limits=warm.limits[rows], capacity=warm.capacity[here])
