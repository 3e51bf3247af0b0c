"""What an award means for training a foundation model: GPU-hours, days, energy and emissions, from peaks and a stated utilisation."""

from dataclasses import dataclass

import polars as pl

from data.errors import InputError
from data.schema import Schema, check
from data.units import HOURS_PER_DAY, SECONDS_PER_HOUR

FLOPS_PER_PARAMETER_AND_TOKEN = 6.0
"""Two for the forward pass and four for the backward pass."""

FLOPS_PER_TFLOPS = 1e12

DAYS_PER_MONTH = 365.25 / 12

USUAL_MFU = 0.4
"""Llama 3.1 reported 38–43 % (The Llama 3 Herd of Models, as told in glennklockwood.com/garden/mfu); many runs reach less."""

A100_PEAK = 312.0
"""BF16 peak of an NVIDIA A100 in TFLOPS, dense (upb-pc2.atlassian.net), the GPU that one's own machine is taken to have."""

GPU_MACHINES: Schema = {
    "machine": pl.String,  # system:partition
    "name": pl.String,
    "gpus": pl.Float64,  # of the whole partition
    "gpus_per_node": pl.Float64,
    "peak_bf16_tflops": pl.Float64,  # of one GPU in the billing unit, dense; null: not known
    "mwh_per_gpu_hour": pl.Float64,  # facility energy; null: not known
    "tco2e_per_gpu_hour": pl.Float64,
}
"""One row a partition with GPUs."""

TRAINING: Schema = {
    "machine": pl.String,
    "name": pl.String,
    "gpus_used": pl.Float64,  # at a time; no more than the machine has
    "gpu_hours": pl.Float64,
    "days": pl.Float64,
    "energy_mwh": pl.Float64,
    "emissions_t": pl.Float64,
}
"""One row a machine: what one training run takes there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRun:
    """A training run of a dense foundation model."""

    name: str
    """What it is called."""
    parameters: float
    """N, the parameters of the model."""
    tokens: float
    """D, the tokens it is trained on."""
    mfu: float = USUAL_MFU
    """Model FLOPs utilisation: the part of the GPUs' peak that the model's own operations reach."""

    def __post_init__(self) -> None:
        faults = [f"{what} is {value:g}" for what, value in (("parameters", self.parameters), ("tokens", self.tokens)) if not value > 0]
        faults += [f"the utilisation is {self.mfu:g}"] if not 0 < self.mfu <= 1 else []
        if faults:
            raise InputError(f"{'; '.join(faults)}; parameters and tokens lie above 0, the utilisation from above 0 to 1.")

    @property
    def flops(self) -> float:
        """The operations of the whole run.

        >>> TrainingRun(name="TildeOpen", parameters=30e9, tokens=2e12).flops
        3.6e+23
        """
        return FLOPS_PER_PARAMETER_AND_TOKEN * self.parameters * self.tokens


def gpu_hours(run: TrainingRun, peak_bf16_tflops: float) -> float:
    """The GPU-hours of a training run = 6 x parameters x tokens / (peak of a GPU x utilisation).

    Six operations a parameter and token hold for dense transformers (Kaplan et al. 2020, arxiv.org/abs/2001.08361); the utilisation is
    that of the PaLM paper (arxiv.org/abs/2204.02311, appendix B): what the model needs over what the GPUs could do at their peak, BF16
    without sparsity. Failed runs, evaluation and experiments come on top.

    >>> round(gpu_hours(TrainingRun(name="7B", parameters=7e9, tokens=2e12, mfu=0.4), peak_bf16_tflops=312))
    186966
    """
    return run.flops / (peak_bf16_tflops * FLOPS_PER_TFLOPS * run.mfu) / SECONDS_PER_HOUR


def training_on(machines: pl.DataFrame, run: TrainingRun, *, gpus: float) -> pl.DataFrame:
    """What one training run takes on each machine: GPU-hours, days on so many GPUs at a time, facility energy and emissions.

    Days = GPU-hours / GPUs / 24, without queueing. Energy = GPU-hours x modelled node power per GPU x PUE; emissions = that x the
    location-based carbon intensity of the grid. Unknown where the peak, the power or the intensity is.

    Gives frame TRAINING.
    """
    check(machines, GPU_MACHINES)
    if not gpus >= 1:
        raise InputError(f"{gpus:g} GPUs cannot train; name at least 1.")
    one_tflops = gpu_hours(run, 1.0)
    hours = one_tflops / pl.col("peak_bf16_tflops")
    used = pl.min_horizontal(pl.lit(float(gpus)), pl.col("gpus"))
    return machines.select(
        "machine",
        "name",
        gpus_used=used,
        gpu_hours=hours,
        days=hours / used / HOURS_PER_DAY,
        energy_mwh=hours * pl.col("mwh_per_gpu_hour"),
        emissions_t=hours * pl.col("tco2e_per_gpu_hour"),
    ).select(TRAINING.keys())


def days_alone(run: TrainingRun, *, gpus: float, peak_bf16_tflops: float) -> float:
    """The days that the run takes on GPUs of one's own, at the same utilisation.

    >>> round(days_alone(TrainingRun(name="7B", parameters=7e9, tokens=2e12), gpus=32, peak_bf16_tflops=312) / DAYS_PER_MONTH, 1)
    8.0
    """
    if not gpus >= 1:
        raise InputError(f"{gpus:g} GPUs cannot train; name at least 1.")
    return gpu_hours(run, peak_bf16_tflops) / gpus / HOURS_PER_DAY


def training_with(
    by_machine: pl.DataFrame, machines: pl.DataFrame, run: TrainingRun, *, gpus: float, own_gpus: float, is_gpu_hours: bool
) -> pl.DataFrame:
    """What each award means for the run: how much of it the hours pay for, and the days of a whole run on the award's machine.

    Needs the awards by application and machine. Where an award lies on several machines, the days are those of the machine with most of
    its hours. Beside them the months that one run takes on A100 GPUs of one's own. Unknown on machines without GPUs.

    Columns: application, runs (that the hours pay for), days (of one run), gpu_hours, months_alone.
    """
    check(machines, GPU_MACHINES)
    per_run = training_on(machines, run, gpus=gpus).select("machine", "days", per_run="gpu_hours")
    in_gpu_hours = pl.lit(1.0) if is_gpu_hours else pl.col("gpus_per_node")
    joined = by_machine.join(machines.select("machine", "gpus_per_node"), on="machine", how="left", validate="m:1", maintain_order="left")
    known = joined.join(per_run, on="machine", how="left", validate="m:1", maintain_order="left").with_columns(
        gpu_hours=pl.col("hours_awarded") * in_gpu_hours
    )
    parts = pl.col("gpu_hours") / pl.col("per_run")
    return known.group_by("application", maintain_order=True).agg(
        runs=pl.when(parts.null_count() == 0).then(parts.sum()),
        days=pl.col("days").sort_by("hours_awarded").last(),
        gpu_hours=pl.when(pl.col("gpu_hours").null_count() == 0).then(pl.col("gpu_hours").sum()),
        months_alone=pl.lit(days_alone(run, gpus=own_gpus, peak_bf16_tflops=A100_PEAK) / DAYS_PER_MONTH),
    )
