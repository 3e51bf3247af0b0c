"""What could be saved at most by running flexible work at another hour, on another day or at another site."""

import polars as pl

from analytics.power import HOURLY_POWER
from analytics.usage import ratio
from data.schema import PARTITIONS, UTC_TIME, Schema, check
from data.units import GRAMS_PER_KG, WATTS_PER_KW

SLOTS: Schema = {"energy_kwh": pl.Float64, "room_kwh": pl.Float64, "intensity_gco2e_per_kwh": pl.Float64}
"""Beside the keys of the group: the energy used in a slot, how much more would have had room in it, and what each kWh emits there."""

SAVINGS: Schema = {"emissions_kgco2e": pl.Float64, "saved_kgco2e": pl.Float64, "saved_share": pl.Float64}


def most_saved(slots: pl.DataFrame, *within: str, flexible_share: float) -> pl.DataFrame:
    """The most emissions that could be saved by moving a share of the work among the slots of each group, such as the hours of a day.

    Of the energy e of each slot the flexible share f may move to any slot of its group that has room: the nodes free there, and those that
    flexible work leaves. All of it, F = Σ f·e, goes to the slots of least carbon intensity until they are full; no split of the same work
    emits less, so saved = Σ f·e·c − Σ y·c is the most there is. It is a bound and no forecast: jobs are whole, cannot start before they
    are submitted, and nobody knows the carbon intensity beforehand. The energy that a job needs is taken to be the same everywhere.
    Slots whose energy, room or carbon intensity is not known are left out.

    Takes the keys and SLOTS; gives the keys and SAVINGS: emissions of all the energy, the most saved, and its share of these.

    >>> day = pl.DataFrame({"day": [1, 1], "energy_kwh": [10.0, 10.0], "room_kwh": [0.0, 4.0], "intensity_gco2e_per_kwh": [500.0, 100.0]})
    >>> most_saved(day, "day", flexible_share=0.5).row(0)
    (1, 6.0, 1.6, 0.26666666666666666)
    """
    check(slots, {name: slots.schema[name] for name in within} | dict(SLOTS))
    known = slots.drop_nulls(list(SLOTS)).sort(*within, "intensity_gco2e_per_kwh", maintain_order=True)
    intensity, moved = pl.col("intensity_gco2e_per_kwh") / GRAMS_PER_KG, pl.col("energy_kwh") * flexible_share
    fits = moved + pl.col("room_kwh").clip(0)
    rows = known.with_columns(moved=moved, fits=fits, kg_per_kwh=intensity)
    filled = (pl.col("moved").sum() - (pl.col("fits").cum_sum() - pl.col("fits"))).clip(0).over(within)
    rows = rows.with_columns(placed=pl.min_horizontal(filled, "fits"))
    saved = ((pl.col("moved") - pl.col("placed")) * pl.col("kg_per_kwh")).sum().clip(0)
    found = rows.group_by(within).agg(emissions_kgco2e=(pl.col("energy_kwh") * pl.col("kg_per_kwh")).sum(), saved_kgco2e=saved)
    return found.with_columns(saved_share=ratio(pl.col("saved_kgco2e"), pl.col("emissions_kgco2e"))).sort(within)


def hour_slots(power: pl.DataFrame, partitions: pl.DataFrame, intensity: pl.DataFrame) -> pl.DataFrame:
    """The hours of each partition as slots: facility energy of its jobs, room for more on nodes without a job, carbon intensity.

    Room = free nodes × power of a busy node × PUE. Takes frames HOURLY_POWER and PARTITIONS and the carbon intensity by grid_zone and
    hour; gives system, partition, hour, day, week (its Monday) and SLOTS, with an unknown intensity where none is known of the hour.
    """
    check(power, HOURLY_POWER)
    check(intensity, {"grid_zone": pl.String, "hour": UTC_TIME, "intensity_gco2e_per_kwh": pl.Float64})
    facts = check(partitions, PARTITIONS).select("system", "partition", "grid_zone", "pue", busy_kw=_BUSY_KW)
    rows = power.join(facts, on=["system", "partition"], how="left", validate="m:1", maintain_order="left")
    valued = rows.join(intensity, on=["grid_zone", "hour"], how="left", validate="m:1", maintain_order="left")
    day = pl.col("hour").dt.date()
    return valued.select(
        "system",
        "partition",
        "hour",
        day=day,
        week=day.dt.truncate("1w"),
        energy_kwh="power_facility_kw",
        room_kwh=(pl.col("nodes") - pl.col("node_hours_held")).clip(0) * pl.col("busy_kw") * pl.col("pue"),
        intensity_gco2e_per_kwh="intensity_gco2e_per_kwh",
    )


def day_slots(hours: pl.DataFrame) -> pl.DataFrame:
    """The days of each partition as slots, from its hours: what each day's work would emit at that day's mean carbon intensity.

    Only days of which every hour is known. Takes the frame of `hour_slots`; gives system, partition, week, day and SLOTS.
    """
    whole = pl.all_horizontal(pl.col(list(SLOTS)).is_not_null().all()) & (pl.len() == 24)
    days = hours.group_by("system", "partition", "week", "day").agg(
        pl.col("energy_kwh", "room_kwh").sum(), pl.col("intensity_gco2e_per_kwh").mean(), whole=whole
    )
    return days.filter("whole").drop("whole").sort("system", "partition", "day")


def site_slots(rows: pl.DataFrame, offered: pl.DataFrame, partitions: pl.DataFrame) -> pl.DataFrame:
    """The partitions as slots of each month: IT energy of their jobs, room on free nodes, and what an IT kWh emits at that site.

    Carbon per IT kWh = PUE × carbon intensity of the grid zone in the year. Partitions with and without GPUs are told apart, as work
    cannot move between them. Takes the measures of emissions by system, partition and month, frame CAPACITY and frame PARTITIONS; gives
    system, partition, month, gpus (yes or no) and SLOTS.
    """
    keys = ["system", "partition", "month"]
    facts = check(partitions, PARTITIONS).select("system", "partition", "pue", gpus=pl.col("gpus_per_node") > 0, busy_kw=_BUSY_KW)
    used = rows.group_by(keys).agg(
        pl.col("node_hours_held").sum(),
        energy_kwh=pl.when(pl.col("energy_it_kwh").null_count() == 0).then(pl.col("energy_it_kwh").sum()),
        intensity=pl.col("intensity_gco2e_per_kwh").first(),
    )
    both = used.join(offered.select(*keys, "capacity_node_hours"), on=keys, how="left", validate="1:1")
    valued = both.join(facts, on=["system", "partition"], how="left", validate="m:1")
    return valued.select(
        *keys,
        "gpus",
        "energy_kwh",
        room_kwh=(pl.col("capacity_node_hours") - pl.col("node_hours_held")).clip(0) * pl.col("busy_kw"),
        intensity_gco2e_per_kwh=pl.col("intensity") * pl.col("pue"),
    ).sort(keys)


_BUSY_KW = (pl.col("node_idle_w") + pl.col("utilisation") * (pl.col("node_max_w") - pl.col("node_idle_w"))) / WATTS_PER_KW
