"""The file that a reader had made on the page of reports: made step by step, kept for this visit, shown and handed out."""

from dataclasses import dataclass

import streamlit as st

from analytics.charts import numbers
from analytics.commands_report_inputs import Asked, report_inputs
from analytics.report.compose import composed
from analytics.report.document import WITHHELD, Report
from analytics.report.forms import Form, made
from analytics.report.pdf import first_page
from data.lake import Lake
from data.settings import settings

MADE = "report-made"
"""Where the session keeps the newest file, and only that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFile:
    """A report that was made."""

    asked: Asked
    """What was asked for."""
    form: Form
    """In which form."""
    snapshot_id: int
    """The state of the store that it was made from."""
    content: bytes
    """The file."""
    preview: bytes
    """Its first page as a picture."""
    findings: tuple[tuple[str, str], ...]
    """Questions and answers."""
    withheld: int
    """How many rows of its tables are withheld."""


def made_already(asked: Asked, form: Form, snapshot_id: int) -> ReportFile | None:
    """The file that was made last, if it is what is asked for now."""
    last: ReportFile | None = st.session_state.get(MADE)
    return last if last is not None and (last.asked, last.form, last.snapshot_id) == (asked, form, snapshot_id) else None


def make(asked: Asked, form: Form, snapshot_id: int) -> ReportFile:
    """Make the file, telling each step; the store is read at the state that this visit sees."""
    with numbers.as_filed(), st.status("Reading the store…", expanded=False) as status:
        lake = Lake(settings(), snapshot_id=snapshot_id)
        try:
            inputs = report_inputs(lake, asked)
        finally:
            lake.close()
        status.update(label="Computing the figures and drawing the charts…")
        report = composed(asked.template, inputs, asked.sections)
        status.update(label=f"Setting the {form.upper()}…")
        file = ReportFile(
            asked=asked,
            form=form,
            snapshot_id=snapshot_id,
            content=made(report, form),
            preview=first_page(report),
            findings=tuple((section.title, section.finding) for section in report.sections),
            withheld=_withheld(report),
        )
        status.update(label="The report is ready.", state="complete")
    st.session_state[MADE] = file
    return file


def _withheld(report: Report) -> int:
    return sum(WITHHELD in row for table in report.tables.values() for row in table.rows)
