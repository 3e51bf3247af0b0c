"""Values of a table of jobs, whatever their types, turned into the text of sacct's fields."""

from collections.abc import Mapping

import polars as pl

from data.ingest import local_time, parse
from data.ingest.job_columns import JobField
from data.units import JOULES_PER_KWH, SECONDS_PER_MINUTE

MISSING = ("", "nan", "NaN", "NaT", "None", "null", "NULL", "N/A", "NA", "Unknown", "<NA>")

MILLISECONDS, MICROSECONDS, NANOSECONDS = 10**3, 10**6, 10**9

TEXTS = {
    JobField.USER: "user",
    JobField.ACCOUNT: "account",
    JobField.GROUP: "group",
    JobField.PARTITION: "partition",
    JobField.QOS: "qos",
    JobField.STATE: "state",
}
NUMBERS = {
    JobField.JOB_ID: "jobid",
    JobField.NODES: "nnodes",
    JobField.CORES: "ncpus",
    JobField.REQUESTED_CORES: "reqcpus",
    JobField.ENERGY_J: "consumedenergyraw",
}
FACTORS = {
    JobField.ELAPSED_S: ("elapsedraw", 1.0),
    JobField.TIME_LIMIT_S: ("timelimit", 1.0),
    JobField.ELAPSED_MS: ("elapsedraw", 1 / MILLISECONDS),
    JobField.TIME_LIMIT_MINUTES: ("timelimit", float(SECONDS_PER_MINUTE)),
    JobField.ENERGY_KWH: ("consumedenergyraw", float(JOULES_PER_KWH)),
}
LISTS = {
    "alloctres": ((JobField.GPUS, "gres/gpu"),),
    "reqtres": ((JobField.REQUESTED_NODES, "node"), (JobField.REQUESTED_GPUS, "gres/gpu")),
}
TIMES = {JobField.SUBMITTED: "submit", JobField.ELIGIBLE: "eligible", JobField.STARTED: "start", JobField.ENDED: "end"}


def sacct_fields(table: pl.DataFrame, mapping: Mapping[JobField, str], zone: str) -> pl.DataFrame:
    """The fields of sacct that a table tells, as text, with the column `line`.

    Args:
        table: the rows, and `line`.
        mapping: which column tells what.
        zone: the zone of times that carry none of their own.
    """
    own = {field: column for field, column in mapping.items() if column in table.columns}
    told = [_text(table, own[field]).alias(name) for field, name in TEXTS.items() if field in own]
    told += [_whole(_text(table, own[field])).alias(name) for field, name in NUMBERS.items() if field in own]
    told += [_scaled(_text(table, own[field]), factor).alias(name) for field, (name, factor) in FACTORS.items() if field in own]
    told += [_moment(table, own[field]).alias(name) for field, name in TIMES.items() if field in own]
    told += [_list(table, own, entries).alias(name) for name, entries in LISTS.items() if any(field in own for field, _ in entries)]
    return _with_both_ends(pl.DataFrame([table["line"], *told]), zone)


def names_of(frame: pl.DataFrame) -> set[str]:
    """The fields of sacct that the frame tells of every job; the submission may be unknown."""
    return set(frame.columns) - {"line", "submit"}


def _text(table: pl.DataFrame, column: str) -> pl.Series:
    values = table[column]
    if values.dtype.is_nested() or values.dtype == pl.Binary:
        return pl.Series(column, [None] * table.height, pl.String)
    if values.dtype == pl.Duration:
        values = values.dt.total_seconds()
    text = values.cast(pl.String, strict=False).str.strip_chars()
    return text.zip_with(~text.is_in(MISSING).fill_null(True), pl.Series([None], dtype=pl.String))


def _whole(text: pl.Series) -> pl.Series:
    """Whole numbers that were written with a point are whole again: 172800.0 is 172800."""
    return text.str.replace(r"^(-?\d+)\.0+$", "${1}")


def _scaled(text: pl.Series, factor: float) -> pl.Series:
    """Numbers in another unit, rounded to whole ones; a text that is no number stays, to be refused."""
    number = (text.cast(pl.Float64, strict=False) * factor).round()
    scaled = number.cast(pl.Int64, strict=False).cast(pl.String)
    return scaled.zip_with(scaled.is_not_null(), text)


def _moment(table: pl.DataFrame, column: str) -> pl.Series:
    """Times as sacct prints them, or as seconds since 1970 where they have a zone or are numbers of any usual unit."""
    values = table[column]
    if isinstance(values.dtype, pl.Datetime):
        if values.dtype.time_zone:
            return values.dt.epoch("s").cast(pl.String)
        return values.dt.strftime(local_time.NAIVE)
    text = _text(table, column)
    number = text.cast(pl.Float64, strict=False)
    frame = pl.DataFrame({"text": text, "number": number})
    epoch_s = (
        pl.when(pl.col("number") > 1e17)
        .then(pl.col("number") / NANOSECONDS)
        .when(pl.col("number") > 1e14)
        .then(pl.col("number") / MICROSECONDS)
        .when(pl.col("number") > 1e11)
        .then(pl.col("number") / MILLISECONDS)
        .otherwise("number")
    )
    words = pl.col("text").str.replace(" ", "T", literal=True).str.replace(r"\.\d+", "").str.replace(r"(?:Z| ?UTC)$", "+00:00")
    return frame.select(pl.coalesce(epoch_s.floor().cast(pl.Int64, strict=False).cast(pl.String), words)).to_series()


def _list(table: pl.DataFrame, own: Mapping[JobField, str], entries: tuple[tuple[JobField, str], ...]) -> pl.Series:
    """A list of trackable resources from columns of their own; null where none of them tells anything."""
    parts = [f"{name}=" + _whole(_text(table, own[field])) for field, name in entries if field in own]
    joined = pl.select(pl.concat_str(parts, separator=",", ignore_nulls=True)).to_series()
    return joined.zip_with(joined != "", pl.Series([None], dtype=pl.String))


def _with_both_ends(fields: pl.DataFrame, zone: str) -> pl.DataFrame:
    """The run time from start and end, or the end from start and run time, where the table tells only the others."""
    if "start" not in fields.columns:
        return fields
    if "elapsedraw" not in fields.columns and "end" in fields.columns:
        span = local_time.utc(fields["end"], zone, "null") - local_time.utc(fields["start"], zone, "null")
        return fields.with_columns(elapsedraw=span.dt.total_seconds().cast(pl.String))
    if "end" in fields.columns or "elapsedraw" not in fields.columns:
        return fields
    started = local_time.utc(fields["start"], zone).dt.epoch("s")
    ended = started + parse.durations_s(fields["elapsedraw"])
    start = started.cast(pl.String).zip_with(started.is_not_null(), fields["start"])
    return fields.with_columns(start=start, end=ended.cast(pl.String))
