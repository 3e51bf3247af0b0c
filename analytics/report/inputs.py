"""What a report is made from: frames and facts, handed in whole, so that the same inputs make the same report."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import polars as pl

from analytics.carbon import IntensityMethod, IntensityScope
from analytics.carbon_hourly import UNDER_LOAD
from analytics.charts.split import SPLIT
from analytics.charts.theme import ALL_WITHHELD
from analytics.demand import DEMAND, demand_by_month, demand_of_projects
from analytics.report.disclosure import Key, Withheld, blanked
from analytics.report.document import Snapshot
from analytics.usage import CAPACITY, capacity
from data.schema import INTENSITY, PARTITIONS, PROJECTS, Schema, check, usage_by, waits_by
from data.terms import Period, PolicyLimit, Selection

USED: Schema = usage_by("system", "partition", "category", "mode", "country", "month")

FACTS: Schema = dict.fromkeys(("system", "partition", "fact", "value", "unit", "source", "flag", "valid"), pl.String)
"""One row a fact about a machine, as the reference facts state it."""


LEFT_OUT = "Withheld figures are left out."


def told(alt: str, held: Collection[object]) -> str:
    """The words of a chart, with a sentence where figures are withheld in it."""
    return f"{alt} {LEFT_OUT}" if held else alt


def unheld(rows: pl.DataFrame, held: frozenset[int]) -> pl.DataFrame:
    """The rows that are not withheld."""
    return rows.filter(pl.Series([place not in held for place in range(rows.height)], dtype=pl.Boolean))


def marked(rows: pl.DataFrame, held: frozenset[int]) -> pl.DataFrame:
    """The rows as a chart draws them, with a column that says which of them are withheld, where any is."""
    flags = pl.Series("withheld", [place in held for place in range(rows.height)], dtype=pl.Boolean)
    return rows.with_columns(flags) if held else rows


def in_words(summary: Callable[[pl.DataFrame], str], rows: pl.DataFrame, held: frozenset[int]) -> str:
    """The words of a chart of the rows that are not withheld, and that others are left out.

    >>> in_words(lambda rows: f"{rows.height} rows.", pl.DataFrame({"hours": [1.0, None]}), frozenset({1}))
    '1 rows. Withheld figures are left out.'
    """
    shown = unheld(rows, held)
    return told(summary(shown) if shown.height or not held else "", held).strip()


def found_unless_held(finding: str, rows: pl.DataFrame, held: Collection[object]) -> str:
    """A finding, unless all that it could speak of is withheld, which is not the same as unknown.

    >>> found_unless_held("Nothing is known.", pl.DataFrame({"category": ["sme"]}), {0})
    'The figures are withheld: they would show single organisations.'
    """
    return ALL_WITHHELD if held and len(held) == rows.height else finding


def counts_towards(limit: str) -> str:
    """The column that says whether machine time counts towards a limit, in tables that are protected."""
    return f"counts_towards_{limit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportInputs:
    """Everything a report shows or computes from."""

    selection: Selection
    """The period, machines, categories and unit that it covers; the frames hold what was selected."""
    usage: pl.DataFrame
    """Usage by system, partition, category, mode, country and month."""
    usage_before: pl.DataFrame
    """The same of the period before; no rows where it has no log."""
    usage_of_projects: pl.DataFrame
    """Usage by system, account and month."""
    waits: pl.DataFrame
    """Waits by category."""
    partitions: pl.DataFrame
    """The facts of partitions (PARTITIONS)."""
    intensity: pl.DataFrame
    """Carbon intensities (INTENSITY)."""
    projects: pl.DataFrame
    """The decided projects (PROJECTS)."""
    limits: tuple[PolicyLimit, ...]
    """The limits of law and access policy."""
    facts: pl.DataFrame
    """The facts about machines with their sources (FACTS)."""
    snapshot: Snapshot
    """The state of the store."""
    versions: tuple[tuple[str, str], ...]
    """Programs and their versions."""
    demo: bool
    """Whether the data are made up."""
    method: IntensityMethod = IntensityMethod.FLOW_TRACED
    """Whose electricity the carbon intensity counts."""
    scope: IntensityScope = IntensityScope.LIFE_CYCLE
    """Which emissions of power stations count."""
    intensity_hourly: pl.DataFrame | None = None
    """The carbon intensity of what partitions drew, hour by hour (UNDER_LOAD); none given means the annual figures alone."""
    due: Mapping[str, float] = field(default_factory=dict)
    """Weights of the categories' due shares; none given means the hours awarded or asked for."""
    offered: pl.DataFrame | None = None
    """Capacity of the days with logs (CAPACITY); none given means that of the whole period, on the machines with logs."""
    asked: pl.DataFrame | None = None
    """What projects asked of the days with logs (DEMAND); none given means of the whole period, on the machines with logs."""
    asked_by_month: pl.DataFrame | None = None
    """The same by month (DEMAND with the month in front)."""
    recommended: pl.DataFrame | None = None
    """A recommended split by category and machine (SPLIT)."""
    recommended_in_words: str = ""
    """What the split would change, and why."""
    is_comparable: bool = True
    """Whether the logs reach over the period and the one before it, so that a change between them means something."""
    country: str | None = None
    """The participating state that a report is about, by its two letters."""
    withheld: Withheld | None = None
    """Which rows are withheld so as not to show a single firm; none given means that nothing is."""
    withheld_before: Withheld | None = None
    """The same of the period before."""
    disclosure: str = ""
    """By which rule figures are withheld, or that none are."""
    parameters: tuple[tuple[str, str], ...] = ()
    """What the report was asked for, by the names of the command line's options."""

    def __post_init__(self) -> None:
        check(self.usage, USED)
        check(self.usage_before, USED)
        check(self.usage_of_projects, usage_by("system", "account", "month"))
        check(self.waits, waits_by("category"))
        check(self.partitions, PARTITIONS)
        check(self.intensity, INTENSITY)
        check(self.projects, PROJECTS)
        check(self.facts, FACTS)
        optional = (
            *((self.recommended, SPLIT), (self.offered, CAPACITY), (self.asked, DEMAND)),
            *((self.asked_by_month, {"month": pl.Date, **DEMAND}), (self.intensity_hourly, UNDER_LOAD)),
        )
        for given, schema in optional:
            if given is not None:
                check(given, schema)

    def held_back(self, frame: pl.DataFrame, *by: str) -> frozenset[int]:
        """The places of the rows of a frame by these columns that are withheld."""
        return frozenset() if self.withheld is None else self.withheld.places(frame, *by)

    def held_wholes(self, of: str) -> frozenset[Key]:
        """The machines, or months, of which not even the whole is shown."""
        return frozenset() if self.withheld is None else self.withheld.rows[(of,)]

    def shown(self, frame: pl.DataFrame, *by: str) -> pl.DataFrame:
        """A frame by these columns with everything but them empty in the rows that are withheld."""
        return blanked(frame, self.held_back(frame, *by), [name for name in frame.columns if name not in by])

    @property
    def period(self) -> Period:
        """The period of the report."""
        return self.selection.period

    @property
    def capacity(self) -> pl.DataFrame:
        """The capacity with which use is compared (CAPACITY)."""
        return capacity(self.logged_partitions, self.period) if self.offered is None else self.offered

    @property
    def demand(self) -> pl.DataFrame:
        """What the selected projects on machines with logs asked for (DEMAND)."""
        if self.asked is not None:
            return self.asked
        return self._selected(demand_of_projects(self.usage_of_projects, self._decided, self.period))

    @property
    def monthly_demand(self) -> pl.DataFrame:
        """What the selected projects asked for in each month (DEMAND with the month in front)."""
        if self.asked_by_month is not None:
            return self.asked_by_month
        return self._selected(demand_by_month(self.usage_of_projects, self._decided, self.period))

    @property
    def _decided(self) -> pl.DataFrame:
        """What was decided about projects on machines with logs."""
        return self.projects.filter(pl.col("system").is_in(self.usage["system"].unique().to_list()))

    def _selected(self, asked: pl.DataFrame) -> pl.DataFrame:
        """The demand of the categories chosen."""
        chosen = list(self.selection.categories)
        return asked.filter(pl.col("category").is_in(chosen)) if chosen else asked

    @property
    def logged_partitions(self) -> pl.DataFrame:
        """The partitions of the machines whose logs are in the store for this period: only these can be compared with capacity."""
        return self.partitions.filter(pl.col("system").is_in(self.usage["system"].unique().to_list()))
