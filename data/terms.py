"""The field's own words as closed sets and small records; everything else in the house speaks them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from data.errors import InputError


class UserCategory(StrEnum):
    """Who holds a project; Regulation (EU) 2021/1173 Art. 17(11) monitors access time per user category."""

    START_UP = "start_up"
    SME = "sme"
    LARGE_INDUSTRY = "large_industry"
    RESEARCH = "research"
    PUBLIC_SECTOR = "public_sector"
    UNCLASSIFIED = "unclassified"


class AccessMode(StrEnum):
    """The EuroHPC access mode under which a project was granted time."""

    BENCHMARK = "benchmark"
    DEVELOPMENT = "development"
    REGULAR = "regular"
    EXTREME_SCALE = "extreme_scale"
    AI_FOR_SCIENCE = "ai_for_science"
    PLAYGROUND = "playground"
    FAST_LANE = "fast_lane"
    LARGE_SCALE = "large_scale"
    STRATEGIC = "strategic"
    OTHER = "other"


AI_INDUSTRIAL_MODES = (AccessMode.PLAYGROUND, AccessMode.FAST_LANE, AccessMode.LARGE_SCALE)
"""AI for Industrial Innovation: the three lanes for start-ups, SMEs and industry."""


class JobState(StrEnum):
    """The states of a job, in Slurm's words."""

    BOOT_FAIL = "BOOT_FAIL"
    CANCELLED = "CANCELLED"
    COMPLETED = "COMPLETED"
    DEADLINE = "DEADLINE"
    FAILED = "FAILED"
    NODE_FAIL = "NODE_FAIL"
    OUT_OF_MEMORY = "OUT_OF_MEMORY"
    PENDING = "PENDING"
    PREEMPTED = "PREEMPTED"
    RUNNING = "RUNNING"
    REQUEUED = "REQUEUED"
    RESIZING = "RESIZING"
    REVOKED = "REVOKED"
    SUSPENDED = "SUSPENDED"
    TIMEOUT = "TIMEOUT"


FAILED_STATES = (JobState.BOOT_FAIL, JobState.FAILED, JobState.NODE_FAIL, JobState.OUT_OF_MEMORY, JobState.TIMEOUT, JobState.DEADLINE)
"""States in which the machine time of a job brought its owner no result."""


class EnergyQuality(StrEnum):
    """What a job's own energy reading is worth."""

    MEASURED = "measured"
    MISSING = "missing"
    IMPLAUSIBLE = "implausible"


class HourUnit(StrEnum):
    """The units of machine time; a GPU is the billing unit of the machine's own rules."""

    NODE_HOURS = "node_hours"
    GPU_HOURS = "gpu_hours"
    CORE_HOURS = "core_hours"


class Dimension(StrEnum):
    """What machine time can be told apart by, in tables that a reader makes."""

    SYSTEM = "system"
    PARTITION = "partition"
    CATEGORY = "category"
    MODE = "mode"
    COUNTRY = "country"
    FIELD = "field"
    ORGANISATION = "organisation"
    PROJECT = "account"
    QUARTER = "quarter"
    MONTH = "month"
    DAY = "day"

    @property
    def is_time(self) -> bool:
        """Whether it is a time, which stands in its own order and never by size."""
        return self in (Dimension.QUARTER, Dimension.MONTH, Dimension.DAY)


OF_PROJECTS = (Dimension.FIELD, Dimension.ORGANISATION, Dimension.PROJECT)
"""What only the table of projects tells apart, account by account."""


class Flag(StrEnum):
    """How well a fact is known."""

    SOURCED = "S"
    SECOND_HAND = "S2"
    DERIVED = "D"
    ESTIMATE = "E"
    MEMORY = "M"
    DECLARED = "O"

    @property
    def shown_as(self) -> str:
        """The words that stand beside the value wherever it is shown."""
        return {
            "S": "sourced",
            "S2": "second-hand source",
            "D": "derived from sourced values",
            "E": "estimate",
            "M": "estimate (from memory, unverified)",
            "O": "declared by the operator",
        }[self.value]

    @property
    def is_estimate(self) -> bool:
        """Whether screens and reports must say "estimate" beside it."""
        return self in (Flag.ESTIMATE, Flag.MEMORY)


class Action(StrEnum):
    """What a person may be allowed to do."""

    READ = "read"
    INGEST = "ingest"
    DECIDE = "decide"
    EXPORT = "export"


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Whole days in UTC, half-open: `start <= day < end`."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise InputError(f"the period runs from {self.start} to {self.end}; its end must lie after its start.")

    @property
    def days(self) -> int:
        """How many days it holds."""
        return (self.end - self.start).days

    @property
    def is_of_whole_months(self) -> bool:
        """Whether it begins with the first day of a month and ends with the last of one."""
        return self.start.day == 1 and self.end.day == 1

    @property
    def before(self) -> "Period":
        """The period just before, as many whole months long where this one is whole months, else as many days.

        >>> Period(date(2026, 4, 1), date(2026, 7, 1)).before
        Period(start=datetime.date(2026, 1, 1), end=datetime.date(2026, 4, 1))
        """
        if self.is_of_whole_months:
            months = (self.end.year - self.start.year) * 12 + self.end.month - self.start.month
            return Period(month_after(self.start, -months), self.start)
        return Period(self.start - timedelta(days=self.days), self.start)

    @property
    def months(self) -> tuple[date, ...]:
        """The first days of the months it touches."""
        found, month = [], self.start.replace(day=1)
        while month < self.end:
            found.append(month)
            month = month_after(month)
        return tuple(found)

    def within(self, other: "Period") -> "Period | None":
        """The days that lie in both, none where there are none.

        >>> Period(date(2026, 1, 1), date(2026, 4, 1)).within(Period(date(2026, 3, 15), date(2027, 1, 1)))
        Period(start=datetime.date(2026, 3, 15), end=datetime.date(2026, 4, 1))
        """
        first, last = max(self.start, other.start), min(self.end, other.end)
        return Period(first, last) if first < last else None

    @property
    def start_utc(self) -> datetime:
        """Its first instant."""
        return datetime(self.start.year, self.start.month, self.start.day, tzinfo=UTC)

    @property
    def end_utc(self) -> datetime:
        """The first instant that no longer belongs to it."""
        return datetime(self.end.year, self.end.month, self.end.day, tzinfo=UTC)

    @property
    def name(self) -> str:
        """The name people use: "Q1 2026", "2025", "March 2026", else its first and last day.

        >>> Period(date(2026, 1, 1), date(2026, 4, 1)).name
        'Q1 2026'
        >>> Period(date(2025, 11, 3), date(2025, 11, 5)).name
        '3 November 2025 to 4 November 2025'
        """
        last = self.end - timedelta(days=1)
        if self.is_of_whole_months:
            months = (self.end.year - self.start.year) * 12 + self.end.month - self.start.month
            if months == 1:
                return f"{self.start:%B %Y}"
            if months == 3 and self.start.month % 3 == 1:
                return f"Q{(self.start.month + 2) // 3} {self.start.year}"
            if months == 12 and self.start.month == 1:
                return f"{self.start.year}"
            return f"{self.start:%B %Y} to {last:%B %Y}"
        return f"{_spelled(self.start)} to {_spelled(last)}" if self.days > 1 else _spelled(self.start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What a reader chose to look at."""

    period: Period
    systems: tuple[str, ...] = ()
    """Identifiers of machines; none chosen means all."""
    categories: tuple[UserCategory, ...] = ()
    """User categories; none chosen means all."""
    unit: HourUnit = HourUnit.NODE_HOURS
    """The unit in which machine time is shown."""


class LimitBase(StrEnum):
    """What a limit is a share of."""

    MACHINE = "machine"
    UNION_SHARE = "union_share"
    UNION_AI_SHARE = "union_ai_share"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyLimit:
    """A limit that the law or the access policy sets on machine time."""

    id: str
    """Its short name."""
    title: str
    """What it limits, in words."""
    share: float
    """At most this part, 0 to 1."""
    of: LimitBase
    """Of what."""
    systems: tuple[str, ...]
    """The machines it holds for, each by itself; none named means all."""
    categories: tuple[UserCategory, ...]
    """The user categories whose time counts; none named means all."""
    modes: tuple[AccessMode, ...]
    """The access modes whose time counts; none named means all."""
    exact: bool
    """Whether those categories and modes are exactly what the rule speaks of; else the comparison is only indicative."""
    reading: str
    """How the rule is read in terms of a log."""
    source: str
    """Where it stands."""
    flag: Flag
    """How well it is known."""
    valid: str
    """When it holds."""


def month_after(month: date, months: int = 1) -> date:
    """The first day of the month so many months later.

    >>> month_after(date(2025, 12, 1))
    datetime.date(2026, 1, 1)
    """
    ordinal = month.year * 12 + month.month - 1 + months
    return date(ordinal // 12, ordinal % 12 + 1, 1)


def _spelled(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
