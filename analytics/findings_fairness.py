"""Findings about fairness: what changed, whose demand is unmet, which states are behind, and how sure that is, in one sentence each."""

from collections.abc import Mapping

import polars as pl

from analytics.certainty import FEW_PROJECTS, Interval
from analytics.charts import numbers, theme
from analytics.charts.fairness import DUE_MEASURES
from analytics.charts.spread import SLOWDOWN_SPREAD
from analytics.fairness import UNKNOWN_STATE, Inequality
from analytics.findings import CLEAR_DIFFERENCE, classified, during
from analytics.gains import GAINS
from analytics.limits import AGAINST_LIMITS
from data.schema import check
from data.terms import UserCategory

NAMED_STATES = 2
"""How many states a finding names on each side."""


def changed(now: pl.DataFrame, before: pl.DataFrame, *, relative: float | None, earlier: str) -> str:
    """What changed since the period before: machine time, and the categories whose share of it rose and fell most.

    Takes the frames of `usage.share` by category of both periods, and the relative change of all machine time.

    >>> frames = [pl.DataFrame({"category": ["sme", "research"], "share": [part, 1 - part]}) for part in (0.3, 0.25)]
    >>> changed(*frames, relative=0.1, earlier="Q1 2026").replace(numbers.THIN_SPACE, " ")
    'Against Q1 2026, machine time is up 10 %; of the whole, SMEs gained 5.0 pp and research lost 5.0 pp.'
    """
    for rows in (now, before):
        check(rows, {"category": pl.String, "share": pl.Float64})
    both = now.select("category", "share").join(
        before.select("category", earlier="share"), on="category", how="full", coalesce=True, validate="1:1"
    )
    moved = both.with_columns(moved=pl.col("share").fill_null(0) - pl.col("earlier").fill_null(0)).sort("moved", "category")
    start = f"Against {earlier}, machine time is {numbers.change(relative)}"
    if moved.is_empty():
        return f"{start}."
    parts = [
        f"{theme.category_name(row['category'])} {'gained' if row['moved'] > 0 else 'lost'} {numbers.points(abs(row['moved']))[1:]}"
        for row in (moved.row(-1, named=True), moved.row(0, named=True))
        if abs(row["moved"]) >= CLEAR_DIFFERENCE
    ]
    shares = f"of the whole, {' and '.join(parts)}" if parts else "no category's share moved by a percentage point"
    return f"{start}; {shares}."


def union_access(limits: pl.DataFrame, *, period: str) -> str:
    """How much of the machines' time was Union access, and of the most that may be, from the frame of `limits.against_limits`."""
    check(limits, AGAINST_LIMITS)
    whole = limits.filter(pl.col("limit").str.starts_with("union_share"), pl.col("share").is_not_null())
    offered, used = float(whole["node_hours_base"].sum()), float(whole["node_hours"].sum())
    most = float((whole["node_hours_base"] * whole["share_allowed"]).sum())
    if not most > 0:
        return f"How much of the machines' time was Union access {during(period)} is not available: logs tell no EuroHPC access mode."
    return (
        f"Union access took {numbers.percent(used / offered)} of the capacity of {numbers.counted(whole.height, 'machine')} "
        f"{during(period)}, {numbers.percent(used / most)} of the most that the law grants the Union."
    )


def furthest_from_due(rows: pl.DataFrame) -> str:
    """Which category was furthest below and above its due in any month, from the frames of `fairness.against_due` of each month.

    >>> from datetime import date
    >>> months = {"month": [date(2026, 1, 1), date(2026, 2, 1)], "category": ["sme", "research"], "difference": [-0.021, 0.03]}
    >>> furthest_from_due(pl.DataFrame(months)).replace(numbers.THIN_SPACE, " ")
    'Furthest below its due: SMEs in January 2026 (−2.1 pp); furthest above: research in February 2026 (+3.0 pp).'
    """
    known = check(rows, {"month": pl.Date, "category": pl.String, "difference": pl.Float64}).drop_nulls("difference")
    known = known.sort("difference", "month", "category")
    if known.is_empty():
        return "What was due in each month is not available."
    low, high = known.row(0, named=True), known.row(-1, named=True)
    ends = [
        f"furthest {way}: {theme.category_name(row['category'])} in {numbers.month(row['month'])} ({numbers.points(row['difference'])})"
        for way, row, real in (("below its due", low, low["difference"] < 0), ("above", high, high["difference"] > 0))
        if real
    ]
    return theme.sentence_case(f"{'; '.join(ends)}.") if ends else "In every month each category received exactly its due."


def unmet(rows: pl.DataFrame, *, period: str) -> str:
    """How much demand was unmet, and who would gain most from one percent more machine time, from a frame GAINS."""
    check(rows, GAINS)
    told = rows.drop_nulls("gain")
    known = told.filter(pl.col("category") != UserCategory.UNCLASSIFIED.value).sort("gain", "category", descending=[True, False])
    if known.is_empty():
        why = "neither awards nor requests of waiting jobs are known" if told.is_empty() else "no project has a user category"
        return f"Unmet demand {during(period)} is not available: {why}."
    whole, lacking = float(known["node_hours_demanded"].sum()), float(known["node_hours_unmet"].sum())
    if not lacking > 0:
        return f"All demand {during(period)} that is known was met."
    most = known.row(0, named=True)
    after, now = numbers.percent(most["served_after"]), numbers.percent(most["served"])
    part = numbers.percent(lacking / whole)
    among = " of all that are classified" if told.height > known.height else ""
    return (
        f"{theme.sentence_case(during(period))}, {part} of the node-hours demanded were not received; one percent more machine "
        f"time would help {theme.group_name(most['category'])} most{among}, meeting {after} of that demand instead of {now}."
    )


def sure(found: Inequality, intervals: Mapping[str, Interval]) -> str:
    """How sure Jain's index is, and which groups are too small to judge."""
    interval = intervals.get("jain")
    if found.jain is None or interval is None:
        return ""
    few = f" Fewer than {FEW_PROJECTS} projects make it rough." if found.projects < FEW_PROJECTS else ""
    return (
        f"Had chance brought other projects of this kind, Jain's index would lie between {numbers.plain(interval.low)} and "
        f"{numbers.plain(interval.high)} in nine of ten cases.{few}"
    )


def states(rows: pl.DataFrame, *, period: str) -> str:
    """Which participating states received clearly less and more than was due, from the frame of `fairness.against_due` by country."""
    check(rows, {"country": pl.String, **DUE_MEASURES})
    known = rows.filter(pl.col("difference").is_not_null(), pl.col("country") != UNKNOWN_STATE).sort("difference", "country")
    if known.is_empty():
        return f"What was due to each participating state {during(period)} is not available: no project's state is known."
    behind = known.filter(pl.col("difference") <= -CLEAR_DIFFERENCE).head(NAMED_STATES)
    ahead = known.filter(pl.col("difference") >= CLEAR_DIFFERENCE).reverse().head(NAMED_STATES)
    if behind.is_empty() and ahead.is_empty():
        return f"{theme.sentence_case(during(period))} every participating state received what was due to it, within one percentage point."
    parts = [
        f"{words} {numbers.listed([_state(row) for row in part.iter_rows(named=True)])}"
        for words, part in (("behind their due:", behind), ("ahead of their due:", ahead))
        if part.height
    ]
    return f"Of the participating states, {'; '.join(parts)}."


def slowed(rows: pl.DataFrame, *, period: str) -> str:
    """Whose jobs took longest against an empty machine, from the frame of `waiting.slowdown_distribution` by category."""
    check(rows, {"category": pl.String, **SLOWDOWN_SPREAD})
    known = classified(rows).sort("median", "category", descending=[True, False])
    if known.is_empty():
        return f"Bounded slowdowns {during(period)} are not available."
    most, least = known.row(0, named=True), known.row(-1, named=True)
    whose = "" if known.height == 1 else " of every category"
    if not most["median"] > 1:
        return f"Half of the jobs{whose} hardly took longer {during(period)} than on an empty machine."
    if most["median"] == least["median"]:
        return f"Half of the jobs{whose} took at most {numbers.plain(most['median'])} times as long as on an empty machine."
    return (
        f"Half of the jobs of {theme.group_name(most['category'])} took at least {numbers.plain(most['median'])} times as long as on an "
        f"empty machine {during(period)}, those of {theme.group_name(least['category'])} {numbers.plain(least['median'])} times."
    )


def _state(row: Mapping[str, object]) -> str:
    return f"{numbers.country(str(row['country']))} ({numbers.points(float(str(row['difference'])))})"
