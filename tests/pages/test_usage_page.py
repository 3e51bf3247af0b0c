"""The usage page: machine time told apart, looked into, compared and mapped as the address says."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import drill
from tests.pages.small import words_of

Visit = Callable[..., AppTest]

USAGE = "policy/usage.py"


def headings(app: AppTest) -> str:
    assert not app.exception
    return " ".join(heading.value for heading in app.subheader).replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\\", "")


def test_every_chart_has_its_finding_source_and_exports(visit: Visit, small_store: Path) -> None:
    app = visit(small_store, USAGE)
    assert "Research received 77 %" in headings(app)
    sources = [caption.value for caption in app.caption if caption.value.startswith(r"Source\: job logs")]
    assert len(sources) == 4
    labels = [button.label for button in app.get("download_button")]
    assert labels.count("SVG") == labels.count("PNG") == 4


@pytest.mark.parametrize(
    ("by", "form"),
    [("Machine", "Lines"), ("Access mode", "Small charts"), ("Country", "Lines"), ("Organisation", "Small charts"), ("Project", "Lines")],
)
def test_groups_can_be_of_anything_in_any_form(visit: Visit, small_store: Path, by: str, form: str) -> None:
    app = visit(small_store, USAGE, by=by, **{"as": form, "shown-as": "Shares"})
    assert "received" in headings(app)
    assert f"Machine time by month and {by.lower()}, in node-hours" in words_of(app).replace("\\", "")


def test_the_address_leads_into_a_group_and_the_breadcrumb_back_out(visit: Visit, small_store: Path) -> None:
    app = visit(small_store, USAGE, within="category:sme", by="Project")
    assert "ehpc-aif-2025pg01-128 received 100 % of node-hours of SMEs" in headings(app)
    assert "**User category\\: SMEs**" in words_of(app)
    app.button(key="within-all").click().run()
    assert "Research received 77 %" in headings(app)
    assert app.query_params.get(drill.WITHIN) in (None, [])


@pytest.mark.parametrize("within", ["planet:earth", "category", "month:2026-01-01"])
def test_a_way_that_makes_no_sense_leads_nowhere(visit: Visit, small_store: Path, within: str) -> None:
    assert "Research received 77 %" in headings(visit(small_store, USAGE, within=within))


def test_a_way_into_a_group_that_is_not_there_says_so(visit: Visit, small_store: Path) -> None:
    app = visit(small_store, USAGE, within="organisation:Nobody")
    assert not app.exception
    assert "Nothing ran within these groups" in words_of(app)


def test_two_periods_are_compared_in_words_and_a_chart(visit: Visit, small_store: Path) -> None:
    app = visit(small_store, USAGE, view="Compare", **{"first-periods": "Q1 2025", "second-periods": "Q4 2025"})
    found = headings(app)
    assert "Q4 2025: 210 node-hours, Q1 2025: 144 node-hours" in found
    assert "Research 69 % instead of 100 % (−31 pp)" in found


def test_two_categories_are_compared_by_access_mode(visit: Visit, small_store: Path) -> None:
    app = visit(
        small_store, USAGE, view="Compare", compare="Two user categories", **{"first-category": "Research", "second-category": "SMEs"}
    )
    assert "Playground 100 % instead of 0 %" in headings(app)


def test_a_single_machine_cannot_be_compared_with_another(visit: Visit, small_store: Path) -> None:
    assert "only one to compare: LUMI" in words_of(visit(small_store, USAGE, view="Compare", compare="Two machines"))


def test_the_map_says_of_how_much_the_country_is_not_known(visit: Visit, small_store: Path) -> None:
    assert "projects whose country is not known" in words_of(visit(small_store, USAGE))


def test_what_a_click_leads_to_ends_at_projects_and_never_goes_round() -> None:
    for dimension in drill.OFFERED:
        way: drill.Path = ()
        seen, step = [dimension], dimension
        while (leads_to := drill.below(step, way)) is not None:
            way, step = (*way, (step, "x")), leads_to
            assert step not in seen
            seen.append(step)
        assert step.value == "account"
