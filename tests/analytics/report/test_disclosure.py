"""No table shows a single firm, and no sum or difference of shown rows gives a withheld one: checked by brute force in exact fractions."""

from fractions import Fraction
from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.report.disclosure import DisclosureRule, Withheld, blanked, contributions_of, protected, with_remainder, withheld
from analytics.usage import usage_frame
from data.errors import InputError
from data.schema import PROJECTS

RULE = DisclosureRule()
SHAPES = (("category",), ("system",), ("category", "system"), ("category", "month"), ("month",))
Row = tuple[str, str, int, str, bool, float]


def frame(rows: list[Row]) -> pl.DataFrame:
    schema = {
        "category": pl.String,
        "system": pl.String,
        "month": pl.Int64,
        "holder": pl.String,
        "is_firm": pl.Boolean,
        "hours": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


CONTRIBUTIONS = st.lists(
    st.tuples(
        st.sampled_from(["sme", "start_up", "research"]),
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from([1, 2]),
        st.sampled_from([f"org {i}" for i in range(7)]),
        st.booleans(),
        st.integers(1, 50).map(float),
    ),
    min_size=1,
    max_size=45,
).map(frame)


def breaks_the_rule(rows: pl.DataFrame) -> bool:
    """The rule in other words: by polars, from the contributions of a set of cells."""
    if not rows["is_firm"].any():
        return False
    by_holder = rows.group_by("holder").agg(pl.col("hours").sum())["hours"]
    return by_holder.len() < 3 or float(by_holder.max()) > 0.85 * float(by_holder.sum())  # type: ignore[arg-type]


def tables(contributions: pl.DataFrame, found: Withheld) -> tuple[list[tuple[tuple[str, ...], tuple[object, ...], bool]], list[list[int]]]:
    """Every row of every table with whether it is shown, and which of the finest cells it sums."""
    cells = contributions.select("category", "system", "month").unique(maintain_order=True)
    rows, vectors = [], []
    for shape in found.rows:
        for key in dict.fromkeys(cells.select(shape).rows() if shape else [()]):
            rows.append((shape, key, key not in found.rows[shape]))
            picked = cells.select(shape).rows() if shape else [()] * cells.height
            vectors.append([int(one == key) for one in picked])
    return rows, vectors


def rank(matrix: list[list[int]]) -> int:
    """The rank of a matrix of whole numbers, by elimination in exact fractions."""
    rows = [[Fraction(value) for value in row] for row in matrix]
    found = 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((i for i in range(found, len(rows)) if rows[i][column]), None)
        if pivot is None:
            continue
        rows[found], rows[pivot] = rows[pivot], rows[found]
        for i in range(found + 1, len(rows)):
            factor = rows[i][column] / rows[found][column]
            rows[i] = [a - factor * b for a, b in zip(rows[i], rows[found], strict=True)] if factor else rows[i]
        found += 1
    return found


@given(CONTRIBUTIONS)
@settings(max_examples=60, deadline=None)
def test_no_withheld_row_is_a_sum_and_difference_of_shown_ones(contributions: pl.DataFrame) -> None:
    rows, vectors = tables(contributions, withheld(contributions, SHAPES, RULE))
    shown = [vector for (_, _, is_shown), vector in zip(rows, vectors, strict=True) if is_shown]
    for (shape, key, is_shown), vector in zip(rows, vectors, strict=True):
        if not is_shown:
            assert rank([*shown, vector]) == rank(shown) + 1, (shape, key)


@given(CONTRIBUTIONS)
@settings(max_examples=60, deadline=None)
def test_every_shown_row_keeps_the_rule(contributions: pl.DataFrame) -> None:
    found = withheld(contributions, SHAPES, RULE)
    for shape, hidden in found.rows.items():
        groups = contributions.partition_by(shape, as_dict=True) if shape else {(): contributions}
        for key, rows in groups.items():
            assert key in hidden or not breaks_the_rule(rows), (shape, key)


@given(CONTRIBUTIONS)
@settings(max_examples=60, deadline=None)
def test_what_a_table_holds_back_of_a_shown_total_keeps_the_rule_too(contributions: pl.DataFrame) -> None:
    found = withheld(contributions, SHAPES, RULE)
    for shape, finer in product(found.rows, found.rows):
        if shape == finer or not set(shape) <= set(finer):
            continue
        for total, rows in (contributions.partition_by(shape, as_dict=True) if shape else {(): contributions}).items():
            back = [part for key, part in rows.partition_by(finer, as_dict=True).items() if key in found.rows[finer]]
            if total not in found.rows[shape] and back:
                assert not breaks_the_rule(pl.concat(back)), (shape, total, finer)


@given(CONTRIBUTIONS)
@settings(max_examples=60, deadline=None)
def test_no_shown_row_less_another_within_it_breaks_the_rule(contributions: pl.DataFrame) -> None:
    found = withheld(contributions, SHAPES, RULE)
    cells = contributions.select("category", "system", "month").unique(maintain_order=True)
    rows, vectors = tables(contributions, found)
    shown = [frozenset(np.flatnonzero(vector)) for (_, _, is_shown), vector in zip(rows, vectors, strict=True) if is_shown]
    for whole, part in product(shown, shown):
        if part < whole:
            rest = cells[sorted(whole - part)]
            assert not breaks_the_rule(contributions.join(rest, on=rest.columns, how="semi")), (whole, part)


def test_a_table_that_is_finer_than_another_in_part_does_not_tell_the_rest() -> None:
    schools = [("research", system, 1, f"u{i}", False, 9.0) for system in "ab" for i in range(4)]
    firms = [("sme", "a", 1, f"f{i}", True, 5.0) for i in range(4)]
    contributions = frame([*schools, *firms, ("sme", "b", 1, "one", True, 4.0), ("start_up", "b", 2, "two", True, 4.0)])
    found = withheld(contributions, (("category",), ("category", "system")), RULE)
    assert ("sme",) in found.rows[("category",)] or ("sme", "a") in found.rows[("category", "system")]


def test_the_brute_force_check_sees_a_row_that_can_be_had_by_subtraction() -> None:
    contributions = frame([("sme", "a", 1, "one", True, 5.0), *(("research", "a", 1, f"u{i}", False, 5.0) for i in range(4))])
    careless = Withheld(rows={(): frozenset(), ("category",): frozenset({("sme",)})})
    rows, vectors = tables(contributions, careless)
    shown = [vector for (_, _, is_shown), vector in zip(rows, vectors, strict=True) if is_shown]
    secret = next(vector for (_, key, _), vector in zip(rows, vectors, strict=True) if key == ("sme",))
    assert rank([*shown, secret]) == rank(shown)


def test_universities_alone_are_shown_however_few() -> None:
    found = withheld(frame([("research", "a", 1, "one university", False, 5.0)]), SHAPES, RULE)
    assert not any(found.rows.values())


def test_three_firms_are_shown_unless_one_holds_over_85_percent() -> None:
    even = frame([("sme", "a", 1, f"firm {i}", True, 10.0) for i in range(3)])
    uneven = frame([("sme", "a", 1, f"firm {i}", True, hours) for i, hours in enumerate((90.0, 5.0, 5.0))])
    assert not any(withheld(even, SHAPES, RULE).rows.values())
    assert withheld(uneven, SHAPES, RULE).rows[()] == {()}


def test_a_table_that_is_given_out_alone_is_protected_against_its_total() -> None:
    rows = [
        ("sme", "a", 1, "one", True, 5.0),
        *((c, "a", 1, f"{c}{i}", False, 9.0 + (c == "x")) for c in ("research", "x") for i in range(4)),
    ]
    table = pl.DataFrame({"category": ["sme", "research", "x"], "hours": [5.0, 36.0, 40.0]})
    shown = protected(table, frame(rows), by=("category",), measures=["hours"], rule=RULE)
    assert shown["withheld"].to_list() == [True, True, False]
    assert shown["hours"].to_list() == [None, None, 40.0]


def test_a_grouping_that_was_not_protected_is_refused() -> None:
    found = withheld(frame([("sme", "a", 1, "one", True, 5.0)]), [("category",)], RULE)
    with pytest.raises(InputError, match="by system"):
        found.places(pl.DataFrame({"system": ["a"]}), "system")


def test_a_rule_that_protects_nothing_is_refused() -> None:
    with pytest.raises(InputError):
        DisclosureRule(least_organisations=0)


def test_accounts_of_one_organisation_count_once_and_those_of_nobody_known_each() -> None:
    used = usage_frame(
        *({"system": "a", "account": name, "category": "sme", "node_hours": 1.0} for name in ("p1", "p2", "p3", "p4")),
    )
    decided = [
        dict.fromkeys(PROJECTS) | {"system": "a", "account": name, "organisation": firm} for name, firm in (("p1", "ACME"), ("p2", " acme"))
    ]
    found = contributions_of(used, pl.DataFrame(decided, schema=dict(PROJECTS)), "category")
    assert found["holder"].to_list() == ["account a p3", "account a p4", "acme"]
    assert found["hours"].to_list() == [1.0, 1.0, 2.0]
    assert found["is_firm"].all()


def test_a_remainder_makes_the_parts_of_a_machine_add_up_to_the_whole() -> None:
    table = pl.DataFrame(
        {"system": ["a", "a", "b"], "category": ["x", "y", "x"], "hours": [1.0, 2.0, 4.0], "capacity_hours": [9.0, 9.0, 8.0]}
    )
    drawn = with_remainder(table, frozenset({0, 1}), "system")
    assert drawn.sort("system").rows() == [("a", "Withheld", 3.0, 9.0), ("b", "x", 4.0, 8.0)]
    assert blanked(table, frozenset(), ["hours"]).equals(table)
