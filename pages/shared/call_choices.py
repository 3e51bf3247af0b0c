"""What a reader sets for a call: which applications, the hours offered, the rule and the limits, kept in the address."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from zlib import crc32

import polars as pl
import streamlit as st

from analytics.calls import words
from analytics.calls.call import Call, TieBreak, Worth
from analytics.calls.choices import LimitChoices, limits_of
from analytics.calls.machines import call_machines
from analytics.charts import numbers
from analytics.charts.theme import STACK, label
from data.call_examples import CallExample, call_examples
from data.ingest.text_table import TextTable, read_table
from data.synthetic_applications import applications_to
from data.terms import HourUnit, UserCategory
from pages.shared import loaders
from pages.shared.visit import Visit

OWN = "A table of applications of my own"
UNITS = {"GPU-hours": HourUnit.GPU_HOURS, "node-hours": HourUnit.NODE_HOURS}
RULES = {said: rule for rule, said in words.RULES.items()}
TIES = {said: tie for tie, said in words.TIES.items()}
WORTHS = {said: worth for worth, said in words.WORTHS.items()}
COLUMNS = "Application, Organisation, User category, Country, Machines, GPU-hours asked for, Minimum GPU-hours, Score"
LARGEST_HOURS = 10**12


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the applications of a call come from."""

    id: str
    """Its short name, which tells the controls of one source from those of another."""
    title: str
    """Its name."""
    unit: HourUnit
    """The unit of its hours."""
    table: TextTable | None
    """The applications as they stand; none while nothing was handed in."""
    example: CallExample | None
    """The ready-made call, if it is one."""


def source() -> Source:
    """The applications chosen: a ready-made call, or a file of the reader's own."""
    ready = {example.title: example for example in call_examples().values()}
    left, right = st.columns([3, 2], gap="large")
    chosen = left.selectbox("Call", [*ready, OWN], key="call", bind="query-params", help="Ready-made calls have invented applications.")
    if chosen in ready:
        example = ready[chosen]
        right.caption("Unit of the call")
        right.markdown(next(name for name, unit in UNITS.items() if unit is example.unit))
        return Source(id=example.id, title=example.title, unit=example.unit, table=applications_to(example), example=example)
    unit = UNITS[right.selectbox("Unit of the call", UNITS, key="unit-of-call", bind="query-params")]
    file = left.file_uploader(
        "Applications, CSV or XLSX", help=f"Columns such as: {COLUMNS}. Several machines: first wish first, with ; between."
    )
    if file is None:
        return Source(id="own", title="A call of my own", unit=unit, table=None, example=None)
    with TemporaryDirectory(prefix="equinode-call-") as folder:
        path = Path(folder) / (Path(file.name).name or "applications")
        path.write_bytes(file.getbuffer())
        table = read_table(path)
    return Source(id="own", title=Path(file.name).stem, unit=unit, table=table, example=None)


def edited(table: TextTable, key: str) -> TextTable:
    """The table after the reader's own corrections, typed where it stands; its lines are counted as they are shown."""
    header, *rows = (cells for _, cells in table.records)
    width = max(len(header), *(len(cells) for cells in rows)) if rows else len(header)
    names = _unique([*header, *[f"Column {place}" for place in range(len(header) + 1, width + 1)]])
    frame = pl.DataFrame([[*cells, *[""] * (width - len(cells))] for cells in rows], schema=dict.fromkeys(names, pl.String), orient="row")
    state = crc32(repr(table.records).encode())  # corrections of one table are never laid over another
    with st.expander(f"Applications: {numbers.whole(frame.height)} rows, to read, correct and add to"):
        st.caption("A change counts at once. What cannot be read is told below with its line, which is the row here plus one.")
        typed = st.data_editor(frame, num_rows="dynamic", hide_index=True, key=f"applications-{key}-{state}", height=380)
    cells = [["" if value is None else str(value).strip() for value in row] for row in pl.DataFrame(typed).rows()]
    records = [(line, row) for line, row in enumerate([header, *cells], 1) if any(row)]
    return TextTable(file=table.file, form=table.form, records=records, blank=0, delimiter=table.delimiter)


def hours_offered(here: Visit, chosen: Source, wished: list[str]) -> dict[str, int]:
    """The hours that the call offers on each machine, after drawing a field for each."""
    given = chosen.example.offered if chosen.example is not None else {}
    every = call_machines(loaders.partitions(here.state), loaders.intensity(), given, unit=chosen.unit)
    names = dict(every.select("machine", "name").rows())
    machines = list(dict.fromkeys([*given, *wished]))
    found: dict[str, int] = {}
    st.caption(f"{next(name for name, unit in UNITS.items() if unit is chosen.unit)} offered")
    columns = st.columns(min(4, max(1, len(machines))))
    for place, machine in enumerate(machines):
        found[machine] = columns[place % len(columns)].number_input(
            names.get(machine, machine),
            min_value=0,
            max_value=LARGEST_HOURS,
            value=given.get(machine, 0),
            step=1_000,
            key=f"{chosen.id}-{machine}",
            bind="query-params",
        )
    return found


def rules(chosen: Source) -> Call:
    """The rules of the call, after drawing their controls."""
    example, own = chosen.example, chosen.id
    columns = st.columns([5, 2, 2, 3], gap="medium", vertical_alignment="bottom")
    rule = columns[0].selectbox(
        "Rule", RULES, key="rule", bind="query-params", help="How the call is decided; what each rule costs is shown below."
    )
    best = columns[1].number_input("Highest score", min_value=1.0, value=100.0, format="%.1f", key="best-score", bind="query-params")
    threshold = columns[2].number_input(
        "Threshold",
        min_value=0.0,
        max_value=best,
        value=min(best, example.threshold if example else 0.0),
        format="%.1f",
        key=f"{own}-threshold",
        bind="query-params",
    )
    most = columns[3].number_input(
        "Most awards",
        min_value=1,
        value=example.most_awards if example else None,
        key=f"{own}-awards",
        placeholder="no limit",
        bind="query-params",
    )
    with st.popover("Limits, ties and minimums", help="What must hold, whatever the rule"):
        limits = _limits(example, own)
        tie = st.selectbox("At the same score", TIES, key="tie", bind="query-params")
        worth = st.selectbox("The greatest total is one of", WORTHS, key="worth", bind="query-params")
        whole = st.toggle("All that was asked for, or nothing", key="whole", bind="query-params")
        divisible = st.toggle("An award may lie on several machines", key="divisible", bind="query-params")
    return Call(
        title=chosen.title,
        unit=chosen.unit,
        rule=RULES[rule],
        tie_break=TieBreak(TIES[tie]),
        worth=Worth(WORTHS[worth]),
        threshold=threshold,
        best_score=best,
        reducible=not whole,
        divisible=divisible,
        most_awards=most,
        limits=limits_of(limits),
    )


def _limits(example: CallExample | None, own: str) -> LimitChoices:
    left, right = st.columns(2)
    commercial = 100 * example.commercial_share if example is not None and example.commercial_share else None
    companies = left.number_input(
        "Companies, most % of each machine",
        min_value=0.0,
        max_value=100.0,
        value=commercial,
        key=f"{own}-commercial",
        placeholder="no limit",
        help="Regulation (EU) 2021/1173 Art. 18: commercial use at most 20 % of the Union's time of each machine.",
        bind="query-params",
    )
    country = right.number_input(
        "One country, most % of all hours",
        min_value=0.0,
        max_value=100.0,
        value=None,
        key="country-cap",
        placeholder="no limit",
        bind="query-params",
    )
    energy = left.number_input(
        "Most facility energy (MWh)", min_value=0.0, value=None, key="call-energy", placeholder="no budget", bind="query-params"
    )
    carbon = right.number_input(
        "Most emissions (t CO₂e)", min_value=0.0, value=None, key="call-carbon", placeholder="no budget", bind="query-params"
    )
    floors = _per_category("At least, % of all hours offered", "call-floor", 0.0)
    caps = _per_category("At most, % of all hours offered", "call-cap", 100.0)
    return LimitChoices(
        commercial_share=None if companies is None else companies / 100,
        country_share=None if country is None else country / 100,
        floors={category: percent / 100 for category, percent in floors.items() if percent > 0},
        caps={category: percent / 100 for category, percent in caps.items() if percent < 100},
        energy_budget_mwh=energy,
        carbon_budget_t=carbon,
    )


def _per_category(title: str, name: str, default: float) -> Mapping[UserCategory, float]:
    st.caption(title)
    columns = st.columns(len(STACK))
    return {
        category: column.number_input(
            label(category), min_value=0.0, max_value=100.0, value=default, key=f"{name}-{category.value}", bind="query-params"
        )
        for category, column in zip(STACK, columns, strict=True)
    }


def _unique(names: list[str]) -> list[str]:
    """Column names told apart, for an editor that knows columns by their name."""
    found: list[str] = []
    for place, name in enumerate(names, 1):
        plain = name or f"Column {place}"
        found.append(plain if plain not in found else f"{plain} ({place})")
    return found
