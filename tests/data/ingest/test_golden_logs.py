"""Real logs of real machines, against totals that others have published or counted."""

import os
from pathlib import Path

import polars as pl
import pytest

from data.errors import LogError
from data.ingest.dialect import recognised
from data.ingest.hardware import MOST_OF_MAXIMUM
from data.ingest.source import Chunk, Dialect, Machine
from tests.data.ingest.sample_logs import accounted, joined, read

TRACES = Path(os.environ.get("EQUINODE_SHARED", Path(__file__).resolve().parents[3].parent / "shared")) / "traces"
SECONDS_PER_HOUR = 3_600


def trace(name: str, *, options: dict[str, object] | None = None, **machine: object) -> Chunk:
    path = TRACES / name
    if not path.exists():
        pytest.skip(f"the third-party log {name} is not beside the repository")
    whole = joined(read(path, machine=Machine(**({"system": "golden", "log_time_zone": "UTC"} | machine)), **(options or {})))
    assert accounted(whole) == whole.lines
    return whole


def core_hours(jobs: pl.DataFrame) -> float:
    return (jobs["elapsed_s"] * jobs["cores"]).sum() / SECONDS_PER_HOUR


def gpu_hours(jobs: pl.DataFrame) -> float:
    return (jobs["elapsed_s"] * jobs["gpus"]).sum() / SECONDS_PER_HOUR


def test_the_ccr_log_has_the_cpu_hours_that_open_xdmod_counts():
    jobs = trace("slurm-ccr-xdmod/pozidriv.sacct.psv.gz").jobs
    assert (jobs.height, jobs["started"].count(), jobs["started"].null_count()) == (11_704, 11_285, 419)
    assert core_hours(jobs) == pytest.approx(71_984.2764, abs=5e-5)
    assert jobs["energy_quality"].unique().to_list() == ["missing"]


def test_the_curie_log_has_the_core_hours_of_its_archive():
    curie = trace("swf-cea-curie/CEA-Curie-2011-2.1-cln.swf.gz")
    ran = curie.jobs.filter((pl.col("elapsed_s") > 0) & (pl.col("cores") > 0))
    assert (curie.jobs.height, curie.refusals.height, ran.height) == (312_826, 0, 295_540)
    assert core_hours(ran) == pytest.approx(356_656_338.857, abs=5e-4)
    assert (curie.jobs["user_pseudonym"].n_unique(), curie.jobs["account"].n_unique()) == (582, 305)


@pytest.mark.parametrize(
    ("name", "accepted", "without_run_time", "hours"),
    [
        ("swf-kth-sp2/KTH-SP2-1996-2.1-cln.swf.gz", 28_476, 0, 560_164.3111),
        ("swf-nasa-ipsc/NASA-iPSC-1993-3.1-cln.swf.gz", 18_239, 0, 131_732.7819),
        ("swf-unilu-gaia/UniLu-Gaia-2014-2.swf.gz", 51_959, 28, 1_938_352.9164),
        ("swf-hpc2n-sample/hpc2n.swf.gz", 3_145, 25, 139_904.2206),
        ("swf-alcf-theta/theta_2022.swf.gz", 23_911, 0, 28_894_790.5236),
    ],
)
def test_each_archived_log_has_all_its_jobs_and_hours(name, accepted, without_run_time, hours):
    found = trace(name)
    assert found.jobs.height == accepted
    assert found.refusals["reason"].to_list() == ["no_run_time"] * without_run_time
    assert core_hours(found.jobs) == pytest.approx(hours, abs=5e-4)


def test_the_nasa_log_has_no_waits():
    jobs = trace("swf-nasa-ipsc/NASA-iPSC-1993-3.1-cln.swf.gz").jobs
    assert jobs["submitted"].count() == 0
    assert jobs["started"].null_count() == 0


def test_theta_counts_nodes_as_processors():
    jobs = trace(
        "swf-alcf-theta/theta_2022.swf.gz", cores_per_logged_cpu={"knl": 64}, cores_per_node={"knl": 64}, nodes={"knl": 4_392}
    ).jobs
    assert jobs["nodes"].max() == 4_048
    assert jobs["cores"].max() == 4_048 * 64


@pytest.mark.parametrize(
    ("name", "accepted", "refused"),
    [
        ("accounting-logs.log", 4, []),
        ("non-ended-job-state.log", 2, []),
        ("accounting-logs-with-job-arrays.log", 1, ["array_range_ran"] * 5),
    ],
)
def test_the_odd_lines_of_open_xdmod_are_read_or_refused_with_their_reason(name, accepted, refused):
    found = trace(f"sacct-torture/01-xdmod-slurm15-20/{name}")
    assert found.jobs.height == accepted
    assert found.refusals["reason"].to_list() == refused


def test_a_log_of_every_column_is_recognised_and_its_steps_are_no_jobs():
    found = trace("sacct-torture/02-meta-gcm-slurm20-23/sample-sacct-output.txt")
    assert (found.jobs.height, found.steps, found.header) == (0, 68, 1)


def test_a_log_with_steps_and_an_open_end_gives_one_job_and_one_refusal():
    found = trace("sacct-torture/04-aalto-slurm2sql/test-data1.csv")
    assert (found.jobs["state"].to_list(), found.refusals["reason"].to_list(), found.steps) == (["CANCELLED"], ["no_end_time"], 3)


def test_a_log_with_another_delimiter_and_line_ends_in_its_texts_has_all_its_records():
    found = trace("sacct-torture/02-meta-gcm-slurm20-23/sample-sacct-one-multiline.txt")
    assert (found.lines, found.jobs.height, found.refusals.height, found.steps, found.continued) == (6, 2, 0, 2, 1)
    assert gpu_hours(found.jobs) == pytest.approx(28_795.7333, abs=5e-4)


def test_fox_has_its_gpu_jobs_and_its_steps_are_no_jobs():
    fox = trace("slurm-sonar-fox-ex3/fox-slurm.ndjson.gz")
    assert (fox.lines, fox.jobs.height, fox.steps, fox.refusals.height) == (3_840, 1_282, 2_558, 0)
    assert fox.jobs.filter(pl.col("gpus") > 0).height == 219
    assert (core_hours(fox.jobs), gpu_hours(fox.jobs)) == (pytest.approx(4_121.7036, abs=5e-4), pytest.approx(25.6961, abs=5e-4))


def test_eagle_is_read_in_its_own_zone_and_its_cores_are_not_made_up():
    eagle = trace("slurm-nrel-eagle-sample/sample_eagle_data.csv.gz", log_time_zone="America/Denver")
    assert (eagle.lines, eagle.jobs.height, eagle.refusals.height, eagle.header) == (1_001, 1_000, 0, 1)
    assert eagle.jobs.unique(["job_id", "array_task", "submitted", "started"]).height == 1_000
    assert any(note.startswith("448 rows repeat") for note in eagle.notes)
    assert eagle.jobs["submitted"][0].isoformat() == "2019-01-01T15:55:55+00:00"
    assert (eagle.jobs["time_limit_s"][0], eagle.jobs["cores"].count()) == (172_800, 0)
    assert (eagle.jobs["elapsed_s"] * eagle.jobs["nodes"]).sum() / SECONDS_PER_HOUR == pytest.approx(23_158.1433, abs=5e-4)


@pytest.mark.parametrize(
    ("name", "jobs", "steps", "hours"),
    [("mila_1714003200.json", 8, 16, 11_686.0875), ("slurm_22_5_9.json", 1, 0, 3_317.4133), ("slurm_23_2_6.json", 1, 0, 93_170.3678)],
)
def test_json_of_every_version_is_read(name, jobs, steps, hours):
    found = trace(f"sacct-torture/06-mila-json/{name}")
    assert (found.jobs.height, found.steps, found.refusals.height, found.notes) == (jobs, steps, 0, ())
    assert core_hours(found.jobs) == pytest.approx(hours, abs=5e-4)


@pytest.mark.parametrize("release", ["24.05_0.0.41", "24.11_0.0.42"])
@pytest.mark.parametrize("state", ["completed", "failed", "pending", "running", "timeout"])
def test_jobs_of_slurmrestd_keep_their_state_and_have_no_energy(release, state):
    jobs = trace(f"sacct-torture/07-slurmrestd-2405-2511/{release}_slurmdb-job-{state}.json").jobs
    assert jobs.select("state", "energy_quality").rows() == [(state.upper(), "missing")]


@pytest.mark.parametrize("release", ["24.05_0.0.41", "24.11_0.0.42"])
def test_gpus_that_a_site_does_not_track_are_not_known(release):
    found = trace(f"sacct-torture/07-slurmrestd-2405-2511/{release}_slurmdb-job-gpus-completed.json")
    assert found.jobs["gpus"].to_list() == [None]
    assert "AccountingStorageTRES" in found.notes[0]


def test_supercloud_has_its_gpu_jobs_once_it_is_said_which_resource_is_the_gpu():
    path = "slurmdb-mit-supercloud/slurm-log-queueing-clean.csv.gz"
    cloud = trace(path, options={"gpu_tres": (1002,)})
    assert (cloud.lines, cloud.jobs.height, cloud.refusals.height) == (9_629, 9_628, 0)
    assert cloud.jobs.filter(pl.col("gpus") > 0).height == 2_401
    assert cloud.jobs["time_limit_s"].null_count() == 3_216
    assert (core_hours(cloud.jobs), gpu_hours(cloud.jobs)) == (
        pytest.approx(1_861_820.2883, abs=5e-4),
        pytest.approx(43_847.4633, abs=5e-4),
    )
    with pytest.raises(LogError, match="1002"):
        trace(path)


def test_the_measured_energy_of_alex_is_judged_by_a_bound_of_7_kw_a_node():
    bound = {"node_max_w": {"alex": 7_000 / MOST_OF_MAXIMUM}, "node_idle_w": {"alex": 0}}
    jobs = trace("energy-clustercockpit-nhrfau/jobs_alex.ndjson.gz", **bound).jobs
    by_quality = jobs.group_by("energy_quality").agg(pl.len(), pl.sum("energy_logged_kwh")).rows_by_key("energy_quality", unique=True)
    assert (jobs.height, jobs["submitted"].count(), jobs["started"].null_count()) == (303, 0, 0)
    assert by_quality["missing"] == (26, 0)
    assert by_quality["implausible"] == (62, pytest.approx(1_522.73))
    assert by_quality["measured"] == (215, pytest.approx(4_319.30))


def test_lisa_has_all_its_jobs_and_no_waits():
    lisa = trace("parquet-surf-lisa-opendc/surf_halfyear_tasks.parquet")
    assert (lisa.lines, lisa.jobs.height, lisa.refusals.height) == (194_917, 194_917, 0)
    assert (lisa.jobs["submitted"].count(), lisa.jobs["started"].null_count(), lisa.jobs["ended"].null_count()) == (0, 0, 0)
    assert core_hours(lisa.jobs) == pytest.approx(5_699_244.4444, abs=5e-4)
    assert (lisa.jobs["started"].min().year, lisa.jobs["started"].max().year) == (2022, 2022)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("03-groningen-snowman/sacct_peregrine_2021.txt", "order that is not known"),
        ("05-uio-sonar/sacct_output.txt", "order that is not known"),
        ("09-greenalgorithms/example_sacctOutput_raw.txt", "lacks the column Start, End"),
    ],
)
def test_logs_that_do_not_tell_their_times_or_their_order_are_refused_with_a_sentence(name, why):
    with pytest.raises(LogError, match=why):
        trace(f"sacct-torture/{name}")


def test_the_dialects_of_the_real_logs_are_told_by_their_content():
    if not TRACES.exists():
        pytest.skip("the third-party logs are not beside the repository")
    assert {recognised(path) for path in TRACES.glob("swf-*/*.gz")} == {Dialect.SWF}
    assert recognised(TRACES / "slurm-ccr-xdmod/pozidriv.sacct.psv.gz") is Dialect.SACCT_XDMOD
