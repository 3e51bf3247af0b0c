"""A log that was brought in by mistake is taken out again: the store is what it was, and the right log can come."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from made_jobs import OPERATOR, ingested, sacct_line, sacct_log
from polars.testing import assert_frame_equal

from data import rollups, tidy
from data.access import Person
from data.check import findings
from data.errors import AccessError, InputError
from data.lake import TABLES, Lake, keeping, writing
from data.settings import Settings
from data.terms import Action
from data.undo import undo
from tests.quick_stores import copied

RUNS = {"State": "RUNNING", "End": "Unknown", "ElapsedRaw": "3600"}
WAITS = {"State": "PENDING", "Start": "Unknown", "End": "Unknown", "ElapsedRaw": "0", "AllocTRES": "", "NNodes": "2"}
REFUSED = {"End": "2026-03-01T09:00:00"}


def contents(settings: Settings) -> dict[str, pl.DataFrame]:
    """Every table's rows; of the rollups the sums a key, without keys of which nothing is left."""
    lake, found = Lake(settings), {}
    for name in lake.frame(TABLES)["table_name"].sort():
        rows = lake.frame(f"from lake.{name}")
        if name in rollups.TABLES:
            measures = [column for column in rows.columns if column in rollups.MEASURES]
            rows = rows.group_by(pl.exclude(measures)).agg(pl.col(measures).sum()).filter(pl.any_horizontal(pl.col(measures) != 0))
        found[name] = rows.sort(pl.all(), nulls_last=True)
    lake.close()
    return found


def assert_same(found: dict[str, pl.DataFrame], wanted: dict[str, pl.DataFrame]) -> None:
    assert found.keys() == wanted.keys()
    for name, rows in wanted.items():
        assert_frame_equal(found[name], rows)


@pytest.fixture
def monday(settings: Settings, tmp_path: Path) -> Path:
    """A log whose jobs end, run and wait; in the store."""
    lines = [sacct_line(1), sacct_line(2, **RUNS), sacct_line(3, **WAITS), sacct_line(4, Account="other_1")]
    log = sacct_log(tmp_path / "monday.txt", *lines)
    ingested(settings, log)
    return log


@pytest.fixture
def tuesday(tmp_path: Path) -> Path:
    """A log that completes what ran and waited on Monday, and holds a new account, a new job and a refused line."""
    lines = [sacct_line(2), sacct_line(3, Start="2026-03-02T11:00:00", End="2026-03-02T13:00:00")]
    return sacct_log(tmp_path / "tuesday.txt", *lines, sacct_line(5, Account="new_1"), sacct_line(6, **REFUSED))


@pytest.mark.usefixtures("monday")
def test_after_an_undo_every_table_is_what_it_was_even_after_upkeep_and_the_log_can_come_again(settings: Settings, tuesday: Path) -> None:
    before = contents(settings)
    ingested(settings, tuesday)
    after = contents(settings)
    tidy.tidy(settings, OPERATOR)
    (undone,) = undo(settings, 2, OPERATOR, reason="wrong machine")
    assert (undone.jobs_removed, undone.jobs_restored, undone.refusals_removed) == (3, 2, 1)
    assert_same(contents(settings), before)
    reader = Lake(settings)
    assert findings(reader) == []
    state = reader.snapshot()
    assert (state.author, state.message) == ("olga", "Undo batch 2 (tuesday.txt of vega): wrong machine")
    ingested(settings, tuesday)
    assert_same(contents(settings), after)


@pytest.mark.usefixtures("monday")
def test_a_batch_on_which_a_later_one_leans_is_undone_with_it_or_not_at_all(settings: Settings, tuesday: Path) -> None:
    ingested(settings, tuesday)
    before = contents(settings)
    with pytest.raises(InputError, match=r"later batches \(2\) .* Give --later-too"):
        undo(settings, 1, OPERATOR, reason="wrong machine")
    assert_same(contents(settings), before)
    assert [each.batch_id for each in undo(settings, 1, OPERATOR, reason="wrong machine", later_too=True)] == [2, 1]
    assert {name for name, rows in contents(settings).items() if rows.height} == {"migrations"}


@pytest.mark.usefixtures("monday")
def test_a_later_log_of_other_jobs_stays_untouched(settings: Settings, tmp_path: Path) -> None:
    april = {"Submit": "2026-04-01T10:00:00", "Start": "2026-04-01T11:00:00", "End": "2026-04-01T13:00:00"}
    ingested(settings, sacct_log(tmp_path / "april.txt", sacct_line(7, **april)))
    undo(settings, 1, OPERATOR, reason="wrong zone")
    left = contents(settings)
    assert (left["jobs"]["job_id"].to_list(), left["accounts"]["account"].to_list()) == ([7], ["project_1"])
    assert findings(Lake(settings)) == []


@pytest.mark.usefixtures("monday")
def test_where_the_earlier_state_is_forgotten_the_undo_is_refused(settings: Settings, tuesday: Path) -> None:
    ingested(settings, tuesday)
    with writing(settings, author="olga", message="a later state") as writer:
        writer.change("insert into lake.declared_systems values ('vega', 'text', 'olga', now())")
    with keeping(settings, author="olga") as keeper:
        keeper.rows(tidy.FORGET, {"before": datetime(2100, 1, 1, tzinfo=UTC)})
    with pytest.raises(InputError, match="completed 2 jobs of earlier logs, and the state of the store from before is forgotten"):
        undo(settings, 2, OPERATOR, reason="wrong machine")


def test_what_cannot_be_undone_is_told(settings: Settings) -> None:
    copied(settings)
    with pytest.raises(InputError, match="has no batch 9"):
        undo(settings, 9, OPERATOR, reason="why")
    with pytest.raises(InputError, match="needs a reason"):
        undo(settings, 9, OPERATOR, reason=" ")


def test_only_who_may_decide_undoes(settings: Settings) -> None:
    with pytest.raises(AccessError, match="may not decide"):
        undo(settings, 1, Person(name="ina", role="ingester", may=frozenset({Action.INGEST})), reason="wrong machine")
