"""The awards of the greatest total worth, as a mixed-integer program, with the bound that proves how good they are."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import coo_array, csr_array, vstack

from analytics.allocation.award_program import AwardProgram, Flags, Places, Vector, slip
from analytics.allocation.award_whole import Room

GOOD_ENOUGH = 1e-6
"""The search ends when no list can be better by more than this part."""

MOST_NODES = 2_000
"""Branches looked at before the search ends with what it has; a count, not a time, so that every run ends alike."""

LONGEST_S = 60.0
"""A guard against a single branch that takes very long; a search it ends says so."""


NEAR = 1e-9
"""What a reduced cost must exceed a gap by before a choice counts as settled."""

SHORT = 1e-7
"""The part of a floor below which it counts as reached."""


class Ending(StrEnum):
    """How the search for the greatest total ended."""

    PROVEN = "proven"
    """No list within the limits is worth more, but for the gap named."""
    STOPPED = "stopped"
    """The search was ended early; the gap says how much more another list could be worth at most."""
    INFEASIBLE = "infeasible"
    """No list keeps all floors and ceilings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """The awards found, and how much better others could be."""

    hours: Places
    """Whole hours of each option."""
    total: float
    """What they are worth together."""
    bound: float
    """What no list within the limits can exceed."""
    ending: Ending
    """How the search ended."""
    nodes: int
    """Branches looked at."""

    @property
    def gap(self) -> float:
        """By which part another list could be worth more at most, whole hours counted."""
        return max(0.0, self.bound / self.total - 1) if self.total > 0 else (0.0 if self.bound <= 0 else float("inf"))


def best_awards(program: AwardProgram, *, fallback: Places | None = None, nodes: int = MOST_NODES) -> Best:
    """The awards of the greatest total worth within every limit, in whole hours.

    The search is HiGHS' branch and bound over which applications are awarded on which machine; hours are rounded down to whole ones and
    what is left is given out again, best first. The bound is the search's own and holds for whole hours too.

    Args:
        program: The call.
        fallback: Awards that keep every limit, such as those in rank order; taken where nothing is worth more.
        nodes: Branches after which the search ends.
    """
    form = _Form.of(program)
    safe = [hours for hours in ([] if fallback is None else [fallback]) if _all_kept(program, hours)]
    found = form.solve(nodes, at_least=max(map(program.total, safe), default=None))
    if found.ending is Ending.INFEASIBLE and not safe:
        return Best(hours=np.zeros_like(program.application), total=0.0, bound=0.0, ending=Ending.INFEASIBLE, nodes=0)
    rounded = [] if found.x is None else [_whole(program, form.hours(found.x))]
    kept = [*safe, *(hours for hours in (*rounded, np.zeros_like(program.application)) if _all_kept(program, hours))]
    hours = max(kept, key=program.total) if kept else np.zeros_like(program.application)
    total = program.total(hours)
    ending = Ending.PROVEN if kept and found.ending is not Ending.STOPPED else Ending.STOPPED
    return Best(hours=hours, total=total, bound=max(found.bound, total), ending=ending, nodes=found.nodes)


def reachable_floors(program: AwardProgram) -> Vector:
    """How much of each floor can be reached where floors clash: the levels at which their relative shortfalls add up to least.

    A floor that must be missed is lowered by one hour more for each option, so that whole hours can reach it.
    """
    form = _Form.of(program, elastic=True)
    found = form.solve(MOST_NODES, at_least=None)
    levels = program.value.copy()
    if found.x is None:
        levels[program.is_floor] = 0.0
        return levels
    short = found.x[form.size :]
    floors = np.flatnonzero(program.is_floor)
    rounding = program.per_hour[floors].max(axis=1, initial=0.0) * len(program.application)
    reached = np.maximum(0.0, levels[floors] * (1 - short) - rounding)
    levels[floors] = np.where(short > SHORT, reached, levels[floors])
    return levels


def _all_kept(program: AwardProgram, hours: Places) -> bool:
    """Whether these hours keep every ceiling and every floor."""
    used, floors = program.used(hours), program.is_floor
    return program.keeps(hours) and bool((used[floors] >= (program.value - slip(program.value))[floors]).all())


def _whole(program: AwardProgram, hours: Vector) -> Places:
    """Whole hours near these that keep every limit: rounded down to no less than minimums, taken back from the last in rank, topped up."""
    down = np.floor(hours + 1e-4).astype(np.int64)
    sums = program.by_application(down)
    for application, options in enumerate(program.options_of):
        if 0 < sums[application] < program.least[application]:
            down[options[np.argmax(down[options])]] += program.least[application] - sums[application]
        elif sums[application] > program.asked[application]:
            down[options[np.argmax(down[options])]] -= sums[application] - program.asked[application]
    room = Room(program, down)
    _take_back(program, room)
    room.top_up()
    return room.hours


def _take_back(program: AwardProgram, room: Room) -> None:
    """Take hours back, from the last in rank on, where rounding passed a ceiling by a little."""
    over = [row for row in room.ceilings if room.left[row] < -1e-12 * max(abs(program.value[row]), 1.0)]
    for row in over:
        for application in program.order[::-1]:
            for option in program.options_of[application]:
                taken = program.per_hour[row, option]
                spare = min(int(room.hours[option]), room.given(int(application)) - int(program.least[application]))
                if taken > 0 and room.left[row] < 0 and spare > 0:
                    room.give(int(option), -min(spare, int(np.ceil(-room.left[row] / taken))))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """The program as HiGHS reads it: parts of the most an option could receive, and yes or no for each award."""

    options: Places
    """The options that can receive their minimum at all."""
    most_hours: Vector
    """The most hours of each of them."""
    choice: Places
    """The yes-or-no variable of each of them, counted from the first."""
    choices: int
    """How many yes-or-no variables there are."""
    shortfalls: int
    """How many floors may be missed."""
    unit: float
    """What one unit of the objective is worth."""
    most: float
    """What all that is asked for would be worth."""
    total_options: int
    """All options of the program."""
    needs_hours: bool
    """Whether a floor asks for more than nothing."""
    objective: Vector
    """What each variable counts in the sum that is made least."""
    constraints: list[LinearConstraint]
    """Every row."""

    @property
    def whole(self) -> Vector:
        """1 for each yes-or-no variable."""
        return np.concatenate([np.zeros(len(self.options)), np.ones(self.choices), np.zeros(self.shortfalls)])

    @property
    def size(self) -> int:
        """Variables before the shortfalls."""
        return len(self.options) + self.choices

    @classmethod
    def of(cls, program: AwardProgram, *, elastic: bool = False) -> "_Form":
        """Write down a program; with `elastic`, its floors may be missed and nothing but that counts."""
        options, most_hours = _useful(program)
        applications = program.application[options]
        awarded, at = np.unique(applications, return_inverse=True)
        choice = at if program.divisible else np.arange(len(options))
        choices = len(awarded) if program.divisible else len(options)
        floors = np.flatnonzero(program.is_floor) if elastic else np.zeros(0, dtype=np.int64)
        worth = program.worth[applications] * most_hours
        unit = float(worth.max(initial=0.0)) or 1.0
        objective = np.concatenate([np.zeros(len(options)) if elastic else -worth / unit, np.zeros(choices), np.ones(len(floors))])
        writing = _Rows(program, options, most_hours, choice, choices, floors)
        return cls(
            options=options,
            most_hours=most_hours,
            choice=choice,
            choices=choices,
            shortfalls=len(floors),
            unit=unit,
            most=float(worth.sum()),
            total_options=len(program.application),
            needs_hours=bool((program.value[program.is_floor] > 0).any()),
            objective=objective,
            constraints=[writing.limits(), *writing.minimums(), *writing.one_machine()],
        )

    def solve(self, nodes: int, *, at_least: float | None) -> "_Answer":
        """The best that HiGHS finds; where awards of this worth are known already, only what could be worth more is looked at."""
        if not self.size and not self.shortfalls:
            return _Answer(ending=Ending.INFEASIBLE if self.needs_hours else Ending.PROVEN, x=None, bound=0.0, nodes=0)
        relaxed = linprog(self.objective, *self._inequalities(), bounds=(0, 1), method="highs")
        if relaxed.status == 2:
            return _Answer(ending=Ending.INFEASIBLE, x=None, bound=0.0, nodes=0)
        low, high = np.zeros(len(self.objective)), np.ones(len(self.objective))
        if relaxed.status == 0 and at_least is not None and not self.shortfalls:
            if -relaxed.fun * self.unit <= at_least * (1 + GOOD_ENOUGH):
                return _Answer(ending=Ending.PROVEN, x=None, bound=-relaxed.fun * self.unit, nodes=0)
            spare = -at_least / self.unit - relaxed.fun + NEAR
            high[(relaxed.lower.marginals > spare) & (self.whole > 0)] = 0.0
            low[(-relaxed.upper.marginals > spare) & (self.whole > 0)] = 1.0
        found = milp(
            self.objective,
            integrality=self.whole,
            bounds=Bounds(low, high),
            constraints=self.constraints,
            options={"node_limit": nodes, "time_limit": LONGEST_S, "mip_rel_gap": GOOD_ENOUGH},
        )
        return self._answer(found, at_least)

    def _answer(self, found: Any, at_least: float | None) -> "_Answer":
        """What HiGHS' answer means; that nothing is left to look at proves the awards known already."""
        if found.status == 2:
            ending = Ending.INFEASIBLE if at_least is None else Ending.PROVEN
            return _Answer(ending=ending, x=None, bound=at_least or 0.0, nodes=0)
        bound = self.most if found.mip_dual_bound is None else -float(found.mip_dual_bound) * self.unit
        ending = Ending.PROVEN if found.status == 0 else Ending.STOPPED
        return _Answer(ending=ending, x=found.x, bound=max(bound, at_least or 0.0), nodes=int(found.mip_node_count or 0))

    def _inequalities(self) -> tuple[csr_array, Vector]:
        """All constraints as `A x <= b`."""
        rows, bounds = [], []
        for each in self.constraints:
            lower, upper = (np.broadcast_to(side, each.A.shape[0]) for side in (each.lb, each.ub))
            for sign, side in ((1.0, upper), (-1.0, lower)):
                finite = np.isfinite(side)
                rows.append(sign * each.A[finite])
                bounds.append(sign * side[finite])
        return vstack(rows).tocsr(), np.concatenate(bounds)

    def hours(self, x: Vector) -> Vector:
        """The hours of every option of the program; those that were not chosen receive none."""
        hours = np.zeros(self.total_options)
        chosen = x[len(self.options) : self.size][self.choice] > 0.5
        hours[self.options] = np.where(chosen, x[: len(self.options)] * self.most_hours, 0.0)
        return hours


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What the search came to."""

    ending: Ending
    """How it ended."""
    x: Vector | None
    """The variables of the best list found; none where nothing better than what was known was found."""
    bound: float
    """What no list can exceed."""
    nodes: int
    """Branches looked at."""


def _useful(program: AwardProgram) -> tuple[Places, Vector]:
    """The options that can receive hours, and the most hours each could: its request, or what any single ceiling leaves it."""
    empty = Room(program)
    eligible: Flags = np.isin(program.application, program.order)
    most = np.array([min(empty.of_option(o), int(program.asked[a])) for o, a in enumerate(program.application)], dtype=np.int64)
    sums = program.by_application(most) if program.divisible else None
    enough = most >= program.least[program.application] if sums is None else (sums >= program.least)[program.application]
    options = np.flatnonzero(eligible & enough & (most > 0))
    return options, most[options].astype(np.float64)


class _Rows:
    """Writes the rows of the program, each scaled to what it allows."""

    def __init__(self, program: AwardProgram, options: Places, most_hours: Vector, choice: Places, choices: int, floors: Places) -> None:
        self.program, self.options, self.most_hours = program, options, most_hours
        self.choice, self.choices, self.floors = choice, choices, floors
        self.applications = program.application[options]
        self.width = len(options) + choices + len(floors)

    def limits(self) -> LinearConstraint:
        """Every limit of the call."""
        program, count = self.program, len(self.program.value)
        scale = np.where(np.abs(program.value) > 0, np.abs(program.value), 1.0)
        hours = program.per_hour[:, self.options] * self.most_hours / scale[:, None]
        award = np.zeros((count, self.choices))
        first = np.unique(self.choice, return_index=True)[1]
        award[:, self.choice[first]] = program.per_award[:, self.applications[first]] / scale[:, None]
        short = np.zeros((count, len(self.floors)))
        short[self.floors, np.arange(len(self.floors))] = 1.0
        bound = program.value / scale
        lower, upper = np.where(program.is_floor, bound, -np.inf), np.where(program.is_floor, np.inf, bound)
        return LinearConstraint(csr_array(np.hstack([hours, award, short])), lower, upper)

    def minimums(self) -> list[LinearConstraint]:
        """No hours without an award, no award below the minimum, none above the request."""
        count, places = len(self.options), np.arange(len(self.options))
        ones = np.ones(count)
        only = self._sparse([places, places], [places, count + self.choice], [ones, -ones], count)
        row = self.choice if self.program.divisible else places
        rows = self.choices if self.program.divisible else count
        first = np.unique(row, return_index=True)[1]
        asked, least = (values[self.applications[first]].astype(np.float64) for values in (self.program.asked, self.program.least))
        part = self.most_hours / asked[row]
        hours = self._sparse([row], [places], [part], rows)
        taken = self._sparse([np.arange(rows)], [count + np.arange(rows)], [least / asked], rows)
        most = self._sparse([np.arange(rows)], [count + np.arange(rows)], [np.ones(rows)], rows)
        return [
            LinearConstraint(only, -np.inf, 0.0),
            LinearConstraint(vstack([hours - taken, most - hours]).tocsr(), 0.0, np.inf),
        ]

    def one_machine(self) -> list[LinearConstraint]:
        """At most one machine an award, where awards cannot be divided."""
        if self.program.divisible:
            return []
        row = np.unique(self.applications, return_inverse=True)[1]
        places = len(self.options) + np.arange(len(self.options))
        return [LinearConstraint(self._sparse([row], [places], [np.ones(len(row))], int(row.max(initial=-1)) + 1), -np.inf, 1.0)]

    def _sparse(self, rows: list[Places], columns: list[Places], values: list[Vector], height: int) -> csr_array:
        cells = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
        return coo_array(cells, shape=(height, self.width)).tocsr()
