"""Prints how long each page takes to answer a change of its period, the app to start and a report to be made, in a store of many jobs.

The store is the demonstration log with copies of it, as `tests/speed/copied_store.py` tells. Each page is opened in Chromium on a server
of its own, so that nothing is kept from another page, and its period is changed several times, each time to one not seen before. Told
are medians: of the page's script alone on the machine, by which the target for scripts is judged; of the script while Chromium draws
on the same processors, by the clock and of processors; and of the whole way from the click to the page at rest, beside that of an
almost empty page of Streamlit. Ratios of one run can be compared; milliseconds
cannot, and how many programs waited for the machine's processors stands beside them. A hundred million jobs take some ten minutes and five
gigabytes of disk to be made: name a folder to keep the store for the next run.

    PYTHONPATH=. python tests/speed/clicks_speed.py [JOBS] [FOLDER] [PAGE …]
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.served import ARGUMENTS, HOUSE, Page, serving
from tests.speed import copied_store

JOBS = int(sys.argv[1].replace("_", "")) if len(sys.argv) > 1 else 300_000
SCRIPT_TARGET_MS, TRIP_TARGET_RATIO, START_TARGET_S = 300, 2.0, 5.0
POLICY = ("overview", "usage", "fairness", "energy", "explore", "split", "calls", "reports", "methods")
OPERATIONS = {
    "intake": "intake",
    "log-health": "health",
    "quotas": "quotas",
    "reclaim": "reclaim",
    "effect": "effect",
    "history": "history",
}
FILES = {page: f"policy/{page}.py" for page in POLICY} | {page: f"operations/{file}.py" for page, file in OPERATIONS.items()}
"""Where each page lies."""
PAGES = tuple(sys.argv[3:]) or tuple(FILES)
TIMED, EMPTY = "tests/speed/timed_app.py", "tests/speed/almost_empty.py"
CHANGES = ("Q1 2026", "Q4 2025", "Q3 2025", "Q2 2025", "Q1 2025", "2025", "All months")
WATCH = """() => {
    window.clicked = 0, window.changed = 0;
    document.addEventListener('click', () => { window.clicked = performance.now(); }, true);
    new MutationObserver(() => { window.changed = performance.now(); })
        .observe(document.querySelector('[data-testid=stMain]'), {attributes: true, childList: true, characterData: true, subtree: true});
}"""
"""Notes when a choice was clicked, and when the page last changed."""
AT_REST_MS = 1_000
"""For how long nothing changes on a page at rest."""


def main() -> None:
    """Print one line a page."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None:
        sys.exit("skipped: needs chromium")
    with _folder() as folder, sync_playwright() as playwright:
        lake = folder / f"lake-{JOBS}"
        if not lake.exists():
            copied_store.fill(lake, JOBS)
        print(copied_store.described(lake), flush=True)
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        empty = _measured(browser, lake, "", script=EMPTY, route="_stcore/health")[2]
        print(f"{'':16} {'alone ms':>10} {'script ms':>10} {'busy ms':>10} {'trip ms':>10} {'ratio':>7} {'start s':>8} {'load':>6}")
        print(f"{'almost empty':49} {empty:10.0f} {os.getloadavg()[0]:23.1f}", flush=True)
        slow = [fault for page in PAGES for fault in _told(page, _alone(lake, page), _measured(browser, lake, page), empty)]
        browser.close()
        report = [sys.executable, str(HOUSE / "tests" / "speed" / "report_speed.py")]
        subprocess.run(report, check=False, env=os.environ | {"EQUINODE_LAKE": str(lake)})
    sys.exit("\n".join(slow) if slow else 0)


def _alone(lake: Path, page: str) -> float:
    """Milliseconds of the page's script without a browser beside it."""
    command = [sys.executable, str(HOUSE / "tests" / "speed" / "script_alone.py"), FILES[page], *CHANGES]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env=os.environ | {"EQUINODE_LAKE": str(lake), "PYTHONPATH": str(HOUSE)}
    )
    return float(done.stdout)


def _told(page: str, alone: float, measured: tuple[float, float, float, float], empty: float) -> Iterator[str]:
    """What is slower than it should be, after printing the page's line."""
    script, busy, trip, start = measured
    print(
        f"{page:16} {alone:10.0f} {script:10.0f} {busy:10.0f} {trip:10.0f} {trip / empty:7.2f} {start:8.1f} {os.getloadavg()[0]:6.1f}",
        flush=True,
    )
    if alone > SCRIPT_TARGET_MS:
        yield f"{page}: {alone:.0f} ms of script, at most {SCRIPT_TARGET_MS} are wanted"
    if trip > TRIP_TARGET_RATIO * empty:
        yield f"{page}: {trip / empty:.1f} times the way of an almost empty page, at most {TRIP_TARGET_RATIO:g} are wanted"
    if start > START_TARGET_S:
        yield f"{page}: the app started in {start:.1f} s, at most {START_TARGET_S:g} are wanted"


def _measured(browser: Browser, lake: Path, page: str, *, script: str = TIMED, route: str = "health") -> tuple[float, float, float, float]:
    """Milliseconds of script, by the clock and of processors, and of the whole way of a change, and seconds of the app's start."""
    times = lake.parent / "times.txt"
    times.write_text("")
    os.environ["SCRIPT_TIMES"] = str(times)
    began = time.perf_counter()
    with serving(lake, lake.parent / "server.log", script=script, route=route) as base:
        start = time.perf_counter() - began
        context = browser.new_context(viewport={"width": 1400, "height": 1000})
        opened = Page(tab=context.new_page(), base=base).open("/" + page.replace("overview", ""))
        opened.tab.wait_for_timeout(3_000)
        opened.tab.evaluate(WATCH)
        seen = [_changed(opened, times, change) for change in CHANGES]
        context.close()
    script, busy, trip = (statistics.median(each[place] for each in seen) for place in range(3))
    return script, busy, trip, start


def _changed(page: Page, times: Path, change: str) -> tuple[float, float, float]:
    """Milliseconds of script by the clock and of processors, and from the click to the last change, that a change of the period took."""
    before = len(times.read_text().splitlines())
    page.chosen("Period", change)
    while True:
        page.tab.wait_for_timeout(AT_REST_MS)
        quiet, trip = page.settled().tab.evaluate("[performance.now() - window.changed, window.changed - window.clicked]")
        if quiet >= AT_REST_MS * 0.9:
            runs = [[float(part) * 1_000 for part in line.split()] for line in times.read_text().splitlines()[before:]]
            return sum(clock for clock, _ in runs), sum(busy for _, busy in runs), trip


@contextmanager
def _folder() -> Iterator[Path]:
    """The folder named, or one for the time of the run."""
    if len(sys.argv) > 2:
        Path(sys.argv[2]).mkdir(parents=True, exist_ok=True)
        yield Path(sys.argv[2])
    else:
        with tempfile.TemporaryDirectory(prefix="equinode-speed-") as folder:
            yield Path(folder)


if __name__ == "__main__":
    main()
