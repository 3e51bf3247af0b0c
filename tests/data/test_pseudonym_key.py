"""The key of the pseudonyms: made once, kept for the owner alone, never half there and never silently another."""

import pytest

from data.errors import StoreError
from data.pseudonym_key import FILE, pseudonym_key
from data.settings import Settings


def test_the_key_is_made_once_and_then_kept(settings: Settings) -> None:
    key = pseudonym_key(settings)
    assert pseudonym_key(settings) == key
    assert len(key) >= 32


def test_two_stores_have_two_keys(settings: Settings) -> None:
    other = settings.model_copy(update={"lake": settings.lake.with_name("other")})
    assert pseudonym_key(settings) != pseudonym_key(other)


def test_only_its_owner_may_read_the_key(settings: Settings) -> None:
    pseudonym_key(settings)
    assert (settings.lake / FILE).stat().st_mode & 0o077 == 0
    assert [file.name for file in settings.lake.iterdir()] == [FILE]


@pytest.mark.parametrize("damaged", [b"", b"half of it"])
def test_a_damaged_key_is_told_and_not_used(settings: Settings, damaged: bytes) -> None:
    settings.lake.mkdir()
    (settings.lake / FILE).write_bytes(damaged)
    with pytest.raises(StoreError, match="is damaged; put back its copy"):
        pseudonym_key(settings)


def test_the_key_of_the_site_goes_before_the_file(settings: Settings) -> None:
    assert pseudonym_key(settings.model_copy(update={"pseudonym_key": "the key of the site"})) == b"the key of the site"
    assert not settings.lake.exists()
