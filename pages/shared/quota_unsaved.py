"""Unsaved quotas: what they would do, what somebody else changed meanwhile, and the way to save them with a reason or to let them go."""

from collections.abc import Sequence

import polars as pl
import streamlit as st

from analytics import quota_draft
from analytics.carbon import IntensityMethod, IntensityScope, annual_intensity
from analytics.charts import numbers
from analytics.quota_progress import QuotaStatus
from data import quota_changes, quota_drafts, quotas
from data.errors import EquinodeError
from data.quota_changes import ChangeState, QuotaConflictError
from data.quotas import EDITS, KEY, overtaken
from data.reasons import LONGEST_REASON
from data.settings import settings
from data.terms import Action
from pages.shared import access, loaders, parts, quota_compared, quota_rows, quota_table, results, tables
from pages.shared.visit import Visit

SAVED = "quotas-saved"
"""Where the session keeps what was saved last, to say so once."""
SEEN = "quotas-seen-unsaved"
"""Where the session keeps which unsaved changes were shown last, since nobody saves what was not shown."""
SAVE = "save-quotas-now"
MOST_SEEN = 12


def told() -> None:
    """What was saved or decided last, said once."""
    done = st.session_state.pop(SAVED, None)
    if done is not None:
        st.success(parts.escaped(done), icon=":material/check:")


def section(here: Visit, draft: pl.DataFrame) -> None:
    """What is unsaved, what it would do, and saving it; nothing where nothing is unsaved."""
    if draft.is_empty():
        if st.session_state.get(SAVE):
            st.info("Nothing was left to save: in another window these changes were saved or let go meanwhile.")
        return
    st.header(f"{numbers.counted(draft.height, 'unsaved change')}", anchor="unsaved")
    late = overtaken(quota_rows.standing(here), draft).filter("is_overtaken")
    if late.height:
        _overtaken(here, late.select(list(EDITS)))
    changed = effects(here, draft)
    _by_category(here, changed)
    _rows(here, draft, changed)
    if late.is_empty():
        _save(draft)
    else:
        st.caption("Decide first about the projects that somebody else set meanwhile; then the changes can be saved.")
    _discard(here, draft)


def effects(here: Visit, edits: pl.DataFrame) -> pl.DataFrame:
    """What edits would change (frame CHANGED), after saying so in sentences."""
    changed = _changed(here, edits)
    st.markdown("\n".join(f"- {parts.escaped(sentence)}" for sentence in quota_draft.in_words(changed)))
    return changed


def _changed(here: Visit, draft: pl.DataFrame) -> pl.DataFrame:
    wanted = quota_rows.settled(here, draft)
    return quota_draft.changes(quota_rows.every(here), wanted, _machines(here))


def _machines(here: Visit) -> pl.DataFrame:
    """PUE and the newest carbon intensity of each machine's grid, by what its zone consumes over the life cycle."""
    facts = loaders.partitions(here.state).group_by("system").agg(pl.first("pue"), pl.first("grid_zone"))
    year = loaders.whole_period(here.seen).months[-1].year
    wanted = facts.select("grid_zone", year=pl.lit(year, pl.Int32))
    valued = annual_intensity(loaders.intensity(), wanted, method=IntensityMethod.FLOW_TRACED, scope=IntensityScope.LIFE_CYCLE)
    return facts.join(valued, on="grid_zone", how="left", validate="m:1").select("system", "pue", "intensity_gco2e_per_kwh")


def _by_category(here: Visit, changed: pl.DataFrame) -> None:
    due = {row["category"]: row["share_due"] for row in results.due(here).iter_rows(named=True) if row["share_due"] is not None}
    every = quota_rows.every(here)
    counted = pl.concat([every.filter(pl.col("status") != QuotaStatus.ENDED.value), every.join(changed, on=KEY, how="semi")])
    counted = counted.unique(KEY, maintain_order=True)
    rows = quota_draft.by_category(counted, changed, due)
    units = changed["unit"].unique().to_list()
    tables.table(
        rows.filter(pl.col("unit").is_in(units)),
        shown=tables.for_people(rows.filter(pl.col("unit").is_in(units))).with_columns(pl.col("unit").replace(quota_table.UNITS)),
        name="quota-draft-by-category",
        alt="Hours granted to each user category before and after the unsaved changes, with the share due",
    )
    st.caption(
        parts.escaped(f"Of all projects whose quota has not ended. The share due is by demand in {here.chosen.period.name}, in node-hours.")
    )


def _rows(here: Visit, draft: pl.DataFrame, changed: pl.DataFrame) -> None:
    """Every unsaved change, value by value, with the way to let single ones go."""
    with st.expander(f"Each of them ({numbers.whole(changed.height)})", expanded=changed.height <= MOST_SEEN):
        rows = quota_compared.side_by_side(quota_rows.standing(here), draft)
        quota_compared.table(rows, name="quota-draft", alt="Each unsaved change, before and after")
        names = {f"{account} ({system})": (system, account) for system, account in draft.select(*KEY).rows()}
        chosen = st.multiselect("Let go of", list(names), key="quota-let-go", placeholder="Choose projects")
        if chosen and st.button(f"Let go of {numbers.counted(len(chosen), 'change')}", key="quota-let-go-now"):
            _dropped(here, [names[name] for name in chosen])


def _save(draft: pl.DataFrame) -> None:
    shown, st.session_state[SEEN] = st.session_state.get(SEEN), draft
    strict = settings().four_eyes
    what = "Propose to a second person" if strict else "Save"
    if strict:
        st.caption("This site wants a second person to agree: saving proposes the changes, and they hold once somebody else approves them.")
    with st.form("save-quotas", border=False, enter_to_submit=False):
        reason = st.text_input("Reason, for the history", max_chars=LONGEST_REASON, key="quota-reason")
        if not st.form_submit_button(f"{what} ({numbers.counted(draft.height, 'project')})", type="primary", key=SAVE):
            return
    if shown is None or not draft.equals(shown):
        st.warning("Not saved: the unsaved changes are others than were shown here when you pressed. Look at them again, then save.")
        return
    try:
        person = access.require(Action.DECIDE)
        saved = quota_changes.save(settings(), person, draft, reason=reason)
    except QuotaConflictError as error:
        parts.error_box(error, what="This was not saved.")
        st.rerun()
    except EquinodeError as error:
        parts.error_box(error, what="This was not saved.")
        return
    quota_drafts.let_go(settings(), person, draft)
    quota_table.begin_anew()
    words = "Saved" if saved.state is ChangeState.CURRENT else "Proposed, and waits for a second person"
    st.session_state[SAVED] = f"{words}: change {saved.change_id} of {numbers.counted(saved.projects, 'project')}."
    st.rerun()


def _discard(here: Visit, draft: pl.DataFrame) -> None:
    with st.popover("Let all of them go"):
        st.markdown(f"This forgets {numbers.counted(draft.height, 'unsaved change')}; what is saved stays as it is.")
        if st.button("Forget them", key="quota-forget-all"):
            _dropped(here, None)


def _dropped(here: Visit, keys: Sequence[tuple[str, str]] | None) -> None:
    frame = None if keys is None else pl.DataFrame(list(keys), schema=dict.fromkeys(KEY, pl.String), orient="row")
    quota_drafts.drop(settings(), here.person, frame)
    quota_table.begin_anew()
    st.rerun()


def _overtaken(here: Visit, late: pl.DataFrame) -> None:
    """Both sides of the projects that somebody else set meanwhile, and the choice between them."""
    theirs = late.select(*KEY).join(quota_rows.standing(here), on=KEY, how="left", validate="1:1")
    who = numbers.listed(sorted(theirs["author"].drop_nulls().unique().to_list())) or "Somebody"
    st.warning(
        parts.escaped(
            f"{who} meanwhile set {numbers.counted(late.height, 'project')} that you changed too. Nothing is lost: here are both."
        ),
        icon=":material/group:",
    )
    versions = loaders.kept(here.seen, "versions of quotas", (), lambda: quotas.versions(here.seen.lake))
    rows = quota_compared.three_sides(late, theirs, versions)
    quota_compared.table(rows, name="quota-overtaken", alt="What you saw, what holds now and what you typed")
    left, right = st.columns(2)
    mine = left.button("Keep mine for these", key="quota-keep-mine", help="Your values stay unsaved changes, now against what holds.")
    if mine:
        seen = quotas.edits_of(theirs).select(*KEY, "base_version", "base_hours", "base_starts", "base_ends")
        own = late.select(*KEY, *quotas.VALUES).join(seen, on=KEY, how="left", validate="1:1")
        quota_drafts.keep(settings(), here.person, own.with_columns(pl.col("base_version").fill_null(0)).select(list(EDITS)))
        quota_table.begin_anew()
        st.rerun()
    if right.button("Take theirs", key="quota-take-theirs", help="Your changes of these projects are let go."):
        _dropped(here, [(system, account) for system, account in late.select(*KEY).rows()])
