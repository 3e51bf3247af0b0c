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
    ("S_DC", "Total floor area of the data centre", "m²"),
    ("S_CR", "Floor area of its computer rooms", "m²"),
    ("E_DC", "Total energy consumption", "kWh"),
    ("E_DC-BG", "Part of it from back-up generators", "kWh"),
    ("E_IT", "Energy consumption of information technology", "kWh"),
    ("none", "Functions that support the electricity grid", "yes or no"),
    ("C_BtG", "Average battery capacity offered to the grid", "kW"),
    ("W_IN", "Total water input", "m³"),
    ("W_IN-POT", "Potable water input", "m³"),
    ("E_REUSE", "Waste heat reused", "kWh"),
    ("T_WH", "Average temperature of the waste heat", "°C"),
    ("T_IN", "Average set point of the air that equipment takes in", "°C"),
    ("none", "Types of refrigerants", "names"),
    ("CDD", "Cooling degree days, from 21 °C on", "degree days"),
    ("E_RES-TOT", "Renewable energy, the sum of the three below", "kWh"),
    ("E_RES-GOO", "Renewable energy by guarantees of origin", "kWh"),
    ("E_RES-PPA", "Renewable energy by power purchase agreements", "kWh"),
    ("E_RES-OS", "Renewable energy made on site", "kWh"),
    ("C_SERV", "Capacity of servers, active state performance", "SERT rating"),
    ("C_STOR", "Raw capacity of storage", "PB"),
    ("B_IN", "Bandwidth in, mean of the year", "GB/s"),
    ("B_OUT", "Bandwidth out, mean of the year", "GB/s"),
    ("T_IN", "Data traffic in", "EB"),
    ("T_OUT", "Data traffic out", "EB"),
)
"""Annex II in its order: symbol, what it is, unit. The regulation itself uses T_IN twice. Source: Regulation (EU) 2024/1364, Annex II."""

ANNEX_I = {"site": "Data centre", "operator": "Owner and operator", "city": "Location", "in_service": "In operation since"}
"""The facts of a machine that Annex I asks of the data centre, and what stands above them."""

AT_THE_SITE = "to be read from the site's own meters and contracts"
MODELLED = ("P_DIT", "E_DC", "E_IT")
"""The fields that logs and facts can tell, where nobody stated a reading."""
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

CLASSES_KW = (
    (100, "below 100 kW"),
    (500, "very small, 100 to 500 kW"),
    (1_000, "small, 500 kW to 1 MW"),
    (2_000, "medium, 1 to 2 MW"),
    (10_000, "large, 2 to 10 MW"),
)
"""The size classes of the regulation by their upper ends. Source: its Annex IV."""


def information(inputs: ReportInputs) -> Section:
    """What is to be reported under Annexes I and II for each machine, as far as log and facts tell, and what is missing."""
    known = _known(inputs)
    return Section(
        id="information",
        title="What do Annexes I and II ask for?",
        finding=_finding(inputs, known),
        blocks=(
            _fields(known),
            Note(
                text="A machine is not the whole data centre: other machines, storage and networks at the site count as well. What stands "
                "here as modelled or estimated is a starting point for the operator, and no reading of a meter."
            ),
            _to_be_stated(known),
            _data_centres(inputs),
            Note(
                text="Annex I asks besides for contact details, the code of the local administrative unit, the type of the data centre and "
                "the redundancy of its electricity and cooling, which no log tells."
            ),
        ),
    )


def _fields(known: Mapping[str, Mapping[str, Any]]) -> Table:
    """The fields that logs, facts or stated readings fill, or would, for each machine."""
    rows = [
        (system, symbol, what, value, unit, basis)
        for system, values in known.items()
        for symbol, what, unit in INFORMATION
        for value, basis in (_filled(symbol, values),)
        if value is not None or symbol in MODELLED
    ]
    kinds = {"system": pl.String, "symbol": pl.String, "what": pl.String, "value": pl.Float64, "unit": pl.String, "basis": pl.String}
    return Table(
        caption="The fields of Annex II of Delegated Regulation (EU) 2024/1364 that logs, facts and stated readings fill.",
        frame=pl.DataFrame(rows, schema=kinds, orient="row"),
        withheld=frozenset(place for place, row in enumerate(rows) if row[5] == HELD_BACK),
        columns=(
            Column(name="system", header="Machine"),
            Column(name="symbol", header="Symbol"),
            Column(name="what", header="Field"),
            Column(name="value", header="Value", kind=Kind.NUMBER),
            Column(name="unit", header="Unit"),
            Column(name="basis", header="Where it comes from"),
        ),
    )


def _to_be_stated(known: Mapping[str, Mapping[str, Any]]) -> Table:
    """The fields of Annex II that only the site can tell, but for those that were stated for every machine."""
    rows = []
    for symbol, what, unit in INFORMATION:
        lacking = [system for system, values in known.items() if _filled(symbol, values)[0] is None]
        if symbol not in MODELLED and lacking:
            fact = STATED[symbol][0] if symbol in STATED else "none"
            whose = "all" if len(lacking) == len(known) else numbers.listed(lacking)
            rows.append((symbol, what, unit, fact, whose))
    return Table(
        caption="The fields of Annex II that only the site's own meters, contracts and inventories can tell.",
        frame=pl.DataFrame(rows, schema=dict.fromkeys(("symbol", "what", "unit", "fact", "machines"), pl.String), orient="row"),
        columns=(
            Column(name="symbol", header="Symbol"),
            Column(name="what", header="Field"),
            Column(name="unit", header="Unit"),
            Column(name="fact", header="Fact to state it by"),
            Column(name="machines", header="Missing for"),
        ),
    )


def _data_centres(inputs: ReportInputs) -> Table:
    """What Annex I asks of each data centre, as far as it is known."""
    systems = inputs.usage["system"].unique().to_list()
    wanted = inputs.facts.filter(pl.col("partition").is_null(), pl.col("system").is_in(systems), pl.col("fact").is_in(list(ANNEX_I)))
    known = {(system, fact): value for system, fact, value in wanted.select("system", "fact", "value").iter_rows()}
    rows = [(system, *(known.get((system, fact)) for fact in ANNEX_I)) for system in sorted(systems)]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(("system", *ANNEX_I), pl.String), orient="row")
    return Table(
        caption="What Annex I asks of the data centres, as far as it is known.",
        frame=usage.with_system_names(frame, inputs.partitions).sort("system"),
        columns=(Column(name="system", header="Machine"), *(Column(name=name, header=header) for name, header in ANNEX_I.items())),
    )


def indicators(inputs: ReportInputs) -> Section:
    """The four indicators of Annex III for each machine's site, or what is missing to compute them."""
    rows = regulation.indicators({system: {name: number for name, (number, _) in of.items()} for system, of in _stated(inputs).items()})
    with_pue = usage.with_system_names(rows.filter(pl.col("indicator") == "PUE").drop_nulls("value"), inputs.partitions)
    pues = [f"{row['system']} {numbers.plain(row['value'])}" for row in with_pue.iter_rows(named=True)]
    return Section(
        id="indicators",
        title="What are the indicators of Annex III?",
        finding=f"PUE: {numbers.listed(pues)}." if pues else "No indicator can be computed from what is known here.",
        blocks=tuple(table for table in (_known_indicators(rows, inputs), _lacking_indicators(rows, inputs)) if table.frame.height),
    )


def _known_indicators(rows: pl.DataFrame, inputs: ReportInputs) -> Table:
    """The indicators that have a value, machine by machine."""
    known = rows.drop_nulls("value").with_columns(pl.col("unit").replace("", "ratio"))
    return Table(
        caption="The sustainability indicators of Annex III that are known, for the site of each machine.",
        frame=usage.with_system_names(known, inputs.partitions),
        columns=(
            Column(name="system", header="Machine"),
            Column(name="indicator", header="Indicator"),
            Column(name="meaning", header="What it is"),
            Column(name="value", header="Value", kind=Kind.NUMBER),
            Column(name="unit", header="Unit"),
            Column(name="basis", header="What it rests on"),
        ),
    )


def _lacking_indicators(rows: pl.DataFrame, inputs: ReportInputs) -> Table:
    """The indicators without a value: what is missing to compute them, once for all machines that lack the same."""
    lacking = usage.with_system_names(rows.filter(pl.col("value").is_null()), inputs.partitions).sort("system")
    grouped = lacking.group_by("indicator", "meaning", "basis", maintain_order=True).agg("system")
    machines = pl.Series("system", [numbers.listed(systems) for systems in grouped["system"]], dtype=pl.String)
    said = grouped.with_columns(machines, pl.col("basis").str.strip_prefix("missing: "))
    return Table(
        caption="The indicators of Annex III that cannot be computed.",
        frame=said.sort("indicator", "system"),
        columns=(
            Column(name="indicator", header="Indicator"),
            Column(name="meaning", header="What it is"),
            Column(name="basis", header="What is missing"),
            Column(name="system", header="For the sites of"),
        ),
    )


def _stated(inputs: ReportInputs) -> dict[str, dict[str, tuple[float, str]]]:
    """The facts of whole machines that are numbers, for each machine with a log, and for when each holds."""
    systems = inputs.usage["system"].unique().sort().to_list()
    wanted = inputs.facts.filter(pl.col("partition").is_null(), pl.col("system").is_in(systems))
    known: dict[str, dict[str, tuple[float, str]]] = {system: {} for system in systems}
    for row in wanted.with_columns(number=pl.col("value").cast(pl.Float64, strict=False)).drop_nulls("number").iter_rows(named=True):
        known[row["system"]][row["fact"]] = row["number"], row["valid"] or "a calendar year"
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
    fact = STATED[symbol][0] if symbol in STATED else None
    if fact is not None and fact in values["stated"]:
        return values["stated"][fact][0] * STATED[symbol][1], f"reading of {values['stated'][fact][1]}, stated as {fact}; see the facts"
    bases = {
        "P_DIT": ("installed_kw", "nodes × maximum power of a node"),
        "E_IT": ("it_kwh", _of_jobs_and_idle_nodes(values["metered"])),
        "E_DC": ("total_kwh", "IT energy × stated PUE"),
    }
    if symbol not in bases:
        return None, AT_THE_SITE
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
    return next((words for most, words in CLASSES_KW if installed_kw < most), "very large, over 10 MW")
