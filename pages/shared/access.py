"""Who is at the keyboard, and whether that person may do what a page is about to do."""

from data import access
from data.access import Person
from data.settings import settings
from data.terms import Action


def person() -> Person:
    """The person of this visit: the operator, where the dashboard was started for one person."""
    return access.local_person(settings())


def reader() -> Person:
    """The person of this visit, if allowed to read, which every visit asks first.

    Raises:
        AccessError: if not.
    """
    return require(Action.READ)


def require(action: Action) -> Person:
    """The person of this visit, if allowed.

    Raises:
        AccessError: saying what is not allowed.
    """
    return access.require(action, person())
