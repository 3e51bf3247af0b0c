"""Array ranges: the one line by which Slurm tells of all tasks of a job array that have not started, turned into its tasks."""

import re

import polars as pl

LARGEST_INDEX = 4_000_000
"""The largest number of an array task that Slurm can be set up for (MaxArraySize in slurm.conf)."""

RANGE = re.compile(r"\d+_\[([\d,:-]+)(?:%\d+)?\]")
PART = re.compile(r"(\d{1,7})(?:-(\d{1,7})(?::(\d{1,7}))?)?")


def tasks(identity: str) -> tuple[int, ...] | None:
    """The task numbers that an array range stands for; nothing where it is none, or is cut short, so that they are not known.

    The part after `%` says how many may run at once, and changes nothing.

    >>> tasks("123_[1-3,7%2]"), tasks("123_[0-8:4]"), tasks("123_[1,3,5,...")
    ((1, 2, 3, 7), (0, 4, 8), None)
    """
    found = RANGE.fullmatch(identity)
    parts = [PART.fullmatch(part) for part in found[1].split(",")] if found else [None]
    numbers = set[int]()
    for part in parts:
        first, last, step = (int(number) if number else None for number in part.groups()) if part else (None, None, None)
        if first is None or (last or first) < first or (last or first) > LARGEST_INDEX or step == 0:
            return None
        numbers.update(range(first, (first if last is None else last) + 1, step or 1))
    return tuple(sorted(numbers))


def task_by_task(rows: pl.DataFrame, identity: str) -> pl.DataFrame:
    """The rows, those of array ranges once for each of their tasks, in the order of the lines.

    A job array of a thousand tasks that wait is a thousand jobs that wait, though Slurm prints one line for all of them; so is one
    that was cancelled before any task started. Only such rows may come here: a task that starts gets a line of its own, so a line
    with a range has used nothing, and to copy it for each task invents no machine time. A range that claims to have run is refused
    instead (`array_range_ran`): Open XDMoD gives each of its tasks the whole run time, which would count one task's hours many
    times over if the line is that of one task. A range that is cut short stays one row, for how many tasks it has is not known.

    Args:
        rows: jobs, with `array_task` and the text of their number.
        identity: the column with that text.

    >>> waiting = pl.DataFrame({"number": ["5", "6_[1-2]"], "array_task": [None, None]}, schema_overrides={"array_task": pl.Int64})
    >>> task_by_task(waiting, "number").rows()
    [('5', None), ('6_[1-2]', 1), ('6_[1-2]', 2)]
    """
    ranged = rows[identity].str.contains("[", literal=True).fill_null(False)
    if not ranged.any():
        return rows
    numbers = [list(tasks(text) or ()) or [None] if is_range else [None] for text, is_range in zip(rows[identity], ranged, strict=True)]
    own = pl.when(pl.col("range_tasks").is_null()).then("array_task").otherwise("range_tasks").alias("array_task")
    return (
        rows.with_columns(pl.Series("range_tasks", numbers, pl.List(pl.Int64))).explode("range_tasks").with_columns(own).drop("range_tasks")
    )
