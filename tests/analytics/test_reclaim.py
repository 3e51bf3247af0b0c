"""Hours taken back and offered: never those used or waited for, never more than freed or needed, and the best split there is."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from analytics.limits import AGAINST_LIMITS
from analytics.quota_progress import PROGRESS, QuotaStatus
from analytics.reclaim import CANDIDATES, LEAST_TAKEN_SHARE, ReclaimRule, TakenBy, reclaimable
from analytics.reclaim_letters import letter, letters
from analytics.reclaim_offers import OVER, REFUSED, Reclaimed, ReclaimFacts, offered_back
from analytics.split_problem import SplitChoices
from analytics.usage import usage_frame
from data.errors import InputError
from data.schema import PARTITIONS, usage_by
from data.terms import Flag, LimitBase, PolicyLimit, UserCategory

AS_OF = date(2026, 11, 1)
WHOLE = 2.0
"""What whole node-hours in each of four months may cost a project."""
RULE = ReclaimRule(by_forecast=False, used_below_share=0.4)
USUAL = {
    "system": "lumi",
    "category": "research",
    "mode": "regular",
    "unit": "node_hours",
    "version": 1,
    "starts": date(2026, 3, 1),
    "ends": date(2027, 3, 1),
    "as_of": AS_OF,
    "days_left": 120,
    "quota_hours": 10_000.0,
    "used_hours": 2_000.0,
    "used_share": 0.2,
    "elapsed_share": 0.67,
    "forecast_hours": 3_000.0,
    "forecast_low_hours": 2_200.0,
    "forecast_high_hours": 5_000.0,
    "queued_hours": 0.0,
    "status": "will_leave_unused",
}


def projects(*rows: dict[str, Any]) -> pl.DataFrame:
    named = [{"account": f"p{number}"} | USUAL | row for number, row in enumerate(rows)]
    return pl.DataFrame([dict.fromkeys(PROGRESS) | row for row in named], schema=dict(PROGRESS))


def needing(hours: float, **others: Any) -> dict[str, Any]:
    """A project on course to pass its quota by so many hours."""
    return {"status": "will_run_out", "used_hours": 9_000.0, "forecast_hours": 10_000.0 + hours, "forecast_high_hours": 99e3} | others


def facts(
    progress: pl.DataFrame, *, partitions: tuple[str, ...] = ("C",), ran: dict[str, str] | None = None, **others: Any
) -> ReclaimFacts:
    """Every project ran on the partition named, the first where none is."""
    where = ran or {}
    used = [
        {"system": row["system"], "account": row["account"], "partition": where.get(row["account"], partitions[0])}
        | {"jobs": 1, "node_hours": row["used_hours"], "gpu_hours": row["used_hours"] * 4}
        for row in progress.iter_rows(named=True)
        if row["used_hours"]
    ]
    known = [
        dict.fromkeys(PARTITIONS) | {"system": system, "partition": name, "gpus_per_node": 4.0, "cores_per_node": 64.0}
        for system in progress["system"].unique()
        for name in partitions
    ]
    empty = pl.DataFrame(schema=dict(usage_by("system", "partition", "account")))
    return ReclaimFacts(
        progress=progress,
        used=usage_frame(*used).select(list(empty.schema)) if used else empty,
        queued=empty,
        partitions=pl.DataFrame(known, schema=dict(PARTITIONS)),
        **others,
    )


def taken_and_given(progress: pl.DataFrame, rule: ReclaimRule | None = None, **others: Any) -> tuple[pl.DataFrame, Reclaimed]:
    found = reclaimable(progress, rule or ReclaimRule())
    choices = others.pop("choices", SplitChoices())
    return found, offered_back(found, facts(progress, **others), choices)


def given(found: Reclaimed) -> dict[str, float]:
    return dict(found.offers.select("account", "given_hours").rows())


def test_by_forecast_only_hours_above_the_upper_end_are_taken() -> None:
    row = reclaimable(projects({}), ReclaimRule()).row(0, named=True)
    assert (row["taken_hours"], row["kept_hours"], row["taken_by"]) == (5_000, 5_000, TakenBy.FORECAST)


def test_by_rule_a_part_is_taken_of_what_a_project_is_not_on_course_to_use() -> None:
    row = reclaimable(projects({}), RULE).row(0, named=True)
    assert (row["taken_hours"], row["taken_by"]) == (3_500, TakenBy.RULE)
    early = projects({"status": "too_early", "forecast_hours": None, "forecast_high_hours": None})
    assert reclaimable(early, RULE)["taken_hours"].to_list() == [4_000]


@pytest.mark.parametrize(
    "spared",
    [
        {"starts": date(2026, 5, 2)},
        {"used_share": 0.4},
        {"queued_hours": None},
        {"used_hours": None, "status": "not_known"},
        {"status": "ended", "days_left": 0},
        {"status": "not_started"},
        {"status": "used_up"},
        {"forecast_hours": 9_500.0},
        {"queued_hours": 7_500.0},
    ],
    ids=str,
)
def test_the_rule_spares_who_is_early_active_unknown_or_waits(spared: dict[str, Any]) -> None:
    assert reclaimable(projects(spared), RULE).is_empty()
    assert reclaimable(projects({}), RULE).height == 1


def test_nobody_on_track_loses_hours_by_forecast() -> None:
    assert reclaimable(projects({"status": "on_track", "forecast_high_hours": 9_000.0}), ReclaimRule()).is_empty()


@pytest.mark.parametrize("seed", range(30))
def test_hours_used_and_waited_for_are_never_taken(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(20):
        quota = float(rng.integers(10, 10_000))
        used = quota * rng.random()
        forecast = used * rng.uniform(1, 2)
        rows.append(
            {
                "quota_hours": quota,
                "used_hours": used,
                "used_share": used / quota,
                "forecast_hours": forecast,
                "forecast_high_hours": forecast * rng.uniform(1, 1.5),
                "queued_hours": quota * rng.choice([0, 0.3 * rng.random()]),
                "status": str(rng.choice([status.value for status in QuotaStatus])),
            }
        )
    rule = ReclaimRule(
        used_below_share=float(rng.uniform(0.1, 1)), after_months=int(rng.integers(1, 9)), taken_share=float(rng.uniform(0.1, 1))
    )
    found = reclaimable(projects(*rows), rule)
    assert dict(found.schema) == dict(CANDIDATES)
    assert (found["kept_hours"] >= found["used_hours"] + found["queued_hours"] - 1e-6).all()
    assert (found["taken_hours"] >= LEAST_TAKEN_SHARE * found["quota_hours"]).all()
    assert (found["taken_hours"] == found["taken_hours"].floor()).all()


def test_the_textbook_case_is_split_as_the_textbook_says() -> None:
    """Capacity 10 for demands of 2, 2.6, 4 and 5, in thousands: 2, 2.6, 2.7 and 2.7, but for the rounding of each month."""
    progress = projects(
        {"quota_hours": 15_000.0}, *(needing(hours, ends=date(2027, 4, 1)) for hours in (2_000.0, 2_600.0, 4_000.0, 5_000.0))
    )
    _, found = taken_and_given(progress)
    assert given(found) == pytest.approx({"p1": 2_000, "p2": 2_600, "p3": 2_700, "p4": 2_700}, abs=WHOLE)
    assert found.solution is not None
    assert found.solution.certificate.accepted


@pytest.mark.parametrize("seed", range(6))
def test_no_more_is_given_than_was_taken_or_is_needed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = [
        (needing(float(rng.integers(100, 6_000))) if rng.random() < 0.5 else {"forecast_high_hours": float(rng.integers(3_000, 9_000))})
        | {"ends": AS_OF + timedelta(days=int(rng.integers(5, 300))), "system": str(rng.choice(["lumi", "vega"]))}
        | {"category": str(rng.choice(["sme", "research"]))}
        for _ in range(25)
    ]
    progress = projects(*rows)
    ran = {f"p{number}": str(rng.choice(["C", "G"])) for number in range(25)}
    taken, found = taken_and_given(progress, partitions=("C", "G"), ran=ran)
    assert found.refusal is None
    assert (found.freed["given_node_hours"] <= found.freed["taken_node_hours"] + 1e-6).all()
    assert found.freed["taken_node_hours"].sum() == pytest.approx(taken["taken_hours"].sum())
    assert found.freed["given_node_hours"].sum() == pytest.approx(found.offers["given_node_hours"].sum())
    assert (found.offers["given_hours"] <= found.offers["needed_hours"] + 1e-6).all()
    assert set(found.offers["account"]).isdisjoint(taken["account"])


def test_hours_are_given_only_while_the_project_that_lost_them_would_have_had_them() -> None:
    """Of 5,000 hours freed over 120 days, a project that ends after 30 of them can be given a quarter."""
    _, found = taken_and_given(projects({}, needing(4_000.0, ends=date(2026, 12, 1), days_left=30)))
    assert given(found) == {"p1": 1_250}
    _, later = taken_and_given(projects({"ends": date(2026, 12, 1), "days_left": 30}, needing(4_000.0)))
    assert given(later) == {"p1": 4_000}


def test_hours_of_another_partition_are_not_given() -> None:
    _, found = taken_and_given(projects({}, needing(100.0)), partitions=("C", "G"), ran={"p1": "G"})
    assert given(found) == {"p1": 0}
    assert found.offers["reason"].item().startswith("No hours are taken where it runs")


def test_hours_of_projects_that_never_ran_are_offered_only_where_the_machine_has_one_partition() -> None:
    progress = projects({"used_hours": 0.0, "used_share": 0.0}, needing(100.0))
    _, several = taken_and_given(progress, partitions=("C", "G"))
    assert several.freed.rows() == [("lumi", None, 5_000.0, 0.0)]
    _, one = taken_and_given(progress)
    assert given(one) == {"p1": 100}


def test_gpu_hours_and_node_hours_are_exchanged_at_the_partitions_own_rate() -> None:
    progress = projects({"unit": "gpu_hours"}, needing(100.0), needing(400.0, unit="gpu_hours"))
    _, found = taken_and_given(progress)
    assert found.freed["taken_node_hours"].to_list() == [1_250]
    rows = {row["account"]: row for row in found.offers.iter_rows(named=True)}
    assert (rows["p1"]["given_hours"], rows["p1"]["given_node_hours"]) == (100, 100)
    assert (rows["p2"]["given_hours"], rows["p2"]["given_node_hours"]) == (400, 100)


def commercial(share: float) -> PolicyLimit:
    return PolicyLimit(
        id="commercial",
        title="commercial use",
        share=share,
        of=LimitBase.UNION_SHARE,
        systems=(),
        categories=(UserCategory.SME,),
        modes=(),
        exact=True,
        reading="",
        source="",
        flag=Flag.SOURCED,
        valid="",
    )


def test_a_limit_of_the_law_holds_for_the_hours_given() -> None:
    progress = projects({}, needing(4_000.0, category="sme"), needing(4_000.0))
    _, found = taken_and_given(progress, limits=(commercial(0.2),))
    assert given(found) == pytest.approx({"p1": 1_000, "p2": 4_000}, abs=WHOLE)
    assert given(found)["p1"] <= 1_000


def test_where_a_machine_is_over_a_limit_whoever_counts_towards_it_is_given_nothing() -> None:
    over = pl.DataFrame(
        [dict.fromkeys(AGAINST_LIMITS) | {"system": "lumi", "limit": "commercial", "over": True}], schema=dict(AGAINST_LIMITS)
    )
    progress = projects({}, needing(4_000.0, category="sme"), needing(4_000.0))
    _, found = taken_and_given(progress, limits=(commercial(0.2),), against=over)
    assert given(found) == {"p1": 0, "p2": 4_000}
    assert OVER in found.offers["reason"].to_list()


def test_floors_that_nobody_can_fill_are_refused_in_words() -> None:
    choices = SplitChoices(floors={UserCategory.START_UP: 0.5})
    _, found = taken_and_given(projects({}, needing(4_000.0)), choices=choices)
    assert found.refusal is not None
    assert found.solution is None
    assert given(found) == {"p1": 0}
    assert found.offers["reason"].to_list() == [REFUSED]


def test_nothing_to_take_and_nobody_in_need_are_no_errors() -> None:
    for progress in (projects({}), projects(needing(4_000.0)), projects({"status": "ended", "days_left": 0})):
        _, found = taken_and_given(progress)
        assert found.solution is None
        assert found.refusal is None


def test_a_letter_names_the_figures_the_rule_and_the_way_to_object() -> None:
    rows = reclaimable(projects({"organisation": "CSC", "title": "Ice"}, {}), RULE).to_dicts()
    words = letter(rows[0], RULE, system="LUMI")
    for said in ("To: CSC", "p0 (Ice)", "LUMI", "10,000", "2,000", "1 November 2026", "six months", "3,500", "6,500", "14 days"):
        assert said in words
    assert letters(rows, RULE, systems={"lumi": "LUMI"}).count("Subject:") == 2


@pytest.mark.parametrize(
    "wrong", [{"used_below_share": 0.0}, {"used_below_share": 1.2}, {"taken_share": 0.0}, {"after_months": 0}], ids=str
)
def test_a_rule_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        ReclaimRule(**wrong)
