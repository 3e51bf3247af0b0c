"""Chromium, and fresh sessions in it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.browser.served import ARGUMENTS, Page, note_faults, require_browser, serving

Visitor = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Chromium, gone before other tests start one of their own; where there is none, the tests are skipped, unless REQUIRE_BROWSER=1."""
    path = require_browser()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def demo(demo_lake: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on a small demonstration store."""
    with serving(demo_lake, tmp_path_factory.mktemp("demo") / "server.log") as base:
        yield base


@pytest.fixture
def visitor(chromium: Any) -> Iterator[Visitor]:
    """Opens a fresh browser session on a server."""
    with _sessions(chromium) as fresh:
        yield fresh


@pytest.fixture(scope="module")
def visitor_of_all(chromium: Any) -> Iterator[Visitor]:
    """Opens a browser session that several tests look at."""
    with _sessions(chromium) as fresh:
        yield fresh


@contextmanager
def _sessions(chromium: Any) -> Iterator[Visitor]:
    contexts = []

    def fresh(base: str, *, width: int = 1400, scheme: str = "light") -> Page:
        context = chromium.new_context(viewport={"width": width, "height": 1000}, color_scheme=scheme)
        contexts.append(context)
        page = Page(tab=context.new_page(), base=base)
        note_faults(page)
        return page

    yield fresh
    for context in contexts:
        context.close()
