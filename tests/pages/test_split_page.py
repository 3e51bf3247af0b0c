"""The split page: what the reader sets decides the split, an impossible wish is told with its reason, and nothing is ever written."""

from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

from data.lake import Lake
from data.settings import Settings
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


def test_the_proof_stands_beside_the_split(visit: Visit, small_store: Path) -> None:
    app = visit(small_store, SPLIT)
    satisfaction = next(metric for metric in app.metric if metric.label == "Satisfaction")
    assert satisfaction.delta == f"at most {satisfaction.value} possible"


def test_a_look_at_the_split_writes_nothing(visit: Visit, small_store: Path) -> None:
    lake = Lake(Settings(lake=small_store))
    before = lake.snapshot_id
    visit(small_store, SPLIT, aim="Many hours")
    assert lake.snapshot_id == before
    lake.close()
