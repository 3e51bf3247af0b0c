"""The secret that turns user names into pseudonyms: set by the site, or made once and kept beside the store."""

import os
import secrets
from pathlib import Path

from data.access import Person, require
from data.errors import InputError, StoreError
from data.lake import TABLES, Lake, exists
from data.settings import Settings
from data.terms import Action

FILE = "pseudonym.key"
ANY_PSEUDONYM = "select 1 from lake.jobs where user_pseudonym is not null limit 1"
HEX_DIGITS = 64


def pseudonym_key(settings: Settings) -> bytes:
    """The key; the same names get the same pseudonyms only under the same key.

    It is made at first use and readable by its owner alone. Who loses it can no longer recognise a user in later logs; who
    has it can test whether a known name stands behind a pseudonym, so it never leaves the machine with the store.

    Raises:
        StoreError: if the file of the key is damaged, or lost while the store holds pseudonyms made with it.
    """
    if settings.pseudonym_key is not None:
        return settings.pseudonym_key.encode()
    path = settings.lake / FILE
    if not path.exists():
        if _holds_pseudonyms(settings):
            raise StoreError(
                f"the key of the pseudonyms in {path} is lost, and the store holds users under it: under a new key each would be taken for "
                "somebody else from now on. Put back its copy or set EQUINODE_PSEUDONYM_KEY to it; if there is none, order a new key "
                "with 'python -m data new-key', which parts the users of before from those of later. Nothing was stored."
            )
        _make(path)
    key = path.read_bytes()
    if len(key) < HEX_DIGITS:
        raise StoreError(f"the key of the pseudonyms in {path} is damaged; put back its copy, or set EQUINODE_PSEUDONYM_KEY.")
    return key


def make_new_key(settings: Settings, person: Person) -> Path:
    """The file of a key made in place of one that is lost; users of earlier logs are not recognised in later ones under it.

    Raises:
        InputError: if there is a key, which must not be replaced by mistake, or the site sets it.
    """
    require(Action.DECIDE, person)
    path = settings.lake / FILE
    if settings.pseudonym_key is not None:
        raise InputError("the key of the pseudonyms is set by EQUINODE_PSEUDONYM_KEY; change it there.")
    if path.exists():
        raise InputError(f"there is a key in {path}; if it is to be replaced all the same, move it away first and keep it.")
    _make(path)
    return path


def _holds_pseudonyms(settings: Settings) -> bool:
    if not exists(settings):
        return False
    lake = Lake(settings)
    try:
        return "jobs" in lake.frame(TABLES)["table_name"].to_list() and lake.frame(ANY_PSEUDONYM).height > 0
    finally:
        lake.close()


def _make(path: Path) -> None:
    """Write the key beside its place and then move it there, so that half a key is never found; writers queue, so one makes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unnamed = path.with_name(f"{FILE}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(unnamed, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(HEX_DIGITS // 2))
        file.flush()
        os.fsync(file.fileno())
    unnamed.replace(path)
