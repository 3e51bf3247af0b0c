"""What a file is, is told by its content; what is no log is refused with a sentence that says what it seems to be."""

import gzip
import os
from pathlib import Path

import polars as pl
import pytest

from data.errors import InputError, LogError
from data.ingest.dialect import ADAPTERS, RECOGNISED, recognised
from data.ingest.slurm import XDMOD_FIELDS
from data.ingest.source import Dialect, blocks
from tests.data.ingest.sample_dialects import cockpit_line, db_table, json_job, json_log, ndjson_line, table
from tests.data.ingest.sample_logs import JOB, accounted, joined, read, sacct, sacct_line
from tests.data.ingest.test_swf import HEADER, swf_line

TO_XDMOD = {"Elapsed": "02:00:00", "Timelimit": "1-00:00:00", "GID": "500"}
NAMES = {name.lower(): name for name in (*JOB, *TO_XDMOD)}


def xdmod_line(**fields: str) -> str:
    return "|".join((JOB | TO_XDMOD | fields)[NAMES[name]] for name in XDMOD_FIELDS.split("|"))


LOGS = {
    Dialect.SACCT: sacct(sacct_line()),
    Dialect.SACCT_BARE: sacct_line(JobName="a|b") + "\n" + sacct_line() + "\n",
    Dialect.SACCT_XDMOD: xdmod_line(JobName="a|b") + "\n" + xdmod_line() + "\n",
    Dialect.SACCT_NDJSON: ndjson_line() + ndjson_line(JobID="124"),
    Dialect.SACCT_JSON: json_log(json_job(), json_job(job_id=124)),
    Dialect.SLURMDBD: db_table({}, {"id_job": "124"}),
    Dialect.CLUSTERCOCKPIT: cockpit_line() + cockpit_line(job_id=124),
    Dialect.JOB_TABLE: table({}, {"job_id": "124"}),
    Dialect.SWF: f"{HEADER}{swf_line()}\n",
}
"""A small log of each dialect that is text."""

OF_LINES = [dialect for dialect in LOGS if dialect is not Dialect.SACCT_JSON]

FOREIGN = {
    "sinfo --json": '{"sinfo": [], "meta": {}}',
    "squeue --json": '{"jobs": [{"job_id": 7, "job_state": ["RUNNING"], "submit_time": {"set": true, "number": 1}}]}',
    "no log of jobs": '{"name": "package", "version": 1}',
    "JSON": "[1, 2]",
    "not whole JSON": '{"jobs": [{"job_id"',
    "PBS or Torque": "04/17/2026 01:02:03;E;123.server;user=alice group=x",
    "LSF": '"JOB_FINISH" "10.1" 1772359200 123 1001',
    "scontrol": "JobId=123 JobName=train\n   UserId=alice(1001)",
    "sacct without -P": "JobID           JobName  Partition    Account\n------------ ---------- ----------\n123  train\n",
    "are cut short": "   Account        JobID      State\n---------- ------------ ----------\n",
    "without the header": "123|alice|COMPLETED|a|b|c|d|e|f|g\n",
    "columns are not those of jobs": "hour,price,zone\n1,2,FI\n",
    "SGE": "all.q:node1:users:alice:train:123:sge:0:1460000000:1460000060:1460000120:0:0:60",
    "scontrol show node": "NodeName=cn01 Arch=x86_64 CoresPerSocket=64",
    "sinfo": "PARTITION AVAIL  TIMELIMIT  NODES  STATE NODELIST\ngpu up 1-00 60 idle gn[01-60]\n",
    "squeue": "             JOBID PARTITION     NAME     USER ST       TIME  NODES NODELIST(REASON)\n",
    "sreport": "-" * 80 + "\nCluster/Account/User Utilization 2026-01-01 - 2026-01-31\n",
    "sshare": "             Account       User  RawShares  NormShares\nroot 0 1.0\n",
    "sacctmgr dump": "# written by root\nCluster - 'lumi':Fairshare=1\n"[18:],
    "no job log": "Dear colleague,\nplease find the log attached.\n",
    "holds no job": "; Version: 2.2\n\n",
    "only blank lines or a header": "JobID|State|Submit|Start|End\n",
    "UTF-16": "JobID|State".encode("utf-16"),
    "binary": b"\x7fELF\x00\x01",
    "zstd": b"\x28\xb5\x2f\xfd0000",
    "Parquet": b"PAR1....",
    "SQLite": b"SQLite format 3\0",
    "zip": b"PK\x03\x04...",
}


@pytest.mark.parametrize("dialect", LOGS)
def test_each_dialect_is_told_by_its_content(tmp_path, dialect):
    path = tmp_path / "log"
    path.write_text("\n" + LOGS[dialect])
    assert recognised(path) is dialect


@pytest.mark.parametrize("what", FOREIGN)
def test_what_is_no_log_is_told_what_it_seems_to_be(tmp_path, what):
    path = tmp_path / "log"
    content = FOREIGN[what]
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(LogError, match=what):
        recognised(path)


def test_a_folder_and_a_missing_and_an_empty_file_are_told_apart(tmp_path):
    (tmp_path / "empty").touch()
    for name, what in ((".", "is a folder"), ("none", "there is no file"), ("empty", "holds no job")):
        with pytest.raises(LogError, match=what):
            recognised(tmp_path / name)


def test_a_file_that_may_not_be_read_says_so(tmp_path, monkeypatch):
    path = tmp_path / "log"
    path.write_text(LOGS[Dialect.SACCT])
    path.chmod(0)
    if os.access(path, os.R_OK):

        def refuse(*_: object) -> None:
            raise PermissionError

        monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(LogError, match="may not be read"):
        recognised(path)


def test_a_dialect_that_is_named_must_not_be_spoken_against(tmp_path):
    path = tmp_path / "log"
    path.write_text(LOGS[Dialect.SWF])
    assert recognised(path, dialect=Dialect.SWF) is Dialect.SWF
    with pytest.raises(LogError, match="to be read as Slurm sacct -P with a header, but it seems to be Standard"):
        recognised(path, dialect=Dialect.SACCT)


def test_a_damaged_first_line_does_not_hide_the_dialect(tmp_path):
    path = tmp_path / "log"
    path.write_text("97766" + "\n" + xdmod_line() + "\n")
    assert recognised(path) is Dialect.SACCT_XDMOD


@pytest.mark.parametrize("dialect", LOGS)
def test_a_log_is_read_the_same_plain_and_packed_whatever_its_name(tmp_path, dialect):
    plain, packed = tmp_path / "log.gz", tmp_path / "log.txt"
    plain.write_text(LOGS[dialect])
    packed.write_bytes(gzip.compress(LOGS[dialect].encode()))
    assert joined(read(plain)).jobs.equals(joined(read(packed)).jobs)


@pytest.mark.parametrize("dialect", OF_LINES)
def test_a_log_is_read_the_same_in_blocks_of_any_size(tmp_path, dialect):
    path = tmp_path / "log"
    path.write_text(LOGS[dialect] + LOGS[dialect])
    whole = joined(read(path))
    for size in (1, 100, 333, 1000):
        pieces = joined(read(path, block_bytes=size))
        assert pieces.jobs.equals(whole.jobs)
        assert accounted(pieces) == whole.lines


def test_the_headerless_form_is_in_utc_and_may_hold_the_separator_in_its_job_name(tmp_path):
    path = tmp_path / "log"
    path.write_text(LOGS[Dialect.SACCT_XDMOD])
    jobs = joined(read(path)).jobs
    assert jobs["started"].dt.strftime("%H:%M").to_list() == ["11:00", "11:00"]


@pytest.mark.parametrize("kept", [0.3, 0.999])
def test_a_packed_log_that_is_cut_off_is_refused_even_at_its_end(tmp_path, kept):
    lines = [sacct_line(JobID=str(number), JobIDRaw=str(number), JobName=os.urandom(40).hex()) for number in range(1, 3000)]
    packed = gzip.compress(sacct(*lines).encode())
    path = tmp_path / "log.gz"
    path.write_bytes(packed[: int(len(packed) * kept)])
    with pytest.raises(LogError, match="cut off"):
        read(path)


def test_a_packed_log_that_is_damaged_is_refused(tmp_path):
    packed = bytearray(gzip.compress(sacct(sacct_line()).encode()))
    packed[-6] ^= 0xFF
    path = tmp_path / "log.gz"
    path.write_bytes(packed)
    with pytest.raises(LogError, match="damaged"):
        read(path)


def test_a_line_without_end_is_no_log(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"1|" * (9 << 20))
    with pytest.raises(LogError, match="line 1 of"):
        list(blocks(path, 1 << 20))


def test_a_log_is_read_block_by_block_and_left_when_nobody_asks_on(tmp_path):
    path = tmp_path / "log"
    path.write_text(sacct(*[sacct_line(JobName="x" * 1000)] * 3000))
    reading = blocks(path, 100_000)
    first = next(reading)
    assert first.bytes_read < path.stat().st_size / 4
    reading.close()
    assert next(reading, None) is None


def test_how_far_a_file_has_been_read_grows_to_its_size(tmp_path):
    path = tmp_path / "log"
    path.write_text(sacct(*[sacct_line()] * 50))
    positions = [chunk.bytes_read for chunk in read(path, block_bytes=2000)]
    assert positions == sorted(positions)
    assert positions[-1] == path.stat().st_size


def test_every_dialect_has_a_name_and_an_adapter():
    assert set(ADAPTERS) == set(RECOGNISED) == set(Dialect)
    assert len({dialect.shown_as for dialect in Dialect}) == len(Dialect)


def test_parquet_without_columns_of_jobs_says_which_columns_it_has(tmp_path):
    path = tmp_path / "prices"
    pl.DataFrame({"hour": [1], "price": [2.0]}).write_parquet(path)
    with pytest.raises(LogError, match="columns are not those of jobs, or have other names \\(hour, price\\)"):
        recognised(path)
    assert recognised(path, dialect=Dialect.JOB_PARQUET) is Dialect.JOB_PARQUET


@pytest.mark.parametrize(("option", "value"), [("mapping", ("cores=cpus",)), ("gpu_tres", (1002,))])
def test_what_a_dialect_has_no_use_for_is_not_passed_over(tmp_path, option, value):
    path = tmp_path / "log"
    path.write_text(LOGS[Dialect.SACCT])
    with pytest.raises(InputError, match="leave out"):
        read(path, **{option: value})
