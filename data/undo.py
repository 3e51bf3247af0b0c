"""Takes a log that should not have been brought in out of the store again, as if it had never come; the history keeps both.

Jobs that the log completed go back to the state in which an earlier log had left them: the store's own states know it. Where a later
log may lean on this one, that is, completed jobs or passed over lines because the store had them already, it is to be undone first:
its own lines of those jobs were never stored, and would be lost.
"""

from dataclasses import dataclass
from typing import Any

from data import rollups
from data.access import Person, require
from data.errors import InputError
from data.lake import Lake, Writer, exists, writing
from data.settings import Settings
from data.terms import Action

BATCH = "select batch_id, system, file, completed from lake.batches where batch_id = $batch_id and dialect <> 'projects'"
LEANING = """
select later.batch_id from lake.batches later join lake.batches b using (system)
where b.batch_id = $batch_id and later.batch_id > b.batch_id and later.dialect <> 'projects'
    and (later.completed > 0 or later.seen_before > 0)
order by later.batch_id desc
"""
LANDED = """
select max(snapshot_id) from ducklake_snapshots('lake')
where list_contains(try_cast(json_extract_string(commit_extra_info, '$.batches[*]') as bigint[]), $batch_id)
"""
LANDED_TOGETHER = """
select count(*) from lake.batches b join (
    select unnest(try_cast(json_extract_string(commit_extra_info, '$.batches[*]') as bigint[])) as batch_id
    from ducklake_snapshots('lake') where snapshot_id = $landed
) using (batch_id) where b.system = $system
"""
KEEP_NONE = "create or replace temp table restored_jobs as select * from lake.jobs limit 0"
KEEP_REPLACED = """
insert into restored_jobs by name
select * from ducklake_table_deletions('lake', 'main', 'jobs', $landed, $landed) where system = $system
"""
TAKE = "create or replace temp table replaced_jobs as select * from lake.jobs where batch_id = $batch_id"
COUNT_RESTORED = "select count(*) from restored_jobs"
DELETE_JOBS = "delete from lake.jobs where batch_id = $batch_id"
PUT_BACK = "insert into lake.jobs by name select * from restored_jobs"
DELETE_REFUSALS = "delete from lake.refusals where batch_id = $batch_id"
DELETE_BATCH = "delete from lake.batches where batch_id = $batch_id"
DELETE_ACCOUNTS = """
delete from lake.accounts stored using (
    select distinct system, account from replaced_jobs where account is not null
    except select system, account from lake.jobs where system = $system
) gone where stored.system = gone.system and stored.account = gone.account
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """What was taken out of the store, and what was put back."""

    batch_id: int
    """The batch's number."""
    system: str
    """The machine whose log it was."""
    file: str
    """The log's file name."""
    jobs_removed: int
    """Jobs that are gone."""
    jobs_restored: int
    """Jobs that went back to the waiting or running state of an earlier log."""
    refusals_removed: int
    """Refused lines that are gone."""


def undo(settings: Settings, batch_id: int, person: Person, *, reason: str, later_too: bool = False) -> list[Undone]:
    """Take a batch's jobs, refusals and part of the rollups out of the store in one transaction, whose message is the reason.

    What was decided about projects and machines stays as it is. With `later_too`, the later batches that may lean on it go first, and
    are to be brought in again.

    Raises:
        InputError: if there is no such batch, no reason, if later batches lean on it (naming those to undo first), or if the earlier
            state of jobs that it completed is not known any more.
        StoreError: if the store cannot be written; nothing is changed then.
    """
    require(Action.DECIDE, person)
    if not reason.strip():
        raise InputError("an undo needs a reason, which the history will show; give one with --reason.")
    if not exists(settings):
        Lake(settings)
    with writing(settings, author=person.name, message=f"Undo batch {batch_id}") as writer:
        later = _leaning(writer, batch_id, later_too=later_too)
        undone = [_undone(writer, number) for number in (*later, batch_id)]
        besides = f" and {len(later):,} later ones" if later else ""
        writer.message = f"Undo batch {batch_id}{besides} ({undone[-1].file} of {undone[-1].system}): {reason.strip()}"
        writer.details = {"undone": [each.batch_id for each in undone]}
    return undone


def _leaning(writer: Writer, batch_id: int, *, later_too: bool) -> list[int]:
    """The later batches that may lean on one, newest first, where they are to go as well."""
    if writer.frame(BATCH, {"batch_id": batch_id}).is_empty():
        raise InputError(f"the store has no batch {batch_id} of a log; 'python -m data batches' lists them.")
    leaning = [int(number) for number in writer.frame(LEANING, {"batch_id": batch_id})["batch_id"]]
    if leaning and not later_too:
        raise InputError(
            f"batch {batch_id} cannot be undone alone: later batches ({', '.join(map(str, leaning))}) completed jobs, or "
            "passed over lines, that the store had already, and never stored their own. Give --later-too to undo these first, and bring "
            "their logs in again afterwards. Nothing was changed."
        )
    return leaning


def _undone(writer: Writer, batch_id: int) -> Undone:
    batch = writer.frame(BATCH, {"batch_id": batch_id}).row(0, named=True)
    number, system = {"batch_id": batch_id}, {"system": batch["system"]}
    restored = _keep_replaced(writer, batch)
    writer.change(TAKE, number)
    rollups.subtract_replaced(writer, besides_batch=0)
    removed = writer.change(DELETE_JOBS, number)
    if restored:
        writer.change(PUT_BACK)
        rollups.add_restored(writer)
    refusals = writer.change(DELETE_REFUSALS, number)
    writer.change(DELETE_ACCOUNTS, system)
    writer.change(DELETE_BATCH, number)
    return Undone(
        batch_id=batch_id,
        system=batch["system"],
        file=batch["file"],
        jobs_removed=removed,
        jobs_restored=restored,
        refusals_removed=refusals,
    )


def _keep_replaced(writer: Writer, batch: dict[str, Any]) -> int:
    """How many jobs go back to an earlier state; they are kept in the temporary table `restored_jobs`."""
    writer.change(KEEP_NONE)
    if not batch["completed"]:
        return 0
    landed = writer.frame(LANDED, {"batch_id": batch["batch_id"]}).item()
    if landed is None:
        raise InputError(
            f"batch {batch['batch_id']} completed {batch['completed']:,} jobs of earlier logs, and the state of the store from before is "
            "forgotten, so these jobs cannot go back to it. Put back a copy of the store, or bring the right log in beside it. Nothing "
            "was changed."
        )
    if int(writer.frame(LANDED_TOGETHER, {"landed": landed, "system": batch["system"]}).item()) > 1:
        raise InputError(
            f"batch {batch['batch_id']} came in one transaction with others of {batch['system']} and completed jobs, whose earlier state "
            "is therefore not known. Put back a copy of the store from before. Nothing was changed."
        )
    writer.change(KEEP_REPLACED, {"landed": landed, "system": batch["system"]})
    restored = int(writer.frame(COUNT_RESTORED).item())
    if restored < batch["completed"]:
        raise InputError(
            f"batch {batch['batch_id']} completed {batch['completed']:,} lines of earlier logs, but the store knows the earlier state of "
            f"{restored:,} jobs alone. Put back a copy of the store from before. Nothing was changed."
        )
    return restored
