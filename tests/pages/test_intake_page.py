"""The intake page takes in what the command line takes in, says first what a file seems to be, and gives the same account."""

from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

from data.ingest.source import Dialect
from data.lake import Lake
from data.settings import Settings
from tests.pages.small import bring_in, small_log, words_of

Visit = Callable[..., AppTest]
INTAKE = "operations/intake.py"
ODD_TABLE = b"number,began,finished,boxes\n7,2026-01-02T08:00:00Z,2026-01-02T10:00:00Z,3\n8,2026-01-03T08:00:00Z,2026-01-03T09:00:00Z,2\n"
COLUMNS = {"Job id": "number", "Started": "began", "Ended": "finished", "Nodes": "boxes"}
PRICES = b"zone,ts_utc,eur_per_mwh\nFI,2026-01-01T00:00:00Z,10\nFI,2026-01-01T01:00:00Z,30\n"


def handed_in(app: AppTest, place: int, name: str, content: bytes) -> AppTest:
    app.file_uploader[place].set_value((name, content, "application/octet-stream")).run()
    assert not app.exception
    return app


def of_lumi(app: AppTest) -> AppTest:
    next(box for box in app.selectbox if box.label == "Machine whose log it is").select("LUMI")
    return app


def pressed(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception
    return app


def test_a_file_is_recognised_before_it_is_brought_in(visit: Visit, tmp_path: Path) -> None:
    app = handed_in(visit(tmp_path / "lake", INTAKE), 0, "jobs.txt", small_log())
    assert f"jobs.txt is {Dialect.SACCT.shown_as}" in words_of(app)
    assert not (tmp_path / "lake").exists(), "looking at a file must not make a store"


def test_a_log_is_brought_in_with_the_account_of_its_lines(visit: Visit, tmp_path: Path) -> None:
    app = pressed(of_lumi(handed_in(visit(tmp_path / "lake", INTAKE), 0, "jobs.txt", small_log())), "Bring in the log")
    assert "stored as batch 1" in words_of(app)
    assert not app.error


def test_a_file_that_is_no_log_is_refused_at_sight_without_naming_a_folder_of_the_server(visit: Visit, tmp_path: Path) -> None:
    app = handed_in(visit(tmp_path / "lake", INTAKE), 0, "notes.txt", b"a letter to a friend\nof two lines\n")
    assert len(app.error) == 1
    assert "This cannot be brought in" in app.error[0].value
    assert "/tmp" not in app.error[0].value
    pressed(of_lumi(app), "Bring in the log")
    assert "Choose a log that can be read" in app.warning[0].value
    assert not (tmp_path / "lake").exists()


def test_a_table_of_jobs_with_odd_columns_is_brought_in_once_the_reader_says_what_they_tell(visit: Visit, tmp_path: Path) -> None:
    app = handed_in(visit(tmp_path / "lake", INTAKE), 0, "table.csv", ODD_TABLE)
    assert app.error
    next(box for box in app.selectbox if box.label == "Dialect").select(Dialect.JOB_TABLE.shown_as).run()
    assert not app.error
    for label, column in COLUMNS.items():
        next(box for box in app.selectbox if box.label == label).select(column)
    pressed(of_lumi(app), "Bring in the log")
    assert "stored as batch 1" in words_of(app)
    jobs = Lake(Settings(lake=tmp_path / "lake")).frame("select job_id, nodes, elapsed_s from lake.jobs order by job_id")
    assert jobs.rows() == [(7, 3, 7200), (8, 2, 3600)]


def series_handed_in(app: AppTest, *, trial: bool) -> AppTest:
    app.file_uploader[2].set_value(("prices.csv", PRICES, "text/csv"))
    next(box for box in app.selectbox if box.label == "What it tells").select_index(1)
    next(box for box in app.checkbox if box.label.startswith("Only try")).set_value(trial)
    return pressed(app, "Bring in the series")


def test_a_series_is_tried_first_and_then_brought_in(visit: Visit, tmp_path: Path) -> None:
    app = series_handed_in(visit(tmp_path / "lake", INTAKE), trial=True)
    assert "only tried, nothing was stored" in words_of(app)
    app = series_handed_in(visit(tmp_path / "lake", INTAKE), trial=False)
    assert "prices.csv**" in words_of(app)
    assert Lake(Settings(lake=tmp_path / "lake")).frame("select count(*) from lake.price_series").item() == 2


def test_a_log_brought_in_by_mistake_is_taken_back_with_a_reason_and_not_without(visit: Visit, tmp_path: Path) -> None:
    bring_in(tmp_path / "lake", small_log())
    app = visit(tmp_path / "lake", INTAKE)
    next(box for box in app.selectbox if box.label == "Batch").select(1)
    pressed(app, "Take back")
    assert "needs a reason" in app.error[0].value
    next(box for box in app.text_input if box.label.startswith("Why")).input("wrong machine")
    pressed(app, "Take back")
    assert "left the store" in words_of(app)
    assert Lake(Settings(lake=tmp_path / "lake")).frame("select count(*) from lake.jobs").item() == 0
