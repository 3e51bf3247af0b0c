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
    "jobs_without_gpus",
    "energy_measured_kwh",
    "jobs_metered",
    "jobs_implausible",
    "node_hours_metered",
)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class Format(StrEnum):
    """The forms in which tables leave the house."""

    CSV = "csv"
    PARQUET = "parquet"
    JSON = "json"


def usage_table(lake: Lake, chosen: Selection, *by: str) -> pl.DataFrame:
    """Jobs, hours in all three units and measured energy, one row a combination of the dimensions, sorted by them.

    The energy is that of the `jobs_metered` jobs with a plausible reading of their own, which ran `node_hours_metered` of the
    `node_hours`; it is not an estimate for the rest. `jobs_without_nodes` and `jobs_without_gpus` say how many jobs are missing
    from the node-hours and GPU-hours because the log does not tell their size. What no job tells at all is empty, not 0.
    """
    known = {
        "node_hours": pl.col("jobs_without_nodes") < pl.col("jobs"),
        "gpu_hours": pl.col("jobs_without_gpus") < pl.col("jobs"),
        "energy_measured_kwh": pl.col("jobs_metered") > 0,
    }
    table = usage(lake, chosen, *by).select(*by, *COLUMNS).sort(by)
    return table.with_columns(pl.when(told | (pl.col("jobs") == 0)).then(pl.col(name)).alias(name) for name, told in known.items())


def encoded(table: pl.DataFrame, form: Format) -> bytes:
    """The table as a file's bytes. In CSV a text that a spreadsheet would run as a formula is led by an apostrophe."""
    if form is Format.PARQUET:
        buffer = io.BytesIO()
        table.write_parquet(buffer)
        return buffer.getvalue()
    if form is Format.JSON:
        return (table.write_json() + "\n").encode()
    return _harmless(table).write_csv().encode()


def _harmless(table: pl.DataFrame) -> pl.DataFrame:
    texts = [name for name, kind in table.schema.items() if kind == pl.String]
    risky = [pl.any_horizontal(pl.col(name).str.starts_with(start) for start in FORMULA_STARTS) for name in texts]
    led = [pl.when(risk).then("'" + pl.col(name)).otherwise(pl.col(name)).alias(name) for name, risk in zip(texts, risky, strict=True)]
    return table.with_columns(led)
