"""The forms that a report can take, by the endings of their files."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from analytics.report.bundle import bundle
from analytics.report.document import Report
from analytics.report.html import html
from analytics.report.pdf import pdf
from analytics.report.xlsx import xlsx


class Form(StrEnum):
    """A kind of file."""

    PDF = "pdf"
    HTML = "html"
    XLSX = "xlsx"
    ZIP = "zip"


WORDS: Mapping[Form, str] = {
    Form.PDF: "PDF, for print and filing",
    Form.HTML: "HTML, one page for any browser",
    Form.XLSX: "XLSX, a workbook of tables",
    Form.ZIP: "ZIP of all forms, with CSV and Parquet of each table",
}
"""What each form is for."""

MEDIA: Mapping[Form, str] = {
    Form.PDF: "application/pdf",
    Form.HTML: "text/html",
    Form.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Form.ZIP: "application/zip",
}
"""The media type of each form."""

_WRITERS: Mapping[Form, Callable[[Report], bytes]] = {
    Form.PDF: pdf,
    Form.HTML: lambda report: html(report).encode(),
    Form.XLSX: xlsx,
    Form.ZIP: bundle,
}


def made(report: Report, form: Form) -> bytes:
    """The report as a file of a form; the same report gives the same bytes."""
    return _WRITERS[form](report)
