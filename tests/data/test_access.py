"""Who may do what is asked in one place, and a person without a name is asked for one."""

import getpass

import pytest

from data.access import Person, local_person, require
from data.errors import AccessError, InputError
from data.settings import Settings
from data.terms import Action

READER = Person(name="rita", role="reader", may=frozenset({Action.READ}))


def test_a_person_may_do_what_is_allowed() -> None:
    assert require(Action.READ, READER) is READER


@pytest.mark.parametrize("action", [Action.INGEST, Action.DECIDE, Action.EXPORT])
def test_a_person_may_do_nothing_else_and_is_told_so(action: Action) -> None:
    with pytest.raises(AccessError, match=rf"rita \(reader\) may not {action}"):
        require(action, READER)


def test_the_person_of_a_single_user_start_is_the_operator_under_the_name_set() -> None:
    person = local_person(Settings(author="Olga"))
    assert (person.name, person.may) == ("Olga", frozenset(Action))


def test_without_a_name_set_the_login_name_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "otto")
    assert local_person(Settings(author=None)).name == "otto"


def test_a_user_without_a_login_name_is_asked_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr(getpass, "getuser", nobody)
    with pytest.raises(InputError, match="EQUINODE_AUTHOR"):
        local_person(Settings(author=None))


def test_a_site_may_open_its_dashboard_to_a_reader_who_changes_nothing() -> None:
    person = local_person(Settings(author="Rita", role="reader"))
    assert person.may == {Action.READ, Action.EXPORT}
    assert not person.sees_single_firms
    assert local_person(Settings(author="Olga")).sees_single_firms
