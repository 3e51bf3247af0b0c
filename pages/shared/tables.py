"""Tables as people read them, each with a download of its full precision."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl
import streamlit as st

from analytics.charts import numbers, theme
from data.terms import Action, HourUnit, UserCategory
from pages.shared import loaders, protection, visit
from pages.shared.filters import in_words as selection_in_words
from pages.shared.words import escaped

ROW_PX, HEADER_PX = 33, 36

HEADERS = {
    "system": "Machine",
    "mode": "Access mode",
    "category": "User category",
    "pue": "PUE",
    "qos": "QOS",
    "ede": "EDE (α = 1)",
    "jain": "Jain's index",
    "gini": "Gini coefficient",
    "theil": "Theil's index",
    "least": "Least satisfaction",
    "mean": "Mean satisfaction",
    "title": "Limit",
    "over": "Over the limit",
    "exact": "Comparison is exact",
    "node_hours_base": "Of node-hours",
    "node_hours_other": "Node-hours of other access",
    "share_most": "Share with other access",
    "near": "Near the limit",
    "few": "Fewer than ten projects",
    "peak_of_limit": "Share of the limit",
    "batch_id": "Batch",
    "raw": "Line as read",
    "file": "File",
}
"""Headers that are not the column's name with a capital."""

ENDINGS = (
    ("_gco2e_per_kwh", "gCO₂e/kWh"),
    ("_eur_per_mwh", "€/MWh"),
    ("_kgco2e", "kg CO₂e"),
    ("_kwh", "kWh"),
    ("_mwh", "MWh"),
    ("_s", "s"),
    ("_w", "W"),
)
"""What a column's name ends with, and the unit it means."""

NUMBER = re.compile(r"\**[+−-]?\d[\d.,]*(?:\s?(?:%|pp|[kMG]|[kMGT]?Wh|[kM]?t CO₂e|kg CO₂e|h|d|min|s|×))*\**")
"""A number as it is written in a table, with its unit, and bold or not."""

MOST_PRINTED_ROWS = 60
"""Up to how many rows the numbers of a chart stand as a table to be read aloud and printed."""

CHARACTER_PX, PADDING_PX = 6.2, 24
"""How wide a character of a cell is, and the room beside the text."""

LONGEST_WHOLE = 26
"""Up to how many characters a column of text is never cut; longer ones would push the numbers beside them out of sight."""

SMALLEST_SHOWN = 5e-4
"""Amounts below are rounding noise of sums, and shown as 0."""


def table(
    data: pl.DataFrame,
    *,
    name: str,
    alt: str,
    unit: HourUnit | None = None,
    most_rows: int = 15,
    shown: pl.DataFrame | None = None,
    is_published: bool = False,
) -> None:
    """Show a table, unknown values as such and numbers as people read them, with a download of its full precision.

    Args:
        data: What is downloaded, and shown where nothing else is.
        name: The name of the file, and of the table among others.
        alt: What it is, for those who do not see it.
        unit: The unit of a column called hours.
        most_rows: How many rows are seen at once; further ones are scrolled to.
        shown: The table as it is shown, where that differs.
        is_published: Whether it holds published facts alone, which anybody may take away.
    """
    look = for_people(data) if shown is None else shown
    _scrolled(look, name=name, alt=alt, unit=unit, most_rows=most_rows)
    download(data, name=name, is_published=is_published)


def plain_table(data: pl.DataFrame, *, alt: str) -> None:
    """Show a small table of texts as it stands, to be read, copied and printed; numbers stand to the right."""
    right = [place for place, name in enumerate(data.columns, 1) if holds_numbers(data[name])]
    wide = [place for place, name in enumerate(data.columns, 1) if _longest(data[name]) > LONGEST_WHOLE]
    if right or wide:
        st.html(_look(alt, right, wide))
    st.table(data.with_columns(pl.all().fill_null(numbers.NOT_AVAILABLE)), alt=alt, hide_index=True, border="horizontal", width="content")


def holds_numbers(texts: pl.Series) -> bool:
    """Whether a column of texts holds numbers, with or without units, and nothing else that is known; one of which nothing is known may.

    >>> [holds_numbers(pl.Series(t)) for t in (["1,250", "**3 %**", None], ["0.5 t CO₂e", "not available"], ["4 July 2026"], [None])]
    [True, True, False, True]
    """
    known = [text for text in texts.drop_nulls().cast(pl.String).to_list() if text != numbers.NOT_AVAILABLE]
    return all(NUMBER.fullmatch(text) for text in known)


def _look(alt: str, right: Sequence[int], wide: Sequence[int]) -> str:
    """The look of a table, found by its words: columns to the right, and columns of sentences; no sign of the words can end the rule.

    >>> _look("Jobs <b>", [2], [])
    '<style>table[aria-label="Jobs \\\\3c b\\\\3e "] :is(td, th):is(:nth-child(2)) { text-align: right !important; }</style>'
    """
    words = re.sub(r"[^\w ]", lambda sign: f"\\{ord(sign[0]):x} ", alt)
    looks = {"text-align: right !important": right, "min-width: 15em": wide}
    rules = (
        f'table[aria-label="{words}"] :is(td, th):is({", ".join(f":nth-child({place})" for place in places)}) {{ {look}; }}'
        for look, places in looks.items()
        if places
    )
    return f"<style>{' '.join(rules)}</style>"


def _longest(texts: pl.Series) -> int:
    return max(texts.drop_nulls().cast(pl.String).str.len_chars().to_list(), default=0)


def numbers_of_chart(data: pl.DataFrame, *, name: str, alt: str) -> None:
    """Show the numbers of a chart in its place: as a table that can be read aloud, copied and printed, where it is not too long."""
    unit = visit.now().chosen.unit if visit.now().selection is not None else None
    look = for_people(data)
    if look.height > MOST_PRINTED_ROWS:
        _scrolled(look, name=name, alt=alt, unit=unit, most_rows=15)
        return
    words = written(look, unit)
    plain_table(words.select(pl.col(name).map_elements(escaped, return_dtype=pl.String) for name in words.columns), alt=alt)


def _scrolled(look: pl.DataFrame, *, name: str, alt: str, unit: HourUnit | None, most_rows: int) -> None:
    """The table as a grid of which so many rows are seen at once."""
    st.dataframe(
        look,
        hide_index=True,
        column_config=headers(look, unit),
        placeholder=numbers.NOT_AVAILABLE,
        alt=alt,
        key=f"table-{name}-{look.height}",  # the grid measures its columns once, so that other rows need another grid
        height="content" if look.height <= most_rows else HEADER_PX + ROW_PX * most_rows,
    )


def written(look: pl.DataFrame, unit: HourUnit | None) -> pl.DataFrame:
    """A table for people with every value as the words that stand in it, under the words of its header."""
    own = {"hours": theme.sentence_case(numbers.UNIT_WORDS[unit])} if unit is not None else {}
    columns: dict[str, list[str | None]] = {}
    for name in look.columns:
        header = own.get(name, readable(name))
        columns[f"{header} ({name})" if header in columns else header] = [_in_words(name, value) for value in look[name]]
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))


def download(
    data: pl.DataFrame,
    *,
    name: str,
    label: str = "Download CSV",
    selection: str = "",
    withholds: protection.Places | None = None,
    is_published: bool = False,
) -> None:
    """Offer a table as CSV, made when it is asked for; it says of what it is, by default of the selection, and that invented data are.

    The operator takes all of it away. Anybody else takes published facts, and tables of which `withholds` tells which rows would show
    a single firm; other tables are not offered, since they might.
    """
    here = visit.now()
    if Action.EXPORT not in here.person.may:
        return
    if not (is_published or here.person.sees_single_firms or withholds is not None):
        st.caption(protection.NO_FILE)
        return
    said = marks(selection) | ({} if is_published else {"disclosure": pl.lit(protection.sentence(here))})
    held = None if is_published or here.person.sees_single_firms else withholds
    st.download_button(
        label,
        data=lambda: csv(leaving(data if held is None else protection.without_single_firms(data, held()), said)),
        file_name=f"{file_name(name, selection)}.csv",
        mime="text/csv",
        key=f"download-{name}",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )


def file_name(name: str, selection: str = "") -> str:
    """The name of a file that leaves, without its ending: what it holds, of which months, and whether it is invented."""
    here = visit.now()
    period = here.selection.period if here.selection is not None else None
    span = f"_{period.start:%Y-%m}_to_{period.months[-1]:%Y-%m}" if period is not None and not selection else ""
    return f"equinode{'_demo' if here.is_demo else ''}_{name}{span}"


def marks(selection: str = "") -> dict[str, pl.Expr]:
    """What stands in every row that leaves a page: its selection, the state of the store, and whether it is invented."""
    here = visit.now()
    said: dict[str, pl.Expr] = {}
    if here.state is not None and here.selection is not None:
        words = selection or selection_in_words(here.selection, loaders.system_names(here.state))
        said = {"selection": pl.lit(words), "store_state": pl.lit(here.state.snapshot_id, pl.Int64)}
    return said | ({"note": pl.lit("demonstration data, invented")} if here.is_demo else {})


def leaving(data: pl.DataFrame, said: Mapping[str, pl.Expr]) -> pl.DataFrame:
    """A table as it leaves the house, with the marks of `marks` in every row: the one door of all page exports."""
    return data.with_columns(**{name: value for name, value in said.items() if name not in data.columns})


def csv(data: pl.DataFrame) -> bytes:
    """The table as CSV in UTF-8; text that a spreadsheet would run as a formula is kept text.

    >>> print(csv(pl.DataFrame({"account": ["=cmd()"], "hours": [-1.5]})).decode().strip())
    account,hours
    '=cmd(),-1.5
    """
    texts = [name for name, kind in data.schema.items() if kind == pl.String]
    harmless = data.with_columns(pl.col(texts).str.replace(r"^([=+\-@\t\r])", "'$1")) if texts else data
    return harmless.write_csv().encode()


def for_people(data: pl.DataFrame) -> pl.DataFrame:
    """The table with names instead of identifiers, yes and no, amounts from a hundred on and shares from a tenth on without decimals."""
    words: dict[str, Mapping[str, str]] = {
        "category": {category.value: theme.label(category) for category in UserCategory},
        "mode": dict(theme.MODE_NAMES),
        "system": loaders.system_names(visit.now().state),
    }
    named = {column: pl.col(column).replace(known) for column, known in words.items() if column in data.columns}
    answers = {
        name: pl.when(pl.col(name)).then(pl.lit("yes")).when(pl.col(name).not_()).then(pl.lit("no"))
        for name, kind in data.schema.items()
        if kind == pl.Boolean
    }
    amounts = {name: _readable_amount(pl.col(name)) for name, kind in data.schema.items() if kind == pl.Float64 and not _is_share(name)}
    shares = {name: _readable_share(pl.col(name)) for name, kind in data.schema.items() if kind == pl.Float64 and _is_share(name)}
    return data.with_columns(**named, **answers, **amounts, **shares)


def headers(data: pl.DataFrame, unit: HourUnit | None) -> dict[str, Any]:
    """The header of each column, with its unit, and how its values are written."""
    own = {"hours": theme.sentence_case(numbers.UNIT_WORDS[unit])} if unit is not None else {}
    return {name: _column(own.get(name, readable(name)), data[name]) for name in data.columns}


def readable(column: str) -> str:
    """A column's name as a table header, its unit in brackets.

    >>> readable("energy_facility_kwh"), readable("share_due"), readable("gpu_hours"), readable("pue")
    ('Energy facility (kWh)', 'Share due', 'GPU-hours', 'PUE')
    """
    if column in HEADERS:
        return HEADERS[column]
    for ending, unit in ENDINGS:
        if column.endswith(ending):
            return f"{readable(column.removesuffix(ending))} ({unit})"
    words = re.sub(r"(node|gpu|core)_hours", r"\1-hours", column).replace("_", " ")
    return theme.sentence_case(words.replace("gpu-", "GPU-").replace("gpus", "GPUs"))


def in_words(identifier: str) -> str:
    """An identifier as words.

    >>> in_words("fast_lane")
    'Fast lane'
    """
    return theme.sentence_case(identifier.replace("_", " "))


def in_full(value: float) -> str:
    """A number to its last useful digit: four decimals, none from a million on.

    >>> in_full(71984.27638889), in_full(356656338.97)
    ('71,984.2764', '356,656,339')
    """
    return numbers.fixed(value, 0 if abs(value) >= 1e6 else 4)


def _in_words(name: str, value: Any) -> str | None:
    """A value as it stands in a cell of text."""
    if value is None:
        return None
    if isinstance(value, date):
        return numbers.month(value) if "month" in name else numbers.day(value)
    if name in ("year", "batch_id", "line"):
        return str(value)
    if isinstance(value, int | float):
        return numbers.percent(value) if _is_share(name) else numbers.exact(value)
    return str(value)


def _column(label: str, values: pl.Series) -> Any:
    name, kind = values.name, values.dtype
    width = _width(label, values)
    if name in ("year", "batch_id", "line"):
        return st.column_config.NumberColumn(label, format="plain", width=width)
    if _is_share(name):
        return st.column_config.NumberColumn(label, format="percent", width=width)
    if kind == pl.Date:
        return st.column_config.DateColumn(label, format="MMMM YYYY" if "month" in name else "D MMMM YYYY")
    if isinstance(kind, pl.Datetime):
        return st.column_config.DatetimeColumn(f"{label} (UTC)", format="D MMMM YYYY, HH:mm", timezone="UTC")
    if kind.is_numeric():
        return st.column_config.NumberColumn(label, format="localized", width=width)
    return st.column_config.Column(label, width=width)


def _is_share(name: str) -> bool:
    return name.startswith("share") or name.endswith("share") or name in ("satisfaction", "least", "mean", "ede")


def _width(label: str, values: pl.Series) -> int | None:
    """The width of a column in which the grid by itself would cut what it leaves out of account: the unknown, and the rare long text.

    >>> _width("What", pl.Series([*["call"] * 12, "node-hours awarded", "ends"])), _width("Jobs", pl.Series([1, 2]))
    (136, None)
    """
    texts = values.drop_nulls() if values.dtype == pl.String else pl.Series([], dtype=pl.String)
    lengths = texts.str.len_chars().cast(pl.Int64)
    longest = max(lengths.filter(lengths <= LONGEST_WHOLE).top_k(1).to_list(), default=0)
    if not values.null_count() and longest <= max(len(label), _measured(lengths)):
        return None
    unknown = len(numbers.NOT_AVAILABLE) if values.null_count() else 0
    return round(max(len(label), unknown, longest) * CHARACTER_PX) + PADDING_PX


def _measured(lengths: pl.Series) -> int:
    """The longest text that the grid measures: of the first nine rows and the last, without those twice as long as the mean."""
    seen = [*lengths.head(9), *lengths.slice(9).tail(1)]
    mean = sum(seen) / max(len(seen), 1)
    return max((each for each in seen if len(seen) <= 5 or each < 2 * mean), default=0)


def _readable_share(value: pl.Expr) -> pl.Expr:
    """A share as a percentage is written: without decimals from a tenth on.

    >>> shares = pl.DataFrame({"share": [1.0601, 0.9588, 0.0984, 0.001234, None]})
    >>> shares.select(shown=_readable_share(pl.col("share")))["shown"].to_list()
    [1.06, 0.96, 0.098, 0.0012, None]
    """
    near = pl.when(value.abs() < 0.01).then(value.round_sig_figs(2)).otherwise(value.round(3))
    return pl.when(value.is_null()).then(None).when(value.abs() >= 0.0995).then(value.round(2) + 0.0).otherwise(near)


def _readable_amount(value: pl.Expr) -> pl.Expr:
    whole, near = value.round(0) + 0.0, pl.when(value.abs() < SMALLEST_SHOWN).then(0.0).otherwise(value.round_sig_figs(3))
    return pl.when(value.is_null()).then(None).when(value.abs() >= 100).then(whole).otherwise(near)
