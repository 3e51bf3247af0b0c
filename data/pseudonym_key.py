"""The secret that turns user names into pseudonyms: set by the site, or made once and kept beside the store."""

import os
import secrets

from data.settings import Settings

FILE = "pseudonym.key"


def pseudonym_key(settings: Settings) -> bytes:
    """The key; the same names get the same pseudonyms only under the same key.

    It is made at first use and readable by its owner alone. Who loses it can no longer recognise a user in later logs; who
    has it can test whether a known name stands behind a pseudonym, so it never leaves the machine with the store.
    """
    if settings.pseudonym_key is not None:
        return settings.pseudonym_key.encode()
    path = settings.lake / FILE
    if not path.exists():
        settings.lake.mkdir(parents=True, exist_ok=True)
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(made, "w") as file:
            file.write(secrets.token_hex(32))
    return path.read_bytes()
