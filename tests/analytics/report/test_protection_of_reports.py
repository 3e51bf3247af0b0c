"""No two figures of one report give that of a single firm by their difference: limits, access modes of a state, and wholes of charts."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from analytics.report.disclosure import DisclosureRule, Withheld, shows_single_firm, with_remainder, withheld
from analytics.report.inputs import counts_towards
from analytics.report.protection import protection
from analytics.usage import usage_frame
from data.schema import PROJECTS
from data.terms import AccessMode, Flag, LimitBase, PolicyLimit, UserCategory

RULE = DisclosureRule()
NOBODY = pl.DataFrame(schema=dict(PROJECTS))
Used = tuple[str, str, str, float]
"""Account, category, mode and node-hours."""


def limit(
    name: str, *, modes: Sequence[AccessMode] = (), categories: Sequence[UserCategory] = (), systems: Sequence[str] = ()
) -> PolicyLimit:
    return PolicyLimit(
        id=name,
        title=name,
        share=0.5,
        of=LimitBase.MACHINE,
        systems=tuple(systems),
        categories=tuple(categories),
        modes=tuple(modes),
        exact=True,
        reading="",
        source="a law",
        flag=Flag.SOURCED,
        valid="",
    )


def protected(used: Sequence[Used], *limits: PolicyLimit, country: str | None = None) -> Withheld:
    rows = [
        {
            "system": "a",
            "account": account,
            "category": category,
            "mode": mode,
            "country": "FI",
            "month": date(2026, 1, 1),
            "jobs": 1,
            "node_hours": hours,
        }
        for account, category, mode, hours in used
    ]
    return protection(usage_frame(*rows), NOBODY, limits, RULE, country=country)


def is_shown(found: Withheld, shape: tuple[str, ...], key: tuple[object, ...]) -> bool:
    return key not in found.rows[shape]


UNIVERSITIES: list[Used] = [(f"u{i}", "research", "regular", 100.0) for i in range(5)]


def test_union_access_does_not_tell_the_only_firm_of_national_access() -> None:
    firms: list[Used] = [(f"f{i}", "sme", "regular", 40.0) for i in range(4)]
    found = protected([*UNIVERSITIES, *firms, ("national", "sme", "other", 30.0)], limit("union"))
    towards = ("system", counts_towards("union"))
    assert not (is_shown(found, ("system",), ("a",)) and is_shown(found, towards, ("a", True)))
    alike = protected([*UNIVERSITIES, *firms], limit("union"))
    assert is_shown(alike, ("system",), ("a",))
    assert is_shown(alike, towards, ("a", True))


def test_what_counts_towards_a_limit_is_protected_as_union_access_alone() -> None:
    national: list[Used] = [(f"n{i}", "sme", "other", 40.0) for i in range(4)]
    found = protected([*UNIVERSITIES, *national, ("one", "sme", "regular", 30.0)], limit("commercial", categories=[UserCategory.SME]))
    assert not is_shown(found, ("system", counts_towards("commercial")), ("a", True))


def test_a_limit_within_another_does_not_tell_the_only_firm_of_the_rest() -> None:
    small: list[Used] = [(f"p{i}", "sme", "playground", 20.0) for i in range(4)]
    lanes = limit("lanes", modes=[AccessMode.PLAYGROUND, AccessMode.LARGE_SCALE])
    playground = limit("playground", modes=[AccessMode.PLAYGROUND])
    found = protected([*UNIVERSITIES, *small, ("large", "sme", "large_scale", 50.0)], lanes, playground)
    shown = [is_shown(found, ("system", counts_towards(each.id)), ("a", True)) for each in (lanes, playground)]
    assert shown != [True, True]


def test_other_access_of_a_state_counts_as_shown_when_its_modes_are_protected() -> None:
    others: list[Used] = [(f"o{i}", "sme", "other", 40.0) for i in range(4)]
    found = protected([*others, ("one", "sme", "regular", 30.0)], country="FI")
    assert not is_shown(found, ("country", "mode"), ("FI", "regular"))
    assert not is_shown(found, ("country", "mode"), ("FI", "other"))


def test_organisations_that_used_nothing_hide_nobody() -> None:
    schema = {"holder": pl.String, "is_firm": pl.Boolean, "hours": pl.Float64}
    rows = [("one", True, 5.0), ("two", True, 5.0), ("idle", True, 0.0)]
    assert shows_single_firm(pl.DataFrame(rows, schema=schema, orient="row"), RULE)
    assert not shows_single_firm(pl.DataFrame([*rows, ("three", True, 5.0)], schema=schema, orient="row"), RULE)


def test_what_is_withheld_of_a_month_whose_whole_is_withheld_is_not_drawn() -> None:
    rows = [("sme", 1, f"f{i}", True, 10.0) for i in range(4)] + [("sme", 2, "one", True, 5.0)]
    schema = {"category": pl.String, "month": pl.Int64, "holder": pl.String, "is_firm": pl.Boolean, "hours": pl.Float64}
    found = withheld(pl.DataFrame(rows, schema=schema, orient="row"), [("month",), ("category", "month")], RULE)
    table = pl.DataFrame({"category": ["sme", "sme"], "month": [1, 2], "hours": [40.0, 5.0]})
    places = found.places(table, "category", "month")
    drawn = with_remainder(table, places, "month", without_whole=found.rows[("month",)])
    assert (2,) in found.rows[("month",)]
    assert drawn.filter(month=2).is_empty()
