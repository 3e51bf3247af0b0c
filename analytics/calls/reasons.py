"""Why an application is awarded, reduced, on the reserve list or refused, in words that the award list can be defended with."""

from dataclasses import dataclass

import numpy as np

from analytics.allocation.award_program import Places
from analytics.allocation.award_whole import Room
from analytics.calls.call import AwardRule, Quantity, TieBreak
from analytics.calls.limits import Posed
from analytics.calls.ranking import Filled, Turn
from analytics.calls.standing import Standing
from analytics.charts.numbers import UNIT_WORDS, exact, listed

SHARED = "is shared by another that fared otherwise"
"""How a reason tells that a tie decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """What became of an application, and why."""

    standing: Standing
    """Where it stands."""
    reason: str
    """Why."""
    would_help: str | None
    """What would let it receive more; none where it has all it asked for."""


def reasons(question: Posed, hours: Places, filled: Filled | None) -> list[Reason]:
    """The reason for each application, in the order of the table.

    `filled` tells what each found at its turn; without it, as for the greatest total, what counts is what all awards together leave.
    """
    return _Reasons(question, hours, filled).all()


class _Reasons:
    """The reasons of one decision."""

    def __init__(self, question: Posed, hours: Places, filled: Filled | None) -> None:
        self.question, self.hours, self.filled = question, hours, filled
        self.program, self.unit = question.program, UNIT_WORDS[question.call.unit]
        self.room = Room(question.program, hours)
        self.names = question.machines["name"].to_list()
        self.options = question.program.options_of
        self.given = question.program.by_application(hours)
        self.score = question.applications["score"].to_list()
        self.ids = question.applications["application"].to_list()
        self.awarded_from = np.append(np.cumsum((self.given[question.program.order] > 0)[::-1])[::-1], 0)
        self.rank = {int(application): place for place, application in enumerate(question.program.order, 1)}

    def all(self) -> list[Reason]:
        """One reason for each application."""
        return [self._of(application) for application in range(len(self.ids))]

    def _of(self, application: int) -> Reason:
        if application not in self.rank:
            return self._below(application)
        turn = self.filled.turns[application] if self.filled is not None else self._found_now(application)
        given, asked = int(self.given[application]), int(self.program.asked[application])
        tie = self._tie(application)
        if given == asked:
            said = f"awarded in full on {self._places(application)}{self._second_wish(application, turn)}{self._floor(application, turn)}."
            return Reason(standing=Standing.AWARDED, reason=_sentences(said, tie), would_help=None)
        if given:
            on = f"{self._places(application)}{self._floor(application, turn)}"
            said = f"reduced from {exact(asked)} to {exact(given)} {self.unit} on {on}: {self._reduced(application, turn)}."
            return Reason(standing=Standing.REDUCED, reason=_sentences(said, tie), would_help=self._more(application))
        said = self._nothing(application, turn)
        return Reason(standing=Standing.RESERVE, reason=_sentences(said, tie), would_help=self._help(application))

    def _below(self, application: int) -> Reason:
        call = self.question.call
        short = call.threshold - self.score[application]
        said = f"Not awarded: its score of {self.score[application]:g} is below the threshold of {call.threshold:g}."
        return Reason(standing=Standing.BELOW_THRESHOLD, reason=said, would_help=f"{short:.10g} points more.")

    def _found_now(self, application: int) -> Turn:
        """What an application finds beside all awards made."""
        options = [int(option) for option in self.options[application]]
        given = int(self.given[application])
        wanted = (int(self.program.asked[application]) - given) if given else int(self.program.least[application])
        rooms = {option: self.room.of_option(option) for option in options}
        mine = [option for option in options if self.hours[option]] if given and not self.program.divisible else options
        held = tuple(dict.fromkeys(int(row) for option in mine for row in self.room.holding(option, max(wanted, 1))))
        return Turn(room=rooms, held_by=held)

    def _tie(self, application: int) -> str:
        """Which rule put it before or behind a neighbour of the same score, where the one before is awarded and the one behind is not.

        Empty where no tie mattered; the greatest total looks at no ties.
        """
        if self.filled is None:
            return ""
        place, order = self.rank[application] - 1, self.program.order
        pairs = [(int(order[first]), int(order[first + 1])) for first in (place - 1, place) if 0 <= first < len(order) - 1]
        mattered = [
            pair for pair in pairs if self.score[pair[0]] == self.score[pair[1]] and self.given[pair[0]] and not self.given[pair[1]]
        ]
        tied = [each for pair in mattered for each in pair if each != application]
        if not tied:
            return ""
        asks_alike = self.program.asked[tied[0]] == self.program.asked[application]
        if self.question.call.tie_break is TieBreak.EARLIER_LINE:
            by = "the earlier line goes first"
        else:
            by = "both ask for as much, so the earlier line goes first" if asks_alike else "the smaller request goes first"
        return f"Its score of {self.score[application]:g} {SHARED} ({self.ids[tied[0]]}): {by}."

    def _places(self, application: int) -> str:
        mine = [int(option) for option in self.options[application] if self.hours[option]]
        if len(mine) == 1:
            return str(self._name(mine[0]))
        return listed([f"{self._name(option)} ({exact(int(self.hours[option]))})" for option in mine])

    def _second_wish(self, application: int, turn: Turn) -> str:
        """Why it does not lie on the machine wished for first."""
        first = int(self.options[application][0])
        if self.hours[first] or self.filled is None:
            return ""
        return f", as {self._name(first)}, its first wish, had only {exact(turn.room[first])} {self.unit} left for it"

    def _floor(self, application: int, turn: Turn) -> str:
        """That a floor brought it forward, where a better application received less than it asked for."""
        better = self.program.order[: self.rank[application] - 1]
        if turn.floor is None or (self.given[better] == self.program.asked[better]).all():
            return ""
        return f", served ahead of its rank for the floor of {self.question.rows[turn.floor].title}"

    def _reduced(self, application: int, turn: Turn) -> str:
        if not turn.held_by:
            return "a list of greater total worth leaves it so"
        mine = [int(option) for option in self.options[application] if self.hours[option]]
        left = "that is what was left" if self.filled is not None else "no more is left beside the other awards"
        on = {f"on {self._name(option)}" for option in mine}
        held = [row for row in turn.held_by if not self.question.rows[row].is_capacity or self.question.rows[row].scope in on]
        return f"{left} {listed([self.question.rows[row].scope for row in held])}" if held else left

    def _nothing(self, application: int, turn: Turn) -> str:
        least, options = int(self.program.least[application]), [int(option) for option in self.options[application]]
        needs = f"it needs at least {exact(least)} {self.unit}" if least > 1 else "nothing fits any more"
        counts = [row for row in turn.held_by if self.question.rows[row].quantity is Quantity.AWARDS]
        if counts:
            return f"on the reserve list, because the limit of {self._rows(tuple(counts))} is reached{self._passed(application)}."
        rooms = listed([f"{exact(turn.room[option])} on {self._name(option)}" for option in options])
        if max(turn.room.values()) >= least and turn.closed:
            return (
                f"on the reserve list: {rooms} would fit, but a better application found too few hours there, "
                "and under strict ranking nobody of lower rank is served before it."
            )
        when = "at its turn" if self.filled is not None else "beside the awards of the greatest total"
        if max(turn.room.values()) >= least and not self.program.divisible and not turn.held_by:
            return f"on the reserve list: {rooms} would fit, but the list of greater total worth found leaves it out."
        held = tuple(row for row in turn.held_by if not self.question.rows[row].is_capacity)
        too = len(held) < len(turn.held_by)
        within = (f"; {self._rows(held)} would hold it too" if too else f" within the limit of {self._rows(held)}") if held else ""
        return f"on the reserve list, because {needs} and {when} {rooms} were left{within}{self._passed(application)}."

    def _passed(self, application: int) -> str:
        """How many of lower rank are awarded, which the officer must be able to say."""
        lower = int(self.awarded_from[self.rank[application]])
        if not lower or self.question.call.rule is AwardRule.RANK_STRICT:
            return ""
        return f"; {lower} of lower rank that fit {'is' if lower == 1 else 'are'} awarded"

    def _help(self, application: int) -> str | None:
        """What would let it receive its minimum now."""
        least = int(self.program.least[application])
        options = [int(option) for option in self.options[application]]
        if not self.room.may_be_awarded(application):
            return "One more award, if the limit on awards were higher, or an award given back."
        most = {option: min(self.room.of_option(option), int(self.program.asked[application])) for option in options}
        best = max(options, key=lambda option: most[option])
        said = []
        if most[best] >= least:
            return f"{exact(most[best])} {self.unit} on {self._name(best)} are free for it now, if the rule allowed it."
        if most[best]:
            said.append(f"a minimum of {exact(most[best])} {self.unit} or less would be met now on {self._name(best)}")
        rows = [row for row in self.room.holding(best, least) if self.program.per_hour[row, best] > 0]
        if rows:
            missing = {row: self.program.per_hour[row, best] * least - max(self.room.left[row], 0.0) for row in rows}
            said.append(f"or {listed([self._missing(row, short) for row, short in missing.items()])} would let it in")
        return _sentence([*said, *self._other_machine(application)])

    def _more(self, application: int) -> str | None:
        """What would let a reduced award grow."""
        short = int(self.program.asked[application] - self.given[application])
        options = [int(option) for option in self.options[application] if self.hours[option] or self.program.divisible]
        rows = dict.fromkeys(int(row) for option in options for row in self.room.holding(option, 1))
        return f"{exact(short)} {self.unit} more {listed([self.question.rows[row].scope for row in rows])}".strip() + "."

    def _missing(self, row: int, short: float) -> str:
        what = self.question.rows[row]
        units = {Quantity.HOURS: self.unit, Quantity.MWH: "MWh", Quantity.TCO2E: "t CO₂e", Quantity.AWARDS: "awards"}
        return f"{exact(np.ceil(short)) if short >= 1 else exact(short)} {units[what.quantity]} more {what.scope}"

    def _other_machine(self, application: int) -> list[str]:
        """A machine it did not wish for with hours to spare for its minimum."""
        least = int(self.program.least[application])
        wished = {int(self.program.machine[option]) for option in self.options[application]}
        spare = [(int(self.room.left[place]), place) for place in range(len(self.names)) if place not in wished]
        free, place = max(spare, default=(0, -1))
        return [f"{self.names[place]}, which it did not ask for, has {exact(free)} {self.unit} left"] if free >= least > 0 else []

    def _rows(self, rows: tuple[int, ...]) -> str:
        return listed([self.question.rows[row].title for row in rows])

    def _name(self, option: int) -> str:
        return str(self.names[int(self.program.machine[option])])


def _sentences(first: str, second: str) -> str:
    return f"{first[:1].upper()}{first[1:]} {second}".rstrip()


def _sentence(parts: list[str]) -> str | None:
    text = "; ".join(part.removeprefix("or ") if place == 0 else part for place, part in enumerate(parts))
    return text[:1].upper() + text[1:] + "." if text else None
