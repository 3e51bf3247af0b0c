"""How numbers are written for people: three significant digits, thin spaces before units, and words where a number is unknown."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, get_decimal_symbol, get_group_symbol

from data.terms import HourUnit
from data.units import HOURS_PER_DAY, KG_PER_TONNE, KWH_PER_MWH, SECONDS_PER_HOUR, SECONDS_PER_MINUTE

NOT_AVAILABLE = "not available"
"""What stands wherever a figure is unknown."""

WITHHELD = "withheld"
"""What stands where a figure would show a single organisation."""

THIN_SPACE = "\N{NARROW NO-BREAK SPACE}"
"""The space between a number and its unit, at which no line breaks."""

LANGUAGE = Locale("en", "GB")
"""The language of all words, so of days, months and countries too; and how numbers are written wherever nothing else is asked for."""

DIGITS = 3
"""The significant digits of a number on screen."""

UNIT_WORDS = {HourUnit.NODE_HOURS: "node-hours", HourUnit.GPU_HOURS: "GPU-hours", HourUnit.CORE_HOURS: "core-hours"}
"""The units of machine time as people write them."""

_of_pages: list[Locale] = [LANGUAGE]
_here: ContextVar[Locale | None] = ContextVar("locale of numbers", default=None)

PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))

Number = float | int | None


def write_as(locale: str) -> None:
    """From now on numbers are written as in this language and country, such as de_DE, on the pages of this process.

    Words stay as they are, and so do documents: these are written `as_filed`.
    """
    _of_pages[0] = Locale.parse(locale)


@contextmanager
def as_filed() -> Iterator[None]:
    """Numbers are written in here as everywhere, whatever the pages do: in a document that others must be able to make again.

    >>> write_as("de_DE")
    >>> on_a_page = exact(1_234_567)
    >>> with as_filed():
    ...     in_a_document = exact(1_234_567)
    >>> write_as("en_GB")
    >>> on_a_page, in_a_document
    ('1.234.567', '1,234,567')
    """
    before = _here.set(LANGUAGE)
    try:
        yield
    finally:
        _here.reset(before)


def marks() -> str:
    """The mark before decimals and the one between thousands, as Plotly takes them.

    >>> marks()
    '.,'
    """
    return str(get_decimal_symbol(_ways()) + get_group_symbol(_ways()))


def is_known(value: Number) -> bool:
    """Whether a value is a number that can be shown.

    >>> is_known(0), is_known(None), is_known(float("nan"))
    (True, False, False)
    """
    return value is not None and math.isfinite(value)


def plain(value: Number) -> str:
    """A number with three significant digits.

    >>> [plain(v) for v in (0, 0.012345, 9.876, 412.4, 12345.6, None)]
    ['0', '0.0123', '9.88', '412', '12,300', 'not available']
    """
    if value is None or not is_known(value):
        return NOT_AVAILABLE
    return _written(_rounded(float(value)))


def exact(value: Number) -> str:
    """A number in full for hover texts and tables: whole from 100 on, else with three significant digits.

    >>> exact(412_345.6), exact(9.876)
    ('412,346', '9.88')
    """
    if value is None or not is_known(value):
        return NOT_AVAILABLE
    return _written(float(round(value))) if abs(value) >= 100 else plain(value)


def amount(value: Number, unit: str) -> str:
    """A number with its unit, and k, M, G or T from a thousand on.

    >>> amount(412_345, "node-hours").replace(THIN_SPACE, " ")
    '412 k node-hours'
    >>> amount(999_600, "node-hours").replace(THIN_SPACE, " ")
    '1.00 M node-hours'
    """
    if value is None or not is_known(value):
        return NOT_AVAILABLE
    rounded = _rounded(float(value))
    factor, prefix = scale(rounded)
    number = _with_digits(rounded / factor) if prefix else _written(rounded)
    return THIN_SPACE.join(part for part in (number, prefix, unit) if part)


def scale(largest: float) -> tuple[float, str]:
    """The factor and the prefix in which an axis up to this value is best written.

    >>> scale(2_500_000)
    (1000000.0, 'M')
    """
    return next(((factor, prefix) for factor, prefix in PREFIXES if abs(largest) >= factor), (1.0, ""))


def axis(prefix: str, unit: HourUnit) -> str:
    """The words at an axis of machine time.

    >>> axis("M", HourUnit.NODE_HOURS).replace(THIN_SPACE, " "), axis("", HourUnit.GPU_HOURS)
    ('M node-hours', 'GPU-hours')
    """
    return THIN_SPACE.join(filter(None, (prefix, UNIT_WORDS[unit])))


def machine_time(value: Number, unit: HourUnit) -> str:
    """Machine time in its unit.

    >>> machine_time(1_234_567, HourUnit.GPU_HOURS).replace(THIN_SPACE, " ")
    '1.23 M GPU-hours'
    """
    return amount(value, UNIT_WORDS[unit])


def energy(kwh: Number) -> str:
    """Energy in kWh, MWh, GWh or TWh.

    >>> energy(12_345_678).replace(THIN_SPACE, " ")
    '12.3 GWh'
    """
    return _stepped(kwh, (1.0, KWH_PER_MWH, KWH_PER_MWH**2, KWH_PER_MWH**3), ("kWh", "MWh", "GWh", "TWh"))


def emissions(kgco2e: Number) -> str:
    """Emissions in kg, t or kt of CO₂ equivalents.

    >>> emissions(1_234_567).replace(THIN_SPACE, " "), emissions(0).replace(THIN_SPACE, " ")
    ('1.23 kt CO₂e', '0 t CO₂e')
    """
    if kgco2e == 0:
        return THIN_SPACE.join(("0", "t CO₂e"))
    return _stepped(kgco2e, (1.0, KG_PER_TONNE, KG_PER_TONNE * 1_000), ("kg CO₂e", "t CO₂e", "kt CO₂e"))


def duration(seconds: Number) -> str:
    """A time in seconds, minutes, hours or days.

    >>> [duration(s).replace(THIN_SPACE, " ") for s in (0, 75, 5_400, 200_000)]
    ['0 s', '1.25 min', '1.5 h', '2.31 days']
    """
    if seconds is not None and is_known(seconds) and abs(seconds) >= 2 * HOURS_PER_DAY * SECONDS_PER_HOUR:
        return THIN_SPACE.join((plain(seconds / SECONDS_PER_HOUR / HOURS_PER_DAY), "days"))
    return _stepped(seconds, (1.0, SECONDS_PER_MINUTE, SECONDS_PER_HOUR), ("s", "min", "h"), padded=False)


def percent(share: Number) -> str:
    """A share as a percentage, without decimals from 10 % on.

    >>> [percent(s).replace(THIN_SPACE, " ") for s in (0, 0.00123, 0.05, 0.0984, 0.0996, 0.784, 1, None)]
    ['0 %', '0.12 %', '5.0 %', '9.8 %', '10 %', '78 %', '100 %', 'not available']
    """
    if share is None or not is_known(share):
        return NOT_AVAILABLE
    return THIN_SPACE.join((_percentage(float(share) * 100), "%"))


def is_partial(share: Number) -> bool:
    """Whether a coverage must be said: it is known and would not be written as 100 %.

    >>> is_partial(0.93), is_partial(0.999), is_partial(None)
    (True, False, False)
    """
    return share is not None and share < 0.995


def points(difference: Number) -> str:
    """A difference of two shares in percentage points, with its sign, to a hundredth of a point at most.

    >>> points(0.0321).replace(THIN_SPACE, " "), points(-0.12).replace(THIN_SPACE, " "), points(-0.00004).replace(THIN_SPACE, " ")
    ('+3.2 pp', '−12 pp', '0 pp')
    """
    if difference is None or not is_known(difference):
        return NOT_AVAILABLE
    value = float(difference) * 100
    value = round(value, 2) + 0.0 if abs(value) < 0.1 else value
    return THIN_SPACE.join((("+" if value > 0 else "") + _percentage(value), "pp"))


def change(relative: Number) -> str:
    """A relative change in words.

    >>> change(0.123).replace(THIN_SPACE, " "), change(-0.5).replace(THIN_SPACE, " "), change(0)
    ('up 12 %', 'down 50 %', 'unchanged')
    """
    if relative is None or not is_known(relative):
        return NOT_AVAILABLE
    if abs(relative) < 0.0005:
        return "unchanged"
    return f"{'up' if relative > 0 else 'down'} {percent(abs(relative))}"


def day(value: date | None) -> str:
    """A day as people write it.

    >>> day(date(2026, 3, 3))
    '3 March 2026'
    """
    return NOT_AVAILABLE if value is None else _date(value, "d MMMM y")


def month(value: date) -> str:
    """A month as people write it.

    >>> month(date(2026, 3, 1))
    'March 2026'
    """
    return _date(value, "MMMM y")


def moment(value: datetime, *, seconds: bool = False) -> str:
    """An instant as people write it, in UTC and to the minute.

    >>> moment(datetime(2026, 3, 3, 14, 5, tzinfo=UTC))
    '3 March 2026 14:05 UTC'
    """
    return format_datetime(value.astimezone(UTC), f"d MMMM y HH:mm{':ss' if seconds else ''} 'UTC'", locale=LANGUAGE)


def whole(value: Number) -> str:
    """A number in full without anything behind the point.

    >>> whole(1_234_567), whole(12.6), whole(None)
    ('1,234,567', '13', 'not available')
    """
    return NOT_AVAILABLE if value is None or not is_known(value) else _written(float(round(value)))


def country(code: str) -> str:
    """The name of a country by its two letters, the letters themselves where they name none.

    >>> country("IT"), country("XQ")
    ('Italy', 'XQ')
    """
    return str(LANGUAGE.territories.get(code, code))


def fixed(value: float, decimals: int) -> str:
    """A number with so many digits behind the point.

    >>> fixed(71984.27638889, 4), fixed(356656338.97, 0)
    ('71,984.2764', '356,656,339')
    """
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return _minus(_decimal(f"{value:.{decimals}f}", pattern, _ways()))


def listed(words: Sequence[str]) -> str:
    """Words as a list in a sentence.

    >>> listed(["LUMI", "Leonardo", "Vega"])
    'LUMI, Leonardo and Vega'
    """
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun, in the plural where it is not one.

    >>> counted(1, "job"), counted(12_000, "job")
    ('1 job', '12,000 jobs')
    """
    return f"{exact(number)} {noun}" if number == 1 else f"{exact(number)} {plural or noun + 's'}"


def _ways() -> Locale:
    """How numbers are written here."""
    return _here.get() or _of_pages[0]


def _stepped(value: Number, factors: Sequence[float], units: Sequence[str], *, padded: bool = True) -> str:
    """The value in the largest unit of which it holds at least one."""
    if value is None or not is_known(value):
        return NOT_AVAILABLE
    rounded = _rounded(float(value))
    step = max((i for i, factor in enumerate(factors) if abs(rounded) >= factor), default=0)
    number = _with_digits(rounded / factors[step]) if step and padded else plain(rounded / factors[step])
    return THIN_SPACE.join((number, units[step]))


def _percentage(value: float) -> str:
    """78, 9.8, 5.0, 0.12: nothing behind the point from ten on, one digit from one on, two digits that count below."""
    if abs(value) >= 9.95:
        return _written(float(round(value)))
    if abs(value) >= 0.995:
        return _minus(_decimal(f"{value:.1f}", "0.0", _ways()))
    return _written(float(f"{value:.2g}"))


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _with_digits(value: float) -> str:
    """Three significant digits with their zeros, so that 1.00 M is told from 1 M."""
    behind = max(0, DIGITS - len(str(int(abs(value)))))
    pattern = "#,##0" + ("." + "0" * behind if behind else "")
    return _minus(_decimal(repr(value), pattern, _ways()))


def _written(value: float) -> str:
    return _minus(_decimal(repr(value + 0.0), "#,##0.############", _ways()))


@lru_cache(maxsize=50_000)
def _decimal(digits: str, pattern: str, ways: Locale) -> str:
    """The digits as people write them; a page writes the same few thousand numbers again and again."""
    return str(format_decimal(Decimal(digits), format=pattern, locale=ways))


@lru_cache(maxsize=5_000)
def _date(value: date, pattern: str) -> str:
    return str(format_date(value, pattern, locale=LANGUAGE))


def _minus(text: str) -> str:
    return "0" if text == "-0" else text.replace("-", "\N{MINUS SIGN}")
