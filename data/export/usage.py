"""Usage as a table for other programs: CSV, Parquet or JSON with full precision, energy beside its coverage."""

import io
from enum import StrEnum

import polars as pl

from data.lake import Lake
from data.terms import Selection
from data.usage import usage

COLUMNS = (
    "jobs",
    "jobs_never_started",
    "jobs_failed",
    "node_hours",
    "core_hours",
    "gpu_hours",
    "jobs_without_nodes",
    "jobs_without_cores",
    "jobs_without_gpus",
    "energy_measured_kwh",
    "jobs_metered",
    "jobs_implausible",
    "node_hours_metered",
    "wall_hours",
    "wall_hours_without_nodes",
    "wall_hours_without_cores",
    "wall_hours_without_gpus",
)
UNITS = ("node", "core", "gpu")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class Format(StrEnum):
    """The forms in which tables leave the house."""

    CSV = "csv"
    PARQUET = "parquet"
    JSON = "json"


def usage_table(lake: Lake, chosen: Selection, *by: str) -> pl.DataFrame:
    """Jobs, hours in all three units and measured energy, one row a combination of the dimensions, sorted by them.

    The energy is that of the `jobs_metered` jobs with a plausible reading of their own, which ran `node_hours_metered` of the
    `node_hours`; it is not an estimate for the rest. `jobs_without_nodes`, `jobs_without_cores` and `jobs_without_gpus`
    say how many jobs are missing from the hours because the log does not tell their size, and the wall hours beside them for how long
    these ran. What no job tells at all is empty, not 0.
    """
    table = usage(lake, chosen, *by).select(*by, *COLUMNS).sort(by)
    nothing_ran = (pl.col("jobs") == 0) & (pl.col("wall_hours") == 0)
    known = {f"{unit}_hours": _nothing_missing(unit) for unit in UNITS} | {
        "energy_measured_kwh": (pl.col("jobs_metered") > 0) | nothing_ran
    }
    return table.with_columns(pl.when(told | (pl.col(name) > 0)).then(pl.col(name)).alias(name) for name, told in known.items())


def encoded(table: pl.DataFrame, form: Format) -> bytes:
    """The table as a file's bytes. In CSV a text that a spreadsheet would run as a formula is led by an apostrophe."""
    if form is Format.PARQUET:
        buffer = io.BytesIO()
        table.write_parquet(buffer)
        return buffer.getvalue()
    if form is Format.JSON:
        return (table.write_json() + "\n").encode()
    return _harmless(table).write_csv().encode()


def _nothing_missing(unit: str) -> pl.Expr:
    return (pl.col(f"jobs_without_{unit}s") == 0) & (pl.col(f"wall_hours_without_{unit}s") == 0)


def _harmless(table: pl.DataFrame) -> pl.DataFrame:
    texts = [name for name, kind in table.schema.items() if kind == pl.String]
    risky = [pl.any_horizontal(pl.col(name).str.starts_with(start) for start in FORMULA_STARTS) for name in texts]
    led = [pl.when(risk).then("'" + pl.col(name)).otherwise(pl.col(name)).alias(name) for name, risk in zip(texts, risky, strict=True)]
    return table.with_columns(led)
