"""A browser draws the report from one file, without a word to anybody and without complaint."""

from pathlib import Path

import pytest

from analytics.report.compose import quarterly
from analytics.report.document import Chart
from analytics.report.html import html
from analytics.report.inputs import ReportInputs
from tests.browser.served import ARGUMENTS, require_browser

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.nightly)])
def test_every_chart_is_drawn_and_nothing_leaves_the_page(report_inputs: ReportInputs, tmp_path: Path, scheme: str) -> None:
    path = require_browser()
    from playwright.sync_api import sync_playwright

    report = quarterly(report_inputs)
    file = tmp_path / "report.html"
    file.write_text(html(report), "utf-8")
    charts = [block.id for section in report.sections for block in section.blocks if isinstance(block, Chart)]
    complaints: list[str] = []
    with sync_playwright() as start:
        browser = start.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        page = browser.new_page(color_scheme=scheme)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
        page.on(
            "request", lambda request: complaints.append(request.url) if not request.url.startswith(("file:", "data:", "blob:")) else None
        )
        page.goto(file.as_uri())
        for chart in charts:
            page.wait_for_selector(f"#{chart} svg.main-svg", state="attached")
        width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        browser.close()
    assert complaints == []
    assert width == 0
