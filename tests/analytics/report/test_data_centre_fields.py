"""A field of the data-centre report holds what the operator stated of a calendar year, and else says how it can be stated."""

from dataclasses import replace

import polars as pl
import pytest

from analytics.report.compose import OUTLINES, Template
from analytics.report.data_centre import HELD_BACK, INFORMATION, STATED, indicators, information
from analytics.report.disclosure import DisclosureRule, Withheld
from analytics.report.document import WITHHELD, Table
from analytics.report.inputs import FACTS, ReportInputs
from analytics.report.methods import OF_SECTION
from analytics.report.sources import facts
from data.machines import SYSTEM_FIELDS

NAMES = {"facility_energy_mwh": 20.0, "water_m3": 5.0, "heat_reused_mwh": 3.0, "renewable_energy_mwh": 18.0, "it_energy_mwh": 16.0}


def fields(report_inputs: ReportInputs) -> dict[str, tuple[float | None, str]]:
    """The value and basis of each field of the machine Alpha."""
    table = information(report_inputs).blocks[0]
    assert isinstance(table, Table)
    return {row["symbol"]: (row["value"], row["basis"]) for row in table.frame.filter(system="Alpha").iter_rows(named=True)}


def stated(report_inputs: ReportInputs) -> ReportInputs:
    """The same report, where the operator of Alpha has stated readings of a year."""
    rows = [{"system": "alpha", "fact": name, "value": str(value)} for name, value in NAMES.items()]
    known = pl.DataFrame([dict.fromkeys(FACTS) | row for row in rows], schema=FACTS)
    return replace(report_inputs, facts=pl.concat([report_inputs.facts, known]))


def test_a_stated_reading_says_of_which_year_it_is(report_inputs: ReportInputs) -> None:
    rows = [{"system": "alpha", "fact": "water_m3", "value": "5", "valid": "2025"}]
    known = pl.DataFrame([dict.fromkeys(FACTS) | row for row in rows], schema=FACTS)
    assert fields(replace(report_inputs, facts=known))["W_IN"] == (5.0, "reading of 2025, stated as water_m3; see the facts")


@pytest.mark.parametrize(("symbol", "value"), [("E_DC", 20_000.0), ("E_IT", 16_000.0), ("W_IN", 5.0), ("E_REUSE", 3_000.0)])
def test_a_stated_reading_fills_its_field_in_the_unit_of_the_regulation(report_inputs: ReportInputs, symbol: str, value: float) -> None:
    found, basis = fields(stated(report_inputs))[symbol]
    assert found == pytest.approx(value)
    assert STATED[symbol][0] in basis


def missing(report_inputs: ReportInputs) -> dict[str, tuple[str, str]]:
    """By which fact each field is stated that only the site can tell, and for which machines it is missing."""
    (table,) = (block for block in information(report_inputs).blocks if isinstance(block, Table) and "only the site" in block.caption)
    return {row["symbol"]: (row["fact"], row["machines"]) for row in table.frame.iter_rows(named=True)}


def test_a_field_that_nobody_stated_says_once_how_it_is_stated(report_inputs: ReportInputs) -> None:
    assert missing(report_inputs)["W_IN"] == ("water_m3", "all")
    assert "W_IN" not in fields(report_inputs)


def test_a_field_stated_for_some_machines_is_missing_for_the_others(report_inputs: ReportInputs) -> None:
    assert missing(stated(report_inputs))["W_IN"][1] == "Dark <b>& Co</b>"
    assert missing(stated(report_inputs))["S_DC"][1] == "all"


def test_every_field_of_annex_ii_stands_in_one_table_or_the_other(report_inputs: ReportInputs) -> None:
    """Its letters a to r, with the back-up generators of d, two indicators of capacity and four of traffic."""
    assert len(INFORMATION) == 18 + 1 + 2 + 4
    tables = [block.frame for block in information(report_inputs).blocks if isinstance(block, Table)]
    told = {what for frame in tables if "what" in frame.columns for what in frame["what"]}
    assert told == {what for _, what, _ in INFORMATION}


def test_what_annex_i_asks_is_told_from_the_facts(report_inputs: ReportInputs) -> None:
    rows = [{"system": "alpha", "fact": "site", "value": "Kajaani site"}]
    known = pl.DataFrame([dict.fromkeys(FACTS) | row for row in rows], schema=FACTS)
    table = information(replace(report_inputs, facts=known)).blocks[3]
    assert isinstance(table, Table)
    assert table.frame.select("system", "site", "city").rows()[0] == ("Alpha", "Kajaani site", None)


def test_every_fact_that_fills_a_field_can_be_stated() -> None:
    assert {name for name, _ in STATED.values()} <= {field.name for field in SYSTEM_FIELDS}


def test_the_energy_of_a_machine_is_withheld_where_its_use_is(report_inputs: ReportInputs) -> None:
    rule = DisclosureRule()
    section = information(replace(report_inputs, withheld=Withheld(rows={("system",): frozenset({("alpha",)})}, rule=rule)))
    table = section.blocks[0]
    assert isinstance(table, Table)
    energy = [row for row in table.rows if row[0] == "Alpha" and row[1] in ("E_IT", "E_DC")]
    assert [(row[3], row[5]) for row in energy] == [(WITHHELD, HELD_BACK)] * 2


def test_energy_of_which_no_part_is_metered_is_said_to_be_modelled(report_inputs: ReportInputs) -> None:
    unmetered = report_inputs.usage.with_columns(node_hours_metered=pl.lit(0.0))
    basis = fields(replace(report_inputs, usage=unmetered))["E_IT"][1]
    assert "0" not in basis


def test_an_indicator_without_a_value_says_once_what_is_missing_and_for_which_sites(report_inputs: ReportInputs) -> None:
    known, lacking = (block.frame for block in indicators(stated(report_inputs)).blocks if isinstance(block, Table))
    assert {row["indicator"] for row in known.filter(system="Alpha").iter_rows(named=True)} == {"PUE", "WUE", "ERF", "REF"}
    found = {row["indicator"]: row["system"] for row in lacking.iter_rows(named=True)}
    assert found["WUE"] == "Dark <b>& Co</b>"


def test_a_stated_reading_stands_among_the_facts_with_its_source_and_one_that_is_not_does_not(report_inputs: ReportInputs) -> None:
    assert "water taken in" in facts(stated(report_inputs)).frame["fact"]
    assert "water taken in" not in facts(report_inputs).frame["fact"]


@pytest.mark.parametrize("template", list(Template))
def test_every_section_of_a_template_names_the_methods_behind_it(template: Template) -> None:
    assert set(OUTLINES[template].sections) - {"brief"} <= set(OF_SECTION)
