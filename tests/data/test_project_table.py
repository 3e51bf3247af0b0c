"""Tables of projects: columns are recognised, hours converted only by known facts, and no row is lost or half believed."""

import io
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as trial
from hypothesis import strategies as st

from data.errors import InputError
from data.facts import systems
from data.ingest.project_columns import columns_of, mapping_texts
from data.ingest.project_machine import Machines
from data.ingest.project_table import ProjectRows, project_rows
from data.ingest.text_table import read_table
from data.ingest.written import Mark
from tests.data.made_tables import HEADER, spreadsheet, written

AWARDED = """Project title,Project ID,PI,PI country,System,Node Hours Awarded,Research field
"Flows, big",EHPC-REG-2025R01-218,Jane Doe,Finland,LUMI-G,"12,500",Physics
Second,EHPC-AIF-2025PG01-128,J. Smith,The Netherlands,Leonardo Booster,"5,000.5",AI
"""


def rows(path: Path, *mapping: str, system: str | None = None, mark: Mark | None = None) -> ProjectRows:
    table = read_table(path)
    return project_rows(table, columns_of(table, mapping_texts(mapping)), Machines(systems()), system=system, mark=mark)


def one(tmp_path: Path, **cells: Any) -> dict[str, Any]:
    """The only project of a table with these cells in its only row."""
    names = {"System": "LUMI-G", "Account": "p1"} | {name.replace("_", " "): text for name, text in cells.items()}
    text = "\t".join(names) + "\n" + "\t".join(names.values()) + "\n"
    found = rows(written(tmp_path, text))
    assert found.refusals.is_empty(), found.refusals["detail"].to_list()
    return found.projects.row(0, named=True)


def refusal(tmp_path: Path, **cells: Any) -> tuple[str, str]:
    """Why the only row of a table is refused."""
    names = {"System": "LUMI-G", "Account": "p1"} | {name.replace("_", " "): text for name, text in cells.items()}
    found = rows(written(tmp_path, "\t".join(names) + "\n" + "\t".join(names.values()) + "\n"))
    assert found.projects.is_empty()
    return found.refusals["reason"][0], found.refusals["detail"][0]


def test_the_table_of_awarded_projects_is_read_without_the_names_of_people(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, AWARDED))
    columns = columns_of(table, [])
    assert columns.personal == ("PI",)
    found = project_rows(table, columns, Machines(systems()))
    read = found.projects.select("system", "account", "title", "country", "field", "mode_by_code", "node_hours_awarded").rows()
    assert read == [
        ("lumi", "EHPC-REG-2025R01-218", "Flows, big", "FI", "Physics", "regular", 12500.0),
        ("leonardo", "EHPC-AIF-2025PG01-128", "Second", "NL", "AI", "playground", 5000.5),
    ]
    assert "Jane" not in str(found.projects.rows())


def test_a_refused_row_is_kept_without_its_personal_data(tmp_path: Path) -> None:
    found = rows(written(tmp_path, AWARDED.replace("Finland", "Atlantis")))
    assert found.refusals["line"].to_list() == [2]
    assert "Atlantis" in found.refusals["raw"][0]
    assert "Jane" not in found.refusals["raw"][0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_same_table_is_read_in_every_delimiter_and_encoding(tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = "Account,System,Organisation,Node hours\np1,LUMI,Universität Köln,5000\n".replace(",", delimiter)
    found = rows(written(tmp_path, text.encode(encoding))).projects.row(0, named=True)
    assert (found["organisation"], found["node_hours_awarded"]) == ("Universität Köln", 5000.0)


def test_a_spreadsheet_is_read_with_its_own_line_numbers(tmp_path: Path) -> None:
    sheet = spreadsheet([["Awarded projects"], [], ["Account", "System", "Node hours"], ["p1", "LUMI", 12500], ["p2", "Earth", 5]])
    found = rows(written(tmp_path, sheet, "table.xlsx"))
    assert found.projects["node_hours_awarded"].to_list() == [12500.0]
    assert (found.projects["line"][0], found.refusals["line"][0]) == (4, 5)


@pytest.mark.parametrize(
    ("cells", "node_hours"),
    [
        ({"GPU_hours": "4000"}, 1000.0),
        ({"Hours": "1.5 M GPU-h"}, 375_000.0),
        ({"Hours": "640", "Unit": "core-hours"}, 10.0),
        ({"System": "LUMI", "GPU_hours": "400"}, 100.0),
        ({"System": "LUMI-C", "Core_hours": "12 800"}, 100.0),
        ({"System": "MN5 ACC", "Hours": "5,760 k core-h"}, 72_000.0),
        ({"System": "Karolina GPU", "GPU_hours": "16"}, 2.0),
    ],
)
def test_hours_are_node_hours_by_the_facts_of_the_partition(tmp_path: Path, cells: dict[str, str], node_hours: float) -> None:
    assert one(tmp_path, **cells)["node_hours_awarded"] == pytest.approx(node_hours)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"System": "LUMI", "Core_hours": "12800"}, "hours not convertible"),
        ({"System": "Alice Recoque", "GPU_hours": "4"}, "hours not convertible"),
        ({"System": "LUMI-C", "GPU_hours": "4"}, "hours not convertible"),
        ({"Hours": "5000"}, "unit of hours"),
        ({"Node_hours": "5 GPU-h"}, "unit of hours"),
        ({"Node_hours": "-5"}, "unreadable hours"),
        ({"Node_hours": "1e999"}, "unreadable hours"),
        ({"Node_hours": "about 5"}, "unreadable hours"),
        ({"Category": "purple"}, "unknown category"),
        ({"Country": "Atlantis"}, "unknown country"),
        ({"Mode": "warp"}, "unknown mode"),
        ({"Account": "EHPC-AIF-2025PG01-128", "Mode": "Regular"}, "mode against code"),
        ({"Start": "03/04/2026"}, "unreadable day"),
        ({"Start": "2026-02-30"}, "unreadable day"),
        ({"Start": "2026-05-01", "End": "2026-04-01"}, "days in wrong order"),
        ({"System": "Earth Simulator"}, "unknown machine"),
        ({"System": ""}, "no machine"),
        ({"Account": "n/a"}, "no account"),
        ({"Title": "a\x07b"}, "odd text"),
    ],
)
def test_what_cannot_be_believed_is_refused_with_its_reason(tmp_path: Path, cells: dict[str, str], reason: str) -> None:
    found, detail = refusal(tmp_path, **cells)
    assert found == reason
    assert len(detail) > 20


def test_every_fault_of_a_row_is_told_together(tmp_path: Path) -> None:
    _, detail = refusal(tmp_path, Country="Atlantis", Category="purple", Node_hours="many")
    assert all(word in detail for word in ("Atlantis", "purple", "many"))


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("Start-up", "start_up"),
        ("SME", "sme"),
        ("Small and medium-sized enterprises", "sme"),
        ("Large Enterprise", "large_industry"),
        ("large enterprise/industry", "large_industry"),
        ("University", "research"),
        ("Academia", "research"),
        ("Public administration", "public_sector"),
        ("Industry", None),
        ("SME/Startup", None),
        ("", None),
        ("unclassified", "unclassified"),
    ],
)
def test_a_stated_category_is_read_and_a_company_of_unknown_kind_stays_open(tmp_path: Path, text: str, category: str | None) -> None:
    assert one(tmp_path, Category=text)["category"] == category


@pytest.mark.parametrize(
    ("code", "track", "category"),
    [
        ("EHPC-REG-2025R01-218", "Science", "research"),
        ("EHPC-EXT-2025E01-001", "Public administration", "public_sector"),
        ("EHPC-REG-2025R01-218", "Industry", "unclassified"),
        ("EHPC-REG-2025R01-218", "", "unclassified"),
        ("EHPC-AIF-2025SC02-060", "", "unclassified"),
        ("EHPC-AIF-2025PG01-128", "", "unclassified"),
        ("project_1", "", "unclassified"),
    ],
)
def test_a_code_gives_a_category_only_where_its_track_tells_it(tmp_path: Path, code: str, track: str, category: str) -> None:
    assert one(tmp_path, Account=code, Track=track)["category_by_track"] == category


def test_a_company_lane_stays_unclassified_and_the_reason_is_told(tmp_path: Path) -> None:
    found = rows(written(tmp_path, AWARDED))
    assert any("start-ups, SMEs and large firms alike" in note for note in found.notes)


def test_hours_of_one_project_on_two_partitions_are_added_and_on_one_partition_refused(tmp_path: Path) -> None:
    text = "Account,System,Node hours\np1,LUMI-C,100\np1,LUMI-G,50\nP1,LUMI-G,70\np1,Vega,9\n"
    found = rows(written(tmp_path, text))
    assert found.projects.select("system", "node_hours_awarded").rows() == [("lumi", 150.0), ("vega", 9.0)]
    assert (found.joined, found.refusals["line"].to_list()) == (1, [4])


def test_a_mapping_corrects_the_guess_and_is_refused_where_it_names_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, 'Ref,"Hours, total",Machine\np1,7,vega\n')
    assert rows(path, "Ref=account,Hours, total=node_hours").projects["node_hours_awarded"].to_list() == [7.0]
    for wrong in ("Rif=account", "Ref=colour", "Ref"):
        with pytest.raises(InputError, match=r"mapping|no column"):
            rows(path, "Ref=account", wrong)


def test_a_table_without_accounts_or_machines_is_refused_with_the_way_to_mend_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--mapping"):
        rows(written(tmp_path, "Colour,Size\nred,5\n"))
    with pytest.raises(InputError, match="--system"):
        rows(written(tmp_path, "Account,Size\np1,5\n"))


def test_two_columns_of_hours_are_not_chosen_between(tmp_path: Path) -> None:
    path = written(tmp_path, "Account,System,Node hours,GPU hours\np1,LUMI,5,20\n")
    with pytest.raises(InputError, match="'Node hours' and 'GPU hours'"):
        rows(path)
    assert rows(path, "GPU hours=ignore").projects["node_hours_awarded"].to_list() == [5.0]


def test_a_row_of_another_machine_than_the_one_named_is_refused(tmp_path: Path) -> None:
    found = rows(written(tmp_path, "Account,System\np1,LUMI\np2,\np3,Vega\n"), system="lumi")
    assert found.projects["account"].to_list() == ["p1", "p2"]
    assert found.refusals["reason"].to_list() == ["another machine"]


@pytest.mark.parametrize(
    ("text", "mark", "hours"),
    [
        ("Account;System;Node hours\np1;LUMI;1.500\n", None, None),
        ("Account;System;Node hours\np1;LUMI;1.500\n", Mark.COMMA, 1500.0),
        ("Account;System;Node hours\np1;LUMI;1.500\n", Mark.POINT, 1.5),
        ("Account;System;Node hours\np1;LUMI;1.500\np2;LUMI;2.500,5\n", None, 1500.0),
        ("Account\tSystem\tNode hours\np1\tLUMI\t12,500\n", None, 12500.0),
    ],
)
def test_a_number_that_could_be_two_is_read_only_where_the_table_tells_which(
    tmp_path: Path, text: str, mark: Mark | None, hours: float | None
) -> None:
    found = rows(written(tmp_path, text), mark=mark)
    read = found.projects.filter(pl.col("account") == "p1")["node_hours_awarded"].to_list()
    assert read == ([] if hours is None else [hours])
    assert found.refusals.height == (1 if hours is None else 0)


def test_a_reading_that_was_only_assumed_is_told(tmp_path: Path) -> None:
    found = rows(written(tmp_path, "Account\tSystem\tNode hours\np1\tLUMI\t12,500\n"))
    assert any("--decimal comma" in note for note in found.notes)


@pytest.mark.parametrize(
    "content", [b"", b"   \n\n", b"\x00\x01\x02", b"PK\x03\x04 no archive", b"one column\nonly\n", b'a,b\n"never closed']
)
def test_a_file_that_is_no_table_is_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputError) as told:
        rows(written(tmp_path, content), system="lumi")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "everything"])
def test_a_broken_spreadsheet_is_refused_in_one_sentence(tmp_path: Path, part: str) -> None:
    whole, broken = zipfile.ZipFile(io.BytesIO(spreadsheet([["Account"], ["p1"]]))), io.BytesIO()
    with zipfile.ZipFile(broken, "w") as archive:
        for name in whole.namelist():
            archive.writestr(name, "<broken" if part in (name, "everything") else whole.read(name))
    with pytest.raises(InputError, match="cannot be read as a spreadsheet") as told:
        rows(written(tmp_path, broken.getvalue(), "table.xlsx"), system="lumi")
    assert "\n" not in str(told.value)


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00"), max_size=12) | st.sampled_from(
    ["LUMI", "LUMI-G", "p1", "p2", "12,5", "1.500", "5 GPU-h", "FI", "SME", "Industry", "Regular", "2026-01-01", "01/02/2026", "", "n/a"]
)


@trial(max_examples=60, deadline=None)
@given(st.lists(st.lists(CELLS, min_size=12, max_size=14), min_size=1, max_size=8), st.sampled_from("\t;,"))
def test_every_row_is_believed_refused_joined_or_repeated(cells: list[list[str]], delimiter: str) -> None:
    lines = [delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in cells]
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), "\n".join([HEADER.replace(",", delimiter), *lines]) + "\n")
        table = read_table(path)
        found = project_rows(table, columns_of(table, []), Machines(systems()))
    assert found.rows == sum(any(cell.strip() for cell in row) for row in cells)
    assert found.projects.select("system", "account").is_unique().all()
    assert found.projects.filter(pl.col("node_hours_awarded") < 0).is_empty()
