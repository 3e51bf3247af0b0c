"""The page of calls: a ready-made call is decided on screen, what the reader sets decides it, and nothing is ever written."""

from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

from data.lake import Lake
from data.settings import Settings
from tests.pages.small import words_of

Visit = Callable[..., AppTest]

CALLS = "policy/calls.py"
LARGE_SCALE = "AI Factories Large Scale, one cut-off"
OWN = "A table of applications of my own"


def figure(app: AppTest, label: str) -> str:
    return next(str(metric.value) for metric in app.metric if metric.label == label)


def test_the_grand_challenge_is_decided_without_a_store_and_makes_none(visit: Visit, tmp_path: Path) -> None:
    app = visit(tmp_path / "none", CALLS)
    assert not app.exception
    assert not app.error
    assert not app.warning
    assert figure(app, "Awards") == "4"
    assert "4 of 94 applications are awarded" in words_of(app)
    assert "Invented applications" in words_of(app)
    assert not (tmp_path / "none").exists()


def test_every_award_has_its_reason_and_its_time_to_train(visit: Visit, tmp_path: Path) -> None:
    awards = visit(tmp_path / "none", CALLS).table[0].value
    assert len(awards) == 4
    assert awards["Reason"].str.startswith("Awarded in full on").all()
    assert awards["Time to train"].str.contains("months → .* days", regex=True).all()


def test_the_rule_in_the_address_decides_the_call(visit: Visit, tmp_path: Path) -> None:
    strict = visit(tmp_path / "none", CALLS, call=LARGE_SCALE, rule="In rank order, nobody leapfrogged")
    best = visit(tmp_path / "none", CALLS, call=LARGE_SCALE, rule="The greatest total of scores")
    assert int(figure(strict, "Awards")) < int(figure(best, "Awards"))
    assert "Ranking costs at most" in words_of(strict)
    assert "No list within these limits has a greater total" in words_of(best)


def test_a_floor_that_cannot_be_reached_is_told(visit: Visit, tmp_path: Path) -> None:
    app = visit(tmp_path / "none", CALLS, call=LARGE_SCALE, **{"call-floor-research": "50"})
    assert not app.exception
    assert "Not reached" in app.warning[0].value
    assert figure(app, "Awards") != "0"


def test_without_a_table_of_ones_own_the_page_says_what_it_needs(visit: Visit, tmp_path: Path) -> None:
    app = visit(tmp_path / "none", CALLS, call=OWN)
    assert not app.exception
    assert not app.metric
    assert "No applications yet" in words_of(app)
    assert "Machines" in app.info[0].value


def test_a_training_run_of_ones_own_is_measured_on_every_machine_with_gpus(visit: Visit, tmp_path: Path) -> None:
    app = visit(tmp_path / "none", CALLS, run="A run of my own", parameters="7", tokens="2", gpus="1024")
    machines = app.table[-1].value
    assert {"LUMI-G", "LEONARDO Booster", "JUPITER Booster"} <= set(machines["Machine"])
    assert dict(zip(machines["Machine"], machines["Days"], strict=True))["LEONARDO Booster"] == "7.61"


def test_a_look_at_a_call_writes_nothing(visit: Visit, small_store: Path) -> None:
    lake = Lake(Settings(lake=small_store))
    before = lake.snapshot_id
    app = visit(small_store, CALLS)
    assert not app.exception
    assert lake.snapshot_id == before
    lake.close()


def test_every_chart_of_a_call_says_whose_applications_it_is_of(visit: Visit, small_store: Path) -> None:
    app = visit(small_store, CALLS)
    sources = [caption.value for caption in app.caption if caption.value.startswith("Source")]
    assert len(sources) == 3
    assert all("invented applications of the call" in source and "job logs" not in source for source in sources)
    labels = [button.label for button in app.get("download_button")]
    assert labels.count("SVG") == labels.count("PNG") == labels.count("CSV") == 3
