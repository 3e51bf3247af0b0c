"""Every figure that a page shows can be had as a vector picture, whoever drew it."""

from collections.abc import Callable
from pathlib import Path

import plotly.graph_objects as go
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from analytics.charts.svg import svg

PAGES = ("policy/usage.py", "policy/fairness.py", "policy/energy.py", "policy/explore.py")


def test_every_figure_of_a_page_can_be_drawn_without_a_browser(
    visit: Callable[..., AppTest], small_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[go.Figure] = []
    draw = st.plotly_chart

    def seen(figure: go.Figure, *words: object, **options: object) -> object:
        shown.append(figure)
        return draw(figure, *words, **options)

    monkeypatch.setattr(st, "plotly_chart", seen)
    app = visit(small_store)
    for page in PAGES:
        app.switch_page(page).run()
        assert not app.exception
    assert len(shown) >= 2 * len(PAGES)
    for figure in shown:
        assert svg(figure, alt="What it shows.").startswith("<svg")
