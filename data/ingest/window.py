"""Whether the times of a log were cut to the window of its export, which destroys starts and run times."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import polars as pl

from data.errors import LogError

MANY = 20
"""So many jobs of so many different submissions do not start within one second by chance, at the full minute, before all others."""


@dataclass(slots=True)
class Window:
    """What is noted of the jobs of a log, to tell whether `sacct -T` cut their starts."""

    first_start: datetime | None = None
    """The earliest start so far."""
    submissions: set[datetime] = field(default_factory=set)
    """When the jobs were submitted that started then."""

    def see(self, jobs: pl.DataFrame) -> None:
        """Note some more jobs."""
        first = jobs["started"].min()
        if not isinstance(first, datetime) or (self.first_start is not None and first > self.first_start):
            return
        if first != self.first_start:
            self.first_start, self.submissions = first, set()
        self.submissions.update(jobs.filter(pl.col("started") == first)["submitted"].drop_nulls().unique().head(MANY))

    def must_not_cut_times(self, path: Path) -> None:
        """Refuse a log in which many jobs start at the very beginning.

        Raises:
            LogError: if they do.
        """
        if self.first_start is None or self.first_start.second or len(self.submissions) < MANY:
            return
        raise LogError(
            f"in {path}, jobs of {MANY} submissions or more start at {self.first_start:%Y-%m-%d %H:%M} UTC and none before: "
            "this is what sacct -T (--truncate) does, which cuts times to its window and so loses starts and run times. "
            "Export it again without -T; if they did start together, export from some hours earlier."
        )
