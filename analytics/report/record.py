"""What every report carries for machines: what it was asked for, what it was made from, and every figure of its tables."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from analytics.report.document import Report

FORM = 1
"""The version of the form of the record."""

NAME = "equinode-report.json"
MARK = '{"equinode_report":'
"""How a record begins, by which it is found in a file."""


def record(report: Report) -> dict[str, Any]:
    """The record of a report: title, parameters, snapshot, versions, and the rows of its tables as they are written."""
    state = report.snapshot
    return {
        "equinode_report": FORM,
        "title": report.title,
        "period": report.period,
        "parameters": dict(report.parameters),
        "snapshot": {
            "id": state.id,
            "author": state.author,
            "message": state.message,
            "committed": state.committed.isoformat() if state.committed else None,
        },
        "versions": dict(report.versions),
        "findings": {section.id: section.finding for section in report.sections},
        "tables": {
            name: {
                "caption": table.caption,
                "columns": [column.header for column in table.columns],
                "rows": [list(row) for row in table.rows],
            }
            for name, table in report.tables.items()
        },
    }


def record_text(report: Report) -> str:
    """The record as JSON in plain ASCII, which can stand in any file."""
    return json.dumps(record(report), separators=(",", ":"))


def made_with(found: Mapping[str, Any], here: Sequence[tuple[str, str]]) -> str:
    """How the versions in a record differ from those here, empty where they are the same.

    >>> made_with({"versions": {"polars": "1.0"}}, [("polars", "2.0")])
    'polars 1.0, here 2.0'
    """
    now = dict(here)
    other = ((name, version) for name, version in found.get("versions", {}).items() if now.get(name) != version)
    return "; ".join(f"{name} {version}, here {now.get(name, 'missing')}" for name, version in other)
