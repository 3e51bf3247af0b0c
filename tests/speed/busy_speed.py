"""Prints how long the dashboard's pages take while a log of five million lines is brought in, beside the same pages without it.

A store with the demonstration log is served; Chromium goes from page to page by their list, first while nothing is brought in, then
while another process brings the log in. Each figure is the median of several rounds. Ratios of one run on one machine can be compared;
seconds cannot. `PYTHONPATH=. python tests/speed/busy_speed.py [LINES]`.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.browser.served import ARGUMENTS, Page, serving
from tests.speed import ingest_speed

LINES = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000_000
PAGES = ("Usage", "Fairness", "Energy", "Intake", "Overview")
IDLE_ROUNDS = 5
TARGET = 3.0
"""Two processors serve the ingest, the dashboard and the browser at once."""

LONGEST_S = 1_800


def main() -> None:
    """Print one line a page."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None or not ingest_speed.SHARED.is_dir():
        sys.exit(f"skipped: needs chromium and the third-party logs in {ingest_speed.SHARED}")
    with tempfile.TemporaryDirectory(prefix="equinode-speed-") as folder, sync_playwright() as playwright:
        log, declared, lake = Path(folder) / "sacct.txt", Path(folder) / "speed.toml", Path(folder) / "lake"
        ingest_speed.LINES = LINES
        ingest_speed.repeat(log)
        declared.write_text(ingest_speed.MACHINE.format(name="Speed"))
        environment = os.environ | {"EQUINODE_LAKE": str(lake)}
        subprocess.run([sys.executable, "-m", "data", "demo"], env=environment, check=True, capture_output=True)
        with serving(lake, Path(folder) / "server.log") as base:
            browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
            page = Page(tab=browser.new_context(viewport={"width": 1400, "height": 1000}).new_page(), base=base).open("/")
            _round(page)
            idle = [_round(page) for _ in range(IDLE_ROUNDS)]
            words = ["ingest", str(log), "--system", "speed", "--system-file", str(declared)]
            command, silent = [sys.executable, "-m", "data", *words], subprocess.DEVNULL
            with subprocess.Popen(command, env=environment, stdout=silent, stderr=silent) as ingest:
                busy = _while_running(page, ingest)
            browser.close()
            sys.exit(_told(idle, busy) if ingest.returncode == 0 else "the log could not be brought in")


def _while_running(page: Page, ingest: "subprocess.Popen[bytes]") -> list[dict[str, float]]:
    """The rounds that ended while the log was brought in."""
    rounds, began = [], time.perf_counter()
    while ingest.poll() is None and time.perf_counter() - began < LONGEST_S:
        rounds.append(_round(page))
    return rounds


def _round(page: Page) -> dict[str, float]:
    """Seconds from the click on each page's name until it is there in full."""
    seconds: dict[str, Any] = {}
    for title in PAGES:
        began = time.perf_counter()
        page.turned_to(title)
        seconds[title] = time.perf_counter() - began
    return seconds


def _told(idle: list[dict[str, float]], busy: list[dict[str, float]]) -> int:
    """Print the table; 1 where a page takes too long beside itself on an idle machine."""
    print(f"{'page':12} {'idle s':>8} {'busy s':>8} {'slowest s':>10} {'ratio':>6}   ({len(busy)} rounds while {LINES:,} lines came in)")
    worst = 0.0
    for title in PAGES:
        calm, pressed = (statistics.median(each[title] for each in rounds) for rounds in (idle, busy))
        worst = max(worst, pressed / calm)
        print(f"{title:12} {calm:8.2f} {pressed:8.2f} {max(each[title] for each in busy):10.2f} {pressed / calm:6.2f}")
    return int(worst > TARGET)


if __name__ == "__main__":
    main()
