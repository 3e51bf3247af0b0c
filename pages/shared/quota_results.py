"""Quotas against use, as several pages show them: computed once for each state of the store."""

from datetime import timedelta

import polars as pl

from analytics import energy
from analytics.charts import numbers
from analytics.quota_forecast import MOST_WEEKS, Trial
from analytics.quota_progress import progress as progress_of
from analytics.quota_progress import trial
from analytics.usage import total_by
from data import around, burn, quotas
from data.terms import Period, Selection
from pages.shared import loaders
from pages.shared.loaders import Seen

MOST_SILENCES = 3
"""How many times without any job are named of a machine, the newest."""


def current(state: Seen) -> pl.DataFrame:
    """The quota of every project, its award where nobody set one (frame `quotas.QUOTAS`)."""
    return loaders.kept(state, "quotas", (), lambda: quotas.current(state.lake))


def progress(state: Seen) -> pl.DataFrame:
    """Every project with its quota, what it used of it and what it will have used at the end (frame PROGRESS)."""
    return loaders.kept(state, "progress", (), lambda: _progress(state))


def tried(state: Seen, systems: tuple[str, ...]) -> Trial | None:
    """How well the forecast, made eight weeks ago of the projects of these machines or of all, foresaw what came."""
    chosen = pl.col("system").is_in(systems) if systems else pl.lit(value=True)
    return loaders.kept(state, "forecast tried", (systems,), lambda: trial(progress(state).filter(chosen)))


def used_of_quotas(state: Seen) -> pl.DataFrame:
    """Machine time of every project on the days of its quota, by system, partition and account."""
    return loaders.kept(state, "used of quotas", (), lambda: burn.since(state.lake, current(state)))


def silent(state: Seen, system: str) -> list[Period]:
    """The weeks on end in which a machine ran nothing at all, between two jobs of its log."""
    return loaders.kept(state, "silent", (system,), lambda: around.silent(state.lake, (system,)))


def silence(state: Seen, systems: tuple[str, ...]) -> list[str]:
    """A sentence for each machine of these, or of all, that ran nothing for a week or more while quotas ran that run still."""
    names = loaders.system_names(state)
    running = progress(state).filter(pl.col("starts") < pl.col("as_of"), pl.col("as_of") < pl.col("ends"))
    since = dict(running.group_by("system").agg(pl.col("starts").min()).sort("system").iter_rows())
    said = []
    for system in (each for each in since if not systems or each in systems):
        days = [each for each in silent(state, system) if each.end > since[system]]
        if days:
            said.append(
                f"{names[system]} ran no job {numbers.listed([_days(each) for each in days[-MOST_SILENCES:]])}. If its log lacks these "
                "days, its projects used more than is told here, and the forecast of what they will use is too low."
            )
    return said


def _days(days: Period) -> str:
    return f"from {numbers.day(days.start)} to {numbers.day(days.end - timedelta(days=1))}"


def _progress(state: Seen) -> pl.DataFrame:
    logged = loaders.logged_days(state)
    used = used_of_quotas(state)
    whole = Selection(period=loaders.whole_period(state))
    return progress_of(
        current(state),
        loaders.all_projects(state, ()),
        used=total_by(used, "system", "account"),
        weekly=burn.weeks(state.lake, logged, most=MOST_WEEKS),
        queued=loaders.usage(state, whole, "system", "account"),
        energy=energy.energy_by(energy.energy(used, loaders.partitions(state)), "system", "account"),
        logged=logged,
    )
