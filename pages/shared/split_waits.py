"""How long jobs would wait with the split of the page, from the months in which each machine was as full."""

import polars as pl
import streamlit as st

from analytics import expected_waits
from analytics.charts import numbers
from analytics.recommendation import Recommendation
from data.terms import Selection
from pages.shared import loaders, parts, scenario, tables
from pages.shared.visit import Visit

HEADERS = {
    f"median_wait_{which}_s": f"Median wait, {words}" for which, words in (("least", "least"), ("middle", "usual"), ("most", "most"))
}


def section(here: Visit, chosen: Selection, found: Recommendation) -> None:
    """The waits to expect, in words and by category."""
    whole = Selection(period=loaders.whole_period(here.seen), systems=chosen.systems)

    def made() -> pl.DataFrame:
        history = expected_waits.loads(scenario.facts_of(here, whole))
        return expected_waits.expected_waits(found, history, loaders.waits(here.seen, whole, "system", "category", "month"))

    rows = loaders.kept(here.seen, "expected waits", (chosen, found.choices), made)
    if rows.is_empty():
        st.caption("No job's wait is known on these machines, so none can be expected.")
        return
    sentences = expected_waits.in_words(rows, loaders.system_names(here.state))
    st.markdown("\n".join(f"- {parts.escaped(sentence)}" for sentence in sentences))
    told = rows.filter(pl.col("category").is_not_null())
    shown = tables.for_people(told).with_columns(
        pl.Series(column, [numbers.duration(value) for value in told[column]]) for column in told.columns if column.endswith("_s")
    )
    tables.table(
        told,
        shown=shown.rename(HEADERS),
        name="split-waits",
        alt="The least, middle and largest monthly median wait of each category in months as full",
    )
    st.caption(
        f"Read off the whole log, {whole.period.name}: months in which the machine's load was within five percentage points of the "
        "split's. Nothing is modelled, and waits have other causes than load; with fewer than three such months nothing is expected."
    )
