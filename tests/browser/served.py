"""The dashboard as a server on a free port, and Chromium in front of it that notes every fault."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

HOUSE = Path(__file__).resolve().parents[2]
OUT = Path(__file__).parent / "out"
SHARED = Path(os.environ.get("EQUINODE_SHARED", HOUSE.parent / "shared"))
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",
)
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CHARTS = {
    "Overview": 3,
    "Usage": 4,
    "Fairness": 3,
    "Energy": 3,
    "Explore": 0,
    "Split": 2,
    "Calls": 3,
    "Reports": 0,
    "Methods": 0,
    "Intake": 0,
    "Quotas": 0,
    "Reclaim": 0,
    "Effect": 0,
    "History": 0,
    "Log health": 0,
}
"""Every page by its name in the list of pages, with the number of charts to wait for."""
OWN_404 = ("_stcore/health", "_stcore/host-config")
"""Streamlit's own page looks for its server below the address it was opened at first, and finds it one level up."""


@cache
def lacking() -> str:
    """What is missing for a browser, in words; empty where nothing is."""
    if CHROMIUM is None:
        return "no chromium on this machine"
    if find_spec("playwright") is None:
        return "playwright is not installed (pip install playwright)"
    done = subprocess.run([sys.executable, "-m", "playwright", "--version"], capture_output=True, text=True, check=False)
    return f"playwright does not start (Debian: apt install libatomic1): {done.stderr.strip()}" if done.returncode else ""


def require_browser() -> str:
    """Where Chromium is; where it or what drives it is missing, the test is skipped, unless REQUIRE_BROWSER=1."""
    if reason := lacking():
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(f"{reason}, and REQUIRE_BROWSER=1 asks for the browser tests")
        pytest.skip(reason)
    return str(CHROMIUM)


@dataclass(slots=True)
class Page:
    """A page in the browser, with whatever went wrong on it."""

    tab: Any
    base: str
    faults: list[str] = field(default_factory=list)

    def open(self, path: str) -> "Page":
        """Go to a page and wait until it has run and drawn."""
        self.tab.goto(self.base + path)
        return self.settled()

    def turned_to(self, title: str) -> "Page":
        """Go to another page by the list of pages, without loading the dashboard anew."""
        heading = self.tab.locator("[data-testid=stMain] h1")
        before = heading.inner_text()
        self.tab.get_by_test_id("stSidebar").get_by_role("link", name=title, exact=True).click()
        heading.filter(has_not_text=before).wait_for(timeout=30_000)
        return self.settled()

    def settled(self) -> "Page":
        """Wait until the script has run to its end."""
        self.tab.wait_for_selector("[data-testid=stMain] h1", timeout=60_000)
        self.tab.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=60_000)
        return self

    def drawn(self, charts: int) -> "Page":
        """Wait until so many charts are drawn."""
        for place in range(charts):
            self.tab.locator(".js-plotly-plot").nth(place).locator(".main-svg").first.wait_for(state="attached", timeout=30_000)
        return self

    def address_is(self, search: str) -> "Page":
        """Wait until the address carries these choices and no others, and the page has settled."""
        self.tab.wait_for_url(lambda url: urlsplit(url).query == search, timeout=20_000)
        return self.settled()

    def chosen(self, label: str, option: str) -> "Page":
        """Choose an option of a list by typing it."""
        box = self.tab.get_by_role("combobox", name=label)
        box.click()
        box.fill(option)
        self.tab.get_by_role("option", name=option, exact=True).click()
        return self

    def sound(self, name: str) -> None:
        """Fail on any fault, exception or error box."""
        found = self.found(name)
        assert not found, found

    def found(self, name: str) -> list[str]:
        """Every fault, exception and error box; a picture of the page is taken where there is one."""
        faults = [*self.faults, *self.tab.locator("[data-testid=stException], [data-testid=stAlertContentError]").all_inner_texts()]
        if faults:
            OUT.mkdir(exist_ok=True)
            self.tab.screenshot(path=OUT / f"{name}.png", full_page=True)
        return faults


def address_of(title: str) -> str:
    """Where the page of this name lies."""
    return "/" if title == "Overview" else "/" + title.lower().replace(" ", "-")


@contextmanager
def serving(lake: Path, log: Path, *, author: str = "browser test", script: str = "dashboard.py", route: str = "health") -> Iterator[str]:
    """The dashboard, or another app, on a store, at the address given."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"EQUINODE_LAKE": str(lake), "EQUINODE_AUTHOR": author}
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port)]
    with log.open("wb") as sink:
        server = subprocess.Popen(command, cwd=HOUSE, env=environment, stdout=sink, stderr=subprocess.STDOUT)
    try:
        _wait_for(f"http://127.0.0.1:{port}/{route}", server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=20)


def command(lake: Path, *arguments: str) -> None:
    """Run `python -m data …` on a store."""
    environment = os.environ | {"EQUINODE_LAKE": str(lake)}
    done = subprocess.run(
        [sys.executable, "-m", "data", *arguments], cwd=HOUSE, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def note_faults(page: Page) -> None:
    origin = page.base.removeprefix("http")

    def requested(request: Any) -> None:
        if not request.url.startswith((f"http{origin}", f"ws{origin}", "data:", "blob:")):
            page.faults.append(f"a request left the dashboard: {request.url}")

    def answered(response: Any) -> None:
        if response.status >= 400 and not response.url.endswith(OWN_404):
            page.faults.append(f"{response.status} for {response.url}")

    def logged(message: Any) -> None:
        if message.type == "error" and not (
            message.text.startswith("Failed to load resource") and message.location["url"].endswith(OWN_404)
        ):
            page.faults.append(f"the console said: {message.text}")

    page.tab.on("request", requested)
    page.tab.on("response", answered)
    page.tab.on("console", logged)
    page.tab.on("pageerror", lambda error: page.faults.append(f"a script failed: {error}"))


def _wait_for(address: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"the dashboard did not start:\n{log.read_text()}")
