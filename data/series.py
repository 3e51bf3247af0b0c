"""The hourly series: carbon intensity of grid zones and day-ahead prices of market zones, as they were brought in."""

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

import polars as pl

from data.lake import TABLES, Lake, Writer
from data.schema import CARBON_SERIES, PRICE_SERIES, UTC_TIME, Schema, check, empty
from data.terms import Period


class SeriesKind(StrEnum):
    """What a series tells of a zone's electricity."""

    CARBON = "carbon"
    PRICE = "price"


class IntensityMethod(StrEnum):
    """Whose power plants a carbon intensity counts; the two differ by a factor of two in some zones and are never mixed."""

    PRODUCTION = "production"
    FLOW_TRACED = "flow_traced"


class IntensityScope(StrEnum):
    """Which emissions a carbon intensity counts: those of the chimney alone, or of the plant's whole life."""

    LIFE_CYCLE = "life_cycle"
    DIRECT = "direct"


COVERAGE: Schema = {
    "kind": pl.String,
    "zone": pl.String,
    "method": pl.String,  # null for prices
    "scope": pl.String,  # null for prices
    "year": pl.Int32,  # UTC
    "hours_known": pl.Float64,
    "hours_of_year": pl.Float64,
    "mean": pl.Float64,  # weighted by time; gCO2e/kWh or EUR/MWh
    "first": UTC_TIME,
    "last": UTC_TIME,
    "sources": pl.String,
}
"""One row a series and year: how many of its hours are known."""

CARBON = """
select grid_zone, method, scope, started, minutes, intensity_gco2e_per_kwh, source from lake.carbon_series
where list_contains($zones, grid_zone) and method = $method and scope = $scope and started >= $start and started < $end
order by grid_zone, started
"""
PRICES = """
select zone, started, minutes, price_eur_per_mwh, source from lake.price_series
where list_contains($zones, zone) and started >= $start and started < $end order by zone, started
"""
KNOWN = """
with values_known as (
    select 'carbon' as kind, grid_zone as zone, method, scope, started, minutes, intensity_gco2e_per_kwh as stated, source
    from lake.carbon_series
    union all
    select 'price', zone, null, null, started, minutes, price_eur_per_mwh, source from lake.price_series
)
select kind, zone, method, scope, year(started)::integer as year, sum(minutes) / 60 as hours_known,
    date_diff('hour', make_timestamptz(year(started), 1, 1, 0, 0, 0), make_timestamptz(year(started) + 1, 1, 1, 0, 0, 0))::double
        as hours_of_year,
    sum(stated * minutes) / sum(minutes) as mean, min(started) as first, max(started) as last,
    string_agg(distinct source, '; ' order by source) as sources
from values_known where $kind is null or kind = $kind group by all order by kind, zone, method, scope, year
"""
NEXT = "select coalesce(max(batch_id), 0) + 1 from lake.series_batches"
RECORD = """
insert into lake.series_batches by name select
    $batch_id as batch_id, $kind as kind, $file as file, $form as form, $source as source, $rows_read as rows_read, $landed as landed,
    $replaced as replaced, $seen_before as seen_before, $refused as refused, $author as author, $imported as imported
"""
BATCHES = "select * from lake.series_batches order by batch_id desc"
TAKE_IN = "create or replace temp table incoming_series as select * from series_handed_in"
CARBON_BESIDE = """
create or replace temp table series_beside as
select i.number, s.started, s.minutes, s.intensity_gco2e_per_kwh as stated, s.source
from incoming_series i join lake.carbon_series s
    on s.grid_zone = i.zone and s.method = i.method and s.scope = i.scope
    and s.started >= $first - interval 1 hour and s.started < $last + interval 1 hour
    and date_trunc('hour', s.started) = date_trunc('hour', i.started)
    and s.started < i.started + to_minutes(i.minutes) and i.started < s.started + to_minutes(s.minutes)
"""
PRICE_BESIDE = """
create or replace temp table series_beside as
select i.number, s.started, s.minutes, s.price_eur_per_mwh as stated, s.source
from incoming_series i join lake.price_series s
    on s.zone = i.zone
    and s.started >= $first - interval 1 hour and s.started < $last + interval 1 hour
    and date_trunc('hour', s.started) = date_trunc('hour', i.started)
    and s.started < i.started + to_minutes(i.minutes) and i.started < s.started + to_minutes(s.minutes)
"""
SAME = "select i.number from incoming_series i join series_beside b using (number, started, minutes) where b.stated = i.value"
CLASHES = """
select i.zone, i.method, i.scope, i.started, i.minutes, i.value, b.started as stored_started, b.minutes as stored_minutes,
    b.stated as stored_value, b.source as stored_source
from incoming_series i join series_beside b using (number)
where i.started <> b.started or i.minutes <> b.minutes or i.value <> b.stated order by i.zone, i.started
"""
GIVING_WAY = """
create or replace temp table series_giving_way as
select distinct i.zone, i.method, i.scope, b.started from incoming_series i join series_beside b using (number)
where b.started <> i.started or b.minutes <> i.minutes or b.stated <> i.value
"""
DELETE_CARBON = """
delete from lake.carbon_series stored using series_giving_way g
where stored.grid_zone = g.zone and stored.method = g.method and stored.scope = g.scope and stored.started = g.started
"""
DELETE_PRICES = "delete from lake.price_series stored using series_giving_way g where stored.zone = g.zone and stored.started = g.started"
INSERT_CARBON = """
insert into lake.carbon_series by name
select i.zone as grid_zone, i.method, i.scope, i.started, i.minutes, i.value as intensity_gco2e_per_kwh, $source as source,
    $batch_id as batch_id
from incoming_series i anti join same_series s using (number) order by grid_zone, method, scope, started
"""
INSERT_PRICES = """
insert into lake.price_series by name
select i.zone, i.started, i.minutes, i.value as price_eur_per_mwh, $source as source, $batch_id as batch_id
from incoming_series i anti join same_series s using (number) order by zone, started
"""

INCOMING: Schema = {
    "number": pl.Int64,  # its place among them
    "zone": pl.String,
    "method": pl.String,
    "scope": pl.String,
    "started": UTC_TIME,
    "minutes": pl.Int32,
    "value": pl.Float64,
}
"""One row a value about to be stored; method and scope are null for prices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesBatch:
    """One file of a series that was brought in."""

    batch_id: int
    """Its number in the store; 0 where nothing was new and so nothing stored."""
    kind: SeriesKind
    """What it tells."""
    file: str
    """The file's name, without its folder."""
    form: str
    """The form in which it was read."""
    source: str
    """Whose figures they are."""
    rows_read: int
    """Values read, empty ones included."""
    landed: int
    """Values that the store did not have, or has otherwise now."""
    replaced: int
    """Stored values that gave way to others."""
    seen_before: int
    """Values that the store had already."""
    refused: int
    """Values that cannot be believed."""
    author: str
    """Who brought it in."""
    imported: datetime
    """When, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """What became of values beside those of the store."""

    landed: int
    """Stored now."""
    seen_before: int
    """Stored already, the same."""
    replaced: int
    """Stored values that gave way."""
    clashes: pl.DataFrame
    """Values that contradict stored ones; where there are any and none may give way, nothing was stored."""


def carbon(
    lake: Lake, zones: tuple[str, ...], period: Period, *, method: IntensityMethod, scope: IntensityScope = IntensityScope.LIFE_CYCLE
) -> pl.DataFrame:
    """The carbon intensity of zones in a period by one method and scope, a frame of `CARBON_SERIES`; no row where none is known."""
    asked = {"zones": list(zones), "start": period.start_utc, "end": period.end_utc, "method": method.value, "scope": scope.value}
    return check(lake.frame(CARBON, asked), CARBON_SERIES) if _kept(lake) else empty(CARBON_SERIES)


def prices(lake: Lake, zones: tuple[str, ...], period: Period) -> pl.DataFrame:
    """The day-ahead prices of market zones in a period, a frame of `PRICE_SERIES`; no row where none is known."""
    asked = {"zones": list(zones), "start": period.start_utc, "end": period.end_utc}
    return check(lake.frame(PRICES, asked), PRICE_SERIES) if _kept(lake) else empty(PRICE_SERIES)


def coverage(lake: Lake, kind: SeriesKind | None = None) -> pl.DataFrame:
    """How many hours of each year every series knows, with its mean and sources, a frame of `COVERAGE`."""
    return check(lake.frame(KNOWN, {"kind": kind.value if kind else None}), COVERAGE) if _kept(lake) else empty(COVERAGE)


def all_batches(lake: Lake) -> pl.DataFrame:
    """Every file of a series that was brought in, newest first."""
    return lake.frame(BATCHES) if _kept(lake) else pl.DataFrame()


def next_id(writer: Writer) -> int:
    """The number of the next batch of a series."""
    return int(writer.frame(NEXT).item())


def record(writer: Writer, batch: SeriesBatch) -> None:
    """Store the record of a batch."""
    writer.change(RECORD, asdict(batch) | {"kind": batch.kind.value})


def store(writer: Writer, kind: SeriesKind, values: pl.DataFrame, *, source: str, batch_id: int, replace: bool) -> Landing:
    """What became of values, once those that the store has not were stored.

    A value that contradicts a stored one of the same series and time, or holds for another length of time, is a clash: nothing is
    stored then, unless stored values may be replaced.
    """
    of_carbon = kind is SeriesKind.CARBON
    with writer.beside("series_handed_in", check(values, INCOMING).select(list(INCOMING))):
        writer.change(TAKE_IN)
    span = {"first": values["started"].min(), "last": values["started"].max()}
    writer.change(CARBON_BESIDE if of_carbon else PRICE_BESIDE, span)
    same, clashes = writer.frame(SAME), writer.frame(CLASHES)
    if clashes.height and not replace:
        return Landing(landed=0, seen_before=same.height, replaced=0, clashes=clashes)
    writer.change(GIVING_WAY)
    replaced = writer.change(DELETE_CARBON if of_carbon else DELETE_PRICES)
    with writer.beside("same_series", same):
        landed = writer.change(INSERT_CARBON if of_carbon else INSERT_PRICES, {"source": source, "batch_id": batch_id})
    return Landing(landed=landed, seen_before=same.height, replaced=replaced, clashes=clashes)


def _kept(lake: Lake) -> bool:
    """Whether this state of the store can hold series; states from before there were such tables hold none."""
    return "carbon_series" in lake.frame(TABLES)["table_name"].to_list()
