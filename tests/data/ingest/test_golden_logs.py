"""Real logs of real machines, against totals that others have published or counted."""

import os
from pathlib import Path

import polars as pl
import pytest

from data.ingest.dialect import recognised
from data.ingest.source import Chunk, Dialect, Machine
from tests.data.ingest.sample_logs import accounted, joined, read

TRACES = Path(os.environ.get("EQUINODE_SHARED", Path(__file__).resolve().parents[3].parent / "shared")) / "traces"
SECONDS_PER_HOUR = 3_600


def trace(name: str, **machine: object) -> Chunk:
    path = TRACES / name
    if not path.exists():
        pytest.skip(f"the third-party log {name} is not beside the repository")
    whole = joined(read(path, machine=Machine(system="golden", log_time_zone="UTC", **machine)))
    assert accounted(whole) == whole.lines
    return whole


def core_hours(jobs: pl.DataFrame) -> float:
    return (jobs["elapsed_s"] * jobs["cores"]).sum() / SECONDS_PER_HOUR


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


def test_the_dialects_of_the_real_logs_are_told_by_their_content():
    if not TRACES.exists():
        pytest.skip("the third-party logs are not beside the repository")
    assert {recognised(path) for path in TRACES.glob("swf-*/*.gz")} == {Dialect.SWF}
    assert recognised(TRACES / "slurm-ccr-xdmod/pozidriv.sacct.psv.gz") is Dialect.SACCT_XDMOD
