"""The energy that machine time cost: measured where jobs were metered, modelled for the rest, and how much of it is which."""

import polars as pl

from analytics.usage import CAPACITY, known_sum, ratio, total_by
from data.errors import SchemaError
from data.schema import DIMENSIONS, PARTITIONS, Schema, check, usage_by
from data.units import WATTS_PER_KW

MODEL_ERROR_SHARE = 0.3
"""How far the energy of a node without a meter may lie from the model, to either side (domain knowledge: 30 %)."""

ENERGY: Schema = {
    "jobs": pl.Int64,
    "jobs_metered": pl.Int64,
    "jobs_without_nodes": pl.Int64,
    "node_hours": pl.Float64,
    "node_hours_held": pl.Float64,  # of the parts of nodes that jobs held
    "node_hours_metered": pl.Float64,
    "node_hours_modelled": pl.Float64,
    "node_hours_without_model": pl.Float64,  # neither metered nor of a partition whose power is known
    "node_hours_without_pue": pl.Float64,  # with IT energy, but no PUE to make facility energy of it
    "energy_measured_kwh": pl.Float64,
    "energy_modelled_kwh": pl.Float64,
    "energy_it_kwh": pl.Float64,  # measured + modelled, of the node-hours that have either
    "energy_it_low_kwh": pl.Float64,
    "energy_it_high_kwh": pl.Float64,
    "energy_facility_kwh": pl.Float64,
    "energy_facility_low_kwh": pl.Float64,
    "energy_facility_high_kwh": pl.Float64,
}
"""The measures of an energy frame; each is a sum of what is known, with the node-hours that are missing from it beside it."""

POWER_FACTS = ("node_idle_w", "node_max_w", "utilisation", "pue")


def energy(usage: pl.DataFrame, partitions: pl.DataFrame) -> pl.DataFrame:
    """The energy of each row of usage: measured, modelled, of the computers (IT) and of the whole facility, with a range.

    IT energy = the readings of the metered jobs + for every other node-hour held the model idle + u × (max − idle) of its partition, u
    being how hard a typical job drives its nodes; a job that held a part of a node counts for that part. Facility energy = IT energy × PUE.
    The range takes the modelled part 30 % lower and higher; it does not cover errors of meters or of the PUE. Where a partition's power or
    PUE is not published the energy is unknown, never 0, and its node-hours are counted. Idle nodes that nobody used are not in it.

    Needs system and partition among the dimensions; gives the dimensions and the measures of ENERGY.
    """
    dimensions = [name for name in DIMENSIONS if name in usage.columns]
    check(usage, usage_by("system", "partition", *dimensions))
    check(partitions, PARTITIONS)
    _check_metered(usage)
    facts = partitions.select("system", "partition", *POWER_FACTS)
    rows = usage.join(facts, on=["system", "partition"], how="left", validate="m:1")
    return (
        rows.with_columns(**_hours_by_source())
        .with_columns(**_kwh())
        .with_columns(**_it())
        .with_columns(**_facility())
        .select(*dimensions, *ENERGY)
        .sort(dimensions)
    )


def energy_by(rows: pl.DataFrame, *dimensions: str) -> pl.DataFrame:
    """The energy summed to one row for each value of these dimensions, with `metered_share` and `covered_share` of the node-hours.

    Every sum holds what is known. `covered_share` is the share of the node-hours whose IT energy is in it; `metered_share` the share
    that was measured and not modelled.
    """
    check(rows, {name: DIMENSIONS[name] for name in dimensions} | dict(ENERGY))
    sums = [known_sum(name) for name in ENERGY]
    summed = rows.group_by(dimensions).agg(sums) if dimensions else rows.select(sums)
    covered = pl.col("node_hours") - pl.col("node_hours_without_model")
    shares = summed.with_columns(
        metered_share=ratio(pl.col("node_hours_metered"), pl.col("node_hours")), covered_share=ratio(covered, pl.col("node_hours"))
    )
    return shares.sort(dimensions) if dimensions else shares


def idle_energy(usage: pl.DataFrame, offered: pl.DataFrame, partitions: pl.DataFrame) -> pl.DataFrame:
    """The energy of the nodes that no job used, had they all stood switched on and idle: the most it can be, apart from jobs.

    Unallocated node-hours = capacity − node-hours of the parts of nodes held, at least none; × idle power of a node. Maintenance and
    nodes switched off are not known and not taken off. Unknown where the number of nodes or their idle power is not published.

    Needs usage by system, partition and month, and frame CAPACITY. Gives system, partition, month, node_hours_unallocated,
    energy_idle_kwh and energy_idle_facility_kwh.
    """
    keys = ["system", "partition", "month"]
    check(usage, usage_by(*keys))
    check(offered, CAPACITY)
    facts = check(partitions, PARTITIONS).select("system", "partition", "node_idle_w", "pue")
    used = total_by(usage, *keys).select(*keys, "node_hours_held")
    rows = offered.join(used, on=keys, how="left", validate="1:1").join(facts, on=["system", "partition"], how="left", validate="m:1")
    unallocated = (pl.col("capacity_node_hours") - pl.col("node_hours_held").fill_null(0)).clip(0)
    idle_kwh = unallocated * pl.col("node_idle_w") / WATTS_PER_KW
    return rows.select(
        *keys, node_hours_unallocated=unallocated, energy_idle_kwh=idle_kwh, energy_idle_facility_kwh=idle_kwh * pl.col("pue")
    ).sort(keys)


def node_power_w(idle_w: float, max_w: float, utilisation: float) -> float:
    """The modelled power of a node whose jobs drive it to a share of the way from idle to its maximum.

    >>> node_power_w(idle_w=652, max_w=2773, utilisation=0.5)
    1712.5
    """
    return idle_w + utilisation * (max_w - idle_w)


def _check_metered(usage: pl.DataFrame) -> None:
    wrong = usage.filter(pl.col("node_hours_metered") > pl.col("node_hours") * (1 + 1e-9) + 1e-6)
    if wrong.height:
        found = wrong.row(0, named=True)
        raise SchemaError(
            f"{wrong.height} rows of usage have more metered node-hours than node-hours, the first {found['node_hours_metered']} of "
            f"{found['node_hours']} on {found['partition']!r}; the metered ones must be among them, rebuild the rollups."
        )


def _hours_by_source() -> dict[str, pl.Expr]:
    unmetered = (pl.col("node_hours") - pl.col("node_hours_metered")).clip(0)
    power_w = pl.col("node_idle_w") + pl.col("utilisation") * (pl.col("node_max_w") - pl.col("node_idle_w"))
    modelled = pl.when(power_w.is_not_null()).then(unmetered).otherwise(0.0)
    held = (pl.col("node_hours_held") - pl.col("node_hours_held_metered")).clip(0)
    return {"node_hours_modelled": modelled, "node_hours_without_model": unmetered - modelled, "held_unmetered": held, "power_w": power_w}


def _kwh() -> dict[str, pl.Expr]:
    metered = (pl.col("jobs_metered") > 0) | (pl.col("node_hours_metered") > 0) | (pl.col("energy_measured_kwh") > 0)
    modelled_kwh = pl.col("held_unmetered") * pl.col("power_w") / WATTS_PER_KW
    return {
        "energy_measured_kwh": pl.when(metered).then(pl.col("energy_measured_kwh")),
        "energy_modelled_kwh": pl.when(pl.col("node_hours_modelled") > 0).then(modelled_kwh),
    }


def _it() -> dict[str, pl.Expr]:
    measured, modelled = pl.col("energy_measured_kwh"), pl.col("energy_modelled_kwh")
    known = measured.is_not_null() | modelled.is_not_null()

    def with_model_times(factor: float) -> pl.Expr:
        return pl.when(known).then(measured.fill_null(0) + modelled.fill_null(0) * factor)

    return {
        "energy_it_kwh": with_model_times(1.0),
        "energy_it_low_kwh": with_model_times(1 - MODEL_ERROR_SHARE),
        "energy_it_high_kwh": with_model_times(1 + MODEL_ERROR_SHARE),
    }


def _facility() -> dict[str, pl.Expr]:
    covered = pl.col("node_hours") - pl.col("node_hours_without_model")
    facility = {f"energy_facility{end}_kwh": pl.col(f"energy_it{end}_kwh") * pl.col("pue") for end in ("", "_low", "_high")}
    return facility | {"node_hours_without_pue": pl.when(pl.col("pue").is_null()).then(covered).otherwise(0.0)}
