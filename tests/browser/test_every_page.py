"""Every page, light and dark, in one walk through the list of pages: drawn, sound, accessible by WCAG 2.2 AA, and whole on paper."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.browser.served import CHARTS, Page

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("chromium")]

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
"""The rules of axe that stand for WCAG 2.2 AA, which EN 301 549 takes over for the web."""


FAULTS = """async ([rules]) => {
    const found = await axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']});
    return found.violations.filter(each => ['serious', 'critical'].includes(each.impact)).flatMap(each => each.nodes.map(node =>
        ({rule: each.id, html: node.html.slice(0, 300), why: node.failureSummary, target: node.target.flat().join(' ')})));
}"""
UNTOLD = """() => [...document.querySelectorAll('[data-testid=stPlotlyChart]')].filter(chart => {
    const told = chart.closest('[aria-label]') || chart.querySelector('[aria-label],[role=img],[aria-describedby]');
    return !told || (told.getAttribute('aria-label') || told.getAttribute('aria-describedby') || '').length < 20;
}).map(chart => chart.outerHTML.slice(0, 200))"""
"""The charts that no words stand for."""
ON_PAPER = """() => {
    const shown = element => element.getClientRects().length > 0 && getComputedStyle(element).visibility !== 'hidden';
    const wide = document.documentElement.clientWidth, WHITE = 'rgb(255, 255, 255)';  // around the names on a map
    const cut = [...document.querySelectorAll('.js-plotly-plot, [data-testid=stDataFrame], [data-testid=stTable], [data-testid=stMetric]')]
        .filter(element => shown(element) && element.getBoundingClientRect().right > wide + 1);
    const bars = [...document.querySelectorAll(
        '[data-testid=stSidebar], [data-testid=stHeader], [data-testid=stToolbar], button, .st-key-filter-bar'
    )].filter(shown);
    const light = colour => {
        const [red, green, blue, alpha = 1] = colour.match(/[\\d.]+/g).map(Number);
        return alpha > 0 && Math.min(red, green, blue) > 200;
    };
    const words = [...document.querySelectorAll('[data-testid=stMain] :is(h1, h2, h3, p, li, td, th)')]
        .filter(element => shown(element) && light(getComputedStyle(element).color));
    const marked = [...document.querySelectorAll('.js-plotly-plot text:not(.bartext-inside)')]
        .filter(element => !element.closest('.heatmap-label') && shown(element) && element.textContent)
        .filter(element => getComputedStyle(element).fill !== WHITE && light(getComputedStyle(element).fill));
    const pale = [...words, ...marked].map(each => each.textContent.slice(0, 60));
    return {cut: cut.map(each => each.outerHTML.slice(0, 120)), bars: bars.map(each => each.outerHTML.slice(0, 160)), pale};
}"""
"""What is cut off at the paper's edge, what has no use on paper, and which words are too pale for it."""
PAPER_WIDTH = 718
"""The pixels between the margins of A4."""

Visitor = Callable[..., Page]


@dataclass(slots=True)
class Walk:
    """What was found on the pages."""

    faults: dict[str, list[str]] = field(default_factory=dict)
    """Errors, requests that left the server, and pages without the banner of the demonstration."""
    barriers: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    """Serious and critical violations that axe finds."""
    untold: dict[str, list[str]] = field(default_factory=dict)
    """Charts without words."""
    paper: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """What is wrong in print."""


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core; without it the tests are skipped, unless REQUIRE_BROWSER=1."""
    found = find_spec("axe_playwright_python")
    if found is None or found.origin is None:
        reason = "axe-core is not installed (pip install axe-playwright-python)"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return Path(found.origin).with_name("axe.min.js").read_text("utf-8")


@pytest.fixture(scope="module", params=["light", pytest.param("dark", marks=pytest.mark.nightly)])
def walk(request: pytest.FixtureRequest, demo: str, axe: str, visitor_of_all: Visitor) -> Walk:
    """What one visit of every page found."""
    found, page = Walk(), visitor_of_all(demo, scheme=request.param)
    for title, charts in CHARTS.items():
        _looked_at(page, title, charts, found, axe)
        _printed(page, title, found)
        page.faults.clear()
    return found


def _looked_at(page: Page, title: str, charts: int, found: Walk, axe: str) -> None:
    (page.open("/") if title == "Overview" else page.turned_to(title)).drawn(charts)
    found.faults[title] = page.found(f"demo-{title}")
    if "Demonstration data" not in page.tab.inner_text("[data-testid=stMain]"):
        found.faults[title].append("no banner says that these are demonstration data")
    page.tab.locator("[data-testid=stSidebar] a").first.wait_for(timeout=30_000)  # the list of pages may come last
    if page.tab.evaluate("window.axe === undefined"):
        page.tab.evaluate(axe)
    found.barriers[title] = page.tab.evaluate(FAULTS, [list(RULES)])
    found.untold[title] = page.tab.evaluate(UNTOLD)


def _printed(page: Page, title: str, found: Walk) -> None:
    page.tab.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.tab.emulate_media(media="print")
    page.tab.set_viewport_size({"width": PAPER_WIDTH, "height": 1_000})
    page.tab.wait_for_timeout(500)
    found.paper[title] = page.tab.evaluate(ON_PAPER)
    page.tab.emulate_media(media="screen")
    page.tab.evaluate("window.dispatchEvent(new Event('afterprint'))")
    page.tab.set_viewport_size({"width": 1_400, "height": 1_000})


def test_every_page_is_drawn_on_the_demonstration_store(walk: Walk) -> None:
    assert not {title: faults for title, faults in walk.faults.items() if faults}


def test_no_page_has_a_serious_barrier(walk: Walk) -> None:
    found = {title: barriers for title, barriers in walk.barriers.items() if barriers}
    assert not found, json.dumps(found, indent=1)


def test_a_barrier_would_be_found(visitor: Visitor, demo: str, axe: str) -> None:
    page = visitor(demo).open("/methods")
    page.tab.locator("[data-testid=stSidebar] a").first.wait_for(timeout=30_000)
    page.tab.evaluate("document.querySelector('[data-testid=stMain]').insertAdjacentHTML('beforeend', '<button></button>')")
    page.tab.evaluate(axe)
    assert [each["rule"] for each in page.tab.evaluate(FAULTS, [list(RULES)])] == ["button-name"]


def test_words_stand_for_every_chart(walk: Walk) -> None:
    assert not {title: untold for title, untold in walk.untold.items() if untold}


def test_a_printed_page_has_no_bars_no_buttons_nothing_cut_and_dark_words_whatever_the_screen_shows(walk: Walk) -> None:
    wrong = {title: paper for title, paper in walk.paper.items() if any(paper.values())}
    assert not wrong, json.dumps(wrong, indent=1)
