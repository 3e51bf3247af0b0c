"""The quotas page finds projects, keeps what is typed as unsaved, says what it would do, and saves it with a reason or proposes it."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from data import facts
from data.access import Person
from data.lake import Lake
from data.quota_changes import save
from data.quota_check import ceilings
from data.quota_drafts import draft, drop, keep
from data.quotas import EDITS, current, edits_of, standing
from data.settings import Settings
from data.terms import Action
from pages.shared import loaders, quota_rows
from pages.shared.quota_many import ruled
from pages.shared.quota_typed import edits_typed
from tests.pages.small import words_of

Visit = Callable[..., AppTest]
QUOTAS = "operations/quotas.py"
OLGA, OTTO = (Person(name=name, role="operator", may=frozenset(Action)) for name in ("olga", "otto"))
RESEARCH, SME = "project_465000001", "ehpc-aif-2025pg01-128"


@pytest.fixture
def lake(small_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the small store, visited by Olga."""
    shutil.copytree(small_store, tmp_path / "lake")
    monkeypatch.setenv("EQUINODE_AUTHOR", "olga")
    return tmp_path / "lake"


def edit(lake: Path, account: str, **values: Any) -> pl.DataFrame:
    row = edits_of(standing(Lake(Settings(lake=lake))).filter(account=account))
    return row.with_columns(pl.lit(value).cast(row.schema[name]).alias(name) for name, value in values.items())


def hours(lake: Path, account: str) -> tuple[float, int]:
    hours, version = current(Lake(Settings(lake=lake))).filter(account=account).select("hours", "version").row(0)
    return float(hours), int(version)


def table(app: AppTest) -> pl.DataFrame:
    return pl.from_pandas(app.data_editor[0].value)


def pressed(app: AppTest, start: str) -> AppTest:
    next(button for button in app.button if button.label.startswith(start)).click().run()
    assert not app.exception
    return app


def test_every_project_stands_with_quota_use_and_status(visit: Visit, lake: Path) -> None:
    app = visit(lake, QUOTAS, sort="By name")
    assert not app.exception
    assert "Of " in words_of(app)
    found = table(app).select("account", "quota", "unit").rows()
    assert found == [(SME, 400.0, "node-hours"), (RESEARCH, 900.0, "node-hours"), ("project_465000777", None, "node-hours")]


def test_projects_are_found_by_name_and_status_kept_in_the_address(visit: Visit, lake: Path) -> None:
    assert table(visit(lake, QUOTAS, find="PG01 aif"))["account"].to_list() == [SME]
    assert table(visit(lake, QUOTAS, status="No quota"))["account"].to_list() == ["project_465000777"]
    assert "No project is found so" in words_of(visit(lake, QUOTAS, find="nobody at all"))


def test_unsaved_changes_are_marked_told_and_saved_with_a_reason(visit: Visit, lake: Path) -> None:
    keep(Settings(lake=lake), OLGA, edit(lake, RESEARCH, hours=1_200.0))
    app = visit(lake, QUOTAS, sort="By name")
    assert table(app).filter(pl.col("mark") != "").select("account", "quota").rows() == [(RESEARCH, 1_200.0)]
    assert "They change the project project" in words_of(app).replace("\\", "")
    pressed(app, "Save (1 project)")
    assert "has no reason" in app.error[0].value
    app.text_input(key="quota-reason").input("a good start")
    pressed(app, "Save (1 project)")
    assert "change 1 of 1 project" in words_of(app)
    assert (hours(lake, RESEARCH), draft(Settings(lake=lake), OLGA).height) == ((1_200.0, 1), 0)


def test_a_change_made_in_another_window_is_saved_by_nobody_who_did_not_see_it(visit: Visit, lake: Path) -> None:
    keep(Settings(lake=lake), OLGA, edit(lake, RESEARCH, hours=1_200.0))
    app = visit(lake, QUOTAS)
    app.text_input(key="quota-reason").input("a good start")
    keep(Settings(lake=lake), OLGA, edit(lake, SME, hours=500.0))
    pressed(app, "Save (1 project)")
    assert "others than were shown here" in app.warning[0].value
    assert (hours(lake, RESEARCH), hours(lake, SME)) == ((900.0, 0), (400.0, 0))
    pressed(app, "Save (2 projects)")
    assert (hours(lake, RESEARCH), hours(lake, SME)) == ((1_200.0, 1), (500.0, 1))


def test_a_second_press_after_the_changes_were_let_go_elsewhere_says_that_nothing_was_left(visit: Visit, lake: Path) -> None:
    keep(Settings(lake=lake), OLGA, edit(lake, RESEARCH, hours=1_200.0))
    app = visit(lake, QUOTAS)
    drop(Settings(lake=lake), OLGA)
    pressed(app, "Save (1 project)")
    assert "Nothing was left to save" in words_of(app)
    assert hours(lake, RESEARCH) == (900.0, 0)


def test_what_another_person_saved_meanwhile_is_shown_beside_one_s_own_and_neither_is_lost(visit: Visit, lake: Path) -> None:
    keep(Settings(lake=lake), OLGA, edit(lake, RESEARCH, hours=1_200.0))
    save(Settings(lake=lake), OTTO, edit(lake, RESEARCH, hours=700.0), reason="less")
    app = visit(lake, QUOTAS)
    assert "otto meanwhile set 1 project" in words_of(app)
    both = pl.from_pandas(app.dataframe[1].value).select("what", "seen", "holds_now", "yours", "set_by").rows()
    assert both == [("hours", "900", "700", "1,200", "otto: less")]
    assert not [button for button in app.button if button.label.startswith("Save")]
    pressed(app, "Keep mine")
    app.text_input(key="quota-reason").input("more all the same")
    pressed(app, "Save (1 project)")
    assert hours(lake, RESEARCH) == (1_200.0, 2)


def test_taking_theirs_lets_the_own_change_go(visit: Visit, lake: Path) -> None:
    keep(Settings(lake=lake), OLGA, edit(lake, RESEARCH, hours=1_200.0))
    save(Settings(lake=lake), OTTO, edit(lake, RESEARCH, hours=700.0), reason="less")
    pressed(visit(lake, QUOTAS), "Take theirs")
    assert (hours(lake, RESEARCH), draft(Settings(lake=lake), OLGA).height) == ((700.0, 1), 0)


def test_a_reader_sees_the_quotas_and_changes_none(visit: Visit, lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(Settings(lake=lake), OLGA, edit(lake, RESEARCH, hours=1_200.0))
    monkeypatch.setenv("EQUINODE_ROLE", "reader")
    app = visit(lake, QUOTAS)
    assert not app.exception
    assert (len(app.data_editor), len(app.dataframe)) == (0, 1)
    assert not [button for button in app.button if button.label.startswith(("Save", "Forget"))]


def rows() -> pl.DataFrame:
    usual = {"system": "vega", "unit": "node_hours", "starts": date(2026, 1, 1), "ends": date(2027, 1, 1), "base_version": 0}
    given = [usual | {"account": name, "hours": amount, "base_hours": amount} for name, amount in (("a", 5.0), ("b", 6.0))]
    frame = pl.DataFrame(given)
    return edits_of(
        pl.DataFrame(
            [{"version": 0, "author": None, "at_once": None, "fairshare": None, "qos": None} | row for row in frame.to_dicts()],
            schema_overrides={"at_once": pl.Float64, "fairshare": pl.Int64, "qos": pl.String},
        )
    )


@pytest.mark.parametrize(
    ("typed", "believed", "refused"),
    [
        ({0: {"quota": 7}}, [("a", 7.0)], []),
        ({0: {"quota": 7}, 1: {"quota": -1}}, [("a", 7.0)], ["project b on Vega is -1 node-hours"]),
        ({1: {"quota": 1e12}}, [], ["since all its 1,020 nodes give no more"]),
        ({0: {"quota": "lots"}}, [], ["the quota of project a is 'lots'; expected a number"]),
        ({0: {"fairshare": 2.5}}, [], ["expected a whole number"]),
        ({0: {"ends": "2025-01-01"}}, [], ["but starts on 2026-01-01"]),
        ({0: {"quota": None}}, [("a", None)], []),
        ({0: {"quota": None, "at_once": 3}}, [], ["has no quota, but limits or days beside it"]),
        ({0: {"qos": " sme "}, 1: {"at_once": 3}}, [("a", 5.0), ("b", 6.0)], []),
        ({0: {"title": "typed into a column that cannot be"}}, [("a", 5.0)], []),
    ],
)
def test_what_is_typed_is_believed_or_refused_cell_by_cell(
    typed: dict[int, dict[str, Any]], believed: list[tuple[str, float]], refused: list[str]
) -> None:
    edits, said = edits_typed(rows(), typed, ceilings(facts.systems()), {"vega": "Vega"})
    assert edits.select("account", "hours").rows() == believed
    assert len(said) == len(refused)
    assert all(part in sentence for part, sentence in zip(refused, said, strict=True))


def test_hours_that_are_cleared_and_typed_again_keep_their_days() -> None:
    cleared, _ = edits_typed(rows(), {0: {"quota": None}}, ceilings(facts.systems()), {"vega": "Vega"})
    assert cleared.select("hours", "starts", "ends", "qos").row(0) == (None, None, None, None)
    again, said = edits_typed(cleared, {0: {"quota": 9}}, ceilings(facts.systems()), {"vega": "Vega"})
    assert (again.select("hours", "starts", "ends").row(0), said) == ((9.0, date(2026, 1, 1), date(2027, 1, 1)), [])


def test_all_projects_that_are_found_are_changed_by_one_rule_after_it_was_told(visit: Visit, lake: Path) -> None:
    app = visit(lake, QUOTAS)
    app.session_state["quota-many"] = True
    app.run()
    app.number_input(key="many-value").set_value(1.5).run()
    assert "Changes 2 projects by +650" in words_of(app)
    pressed(app, "Take into unsaved changes (2 projects)")
    assert draft(Settings(lake=lake), OLGA).select("account", "hours").rows() == [(SME, 600.0), (RESEARCH, 1_350.0)]
    assert hours(lake, RESEARCH) == (900.0, 0)
    assert app.number_input(key="many-value").value is None, "a second click would change them once more"


def test_a_pasted_table_is_told_row_by_row_and_taken_in(visit: Visit, lake: Path) -> None:
    app = visit(lake, QUOTAS)
    app.session_state["quota-paste"] = True
    app.run()
    app.text_area(key="paste-text").input(f"{RESEARCH}\t1 234\nnobody\t7\n{SME}\t-5").run()
    assert "project 'nobody' is not known" in words_of(app)
    assert "-5 node-hours; expected a number of hours that is not negative" in words_of(app).replace("\\", "")
    pressed(app, "Take into unsaved changes (1 project)")
    assert draft(Settings(lake=lake), OLGA).select("account", "hours").rows() == [(RESEARCH, 1_234.0)]


def test_a_rule_leaves_as_it_stands_what_it_cannot_know() -> None:
    known = pl.DataFrame({"system": ["vega"] * 2, "account": ["a", "b"], "unit": ["node_hours"] * 2, "used_hours": [3.0, None]})
    found = ruled(rows(), known.with_columns(forecast_hours=pl.lit(None, pl.Float64)), "Hours: what was used, times", 2.0)
    assert found["hours"].to_list() == [6.0, 6.0]
    assert ruled(rows(), known, "End: set to", date(2028, 1, 1))["ends"].to_list() == [date(2028, 1, 1)] * 2


def test_with_four_eyes_a_proposal_waits_on_the_page_until_another_person_approves_it(
    visit: Visit, lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EQUINODE_FOUR_EYES", "1")
    keep(Settings(lake=lake), OLGA, edit(lake, RESEARCH, hours=1_200.0))
    app = visit(lake, QUOTAS)
    app.text_input(key="quota-reason").input("a good start")
    pressed(app, "Propose to a second person")
    assert "You proposed it" in words_of(app)
    assert not [button for button in app.button if button.label.startswith("Approve")]
    monkeypatch.setenv("EQUINODE_AUTHOR", "otto")
    pressed(visit(lake, QUOTAS), "Approve")
    assert hours(lake, RESEARCH) == (1_200.0, 1)


def test_a_quota_in_core_hours_that_is_taken_back_leaves_the_award_in_node_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = [date(2027, 1, 1), date(2027, 2, 1)]
    awards = pl.DataFrame({"system": ["vega"] * 2, "account": ["alpha", "beta"], "node_hours_awarded": [1_000.0, 2_000.0], "ends": ends})
    monkeypatch.setattr(loaders, "all_projects", lambda *_: awards)
    wanted = [{"account": "alpha", "hours": None}, {"account": "beta", "hours": 5.0}]
    edits = pl.DataFrame([dict.fromkeys(EDITS) | {"system": "vega", "unit": "core_hours"} | each for each in wanted], schema=dict(EDITS))
    found = quota_rows.settled(cast(Any, SimpleNamespace(seen=None)), edits)
    assert found.select("account", "unit", "hours").rows() == [("alpha", "node_hours", 1_000.0), ("beta", "core_hours", 5.0)]
    assert found["ends"].to_list() == [date(2027, 1, 1), None]
