"""A store of as many jobs as one likes, for trials of speed: the demonstration log brought in as anybody would, and copies of it.

All its jobs are copied under other numbers, in turn for its own accounts and for further sets of them, and the rollups are those that a
rebuild from all jobs would give: as sums add up, they follow from the log's own rollups. So a store of a hundred million jobs is made in
minutes, with the days, machines, partitions, categories and months of two years, four times the accounts, and rollups of the size that
its pages have to read. Machines look as many times as busy; what was awarded grows with what was used.
"""

import time
from pathlib import Path

from data import rollups
from data.lake import Lake, Writer, writing
from data.settings import Settings
from tests.browser.served import command

AT_ONCE = 1_000_000
"""How many jobs the log holds, and a copy of it."""

SETS = 4
"""How many sets of accounts there are, each of as many copies."""

ANOTHER = 10_000_000_000
"""Each copy's jobs are numbered from a multiple of this on."""

JOBS = """
insert into lake.jobs by name
select * replace (job_id + $turn * $another as job_id, if($set = 0, account, account || '-' || $set::varchar) as account)
from lake.jobs where job_id < $another
"""


def fill(lake: Path, jobs: int) -> None:
    """Make a store of about so many jobs, and tell how long that took."""
    start, settings = time.perf_counter(), Settings(lake=lake, catalog=None)
    command(lake, "demo", "--jobs", str(min(AT_ONCE, jobs)))
    logged = _count(settings)
    a_set = max(1, round(jobs / logged / SETS)) if jobs > AT_ONCE else 1
    copies = a_set * SETS if jobs > AT_ONCE else 1
    for turn in range(1, copies):
        with writing(settings, author="speed", message="Copied jobs") as writer:
            writer.change(JOBS, {"turn": turn, "set": turn % SETS, "another": ANOTHER})
    if copies > 1:
        with writing(settings, author="speed", message="Accounts and sums of the copies") as writer:
            _accounts(writer, a_set)
            _sums(writer, a_set)
    print(f"{_count(settings):,} jobs stored after {time.perf_counter() - start:.0f} s", flush=True)


def described(lake: Path) -> str:
    """What a store holds, as one line."""
    opened = Lake(Settings(lake=lake, catalog=None))
    try:
        sizes = {table: opened.frame(f"select count(*) from lake.{table}").item() for table in ("jobs", *rollups.TABLES)}  # noqa: S608
        seen = "select count(distinct system), count(distinct (system, account)), count(distinct day) from lake.usage_daily"
        machines, accounts, days = opened.frame(seen).row(0)
    finally:
        opened.close()
    return f"{sizes.pop('jobs'):,} jobs of {accounts:,} accounts on {machines} machines over {days} days; " + ", ".join(
        f"{table} {rows:,}" for table, rows in sizes.items()
    )


def _accounts(writer: Writer, a_set: int) -> None:
    """The further sets of accounts, decided upon as those of the log; awards grow with what is used."""
    writer.change("update lake.projects set node_hours_awarded = node_hours_awarded * $a_set", {"a_set": a_set})
    for table in ("projects", "accounts"):
        _repeat(writer, table)


def _sums(writer: Writer, a_set: int) -> None:
    """The rollups of all copies: of each account those of a set, of each category those of all sets."""
    for table in rollups.TABLES:
        columns = writer.frame(f"from lake.{table} limit 0").columns
        factor = a_set if "account" in columns else a_set * SETS
        times = ", ".join(f"{name} = {name} * {factor}" for name in columns if name in rollups.MEASURES)
        writer.change(f"update lake.{table} set {times}")  # noqa: S608 (names of our own tables)
        if "account" in columns:
            _repeat(writer, table)


def _repeat(writer: Writer, table: str) -> None:
    """The rows of the log's accounts once more for every further set of them."""
    writer.change(f"create temp table one_set as from lake.{table}")
    for number in range(1, SETS):
        further = f"select * replace (account || '-{number}' as account) from one_set"  # noqa: S608 (names of our own tables)
        writer.change(f"insert into lake.{table} by name {further}")
    writer.change("drop table one_set")


def _count(settings: Settings) -> int:
    lake = Lake(settings)
    try:
        return int(lake.frame("select count(*) from lake.jobs").item())
    finally:
        lake.close()
