"""A call decided in the browser: a table with faults is handed in, every fault is told, and the list is exported."""

import io
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tests.browser.served import Page, serving

pytestmark = [pytest.mark.browser, pytest.mark.nightly, pytest.mark.usefixtures("chromium")]

Visitor = Callable[..., Page]

TABLE = """Application,Organisation,User category,Country,Machines,GPU-hours asked for,Minimum GPU-hours,Score
A1,Lab,SME,FI,LUMI,600000,300000,90
A2,Firm,Start-up,IT,LUMI,600000,500000,85
A3,Uni,Research,FI,LUMI,300000,200000,80
A4,Lab,SME,FI,Deep Thought,5000,,80
"""


def test_a_call_of_ones_own_is_read_decided_and_exported(tmp_path: Path, visitor: Visitor) -> None:
    applications = tmp_path / "applications.csv"
    applications.write_text(TABLE, encoding="utf-8")
    with serving(tmp_path / "lake", tmp_path / "server.log") as base:
        page = visitor(base).open("/calls?call=A+table+of+applications+of+my+own")
        page.tab.set_input_files("input[type=file]", applications)
        page.tab.get_by_text("cannot be read and is left out").wait_for(timeout=20_000)
        hours = page.tab.get_by_label("LUMI-G", exact=True).first
        hours.fill("1000000")
        hours.press("Enter")
        page.tab.get_by_text("2 of 3 applications are awarded").wait_for(timeout=20_000)
        page.settled().drawn(3)
        with page.tab.expect_download(timeout=20_000) as download:
            page.tab.get_by_role("button", name="Workbook (XLSX)").click()
        book = io.BytesIO(Path(download.value.path()).read_bytes())
        page.sound("call-of-ones-own")
    awards = pl.read_excel(book, sheet_name="Award list", read_options={"header_row": 3})
    assert awards.select("Application", "Hours awarded").rows() == [("A1", 600_000), ("A3", 300_000)]
