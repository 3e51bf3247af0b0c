"""The machines that a store knows, under whatever name people write."""

from datetime import UTC, datetime

import pytest
from made_jobs import plain_store

from data.errors import FactError, UnknownSystemError
from data.facts import DECLARATION_EXAMPLE, systems
from data.systems import declare, declared_system, identifier, known_systems, system_named


@pytest.mark.parametrize("written", ["MareNostrum 5", "marenostrum5", "MARENOSTRUM5", " marenostrum 5 "])
def test_a_machine_is_found_under_name_and_identifier_in_any_writing(written: str) -> None:
    assert system_named(written, systems()).id == "marenostrum5"


def test_an_unknown_machine_is_told_with_those_known_and_a_declaration_to_copy() -> None:
    with pytest.raises(UnknownSystemError) as error:
        system_named("hal9000", systems())
    assert "lumi" in str(error.value)
    assert DECLARATION_EXAMPLE in str(error.value)


def test_the_example_of_a_declaration_can_be_used_as_it_stands() -> None:
    assert declared_system("My Machine", DECLARATION_EXAMPLE).id == identifier("My Machine") == "mymachine"


def test_a_declaration_goes_before_the_facts_of_the_same_machine() -> None:
    with plain_store() as writer:
        declare(writer, declared_system("lumi", DECLARATION_EXAMPLE), DECLARATION_EXAMPLE, author="olga")
        known = known_systems(writer)
    assert known["lumi"] != systems()["lumi"]
    assert known["vega"] == systems()["vega"]


def test_a_declaration_is_stored_once_and_replaced_by_another() -> None:
    other = DECLARATION_EXAMPLE + "\n# as of today\n"
    with plain_store() as writer:
        machine = declared_system("mine", DECLARATION_EXAMPLE)
        stored = [declare(writer, machine, text, author="olga") for text in (DECLARATION_EXAMPLE, DECLARATION_EXAMPLE, other)]
        kept = writer.frame("select declaration, author, decided from lake.declared_systems").row(0)
    assert stored == [True, False, True]
    assert kept[:2] == (other, "olga")
    assert kept[2] <= datetime.now(UTC)


def test_a_declaration_that_cannot_be_read_says_where_it_stands() -> None:
    with pytest.raises(FactError, match=r"mine\.toml"):
        declared_system("mine", "nodes = ", origin="mine.toml")
