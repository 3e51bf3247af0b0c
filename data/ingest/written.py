"""Numbers and days as people write them, read only where a single meaning is possible."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum

BLANKS = str.maketrans("", "", " \u00a0\u202f\u2009'’_")
GROUPED = re.compile(r"(?P<sign>[+-]?)(?P<digits>[1-9]\d{0,2}(?:[.,]\d{3})+)")
PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
SLASHED = re.compile(r"(?P<first>\d{1,2})[/-](?P<second>\d{1,2})[/-](?P<year>\d{4})")
DAY_FORMS = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y/%m/%d", "%d.%m.%Y", "%d %B %Y", "%d %b %Y", "%B %d, %Y", "%d-%b-%Y")


class Mark(StrEnum):
    """The sign between whole and part of a number."""

    POINT = "point"
    COMMA = "comma"


class DayOrder(StrEnum):
    """How the days of a column with slashes are written."""

    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"


def decimal_mark(texts: Iterable[str]) -> Mark | None:
    """The decimal mark that the numbers of a column give away; nothing where they do not, or contradict each other.

    >>> decimal_mark(["1,500", "12,345.5"]), decimal_mark(["1.500.000", "7"]), decimal_mark(["1,500"])
    (<Mark.POINT: 'point'>, <Mark.COMMA: 'comma'>, None)
    """
    found = {mark for text in texts if (mark := _given_away(text.translate(BLANKS))) is not None}
    return found.pop() if len(found) == 1 else None


def number(text: str, mark: Mark | None) -> float | None:
    """The number that a text states, `None` where it states none or could mean two.

    >>> number("12 500", None), number("1,500", None), number("1,500", Mark.POINT), number("1,5", None), number("many", None)
    (12500.0, None, 1500.0, 1.5, None)
    """
    bare = text.translate(BLANKS)
    mark = _given_away(bare) or mark
    if mark is None and GROUPED.fullmatch(bare):
        return None
    group = "." if mark is Mark.COMMA else ","
    if group in bare:
        if not re.fullmatch(rf"[+-]?\d{{1,3}}(?:\{group}\d{{3}})+(?:[.,]\d*)?", bare):
            return None
        bare = bare.replace(group, "")
    bare = bare.replace(",", ".")
    return float(bare) if PLAIN.fullmatch(bare) else None


def day_order(texts: Iterable[str]) -> DayOrder | None:
    """Whether the slashed days of a column lead with day or month, where one of them gives it away and none contradicts.

    >>> day_order(["01/02/2026", "28/02/2026"]), day_order(["01/02/2026"])
    (<DayOrder.DAY_FIRST: 'day_first'>, None)
    """
    found = set()
    for text in texts:
        if match := SLASHED.fullmatch(text):
            found |= {DayOrder.DAY_FIRST} if int(match["first"]) > 12 else set()
            found |= {DayOrder.MONTH_FIRST} if int(match["second"]) > 12 else set()
    return found.pop() if len(found) == 1 else None


def day(text: str, order: DayOrder | None) -> date | None:
    """The day that a text states, `None` where it states none or could mean two.

    >>> day("2026-03-01", None), day("1 March 2026", None), day("03/04/2026", None), day("03/04/2026", DayOrder.DAY_FIRST)
    (datetime.date(2026, 3, 1), datetime.date(2026, 3, 1), None, datetime.date(2026, 4, 3))
    """
    if match := SLASHED.fullmatch(text):
        first, second, year = int(match["first"]), int(match["second"]), int(match["year"])
        order = order or day_order([text]) or (DayOrder.DAY_FIRST if first == second else None)
        return None if order is None else _calendar_day(year, *((second, first) if order is DayOrder.DAY_FIRST else (first, second)))
    for form in DAY_FORMS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 (a day has no zone)
        except ValueError:
            continue
    return None


def _given_away(bare: str) -> Mark | None:
    """The decimal mark that a single number gives away."""
    points, commas = bare.count("."), bare.count(",")
    if points and commas:
        return Mark.POINT if bare.rfind(".") > bare.rfind(",") else Mark.COMMA
    if points > 1 or commas > 1:
        return Mark.COMMA if points else Mark.POINT
    if (points or commas) and not GROUPED.fullmatch(bare):
        return Mark.POINT if points else Mark.COMMA
    return None


def _calendar_day(year: int, month: int, day_of_month: int) -> date | None:
    try:
        return date(year, month, day_of_month)
    except ValueError:
        return None
