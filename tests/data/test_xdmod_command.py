"""The command that exports another program's metrics answers for the machine, days and form asked for."""

import io
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from made_jobs import brought_in, frame, job
from typer.testing import CliRunner

from data.__main__ import app
from data.errors import InputError
from data.settings import Settings, settings


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A place for a store that commands find."""
    monkeypatch.setenv("EQUINODE_LAKE", str(tmp_path))
    settings.cache_clear()
    yield Settings()
    settings.cache_clear()


def exported(*options: str) -> bytes:
    result = CliRunner().invoke(app, ["export", "metrics", "--compat", "xdmod", *options])
    if result.exception is not None:
        raise result.exception
    return result.stdout_bytes


def test_the_only_machine_and_all_of_its_days_are_taken_where_none_are_named(store: Settings) -> None:
    brought_in(store, frame(job(1), job(2, ran_s=86_400)))
    table = pl.read_csv(io.BytesIO(exported("--type", "aggregate", "--unit", "day")))
    assert table["key"].unique().to_list() == ["vega"]
    assert table["period"].unique().to_list() == ["2026-03-10..2026-03-11"]


def test_the_day_named_as_end_is_not_included(store: Settings) -> None:
    brought_in(store, frame(job(1), job(2, ran_s=86_400)))
    table = pl.read_json(io.BytesIO(exported("--unit", "Day", "--format", "json", "--from", "2026-03-10", "--to", "2026-03-11")))
    assert set(table["period"]) == {"2026-03-10", "2026-03-10..2026-03-10"}


def test_a_machine_must_be_named_where_the_store_holds_several(store: Settings) -> None:
    brought_in(store, frame(job(1)), frame(job(1, system="lumi")))
    with pytest.raises(InputError, match="lumi, vega; name one of them with --system"):
        exported()
    assert b"resource,lumi" in exported("--system", "LUMI", "--unit", "year")
