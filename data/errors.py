"""Every error that Equinode raises on purpose, in one tree; each says what was found, what was expected and how to mend it."""


class EquinodeError(Exception):
    """An error that a person can act on; its message is shown to them as it stands."""

    exit_status = 2


class InputError(EquinodeError):
    """What was handed in (a file, a date, a number, an option) cannot be used."""


class LogError(InputError):
    """A file is not a log that Equinode can read."""


class UnknownSystemError(InputError):
    """A log names a machine that neither the reference facts nor the store know."""


class SchemaError(EquinodeError):
    """A frame does not have the columns or types that its door promises."""


class FactError(EquinodeError):
    """A reference fact is missing, malformed or without source."""


class StoreError(EquinodeError):
    """The store cannot be opened, read or written."""


class ConflictError(EquinodeError):
    """Somebody else changed meanwhile what this person is about to change; nothing was written."""


class AccessError(EquinodeError):
    """The person at hand may not do this."""
