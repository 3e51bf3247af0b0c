"""What the charts of a decided call show, each in one sentence: where the hours go, to which countries, and what the limits leave."""

import polars as pl

from analytics.charts import numbers, theme
from analytics.charts.calls import AWARDED, GROUPS, NOTHING, OFFERED, USE
from data.schema import check
from data.terms import HourUnit

ALL = 0.9995
"""From this part of something on, all of it is said."""

FEW = 4
"""Up to how many countries that receive alike are named."""


def by_machine(awarded: pl.DataFrame, offered: pl.DataFrame, *, unit: HourUnit) -> str:
    """Which part of the hours offered is awarded, to which user category most, and where most is left.

    >>> awarded = pl.DataFrame({"name": ["Vega", "Vega"], "category": ["sme", "research"], "hours_awarded": [30, 10]})
    >>> offered = pl.DataFrame({"name": ["Vega", "LUMI-G"], "hours_offered": [40, 10]})
    >>> by_machine(awarded, offered, unit=HourUnit.GPU_HOURS)
    '80\\u202f% of the hours offered are awarded, 75\\u202f% of them to SMEs; most is left on LUMI-G, 10\\u202fGPU-hours.'
    """
    given = check(awarded, AWARDED).group_by("name").agg(hours=pl.col("hours_awarded").sum())
    by_category = awarded.group_by("category").agg(hours=pl.col("hours_awarded").sum()).sort(-pl.col("hours"), "category")
    rows = check(offered, OFFERED).join(given, on="name", how="left", validate="1:1").with_columns(pl.col("hours").fill_null(0))
    total, spent = int(rows["hours_offered"].sum()), int(by_category["hours"].sum())
    if not spent or not total:
        return NOTHING
    category, most = by_category.row(0)
    part = "All" if spent / total >= ALL else numbers.percent(spent / total)
    to = f"{'all' if most == spent else numbers.percent(most / spent)} of them to {theme.group_name(category)}"
    name, left = rows.select("name", left=pl.col("hours_offered") - pl.col("hours")).sort(-pl.col("left"), "name").row(0)
    rest = "" if part == "All" else f"; most is left on {name}, {numbers.machine_time(left, unit)}"
    return f"{part} of the hours offered are awarded, {to}{rest}."


def by_country(groups: pl.DataFrame) -> str:
    """How many of the countries that asked are awarded hours, and which receive most.

    >>> by_country(pl.DataFrame({"country": ["FI", "FR", "ES"], "hours_asked": [50, 25, 25], "hours_awarded": [30, 10, 0]}))
    '2 of the 3 countries that asked are awarded hours, most of all Finland: 75\\u202f%, having asked for 50\\u202f%.'
    """
    rows = check(groups, GROUPS).sort(-pl.col("hours_awarded"), -pl.col("hours_asked"), pl.col("country"))
    given, asked = int(rows["hours_awarded"].sum()), int(rows["hours_asked"].sum())
    if not given or not asked:
        return NOTHING
    best = rows.filter(pl.col("hours_awarded") == pl.col("hours_awarded").max())
    names, share = [_name(country) for country in best["country"]], numbers.percent(best["hours_awarded"][0] / given)
    known = rows.drop_nulls("country")
    served = known.filter(pl.col("hours_awarded") > 0).height
    every = "The only country" if known.height == 1 else f"All {numbers.exact(known.height)} countries"
    start = every if served == known.height else f"{numbers.exact(served)} of the {numbers.counted(known.height, 'country', 'countries')}"
    start += f" that asked {_is(served)} awarded hours"
    if len(names) == 1:
        return f"{start}, most of all {names[0]}: {share}, having asked for {numbers.percent(best['hours_asked'][0] / asked)}."
    who = numbers.listed(names) if len(names) <= FEW else f"{numbers.exact(len(names))} of them alike"
    return f"{start}, most of all {who}: {share} each."


def limits_used(limits: pl.DataFrame) -> str:
    """Whether all limits are kept, and which part of them leaves no room.

    >>> limits_used(pl.DataFrame({"limit": ["at most 4 awards"], "sense": ["max"], "share_used": [1.0], "kept": [True]}))
    'The one limit is kept, and it leaves no room.'
    """
    rows = check(limits, USE)
    missed = rows.filter(~pl.col("kept"))["limit"].to_list()
    if rows.is_empty():
        return "The call has no limit."
    if missed:
        named = numbers.listed(missed if len(missed) <= FEW else [*missed[:FEW], "others"])
        return f"{numbers.exact(len(missed))} of {numbers.counted(rows.height, 'limit')} {_is(len(missed))} not kept: {named}."
    full = rows.filter((pl.col("sense") == "max") & (pl.col("share_used") >= ALL)).height
    if rows.height == 1:
        return f"The one limit is kept, and it leaves {'no' if full else 'some'} room."
    which = {0: "all leave some room", 1: "1 of them leaves no room", rows.height: "none of them leaves any room"}
    return f"All {numbers.exact(rows.height)} limits are kept, and {which.get(full, f'{numbers.exact(full)} of them leave no room')}."


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def _name(country: str | None) -> str:
    return numbers.country(country) if country else "an unknown country"
