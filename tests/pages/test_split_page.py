"""The split page: what the reader sets decides the split, an impossible wish is told with its reason, and nothing is ever written."""

import random
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from data import scenario_standing, scenarios
from data.access import local_person
from data.lake import Lake
from data.settings import Settings
from data.terms import Period, Selection
from pages.shared import split_address
from tests.pages.small import words_of

Visit = Callable[..., AppTest]

SPLIT = "policy/split.py"


def granted(app: AppTest) -> float:
    """The node-hours that the split on the page grants."""
    number, *prefix = next(str(metric.value) for metric in app.metric if metric.label == "Node-hours granted").split()
    return float(number) * {"k": 1e3, "M": 1e6}["".join(prefix)] if prefix else float(number)


def test_the_aim_in_the_address_is_the_aim_of_the_split(visit: Visit, small_store: Path) -> None:
    assert "most hours served" in words_of(visit(small_store, SPLIT, aim="Most hours"))
    assert "the worst-served project first" in words_of(visit(small_store, SPLIT, aim="Worst-served first"))


def test_a_guarantee_that_cannot_be_kept_is_told_with_its_reason_and_its_mend(visit: Visit, small_store: Path) -> None:
    app = visit(small_store, SPLIT, **{"floor-sme": "90"})
    assert not app.exception
    assert not app.metric
    told = app.warning[0].value
    assert "the floor for SMEs" in told
    assert "Lower" in told


def test_a_share_beyond_all_bounds_in_the_address_is_not_believed(visit: Visit, small_store: Path) -> None:
    app = visit(small_store, SPLIT, **{"floor-sme": "9000", "cap-research": "-3"})
    assert not app.exception
    assert not app.warning
    assert {metric.label for metric in app.metric} >= {"Node-hours granted", "Satisfaction"}


def test_a_budget_of_energy_lowers_what_is_granted(visit: Visit, small_store: Path) -> None:
    free, bound = (visit(small_store, SPLIT, **address) for address in ({}, {"energy-budget": "0.5"}))
    assert granted(bound) < granted(free)


def test_a_machine_that_gives_less_grants_less_and_its_waits_can_be_asked_for(visit: Visit, small_store: Path) -> None:
    free = visit(small_store, SPLIT)
    free.selectbox(key="capacity-partition").select_index(1)
    free.number_input(key="capacity-percent").set_value(0.001)
    whole = granted(free)
    app = free.button(key="capacity-add").click().run()
    typed = str(app.session_state["capacity"])
    assert typed.endswith(" 0.001%")
    assert granted(app) < whole
    assert "It supposes that LUMI LUMI-G gives" in words_of(app)
    waits = visit(small_store, SPLIT, capacity=typed, detail="Waits")
    assert not waits.exception
    assert any("LUMI would be" in each.value for each in waits.markdown)


def test_a_change_of_capacity_that_cannot_be_read_gives_no_split(visit: Visit, small_store: Path) -> None:
    app = visit(small_store, SPLIT, capacity="half of it")
    assert not app.metric
    assert "'half of it' is no change of capacity" in app.error[0].value


def test_beside_the_choice_stands_what_asking_for_more_would_bring(visit: Visit, small_store: Path) -> None:
    told = {due: words_of(visit(small_store, SPLIT, due=due, **{"more-asked": "true"})) for due in split_address.DUES}
    for due, against in zip(split_address.DUES, ("the usual request of its access mode", "its own request"), strict=True):
        assert f"Satisfaction is measured against {against}" in told[due] or "gets what it asks for" in told[due]
    assert len(set(told.values())) == 2


def test_the_aims_beside_are_solved_for_those_who_ask(visit: Visit, small_store: Path) -> None:
    closed, opened = (words_of(visit(small_store, SPLIT, **address)) for address in ({}, {"aims-beside": "true"}))
    assert "Against “" not in closed
    assert "Against “Many hours”" in opened
    assert "Against “More for the worst-served”" in opened


def test_the_proof_stands_beside_the_split(visit: Visit, small_store: Path) -> None:
    app = visit(small_store, SPLIT)
    satisfaction = next(metric for metric in app.metric if metric.label == "Satisfaction")
    assert satisfaction.delta == f"at most {satisfaction.value} possible"


@pytest.fixture(scope="module")
def store_to_write(small_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the small store, with a scenario whose address is partly nonsense."""
    lake = tmp_path_factory.mktemp("written") / "lake"
    shutil.copytree(small_store, lake)
    site = Settings(lake=lake)
    address = "period=From+…+to+…&from=March+2025&to=May+2031&aim=Most+of+all&floor-sme=5"
    scenarios.save(site, local_person(site), name="Odd", reason="to see", address=address, snapshot_id=1)
    return lake


def test_what_is_loosened_by_the_button_has_a_split(visit: Visit, small_store: Path) -> None:
    app = visit(small_store, SPLIT, **{"floor-sme": "90"})
    app.button(key="loosen").click().run()
    assert not app.exception
    assert not app.warning
    assert 0 < app.slider(key="floor-sme").value < 90
    assert granted(app) > 0


def test_a_point_of_the_frontier_sets_aim_and_carbon_budget(visit: Visit, small_store: Path) -> None:
    app = visit(small_store, SPLIT, detail="What can be had at best")
    app.button(key="compute-frontier").click().run()
    listed = app.selectbox(key="take-point")
    point = next(option for option in listed.options if option.startswith("Much more, at most"))
    listed.select(point).run()
    assert not app.exception
    assert app.select_slider(key="aim").value == "Much more"
    assert app.number_input(key="carbon-budget").value > 0
    assert "proven best" in words_of(app)


def test_for_demand_that_may_shrink_it_is_said_whether_the_floors_hold_and_at_what_cost(visit: Visit, small_store: Path) -> None:
    asked = {"detail": "Uncertain demand", "demands": "SMEs ask for less", "demand-change": "10 %"}
    app = visit(small_store, SPLIT, **asked, **{"floor-sme": "0.001"})
    assert not app.exception
    told = words_of(app)
    assert "Every floor holds in every scenario" in told
    assert "if the demand comes as logged" in told
    assert len(app.table[0].value) == 2
    steep = visit(small_store, SPLIT, aim="Worst-served first", **asked)
    assert "choose another aim" in words_of(steep)


def test_choices_are_saved_with_their_reason_and_compared(visit: Visit, store_to_write: Path) -> None:
    app = visit(store_to_write, SPLIT, detail="Scenarios", aim="Most hours", **{"energy-budget": "0.5"})
    for name, reason in (("", "why"), ("Lean", "once more")):
        app.text_input(key="scenario-name").set_value(name)
        app.text_input(key="scenario-reason").set_value(reason)
        next(button for button in app.button if button.label == "Save").click().run()
        told = words_of(app)
        assert ("has no name" in told) is (not name)
    kept = {one.title: one.address for one in scenarios.listed(Lake(Settings(lake=store_to_write)))}
    assert set(kept) == {"Odd", "Lean"}
    assert "aim=Most+hours" in kept["Lean"]
    assert "Saved as Lean" in words_of(app)
    compared = visit(store_to_write, SPLIT, detail="Scenarios", **{"compare-from": "Lean", "compare-to": "The choices on this page"})
    assert not compared.exception
    assert "The energy budget: from 0.5 MWh to none." in words_of(compared).replace("\\", "")
    assert {"Lean", "The choices on this page"} <= set(compared.table[0].value.columns)


def test_a_scenario_is_made_current_with_a_reason_and_not_without(visit: Visit, store_to_write: Path) -> None:
    site = Settings(lake=store_to_write)
    scenarios.save(site, local_person(site), name="Lean", reason="budget", address="aim=Most+hours", snapshot_id=1)
    app = visit(store_to_write, SPLIT, detail="Scenarios")
    app.button(key="scenario-make-current").click().run()
    assert "has no reason" in app.error[0].value
    assert scenario_standing.current(Lake(site)) is None
    app.text_input(key="scenario-decision-reason").set_value("spring")
    app.button(key="scenario-make-current").click().run()
    held = scenario_standing.current(Lake(site))
    assert held is not None
    assert held.reason == "spring"
    assert any("Current\\: Lean" in each.value or "Current: Lean" in each.value for each in app.markdown)


def test_a_stored_address_that_cannot_be_is_told_and_taken_up_as_far_as_it_can(visit: Visit, store_to_write: Path) -> None:
    app = visit(store_to_write, SPLIT, detail="Scenarios", **{"compare-from": "Odd"})
    assert "Odd cannot be compared: aim is 'Most of all'" in " ".join(warning.value for warning in app.warning).replace("\\", "")
    app.selectbox(key="scenario-to-load").select("Odd").run()
    app.button(key="load-scenario").click().run()
    assert not app.exception
    told = " ".join(warning.value for warning in app.warning)
    assert "Most of all" in told
    assert "May 2031" in told
    assert app.slider(key="floor-sme").value == 5.0


@pytest.mark.parametrize("seed", range(20))
def test_an_address_gives_back_the_choices_it_was_made_of(seed: int) -> None:
    drawn = random.Random(seed)
    values = dict(split_address.USUAL) | {"aim": drawn.choice(list(split_address.AIMS)), "law": drawn.random() < 0.5}
    for key, amount in split_address.AMOUNTS.items():
        if drawn.random() < 0.4:
            values[key] = round(drawn.uniform(amount.least, min(amount.most, 5e6)), 3)
    chosen = Selection(period=Period(date(2025, 3, 1), date(2025, 7, 1)), systems=("lumi",))
    found, faults = split_address.values_in(split_address.address_of(values, chosen, {"lumi": "LUMI"}))
    assert not faults
    assert found == values


def test_a_look_at_the_split_writes_nothing(visit: Visit, small_store: Path) -> None:
    lake = Lake(Settings(lake=small_store))
    before = lake.snapshot_id
    visit(small_store, SPLIT, aim="Many hours")
    assert lake.snapshot_id == before
    lake.close()
