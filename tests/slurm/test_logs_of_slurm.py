"""The log of a real Slurm, brought in as text by its own sacct and as JSON: every job as it was submitted."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from data.__main__ import app
from data.lake import Lake
from data.settings import Settings
from data.settings import settings as site
from tests.slurm.cluster import CPUS, Cluster

CORES_PER_CPU = 0.5  # Vega's Slurm counts two hardware threads a core
STORED = """
select job_id, array_task, account, queue, "partition", qos, state, nodes, cores, gpus, requested_cores, submitted, eligible, started,
    ended, elapsed_s, time_limit_s, energy_quality from lake.jobs order by job_id
"""


@pytest.fixture(scope="module")
def jobs(slurm: Cluster) -> dict[str, int]:
    """Jobs of every fate, by what they are."""
    common = ("--parsable", "-o", "/dev/null")
    words = {
        "whole node": (*common, "-A", "alpha", "-n", str(CPUS), "-t", "7", "--wrap=sleep 1"),
        "gpus": (*common, "-A", "alpha", "-p", "gpu", "-n", "2", "--gpus=2", "-t", "1-00:00:00", "--wrap=true"),
        "failed": (*common, "-A", "beta", "-n", "4", "-t", "5", "--wrap=exit 3"),
        "array": (*common, "-A", "beta", "-n", "1", "-t", "5", "--array=3-4", "--wrap=true"),
        "cancelled": (*common, "-A", "gamma-1.x", "-n", "6", "-t", "5", "--wrap=sleep 300"),
    }
    ids = {name: int(slurm.run("sbatch", *each).strip()) for name, each in words.items()}
    cancelled = str(ids["cancelled"])
    slurm.wait_until(lambda: "RUNNING" in slurm.run("squeue", "-h", "-j", cancelled, "-o", "%T"), "a job did not start")
    waiting = slurm.run("sbatch", *common, "-A", "gamma-1.x", "-n", str(CPUS), "-t", "5", "--wrap=true").strip()
    ids["never started"] = int(waiting)
    slurm.run("scancel", waiting, cancelled)
    slurm.wait_until(lambda: not slurm.run("squeue", "-h", "-t", "PD,R,CG", "-o", "%i"), "jobs did not end")
    slurm.wait_until(lambda: all_ended(slurm, len(ids) + 1), "the database did not hear of the jobs' ends")  # the array is two jobs
    return ids


def all_ended(slurm: Cluster, count: int) -> bool:
    states = slurm.run("sacct", "-a", "-X", "-D", "-n", "-P", "-S", "2026-01-01", "-o", "State").splitlines()
    return len(states) >= count and not {"RUNNING", "PENDING"} & set(states)


@pytest.fixture
def store(slurm: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A store of the test's own, and a sacct that finds the cluster."""
    monkeypatch.setenv("EQUINODE_LAKE", str(tmp_path / "lake"))
    monkeypatch.setenv("EQUINODE_SACCT", f"env SLURM_CONF={slurm.environment['SLURM_CONF']} sacct")
    site.cache_clear()
    yield tmp_path / "lake"
    site.cache_clear()


def brought_in(lake: Path, *words: str) -> dict[int, dict[str, Any]]:
    done = CliRunner().invoke(app, ["ingest", "--system", "vega", *words])
    assert done.exit_code == 0, done.output
    assert " 0 refused" in done.output
    return {row["job_id"]: row for row in Lake(Settings(lake=lake)).frame(STORED).iter_rows(named=True)}


def told_of(row: dict[str, Any]) -> dict[str, Any]:
    """What both forms tell of a job: of one that never started the text tells the size asked for, the JSON that it held nothing."""
    return {name: value for name, value in row.items() if row["started"] or name not in ("nodes", "cores")}


def test_every_job_is_stored_as_it_was_submitted_and_as_it_ran(jobs: dict[str, int], store: Path) -> None:
    found = brought_in(store, "--from-sacct", "--since", f"{datetime.now(UTC):%Y-%m-%d}")
    whole, gpus, failed, cancelled, waited = (found[jobs[name]] for name in ("whole node", "gpus", "failed", "cancelled", "never started"))
    told = ("account", "queue", "partition", "state", "nodes", "cores", "gpus", "time_limit_s")
    assert [whole[name] for name in told] == ["alpha", "cpu", "CPU", "COMPLETED", 1, CPUS * CORES_PER_CPU, 0, 7 * 60]
    assert [gpus[name] for name in told] == ["alpha", "gpu", "GPU", "COMPLETED", 1, 2 * CORES_PER_CPU, 2, 24 * 3600]
    assert [failed[name] for name in told] == ["beta", "cpu", "CPU", "FAILED", 1, 4 * CORES_PER_CPU, 0, 5 * 60]
    assert [cancelled[name] for name in told] == ["gamma-1.x", "cpu", "CPU", "CANCELLED", 1, 6 * CORES_PER_CPU, 0, 5 * 60]
    assert (waited["state"], waited["elapsed_s"], waited["requested_cores"]) == ("CANCELLED", 0, CPUS * CORES_PER_CPU)
    tasks = [row["array_task"] for row in found.values() if row["account"] == "beta" and row["array_task"] is not None]
    assert sorted(tasks) == [3, 4]
    for row in found.values():
        if row["elapsed_s"]:
            assert row["submitted"] <= row["started"]
            assert (row["ended"] - row["started"]).total_seconds() == row["elapsed_s"]
    assert whole["elapsed_s"] >= 1


def test_slurms_json_tells_the_same_jobs_as_its_text(slurm: Cluster, jobs: dict[str, int], store: Path, tmp_path: Path) -> None:
    assert jobs
    told = tmp_path / "sacct.json"
    told.write_text(slurm.run("sacct", "--json", "-a", "-D", "-S", f"{datetime.now(UTC):%Y-%m-%d}"))
    by_json = brought_in(store, str(told))
    text = tmp_path / "text"
    site.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EQUINODE_LAKE", str(text))
        by_text = brought_in(text, "--from-sacct", "--since", f"{datetime.now(UTC):%Y-%m-%d}")
    assert {job: told_of(row) for job, row in by_json.items()} == {job: told_of(row) for job, row in by_text.items()}
