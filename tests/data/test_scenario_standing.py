"""One scenario holds at a time, a second person agrees where the site wants it, and the history says who did what and why."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
from made_jobs import OPERATOR

from data.access import Person
from data.errors import AccessError, InputError
from data.lake import Lake
from data.scenario_standing import ScenarioState, agree, current, decisions, make_current, standings, turn_down
from data.scenarios import save
from data.settings import Settings
from data.terms import Action

SECOND = replace(OPERATOR, name="piet")
READER = Person(name="rita", role="reader", may=frozenset({Action.READ}))
NAMES = ("Lean", "Fair")


@pytest.fixture
def alone(tmp_path: Path) -> Settings:
    settings = Settings(lake=tmp_path / "lake")
    for name in NAMES:
        save(settings, OPERATOR, name=name, reason="budget", address="aim=Most+hours", snapshot_id=1)
    return settings


@pytest.fixture
def strict(alone: Settings) -> Settings:
    return alone.model_copy(update={"four_eyes": True})


def title(settings: Settings) -> str | None:
    holds = current(Lake(settings))
    return None if holds is None else holds.scenario.title


def test_the_next_scenario_takes_the_place_of_the_one_before(alone: Settings) -> None:
    assert title(alone) is None
    assert make_current(alone, OPERATOR, "Lean", 1, reason="spring") is ScenarioState.CURRENT
    make_current(alone, SECOND, "Fair", 1, reason="autumn")
    assert title(alone) == "Fair"
    assert [(one.scenario.name, one.state, one.author) for one in standings(Lake(alone))] == [
        ("Fair", ScenarioState.CURRENT, "piet"),
        ("Lean", ScenarioState.ENDED, "piet"),
    ]
    assert Lake(alone).snapshot().message == "Scenario Fair made current: autumn"


def test_where_two_must_agree_the_first_alone_changes_nothing(strict: Settings) -> None:
    assert make_current(strict, OPERATOR, "Lean", 1, reason="spring") is ScenarioState.PROPOSED
    assert title(strict) is None
    with pytest.raises(InputError, match="a second person has to agree"):
        agree(strict, replace(OPERATOR, name=" OLGA "), "Lean", 1, reason="mine")
    assert title(strict) is None
    agree(strict, SECOND, "Lean", 1, reason="fine")
    holds = current(Lake(strict))
    assert holds is not None
    assert (holds.author, holds.proposed_by, holds.reason) == ("piet", "olga", "fine")


def test_a_proposal_is_declined_by_another_or_withdrawn_by_its_author(strict: Settings) -> None:
    make_current(strict, OPERATOR, "Lean", 1, reason="spring")
    assert turn_down(strict, SECOND, "Lean", 1, reason="too lean") is ScenarioState.DECLINED
    make_current(strict, OPERATOR, "Lean", 1, reason="again")
    assert turn_down(strict, OPERATOR, "Lean", 1, reason="no more") is ScenarioState.WITHDRAWN
    assert title(strict) is None


@pytest.mark.parametrize(
    ("name", "version", "reason", "said"),
    [("None", 1, "x", "there is no scenario"), ("Lean", 2, "x", "there is no scenario"), ("Lean", 1, " ", "no reason")],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(alone: Settings, name: str, version: int, reason: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        make_current(alone, OPERATOR, name, version, reason=reason)
    with pytest.raises(AccessError, match="rita"):
        make_current(alone, READER, "Lean", 1, reason="x")
    with pytest.raises(InputError, match="does not wait"):
        agree(alone, SECOND, "Lean", 1, reason="x")
    assert decisions(Lake(alone)).is_empty()


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(1, 12))])
def test_whatever_is_tried_at_most_one_holds_and_it_is_what_a_plain_list_says(strict: Settings, seed: int) -> None:
    rng, people, holds, waits = random.Random(seed), {"olga": OPERATOR, "piet": SECOND}, None, {}
    for _ in range(8):
        name, person = rng.choice(NAMES), rng.choice(list(people.values()))
        act = rng.choice((make_current, agree, turn_down))
        may = {
            make_current: name not in waits and name != holds,
            agree: waits.get(name, person.name) != person.name,
            turn_down: name in waits,
        }[act]
        if not may:
            with pytest.raises(InputError):
                act(strict, person, name, 1, reason="r")
        else:
            act(strict, person, name, 1, reason="r")
            holds = name if act is agree else holds
            waits = {**waits, name: person.name} if act is make_current else {one: by for one, by in waits.items() if one != name}
        assert title(strict) == holds
        assert {one.scenario.name for one in standings(Lake(strict)) if one.state is ScenarioState.PROPOSED} == set(waits)
