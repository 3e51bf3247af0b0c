"""What unsaved quotas would do: hours by category add up, energy is that of each project's own jobs, and the unknown stays unknown."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from analytics.quota_draft import CHANGED, MACHINES, WANTED, by_category, changes, in_words
from analytics.quota_progress import PROGRESS
from data.schema import empty

FACTS = pl.DataFrame(
    {"system": ["lumi", "vega"], "pue": [1.1, None], "intensity_gco2e_per_kwh": [100.0, 200.0]}, schema_overrides=dict(MACHINES)
)


def project(account: str, **values: Any) -> dict[str, Any]:
    usual = {"system": "lumi", "category": "sme", "unit": "node_hours", "quota_hours": 100.0, "used_hours": 50.0, "energy_kwh": 25.0}
    return {"account": account, "status": "on_track", "forecast_hours": 95.0} | usual | values


def progress(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([{name: row.get(name) for name in PROGRESS} for row in rows], schema=dict(PROGRESS))


def wanted(**hours: Any) -> pl.DataFrame:
    rows = [
        {"system": "lumi", "unit": "node_hours", "hours": None, "ends": None}
        | ({"hours": value} if not isinstance(value, dict) else value)
        | {"account": name}
        for name, value in hours.items()
    ]
    return pl.DataFrame([{name: row[name] for name in WANTED} for row in rows], schema=dict(WANTED))


def changed(rows: pl.DataFrame, **hours: Any) -> dict[str, dict[str, Any]]:
    return {row["account"]: row for row in changes(rows, wanted(**hours), FACTS).iter_rows(named=True)}


def test_added_hours_are_valued_with_the_energy_of_the_project_s_own_jobs() -> None:
    row = changed(progress(project("a"), project("b", energy_kwh=500.0)), a=140.0)["a"]
    assert (row["hours_added"], row["kwh_per_hour"], row["kwh_basis"]) == (40.0, 0.5, "own")
    assert row["energy_added_kwh"] == pytest.approx(40 * 0.5 * 1.1)
    assert row["emissions_added_kgco2e"] == pytest.approx(40 * 0.5 * 1.1 * 100 / 1_000)


def test_a_project_that_has_not_run_is_valued_with_the_mean_of_its_machine_and_unknown_pue_leaves_energy_unknown() -> None:
    rows = progress(
        project("a"), project("b", energy_kwh=150.0), project("new", used_hours=0.0, energy_kwh=0.0), project("v", system="vega")
    )
    found = changed(rows, new=200.0, v={"system": "vega", "hours": 200.0})
    assert (found["new"]["kwh_per_hour"], found["new"]["kwh_basis"]) == (1.75, "machine")
    assert found["v"]["energy_added_kwh"] is None
    assert found["v"]["hours_added"] == 100.0


@pytest.mark.parametrize(
    ("values", "hours", "outlook"),
    [
        ({}, 40.0, "below_used"),
        ({}, 60.0, "short"),
        ({}, 95.0, "enough"),
        ({}, 200.0, "unused"),
        ({"forecast_hours": None}, 200.0, "not_known"),
        ({"unit": "gpu_hours"}, 200.0, "not_known"),
    ],
)
def test_the_outlook_compares_the_new_quota_with_use_and_forecast(values: dict[str, Any], hours: float, outlook: str) -> None:
    assert changed(progress(project("a", **values)), a=hours)["a"]["outlook"] == outlook


def test_a_change_of_unit_adds_no_hours_and_moves_the_quota_between_units() -> None:
    rows = progress(project("a"), project("b"))
    found = changes(rows, wanted(a={"unit": "gpu_hours", "hours": 400.0}), FACTS)
    assert found["hours_added"].to_list() == [None]
    table = by_category(rows, found, {}).select("unit", "hours_before", "hours_after").rows()
    assert table == [("gpu_hours", 0.0, 400.0), ("node_hours", 200.0, 100.0)]


@pytest.mark.parametrize("seed", range(20))
def test_hours_by_category_add_up_to_the_changes_and_shares_to_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    categories = ("sme", "start_up", "research")
    rows = progress(*(project(f"p{n}", category=str(rng.choice(categories)), quota_hours=float(rng.integers(1, 900))) for n in range(12)))
    asked = {f"p{n}": float(rng.integers(0, 900)) for n in rng.choice(12, 5, replace=False)}
    found = changes(rows, wanted(**asked), FACTS)
    table = by_category(rows, found, {"sme": 3.0, "research": 1.0})
    assert table["hours_added"].sum() == pytest.approx(found["hours_added"].sum())
    assert table["hours_after"].sum() == pytest.approx(rows["quota_hours"].sum() + found["hours_added"].sum())
    assert table["projects_changed"].sum() == 5
    assert table["share_after"].sum() == pytest.approx(1)
    due = {"sme": 0.75, "research": 0.25, "start_up": None}
    assert all(share == due[category] for category, share in table.select("category", "share_due").rows())


def test_sentences_name_whom_the_changes_help_and_hurt() -> None:
    rows = progress(
        project("saved", status="will_run_out", forecast_hours=190.0), project("held"), project("short"), project("wasted"), project("same")
    )
    said = " ".join(in_words(changes(rows, wanted(saved=200.0, held=10.0, short=60.0, wasted=1_000.0, same=100.0), FACTS)))
    assert "They change 5 projects" in said
    assert "They help the project saved" in said
    assert "hold the jobs of the project held at once" in said
    assert "leave the project short with less than the forecast" in said
    assert "the project wasted would leave more than a fifth" in said
    assert "the hours of 1 project stay" in said


def test_a_quota_that_has_ended_holds_no_job_and_costs_no_energy() -> None:
    as_of = date(2026, 11, 1)
    rows = progress(project("over", status="ended", as_of=as_of), project("runs", as_of=as_of))
    found = changes(rows, wanted(over={"hours": 10.0, "ends": as_of}, runs={"hours": 10.0, "ends": as_of + timedelta(days=1)}), FACTS)
    over, runs = (found.filter(account=name).row(0, named=True) for name in ("over", "runs"))
    assert (over["outlook"], over["energy_added_kwh"], over["emissions_added_kgco2e"]) == ("ended", 0.0, 0.0)
    assert (runs["outlook"], runs["energy_added_kwh"]) == ("below_used", pytest.approx(-90 * 0.5 * 1.1))
    said = " ".join(in_words(found))
    assert "The quota of the project over has ended" in said
    assert "hold the jobs of the project runs at once" in said


def test_nothing_changed_is_an_empty_frame_of_the_schema() -> None:
    assert changes(progress(project("a")), empty(WANTED), FACTS).schema == pl.Schema(dict(CHANGED))
