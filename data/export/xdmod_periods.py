"""The periods in which Open XDMoD counts, and what a machine could have given in them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from data.errors import InputError
from data.machines import Partition, System, SystemStatus
from data.terms import Period, month_after
from data.units import SECONDS_PER_HOUR


class AggregationUnit(StrEnum):
    """The periods by which XDMoD adds up, in its own words."""

    DAY = "Day"
    MONTH = "Month"
    QUARTER = "Quarter"
    YEAR = "Year"


MONTHS_OF = {AggregationUnit.MONTH: 1, AggregationUnit.QUARTER: 3, AggregationUnit.YEAR: 12}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """One day, month, quarter or year."""

    name: str
    """As XDMoD writes it: 2016-12-22, 2016-12, 2016 Q4 or 2016."""
    start: date
    """Its first day."""
    end: date
    """The first day after it."""


def buckets(period: Period, unit: AggregationUnit) -> tuple[Bucket, ...]:
    """The days, months, quarters or years that a period touches, each as a whole.

    >>> winter = Period(date(2016, 12, 22), date(2017, 1, 2))
    >>> [bucket.name for bucket in buckets(winter, AggregationUnit.QUARTER)]
    ['2016 Q4', '2017 Q1']
    """
    found, start = [], _start_of(period.start, unit)
    while start < period.end:
        end = start + timedelta(days=1) if unit is AggregationUnit.DAY else month_after(start, MONTHS_OF[unit])
        found.append(Bucket(name=_name(start, unit), start=start, end=end))
        start = end
    return tuple(found)


def midnight(day: date, zone: str) -> datetime:
    """The moment at which a day begins in a time zone, in UTC.

    Raises:
        InputError: if there is no such zone.

    >>> midnight(date(2026, 7, 1), "Europe/Paris").isoformat()
    '2026-06-30T22:00:00+00:00'
    """
    return datetime.combine(day, time.min, tzinfo=zone_named(zone)).astimezone(UTC)


def zone_named(zone: str) -> ZoneInfo:
    """The time zone of this name.

    Raises:
        InputError: if there is none.
    """
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InputError(f"the time zone {zone!r} does not exist; name one as IANA does, such as Europe/Paris or UTC.") from error


def cpu_hours_offered(system: System, start: date, end: date, zone: str) -> float | None:
    """The CPU-hours that a machine could have given in a time, counted in the CPUs that its log counts; unknown if its size is.

    All nodes x CPUs per node x the hours in which the partition was in service; maintenance is not taken off, as XDMoD does not.
    """
    offered = [_of_partition(part, hours) for part in system.partitions if (hours := _hours_in_service(part, start, end, zone)) > 0]
    known = [cpu_hours for cpu_hours in offered if cpu_hours is not None]
    return sum(known) if known and len(known) == len(offered) else None


def _of_partition(part: Partition, hours: float) -> float | None:
    if part.nodes is None or part.cores_per_node is None:
        return None
    return part.nodes * part.cores_per_node / part.cores_per_logged_cpu * hours


def _hours_in_service(part: Partition, start: date, end: date, zone: str) -> float:
    if part.status is SystemStatus.ANNOUNCED and part.in_service is None:
        return 0
    first, last = max(start, part.in_service or start), min(end, part.out_of_service or end)
    return (midnight(last, zone) - midnight(first, zone)).total_seconds() / SECONDS_PER_HOUR if first < last else 0


def _start_of(day: date, unit: AggregationUnit) -> date:
    if unit is AggregationUnit.DAY:
        return day
    months = MONTHS_OF[unit]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def _name(start: date, unit: AggregationUnit) -> str:
    match unit:
        case AggregationUnit.DAY:
            return start.isoformat()
        case AggregationUnit.MONTH:
            return f"{start.year:04d}-{start.month:02d}"
        case AggregationUnit.QUARTER:
            return f"{start.year:04d} Q{(start.month + 2) // 3}"
        case AggregationUnit.YEAR:
            return f"{start.year:04d}"
