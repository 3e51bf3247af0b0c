"""Every indicator is explained where readers look for it, under a place of its own that charts can name."""

import re
from inspect import getmembers, isfunction
from pathlib import Path

import pytest

from analytics import (
    carbon,
    certainty,
    demand,
    efficiency,
    energy,
    fair_tree,
    fairness,
    flexibility,
    gains,
    limits,
    power,
    regulation,
    training,
    usage,
    waiting,
)
from analytics.calls import decision
from analytics.explained import TOPICS, anchor, explained

HOUSE = Path(__file__).resolve().parents[2]
MODULES = (carbon, certainty, decision, demand, efficiency, energy, fair_tree, fairness, flexibility, gains, limits, power, regulation)
STEPS = {
    "carbon": {"emissions_by", "intensity_frame"},
    "demand": {"demand_while_logged", "demand_by_month", "demand_by"},
    "energy": {"energy_by", "node_power_w"},
    "fairness": {"tells_more_than_use", "due_by_demand", "against_due_by_month", "inequality", "inequality_by"},
    "gains": {"lorenz_by"},
    "power": {"while_logged"},
    "usage": {
        *("total_by", "hours", "capacity_while_logged", "capacity_by", "capacity_by_month", "with_system_names", "known_sum", "ratio"),
        "usage_frame",
    },
    "waiting": {"bin_middle_s", "wait_quantile_s", "waits_frame"},
}
"""What only sums, filters or makes frames on the way to an indicator."""


@pytest.mark.parametrize("module", [*MODULES, training, usage, waiting], ids=lambda module: module.__name__)
def test_every_public_indicator_is_explained(module: object) -> None:
    name = str(getattr(module, "__name__", "")).rpartition(".")[2]
    told = {function for indicators in TOPICS.values() for function in indicators.values()}
    public = {
        key: f for key, f in getmembers(module, isfunction) if not key.startswith("_") and f.__module__ == getattr(module, "__name__", "")
    }
    assert {key for key, function in public.items() if function not in told} == STEPS.get(name, set())


@pytest.mark.parametrize("topic", TOPICS)
def test_an_explanation_starts_with_a_sentence_and_speaks_of_more_than_its_name(topic: str) -> None:
    for title, method in explained(topic).items():
        assert method.summary.rstrip().endswith((".", "?")), title
        assert len(method.summary) > 40, title


def test_every_indicator_has_a_place_of_its_own() -> None:
    places = [anchor(method.name) for topic in TOPICS for method in explained(topic).values()]
    assert len(places) == len(set(places))


def test_every_chart_names_a_topic_that_there_is() -> None:
    pages = HOUSE / "pages"
    named = {found for path in pages.rglob("*.py") for found in re.findall(r'chart\((?:.|\n)*?method="([^"]+)"', path.read_text("utf-8"))}
    assert named
    assert named <= set(TOPICS)
