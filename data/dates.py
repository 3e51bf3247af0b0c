"""Periods as people type them on a command line."""

import re
from datetime import date

from data.errors import InputError
from data.terms import Period, month_after

FORMS = (
    (re.compile(r"(?P<year>\d{4})"), 12),
    (re.compile(r"(?P<year>\d{4})-?Q(?P<quarter>[1-4])", re.IGNORECASE), 3),
    (re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})"), 1),
)


def period_named(text: str) -> Period:
    """The period that a text names: `2025`, `2026-Q1`, `2026-03`, or two days `2026-01-15..2026-02-01`, the second not included.

    Raises:
        InputError: if it is none of these.

    >>> period_named("2026-Q1")
    Period(start=datetime.date(2026, 1, 1), end=datetime.date(2026, 4, 1))
    """
    first, dots, last = text.strip().partition("..")
    if dots:
        return Period(day_named(first), day_named(last))
    for form, months in FORMS:
        if match := form.fullmatch(first):
            parts = match.groupdict()
            month = int(parts.get("month") or 3 * int(parts.get("quarter") or 1) - 2)
            if 1 <= month <= 12 and 1 <= int(parts["year"]) < date.max.year:
                start = date(int(parts["year"]), month, 1)
                return Period(start, month_after(start, months))
    raise InputError(f"{text!r} is not a period; write 2025, 2026-Q1, 2026-03 or 2026-01-15..2026-02-01 (the last day not included).")


def day_named(text: str) -> date:
    """The day that a text names as YYYY-MM-DD.

    Raises:
        InputError: if it names none.

    >>> day_named("2026-03-01")
    datetime.date(2026, 3, 1)
    """
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise InputError(f"{text!r} is not a day; write it as YYYY-MM-DD, such as 2026-03-01.") from error
