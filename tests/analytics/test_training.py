"""Time to train: the formula on figures that can be checked by hand, and unknown where a fact is."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.calls.machines import call_machines, gpu_machines
from analytics.training import GPU_MACHINES, TrainingRun, days_alone, gpu_hours, training_on, training_with
from data import facts
from data.call_examples import accelerators, training_runs
from data.errors import InputError
from data.terms import Flag, HourUnit

RUN = TrainingRun(name="hand", parameters=1e9, tokens=1e12, mfu=0.5)
ROWS = [("a:gpu", "A", 1_000.0, 4.0, 100.0, 0.001, 0.0002), ("b:gpu", "B", 10.0, 2.0, None, None, None)]
MACHINES = pl.DataFrame(ROWS, schema=dict(GPU_MACHINES), orient="row")
AWARDS = pl.DataFrame({"application": ["x", "y"], "machine": ["a:gpu", "b:gpu"], "hours_awarded": [100_000, 50]})


def test_a_run_takes_six_operations_a_parameter_and_token_over_what_the_gpus_reach() -> None:
    assert gpu_hours(RUN, 100) == pytest.approx(6e21 / (100e12 * 0.5) / 3600)


def test_days_energy_and_emissions_follow_from_the_gpu_hours() -> None:
    row = training_on(MACHINES, RUN, gpus=500).row(0, named=True)
    assert row["gpu_hours"] == pytest.approx(33_333.33, rel=1e-6)
    assert row["days"] == pytest.approx(33_333.33 / 500 / 24, rel=1e-6)
    assert row["energy_mwh"] == pytest.approx(33.333, rel=1e-4)
    assert row["emissions_t"] == pytest.approx(6.667, rel=1e-4)


def test_no_more_gpus_are_used_than_a_machine_has() -> None:
    assert training_on(MACHINES, RUN, gpus=5_000)["gpus_used"].to_list() == [1_000, 10]


def test_what_is_not_known_of_a_machine_leaves_its_times_unknown() -> None:
    assert training_on(MACHINES, RUN, gpus=500).row(1)[3:] == (None, None, None, None)


def test_an_award_tells_how_many_runs_its_hours_pay_for() -> None:
    in_gpu_hours = training_with(AWARDS, MACHINES, RUN, gpus=500, own_gpus=8, is_gpu_hours=True)
    in_node_hours = training_with(AWARDS, MACHINES, RUN, gpus=500, own_gpus=8, is_gpu_hours=False)
    assert in_gpu_hours["runs"][0] == pytest.approx(3.0)
    assert in_node_hours["runs"][0] == pytest.approx(12.0)
    assert in_gpu_hours["runs"][1] is None


@given(gpus=st.integers(1, 10_000), factor=st.integers(2, 50))
def test_so_many_times_the_gpus_take_so_many_times_fewer_days(gpus: int, factor: int) -> None:
    one, many = (days_alone(RUN, gpus=count, peak_bf16_tflops=312) for count in (gpus, gpus * factor))
    assert one == pytest.approx(many * factor)


@pytest.mark.parametrize("change", [{"parameters": 0}, {"tokens": -1}, {"mfu": 0}, {"mfu": 1.5}])
def test_a_run_that_cannot_be_is_refused(change: dict[str, float]) -> None:
    with pytest.raises(InputError):
        TrainingRun(**({"name": "n", "parameters": 1e9, "tokens": 1e9, "mfu": 0.4} | change))  # type: ignore[arg-type]


def test_every_peak_is_of_a_partition_with_gpus_and_has_source_and_flag() -> None:
    known = facts.partitions(facts.systems().values()).filter(pl.col("gpus_per_node").is_null() | (pl.col("gpus_per_node") > 0))
    peaks = accelerators()
    assert set(peaks.select("system", "partition").rows()) <= set(known.select("system", "partition").rows())
    assert set(peaks["flag"]) | set(training_runs()["flag"]) <= {flag.value for flag in Flag}
    assert peaks["source"].null_count() == training_runs()["source"].null_count() == 0


def test_an_hour_costs_the_same_whether_counted_in_nodes_or_gpus() -> None:
    partitions, intensity = facts.partitions(facts.systems().values()), facts.carbon_intensity()
    nodes, gpus = (
        call_machines(partitions, intensity, {"lumi:LUMI-G": 100}, unit=unit).row(0, named=True)
        for unit in (HourUnit.NODE_HOURS, HourUnit.GPU_HOURS)
    )
    assert nodes["mwh_per_hour"] == pytest.approx(4 * gpus["mwh_per_hour"])
    per_gpu = gpu_machines(partitions, intensity, accelerators()).filter(machine="lumi:LUMI-G").row(0, named=True)
    assert per_gpu["mwh_per_gpu_hour"] == pytest.approx(gpus["mwh_per_hour"])
    assert nodes["mwh_per_hour"] == pytest.approx((652 + 0.65 * (2773 - 652)) * 1.04 / 1e6)


def test_a_partition_without_gpus_has_no_energy_for_an_hour_of_them() -> None:
    machines = call_machines(facts.partitions(facts.systems().values()), facts.carbon_intensity(), {}, unit=HourUnit.GPU_HOURS)
    assert machines.filter(machine="lumi:LUMI-C")["mwh_per_hour"].to_list() == [None]
