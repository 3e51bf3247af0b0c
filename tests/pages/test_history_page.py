"""The history page tells every decision, what it changed, and takes an earlier state back into unsaved quotas or decisions."""

import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from data.access import Person
from data.lake import Lake, writing
from data.projects import save as save_projects
from data.projects import stored
from data.quota_changes import save
from data.quota_drafts import draft
from data.quotas import edits_of, standing
from data.settings import Settings
from data.terms import Action
from tests.pages.small import words_of

Visit = Callable[..., AppTest]
HISTORY = "operations/history.py"
OLGA, OTTO = (Person(name=name, role="operator", may=frozenset(Action)) for name in ("olga", "otto"))
RESEARCH, SME = "project_465000001", "ehpc-aif-2025pg01-128"


@pytest.fixture(scope="module")
def decided(small_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small store, after Olga and Otto each set a quota."""
    lake = tmp_path_factory.mktemp("history") / "lake"
    shutil.copytree(small_store, lake)
    for person, account, hours in ((OLGA, RESEARCH, 800.0), (OTTO, SME, 300.0)):
        rows = edits_of(standing(Lake(Settings(lake=lake))).filter(account=account)).with_columns(hours=pl.lit(hours))
        save(Settings(lake=lake), person, rows, reason=f"by {person.name}")
    return lake


def frames(app: AppTest) -> list[pl.DataFrame]:
    return [pl.from_pandas(each.value) for each in app.dataframe]


def test_decisions_are_listed_newest_first_and_upkeep_only_where_it_is_asked_for(visit: Visit, decided: Path) -> None:
    app = visit(decided, HISTORY)
    assert not app.exception
    listed = frames(app)[0]
    assert listed["reason"].to_list()[:2] == ["Quotas, 1 project: by otto", "Quotas, 1 project: by olga"]
    assert "Upkeep of the store" not in listed["kind"].to_list()
    assert set(frames(visit(decided, HISTORY, kind="Upkeep of the store"))[0]["kind"]) == {"Upkeep of the store"}


def test_decisions_are_found_by_person_and_account(visit: Visit, decided: Path) -> None:
    assert frames(visit(decided, HISTORY, who="olga"))[0]["reason"].to_list() == ["Quotas, 1 project: by olga"]
    assert frames(visit(decided, HISTORY, about="PG01", kind="Quotas"))[0]["reason"].to_list() == ["Quotas, 1 project: by otto"]


def test_a_decision_is_shown_value_by_value(visit: Visit, decided: Path) -> None:
    app = visit(decided, HISTORY)
    assert frames(app)[1].select("account", "what", "before", "after").rows() == [(SME, "hours", "400", "300")]
    assert "**1 value** differs, of 1 quota." in [each.value for each in app.markdown]


def test_what_a_table_of_projects_decided_stands_in_the_words_of_people(visit: Visit, decided: Path) -> None:
    app = visit(decided, HISTORY, look="Compare two states")
    oldest = min(app.selectbox(key="from-state").options, key=lambda words: int(words.partition(":")[0]))
    app.selectbox(key="from-state").select(oldest).run()
    found = frames(app)[1]
    assert set(found["kind"]) >= {"Projects"}
    said = set(found["what"]) | set(found["after"])
    assert {"user category", "node-hours awarded", "Research"} <= said
    assert not [words for words in said if "_" in words and not words.startswith("project_")]


def test_any_two_states_are_compared_and_the_address_keeps_them(visit: Visit, decided: Path) -> None:
    newest = Lake(Settings(lake=decided)).snapshot_id
    app = visit(decided, HISTORY, look="Compare two states")
    app.selectbox(key="from-state").set_value(newest - 2).run()
    assert frames(app)[1].select("account", "before", "after").rows() == [(SME, "400", "300"), (RESEARCH, "900", "800")]


def test_an_earlier_state_is_taken_into_unsaved_quotas_after_it_was_shown(
    visit: Visit, decided: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(decided, tmp_path / "lake")
    monkeypatch.setenv("EQUINODE_AUTHOR", "olga")
    newest = Lake(Settings(lake=decided)).snapshot_id
    app = visit(tmp_path / "lake", HISTORY, look="Bring it back")
    app.selectbox(key="state").set_value(newest - 1).run()
    assert frames(app)[1].select("account", "before", "after").rows() == [(SME, "300", "the award")]
    app.button(key="quotas-back").click().run()
    assert not app.exception
    assert "1 project taken into the unsaved quotas" in words_of(app)
    assert draft(Settings(lake=tmp_path / "lake"), OLGA).select("account", "hours", "base_version").rows() == [(SME, None, 1)]


def test_projects_are_brought_back_with_a_reason_and_not_without(visit: Visit, decided: Path, tmp_path: Path) -> None:
    shutil.copytree(decided, tmp_path / "lake")
    site = Settings(lake=tmp_path / "lake")
    then, as_it_was = Lake(site).snapshot_id, stored(Lake(site))
    with writing(site, author="otto", message="Projects") as writer:
        save_projects(writer, as_it_was.with_columns(category=pl.lit("start_up")), author="otto")
    app = visit(tmp_path / "lake", HISTORY, look="Bring it back")
    app.selectbox(key="state").set_value(then).run()
    assert "This sets 2 projects back" in words_of(app)
    app.button(key="projects-back-now").click().run()
    assert "needs a reason" in app.error[0].value
    app.text_input(key="projects-back-reason").input("by mistake")
    app.button(key="projects-back-now").click().run()
    assert not app.exception
    assert stored(Lake(site)).equals(as_it_was)
