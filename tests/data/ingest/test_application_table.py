"""Tables of applications: each row is believed as a whole, or left out with a sentence for every wrong cell."""

from pathlib import Path

import polars as pl
import pytest

from data import facts
from data.call_examples import call_examples
from data.errors import InputError
from data.ingest.application_table import ApplicationRows, application_rows
from data.ingest.text_table import read_table
from data.schema import APPLICATIONS, check
from data.synthetic_applications import applications_to
from data.terms import HourUnit
from tests.data.made_tables import spreadsheet, written

HEADER = "Application,Organisation,User category,Country,Machines,GPU-hours asked for,Minimum GPU-hours,Score"
GOOD = "A1,Lab,SME,Finland,LUMI; Leonardo Booster,2000000,500000,87.5"


def read(folder: Path, *rows: str, header: str = HEADER, unit: HourUnit = HourUnit.GPU_HOURS) -> ApplicationRows:
    return application_rows(read_table(written(folder, "\n".join([header, *rows]))), facts.systems(), unit=unit)


def fault(folder: Path, row: str) -> str:
    rows = read(folder, GOOD, row)
    assert rows.applications["application"].to_list() == ["A1"]
    assert rows.left_out == 1
    return "; ".join(rows.faults["fault"])


def test_a_good_row_is_read_in_our_words(tmp_path: Path) -> None:
    rows = read(tmp_path, GOOD)
    check(rows.applications, APPLICATIONS)
    assert rows.applications.row(0) == ("A1", "Lab", "sme", "FI", ["lumi:LUMI-G", "leonardo:Booster"], 2_000_000, 500_000, 87.5)
    assert rows.faults.is_empty()


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("A2,Lab,SME,FI,LUMI,-500,,80", "fewer than none"),
        ("A2,Lab,SME,FI,Deep Thought,5000,,80", "'Deep Thought' is not known"),
        ("A2,Lab,SME,FI,LUMI,5000,9000,80", "lies above the 5,000 hours asked for"),
        ("A2,Lab,SME,FI,LUMI,5000,100,180", "scores run from 0 to 100"),
        ("A2,Lab,SME,FI,LUMI,1000000000000,,80", "more than LUMI-G can give in a whole year"),
        ("A2,Lab,SME,FI,LUMI,1e400,,80", "more than any machine"),
        ("A2,Lab,SME,FI,LUMI,1,500,000,80", "quote cells that hold the delimiter"),
        ("A2,Lab,SME,FI,LUMI,1,000,80", "if a comma cut a number in two"),
        ("A2,Lab,SME,FI,LUMI,many,,80", "'many' is no number of hours"),
        ("A2,Lab,SME,FI,LUMI,1000.5,,80", "no whole number of hours"),
        ("A2,Lab,SME,FI,LUMI,0,,80", "no hours are asked for"),
        ("A2,Lab,SME,FI,LUMI,,,80", "no hours are asked for"),
        ("A2,Lab,SME,FI,LUMI,5000,,", "no score"),
        ("A2,Lab,SME,FI,LUMI,5000,,nan", "no score"),
        ("A2,Lab,SME,FI,,5000,,80", "no machine is wished for"),
        ("A2,Lab,SME,FI,LUMI-C,5000,,80", "has no GPUs"),
        ("A2,Lab,SME,Utopia,LUMI,5000,,80", "'Utopia' is no country"),
        ("A2,Lab,Industry,FI,LUMI,5000,,80", "start-up, SME and large enterprise apart"),
        ("A2,Lab,,FI,LUMI,5000,,80", "no user category"),
        (",Lab,SME,FI,LUMI,5000,,80", "no application number"),
    ],
)
def test_a_row_with_a_wrong_cell_is_left_out_with_its_sentence(tmp_path: Path, row: str, said: str) -> None:
    assert said in fault(tmp_path, row)


def test_every_wrong_cell_of_a_row_is_named_with_line_and_column(tmp_path: Path) -> None:
    rows = read(tmp_path, GOOD, "A2,Lab,purple,Utopia,LUMI,many,,")
    assert rows.faults.select("line", "column").rows() == [
        (3, "GPU-hours asked for"),
        (3, "User category"),
        (3, "Country"),
        (3, "Score"),
    ]


def test_commas_between_thousands_are_understood_where_they_are_quoted(tmp_path: Path) -> None:
    rows = read(
        tmp_path, 'A1,Lab,SME,FI,LUMI,"1,500,000","750,000",80', 'A2,Lab,SME,FI,LUMI,"1,500","1,000",80', "A3,Lab,SME,FI,LUMI,1.5 M,,80"
    )
    assert rows.applications["hours_asked"].to_list() == [1_500_000, 1_500, 1_500_000]


def test_a_line_that_is_only_repeated_is_left_out_once_and_of_differing_ones_none_is_believed(tmp_path: Path) -> None:
    assert "says the same as line 2" in fault(tmp_path, GOOD)
    rows = read(tmp_path, GOOD, GOOD.replace("87.5", "60"))
    assert rows.applications.is_empty()
    assert rows.left_out == 2


def test_hours_in_another_unit_are_converted_where_one_factor_holds_and_refused_where_none_does(tmp_path: Path) -> None:
    header = HEADER.replace("GPU-hours", "Node-hours")
    rows = read(tmp_path, "A1,Lab,SME,FI,LUMI,1000,500,80", "A2,Lab,SME,FI,LUMI; Karolina,1000,500,80", header=header)
    assert rows.applications.select("hours_asked", "hours_least").rows() == [(4_000, 2_000)]
    assert "no one factor holds" in rows.faults["fault"][0]


def test_a_machine_of_several_partitions_must_be_told_apart_in_node_hours(tmp_path: Path) -> None:
    header = HEADER.replace("GPU-hours", "Node-hours")
    rows = read(tmp_path, "A1,Lab,SME,FI,LUMI,1000,500,80", header=header, unit=HourUnit.NODE_HOURS)
    assert "name the one that is wished for" in rows.faults["fault"][0]


def test_a_table_without_a_needed_column_or_without_anything_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no column for hours_asked, score"):
        read(tmp_path, "A1,LUMI", header="Application,Machine")
    with pytest.raises(InputError, match="is empty"):
        read_table(written(tmp_path, "\n \n"))


def test_a_spreadsheet_reads_as_the_same_rows_as_text(tmp_path: Path) -> None:
    cells = [[*GOOD.split(",")[:5], 2_000_000, 500_000, 87.5]]
    table = read_table(written(tmp_path, spreadsheet([HEADER.split(","), *cells]), "table.xlsx"))
    rows = application_rows(table, facts.systems(), unit=HourUnit.GPU_HOURS)
    assert rows.applications.equals(read(tmp_path, GOOD).applications)


def test_what_an_officer_should_know_is_noted(tmp_path: Path) -> None:
    rows = read(tmp_path, "A1,Lab,SME,,LUMI,5000,,80", "A2,Lab,SME,FI,LUMI,5000,100,80")
    assert any("no country" in note for note in rows.notes)
    assert any("no minimum stated" in note for note in rows.notes)
    assert any("more than one application: Lab" in note for note in rows.notes)


@pytest.mark.parametrize("name", list(call_examples()))
def test_a_ready_made_call_is_the_same_every_time_and_read_without_a_fault(name: str) -> None:
    example = call_examples()[name]
    assert applications_to(example) == applications_to(example)
    rows = application_rows(applications_to(example), facts.systems(), unit=example.unit)
    assert (rows.applications.height, rows.faults.height) == (example.applications, 0)
    assert rows.applications["organisation"].str.ends_with("(demo)").all()
    assert rows.applications["hours_asked"].sum() > sum(example.offered.values()), "a call that is not oversubscribed decides nothing"


def test_the_grand_challenge_is_as_published() -> None:
    challenge = call_examples()["large-ai-grand-challenge"]
    assert (challenge.applications, challenge.most_awards, sum(challenge.offered.values())) == (94, 4, 8_000_000)
    assert set(challenge.offered) == {"lumi:LUMI-G", "leonardo:Booster"}
    assert pl.Series([fact.source for fact in challenge.facts]).str.len_chars().min() > 0
