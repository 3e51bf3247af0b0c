"""Every page answers on a small store, on an empty one and on a broken one, and says where a figure is not available."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from data.access import local_person
from data.ingest.series_load import import_series
from data.ingest.series_table import SeriesOrder
from data.series import IntensityMethod, IntensityScope, SeriesKind
from data.settings import Settings
from tests.pages.small import bring_in, sacct, small_log, small_projects, words_of

Visit = Callable[..., AppTest]

PAGES = (
    "policy/overview.py",
    "policy/usage.py",
    "policy/fairness.py",
    "policy/energy.py",
    "policy/explore.py",
    "policy/split.py",
    "policy/reports.py",
    "policy/methods.py",
    "operations/intake.py",
    "operations/quotas.py",
    "operations/reclaim.py",
    "operations/effect.py",
    "operations/history.py",
    "operations/health.py",
)
NEEDS_STORE = PAGES[:7]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_answers_on_a_small_store_without_any_exception_or_error(visit: Visit, small_store: Path, page: str) -> None:
    app = visit(small_store, page)
    assert not app.exception
    assert not app.error
    assert len(app.title) == 1
    assert app.title[0].value.endswith("?")


def test_no_page_is_upset_by_what_another_left_in_the_session(visit: Visit, small_store: Path) -> None:
    app = visit(small_store)
    for page in (*PAGES, "policy/calls.py", *reversed(PAGES)):
        app.switch_page(page).run()
        assert not app.exception, page
        app.run()
        assert not app.exception, page


@pytest.mark.parametrize("page", PAGES)
def test_a_page_on_an_empty_store_tells_how_to_bring_in_a_log(visit: Visit, tmp_path: Path, page: str) -> None:
    app = visit(tmp_path / "none", page)
    assert not app.exception
    assert not app.error
    if page != "policy/methods.py":
        assert "python -m data demo" in words_of(app)
    assert not (tmp_path / "none").exists(), "a look at the dashboard must not make a store"


@pytest.mark.parametrize("page", NEEDS_STORE)
def test_a_store_that_cannot_be_read_is_told_in_a_box_and_not_as_a_traceback(visit: Visit, tmp_path: Path, page: str) -> None:
    lake = tmp_path / "lake"
    lake.mkdir()
    (lake / "catalog.sqlite").write_bytes(b"this is no catalog" * 100)
    app = visit(lake)
    assert not app.exception
    assert len(app.error) == 1
    assert "Nothing in the store was changed" in app.error[0].value
    assert page


def test_usage_shows_the_totals_of_each_log_to_the_last_digit(visit: Visit, small_store: Path) -> None:
    app = visit(small_store, "policy/usage.py")
    hours = 6 * 64 * (14 * 8 + 8 * 3 + 4 * 1)
    table = app.table[0].value
    assert table["Machine"].tolist() == ["LUMI"]
    assert table["Jobs that ran"].tolist() == ["26"]
    assert table["Core-hours"].tolist() == [f"{hours:,.4f}"]


def test_the_figures_of_usage_are_those_of_the_last_twelve_months(visit: Visit, small_store: Path) -> None:
    app = visit(small_store, "policy/usage.py")
    node_hours = 6 * (12 * 8 + 8 * 3 + 4 * 1)
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["Node-hours"] == str(node_hours)
    assert shown["Jobs"] == "24"


def test_time_of_projects_that_nobody_classified_is_said_to_be_unclassified(visit: Visit, small_store: Path) -> None:
    words = words_of(visit(small_store, "policy/usage.py"))
    assert "whose user category nobody has decided" in words


def test_indices_of_fairness_count_only_projects_with_an_award(visit: Visit, small_store: Path) -> None:
    app = visit(small_store, "policy/fairness.py")
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["Projects with an award"] == "2"
    assert 0 < float(shown["Jain's index"]) <= 1


def test_energy_tells_location_based_and_market_based_emissions_side_by_side(visit: Visit, small_store: Path) -> None:
    app = visit(small_store, "policy/energy.py")
    shown = {metric.label: metric.value for metric in app.metric}
    assert "CO₂e" in shown["Location-based CO₂e"]
    assert shown["Market-based CO₂e"].startswith("0"), "LUMI's contract is wholly renewable"
    assert shown["Measured"].endswith("%")


def test_a_log_without_awards_says_why_fairness_indices_are_not_available(visit: Visit, tmp_path: Path) -> None:
    bring_in(tmp_path / "lake", small_log())
    app = visit(tmp_path / "lake", "policy/fairness.py")
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["Jain's index"] == "not available"
    assert "No award is known" in words_of(app)


def test_fairness_tells_states_unmet_demand_and_who_is_few(visit: Visit, small_store: Path) -> None:
    app = visit(small_store, "policy/fairness.py")
    headings = "\n".join(heading.value for heading in app.subheader)
    assert re.search(r"behind their due\\?: Germany", headings)
    assert "of the node-hours demanded were not received" in headings
    assert "Fewer than 10 projects" in words_of(app)


def test_a_site_without_hourly_carbon_intensity_says_how_to_bring_it_and_still_bounds_what_sites_could_save(
    visit: Visit, small_store: Path
) -> None:
    app = visit(small_store, "policy/energy.py")
    assert "python -m data series import" in words_of(app)
    assert "What the site may draw is not known of LUMI" in words_of(app)
    assert any("could have saved" in heading.value or "could save is not available" in heading.value for heading in app.subheader)


@pytest.mark.nightly
def test_with_hourly_carbon_intensity_the_page_bounds_what_other_hours_could_save(visit: Visit, tmp_path: Path) -> None:
    bring_in(tmp_path / "lake", small_log(), projects=small_projects())
    hours = pl.datetime_range(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 31, 23, tzinfo=UTC), "1h", eager=True)
    stated = pl.DataFrame({"time_utc": hours, "zone": "FI", "intensity_gco2e_per_kwh": 100.0 + hours.dt.hour()})
    stated.write_csv(tmp_path / "fi.csv", datetime_format="%Y-%m-%d %H:%M")
    method, scope = IntensityMethod.FLOW_TRACED, IntensityScope.LIFE_CYCLE
    order = SeriesOrder(path=tmp_path / "fi.csv", kind=SeriesKind.CARBON, method=method, scope=scope)
    site = Settings(lake=tmp_path / "lake")
    import_series(site, order, local_person(site))
    app = visit(tmp_path / "lake", "policy/energy.py", period="Q1 2026")
    assert "Hours known, by grid zone" in words_of(app)
    assert any("moving it to another hour of the day could have saved at most" in heading.value for heading in app.subheader)


def test_a_chart_s_link_leads_to_its_topic_with_today_s_values(visit: Visit, small_store: Path) -> None:
    app = visit(small_store, "policy/methods.py", method="Fairness")
    assert app.segmented_control(key="method").value == "Fairness"
    anchors = [heading.anchor for heading in app.subheader]
    assert "jain-index" in anchors
    assert any(text.value.startswith("**Now\\: 0.") or text.value.startswith("**Now: 0.") for text in app.markdown)


def test_new_data_show_at_the_next_interaction_without_a_restart(visit: Visit, tmp_path: Path) -> None:
    bring_in(tmp_path / "lake", small_log())
    app = visit(tmp_path / "lake", "policy/usage.py")
    assert app.table[0].value["Jobs that ran"].tolist() == ["26"]
    later = small_log().splitlines()[0].decode() + "\n" + sacct(9_000, "project_465000001", ["2026-02"]) + "\n"
    bring_in(tmp_path / "lake", later.encode())
    app.run()
    assert app.table[0].value["Jobs that ran"].tolist() == ["27"]


@pytest.mark.nightly
def test_demonstration_data_are_marked_on_every_page(visit: Visit, tmp_path: Path) -> None:
    bring_in(tmp_path / "lake", small_log(), demo=True)
    for page in PAGES:
        assert "Demonstration data" in words_of(visit(tmp_path / "lake", page)), page


def test_real_data_are_not_marked_as_demonstration(visit: Visit, small_store: Path) -> None:
    assert "Demonstration data" not in words_of(visit(small_store))


def test_the_sidebar_says_who_is_at_the_keyboard_and_in_what_role(visit: Visit, small_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQUINODE_AUTHOR", "Ada Operator")
    app = visit(small_store)
    assert any("Ada Operator, operator (single-user start)" in caption.value for caption in app.sidebar.caption)
