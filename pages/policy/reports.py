"""The report of what was chosen, as a file that can be read, filed and made again without this tool."""

import streamlit as st

from analytics.charts import numbers
from analytics.report.forms import MEDIA
from data.terms import Action
from pages.shared import access, loaders, parts, report_choices, report_files, visit

here = visit.now()


def shown(file: report_files.ReportFile) -> None:
    """The file to take away, with its first page and its findings."""
    name = "-".join(("equinode", file.asked.template, f"{file.asked.selection.period.start:%Y-%m}", f"state-{file.snapshot_id}"))
    size = numbers.exact(max(1, round(len(file.content) / 1000)))
    st.download_button(
        f"Download {file.form.upper()} ({size} kB)",
        data=file.content,
        file_name=f"{name}.{file.form}",
        mime=MEDIA[file.form],
        type="primary",
        on_click="ignore",
        icon=":material/download:",
    )
    if file.withheld:
        rule = file.asked.rule.in_words
        st.caption(parts.escaped(f"{numbers.counted(file.withheld, 'row')} of its tables are withheld in whole or part. {rule}"))
    page, answers = st.columns((2, 3), gap="large")
    page.container(border=True).image(file.preview, alt="The first page of the report; its words stand beside it.", width="stretch")
    for question, answer in file.findings:
        answers.markdown(parts.escaped(f"{question}") + "  \n" + f"**{parts.escaped(answer)}**")


access.require(Action.EXPORT)
if loaders.usage(here.seen, here.chosen, "system").is_empty():
    parts.nothing_in_selection()
    st.stop()
parts.finding(f"A report of {here.chosen.period.name}, made from state {here.seen.snapshot_id} of the store.")
asked, form = report_choices.asked_for()
file = report_files.made_already(asked, form, here.seen.snapshot_id)
if file is not None:
    shown(file)
elif st.button("Make the report", type="primary", key="make-report"):
    report_files.make(asked, form, here.seen.snapshot_id)
    st.rerun()
else:
    st.caption("It takes some seconds, and opens anywhere without this tool: charts, tables, methods, sources, and how to make it again.")
with st.expander("The same on a command line"):
    st.code(report_choices.command(asked, form), language=None, wrap_lines=True)
    st.caption("`python -m analytics report verify FILE` computes the figures of a file again and says whether they hold.")
parts.sources(method="the report")
