"""What awards mean for training a foundation model: the run a reader chooses, each machine's time, energy and carbon for it."""

from dataclasses import dataclass

import polars as pl
import streamlit as st

from analytics.calls.machines import gpu_machines
from analytics.charts import numbers
from analytics.training import A100_PEAK, DAYS_PER_MONTH, USUAL_MFU, TrainingRun, days_alone, training_on
from data.call_examples import accelerators, training_runs
from data.terms import Flag
from data.units import KG_PER_TONNE, KWH_PER_MWH
from pages.shared import loaders, parts
from pages.shared import tables as shown_tables
from pages.shared.visit import Visit

OWN = "A run of my own"

METHOD = (
    "GPU-hours = 6 × parameters × tokens / (peak × utilisation), for dense models (arxiv.org/abs/2001.08361); peak in BF16, dense, "
    "with sources and estimates in data/reference/accelerators.csv; energy by the model of node power × PUE. Failed runs and experiments "
    "come on top."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The run, and on how many GPUs."""

    run: TrainingRun
    """The run."""
    gpus: float
    """GPUs used at a time on a machine."""
    alone: float
    """GPUs that an applicant has without an award."""
    source: str
    """Where parameters and tokens are from."""


def chosen_run() -> Chosen:
    """The training run that awards are measured in, after drawing its controls."""
    known = {row["name"]: row for row in training_runs().iter_rows(named=True)}
    columns = st.columns([3, 2, 2, 2], gap="medium", vertical_alignment="bottom")
    name = columns[0].selectbox("Training run", [*known, OWN], key="run", bind="query-params", help="Published runs of European models.")
    gpus = columns[1].number_input("GPUs at a time", min_value=1, max_value=100_000, value=768, step=64, key="gpus", bind="query-params")
    percent = columns[2].number_input(
        "Utilisation (% of peak)",
        min_value=1.0,
        max_value=100.0,
        value=100 * USUAL_MFU,
        format="%.1f",
        key="mfu",
        bind="query-params",
        help="Model FLOPs utilisation. Llama 3.1 reported 38–43 %; many runs reach less.",
    )
    alone = columns[3].number_input(
        "Own GPUs without an award",
        min_value=1,
        max_value=100_000,
        value=32,
        key="own-gpus",
        bind="query-params",
        help="A100 of one's own, to compare.",
    )
    if name in known:
        row = known[name]
        run = TrainingRun(name=name, parameters=row["parameters"], tokens=row["tokens"], mfu=percent / 100)
        return Chosen(run=run, gpus=gpus, alone=alone, source=f"{row['source']} ({Flag(row['flag']).shown_as})")
    left, right = st.columns(2, gap="medium")
    billions = left.number_input("Parameters (billions)", min_value=0.001, max_value=1e5, value=7.0, key="parameters", bind="query-params")
    trillions = right.number_input("Tokens (trillions)", min_value=0.001, max_value=1e4, value=2.0, key="tokens", bind="query-params")
    run = TrainingRun(name=OWN.lower(), parameters=billions * 1e9, tokens=trillions * 1e12, mfu=percent / 100)
    return Chosen(run=run, gpus=gpus, alone=alone, source="set by the reader")


def gpu_facts(here: Visit) -> pl.DataFrame:
    """The partitions with GPUs (frame GPU_MACHINES)."""
    return gpu_machines(loaders.partitions(here.state), loaders.intensity(), accelerators())


def section(machines: pl.DataFrame, chosen: Chosen) -> None:
    """One training run on every machine: GPU-hours, days against months alone, energy and carbon."""
    run = chosen.run
    months = days_alone(run, gpus=chosen.alone, peak_bf16_tflops=A100_PEAK) / DAYS_PER_MONTH
    rows = training_on(machines, run, gpus=chosen.gpus)
    known = rows.drop_nulls("days")
    fastest = known.sort("days").row(0, named=True) if known.height else None
    said = f"On {numbers.counted(int(chosen.alone), 'A100')} of one's own the run takes {numbers.plain(months)} months"
    if fastest is not None:
        said += f"; on {numbers.exact(fastest['gpus_used'])} GPUs of {fastest['name']} {numbers.plain(fastest['days'])} days."
    st.markdown(parts.escaped(said))
    peaks = dict(machines.select("machine", "peak_bf16_tflops").rows())
    table = [
        {
            "Machine": parts.escaped(row["name"]),
            "Peak of a GPU (TFLOPS)": numbers.plain(peaks[row["machine"]]),
            "GPUs used": numbers.exact(row["gpus_used"]),
            "GPU-hours": numbers.amount(row["gpu_hours"], ""),
            "Days": numbers.plain(row["days"]),
            "Facility energy": numbers.energy(_times(row["energy_mwh"], KWH_PER_MWH)),
            "Location-based CO₂e": numbers.emissions(_times(row["emissions_t"], KG_PER_TONNE)),
        }
        for row in rows.iter_rows(named=True)
    ]
    shown_tables.plain_table(pl.DataFrame(table), alt="What one training run takes on each machine")
    size = f"{run.parameters / 1e9:.3g} billion parameters, {run.tokens / 1e12:.3g} trillion tokens"
    st.caption(parts.escaped(f"{run.name}: {size}, from {chosen.source}. {METHOD}"))


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor
