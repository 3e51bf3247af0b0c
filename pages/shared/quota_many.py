"""Many quotas at once: all projects that are found set by one rule, or a table pasted from a spreadsheet; both become unsaved changes."""

from collections.abc import Callable, Mapping
from datetime import date

import polars as pl
import streamlit as st

from analytics.charts import numbers
from data.errors import EquinodeError
from data.ingest.quota_paste import Pasted, pasted
from data.ingest.written import Mark
from data.quota_check import faults
from data.quotas import EDITS, KEY, changed
from data.terms import HourUnit
from pages.shared import loaders, parts, quota_compared, quota_rows, quota_table
from pages.shared.visit import Visit

MOST_SENTENCES = 20
"""How many refused rows are told one by one."""
TAKEN = "quotas-taken"
"""Where the session keeps how many changes were taken in last, to say so once."""

TAKEN_IN = {"many-value": None, "many-day": None, "paste-text": ""}
"""What the controls are set to once their changes were taken in, lest a second click does them once more on top."""

HOURS_ALIKE = "They have quotas in several units; choose projects of one unit, since a number of hours means another amount in each."
MARKS = {"as the numbers tell": None, "a point: 1,234.5": Mark.POINT, "a comma: 1.234,5": Mark.COMMA}
RULES: Mapping[str, Callable[[float], pl.Expr]] = {
    "Hours: times": lambda value: pl.col("hours") * value,
    "Hours: plus": lambda value: pl.col("hours").fill_null(0) + value,
    "Hours: set to": lambda value: pl.lit(value),
    "Hours: what was used, times": lambda value: pl.col("used_hours") * value,
    "Hours: the forecast at the end, times": lambda value: pl.col("forecast_hours") * value,
}
"""What can be done to the hours of many projects, in words, and how."""
AMOUNTS = ("Hours: plus", "Hours: set to")
"""Rules whose number is an amount of hours, and so means another amount in each unit."""
AT_ONCE, FAIRSHARE, ENDS = "At one time: set to", "Fairshare: set to", "End: set to"


def section(here: Visit, found: pl.DataFrame, draft: pl.DataFrame) -> None:
    """The two ways to change many quotas, folded until they are wanted."""
    done = st.session_state.pop(TAKEN, None)
    if done is not None:
        st.success(parts.escaped(done), icon=":material/check:")
        st.session_state.update(TAKEN_IN)
    which = "the project that is found" if found.height == 1 else f"all {numbers.counted(found.height, 'project')} that are found"
    if found.height:
        with st.expander(f"Change {which}", key="quota-many", on_change="rerun") as many:
            if many.open:
                _by_rule(here, found, draft)
    with st.expander("Paste a table from a spreadsheet", key="quota-paste", on_change="rerun") as paste:
        if paste.open:
            _by_paste(here, draft)


def ruled(edits: pl.DataFrame, rows: pl.DataFrame, rule: str, value: float | date) -> pl.DataFrame:
    """The edits with a rule applied (frame EDITS); those of which what it needs is not known stay as they are.

    Args:
        edits: The projects as edits (EDITS).
        rows: The same projects with unit, used_hours and forecast_hours.
        rule: One of those offered.
        value: Its number or day.
    """
    if rule in RULES:
        known = rows.select(*KEY, "unit", "used_hours", "forecast_hours")  # told in the unit that stands, not in an unsaved other one
        both = edits.join(known, on=[*KEY, "unit"], how="left", validate="1:1", maintain_order="left")
        return both.with_columns(hours=pl.coalesce(RULES[rule](float(str(value))).round(0), "hours")).select(list(EDITS))
    column = {AT_ONCE: "at_once", FAIRSHARE: "fairshare", ENDS: "ends"}[rule]
    return edits.with_columns(pl.lit(value).cast(EDITS[column]).alias(column))


def _by_rule(here: Visit, found: pl.DataFrame, draft: pl.DataFrame) -> None:
    left, right = st.columns(2)
    rule = left.selectbox("What", [*RULES, AT_ONCE, FAIRSHARE, ENDS], key="many-rule")
    value: float | date | None
    if rule == ENDS:
        value = right.date_input("Day", value=None, key="many-day", help="The first day that no longer belongs to the quota.")
    else:
        is_factor = rule in RULES and rule not in AMOUNTS
        value = right.number_input(
            "Factor" if is_factor else "Number", value=None, key="many-value", placeholder="such as 1.1" if is_factor else ""
        )
    if value is None:
        st.caption("Nothing is changed yet: give the number, and what it would do is told here first.")
        return
    edits = quota_table.wanted(here, found, draft)
    if rule in AMOUNTS and edits["unit"].n_unique() > 1:
        st.warning(HOURS_ALIKE)
        return
    _preview(here, ruled(edits, found, rule, value), edits, key="many")


def _by_paste(here: Visit, draft: pl.DataFrame) -> None:
    st.caption(
        "Copy cells from a spreadsheet and paste them here: account and hours, or with a line of names any of account, machine, hours, "
        "unit, at one time, fairshare, QOS, ends. Empty cells change nothing."
    )
    text = st.text_area("Table", key="paste-text", height=160, placeholder="account\thours\nproject_465000001\t12 500")
    mark = MARKS[st.selectbox("Between whole and part of a number stands", MARKS, key="paste-mark")]
    if not text.strip():
        return
    every = quota_table.wanted(here, quota_rows.every(here), draft)
    try:
        read = pasted(text, every, loaders.system_names(here.state), mark=mark)
    except EquinodeError as error:
        parts.error_box(error, what="This cannot be read.")
        return
    _refused(read)
    if read.edits.height:
        _preview(here, read.edits, every, key="paste")


def _refused(read: Pasted) -> None:
    if read.passed_over:
        st.caption(parts.escaped(f"Not read: the columns {numbers.listed(list(read.passed_over))}."))
    if read.refused:
        told = "\n".join(f"- {parts.escaped(sentence)}." for sentence in read.refused[:MOST_SENTENCES])
        more = len(read.refused) - MOST_SENTENCES
        st.error(
            f"{numbers.counted(len(read.refused), 'row')} refused; the others can be taken in.\n\n{told}"
            + (f"\n- and {numbers.counted(more, 'row')} more" if more > 0 else "")
        )


def _preview(here: Visit, edits: pl.DataFrame, before: pl.DataFrame, *, key: str) -> None:
    """Say what would be changed, refuse what cannot be believed, and offer to take in the rest."""
    wrong = faults(edits, quota_rows.machine_ceilings(here), loaders.system_names(here.state))
    if wrong.height:
        told = "\n".join(f"- {parts.escaped(sentence)}." for sentence in wrong["sentence"].head(MOST_SENTENCES))
        st.error(f"{numbers.counted(wrong.select(*KEY).n_unique(), 'project')} cannot be changed so, and stay as they are.\n\n{told}")
    believed = edits.join(wrong, on=KEY, how="anti")
    differs = believed.join(before, on=[name for name in EDITS if not name.startswith("base")], how="anti", nulls_equal=True)
    st.markdown(f"**{parts.escaped(in_words(differs, before))}**")
    if differs.is_empty():
        return
    rows = quota_compared.side_by_side(quota_rows.standing(here), changed(quota_rows.standing(here), differs))
    quota_compared.table(rows, name=f"quota-{key}", alt="Each value before and after", most_rows=6)
    if st.button(f"Take into unsaved changes ({numbers.counted(differs.height, 'project')})", type="primary", key=f"{key}-take"):
        quota_table.keep(here, differs)
        quota_table.begin_anew()
        st.session_state[TAKEN] = (
            f"{numbers.counted(differs.height, 'project')} taken into the unsaved changes below; nothing is saved yet."
        )
        st.rerun()


def in_words(differs: pl.DataFrame, before: pl.DataFrame) -> str:
    """What edits change against those before, in one sentence, such as "Changes 214 projects by +3.1 M node-hours."."""
    if differs.is_empty():
        return "Nothing would change."
    both = differs.join(before.select(*KEY, was="hours", was_unit="unit"), on=KEY, how="left", validate="1:1")
    parts_said = []
    for unit in HourUnit:
        rows = both.filter(pl.col("unit") == unit.value, pl.col("was_unit") == unit.value)
        added = float(rows.select(pl.col("hours").fill_null(0).sum() - pl.col("was").fill_null(0).sum()).item())
        if added:
            parts_said.append(f"{'+' if added > 0 else ''}{numbers.machine_time(added, unit)}")
    moved = both.filter(pl.col("unit") != pl.col("was_unit")).height
    parts_said += [f"another unit for {numbers.counted(moved, 'project')}"] if moved else []
    by = f" by {numbers.listed(parts_said)}" if parts_said else "; their hours stay in sum"
    return f"Changes {numbers.counted(differs.height, 'project')}{by}."
