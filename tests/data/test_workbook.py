"""A workbook holds what its tables hold: real numbers with formats, unknown cells empty, text never run as a formula."""

import io
import zipfile

import polars as pl

from data.export.workbook import workbook

TABLE = pl.DataFrame(
    {"application": ["A1", "=cmd()"], "hours_awarded": [1_234_567, None], "share_awarded": [0.5, 1.0], "kept": [True, False]}
)
BOOK = workbook({"award_list": TABLE, "limits": TABLE.clear()}, heads={"award_list": ["A call", "Found"]}, title="A call", header=str.upper)


def sheet(number: int = 1) -> str:
    with zipfile.ZipFile(io.BytesIO(BOOK)) as archive:
        return archive.read(f"xl/worksheets/sheet{number}.xml").decode()


def test_the_tables_read_back_as_they_were() -> None:
    read = pl.read_excel(io.BytesIO(BOOK), sheet_name="Award list", read_options={"header_row": 3})
    assert read.columns == ["APPLICATION", "HOURS_AWARDED", "SHARE_AWARDED", "KEPT"]
    assert read["HOURS_AWARDED"].to_list() == [1_234_567, None]
    assert read["SHARE_AWARDED"].to_list() == [0.5, 1.0]
    assert read["KEPT"].to_list() == ["yes", "no"]


def test_text_that_looks_like_a_formula_stays_text() -> None:
    assert "<f>" not in sheet()


def test_numbers_have_formats_of_their_kind() -> None:
    with zipfile.ZipFile(io.BytesIO(BOOK)) as archive:
        styles = archive.read("xl/styles.xml").decode()
    assert 'formatCode="#,##0"' in styles
    assert "0.0%" in styles


def test_the_header_stays_in_sight_and_repeats_on_paper() -> None:
    assert 'state="frozen"' in sheet()
    assert "Print_Titles" in zipfile.ZipFile(io.BytesIO(BOOK)).read("xl/workbook.xml").decode()


def test_an_empty_table_is_a_sheet_with_its_header() -> None:
    assert pl.read_excel(io.BytesIO(BOOK), sheet_name="Limits", raise_if_empty=False).columns == list(map(str.upper, TABLE.columns))
