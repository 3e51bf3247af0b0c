"""What may stand in a command, a flat file or a request to Slurm: names and numbers that cannot be mistaken for anything else."""

import math
import re
from fractions import Fraction

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]*")
LONGEST_NAME = 255
MOST_HOURS = 10**12
MOST_COUNT = 2**63 - 1
"""Slurm keeps larger numbers for "no limit" and "not set"."""

MINUTES_PER_HOUR = 60
ROUNDING = Fraction(1, 1_000_000)
"""What a third of an hour lacks when it is written with as many digits as a computer keeps, in minutes and with room."""

LEAST_WITH_ONE_DECIMAL = 10
"""Fewer hours are written with significant digits."""
SMALL_DIGITS = 3

ROOT = "root"
RESERVED = frozenset({"parent", "all", "none"})
"""Words that Slurm's commands read as something else than a name."""


def fault_of_name(name: str | None, what: str) -> str | None:
    """What is wrong with the name of an account, a QOS or a cluster; nothing where it can be handed to Slurm as it stands.

    >>> fault_of_name("project_465000001", "account"), fault_of_name("ehpc-reg-2025r01-001", "account")
    (None, None)
    >>> fault_of_name("a; rm -rf /", "account")
    "account 'a; rm -rf /' cannot be handed to Slurm; expected letters, digits and _ . @ + -, beginning with a letter, a digit or _."
    """
    if name is None or not name:
        return f"{what} is empty; expected a name."
    if len(name) > LONGEST_NAME:
        return f"{what} {name[:40]!r}… has {len(name):,} characters; Slurm keeps at most {LONGEST_NAME}."
    if not NAME.fullmatch(name):
        return f"{what} {name!r} cannot be handed to Slurm; expected letters, digits and _ . @ + -, beginning with a letter, a digit or _."
    if name.lower() in RESERVED:
        return f"{what} {name!r} is a word of Slurm's own and no name."
    return None


def fault_of_hours(hours: float | None) -> str | None:
    """What is wrong with hours that shall become a limit.

    >>> fault_of_hours(120.5), fault_of_hours(-1.0)
    (None, 'hours is -1; expected a number from 0 to 1,000,000,000,000.')
    """
    if hours is None or math.isnan(hours) or not 0 <= hours <= MOST_HOURS:
        return f"hours is {_shown(hours)}; expected a number from 0 to {MOST_HOURS:,}."
    return None


def minutes(hours: float, counted_per_unit: float) -> int:
    """Hours of a unit as the minutes that Slurm counts, rounded down to the whole minute.

    >>> minutes(100.0, 2.0), minutes(0.1, 1.0), minutes(1 / 60, 1.0), minutes(0.01, 1.0)
    (12000, 6, 1, 0)
    """
    return math.floor(_exact(hours) * _exact(counted_per_unit) * MINUTES_PER_HOUR + ROUNDING)


def count(at_once: float, counted_per_unit: float) -> int | None:
    """How many Slurm counts for so many nodes, GPUs or cores at one time; nothing where that is no whole number.

    >>> count(4.0, 2.0), count(0.5, 1.0)
    (8, None)
    """
    counted = _exact(at_once) * _exact(counted_per_unit)
    return int(counted) if counted.denominator == 1 else None


def hours_of(counted_minutes: int, counted_per_unit: float) -> float:
    """The hours of a unit that so many counted minutes are.

    >>> hours_of(12_000, 2.0)
    100.0
    """
    return counted_minutes / MINUTES_PER_HOUR / counted_per_unit


def shown_hours(hours: float) -> str:
    """Hours as people read them: one decimal, or as many as it takes to tell a small number from nothing.

    >>> shown_hours(1_234.56), shown_hours(5.0), shown_hours(0.02), shown_hours(1 / 60), shown_hours(0.0), shown_hours(0.000004)
    ('1,234.6', '5.0', '0.02', '0.0167', '0.0', '0.000004')
    """
    if hours == 0 or abs(hours) >= LEAST_WITH_ONE_DECIMAL:
        return f"{hours:,.1f}"
    digits = f"{hours:.{SMALL_DIGITS - 1 - math.floor(math.log10(abs(hours)))}f}".rstrip("0")
    return f"{digits}0" if digits.endswith(".") else digits


def _exact(number: float) -> Fraction:
    """The number as it is written, so that 0.1 hours are six minutes and not five."""
    return Fraction(repr(float(number)))


def _shown(number: float | None) -> str:
    return "empty" if number is None else f"{number:,.15g}"
