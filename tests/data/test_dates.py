"""Periods as people type them: read as meant, or refused with the forms that can be read."""

from datetime import date

import pytest

from data.dates import day_named, period_named
from data.errors import InputError


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2025", date(2025, 1, 1), date(2026, 1, 1)),
        ("2026-Q1", date(2026, 1, 1), date(2026, 4, 1)),
        ("2026Q4", date(2026, 10, 1), date(2027, 1, 1)),
        ("2026-q2", date(2026, 4, 1), date(2026, 7, 1)),
        ("2024-02", date(2024, 2, 1), date(2024, 3, 1)),
        (" 2025-12 ", date(2025, 12, 1), date(2026, 1, 1)),
        ("2026-01-15..2026-02-01", date(2026, 1, 15), date(2026, 2, 1)),
    ],
)
def test_a_period_is_read_as_it_is_meant(text: str, start: date, end: date) -> None:
    period = period_named(text)
    assert (period.start, period.end) == (start, end)


@pytest.mark.parametrize(
    "text", ["", "last year", "2026-13", "2026-00", "2026-Q5", "0000", "9999", "26", "2026-01-15..", "..", "2026-02-30..2026-03-01"]
)
def test_what_is_no_period_is_refused_with_the_form_to_write(text: str) -> None:
    with pytest.raises(InputError, match="write"):
        period_named(text)


def test_a_period_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(InputError, match="its end must lie after its start"):
        period_named("2026-02-01..2026-01-15")


@pytest.mark.parametrize("text", ["", "yesterday", "01.02.2026", "2026-2-1", "2026-02-30"])
def test_what_is_no_day_is_refused_with_the_form_to_write(text: str) -> None:
    with pytest.raises(InputError, match="YYYY-MM-DD"):
        day_named(text)
