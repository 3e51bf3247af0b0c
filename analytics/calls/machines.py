"""The machines of a call: hours offered, and the facility energy, emissions and computing peak of an hour, from the facts."""

from collections.abc import Mapping

import polars as pl

from analytics.calls.call import MACHINES
from analytics.carbon import IntensityMethod, IntensityScope, annual_intensity
from analytics.training import GPU_MACHINES
from data.schema import INTENSITY, PARTITIONS, check
from data.terms import HourUnit
from data.units import KG_PER_TONNE, KWH_PER_MWH, WATTS_PER_KW

UNITS_PER_NODE = {
    HourUnit.NODE_HOURS: pl.lit(1.0),
    HourUnit.GPU_HOURS: pl.col("gpus_per_node"),
    HourUnit.CORE_HOURS: pl.col("cores_per_node"),
}
PART = ":"


def call_machines(partitions: pl.DataFrame, intensity: pl.DataFrame, hours: Mapping[str, int], *, unit: HourUnit) -> pl.DataFrame:
    """The machines with the hours that a call offers on them, in the order in which these are stated; then those it offers none on.

    Facility energy of a node-hour = modelled node power (idle + utilisation x (maximum - idle)) x PUE; emissions = that x the grid zone's
    flow-traced life-cycle intensity of the newest year published. An hour of a GPU is a node-hour over the GPUs of a node.

    Gives frame MACHINES.
    """
    known = _factors(partitions, intensity)
    place = {machine: number for number, machine in enumerate(hours)}
    each = UNITS_PER_NODE[unit]
    return (
        known.with_columns(
            hours_offered=pl.col("machine").replace_strict(dict(hours), default=0, return_dtype=pl.Int64),
            mwh_per_hour=pl.col("mwh_per_node_hour") / each,
            tco2e_per_hour=pl.col("tco2e_per_node_hour") / each,
            place=pl.col("machine").replace_strict(place, default=len(place), return_dtype=pl.Int64),
        )
        .with_columns(pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name) for name in ("mwh_per_hour", "tco2e_per_hour"))
        .sort("place", "machine")
        .select(MACHINES.keys())
    )


def gpu_machines(partitions: pl.DataFrame, intensity: pl.DataFrame, accelerators: pl.DataFrame) -> pl.DataFrame:
    """The partitions with GPUs: how many, their peak, and the energy and emissions of a GPU-hour.

    Needs the frame of accelerators with system, partition and peak_bf16_tflops. Gives frame GPU_MACHINES.
    """
    peaks = accelerators.select(machine=pl.col("system") + PART + pl.col("partition"), peak_bf16_tflops=pl.col("peak_bf16_tflops"))
    return (
        _factors(partitions, intensity)
        .filter(pl.col("gpus_per_node") > 0)
        .join(peaks, on="machine", how="left", validate="1:1", maintain_order="left")
        .with_columns(
            gpus=pl.col("nodes") * pl.col("gpus_per_node"),
            mwh_per_gpu_hour=pl.col("mwh_per_node_hour") / pl.col("gpus_per_node"),
            tco2e_per_gpu_hour=pl.col("tco2e_per_node_hour") / pl.col("gpus_per_node"),
        )
        .sort(pl.col("gpus").neg(), "machine", nulls_last=True)
        .select(GPU_MACHINES.keys())
    )


def _factors(partitions: pl.DataFrame, intensity: pl.DataFrame) -> pl.DataFrame:
    """Every partition with its name as people write it, and the energy and emissions of a node-hour."""
    check(partitions, PARTITIONS)
    check(intensity, INTENSITY)
    power_kw = (pl.col("node_idle_w") + pl.col("utilisation") * (pl.col("node_max_w") - pl.col("node_idle_w"))) / WATTS_PER_KW
    own = pl.col("partition").str.starts_with(pl.col("system_name"))
    rows = partitions.with_columns(
        machine=pl.col("system") + PART + pl.col("partition"),
        name=pl.when(own).then(pl.col("partition")).otherwise(pl.format("{} {}", "system_name", "partition")),
        mwh_per_node_hour=power_kw * pl.col("pue") / KWH_PER_MWH,
        year=pl.lit(intensity["year"].max(), pl.Int32),
    )
    of_grid = annual_intensity(
        intensity, rows.select("grid_zone", "year"), method=IntensityMethod.FLOW_TRACED, scope=IntensityScope.LIFE_CYCLE
    )
    joined = rows.join(of_grid, on=["grid_zone", "year"], how="left", validate="m:1", maintain_order="left")
    return joined.with_columns(tco2e_per_node_hour=pl.col("mwh_per_node_hour") * pl.col("intensity_gco2e_per_kwh") / KG_PER_TONNE)
