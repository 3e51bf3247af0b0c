"""Text of log fields turned into values: numbers, durations, sizes, energy, states and trackable resources."""

import re
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

ENERGY = r"^-?\d+(?:\.\d+)?[KMGTPE]?$"

RESOURCES = r"^[^=,\s]+=[^,]*(?:,[^=,\s]+=[^,]*)*$"
"""A list of trackable resources."""

UNCOUNTED = r"(?:^|,)(?:cpu|node|gres/gpu(?::[^=,]*)?)=(?:[^,]*[^,\d][^,]*|\d{13,})?(?:,|$)"
"""A resource in such a list whose count is no number, or one that cannot be."""

MIB_OF_UNIT = {"": 1.0, "K": 1 / MIB_PER_GIB, "M": 1.0, "G": MIB_PER_GIB, "T": MIB_PER_GIB**2, "P": MIB_PER_GIB**3, "E": MIB_PER_GIB**4}
"""Slurm counts memory in MiB and prints it with a letter."""

FACTOR_OF_COUNT = {"K": 1024, "M": 1024**2}
"""Without --noconvert, Slurm prints 2048 nodes as 2K; a count with decimals, such as 1.50K, is rounded and so not read."""

JOULES_OF_UNIT = {"": 1.0, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
"""Slurm prints energy with a letter for each factor of a thousand."""

NO_ENERGY = (4294967294.0, 4294967295.0)
"""NO_VAL and INFINITE as 32-bit numbers; larger ones and negative ones are missing as well."""

PER_CPU_FLAG_MIB = 1 << 31
"""A fault of old versions of sacct: a memory request per CPU carries this flag of Slurm's database in its number."""


def by_distinct(text: pl.Series, values: pl.Expr) -> pl.Series:
    """Values worked out once for each distinct text, which repeats a thousandfold in a log; `values` reads the column `text`.

    >>> by_distinct(pl.Series(["a", "b", "a", None]), pl.col("text").str.to_uppercase()).to_list()
    ['A', 'B', 'A', None]
    """
    column = text.rename("text").to_frame()
    return _looked_up(column, column.unique().with_columns(values.alias("value")))


def by_function(text: pl.Series, value: Callable[[str], str | None]) -> pl.Series:
    """Words found by a function that is called once for each distinct text; null stays null.

    >>> by_function(pl.Series(["a", "b", "a", None]), str.upper).to_list()
    ['A', 'B', 'A', None]
    """
    column = text.rename("text").to_frame()
    distinct = column["text"].drop_nulls().unique()
    words = pl.Series("value", [value(name) for name in distinct], pl.String)
    return _looked_up(column, pl.DataFrame([distinct, words]))


def _looked_up(column: pl.DataFrame, table: pl.DataFrame) -> pl.Series:
    return column.join(table, on="text", how="left", validate="m:1", nulls_equal=True, maintain_order="left")["value"]


def counts(text: pl.Series) -> pl.Series:
    """Whole numbers, null where the text is none; `2K` is 2048.

    >>> counts(pl.Series(["12", "2K", "1.50K", "-1", "twelve", None])).to_list()
    [12, 2048, None, -1, None, None]
    """
    letter = pl.col("text").str.extract(r"^\d{1,6}([KM])$").replace_strict(FACTOR_OF_COUNT, default=None, return_dtype=pl.Int64)
    scaled = pl.col("text").str.extract(r"^(\d{1,6})[KM]$").cast(pl.Int64, strict=False) * letter
    return by_distinct(text, pl.coalesce(whole(pl.col("text")), scaled))


def whole(text: pl.Expr) -> pl.Expr:
    """A whole number, null where the text is none or one that no log can hold."""
    number = text.cast(pl.Int64, strict=False)
    return pl.when(number.is_between(-LARGEST, LARGEST)).then(number)


def durations_s(text: pl.Series) -> pl.Series:
    """Seconds of a duration as Slurm prints it, [D-]HH:MM:SS or MM:SS, or of seconds; null where the text is none of these.

    >>> durations_s(pl.Series(["7-20:39:39", "00:01:00", "02:03.999", "86400", "1 day", None])).to_list()
    [679179, 60, 123, 86400, None, None]
    """
    long = pl.col("text").str.extract_groups(DAY_TO_SECOND).struct
    short = pl.col("text").str.extract_groups(MINUTE_AND_SECOND).struct
    days = long.field("days").cast(pl.Int64, strict=False).fill_null(0) * SECONDS_PER_DAY
    hours = long.field("hours").cast(pl.Int64, strict=False) * SECONDS_PER_HOUR
    readings = (
        days + hours + _minutes_and_seconds(long.field("minutes"), long.field("seconds")),
        _minutes_and_seconds(short.field("minutes"), short.field("seconds")),
        whole(pl.col("text")),
    )
    return by_distinct(text, pl.coalesce(readings))


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
    limits = durations_s(_without(text, MISSING_LIMITS))
    if not minutes:
        return limits
    return pl.select(pl.when(text.str.contains(r"^\d+$")).then(limits * SECONDS_PER_MINUTE).otherwise(limits)).to_series()


def _without(text: pl.Series, words: tuple[str, ...]) -> pl.Series:
    return pl.select(pl.when(~text.is_in(words)).then(text)).to_series()


def memory_mib(text: pl.Series, cpus: pl.Series, nodes: pl.Series) -> pl.Series:
    """The memory of a whole job from what it asked for: 4000Mc is per CPU, 4000Mn per node, 250G all of it, 0 not known.

    >>> memory_mib(pl.Series(["4000Mc", "62.50Gn", "250G", "2147486648Mn", "0n"]), pl.Series([2] * 5), pl.Series([3] * 5)).to_list()
    [8000.0, 192000.0, 256000.0, 6000.0, None]
    """
    size = pl.col("text").str.extract_groups(SIZE).struct
    unit = size.field("2").replace_strict(MIB_OF_UNIT, default=None, return_dtype=pl.Float64)
    amount = by_distinct(text, size.field("1").cast(pl.Float64, strict=False) * unit)
    flagged = amount >= PER_CPU_FLAG_MIB
    per = pl.when(flagged | text.str.ends_with("c")).then(cpus).when(text.str.ends_with("n")).then(nodes).otherwise(1)
    mib = pl.when(flagged).then(amount - PER_CPU_FLAG_MIB).otherwise(amount) * per
    return pl.select(pl.when(mib > 0).then(mib)).to_series().cast(pl.Float64)


def energy_joules(text: pl.Series) -> pl.Series:
    """Joules of an energy reading, null where there is none: Slurm prints 0, -1, -2 or 2^64 - 2 for that.

    >>> energy_joules(pl.Series(["1439089", "101.63K", "0", "18446744073709551614", "-2", ""])).to_list()
    [1439089.0, 101630.0, None, None, None, None]
    """
    amount, unit = pl.col("text").str.extract(SIZE), pl.col("text").str.extract(SIZE, 2)
    joules = amount.cast(pl.Float64, strict=False) * unit.replace_strict(JOULES_OF_UNIT, default=None, return_dtype=pl.Float64)
    is_reading = (joules > 0) & (joules < 2.0**63) & ~joules.is_in(NO_ENERGY)
    return by_distinct(text, pl.when(is_reading).then(joules))


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


def resource(name: str) -> pl.Expr:
    """The amount of one trackable resource, as text, in a list such as `cpu=8,gres/gpu=2,mem=320G,node=1` of the column `text`."""
    return pl.col("text").str.extract(rf"(?:^|,){re.escape(name)}=([^,]*)")


def resource_counts(text: pl.Series, name: str) -> pl.Series:
    """How many of a trackable resource, null where it is not in the list.

    >>> resource_counts(pl.Series(["billing=80,cpu=8,mem=320G,node=1", None]), "node").to_list()
    [1, None]
    """
    return by_distinct(text, resource(name).cast(pl.Int64, strict=False))


def resource_gpus(text: pl.Series) -> pl.Series:
    """How many GPUs: the plain entry, else the sum of the typed ones, 0 where a list names none, null where there is no list.

    >>> resource_gpus(pl.Series(["cpu=8,gres/gpu=8,gres/gpu:a100=8", "gres/gpu:a100=2,gres/gpu:h100=1", "cpu=8", None])).to_list()
    [8, 3, 0, None]
    """
    entries = pl.col("text").str.extract_all(r"(?:^|,)gres/gpu:[^=,]*=\d+")
    typed = entries.list.eval(pl.element().str.extract(r"=(\d+)$").cast(pl.Int64, strict=False)).list.sum()
    return by_distinct(text, pl.coalesce(resource("gres/gpu").cast(pl.Int64, strict=False), typed))


def resource_memory_mib(text: pl.Series) -> pl.Series:
    """The memory of a list of trackable resources, in MiB, null where it names none.

    >>> resource_memory_mib(pl.Series(["cpu=8,mem=320G,node=1", "mem=62.50G", "cpu=1"])).to_list()
    [327680.0, 64000.0, None]
    """
    amount, letter = resource("mem").str.extract(SIZE), resource("mem").str.extract(SIZE, 2)
    mib = amount.cast(pl.Float64, strict=False) * letter.replace_strict(MIB_OF_UNIT, default=None, return_dtype=pl.Float64)
    return by_distinct(text, pl.when(mib > 0).then(mib))
