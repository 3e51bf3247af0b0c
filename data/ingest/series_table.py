"""A file of a series read into values: each is believed, refused with its line and reason, or told to be empty or repeated."""

import io
import re
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from data.errors import InputError
from data.ingest.project_words import country_named
from data.ingest.series_forms import SeriesColumns, SeriesForm, columns_of
from data.ingest.series_times import instants, known_zone, lengths_between, lengths_stated, parsed
from data.ingest.text_table import TextTable, file_bytes, padded, read_table
from data.schema import REFUSALS, check
from data.series import INCOMING, IntensityMethod, IntensityScope, SeriesKind

PARQUET_MAGIC = b"PAR1"
EMPTY_WORDS = ("", "n/a", "n/e", "na", "nan", "null", "none", "-", "–")
BOUNDS = {SeriesKind.CARBON: (0.0, 2_000.0), SeriesKind.PRICE: (-500.0, 5_000.0)}
"""The most that can be true: no power plant emits 2,000 gCO2e/kWh; the coupled day-ahead market clears from -500 to 5,000 EUR/MWh."""

MAIN_SEQUENCE = r"^(?i:without sequence|(?:sequence )*1|)$"
"""The coupled auction; others of the same hour, such as that of a single exchange, stand in the same file."""

DAY_FIRST_FORMS = (SeriesForm.ENTSO_E,)
FAULTS = {
    "unreadable": "expected a time such as 2026-03-01 13:00",
    "skipped": "the clocks jumped over this hour",
    "once of two": "the clocks repeat this hour, and the file has it once; state times in UTC",
    "thrice of two": "the clocks repeat this hour twice, and the file has it more often",
    "no number": "expected a number",
    "impossible value": "expected a value between {least:,g} and {most:,g} {unit}",
    "no zone": "the row names no zone",
    "no length": "its distance to the values beside it is none of 5, 10, 15, 30 and 60 minutes",
    "off the clock": "it begins at no multiple of its own length",
    "stated twice": "the file states another value for the same zone and time",
    "overlapping": "the interval before it has not ended",
}
UNITS = {SeriesKind.CARBON: "gCO2e/kWh", SeriesKind.PRICE: "EUR/MWh"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesOrder:
    """Which file to bring in, and what is said about it beside it."""

    path: Path
    """The CSV, XLSX or Parquet file."""
    kind: SeriesKind
    """What it tells."""
    zones: tuple[str, ...] = ()
    """The zone of a file that names none; else the zones wanted, none given means all."""
    method: IntensityMethod | None = None
    """The method of intensities, where the form does not imply it."""
    scope: IntensityScope | None = None
    """The scope of intensities, where the columns do not name it; else the scope wanted."""
    unit: str | None = None
    """The unit of values, where no column states it."""
    time_zone: str | None = None
    """The zone of times without offset, where no column states it."""
    source: str | None = None
    """Whose figures they are; else the form and the file's name."""
    replace: bool = False
    """Whether stored values may give way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesValues:
    """What a file tells; values + repeated + empty + passed over + refused = values read."""

    form: str
    """How the file was recognised and read, in words."""
    values: pl.DataFrame
    """The values that can be believed, in the schema `INCOMING`, ordered by series and time."""
    refusals: pl.DataFrame
    """Those that cannot, with line and reason, in the schema `REFUSALS`."""
    repeated: int
    """Values that say again what an earlier line said."""
    empty: int
    """Cells without a value."""
    passed_over: int
    """Values of other zones, scopes or auctions than those wanted."""
    notes: tuple[str, ...]
    """How the file was read."""

    @property
    def read(self) -> int:
        """All values of the file."""
        return self.values.height + self.refusals.height + self.repeated + self.empty + self.passed_over


def series_values(order: SeriesOrder) -> SeriesValues:
    """What a file tells of its kind of series.

    Raises:
        InputError: if the file is no series of that kind, or does not say zone, unit, method, scope or time zone and nobody else does.
    """
    frame, form, decimal_comma = _cells(order.path)
    try:
        columns = columns_of(frame.columns[1:], order.kind, order.unit)
    except InputError as error:
        raise InputError(f"{order.path.name}: {error}") from error
    zone = _time_zone(order, columns)
    cells = _long(frame, columns)
    wanted, passed_over = _wanted(order, cells, columns)
    timed = _timed(order.path.name, wanted, columns, zone)
    judged = _judged(timed, order.kind, decimal_comma=decimal_comma)
    empty = judged.filter(pl.col("is_empty"))
    refused = judged.filter(~pl.col("is_empty") & pl.col("fault").is_not_null())
    kept = judged.filter(~pl.col("is_empty") & pl.col("fault").is_null())
    believed = kept.unique(["zone", "method", "scope", "started"], keep="first", maintain_order=True)
    return SeriesValues(
        form=f"{columns.form.shown_as}; {form}; times in {zone or 'their own offsets'}",
        values=believed.sort("zone", "method", "scope", "started")
        .with_row_index("number")
        .select(pl.col(n).cast(t) for n, t in INCOMING.items()),
        refusals=_refusals(refused, order.kind),
        repeated=kept.height - believed.height,
        empty=empty.height,
        passed_over=passed_over,
        notes=tuple(_notes(order, frame, columns, believed)),
    )


def _in_order(believed: pl.DataFrame) -> pl.DataFrame:
    numbered = believed.sort("zone", "method", "scope", "started").with_row_index("number")
    return numbered.select(pl.col(name).cast(kind) for name, kind in INCOMING.items())


def _cells(path: Path) -> tuple[pl.DataFrame, str, bool]:
    """The file as columns under their own names behind a column `line`, how it was read, and whether commas can be decimal."""
    try:
        with path.open("rb") as file:
            is_parquet = file.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error}); expected a CSV, XLSX or Parquet file.") from error
    if is_parquet:
        try:
            frame = pl.read_parquet(io.BytesIO(file_bytes(path)))
        except (pl.exceptions.PolarsError, OSError) as error:
            raise InputError(f"{path.name} cannot be read as Parquet ({str(error).splitlines()[0]}); export it again.") from error
        return frame.select(pl.int_range(1, pl.len() + 1).alias("\0line"), pl.all()), "Parquet", False
    table = read_table(path)
    return _columned(table), table.form, table.delimiter == ";"


def _columned(table: TextTable) -> pl.DataFrame:
    header_line, names = table.records[0]
    names = names[: max(place for place, name in enumerate(names, 1) if name)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if "" in names or twice:
        raise InputError(f"{table.file}: line {header_line} does not name every column once ({twice[0] if twice else 'one is empty'!r}).")
    rows = [(line, padded(cells, len(names))) for line, cells in table.records[1:]]
    wrong = next((line for line, cells in rows if cells is None), None)
    if wrong is not None:
        raise InputError(f"{table.file}: line {wrong} has more cells than the {len(names)} columns; export the file again.")
    columns = {"\0line": [line for line, _ in rows]} | {
        name: [cells[place] for _, cells in rows if cells is not None] for place, name in enumerate(names)
    }
    return pl.DataFrame(columns, schema={"\0line": pl.Int64} | dict.fromkeys(names, pl.String))


def _time_zone(order: SeriesOrder, columns: SeriesColumns) -> str | None:
    if order.time_zone is None:
        return columns.time_zone
    known_zone(order.time_zone)
    if columns.time_zone not in (None, order.time_zone):
        raise InputError(
            f"{order.path.name}: the column {columns.time!r} is in {columns.time_zone}, but --time-zone says {order.time_zone}."
        )
    return order.time_zone


def _long(frame: pl.DataFrame, columns: SeriesColumns) -> pl.DataFrame:
    """One row a value: line, time, zone, scope, text or number, factor, and the auction it is from."""
    parts = []
    for column in columns.values:
        zone = pl.lit(column.zone) if column.zone else pl.col(columns.zone).cast(pl.String) if columns.zone else pl.lit(None, pl.String)
        parts.append(
            frame.select(
                line=pl.col("\0line"),
                time=pl.col(columns.time),
                zone=zone,
                scope=pl.lit(column.scope.value if column.scope else None, pl.String),
                value=pl.col(column.name),
                factor=pl.lit(column.factor),
                sequence=pl.col(columns.sequence).cast(pl.String) if columns.sequence else pl.lit("", pl.String),
            )
        )
    cells = pl.concat(parts)
    named = next((name for name in (columns.zone,) if name is not None and "|" in name), None)
    area = pl.lit(named) if named is not None else pl.col("zone")
    zoned = cells.with_columns(zone=area.str.split("|").list.last().str.strip_chars().replace("", None))
    if not columns.by_country:
        return zoned
    codes = {name: country_named(name) or name for name in zoned["zone"].drop_nulls().unique()}
    return zoned.with_columns(pl.col("zone").replace(codes))


def _wanted(order: SeriesOrder, cells: pl.DataFrame, columns: SeriesColumns) -> tuple[pl.DataFrame, int]:
    """The values of the zones, scope and auction wanted, and how many others there are."""
    file = order.path.name
    found = cells["zone"].drop_nulls().unique().sort().to_list()
    if not found and len(order.zones) != 1:
        raise InputError(f"{file} does not name its zone; say it with --zone, such as FI or DE-LU.")
    absent = sorted(set(order.zones) - set(found)) if found else []
    if absent:
        raise InputError(f"{file} has no zone {absent[0]!r}; its zones are {', '.join(found[:12])}{' …' if len(found) > 12 else ''}.")
    zoned = cells if found else cells.with_columns(zone=pl.lit(order.zones[0]))
    keep = pl.col("sequence").fill_null("").str.strip_chars().str.contains(MAIN_SEQUENCE)
    if order.zones:
        keep &= pl.col("zone").is_in(order.zones).fill_null(value=True)
    if order.kind is SeriesKind.PRICE:
        kept = zoned.filter(keep).with_columns(method=pl.lit(None, pl.String), scope=pl.lit(None, pl.String))
        return kept, cells.height - kept.height
    if columns.method is not None and order.method not in (None, columns.method):
        raise InputError(f"{file} is of {columns.form.shown_as}, but --method says {order.method}; leave it out.")
    method = columns.method or order.method
    if method is None:
        raise InputError(
            f"{file} does not say whether its intensities count production or imports too; say --method production or flow_traced."
        )
    if order.scope is None and any(column.scope is None for column in columns.values):
        raise InputError(f"{file} does not say which emissions its intensities count; say --scope life_cycle or direct.")
    if order.scope is not None and all(column.scope not in (None, order.scope) for column in columns.values):
        raise InputError(f"{file} holds no intensities of the scope {order.scope}.")
    scoped = zoned.with_columns(
        scope=pl.coalesce("scope", pl.lit(order.scope.value if order.scope else None, pl.String)), method=pl.lit(method.value)
    )
    kept = scoped.filter(keep & (pl.col("scope") == order.scope.value if order.scope else pl.lit(value=True)))
    return kept, cells.height - kept.height


def _timed(file: str, cells: pl.DataFrame, columns: SeriesColumns, zone: str | None) -> pl.DataFrame:
    """The values with instant, minutes and what is wrong with their time."""
    series = cells.select(pl.concat_str("zone", "method", "scope", separator=" ", ignore_nulls=True)).to_series()
    start, end = _read_times(cells["time"], day_first=columns.form in DAY_FIRST_FORMS)
    if zone is None and start.filter(pl.col("naive").is_not_null() & pl.col("offset").is_null()).height:
        raise InputError(
            f"{file}: the times in column {columns.time!r} have no offset; say their zone with --time-zone, such as UTC or Europe/Brussels."
        )
    found = instants(pl.DataFrame({"series": series, "naive": start["naive"], "offset": start["offset"]}), zone)
    minutes = lengths_between(series, found["started"]) if end is None else lengths_stated(found["started"], start, end, zone)
    return cells.with_columns(started=found["started"], fault=found["fault"], minutes=minutes)


def _read_times(times: pl.Series, *, day_first: bool) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    """The starts, and the ends where the column states intervals."""
    if isinstance(times.dtype, pl.Datetime):
        utc = times.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if times.dtype.time_zone else times
        offset = pl.repeat(0 if times.dtype.time_zone else None, len(times), dtype=pl.Int32, eager=True)
        return pl.DataFrame({"naive": utc.cast(pl.Datetime("us")), "offset": offset}), None
    if times.dtype != pl.String:
        raise InputError(f"the column of times holds {times.dtype}; expected times such as 2026-03-01 13:00.")
    if not times.str.contains(" - ", literal=True).any():
        return parsed(times, day_first=day_first), None
    halves = times.str.split(" - ")
    ends = halves.list.get(1, null_on_oob=True)
    return parsed(halves.list.first(), day_first=day_first), parsed(ends, day_first=day_first)


def _judged(cells: pl.DataFrame, kind: SeriesKind, *, decimal_comma: bool) -> pl.DataFrame:
    """The values as numbers in our unit, with what is wrong with each and whether it is empty."""
    texts = cells["value"].dtype == pl.String
    blank = pl.col("value").str.strip_chars().str.to_lowercase().is_in(EMPTY_WORDS) if texts else pl.col("value").cast(pl.Float64).is_nan()
    number = _number(decimal_comma=decimal_comma) if texts else pl.col("value").cast(pl.Float64, strict=False)
    least, most = BOUNDS[kind]
    read = cells.with_columns(
        text=pl.col("value").cast(pl.String), value=number * pl.col("factor"), is_empty=(blank | pl.col("value").is_null())
    )
    nothing = (pl.col("value") == 0) & (pl.col("scope") == IntensityScope.LIFE_CYCLE).fill_null(value=False)
    offbeat = pl.col("started").dt.minute() % pl.col("minutes") + pl.col("started").dt.second() + pl.col("started").dt.microsecond()
    fault = (
        pl.when(pl.col("fault").is_not_null())
        .then("fault")
        .when(pl.col("zone").is_null())
        .then(pl.lit("no zone"))
        .when(pl.col("value").is_null())
        .then(pl.lit("no number"))
        .when(~pl.col("value").is_between(least, most) | nothing)
        .then(pl.lit("impossible value"))
        .when(pl.col("minutes").is_null())
        .then(pl.lit("no length"))
        .when(offbeat != 0)
        .then(pl.lit("off the clock"))
    )
    return _beside_each_other(read.with_columns(fault=fault))


def _beside_each_other(judged: pl.DataFrame) -> pl.DataFrame:
    """The values, with those refused that contradict another of the file or begin before the one before has ended."""
    sound = ~pl.col("is_empty") & pl.col("fault").is_null()
    key = ["zone", "method", "scope", "started"]
    several = pl.struct("value", "minutes").filter(sound).n_unique().over(key) > 1
    judged = judged.with_columns(fault=pl.when(sound & several).then(pl.lit("stated twice")).otherwise("fault"))
    ordered = judged.filter(sound).unique(key).sort(key)
    ended = (pl.col("started") + pl.duration(minutes="minutes")).shift(1).over("zone", "method", "scope")
    early = ordered.filter(pl.col("started") < ended).select(*key, overlaps=pl.lit(value=True))
    joined = judged.join(early, on=key, how="left", nulls_equal=True, validate="m:1", maintain_order="left")
    return joined.with_columns(fault=pl.when(sound & pl.col("overlaps")).then(pl.lit("overlapping")).otherwise("fault"))


def _number(*, decimal_comma: bool) -> pl.Expr:
    text = pl.col("value").str.strip_chars()
    point = text.cast(pl.Float64, strict=False)
    comma = pl.when(text.str.contains(r"^[+-]?\d+,\d+$")).then(text.str.replace(",", ".").cast(pl.Float64, strict=False))
    found = pl.coalesce(point, comma) if decimal_comma else point
    return pl.when(found.is_finite()).then(found)


def _refusals(refused: pl.DataFrame, kind: SeriesKind) -> pl.DataFrame:
    least, most = BOUNDS[kind]
    sentences = {fault: text.format(least=least, most=most, unit=UNITS[kind]) for fault, text in FAULTS.items()}
    raw = pl.concat_str(pl.col("time").cast(pl.String), "zone", "text", separator=" | ", ignore_nulls=True)
    detail = pl.concat_str(raw, pl.lit(": "), pl.col("fault").replace_strict(sentences, default="", return_dtype=pl.String))
    found = refused.sort("line").select(line=pl.col("line").cast(pl.Int64), reason="fault", detail=detail, raw=raw)
    return check(found, REFUSALS)


def _notes(order: SeriesOrder, frame: pl.DataFrame, columns: SeriesColumns, believed: pl.DataFrame) -> list[str]:
    found = ["zones named as countries were taken under their ISO 3166 codes"] if columns.by_country else []
    if columns.estimated is not None:
        guessed = frame.filter(pl.col(columns.estimated).cast(pl.String).str.to_lowercase() == "true").height
        found += [f"{guessed:,} of {frame.height:,} rows were estimated by their publisher"] if guessed else []
    if order.kind is SeriesKind.CARBON and believed.height:
        largest = believed.group_by("zone", "scope").agg(pl.max("value")).filter((pl.col("value") < 1) & (pl.col("scope") == "life_cycle"))
        if largest.height:
            found.append(f"all values of {largest['zone'].sort()[0]!r} lie below 1 gCO2e/kWh; is the unit right?")
    units = sorted({column.name for column in columns.values if column.factor != 1})
    return found + [f"column {name!r} was converted to {UNITS[order.kind]}" for name in units if not re.fullmatch("[A-Z]{2}.*", name)]
