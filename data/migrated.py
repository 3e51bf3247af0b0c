"""Whether a state of the store has the tables that a migration made."""

from data.lake import Lake, Writer, pending_migrations


def has_seen(lake: Lake | Writer, migration: int) -> bool:
    """Whether the store, in the state that is read, has seen a migration; a writer's has seen them all."""
    return isinstance(lake, Writer) or migration not in pending_migrations(lake)
