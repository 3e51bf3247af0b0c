"""Unsaved changes of quotas outlive the process, belong to one person, and are no part of the store's history."""

import pytest
from made_quotas import OLGA, OTTO, READER, row

from data.access import Person
from data.errors import AccessError, StoreError
from data.quota_drafts import draft, drop, keep, let_go
from data.settings import Settings


def test_edits_are_found_again_and_a_later_one_of_the_same_project_takes_the_place_of_the_earlier(settings: Settings) -> None:
    keep(settings, OLGA, row("alpha", hours=5.0))
    keep(settings, OLGA, row("beta", hours=6.0))
    keep(settings, OLGA, row("alpha", hours=7.0))
    assert draft(settings, OLGA).select("account", "hours").rows() == [("alpha", 7.0), ("beta", 6.0)]
    assert draft(settings, OTTO).is_empty()
    assert not (settings.lake / "catalog.sqlite").exists()


def test_single_edits_and_all_of_them_are_dropped(settings: Settings) -> None:
    keep(settings, OLGA, row("alpha").vstack(row("beta")))
    assert drop(settings, OLGA, row("alpha").select("system", "account"))["account"].to_list() == ["beta"]
    drop(settings, OLGA)
    assert draft(settings, OLGA).is_empty()


def test_no_name_leads_out_of_the_folder(settings: Settings) -> None:
    odd = Person(name="../../etc/passwd", role="operator", may=OLGA.may)
    keep(settings, odd, row("alpha"))
    assert [path.parent for path in settings.lake.rglob("*.parquet")] == [settings.lake / "drafts"]


def test_a_reader_keeps_nothing_and_a_broken_file_is_told(settings: Settings) -> None:
    with pytest.raises(AccessError):
        keep(settings, READER, row("alpha"))
    keep(settings, OLGA, row("alpha"))
    next(settings.lake.rglob("*.parquet")).write_bytes(b"no table")
    with pytest.raises(StoreError, match="delete that file"):
        draft(settings, OLGA)


def test_what_another_window_made_of_a_project_meanwhile_outlives_the_saving(settings: Settings) -> None:
    saved = keep(settings, OLGA, row("alpha", hours=5.0).vstack(row("beta", hours=6.0)))
    keep(settings, OLGA, row("beta", hours=7.0).vstack(row("gamma", hours=8.0)))
    assert let_go(settings, OLGA, saved).select("account", "hours").rows() == [("beta", 7.0), ("gamma", 8.0)]
