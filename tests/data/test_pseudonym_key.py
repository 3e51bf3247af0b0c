"""The key of the pseudonyms: made once, kept for the owner alone, never half there and never silently another."""

import shutil
from pathlib import Path

import pytest
from made_jobs import OPERATOR, ingested, sacct_line, sacct_log

from data.access import Person
from data.errors import AccessError, InputError, StoreError
from data.lake import Lake
from data.pseudonym_key import FILE, make_new_key, pseudonym_key
from data.settings import Settings
from data.terms import Action


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


def test_a_lost_key_is_told_and_not_replaced_in_silence(settings: Settings, tmp_path: Path) -> None:
    first, second = (sacct_log(tmp_path / f"{number}.txt", sacct_line(number)) for number in (1, 2))
    ingested(settings, first)
    kept = (settings.lake / FILE).rename(tmp_path / "copy")
    with pytest.raises(StoreError, match=r"is lost, and the store holds users under it.* Put back its copy"):
        ingested(settings, second)
    assert Lake(settings).frame("select count(*) from lake.jobs").item() == 1
    assert not (settings.lake / FILE).exists()
    shutil.copy(kept, settings.lake / FILE)
    ingested(settings, second)
    assert Lake(settings).frame("select count(distinct user_pseudonym) from lake.jobs").item() == 1


def test_a_new_key_is_made_by_order_alone_and_never_over_another(settings: Settings) -> None:
    path = make_new_key(settings, OPERATOR)
    key = pseudonym_key(settings)
    with pytest.raises(InputError, match="there is a key in"):
        make_new_key(settings, OPERATOR)
    assert (path, pseudonym_key(settings)) == (settings.lake / FILE, key)
    with pytest.raises(AccessError, match="may not decide"):
        make_new_key(settings, Person(name="ina", role="ingester", may=frozenset({Action.INGEST})))


def test_the_key_of_the_site_goes_before_the_file(settings: Settings) -> None:
    assert pseudonym_key(settings.model_copy(update={"pseudonym_key": "the key of the site"})) == b"the key of the site"
    assert not settings.lake.exists()
