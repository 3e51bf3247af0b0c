"""The parts of the energy page: its figures, and what each part of it does not cover."""

from typing import Any

import polars as pl

from analytics.charts import numbers
from pages.shared import parts, results_energy
from pages.shared.visit import Visit

ON_LOSSES = (
    "A failed node-hour is taken to draw as much as any other of its partition; a timed-out job that had saved its work lost less. Idle "
    "nodes are counted as switched on, the most they can have drawn."
)
ON_MOVES = (
    "A bound, not a forecast: jobs are whole, cannot start before they are submitted, and nobody knows the carbon intensity beforehand. "
    "Work moves only to nodes that stood free, and between sites only among partitions with GPUs or among those without."
)


def row_of_figures(used: dict[str, Any], gas: dict[str, Any]) -> None:
    """Energy and emissions of the whole selection, each with what it covers."""
    span = f"{numbers.energy(used['energy_it_low_kwh'])} to {numbers.energy(used['energy_it_high_kwh'])}"
    parts.figures(
        [
            parts.Figure(
                label="IT energy",
                value=numbers.energy(used["energy_it_kwh"]),
                note=span if used["energy_it_kwh"] is not None else "no reading, no known power",
                meaning="Readings of the metered jobs, and for every other node-hour the model idle + u × (max − idle). "
                "The range takes the modelled part 30 % lower and higher.",
            ),
            parts.Figure(
                label="Measured",
                value=numbers.percent(used["metered_share"]),
                note="of node-hours",
                meaning="Node-hours of jobs with a plausible reading of their own.",
            ),
            parts.Figure(
                label="Facility energy",
                value=numbers.energy(used["energy_facility_kwh"]),
                note="" if used["energy_facility_kwh"] is not None else "power or PUE not known",
                meaning="IT energy × the machine's PUE.",
            ),
            parts.Figure(
                label="Location-based CO₂e",
                value=numbers.emissions(gas["emissions_location_kgco2e"]),
                note=parts.covering(gas["located_share"], "the energy", "energy or intensity not known"),
                meaning="GHG Protocol scope 2: facility energy × the carbon intensity of the machine's grid zone, by the hour where "
                "an hourly series covers the month, else that of the year.",
            ),
            parts.Figure(
                label="Market-based CO₂e",
                value=numbers.emissions(gas["emissions_market_kgco2e"]),
                note=parts.covering(gas["contracted_share"], "the energy", "no contract known"),
                meaning="GHG Protocol scope 2 by the operators' electricity contracts, 0 for a wholly renewable one.",
            ),
        ]
    )


def gaps(used: dict[str, Any], gas: dict[str, Any]) -> list[str]:
    """What the figures do not cover, or rest on an older year."""
    said = {
        "node_hours_without_model": "node-hours have neither a reading nor a known power of their partition, and are not in the energy.",
        "node_hours_without_pue": "node-hours are on machines whose PUE is not known, and are not in facility energy and emissions.",
    }
    found = [f"{numbers.amount(used[name], '')} {words}" for name, words in said.items() if used[name]]
    if used["jobs_without_nodes"]:
        found.append(f"Of {numbers.counted(used['jobs_without_nodes'], 'job')} the node-hours are not known; their energy is in no figure.")
    if gas["carried_forward"]:
        found.append(
            f"No carbon intensity is published yet for some of the months: that of {gas['carried_forward_years']} stands in for it."
        )
    return found


def on_power(here: Visit) -> list[str]:
    """What the chart of power leaves out: idle nodes, and of the highest hours, that they are of all user categories."""
    said = ["Power of the jobs × PUE, a job's energy spread evenly over its run; nodes without a job are not in it."]
    if here.chosen.categories:
        said.append("The highest hours are of all user categories, also of those not chosen.")
    return said


def on_peaks(here: Visit, peaks: pl.DataFrame) -> list[str]:
    """What the chart of highest hours leaves out: categories that were not chosen are in it, and sites whose limit is not known."""
    said = on_load(here)
    without = peaks.filter(pl.col("limit_kw").is_null())["system"].sort().to_list()
    if without:
        said.append(f"What the site may draw is not known of {numbers.listed(without)}; its operator can state it (power_limit_kw).")
    return said


def on_load(here: Visit) -> list[str]:
    """Whose jobs the hours are of, where only some categories were chosen."""
    return ["Hours are kept of all user categories together, also of those not chosen."] if here.chosen.categories else []


def on_intensity(here: Visit) -> list[str]:
    """Of which zones and hours the carbon intensity is known."""
    rows = results_energy.intensity(here)
    if rows.is_empty():
        return [f"An hourly series is brought in with '{parts.COMMAND_SERIES}'."]
    zones = rows.group_by("grid_zone").agg(hours=pl.len()).sort("grid_zone")
    whole = here.chosen.period.days * 24
    known = [f"{zone} {numbers.percent(hours / whole)}" for zone, hours in zones.rows()]
    return [f"Hours known, by grid zone: {', '.join(known)}; each zone counts alike."]
