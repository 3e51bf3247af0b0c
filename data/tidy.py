"""Upkeep of the store: many small files made into few, rollups summed up, and files that nothing names any more taken away.

What jobs did and what any state of the store said stays as it was: a report that names a state can be made again from it. Only an
explicit order forgets the states before a day.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from data import rollups
from data.access import Person, require
from data.errors import StoreError
from data.lake import Keeper, Lake, exists, keeping, prepare, writing
from data.settings import Settings
from data.terms import Action

MANY_FILES = 100
"""From how many small files on an ingest tidies up by itself; a log every ten minutes makes 144 a day."""
SMALL_BYTES = 64_000_000
"""Smaller files are joined; larger ones are never written again."""
DELETED_SHARE = 0.01
"""From which share of replaced jobs on a file is written without them; small files pass it, large ones keep their few."""
GRACE = timedelta(days=1)
"""How long a file that nothing names any more stays, so that no query that is running and no writer on another machine loses it."""
SMALL_FILES = """
select count(*) from ducklake_list_files('lake', 'jobs') where data_file_size_bytes < $small_bytes
"""
TABLES = "select table_name from ducklake_table_info('lake') where file_count > 0 order by table_name"
FILES = """
select unnest([data_file, delete_file]) as file from ducklake_list_files('lake', $table)
"""
EVER_NAMED = """
select (select count(*) from __ducklake_metadata_lake.ducklake_data_file)
    + (select count(*) from __ducklake_metadata_lake.ducklake_delete_file)
"""
FLUSH = "call ducklake_flush_inlined_data('lake')"
REWRITE = "call ducklake_rewrite_data_files('lake', delete_threshold => $deleted_share)"
MERGE = "call ducklake_merge_adjacent_files('lake', max_file_size => $small_bytes)"
FORGET = "call ducklake_expire_snapshots('lake', older_than => $before)"
CLEAN_UP = "call ducklake_cleanup_old_files('lake', older_than => $before)"
UNNAMED = "call ducklake_delete_orphaned_files('lake', older_than => $before, dry_run => true)"
DELETE_UNNAMED = "call ducklake_delete_orphaned_files('lake', older_than => $before)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tidied:
    """What the upkeep did."""

    files_before: int
    """Files of the newest state before."""
    files_after: int
    """Files of the newest state afterwards."""
    files_removed: int
    """Files that no state names any more, or that a killed writer left, and that were taken away."""
    files_foreign: int
    """Files that the catalog never named and that are more than its own: another store's, perhaps, and so left alone."""
    states_forgotten: int
    """States of the store that can no longer be named; 0 unless that was ordered."""


def is_due(lake: Lake) -> bool:
    """Whether the jobs lie in so many small files that reading them takes longer than need be."""
    return int(lake.frame(SMALL_FILES, {"small_bytes": SMALL_BYTES}).item()) >= MANY_FILES


def tidy(settings: Settings, person: Person, *, forget_before: date | None = None, now: datetime | None = None) -> Tidied:
    """Join small files and take away those that nothing names; writers wait meanwhile, readers go on.

    Args:
        settings: Which store.
        person: Who does it; to forget states needs the right to decide.
        forget_before: The day before whose start (UTC) the states of the store are forgotten for good; none unless ordered.
        now: When, for tests.

    Raises:
        StoreError: if another writer holds the store too long, or files that the catalog names are missing; nothing is taken away then.
    """
    require(Action.INGEST if forget_before is None else Action.DECIDE, person)
    if not exists(settings):
        Lake(settings)
    prepare(settings)
    with writing(settings, author=person.name, message="Tidy: rollups summed up") as writer:
        writer.abandoned = not rollups.sum_up(writer)
    with keeping(settings, author=person.name) as keeper:
        files, named = _files_there(settings, keeper), int(keeper.rows(EVER_NAMED)[0][0])
        keeper.step("Tidy: small tables written to files", FLUSH)
        keeper.step("Tidy: files without their replaced jobs", REWRITE, {"deleted_share": DELETED_SHARE})
        keeper.step("Tidy: small files joined", MERGE, {"small_bytes": SMALL_BYTES})
        forgotten = keeper.rows(FORGET, {"before": datetime.combine(forget_before, time(), UTC)}) if forget_before else []
        files_now = _files_there(settings, keeper)
        removed, foreign = _taken_away(keeper, (now or datetime.now(UTC)) - GRACE, named=named)
    return Tidied(files_before=files, files_after=files_now, files_removed=removed, files_foreign=foreign, states_forgotten=len(forgotten))


def _files_there(settings: Settings, keeper: Keeper) -> int:
    """How many files the newest state has, all of which are found.

    Raises:
        StoreError: if one is missing, as where the catalog is that of another folder; then nothing must be taken away.
    """
    named = [file for (table,) in keeper.rows(TABLES) for (file,) in keeper.rows(FILES, {"table": table}) if file is not None]
    missing = [file for file in named if not Path(file).is_file()]
    if missing:
        raise StoreError(
            f"the store's catalog names {len(named):,} files, of which {len(missing):,} are not found, such as {missing[0]}; see that "
            f"EQUINODE_LAKE ({settings.lake}) and EQUINODE_CATALOG belong together, or put back a copy. No file was taken away."
        )
    return len(named)


def _taken_away(keeper: Keeper, before: datetime, *, named: int) -> tuple[int, int]:
    """How many files were taken away, and how many unnamed ones were left alone because they may be another store's."""
    removed = len(keeper.rows(CLEAN_UP, {"before": before}))
    unnamed = len(keeper.rows(UNNAMED, {"before": before}))
    if unnamed > named:
        return removed, unnamed
    return removed + len(keeper.rows(DELETE_UNNAMED, {"before": before})), 0
