"""`python -m analytics report` and `report verify` on the small demonstration store: forms, exit statuses, and changed figures found."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from analytics.__main__ import app
from analytics.commands_report_inputs import Asked, Audience, asked_again
from analytics.report.compose import Template
from data.dates import period_named
from data.errors import InputError
from data.settings import settings
from data.terms import HourUnit, Selection, UserCategory

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def run(demo_lake: Path) -> Iterator[Run]:
    """Runs a command on the small demonstration store."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EQUINODE_LAKE", str(demo_lake))
        settings.cache_clear()
        yield lambda *words: CliRunner().invoke(app, ["report", *words])
    settings.cache_clear()


@pytest.fixture(scope="module")
def page(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A public HTML report of two sections."""
    out = tmp_path_factory.mktemp("reports") / "new" / "r.html"
    done = run("--period", "2026-Q1", "--sections", "received,limits", "--out", str(out))
    assert done.exit_code == 0, done.stderr
    assert "Wrote" in done.stderr
    return out


def test_a_report_as_it_was_made_holds(run: Run, page: Path) -> None:
    done = run("verify", str(page))
    assert done.exit_code == 0, done.output
    assert "same byte for byte" in done.stdout


def test_one_changed_figure_is_found_with_its_place_and_exit_status_one(run: Run, page: Path, tmp_path: Path) -> None:
    text = page.read_text("utf-8")
    place = text.index('<td class="number">', text.index("<tbody>")) + len('<td class="number">')
    end = text.index("<", place)
    (tmp_path / "changed.html").write_text(text[:place] + "9,999,999" + text[end:], "utf-8")
    done = run("verify", str(tmp_path / "changed.html"))
    assert done.exit_code == 1
    assert "table 1, row 2, column 2: the file says '9,999,999', the store gives" in done.stdout


def test_quiet_says_nothing_and_the_exit_status_tells(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "q.xlsx"
    done = run("--period", "2026-Q1", "--systems", "lumi", "--sections", "received", "--for", "operator", "--quiet", "--out", str(out))
    assert (done.exit_code, done.output) == (0, "")
    assert (run("verify", str(out), "--quiet").exit_code, done.output) == (0, "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--period", "2026-Q1", "--out", "never.docx"), ".pdf, .html, .xlsx, .zip"),
        (("--period", "2026-Q1"), "needs --period and --out"),
        (("--period", "2026-Q1", "--sections", "weather", "--out", "never.pdf"), "no section weather"),
        (("--period", "2026-Q1", "--categories", "kings", "--out", "never.pdf"), "the user categories are"),
        (("--period", "2026-Q1", "--template", "brief", "--out", "never.pdf"), "choose one that has a log"),
        (("verify", str(Path(__file__))), "is no report"),
        (("verify", "missing.pdf"), "No such file"),
    ],
)
def test_wrong_words_are_told_in_a_sentence_with_exit_status_two(run: Run, words: tuple[str, ...], told: str) -> None:
    done = run(*words)
    assert done.exit_code == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(Path().glob("never.*"))


def test_what_was_asked_for_comes_back_from_its_record() -> None:
    asked = Asked(
        template=Template.STATE,
        selection=Selection(
            period=period_named("2026-01-15..2026-02-01"), systems=("lumi",), categories=(UserCategory.SME,), unit=HourUnit.GPU_HOURS
        ),
        sections=("state",),
        country="FI",
        audience=Audience.OPERATOR,
    )
    assert asked_again(dict(asked.parameters)) == asked


@pytest.mark.parametrize("parameters", [{}, {"template": "novel", "period": "2026", "unit": "node_hours", "for": "public"}])
def test_a_record_that_asks_for_nothing_known_is_refused(parameters: dict[str, str]) -> None:
    with pytest.raises(InputError, match="record in the file"):
        asked_again(parameters)
