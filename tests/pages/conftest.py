"""A small store, and the app run on any store page by page."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from data.settings import settings
from tests.pages.small import bring_in, small_log, small_projects

MAIN = Path(__file__).resolve().parents[2] / "pages" / "main.py"


@pytest.fixture(scope="session")
def small_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the small log of LUMI and the decisions about its projects."""
    lake = tmp_path_factory.mktemp("small") / "lake"
    bring_in(lake, small_log(), projects=small_projects())
    return lake


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., AppTest]]:
    """Opens a page on a store, as a fresh session with this address."""

    def opened(lake: Path, page: str | None = None, **address: str) -> AppTest:
        monkeypatch.setenv("EQUINODE_LAKE", str(lake))
        settings.cache_clear()
        app = AppTest.from_file(str(MAIN), default_timeout=60)
        for name, value in address.items():
            app.query_params[name] = value
        app.run()
        if page is not None:
            app.switch_page(page).run()
        return app

    yield opened
    settings.cache_clear()
