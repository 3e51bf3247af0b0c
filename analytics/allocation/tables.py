"""The five tables of an allocation problem: their columns, and the check that turns what was handed in into clean frames or plain words."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from data.errors import InputError

RAW = " as handed in"
"""What follows a column's name where its text stands beside its value."""

FAULTS_SHOWN = 12
"""How many faults one message lists before it only counts the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What one column of a table may hold."""

    number: bool = False
    """Whether it holds numbers; otherwise text."""
    needed: bool = True
    """Whether every row must have a value; an optional column may also be missing."""
    positive: bool = False
    """Whether a number must be above zero; otherwise zero is allowed too."""
    choices: tuple[str, ...] = ()
    """The only texts allowed, where they are few."""


TEXT = Column()
LABEL = Column(needed=False)
AMOUNT = Column(number=True)
POSITIVE = Column(number=True, positive=True)
FACTOR = Column(number=True, needed=False)

QUANTITIES: Mapping[str, str] = {
    "node_hours": "node-hour",
    "credits": "credit",
    "mwh": "MWh",
    "tco2e": "t CO2e",
    "eur": "EUR",
}
"""What a limit may count, and the word for one of it."""

TABLES: Mapping[str, Mapping[str, Column]] = {
    "projects": {
        "project": TEXT,
        "category": LABEL,
        "country": LABEL,
        "mode": LABEL,
        "weight": POSITIVE,
        "hours_asked": AMOUNT,
        "entitlement": Column(number=True, needed=False),
        "least_satisfaction": FACTOR,
        "most_satisfaction": FACTOR,
        "starts": LABEL,
        "ends": LABEL,
    },
    "options": {"project": TEXT, "partition": TEXT, "usefulness": POSITIVE},
    "partitions": {"partition": TEXT, "system": LABEL, "site": LABEL, "credit": FACTOR},
    "capacity": {
        "partition": TEXT,
        "period": TEXT,
        "node_hours": AMOUNT,
        "mwh_per_node_hour": FACTOR,
        "tco2e_per_node_hour": FACTOR,
        "eur_per_node_hour": FACTOR,
    },
    "limits": {
        "name": TEXT,
        "sense": Column(choices=("max", "min")),
        "quantity": Column(choices=tuple(QUANTITIES)),
        "category": LABEL,
        "country": LABEL,
        "mode": LABEL,
        "system": LABEL,
        "partition": LABEL,
        "period": LABEL,
        "value": AMOUNT,
        "unit": Column(choices=("absolute", "share")),
    },
}
"""The columns of each table of a problem."""

KEYS: Mapping[str, tuple[str, ...]] = {
    "projects": ("project",),
    "options": ("project", "partition"),
    "partitions": ("partition",),
    "capacity": ("partition", "period"),
    "limits": ("name",),
}
"""The columns by which a row of each table is known; no two rows may share them."""


def clean(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The table with every column of its kind, blanks as nulls, ordered by its key.

    Raises:
        InputError: naming the table, the row (counted from 1, without the header) and the column of every fault.

    >>> clean("options", pl.DataFrame({"project": ["a"], "partition": ["gpu "], "usefulness": ["2.5"]})).rows()
    [('a', 'gpu', 2.5)]
    """
    columns = TABLES[name]
    missing = [column for column, kind in columns.items() if column not in frame.columns and kind.needed]
    if missing:
        raise InputError(
            f"table {name}: column {', '.join(missing)} is missing; it has {', '.join(frame.columns) or 'no columns'}. Add it."
        )
    stray = [column for column in frame.columns if column not in columns]
    if stray:
        raise InputError(f"table {name}: column {', '.join(stray)} is not known; expected are {', '.join(columns)}. Rename or remove it.")
    text = frame.select(_as_text(frame, column) for column in columns)
    cast = text.with_columns(pl.col(column).cast(pl.Float64, strict=False) for column, kind in columns.items() if kind.number)
    raise_faults(_faults(name, text, cast))
    _check_duplicates(name, cast)
    return cast.sort(KEYS[name])


def raise_faults(faults: list[str]) -> None:
    """Nothing, if there are no faults.

    Raises:
        InputError: telling the first faults together, and how many more there are.
    """
    if faults:
        more = f" … and {len(faults) - FAULTS_SHOWN} more." if len(faults) > FAULTS_SHOWN else ""
        raise InputError(" ".join(faults[:FAULTS_SHOWN]) + more)


def chosen(text: str | None) -> frozenset[str] | None:
    """The values that a cell of a limit selects, separated by `;`; None where it is empty and selects all.

    >>> sorted(chosen("sme; start_up"))
    ['sme', 'start_up']
    """
    values = frozenset(part.strip() for part in (text or "").split(";") if part.strip())
    return values or None


def _as_text(frame: pl.DataFrame, column: str) -> pl.Expr:
    if column not in frame.columns:
        return pl.lit(None, dtype=pl.String).alias(column)
    if isinstance(frame.schema[column], pl.List | pl.Struct | pl.Object):
        raise InputError(f"column {column} holds {frame.schema[column]}; expected plain text or numbers.")
    value = pl.col(column).cast(pl.String).str.strip_chars()
    return pl.when(value == "").then(None).otherwise(value).alias(column)


def _faults(table: str, text: pl.DataFrame, cast: pl.DataFrame) -> list[str]:
    """The sentences about every cell of a table that cannot be used; all cells are looked at together, as nearly always none is wrong."""
    both = cast.with_columns(text.select(pl.all().name.suffix(RAW)))
    wrong = [(column, why, mask) for column, kind in TABLES[table].items() for why, mask in _wrong(column, kind).items()]
    found = both.select(mask.any().alias(str(place)) for place, (_, _, mask) in enumerate(wrong)).row(0) if wrong else ()
    return [
        f"table {table}, row {row + 1}{_known_as(table, text, row)}: {column} {_shown(text[column][row])}{why}."
        for (column, why, mask), is_found in zip(wrong, found, strict=True)
        if is_found
        for row in both.select(mask.arg_true()).to_series()
    ]


def _wrong(column: str, kind: Column) -> dict[str, pl.Expr]:
    """Where a cell of a column cannot be used, by the words that say why."""
    value, raw = pl.col(column), pl.col(column + RAW)
    wrong: dict[str, pl.Expr] = {}
    if kind.needed:
        wrong["is empty; fill it in"] = raw.is_null()
    if kind.choices:
        wrong[f"must be one of {', '.join(kind.choices)}"] = raw.is_not_null() & ~raw.is_in(list(kind.choices))
    if kind.number:
        no_number = value.is_null() | value.is_nan().fill_null(True)
        wrong["is not a number; write it with digits and a point"] = raw.is_not_null() & no_number
        wrong["must be finite"] = value.is_infinite().fill_null(False)
        wrong["must not be negative"] = (value < 0).fill_null(False)
    if kind.positive:
        wrong["must be above zero; leave the row out if there is none"] = (value == 0).fill_null(False)
    return wrong


def _known_as(table: str, text: pl.DataFrame, row: int) -> str:
    key = [str(value) for value in text.select(KEYS[table]).row(row) if value is not None]
    return f" ({', '.join(key)})" if key else ""


def _shown(raw: str | None) -> str:
    return "" if raw is None else f"is {raw!r} and "


def _check_duplicates(name: str, frame: pl.DataFrame) -> None:
    key = list(KEYS[name])
    if frame.select(pl.struct(key).n_unique()).item() == frame.height:
        return
    twice = frame.with_row_index("row", offset=1).group_by(key, maintain_order=True).agg("row").filter(pl.col("row").list.len() > 1)
    raise_faults(
        [
            f"table {name}: {', '.join(map(str, values[:-1]))} stands in rows {', '.join(map(str, values[-1]))}; keep one."
            for values in twice.rows()
        ]
    )
