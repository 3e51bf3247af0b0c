"""The findings: one sentence a question, computed from the frames, for the top of a page or a section of a report."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from analytics.charts import numbers, theme
from analytics.charts.fairness import DUE
from analytics.charts.received import SHARES
from analytics.charts.split import shares_by_category
from analytics.charts.waiting import WAITS
from analytics.energy import ENERGY
from analytics.fairness import Inequality
from analytics.limits import AGAINST_LIMITS
from data.schema import check
from data.terms import HourUnit, UserCategory

NAMED_SHARES = 3
"""How many categories the first finding names."""

CLEAR_DIFFERENCE = 0.01
"""From this difference between received and due on, a category is said to be above or below its due: one percentage point."""


MUCH_NOT_HELD = 0.01
"""From this share of the node-hours on, it is said that they are of parts of nodes which jobs did not hold."""


def during(period: str) -> str:
    """The period as it stands in a sentence.

    >>> during("Q1 2026"), during("August 2026 to October 2026"), during("3 March 2026")
    ('in Q1 2026', 'from August 2026 to October 2026', 'on 3 March 2026')
    """
    if " to " in period:
        return f"from {period}"
    return f"on {period}" if period.count(" ") == 2 else f"in {period}"


def received(shares: pl.DataFrame, *, period: str, unit: HourUnit) -> str:
    """Who received the machine time, from the frame of `usage.share` by category.

    >>> frame = pl.DataFrame({"category": ["sme", "research"], "hours": [2.0, 8.0], "share": [0.2, 0.8], "jobs": [1, 1]})
    >>> frame = frame.with_columns(jobs_without_hours=pl.lit(0, pl.Int64))
    >>> received(frame, period="Q1 2026", unit=HourUnit.NODE_HOURS).replace("\u202f", " ")
    'Research received 80 % of node-hours in Q1 2026, SMEs 20 %.'
    """
    check(shares, SHARES)
    known = shares.filter(pl.col("share") > 0).sort("share", "category", descending=[True, False])
    if known.is_empty():
        return f"No machine time is known for {period}."
    first, *others = known.head(NAMED_SHARES).select("category", "share").rows()
    rest = "".join(f", {theme.category_name(category)} {numbers.percent(share)}" for category, share in others)
    start = f"{theme.label(first[0])} received {numbers.percent(first[1])} of {numbers.UNIT_WORDS[unit]} {during(period)}{rest}"
    missing = shares["jobs_without_hours"].sum() or 0
    unknown = f"; of {numbers.counted(int(missing), 'job')} the hours are not known" if missing else ""
    return f"{start}{unknown}."


def capacity_used(offered: pl.DataFrame, *, period: str) -> str:
    """How much of what the machines offered was used, from the frame of `usage.against_capacity` of usage by system."""
    check(offered, {"hours": pl.Float64, "capacity_hours": pl.Float64, "union_hours": pl.Float64, "system": pl.String})
    known = offered.filter(pl.col("capacity_hours").is_not_null(), pl.col("hours").is_not_null())
    capacity = float(known["capacity_hours"].sum())
    if not capacity:
        return f"The use of the machines' capacity is not available for {period}."
    left_out = sorted(set(offered["system"]) - set(known["system"]))
    without = f", without {numbers.listed(left_out)}, of unknown size or use" if left_out else ""
    share = numbers.percent(float(known["hours"].sum()) / capacity)
    over = known.filter(pl.col("hours") > pl.col("capacity_hours"))["system"].sort().to_list()
    why = "jobs that share a node each count as whole nodes, or the machine is larger than its facts say"
    shared = f" {numbers.listed(over)}: over {numbers.percent(1.0)}; {why}." if over else ""
    return f"The logs show {share} of the machines' capacity in use {during(period)}{without}.{shared}"


def held_in_part(node_hours: float, held: float) -> str:
    """How much of the node-hours is of parts of nodes that jobs did not hold; empty where that is less than one in a hundred.

    Args:
        node_hours: Of whole nodes.
        held: Of the parts of nodes that jobs held.

    >>> held_in_part(200.0, 50.0).replace("\u202f", " ")[:76]
    '75 % of the node-hours are of parts of nodes that jobs did not hold: where j'
    """
    part = 1 - held / node_hours if node_hours > 0 else 0.0
    if part < MUCH_NOT_HELD:
        return ""
    return (
        f"{numbers.percent(part)} of the node-hours are of parts of nodes that jobs did not hold: where jobs share a node, each counts the "
        "whole, as in Slurm's limits. GPU-hours and core-hours count what they held."
    )


def waited(waits: pl.DataFrame, *, period: str) -> str:
    """How long jobs waited, and who waited longest, from the frame of `waiting.queue_waits` by category."""
    check(waits, {"category": pl.String, **WAITS})
    known = classified(waits.filter(pl.col("median_wait_s").is_not_null())).sort("median_wait_s", "category", descending=[True, False])
    if known.is_empty():
        return f"Waits are not available for {period}: the logs do not say when jobs were submitted."
    longest, shortest = known.row(0, named=True), known.row(-1, named=True)
    if known.height == 1:
        return f"Half of the jobs started within {numbers.duration(longest['median_wait_s'])} {during(period)}."
    if longest["median_wait_s"] == shortest["median_wait_s"]:
        return f"Half of the jobs of every category started within {numbers.duration(longest['median_wait_s'])} {during(period)}."
    return (
        f"Waits were longest for {theme.group_name(longest['category'])} {during(period)}: half of the jobs waited "
        f"{numbers.duration(longest['median_wait_s'])} or more, against {numbers.duration(shortest['median_wait_s'])} for "
        f"{theme.group_name(shortest['category'])}."
    )


def against_due(rows: pl.DataFrame, *, period: str, unit: HourUnit = HourUnit.NODE_HOURS) -> str:
    """Who received clearly less and more than was due, from the frame of `fairness.against_due`."""
    check(rows, DUE)
    known = rows.filter(pl.col("difference").is_not_null(), pl.col("category") != UserCategory.UNCLASSIFIED.value)
    known = known.sort("difference", "category")
    if known.is_empty():
        why = "no award is known and no job waits" if rows["share_due"].null_count() == rows.height else "no project has a user category"
        return f"What was due to each category {during(period)} is not available: {why}."
    ends = known.select("category", "share_received", "share_due", "difference")
    parts = [
        f"{theme.category_name(category)} received {numbers.percent(share)} (due {numbers.percent(due)})"
        for category, share, due, difference in (ends.row(0), ends.row(-1))
        if abs(difference) >= CLEAR_DIFFERENCE
    ]
    if not parts:
        return f"{theme.sentence_case(during(period))} every category received what was due to it, within one percentage point."
    return f"Of the {numbers.UNIT_WORDS[unit]} {during(period)}, {numbers.listed(list(dict.fromkeys(parts)))}."


def unequal(found: Inequality, *, period: str) -> str:
    """How evenly projects were served, and whether the difference lies between categories or within them."""
    if found.jain is None or found.theil is None or found.theil_between is None:
        return f"How evenly projects were served {during(period)} is not available: no project has both an award and use."
    between = found.theil_between / found.theil if found.theil > 1e-12 else 0.0
    return (
        f"Over {numbers.counted(found.projects, 'project')} with an award {during(period)}, Jain's index of fairness is "
        f"{numbers.plain(found.jain)} (1 is even); {numbers.percent(between)} of the inequality lies between categories."
    )


def energy_used(total: pl.DataFrame, *, period: str) -> str:
    """What the machine time cost in energy and how much of that was measured, from the one row of `energy.energy_by()`."""
    check(total, ENERGY)
    row = total.row(0, named=True)
    if row["energy_it_kwh"] is None:
        return f"The energy of {period} is not available: nothing was metered, and the power of the partitions is not known."
    span = ""
    if row["energy_it_high_kwh"] > row["energy_it_low_kwh"]:
        span = f" (between {numbers.energy(row['energy_it_low_kwh'])} and {numbers.energy(row['energy_it_high_kwh'])})"
    missing = row["node_hours_without_model"]
    without = f"; {numbers.amount(missing, 'node-hours')} of unknown power are not in it" if missing else ""
    return (
        f"The jobs of {period} took {numbers.energy(row['energy_it_kwh'])} of IT energy{span}; {_measured(row['metered_share'])}{without}."
    )


def emitted(total: pl.DataFrame, *, period: str) -> str:
    """What the machine time cost in emissions, by both methods and for which part of it, from the one row of `carbon.emissions_by()`."""
    names = ("emissions_location_kgco2e", "emissions_market_kgco2e", "contracted_share", "covered_share")
    check(total, dict.fromkeys(names, pl.Float64))
    row = total.row(0, named=True)
    if row["emissions_location_kgco2e"] is None:
        return f"The emissions of {period} are not available: power, PUE or carbon intensity is not known."
    part = f" for {numbers.percent(row['covered_share'])} of node-hours" if numbers.is_partial(row["covered_share"]) else ""
    market = "market-based emissions are not available, as no electricity contract is known"
    if row["emissions_market_kgco2e"] is not None:
        covered = f" for the {numbers.percent(row['contracted_share'])} of energy whose contract is known"
        of = covered if numbers.is_partial(row["contracted_share"]) else ""
        market = f"{numbers.emissions(row['emissions_market_kgco2e'])} market-based{of}"
    return f"The electricity of {period} caused {numbers.emissions(row['emissions_location_kgco2e'])} location-based{part}; {market}."


def over_limits(rows: pl.DataFrame, *, period: str) -> str:
    """Whether any machine is over a limit of law or policy, or nears one, from the frame of `limits.against_limits`."""
    check(rows, AGAINST_LIMITS)
    known = rows.filter(pl.col("over").is_not_null())
    if known.is_empty():
        return f"Whether limits were kept {during(period)} is not available: no log tells Union access to a machine of known size."
    over, near = (known.filter(name).sort("system", "title") for name in ("over", "near"))
    if over.is_empty() and near.is_empty():
        return f"No machine was over a limit of law or policy {during(period)}, or near one, as far as logs show."
    parts = [f"{words}: {'; '.join(map(_at_limit, rows.iter_rows(named=True)))}" for words, rows in _limited(over, near, period)]
    return f"{'. '.join(parts)}."


def recommended(split: pl.DataFrame) -> str:
    """Who would gain and who would give up most by a recommended split, from its frame by category and machine."""
    shares = shares_by_category(split).with_columns(change=pl.col("recommended") - pl.col("received")).drop_nulls("change")
    ranked = shares.sort("change", "category")
    if ranked.is_empty():
        return "A recommended split is not available."
    parts = [
        f"{theme.category_name(row['category'])} {numbers.percent(row['recommended'])} instead of {numbers.percent(row['received'])}"
        for row in (ranked.row(-1, named=True), ranked.row(0, named=True))
        if abs(row["change"]) >= CLEAR_DIFFERENCE / 2
    ]
    if not parts:
        return "The recommended split would leave every category's share within half a percentage point of what it received."
    return f"Of the node-hours, the recommended split would give {numbers.listed(list(dict.fromkeys(parts)))}."


def moved_most(split: pl.DataFrame) -> str:
    """Which category would gain most on which machine by a recommended split, and which would give up most.

    >>> hours = {"category": ["sme", "research"], "system": ["Vega", "LUMI"], "node_hours_received": [10.0, 50.0]}
    >>> moved_most(pl.DataFrame(hours | {"node_hours_recommended": [40.0, 30.0]})).replace(numbers.THIN_SPACE, " ")
    'SMEs on Vega would gain most, 30 node-hours; research on LUMI would give up most, 20 node-hours.'
    """
    known = split.with_columns(change=pl.col("node_hours_recommended") - pl.col("node_hours_received")).drop_nulls("change")
    if known.is_empty():
        return "What would change on each machine is not available."
    ranked = known.sort("change", "category", "system")
    said = [
        f"{theme.group_name(row['category'])} on {row['system']} would {verb} most, {numbers.amount(abs(row['change']), 'node-hours')}"
        for verb, row, is_so in (
            ("gain", ranked.row(-1, named=True), ranked["change"][-1] > 0),
            ("give up", ranked.row(0, named=True), ranked["change"][0] < 0),
        )
        if is_so
    ]
    return theme.sentence_case(f"{'; '.join(said)}.") if said else "Nothing would change on any machine."


def _limited(over: pl.DataFrame, near: pl.DataFrame, period: str) -> list[tuple[str, pl.DataFrame]]:
    named = ((f"Over a limit {during(period)}", over), (f"Near a limit {'' if over.height else during(period)}".rstrip(), near))
    return [(words, rows) for words, rows in named if rows.height]


def _at_limit(row: Mapping[str, Any]) -> str:
    indicative = "" if row["exact"] else " (indicative)"
    return (
        f"{row['title']} on {row['system']} at {numbers.percent(row['share'])}, allowed {numbers.percent(row['share_allowed'])}{indicative}"
    )


def _measured(metered_share: float | None) -> str:
    if not metered_share:
        return "nothing was measured, all of it is modelled"
    share = numbers.percent(metered_share)
    return f"{share} of node-hours were measured, the rest modelled" if numbers.is_partial(metered_share) else "all of it was measured"


def classified(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of true categories where there are any: what nobody classified is no group of users to compare."""
    found = rows.filter(pl.col("category") != UserCategory.UNCLASSIFIED.value)
    return found if found.height else rows
