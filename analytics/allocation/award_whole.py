"""Whole hours within every limit: what is left is given out in whole hours, in a stated order."""

from itertools import permutations

import numpy as np

from analytics.allocation.award_program import AwardProgram, Flags, Places, Vector, slip

MOST_PERMUTED = 4
"""From more wishes on, an award over several machines is divided in the order of the wishes alone."""


class Room:
    """What is left of every limit while hours are given out."""

    def __init__(self, program: AwardProgram, hours: Places | None = None) -> None:
        """Start with these hours, or with none."""
        self.program = program
        self.hours: Places = np.zeros(len(program.application), dtype=np.int64) if hours is None else hours.copy()
        self.left: Vector = program.value - program.used(self.hours)
        self.ceilings: Places = np.flatnonzero(~program.is_floor)
        self._slip = slip(program.value)
        self._options = program.options_of

    def of_option(self, option: int, left: Vector | None = None) -> int:
        """The whole hours that an option can still take within every ceiling, whatever its application asked for."""
        left = self.left if left is None else left
        taken = self.program.per_hour[self.ceilings, option]
        held = taken > 0
        if not held.any():
            return int(self.program.asked[self.program.application[option]])
        rows = self.ceilings[held]
        return max(0, int(np.floor(((left[rows] + self._slip[rows]) / taken[held]).min())))

    def holding(self, option: int, hours: int) -> Places:
        """The ceilings that keep an option from so many hours."""
        taken = self.program.per_hour[self.ceilings, option]
        award = self.program.per_award[self.ceilings, self.program.application[option]]
        needed = taken * hours + award * (self.given(int(self.program.application[option])) == 0)
        held: Places = self.ceilings[(needed > 0) & (self.left[self.ceilings] + self._slip[self.ceilings] < needed)]
        return held

    def may_be_awarded(self, application: int) -> bool:
        """Whether one more award to this application keeps the limits on the number of awards."""
        taken = self.program.per_award[self.ceilings, application]
        return bool((self.left[self.ceilings] + self._slip[self.ceilings] >= taken)[taken > 0].all())

    def given(self, application: int) -> int:
        """The hours given to an application so far."""
        return int(self.hours[self._options[application]].sum())

    def best_fit(self, application: int, closed: Flags | None = None) -> dict[int, int]:
        """The hours that an application would receive now, by option; none where its minimum does not fit.

        On one machine: the first wish that can give all it asked for, else the wish that can give most. Over several: in the order
        of the wishes; where that gives less than asked for, in the order that gives most. Machines may be closed to it.
        """
        options = [int(each) for each in self._options[application] if closed is None or not closed[self.program.machine[each]]]
        asked, least = int(self.program.asked[application]), int(self.program.least[application])
        if not options or not self.may_be_awarded(application):
            return {}
        fits = self._divided(options, asked) if self.program.divisible else self._on_one(options, asked)
        return fits if sum(fits.values()) >= least else {}

    def give(self, option: int, hours: int) -> None:
        """Give hours to an option."""
        application = self.program.application[option]
        if hours and not self.given(int(application)):
            self.left -= self.program.per_award[:, application]
        self.hours[option] += hours
        self.left -= self.program.per_hour[:, option] * hours

    def top_up(self) -> None:
        """Give awarded applications what still fits, up to their requests: first where a floor is short, then best first."""
        floors = np.flatnonzero(self.program.is_floor)
        for row in floors:
            for option in self._awarded_options():
                if self.left[row] > self._slip[row] and self.program.per_hour[row, option] > 0:
                    self.give(option, self._missing(option))
        for option in self._awarded_options():
            self.give(option, self._missing(option))

    def _awarded_options(self) -> list[int]:
        return [
            int(o) for a in self.program.order for o in self._options[a] if self.hours[o] > 0 or (self.program.divisible and self.given(a))
        ]

    def _missing(self, option: int) -> int:
        application = int(self.program.application[option])
        return min(int(self.program.asked[application]) - self.given(application), self.of_option(option))

    def _on_one(self, options: list[int], asked: int) -> dict[int, int]:
        rooms = [min(self.of_option(option), asked) for option in options]
        best = max(range(len(options)), key=lambda place: (rooms[place], -place))
        return {options[best]: rooms[best]} if rooms[best] else {}

    def _divided(self, options: list[int], asked: int) -> dict[int, int]:
        found = self._in_turn(options, asked)
        if sum(found.values()) == asked or len(options) == 1 or len(options) > MOST_PERMUTED:
            return found
        others = (self._in_turn(list(each), asked) for each in permutations(options))
        return max((found, *others), key=lambda fits: sum(fits.values()))

    def _in_turn(self, options: list[int], asked: int) -> dict[int, int]:
        left, found, missing = self.left.copy(), {}, asked
        for option in options:
            hours = min(missing, self.of_option(option, left))
            if hours:
                found[option] = hours
                left -= self.program.per_hour[:, option] * hours
                missing -= hours
        return found
