"""Text of log fields turned into values: numbers, durations, sizes, energy and states."""

from collections.abc import Callable

import polars as pl

from data.terms import JobState
from data.units import MIB_PER_GIB, SECONDS_PER_DAY, SECONDS_PER_HOUR, SECONDS_PER_MINUTE

MISSING_LIMITS = ("UNLIMITED", "Partition_Limit", "4294967294", "4294967295", "NONE")
"""How Slurm prints a time limit that is not set; the numbers are its NO_VAL and INFINITE."""

LARGEST = 10**12
"""No count and no number of seconds in a log is larger; the largest numbers stand for others, or are damaged."""

DAY_TO_SECOND = r"^(?:(?<days>\d{1,6})-)?(?<hours>\d{1,6}):(?<minutes>[0-5]\d):(?<seconds>[0-5]\d)$"
MINUTE_AND_SECOND = r"^(?<minutes>\d{1,6}):(?<seconds>[0-5]\d)(?:\.\d+)?$"
SIZE = r"^(\d+(?:\.\d+)?)([KMGTPE]?)([cn]?)$"
SCALED = r"^(\d+(?:\.\d+)?)([KMGTPE])$"

MEMORY_UNITS = {"": 1.0, "K": 1 / MIB_PER_GIB, "M": 1.0, "G": MIB_PER_GIB, "T": MIB_PER_GIB**2, "P": MIB_PER_GIB**3, "E": MIB_PER_GIB**4}
"""Slurm counts memory in MiB and prints it with a letter."""

COUNT_UNITS = {"K": 1024, "M": 1024**2}
"""Without --noconvert, Slurm prints 2048 nodes as 2K; a count with decimals, such as 1.50K, is rounded and so not read."""

ENERGY_UNITS = {"K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
"""Slurm prints energy with a letter for each factor of a thousand."""

NO_ENERGY = (4294967294.0, 4294967295.0)
"""NO_VAL and INFINITE as 32-bit numbers; larger ones and negative ones are missing as well."""

PER_CPU_FLAG_MIB = 1 << 31
"""A fault of old versions of sacct: a memory request per CPU carries this flag of Slurm's database in its number."""


def looked_up(column: pl.DataFrame, table: pl.DataFrame) -> pl.DataFrame:
    """The columns of a table that has one row for each distinct text, for each row of the column `text`."""
    return column.join(table, on="text", how="left", validate="m:1", nulls_equal=True, maintain_order="left").drop("text")


def by_distinct(text: pl.Series, values: pl.Expr) -> pl.Series:
    """Values worked out once for each distinct text, which repeats a thousandfold in a log; `values` reads the column `text`.

    >>> by_distinct(pl.Series(["a", "b", "a", None]), pl.col("text").str.to_uppercase()).to_list()
    ['A', 'B', 'A', None]
    """
    column = text.rename("text").to_frame()
    return looked_up(column, column.unique().with_columns(values.alias("value")))["value"]


def by_function(text: pl.Series, value: Callable[[str], str | None]) -> pl.Series:
    """Words found by a function that is called once for each distinct text; null stays null.

    >>> by_function(pl.Series(["a", "b", "a", None]), str.upper).to_list()
    ['A', 'B', 'A', None]
    """
    column = text.rename("text").to_frame()
    distinct = column["text"].drop_nulls().unique()
    words = pl.Series("value", [value(name) for name in distinct], pl.String)
    return looked_up(column, pl.DataFrame([distinct, words]))["value"]


def counts(text: pl.Series) -> pl.Series:
    """Whole numbers, null where the text is none; `2K` is 2048.

    >>> counts(pl.Series(["12", "2K", "1.50K", "-1", "twelve", None])).to_list()
    [12, 2048, None, -1, None, None]
    """
    letter = pl.col("text").str.extract(r"^\d{1,6}([KM])$").replace_strict(COUNT_UNITS, default=None, return_dtype=pl.Int64)
    scaled = pl.col("text").str.extract(r"^(\d{1,6})[KM]$").cast(pl.Int64, strict=False) * letter
    return _else(_whole(text), text, scaled)


def is_rounded_count(text: pl.Series) -> pl.Series:
    """Whether a count was rounded when it was printed.

    >>> is_rounded_count(pl.Series(["1.50K", "12", "many"])).to_list()
    [True, False, False]
    """
    return text.str.contains(r"^\d+\.\d+[KMG]$").fill_null(False)


def whole(text: pl.Expr) -> pl.Expr:
    """A whole number, null where the text is none or one that no log can hold."""
    number = text.cast(pl.Int64, strict=False)
    return pl.when(number.is_between(-LARGEST, LARGEST)).then(number)


def _whole(text: pl.Series) -> pl.Series:
    return text.to_frame().select(whole(pl.col(text.name))).to_series()


def _else(values: pl.Series, text: pl.Series, others: pl.Expr) -> pl.Series:
    """The values, and where a text has none yet, what the slower expression finds in it."""
    if values.null_count() == text.null_count():
        return values
    rest = by_distinct(text.zip_with(values.is_null(), pl.Series([None], dtype=pl.String)), others)
    return values.zip_with(values.is_not_null(), rest)


def durations_s(text: pl.Series) -> pl.Series:
    """Seconds of a duration as Slurm prints it, [D-]HH:MM:SS or MM:SS, or of seconds; null where the text is none of these.

    >>> durations_s(pl.Series(["7-20:39:39", "00:01:00", "02:03.999", "86400", "1 day", None])).to_list()
    [679179, 60, 123, 86400, None, None]
    """
    seconds = _whole(text)
    if seconds.null_count() == text.null_count():
        return seconds
    clock = ("1970-01-01T" + text).str.to_datetime("%Y-%m-%dT%H:%M:%S", strict=False, time_unit="us", cache=False).dt.epoch("s")
    long, short = (pl.col("text").str.extract_groups(pattern).struct for pattern in (DAY_TO_SECOND, MINUTE_AND_SECOND))
    days = long.field("days").cast(pl.Int64, strict=False).fill_null(0) * SECONDS_PER_DAY
    hours = long.field("hours").cast(pl.Int64, strict=False) * SECONDS_PER_HOUR
    of_day = days + hours + _minutes_and_seconds(long.field("minutes"), long.field("seconds"))
    of_hour = _minutes_and_seconds(short.field("minutes"), short.field("seconds"))
    return _else(seconds.zip_with(seconds.is_not_null(), clock), text, pl.coalesce(of_day, of_hour))


def _minutes_and_seconds(minutes: pl.Expr, seconds: pl.Expr) -> pl.Expr:
    return minutes.cast(pl.Int64, strict=False) * SECONDS_PER_MINUTE + seconds.cast(pl.Int64, strict=False)


def time_limits_s(text: pl.Series, *, minutes: bool) -> pl.Series:
    """Seconds of a time limit; null where none is set, and where the text cannot be read.

    Args:
        text: as Timelimit prints it, or TimelimitRaw.
        minutes: whether a plain number counts minutes, as TimelimitRaw does.

    >>> time_limits_s(pl.Series(["1-00:00:00", "Partition_Limit", "UNLIMITED"]), minutes=False).to_list()
    [86400, None, None]
    >>> time_limits_s(pl.Series(["1440", "4294967295"]), minutes=True).to_list()
    [86400, None]
    """
    column = text.rename("text").to_frame()
    distinct = column["text"].unique()
    limits = durations_s(distinct.zip_with(~distinct.is_in(MISSING_LIMITS).fill_null(False), pl.Series([None], dtype=pl.String)))
    if minutes:
        limits = (limits * SECONDS_PER_MINUTE).zip_with(distinct.str.contains(r"^\d+$").fill_null(False), limits)
    return looked_up(column, pl.DataFrame([distinct, limits.rename("value")]))["value"]


def memory_requests(text: pl.Series) -> pl.DataFrame:
    """The memory that jobs asked for: columns `mib`, and `per`: cpu, node or job; null where the text cannot be read.

    >>> memory_requests(pl.Series(["4000Mc", "62.50Gn", "250G", "2147486648Mn", "much"])).rows()
    [(4000.0, 'cpu'), (64000.0, 'node'), (256000.0, 'job'), (3000.0, 'cpu'), (None, None)]
    """
    column = text.rename("text").to_frame()
    size = pl.col("text").str.extract_groups(SIZE).struct
    unit = size.field("2").replace_strict(MEMORY_UNITS, default=None, return_dtype=pl.Float64)
    amount = size.field("1").cast(pl.Float64, strict=False) * unit
    flagged = amount >= PER_CPU_FLAG_MIB
    per = pl.when(flagged).then(pl.lit("cpu")).otherwise(size.field("3").replace_strict({"c": "cpu", "n": "node", "": "job"}, default=None))
    mib = pl.when(flagged).then(amount - PER_CPU_FLAG_MIB).otherwise(amount)
    return looked_up(column, column.unique().with_columns(mib=mib, per=per))


def joules(text: pl.Series) -> pl.Series:
    """Joules as printed, whatever they mean; null where the text is no number.

    >>> joules(pl.Series(["1439089", "101.63K", "-2", "much", None])).to_list()
    [1439089.0, 101630.0, -2.0, None, None]
    """
    number, letter = pl.col("text").str.extract(SCALED), pl.col("text").str.extract(SCALED, 2)
    scaled = number.cast(pl.Float64, strict=False) * letter.replace_strict(ENERGY_UNITS, default=None, return_dtype=pl.Float64)
    return _else(text.cast(pl.Float64, strict=False), text, scaled)


def is_energy_reading(amount: pl.Expr) -> pl.Expr:
    """Whether a number of joules is a reading: Slurm prints 0, -1, -2, 2^32 - 2 or 2^64 - 2 where it has none.

    >>> pl.DataFrame({"joules": [1439089.0, 0.0, -2.0, 2.0**64 - 2]}).select(is_energy_reading(pl.col("joules"))).to_series().to_list()
    [True, False, False, False]
    """
    return (amount > 0) & (amount < 2.0**63) & ~amount.is_in(NO_ENERGY)


def states(text: pl.Series) -> pl.Series:
    """The state of a job in Slurm's words, null where it is none of them.

    >>> states(pl.Series(["CANCELLED by 1001", "CANCELLED+", "OUT_OF_ME+", "completed", "DONE"])).to_list()
    ['CANCELLED', 'CANCELLED', 'OUT_OF_MEMORY', 'COMPLETED', None]
    """
    return by_function(text, _state)


def _state(text: str) -> str | None:
    word = (text.split() or [""])[0].upper()
    if word.endswith("+"):
        found = [state.value for state in JobState if state.value.startswith(word[:-1])]
        return found[0] if len(found) == 1 and len(word) > 3 else None
    return word if word in JobState.__members__ else None
