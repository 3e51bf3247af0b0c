"""A report is the same in every form: reproducible, harmless, with real numbers, and whole without the internet."""

import csv
import hashlib
import io
import json
import re
import xml.etree.ElementTree as ET
import zlib
from dataclasses import replace
from datetime import date
from zipfile import ZipFile

import polars as pl
import pytest

from analytics.report.bundle import bundle
from analytics.report.compose import OUTLINES, Template, composed, quarterly
from analytics.report.disclosure import DisclosureRule
from analytics.report.document import Column, Kind, Report, Section, Snapshot, Table
from analytics.report.forms import Form, made
from analytics.report.inputs import ReportInputs
from analytics.report.pdf import first_page, pdf
from analytics.report.protection import OWN_COPY, protection
from analytics.report.record import record
from analytics.report.verify import differences, figures_in, form_of, record_in
from analytics.report.xlsx import xlsx
from analytics.usage import usage_frame
from data.errors import InputError

EVIL = ("=cmd|'/c calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "</script><script>alert(1)</script>", "#panic()", "$x$ *b* `c`", "\x0bx")


@pytest.fixture(scope="session")
def report(report_inputs: ReportInputs) -> Report:
    return quarterly(report_inputs)


@pytest.fixture(scope="session")
def content(report: Report) -> dict[Form, bytes]:
    """The report in every form, made once."""
    return {form: made(report, form) for form in Form}


@pytest.fixture(scope="session")
def evil() -> Report:
    """A small report of nothing but words that somebody else wrote."""
    table = Table(
        caption=EVIL[0],
        frame=pl.DataFrame({"name": list(EVIL), "hours": [1.5, 2e9, None, 0.0, -1.0, 3.0, 4.0, 5.0, 6.0], "month": [date(2026, 3, 1)] * 9}),
        columns=(
            Column(name="name", header="=Name"),
            Column(name="hours", header="Hours", kind=Kind.NUMBER),
            Column(name="month", header="Month", kind=Kind.MONTH),
        ),
        withheld=frozenset({2}),
    )
    section = Section(id="evil", title=EVIL[5], finding=EVIL[6], blocks=(table,))
    snapshot = Snapshot(id=1, author=EVIL[0], message=EVIL[7], committed=None)
    return Report(
        title=EVIL[5], period="2026", scope=EVIL[7], demo=False, sections=(section,), methods=(), sources=(), snapshot=snapshot, versions=()
    )


def streams(made_pdf: bytes) -> bytes:
    parts = []
    for found in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", made_pdf, re.DOTALL):
        try:
            parts.append(zlib.decompressobj().decompress(found.group(1)))
        except zlib.error:
            parts.append(found.group(1))
    return made_pdf + b"".join(parts)


def cells(content: bytes) -> dict[str, ET.Element]:
    with ZipFile(io.BytesIO(content)) as book:
        found = {}
        for name in book.namelist():
            if name.startswith("xl/worksheets/sheet"):
                for cell in ET.fromstring(book.read(name)).iter("{http://schemas.openxmlformats.org/spreadsheetml/2006/main}c"):
                    found[f"{name}!{cell.get('r')}"] = cell
        return found


@pytest.mark.parametrize("form", Form)
def test_the_same_report_gives_the_same_bytes_in_every_form(report: Report, content: dict[Form, bytes], form: Form) -> None:
    assert made(report, form) == content[form]


@pytest.mark.parametrize("form", Form)
def test_every_form_carries_the_same_record(report: Report, content: dict[Form, bytes], form: Form) -> None:
    assert form_of(content[form]) is form
    assert record_in(content[form]) == json.loads(json.dumps(record(report)))


def test_the_pdf_is_tagged_as_pdf_ua_in_english_with_its_title(content: dict[Form, bytes]) -> None:
    inside = streams(content[Form.PDF])
    for mark in (b"/StructTreeRoot", b"pdfuaid:part", b"/MarkInfo", b"/Lang", b"/Outlines", b"/ViewerPreferences", b"DisplayDocTitle"):
        assert mark in inside, mark
    for role in (b"/Figure", b"/Table", b"/TH", b"/H1", b"/TOC", b"/Alt"):
        assert role in inside, role


def test_charts_in_the_pdf_are_vectors_and_not_pictures(content: dict[Form, bytes]) -> None:
    assert b"/Subtype /Image" not in streams(content[Form.PDF]).replace(b"/Subtype/Image", b"/Subtype /Image")


def test_the_first_page_is_a_picture(report: Report) -> None:
    assert first_page(report).startswith(b"\x89PNG")


def test_words_that_others_wrote_stay_words_in_the_pdf(evil: Report) -> None:
    assert pdf(evil).startswith(b"%PDF-")
    assert record_in(pdf(evil))["tables"]["evil-1"]["rows"][0][0] == EVIL[0]


def test_no_cell_of_the_workbook_is_a_formula_or_a_link(evil: Report) -> None:
    content = xlsx(evil)
    assert not any(cell.find("{*}f") is not None for cell in cells(content).values())
    with ZipFile(io.BytesIO(content)) as book:
        assert not any("hyperlink" in book.read(name).decode("utf-8", "replace") for name in book.namelist() if "rels" in name)


def test_numbers_of_the_workbook_are_numbers_and_withheld_ones_say_so(evil: Report) -> None:
    found = cells(xlsx(evil))
    numbers = [c.find("{*}v") for name, c in found.items() if name.startswith("xl/worksheets/sheet2.xml!B") and c.get("t") is None]
    assert sorted(float(v.text or "nan") for v in numbers if v is not None and v.text) == sorted([1.5, 2e9, 0.0, -1.0, 3.0, 4.0, 5.0, 6.0])
    assert "withheld" in figures_in(xlsx(evil)).values()


def test_text_in_csv_never_begins_as_a_formula(evil: Report) -> None:
    with ZipFile(io.BytesIO(bundle(evil))) as zipped:
        rows = list(csv.reader(io.StringIO(zipped.read("tables/evil-1.csv").decode())))
    assert all(row[0][:1] not in tuple("=+-@\t\r") for row in rows[1:])


def test_the_manifest_names_every_other_file_with_its_checksum(content: dict[Form, bytes]) -> None:
    with ZipFile(io.BytesIO(content[Form.ZIP])) as zipped:
        told = json.loads(zipped.read("manifest.json"))["files"]
        assert set(told) == set(zipped.namelist()) - {"manifest.json"}
        assert all(hashlib.sha256(zipped.read(name)).hexdigest() == about["sha256"] for name, about in told.items())
        tables = [name for name in told if name.endswith(".parquet")]
        assert {name.removesuffix(".parquet") for name in tables} == {name.removesuffix(".csv") for name in told if name.endswith(".csv")}
        assert pl.read_parquet(zipped.read("tables/received-by-category.parquet")).height == 3


@pytest.mark.parametrize("form", [Form.HTML, Form.XLSX, Form.ZIP, Form.PDF])
def test_one_changed_figure_is_found_and_named(report: Report, content: dict[Form, bytes], form: Form) -> None:
    held = report.tables["received-by-category"]
    changed = replace(held, frame=held.frame.with_columns(pl.col("hours") + 1.0))
    sections = tuple(
        replace(s, blocks=tuple(replace(b, table=changed) if getattr(b, "id", "") == "received-by-category" else b for b in s.blocks))
        for s in report.sections
    )
    told = differences(made(replace(report, sections=sections), form), content[form])
    assert any("5,401" in line and "5,400" in line for line in told), told[:3]
    assert differences(content[form], content[form]) == []


def test_a_pdf_that_differs_anywhere_is_told_even_where_its_figures_agree(content: dict[Form, bytes]) -> None:
    assert differences(content[Form.PDF] + b"\n", content[Form.PDF]) != []


@pytest.mark.parametrize("content", [b"", b"no report", b"%PDF-1.7 nothing", b"<!DOCTYPE html><p>", b"PK\x03\x04 broken"])
def test_a_file_that_is_no_report_is_refused_in_a_sentence(content: bytes) -> None:
    with pytest.raises(InputError):
        record_in(content)


@pytest.mark.parametrize("template", [Template.ACCESS_TIME, Template.DATA_CENTRE])
def test_every_standing_report_can_be_set(report_inputs: ReportInputs, template: Template) -> None:
    made_report = composed(template, report_inputs)
    assert pdf(made_report).startswith(b"%PDF-")
    assert OUTLINES[template].title in made_report.title


def one_machine(inputs: ReportInputs) -> ReportInputs:
    """The same inputs with the log of Alpha alone."""
    only = pl.col("system") == "alpha"
    return replace(
        inputs,
        usage=inputs.usage.filter(only),
        usage_of_projects=inputs.usage_of_projects.filter(only),
        partitions=inputs.partitions.filter(only),
    )


def test_a_brief_is_one_page_about_one_machine(report_inputs: ReportInputs) -> None:
    content = pdf(composed(Template.BRIEF, one_machine(report_inputs)))
    assert re.findall(rb"/Type\s*/Pages[^>]*?/Count (\d+)|/Count (\d+)[^>]*?/Type\s*/Pages", streams(content)) in (
        [(b"1", b"")],
        [(b"", b"1")],
    )
    with pytest.raises(InputError, match="one machine"):
        composed(Template.BRIEF, report_inputs)


def test_the_report_of_a_state_speaks_of_its_projects_alone(report_inputs: ReportInputs) -> None:
    found = composed(Template.STATE, replace(report_inputs, country="IT"))
    assert found.title.startswith("Italy")
    assert [row[0] for row in found.tables["state-by-category"].rows] == ["Research"]
    with pytest.raises(InputError, match="two letters"):
        composed(Template.STATE, report_inputs)


def test_only_the_sections_asked_for_are_in_the_report(report_inputs: ReportInputs) -> None:
    found = composed(Template.BOARD, report_inputs, ("waits", "received"))
    assert [section.id for section in found.sections] == ["received", "waits"]
    with pytest.raises(InputError, match="no section weather"):
        composed(Template.BOARD, report_inputs, ("weather",))


def protected_inputs(inputs: ReportInputs, *, firms: int) -> ReportInputs:
    """Inputs in which so many start-ups share their time evenly, and everybody else is many."""
    names = ("system", "partition", "category", "mode", "country", "month")
    used = usage_frame(
        *(
            {**{name: row[name] for name in names}, "account": f"{row['category']} {i}", "jobs": 1, "node_hours": row["node_hours"] / many}
            for row in inputs.usage.iter_rows(named=True)
            for many in (firms if row["category"] == "start_up" else 5,)
            for i in range(many)
        )
    )
    held = protection(used, inputs.projects.clear(), inputs.limits, DisclosureRule())
    told = {name: pl.col(name).first() for name in ("category", "mode", "country")}
    hours = {"node_hours": pl.col("node_hours").sum(), "node_hours_demanded": pl.col("node_hours").sum()}
    counts = dict.fromkeys(("jobs_without_nodes", "jobs_queued_without_hours"), pl.lit(0, pl.Int64))
    by_month = used.group_by("month", "system", "account").agg(**told, **hours).with_columns(basis=pl.lit("observed"), **counts)
    asked = by_month.group_by("system", "account").agg(**told, **hours | {"node_hours_demanded": pl.col("node_hours_demanded").sum()})
    return replace(
        inputs,
        withheld=held,
        disclosure=DisclosureRule().in_words,
        asked=asked.with_columns(basis=pl.lit("observed"), **counts),
        asked_by_month=by_month,
    )


def test_a_public_report_withholds_what_would_show_a_single_firm(report_inputs: ReportInputs) -> None:
    found = composed(Template.BOARD, protected_inputs(report_inputs, firms=1))
    rows = {row[0]: row for row in found.tables["received-by-category"].rows}
    assert rows["Start-ups"][1:] == ("withheld",) * 7
    assert sum(row[1] == "withheld" for row in rows.values()) >= 2
    assert "720" not in json.dumps(record(found)["tables"])
    words = json.dumps(record(found)["findings"])
    assert "9.1" not in words


def test_with_many_firms_nothing_but_single_projects_is_withheld(report_inputs: ReportInputs) -> None:
    found = composed(Template.BOARD, protected_inputs(report_inputs, firms=5))
    assert [name for name, table in found.tables.items() if table.withheld] == ["projects-1"]


def test_the_operators_own_copy_says_that_it_is_not_for_publication(report_inputs: ReportInputs) -> None:
    content = made(replace(quarterly(report_inputs), disclosure=OWN_COPY), Form.HTML)
    assert b"not for publication" in content
