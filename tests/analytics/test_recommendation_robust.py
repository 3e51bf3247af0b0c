"""A split for several demands: its floors hold in each, what that costs is told, and where none exists it is said what could hold."""

import polars as pl
import pytest

from analytics.allocation.objectives import Objective
from analytics.allocation.robust import RobustSplit
from analytics.allocation.solution import Refusal
from analytics.recommendation_robust import (
    AS_LOGGED,
    DemandScenario,
    RobustRecommendation,
    demand_of_other_months,
    in_words,
    missed,
    robust_recommendation,
)
from data.terms import UserCategory
from tests.analytics.test_recommendation import COMMERCIAL, NAMES, split


def across(*others: DemandScenario, floor: float = 0.0, alpha: float = 1.0) -> RobustRecommendation:
    found = split(objective=Objective(alpha=alpha), floors={UserCategory.SME: floor})
    return robust_recommendation(found, {one.title: one.demand(found.solution.problem.projects) for one in others})


def told(result: RobustRecommendation, *, floors_set: bool = True) -> str:
    return " ".join(in_words(result, (COMMERCIAL,), NAMES, floors_set=floors_set)).replace("\u202f", " ")


FEWER_SMES = DemandScenario(factor=0.5, category=UserCategory.SME)
MORE_START_UPS = DemandScenario(factor=1.2, category=UserCategory.START_UP)


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
def test_where_a_floor_would_be_missed_the_robust_split_holds_it_and_its_cost_is_told(alpha: float) -> None:
    result = across(FEWER_SMES, MORE_START_UPS, floor=0.04, alpha=alpha)
    assert isinstance(result.found, RobustSplit)
    assert (result.floors["used_robust"] >= result.floors["value"] * (1 - 1e-8)).all()
    assert (result.by_scenario["floors_held_robust"] == result.by_scenario["floors"]).all()
    logged = result.by_scenario.filter(scenario=AS_LOGGED)
    assert logged["satisfaction_robust"].item() <= logged["satisfaction_planned"].item() * (1 + 1e-6)
    assert "if the demand comes as logged" in told(result)


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0])
def test_without_floors_the_robust_split_is_no_worse_on_the_average(alpha: float) -> None:
    result = across(FEWER_SMES, MORE_START_UPS, alpha=alpha)
    assert isinstance(result.found, RobustSplit)
    rows = result.by_scenario
    welfare = {
        name: rows[f"satisfaction_{name}"].log() if alpha == 1 else rows[f"satisfaction_{name}"] ** (1 - alpha) / (1 - alpha)
        for name in ("planned", "robust")
    }
    assert welfare["robust"].mean() >= welfare["planned"].mean() - 1e-6
    assert "No category has a floor" in told(result, floors_set=False)


def test_a_floor_that_no_split_can_hold_in_all_demands_is_refused_with_what_could() -> None:
    result = across(FEWER_SMES, floor=0.08)
    assert isinstance(result.found, Refusal)
    assert missed(result)["scenario"].to_list() == [FEWER_SMES.title]
    held = result.held_at.row(0, named=True)
    assert 0 < held["holds_at"] < held["value"]
    assert held["scenario"] == FEWER_SMES.title
    assert "The floor for SMEs can hold in all scenarios at" in told(result)


def test_the_demand_of_other_months_is_as_long_as_these_and_tells_whom_it_lacks() -> None:
    projects = pl.DataFrame({"project": ["a@x", "b@x"]})
    then = pl.DataFrame({"project": ["a@x", "gone@x"], "node_hours_demanded": [300.0, 100.0]})
    demand, lost = demand_of_other_months(then, projects, part=0.5)
    assert demand.rows() == [("a@x", 150.0), ("b@x", 0.0)]
    assert lost == pytest.approx(0.25)
