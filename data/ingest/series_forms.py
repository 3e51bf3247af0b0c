"""The forms in which series are published, recognised by their columns, and the units that columns state."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from data.errors import InputError
from data.ingest.project_words import plain
from data.ingest.series_times import ZONES_OF_MARKS
from data.series import IntensityMethod, IntensityScope, SeriesKind


class SeriesForm(StrEnum):
    """How a file lays a series out."""

    ELECTRICITY_MAPS = "electricity_maps"
    ENTSO_E = "entso_e"
    LONG = "long"
    WIDE = "wide"

    @property
    def shown_as(self) -> str:
        """The form in words."""
        return {
            "electricity_maps": "Electricity Maps, carbon intensity by hour (flow-traced)",
            "entso_e": "ENTSO-E Transparency Platform, day-ahead prices",
            "long": "a row a zone and time",
            "wide": "a column a zone",
        }[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueColumn:
    """A column of values."""

    name: str
    """Its name in the file."""
    factor: float
    """What turns its values into gCO2e/kWh or EUR/MWh."""
    zone: str | None
    """The zone that its name states, where each zone has a column."""
    scope: IntensityScope | None
    """The scope that its name states."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesColumns:
    """What the columns of a file of a series mean."""

    form: SeriesForm
    """How the file is laid out."""
    time: str
    """The column of times, or of intervals from one time to another."""
    time_zone: str | None
    """The zone that this column states."""
    zone: str | None
    """The column of zones."""
    by_country: bool
    """Whether its zones are countries, by name or code."""
    values: tuple[ValueColumn, ...]
    """The columns of values."""
    method: IntensityMethod | None
    """The method that the form implies."""
    sequence: str | None
    """The column that tells apart auctions of the same hour."""
    estimated: str | None
    """The column that says whether a value was estimated by its publisher."""


MASS = {"g": 1.0, "kg": 1_000.0, "t": 1_000_000.0}
PER_ENERGY = {"kwh": 1.0, "mwh": 0.001}
CARBON_UNIT = re.compile(r"\b(?P<mass>k?g|t)\s?(?:co2\s?(?:eq|e)?)?(?: per)? (?P<energy>[km]wh)e?\b")
MONEY = {"eur": 1.0, "euro": 1.0, "ct": 0.01, "cent": 0.01}
PER_ENERGY_OF_PRICE = {"kwh": 1_000.0, "mwh": 1.0}
PRICE_UNIT = re.compile(r"\b(?P<money>eur|euro|ct|cent)(?: per)? (?P<energy>[km]wh)e?\b")
OTHER_MONEY = re.compile(r"\b(?P<money>gbp|chf|nok|sek|dkk|pln|czk|huf|ron|bgn|uah|usd)(?: per)? (?P<energy>[km]wh)\b")
CANONICAL = {SeriesKind.CARBON: "gCO2e/kWh", SeriesKind.PRICE: "EUR/MWh"}
TIME_WORDS = {"datetime", "timestamp", "time", "ts", "mtu", "started", "start", "utc", "hour", "date"}
NOT_TIMES = {"zone", "intraday", "end", "until", "created", "updated"}
ZONE_NAMES = ("zone id", "grid zone", "bidding zone", "market zone", "price area", "zone", "area", "country code", "region", "country")
COUNTRY_NAMES = ("country", "country code")
"""Columns whose zones are countries, which are taken under their ISO 3166 code."""

SEQUENCE = "sequence"
ESTIMATED = ("data estimated", "estimated", "is estimated")
PLAIN_VALUES = {
    SeriesKind.CARBON: ("carbon intensity", "intensity", "carbon intensity avg", "carbonintensity", "value", "ci"),
    SeriesKind.PRICE: ("price", "day ahead price", "value"),
}
ZONE_LIKE = re.compile(r"[A-Z]{2}\d?(?:[-_](?:[A-Z0-9]+|[A-Z][a-z]+))*")
BRACKETED = re.compile(r"\s*[\[(][^\])]*[\])]\s*")
ELECTRICITY_MAPS_COLUMNS = {"zone id", "country"}


def columns_of(names: Sequence[str], kind: SeriesKind, unit: str | None) -> SeriesColumns:
    """What the columns of a file mean.

    Args:
        names: The columns.
        kind: What the file is said to tell.
        unit: The unit of values, where no column states it.

    Raises:
        InputError: if the columns are not those of a series of this kind, or state another unit than the one given.
    """
    plains = {name: plain(name.replace("€", " eur ")) for name in names}
    time = next((name for name in names if _is_time(plains[name])), None)
    if time is None:
        raise InputError(f"no column of times; expected one named time, datetime or MTU, found {_listed(names)}.")
    zone = next((name for known in ZONE_NAMES for name in names if plains[name] == known), None)
    values, is_wide = _values(
        {name: text for name, text in plains.items() if name not in (time, zone)}, kind, unit, has_zone=zone is not None
    )
    form = SeriesForm.WIDE if is_wide else SeriesForm.LONG
    if set(plains.values()) >= ELECTRICITY_MAPS_COLUMNS and kind is SeriesKind.CARBON:
        form = SeriesForm.ELECTRICITY_MAPS
    elif plains[time].startswith("mtu") and kind is SeriesKind.PRICE:
        form = SeriesForm.ENTSO_E
        zone = zone or next((name for name in names if "|" in name), None)
    return SeriesColumns(
        form=form,
        time=time,
        time_zone=zone_stated(time),
        zone=zone,
        by_country=zone is not None and plains[zone] in COUNTRY_NAMES,
        values=values,
        method=IntensityMethod.FLOW_TRACED if form is SeriesForm.ELECTRICITY_MAPS else None,
        sequence=next((name for name in names if plains[name] == SEQUENCE), None),
        estimated=next((name for name in names if plains[name] in ESTIMATED), None),
    )


def unit_factor(text: str, kind: SeriesKind) -> float | None:
    """What turns values of the unit that a text states into gCO2e/kWh or EUR/MWh, `None` where it states none.

    >>> unit_factor("Carbon intensity gCO₂eq/kWh (direct)", SeriesKind.CARBON), unit_factor("kg/MWh", SeriesKind.CARBON)
    (1.0, 1.0)
    >>> unit_factor("ct/kWh", SeriesKind.PRICE), unit_factor("Day-ahead Price [EUR/MWh]", SeriesKind.PRICE)
    (10.0, 1.0)
    """
    words = plain(text.replace("€", " eur "))
    if kind is SeriesKind.CARBON:
        match = CARBON_UNIT.search(words)
        return MASS[match["mass"]] * PER_ENERGY[match["energy"]] if match else None
    match = PRICE_UNIT.search(words)
    return MONEY[match["money"]] * PER_ENERGY_OF_PRICE[match["energy"]] if match else None


def zone_stated(name: str) -> str | None:
    """The time zone that the name of a column states.

    >>> zone_stated("Datetime (UTC)"), zone_stated("MTU (CET/CEST)"), zone_stated("ts_utc"), zone_stated("MTU (CET)")
    ('UTC', 'Europe/Brussels', 'UTC', None)
    """
    bracketed = re.search(r"\(([^)]*)\)", name)
    if bracketed is not None and bracketed[1].casefold() in ZONES_OF_MARKS:
        return ZONES_OF_MARKS[bracketed[1].casefold()]
    return "UTC" if "utc" in plain(name).split() else None


def _is_time(words: str) -> bool:
    tokens = set(words.split())
    return bool(tokens & TIME_WORDS) and not tokens & NOT_TIMES


def _values(columns: Mapping[str, str], kind: SeriesKind, unit: str | None, *, has_zone: bool) -> tuple[tuple[ValueColumn, ...], bool]:
    """The columns of values, and whether each is of a zone of its own."""
    stated = {name: factor for name in columns if (factor := unit_factor(name, kind)) is not None and "intraday" not in columns[name]}
    given = unit_factor(unit, kind) if unit is not None else None
    if unit is not None and given is None:
        raise InputError(f"the unit {unit!r} is not known; write it as {CANONICAL[kind]}, kgCO2e/kWh, EUR/kWh or ct/kWh.")
    if given is not None and any(factor != given for factor in stated.values()):
        raise InputError(f"--unit says {unit!r}, but the file names its columns {_listed(stated)}; leave --unit out, or mend the file.")
    _of_this_kind(columns, stated, kind)
    named = [name for name, words in columns.items() if words in PLAIN_VALUES[kind]]
    labels = {name: _zone_of(name) for name in stated or columns}
    if not has_zone and not named and labels and all(labels.values()):
        return tuple(_column(name, stated.get(name, given), columns[name], kind, zone=label) for name, label in labels.items()), True
    chosen = list(stated) or named
    if not chosen:
        mend = "name a column with its unit, such as intensity_gco2e_per_kwh or price_eur_per_mwh"
        raise InputError(f"no column of {kind} values among {_listed(columns)}; {mend}.")
    found = tuple(_column(name, stated.get(name, given), columns[name], kind, zone=None) for name in chosen)
    scopes = [column.scope for column in found]
    if len(set(scopes)) < len(scopes):
        raise InputError(f"the file has several columns of {kind} values, {_listed(chosen)}; keep one of them.")
    return found, False


def _of_this_kind(columns: Mapping[str, str], stated: Mapping[str, float], kind: SeriesKind) -> None:
    """Refuse a file that tells something else."""
    foreign = [name for name, words in columns.items() if OTHER_MONEY.search(words)]
    if kind is SeriesKind.PRICE and foreign and not stated:
        raise InputError(f"the prices are in another currency ({foreign[0]!r}); expected EUR, convert them first.")
    other = SeriesKind.PRICE if kind is SeriesKind.CARBON else SeriesKind.CARBON
    others = [name for name in columns if unit_factor(name, other) is not None]
    if others and not stated:
        raise InputError(f"the file tells {other} values ({others[0]!r}), not {kind} ones; say --kind {other}.")


def _column(name: str, factor: float | None, words: str, kind: SeriesKind, *, zone: str | None) -> ValueColumn:
    if factor is None:
        raise InputError(f"column {name!r} does not say its unit; say it with --unit, such as {CANONICAL[kind]}.")
    scope = None
    if kind is SeriesKind.CARBON:
        tokens = f" {words} "
        if any(f" {word} " in tokens for word in ("life cycle", "lifecycle", "lca")):
            scope = IntensityScope.LIFE_CYCLE
        elif " direct " in tokens:
            scope = IntensityScope.DIRECT
    return ValueColumn(name=name, factor=factor, zone=zone, scope=scope)


def _zone_of(name: str) -> str | None:
    """The zone that the name of a column states, with its unit in brackets or without."""
    bare = BRACKETED.sub("", name).strip()
    return bare if ZONE_LIKE.fullmatch(bare) else None


def _listed(names: Mapping[str, object] | Sequence[str]) -> str:
    found = [repr(name) for name in names]
    return ", ".join(found[:8]) + (f" and {len(found) - 8} more" if len(found) > 8 else "") or "none"
