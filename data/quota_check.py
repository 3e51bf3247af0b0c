"""What of a quota cannot be believed, each fault a sentence that names the project; a mistyped number is refused before it is written."""

import math
import re
from collections.abc import Mapping
from typing import Any

import polars as pl

from data import facts
from data.errors import InputError
from data.facts import System
from data.quotas import EDITS, KEY
from data.schema import Schema, check, empty
from data.terms import HourUnit
from data.units import HOURS_PER_DAY

MOST_DAYS = 5 * 366
"""As how long a project is taken to last, at most, where it does not say when it starts or ends."""
MOST_HOURS = 1e11
"""No project uses as many hours, in any unit: the largest machine of all would take years of all its cores for it."""
MOST_FAIRSHARE = 2**31 - 2
"""The largest number of shares that Slurm takes; the next one is its word for the shares of the parent."""
QOS = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}")
"""The name of a quality of service, as Slurm takes it without quoting."""

FAULTS: Schema = {"system": pl.String, "account": pl.String, "field": pl.String, "sentence": pl.String}
"""One row a fault: of which project and column, and what was found, expected and how to mend it."""
CEILINGS: Schema = {"system": pl.String, "unit": pl.String, "at_once_most": pl.Float64}
"""One row a machine and unit: all its nodes, GPUs or cores; null where the number of a part is not published."""

OTHERS = ("at_once", "fairshare", "qos", "starts", "ends")
"""What a quota sets beside the hours."""
PIECES = {HourUnit.NODE_HOURS: "nodes", HourUnit.GPU_HOURS: "GPUs", HourUnit.CORE_HOURS: "cores"}
WORDS = {HourUnit.NODE_HOURS: "node-hours", HourUnit.GPU_HOURS: "GPU-hours", HourUnit.CORE_HOURS: "core-hours"}


class QuotaFaultsError(InputError):
    """Quotas that cannot be believed; all of them are refused together."""

    def __init__(self, faults: pl.DataFrame) -> None:
        """Keep the faults (frame FAULTS)."""
        rest = f" and {faults.height - 1:,} further faults" if faults.height > 1 else ""
        super().__init__(f"{faults['sentence'][0]}{rest}. Nothing was saved.")
        self.faults = faults


def ceilings(systems: Mapping[str, System]) -> pl.DataFrame:
    """How many nodes, GPUs and cores each machine has (frame CEILINGS)."""
    if not systems:
        return empty(CEILINGS)
    parts = facts.partitions(list(systems.values()))
    per_node = {
        HourUnit.NODE_HOURS: pl.lit(1.0),
        HourUnit.GPU_HOURS: pl.col("gpus_per_node"),
        HourUnit.CORE_HOURS: pl.col("cores_per_node"),
    }
    frames = [
        parts.select("system", unit=pl.lit(unit.value), pieces=pl.col("nodes") * each)
        .group_by("system", "unit")
        .agg(at_once_most=pl.when(pl.col("pieces").is_not_null().all()).then(pl.col("pieces").sum()))
        for unit, each in per_node.items()
    ]
    return check(pl.concat(frames).sort("system", "unit"), CEILINGS)


def faults(edits: pl.DataFrame, machines: pl.DataFrame, names: Mapping[str, str]) -> pl.DataFrame:
    """Everything of these edits that cannot be believed (frame FAULTS).

    Args:
        edits: What is wanted (EDITS).
        machines: How much each machine has (CEILINGS).
        names: The name of each machine by its identifier.
    """
    known = pl.col("unit").is_in([unit.value for unit in HourUnit])
    days = (pl.col("ends") - pl.col("starts")).dt.total_days().clip(1).fill_null(MOST_DAYS)
    most = (pl.col("at_once_most") * HOURS_PER_DAY * days).fill_null(MOST_HOURS)
    rows = check(edits, EDITS).join(machines, on=["system", "unit"], how="left", validate="m:1").with_columns(days=days, hours_most=most)
    odd = (
        ~known
        | _odd("hours", pl.col("hours_most"))
        | _odd("at_once", pl.col("at_once_most"))
        | ~pl.col("fairshare").is_between(0, MOST_FAIRSHARE).fill_null(value=True)
        | ~pl.col("qos").str.contains(f"^(?:{QOS.pattern})$").fill_null(value=True)
        | (pl.col("ends") <= pl.col("starts")).fill_null(value=False)
        | pl.struct(KEY).is_duplicated()
        | (pl.col("hours").is_null() & pl.any_horizontal(pl.col(OTHERS).is_not_null()))
    )
    twice = set(edits.filter(pl.struct(KEY).is_duplicated()).select(KEY).rows())
    found = [
        {"system": row["system"], "account": row["account"], "field": field, "sentence": sentence}
        for row in rows.filter(odd).iter_rows(named=True)
        for field, sentence in _of_row(row, names.get(row["system"], row["system"]), twice)
    ]
    return pl.DataFrame(found, schema=dict(FAULTS))


def _odd(column: str, most: pl.Expr) -> pl.Expr:
    value = pl.col(column)
    return value.is_not_null() & (~value.is_finite() | (value < 0) | (value > most).fill_null(value=False))


def _of_row(row: dict[str, Any], machine: str, twice: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """The faults of one project, each with its column."""
    who = f"project {row['account']} on {machine}"
    found = []
    if (row["system"], row["account"]) in twice:
        found.append(("account", f"{who} stands more than once; give it once"))
    if row["unit"] not in list(HourUnit):
        return [*found, ("unit", f"the unit of {who} is {row['unit']!r}; expected one of {', '.join(HourUnit)}")]
    unit = HourUnit(row["unit"])
    found += [("hours", sentence) for sentence in _hours(row, who, unit)]
    found += [("at_once", sentence) for sentence in _at_once(row, who, machine, unit)]
    if row["fairshare"] is not None and not 0 <= row["fairshare"] <= MOST_FAIRSHARE:
        found.append(("fairshare", f"the fairshare of {who} is {row['fairshare']:,}; expected a whole number from 0 to {MOST_FAIRSHARE:,}"))
    if row["qos"] is not None and QOS.fullmatch(row["qos"]) is None:
        found.append(("qos", f"the QOS of {who} is {row['qos']!r}; expected a name of letters, digits, point, plus, dash and underscore"))
    if row["starts"] is not None and row["ends"] is not None and row["ends"] <= row["starts"]:
        found.append(("ends", f"{who} would end on {row['ends']}, but starts on {row['starts']}; give a later day"))
    if row["hours"] is None and any(row[name] is not None for name in OTHERS):
        found.append(
            (
                "hours",
                f"{who} has no quota, but limits or days beside it; give the hours, 0 to grant none, or clear them for the award to hold",
            )
        )
    return found


def _hours(row: dict[str, Any], who: str, unit: HourUnit) -> list[str]:
    value, most = row["hours"], row["hours_most"]
    if value is None:
        return []
    if not math.isfinite(value) or value < 0:
        return [f"the quota of {who} is {value:,.15g} {WORDS[unit]}; expected a number of hours that is not negative"]
    if value > most:
        why = "no project uses as many"
        if row["at_once_most"] is not None:
            why = f"all its {row['at_once_most']:,.0f} {PIECES[unit]} give no more in {row['days']:,} days"
        return [
            f"the quota of {who} is {value:,.15g} {WORDS[unit]}; expected at most {most:,.0f}, since {why}; see whether a digit slipped"
        ]
    return []


def _at_once(row: dict[str, Any], who: str, machine: str, unit: HourUnit) -> list[str]:
    value, most = row["at_once"], row["at_once_most"]
    if value is None:
        return []
    if not math.isfinite(value) or value < 0:
        return [f"the {PIECES[unit]} at one time of {who} are {value:,.15g}; expected a number that is not negative"]
    if most is not None and value > most:
        return [f"{who} would get {value:,.15g} {PIECES[unit]} at one time, but {machine} has {most:,.0f}; give at most that"]
    return []
