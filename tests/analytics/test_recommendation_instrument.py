"""What the split page says of a split is true: prices, winners and losers, equal shares, exaggeration, the frontier and comparisons."""

from dataclasses import replace

import polars as pl
import pytest

from analytics import recommendation_changes as changes
from analytics import recommendation_compare as compare
from analytics import recommendation_frontier as frontiers
from analytics import recommendation_prices as prices
from analytics.allocation.objectives import Aim, Objective
from analytics.charts import frontier as charts
from analytics.recommendation import Recommendation, recommendation
from analytics.recommendation_changes import Against
from analytics.recommendation_compare import Side
from analytics.recommendation_words import nothing_binds
from analytics.split_problem import Due, SplitChoices
from data.terms import UserCategory
from tests.analytics.test_recommendation import COMMERCIAL, NAMES, facts, split

SME_FLOOR = {UserCategory.SME: 0.12}
AIMS = {"Most hours": Objective(alpha=0.0), "Proportional": Objective(alpha=1.0), "Much more": Objective(alpha=4.0)}


def merit(found: Recommendation) -> float:
    return found.solution.certificate.objective_ede


def tags(found: Recommendation) -> str:
    return "\n".join(prices.price_tags(found, (COMMERCIAL,), NAMES)).replace("\u202f", " ")


@pytest.mark.parametrize("alpha", [0.5, 1.0, 3.0])
@pytest.mark.parametrize(
    ("limit", "tight", "looser"),
    [
        ("carbon_budget", {"carbon_budget_t": 3.0}, {"carbon_budget_t": 3.03}),
        ("energy_budget", {"energy_budget_mwh": 40.0}, {"energy_budget_mwh": 40.4}),
        ("cap:research", {"caps": {UserCategory.RESEARCH: 0.3}}, {"caps": {UserCategory.RESEARCH: 0.303}}),
        ("floor:sme", {"floors": SME_FLOOR}, {"floors": {UserCategory.SME: 0.1188}}),
    ],
)
def test_one_per_cent_more_of_a_limit_brings_what_its_price_says_and_no_more(
    limit: str, tight: dict[str, object], looser: dict[str, object], alpha: float
) -> None:
    aim = Objective(alpha=alpha)
    before, after = split(objective=aim, **tight), split(objective=aim, **looser)
    gain = before.binding.filter(name=limit)["gain"].item()
    real = merit(after) / merit(before) - 1
    assert real <= gain * (1 + 1e-3) + 1e-6
    assert real == pytest.approx(gain, rel=0.1)


def test_a_price_tag_names_the_limit_in_its_own_unit() -> None:
    told = tags(split(carbon_budget_t=3.0))
    assert "One more t CO₂e of the carbon budget (3 t CO₂e) would raise satisfaction by up to" in told
    assert "11 % instead of 12 % would raise" in tags(split(floors=SME_FLOOR))


def test_where_the_worst_served_has_all_it_asks_for_no_limit_has_a_price() -> None:
    asked = facts()
    tiny = pl.col("account") == "town"
    small = replace(asked, demand=asked.demand.with_columns(node_hours_demanded=pl.when(tiny).then(1.0).otherwise("node_hours_demanded")))
    found = recommendation(small, SplitChoices(objective=Objective(aim=Aim.MAX_MIN)))
    assert isinstance(found, Recommendation)
    assert found.binding.is_empty()
    assert "it gets all it asks for" in nothing_binds(found)


def test_changes_add_up_to_the_difference_of_the_hours() -> None:
    found = split()
    rows = changes.changes(found)
    whole = found.by_project["node_hours_recommended"].sum() - found.by_project["node_hours_received"].sum()
    assert rows["change"].sum() == pytest.approx(whole)
    by_category = changes.by_category(rows)
    assert by_category["change"].sum() == pytest.approx(whole)
    assert by_category["projects"].sum() == rows.height == found.by_project.height


@pytest.mark.parametrize("alpha", [0.0, 1.0, 4.0])
def test_equal_shares_give_out_no_more_than_is_offered_and_nobody_more_than_asked(alpha: float) -> None:
    found = split(objective=Objective(alpha=alpha), weights={UserCategory.SME: 3.0})
    rows = changes.equal_shares(found).join(found.by_project, on="project")
    assert (rows["before"] <= rows["node_hours_demanded"] + 1e-9).all()
    offered = dict(found.by_system.select("system", "node_hours_offered").iter_rows())
    for (system,), part in rows.group_by("system"):
        assert part["before"].sum() <= offered[str(system)] * (1 + 1e-9)


def test_whom_a_floor_for_others_costs_an_equal_share_is_counted() -> None:
    fair, bent = split(keep_law=False), split(keep_law=False, objective=Objective(alpha=0.0), weights={UserCategory.SME: 50.0})
    assert "Nobody would be better off" in changes.sharing_in_words(fair)
    worse = changes.changes(bent, Against.EQUAL_SHARES).filter(outcome="loses").height
    assert worse > 0
    assert changes.sharing_in_words(bent).startswith(f"{worse} of 6 projects")


def test_exaggeration_pays_only_where_satisfaction_is_measured_against_the_request() -> None:
    by_request, by_mode = (split(objective=Objective(alpha=4.0), due=due) for due in (Due.REQUEST, Due.MODE_MEDIAN))
    paid = changes.exaggeration_in_words(facts(), by_request).replace("\u202f", " ")
    assert "more hours (tried for" in paid
    assert "would bring a project nothing" in changes.exaggeration_in_words(facts(), by_mode)


def test_a_warm_start_changes_nothing_but_the_time() -> None:
    begun = split(carbon_budget_t=3.0)
    cold = recommendation(facts(), SplitChoices(carbon_budget_t=3.2))
    warm = recommendation(facts(), SplitChoices(carbon_budget_t=3.2), warm=begun.solution)
    assert isinstance(cold, Recommendation)
    assert isinstance(warm, Recommendation)
    assert merit(warm) == pytest.approx(merit(cold), rel=1e-5)


@pytest.fixture(scope="module")
def points() -> pl.DataFrame:
    return frontiers.frontier_of_split(facts(), SplitChoices(), AIMS, frontiers.budgets(4.0, (1.0, 0.7, 0.4)))


def test_every_point_keeps_its_budget_and_a_tighter_one_is_never_better(points: pl.DataFrame) -> None:
    bound = points.drop_nulls("carbon_budget_t")
    assert (bound["emissions_location_t"] <= bound["carbon_budget_t"] * (1 + 1e-6)).all()
    for _, line in points.group_by("aim", maintain_order=True):
        assert line["satisfaction"].is_sorted(descending=True)
    assert frontiers.largest_gap(points) < 1e-4


def test_a_point_without_budget_is_the_split_itself(points: pl.DataFrame) -> None:
    found = split(objective=AIMS["Much more"])
    point = points.filter(pl.col("carbon_budget_t").is_null(), aim="Much more").row(0, named=True)
    assert point["node_hours"] == pytest.approx(found.by_project["node_hours_recommended"].sum(), rel=1e-6)
    assert point["served_of_worst"] == pytest.approx(Side(title="", found=found).served_of_worst, rel=1e-3)


def test_a_budget_that_clashes_is_a_point_that_does_not_exist() -> None:
    choices = SplitChoices(floors={UserCategory.RESEARCH: 0.4})
    rows = frontiers.frontier_of_split(facts(), choices, {"Proportional": AIMS["Proportional"]}, [None, 0.01])
    assert rows["node_hours"].is_null().to_list() == [False, True]
    assert "1 of 2 points do not exist" in frontiers.bound_in_words(rows)


def test_a_click_takes_the_point_whose_sentence_is_shown(points: pl.DataFrame) -> None:
    figure = charts.frontier(points, current=(1_000.0, 0.5), title=charts.title(points))
    lines = [trace for trace in figure.data if trace.name != "The split above"]
    assert sum(len(trace.x) for trace in lines) == points.drop_nulls("node_hours").height
    for number, trace in enumerate(lines):
        for place, said in enumerate(trace.customdata):
            point = charts.point_at(points, number, place)
            assert point is not None
            assert charts.sentence(point) == said
    assert charts.point_at(points, len(lines), 0) is None


def test_a_finding_names_no_change_of_the_worst_served_where_there_is_none(points: pl.DataFrame) -> None:
    alike = points.with_columns(served_of_worst=pl.when(pl.col("served_of_worst").is_not_null()).then(0.5))
    assert charts.title(alike).endswith("leaves the worst-served tenth at 50\u202f%")


def test_a_chart_without_points_says_so(points: pl.DataFrame) -> None:
    nothing = points.with_columns(node_hours=pl.lit(None, pl.Float64))
    assert charts.frontier_summary(nothing) == charts.NO_POINTS
    assert charts.NO_POINTS[:20] in charts.frontier(nothing).layout.annotations[0].text


def test_a_comparison_with_what_was_received_tells_the_changes_of_the_split() -> None:
    found = split()
    received, recommended = Side(title="then", found=found, received=True), Side(title="now", found=found)
    assert compare.between(received, recommended).equals(changes.changes(found))
    rows = compare.side_by_side(received, recommended, (COMMERCIAL,), NAMES)
    whole = rows.filter(measure="All projects").row(0, named=True)
    assert (whole["one"], whole["other"]) == pytest.approx(
        (found.by_project["node_hours_received"].sum(), found.by_project["node_hours_recommended"].sum())
    )
    assert rows.filter(measure="Satisfaction by its own aim")["one_words"].item() == "not available"


def test_each_choice_that_differs_is_told_once() -> None:
    one, other = SplitChoices(), SplitChoices(floors=SME_FLOOR, carbon_budget_t=5.0, objective=Objective(alpha=0.0))
    assert compare.differences(one, one) == []
    told = " ".join(compare.differences(one, other)).replace("\u202f", " ")
    assert len(compare.differences(one, other)) == 3
    assert "The floor for SMEs: from none to 12 %." in told
    assert "The carbon budget: from none to 5 t CO₂e." in told


def test_a_limit_that_only_one_side_has_is_without_price_on_the_other() -> None:
    free, bound = Side(title="free", found=split()), Side(title="bound", found=split(carbon_budget_t=3.0))
    row = compare.side_by_side(free, bound, (COMMERCIAL,), NAMES).filter(measure="Price of 1 % of the carbon budget").row(0, named=True)
    assert row["one"] is None
    assert row["other"] > 0
