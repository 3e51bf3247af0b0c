"""No two figures of one report give that of a single firm by their difference: limits, access modes of a state, and wholes of charts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl

from analytics.charts.theme import ALL_WITHHELD
from analytics.demand import DEMAND
from analytics.report.access_time import by_category
from analytics.report.disclosure import DisclosureRule, Withheld, shows_single_firm, with_remainder, withheld
from analytics.report.document import Chart, Table
from analytics.report.fair import INDICES, against_due, between_projects, waits
from analytics.report.inputs import ReportInputs, counts_towards
from analytics.report.proposed import recommended
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


def protected(used: Sequence[Used], *limits: PolicyLimit, country: str | None = None, elsewhere: Sequence[Used] = ()) -> Withheld:
    rows = [
        {
            "system": system,
            "account": account,
            "category": category,
            "mode": mode,
            "country": "FI",
            "month": date(2026, 1, 1),
            "jobs": 1,
            "node_hours": hours,
        }
        for system, some in (("a", used), ("b", elsewhere))
        for account, category, mode, hours in some
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
    there = [*UNIVERSITIES, *((f"l{i}", "sme", "large_scale", 60.0) for i in range(4))]
    found = protected([*UNIVERSITIES, *small, ("large", "sme", "large_scale", 50.0)], lanes, playground, elsewhere=there)
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


def made_public(inputs: ReportInputs, **changed: Any) -> ReportInputs:
    """The inputs with the protection of a public report."""
    used = usage_frame(*({"system": "alpha", **row} for row in USED_ON_ALPHA))
    return replace(inputs, withheld=protection(used, inputs.projects, (), RULE), **changed)


USED_ON_ALPHA: list[dict[str, object]] = [
    {"account": f"u{i}", "category": "research", "mode": "regular", "country": "FI", "month": date(2026, 1, 1), "node_hours": 9.0}
    for i in range(4)
]


def asked_for(category: str, hours: float, account: str = "one") -> dict[str, object]:
    told = {"system": "alpha", "account": account, "category": category, "mode": "regular", "country": "FI", "basis": "awarded"}
    return told | {"node_hours": 0.0, "node_hours_demanded": hours, "jobs_without_nodes": 0, "jobs_queued_without_hours": 0}


def demand(*rows: dict[str, object], by_month: bool = False) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema={"month": pl.Date, **DEMAND} if by_month else dict(DEMAND))


def test_indices_between_projects_of_too_few_organisations_are_withheld(report_inputs: ReportInputs) -> None:
    few = demand(asked_for("sme", 10.0) | {"node_hours": 4.0})
    many = demand(*(asked_for("sme", 10.0, f"p{i}") | {"node_hours": 4.0 + i} for i in range(4)))
    for asked, told in ((few, 0), (many, INDICES - 1)):
        section = between_projects(made_public(report_inputs, asked=asked))
        table = section.blocks[0]
        assert isinstance(table, Table)
        assert table.frame.height == INDICES
        assert table.frame["value"].is_not_null().sum() == told
        assert ("withheld" in section.finding) == (told == 0)


def test_what_the_only_firm_asked_for_and_did_not_use_is_withheld(report_inputs: ReportInputs) -> None:
    months = [date(2026, month, 1) for month in (1, 2, 3)]
    universities = [asked_for("research", 50.0, f"u{i}") for i in range(4)]
    public = [asked_for("public_sector", 40.0, f"s{i}") for i in range(4)]
    everybody = [*universities, *public, asked_for("large_industry", 30.0)]
    by_month = [row | {"month": month} for row in everybody for month in months]
    inputs = made_public(
        report_inputs,
        asked=demand(*everybody),
        asked_by_month=demand(*by_month, by_month=True),
        usage=report_inputs.usage.filter(category="research"),
    )
    section = against_due(inputs)
    tables = [block.table for block in section.blocks if isinstance(block, Chart)]
    dues = {row["category"]: row["share_due"] for row in tables[0].frame.iter_rows(named=True)}
    assert dues["large_industry"] is None
    assert sum(share is None for share in dues.values()) > 1
    assert tables[1].frame.filter(category="large_industry")["share_due"].null_count() == len(months)


def test_the_due_of_a_month_is_that_of_the_awards_that_run_in_it(report_inputs: ReportInputs) -> None:
    awards = [("research", 1, 100.0), ("research", 2, 100.0), ("sme", 2, 300.0)]
    by_month = demand(*(asked_for(kind, hours) | {"month": date(2026, month, 1)} for kind, month, hours in awards), by_month=True)
    chart = against_due(replace(report_inputs, asked_by_month=by_month)).blocks[2]
    assert isinstance(chart, Chart)
    due = {(row["month"].month, row["category"]): row["share_due"] for row in chart.table.frame.iter_rows(named=True)}
    assert due[1, "research"] == 1.0
    assert due[2, "research"] == 0.25
    assert due[2, "sme"] == 0.75


def test_a_report_of_some_categories_shows_no_split_of_all(report_inputs: ReportInputs) -> None:
    assert recommended(report_inputs)[0].blocks
    some = replace(report_inputs, selection=replace(report_inputs.selection, categories=(UserCategory.SME,)))
    assert recommended(some)[0].blocks == ()


def test_all_withheld_is_never_said_to_be_unknown(report_inputs: ReportInputs) -> None:
    used = usage_frame(
        {"system": "alpha", "account": "one", "category": "sme", "mode": "regular", "country": "FI", "month": date(2026, 1, 1)}
    )
    inputs = replace(report_inputs, withheld=protection(used, NOBODY, (), RULE), usage=report_inputs.usage.filter(category="sme"))
    for section in (by_category(inputs), waits(inputs)):
        assert section.finding == ALL_WITHHELD
