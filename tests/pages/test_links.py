"""What stands in the address of a page is the same as choosing it on the page: a link shows whoever opens it the same view."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

Visit = Callable[..., AppTest]

CHOICES = [
    ("policy/overview.py", "multiselect", "categories", "Research"),
    ("policy/usage.py", "selectbox", "unit", "GPU-hours"),
    ("policy/fairness.py", "selectbox", "period", "Q1 2025"),
    ("policy/energy.py", "selectbox", "flexible", "50 % of the work is flexible"),
    ("policy/split.py", "selectbox", "due", "their own request"),
    ("policy/methods.py", "selectbox", "period", "2025"),
    ("policy/reports.py", "selectbox", "period", "2025"),
    ("operations/intake.py", "selectbox", "unit", "GPU-hours"),
    ("operations/health.py", "multiselect", "machines", "LUMI"),
]
"""A choice on each page that needs a store: its kind, its name in the address and its value."""


def told(app: AppTest) -> list[str]:
    """What a page says in its headings, sentences, figures and choices."""
    assert not app.exception
    words = [each.value for each in (*app.title, *app.header, *app.subheader, *app.markdown, *app.caption)]
    chosen = [str(each.value) for each in (*app.selectbox, *app.multiselect, *app.select_slider)]
    return [*words, *(f"{each.label} {each.value} {each.delta}" for each in app.metric), *chosen]


@pytest.mark.parametrize(("page", "kind", "name", "value"), CHOICES, ids=[choice[0] for choice in CHOICES])
def test_an_address_shows_what_its_choice_shows(visit: Visit, small_store: Path, page: str, kind: str, name: str, value: str) -> None:
    clicked = visit(small_store, page)
    before = told(clicked)
    clicked.get(kind)[[each.key for each in clicked.get(kind)].index(name)].set_value([value] if kind == "multiselect" else value).run()
    assert told(clicked) != before
    assert told(visit(small_store, page, **{name: value})) == told(clicked)
