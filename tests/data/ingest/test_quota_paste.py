"""A table pasted from a spreadsheet is read row by row; what could mean two things is refused with its line."""

from datetime import date
from typing import Any

import polars as pl
import pytest

from data.errors import InputError
from data.ingest.quota_paste import Pasted, pasted
from data.ingest.written import Mark
from data.quotas import EDITS

NAMES = {"vega": "Vega", "lumi": "LUMI"}


def stands() -> pl.DataFrame:
    rows: list[dict[str, Any]] = [
        {"system": system, "account": account, "unit": "node_hours", "hours": 100.0, "base_version": 2, "base_hours": 100.0}
        for system, account in (("vega", "alpha"), ("vega", "beta"), ("lumi", "alpha"), ("lumi", "ehpc-aif-2025pg01-128"))
    ]
    return pl.DataFrame([{name: row.get(name) for name in EDITS} for row in rows], schema=dict(EDITS))


def read(text: str, mark: Mark | None = None) -> Pasted:
    return pasted(text, stands(), NAMES, mark=mark)


@pytest.mark.parametrize(
    "text",
    ["beta\t12 500", "beta;12.500,00", 'beta,"12,500.0"', "Account\tQuota\nBETA\t12500", "hours|account\n1.25e4|beta", "beta\t12.5 k"],
)
def test_two_columns_are_account_and_hours_however_numbers_and_cells_are_parted(text: str) -> None:
    found = read(text)
    assert found.refused == []
    assert found.edits.select("system", "account", "hours", "unit", "base_version").rows() == [("vega", "beta", 12_500.0, "node_hours", 2)]


def test_a_number_that_could_be_two_is_refused_until_its_mark_is_said() -> None:
    assert read("beta\t12.500").refused == [
        "line 1: the hours of beta are '12.500', which is no number, or could be two; say below what its mark means"
    ]
    assert read("beta\t12.500", Mark.COMMA).edits["hours"].to_list() == [12_500.0]
    assert read("beta\t12.500", Mark.POINT).edits["hours"].to_list() == [12.5]


def test_all_columns_are_read_by_their_names_and_empty_cells_change_nothing() -> None:
    text = "Project\tMachine\tGPU-hours\tAt one time\tFairshare\tQOS\tEnd\tContact\nalpha\tLUMI\t7\t\t40\tsme_flex\t31.12.2026\tann"
    found = read(text)
    assert found.passed_over == ("Contact",)
    row = found.edits.row(0, named=True)
    assert (row["system"], row["unit"], row["hours"], row["at_once"]) == ("lumi", "gpu_hours", 7.0, None)
    assert (row["fairshare"], row["qos"], row["ends"], row["base_hours"]) == (40, "sme_flex", date(2026, 12, 31), 100.0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("alpha\t5", "could be several (lumi, vega); add a column called machine"),
        ("nobody\t5", "project 'nobody' is not known"),
        ("beta\tmany", "the hours of beta are 'many', which is no number"),
        ("account\tmachine\thours\nbeta\tMoon\t5", "the machine 'Moon' is not known"),
        ("account\thours\tfairshare\nbeta\t5\t2.5", "expected a whole number"),
        ("account\tends\nbeta\t03/04/2026", "no day or could be two"),
        ("account\tnode hours\nbeta\t5 GPU-h", "the unit of the hours of beta is not clear"),
        ("account\thours\nbeta\t", "has no value in it"),
        ("account\thours\n\t5", "it names no project"),
        ("beta\t5\nbeta\t6", "line 2: project beta stands in line 1 already"),
    ],
)
def test_a_row_that_cannot_be_read_is_refused_with_its_line(text: str, told: str) -> None:
    found = read(text)
    assert len(found.refused) == 1
    assert told in found.refused[0]
    assert found.refused[0].startswith("line ")


def test_another_spelling_of_a_code_finds_its_project() -> None:
    assert read("EHPC-AIF-2025PG01-128\t9").edits["account"].to_list() == ["ehpc-aif-2025pg01-128"]


@pytest.mark.parametrize("text", ["   ", "just words", "account\tcolour\nbeta\tred"])
def test_what_is_no_table_is_refused_as_a_whole(text: str) -> None:
    with pytest.raises(InputError):
        read(text)
