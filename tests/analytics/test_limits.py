"""Machine time beside the limits of law and policy, against figures worked out by hand."""

from datetime import date

import polars as pl
import pytest

from analytics.limits import against_limits
from analytics.usage import capacity, usage_frame
from data.schema import PARTITIONS
from data.terms import AccessMode, Flag, LimitBase, Period, PolicyLimit, UserCategory

APRIL = Period(date(2026, 4, 1), date(2026, 5, 1))
FACTS = {"system": "alpha", "partition": "gpu", "status": "operating", "nodes": 10.0, "union_share": 0.5}


def offered(*rows: dict[str, object]) -> pl.DataFrame:
    frame = pl.DataFrame([dict.fromkeys(PARTITIONS) | FACTS | row for row in rows or ({},)], schema=dict(PARTITIONS))
    return capacity(frame, APRIL)  # 7,200 node-hours a partition, 3,600 of them the Union's


def used(category: str, mode: str, node_hours: float, system: str = "alpha") -> dict[str, object]:
    return {"system": system, "category": category, "mode": mode, "node_hours": node_hours, "jobs": 1}


def limit(
    share: float,
    of: LimitBase = LimitBase.UNION_SHARE,
    categories: tuple[UserCategory, ...] = (),
    modes: tuple[AccessMode, ...] = (),
    systems: tuple[str, ...] = (),
) -> PolicyLimit:
    return PolicyLimit(
        id="limit",
        title="A limit",
        share=share,
        of=of,
        systems=systems,
        categories=categories,
        modes=modes,
        exact=True,
        reading="as it stands",
        source="a law",
        flag=Flag.SOURCED,
        valid="now",
    )


USED = usage_frame(
    used("sme", "playground", 720.0),
    used("sme", "regular", 360.0),
    used("research", "regular", 1_000.0),
    used("sme", "regular", 9.0, "beta"),
)


def test_a_limit_counts_only_the_categories_and_modes_it_names() -> None:
    lanes = against_limits(USED, offered(), [limit(0.3, modes=(AccessMode.PLAYGROUND,))]).row(0, named=True)
    assert (lanes["node_hours"], lanes["share"], lanes["over"]) == (720.0, pytest.approx(0.2), False)
    companies = against_limits(USED, offered(), [limit(0.2, categories=(UserCategory.SME,))]).row(0, named=True)
    assert (companies["node_hours"], companies["share"], companies["over"]) == (1_080.0, pytest.approx(0.3), True)


def test_a_limit_on_the_machine_is_a_share_of_all_its_hours() -> None:
    row = against_limits(USED, offered(), [limit(0.5, of=LimitBase.MACHINE)]).row(0, named=True)
    assert row["share"] == pytest.approx(2_080 / 7_200)


def test_a_limit_of_a_size_nobody_published_is_neither_kept_nor_broken() -> None:
    row = against_limits(USED, offered(), [limit(0.25, of=LimitBase.UNION_AI_SHARE)]).row(0, named=True)
    assert (row["share"], row["over"]) == (None, None)


def test_a_machine_of_unknown_size_is_neither_under_nor_over() -> None:
    row = against_limits(USED, offered({}, {"partition": "new", "nodes": None}), [limit(0.2)]).row(0, named=True)
    assert (row["share"], row["over"]) == (None, None)


def test_a_limit_of_other_machines_does_not_hold_here() -> None:
    assert against_limits(USED, offered(), [limit(0.2, systems=("gamma",))]).height == 0


def test_a_machine_where_nobody_of_the_limit_computed_stands_at_nothing() -> None:
    row = against_limits(USED, offered(), [limit(0.2, modes=(AccessMode.FAST_LANE,))]).row(0, named=True)
    assert (row["node_hours"], row["share"], row["over"]) == (0.0, 0.0, False)


def test_a_machine_without_log_is_not_judged() -> None:
    rows = against_limits(USED, offered({}, {"system": "silent"}), [limit(0.2)])
    assert rows["system"].to_list() == ["alpha"]


def test_national_time_counts_towards_no_limit_of_the_union_s_share_but_is_said() -> None:
    national = usage_frame(used("research", "regular", 360.0), used("sme", "regular", 360.0), used("sme", "other", 720.0))
    whole, companies = (
        against_limits(national, offered(), [stated]).row(0, named=True)
        for stated in (limit(0.5, of=LimitBase.MACHINE), limit(0.2, categories=(UserCategory.SME,)))
    )
    assert (whole["node_hours"], whole["node_hours_other"], whole["share"]) == (720.0, 720.0, pytest.approx(0.1))
    assert (companies["share"], companies["share_most"], companies["over"]) == (pytest.approx(0.1), pytest.approx(0.3), False)


def test_a_log_that_names_no_union_access_leaves_its_shares_unknown() -> None:
    row = against_limits(usage_frame(used("sme", "other", 9.0)), offered(), [limit(0.2)]).row(0, named=True)
    assert [row[name] for name in ("node_hours", "share", "over", "near")] == [None, None, None, None]
    assert row["node_hours_other"] == 9.0


@pytest.mark.parametrize(
    ("hours", "told"), [(600.0, (False, False)), (650.0, (False, True)), (720.0, (False, True)), (721.0, (True, False))]
)
def test_a_limit_is_neared_from_nine_tenths_of_it_on(hours: float, told: tuple[bool, bool]) -> None:
    row = against_limits(usage_frame(used("sme", "regular", hours)), offered(), [limit(0.2)]).row(0, named=True)
    assert (row["over"], row["near"]) == told
