"""What the invented jobs of each access mode are like, and how work comes and goes through the year; assumptions, not to be quoted."""

from dataclasses import dataclass

from data.terms import AccessMode, UserCategory


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """How the jobs of an access mode usually are."""

    hours: float
    """Median run time."""
    node_hours: float
    """What a job uses on a large machine, as a mean."""
    wait_hours: float
    """Median queue wait at the usual load."""
    busy: float
    """Where between idle and full power its nodes are."""
    clumsy: float
    """Chance that a job fails."""
    shared: float
    """Chance that a project's small jobs use a part of a node."""


HABITS = {
    AccessMode.BENCHMARK: Habit(hours=0.6, node_hours=15, wait_hours=0.4, busy=0.55, clumsy=0.07, shared=0.1),
    AccessMode.DEVELOPMENT: Habit(hours=1.1, node_hours=12, wait_hours=0.5, busy=0.35, clumsy=0.11, shared=0.35),
    AccessMode.REGULAR: Habit(hours=8.0, node_hours=900, wait_hours=3.2, busy=0.50, clumsy=0.05, shared=0.03),
    AccessMode.EXTREME_SCALE: Habit(hours=9.0, node_hours=2000, wait_hours=6.0, busy=0.52, clumsy=0.05, shared=0.0),
    AccessMode.AI_FOR_SCIENCE: Habit(hours=7.0, node_hours=90, wait_hours=2.6, busy=0.66, clumsy=0.07, shared=0.2),
    AccessMode.PLAYGROUND: Habit(hours=3.0, node_hours=5, wait_hours=0.7, busy=0.55, clumsy=0.14, shared=0.6),
    AccessMode.FAST_LANE: Habit(hours=4.5, node_hours=20, wait_hours=1.1, busy=0.66, clumsy=0.09, shared=0.3),
    AccessMode.LARGE_SCALE: Habit(hours=11.0, node_hours=300, wait_hours=2.2, busy=0.72, clumsy=0.06, shared=0.02),
    AccessMode.STRATEGIC: Habit(hours=13.0, node_hours=900, wait_hours=3.0, busy=0.72, clumsy=0.05, shared=0.0),
    AccessMode.OTHER: Habit(hours=6.0, node_hours=90, wait_hours=2.5, busy=0.62, clumsy=0.07, shared=0.2),
}
WAIT_OF_CATEGORY = {
    UserCategory.START_UP: 1.35,
    UserCategory.SME: 1.2,
    UserCategory.LARGE_INDUSTRY: 0.95,
    UserCategory.RESEARCH: 1.0,
    UserCategory.PUBLIC_SECTOR: 1.1,
}
"""How the waits of a category compare, invented so that the demonstration has a difference to find."""

METERED = {"lumi": 0.97, "jupiter": 0.95, "marenostrum5": 0.9, "arrhenius": 0.9, "meluxina": 0.8, "leonardo": 0.55, "vega": 0.5}
"""The part of jobs with an energy reading on each machine; the others have none."""
WALL_HOURS = {"leonardo": 24, "jupiter": 24, "marenostrum5": 72}
"""Longest time limit of a machine, where it is not two days."""

SEASON = (0.95, 1.02, 1.07, 1.03, 1.05, 1.06, 0.97, 0.86, 0.97, 1.04, 1.07, 0.91)
"""How busy each month is, January first."""
HOURS_OF_DAY = (3, 2, 2, 2, 2, 3, 4, 6, 9, 12, 13, 13, 11, 12, 13, 13, 12, 11, 9, 7, 6, 6, 5, 4)
"""How many jobs are submitted in each hour of the site's day, in relation to each other."""
DAYS_OF_WEEK = (1.15, 1.2, 1.2, 1.15, 1.05, 0.6, 0.6)
"""How many jobs are submitted on each day of the week, Monday first."""
JOB_NAMES = (
    *("train", "prod", "run", "relax", "md_npt", "eval", "finetune", "cfd_les"),
    *("scaling", "ensemble", "preprocess", "post|plot", "qcd_hmc", "sweep"),
)
"""Names of jobs; one holds the log's own separator, as real ones do."""
