"""Who may do what; every page and every write asks here.

A dashboard that was started for one person on the loopback address takes that person for the operator,
or for a reader where the site says so, and tells whom it takes them for.
"""

import getpass
from dataclasses import dataclass

from data.errors import AccessError, InputError
from data.settings import Settings
from data.terms import Action

ALL_ACTIONS = frozenset(Action)
READERS_ACTIONS = frozenset({Action.READ, Action.EXPORT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who is at the keyboard."""

    name: str
    """The name that stands as author beside what this person writes."""
    role: str
    """What the person is here, in words."""
    may: frozenset[Action]
    """What the person may do."""

    @property
    def sees_single_firms(self) -> bool:
        """Whether what this person takes away may show a single firm: as with reports, what those take away who decide."""
        return Action.DECIDE in self.may


def local_person(settings: Settings) -> Person:
    """The person of a single-user start: the operator, or a reader where the site says so, under the name set or the login name.

    Raises:
        InputError: if neither is known, as in a container whose user has no name.
    """
    try:
        name = settings.author or getpass.getuser()
    except (KeyError, OSError) as error:
        raise InputError("this user has no login name; set EQUINODE_AUTHOR to the name that shall stand beside what is written.") from error
    may = ALL_ACTIONS if settings.role == "operator" else READERS_ACTIONS
    return Person(name=name, role=f"{settings.role} (single-user start)", may=may)


def require(action: Action, person: Person) -> Person:
    """The person, if allowed.

    Raises:
        AccessError: saying what is not allowed.
    """
    if action not in person.may:
        raise AccessError(f"{person.name} ({person.role}) may not {action}; ask the operator of this dashboard.")
    return person
