"""Every page in a real browser: drawn, calm, offline, shareable by its address, and readable where there is nothing to read yet."""

import gzip
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser.served import CHARTS, SHARED, Page, command, serving

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chromium")]

Visitor = Callable[..., Page]

CCR = SHARED / "traces" / "slurm-ccr-xdmod" / "pozidriv.sacct.psv.gz"
CCR_DECLARED = """
name = "Pozidriv"
country = "FR"
time_zone = "UTC"

[partitions.all]
nodes = 400
cores_per_node = 10
"""


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server without a store."""
    folder = tmp_path_factory.mktemp("empty")
    with serving(folder / "lake", folder / "server.log") as base:
        yield base


@pytest.mark.nightly
def test_a_page_is_drawn_on_a_narrow_dark_screen_too(demo: str, visitor: Visitor) -> None:
    page = visitor(demo, width=420, scheme="dark")
    page.open("/fairness").drawn(CHARTS["Fairness"])
    assert page.tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "the page is wider than the screen"
    page.sound("narrow-fairness")


@pytest.mark.nightly
def test_every_page_of_an_empty_store_says_what_to_do(empty: str, visitor: Visitor) -> None:
    page = visitor(empty).open("/")
    for title in CHARTS:
        if title != "Overview":
            page.turned_to(title)
        if title not in ("Calls", "Methods"):
            page.tab.get_by_text("python -m data demo").first.wait_for(timeout=20_000)
        page.sound(f"empty-{title}")


@pytest.mark.nightly
def test_a_link_reopens_the_same_view_in_a_fresh_browser(demo: str, visitor: Visitor) -> None:
    first = visitor(demo).open("/usage?period=2025&machines=LUMI&unit=GPU-hours").drawn(3)
    first.tab.get_by_role("radio", name="Country").click()
    first.tab.wait_for_url("**by=Country**", timeout=20_000)
    first.settled()
    second = visitor(demo)
    second.tab.goto(first.tab.url)
    second.settled().drawn(3)
    for page in (first, second):
        assert "in 2025" in page.tab.inner_text("[data-testid=stMain]")
        page.sound("shared-link")
    assert _figures(first) == _figures(second)


@pytest.mark.nightly
def test_an_address_that_makes_no_sense_falls_back_to_the_default_view(demo: str, visitor: Visitor) -> None:
    page = visitor(demo).open("/usage?period=never&machines=HAL&unit=parsecs&categories=aliens").drawn(3)
    page.address_is("").sound("bad-address")


@pytest.mark.nightly
def test_removing_a_chip_brings_back_the_default_and_clears_the_address(demo: str, visitor: Visitor) -> None:
    page = visitor(demo).open("/usage?period=2025").drawn(3)
    page.tab.get_by_role("button", name="2025 ✕").click()
    page.address_is("").sound("chip-removed")


@pytest.mark.nightly
def test_the_selection_stays_when_another_page_is_opened(demo: str, visitor: Visitor) -> None:
    page = visitor(demo).open("/?period=2025&machines=LUMI").drawn(3)
    page.tab.get_by_test_id("stSidebar").get_by_role("link", name="Energy").click()
    page.tab.wait_for_url("**/energy?**", timeout=20_000)
    page.settled()
    assert "period=2025" in page.tab.url
    assert "machines=LUMI" in page.tab.url
    page.sound("another-page")


@pytest.mark.nightly
def test_a_click_on_a_machine_looks_at_it_alone_with_a_way_back(demo: str, visitor: Visitor) -> None:
    page = visitor(demo).open("/usage?period=2025").drawn(3)
    bar = page.tab.locator(".js-plotly-plot").nth(2).locator(".trace.bars .point path").first
    bar.scroll_into_view_if_needed()
    bar.click(force=True)
    page.tab.wait_for_url(lambda url: "machines=" in url, timeout=20_000)
    page.settled().sound("drilled-down")
    page.tab.get_by_test_id("stMultiSelect").first.get_by_role("button", name="Clear all").click()
    page.address_is("period=2025").drawn(3).sound("way-back")


@pytest.mark.nightly
def test_clicks_look_into_a_group_and_back_and_forward_go_step_by_step(demo: str, visitor: Visitor) -> None:
    page = visitor(demo).open("/usage?period=2025").drawn(3)
    for place, leads_to in ((0, "within=category"), (1, "within=organisation")):
        bar = page.tab.locator(".js-plotly-plot").nth(1).locator(".trace.bars .point path").first
        bar.scroll_into_view_if_needed()
        bar.click(force=True)
        page.tab.wait_for_url(f"**{leads_to}**", timeout=20_000)
        page.settled().drawn(3)
        assert page.tab.locator(".st-key-breadcrumb").inner_text().count("›") == place + 1
    page.tab.go_back()
    page.tab.wait_for_url(lambda url: "organisation%3A" not in url and "within" in url, timeout=20_000)
    page.tab.go_back()
    page.tab.locator(".st-key-breadcrumb button").first.wait_for(state="detached", timeout=20_000)
    page.address_is("period=2025")
    page.tab.get_by_role("radio", name="Lines").click()
    page.tab.wait_for_url("**as=Lines**", timeout=20_000)
    page.settled().tab.get_by_role("link", name="Method", exact=True).first.click()
    page.tab.wait_for_url("**/methods?**", timeout=20_000)
    page.settled().tab.go_back()
    page.tab.wait_for_url("**/usage?**as=Lines**", timeout=20_000)
    page.settled().sound("back-and-forward")


def test_a_chart_leaves_the_page_as_picture_and_table_that_say_what_they_are(demo: str, visitor: Visitor) -> None:
    page = visitor(demo).open("/usage?period=2025").drawn(3)
    found = {}
    for name in ("CSV", "SVG", "PNG"):
        with page.tab.expect_download(timeout=20_000) as download:
            page.tab.get_by_role("button", name=name, exact=True).first.click()
        assert download.value.suggested_filename == f"equinode_demo_machine-time-by-month_2025-01_to_2025-12.{name.lower()}"
        found[name] = Path(download.value.path()).read_bytes()
    for name in ("CSV", "SVG"):
        assert "demonstration data, invented" in found[name].decode()
        assert "2025" in found[name].decode()
    assert found["PNG"].startswith(b"\x89PNG")
    page.sound("exported")


@pytest.mark.nightly
def test_a_log_and_its_projects_brought_in_through_the_page_are_shown_with_their_accounts(tmp_path: Path, visitor: Visitor) -> None:
    log = tmp_path / "jobs.txt"
    log.write_text(
        "JobIDRaw|User|Account|Partition|Submit|Start|End|ElapsedRaw|State|NNodes|AllocCPUS\n"
        "1|alice|project_1|standard|2026-01-02T08:00:00|2026-01-02T09:00:00|2026-01-02T11:00:00|7200|COMPLETED|2|512\n"
        "2|alice|project_1|standard|2026-01-02T08:00:00|2026-01-02T09:00:00|yesterday|7200|COMPLETED|2|512\n"
    )
    projects = tmp_path / "projects.csv"
    projects.write_text("account,category,country\nproject_1,SME,FI\n")
    with serving(tmp_path / "lake", tmp_path / "server.log") as base:
        page = visitor(base).open("/intake")
        page.tab.get_by_test_id("stFileUploaderDropzoneInput").nth(0).set_input_files(log)
        page.settled()
        page.chosen("Machine whose log it is", "LUMI")
        page.settled().tab.get_by_role("button", name="Bring in the log", exact=True).click()
        page.tab.get_by_text("stored as batch 1").wait_for(timeout=60_000)
        page.settled()
        assert "refused" in page.tab.inner_text("[data-testid=stMain]").lower()
        page.sound("brought-in")
        page.tab.get_by_test_id("stFileUploaderDropzoneInput").nth(1).set_input_files(projects)
        page.settled()
        page.chosen("Machine, where the table", "LUMI")
        page.tab.get_by_role("button", name="Classify").click()
        page.tab.get_by_text("Decided anew").or_(page.tab.get_by_text("New projects")).first.wait_for(timeout=60_000)
        page.settled().sound("classified")
        page.open("/usage").drawn(3).sound("brought-in-usage")
        assert "LUMI" in page.tab.inner_text("[data-testid=stTable]")
        assert "SMEs received" in page.tab.inner_text("[data-testid=stMain]")


@pytest.mark.skipif(not CCR.exists(), reason=f"the real log {CCR} is not on this machine")
@pytest.mark.nightly
def test_the_totals_of_a_real_log_can_be_read_to_the_last_digit(tmp_path: Path, visitor: Visitor) -> None:
    with serving(real_log(tmp_path), tmp_path / "server.log") as base:
        totals = visitor(base).open("/usage").drawn(3).tab.inner_text("[data-testid=stTable]")
        assert "71,984.2764" in totals
        assert "11,285" in totals


@pytest.mark.nightly
@pytest.mark.skipif(not CCR.exists(), reason=f"the real log {CCR} is not on this machine")
def test_every_page_is_drawn_of_a_real_log(tmp_path: Path, visitor: Visitor) -> None:
    with serving(real_log(tmp_path), tmp_path / "server.log") as base:
        page = visitor(base).open("/")
        for title, charts in CHARTS.items():
            if title != "Overview":
                page.turned_to(title)
            page.drawn(charts).sound(f"real-{title}")


def test_every_answer_carries_the_security_headers(demo: str) -> None:
    for path in ("/", "/health", "/_stcore/health"):
        with urllib.request.urlopen(demo + path, timeout=10) as answer:
            headers = answer.headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe-inline" not in headers["Content-Security-Policy"].split("style-src")[0]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Frame-Options"] == "SAMEORIGIN"
        assert headers["Permissions-Policy"]


def real_log(folder: Path) -> Path:
    """A store with a real log of a machine that is declared for it."""
    declared, log = folder / "pozidriv.toml", folder / "pozidriv.psv"
    declared.write_text(CCR_DECLARED)
    log.write_bytes(gzip.decompress(CCR.read_bytes()))
    command(folder / "lake", "ingest", str(log), "--system", "pozidriv", "--system-file", str(declared))
    return folder / "lake"


def _figures(page: Page) -> list[str]:
    found: list[str] = page.tab.locator("[data-testid=stMetricValue]").all_inner_texts()
    assert found
    return found
