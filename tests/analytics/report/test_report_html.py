"""The HTML report is complete, harmless, readable by everybody, and the same each time."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import polars as pl
import pytest

from analytics.report.compose import quarterly
from analytics.report.document import Chart, Kind, written
from analytics.report.html import html
from analytics.report.inputs import ReportInputs
from analytics.report.methods import EXPLAINED, OF_SECTION, methods
from data.errors import InputError, SchemaError
from data.terms import UserCategory


class Page(HTMLParser):
    """The words, headings and elements of a page, without its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.headings: list[int] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        self.elements.append((tag, dict(attrs)))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts.append(data)
        elif self._inside != "style":
            self.words.append(data)

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        self._inside = ""


def policy(page: Page) -> str:
    return next(a["content"] or "" for tag, a in page.elements if tag == "meta" and a.get("http-equiv") == "Content-Security-Policy")


@pytest.fixture(scope="session")
def text(report_inputs: ReportInputs) -> str:
    return html(quarterly(report_inputs))


@pytest.fixture(scope="session")
def page(text: str) -> Page:
    return Page(text)


def test_the_same_inputs_make_the_same_bytes(report_inputs: ReportInputs, text: str) -> None:
    shuffled = replace(report_inputs, usage=report_inputs.usage.reverse(), usage_of_projects=report_inputs.usage_of_projects.reverse())
    assert html(quarterly(shuffled)) == text


def test_nothing_is_fetched_from_elsewhere(page: Page) -> None:
    for tag, attributes in page.elements:
        assert tag not in ("link", "img", "iframe", "object", "embed")
        assert "src" not in attributes
        assert not (attributes.get("href") or "#").startswith(("http", "//"))
    assert policy(page).startswith("default-src 'none'; ")


def test_only_scripts_whose_digest_the_policy_names_stand_in_the_page(page: Page, text: str) -> None:
    scripts = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    assert len(scripts) == 2
    for script in scripts:
        assert f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" in policy(page)
    data = [a for tag, a in page.elements if tag == "script" and a.get("type") == "application/json"]
    assert len(data) == 1
    assert sum(tag == "script" for tag, _ in page.elements) == 3


def test_what_people_wrote_cannot_become_markup(text: str) -> None:
    assert "<script>alert" not in text
    assert "&lt;/script&gt;&lt;script&gt;alert(1)" in text
    assert "<b>&" not in text
    assert "a <law>" not in text


def test_headings_follow_each_other_without_gaps(page: Page) -> None:
    assert page.headings.count(1) == 1
    assert page.headings[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(page.headings))


def test_every_chart_is_told_in_words_and_in_a_table(report_inputs: ReportInputs, page: Page) -> None:
    charts = [block for section in quarterly(report_inputs).sections for block in section.blocks if isinstance(block, Chart)]
    drawn = {attributes["id"]: attributes for tag, attributes in page.elements if attributes.get("role") == "img" and tag == "div"}
    assert set(drawn) == {chart.id for chart in charts}
    assert all(drawn[chart.id]["aria-label"] == chart.alt for chart in charts)
    assert all(chart.table.rows for chart in charts)
    assert sum(tag == "details" for tag, _ in page.elements) >= len(charts)


def test_identifiers_are_unique(page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_unknown_is_said_in_words_and_never_shown_as_a_gap(page: Page) -> None:
    words = " ".join(page.words)
    assert "not available" in words
    assert not re.search(r"\b(None|nan|NaN|null)\b", words)


def test_made_up_data_are_said_to_be_made_up_and_others_are_not(report_inputs: ReportInputs, text: str) -> None:
    assert "Demonstration data" in text
    assert "Demonstration data" not in html(quarterly(replace(report_inputs, demo=False)))


def test_every_finding_stands_at_the_top_and_in_its_section(report_inputs: ReportInputs, page: Page) -> None:
    words = page.words
    for section in quarterly(report_inputs).sections:
        assert words.count(section.finding) == 2


def test_the_page_names_what_it_can_be_made_from_again(page: Page) -> None:
    words = " ".join(" ".join(page.words).split())
    assert "From snapshot 7 of the store, written by An <operator> at 2026-04-02 00:00:00 UTC" in words
    assert "equinode 0.1.0" in words


def test_what_is_missing_is_counted(page: Page) -> None:
    words = " ".join(page.words)
    assert "no log of silent is in the store" in words
    assert "Jobs whose node-hours are not known" in words
    assert "Node-hours of unknown power" in words


def test_estimates_and_years_carried_forward_are_said(page: Page) -> None:
    words = " ".join(page.words)
    assert "Estimates: the idle power of Alpha gpu; the PUE of Alpha gpu." in words
    assert "is not published yet: that of 2024 is carried forward" in words
    assert "estimate (from memory, unverified)" in words


def test_a_limit_of_a_machine_of_unknown_size_is_neither_kept_nor_broken(report_inputs: ReportInputs) -> None:
    section = next(section for section in quarterly(report_inputs).sections if section.id == "limits")
    assert section.finding.startswith("Over a limit in Q1 2026: Commercial use on Alpha at 12")
    assert "Dark" not in section.finding


def test_a_report_without_a_recommendation_has_no_such_section(report_inputs: ReportInputs) -> None:
    assert "recommended" not in [section.id for section in quarterly(replace(report_inputs, recommended=None)).sections]


def test_a_period_without_any_log_makes_no_report(report_inputs: ReportInputs) -> None:
    with pytest.raises(InputError, match="Q1 2026"):
        quarterly(replace(report_inputs, usage=report_inputs.usage.clear()))


def test_inputs_of_another_shape_are_refused_at_the_door(report_inputs: ReportInputs) -> None:
    with pytest.raises(SchemaError, match="mode"):
        replace(report_inputs, usage=report_inputs.usage.drop("mode"))


def test_methods_are_the_words_beside_the_code_without_its_examples() -> None:
    found = methods(OF_SECTION)
    assert len(found) == len(EXPLAINED)
    assert "fairness.jain_index" in [method.name for method in found]
    for method in found:
        assert method.summary.endswith((".", ":"))
        assert not any(">>>" in part for part in (method.summary, *method.details))
        assert not any("frame" in part or "null" in part for part in (method.summary, *method.details))


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_of_value_says_when_it_is_unknown(kind: Kind) -> None:
    assert written(None, kind) == "not available"


def test_projects_of_machines_without_logs_and_of_other_categories_stay_out(report_inputs: ReportInputs) -> None:
    silent = report_inputs.projects.with_columns(system=pl.lit("silent"))
    more = replace(report_inputs, projects=pl.concat([report_inputs.projects, silent]))
    assert more.demand.equals(report_inputs.demand)
    research = replace(report_inputs, selection=replace(report_inputs.selection, categories=(UserCategory.RESEARCH,)))
    assert "sme" not in research.demand["category"]
