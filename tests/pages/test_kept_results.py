"""Results are made once, handed to everybody as their own, and dropped when there is no more room."""

import time
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest

from pages.shared.kept import Kept, bytes_of


def test_a_result_is_made_once_for_all_who_ask_at_the_same_time() -> None:
    kept, made = Kept(most_bytes=10_000), []

    def slow() -> pl.DataFrame:
        time.sleep(0.05)
        made.append(1)
        return pl.DataFrame({"hours": [1.0]})

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: kept.of(b"key", slow), range(8)))
    assert len(made) == 1
    assert all(frame.equals(found[0]) for frame in found)


def test_what_one_reader_does_to_a_result_no_other_sees() -> None:
    kept = Kept(most_bytes=10_000)
    frame = kept.of(b"frame", lambda: pl.DataFrame({"hours": [1.0]}))
    frame.insert_column(0, pl.Series("more", [2]))
    listed = kept.of(b"list", lambda: [1])
    listed.append(2)
    named = kept.of(b"named", lambda: {"a": 1})
    named["b"] = 2
    assert kept.of(b"frame", pl.DataFrame).columns == ["hours"]
    assert kept.of(b"list", lambda: [0]) == [1]
    assert kept.of(b"named", lambda: {"c": 0}) == {"a": 1}


def test_the_longest_unused_result_gives_way() -> None:
    frame = pl.DataFrame({"hours": [0.0] * 1_000})
    kept = Kept(most_bytes=2 * bytes_of(frame))
    for key in (b"first", b"second", b"first", b"third"):
        kept.of(key, frame.clone)
    other = pl.DataFrame({"hours": [1.0] * 1_000})
    assert kept.of(b"first", other.clone).equals(frame)
    assert kept.of(b"third", other.clone).equals(frame)
    assert kept.of(b"second", other.clone).equals(other)
    assert kept.bytes <= kept.most_bytes


def test_one_result_that_is_too_large_is_kept_alone() -> None:
    kept = Kept(most_bytes=1)
    kept.of(b"large", lambda: pl.DataFrame({"hours": [1.0]}))
    assert len(kept) == 1


def test_a_result_of_nothing_is_kept_too() -> None:
    kept = Kept(most_bytes=10_000)
    assert kept.of(b"none", lambda: None) is None
    assert kept.of(b"none", lambda: 1) is None


def test_what_could_not_be_made_is_tried_again() -> None:
    kept = Kept(most_bytes=10_000)
    with pytest.raises(ZeroDivisionError):
        kept.of(b"key", lambda: 1 // 0)
    assert kept.of(b"key", lambda: 7) == 7
