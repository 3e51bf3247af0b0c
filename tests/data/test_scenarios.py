"""Scenarios are kept with author and reason, a name once more is a new version, and a store from before them is read."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from made_jobs import OPERATOR, without_migrations

from data import lake as store
from data import scenarios
from data.access import Person
from data.errors import AccessError, InputError
from data.lake import Lake
from data.scenarios import Scenario, listed, save
from data.settings import Settings
from data.terms import Action

READER = Person(name="rita", role="reader", may=frozenset({Action.READ}))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(lake=tmp_path / "lake")


def kept(settings: Settings, name: str = "Lean", reason: str = "a smaller budget", address: str = "aim=Most+hours") -> Scenario:
    return save(settings, OPERATOR, name=name, reason=reason, address=address, snapshot_id=3)


def test_a_scenario_comes_back_as_it_was_saved(settings: Settings) -> None:
    saved = kept(settings, name="  Läan <b> ", reason="it's; drop table scenarios; --")
    found = listed(Lake(settings))
    assert found == [saved]
    assert (saved.name, saved.version, saved.author, saved.snapshot_id) == ("Läan <b>", 1, OPERATOR.name, 3)
    assert abs((datetime.now(UTC) - saved.saved).total_seconds()) < 60


def test_the_same_name_again_is_a_new_version_and_both_are_kept(settings: Settings) -> None:
    kept(settings), kept(settings, name="Other"), kept(settings, address="aim=Much+more")
    found = {(one.name, one.version): one.address for one in listed(Lake(settings))}
    assert found == {("Lean", 1): "aim=Most+hours", ("Lean", 2): "aim=Much+more", ("Other", 1): "aim=Most+hours"}


def test_the_store_s_own_history_names_author_and_reason(settings: Settings) -> None:
    kept(settings)
    newest = Lake(settings).snapshot()
    assert (newest.author, newest.message) == (OPERATOR.name, "Scenario Lean: a smaller budget")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"name": "  "}, "has no name"),
        ({"reason": "\n"}, "has no reason"),
        ({"name": "x" * 81}, "81 characters"),
        ({"address": "x" * 4_001}, "address has 4,001"),
    ],
)
def test_what_cannot_be_told_apart_later_is_refused_and_makes_no_store(settings: Settings, given: dict[str, str], told: str) -> None:
    with pytest.raises(InputError, match=told):
        kept(settings, **given)
    assert not settings.lake.exists()


def test_who_may_not_decide_saves_nothing(settings: Settings) -> None:
    with pytest.raises(AccessError, match="rita"):
        save(settings, READER, name="Lean", reason="budget", address="", snapshot_id=1)
    assert not settings.lake.exists()


def test_a_store_from_before_scenarios_has_none_until_one_is_saved(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        without_migrations(patch, tmp_path, range(6, 1_000))
        store.prepare(settings)
    assert scenarios.MIGRATION in store.pending_migrations(Lake(settings))
    assert listed(Lake(settings)) == []
    kept(settings)
    assert [one.title for one in listed(Lake(settings))] == ["Lean"]
