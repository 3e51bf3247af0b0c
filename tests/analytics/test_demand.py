"""Demand from awards pro rata by days, else from the queue."""

from datetime import date
from random import Random

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from analytics import demand
from analytics.fairness import due_by_demand, satisfaction_of_projects
from analytics.usage import usage_frame
from data.schema import PROJECTS
from data.terms import Period, month_after

Q1 = Period(date(2026, 1, 1), date(2026, 4, 1))


def projects(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame([dict.fromkeys(PROJECTS) | {"system": "alpha", "category": "sme"} | row for row in rows], schema=dict(PROJECTS))


def used(account: str, **measures: object) -> dict[str, object]:
    return {"system": "alpha", "account": account, **measures}


def test_an_award_counts_for_the_days_of_it_that_lie_in_the_period() -> None:
    sixty_days = {"starts": date(2026, 3, 2), "ends": date(2026, 5, 1)}  # thirty of them in March
    award = projects({"account": "p", "node_hours_awarded": 360.0} | sixty_days)
    row = demand.demand_of_projects(usage_frame(used("p", node_hours=5.0)), award, Q1).row(0, named=True)
    assert (row["basis"], row["node_hours_demanded"], row["node_hours"]) == ("awarded", 180.0, 5.0)


def test_the_quarters_of_an_award_add_up_to_the_award() -> None:
    award = projects({"account": "p", "node_hours_awarded": 1_000.0, "starts": date(2025, 2, 11), "ends": date(2026, 2, 11)})
    quarters = [Period(date(2025, m, 1), date(2025 + (m == 10), (m + 3 - 1) % 12 + 1, 1)) for m in (1, 4, 7, 10)] + [Q1]
    nobody = usage_frame(used("p")).clear()
    assert sum(demand.demand_of_projects(nobody, award, q)["node_hours_demanded"].sum() for q in quarters) == pytest.approx(1_000)


def test_without_a_known_award_the_queue_speaks() -> None:
    row = demand.demand_of_projects(usage_frame(used("p", node_hours=5.0, node_hours_queued=7.0)), projects({"account": "p"}), Q1)
    assert row.select("basis", "node_hours_demanded", "category").rows() == [("observed", 12.0, "sme")]


def test_an_account_that_nobody_classified_is_shown_as_unclassified() -> None:
    row = demand.demand_of_projects(usage_frame(used("stranger", node_hours=5.0)), projects(), Q1)
    assert row.select("category", "basis").rows() == [("unclassified", "observed")]


def test_an_award_outside_the_period_asks_for_nothing_in_it() -> None:
    old = projects({"account": "p", "node_hours_awarded": 9.0, "starts": date(2024, 1, 1), "ends": date(2025, 1, 1)})
    assert demand.demand_of_projects(usage_frame(used("q", node_hours=1.0)), old, Q1)["account"].to_list() == ["q"]


def test_an_award_without_dates_is_not_spread_by_guessing() -> None:
    undated = projects({"account": "p", "node_hours_awarded": 9.0})
    rows = demand.demand_of_projects(usage_frame(used("p", node_hours=1.0)), undated, Q1)
    assert rows.select("basis", "node_hours_demanded").rows() == [("observed", 1.0)]


def test_a_sum_over_both_kinds_says_so_and_counts_them() -> None:
    known = projects({"account": "p", "node_hours_awarded": 90.0, "starts": Q1.start, "ends": Q1.end}, {"account": "q"})
    rows = demand.demand_by(demand.demand_of_projects(usage_frame(used("q", node_hours=10.0)), known, Q1), "category")
    assert rows.select("basis", "projects", "projects_awarded", "awarded_share").rows() == [("mixed", 2, 1, 0.9)]


def test_the_months_add_up_to_the_period() -> None:
    award = projects({"account": "p", "node_hours_awarded": 900.0, "starts": date(2026, 1, 1), "ends": date(2027, 1, 1)})
    months = usage_frame(used("p", month=date(2026, 1, 1), node_hours=1.0), used("p", month=date(2026, 3, 1), node_hours=2.0))
    by_month = demand.demand_by_month(months, award, Q1)
    whole = demand.demand_of_projects(months, award, Q1)
    assert by_month["month"].to_list() == list(Q1.months)
    assert by_month["node_hours_demanded"].sum() == pytest.approx(whole["node_hours_demanded"].item())


def test_what_a_project_used_on_a_machine_without_logs_is_unknown_and_not_nothing() -> None:
    award = {"node_hours_awarded": 90.0, "starts": Q1.start, "ends": Q1.end}
    silent = projects({"account": "p", **award}, {"account": "q", "system": "silent", **award})
    rows = demand.demand_of_projects(usage_frame(used("other", node_hours=1.0)), silent, Q1)
    assert dict(rows.select("account", "node_hours").rows()) == {"other": 1.0, "p": 0.0, "q": None}
    assert satisfaction_of_projects(rows)["account"].to_list() == ["p"]
    assert due_by_demand(rows) == {"sme": 90.0, "unclassified": 1.0}


def test_hours_that_nobody_knows_are_asked_for_as_an_unknown_amount_and_not_as_nothing() -> None:
    rows = demand.demand_of_projects(
        usage_frame(
            used("untold", jobs=2, jobs_without_nodes=2, wall_hours_without_nodes=3.0),
            used("waiting", jobs_never_started=1, jobs_queued_without_hours=1),
            used("half", jobs=2, node_hours=4.0, jobs_without_nodes=1, wall_hours_without_nodes=1.0, jobs_queued_without_hours=3),
        ),
        projects(),
        Q1,
    )
    told = ("account", "node_hours", "node_hours_demanded", "jobs_without_nodes", "jobs_queued_without_hours")
    assert rows.select(told).rows() == [("half", 4.0, 4.0, 1, 3), ("untold", None, None, 2, 0), ("waiting", 0.0, None, 0, 1)]
    assert due_by_demand(rows) == {}, "no award is known, and no job that waits says what it asks for"


@pytest.mark.parametrize("seed", range(8))
def test_each_month_is_what_the_period_of_that_month_alone_would_be(seed: int) -> None:
    random = Random(seed)
    accounts = ("p", "q", "r", None)
    usage = usage_frame(
        *(
            {"system": system, "account": account, "month": month, "jobs": 1, "node_hours": float(random.randint(0, 9))}
            | {"jobs_without_nodes": random.randint(0, 1), "jobs_queued_without_hours": random.randint(0, 1)}
            for system in ("alpha", "beta")
            for account in accounts
            for month in Q1.months
            if random.random() < 0.6
        )
    )
    day = Q1.start.toordinal()
    known = projects(
        *(
            {"account": account, "system": system, "node_hours_awarded": float(random.randint(1, 99))}
            | {"starts": date.fromordinal(day + random.randint(-40, 60)), "ends": date.fromordinal(day + random.randint(61, 120))}
            for account in ("p", "q", "s")
            for system in ("alpha", "beta")
            if random.random() < 0.7
        )
    )
    by_month = demand.demand_by_month(usage, known, Q1)
    for month in Q1.months:
        alone = demand.demand_of_projects(usage.filter(month=month), known, Period(month, month_after(month)))
        assert_frame_equal(by_month.filter(month=month).drop("month"), alone)
