"""Brings a file of a series into the store: one transaction, nothing twice, and never over other values in silence."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import polars as pl

from data import series
from data.access import Person, require
from data.errors import InputError
from data.ingest.series_table import UNITS, SeriesOrder, SeriesValues, series_values
from data.lake import exists, writing
from data.series import SeriesBatch
from data.settings import Settings
from data.terms import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesAccount:
    """The closing account of a file: landed + seen before + repeated + empty + passed over + refused = values read."""

    batch: SeriesBatch
    """What became of the values; number 0 where nothing was new and the store stayed as it was."""
    repeated: int
    """Values that say again what an earlier line said."""
    empty: int
    """Cells without a value."""
    passed_over: int
    """Values of other zones, scopes or auctions than those wanted."""
    refusals: pl.DataFrame
    """Values that cannot be believed, with line and reason."""
    gaps: pl.DataFrame
    """Series with hours missing between their first and last: zone, method, scope, gaps, hours_missing, first_gap."""
    values: pl.DataFrame
    """The values that can be believed, in the schema `series.INCOMING`."""
    notes: tuple[str, ...]
    """How the file was read."""


def import_series(
    settings: Settings, order: SeriesOrder, person: Person, *, dry_run: bool = False, now: datetime | None = None
) -> SeriesAccount:
    """Bring in a file of a series and give account of every value.

    Raises:
        InputError: if the file cannot be used, or contradicts what is stored and that may not give way; nothing is stored then.
        StoreError: if the store cannot be written; nothing is stored then.
    """
    require(Action.INGEST, person)
    found = series_values(order)
    if found.values.is_empty():
        raise InputError(_nothing_to_believe(order, found))
    batch = _batch(order, found, person, now)
    if dry_run and not exists(settings):
        return _account(found, replace(batch, landed=found.values.height))
    with writing(settings, author=person.name, message=f"{order.kind.value.capitalize()} series from {order.path.name}") as writer:
        number = series.next_id(writer)
        landing = series.store(writer, order.kind, found.values, source=batch.source, batch_id=number, replace=order.replace)
        if landing.clashes.height and not order.replace:
            raise InputError(_clash(order, landing.clashes))
        batch = replace(batch, landed=landing.landed, replaced=landing.replaced, seen_before=landing.seen_before)
        if landing.landed and not dry_run:
            batch = replace(batch, batch_id=number)
            series.record(writer, batch)
        writer.details = {"series_batch": batch.batch_id}
        writer.abandoned = batch.batch_id == 0
    return _account(found, batch)


def gaps(values: pl.DataFrame) -> pl.DataFrame:
    """Where a series lacks hours between its first and last value, largest lack first; no row where it lacks none."""
    key = ["zone", "method", "scope"]
    ended = (pl.col("started") + pl.duration(minutes="minutes")).shift(1).over(key)
    apart = values.sort(*key, "started").with_columns(missing_s=(pl.col("started") - ended).dt.total_seconds(), since=ended)
    lacking = apart.filter(pl.col("missing_s") > 0).group_by(key, maintain_order=True)
    found = lacking.agg(gaps=pl.len().cast(pl.Int64), hours_missing=pl.sum("missing_s") / 3600, first_gap=pl.first("since"))
    return found.sort("hours_missing", *key, descending=[True, False, False, False])


def _account(found: SeriesValues, batch: SeriesBatch) -> SeriesAccount:
    return SeriesAccount(
        batch=batch,
        repeated=found.repeated,
        empty=found.empty,
        passed_over=found.passed_over,
        refusals=found.refusals,
        gaps=gaps(found.values),
        values=found.values,
        notes=found.notes,
    )


def _batch(order: SeriesOrder, found: SeriesValues, person: Person, now: datetime | None) -> SeriesBatch:
    return SeriesBatch(
        batch_id=0,
        kind=order.kind,
        file=order.path.name,
        form=found.form,
        source=order.source or order.path.name,
        rows_read=found.read,
        landed=0,
        replaced=0,
        seen_before=0,
        refused=found.refusals.height,
        author=person.name,
        imported=now or datetime.now(UTC),
    )


def _nothing_to_believe(order: SeriesOrder, found: SeriesValues) -> str:
    if found.refusals.is_empty():
        return f"{order.path.name} holds no value of those wanted; expected {UNITS[order.kind]} by zone and time."
    first = found.refusals.row(0, named=True)
    return f"none of the {found.read:,} values of {order.path.name} can be believed; the first, line {first['line']}: {first['detail']}."


def _clash(order: SeriesOrder, clashes: pl.DataFrame) -> str:
    first = clashes.row(0, named=True)
    kind = f" ({first['method']}, {first['scope']})" if first["method"] else ""
    said = f"{first['value']:g} {UNITS[order.kind]} for {first['minutes']} minutes"
    stored = f"{first['stored_value']:g} for {first['stored_minutes']} minutes from {first['stored_started']:%H:%M}"
    return (
        f"{order.path.name} contradicts {clashes.height:,} stored values; the first: {first['zone']}{kind} at "
        f"{first['started']:%Y-%m-%d %H:%M} UTC is {said}, stored is {stored}, from {first['stored_source']}. "
        "Nothing was stored; check unit, method and time zone, or let the file's values stand with --replace."
    )
