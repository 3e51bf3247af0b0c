"""Makes the screenshots of the README anew, on the demonstration store: `make screens`."""

import shutil
import sys
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.browser.served import ARGUMENTS, HOUSE, Page, command, serving

SCREENS = HOUSE / "pages" / "static" / "screens"
SHOWN = {"overview": ("/", 1), "fairness": ("/fairness", 2), "split": ("/split", 2), "quotas": ("/quotas", 0)}
"""Each screenshot: its page, and how many charts must be drawn before it is taken."""

WIDTH, HEIGHT = 1_400, 1_000
COLOURS = 192
LARGEST_BYTES = 200_000
JOBS = "60000"


def main() -> None:
    """Write one PNG a page."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="equinode-screens-") as folder, sync_playwright() as playwright:
        lake = Path(folder) / "lake"
        command(lake, "demo", "--jobs", JOBS)
        browser = playwright.chromium.launch(executable_path=_chromium(), args=list(ARGUMENTS))
        with serving(lake, Path(folder) / "server.log", author="Olga Operator") as base:
            context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
            for name, (address, charts) in SHOWN.items():
                page = Page(tab=context.new_page(), base=base).open(address).drawn(charts)
                page.tab.wait_for_timeout(1_500)
                _save(page.tab.screenshot(), SCREENS / f"{name}.png")
        browser.close()


def _save(png: bytes, path: Path) -> None:
    """The picture in few colours, so that it stays small."""
    Image.open(BytesIO(png)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    size = path.stat().st_size
    if size > LARGEST_BYTES:
        sys.exit(f"{path} has {size:,} bytes; at most {LARGEST_BYTES:,} are wanted. Take fewer colours.")
    print(f"{path.relative_to(HOUSE)}: {size:,} bytes")


def _chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        sys.exit("screenshots need chromium; install it with the system's packages.")
    return found


if __name__ == "__main__":
    main()
