"""Awards in rank order: best score first, each as much as fits, floors served before all else."""

from dataclasses import dataclass

import numpy as np

from analytics.allocation.award_program import AwardProgram, Flags, Places
from analytics.allocation.award_whole import Room
from analytics.calls.limits import Posed


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What an application found when it was its turn."""

    room: dict[int, int]
    """The whole hours that each of its options could take, by option."""
    held_by: tuple[int, ...]
    """The rows that kept it from its request."""
    floor: int | None = None
    """The floor under which it was served, ahead of its rank."""
    closed: bool = False
    """Whether the machines it wished for were closed, a better application having found too few hours left there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """Awards with what each application found at its turn."""

    hours: Places
    """Whole hours of each option."""
    turns: dict[int, Turn]
    """The turn of each application that reached the threshold."""


def in_rank_order(call: Posed, *, strict: bool) -> Filled:
    """The awards that follow from the ranking.

    First, for every floor in the order stated, its own applications are served best first until the floor is reached. Then all others
    are served best first: in full where that fits, reduced to what fits where that is still of use, else not at all. With `strict`,
    a machine on which an application found too few hours left is closed to all of lower rank; a limit on a category, country or
    budget closes nothing, for those of lower rank may be outside it.
    """
    return _Ranking(call, strict=strict).filled()


class _Ranking:
    """One pass through the ranking."""

    def __init__(self, call: Posed, *, strict: bool) -> None:
        self.call, self.strict = call, strict
        self.program: AwardProgram = call.program
        self.room = Room(call.program)
        self.turns: dict[int, Turn] = {}
        self.options = call.program.options_of
        self.closed: Flags = np.zeros(call.machines.height, dtype=np.bool_)

    def filled(self) -> Filled:
        """The awards, floors first."""
        for row in np.flatnonzero(self.program.is_floor):
            for application in map(int, self.program.order):
                if self.room.left[row] > 0 and application not in self.turns and self._counts(int(row), application):
                    self._serve(application, floor=int(row))
        for application in map(int, self.program.order):
            if application not in self.turns or not self.room.given(application):
                self._serve(application)
        return Filled(hours=self.room.hours, turns=self.turns)

    def _counts(self, row: int, application: int) -> bool:
        return bool(self.program.per_award[row, application] > 0 or (self.program.per_hour[row, self.options[application]] > 0).any())

    def _serve(self, application: int, *, floor: int | None = None) -> None:
        closed = self.closed if self.strict and floor is None else None
        fits = self.room.best_fit(application, closed)
        options = [int(option) for option in self.options[application]]
        found = {option: self.room.of_option(option) for option in options}
        held = self._held(application, options, sum(fits.values()))
        shut = closed is not None and not fits and any(closed[self.program.machine[option]] for option in options)
        for option, hours in fits.items():
            self.room.give(option, hours)
        self.turns[application] = Turn(room=found, held_by=held, floor=floor if fits else None, closed=shut)
        if not fits and floor is None and self._refused_for_capacity(held):
            self.closed[self.program.machine[options]] = True

    def _held(self, application: int, options: list[int], given: int) -> tuple[int, ...]:
        """The rows that keep an application from its request, or from its minimum where it received nothing."""
        asked, least = int(self.program.asked[application]), int(self.program.least[application])
        if given >= asked:
            return ()
        wanted = asked if given else least
        return tuple(dict.fromkeys(int(row) for option in options for row in self.room.holding(option, wanted)))

    def _refused_for_capacity(self, held: tuple[int, ...]) -> bool:
        return any(self.call.rows[row].is_capacity for row in held)
