"""An operator's whole circle with the keyboard alone: bring in, find, set, save, take back, share out, compare, bring back, and export."""

import io
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from data.lake import Lake
from data.quotas import standing
from data.settings import Settings
from tests.browser.keys import pressed, stepped_into_table, stepped_to, typed
from tests.browser.served import Page, serving

pytestmark = [pytest.mark.browser, pytest.mark.nightly, pytest.mark.usefixtures("chromium"), pytest.mark.xdist_group("browser")]

Visitor = Callable[..., Page]
MOST = 120
"""How many steps a place may be away on a page with tables, whose cells are steps as well."""
TO_QUOTA = ("ArrowRight",) * 4
"""From the first cell of a row of quotas to its hours."""
LOG = (
    "JobIDRaw|User|Account|Partition|Submit|Start|End|ElapsedRaw|State|NNodes|AllocCPUS\n"
    "1|alice|project_1|standard|2026-01-02T08:00:00|2026-01-02T09:00:00|2026-01-02T11:00:00|7200|COMPLETED|2|512\n"
)


@pytest.fixture(scope="module")
def lake(demo_lake: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that these tests may write to."""
    folder = tmp_path_factory.mktemp("by-keyboard")
    shutil.copytree(demo_lake, folder / "lake")
    return folder / "lake"


@pytest.fixture(scope="module")
def server(lake: Path) -> Iterator[str]:
    """The dashboard on that store."""
    with serving(lake, lake.parent / "server.log", author="Olga") as base:
        yield base


@pytest.fixture(scope="module")
def account(lake: Path) -> str:
    """A project of LUMI whose award runs still."""
    running = standing(Lake(Settings(lake=lake))).filter(pl.col("system") == "lumi", pl.col("hours") > 1_000)
    return str(running.sort("ends", "account")["account"].last())


def saved_file(page: Page) -> bytes:
    """What the button with the focus downloads."""
    with page.tab.expect_download(timeout=30_000) as download:
        page.tab.keyboard.press("Enter")
    return Path(download.value.path()).read_bytes()


def chosen_file(page: Page, file: Path) -> None:
    """Hand in a file by the button with the focus."""
    with page.tab.expect_file_chooser(timeout=20_000) as chooser:
        page.tab.keyboard.press("Enter")
    chooser.value.set_files(file)
    page.tab.get_by_text(file.name).first.wait_for(timeout=20_000)
    page.settled()


def told(page: Page, words: str) -> None:
    """Wait until the page says so."""
    page.tab.get_by_text(words).first.wait_for(timeout=60_000)
    page.settled()


def test_a_quota_is_found_set_and_saved(server: str, visitor: Visitor, lake: Path, account: str) -> None:
    page = visitor(server).open("/quotas")
    stepped_to(page, "Find")
    typed(page, account, "Enter")
    told(page, "1 project found")
    stepped_into_table(page)
    pressed(page, *TO_QUOTA, "Enter", "Control+A")
    typed(page, "4321", "Enter")
    told(page, "1 unsaved change")
    stepped_to(page, "Reason, for the history", most=MOST)
    typed(page, "by keyboard")
    stepped_to(page, "Save (1 project)")
    pressed(page, "Enter")
    told(page, "Saved: change 1 of 1 project")
    assert standing(Lake(Settings(lake=lake))).filter(account=account)["hours"].to_list() == [4321]
    page.sound("keyboard-quotas")


def test_the_rule_by_which_hours_are_taken_back_is_changed_and_the_letters_are_taken(server: str, visitor: Visitor) -> None:
    page = visitor(server).open("/reclaim")
    stepped_to(page, "Hours above the upper end of the forecast")
    pressed(page, "Space")
    told(page, "No rule is chosen")
    stepped_to(page, "Site's rule: used less than (%)")
    typed(page, "90", "Enter")
    told(page, "What could be taken, from whom")
    page.tab.get_by_role("button", name="Download").last.wait_for(timeout=20_000)
    letters = page.tab.get_by_role("button", name="letter").inner_text().splitlines()[-1]
    stepped_to(page, letters, most=MOST)
    assert b"used less than 90" in saved_file(page)
    page.sound("keyboard-reclaim")


def test_a_scenario_is_saved_and_made_current(server: str, visitor: Visitor) -> None:
    page = visitor(server).open("/split?detail=Scenarios").drawn(1)
    stepped_to(page, "Name", most=2 * MOST)
    typed(page, "spring")
    stepped_to(page, "Reason")
    typed(page, "as the board decided")
    stepped_to(page, "Save")
    pressed(page, "Enter")
    told(page, "Saved as spring")
    stepped_to(page, "Reason of the decision", most=MOST)
    typed(page, "it is to hold", "Tab")
    stepped_to(page, "Make it current", most=MOST)
    pressed(page, "Enter")
    told(page, "Current: spring")
    page.sound("keyboard-split")


def test_two_states_are_compared_and_an_earlier_one_is_taken_back(server: str, visitor: Visitor) -> None:
    page = visitor(server).open("/history?kind=Quotas")
    stepped_to(page, "What it changed", most=MOST)
    pressed(page, "ArrowRight")
    stepped_to(page, "From")
    typed(page, "Demonstration log", "Enter")
    told(page, "differ")
    page.open("/history?look=Bring+it+back")
    stepped_to(page, "State", most=MOST)
    typed(page, "Demonstration log", "Enter")
    stepped_to(page, "Take into unsaved quotas (1 project)", most=MOST)
    pressed(page, "Enter")
    told(page, "taken into the unsaved quotas")
    page.sound("keyboard-history")


def test_the_quotas_leave_for_slurm(server: str, visitor: Visitor, account: str) -> None:
    page = visitor(server).open("/quotas?machines=LUMI")
    stepped_to(page, "Put the quotas into Slurm", most=MOST)
    pressed(page, "Enter")
    stepped_to(page, "Form")
    typed(page, "flat file", "Enter")
    stepped_to(page, "What they print")
    state: Any = f"Cluster|Account|User|ParentName|Share|GrpTRES|GrpTRESMins|QOS|QOS_RAW|Def QOS\nlumi|{account}||root|10||node=60|||\n"
    page.tab.keyboard.insert_text(state)
    pressed(page, "Control+Enter")
    told(page, "would change")
    stepped_to(page, "Download the files (ZIP)", most=MOST)
    assert any(name.endswith(".cfg") for name in zipfile.ZipFile(io.BytesIO(saved_file(page))).namelist())
    page.sound("keyboard-slurm")


def test_a_log_is_brought_in(server: str, visitor: Visitor, tmp_path: Path) -> None:
    (tmp_path / "jobs.txt").write_text(LOG)
    page = visitor(server).open("/intake")
    page.tab.get_by_test_id("stFileUploader").nth(2).wait_for(timeout=20_000)
    page.tab.wait_for_timeout(2_000)
    stepped_to(page, "Upload", most=MOST)
    chosen_file(page, tmp_path / "jobs.txt")
    stepped_to(page, "Machine whose log it is")
    typed(page, "LUMI", "Enter")
    stepped_to(page, "Bring in the log")
    pressed(page, "Enter")
    told(page, "stored as batch")
    page.sound("keyboard-intake")
