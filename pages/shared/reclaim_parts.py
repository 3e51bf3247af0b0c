"""The part of a page that finds hours which will not be used, and offers them to the projects that wait."""

from dataclasses import replace
from functools import partial

import polars as pl
import streamlit as st

from analytics import recommendation_words as words
from analytics.charts import numbers
from analytics.charts.theme import STACK, label
from analytics.quota_progress import QuotaStatus
from analytics.reclaim import CANDIDATES, ReclaimRule, reclaimable
from analytics.reclaim_letters import letter, letters
from analytics.reclaim_offers import Reclaimed, ReclaimFacts, offered_back
from analytics.split_problem import SplitChoices
from data.quotas import EDITS, KEY, edits_of
from data.terms import Action, HourUnit, Selection, UserCategory
from pages.shared import loaders, parts, quota_results, quota_rows, quota_table, results, tables
from pages.shared.visit import Visit

BY_FORECAST, BELOW, MONTHS, PART, LAW, FLOOR = (f"reclaim-{name}" for name in ("forecast", "below", "months", "part", "law", "floor"))
"""The keys of the choices, in the address and the session."""

MOST_SHOWN = 1_000
"""So many projects of a table are shown; its file has all."""

CANDIDATES_SHOWN = (
    "system",
    "account",
    "title",
    "category",
    "taken_hours",
    "unit",
    "kept_hours",
    "quota_hours",
    "used_hours",
    "forecast_hours",
    "forecast_high_hours",
    "reason",
)
OFFERS_SHOWN = ("system", "account", "title", "category", "given_hours", "unit", "given_share", "needed_hours", "ends", "reason")


def section(here: Visit) -> None:
    """The rule, what could be taken from whom by it, and to whom it could be given; nothing of it is written anywhere."""
    rule, choices = _rule(), _choices()
    if not rule.by_forecast and rule.used_below_share is None:
        parts.finding("No rule is chosen, so nothing could be taken from anybody.")
        st.info("Switch on the forecast, or give the site's own rule.")
        return
    taken = _of_machines(here, candidates(here, rule)).sort("taken_hours", *KEY, descending=[True, False, False])
    found = offers(here, rule, choices)
    parts.finding(finding(taken, found))
    for sentence in quota_results.silence(here.seen, here.chosen.systems):
        st.warning(parts.escaped(sentence), icon=":material/event_busy:")
    if taken.is_empty():
        st.info(f"Nobody has hours left by this rule: {parts.escaped(rule.in_words)}.")
        return
    _figures(taken, found)
    st.header("What could be taken, from whom", anchor="taken")
    st.caption(parts.escaped(f"The rule: {rule.in_words}. Hours used, and those that waiting jobs ask for, are never taken."))
    st.caption("Of the machines chosen and all user categories, looked at from the last day of each machine's log, whatever the period.")
    _left_out(here)
    if rule.by_forecast:
        _how_sure(here)
    _first_shown(taken)
    tables.table(
        taken,
        shown=_readable(taken.select(CANDIDATES_SHOWN).head(MOST_SHOWN)),
        name="reclaim-taken",
        alt="Projects from which hours could be taken back, with how many and why",
        most_rows=10,
    )
    _letters(here, taken, rule)
    _given(here, found)
    if Action.DECIDE in here.person.may:
        _into_unsaved(here, taken, found)


def edits(here: Visit, taken: pl.DataFrame, found: Reclaimed) -> pl.DataFrame:
    """What would be taken and given as edits of quotas (frame EDITS); what is given comes on top of hours used beyond a quota."""
    had = pl.max_horizontal("quota_hours", "used_hours")
    given = found.offers.filter(pl.col("given_hours") > 0).select(*KEY, hours=had.ceil() + pl.col("given_hours"))
    wanted = pl.concat([taken.select(*KEY, hours="kept_hours"), given])
    stands = edits_of(quota_rows.standing(here)).drop("hours")
    return stands.join(wanted, on=KEY, how="inner", validate="1:1").select(list(EDITS))


def candidates(here: Visit, rule: ReclaimRule) -> pl.DataFrame:
    """The projects from which hours could be taken back by a rule (frame CANDIDATES), of all machines."""
    return loaders.kept(here.seen, "reclaimable", (rule,), lambda: reclaimable(quota_results.progress(here.seen), rule))


def offers(here: Visit, rule: ReclaimRule, choices: SplitChoices) -> Reclaimed:
    """To whom these hours could be given, of the machines chosen."""
    chosen = here.chosen.systems
    key = (rule, choices.keep_law, tuple(choices.floors.items()), chosen, here.chosen.period)
    return loaders.kept(here.seen, "offered back", key, partial(_offered, here, rule, choices))


def finding(taken: pl.DataFrame, found: Reclaimed) -> str:
    """What could be taken and given, in one sentence."""
    if taken.is_empty():
        return "No project is likely to leave hours that could be taken by this rule."
    lost, given = _known_sum(found.freed["taken_node_hours"]), float(found.freed["given_node_hours"].sum())
    gainers = found.offers.filter(pl.col("given_hours") > 0).height
    whose = f"{numbers.amount(lost, 'node-hours')} of {numbers.counted(taken.height, 'project')} are not likely to be used"
    if found.refusal is not None:
        return f"{whose}; no split of them keeps to all limits."
    if not gainers:
        return f"{whose}; no project that needs more could use them where they lie."
    return f"{whose}; {numbers.amount(given, 'node-hours')} of them could go to {numbers.counted(gainers, 'project')} that need more."


def _offered(here: Visit, rule: ReclaimRule, choices: SplitChoices) -> Reclaimed:
    progress = _of_machines(here, quota_results.progress(here.seen))
    whole = Selection(period=loaders.whole_period(here.seen))
    facts = ReclaimFacts(
        progress=progress,
        used=quota_results.used_of_quotas(here.seen),
        queued=loaders.usage(here.seen, whole, "system", "partition", "account"),
        partitions=loaders.partitions(here.state),
        limits=loaders.policy_limits() if choices.keep_law else (),
        against=results.against_limits(here),
    )
    found = offered_back(_of_machines(here, candidates(here, rule)), facts, choices)
    said = partial(words.in_words, limits=loaders.policy_limits(), names=loaders.system_names(here.state))
    return replace(found, offers=found.offers.with_columns(pl.col("reason").map_elements(said, return_dtype=pl.String)))


def _of_machines(here: Visit, rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(pl.col("system").is_in(here.chosen.systems)) if here.chosen.systems else rows


def _rule() -> ReclaimRule:
    """What counts as not going to be used, after drawing the controls for it."""
    with st.container(border=True, key="reclaim-rule"):
        left, below, months, part = st.columns([2, 1, 1, 1], vertical_alignment="bottom")
        by_forecast = left.toggle("Hours above the upper end of the forecast", value=True, key=BY_FORECAST, bind="query-params")
        share = below.number_input(
            "Site's rule: used less than (%)", min_value=1, max_value=100, value=None, placeholder="none", key=BELOW, bind="query-params"
        )
        after = months.number_input("after so many months", min_value=1, max_value=36, value=6, key=MONTHS, bind="query-params")
        loses = part.number_input("loses of the rest (%)", min_value=1, max_value=100, value=50, key=PART, bind="query-params")
    return ReclaimRule(
        by_forecast=by_forecast,
        used_below_share=None if share is None else share / 100,
        after_months=int(after),
        taken_share=loses / 100,
    )


def _choices() -> SplitChoices:
    """What must hold for the hours that are given, after drawing the controls for it."""
    with st.container(horizontal=True, vertical_alignment="center", key="reclaim-limits"):
        law = st.toggle("Keep the limits of law and access policy for what is given", value=True, key=LAW, bind="query-params")
        with st.popover("Floors by user category"):
            st.caption("At least this part of the hours that could be taken is given to a category.")
            shares = {category: _floor(category) for category in STACK}
    return SplitChoices(keep_law=law, floors={category: share / 100 for category, share in shares.items() if share})


def _floor(category: UserCategory) -> int:
    key = f"{FLOOR}-{category.value}"
    return int(st.number_input(f"{label(category)} (%)", min_value=0, max_value=100, value=0, step=5, key=key, bind="query-params"))


def _figures(taken: pl.DataFrame, found: Reclaimed) -> None:
    lost, given = _known_sum(found.freed["taken_node_hours"]), float(found.freed["given_node_hours"].sum())
    needed, served = found.offers.height, found.offers.filter(pl.col("given_share") >= 1).height
    by_rule = taken.filter(taken_by="rule").height
    parts.figures(
        [
            parts.Figure(
                label="Could be taken",
                value=numbers.amount(lost, "node-hours"),
                note=f"of {numbers.counted(taken.height, 'project')}, {numbers.exact(by_rule)} by the site's rule",
                meaning="Whole hours of quotas that will not be used; GPU-hours and core-hours as the node-hours they are.",
            ),
            parts.Figure(
                label="Could be given",
                value=numbers.amount(given, "node-hours"),
                note=f"to {numbers.counted(found.offers.filter(pl.col('given_hours') > 0).height, 'project')}",
                meaning="The best split of them among the projects that need more than their quota, within all limits.",
            ),
            parts.Figure(
                label="Served in full",
                value=numbers.exact(served),
                note=f"of {numbers.counted(needed, 'project')} that need more",
                meaning="Projects that would be given all they need by their forecast, or for their waiting jobs.",
            ),
        ]
    )


def _first_shown(rows: pl.DataFrame) -> None:
    if rows.height > MOST_SHOWN:
        st.caption(f"The {numbers.whole(MOST_SHOWN)} with the most hours of {numbers.counted(rows.height, 'project')}; the file has all.")


def _left_out(here: Visit) -> None:
    """How many projects nothing is said of, since it is not known what they used."""
    unknown = _of_machines(here, quota_results.progress(here.seen)).filter(status=QuotaStatus.NOT_KNOWN.value).height
    if unknown:
        whose = numbers.counted(unknown, "project")
        st.caption(
            f"Left out: {whose} of which the log does not tell the use: it begins after the quota, or does not say how large jobs were."
        )


def _how_sure(here: Visit) -> None:
    """How often projects passed the upper end of the same forecast, made eight weeks ago."""
    found = quota_results.tried(here.seen, here.chosen.systems)
    if found is None:
        st.caption("No project's quota ran long enough to try the forecast on what came since.")
        return
    whose = numbers.counted(found.projects, "project")
    words = (
        f"Made {found.weeks} weeks ago, the upper end of this forecast was passed since by {numbers.percent(found.passed_share)} of {whose}"
    )
    more = f"; they used {numbers.percent(found.hours / found.hours_said)} of what was foreseen" if found.hours_said > 0 else ""
    st.caption(f"{words}{more}. One project in ten is what it is meant to be: where it is more, be sparing with what you take.")


def _letters(here: Visit, taken: pl.DataFrame, rule: ReclaimRule) -> None:
    """All letters as one text; only for who may take away what shows single firms."""
    if Action.EXPORT not in here.person.may or not here.person.sees_single_firms:
        return
    names = loaders.system_names(here.state)
    with st.expander("The letter with the most hours", key="reclaim-letter", on_change="rerun") as shown:
        if shown.open:
            first = taken.sort("taken_hours", descending=True).row(0, named=True)
            st.code(letter(first, rule, system=names.get(first["system"], first["system"])), language=None, wrap_lines=True)
    invented = "Demonstration data, invented.\n\n" if here.is_demo else ""
    st.download_button(
        f"Download {numbers.counted(taken.height, 'letter')}",
        data=lambda: (invented + letters(taken.select(list(CANDIDATES)).to_dicts(), rule, systems=names)).encode(),
        file_name=f"{tables.file_name('reclaim-letters')}.txt",
        mime="text/plain",
        key="reclaim-letters",
        on_click="ignore",
        type="tertiary",
        icon=":material/mail:",
    )


def _given(here: Visit, found: Reclaimed) -> None:
    """To whom the hours could be given, with the reason of each, and what is left where."""
    names, limits = loaders.system_names(here.state), loaders.policy_limits()
    st.header("To whom it could be given", anchor="given")
    if found.refusal is not None:
        sentences = words.refusal_in_words(found.refusal, limits, names)
        st.warning("\n".join(f"- {parts.escaped(sentence)}" for sentence in sentences), icon=":material/block:")
    if found.offers.is_empty():
        st.info("No project needs more than its quota, by its forecast or for its waiting jobs.")
    else:
        _first_shown(found.offers)
        tables.table(
            found.offers,
            shown=_readable(found.offers.select(OFFERS_SHOWN).head(MOST_SHOWN)),
            name="reclaim-given",
            alt="Projects that need more than their quota, with what each could be given and why",
            most_rows=10,
        )
    if found.solution is not None:
        proof = found.solution.certificate
        st.caption(
            f"The split is proven best: no other within the limits could be better by more than {proof.gap:.0e} of its figure of merit. "
            "A recommendation: nothing is written by it."
        )
    st.header("Where the hours lie", anchor="freed")
    lie = found.freed.with_columns(left=pl.col("taken_node_hours") - pl.col("given_node_hours"))
    shown = tables.for_people(lie.rename({"left": "left_node_hours"}).with_columns(pl.col("partition").fill_null("not known: never ran")))
    tables.table(found.freed, shown=shown, name="reclaim-freed", alt="Node-hours that could be taken and given, by machine and partition")


def _into_unsaved(here: Visit, taken: pl.DataFrame, found: Reclaimed) -> None:
    """Take the recommendation into the person's unsaved quotas, where it can be changed, and saved with a reason."""
    st.header("Go on with it", anchor=False)
    st.caption(
        "The hours go into your unsaved quotas: of the projects that would lose hours and of those that would be given them. There you "
        "change what you see otherwise, and save it with a reason; until then nothing is changed."
    )
    beyond = beyond_quotas(found.offers)
    if beyond:
        st.caption(parts.escaped(beyond))
    if st.button("Take it into my unsaved quotas", key="reclaim-keep", type="primary"):
        wanted = edits(here, taken, found)
        quota_table.keep(here, wanted)
        quota_table.begin_anew()
        st.success(f"{numbers.counted(wanted.height, 'project')} taken into your unsaved quotas.", icon=":material/check:")
    st.page_link("operations/quotas.py", label="To the unsaved quotas")


def beyond_quotas(offers: pl.DataFrame) -> str:
    """What quotas would grow by beyond the hours given, since their projects used more than they were granted already; "" for nothing."""
    over = offers.filter(pl.col("given_hours") > 0, pl.col("used_hours") > pl.col("quota_hours"))
    if over.is_empty():
        return ""
    sums = over.group_by("unit").agg(beyond=(pl.col("used_hours") - pl.col("quota_hours")).sum()).sort("unit")
    said = numbers.listed([numbers.machine_time(hours, HourUnit(unit)) for unit, hours in sums.iter_rows()])
    return (
        f"Of them {numbers.counted(over.height, 'project')} used more than the quota already, {said} in all: what is given comes on top of "
        "what was used, so that these quotas grow by both."
    )


def _readable(rows: pl.DataFrame) -> pl.DataFrame:
    units = {unit.value: said for unit, said in numbers.UNIT_WORDS.items()}
    return tables.for_people(rows.with_columns(pl.col("unit").replace(units)).rename({"title": "project"}))


def _known_sum(values: pl.Series) -> float | None:
    known = values.drop_nulls()
    return float(known.sum()) if known.len() else None
