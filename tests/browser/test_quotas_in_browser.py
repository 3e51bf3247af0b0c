"""A quota is typed in with the keyboard alone, refused in place where nobody can believe it, and found again after a reload."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.served import Page, serving

pytestmark = [pytest.mark.browser, pytest.mark.nightly, pytest.mark.usefixtures("chromium"), pytest.mark.xdist_group("browser")]

Visitor = Callable[..., Page]
QUOTA_COLUMN_PX = 530
"""Where the column of quotas lies in a table of 910 pixels."""


def typed(page: Page, text: str) -> None:
    """Open the cell that is chosen, replace what stands in it, and go on to the cell below."""
    keys: Any = page.tab.keyboard
    for press in ("Enter", "Control+A"):
        keys.press(press)
        page.tab.wait_for_timeout(700)
    keys.type(text, delay=60)
    keys.press("Enter")
    page.tab.wait_for_timeout(1_500)
    page.settled()


def test_a_quota_is_typed_in_refused_in_place_or_kept_as_unsaved(visitor: Visitor, demo_lake: Path, tmp_path: Path) -> None:
    shutil.copytree(demo_lake, tmp_path / "lake")
    with serving(tmp_path / "lake", tmp_path / "server.log") as base:
        page = visitor(base)
        page.tab.set_viewport_size({"width": 1_280, "height": 1_400})
        page.open("/quotas?sort=Largest+quota+first")
        grid = page.tab.get_by_test_id("stDataFrame").first
        grid.click(position={"x": QUOTA_COLUMN_PX, "y": 52})
        typed(page, "1000000000000")
        assert "see whether a digit slipped" in page.tab.get_by_test_id("stAlertContentError").inner_text()
        typed(page, "4321")
        assert page.tab.get_by_role("heading", name="1 unsaved change").is_visible()
        page.tab.reload()
        page.settled()
        assert page.tab.get_by_role("heading", name="1 unsaved change").is_visible()
        assert not page.faults
