"""The parts of pages by themselves: words made harmless, tables as people read them, downloads that say what they are."""

import doctest
from types import ModuleType

import polars as pl
import pytest

from pages.shared import chart_frame, filters, parts, pivot_choices, tables, words


@pytest.mark.parametrize("module", [chart_frame, filters, pivot_choices, tables, words])
def test_the_examples_in_the_words_of_the_parts_hold(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0


def test_text_from_a_log_cannot_write_markdown_links_or_html() -> None:
    harmless = parts.escaped("<script>alert(1)</script> [click](http://evil) $x$ :red[y] `code` *b*")
    for character in "<>[]$`*":
        assert f"\\{character}" in harmless
        assert character not in harmless.replace(f"\\{character}", "")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\t=1", "\r=1"])
def test_text_that_a_spreadsheet_would_run_stays_text_in_a_download(text: str) -> None:
    row = tables.csv(pl.DataFrame({"account": [text]})).decode().split("\n", 1)[1]
    assert row.lstrip('"').startswith("'")


def test_numbers_keep_their_full_precision_and_sign_in_a_download() -> None:
    assert tables.csv(pl.DataFrame({"hours": [-71984.27638888889]})).decode() == "hours\n-71984.27638888889\n"


def test_unknown_is_an_empty_field_in_a_download_and_never_nought() -> None:
    assert tables.csv(pl.DataFrame({"hours": [None, 0.0]}, schema={"hours": pl.Float64})).decode() == 'hours\n""\n0.0\n'.replace('""', "")


def test_no_column_of_a_page_keeps_its_unit_as_a_suffix() -> None:
    for column in ("energy_it_kwh", "emissions_market_kgco2e", "median_wait_s", "node_idle_w", "intensity_gco2e_per_kwh"):
        assert tables.readable(column).endswith(")")
        assert "_" not in tables.readable(column)
