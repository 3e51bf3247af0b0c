"""Whatever a file holds: accepted + refused + steps + passed over = lines, and no name is shown."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.errors import LogError
from data.ingest.source import Dialect
from tests.data.ingest.sample_dialects import DB_ROW, TABLE_ROW, cockpit_line, db_table, ndjson_line, table
from tests.data.ingest.sample_logs import COLUMNS, JOB, accounted, joined, read, sacct_line
from tests.data.ingest.test_dialects import xdmod_line
from tests.data.ingest.test_swf import HEADER, swf_line

ODD = st.text(st.characters(codec="utf-8", exclude_characters="\n\0"), max_size=30)
PIECES = st.sampled_from(
    ["|", " ", ";", "\t", "\r", "-1", "0", "123", "123.batch", "2026-03-01T10:00:00", "alice", "Unknown", "é", "\x01", '"']
)
GARBAGE = st.one_of(ODD, st.lists(PIECES, max_size=60).map("".join))
VALUES = st.one_of(
    ODD,
    st.sampled_from(
        [
            *(value for name, value in JOB.items() if name != "User"),
            "-1",
            "99999999999999999999",
            "1e9",
            "nan",
            "9" * 12,
            "2026-03-29T02:30:00",
        ]
    ),
)
SACCT = st.dictionaries(st.sampled_from(sorted(JOB)), VALUES, max_size=4).map(lambda fields: sacct_line(**fields))
XDMOD = st.dictionaries(st.sampled_from(["JobID", "Start", "State", "NCPUS", "JobName", "ReqMem"]), VALUES, max_size=3).map(
    lambda fields: xdmod_line(**fields)
)
SWF = st.dictionaries(st.sampled_from(["job", "submit", "wait", "run", "procs", "status", "group"]), VALUES, max_size=3).map(
    lambda fields: swf_line(**fields)
)
TABLE = st.dictionaries(st.sampled_from(sorted(TABLE_ROW)), VALUES, max_size=3).map(lambda cells: table(cells).split("\n")[1])
SLURMDBD = st.dictionaries(st.sampled_from(sorted(DB_ROW)), VALUES, max_size=3).map(lambda cells: db_table(cells).split("\n")[1])
NDJSON = st.dictionaries(st.sampled_from(["JobID", "Start", "State", "AllocTRES", "ElapsedRaw"]), VALUES, max_size=3).map(
    lambda fields: ndjson_line(**fields).rstrip("\n")
)
COCKPIT = st.dictionaries(
    st.sampled_from(["job_id", "start_time", "duration", "energy", "num_nodes", "job_state"]),
    st.one_of(VALUES, st.none(), st.integers(), st.floats(), st.lists(st.integers(), max_size=2)),
    max_size=3,
).map(lambda members: cockpit_line(**members).rstrip("\n"))
REAL = {
    Dialect.SACCT: (COLUMNS, sacct_line(), SACCT),
    Dialect.SACCT_BARE: ("", sacct_line(), SACCT),
    Dialect.SACCT_XDMOD: ("", xdmod_line(), XDMOD),
    Dialect.SACCT_NDJSON: ("", ndjson_line().rstrip("\n"), NDJSON),
    Dialect.SLURMDBD: (*db_table({}).rstrip("\n").split("\n"), SLURMDBD),
    Dialect.CLUSTERCOCKPIT: ("", cockpit_line().rstrip("\n"), COCKPIT),
    Dialect.JOB_TABLE: (*table({}).rstrip("\n").split("\n"), TABLE),
    Dialect.SWF: (HEADER, swf_line(), SWF),
}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.sampled_from(list(REAL)), st.integers(20, 2_000), st.booleans())
def test_every_line_is_in_exactly_one_count(data, dialect, block_bytes, closed):
    head, job, damaged = REAL[dialect]
    options = {"gpu_tres": (1002,)} if dialect is Dialect.SLURMDBD else {}
    lines = data.draw(st.lists(st.one_of(damaged, GARBAGE), max_size=8))
    text = "\n".join([head.rstrip("\n"), job, *lines]) + ("\n" if closed else "")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        path.write_bytes(text.encode())
        found = joined(read(path, block_bytes=block_bytes, **options))
    assert accounted(found) == found.lines == (text.count("\n") if closed else text.count("\n") + bool(text.rpartition("\n")[2]))
    numbers = [*found.jobs["line"].unique(), *found.refusals["line"]]
    assert len(numbers) == len(set(numbers))
    assert found.refusals.null_count().sum_horizontal().item() == 0
    assert not any("alice" in raw for raw in found.refusals["raw"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400), st.sampled_from([*REAL, None]), st.integers(1, 500))
def test_bytes_of_any_kind_are_refused_as_a_whole_or_accounted_for(tail, dialect, block_bytes):
    head, job, _ = REAL[dialect] if dialect else ("", "", None)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        path.write_bytes(f"{head}\n{job}\n".encode() * bool(dialect) + tail)
        try:
            found = joined(read(path, block_bytes=block_bytes, gpu_tres=(1002,) if dialect is Dialect.SLURMDBD else ()))
        except LogError:
            return
    assert accounted(found) == found.lines
    assert found.jobs.height > 0 or dialect is None
