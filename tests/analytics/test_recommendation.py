"""The recommended split keeps its limits, matches another solver, and tells the truth about what it changes."""

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from analytics.allocation.objectives import Aim, Objective
from analytics.allocation.solution import Refusal
from analytics.demand import demand_of_projects
from analytics.recommendation import Recommendation, recommendation
from analytics.recommendation_words import limit_in_words, paragraph, refusal_in_words
from analytics.split_problem import Due, SplitChoices, SplitFacts, capacity_with_factors, split_problem
from analytics.usage import capacity, usage_frame
from data.errors import InputError
from data.schema import INTENSITY, PARTITIONS, PROJECTS
from data.terms import AccessMode, Flag, LimitBase, Period, PolicyLimit, UserCategory

QUARTER = Period(date(2026, 1, 1), date(2026, 4, 1))
MONTHS = QUARTER.months
NAMES = {"alpha": "Alpha", "beta": "Beta"}
COMMERCIAL = PolicyLimit(
    id="commercial_use",
    title="Commercial use",
    share=0.2,
    of=LimitBase.UNION_SHARE,
    systems=(),
    categories=(UserCategory.START_UP, UserCategory.SME, UserCategory.LARGE_INDUSTRY),
    modes=(),
    exact=False,
    reading="All time of companies.",
    source="an example",
    flag=Flag.ESTIMATE,
    valid="always",
)
ASKED = {
    ("alpha", "uni"): (UserCategory.RESEARCH, AccessMode.REGULAR, 30_000.0),
    ("alpha", "lab"): (UserCategory.RESEARCH, AccessMode.REGULAR, 20_000.0),
    ("alpha", "newco"): (UserCategory.START_UP, AccessMode.FAST_LANE, 9_000.0),
    ("alpha", "smallco"): (UserCategory.SME, AccessMode.FAST_LANE, 6_000.0),
    ("beta", "uni"): (UserCategory.RESEARCH, AccessMode.REGULAR, 9_000.0),
    ("beta", "town"): (UserCategory.PUBLIC_SECTOR, AccessMode.REGULAR, 4_000.0),
}


def partitions() -> pl.DataFrame:
    shared = {"system_name": None, "country": "FI", "status": "operating", "in_service": None, "out_of_service": None, "estimates": ""}
    shared |= {"cores_per_node": 64.0, "gpus_per_node": 4.0, "utilisation": 0.5, "union_share": 0.5, "market_factor": None}
    rows = [
        {**shared, "system": "alpha", "partition": "gpu", "grid_zone": "FI", "nodes": 40.0, "node_idle_w": 500.0, "node_max_w": 2500.0}
        | {"pue": 1.1, "availability": 0.9},
        {**shared, "system": "beta", "partition": "cpu", "grid_zone": "DE", "nodes": 10.0, "node_idle_w": 300.0, "node_max_w": 900.0}
        | {"pue": 1.3, "availability": 1.0},
    ]
    return pl.DataFrame(rows, schema=dict(PARTITIONS))


def facts() -> SplitFacts:
    used = [
        {"system": system, "account": account, "category": category.value, "partition": part, "month": month}
        | {"jobs": 1, "node_hours": asked / 6, "node_hours_metered": 0.0}
        for (system, account), (category, _, asked) in ASKED.items()
        for part in [{"alpha": "gpu", "beta": "cpu"}[system]]
        for month in MONTHS
    ]
    usage = usage_frame(*used)
    projects = pl.DataFrame(
        [
            {"system": system, "account": account, "category": category.value, "mode": mode.value, "node_hours_awarded": asked}
            | {"starts": QUARTER.start, "ends": QUARTER.end}
            for (system, account), (category, mode, asked) in ASKED.items()
        ],
        schema=dict(PROJECTS),
    )
    by_account = usage_frame(
        *({name: value for name, value in row.items() if name not in ("category", "partition", "month")} for row in used)
    )
    summed = by_account.group_by("system", "account").agg(pl.exclude("system", "account").sum())
    intensity = [
        ("FI", 2024, "flow_traced", "life_cycle", 80.0, "example", "E"),
        ("DE", 2024, "flow_traced", "life_cycle", 350.0, "example", "E"),
    ]
    return SplitFacts(
        demand=demand_of_projects(summed, projects, QUARTER),
        usage=usage,
        offered=capacity(partitions(), QUARTER),
        partitions=partitions(),
        intensity=pl.DataFrame(intensity, schema=dict(INTENSITY), orient="row"),
        limits=(COMMERCIAL,),
    )


def split(**choices: object) -> Recommendation:
    found = recommendation(facts(), SplitChoices(**choices))  # type: ignore[arg-type]
    assert isinstance(found, Recommendation)
    return found


def granted(found: Recommendation, category: UserCategory, system: str | None = None) -> float:
    rows = found.by_project.filter(pl.col("category") == category.value)
    return float(rows.filter(pl.lit(True) if system is None else pl.col("system") == system)["node_hours_recommended"].sum())


def test_capacity_is_nodes_times_hours_times_availability_times_union_share() -> None:
    rows = capacity_with_factors(facts(), SplitChoices())
    january = rows.filter(pl.col("period") == "2026-01", pl.col("system") == "alpha").row(0, named=True)
    assert january["node_hours"] == pytest.approx(40 * 31 * 24 * 0.5 * 0.9)
    assert january["mwh_per_node_hour"] == pytest.approx(1.5 * 1.1 / 1000)
    assert january["tco2e_per_node_hour"] == pytest.approx(1.5 * 1.1 * 80 / 1e6)


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0, 5.0])
def test_the_split_is_that_of_another_solver(alpha: float) -> None:
    cvxpy = pytest.importorskip("cvxpy")
    problem = split_problem(facts(), SplitChoices(objective=Objective(alpha=alpha)))
    names = problem.projects["project"].to_list()
    asked = problem.projects["hours_asked"].to_numpy()
    due = problem.projects["entitlement"].to_numpy()
    hours = cvxpy.Variable(len(names), nonneg=True)
    ratio = cvxpy.multiply(1 / due, hours)
    welfare = cvxpy.sum(cvxpy.log(ratio)) if alpha == 1 else cvxpy.sum(cvxpy.power(ratio, 1 - alpha)) / (1 - alpha)
    whole = capacity_with_factors(facts(), SplitChoices()).group_by("system").agg(pl.col("node_hours").sum())
    offered = dict(whole.iter_rows())
    company = [problem.projects["category"][i] in COMMERCIAL.categories for i in range(len(names))]
    limits = [hours <= asked]
    for system, most in offered.items():
        here = np.array([name.endswith(f"@{system}") for name in names], dtype=float)
        limits += [here @ hours <= most, (here * np.array(company)) @ hours <= 0.2 * most]
    cvxpy.Problem(cvxpy.Maximize(welfare), limits).solve(solver="CLARABEL", tol_gap_rel=1e-10, tol_gap_abs=1e-10, tol_feas=1e-10)
    found = split(objective=Objective(alpha=alpha)).by_project.sort("project")["node_hours_recommended"].to_numpy()
    theirs, order = np.asarray(hours.value), np.argsort(names)

    def worth(granted: np.ndarray) -> float:
        return float(np.log(granted).sum() if alpha == 1 else (granted ** (1 - alpha)).sum() / (1 - alpha))

    assert found == pytest.approx(theirs[order], rel=2e-3)
    assert worth(found / due[order]) >= worth(theirs[order] / due[order]) - 1e-6 * abs(worth(theirs[order] / due[order]))


def test_companies_get_no_more_than_the_law_allows_on_each_machine() -> None:
    found = split(objective=Objective(alpha=4.0))
    offered = dict(found.by_system.select("system", "node_hours_offered").iter_rows())
    companies = granted(found, UserCategory.START_UP, "alpha") + granted(found, UserCategory.SME, "alpha")
    assert companies <= 0.2 * offered["alpha"] * (1 + 1e-8)


def test_without_the_law_companies_may_get_more() -> None:
    kept, free = split(objective=Objective(alpha=4.0)), split(objective=Objective(alpha=4.0), keep_law=False)
    companies = (UserCategory.START_UP, UserCategory.SME)
    assert sum(granted(free, category) for category in companies) > sum(granted(kept, category) for category in companies)


def test_a_floor_and_a_cap_hold() -> None:
    found = split(floors={UserCategory.PUBLIC_SECTOR: 0.05}, caps={UserCategory.RESEARCH: 0.5}, objective=Objective(alpha=0.0))
    whole = float(found.by_system["node_hours_offered"].sum())
    assert granted(found, UserCategory.PUBLIC_SECTOR) >= 0.05 * whole * (1 - 1e-8)
    assert granted(found, UserCategory.RESEARCH) <= 0.5 * whole * (1 + 1e-8)


def test_an_energy_budget_holds_and_has_a_price() -> None:
    free = split().energy.filter(pl.col("what") == "recommended")["energy_facility_mwh"].item()
    tight = split(energy_budget_mwh=free / 2)
    spent = tight.energy.filter(pl.col("what") == "recommended")["energy_facility_mwh"].item()
    assert spent <= free / 2 * (1 + 1e-8)
    assert "energy_budget" in tight.binding["name"].to_list()


def test_the_gain_of_a_limit_is_what_a_looser_limit_brings() -> None:
    free = split().energy.filter(pl.col("what") == "recommended")["energy_facility_mwh"].item()
    tight, looser = split(energy_budget_mwh=free / 2), split(energy_budget_mwh=free / 2 * 1.01)
    promised = tight.binding.filter(pl.col("name") == "energy_budget")["gain"].item()
    found = looser.solution.certificate.objective_ede / tight.solution.certificate.objective_ede - 1
    assert found == pytest.approx(promised, rel=0.02)


def test_max_min_raises_the_worst_served() -> None:
    most_hours, fairest = split(objective=Objective(alpha=0.0)), split(objective=Objective(aim=Aim.MAX_MIN))
    assert fairest.by_project["satisfaction"].min() > most_hours.by_project["satisfaction"].min() - 1e-9  # type: ignore[operator]


def test_received_and_recommended_sum_to_the_same_in_every_table() -> None:
    found = split()
    for table in (found.by_category, found.by_category_system, found.by_category_month, found.by_system):
        assert table["node_hours_received"].sum() == pytest.approx(found.by_project["node_hours_received"].sum())
        assert table["node_hours_recommended"].sum() == pytest.approx(found.by_project["node_hours_recommended"].sum())


def test_floors_above_what_is_there_are_refused_in_words() -> None:
    found = recommendation(facts(), SplitChoices(floors={UserCategory.SME: 0.6}))
    assert isinstance(found, Refusal)
    told = " ".join(refusal_in_words(found, (COMMERCIAL,), NAMES))
    assert "the floor for SMEs" in told
    assert "floor:sme" not in told


def test_the_request_as_due_rewards_a_larger_request() -> None:
    def hours(due: Due, inflated: float) -> float:
        more = facts().demand.with_columns(
            pl.when(pl.col("account") == "lab")
            .then(pl.col("node_hours_demanded") * inflated)
            .otherwise(pl.col("node_hours_demanded"))
            .alias("node_hours_demanded")
        )
        choices = SplitChoices(due=due, objective=Objective(alpha=4.0), keep_law=False, caps={UserCategory.RESEARCH: 0.4})
        found = recommendation(replace(facts(), demand=more), choices)
        assert isinstance(found, Recommendation)
        return float(found.by_project.filter(pl.col("account") == "lab")["node_hours_recommended"].item())

    assert hours(Due.REQUEST, 1.2) > hours(Due.REQUEST, 1.0) * 1.05


def test_the_paragraph_names_who_gains_and_what_binds() -> None:
    told = paragraph(split(objective=Objective(alpha=4.0)), (COMMERCIAL,), NAMES, period="Q1 2026")
    assert told.startswith("For Q1 2026 the split aims at")
    assert "Commercial use at Alpha" in told


def test_unknown_power_makes_energy_unknown_and_not_zero() -> None:
    blind = replace(facts(), partitions=partitions().with_columns(node_idle_w=pl.lit(None, pl.Float64)))
    found = recommendation(blind, SplitChoices())
    assert isinstance(found, Recommendation)
    assert found.energy["energy_facility_mwh"].to_list() == [None, None]
    assert "not available" in paragraph(found, (), NAMES, period="Q1 2026")


def test_a_budget_on_energy_that_nobody_knows_is_refused() -> None:
    blind = replace(facts(), partitions=partitions().with_columns(node_idle_w=pl.lit(None, pl.Float64)))
    with pytest.raises(InputError, match="energy_budget"):
        recommendation(blind, SplitChoices(energy_budget_mwh=10.0))


def test_a_period_in_which_nothing_was_asked_is_told() -> None:
    with pytest.raises(InputError, match="nobody asked"):
        recommendation(replace(facts(), demand=facts().demand.clear()), SplitChoices())


def test_a_share_above_one_is_told() -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        recommendation(facts(), SplitChoices(floors={UserCategory.SME: 20.0}))


def test_a_limit_of_the_law_is_named_with_its_machine() -> None:
    assert limit_in_words("commercial_use:alpha", (COMMERCIAL,), NAMES) == "the 20\u202f% limit on Commercial use at Alpha"
