"""Quotas side by side, value by value: before and after, or what was seen, what holds and what is wanted."""

from collections.abc import Callable, Mapping
from datetime import date

import polars as pl
import streamlit as st

from analytics.charts import numbers, theme
from data.history import as_text
from data.quotas import KEY, VALUES
from data.terms import HourUnit
from pages.shared import tables

MOST_SHOWN = 1_000
"""So many values are shown; the file has all."""
AWARD = "the award"
"""What a quota says that is taken back."""
WHAT = {
    "hours": "hours",
    "unit": "unit",
    "at_once": "at one time",
    "fairshare": "fairshare",
    "qos": "QOS",
    "starts": "starts",
    "ends": "ends",
    "category": "user category",
    "mode": "access mode",
    "node_hours_awarded": "node-hours awarded",
}
"""What a value is, where its name is none of people's words."""
UNITS = {unit.value: words for unit, words in numbers.UNIT_WORDS.items()}
MODES: Mapping[str, str] = theme.MODE_NAMES


def amount(text: str) -> str:
    """An amount as people write it, to its last digits where it is not whole; words as they are.

    >>> amount("12500"), amount("0.25"), amount("the award")
    ('12,500', '0.2500', 'the award')
    """
    if text == AWARD:
        return text
    value = float(text)
    return numbers.whole(value) if value.is_integer() else numbers.fixed(value, 4)


IN_WORDS: Mapping[str, Callable[[str], str]] = {
    "hours": amount,
    "at_once": amount,
    "fairshare": amount,
    "node_hours_awarded": amount,
    "unit": lambda text: UNITS.get(text, text),
    "starts": lambda text: numbers.day(date.fromisoformat(text)),
    "ends": lambda text: numbers.day(date.fromisoformat(text)),
    "category": theme.label,
    "mode": lambda text: MODES.get(text, text),
}
"""How a value is written for people, by what it is; others stand as they are."""


def table(rows: pl.DataFrame, *, name: str, alt: str, most_rows: int = 12) -> None:
    """Show values side by side, the first thousand of them, with a file of all.

    Args:
        rows: One row a value, with its sides as texts.
        name: The name of the file, and of the table among others.
        alt: What it is, for those who do not see it.
        most_rows: How many rows are seen at once.
    """
    if rows.height > MOST_SHOWN:
        st.caption(f"The first {numbers.whole(MOST_SHOWN)} of {numbers.counted(rows.height, 'value')}; the file has all.")
    tables.table(rows, shown=for_people(rows.head(MOST_SHOWN)), name=name, alt=alt, most_rows=most_rows)


def side_by_side(now: pl.DataFrame, edits: pl.DataFrame) -> pl.DataFrame:
    """system, account, what, before, after: one row a value that the edits change.

    Args:
        now: What stands (STANDING or QUOTAS).
        edits: What is wanted (EDITS).
    """
    both = _long(edits, "after").join(_long(now, "before"), on=[*KEY, "what"], how="left", validate="1:1")
    rows = both.filter(pl.col("before").ne_missing(pl.col("after"))).select(*KEY, "what", "before", "after")
    taken_back = edits.filter(pl.col("hours").is_null()).select(*KEY)
    awards = rows.join(taken_back, on=KEY, how="semi").filter(what="hours").with_columns(after=pl.lit(AWARD))
    return pl.concat([rows.join(taken_back, on=KEY, how="anti"), awards]).sort(*KEY, "what")


def three_sides(edits: pl.DataFrame, theirs: pl.DataFrame, versions: pl.DataFrame) -> pl.DataFrame:
    """system, account, what, seen, holds_now, yours, set_by: one row a value in which the two sides differ.

    Args:
        edits: What one person wants, with what that person saw (EDITS).
        theirs: What holds now (STANDING or QUOTAS).
        versions: Every version that ever held (QUOTAS).
    """
    beside = [name for name in VALUES if name not in ("hours", "starts", "ends")]
    of_version = versions.select(*KEY, *beside, base_version="version")
    seen = (
        edits.select(*KEY, "base_version", hours="base_hours", starts="base_starts", ends="base_ends")
        .join(of_version, on=[*KEY, "base_version"], how="left", validate="1:1")
        .with_columns(pl.col("unit").fill_null(HourUnit.NODE_HOURS.value))
    )
    on = [*KEY, "what"]
    both = _long(edits, "yours").join(_long(theirs, "holds_now"), on=on, how="left", validate="1:1")
    all_three = both.join(_long(seen, "seen"), on=on, how="left", validate="1:1").filter(pl.col("yours").ne_missing(pl.col("holds_now")))
    by = theirs.select(*KEY, set_by=pl.concat_str(pl.col("author"), pl.lit(": "), pl.col("reason").fill_null("the award")))
    return all_three.join(by, on=KEY, how="left", validate="m:1").select(*on, "seen", "holds_now", "yours", "set_by").sort(on)


def for_people(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with machines, units, days and categories as people write them, and what is not set in words."""
    texts = [name for name in ("before", "after", "seen", "holds_now", "yours") if name in rows.columns]
    said = [pl.Series(name, map(_said, rows["what"], rows[name]), dtype=pl.String) for name in texts]
    return tables.for_people(rows).with_columns(*said, pl.col("what").replace(WHAT))


def _said(what: str, text: str | None) -> str:
    return "not set" if text is None else IN_WORDS.get(what, str)(text)


def _long(rows: pl.DataFrame, value: str) -> pl.DataFrame:
    columns = {name: kind for name, kind in rows.schema.items() if name in VALUES}
    texts = rows.select(*KEY, *(as_text(name, kind) for name, kind in columns.items()))
    return texts.unpivot(on=list(columns), index=KEY, variable_name="what", value_name=value)
