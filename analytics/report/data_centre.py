"""The sections of the data-centre energy report: the fields of Delegated Regulation (EU) 2024/1364 that machines and logs can fill."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from analytics import energy, regulation, usage
from analytics.charts import numbers
from analytics.report.document import Column, Kind, Note, Section, Table
from analytics.report.footprint import energy_rows
from analytics.report.inputs import ReportInputs, told
from data.units import KWH_PER_MWH, WATTS_PER_KW

INFORMATION = (
    ("P_DIT", "Installed power demand of information technology", "kW"),
    ("S_DC", "Floor area of the data centre", "m²"),
    ("S_CR", "Floor area of the computer room", "m²"),
    ("E_DC", "Total energy consumption", "kWh"),
    ("E_IT", "Energy consumption of information technology", "kWh"),
    ("W_IN", "Total water input", "m³"),
    ("W_IN-POT", "Potable water input", "m³"),
    ("E_REUSE", "Waste heat reused", "kWh"),
    ("T_WH", "Average temperature of the waste heat", "°C"),
    ("T_IN", "Average intake air temperature", "°C"),
    ("CDD", "Cooling degree days", "degree days"),
    ("E_RES-TOT", "Energy from renewable sources: guarantees of origin, power purchase agreements, on site", "kWh"),
    ("C_BtG", "Battery capacity", "kWh"),
    ("B_IN, B_OUT, T_IN, T_OUT", "Bandwidth and data traffic in and out", "gigabits, exabytes"),
)
"""Annex II: symbol, what it is, unit."""

AT_THE_SITE = "to be read from the site's own meters and contracts"
USED = ("E_IT", "E_DC")
"""The fields that tell how much a machine was used."""

HELD_BACK = "withheld: it would show single organisations"
STATED = {
    "E_DC": ("facility_energy_mwh", KWH_PER_MWH),
    "E_IT": ("it_energy_mwh", KWH_PER_MWH),
    "W_IN": ("water_m3", 1),
    "E_REUSE": ("heat_reused_mwh", KWH_PER_MWH),
    "E_RES-TOT": ("renewable_energy_mwh", KWH_PER_MWH),
}
"""The fact by which an operator states a reading of a calendar year, and how many of the field's units one of its units is."""

CLASSES_KW = ((100, "below 100 kW"), (500, "100 to 500 kW"), (1_000, "500 kW to 1 MW"), (2_000, "1 to 2 MW"), (10_000, "2 to 10 MW"))
"""The size classes of the regulation by their upper ends."""


def information(inputs: ReportInputs) -> Section:
    """What is to be reported under Annex II for each machine, as far as its log and the published facts tell."""
    known = _known(inputs)
    rows = [
        (system, symbol, what, *_filled(symbol, values), unit) for system, values in known.items() for symbol, what, unit in INFORMATION
    ]
    held = frozenset(place for place, row in enumerate(rows) if row[4] == HELD_BACK)
    frame = pl.DataFrame(
        [(system, symbol, what, value, unit, basis) for system, symbol, what, value, basis, unit in rows],
        schema={"system": pl.String, "symbol": pl.String, "what": pl.String, "value": pl.Float64, "unit": pl.String, "basis": pl.String},
        orient="row",
    )
    return Section(
        id="information",
        title="What does Annex II ask for?",
        finding=_finding(inputs, known),
        blocks=(
            Table(
                caption="The fields of Annex II of Delegated Regulation (EU) 2024/1364, for each machine.",
                frame=frame,
                withheld=held,
                columns=(
                    Column(name="system", header="Machine"),
                    Column(name="symbol", header="Symbol"),
                    Column(name="what", header="Field"),
                    Column(name="value", header="Value", kind=Kind.NUMBER),
                    Column(name="unit", header="Unit"),
                    Column(name="basis", header="Where it comes from"),
                ),
            ),
            Note(
                text="A machine is not the whole data centre: other machines, storage and networks at the site count as well. What stands "
                "here as modelled or estimated is a starting point for the operator, and no reading of a meter."
            ),
        ),
    )


def indicators(inputs: ReportInputs) -> Section:
    """The four indicators of Annex III for each machine's site, or what is missing to compute them."""
    rows = regulation.indicators(_stated(inputs))
    with_pue = usage.with_system_names(rows.filter(pl.col("indicator") == "PUE").drop_nulls("value"), inputs.partitions)
    pues = [f"{row['system']} {numbers.plain(row['value'])}" for row in with_pue.iter_rows(named=True)]
    return Section(
        id="indicators",
        title="What are the indicators of Annex III?",
        finding=f"PUE: {numbers.listed(pues)}." if pues else "No indicator can be computed from what is known here.",
        blocks=(
            Table(
                caption="The sustainability indicators of Annex III, for the site of each machine.",
                frame=usage.with_system_names(rows, inputs.partitions).with_columns(pl.col("unit").replace("", "ratio")),
                columns=(
                    Column(name="system", header="Machine"),
                    Column(name="indicator", header="Indicator"),
                    Column(name="meaning", header="What it is"),
                    Column(name="value", header="Value", kind=Kind.NUMBER),
                    Column(name="unit", header="Unit"),
                    Column(name="basis", header="What it rests on, or what is missing"),
                ),
            ),
        ),
    )


def _stated(inputs: ReportInputs) -> dict[str, dict[str, float]]:
    """The facts of whole machines that are numbers, for each machine with a log."""
    systems = inputs.usage["system"].unique().sort().to_list()
    wanted = inputs.facts.filter(pl.col("partition").is_null(), pl.col("system").is_in(systems))
    known: dict[str, dict[str, float]] = {system: {} for system in systems}
    for row in wanted.with_columns(number=pl.col("value").cast(pl.Float64, strict=False)).drop_nulls("number").iter_rows(named=True):
        known[row["system"]][row["fact"]] = row["number"]
    return known


def _known(inputs: ReportInputs) -> dict[str, dict[str, Any]]:
    """For each machine with a log: installed power, IT energy with that of idle nodes, total energy and PUE."""
    rows = energy.energy_by(energy_rows(inputs), "system").sort("system")
    held = inputs.held_back(rows, "system")
    idle = energy.idle_energy(usage.total_by(inputs.usage, "system", "partition", "month"), inputs.capacity, inputs.partitions)
    parts, stated = inputs.logged_partitions, _stated(inputs)
    names = dict(parts.select("system", "system_name").unique().rows())
    found = {}
    for place, row in enumerate(rows.iter_rows(named=True)):
        system = row["system"]
        mine, unused = parts.filter(system=system), idle.filter(system=system)
        idle_kwh = None if unused["energy_idle_kwh"].null_count() else float(unused["energy_idle_kwh"].sum())
        measures = _measures(row, mine, None if place in held else idle_kwh)
        if place in held:
            measures["metered"] = None
        found[names.get(system, system)] = measures | {"stated": stated.get(system, {}), "is_withheld": place in held}
    return found


def _measures(row: Mapping[str, Any], parts: pl.DataFrame, idle_kwh: float | None) -> dict[str, Any]:
    installed = parts.select(pl.col("nodes") * pl.col("node_max_w") / WATTS_PER_KW).to_series()
    pues = parts["pue"].unique()
    pue = float(pues[0]) if pues.len() == 1 and pues[0] is not None else None
    complete = row["covered_share"] is not None and not numbers.is_partial(row["covered_share"])
    it_kwh = row["energy_it_kwh"] + idle_kwh if complete and idle_kwh is not None else None
    is_estimate = any("pue" in (words or "").split() for words in parts["estimates"])
    return {
        "installed_kw": float(installed.sum()) if installed.len() and not installed.null_count() else None,
        "it_kwh": it_kwh,
        "total_kwh": it_kwh * pue if it_kwh is not None and pue is not None else None,
        "metered": row["metered_share"],
        "pue": pue,
        "pue_basis": "the stated PUE, an estimate" if is_estimate else "the stated PUE" if pue is not None else AT_THE_SITE,
    }


def _filled(symbol: str, values: Mapping[str, Any]) -> tuple[float | None, str]:
    """The value of a field and where it comes from."""
    if symbol in STATED and (reading := values["stated"].get(STATED[symbol][0])) is not None:
        return reading * STATED[symbol][1], f"reading of a calendar year, stated by the operator as {STATED[symbol][0]}"
    bases = {
        "P_DIT": ("installed_kw", "nodes × maximum power of a node"),
        "E_IT": ("it_kwh", _of_jobs_and_idle_nodes(values["metered"])),
        "E_DC": ("total_kwh", "IT energy × stated PUE"),
    }
    if symbol not in bases:
        return None, f"{AT_THE_SITE}; then stated as {STATED[symbol][0]}" if symbol in STATED else AT_THE_SITE
    name, basis = bases[symbol]
    value = values[name]
    if value is None and values["is_withheld"] and symbol in USED:
        return None, HELD_BACK
    return value, basis if value is not None else f"not known: {basis}"


def _of_jobs_and_idle_nodes(metered: float | None) -> str:
    """From what the energy of jobs and of idle nodes is known."""
    if not metered:
        return "jobs and idle nodes, both modelled"
    rest = ", the rest modelled" if numbers.is_partial(metered) else ""
    return f"jobs ({numbers.percent(metered)} of node-hours metered{rest}) and idle nodes, modelled"


def _finding(inputs: ReportInputs, known: Mapping[str, Mapping[str, Any]]) -> str:
    parts = [
        f"{system} {numbers.energy(values['it_kwh'])} ({_size_class(values['installed_kw'])} installed)"
        for system, values in known.items()
        if values["it_kwh"] is not None and values["installed_kw"] is not None
    ]
    if not parts:
        return f"No field can be filled for {inputs.period.name}."
    said = f"IT energy of jobs and idle nodes in {inputs.period.name}: {numbers.listed(parts)}."
    return told(said, [system for system, values in known.items() if values["is_withheld"]])


def _size_class(installed_kw: float) -> str:
    return next((words for most, words in CLASSES_KW if installed_kw < most), "over 10 MW")
