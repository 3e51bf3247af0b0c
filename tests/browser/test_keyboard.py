"""A reader with a keyboard alone reaches what a page offers, sees where they are, and can do it all."""

from collections.abc import Callable

import pytest

from tests.browser.keys import stepped_to
from tests.browser.served import Page

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chromium"), pytest.mark.xdist_group("browser")]

Visitor = Callable[..., Page]


def test_a_page_is_read_and_its_view_changed_with_the_keyboard_alone(demo: str, visitor: Visitor) -> None:
    page = visitor(demo).open("/usage").drawn(3)
    page.tab.wait_for_timeout(1_000)
    stepped_to(page, "Skip to main content")
    page.tab.keyboard.press("Enter")
    stepped_to(page, "Period")
    page.tab.keyboard.type("2025")
    page.tab.keyboard.press("Enter")
    page.address_is("period=2025").drawn(3)
    stepped_to(page, "Chart")
    page.tab.keyboard.press("ArrowRight")
    page.tab.keyboard.press("Enter")
    page.tab.wait_for_url("**show-machine-time-by-month=Numbers**", timeout=20_000)
    page.settled().tab.get_by_test_id("stTable").first.wait_for(timeout=20_000)
    stepped_to(page, "Method")
    page.tab.keyboard.press("Enter")
    page.tab.wait_for_url("**/methods?**", timeout=20_000)
    page.settled().sound("keyboard-alone")
