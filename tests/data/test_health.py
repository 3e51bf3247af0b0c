"""What is told of a log's health: gaps, open jobs, energy readings, shared nodes, untracked GPUs, odd clocks."""

from datetime import timedelta

from made_jobs import NOON, bring_in, frame, job

from data.declared import parse_system
from data.health import health
from data.lake import Lake, writing
from data.settings import Settings
from data.terms import EnergyQuality

MACHINE = """
name = "Alpha"
country = "FI"
time_zone = "Europe/Helsinki"
[partitions.gpu]
nodes = 100
cores_per_node = 64
gpus_per_node = 4
"""


def told(settings: Settings, *rows: dict[str, object]) -> dict[str, object]:
    with writing(settings, author="olga", message="a log") as writer:
        bring_in(writer, 1, frame(*rows))
    lake = Lake(settings)
    system = parse_system(MACHINE, origin="a test")
    found = health(lake, {system.id: system}).row(0, named=True)
    lake.close()
    return found


def made(number: int, **values: object) -> dict[str, object]:
    """A job of a whole node on the GPU partition that ran an hour."""
    whole = {"system": "alpha", "partition": "gpu", "nodes": 1, "cores": 64.0, "gpus": 4.0}
    return job(number, **(whole | values))


def test_days_without_jobs_between_the_first_and_the_last_are_counted(settings: Settings) -> None:
    later = {"submitted": NOON + timedelta(days=4), "started": NOON + timedelta(days=4), "ended": NOON + timedelta(days=4, hours=1)}
    found = told(settings, made(1), made(2, **later))
    assert (found["days_without_jobs"], found["longest_gap_days"]) == (3, 3)


def test_energy_readings_are_counted_by_what_they_are_worth(settings: Settings) -> None:
    found = told(
        settings,
        made(1, energy_logged_kwh=2.0, energy_quality=EnergyQuality.MEASURED.value),
        made(2, energy_logged_kwh=900.0, energy_quality=EnergyQuality.IMPLAUSIBLE.value),
        made(3, energy_logged_kwh=None, energy_quality=EnergyQuality.MISSING.value),
    )
    assert (found["jobs_metered"], found["jobs_implausible"], found["jobs_without_energy"]) == (1, 1, 1)
    assert (found["energy_measured_kwh"], found["energy_implausible_kwh"]) == (2.0, 900.0)


def test_only_a_reading_of_a_part_of_a_node_may_count_twice(settings: Settings) -> None:
    read = {"energy_logged_kwh": 1.0, "energy_quality": EnergyQuality.MEASURED.value}
    found = told(settings, made(1, **read), made(2, cores=16.0, gpus=1.0, nodes_held=0.25, **read), made(3, cores=16.0, gpus=4.0, **read))
    assert (found["jobs_metered_on_shared_nodes"], found["energy_on_shared_nodes_kwh"]) == (1, 1.0)


def test_node_hours_of_parts_of_nodes_that_a_job_did_not_hold_are_told(settings: Settings) -> None:
    hour = {"elapsed_s": 3_600}
    found = told(
        settings,
        made(1, **hour),
        made(2, cores=16.0, gpus=1.0, nodes_held=0.25, **hour),
        made(3, nodes=2, cores=32.0, gpus=4.0, nodes_held=1.0, **hour),
    )
    assert (found["jobs_on_parts_of_nodes"], found["node_hours_not_held"]) == (2, 0.75 + 1.0)
    assert found["not_held_share"] == 1.75 / 4


def test_a_gpu_partition_without_a_gpu_hour_is_named(settings: Settings) -> None:
    assert told(settings, made(1, gpus=0.0))["partitions_without_gpu_hours"] == "gpu"


def test_a_gpu_partition_with_gpu_hours_is_not(settings: Settings) -> None:
    assert told(settings, made(1))["partitions_without_gpu_hours"] is None


def test_a_job_that_lasted_another_time_than_its_ends_say_is_counted(settings: Settings) -> None:
    assert told(settings, made(1, elapsed_s=10), made(2))["jobs_with_odd_length"] == 1


def test_a_job_that_runs_is_open(settings: Settings) -> None:
    assert told(settings, made(1), made(2, ended=None))["jobs_still_open"] == 1


def test_energy_that_nobody_measured_is_unknown_and_not_none(settings: Settings) -> None:
    found = told(settings, made(1, energy_logged_kwh=None, energy_quality=EnergyQuality.MISSING.value))
    assert found["energy_measured_kwh"] is None
    assert found["energy_implausible_kwh"] == 0
