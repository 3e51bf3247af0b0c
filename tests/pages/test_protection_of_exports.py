"""What a person who is no operator sees and takes away: no figure of a single firm, in no file of any page."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from analytics.report.document import WITHHELD
from analytics.report.protection import OWN_COPY
from data import access
from data.access import Person
from data.terms import Action
from pages.shared import protection
from tests.pages.small import bring_in, sacct, small_log, small_projects, words_of
from tests.pages.test_explore_page import CELLS_OF_ALL, EXPLORE, table_of

Visit = Callable[..., AppTest]
Files = dict[str, Callable[[], bytes]]

READER = Person(name="rita", role="policy officer", may=frozenset({Action.READ, Action.EXPORT}))
POLICY_PAGES = ("overview", "usage", "fairness", "energy", "explore")
WORDS = ("category", "user_category", "system", "machine", "month", "selection", "store_state", "disclosure", "withheld")
LABS = ("project_465000011", "project_465000012", "project_465000013")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which one company, one account of nobody known and four universities ran."""
    log = small_log() + "\n".join(sacct(5_000 + 500 * n, lab, ["2025-11", "2026-01"], nodes=9 + n) for n, lab in enumerate(LABS)).encode()
    labs = small_projects().head(1).select(pl.exclude("account")).join(pl.DataFrame({"account": LABS}), how="cross")
    decided = pl.concat([small_projects(), labs.select(small_projects().columns)])
    lake = tmp_path_factory.mktemp("protected") / "lake"
    bring_in(lake, log + b"\n", projects=decided)
    return lake


@pytest.fixture
def as_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "local_person", lambda _: READER)


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> Files:
    """What can be taken away from the page that runs, by the key of its button."""
    offered: Files = {}

    def button(_: str, *, data: Callable[[], bytes], key: str, **__: Any) -> None:
        offered[key] = data

    monkeypatch.setattr(st, "download_button", button)
    return offered


def csv_of(files: Files, key: str) -> pl.DataFrame:
    return pl.read_csv(io.BytesIO(files[key]()))


@pytest.mark.usefixtures("as_reader")
def test_by_project_a_company_stands_as_withheld_on_the_screen_and_in_both_files(visit: Visit, store: Path, files: Files) -> None:
    app = visit(store, EXPLORE, rows="Project", columns="No columns")
    shown = dict(table_of(app).select("Project", "Total").rows())
    assert [name.replace("\\", "") for name, said in shown.items() if said == WITHHELD] == [
        "ehpc-aif-2025pg01-128",
        "project_465000011",
        "project_465000777",
    ], "the company, the account of nobody known, and the smallest further one by which the two could be told apart"
    table = csv_of(files, "download-table-by-account")
    held = table.filter(pl.col("withheld") != "")
    assert held["account"].to_list() == ["ehpc-aif-2025pg01-128", "project_465000011", "project_465000777"]
    assert held["node_hours total"].null_count() == held.height
    assert table["disclosure"].unique().to_list() == [protection.rule().in_words]
    book = pl.read_excel(io.BytesIO(files["pivot-xlsx"]()), sheet_name="Table", read_options={"header_row": 4})
    assert book.filter(pl.col("Withheld") == "Total")["Project"].to_list() == held["account"].to_list()
    assert book.filter(pl.col("Withheld") == "Total")["Total"].null_count() == held.height


def test_the_operator_takes_all_of_it_away_and_the_file_says_so(visit: Visit, store: Path, files: Files) -> None:
    visit(store, EXPLORE, rows="Project", columns="No columns")
    table = csv_of(files, "download-table-by-account")
    assert table["node_hours total"].null_count() == 0
    assert table["disclosure"].unique().to_list() == [OWN_COPY]


@pytest.mark.usefixtures("as_reader")
@pytest.mark.parametrize("page", POLICY_PAGES)
def test_no_file_of_any_page_holds_a_number_of_the_only_company(visit: Visit, store: Path, files: Files, page: str) -> None:
    app = visit(store, f"policy/{page}.py")
    assert not app.exception
    assert files
    for key, data in files.items():
        if not key.startswith("download-") or key == "download-power-facts":
            continue
        table = pl.read_csv(io.BytesIO(data()))
        assert table["disclosure"].unique().to_list() == [protection.rule().in_words], key
        names = {"category", "user_category"}.intersection(table.columns)
        for name in names:
            firm = table.filter(pl.col(name).is_in(["sme", "SMEs", "Unclassified", "unclassified"]))
            numbers = firm.select(pl.exclude(WORDS))
            assert numbers.width, key
            assert all(numbers[column].null_count() == firm.height for column in numbers.columns), (key, firm)


@pytest.mark.usefixtures("as_reader")
def test_a_picture_of_withheld_figures_and_a_table_not_told_apart_are_not_offered(visit: Visit, store: Path, files: Files) -> None:
    app = visit(store, "policy/fairness.py")
    assert "svg-of-received-against-due" not in files
    assert "download-lorenz-curves" not in files
    assert "svg-of-lorenz-curves" not in files
    assert protection.NO_PICTURE in words_of(app)
    assert protection.NO_FILE in words_of(app)


@pytest.mark.usefixtures("as_reader")
def test_a_picture_in_which_nothing_is_withheld_is_offered(visit: Visit, store: Path, files: Files) -> None:
    visit(store, "policy/energy.py")
    assert files["svg-of-energy"]().startswith(b"<svg")
    assert OWN_COPY.encode() not in files["svg-of-energy"]()


@pytest.mark.usefixtures("as_reader")
def test_published_facts_are_anybodys(visit: Visit, store: Path, files: Files) -> None:
    visit(store, "policy/methods.py")
    assert csv_of(files, "download-prices").height
    assert "disclosure" not in csv_of(files, "download-prices").columns


@pytest.mark.usefixtures("as_reader")
def test_a_table_too_large_to_be_protected_is_not_shown(visit: Visit, store: Path, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analytics.pivot_protection.MOST_CELLS", 10)
    app = visit(store, EXPLORE, rows="Project", columns="Month")
    assert protection.TOO_LARGE in words_of(app)
    assert not app.table
    assert "pivot-xlsx" not in files


@pytest.mark.usefixtures("as_reader")
def test_the_total_of_many_is_shown_while_its_parts_are_withheld(visit: Visit, small_store: Path) -> None:
    table = table_of(visit(small_store, EXPLORE, rows="User category", columns="No columns"))
    assert table["Total"].to_list() == [str(CELLS_OF_ALL), *[WITHHELD] * 3]


@pytest.mark.usefixtures("as_reader")
def test_groups_within_a_group_are_protected_by_who_is_in_it(visit: Visit, store: Path, files: Files) -> None:
    app = visit(store, "policy/usage.py", within="category:research", by="Project")
    assert not app.exception
    table = csv_of(files, "download-machine-time-by-group")
    assert not table["withheld"].any()
    assert table["hours"].null_count() == 0
