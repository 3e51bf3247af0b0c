"""Prints how fast logs are brought in, as a part of the rate at which DuckDB's own reader takes the same file, and the memory needed.

The file is read twice by processes of their own: once by `ingest`, with checks, pseudonyms, rollups and one transaction; once by
DuckDB's read_csv into a table of text (SWF, whose fields stand any number of blanks apart: as lines, then split). Before the clock
starts each has opened its store and read the first lines of the file, so that the rate is told and not the second that a start takes.
Told are the time on the clock, which a busy machine makes longer, and the time of all processors, and a ratio of each: the first is
what an operator waits for, the second holds on a busy machine too. Ratios of one run on one machine can be compared; seconds cannot.
`PYTHONPATH=. python tests/speed/ingest_speed.py [LINES]`: how many lines the made log of sacct has, 2,000,000 unless said.
"""

import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

HOUSE = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("EQUINODE_SHARED", HOUSE.parent / "shared")) / "traces"
CURIE = SHARED / "swf-cea-curie" / "CEA-Curie-2011-2.1-cln.swf.gz"
CCR = SHARED / "slurm-ccr-xdmod" / "pozidriv.sacct.psv.gz"
LINES = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000
FIRST_LINES = 1_000
TARGETS = {"sacct": 0.8, "swf": 0.3}
MOST_MEMORY_GB = 2.0
MACHINE = 'name = "{name}"\ncountry = "FR"\ntime_zone = "UTC"\n[partitions.all]\nnodes = 10000\ncores_per_node = 10000\ngpus_per_node = 0\n'

INGEST = """
import json, resource, sys, time
from pathlib import Path
from data.access import Person
from data.ingest.load import Order, ingest
from data.settings import Settings
from data.systems import declared_system
from data.terms import Action
first, path, lake, text = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
machine, person = declared_system("speed", text), Person(name="speed", role="trial", may=frozenset(Action))
ingest(Settings(lake=lake), Order(path=first, system=machine, declaration=text), person)
start, processor = time.perf_counter(), time.process_time()
account = ingest(Settings(lake=lake), Order(path=path, system=machine, declaration=text), person)
seconds, busy = time.perf_counter() - start, time.process_time() - processor
print(json.dumps({"seconds": seconds, "busy": busy, "lines": account.batch.lines_read, "accepted": account.batch.accepted,
                  "memory_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20}))
"""
READ_CSV = """
import json, resource, sys, time, duckdb
first, path, lake, form = sys.argv[1:5]
options = {
    "swf": "delim = '\\\\0', header = false, columns = {'line': 'varchar'}, comment = ';', quote = '', escape = ''",
    "sacct": "delim = '|', header = false, all_varchar = true, quote = '', escape = '', null_padding = true, ignore_errors = true",
}[form]
fields = "string_split_regex(trim(line), ' +') as fields" if form == "swf" else "*"
connection = duckdb.connect(lake, config={"threads": 2, "memory_limit": "1500MB"})
connection.execute("set enable_progress_bar = false")
connection.execute(f"create table first_lines as from read_csv('{first}', {options})")
start, processor = time.perf_counter(), time.process_time()
connection.execute(f"create table log as select {fields} from read_csv('{path}', {options})")
seconds, busy = time.perf_counter() - start, time.process_time() - processor
lines = connection.execute("select count(*) from log").fetchone()[0]
print(json.dumps({"seconds": seconds, "busy": busy, "lines": lines,
                  "memory_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20}))
"""


def main() -> None:
    """Print one line a file."""
    if not SHARED.is_dir():
        sys.exit(f"skipped: needs the third-party logs in {SHARED}; name their folder with EQUINODE_SHARED")
    print(
        f"{'file':30} {'MB':>5} {'lines':>10} {'ingest s':>9} {'busy s':>7} {'read_csv s':>10} {'busy s':>7} "
        f"{'rate':>6} {'of busy':>7} {'memory GB':>10}"
    )
    with tempfile.TemporaryDirectory(prefix="equinode-speed-") as folder:
        faults = [fault for path, form in _files(Path(folder)) for fault in _measured(path, form, Path(folder))]
    sys.exit("\n".join(faults) if faults else 0)


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    plain = folder / "curie.swf"
    plain.write_bytes(gzip.decompress(CURIE.read_bytes()))
    yield plain, "swf"
    plain.unlink()
    yield CURIE, "swf"
    plain = folder / "sacct.txt"
    repeat(plain)
    yield plain, "sacct"
    packed = folder / "sacct.txt.gz"
    with plain.open("rb") as source, gzip.open(packed, "wb", compresslevel=1) as target:
        while block := source.read(1 << 24):
            target.write(block)
    plain.unlink()
    yield packed, "sacct"


def repeat(target: Path) -> None:
    """The log of a real cluster again and again, with job numbers and times moved on, as 26 fields of text."""
    rows = [line.split("|") for line in gzip.decompress(CCR.read_bytes()).decode("utf-8", "replace").splitlines() if line.count("|") == 25]
    times = [index for index, text in enumerate(rows[0]) if len(text) == 19 and text[10] == "T"]
    with target.open("w", encoding="utf-8") as file:
        for turn in range(LINES // len(rows) + 1):
            moved: dict[str, str] = {}
            for row in rows[: LINES - turn * len(rows)]:
                fields = list(row)
                fields[0] = fields[1] = str(int(row[0].split("_")[0]) + turn * 10_000_000)
                for index in times:
                    if fields[index] not in moved:
                        moved[fields[index]] = _moved(fields[index], turn)
                    fields[index] = moved[fields[index]]
                file.write("|".join(fields) + "\n")


def _moved(text: str, turn: int) -> str:
    try:
        return (datetime.fromisoformat(text) + timedelta(days=2 * turn)).isoformat()
    except ValueError:
        return text


def _measured(path: Path, form: str, folder: Path) -> Iterator[str]:
    """The faults of one file after its line is printed."""
    first = folder / f"first-{path.name}".removesuffix(".gz")
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as whole:
        first.write_bytes(b"".join(islice(whole, FIRST_LINES)))
    ours = _run(INGEST, first, path, folder / f"lake-{path.name}", MACHINE.format(name="speed"))
    theirs = _run(READ_CSV, first, path, folder / f"{path.name}.duckdb", form)
    rate, of_busy = (theirs[kind] / ours[kind] for kind in ("seconds", "busy"))
    megabytes = path.stat().st_size / 1e6
    print(
        f"{path.name:30} {megabytes:5.0f} {ours['lines']:10,.0f} {ours['seconds']:9.1f} {ours['busy']:7.1f} "
        f"{theirs['seconds']:10.1f} {theirs['busy']:7.1f} {rate:6.2f} {of_busy:7.2f} {ours['memory_gb']:10.2f}",
        flush=True,
    )
    if rate < TARGETS[form]:
        yield f"{path.name}: {rate:.2f} of DuckDB's rate is below the target of {TARGETS[form]}"
    if ours["memory_gb"] > MOST_MEMORY_GB:
        yield f"{path.name}: {ours['memory_gb']:.2f} GB of memory is above {MOST_MEMORY_GB} GB"


def _run(program: str, *words: object) -> dict[str, float]:
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", program, *map(str, words)], cwd=HOUSE, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"failed after {time.perf_counter() - start:.0f} s: {done.stderr}")
    told: dict[str, float] = json.loads(done.stdout)
    return told


if __name__ == "__main__":
    main()
