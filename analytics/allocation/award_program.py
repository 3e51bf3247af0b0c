"""A call as numbers: who may run where, how many hours are asked for and of use, and every limit as a row."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardProgram:
    """Awards of whole hours: each application receives nothing, or from its minimum up to what it asked for, within every limit.

    An option is one application on one of the machines it wished for; options of an application stand in the order of its wishes.
    """

    application: Places
    """The application of each option; options are sorted by it."""
    machine: Places
    """The machine of each option."""
    asked: Places
    """Hours asked for, by application."""
    least: Places
    """Hours below which an award is of no use, by application; at least 1."""
    worth: Vector
    """What one awarded hour is worth, by application."""
    order: Places
    """The applications that may be awarded, best first."""
    divisible: bool
    """Whether an award may lie on several machines."""
    per_hour: NDArray[np.float64]
    """(row, option): how much of a row one hour of an option takes."""
    per_award: NDArray[np.float64]
    """(row, application): how much of a row one award takes."""
    value: Vector
    """What each row allows, or asks for."""
    is_floor: Flags
    """Whether a row asks for at least its value; else it allows at most that."""

    @property
    def options_of(self) -> list[Places]:
        """The options of each application, in the order of its wishes."""
        cuts = np.searchsorted(self.application, np.arange(len(self.asked) + 1))
        return [np.arange(start, end) for start, end in pairwise(cuts)]

    def used(self, hours: Places) -> Vector:
        """How much of each row these hours of all options take, by row."""
        awarded = np.zeros(len(self.asked))
        awarded[self.application[hours > 0]] = 1.0
        taken: Vector = self.per_hour @ hours.astype(np.float64) + self.per_award @ awarded
        return taken

    def by_application(self, hours: Places) -> Places:
        """The hours of each application on all machines together."""
        return np.bincount(self.application, weights=hours, minlength=len(self.asked)).astype(np.int64)

    def total(self, hours: Places) -> float:
        """What these hours are worth together."""
        return float(self.worth @ self.by_application(hours))

    def keeps(self, hours: Places) -> bool:
        """Whether these hours keep every ceiling, every minimum and every request; floors are asked for apart."""
        sums, used = self.by_application(hours), self.used(hours)
        ceilings = (used <= self.value + slip(self.value)) | self.is_floor
        several = np.bincount(self.application[hours > 0], minlength=len(self.asked)) > 1
        eligible = np.isin(np.arange(len(self.asked)), self.order)
        whole = (sums == 0) | ((sums >= self.least) & (sums <= self.asked) & eligible)
        return bool(ceilings.all() and whole.all() and (hours >= 0).all() and (self.divisible or not several.any()))


def slip(value: Vector) -> Vector:
    """The rounding of sums below which a row counts as kept: a part in 10¹² of it, far below one hour."""
    return 1e-12 * np.maximum(np.abs(value), 1.0)
