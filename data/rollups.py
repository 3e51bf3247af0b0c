"""The rollups: sums and histograms that can be added up, each one Ibis expression.

Daily ones stand per system, partition, account and day; monthly ones per system, partition, category, mode, country and month, and
those of usage and of slowdowns per account and month as well, so that a page's answer takes the same time whatever the number of
jobs; the hourly one (data/hourly.py) stands per system and partition. The expressions compile to DuckDB's SQL and run inside the
ingest's transaction; on another engine the same expressions run over the store's Parquet files.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

import ibis
import ibis.expr.types as ir
import polars as pl

from data.hourly import CHANGES, changes_hourly
from data.lake import Writer
from data.terms import FAILED_STATES, AccessMode, EnergyQuality, JobState, UserCategory
from data.units import JOULES_PER_KWH, SECONDS_PER_DAY

BINS_PER_OCTAVE = 8
SLOWDOWN_BINS_PER_OCTAVE = 4
LEAST_RUN_S = 10
"""What a shorter run counts as in the bounded slowdown, so that jobs which end at once do not decide it."""
EPOCH = "1970-01-01"
ROLLED_JOBS = """
create temp view rolled_jobs as
with told as (from {source})
select * exclude (nodes_held), coalesce(nodes_held, nodes) as nodes_held, epoch(submitted) as submitted_s,
    epoch(started) as started_s, epoch(ended) as ended_s
from told where known_since >= getvariable('rolled_from') and known_since < getvariable('rolled_until')
"""
"""The jobs of a source that are known since a span of days, their instants as seconds since 1970: a tenth of the time that a cast of each
instant in every rollup would take."""
OF_BATCH = "lake.jobs where batch_id = getvariable('rolled_batch')"
OF_REPLACED = "replaced_jobs where batch_id <> getvariable('rolled_batch')"
OF_RESTORED = "restored_jobs"
OF_ALL = "lake.jobs"
DAYS_OF_JOBS = "select date_trunc('day', known_since) as day, count(*) as jobs from {source} group by all order by day"
MOST_AT_ONCE = 5_000_000
"""How many jobs are rolled up in one go: the histograms of a hundred million would not fit into the memory that DuckDB is given."""
JOBS = ibis.table(
    {
        "system": "string",
        "partition": "string",
        "account": "string",
        "submitted": "timestamp('UTC')",
        "started": "timestamp('UTC')",
        "ended": "timestamp('UTC')",
        "submitted_s": "float64",
        "started_s": "float64",
        "ended_s": "float64",
        "elapsed_s": "int64",
        "time_limit_s": "int64",
        "state": "string",
        "nodes": "int64",
        "nodes_held": "float64",
        "cores": "float64",
        "gpus": "float64",
        "requested_nodes": "int64",
        "energy_logged_kwh": "float64",
        "energy_quality": "string",
    },
    name="rolled_jobs",
)
REGISTER = """
create or replace temp view register as
select a.system, a.account, p.category, coalesce(p.mode, a.mode_by_code) as mode, p.country
from lake.accounts a left join lake.projects p using (system, account)
"""
REGISTERED = ibis.table(dict.fromkeys(("system", "account", "category", "mode", "country"), "string"), name="register")
COUNTS = (
    "jobs",
    "jobs_never_started",
    "jobs_failed",
    "jobs_metered",
    "jobs_implausible",
    "jobs_without_nodes",
    "jobs_without_cores",
    "jobs_without_gpus",
    "jobs_queued_without_hours",
)
AMOUNTS = (
    "node_s",
    "core_s",
    "gpu_s",
    "node_s_failed",
    "node_s_metered",
    "node_s_held",
    "node_s_held_metered",
    "node_s_queued",
    "energy_measured_j",
    "wall_s",
    "wall_s_without_nodes",
    "wall_s_without_cores",
    "wall_s_without_gpus",
)
ROLLED_MEASURES = dict.fromkeys(COUNTS, "int64") | dict.fromkeys(AMOUNTS, "float64")
"""The measures of a usage rollup: counts, whole seconds of nodes, cores and GPUs, and joules, so that sums are exact in any order."""
KEYS = ("system", "partition", "account", "day")


def usage_daily(jobs: ir.Table) -> ir.Table:
    """Machine time and measured energy per system, partition, account and day (UTC).

    A job that crosses midnight is split at the boundary: each day gets the part of its elapsed time and energy that the time
    between start and end has on that day, in whole seconds and joules. Machine time is nodes (cores, GPUs) x elapsed time, so
    suspended time is not counted. Jobs are counted once, on their last day; those whose nodes, cores or GPUs or whose elapsed time
    are not known are counted as missing from that sum, and their elapsed time (wall time) is summed day by day as well.
    """
    rows = ibis.union(_ran(jobs), _waiting(jobs))
    measures = {name: rows[name].sum() for name in ROLLED_MEASURES}
    return rows.group_by(KEYS).aggregate(**measures)


def waits_daily(jobs: ir.Table) -> ir.Table:
    """Queue waits per system, partition, account, day of start and bin; bin b holds waits of 2^(b/8) - 1 s up to the next."""
    started = jobs.filter(jobs.started.notnull(), jobs.submitted.notnull())
    wait_s = ibis.greatest(started.started_s - started.submitted_s, 0.0)
    rows = started.select("system", "partition", "account", day=_day(started.started_s), wait_s=wait_s)
    binned = rows.mutate(bin=((rows.wait_s + 1).log2() * BINS_PER_OCTAVE).floor().cast("int64"))
    return binned.group_by((*KEYS, "bin")).aggregate(jobs=binned.count(), wait_s=binned.wait_s.sum())


def slowdowns_of_accounts_monthly(jobs: ir.Table) -> ir.Table:
    """Bounded slowdowns per system, partition, account, month of start and bin; bin b holds slowdowns of 2^(b/4) up to the next.

    The bounded slowdown of a job that ended is (wait + run) / run, at least 1, with runs below 10 s counted as 10 s.
    """
    ended = jobs.filter(jobs.started.notnull(), jobs.submitted.notnull(), jobs.ended.notnull(), jobs.elapsed_s.notnull())
    wait_s = ibis.greatest(ended.started_s - ended.submitted_s, 0.0)
    run_s = ended.elapsed_s.cast("float64")
    slowdown = ibis.greatest((wait_s + run_s) / ibis.greatest(run_s, float(LEAST_RUN_S)), 1.0)
    bins = (slowdown.log2() * SLOWDOWN_BINS_PER_OCTAVE).floor().cast("int64")
    rows = ended.select("system", "partition", "account", month=_day(ended.started_s).truncate("M").cast("date"), bin=bins)
    return rows.group_by(["system", "partition", "account", "month", "bin"]).aggregate(jobs=rows.count())


def monthly(base: ir.Table, register: ir.Table) -> ir.Table:
    """A rollup of accounts summed to months, with the account's category, mode and country in the place of the account."""
    rows = base.left_join(register, ["system", "account"]).select(
        *(base[name] for name in base.columns if name not in ("account", "day", "month")),
        category=register.category.fill_null(UserCategory.UNCLASSIFIED.value),
        mode=register.mode.fill_null(AccessMode.OTHER.value),
        country=register.country,
        month=base.month if "month" in base.columns else base.day.truncate("M").cast("date"),
    )
    keys = ["system", "partition", "category", "mode", "country", "month", *(["bin"] if "bin" in base.columns else [])]
    return rows.group_by(keys).aggregate(**{name: rows[name].sum() for name in base.columns if name in rows.columns and name not in keys})


def of_accounts_monthly(daily: ir.Table) -> ir.Table:
    """The daily usage of each account summed to months."""
    rows = daily.mutate(month=daily.day.truncate("M").cast("date"))
    return rows.group_by(["system", "partition", "account", "month"]).aggregate(**{name: rows[name].sum() for name in ROLLED_MEASURES})


def add(writer: Writer, batch_id: int) -> None:
    """Add what a batch of stored jobs contributes; its accounts must be registered before."""
    writer.change("set variable rolled_batch = $batch_id", {"batch_id": batch_id})
    _contribute(writer, OF_BATCH, sign=1)


def subtract_replaced(writer: Writer, *, besides_batch: int) -> None:
    """Take away what jobs contributed that are about to be replaced; they stand in the temporary table `replaced_jobs`.

    Those of the batch that is being brought in have contributed nothing yet.
    """
    writer.change("set variable rolled_batch = $batch_id", {"batch_id": besides_batch})
    _contribute(writer, OF_REPLACED, sign=-1)


def add_restored(writer: Writer) -> None:
    """Add what jobs contribute that are put back as they were; they stand in the temporary table `restored_jobs`."""
    _contribute(writer, OF_RESTORED, sign=1)


def reclassify(writer: Writer, systems: Sequence[str]) -> None:
    """Make the monthly rollups of machines anew from those of accounts, as is due when a category, mode or country was decided."""
    writer.change(REGISTER)
    writer.change("set variable rolled_systems = $systems", {"systems": list(systems)})
    for name in ROLLED:
        of_systems = "where list_contains(getvariable('rolled_systems'), system)"
        writer.change(f"create or replace temp view rolled_{name} as from lake.{BASES[name]} {of_systems}")
        writer.change(f"delete from lake.{name}_monthly {of_systems}")  # noqa: S608 (names of our own tables)
        writer.change(f"insert into lake.{name}_monthly by name {_compiled_monthly(name)}")
        writer.change(f"drop view rolled_{name}")


def rebuild(writer: Writer) -> None:
    """Make all rollups anew from the stored jobs."""
    for name in ROLLED:
        writer.change(f"truncate lake.{BASES[name]}")
        writer.change(f"truncate lake.{name}_monthly")
    writer.change("truncate lake.usage_account_monthly")
    writer.change("truncate lake.changes_hourly")
    _contribute(writer, OF_ALL, sign=1)


def sum_up(writer: Writer) -> int:
    """How many rows the rollups have fewer, once those that hold many rows a key hold one, and none of which nothing is left.

    Every batch adds rows of its own; where they are few a key, the rollup stays as it is.
    """
    fewer = 0
    for table in TABLES:
        columns = writer.frame(f"select * from lake.{table} limit 0").columns  # noqa: S608 (names of our own tables)
        measures = [name for name in columns if name in MEASURES]
        keys = ", ".join(f'"{name}"' for name in columns if name not in measures)
        sums = ", ".join(f"sum({name}) as {name}" for name in measures)
        left = " or ".join(f"sum({name}) <> 0" for name in measures)
        rows = int(writer.frame(f"select count(*) from lake.{table}").item())  # noqa: S608
        writer.change(f"create temp table summed as select {keys}, {sums} from lake.{table} group by all having {left}")  # noqa: S608
        kept = int(writer.frame("select count(*) from summed").item())
        if rows > ROWS_PER_KEY * kept:
            writer.change(f"truncate lake.{table}")
            writer.change(f"insert into lake.{table} by name select * from summed order by {_time_of(columns)}")  # noqa: S608
            fewer += rows - kept
        writer.change("drop table summed")
    return fewer


def _contribute(writer: Writer, source: str, *, sign: int) -> None:
    """Add what the jobs of a source contribute, so many at a time; sums do not care in how many parts they are added."""
    writer.change(REGISTER)
    for first, until in _spans(writer.frame(DAYS_OF_JOBS.format(source=source))):
        writer.change("set variable rolled_from = $first", {"first": first})
        writer.change("set variable rolled_until = $until", {"until": until})
        writer.change(ROLLED_JOBS.format(source=source))
        _contribute_some(writer, sign)
        writer.change("drop view rolled_jobs")


def _contribute_some(writer: Writer, sign: int) -> None:
    for name in ROLLED:
        writer.change(f"create temp table rolled_{name} as {_compiled_base(name, sign)}")
        writer.change(f"insert into lake.{BASES[name]} by name from rolled_{name} order by {_time_of(_expression(name).columns)}")
        writer.change(f"insert into lake.{name}_monthly by name {_compiled_monthly(name)}")
    writer.change(f"insert into lake.usage_account_monthly by name {_compiled_of_accounts()}")
    writer.change(f"insert into lake.changes_hourly by name {_compiled_hourly(sign)}")
    for name in ROLLED:
        writer.change(f"drop table rolled_{name}")


def _spans(days: pl.DataFrame) -> list[tuple[datetime, datetime]]:
    """Spans of whole days, from a first to one that is not in it, of at most MOST_AT_ONCE jobs each where no day has more.

    >>> held = pl.DataFrame({"day": [datetime(2026, 3, 1), datetime(2026, 3, 4)], "jobs": [4_000_000, 2_000_000]})
    >>> [(first.day, until.day) for first, until in _spans(held)]
    [(1, 2), (4, 5)]
    """
    spans, held = list[tuple[datetime, datetime]](), 0
    for day, jobs in days.iter_rows():
        if spans and held + jobs <= MOST_AT_ONCE:
            spans[-1], held = (spans[-1][0], day + timedelta(days=1)), held + jobs
        else:
            spans.append((day, day + timedelta(days=1)))
            held = jobs
    return spans


@cache
def _expression(name: str) -> ir.Table:
    return ROLLED[name](JOBS)


@cache
def _compiled_base(name: str, sign: int) -> str:
    """A rollup of accounts as DuckDB's SQL; sign -1 takes contributions away."""
    expression = _expression(name)
    keys = (*KEYS, "month", "bin")
    signed = {column: expression[column] if column in keys else expression[column] * sign for column in expression.columns}
    return str(ibis.to_sql(expression.select(**signed), dialect="duckdb"))


@cache
def _compiled_monthly(name: str) -> str:
    base = ibis.table(_expression(name).schema(), name=f"rolled_{name}")
    return str(ibis.to_sql(monthly(base, REGISTERED), dialect="duckdb"))


@cache
def _compiled_of_accounts() -> str:
    daily = ibis.table(_expression("usage").schema(), name="rolled_usage")
    return str(ibis.to_sql(of_accounts_monthly(daily), dialect="duckdb"))


@cache
def _compiled_hourly(sign: int) -> str:
    return str(ibis.to_sql(changes_hourly(JOBS, sign=sign), dialect="duckdb"))


def _time_of(columns: Sequence[str]) -> str:
    return next(name for name in ("day", "month", "hour") if name in columns)


def _ran(jobs: ir.Table) -> ir.Table:
    """The jobs that used the machine, one row a job and day."""
    split = _by_day(jobs.filter(jobs.started.notnull()))
    is_last = split.day == split.last_day
    metered = split.energy_quality == EnergyQuality.MEASURED.value
    failed = split.state.isin([state.value for state in FAILED_STATES])
    wall_s = split.day_s.fill_null(0.0)
    node_s = (split.nodes * split.day_s).fill_null(0.0)
    held_s = (split.nodes_held * split.day_s).fill_null(0.0)
    return split.select(
        "system",
        "partition",
        "account",
        day=(ibis.timestamp(EPOCH) + split.day.as_interval("D")).date(),
        jobs=_count(is_last),
        jobs_never_started=ibis.literal(0, "int64"),
        jobs_failed=_count(is_last & failed),
        jobs_metered=_count(is_last & metered),
        jobs_implausible=_count(is_last & (split.energy_quality == EnergyQuality.IMPLAUSIBLE.value)),
        jobs_without_nodes=_count(is_last & (split.nodes * split.elapsed_s).isnull()),
        jobs_without_cores=_count(is_last & (split.cores * split.elapsed_s).isnull()),
        jobs_without_gpus=_count(is_last & (split.gpus * split.elapsed_s).isnull()),
        jobs_queued_without_hours=ibis.literal(0, "int64"),
        node_s=node_s,
        core_s=(split.cores * split.day_s).fill_null(0.0),
        gpu_s=(split.gpus * split.day_s).fill_null(0.0),
        node_s_failed=ibis.ifelse(failed, node_s, 0.0),
        node_s_metered=ibis.ifelse(metered, node_s, 0.0),
        node_s_held=held_s,
        node_s_held_metered=ibis.ifelse(metered, held_s, 0.0),
        node_s_queued=ibis.literal(0.0),
        energy_measured_j=ibis.ifelse(metered, split.day_j, 0.0),
        wall_s=wall_s,
        wall_s_without_nodes=ibis.ifelse(split.nodes.isnull(), wall_s, 0.0),
        wall_s_without_cores=ibis.ifelse(split.cores.isnull(), wall_s, 0.0),
        wall_s_without_gpus=ibis.ifelse(split.gpus.isnull(), wall_s, 0.0),
    )


def _by_day(jobs: ir.Table) -> ir.Table:
    """The jobs, one row a job and day it ran on, with the day's part of its seconds and joules; days count from 1970.

    Instants are turned into whole seconds once, before the rows multiply: a rollup of a large log takes a fifth of the time.
    """
    started_s = jobs.started_s.floor().cast("int64")
    ended_s = ibis.coalesce(jobs.ended_s.floor().cast("int64"), started_s + jobs.elapsed_s.fill_null(0))
    joules = (jobs.energy_logged_kwh * JOULES_PER_KWH).round()
    spans = jobs.mutate(start_s=started_s, end_s=ended_s, joules=joules)
    lasting = spans.mutate(
        length_s=spans.end_s - spans.start_s,
        first_day=spans.start_s // SECONDS_PER_DAY,
        last_day=ibis.greatest(spans.end_s - 1, spans.start_s) // SECONDS_PER_DAY,
    )
    days = lasting.mutate(day=ibis.range(lasting.first_day, lasting.last_day + 1).unnest())
    return days.mutate(day_s=_part_of_day(days, days.elapsed_s), day_j=_part_of_day(days, days.joules))


def _day(seconds: ir.NumericValue) -> ir.DateValue:
    return (ibis.timestamp(EPOCH) + (seconds / SECONDS_PER_DAY).floor().cast("int64").as_interval("D")).date()


def _part_of_day(days: ir.Table, amount: ir.NumericValue) -> ir.NumericValue:
    """The part of a job's whole amount that falls on the row's day, itself whole; the parts of a job sum to its amount exactly."""
    day_start_s = days.day * SECONDS_PER_DAY
    before = (ibis.greatest(day_start_s, days.start_s) - days.start_s) / days.length_s
    after = (ibis.least(day_start_s + SECONDS_PER_DAY, days.end_s) - days.start_s) / days.length_s
    parts = (amount * after).round() - (amount * before).round()
    return ibis.ifelse(days.length_s > 0, parts, amount).cast("float64")


def _waiting(jobs: ir.Table) -> ir.Table:
    """The jobs that never started, on their day of submission; those still waiting count as queued demand, where they say how much."""
    still = jobs.filter(jobs.started.isnull())
    waits = still.state == JobState.PENDING.value
    asked_s = (still.requested_nodes * still.time_limit_s).cast("float64")
    absent = {name: ibis.literal(0, kind) for name, kind in ROLLED_MEASURES.items()}
    known = {
        "jobs_never_started": ibis.literal(1, "int64"),
        "jobs_queued_without_hours": _count(waits & asked_s.isnull()),
        "node_s_queued": ibis.ifelse(waits, asked_s.fill_null(0.0), 0.0),
    }
    return still.select("system", "partition", "account", day=still.submitted.date(), **(absent | known))


def _count(condition: ir.BooleanValue) -> ir.IntegerValue:
    return ibis.ifelse(condition, 1, 0).cast("int64")


ROWS_PER_KEY = 2
"""From how many rows a key on a rollup is summed up."""
ROLLED = {"usage": usage_daily, "waits": waits_daily, "slowdowns": slowdowns_of_accounts_monthly}
BASES = {"usage": "usage_daily", "waits": "waits_daily", "slowdowns": "slowdowns_account_monthly"}
"""The rollups of accounts by name, and the table of each; a table `<name>_monthly` sums it to months and user categories."""
TABLES = (*BASES.values(), *(f"{name}_monthly" for name in ROLLED), "usage_account_monthly", "changes_hourly")
MEASURES = {*ROLLED_MEASURES, "wait_s", *CHANGES}
"""What is summed up in any rollup; every other column is a key."""
