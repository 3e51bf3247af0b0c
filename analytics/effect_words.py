"""What a change of quotas brought, in words, with what the words rest on."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from analytics.charts import numbers, theme
from analytics.effect import AFFECTED, BEYOND, EFFECT, LEAST_WEEKS, OTHERS, Measure, Verdict, Windows
from data.schema import check

MEASURES: Mapping[str, str] = {
    Measure.NODE_HOURS: "Node-hours a week",
    Measure.ENERGY: "IT energy a week",
    Measure.MEDIAN_WAIT: "Median wait",
    Measure.MEAN_WAIT: "Mean wait",
    Measure.RECEIVED_OF_DUE: "Share received ÷ due",
}
"""The measures as people say them."""

GROUPS: Mapping[str, str] = {AFFECTED: "Projects changed", OTHERS: "All other projects", BEYOND: "Beyond the others"}
"""The groups as people say them; categories have names of their own."""

VERDICTS: Mapping[str, str] = {
    Verdict.ROSE: "rose",
    Verdict.FELL: "fell",
    Verdict.NOT_CLEAR: "no clear change",
    Verdict.TOO_EARLY: "too early to tell",
    Verdict.NOT_KNOWN: "not available",
}
"""The verdicts as people say them."""

ASSUMPTION = (
    "Beyond the others: only projects whose quotas run on all of these days are compared, with what they would have been, had they changed "
    "in the same proportion as the others on the same machines. That is the effect of the change only as far as nothing else befell these "
    "projects and not the others."
)


def group_name(group: str) -> str:
    """A group as people say it."""
    return GROUPS.get(group) or theme.label(group)


def value(measure: str, amount: float | None) -> str:
    """An amount of a measure with its unit.

    >>> value("node_hours", 12_345.0).replace(numbers.THIN_SPACE, " "), value("median_wait_s", 5_400.0).replace(numbers.THIN_SPACE, " ")
    ('12.3 k node-hours', '1.5 h')
    """
    if measure == Measure.NODE_HOURS:
        return numbers.amount(amount, "node-hours")
    if measure == Measure.ENERGY:
        return numbers.energy(amount)
    return numbers.duration(amount) if measure in (Measure.MEDIAN_WAIT, Measure.MEAN_WAIT) else numbers.plain(amount)


def finding(rows: pl.DataFrame, around: Windows) -> str:
    """What the projects changed did beyond the others, in one sentence."""
    if around.is_too_early:
        return (
            f"Too early to tell: the logs hold {numbers.counted(around.weeks, 'whole week')} on both sides of "
            f"{numbers.day(around.changed)}, and it takes {LEAST_WEEKS}."
        )
    beyond = check(rows, EFFECT).filter(group=BEYOND)
    clear = [row for row in beyond.iter_rows(named=True) if row["verdict"] in (Verdict.ROSE, Verdict.FELL)]
    span = f"over {around.weeks} weeks before and after {numbers.day(around.changed)}"
    if not clear:
        return f"No clear effect {span}: what the projects changed did beyond the others may be chance."
    said = [f"their {_inside(row['measure'])} {VERDICTS[row['verdict']]} by {_by(row)}" for row in clear]
    return f"Beyond what the other projects did {span}, {numbers.listed(said)}."


def sentences(rows: pl.DataFrame, group: str) -> list[str]:
    """One sentence a measure of a group: before, after, and how sure the change is."""
    return [_sentence(row) for row in check(rows, EFFECT).filter(group=group).iter_rows(named=True) if row["verdict"] != Verdict.NOT_KNOWN]


def _sentence(row: Mapping[str, Any]) -> str:
    measure = row["measure"]
    if row["before"] is None:
        return f"{MEASURES[measure]}: {VERDICTS[row['verdict']]}."
    before = value(measure, row["before"])
    moved = f"{MEASURES[measure]}: from {before} to "
    if row["group"] == BEYOND:
        moved = f"{MEASURES[measure]}: as the others changed it would have been {before}, it was "
    verdict = VERDICTS[row["verdict"]]
    if row["change_low"] is None:
        return f"{moved}{value(measure, row['after'])}; {verdict}."
    return f"{moved}{value(measure, row['after'])}; {verdict}, {_between(row)}."


def _by(row: Mapping[str, Any]) -> str:
    part = f" ({numbers.percent(abs(row['change']) / row['before'])})" if row["before"] else ""
    return f"{value(row['measure'], abs(row['change']))}{part}"


def _between(row: Mapping[str, Any]) -> str:
    low, high = (_signed(row["measure"], row[name]) for name in ("change_low", "change_high"))
    return f"nine times in ten between {low} and {high}"


def _signed(measure: str, amount: float) -> str:
    return ("+" if amount >= 0 else "\N{MINUS SIGN}") + value(measure, abs(amount))


def _inside(measure: str) -> str:
    words = MEASURES[measure]
    return words if words.startswith("IT") else words[:1].lower() + words[1:]
