"""Any question that a table can answer, asked by the address alone, and taken away whole."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from analytics.pivot import Measure, ShareOf, pivot
from analytics.usage import usage_frame
from data.terms import Dimension, HourUnit
from pages.shared import pivot_choices, pivot_table
from tests.pages.small import bring_in, small_log, small_projects, words_of

Visit = Callable[..., AppTest]

EXPLORE = "policy/explore.py"
CELLS_OF_ALL = 6 * (12 * 8 + 8 * 3 + 4 * 1)


def table_of(app: AppTest) -> pl.DataFrame:
    assert not app.exception
    return pl.from_pandas(app.table[0].value)


def test_the_table_of_the_default_view_adds_up_to_the_machine_time_of_the_usage_page(visit: Visit, small_store: Path) -> None:
    table = table_of(visit(small_store, EXPLORE))
    assert table["User category"][0] == "All rows"
    assert table["Total"][0] == str(CELLS_OF_ALL)
    assert table["Total"][1:].cast(pl.Int64).sum() == CELLS_OF_ALL


def test_rows_columns_measure_and_shares_come_from_the_address(visit: Visit, small_store: Path) -> None:
    table = table_of(visit(small_store, EXPLORE, rows="Country", columns="No columns", measure="Jobs", cells="Share of column"))
    assert table.columns == ["Country", "Total"]
    assert table["Country"].to_list() == ["All rows", "Finland", "Germany", "not known"]
    assert table["Total"].to_list()[1].startswith("50")


def test_a_filter_from_the_address_is_said_and_leaves_out_the_rest(visit: Visit, small_store: Path) -> None:
    app = visit(small_store, EXPLORE, rows="Country", measure="Jobs", **{"only-country": "Germany"})
    assert table_of(app)["Country"].to_list() == ["All rows", "Germany"]
    assert "country: Germany" in words_of(app).replace("\\", "")


@pytest.mark.parametrize(
    "address", [{"rows": "Shoe size"}, {"columns": "Weather"}, {"cells": "all"}, {"only-field": "Alchemy"}, {"rows-page": "7"}]
)
def test_an_address_that_makes_no_sense_falls_back_to_the_default(visit: Visit, small_store: Path, address: dict[str, str]) -> None:
    assert table_of(visit(small_store, EXPLORE, **address))["Total"][0] == str(CELLS_OF_ALL)


def test_the_same_dimension_in_rows_and_columns_stands_in_rows_alone(visit: Visit, small_store: Path) -> None:
    assert table_of(visit(small_store, EXPLORE, rows="Country", columns="Country")).columns == ["Country", "Total"]


def test_filters_that_nothing_fits_say_so(visit: Visit, small_store: Path) -> None:
    app = visit(small_store, EXPLORE, **{"only-country": "Germany", "only-access-mode": "Regular"})
    assert not app.exception
    assert "No job fits these filters" in words_of(app)


def test_a_name_from_a_table_of_projects_is_never_markdown(visit: Visit, tmp_path: Path) -> None:
    named = small_projects().with_columns(organisation=pl.lit("[click](http://evil) *now*"))
    bring_in(tmp_path / "lake", small_log(), projects=named)
    cells = table_of(visit(tmp_path / "lake", EXPLORE, rows="Organisation"))["Organisation"].to_list()
    assert r"\[click\](http\://evil) \*now\*" in cells


def test_every_dimension_has_a_name_and_every_one_but_times_can_be_filtered_somewhere() -> None:
    assert set(pivot_choices.NAMES) == set(Dimension)
    in_the_bar = {Dimension.SYSTEM, Dimension.CATEGORY}
    assert set(pivot_choices.FILTERED) | in_the_bar == {dimension for dimension in Dimension if not dimension.is_time}


def test_the_workbook_holds_every_row_as_numbers_and_no_name_as_a_formula() -> None:
    rows = ({"country": f"=C{place}", "jobs": place + 1, "node_hours": float(place)} for place in range(pivot_table.ROWS_A_PAGE * 3))
    table = pivot(usage_frame(*rows), [Dimension.COUNTRY], None, Measure.HOURS, HourUnit.NODE_HOURS)
    book = pivot_table.book(table, ShareOf.NOTHING, Measure.HOURS, {}, ["node-hours", "Source: a test"])
    read = pl.read_excel(io.BytesIO(book), sheet_name="Table", read_options={"header_row": 3})
    assert read.height == table.cells.height + 1
    assert read["Country"][1].startswith("=C")
    assert read["Total"][1:].to_list() == sorted((float(place) for place in range(read.height - 1)), reverse=True)
    assert b"<f>" not in b"".join(zipfile.ZipFile(io.BytesIO(book)).read(name) for name in zipfile.ZipFile(io.BytesIO(book)).namelist())


def test_a_page_of_rows_holds_the_totals_of_all_of_them() -> None:
    rows = ({"country": f"C{place}", "jobs": 1} for place in range(pivot_table.ROWS_A_PAGE * 3))
    table = pivot(usage_frame(*rows), [Dimension.COUNTRY], None, Measure.JOBS, HourUnit.NODE_HOURS)
    words = pivot_table.in_text(table, table.cells.head(5), share_of=ShareOf.NOTHING, measure=Measure.JOBS, machines={})
    assert words.height == 6
    assert words.row(0) == ("All rows", "150")
