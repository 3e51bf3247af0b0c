"""The table of quotas: progress of each project with its burn-down, edited in place; what is typed becomes an unsaved change at once."""

from typing import Any, Literal
from zlib import crc32

import polars as pl
import streamlit as st

from analytics.charts import numbers
from analytics.quota_progress import STATUS_WORDS
from data import quota_drafts
from data.errors import EquinodeError
from data.quotas import KEY, changed
from data.settings import settings
from pages.shared import loaders, parts, quota_rows, quota_typed, tables
from pages.shared.visit import Visit

EDITION = "quota-edition"
"""Where the session counts how often the draft was changed past the table, which then forgets what was typed into it."""
REFUSED = "quota-refused"
"""Where the session keeps what was refused of what was typed, and into which table."""
MARK = "●"
ROWS_SEEN = 16
USED = "Since the quota's first day; not available where the log of the machine begins later, or does not say how large jobs were."
UNITS = {unit.value: words for unit, words in numbers.UNIT_WORDS.items()}


def draft(here: Visit) -> pl.DataFrame:
    """What this person changed and has not saved (frame EDITS)."""
    return quota_drafts.draft(settings(), here.person)


def keep(here: Visit, edits: pl.DataFrame) -> None:
    """Take edits into the unsaved changes; those that change nothing against what stands leave them."""
    differs = changed(quota_rows.standing(here), edits)
    same = edits.join(differs, on=KEY, how="anti")
    if same.height:
        quota_drafts.drop(settings(), here.person, same.select(*KEY))
    if differs.height:
        quota_drafts.keep(settings(), here.person, differs)


def begin_anew() -> None:
    """Let the table forget what was typed, as is due when the unsaved changes were changed elsewhere."""
    st.session_state[EDITION] = st.session_state.get(EDITION, 0) + 1
    st.session_state.pop(REFUSED, None)


def wanted(here: Visit, rows: pl.DataFrame, unsaved: pl.DataFrame) -> pl.DataFrame:
    """These projects as edits, those with unsaved changes as these have them (frame EDITS, in the order of the rows)."""
    plain = quota_rows.editable(here, rows)
    both = pl.concat([plain.join(unsaved, on=KEY, how="anti"), unsaved.join(plain, on=KEY, how="semi")])
    return plain.select(*KEY).join(both, on=KEY, how="left", validate="1:1", maintain_order="left")


def show(here: Visit, page: pl.DataFrame, unsaved: pl.DataFrame, *, may_edit: bool) -> None:
    """The table of these projects, which can be edited where the person may decide."""
    edits = wanted(here, page, unsaved)
    look = _look(page, edits, unsaved)
    beginnings = crc32(repr(page.select(*KEY).rows()).encode())
    key = f"quotas-{st.session_state.get(EDITION, 0)}-{beginnings}"
    height: Literal["content"] | int = "content" if look.height <= ROWS_SEEN else tables.HEADER_PX + tables.ROW_PX * ROWS_SEEN
    alt = "Quota, use, forecast and status of each project"
    if not may_edit:
        st.dataframe(look, hide_index=True, column_config=_columns(), placeholder=numbers.NOT_AVAILABLE, alt=alt, height=height)
        return
    st.data_editor(
        look,
        hide_index=True,
        num_rows="fixed",
        disabled=[name for name in look.columns if name not in quota_typed.COLUMNS],
        column_config=_columns(),
        placeholder=numbers.NOT_AVAILABLE,
        alt=alt,
        key=key,
        height=height,
        on_change=_take_in,
        args=(here, key, edits),
    )
    table, sentences = st.session_state.get(REFUSED, (key, []))
    for sentence in sentences if table == key else ():
        st.error(parts.escaped(f"Not taken in: {sentence}."), icon=":material/error:")


def _take_in(here: Visit, key: str, edits: pl.DataFrame) -> None:
    """Keep what was typed and can be believed as unsaved changes, and tell the rest."""
    typed = st.session_state[key]["edited_rows"]
    believed, refused = quota_typed.edits_typed(edits, typed, quota_rows.machine_ceilings(here), loaders.system_names(here.state))
    try:
        keep(here, believed)
        refused = [*refused, *_nothing_to_take_back(here, believed)]
    except EquinodeError as error:
        refused = [*refused, str(error).rstrip(".")]
    st.session_state[REFUSED] = (key, refused)


def _nothing_to_take_back(here: Visit, typed: pl.DataFrame) -> list[str]:
    """A sentence for each project whose quota was cleared though it has none of its own."""
    own = quota_rows.standing(here).filter(~pl.col("is_award"))
    cleared = typed.filter(pl.col("hours").is_null()).join(own, on=KEY, how="anti")
    return [
        f"project {account} has no quota of its own to clear, its award holds; type 0 to grant it no hours"
        for account in cleared["account"]
    ]


def _look(page: pl.DataFrame, edits: pl.DataFrame, unsaved: pl.DataFrame) -> pl.DataFrame:
    """The rows as they are read: names for identifiers, what is unsaved in place of what stands, and a mark beside it."""
    marks = page.select(*KEY).join(unsaved.select(*KEY, mark=pl.lit(MARK)), on=KEY, how="left", validate="1:1", maintain_order="left")[
        "mark"
    ]
    people = tables.for_people(page.drop("quota_hours", "at_once", "fairshare", "ends", "qos", "searched"))
    return people.select(
        marks.fill_null("").alias("mark"),
        "account",
        "system",
        pl.col("status").replace_strict(dict(STATUS_WORDS), default=None, return_dtype=pl.String),
        edits["hours"].alias("quota"),
        edits["unit"].replace_strict(UNITS, default=None, return_dtype=pl.String),
        "used_share",
        "weekly_hours",
        "forecast_hours",
        "forecast_low_hours",
        "forecast_high_hours",
        "days_left",
        edits["ends"],
        edits["at_once"],
        edits["fairshare"],
        edits["qos"].fill_null(""),
        "category",
        "used_hours",
        "rate_hours_per_day",
        "queued_hours",
        "energy_kwh",
        "title",
        "organisation",
    )


def _columns() -> dict[str, Any]:
    column, number, day = st.column_config.Column, st.column_config.NumberColumn, st.column_config.DateColumn
    return {
        "mark": column("", width=30, pinned=True, help=f"{MARK} stands beside a project whose change is not saved yet."),
        "account": column("Project", width=180, pinned=True),
        "system": column("Machine", width=120),
        "category": column("User category"),
        "status": column("Status", width=165, help="By the forecast of use at the end of the quota; the methods page says how."),
        "quota": number("Quota", width=120, format="localized", help="Hours from the first day to the end, in all. Type to change."),
        "unit": column("Unit"),
        "used_hours": number("Used", width=110, format="localized", help=USED),
        "used_share": number("Used, share", width=110, format="percent", help=USED),
        "weekly_hours": st.column_config.LineChartColumn("Hours a week", y_min=0, help="The last weeks of the quota, oldest first."),
        "forecast_hours": number("Forecast at end", width=110, format="localized"),
        "forecast_low_hours": number("At least", width=110, format="localized", help="Lower end of the 80 % interval of the forecast."),
        "forecast_high_hours": number("At most", width=110, format="localized", help="Upper end of the 80 % interval of the forecast."),
        "days_left": number("Days left", width=110, format="localized"),
        "ends": day("Ends", format="D MMM YYYY", help="The first day that no longer belongs to the quota."),
        "at_once": number(
            "At one time", format="localized", help="Most nodes, GPUs or cores (as the unit says) at one time; empty: no limit."
        ),
        "fairshare": number("Fairshare", width=110, step=1, format="localized", help="Shares in Slurm; empty: as Slurm has it."),
        "qos": column("QOS", help="Quality of service in Slurm; empty: as Slurm has it."),
        "rate_hours_per_day": number("Hours a day", width=110, format="localized", help="The rate of use that the forecast goes on with."),
        "queued_hours": number("Hours waiting", width=110, format="localized", help="Asked for by jobs that wait in the queue."),
        "energy_kwh": number("IT energy (kWh)", width=110, format="localized"),
        "title": column("Title"),
        "organisation": column("Organisation"),
    }
