"""The award decision of a call as a report: who is awarded what and why, the reserve list, the limits, and the proof."""

from collections.abc import Iterable

import polars as pl

from analytics.calls import exports, words
from analytics.calls.decision import Decision
from analytics.charts import calls as call_charts
from analytics.charts import numbers, theme
from analytics.report.document import Chart, Column, Kind, Note, Paragraph, Report, Section, Snapshot, Table

AWARD = "award"
"""The template of a decided call, which is verified by deciding it again."""

KINDS = {
    "category": Kind.CATEGORY,
    "country": Kind.COUNTRY,
    "score": Kind.NUMBER,
    "rank": Kind.NUMBER,
    "reserve_place": Kind.NUMBER,
    "hours_asked": Kind.NUMBER,
    "hours_least": Kind.NUMBER,
    "hours_awarded": Kind.NUMBER,
    "share_awarded": Kind.SHARE,
    "share_used": Kind.SHARE,
    "value": Kind.NUMBER,
    "used": Kind.NUMBER,
    "slack": Kind.NUMBER,
    "awards": Kind.NUMBER,
    "mean_score": Kind.NUMBER,
    "below_bound": Kind.SHARE,
    "passed_over": Kind.NUMBER,
    "kept": Kind.YES_NO,
    "chosen": Kind.YES_NO,
    "source": Kind.SOURCE,
}
"""What the columns of a decision hold; all others are text."""

AWARDED = (
    "rank",
    "application",
    "organisation",
    "category",
    "country",
    "score",
    "hours_asked",
    "hours_awarded",
    "machines_awarded",
    "reason",
)
RESERVE = ("reserve_place", "application", "organisation", "country", "score", "hours_asked", "reason", "would_help")
LIMITS = ("limit", "value", "used", "slack", "share_used", "kept")
RULES = ("rule", "chosen", "awards", "hours_awarded", "mean_score", "below_bound", "passed_over")


def award_decision(
    decision: Decision,
    *,
    applications: str,
    versions: tuple[tuple[str, str], ...],
    sources: Iterable[tuple[str, str, str]] = (),
    invented: bool = False,
    parameters: tuple[tuple[str, str], ...] = (("template", AWARD),),
) -> Report:
    """The report of a decided call.

    Args:
        decision: The call, decided.
        applications: What the table of applications was: its name and the digest of its bytes.
        versions: The programs at work.
        sources: What the call rests on: what, source, how well known.
        invented: Whether the applications are made up.
        parameters: What it was asked for, by the names of the command line's options.
    """
    tables = exports.tables(decision, sources=sources)
    call = decision.call
    return Report(
        title="Award decision",
        period=call.title,
        scope=f"{numbers.counted(decision.awards.height, 'application')}; hours are {numbers.UNIT_WORDS[call.unit]}.",
        demo=invented,
        sections=(_awarded(decision, tables), _reserve(decision, tables), _limits(tables), _rules(decision, tables)),
        methods=(),
        sources=(_table("What the call rests on.", tables["sources"], ("what", "source", "known")),),
        snapshot=Snapshot(id=0, author="", message=applications, committed=None),
        versions=versions,
        parameters=parameters,
        provenance=f"From {applications}, by the rules above. The same table, rules, facts and versions make the same file, byte for byte: "
        "`python -m analytics report verify` with `--applications` and the table makes it again and compares.",
        disclosure="Awards of a call are published by name; no figure is withheld.",
    )


def _awarded(decision: Decision, tables: dict[str, pl.DataFrame]) -> Section:
    unit = decision.call.unit
    offered = decision.machines.filter(pl.col("hours_offered") > 0).select("name", "hours_offered")
    held = decision.awards.select("application", "category")
    awarded = (
        decision.by_machine.join(held, on="application", how="left", validate="m:1")
        .group_by("name", "category")
        .agg(pl.col("hours_awarded").sum())
        .sort("name", "category")
    )
    return Section(
        id="awarded",
        title="Who is awarded hours?",
        finding=words.finding(decision),
        blocks=(
            Chart(
                id="awarded-by-machine",
                figure=call_charts.by_machine(awarded, offered, unit=unit),
                alt=call_charts.by_machine_summary(awarded, offered, unit=unit),
                table=_table("Hours awarded on each machine by user category.", awarded, ("name", "category", "hours_awarded")),
            ),
            _table("The award list, best rank first.", tables["award_list"], AWARDED),
            *(Note(text=said) for said in (words.missed(decision), words.ties(decision)) if said is not None),
        ),
    )


def _reserve(decision: Decision, tables: dict[str, pl.DataFrame]) -> Section:
    waiting = decision.reserve.height
    return Section(
        id="reserve",
        title="Who is on the reserve list?",
        finding=f"{numbers.counted(waiting, 'application')} {'waits' if waiting == 1 else 'wait'} for hours that become free."
        if waiting
        else "Nobody is on the reserve list.",
        blocks=(_table("The reserve list, best rank first.", tables["reserve_list"], RESERVE),) if waiting else (),
    )


def _limits(tables: dict[str, pl.DataFrame]) -> Section:
    rows = tables["limits"]
    return Section(
        id="limits",
        title="How full are the limits?",
        finding=call_charts.limits_used_summary(rows),
        blocks=(
            Chart(
                id="limits-used",
                figure=call_charts.limits_used(rows),
                alt=call_charts.limits_used_summary(rows),
                table=_table("Every limit of the call, the hours offered first.", rows, LIMITS),
            ),
        ),
    )


def _rules(decision: Decision, tables: dict[str, pl.DataFrame]) -> Section:
    return Section(
        id="rules",
        title="By which rules, and how good is the list?",
        finding=words.proof(decision),
        blocks=(
            *(Paragraph(text=f"{rule}: {said}") for rule, said in words.rules_in_words(decision.call, decision.machines)),
            _table("The same call under each rule.", tables["rules_compared"], RULES),
        ),
    )


def _table(caption: str, frame: pl.DataFrame, names: tuple[str, ...]) -> Table:
    columns = tuple(
        Column(name=name, header=theme.sentence_case(exports.readable(name)), kind=KINDS.get(name, Kind.TEXT))
        for name in names
        if name in frame.columns
    )
    return Table(caption=caption, frame=frame, columns=columns)
