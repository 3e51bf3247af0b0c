"""A split becomes unsaved quotas, and no more: hours of its own months are replaced, and nothing is saved by itself."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from data.access import Person
from data.lake import Lake
from data.quota_drafts import draft
from data.quotas import EDITS, current
from data.settings import Settings
from data.terms import Action, Period
from pages.shared.split_quotas import with_fairshare, with_hours

Visit = Callable[..., AppTest]
OLGA = Person(name="olga", role="operator", may=frozenset(Action))
YEAR = Period(date(2026, 1, 1), date(2027, 1, 1))


def quotas(*rows: dict[str, Any]) -> pl.DataFrame:
    usual = {"system": "lumi", "unit": "node_hours", "hours": 730.0, "starts": YEAR.start, "ends": YEAR.end, "base_version": 1}
    return pl.DataFrame([{name: (usual | row).get(name) for name in EDITS} for row in rows], schema=dict(EDITS))


def recommended(**hours: float) -> pl.DataFrame:
    return pl.DataFrame({"system": ["lumi"] * len(hours), "account": list(hours), "node_hours_recommended": list(hours.values())})


def test_the_hours_of_the_split_s_own_days_are_replaced_and_those_of_other_days_stay() -> None:
    first_100_days = Period(date(2026, 1, 1), date(2026, 4, 11))
    found = with_hours(quotas({"account": "a"}), recommended(a=1_000.0), {"lumi": first_100_days})
    assert found["hours"].to_list() == [730 - 200 + 1_000]
    assert with_hours(quotas({"account": "a"}), recommended(a=1_000.0), {"lumi": YEAR})["hours"].to_list() == [1_000]


@pytest.mark.parametrize(
    "row",
    [{"unit": "gpu_hours"}, {"hours": None}, {"ends": None}, {"starts": date(2030, 1, 1), "ends": date(2031, 1, 1)}, {"system": "vega"}],
)
def test_a_quota_that_the_split_cannot_speak_of_stays(row: dict[str, Any]) -> None:
    assert with_hours(quotas({"account": "a"} | row), recommended(a=1_000.0), {"lumi": YEAR}).is_empty()


def test_shares_are_in_proportion_to_hours_and_nobody_with_hours_has_none() -> None:
    found = with_fairshare(quotas({"account": "a"}, {"account": "b"}, {"account": "c"}), recommended(a=3e6, b=1e6, c=1.0))
    assert found["fairshare"].to_list() == [7_500, 2_500, 1]


def test_a_split_is_taken_into_unsaved_quotas_and_nothing_is_saved(
    visit: Visit, small_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(small_store, tmp_path / "lake")
    monkeypatch.setenv("EQUINODE_AUTHOR", "olga")
    app = visit(tmp_path / "lake", "policy/split.py", detail="As quotas")
    assert not app.exception
    app.segmented_control(key="split-as-quotas").set_value("Fairshare of each project").run()
    app.button(key="split-take").click().run()
    assert not app.exception
    site = Settings(lake=tmp_path / "lake")
    taken = draft(site, OLGA)
    assert taken.height == 2
    assert taken["fairshare"].sum() == 10_000 - 225, "the third project has no quota, and so no shares"
    assert current(Lake(site))["version"].to_list() == [0, 0]
