"""The page of reports makes the file that was asked for, once, and says when another is asked for."""

from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

from analytics.report.verify import form_of, record_in
from pages.shared.report_files import MADE, ReportFile

PAGE = "policy/reports.py"


def making(app: AppTest) -> list[str]:
    return [button.label for button in app.button if button.label == "Make the report"]


def test_a_report_is_made_shown_and_made_anew_for_another_choice(visit: Callable[..., AppTest], small_store: Path) -> None:
    app = visit(small_store, PAGE)
    assert making(app)
    next(button for button in app.button if button.label == "Make the report").click().run()
    assert not app.exception
    assert not making(app), "what is made already is not offered to be made again"
    file: ReportFile = app.session_state[MADE]
    assert form_of(file.content) == file.form == "pdf"
    assert record_in(file.content)["parameters"]["for"] == "public"
    assert file.preview.startswith(b"\x89PNG")
    assert any(question == "What is missing?" for question, _ in file.findings)
    next(box for box in app.selectbox if box.label == "File").select("XLSX, a workbook of tables").run()
    assert making(app), "another form is another file"


def test_the_command_line_of_the_page_names_every_choice(visit: Callable[..., AppTest], small_store: Path) -> None:
    app = visit(small_store, PAGE)
    next(box for box in app.selectbox if box.label == "Reader").select("The operator's own copy").run()
    words = app.code[0].value
    assert "--for operator" in words
    assert "--template board" in words
    assert "--snapshot" in words
