"""No table of a reader's own making shows a single firm, nor lets one be had by subtraction: brute force in exact fractions."""

import time

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.pivot import OTHERS, TOTAL, Measure, Pivot, ShareOf, as_shares, finding, pivot
from analytics.pivot_protection import can_be_protected, protected
from analytics.report.disclosure import DisclosureRule, contributions_of
from analytics.usage import usage_frame
from data.schema import PROJECTS
from data.terms import Dimension, HourUnit
from tests.analytics.report.test_disclosure import rank

RULE = DisclosureRule()
NOBODY_DECIDED = pl.DataFrame(schema=dict(PROJECTS))
KINDS = ("sme", "start_up", "research")

JOBS = st.lists(
    st.tuples(st.sampled_from(["FI", "FR", "DE", None]), st.sampled_from(KINDS), st.sampled_from("abcdefg"), st.integers(1, 60).map(float)),
    min_size=1,
    max_size=40,
)
Job = tuple[str | None, str, str, float]


def used_by(jobs: list[Job]) -> pl.DataFrame:
    """Each account lies in one category, so that its organisation is or is not a firm."""
    rows = [
        {"system": "x", "account": f"{kind} {who}", "category": kind, "country": country, "node_hours": hours, "jobs": 1}
        for country, kind, who, hours in jobs
    ]
    return usage_frame(*rows)


def table_of(jobs: list[Job], rows: list[Dimension], column: Dimension | None) -> Pivot:
    used = used_by(jobs)
    by = [each.value for each in (*rows, *([column] if column else []))]
    found = contributions_of(used, NOBODY_DECIDED, *by)
    return protected(pivot(used, rows, column, Measure.HOURS, HourUnit.NODE_HOURS), found, RULE)


def amounts(table: Pivot) -> list[tuple[float | None, frozenset[tuple[object, object]]]]:
    """Every amount of a table by country and category, totals too, with the combinations that it sums."""
    both = [(row["country"], name) for row in table.cells.rows(named=True) for name in table.columns]
    cells = {(where, name) for where, name in both}
    found: list[tuple[float | None, frozenset[tuple[object, object]]]] = []
    everything = [(None, table.totals.row(0, named=True)), *((row["country"], row) for row in table.cells.rows(named=True))]
    for place, (where, row) in enumerate(everything):
        for name in table.amounts:
            summed = frozenset(cell for cell in cells if (place == 0 or cell[0] == where) and name in (TOTAL, cell[1]))
            found.append((row[name], summed))
    return found


def breaks(jobs: list[Job], table: Pivot, cells: frozenset[tuple[object, object]]) -> bool:
    """The rule in other words, from the jobs themselves."""
    holders: dict[str, float] = {}
    mine = [job for job in jobs for name, kind in table.columns.items() if kind == job[1] and (job[0], name) in cells]
    for _, kind, who, hours in mine:
        holders[f"{kind} {who}"] = holders.get(f"{kind} {who}", 0.0) + hours
    firm = any(kind != "research" for _, kind, _, _ in mine)
    return firm and (len(holders) < 3 or max(holders.values()) > 0.85 * sum(holders.values()))


@given(JOBS)
@settings(max_examples=60, deadline=None)
def test_no_amount_that_is_shown_or_can_be_subtracted_is_that_of_a_single_firm(jobs: list[Job]) -> None:
    table = table_of(jobs, [Dimension.COUNTRY], Dimension.CATEGORY)
    told = amounts(table)
    order = sorted({cell for _, cells in told for cell in cells}, key=str)
    vectors = [[int(cell in cells) for cell in order] for _, cells in told]
    ran = {(country, name) for country, kind, _, _ in jobs for name, value in table.columns.items() if value == kind}
    known = [[int(cell == other) for other in order] for cell in order if cell not in ran]
    shown = [vector for vector, (value, _) in zip(vectors, told, strict=True) if value is not None]
    for vector, (value, cells) in zip(vectors, told, strict=True):
        if value is not None:
            assert not breaks(jobs, table, cells), cells
        elif breaks(jobs, table, cells):
            assert rank([*shown, *known, vector]) == rank([*shown, *known]) + 1, cells


@given(JOBS)
@settings(max_examples=60, deadline=None)
def test_what_a_long_table_without_columns_withholds_together_keeps_the_rule(jobs: list[Job]) -> None:
    table = table_of(jobs, [Dimension.COUNTRY, Dimension.CATEGORY], None)
    held = table.cells.filter(pl.col(TOTAL).is_null()).select("country", "category").rows()
    own: list[Job] = [job for job in jobs if job[:2] in held]
    whole = pivot(used_by(jobs), [Dimension.COUNTRY], Dimension.CATEGORY, Measure.HOURS, HourUnit.NODE_HOURS)
    of_kind = {kind: name for name, kind in whole.columns.items()}
    for key in set(table.cells.select("country", "category").rows()) - set(held):
        assert not breaks(jobs, whole, frozenset({(key[0], of_kind[key[1]])}))
    if own and table.totals[TOTAL].item() is not None:
        assert not breaks(own, whole, frozenset((country, of_kind[kind]) for country, kind, _, _ in own))


@pytest.fixture(scope="module")
def firms() -> list[Job]:
    """Twelve firms and six universities."""
    return [("FI", "sme", f"firm {n:02d}", 10.0 + n) for n in range(12)] + [("FI", "research", f"lab {n}", 50.0 + n) for n in range(6)]


def test_by_project_every_company_is_withheld_in_the_order_of_names_and_every_university_shown(firms: list[Job]) -> None:
    cells = table_of(firms, [Dimension.PROJECT], None).cells
    held = cells.filter(pl.col(TOTAL).is_null())["account"].to_list()
    assert held == [f"sme firm {n:02d}" for n in range(12)]
    assert cells["account"][6:].to_list() == held
    assert cells[TOTAL][:6].to_list() == [55.0, 54.0, 53.0, 52.0, 51.0, 50.0]


def test_withheld_columns_stand_behind_the_others_by_name(firms: list[Job]) -> None:
    table = table_of(firms, [Dimension.CATEGORY], Dimension.PROJECT)
    names = [str(table.columns[name]) for name in table.amounts if name != TOTAL]
    assert names[-12:] == [f"sme firm {n:02d}" for n in range(12)]


@pytest.mark.parametrize("of", [ShareOf.ROW, ShareOf.COLUMN, ShareOf.WHOLE])
def test_no_share_of_a_withheld_whole_is_shown(of: ShareOf) -> None:
    jobs: list[Job] = [("FI", "sme", "one", 9.0), ("FI", "research", "a", 0.5), ("FI", "research", "b", 0.5)]
    table = table_of(jobs, [Dimension.COUNTRY], Dimension.CATEGORY)
    shares = as_shares(table, of)
    assert table.holds_back_total
    whole = {ShareOf.ROW: TOTAL, ShareOf.WHOLE: TOTAL, ShareOf.COLUMN: next(name for name in table.columns if table.columns[name] == "sme")}
    assert shares.cells[whole[of]].null_count() == 1
    if of is not ShareOf.COLUMN:
        assert all(shares.cells[name].null_count() == 1 for name in shares.amounts)


def test_a_finding_names_neither_a_withheld_total_nor_a_withheld_row(firms: list[Job]) -> None:
    alone = table_of([("FI", "sme", "one", 9.0)], [Dimension.COUNTRY], None)
    assert finding(alone, {}, what="node-hours", period="2026") == "The node-hours in 2026 are withheld: they would show a single firm."
    assert "the largest row shown is research lab 5" in finding(
        table_of(firms, [Dimension.PROJECT], None), {}, what="node-hours", period="2026"
    )


def test_the_columns_summed_as_others_are_protected_as_one() -> None:
    jobs: list[Job] = [("FI", "sme", f"{n:02d}", 99.0 - n) for n in range(25)]
    table = table_of(jobs, [Dimension.CATEGORY], Dimension.PROJECT)
    assert table.held is not None
    assert table.held[OTHERS].all()


def test_a_table_of_the_most_cells_is_protected_within_seconds_and_a_larger_one_is_refused() -> None:
    jobs: list[Job] = [(f"C{n % 96}", KINDS[n % 3], str(n % 7), 1.0 + n) for n in range(500)]
    whole = pivot(used_by(jobs), [Dimension.COUNTRY], Dimension.CATEGORY, Measure.HOURS, HourUnit.NODE_HOURS)
    began = time.perf_counter()
    table_of(jobs, [Dimension.COUNTRY], Dimension.CATEGORY)
    assert time.perf_counter() - began < 20
    assert can_be_protected(whole)
    wide = pivot(used_by(jobs), [Dimension.COUNTRY], Dimension.PROJECT, Measure.HOURS, HourUnit.NODE_HOURS)
    assert not can_be_protected(wide)
