"""Trials of a comparison of weeks: each draws as many anew from those before a change and from those after, to tell what is chance."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from analytics.certainty import LEVEL, TRIALS
from analytics.quota_forecast import student_quantile
from analytics.waiting import BINS_PER_DOUBLING

Numbers = NDArray[np.float64]

SEED = 20_260_101
"""From it follow all trials, so that the same data give the same interval."""

MOST_CLUSTERING = 0.6
"""How alike one week and the next are counted as at the most."""

ROUNDING = 1e-12
"""Keeps half of ten jobs at five jobs whatever the last bit of the product."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The weeks of one group, those before a change and then as many after it."""

    hours: Numbers | None
    """Node-hours; None where the log does not tell them."""
    energy: Numbers | None
    """IT energy in kWh; None where it is not known."""
    jobs: Numbers
    """Jobs that started."""
    wait_s: Numbers
    """The sum of their waits."""
    bins: Numbers
    """(week, bin): their histogram."""


Draws = tuple[Numbers, Numbers]
"""(trial, week): how often each week before, and each after, counts; the first trial is the data themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """A measure before and after in every trial, the first of which is the data themselves."""

    before: Numbers
    """(trial): its value before."""
    after: Numbers
    """(trial): its value after."""
    weeks: Numbers
    """(week): its value in each week by itself, to see how alike neighbours are."""

    @property
    def is_known(self) -> bool:
        """Whether the data themselves have a value on both sides."""
        return bool(np.isfinite(self.before[0]) and np.isfinite(self.after[0]))

    @property
    def reach(self) -> float:
        """How far the interval reaches from the change to either side."""
        changes = self.after[1:] - self.before[1:]
        count = len(self.weeks) // 2
        deviation = float(changes[np.isfinite(changes)].std()) * np.sqrt(count / (count - 1)) * clustering(self.weeks)
        return float(student_quantile(count - 1, (1 + LEVEL) / 2) * deviation)


def drawn_weeks(weeks: int) -> Draws:
    """How often each of so many weeks counts in each trial, on either side."""
    rng = np.random.default_rng(SEED)
    counts = (rng.multinomial(weeks, np.full(weeks, 1 / weeks), size=TRIALS).astype(float) for _ in range(2))
    before, after = (np.vstack([np.ones(weeks), drawn]) for drawn in counts)
    return before, after


def weekly(weeks: Numbers | None, drawn: Draws) -> Trials | None:
    """The mean of a week; None where the weeks are not known."""
    if weeks is None:
        return None
    count = len(weeks) // 2
    return Trials(before=drawn[0] @ weeks[:count] / count, after=drawn[1] @ weeks[count:] / count, weeks=weeks)


def share_of(own: Numbers, whole: Numbers, due: tuple[float, float], drawn: Draws) -> Trials:
    """The share of the whole that a group received, divided by the share due to it on either side."""
    count = len(own) // 2
    sides = (slice(0, count), slice(count, 2 * count))
    before, after = (_ratio(drawn[side] @ own[part], drawn[side] @ whole[part] * due[side]) for side, part in enumerate(sides))
    return Trials(before=before, after=after, weeks=_ratio(own, whole))


def waited(own: Series, drawn: Draws, value: Callable[[Numbers, Series, slice], Numbers]) -> Trials:
    """A figure of the waits of a group."""
    count = len(own.jobs) // 2
    before, after = slice(0, count), slice(count, 2 * count)
    return Trials(before=value(drawn[0], own, before), after=value(drawn[1], own, after), weeks=_ratio(own.wait_s, own.jobs))


def mean_wait_s(counts: Numbers, own: Series, weeks: slice) -> Numbers:
    """(trial): the mean wait of the jobs of weeks that count so often."""
    return _ratio(counts @ own.wait_s[weeks], counts @ own.jobs[weeks])


def median_wait_s(counts: Numbers, own: Series, weeks: slice) -> Numbers:
    """(trial): the same for the median, read as the middle of its bin."""
    so_far = np.cumsum(counts @ own.bins[weeks], axis=1)
    place = (so_far >= so_far[:, -1:] / 2 * (1 - ROUNDING)).argmax(axis=1)
    middle = np.where(place == 0, 0.0, 2.0 ** ((place + 0.5) / BINS_PER_DOUBLING) - 1)
    return np.asarray(np.where(so_far[:, -1] > 0, middle, np.nan))


def clustering(weeks: Numbers) -> float:
    """By how much more sums of such weeks vary than of unrelated ones, since the week after is like the week before.

    >>> clustering(np.array([1.0, 5.0, 1.0, 5.0, 1.0, 5.0, 1.0, 5.0]))
    1.0
    """
    count = len(weeks) // 2
    sides = [part - np.nanmean(part) if np.isfinite(part).any() else part for part in (weeks[:count], weeks[count:])]
    pairs = np.array([pair for off in sides for pair in pairwise(off) if np.isfinite(pair).all()]).reshape(-1, 2)
    squares = float(np.nansum(np.concatenate(sides) ** 2))
    if not len(pairs) or not squares > 0:
        return 1.0
    alike = float((pairs[:, 0] * pairs[:, 1]).sum()) / squares + 1 / count
    kept = min(max(alike, 0.0), MOST_CLUSTERING)
    return float(np.sqrt((1 + kept) / (1 - kept)))


def _ratio(part: Numbers, whole: Numbers) -> Numbers:
    return np.asarray(np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole > 0))
