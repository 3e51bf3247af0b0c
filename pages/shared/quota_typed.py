"""What a person typed into the table of quotas, read as edits or refused in place with a sentence for each cell."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from data.quota_check import OTHERS, faults
from data.quotas import EDITS

WHOLE = ("fairshare",)
DAYS = ("ends",)
TEXTS = ("qos",)
COLUMNS = {"quota": "hours", "at_once": "at_once", "fairshare": "fairshare", "ends": "ends", "qos": "qos"}
"""The columns of the table that can be typed in, and what they set."""
WORDS = {"hours": "quota", "at_once": "number at one time", "fairshare": "fairshare", "ends": "end", "qos": "QOS"}

Typed = Mapping[int, Mapping[str, Any]]
"""The cells that were typed in, by row and column of the table."""


def edits_typed(rows: pl.DataFrame, typed: Typed, machines: pl.DataFrame, names: Mapping[str, str]) -> tuple[pl.DataFrame, list[str]]:
    """The edits that can be believed (frame EDITS), and a sentence for each of the others, which are left out.

    Args:
        rows: The rows of the table as edits (EDITS), in its order.
        typed: What was typed.
        machines: How much each machine has (CEILINGS).
        names: The name of each machine by its identifier.
    """
    read, said = [], []
    for place, cells in typed.items():
        row = _with_its_days(rows.row(int(place), named=True))
        for column, value in cells.items():
            if column not in COLUMNS:
                continue
            field = COLUMNS[column]
            try:
                row[field] = _value(field, value)
            except ValueError:
                said.append(f"the {WORDS[field]} of project {row['account']} is {value!r}; expected {_expected(field)}")
                break
        else:
            read.append(_taken_back(row, cells) if row["hours"] is None else row)
    edits = pl.DataFrame(read, schema=dict(EDITS))
    wrong = faults(edits, machines, names)
    return edits.join(wrong, on=["system", "account"], how="anti"), [*said, *wrong["sentence"].to_list()]


def _with_its_days(row: dict[str, Any]) -> dict[str, Any]:
    """The row; where its quota was cleared before, with the days that stood beside it, so that hours typed again have them."""
    return row if row["hours"] is not None else row | {day: row[day] or row[f"base_{day}"] for day in ("starts", "ends")}


def _taken_back(row: dict[str, Any], cells: Mapping[str, Any]) -> dict[str, Any]:
    """The row whose hours were cleared, with nothing else of it left but what was typed beside, so that the award holds again."""
    typed = {COLUMNS[name] for name in cells if name in COLUMNS}
    return row | {field: None for field in OTHERS if field not in typed}


def _value(field: str, value: Any) -> Any:
    """The value of a cell.

    Raises:
        ValueError: if it is none that this column can have.
    """
    if value is None or value == "":
        return None
    if field in DAYS:
        return date.fromisoformat(str(value)[:10])
    if field in TEXTS:
        return str(value).strip() or None
    number = float(value)
    if field in WHOLE:
        if not number.is_integer():
            raise ValueError(value)
        return int(number)
    return number


def _expected(field: str) -> str:
    return {"fairshare": "a whole number", "ends": "a day such as 2026-12-31"}.get(field, "a number")
