"""However a log of sacct is bent: the store's account of its lines balances, and no name of a user is in the store."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl
from hypothesis import HealthCheck, given
from hypothesis import settings as trial
from hypothesis import strategies as st
from made_jobs import COLUMNS, bring_in, ingested, plain_store, sacct_line

from data import batches
from data.errors import LogError
from data.lake import Lake
from data.settings import Settings
from tests.data.ingest.sample_logs import accounted, joined, read

Job = dict[str, str]
USERS = ("zebulon", "quagga")
NAMES = COLUMNS + "|Comment|JobName"
NEEDED = {"JobIDRaw", "Submit", "Start", "End", "ElapsedRaw", "State", "NNodes", "NCPUS"}
DELIMITERS = ("|", "|", "|", ";", "\t", "^|^", "☃")
JOBS = st.fixed_dictionaries(
    {"JobID": st.sampled_from(["7", "8", "8_[1-3]", "9_2", "9.batch", "9.0", "12+0", "x"]), "User": st.sampled_from(USERS)},
    optional={
        "State": st.sampled_from(["COMPLETED", "CANCELLED by 1001", "RUNNING", "PENDING", "FAILED", "ODD", ""]),
        "Start": st.sampled_from(
            ["2026-03-01T11:00:00", "Unknown", "2026-10-25T02:30:00", "1772359200", "2026-03-01T11:00:00+0100", "None"]
        ),
        "End": st.sampled_from(["2026-03-01T13:00:00", "Unknown", "2025-10-26T02:10:00", "1772366400", "2026-03-29T03:30:00"]),
        "Group": st.sampled_from(["own", "physics"]),
        "JobName": st.sampled_from(["run of zebulon", "a\nzebulon", "quagga|zebulon", "/home/quagga\n\n", ""]),
        "Comment": st.sampled_from(["for quagga", "zebulon\nquagga", ""]),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bend:
    """How a log is bent."""

    delimiter: str
    """What separates its fields."""
    columns: tuple[str, ...]
    """Its columns, in their order."""
    header: bool
    """Whether the columns are named above."""
    line_end: str
    """How its lines end."""
    cut: int | None
    """After how many bytes it breaks off, counted from the end."""
    inserted: tuple[tuple[int, bytes], ...]
    """Bytes that do not belong there, and where."""


BENDS = st.builds(
    Bend,
    delimiter=st.sampled_from(DELIMITERS),
    columns=st.permutations(NAMES.split("|")).flatmap(
        lambda names: st.sets(st.sampled_from(sorted(set(names) - NEEDED)), max_size=4).map(
            lambda gone: tuple(name for name in names if name not in gone)
        )
    ),
    header=st.sampled_from([True, True, True, False]),
    line_end=st.sampled_from(["\n", "\n", "\r\n"]),
    cut=st.none() | st.integers(1, 200),
    inserted=st.lists(st.tuples(st.integers(0, 3_000), st.sampled_from([b"\xff\xfe", b"\0", b"\xc3", b"|", b"\n"])), max_size=2).map(tuple),
)


def bent(jobs: list[Job], bend: Bend) -> bytes:
    """A log of these jobs, bent."""
    lines = [bend.delimiter.join(bend.columns)] if bend.header else []
    for job in jobs:
        told = {"JobIDRaw": job["JobID"].split("_")[0], **job} | ({"Group": job["User"]} if job.get("Group") == "own" else {})
        fields = dict(zip(NAMES.split("|"), sacct_line(columns=NAMES, **told).split("|", NAMES.count("|")), strict=True)) | told
        lines.append(bend.delimiter.join(fields[name] for name in bend.columns))
    text = bend.line_end.join([*lines, ""]).encode()
    for place, byte in bend.inserted:
        text = text[: place % len(text)] + byte + text[place % len(text) :]
    return text[: -bend.cut] if bend.cut is not None else text


def all_text(frame: pl.DataFrame) -> str:
    """Every text of a frame."""
    return "\n".join(value for column in frame.select(pl.selectors.string()) for value in column.drop_nulls())


@given(st.lists(JOBS, min_size=1, max_size=6), BENDS, st.integers(60, 2_000))
@trial(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_bent_log_is_refused_as_a_whole_or_every_line_accounted_for_without_names(jobs: list[Job], bend: Bend, block: int) -> None:
    text = bent([*jobs, *jobs[:1]], bend)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        path.write_bytes(text)
        try:
            found = joined(read(path, block_bytes=block))
        except LogError:
            return
    assert accounted(found) == found.lines == text.count(b"\n") + (not text.endswith(b"\n"))
    shown = all_text(found.jobs.drop("account")) + all_text(found.refusals)
    assert not any(user[:5] in shown for user in USERS)


@given(st.lists(st.lists(JOBS, min_size=1, max_size=6), min_size=1, max_size=3))
@trial(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_the_store_takes_in_and_leaves_out_are_all_the_lines_of_jobs(logs: list[list[Job]]) -> None:
    plain = Bend(delimiter="|", columns=tuple(NAMES.split("|")), header=True, line_end="\n", cut=None, inserted=())
    with plain_store() as writer, tempfile.TemporaryDirectory() as folder:
        for number, jobs in enumerate(logs, start=1):
            path = Path(folder) / f"{number}"
            path.write_bytes(bent(jobs, plain))
            found = joined(read(path))
            landed = bring_in(writer, number, found.jobs)
            assert landed.accepted + landed.seen_before == found.jobs["line"].n_unique()
            assert landed.completed >= 0
            assert landed.seen_before >= 0


def test_no_byte_of_the_store_names_a_user(settings: Settings, tmp_path: Path) -> None:
    odd = [
        {"State": "ODD"},
        {"End": "Unknown"},
        {"Group": "zebulon"},
        {"JobName": "a\nzebulon"},
        {"User": "zebulon|quagga"},
        {"ElapsedRaw": "zebulon"},
    ]
    usual = {"User": "zebulon", "Comment": "zebulon"}
    lines = [sacct_line(number, columns=NAMES, **(usual | more)) for number, more in enumerate(odd, 1)]
    log = tmp_path / "march.txt"
    log.write_text("\n".join((NAMES, *lines, sacct_line(99, columns=NAMES, User="quagga")[:60])))
    account = ingested(settings, log)
    assert (account.batch.accepted, account.batch.refused) == (2, 6)
    lake = Lake(settings)
    tables = lake.frame("select table_name from information_schema.tables where table_catalog = 'lake'")["table_name"].to_list()
    assert {"jobs", "refusals", "batches"} <= set(tables)
    told = "".join(all_text(lake.frame(f"from lake.{name}")) for name in tables)
    files = [file for file in settings.lake.rglob("*") if file.is_file()]
    for file in files:
        if file.suffix == ".parquet":
            told += all_text(duckdb.sql(f"from read_parquet('{file}')").pl())
        told += file.read_bytes().decode("latin-1")
    assert "catalog.sqlite" in {file.name for file in files}
    assert not any(user in told for user in USERS)
    assert batches.refusals(lake).height == 6
