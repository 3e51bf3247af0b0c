"""Prints how long the store takes to answer what each page asks, with the analyses on top, at a million and at ten million jobs.

The jobs are invented: all machines in service, about 2,000 accounts, two years, made once and repeated under other job numbers. Each
figure is the median of several answers, without any cache of the pages: the time on the clock, which a busy machine makes longer, and
the processor time of all threads. Ratios of one run can be compared; milliseconds cannot.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl

from analytics import carbon, demand, energy, fairness, usage, waiting
from data import facts, jobs, projects, rollups
from data import usage as rolled
from data.batches import all_batches
from data.facts import systems
from data.lake import Lake, writing
from data.settings import Settings
from data.synthetic import END, START, demo_logs, synthetic_jobs
from data.terms import HourUnit, Period, Selection

SIZES = (1_000_000, 10_000_000)
TARGET_MS = 150
ANSWERS = 5
SETS_OF_ACCOUNTS = 1
PER_TRANSACTION = 1_000_000
WHOLE = Selection(period=Period(START, END))
QUARTER = Selection(period=Period(END.replace(month=END.month - 3), END) if END.month > 3 else Period(START, END))


def main() -> None:
    """Print one line a page and size."""
    slow = []
    with tempfile.TemporaryDirectory(prefix="equinode-speed-") as folder:
        settings = Settings(lake=Path(folder) / "lake")
        frames, held = synthetic_jobs(SIZES[-1]), 0
        _decide(settings)
        for size in SIZES:
            start = time.perf_counter()
            held = _fill(settings, frames, held, size)
            print(f"\n{held:,} jobs stored, {time.perf_counter() - start:.0f} s for the new ones", flush=True)
            slow += [f"{page} at {held:,} jobs: {ms:.0f} ms" for page, ms in _told(settings) if ms > TARGET_MS]
    sys.exit(f"above the target of {TARGET_MS} ms: " + "; ".join(slow) if slow else 0)


def _decide(settings: Settings) -> None:
    """The categories of the demonstration's accounts."""
    with writing(settings, author="speed", message="Projects") as writer:
        for log in demo_logs(jobs=250_000):
            sets = (log.projects.with_columns(account=pl.format("{}-{}", "account", pl.lit(turn))) for turn in range(SETS_OF_ACCOUNTS))
            projects.save(writer, pl.concat(sets), author="speed")


def _fill(settings: Settings, frames: Iterator[pl.DataFrame], held: int, size: int) -> int:
    """How many jobs the store holds after it was filled up to a size."""
    while held < size:
        with writing(settings, author="speed", message="Invented jobs") as writer:
            batch_id, until = held // 1_000 + 1, min(size, held + PER_TRANSACTION)
            while held < until:
                rows = next(frames)
                held += rows.height
                for part in _few_accounts(rows).partition_by("system"):
                    jobs.store(writer, part, batch_id=batch_id)
            projects.register_accounts(writer, batch_id=batch_id)
            rollups.add(writer, batch_id)
    return held


def _few_accounts(rows: pl.DataFrame) -> pl.DataFrame:
    account, turn = pl.col("account").str.extract(r"^(.*)-\d+$"), pl.col("account").str.extract(r"-(\d+)$").cast(pl.Int64)
    return rows.with_columns(account=pl.format("{}-{}", account, turn % SETS_OF_ACCOUNTS))


def _told(settings: Settings) -> Iterator[tuple[str, float]]:
    lake = Lake(settings)
    counts = lake.frame("select count(distinct (system, account)) as accounts, count(*) as rows from lake.usage_daily").row(0)
    print(f"{counts[0]:,} accounts, {counts[1]:,} rows in the daily rollup")
    for page, ask in _pages(lake).items():
        times, busy = [], []
        for _ in range(ANSWERS):
            start, processor = time.perf_counter(), time.process_time()
            ask()
            times.append((time.perf_counter() - start) * 1_000)
            busy.append((time.process_time() - processor) * 1_000)
        ms = statistics.median(times)
        print(f"  {page:45} {ms:8.0f} ms {statistics.median(busy):8.0f} ms of processors", flush=True)
        yield page, ms
    lake.close()


def _pages(lake: Lake) -> dict[str, Callable[[], object]]:
    """What each page asks, by the page's name."""
    parts, intensity = facts.partitions(systems().values()), facts.carbon_intensity()

    def shares() -> object:
        rolled.spans(lake)
        return usage.share(rolled.usage(lake, WHOLE, "category"), "category", unit=HourUnit.NODE_HOURS)

    def footprint() -> object:
        rows = energy.energy(rolled.usage(lake, WHOLE, "system", "partition", "category", "month"), parts)
        method, scope = carbon.IntensityMethod.FLOW_TRACED, carbon.IntensityScope.LIFE_CYCLE
        return carbon.emissions_by(carbon.emissions(rows, parts, intensity, method=method, scope=scope))

    def fair() -> object:
        asked = demand.demand_of_projects(rolled.usage(lake, WHOLE, "system", "account"), projects.all_projects(lake), WHOLE.period)
        return fairness.inequality_by(fairness.satisfaction_of_projects(asked), "system")

    def waited() -> object:
        return waiting.queue_waits(rolled.waits(lake, WHOLE, "category"), "category")

    return {
        "the state of the store": lambda: (lake.snapshot_id, all_batches(lake)),
        "usage: shares by category": shares,
        "usage: by category and month": lambda: rolled.usage(lake, WHOLE, "category", "month"),
        "usage: by system, partition and month": lambda: rolled.usage(lake, WHOLE, "system", "partition", "month"),
        "usage: a quarter by system": lambda: rolled.usage(lake, QUARTER, "system"),
        "fairness: waits by category": waited,
        "fairness: satisfaction of every project": fair,
        "fairness: every project by month": lambda: rolled.usage(lake, WHOLE, "system", "account", "month"),
        "energy: energy and emissions": footprint,
        "projects: every account": lambda: projects.all_projects(lake),
        "one day of a machine by account": lambda: rolled.usage(
            lake, Selection(period=Period(START, START.replace(day=START.day + 1)), systems=("lumi",)), "account"
        ),
    }


if __name__ == "__main__":
    main()
