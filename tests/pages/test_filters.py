"""The filter bar: what the address says is what is selected, what makes no sense falls back, and there is always a way back."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from data.terms import Period
from pages.shared.filters import BETWEEN, LAST_YEAR, WHOLE, named_periods
from tests.pages.small import bring_in, small_log, words_of

Visit = Callable[..., AppTest]

USAGE = "policy/usage.py"


def jobs_of(app: AppTest) -> str:
    """The figure of jobs on the usage page."""
    return next(str(metric.value) for metric in app.metric if metric.label == "Jobs")


def test_the_address_sets_the_period(visit: Visit, small_store: Path) -> None:
    assert jobs_of(visit(small_store, USAGE, period="2026")) == "6"
    assert jobs_of(visit(small_store, USAGE, period="Q1 2025")) == "3"
    assert jobs_of(visit(small_store, USAGE, period=WHOLE)) == "26"


def test_the_address_sets_first_and_last_month(visit: Visit, small_store: Path) -> None:
    address = {"period": BETWEEN, "from": "March 2025", "to": "April 2025"}
    assert jobs_of(visit(small_store, USAGE, **address)) == "2"


def test_months_handed_in_the_wrong_order_are_put_right(visit: Visit, small_store: Path) -> None:
    address = {"period": BETWEEN, "from": "April 2025", "to": "March 2025"}
    assert jobs_of(visit(small_store, USAGE, **address)) == "2"


def test_the_address_sets_categories_and_unit(visit: Visit, small_store: Path) -> None:
    app = visit(small_store, USAGE, categories="SMEs", unit="GPU-hours")
    assert jobs_of(app) == "8"
    assert {metric.label: metric.value for metric in app.metric}["GPU-hours"] == "576"


@pytest.mark.parametrize("address", [{"period": "1066"}, {"machines": "HAL"}, {"categories": "aliens"}, {"unit": "parsecs"}])
def test_an_address_that_makes_no_sense_falls_back_to_the_default(visit: Visit, small_store: Path, address: dict[str, str]) -> None:
    app = visit(small_store, USAGE, **address)
    assert not app.exception
    assert jobs_of(app) == "24"


def test_what_differs_from_the_default_is_a_chip_that_can_be_removed(visit: Visit, small_store: Path) -> None:
    app = visit(small_store, USAGE, period="2026", unit="core-hours")
    chips = {button.label for button in app.button}
    assert {"2026 ✕", "core-hours ✕"} <= chips
    app.button(key="chip-period").click().run()
    assert jobs_of(app) == "24"
    assert "core-hours ✕" in {button.label for button in app.button}


def test_a_default_view_has_no_chip(visit: Visit, small_store: Path) -> None:
    assert not [button for button in visit(small_store, USAGE).button if "✕" in button.label]


def test_a_selection_in_which_nothing_ran_says_so_and_offers_the_way_back(visit: Visit, small_store: Path) -> None:
    app = visit(small_store, USAGE, categories="Public sector")
    assert not app.exception
    assert "Nothing ran in this selection" in words_of(app)
    next(button for button in app.button if button.label == "Show everything").click().run()
    assert jobs_of(app) == "26"


def test_a_log_without_node_counts_is_not_shown_as_no_node_hours(visit: Visit, tmp_path: Path) -> None:
    swf = "; UnixStartTime: 1325376000\n; MaxNodes: 4\n; MaxProcs: 512\n" + "".join(
        f"{number} {number * 3600} 10 7200 64 -1 -1 64 7200 -1 1 3 5 -1 1 1 -1 -1\n" for number in range(1, 6)
    )
    bring_in(tmp_path / "lake", swf.encode(), system="vega")
    app = visit(tmp_path / "lake", USAGE)
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["Node-hours"] == "not available"
    next(button for button in app.button if button.label == "Show core-hours").click().run()
    assert not app.exception
    assert {metric.label: metric.value for metric in app.metric}["Core-hours"] == "640"


def test_periods_end_with_the_newest_month_and_never_start_before_the_first() -> None:
    found = named_periods([Period(date(2024, 11, 1), date(2025, 3, 1)), Period(date(2025, 2, 1), date(2026, 3, 1))])
    assert found[LAST_YEAR] == Period(date(2025, 3, 1), date(2026, 3, 1))
    assert found[WHOLE] == Period(date(2024, 11, 1), date(2026, 3, 1))
    assert "Q4 2024" in found
    assert "2023" not in found


def test_years_without_any_log_are_not_offered() -> None:
    found = named_periods([Period(date(1996, 9, 1), date(1997, 9, 1)), Period(date(2026, 1, 1), date(2026, 3, 1))])
    assert {"1996", "1997", "2026"} <= set(found)
    assert "2012" not in found
    assert "Q2 2026" not in found


def test_a_choice_from_a_store_that_was_replaced_is_dropped(visit: Visit, tmp_path: Path) -> None:
    bring_in(tmp_path / "lake", small_log())
    app = visit(tmp_path / "lake", USAGE, machines="LUMI")
    shutil.rmtree(tmp_path / "lake")
    bring_in(tmp_path / "lake", small_log().replace(b"standard-g", b"gpu"), system="vega")
    app.run()
    assert not app.exception
    assert app.table[0].value["Machine"].tolist() == ["Vega"]


def test_a_short_log_is_shown_whole_by_default() -> None:
    found = named_periods([Period(date(2016, 12, 1), date(2017, 2, 1))])
    assert found[LAST_YEAR] == found[WHOLE]


def test_two_machines_of_the_same_name_can_be_told_apart(visit: Visit, tmp_path: Path) -> None:
    from data.access import local_person
    from data.ingest.load import Order, ingest
    from data.settings import Settings
    from data.systems import declared_system

    site, path = Settings(lake=tmp_path / "lake"), tmp_path / "log.txt"
    path.write_bytes(small_log())
    declared = 'name = "Twin"\ncountry = "FR"\ntime_zone = "UTC"\n[partitions.all]\nnodes = 100\ncores_per_node = 128\ngpus_per_node = 8\n'
    for name in ("twin_a", "twin_b"):
        order = Order(path=path, system=declared_system(name, declared), declaration=declared)
        ingest(site, order, local_person(site))
    app = visit(tmp_path / "lake", USAGE)
    assert app.table[0].value["Machine"].tolist() == ["Twin (twin_a)", "Twin (twin_b)"]
    assert jobs_of(visit(tmp_path / "lake", USAGE, machines="Twin (twin_a)")) == "24"
