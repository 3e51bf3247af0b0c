"""A report in all its forms as one ZIP: PDF, HTML, workbook, every table as CSV and Parquet, and a manifest with checksums."""

import hashlib
import json
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import polars.selectors as cs

from analytics.report.document import Report, Table
from analytics.report.html import html
from analytics.report.pdf import pdf
from analytics.report.record import NAME, record_text
from analytics.report.xlsx import xlsx

MANIFEST = "manifest.json"
MOMENT = (1980, 1, 1, 0, 0, 0)
"""The time that every file of the archive bears, so that the same report gives the same bytes."""


def bundle(report: Report) -> bytes:
    """The ZIP of a report; the same report gives the same bytes."""
    files = {
        "report.pdf": pdf(report),
        "report.html": html(report).encode(),
        "report.xlsx": xlsx(report),
        NAME: record_text(report).encode(),
    }
    for name, table in report.tables.items():
        files[f"tables/{name}.csv"] = csv(table)
        files[f"tables/{name}.parquet"] = parquet(table)
    return archive({**files, MANIFEST: manifest(report, files)})


def manifest(report: Report, files: dict[str, bytes]) -> bytes:
    """The names, sizes and checksums of the files, with what the report was made from."""
    told = {
        "title": f"{report.title}, {report.period}",
        "snapshot": report.snapshot.id,
        "parameters": dict(report.parameters),
        "versions": dict(report.versions),
        "files": {name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()} for name, content in sorted(files.items())},
    }
    return (json.dumps(told, indent=2, ensure_ascii=False) + "\n").encode()


def csv(table: Table) -> bytes:
    """A table as CSV in UTF-8, by the names of its columns, with full numbers; text that a spreadsheet would run is kept text."""
    return table.shown.with_columns(cs.string().str.replace(r"^([=+\-@\t\r])", "'$1")).write_csv().encode()


def parquet(table: Table) -> bytes:
    """A table as Parquet, by the names of its columns."""
    buffer = BytesIO()
    table.shown.rechunk().write_parquet(buffer, compression="zstd", statistics=False)
    return buffer.getvalue()


def archive(files: dict[str, bytes]) -> bytes:
    """Files as a ZIP whose bytes depend on nothing but the files."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as zipped:
        for name, content in sorted(files.items()):
            about = ZipInfo(name, MOMENT)
            about.compress_type = ZIP_DEFLATED
            about.external_attr = 0o644 << 16
            zipped.writestr(about, content)
    return buffer.getvalue()
