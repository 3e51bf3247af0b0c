"""A reader with a keyboard alone: Tab from place to place, each of which has to show that it has the focus."""

from typing import Any

from tests.browser.served import Page

HERE = "() => { const it = document.activeElement; return it.getAttribute('aria-label') || it.innerText || ''; }"
"""What the element with the focus is called."""
IN_GRID = "() => document.activeElement.dataset.testid?.startsWith('glide-cell') || document.activeElement.tagName === 'CANVAS'"
"""Whether the focus is in the cells of a table."""
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


def stepped_to(page: Page, name: str, *, most: int = MOST_STEPS, back: bool = False) -> None:
    """Press Tab until the element of this name has the focus, and see that it shows."""
    for _ in range(most):
        page.tab.keyboard.press("Shift+Tab" if back else "Tab")
        page.tab.wait_for_timeout(STEP_MS)
        if page.tab.evaluate(HERE).strip().splitlines()[-1:] == [name]:
            assert shows_focus(page), f"nothing shows that {name!r} has the focus"
            return
    raise AssertionError(f"{name!r} was not reached in {most} steps")


def stepped_into_table(page: Page) -> None:
    """Press Tab until the focus is in the cells of a table."""
    for _ in range(MOST_STEPS):
        page.tab.keyboard.press("Tab")
        page.tab.wait_for_timeout(STEP_MS)
        if page.tab.evaluate(IN_GRID):
            return
    raise AssertionError(f"no table was reached in {MOST_STEPS} steps")


def pressed(page: Page, *keys: str) -> None:
    """Press keys one after the other, and wait until the page has settled."""
    for key in keys:
        page.tab.keyboard.press(key)
        page.tab.wait_for_timeout(SETTLED_MS)
    page.settled()


def typed(page: Page, text: str, *keys: str) -> None:
    """Type where the focus is, and press keys after it."""
    keyboard: Any = page.tab.keyboard
    keyboard.type(text, delay=20)
    page.tab.wait_for_timeout(SETTLED_MS)
    pressed(page, *keys)
