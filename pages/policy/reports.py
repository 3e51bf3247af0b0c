"""The report of what was chosen, as a file that can be read, filed and made again without this tool."""

import streamlit as st

from analytics.commands_store import report_inputs
from analytics.report.compose import quarterly
from analytics.report.html import html
from data.lake import Lake
from data.settings import settings
from data.terms import Action
from pages.shared import access, parts, visit

here = visit.now()
chosen, snapshot_id = here.chosen, here.seen.snapshot_id
name = "-".join(("equinode", f"{chosen.period.start:%Y-%m}", f"{chosen.period.end:%Y-%m}", f"snapshot-{snapshot_id}"))


def page() -> str:
    """The report of the state of the store that this visit sees."""
    access.require(Action.EXPORT)
    lake = Lake(settings(), snapshot_id=snapshot_id)
    try:
        return html(quarterly(report_inputs(lake, chosen)))
    finally:
        lake.close()


parts.finding(f"One file with charts, tables, methods and sources for {chosen.period.name}, made from state {snapshot_id} of the store.")
st.download_button(
    "Download the report (HTML)",
    data=page,
    file_name=f"{name}.html",
    mime="text/html",
    type="primary",
    on_click="ignore",
    help="Opens in any browser, without this tool and without the internet. It takes some seconds to make.",
)
st.markdown(
    "The report holds what the filter bar says: period, machines, categories and unit. It names the state of the store that it was made "
    "from; the same state gives the same file, byte for byte. On a command line:"
)
machines = f" --systems {','.join(chosen.systems)}" if chosen.systems else ""
period = f"{chosen.period.start:%Y-%m-%d}..{chosen.period.end:%Y-%m-%d}"
st.code(
    f"python -m analytics report --period {period}{machines} --unit {chosen.unit} --snapshot {snapshot_id} --out {name}.html",
    language=None,
    wrap_lines=True,
)
if chosen.categories:
    st.caption("The command makes the report of all user categories.")
parts.sources(method="the report")
