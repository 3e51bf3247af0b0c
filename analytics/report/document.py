"""A report as records: what is said, drawn and tabulated, in order, before it becomes HTML, PDF or a workbook."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import plotly.graph_objects as go
import polars as pl
import polars.selectors as cs

from analytics.charts import numbers, theme
from data.errors import SchemaError
from data.terms import Flag

WITHHELD = numbers.WITHHELD
"""What stands where a figure would show a single organisation, in tables as in charts."""

DIGITS = 10
"""To how many digits the figures of a report are kept."""


class Kind(StrEnum):
    """What the values of a column are, which decides how they are written."""

    TEXT = "text"
    SOURCE = "source"
    CATEGORY = "category"
    COUNTRY = "country"
    MODE = "mode"
    NUMBER = "number"
    SHARE = "share"
    POINTS = "points"
    CHANGE = "change"
    ENERGY = "energy"
    EMISSIONS = "emissions"
    DURATION = "duration"
    MONTH = "month"
    YES_NO = "yes_no"
    FLAG = "flag"

    @property
    def is_number(self) -> bool:
        """Whether the values are set to the right, as numbers are."""
        return self not in _WORDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table."""

    name: str
    """Its name in the frame."""
    header: str
    """What stands above it, with the unit."""
    kind: Kind = Kind.TEXT
    """What its values are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows for reading; the frame keeps full precision for workbooks."""

    caption: str
    """What it shows, in a sentence."""
    frame: pl.DataFrame
    """The rows."""
    columns: tuple[Column, ...]
    """Which columns are shown, in which order."""
    withheld: frozenset[int] = frozenset()
    """The places of the rows whose figures are withheld, so as not to show a single organisation."""

    def __post_init__(self) -> None:
        missing = [column.name for column in self.columns if column.name not in self.frame.columns]
        if missing:
            raise SchemaError(f"the table {self.caption!r} shows the columns {missing}, which its frame lacks; name columns that it has.")

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The rows as they are written for people."""
        return tuple(
            tuple(
                WITHHELD if value is None and place in self.withheld and column.kind not in NEVER_WITHHELD else written(value, column.kind)
                for value, column in zip(row, self.columns, strict=True)
            )
            for place, row in enumerate(self.shown.rows())
        )

    @property
    def shown(self) -> pl.DataFrame:
        """The columns that are shown, with numbers to ten digits: the last bits of a sum depend on the order in which it was added up."""
        return self.frame.select(pl.col(column.name) for column in self.columns).with_columns(cs.float().round_sig_figs(DIGITS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A figure with its alternative in words and in rows."""

    id: str
    """A short name, unique in the report."""
    figure: go.Figure
    """The figure."""
    alt: str
    """What it shows, for those who cannot see it."""
    table: Table
    """The same figures as rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """Running text."""

    text: str
    """One paragraph, plain text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a reader must bear in mind: what is missing, estimated or only indicative."""

    text: str
    """One paragraph, plain text."""


Block = Paragraph | Note | Chart | Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One question and its answer."""

    id: str
    """A short name, unique in the report."""
    title: str
    """The question."""
    finding: str
    """The answer in a sentence."""
    blocks: tuple[Block, ...]
    """What supports it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """How one figure is computed, from the words beside the code that computes it."""

    name: str
    """Where it is computed."""
    title: str
    """What it is called."""
    summary: str
    """What it is, in a sentence."""
    details: tuple[str, ...]
    """Formula, source and edges, a paragraph each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The state of the store that a report was made from."""

    id: int
    """Its number."""
    author: str
    """Who wrote last."""
    message: str
    """What was written, and why."""
    committed: datetime | None
    """When, in UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A whole report."""

    title: str
    """What it is about."""
    period: str
    """The period by name."""
    scope: str
    """Which machines and categories it covers."""
    demo: bool
    """Whether its data are made up."""
    sections: tuple[Section, ...]
    """Questions and answers, in order."""
    methods: tuple[Method, ...]
    """How the figures are computed."""
    sources: tuple[Table, ...]
    """The facts it rests on, with source and flag."""
    snapshot: Snapshot
    """What it can be made from again."""
    versions: tuple[tuple[str, str], ...]
    """The programs that made it, and their versions."""
    parameters: tuple[tuple[str, str], ...] = ()
    """What it was asked for, by the names of the command line's options."""
    disclosure: str = ""
    """By which rule figures of single organisations are withheld, or that none are, in a sentence."""
    provenance: str = ""
    """What it was made from, where that is not a state of the store, in a sentence or two."""
    is_brief: bool = False
    """Whether it is to fit one page, without contents and methods."""

    @property
    def tables(self) -> dict[str, Table]:
        """Every table by a short name, unique in the report: that of its chart, or of its section with a number."""
        found: dict[str, Table] = {}
        for section in self.sections:
            for block in section.blocks:
                if isinstance(block, Chart):
                    found[block.id] = block.table
                elif isinstance(block, Table):
                    found[f"{section.id}-{sum(name.startswith(f'{section.id}-') for name in found) + 1}"] = block
        return found | {f"sources-{place}": table for place, table in enumerate(self.sources, 1)}

    @property
    def charts(self) -> tuple[Chart, ...]:
        """Every chart, in order."""
        return tuple(block for section in self.sections for block in section.blocks if isinstance(block, Chart))


def written(value: Any, kind: Kind) -> str:
    """A value as it stands in a table.

    >>> written("sme", Kind.CATEGORY), written(None, Kind.ENERGY), written(True, Kind.YES_NO), written("E", Kind.FLAG)
    ('SMEs', 'not available', 'yes', 'estimate')
    """
    return numbers.NOT_AVAILABLE if value is None or value == "" else _WRITERS[kind](value)


NEVER_WITHHELD = (Kind.CATEGORY, Kind.COUNTRY, Kind.MODE, Kind.MONTH)
"""What says which row it is."""

_WORDS = (Kind.TEXT, Kind.SOURCE, Kind.CATEGORY, Kind.COUNTRY, Kind.MODE, Kind.MONTH, Kind.YES_NO, Kind.FLAG)


def _month(value: date) -> str:
    return numbers.month(value)


_WRITERS: dict[Kind, Callable[[Any], str]] = {
    Kind.TEXT: str,
    Kind.SOURCE: str,
    Kind.CATEGORY: lambda value: theme.sentence_case(theme.category_name(value)),
    Kind.COUNTRY: numbers.country,
    Kind.MODE: lambda value: theme.MODE_NAMES.get(value, value),
    Kind.NUMBER: numbers.exact,
    Kind.SHARE: numbers.percent,
    Kind.POINTS: numbers.points,
    Kind.CHANGE: numbers.change,
    Kind.ENERGY: numbers.energy,
    Kind.EMISSIONS: numbers.emissions,
    Kind.DURATION: numbers.duration,
    Kind.MONTH: _month,
    Kind.YES_NO: lambda value: "yes" if value else "no",
    Kind.FLAG: lambda value: Flag(value).shown_as,
}
