"""The machines a store knows: the reference facts, and those that an operator declared."""

from dataclasses import replace
from datetime import UTC, datetime

from data.errors import UnknownSystemError
from data.facts import DECLARATION_EXAMPLE, System, parse_system, systems
from data.lake import Lake, Writer

DECLARED = "select system, declaration from lake.declared_systems order by system"
STORED = "select declaration from lake.declared_systems where system = $system"
DELETE = "delete from lake.declared_systems where system = $system"
INSERT = """
insert into lake.declared_systems by name
select $system as system, $declaration as declaration, $author as author, $decided as decided
"""


def known_systems(lake: Lake | Writer | None) -> dict[str, System]:
    """Every machine by its identifier; a declaration goes before the reference facts of the same machine."""
    declared = {} if lake is None else {row[0]: declared_system(row[0], row[1]) for row in lake.frame(DECLARED).iter_rows()}
    return systems() | declared


def declared_system(name: str, declaration: str, *, origin: str = "the store") -> System:
    """The machine that a TOML text declares, under the identifier given."""
    return replace(parse_system(declaration, origin=origin), id=identifier(name))


def identifier(name: str) -> str:
    """The identifier of a machine's name: lower case, without blanks.

    >>> identifier("MareNostrum 5")
    'marenostrum5'
    """
    return "".join(name.casefold().split()).replace("-", "_")


def system_named(name: str, known: dict[str, System]) -> System:
    """The machine of that name or identifier.

    Raises:
        UnknownSystemError: saying how to declare a machine.
    """
    wanted = identifier(name)
    for system in known.values():
        if wanted in (identifier(system.id), identifier(system.name)):
            return system
    raise UnknownSystemError(
        f"the machine {name!r} is not known; known are {', '.join(sorted(known))}.\n"
        f"Declare it in a small TOML file and name that with --system-file FILE. A complete example:\n\n{DECLARATION_EXAMPLE}"
    )


def declare(writer: Writer, system: System, declaration: str, *, author: str) -> bool:
    """Whether a machine's declaration was new and so stored; an earlier one is replaced, and stays in the history."""
    if writer.frame(STORED, {"system": system.id})["declaration"].to_list() == [declaration]:
        return False
    writer.change(DELETE, {"system": system.id})
    writer.change(INSERT, {"system": system.id, "declaration": declaration, "author": author, "decided": datetime.now(UTC)})
    return True
