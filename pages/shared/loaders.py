"""The frames that pages show: the only cache, keyed by the state of the store, so that new data show at the next interaction."""

import logging
import pickle
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from functools import partial
from importlib import import_module
from io import BytesIO
from typing import TypeVar

import polars as pl
import streamlit as st

from analytics import usage as indicators
from analytics.carbon_hourly import intensity_by_hour as by_hour
from data import batches as batch_records
from data import explore, facts, lake, months, outline, projects, quotas, scenario_standing, series
from data import hourly as hours
from data import scenarios as kept_scenarios
from data import usage as rollups
from data.errors import EquinodeError, StoreError
from data.facts import System
from data.lake import Lake, Snapshot
from data.scenarios import Scenario
from data.schema import CARBON_SERIES, PARTITIONS, empty
from data.settings import settings
from data.store_errors import earlier_version
from data.systems import known_systems
from data.terms import Dimension, Period, PolicyLimit, Selection
from pages.shared.kept import Kept

SLOW_IMPORTS = ("pandas", "pyarrow", "plotly.graph_objects", "plotly.io", "babel.numbers")
"""What the first visitor would otherwise wait for."""

MOST_BYTES = 500_000_000
"""How much memory kept results may take together; each is a frame of totals, never of jobs."""

READ_WITHOUT = (kept_scenarios.MIGRATION, quotas.MIGRATION, scenario_standing.MIGRATION)
"""Migrations that only make tables of decisions: a store that has not seen them holds none, and is read all the same."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The state of the store that one visit sees."""

    lake: Lake
    """The store, opened once for the process."""
    place: str
    """Which store it is."""
    snapshot_id: int
    """Its state; results are kept for this state alone."""


def seen() -> Seen | None:
    """The newest state of the store, none where there is no store or nothing was ever brought in.

    Raises:
        StoreError: if there is a store that cannot be read.
    """
    if not lake.exists(settings()):
        return None
    place = _place()
    opened = _opened(place)
    state = Seen(lake=opened, place=place, snapshot_id=opened.snapshot_id)
    return state if _has_tables(state) and spans(state).height else None


def usage(state: Seen, chosen: Selection, *by: str) -> pl.DataFrame:
    """Machine time in the selection, one row a combination of these dimensions (frame `usage_by`)."""
    return _kept(state, "usage", (chosen, by), lambda: _usage(state, chosen, *by))


def holds_months(state: Seen) -> bool:
    """Whether machine time by project and month is few enough rows to be held in memory."""
    return _few(state, "by_account", months.MOST_ROWS)


def explored(
    state: Seen, chosen: Selection, by: tuple[Dimension, ...], only: tuple[tuple[Dimension, tuple[str, ...]], ...] = ()
) -> pl.DataFrame:
    """Machine time in the selection told apart by any dimensions, of some of their values alone (frame `explore.explored_by`)."""
    return _kept(state, "explored", (chosen, by, only), lambda: _explored(state, chosen, by, dict(only)))


def waits(state: Seen, chosen: Selection, *by: str) -> pl.DataFrame:
    """The histogram of queue waits in the selection (frame `waits_by`)."""
    return _kept(state, "waits", (chosen, by), lambda: _histogram(state, "waits", chosen, *by))


def slowdowns(state: Seen, chosen: Selection, *by: str) -> pl.DataFrame:
    """The histogram of bounded slowdowns in the selection (frame `slowdowns_by`)."""
    return _kept(state, "slowdowns", (chosen, by), lambda: _histogram(state, "slowdowns", chosen, *by))


def hourly(state: Seen, period: Period, chosen: tuple[str, ...]) -> pl.DataFrame:
    """The node-hours and the measured energy of every hour of the period on these machines, or on all (frame `HOURLY`)."""
    held = _held(state, "hours", lambda: hours.hourly(state.lake, whole_period(state)))
    inside = held.filter(pl.col("hour").is_between(period.start_utc, period.end_utc, closed="left"))
    return inside.filter(pl.col("system").is_in(list(chosen))) if chosen else inside


def spans(state: Seen) -> pl.DataFrame:
    """First and last month, jobs and core-hours of every machine with a log."""
    return _kept(state, "spans", (), lambda: rollups.spans(state.lake))


def whole_period(state: Seen) -> Period:
    """The whole months from the first to the last that the store knows."""
    period = _kept(state, "whole period", (), lambda: rollups.whole_period(state.lake))
    if period is None:
        raise StoreError("the store holds no job, so it has no period; bring a log in first.")
    return period


def batches(state: Seen) -> pl.DataFrame:
    """Every log that was brought in, newest first."""
    return _kept(state, "batches", (), lambda: batch_records.all_batches(state.lake))


def refusals(state: Seen, chosen: tuple[str, ...], most: int) -> pl.DataFrame:
    """Refused lines of these machines with their reasons, newest batch first."""
    return _kept(state, "refusals", (chosen, most), lambda: batch_records.refusals(state.lake, systems=chosen, most=most))


def refusals_by_reason(state: Seen) -> pl.DataFrame:
    """How many lines were refused per machine and reason."""
    return _kept(state, "refusals by reason", (), lambda: batch_records.refusals_by_reason(state.lake))


def all_projects(state: Seen, chosen: tuple[str, ...]) -> pl.DataFrame:
    """Every account of these machines with what was decided about it."""
    return _kept(state, "projects", (chosen,), lambda: projects.all_projects(state.lake, systems=chosen))


def scenarios(state: Seen) -> list[Scenario]:
    """Every split that somebody named and kept, newest first."""
    return _kept(state, "scenarios", (), lambda: kept_scenarios.listed(state.lake))


def demo_systems(state: Seen) -> tuple[str, ...]:
    """The machines of which the store holds the demonstration log."""
    return _kept(state, "demo", (), lambda: batch_records.demo_systems(state.lake))


def snapshot(state: Seen) -> Snapshot:
    """The state with its author, time and message."""
    return _kept(state, "snapshot", (), state.lake.snapshot)


def systems(state: Seen | None) -> dict[str, System]:
    """Every machine of the reference facts and of the store's declarations."""
    return facts.systems() if state is None else _kept(state, "systems", (), lambda: known_systems(state.lake))


def system_names(state: Seen | None) -> dict[str, str]:
    """The name of every machine by its identifier; where two share a name, and where nothing is declared, the identifier tells."""
    return _unique_names(None) if state is None else _kept(state, "system names", (), lambda: _unique_names(state))


def in_service(state: Seen) -> dict[str, date]:
    """The first day of service of every machine of which it is known."""
    return _kept(state, "in service", (), lambda: {name: each.in_service for name, each in systems(state).items() if each.in_service})


def partitions(state: Seen | None, chosen: tuple[str, ...] = ()) -> pl.DataFrame:
    """The facts about the hardware partitions of these machines, or of all."""
    wanted = [system for name, system in systems(state).items() if not chosen or name in chosen]
    return facts.partitions(wanted) if wanted else empty(PARTITIONS)


def offered(state: Seen, chosen: Selection) -> pl.DataFrame:
    """The hours that the machines with logs could have given from the first to the last day of their logs (frame CAPACITY)."""
    return _kept(state, "offered", (chosen.period, chosen.systems), lambda: _offered(state, chosen))


def logged_days(state: Seen) -> dict[str, Period]:
    """From which day to which the logs of each machine run."""
    return _kept(state, "logged days", (), lambda: batch_records.logged_days(state.lake))


def logged_throughout(state: Seen, chosen: Selection, period: Period) -> bool:
    """Whether a period can be compared: the logs of every machine chosen reach over all its months of service, and to its last week."""
    wanted = spans(state).filter(pl.col("system").is_in(list(chosen.systems))) if chosen.systems else spans(state)
    return rollups.reach_over(period, wanted, logged_days(state), in_service(state))


def intensity_by_hour(state: Seen, period: Period, zones: Collection[str], method: str, scope: str) -> pl.DataFrame:
    """The carbon intensity of grid zones in every hour of the period, as far as the store has a series (frame HOURLY_INTENSITY)."""
    known = _kept(state, "series", (), lambda: series.coverage(state.lake, series.SeriesKind.CARBON))
    every = tuple(known.filter(method=method, scope=scope)["zone"].unique().sort())
    asked = partial(series.carbon, state.lake, every, whole_period(state))
    of, counts = series.IntensityMethod(method), series.IntensityScope(scope)
    held = _held(state, f"intensity, {method}, {scope}", lambda: by_hour(asked(method=of, scope=counts) if every else empty(CARBON_SERIES)))
    return held.filter(pl.col("hour").is_between(period.start_utc, period.end_utc, closed="left"), pl.col("grid_zone").is_in(list(zones)))


@st.cache_data(show_spinner=False)
def intensity() -> pl.DataFrame:
    """Annual carbon intensity of the grid zones."""
    return facts.carbon_intensity()


@st.cache_data(show_spinner=False)
def prices() -> pl.DataFrame:
    """Annual electricity prices."""
    return facts.prices()


def outlines() -> pl.DataFrame:
    """The outlines of Europe's countries (frame `outline.OUTLINES`)."""
    return outline.europe()


def cities() -> pl.DataFrame:
    """Where the cities of the machines lie (frame `outline.CITIES`)."""
    return outline.cities()


@st.cache_data(show_spinner=False)
def policy_limits() -> tuple[PolicyLimit, ...]:
    """The limits that law and access policy set."""
    return facts.policy_limits()


def kept(state: Seen, what: str, arguments: tuple[object, ...], make: Callable[[], T]) -> T:
    """What `make` gives, kept for this state of the store and these arguments; for results that take long to compute."""
    return _kept(state, what, arguments, make)


def kept_without_store(what: str, arguments: tuple[object, ...], make: Callable[[], T]) -> T:
    """What `make` gives, kept for these arguments alone; for results that no store has part in."""
    return _results().of(_as_bytes(("no store", what, arguments)), make)


def warm() -> None:
    """Imports what is slow to import, and asks the store once; a store that cannot be read is told to the log and to the visitor.

    Frames of pages are small: Polars' engine for large ones takes longer to start than they take to be computed.
    """
    for name in SLOW_IMPORTS:
        import_module(name)
    pl.Config.set_engine_affinity("in-memory")
    facts.systems()
    logging.getLogger("equinode").info("ready: %s", health())


def health() -> dict[str, str | int]:
    """Whether the store can be read, and its state; read past what is kept."""
    try:
        if not lake.exists(settings()):
            return {"status": "ok", "store": "empty"}
        opened = Lake(settings())
        try:
            return {"status": "ok", "store": "open", "snapshot": opened.snapshot_id}
        finally:
            opened.close()
    except EquinodeError as error:
        logging.getLogger("equinode").warning("the store cannot be read: %s", error)
        return {"status": "failed", "store": "cannot be read"}


def _usage(state: Seen, chosen: Selection, *by: str) -> pl.DataFrame:
    """Months and the days of categories are asked in memory, as long as they are few enough to be held there."""
    if months.answers(chosen, *by) and _few(state, "by_account" if "account" in by else "by_category", months.MOST_ROWS):
        return months.usage(_months(state, by_account="account" in by), chosen, *by)
    if months.days_answer(*by):
        return months.usage(_held(state, "days", lambda: months.days(state.lake)), chosen, *by)
    return rollups.usage(state.lake, chosen, *by)


def _explored(state: Seen, chosen: Selection, by: tuple[Dimension, ...], only: dict[Dimension, tuple[str, ...]]) -> pl.DataFrame:
    by_account = months.by_account(by, only)
    if months.answers(chosen) and Dimension.DAY not in by and _few(state, "by_account" if by_account else "by_category", months.MOST_ROWS):
        return months.explored(_months(state, by_account=by_account), chosen, by, only)
    return explore.explored(state.lake, chosen, by, only)


def _histogram(state: Seen, what: str, chosen: Selection, *by: str) -> pl.DataFrame:
    """A histogram asked in memory where it can be, else in the store."""
    held, asked = (months.waits, rollups.waits) if what == "waits" else (months.slowdowns, rollups.slowdowns)
    if months.answers(chosen, *by) and "account" not in by and _few(state, what, months.MOST_BINS):
        return months.histogram(_held(state, what, lambda: held(state.lake)), chosen, *by)
    return asked(state.lake, chosen, *by)


def _few(state: Seen, rollup: str, most: int) -> bool:
    return _kept(state, "rows of months", (), lambda: months.rows_of(state.lake))[rollup] <= most


def _months(state: Seen, *, by_account: bool) -> pl.DataFrame:
    return _held(state, f"months, by account: {by_account}", lambda: months.months(state.lake, by_account=by_account))


def _held(state: Seen, what: str, make: Callable[[], pl.DataFrame]) -> pl.DataFrame:
    """A whole rollup in memory, apart from results, of which there are far more; that of an older state gives way first."""
    return _rollups().of(_as_bytes((state.place, state.snapshot_id, what)), make)


@st.cache_resource(show_spinner=False)
def _rollups() -> Kept:
    return Kept(most_bytes=MOST_BYTES)


def _offered(state: Seen, chosen: Selection) -> pl.DataFrame:
    return indicators.capacity_while_logged(partitions(state, chosen.systems), logged_days(state), chosen.period)


def _unique_names(state: Seen | None) -> dict[str, str]:
    logged = [] if state is None else spans(state)["system"].to_list()
    named = {name: name for name in logged} | {name: system.name for name, system in systems(state).items()}
    twice = {name for name, count in Counter(named.values()).items() if count > 1}
    return {system: f"{name} ({system})" if name in twice else name for system, name in named.items()}


def _kept(state: Seen, what: str, arguments: tuple[object, ...], make: Callable[[], T]) -> T:
    return _results().of(_as_bytes((state.place, state.snapshot_id, what, arguments)), make)


@st.cache_resource(show_spinner=False)
def _results() -> Kept:
    return Kept(most_bytes=MOST_BYTES)


def _as_bytes(key: tuple[object, ...]) -> bytes:
    """The key as bytes, looked up in a fraction of the time that it takes to walk through its parts.

    In fast mode equal parts are written out each time, so that equal keys give equal bytes whichever objects they are made of.
    """
    written = BytesIO()
    pickler = pickle.Pickler(written, protocol=pickle.HIGHEST_PROTOCOL)
    pickler.fast = True
    pickler.dump(key)
    return written.getvalue()


@st.cache_resource(show_spinner=False, max_entries=2)
def _opened(place: str) -> Lake:  # noqa: ARG001, a store made anew at the same path is opened anew
    return Lake(settings())


def _place() -> str:
    """Which store the settings name; one that was made anew at the same path is another store."""
    site = settings()
    file = site.lake / "catalog.sqlite"
    state = file.stat()
    return site.catalog or f"{file} {state.st_ino} {state.st_ctime_ns}"


def _has_tables(state: Seen) -> bool:
    pending = _kept(state, "migrations", (), lambda: lake.pending_migrations(state.lake))
    missing = [number for number in pending if number not in READ_WITHOUT]
    if missing and 1 not in missing:
        raise earlier_version(missing)
    return not missing
