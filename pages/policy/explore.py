"""Any question of machine time that a table can answer: rows, columns, measure and filters of the reader's choosing."""

import streamlit as st

from analytics.pivot import as_shares, cut_short, finding, pivot
from pages.shared import chart_frame, loaders, parts, pivot_choices, pivot_table, protection, visit

here = visit.now()
machines = loaders.system_names(here.seen)
asked = pivot_choices.asked(here)
by = (*asked.rows, *([asked.column] if asked.column else []))
used = loaders.explored(here.seen, here.chosen, by, asked.only)
filters_said = pivot_choices.in_sentence(asked, machines)
if used.is_empty():
    parts.finding("No job fits these filters.")
    st.info("Nothing ran in this selection with these filters. Take a filter away, or widen the period.")
else:
    amounts = pivot(used, asked.rows, asked.column, asked.measure, here.chosen.unit, by_size=asked.by_size)
    if not here.person.sees_single_firms:
        amounts = protection.table(here, amounts, asked.only, asked.measure)
    table = as_shares(amounts, asked.share_of)
    parts.finding(finding(amounts, machines, what=pivot_table.words(asked.measure), period=here.chosen.period.name))
    if filters_said:
        st.caption(parts.escaped(f"Filtered by {'; '.join(filters_said)}."))
    pivot_table.show(table, share_of=asked.share_of, measure=asked.measure, machines=machines)
    pivot_table.coverage(table, asked.measure)
    short = cut_short(by, here.chosen.period)
    parts.coverage([short] if short else [])
    lines = [f"Source: {chart_frame.source()}", *filters_said, *([short] if short else []), protection.sentence(here)]
    with st.container(horizontal=True, gap="small", key="data-of-table", vertical_alignment="center"):
        pivot_table.exports(table, share_of=asked.share_of, measure=asked.measure, machines=machines, lines=lines)
        chart_frame.link_to_view()
parts.sources(method="usage")
