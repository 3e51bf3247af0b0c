"""Fields of `sacct` as JSON: one record a line, or lines that each hold a list of records, as Sonar writes them."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from data.ingest import slurm_fields
from data.ingest.slurm import must_tell_machine_time
from data.ingest.slurm_fields import BATCH, Records
from data.ingest.source import Chunk, Dialect, Reading, blocks

MUST_KNOW = ("jobid", "jobidraw")


def is_record(value: object) -> bool:
    """Whether a value is a job or a step in fields of sacct."""
    return isinstance(value, dict) and any(name.lower() in MUST_KNOW for name in value) and any(name.lower() == "state" for name in value)


def records_of(value: object) -> list[Any] | None:
    """The records that the value of a line holds, nothing where it holds none.

    >>> records_of({"JobID": "7", "State": "FAILED"}), records_of({"data": {"attributes": {"slurm_jobs": []}}}), records_of({"a": 1})
    ([{'JobID': '7', 'State': 'FAILED'}], [], None)
    """
    if is_record(value):
        return [value]
    if not isinstance(value, dict):
        return None
    held = value.get("data", {})
    held = held.get("attributes", held) if isinstance(held, dict) else {}
    found = held.get("slurm_jobs") if isinstance(held, dict) else None
    return found if isinstance(found, list) else None


def chunks(path: Path, reading: Reading, dialect: Dialect) -> Iterator[Chunk]:
    """The jobs of a file, some at a time; each record counts as one line, also where a line holds many.

    Raises:
        LogError: if no record tells what machine time is told from.
    """
    records, names, number, bytes_read = Records(), set[str](), 1, 0
    zone = dialect.own_zone or reading.time_zone
    for block in blocks(path, reading.block_bytes):
        bytes_read = block.bytes_read
        for line in block.text.split(b"\n")[:-1]:
            number = _add(records, line, number, names)
            if len(records) >= BATCH:
                yield slurm_fields.chunk(records, names, reading, zone, bytes_read=bytes_read)
                records = Records()
    must_tell_machine_time(names, path)
    yield slurm_fields.chunk(records, names, reading, zone, bytes_read=bytes_read)


def _add(records: Records, line: bytes, number: int, names: set[str]) -> int:
    """The number of the next record, after adding those of a line."""
    text = line.decode(errors="replace")
    if not text.strip():
        records.blank += 1
        return number + 1
    try:
        found = records_of(json.loads(text))
    except (json.JSONDecodeError, RecursionError):
        found = None
    if found is None:
        records.refuse(number, "the line is no record of a job in JSON; the file may be cut off here", text)
        return number + 1
    for place, record in enumerate(found, number):
        if is_record(record):
            fields = fields_of(record)
            names.update(fields)
            records.add(place, fields)
        else:
            records.refuse(place, "this entry of the list is no record of a job with JobID and State", str(record))
    return number + len(found)


def fields_of(record: Mapping[str, Any]) -> dict[str, str]:
    """The fields of a record as text, under sacct's names in small letters; those that are empty are left out."""
    return {name.lower(): str(value) for name, value in record.items() if value not in (None, "") and not isinstance(value, (dict, list))}
