"""Tests of the demonstration: the same every time, plausible month by month, and read by the ordinary ingest without a complaint."""

import io
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from data import facts, schema
from data.ingest.dialect import chunks, recognised
from data.ingest.load import machine_of
from data.ingest.source import Reading
from data.project_codes import access_mode_of_code
from data.synthetic import END, START, DemoLog, demo_logs, synthetic_jobs
from data.synthetic_text import FIELDS, NO_VALUE
from data.terms import AI_INDUSTRIAL_MODES, AccessMode, UserCategory
from data.units import SECONDS_PER_DAY, SECONDS_PER_HOUR

SYSTEMS = facts.systems()
END_S = int(datetime(END.year, END.month, END.day, tzinfo=UTC).timestamp())
NUMBERS = ("Submit", "Eligible", "Start", "End", "ElapsedRaw", "NNodes", "NCPUS", "TimelimitRaw", "Restarts")


@pytest.fixture(scope="module")
def logs() -> list[DemoLog]:
    return list(demo_logs())


@pytest.fixture(scope="module")
def lines(logs: list[DemoLog]) -> pl.DataFrame:
    """Every line of every log, in text but for the numbers; null where the log says Unknown or None."""
    return pl.concat([read(log.text).with_columns(system=pl.lit(log.system)) for log in logs])


@pytest.fixture(scope="module")
def projects(logs: list[DemoLog]) -> pl.DataFrame:
    return pl.concat([log.projects for log in logs])


@pytest.fixture(scope="module")
def runs(lines: pl.DataFrame, projects: pl.DataFrame) -> pl.DataFrame:
    """The lines of jobs that started, with partition, project and node-hours."""
    hardware = {
        (system.id, queue.lower()): part.name
        for system in SYSTEMS.values()
        for part in system.partitions
        for queue in (*part.queues, part.name)
    }
    part = pl.struct("system", "Partition").map_elements(lambda row: hardware[row["system"], row["Partition"]], return_dtype=pl.String)
    return (
        lines.filter(pl.col("Start").is_not_null() & (pl.col("NodeList") != "None assigned"))
        .with_columns(
            part=part, node_hours=pl.col("NNodes") * pl.col("ElapsedRaw") / SECONDS_PER_HOUR, wait_s=pl.col("Start") - pl.col("Submit")
        )
        .join(projects, left_on=["system", "Account"], right_on=["system", "account"], how="left", validate="m:1")
    )


def read(text: bytes) -> pl.DataFrame:
    table = pl.read_csv(io.BytesIO(text), separator="|", quote_char=None, infer_schema=False, truncate_ragged_lines=True)
    return table.with_columns(pl.col(NUMBERS).replace(["Unknown", "None"], None).cast(pl.Int64))


def use_between(rows: pl.DataFrame, edges: list[int]) -> list[float]:
    """Node-hours of these rows within each span between two moments."""
    start, end, nodes = rows["Start"].to_numpy(), rows["End"].fill_null(END_S).to_numpy(), rows["NNodes"].to_numpy()
    seconds_in = [(np.clip(np.minimum(end, b) - np.maximum(start, a), 0, None) * nodes).sum() for a, b in pairwise(edges)]
    return [float(total) / SECONDS_PER_HOUR for total in seconds_in]


def seconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(seed: int) -> None:
    first, again, other = (list(demo_logs(seed=number, jobs=4_000)) for number in (seed, seed, seed + 100))
    assert [log.text for log in first] == [log.text for log in again]
    assert all(one.projects.equals(two.projects) for one, two in zip(first, again, strict=True))
    assert all(one.text != two.text for one, two in zip(first, other, strict=True))


def test_every_machine_in_service_has_a_log_and_no_other(logs: list[DemoLog]) -> None:
    assert {log.system for log in logs} == {system.id for system in SYSTEMS.values() if system.status is facts.SystemStatus.OPERATING}


def test_there_are_about_as_many_jobs_as_asked_for(lines: pl.DataFrame) -> None:
    assert lines.height == pytest.approx(300_000, rel=0.02)


def test_every_log_has_the_recommended_header_and_a_value_for_each_field(logs: list[DemoLog]) -> None:
    for log in logs:
        rows = log.text.decode().splitlines()
        assert rows[0] == "|".join(FIELDS)
        assert min(row.count("|") for row in rows) == len(FIELDS) - 1
        assert all(row.count("|") == len(FIELDS) - 1 or row.endswith("post|plot") for row in rows)


def test_the_ordinary_ingest_refuses_no_line(logs: list[DemoLog], tmp_path: Path) -> None:
    for log in logs:
        path = tmp_path / f"{log.system}.txt"
        path.write_bytes(log.text)
        machine = machine_of(SYSTEMS[log.system])
        reading = Reading(machine=machine, time_zone="UTC", pseudonym=str.upper, now=datetime(2026, 11, 1, tzinfo=UTC))
        found = list(chunks(path, reading, dialect=recognised(path)))
        assert sum(chunk.refusals.height for chunk in found) == 0
        partitions = {name for chunk in found for name in chunk.jobs["partition"]}
        assert partitions <= {part.name for part in SYSTEMS[log.system].partitions}


def test_times_of_a_job_follow_each_other(lines: pl.DataFrame) -> None:
    assert lines.filter(pl.col("Eligible") < pl.col("Submit")).is_empty()
    assert lines.filter(pl.col("Start") < pl.col("Eligible")).is_empty()
    assert lines.filter(pl.col("End") - pl.col("Start") != pl.col("ElapsedRaw")).is_empty()
    assert lines.filter(pl.max_horizontal("Submit", "Start", "End") > END_S).is_empty()


def test_no_job_runs_before_its_machine_is_in_service_nor_outside_its_project(runs: pl.DataFrame) -> None:
    opens = {system.id: seconds(system.in_service) for system in SYSTEMS.values() if system.in_service is not None}
    in_service = pl.col("system").replace_strict(opens, return_dtype=pl.Int64)
    begins = pl.col("starts").cast(pl.Int32).cast(pl.Int64) * SECONDS_PER_DAY
    assert runs.filter(pl.col("Submit") < pl.max_horizontal(in_service, begins)).is_empty()
    assert runs.filter(pl.col("Start") < seconds(START)).is_empty()


def test_each_partition_uses_a_plausible_part_of_the_union_share_every_month(runs: pl.DataFrame) -> None:
    months = [seconds(day) for day in pl.date_range(START, END, "1mo", eager=True)]
    for (system_id, name), rows in runs.group_by("system", "part"):
        system, part = SYSTEMS[str(system_id)], SYSTEMS[str(system_id)].partition(str(name))
        assert part is not None
        share = (part.nodes or 0) * (part.availability or 0) * (system.union_share or 0)
        opens = seconds(max(part.in_service or START, START))
        offered = [max(0, b - max(a, opens)) / SECONDS_PER_HOUR * share for a, b in pairwise(months)]
        loads = [use / most for use, most in zip(use_between(rows, months), offered, strict=True) if most]
        assert min(loads) > 0.42, (system_id, name, loads)
        assert max(loads) < 0.95, (system_id, name, loads)


def test_no_partition_runs_more_nodes_than_it_has_on_any_day(runs: pl.DataFrame) -> None:
    days = [seconds(day) for day in pl.date_range(START, END, "1d", eager=True)]
    for (system_id, name), rows in runs.group_by("system", "part"):
        part = SYSTEMS[str(system_id)].partition(str(name))
        assert part is not None
        assert max(use_between(rows, days)) / 24 < (part.nodes or 0), (system_id, name)


def test_codes_tell_the_mode_and_no_two_projects_share_one(projects: pl.DataFrame) -> None:
    assert not projects["account"].is_duplicated().any()
    assert [access_mode_of_code(code).value for code in projects["account"]] == projects["mode"].to_list()
    assert projects["account"].str.to_lowercase().equals(projects["account"])


def test_every_account_of_the_log_has_a_project_on_that_machine(runs: pl.DataFrame) -> None:
    assert runs["mode"].null_count() == 0


def test_every_category_and_mode_is_at_work(runs: pl.DataFrame) -> None:
    assert set(runs["category"]) == {category.value for category in UserCategory}
    assert set(runs["mode"]) == {mode.value for mode in AccessMode}


def test_projects_are_as_many_and_as_widely_spread_as_expected(projects: pl.DataFrame) -> None:
    assert 1_500 <= projects.height <= 2_600
    assert projects["country"].drop_nulls().n_unique() >= 27
    assert projects["field"].drop_nulls().n_unique() >= 8


def test_awards_keep_to_the_published_sizes(projects: pl.DataFrame) -> None:
    gpus = {"karolina": 8}
    gpu_hours = projects.with_columns(asked=pl.col("node_hours_awarded") * pl.col("system").replace_strict(gpus, default=4))
    assert set(gpu_hours.filter(pl.col("mode") == "playground")["asked"]) == {5_000.0}
    for mode, most in (("fast_lane", 50e3), ("large_scale", 2.4e6)):
        assert gpu_hours.filter((pl.col("mode") == mode) & (pl.col("asked") > most)).is_empty()
    for mode, most in (("regular", 1.8e6), ("extreme_scale", 3e6), ("development", 4_500), ("benchmark", 2_500), ("ai_for_science", 90e3)):
        assert projects.filter((pl.col("mode") == mode) & (pl.col("node_hours_awarded") > most)).is_empty()


def test_every_organisation_is_marked_as_invented_and_people_are_numbers(projects: pl.DataFrame, lines: pl.DataFrame) -> None:
    assert projects["organisation"].drop_nulls().str.ends_with(" (demo)").all()
    assert projects["title"].str.ends_with(" (demo)").all()
    assert lines["User"].str.contains(r"^u\d+$").all()


def test_only_new_projects_are_unclassified_and_then_nothing_is_said_about_their_holder(projects: pl.DataFrame) -> None:
    unknown = projects.filter(pl.col("category") == "unclassified")
    assert unknown.height > 0
    assert unknown.filter(pl.col("starts") < date(2026, 9, 1)).is_empty()
    assert unknown.select("organisation", "country", "field").null_count().row(0) == (unknown.height,) * 3


def test_no_project_uses_much_more_than_its_award_and_some_use_nothing(runs: pl.DataFrame, projects: pl.DataFrame) -> None:
    used = runs.group_by("Account").agg(pl.sum("node_hours"))
    joined = projects.join(used, left_on="account", right_on="Account", how="left", validate="1:1")
    assert joined.filter(pl.col("node_hours") > 1.15 * pl.col("node_hours_awarded")).is_empty()
    assert joined["node_hours"].null_count() > 10


def test_small_companies_use_a_few_per_cent_and_their_part_grows(runs: pl.DataFrame) -> None:
    small = pl.col("category").is_in(["start_up", "sme"])
    first, last = pl.col("Start") < seconds(date(2025, 5, 1)), pl.col("Start") >= seconds(date(2026, 5, 1))
    early, late = (
        runs.filter(when).select(pl.col("node_hours").filter(small).sum() / pl.col("node_hours").sum()).item() for when in (first, last)
    )
    assert 0.005 < early < late < 0.2


def test_the_lanes_for_industry_open_in_2025_and_keep_within_their_limit(runs: pl.DataFrame) -> None:
    lanes = runs.filter(pl.col("mode").is_in([mode.value for mode in AI_INDUSTRIAL_MODES]))
    assert lanes.filter(pl.col("Submit") < seconds(date(2025, 3, 1))).is_empty()
    in_lanes = pl.col("node_hours").filter(pl.col("mode").is_in([mode.value for mode in AI_INDUSTRIAL_MODES])).sum()
    parts = runs.group_by("system").agg(part=in_lanes / pl.col("node_hours").sum())
    assert parts.filter(pl.col("part") >= 0.3).is_empty()
    assert parts.filter(pl.col("part") > 0.05).height >= 3


def test_small_work_waits_less_than_large_and_start_ups_longer_than_research(runs: pl.DataFrame) -> None:
    by_mode = dict(runs.group_by("mode").agg(pl.median("wait_s")).iter_rows())
    assert by_mode["playground"] < by_mode["regular"] < by_mode["extreme_scale"]
    development = dict(runs.filter(pl.col("mode") == "development").group_by("category").agg(pl.median("wait_s")).iter_rows())
    assert development["research"] < development["start_up"]


def test_people_submit_by_day_and_on_working_days(lines: pl.DataFrame) -> None:
    moment = lines.filter(pl.col("system") == "leonardo").select(at=pl.from_epoch(pl.col("Submit")))["at"]
    night, noon = ((moment.dt.hour() == hour).sum() for hour in (1, 12))
    sundays, tuesdays = ((moment.dt.weekday() == day).sum() for day in (7, 2))
    assert noon > 3 * night
    assert 2 * tuesdays > 3 * sundays


def test_jobs_end_in_every_way_that_happens_and_some_have_not_ended(lines: pl.DataFrame) -> None:
    states = set(lines["State"].str.split(" ").list.first())
    assert states >= {
        "COMPLETED",
        "FAILED",
        "TIMEOUT",
        "CANCELLED",
        "OUT_OF_MEMORY",
        "NODE_FAIL",
        "REQUEUED",
        "PENDING",
        "RUNNING",
        "PREEMPTED",
    }
    assert 0.7 < lines.filter(pl.col("State") == "COMPLETED").height / lines.height < 0.9


def test_a_pending_job_has_no_start_and_a_running_one_no_end(lines: pl.DataFrame) -> None:
    pending, running = lines.filter(pl.col("State") == "PENDING"), lines.filter(pl.col("State") == "RUNNING")
    assert pending.select("Start", "End", "AllocTRES").null_count().row(0) == (pending.height,) * 3
    assert running["End"].null_count() == running.height
    assert running.filter(pl.col("ElapsedRaw") != END_S - pl.col("Start")).is_empty()


def test_some_jobs_were_cancelled_while_they_waited(lines: pl.DataFrame) -> None:
    given_up = lines.filter(pl.col("State").str.starts_with("CANCELLED by") & (pl.col("NodeList") == "None assigned"))
    assert given_up.height > 1_000
    assert given_up["ElapsedRaw"].sum() == 0
    assert 0 < given_up["Start"].null_count() < given_up.height


def test_a_requeued_job_has_two_rows_with_one_number(lines: pl.DataFrame) -> None:
    again = lines.filter(pl.col("Restarts") == 1)
    first = lines.filter(pl.col("Restarts") == 0)
    pairs = again.join(first, on=["system", "JobIDRaw"], how="left", validate="1:1", suffix="_first")
    assert pairs.height > 500
    assert pairs.filter(pl.col("End_first") != pl.col("Submit")).is_empty()


def test_arrays_are_logged_task_by_task(lines: pl.DataFrame) -> None:
    tasks = lines.filter(pl.col("JobID").str.contains(r"^\d+_\d+$"))
    base = tasks["JobID"].str.extract(r"^(\d+)_").cast(pl.Int64)
    task = tasks["JobID"].str.extract(r"_(\d+)$").cast(pl.Int64)
    assert tasks.height > 10_000
    assert (tasks["JobIDRaw"].cast(pl.Int64) == base + task).all()


def test_a_time_limit_is_kept_but_for_jobs_that_ran_into_it(lines: pl.DataFrame) -> None:
    over = lines.filter(pl.col("ElapsedRaw") > pl.col("TimelimitRaw") * 60)
    assert set(over["State"]) == {"TIMEOUT"}


def test_lumi_logs_halves_of_modules_and_hardware_threads(lines: pl.DataFrame) -> None:
    node = lines.filter((pl.col("Partition") == "standard-g") & (pl.col("NodeList") != "None assigned"))
    gpus = node["AllocTRES"].str.extract(r"gres/gpu=(\d+)").cast(pl.Int64)
    assert (gpus == node["NNodes"] * 8).all()
    assert (node["NCPUS"] == node["NNodes"] * 128).all()


def test_machines_without_meters_log_no_energy_and_the_others_log_all_kinds(lines: pl.DataFrame) -> None:
    energy = lines.with_columns(joules=pl.col("ConsumedEnergyRaw").cast(pl.UInt64))
    ran = energy.filter(pl.col("ElapsedRaw") > 60)
    dark = ran.filter(pl.col("system").is_in(["karolina", "discoverer", "deucalion"]))
    assert dark["joules"].sum() == 0
    lumi = ran.filter(pl.col("system") == "lumi")
    assert lumi.filter(pl.col("joules") == NO_VALUE).height > 10
    assert lumi.filter(pl.col("joules") == 0).height > 100
    watts = (
        lumi.filter(pl.col("joules").is_between(1, 2**62)).select(pl.col("joules") / pl.col("ElapsedRaw") / pl.col("NNodes")).to_series()
    )
    assert 0.003 < watts.filter((watts > 3_200) | (watts < 190)).len() / watts.len() < 0.012


@pytest.mark.parametrize("rows", [1_000, 30_000])
def test_jobs_for_trials_of_speed_come_in_the_number_asked_for(rows: int) -> None:
    frames = list(synthetic_jobs(rows, chunk=12_000))
    every = pl.concat(frames)
    assert every.height == rows
    assert not every["job_id"].is_duplicated().any()
    assert dict(every.schema) == dict(schema.JOBS)
    assert every.select("system", "account", "submitted", "nodes", "requested_cores").null_count().sum_horizontal().item() == 0
