"""How projects of each access mode come and how large they are: sizes as EuroHPC publishes them, counts and shares assumed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from data.terms import AccessMode, UserCategory

START = date(2024, 11, 1)
"""First day of the demonstration."""
END = date(2026, 11, 1)
"""First day after it, on which its logs are written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeRule:
    """How the projects of an access mode come and how large they are."""

    mode: AccessMode
    """The access mode."""
    code: str
    """Track and letters of its project codes, such as AIF-PG."""
    hours: tuple[float, float]
    """Smallest and largest award."""
    months: tuple[int, ...]
    """How long its projects may last."""
    holders: Mapping[UserCategory, float]
    """Who holds them, as weights."""
    share: tuple[float, float] = (0.0, 0.0)
    """Its part of the Union's hours at the start and at the end; used where `projects` is 0."""
    projects: int = 0
    """How many projects over all machines."""
    gpu_hours: bool = False
    """Whether awards count GPU-hours, else node-hours."""
    gpu_only: bool = False
    """Whether it is open on machines with GPUs alone."""
    high_end_only: bool = False
    """Whether it is open on the high-end machines alone."""
    since: date = date(2023, 6, 1)
    """First day on which its projects begin."""
    until: date = END
    """First day on which they no longer begin."""
    months_between: int = 0
    """Months between two starts; 0: any day."""
    lead_days: int = 0
    """Days from the cut-off of a call to the start of its projects."""


_SCIENCE = {UserCategory.RESEARCH: 0.88, UserCategory.PUBLIC_SECTOR: 0.06, UserCategory.LARGE_INDUSTRY: 0.03, UserCategory.SME: 0.03}
_ANYBODY = {
    UserCategory.RESEARCH: 0.74,
    UserCategory.SME: 0.10,
    UserCategory.START_UP: 0.06,
    UserCategory.PUBLIC_SECTOR: 0.06,
    UserCategory.LARGE_INDUSTRY: 0.04,
}
_LANES_OPEN = date(2025, 3, 1)

RULES = (
    ModeRule(
        mode=AccessMode.EXTREME_SCALE,
        code="EXT-E",
        hours=(100e3, 3e6),
        months=(12,),
        share=(0.46, 0.38),
        high_end_only=True,
        months_between=6,
        lead_days=180,
        holders={UserCategory.RESEARCH: 0.93, UserCategory.PUBLIC_SECTOR: 0.05, UserCategory.LARGE_INDUSTRY: 0.02},
    ),
    ModeRule(
        mode=AccessMode.REGULAR,
        code="REG-R",
        hours=(20e3, 1.8e6),
        months=(12,),
        share=(0.42, 0.32),
        months_between=6,
        lead_days=120,
        holders=_SCIENCE,
    ),
    ModeRule(
        mode=AccessMode.OTHER,
        code="AI-A",
        hours=(25e3, 50e3),
        months=(12,),
        share=(0.10, 0.0),
        gpu_only=True,
        until=date(2025, 3, 1),
        months_between=2,
        lead_days=60,
        holders={UserCategory.RESEARCH: 0.7, UserCategory.SME: 0.15, UserCategory.START_UP: 0.1, UserCategory.PUBLIC_SECTOR: 0.05},
    ),
    ModeRule(
        mode=AccessMode.AI_FOR_SCIENCE,
        code="AIF-SC",
        hours=(20e3, 90e3),
        months=(6,),
        share=(0.02, 0.13),
        gpu_only=True,
        since=date(2025, 5, 1),
        months_between=2,
        lead_days=45,
        holders={UserCategory.RESEARCH: 0.8, UserCategory.PUBLIC_SECTOR: 0.15, UserCategory.SME: 0.03, UserCategory.START_UP: 0.02},
    ),
    ModeRule(
        mode=AccessMode.LARGE_SCALE,
        code="AIF-LS",
        hours=(50e3, 2.4e6),
        months=(3, 6, 12),
        share=(0.02, 0.15),
        gpu_hours=True,
        gpu_only=True,
        since=_LANES_OPEN,
        lead_days=14,
        holders={UserCategory.START_UP: 0.45, UserCategory.SME: 0.35, UserCategory.LARGE_INDUSTRY: 0.2},
    ),
    ModeRule(
        mode=AccessMode.FAST_LANE,
        code="AIF-FL",
        hours=(10e3, 50e3),
        months=(1, 2, 3),
        projects=210,
        gpu_hours=True,
        gpu_only=True,
        since=_LANES_OPEN,
        lead_days=6,
        holders={UserCategory.START_UP: 0.5, UserCategory.SME: 0.42, UserCategory.LARGE_INDUSTRY: 0.08},
    ),
    ModeRule(
        mode=AccessMode.PLAYGROUND,
        code="AIF-PG",
        hours=(5e3, 5e3),
        months=(1, 2, 3),
        projects=400,
        gpu_hours=True,
        gpu_only=True,
        since=_LANES_OPEN,
        lead_days=4,
        holders={UserCategory.START_UP: 0.58, UserCategory.SME: 0.39, UserCategory.LARGE_INDUSTRY: 0.03},
    ),
    ModeRule(
        mode=AccessMode.DEVELOPMENT,
        code="DEV-D",
        hours=(800, 4500),
        months=(6, 12),
        projects=370,
        months_between=1,
        lead_days=30,
        holders=_ANYBODY,
    ),
    ModeRule(
        mode=AccessMode.BENCHMARK,
        code="BEN-B",
        hours=(200, 2500),
        months=(2, 3),
        projects=250,
        months_between=1,
        lead_days=15,
        holders=_ANYBODY,
    ),
    ModeRule(
        mode=AccessMode.STRATEGIC,
        code="STR-S",
        hours=(0.4e6, 2.5e6),
        months=(12,),
        share=(0.01, 0.05),
        high_end_only=True,
        since=date(2025, 1, 1),
        months_between=6,
        lead_days=60,
        holders={UserCategory.RESEARCH: 0.9, UserCategory.PUBLIC_SECTOR: 0.1},
    ),
)
"""The access modes of the demonstration; sizes follow EuroHPC's published ranges, counts and shares are assumptions."""
