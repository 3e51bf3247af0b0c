"""How much each project may use: progress and forecast, quotas edited in place or many at once, saved with a reason or proposed."""

import streamlit as st

from analytics.charts import numbers
from analytics.quota_progress import QuotaStatus
from data.terms import Action
from pages.shared import (
    parts,
    quota_many,
    quota_one,
    quota_proposals,
    quota_results,
    quota_rows,
    quota_table,
    quota_unsaved,
    slurm_parts,
    tables,
    visit,
)

here = visit.now()
may_edit = Action.DECIDE in here.person.may
draft = quota_table.draft(here)
shown = quota_rows.shown(here, draft)


def finding() -> str:
    """How many projects have a quota that runs, and what will become of them."""
    runs = shown.every.filter(~shown.every["status"].is_in([QuotaStatus.NO_QUOTA.value, QuotaStatus.ENDED.value]))
    if runs.is_empty():
        return "No project has a quota or an award that runs."
    counts = dict(runs["status"].value_counts().rows())
    told = (
        (QuotaStatus.WILL_RUN_OUT, "will run out"),
        (QuotaStatus.WILL_LEAVE_UNUSED, "will leave hours unused"),
        (QuotaStatus.DORMANT, "are dormant"),
    )
    said = [f"{numbers.whole(counts.get(status.value, 0))} {words}" for status, words in told]
    return f"Of {numbers.counted(runs.height, 'project')} whose quota has not ended, {numbers.listed(said)}."


parts.finding(finding())
for sentence in quota_results.silence(here.seen, here.chosen.systems):
    st.warning(parts.escaped(sentence), icon=":material/event_busy:")
quota_unsaved.told()
if may_edit and draft.height:
    st.markdown(f"{quota_table.MARK} [{numbers.counted(draft.height, 'unsaved change')}](#unsaved), below the table.")
st.caption(
    f"{numbers.counted(shown.found.height, 'project')} found of {numbers.whole(shown.every.height)}."
    + (" Columns with a pencil can be typed in; what is typed is kept as unsaved at once, and survives a reload." if may_edit else "")
)
if shown.found.is_empty():
    st.info("No project is found so; widen the search, the status or the choice of machines.")
else:
    quota_table.show(here, shown.page, draft, may_edit=may_edit)
    tables.download(shown.found.drop("searched", "weekly_hours"), name="quotas", label="Download CSV of all that are found")
    quota_one.section(here, shown.page)
quota_proposals.section(here)
if may_edit:
    quota_many.section(here, shown.found, draft)
    quota_unsaved.section(here, draft)
    slurm_parts.section(here)
parts.sources(method="a quota's progress")
