"""The secret that turns user names into pseudonyms: set by the site, or made once and kept beside the store."""

import os
import secrets
from pathlib import Path

from data.errors import StoreError
from data.settings import Settings

FILE = "pseudonym.key"
HEX_DIGITS = 64


def pseudonym_key(settings: Settings) -> bytes:
    """The key; the same names get the same pseudonyms only under the same key.

    It is made at first use and readable by its owner alone. Who loses it can no longer recognise a user in later logs; who
    has it can test whether a known name stands behind a pseudonym, so it never leaves the machine with the store.

    Raises:
        StoreError: if the file of the key is damaged.
    """
    if settings.pseudonym_key is not None:
        return settings.pseudonym_key.encode()
    path = settings.lake / FILE
    if not path.exists():
        _make(path)
    key = path.read_bytes()
    if len(key) < HEX_DIGITS:
        raise StoreError(f"the key of the pseudonyms in {path} is damaged; put back its copy, or set EQUINODE_PSEUDONYM_KEY.")
    return key


def _make(path: Path) -> None:
    """Write the key beside its place and then move it there, so that half a key is never found; writers queue, so one makes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unnamed = path.with_name(f"{FILE}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(unnamed, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(HEX_DIGITS // 2))
        file.flush()
        os.fsync(file.fileno())
    unnamed.replace(path)
