"""Times of series as instants: local times, times with their offset, and both sides of the nights when clocks change."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from data.errors import InputError
from data.schema import UTC_TIME

ZONES_OF_MARKS = {
    "utc": "UTC",
    "gmt": "UTC",
    "cet/cest": "Europe/Brussels",
    "wet/west": "Europe/Lisbon",
    "eet/eest": "Europe/Helsinki",
}
"""The zone that the name of a column of times states in brackets; (CET) alone could be with or without summer time."""

OFFSETS_OF_MARKS = {"CET": 60, "CEST": 120, "WET": 0, "WEST": 60, "EET": 120, "EEST": 180, "UTC": 0, "GMT": 0, "Z": 0}
"""Minutes ahead of UTC that a mark behind a single time states."""

MARK = r"\s*\(?(Z|UTC|GMT|CEST|CET|WEST|WET|EEST|EET|[+-]\d{2}:?\d{2})\)?$"
FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M")
DAY_FIRST_FORMS = (*FORMS, "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M")
LENGTHS = (5, 10, 15, 30, 60)
"""Minutes for which a value of a series can hold."""


def known_zone(name: str) -> str:
    """The time zone, if it exists.

    Raises:
        InputError: if it does not.
    """
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InputError(f"the time zone {name!r} does not exist; name one as IANA does, such as Europe/Brussels or UTC.") from error
    return name


def parsed(texts: pl.Series, *, day_first: bool) -> pl.DataFrame:
    """Each time without its zone (`naive`), and how many minutes ahead of UTC it says to be (`offset`), null where it does not.

    Slashes are read only where the form of the file is known to put the day first.

    >>> parsed(pl.Series(["2026-07-01T12:00:00+02:00", "01.02.2026 03:00", "31/03/2024 03:00:00 (CEST)"]), day_first=True).rows()[0]
    (datetime.datetime(2026, 7, 1, 12, 0), 120)
    """
    text = texts.str.strip_chars()
    mark = text.str.extract(MARK)
    signed = mark.str.replace(":", "").str.extract(r"^([+-]\d{4})$").cast(pl.Int32)
    minutes = signed.sign() * (signed.abs() // 100 * 60 + signed.abs() % 100)
    named = mark.replace_strict(OFFSETS_OF_MARKS, default=None, return_dtype=pl.Int32)
    bare = text.str.replace(MARK, "").str.replace(r"(\d)T(\d)", "$1 $2").str.replace(r"[.,]0+$", "")
    forms = DAY_FIRST_FORMS if day_first else FORMS
    naive = pl.select(pl.coalesce(bare.str.to_datetime(form, strict=False, time_unit="us") for form in forms)).to_series()
    return pl.DataFrame({"naive": naive, "offset": pl.select(pl.coalesce(minutes, named)).to_series()})


def instants(times: pl.DataFrame, zone: str | None) -> pl.DataFrame:
    """The instants of times, with what is wrong with those that have none.

    The hour that the clocks repeat stands in a file twice: the first in the order of time is the earlier. Where it stands once, it
    is not known which it is.

    Args:
        times: `series` (which series a row belongs to), `naive` and `offset`, in the order of the file.
        zone: the zone of times without offset, `None` where every time has its own.

    Returns:
        Columns `started` and `fault`: unreadable, skipped, once of two, thrice of two; null where there is an instant.
    """
    local = zone or "UTC"
    with_own = pl.col("naive") - pl.duration(minutes=pl.col("offset"))
    read = times.with_columns(
        own=with_own.dt.replace_time_zone("UTC"),
        early=pl.col("naive").dt.replace_time_zone(local, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC"),
        late=pl.col("naive").dt.replace_time_zone(local, ambiguous="latest", non_existent="null").dt.convert_time_zone("UTC"),
        place=pl.int_range(pl.len()).over("series", "naive"),
        times=pl.len().over("series", "naive"),
        backwards=(pl.col("naive").drop_nulls().first() > pl.col("naive").drop_nulls().last()).over("series"),
    )
    is_twofold = pl.col("early") != pl.col("late")
    is_first = (pl.col("place") == 0) != pl.col("backwards")
    fault = (
        pl.when(pl.col("naive").is_null())
        .then(pl.lit("unreadable"))
        .when(pl.col("offset").is_not_null())
        .then(None)
        .when(pl.col("early").is_null())
        .then(pl.lit("skipped"))
        .when(is_twofold & (pl.col("times") == 1))
        .then(pl.lit("once of two"))
        .when(is_twofold & (pl.col("times") > 2))
        .then(pl.lit("thrice of two"))
    )
    local_instant = pl.when(is_twofold & ~is_first).then("late").otherwise("early")
    return read.select(
        started=pl.when(pl.col("offset").is_not_null()).then("own").otherwise(local_instant).cast(UTC_TIME), fault=fault
    ).with_columns(started=pl.when(pl.col("fault").is_null()).then("started"))


def lengths_stated(started: pl.Series, start: pl.DataFrame, end: pl.DataFrame, zone: str | None) -> pl.Series:
    """How many minutes each interval holds whose start and end are stated, null where no length between them is possible.

    In the nights when clocks change the difference of the clock is not the time that passed; the shortest length that start and
    end allow is taken.
    """
    local = zone or "UTC"
    both = pl.DataFrame({"started": started, "from": start["naive"], "to": end["naive"], "offset": end["offset"]})
    own = (pl.col("to") - pl.duration(minutes=pl.col("offset"))).dt.replace_time_zone("UTC")
    ends = [
        pl.col("to").dt.replace_time_zone(local, ambiguous=which, non_existent="null").dt.convert_time_zone("UTC")
        for which in ("earliest", "latest")
    ]
    passed = [(end_time - pl.col("started")).dt.total_minutes() for end_time in ends] + [(pl.col("to") - pl.col("from")).dt.total_minutes()]
    possible = pl.min_horizontal(pl.when(minutes.is_in(LENGTHS)).then(minutes) for minutes in passed)
    stated = (own - pl.col("started")).dt.total_minutes()
    marked = pl.when(stated.is_in(LENGTHS)).then(stated)
    return both.select(minutes=pl.when(pl.col("offset").is_not_null()).then(marked).otherwise(possible).cast(pl.Int32)).to_series()


def lengths_between(series: pl.Series, started: pl.Series) -> pl.Series:
    """How many minutes each value holds by the distance to its neighbours, or else the usual one; null where none is possible."""
    rows = pl.DataFrame({"series": series, "started": started}).with_row_index("row")
    distinct = rows.drop_nulls("started").unique(["series", "started"]).sort("series", "started")
    steps = distinct.with_columns(before=pl.col("started").diff().over("series").dt.total_minutes()).with_columns(
        after=pl.col("before").shift(-1).over("series")
    )
    near = pl.min_horizontal("before", "after")
    usual = pl.col("before").filter(pl.col("before").is_in(LENGTHS)).mode(maintain_order=True).min()
    fitted = steps.with_columns(near=near, usual=usual.over("series"), of_all=usual).with_columns(
        minutes=pl.coalesce(pl.when(pl.col(name).is_in(LENGTHS)).then(name) for name in ("near", "usual", "of_all"))
    )
    joined = rows.join(
        fitted.select("series", "started", "minutes"), on=["series", "started"], how="left", validate="m:1", maintain_order="left"
    )
    return joined["minutes"].cast(pl.Int32)
