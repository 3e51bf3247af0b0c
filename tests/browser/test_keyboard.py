"""A reader with a keyboard alone reaches what a page offers, sees where they are, and can do it all."""

from collections.abc import Callable

import pytest

from tests.browser.served import Page

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chromium"), pytest.mark.xdist_group("browser")]

Visitor = Callable[..., Page]

HERE = "() => { const it = document.activeElement; return it.getAttribute('aria-label') || it.innerText || ''; }"
"""What the element with the focus is called."""
LOOKS = """() => {
    let found = '';
    for (let at = window.looked, level = 0; at && level < 6; at = at.parentElement, level += 1) {
        const {outline, boxShadow, borderColor, backgroundColor} = getComputedStyle(at);
        found += [outline, boxShadow, borderColor, backgroundColor].join();
    }
    return found;
}"""
"""How the element that is looked at, and what it stands in, is drawn."""
MOST_STEPS = 60
STEP_MS = 60
SETTLED_MS = 300


def shows_focus(page: Page) -> bool:
    """Whether the element with the focus looks otherwise than without it."""
    page.tab.wait_for_timeout(SETTLED_MS)
    page.tab.evaluate("window.looked = document.activeElement")
    focused = page.tab.evaluate(LOOKS)
    page.tab.evaluate("window.looked.blur()")
    page.tab.wait_for_timeout(SETTLED_MS)
    left = page.tab.evaluate(LOOKS)
    page.tab.evaluate("window.looked.focus()")
    return bool(focused != left)


def stepped_to(page: Page, name: str) -> None:
    """Press Tab until the element of this name has the focus, and see that it shows."""
    for _ in range(MOST_STEPS):
        page.tab.keyboard.press("Tab")
        page.tab.wait_for_timeout(STEP_MS)
        if page.tab.evaluate(HERE).strip().splitlines()[-1:] == [name]:
            assert shows_focus(page), f"nothing shows that {name!r} has the focus"
            return
    raise AssertionError(f"{name!r} was not reached in {MOST_STEPS} steps")


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
