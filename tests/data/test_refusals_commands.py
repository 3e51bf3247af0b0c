"""Refused lines on the command line: browsed, exported without names, written as they are for mending, and brought in again."""

import gzip
import stat
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from made_jobs import COLUMNS, sacct_line, sacct_log
from typer.testing import CliRunner, Result

from data.__main__ import app
from data.errors import InputError
from data.facts import systems
from data.ingest import refused_lines
from data.ingest.load import Order
from data.lake import Lake
from data.settings import Settings
from data.settings import settings as current

BENT = {"Start": "2026-03-01T13:00:00", "End": "2026-03-01T11:00:00"}


@pytest.fixture
def lake(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    monkeypatch.setenv("EQUINODE_LAKE", str(settings.lake))
    monkeypatch.delenv("EQUINODE_CATALOG", raising=False)
    current.cache_clear()
    yield settings
    current.cache_clear()


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def table(text: str) -> pl.DataFrame:
    return pl.read_csv(text.encode())


def test_refused_lines_are_mended_and_brought_in_again(lake: Settings, tmp_path: Path) -> None:
    log, aside, out = tmp_path / "march.txt", tmp_path / "aside.txt", tmp_path / "refused.csv"
    sacct_log(log, sacct_line(101), sacct_line(102, **BENT), sacct_line(103, State="ODD"), sacct_line(104))
    assert run("ingest", log, "--system", "vega", "--refused", aside).exit_code == 0
    assert aside.read_text().splitlines() == [COLUMNS, sacct_line(102, **BENT), sacct_line(103, State="ODD")]
    assert stat.S_IMODE(aside.stat().st_mode) == 0o600
    listed = table(run("refusals", "list", "--batch", 1).stdout)
    assert listed.select("reason", "lines", "lines_open", "example_line").rows() == [
        ("ended_before_started", 1, 1, 3),
        ("unknown_state", 1, 1, 4),
    ]
    assert run("refusals", "export", "--out", out).exit_code == 0
    exported = out.read_text()
    assert "alice" not in exported
    assert table(exported)["line"].to_list() == [3, 4]

    aside.write_text("\n".join((COLUMNS, sacct_line(102), "")))
    assert "1 accepted" in run("ingest", aside, "--system", "vega").output
    assert table(run("refusals", "list", "--batch", 1).stdout)["lines_open"].to_list() == [0, 1]

    sacct_log(log, sacct_line(101), sacct_line(102), sacct_line(103), sacct_line(104))
    said = run("ingest", log, "--system", "vega").output
    assert all(words in said for words in ("1 accepted", "0 refused", "3 seen before"))
    assert table(run("refusals", "list").stdout)["lines_open"].to_list() == [0, 0]
    assert Lake(lake).frame("select count(*) from lake.jobs").item() == 4


def test_what_cannot_be_written_aside_is_told_before_anything_is_stored(lake: Settings, tmp_path: Path) -> None:
    log, records, aside = (
        sacct_log(tmp_path / "march.txt", sacct_line(101), sacct_line(102, **BENT)),
        tmp_path / "jobs.json",
        tmp_path / "a",
    )
    records.write_text('{"meta": {}, "jobs": []}')
    kept = log.read_bytes()
    for words, told in (
        ((log, "--refused", log), "names the log"),
        ((log, log, "--refused", aside), "one file at a time"),
        ((records, "--refused", aside), "not made of lines"),
    ):
        with pytest.raises(InputError, match=told):
            CliRunner().invoke(app, ["ingest", "--system", "vega", *map(str, words)], catch_exceptions=False)
    assert log.read_bytes() == kept
    assert not (lake.lake / "catalog.sqlite").exists()


def written_aside(path: Path, text: bytes) -> bytes:
    """The refused lines of a log of Vega."""
    path.write_bytes(text)
    out = path.with_suffix(".aside")
    refused_lines.write_refused(Order(path=path, system=systems()["vega"]), out)
    return out.read_bytes()


def test_a_refused_record_that_a_line_end_breaks_is_put_on_one_line(tmp_path: Path) -> None:
    columns = COLUMNS + "|JobName|Comment"
    broken = sacct_line(102, **BENT) + "|my\njob|c"
    text = "\n".join((columns, sacct_line(101) + "|a|b", broken, sacct_line(103) + "|a|b|d", sacct_line(104) + "|a|b", ""))
    assert written_aside(tmp_path / "log.txt", gzip.compress(text.encode())).decode().splitlines() == [
        columns,
        broken.replace("\n", " "),
        sacct_line(103) + "|a|b|d",
    ]


def test_bytes_that_are_no_text_stay_as_they_are(tmp_path: Path) -> None:
    columns = COLUMNS + "|JobName"
    odd = sacct_line(102, **BENT).encode() + b"|\xff\xfe"
    text = b"\r\n".join((columns.encode(), sacct_line(101).encode() + b"|a", odd, b""))
    assert written_aside(tmp_path / "log.txt", text) == columns.encode() + b"\n" + odd + b"\n"


def test_the_cut_off_end_of_a_log_stays_cut_off(tmp_path: Path) -> None:
    text = "\n".join((COLUMNS, sacct_line(101), sacct_line(102)[:60]))
    assert written_aside(tmp_path / "log.txt", text.encode()).decode() == COLUMNS + "\n" + sacct_line(102)[:60]


def test_a_standard_workload_log_keeps_the_remarks_that_its_times_rest_on(tmp_path: Path) -> None:
    remark, good = "; UnixStartTime: 1400000000", "1 0 10 60 4 -1 -1 4 100 -1 1 1 1 1 1 -1 -1 -1"
    bent = good.replace("1 0 10 60", "2 0 10 x")
    assert written_aside(tmp_path / "log.swf", "\n".join((remark, good, bent, "")).encode()).decode() == f"{remark}\n{bent}\n"


def test_a_quoted_line_end_of_a_table_stays_in_its_record(tmp_path: Path) -> None:
    head = "job_id,user,submit_time,start_time,end_time,state,num_nodes,num_cores,name"
    good = "1,alice,2026-03-01 10:00:00,2026-03-01 11:00:00,2026-03-01 12:00:00,COMPLETED,1,128,x"
    bent = '2,bob,2026-03-01 10:00:00,2026-03-01 13:00:00,2026-03-01 12:00:00,COMPLETED,1,128,"a\nb"'
    assert written_aside(tmp_path / "jobs.csv", "\n".join((head, good, bent, "")).encode()).decode() == f"{head}\n{bent}\n"
