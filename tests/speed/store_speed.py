"""Prints what it costs to bring in one more day and to answer a page, in stores of no, a million and fifty million jobs.

A day's log must cost in proportion to the day, and a page what it shows, whatever the store holds. Stores are filled with jobs of three
years by SQL through the same writer as any log, rollups rebuilt; the log of the next day repeats some jobs that the store has, completes
some that ran, and is brought in by a process of its own, once a first few lines have opened the store. Told is the time of all
processors, since a busy machine makes the clock's longer; the ratio is that of the two larger stores. Seconds of another machine differ;
ratios can be compared. The largest store takes about five gigabytes of disk for some minutes: name fewer jobs for a quick look.

    python tests/speed/store_speed.py [JOBS]
"""

import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from data import rollups
from data.lake import Lake, writing
from data.pseudonym_key import pseudonym_key
from data.settings import Settings

HOUSE = Path(__file__).resolve().parents[2]
MOST_JOBS, FEW_JOBS = 50_000_000, 1_000_000
AT_ONCE = 1_000_000
LINES = 30_000
REPEATED, COMPLETED = 5_000, 1_000
MOST_RATIO = 1.5
FIRST_DAY, LAST_DAY = datetime(2023, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = "JobIDRaw|JobID|Partition|Account|User|Submit|Eligible|Start|End|ElapsedRaw|State|NNodes|NCPUS|AllocTRES|TimelimitRaw\n"

JOBS = """
insert into lake.jobs by name
with numbered as (
    select n, hash(n) as h, $first::timestamptz + to_seconds((n * $span_s) // $jobs) as submitted, n >= $jobs - $running as runs
    from range($start, $stop) r(n)
), timed as (
    select *, submitted + to_seconds((h % 20000)::bigint) as began, ((h // 7) % 40000)::bigint as length_s from numbered
)
select 'vega' as system, n + 1 as job_id, 'CPU' as "partition", 'cpu' as queue, 'project_' || (h % 1500) as account,
    'u_' || (h % 9000) as user_pseudonym, submitted, submitted as known_since, submitted as eligible,
    case when runs then submitted else began end as started, case when not runs then began + to_seconds(length_s) end as ended,
    case when runs then 60 else length_s end as elapsed_s, case when runs then 'RUNNING' else 'COMPLETED' end as state,
    1 + (h // 3) % 16 as nodes, 128.0 * (1 + (h // 3) % 16) as cores, 0.0 as gpus, 1 + (h // 3) % 16 as requested_nodes,
    86400 as time_limit_s, 'missing' as energy_quality, n as line, $batch_id as batch_id
from timed
"""
ACCOUNTS = "insert into lake.accounts select 'vega', 'project_' || n, 'other' from range(1500) r(n)"
BATCH = """
insert into lake.batches by name
select $batch_id as batch_id, 'vega' as system, 'made' as file, 'sacct' as dialect, $jobs as lines_read, $jobs as accepted, 0 as completed,
    0 as refused, 0 as seen_before, 0 as steps, 0 as passed_over, $first::timestamptz as first_submitted, $last::timestamptz as last_seen,
    false as demo, 'speed' as author, $last::timestamptz as ingested
"""
MEASURED = """
import json, resource, sys, time
from datetime import UTC, datetime
from pathlib import Path
from data import batches, projects, usage
from data.access import Person
from data.facts import systems
from data.ingest.load import Order, ingest
from data.lake import Lake
from data.settings import Settings
from data.terms import Action, Period, Selection
from data.tidy import is_due
first, log, place = Path(sys.argv[1]), Path(sys.argv[2]), Settings(lake=Path(sys.argv[3]), catalog=None)
person, machine, now = Person(name="speed", role="trial", may=frozenset(Action)), systems()["vega"], datetime(2026, 2, 1, tzinfo=UTC)
told = {}
def timed(name, make):
    start, busy = time.perf_counter(), time.process_time()
    result = make()
    told[name] = (time.process_time() - busy, time.perf_counter() - start)
    return result
ingest(place, Order(path=first, system=machine), person, now=now)
batch = timed("ingest of a day", lambda: ingest(place, Order(path=log, system=machine), person, now=now)).batch
timed("the same day again", lambda: ingest(place, Order(path=log, system=machine), person, now=now))
lake = Lake(place)
lake.frame("select 1")
months = Selection(period=Period(datetime(2025, 2, 1).date(), datetime(2026, 2, 1).date()))
days = Selection(period=Period(datetime(2025, 12, 5).date(), datetime(2026, 1, 3).date()))
timed("a page: months", lambda: (usage.usage(lake, months, "category", "month"), usage.waits(lake, months, "category")))
timed("a page: days", lambda: (usage.usage(lake, days, "day"), usage.waits(lake, days, "day")))
timed("a page: intake", lambda: (usage.spans(lake), batches.all_batches(lake), batches.refusals_by_reason(lake), is_due(lake)))
timed("a page: projects", lambda: projects.listed(lake))
counted = {name: getattr(batch, name) for name in ("accepted", "completed", "seen_before", "refused")}
print(json.dumps({"told": told, "counted": counted, "memory_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20}))
"""


def main() -> None:
    """Print one line a task, with the processors' seconds in each store."""
    most = int(sys.argv[1].replace("_", "")) if len(sys.argv) > 1 else MOST_JOBS
    sizes = (0, min(FEW_JOBS, most // 2), most)
    with tempfile.TemporaryDirectory(prefix="equinode-speed-") as folder:
        found = [_measured(Path(folder), jobs) for jobs in sizes]
    print(f"{'processor seconds in a store of':34}" + "".join(f"{jobs:>14,}" for jobs in sizes) + f"{'ratio':>8}")
    faults = []
    for task in found[0]["told"]:
        none, few, many = (each["told"][task][0] for each in found)
        print(f"{task:34}{none:>14.2f}{few:>14.2f}{many:>14.2f}{many / few:>8.2f}")
        if task == "ingest of a day" and many / few > MOST_RATIO:
            faults.append(f"a day costs {many / few:.2f} times as much in a store of {most:,} jobs as in one of {sizes[1]:,}")
    print(f"{'memory of that process, GB':34}" + "".join(f"{each['memory_gb']:>14.2f}" for each in found))
    sys.exit("\n".join(faults) if faults else 0)


def _measured(folder: Path, jobs: int) -> dict[str, dict[str, list[float]]]:
    place = Settings(lake=folder / f"store-{jobs}", catalog=None)
    _fill(place, jobs)
    first, log = folder / f"first-{jobs}.txt", folder / f"day-{jobs}.txt"
    _write(place, jobs, first, log)
    command = [sys.executable, "-c", MEASURED, str(first), str(log), str(place.lake)]
    found = json.loads(subprocess.run(command, cwd=HOUSE, stdout=subprocess.PIPE, text=True, check=True).stdout)
    size_gb = sum(file.stat().st_size for file in place.lake.rglob("*.parquet")) / 1e9
    print(f"{jobs:,} jobs in {size_gb:.1f} GB: {found['counted']}", flush=True)
    return found


def _fill(place: Settings, jobs: int) -> None:
    """A store of jobs of three years, the newest of which run still."""
    pseudonym_key(place)
    span = {"first": FIRST_DAY, "span_s": int((LAST_DAY - FIRST_DAY).total_seconds()), "jobs": jobs, "running": min(COMPLETED, jobs)}
    for number, start in enumerate(range(0, jobs, AT_ONCE), start=1):
        stop = min(start + AT_ONCE, jobs)
        with writing(place, author="speed", message="Made jobs") as writer:
            writer.change(JOBS, span | {"start": start, "stop": stop, "batch_id": number})
            writer.change(BATCH, {"batch_id": number, "jobs": stop - start, "first": FIRST_DAY, "last": LAST_DAY})
    if jobs:
        with writing(place, author="speed", message="Made accounts and rollups") as writer:
            writer.change(ACCOUNTS)
            rollups.rebuild(writer)


def _write(place: Settings, jobs: int, first: Path, log: Path) -> None:
    """The log of the next day: jobs that the store has, jobs that ran in it and have ended, new ones, and one that waited for years."""
    first.write_text(COLUMNS + _line(jobs + 10 * LINES, LAST_DAY - timedelta(hours=1), LAST_DAY, 60))
    lines = []
    if jobs:
        lake = Lake(place)
        held = "select job_id, submitted, started, elapsed_s, ended from lake.jobs where known_since > $since order by job_id desc"
        known = lake.frame(held, {"since": LAST_DAY - timedelta(days=3)}).head(REPEATED + COMPLETED)
        lake.close()
        lines = [
            _line(number, submitted, started, elapsed_s if ended is not None else 7_200)
            for number, submitted, started, elapsed_s, ended in known.iter_rows()
        ]
    lines.append(_line(jobs + 5 * LINES, FIRST_DAY, LAST_DAY, 60))
    for number in range(LINES - len(lines)):
        submitted = LAST_DAY + timedelta(seconds=number * 2.5)
        lines.append(_line(jobs + 1 + number, submitted, submitted + timedelta(seconds=number % 3_000), number % 40_000))
    log.write_text(COLUMNS + "".join(lines))


def _line(number: int, submitted: datetime, started: datetime, length_s: int) -> str:
    times = (submitted, submitted, started, started + timedelta(seconds=length_s))
    written = "|".join(str(int(time.timestamp())) for time in times)
    return f"{number}|{number}|cpu|project_{number % 1500}|user{number % 9000}|{written}|{length_s}|COMPLETED|2|256|cpu=256,node=2|1440\n"


if __name__ == "__main__":
    main()
