"""The indicators of Delegated Regulation (EU) 2024/1364 for each site, and what is missing where one cannot be computed."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from data.schema import Schema

SOURCE = "Delegated Regulation (EU) 2024/1364, Annex III"

INDICATORS: Schema = {
    "system": pl.String,
    "indicator": pl.String,
    "meaning": pl.String,
    "value": pl.Float64,  # null: not available
    "unit": pl.String,
    "basis": pl.String,  # what the value rests on, or what is missing to compute it
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Indicator:
    name: str
    """As the regulation abbreviates it."""
    meaning: str
    """What it is, with its formula."""
    above: str
    """The fact above the line."""
    below: str
    """The fact below the line."""
    unit: str = ""
    """Its unit; empty for a plain ratio."""
    else_from: str = ""
    """The fact that may stand in for it."""
    else_words: str = ""
    """What is said where that stands in."""


NEEDED = {
    "facility_energy_mwh": "the total energy of the data centre (E_DC), metered as EN 50600-4-2 says",
    "it_energy_mwh": "the energy of its IT equipment (E_IT)",
    "water_m3": "the water it took in (W_IN)",
    "heat_reused_mwh": "the heat it gave away for use (E_REUSE)",
    "renewable_energy_mwh": "its renewable energy (E_RES-TOT: guarantees of origin, purchase agreements and on site)",
}
"""What the operator must state about a calendar year, in words."""

_INDICATORS = (
    _Indicator(
        name="PUE",
        meaning="power usage effectiveness, E_DC / E_IT",
        above="facility_energy_mwh",
        below="it_energy_mwh",
        else_from="pue",
        else_words="as published, not computed from E_DC and E_IT",
    ),
    _Indicator(
        name="WUE", meaning="water usage effectiveness, W_IN / E_IT, in m³/MWh", above="water_m3", below="it_energy_mwh", unit="m³/MWh"
    ),
    _Indicator(name="ERF", meaning="energy reuse factor, E_REUSE / E_DC", above="heat_reused_mwh", below="facility_energy_mwh"),
    _Indicator(
        name="REF",
        meaning="renewable energy factor, E_RES-TOT / E_DC",
        above="renewable_energy_mwh",
        below="facility_energy_mwh",
        else_from="renewable_share",
        else_words="the renewable part of the electricity contract, as published, not computed from E_RES-TOT and E_DC",
    ),
)


def indicators(facts: Mapping[str, Mapping[str, float]]) -> pl.DataFrame:
    """PUE, WUE, ERF and REF of each machine's site, or what is missing to compute them.

    PUE = E_DC / E_IT, WUE = W_IN / E_IT, ERF = E_REUSE / E_DC, REF = E_RES-TOT / E_DC, each of a calendar year that the operator states as
    facts of the machine. A job log knows none of them: it knows the energy of jobs, not that of the data centre. Where the operator states
    no such year, a published PUE and the renewable part of the electricity contract stand in, and it is said that they do. A duty of data
    centres of 500 kW installed IT power and more. Source: Delegated Regulation (EU) 2024/1364, Annex III.

    Args:
        facts: For each machine its known facts by name, numbers alone: facility_energy_mwh, it_energy_mwh, water_m3, heat_reused_mwh,
            renewable_energy_mwh, pue, renewable_share.

    Returns:
        Frame INDICATORS, four rows a machine.

    >>> known = {"lumi": {"facility_energy_mwh": 110.0, "it_energy_mwh": 100.0, "heat_reused_mwh": 33.0}}
    >>> indicators(known).select("indicator", "value").rows()
    [('PUE', 1.1), ('WUE', None), ('ERF', 0.3), ('REF', None)]
    """
    rows = [_row(system, known, indicator) for system, known in sorted(facts.items()) for indicator in _INDICATORS]
    return pl.DataFrame(rows, schema=dict(INDICATORS), orient="row")


def _row(system: str, known: Mapping[str, float], indicator: _Indicator) -> tuple[object, ...]:
    above, below = known.get(indicator.above), known.get(indicator.below)
    start = (system, indicator.name, indicator.meaning)
    if above is not None and below is not None and below > 0:
        return (*start, above / below, indicator.unit, f"computed from {indicator.above} and {indicator.below}")
    if indicator.else_from in known:
        return (*start, known[indicator.else_from], indicator.unit, indicator.else_words)
    missing = [NEEDED[name] for name, value in ((indicator.above, above), (indicator.below, below)) if value is None]
    return (*start, None, indicator.unit, f"missing: {'; '.join(missing)}; of a calendar year")
