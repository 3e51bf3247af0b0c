"""The parts that every page is made of: the finding, figures in a row, charts with their data, tables, and the words for each state."""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
import polars as pl
import streamlit as st

from analytics import usage as indicators
from analytics.charts import numbers, theme
from data.errors import EquinodeError
from data.terms import AccessMode, HourUnit, UserCategory
from pages.shared import filters, loaders, visit

COMMAND_DEMO = "python -m data demo"
COMMAND_INGEST = "python -m data ingest LOG --system NAME"

HEADERS = {
    "system": "Machine",
    "mode": "Access mode",
    "category": "User category",
    "pue": "PUE",
    "ede": "EDE (α = 1)",
    "jain": "Jain's index",
    "gini": "Gini coefficient",
    "theil": "Theil's index",
    "least": "Least satisfaction",
    "mean": "Mean satisfaction",
    "title": "Limit",
    "over": "Over the limit",
    "exact": "Comparison is exact",
    "node_hours_base": "Node-hours that the limit is a share of",
    "batch_id": "Batch",
    "raw": "Line as read",
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

PRINT = """
<style>
@media print {
  [data-testid="stSidebar"], [data-testid="stHeader"], [data-testid="stToolbar"], .st-key-filter-bar,
  [data-testid="stDownloadButton"], [class*="st-key-data-of-"] { display: none !important; }
  [data-testid="stMain"], [data-testid="stAppViewContainer"], [data-testid="stApp"] {
    overflow: visible !important; position: static !important;
  }
  [data-testid="stMainBlockContainer"] { zoom: .62; padding: 0 !important; }
  [data-testid="stPlotlyChart"], [data-testid="stMetric"], [data-testid="stDataFrame"] { break-inside: avoid; }
}
</style>
"""
"""How a page lies on paper: without bars and buttons, and small enough that no chart is cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of the row at the top of a page."""

    label: str
    """What it is."""
    value: str
    """The value with its unit, in words where it is not available."""
    note: str = ""
    """The change against the period before, or what else stands beside it."""
    meaning: str = ""
    """What the word means, one hover away."""


def finding(words: str) -> None:
    """Say what the page found, in one sentence below its question."""
    visit.now().finding_place.markdown(f":gray[{escaped(words)}]" if not words else escaped(words))


def figures(row: Sequence[Figure]) -> None:
    """Show at most five figures in a row."""
    for column, figure in zip(st.columns(len(row), gap="medium"), row, strict=True):
        column.metric(
            figure.label,
            figure.value,
            delta=figure.note or None,
            delta_color="off",
            delta_arrow="off",
            help=figure.meaning or None,
        )


def hours_figure(now: float | None, before: float | None) -> Figure:
    """The figure of machine time, in the unit chosen, with its change."""
    words = numbers.UNIT_WORDS[visit.now().chosen.unit]
    return Figure(
        label=theme.sentence_case(words),
        value=numbers.amount(now, ""),
        note=change(now, before, lambda hours: numbers.amount(hours, "")),
        meaning=f"Machine time of all jobs of the selection in {words}; a job over midnight is split at the day's end.",
    )


def change(now: float | None, before: float | None, write: Callable[[float], str]) -> str:
    """The change against the period before, in words and absolute; empty where the logs do not reach over both periods.

    Args:
        now: The value of the period.
        before: That of the period before.
        write: Writes an amount.
    """
    here = visit.now()
    periods = (here.chosen.period, here.chosen.period.before)
    if now is None or before is None or not before > 0:
        return ""
    if not all(loaders.logged_throughout(here.seen, here.chosen, period) for period in periods):
        return ""
    sign = "+" if now >= before else "\N{MINUS SIGN}"
    return f"{numbers.change(now / before - 1)} ({sign}{write(abs(now - before))})"


def against_before() -> str:
    """What the changes of this page are against, or why there are none."""
    here = visit.now()
    before = here.chosen.period.before
    if all(loaders.logged_throughout(here.seen, here.chosen, period) for period in (here.chosen.period, before)):
        return f"Changes are against {before.name}."
    return f"No change is shown: the logs do not reach over both {here.chosen.period.name} and {before.name}, the period before."


def chart(figure: go.Figure, *, alt: str, data: pl.DataFrame, name: str) -> None:
    """Show a chart with its description for those who do not see it, and its numbers one click away."""
    st.plotly_chart(figure, alt=alt, key=f"chart-{name}", config=dict(theme.CONFIG))
    with st.container(key=f"data-of-{name}"), st.popover("Numbers", type="tertiary", help="The numbers of this chart, and their download"):
        table(data, name=name, alt=f"The numbers of the chart: {alt}", unit=visit.now().chosen.unit)


def table(
    data: pl.DataFrame, *, name: str, alt: str, unit: HourUnit | None = None, height: int | None = None, shown: pl.DataFrame | None = None
) -> None:
    """Show a table, unknown values as such and numbers as people read them, with a download of its full precision.

    Args:
        data: What is downloaded, and shown where nothing else is.
        name: The name of the file, and of the table among others.
        alt: What it is, for those who do not see it.
        unit: The unit of a column called hours.
        height: Its height in pixels; as high as its rows where not given.
        shown: The table as it is shown, where that differs.
    """
    look = for_people(data) if shown is None else shown
    size: dict[str, Any] = {} if height is None else {"height": height}
    st.dataframe(
        look,
        hide_index=True,
        column_config=headers(look, unit),
        placeholder=numbers.NOT_AVAILABLE,
        alt=alt,
        key=f"table-{name}",
        **size,
    )
    download(data, name=name)


def for_people(data: pl.DataFrame) -> pl.DataFrame:
    """The table with names instead of identifiers, and amounts from a hundred on without decimals."""
    state = visit.now().state
    words: dict[str, Mapping[str, str]] = {
        "category": {category.value: theme.label(category) for category in UserCategory},
        "mode": {mode.value: theme.sentence_case(mode.value.replace("_", " ")) for mode in AccessMode},
        "system": loaders.system_names(state),
    }
    named = {column: pl.col(column).replace(known) for column, known in words.items() if column in data.columns}
    amounts = [name for name, kind in data.schema.items() if kind == pl.Float64 and not name.endswith("share")]
    rounded = {
        name: pl.when(pl.col(name).abs() >= 100).then(pl.col(name).round(0)).otherwise(pl.col(name).round_sig_figs(3)) for name in amounts
    }
    return data.with_columns(**named, **rounded)


def _readable_amount(value: pl.Expr) -> pl.Expr:
    return pl.when(value.abs() >= 100).then(value.round(0)).otherwise(value.round_sig_figs(3))


def plain_table(data: pl.DataFrame, *, alt: str) -> None:
    """Show a small table of texts as it stands, to be read, copied and printed."""
    st.table(data.with_columns(pl.all().fill_null(numbers.NOT_AVAILABLE)), alt=alt, hide_index=True, border="horizontal", width="content")


def headers(data: pl.DataFrame, unit: HourUnit | None) -> dict[str, Any]:
    """The header of each column, with its unit, and how its values are written."""
    own = {"hours": theme.sentence_case(numbers.UNIT_WORDS[unit])} if unit is not None else {}
    return {name: _column(own.get(name, readable(name)), name, kind) for name, kind in data.schema.items()}


def _column(label: str, name: str, kind: pl.DataType) -> Any:
    if name in ("year", "batch_id", "line"):
        return st.column_config.NumberColumn(label, format="plain")
    if name.startswith("share") or name.endswith("share"):
        return st.column_config.NumberColumn(label, format="percent")
    if kind == pl.Date:
        return st.column_config.DateColumn(label, format="MMMM YYYY")
    if isinstance(kind, pl.Datetime):
        return st.column_config.DatetimeColumn(f"{label} (UTC)", format="D MMMM YYYY, HH:mm", timezone="UTC")
    return st.column_config.NumberColumn(label, format="localized") if kind.is_numeric() else label


def in_full(value: float) -> str:
    """A number to its last useful digit: four decimals, none from a million on.

    >>> in_full(71984.27638889), in_full(356656338.97)
    ('71,984.2764', '356,656,339')
    """
    return f"{value:,.0f}" if abs(value) >= 1e6 else f"{value:,.4f}"


def known_capacity(offered: pl.DataFrame) -> pl.DataFrame:
    """The capacity by month, unknown in months in which the size of a partition is."""
    months = indicators.capacity_by(offered, "month")
    return months.with_columns(
        pl.when(pl.col("partitions_without_nodes") == 0).then(pl.col("^capacity_.*$")),
        pl.when(pl.col("partitions_without_union_share") == 0).then(pl.col("^union_.*$")),
    )


def download(data: pl.DataFrame, *, name: str) -> None:
    """Offer a table as CSV, made when it is asked for; demonstration data say so in every row."""
    here = visit.now()
    demo = here.is_demo
    marked = data.with_columns(pl.lit("demonstration data, invented").alias("note")) if demo else data
    period = here.selection.period if here.selection is not None else None
    span = f"_{period.start:%Y-%m}_to_{period.end:%Y-%m}" if period is not None else ""
    st.download_button(
        "Download CSV",
        data=lambda: csv(marked),
        file_name=f"equinode{'_demo' if demo else ''}_{name}{span}.csv",
        mime="text/csv",
        key=f"download-{name}",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )


def csv(data: pl.DataFrame) -> bytes:
    """The table as CSV in UTF-8; text that a spreadsheet would run as a formula is kept text.

    >>> csv(pl.DataFrame({"account": ["=cmd()"], "hours": [-1.5]})).decode()
    "account,hours\\n'=cmd(),-1.5\\n"
    """
    texts = [name for name, kind in data.schema.items() if kind == pl.String]
    harmless = data.with_columns(pl.col(texts).str.replace(r"^([=+\-@\t\r])", "'$1")) if texts else data
    return harmless.write_csv().encode()


def coverage(words: Sequence[str]) -> None:
    """Note what part of the jobs the figures above do not cover."""
    for line in words:
        st.caption(f"⚠ {escaped(line)}")


def sources(*, factors: Sequence[str] = (), method: str) -> None:
    """Close a page with what its figures rest on: period, logs, factors, state of the store, and the way to the method."""
    here = visit.now()
    state = loaders.snapshot(here.seen)
    names = loaders.system_names(here.seen)
    parts = [
        filters.in_words(here.chosen, names),
        *factors,
        f"state {state.snapshot_id} of the store, {state.committed:%-d %B %Y %H:%M} UTC",
    ]
    with st.container(horizontal=True, gap="small", key="sources"):
        st.caption("Source: " + escaped(" · ".join(parts)))
        st.page_link("policy/methods.py", label=f"How {method} is computed")


def nothing_in_selection() -> None:
    """Say that nothing ran in the selection, and offer the way back."""
    here = visit.now()
    names = loaders.system_names(here.seen)
    whole = loaders.whole_period(here.seen)
    finding(f"No job in {filters.in_words(here.chosen, names)}.")
    st.info(f"Nothing ran in this selection. The store holds logs of {whole.name}; widen the period or the choice of machines.")
    st.button("Show everything", on_click=filters.show_everything)


def empty_store() -> None:
    """Say what will be here once a log is in the store, and how to bring one."""
    with st.container(border=True):
        st.markdown("**No log has been brought in yet.** Once there is one, this page answers its question from it.")
        st.markdown("Bring in the log of a machine, here on the page *Intake* or on the command line:")
        st.code(COMMAND_INGEST, language="shell")
        st.markdown("Or look around first, with a log that is invented and marked so everywhere:")
        st.code(COMMAND_DEMO, language="shell")
        st.page_link("operations/intake.py", label="Bring in a log", icon=":material/upload_file:")


def demo_banner() -> None:
    """Say quietly that the store holds invented data."""
    st.caption(":orange-badge[Demonstration data] The jobs, projects and accounts shown here are invented; the machines' facts are real.")


def told(run: Callable[[], None]) -> None:
    """Run a page; an error that a person can act on is told where the page stops."""
    try:
        run()
    except EquinodeError as error:
        error_box(error)


def error_box(error: EquinodeError) -> None:
    """Say what happened, what is safe and what to do, in the error's own words."""
    logging.getLogger("equinode").warning("%s: %s", type(error).__name__, error)
    first, _, rest = str(error).partition("\n")
    st.error(f"**This cannot be shown.** {escaped(first)}\n\nNothing in the store was changed.", icon=":material/error:")
    if rest.strip():
        st.code(rest.strip("\n"), language=None)


def unexpected(error: Exception) -> bool:
    """Tell a visitor calmly of a fault of ours, and the log all about it; whether Streamlit's own display is put away."""
    logging.getLogger("equinode").error("a page failed", exc_info=error)
    st.error(
        "**This page failed, through a fault of the dashboard.** Nothing in the store was changed. Load the page again; if it happens "
        "again, tell the operator, whose log of the server names the fault.",
        icon=":material/error:",
    )
    return True


def escaped(text: str) -> str:
    r"""Text from logs and declarations as Markdown that shows it as it stands.

    >>> print(escaped("a_b *c* [d](e) <f>"))
    a\_b \*c\* \[d\](e) \<f\>
    """
    return re.sub(r"([\\`*_\[\]<>$#~|:])", r"\\\1", text)


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
    words = re.sub(r"\b(node|gpu|core)_hours", r"\1-hours", column).replace("_", " ").replace("gpu-", "GPU-").replace("gpus", "GPUs")
    return theme.sentence_case(words)
