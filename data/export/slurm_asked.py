"""The quotas that are asked of Slurm, read from a table row by row; what cannot be asked is refused with its row."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import polars as pl

from data.errors import InputError
from data.export.slurm_names import ROOT, fault_of_hours, fault_of_name
from data.ingest.text_table import file_bytes
from data.schema import Schema, check
from data.terms import HourUnit

ASKED: Schema = {
    "system": pl.String,
    "account": pl.String,
    "unit": pl.String,
    "hours": pl.Float64,  # lifetime total; null: leave the limit as it is
    "at_once": pl.Float64,  # most nodes, GPUs or cores at one time; null: leave
    "fairshare": pl.Int64,  # raw shares; null: leave
    "qos": pl.String,  # a QOS that its jobs shall have and take by default; null: leave
}
"""One row an account and unit."""

STARTS = "starts"
"""The first day of a quota, from which the store counts its usage; none: from its first log on."""

EXPECTED = {STARTS: "a day as YYYY-MM-DD", "fairshare": "whole shares such as 250"}
OPTIONAL = ("system", "at_once", "fairshare", "qos")
MOST_SHARES = 0x7FFFFFFE
PARQUET_MAGIC = b"PAR1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for an account, known to be possible as far as the row alone tells."""

    row: int
    """The row of the table, counted from 1 without its line of column names."""
    account: str
    """The account in small letters, as Slurm keeps it."""
    unit: HourUnit
    """The unit of hours and of what is used at one time."""
    hours: float | None
    """The lifetime total."""
    at_once: float | None
    """The most at one time."""
    fairshare: int | None
    """Raw shares."""
    qos: str | None
    """The QOS."""

    @property
    def named(self) -> str:
        """How messages name it."""
        return f"row {self.row} (account {self.account!r})"


def asked_in(path: Path, system: str) -> pl.DataFrame:
    """A table of quotas, CSV or Parquet, as a frame ASKED with a column `starts`; columns that are absent ask for nothing.

    Raises:
        InputError: if it cannot be read, lacks a column, or holds what is no number.
    """
    content = file_bytes(path)
    try:
        frame = (
            pl.read_parquet(BytesIO(content))
            if content.startswith(PARQUET_MAGIC)
            else pl.read_csv(content, infer_schema=False, comment_prefix="#")
        )
    except pl.exceptions.PolarsError as error:
        raise InputError(
            f"{path.name} cannot be read as a table of quotas ({str(error).splitlines()[0]}); expected CSV or Parquet."
        ) from error
    missing = [name for name in ASKED if name not in frame.columns and name not in OPTIONAL]
    if missing:
        raise InputError(
            f"{path.name} has no column {', '.join(missing)}; expected {', '.join(ASKED)}, of which {', '.join(OPTIONAL)} may be absent."
        )
    wanted = {**ASKED, STARTS: pl.Date}
    absent = {name: pl.lit(system if name == "system" else None, kind) for name, kind in wanted.items() if name not in frame.columns}
    return _typed(frame.with_columns(**absent).select(list(wanted)), wanted, path.name)


def checked(quotas: pl.DataFrame, system: str) -> tuple[list[Asked], list[str]]:
    """What is asked of a machine, and a sentence for every row that cannot be."""
    asked: list[Asked] = []
    refused: list[str] = []
    every = check(quotas, ASKED).select(list(ASKED)).with_row_index("row", offset=1)
    rows = every.filter((pl.col("system").str.strip_chars().str.to_lowercase() == system.lower()).fill_null(value=True))
    seen: set[tuple[str, str]] = set()
    for row in rows.iter_rows(named=True):
        faults = list(_faults(row))
        key = ((row["account"] or "").lower(), row["unit"])
        if key in seen:
            faults.append("stands a second time with this unit; keep one of the rows.")
        if row["system"] != system:
            faults.append(f"system is {row['system']!r}; expected {system!r} or the identifier of another machine.")
        seen.add(key)
        if faults:
            refused.append(f"row {row['row']} (account {row['account']!r}): {' '.join(faults)}")
        else:
            asked.append(_asked(row))
    return asked, refused


def _asked(row: dict[str, object]) -> Asked:
    values = {name: row[name] for name in ("row", "hours", "at_once", "fairshare", "qos")}
    return Asked(account=str(row["account"]).lower(), unit=HourUnit(str(row["unit"])), **values)  # type: ignore[arg-type]


def _faults(row: dict[str, object]) -> Iterator[str]:
    """What is wrong with a row."""
    account, hours, at_once, fairshare = row["account"], row["hours"], row["at_once"], row["fairshare"]
    if fault := fault_of_name(account, "account"):  # type: ignore[arg-type]
        yield fault
    elif str(account).lower() == ROOT:
        yield "limits of the account root hold for nobody; name an account below it."
    if row["unit"] not in set(HourUnit):
        yield f"unit is {row['unit']!r}; expected {', '.join(HourUnit)}."
    if all(row[name] is None for name in ("hours", "at_once", "fairshare", "qos")):
        yield "asks for nothing; expected hours, at_once, fairshare or qos."
    if hours is not None and (fault := fault_of_hours(hours)):  # type: ignore[arg-type]
        yield fault
    if at_once is not None and (fault := fault_of_hours(at_once)):  # type: ignore[arg-type]
        yield f"at_once {fault.removeprefix('hours ')}"
    if fairshare is not None and not 0 <= fairshare <= MOST_SHARES:  # type: ignore[operator]
        yield f"fairshare is {fairshare:,}; expected shares from 0 to {MOST_SHARES:,}."
    if row["qos"] is not None and (fault := fault_of_name(row["qos"], "qos")):  # type: ignore[arg-type]
        yield fault


def _typed(frame: pl.DataFrame, wanted: Schema, name: str) -> pl.DataFrame:
    """The frame with the types wanted; an empty cell is null."""
    texts = [column for column, kind in frame.schema.items() if kind == pl.String]
    bare = frame.with_columns(pl.col(texts).str.strip_chars().replace("", None))
    faults = []
    for column, kind in wanted.items():
        is_day = kind == pl.Date and bare[column].dtype == pl.String
        cast = bare[column].str.to_date("%Y-%m-%d", strict=False) if is_day else bare[column].cast(kind, strict=False)
        broken = bare[column] % 1 != 0 if kind == pl.Int64 and bare[column].dtype.is_float() else pl.repeat(False, bare.height, eager=True)
        wrong = ((cast.is_null() | broken) & bare[column].is_not_null()).arg_true()
        if len(wrong):
            expected = EXPECTED.get(column, "a number such as 1500 or 0.5")
            faults.append(f"row {wrong[0] + 1}: {column} is {bare[column][wrong[0]]!r}, expected {expected}")
        bare = bare.with_columns(cast)
    if faults:
        raise InputError(f"{name}: {'; '.join(faults)}.")
    return bare
