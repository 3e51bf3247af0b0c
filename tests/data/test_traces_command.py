"""Every third-party log beside the repository goes through the command line as its README counts it, or is refused with a sentence."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from data.__main__ import app
from data.errors import LogError
from data.ingest.dialect import recognised
from data.lake import Lake
from data.settings import Settings
from data.settings import settings as site

TORTURE = "sacct-torture"
MACHINE = """
name = "{name}"
country = "FR"
time_zone = "{zone}"
[partitions.{part}]
nodes = 200_000
cores_per_node = 256
node_idle_w = 0
node_max_w = 6_086.9565217
"""
ZONES = {"slurm-nrel-eagle-sample": "America/Denver", "04-aalto-slurm2sql": "Europe/Helsinki"}
OPTIONS = {"slurmdb-mit-supercloud": ("--gpu-tres", "1002")}

BIG = [
    ("slurm-ccr-xdmod/pozidriv.sacct.psv.gz", 11_704, 0, 0, {"ran": 11_285, "core_hours": 71_984.2764}),
    ("slurm-sonar-fox-ex3/fox-slurm.ndjson.gz", 1_282, 0, 2_558, {"gpu_jobs": 219, "core_hours": 4_121.7036, "gpu_hours": 25.6961}),
    ("slurm-nrel-eagle-sample/sample_eagle_data.csv.gz", 1_000, 0, 0, {"node_hours": 23_158.1433}),
    ("slurmdb-mit-supercloud/slurm-log-queueing-clean.csv.gz", 9_628, 0, 0, {"gpu_jobs": 2_401, "gpu_hours": 43_847.4633}),
    ("swf-cea-curie/CEA-Curie-2011-2.1-cln.swf.gz", 312_826, 0, 0, {"core_hours": 356_656_338.8572, "users": 582, "accounts": 305}),
    ("swf-kth-sp2/KTH-SP2-1996-2.1-cln.swf.gz", 28_476, 0, 0, {"core_hours": 560_164.3111}),
    ("swf-nasa-ipsc/NASA-iPSC-1993-3.1-cln.swf.gz", 18_239, 0, 0, {"core_hours": 131_732.7819, "waits": 0}),
    ("swf-unilu-gaia/UniLu-Gaia-2014-2.swf.gz", 51_959, 28, 0, {"core_hours": 1_938_352.9164}),
    ("swf-hpc2n-sample/hpc2n.swf.gz", 3_145, 25, 0, {"core_hours": 139_904.2206}),
    ("swf-alcf-theta/theta_2022.swf.gz", 23_911, 0, 0, {"core_hours": 28_894_790.5236}),
    ("parquet-surf-lisa-opendc/surf_halfyear_tasks.parquet", 194_917, 0, 0, {"users": 0, "core_hours": 5_699_244.4444}),
    ("energy-clustercockpit-nhrfau/jobs_alex.ndjson.gz", 303, 0, 0, {"kwh": 5_842.03, "kwh_measured": 4_319.3, "implausible": 62}),
]  # fmt: skip
"""Path, accepted, refused, steps, and the figures of the traces' README and of what others counted."""

SMALL = {
    "01-xdmod-slurm15-20/accounting-logs.log": (4, 0, 0),
    "01-xdmod-slurm15-20/accounting-logs-with-job-arrays.log": (1, 5, 0),
    "01-xdmod-slurm15-20/non-ended-job-state.log": (2, 0, 0),
    "02-meta-gcm-slurm20-23/sample-sacct-one-multiline.txt": (2, 0, 2),
    "04-aalto-slurm2sql/test-data1.csv": (1, 1, 3),
    "06-mila-json/mila_1714003200.json": (8, 0, 16),
    "06-mila-json/slurm_22_5_9.json": (1, 0, 0),
    "06-mila-json/slurm_23_2_6.json": (1, 0, 0),
}
"""Accepted, refused and steps of the small odd logs."""

REFUSED = {
    f"{TORTURE}/02-meta-gcm-slurm20-23/sample-sacct-output.txt": "none of its 69 lines is a job",
    f"{TORTURE}/03-groningen-snowman/sacct_peregrine_2021.txt": "order that is not known",
    f"{TORTURE}/05-uio-sonar/sacct_output.txt": "order that is not known",
    f"{TORTURE}/09-greenalgorithms/example_sacctOutput_raw.txt": "lacks the column Start, End",
    "carbon-2022-hourly-123zones/carbon_2022_hourly.parquet": "columns are not those of jobs",
    "carbon-annual-owid/carbon-intensity-owid.csv": "columns are not those of jobs",
    "carbon-annual-owid/global_energy_mix.json": "no log of jobs",
    "price-8zones-2019-2020/day_ahead_8zones_2019_2020.parquet": "columns are not those of jobs",
    "slurm-ccr-xdmod/group-to-hierarchy.csv": "no job log",
    "slurm-ccr-xdmod/hierarchy.csv": "columns are not those of jobs",
    "slurm-ccr-xdmod/names.csv": "columns are not those of jobs",
    "slurm-ccr-xdmod/pozidriv_xdmod_expected.csv": "columns are not those of jobs",
    "slurm-fairtree/expected_sshare.csv": "columns are not those of jobs",
    "slurm-fairtree/input_associations.csv": "columns are not those of jobs",
}
"""Files that hold no jobs, or do not tell what their columns mean, and what is said of each."""

TOTALS = """
select count(*) as jobs, count(started) as ran, sum(elapsed_s * cores) / 3600 as core_hours, sum(elapsed_s * gpus) / 3600 as gpu_hours,
    sum(elapsed_s * nodes) / 3600 as node_hours, count(*) filter (where gpus > 0) as gpu_jobs, count(submitted) as waits,
    count(distinct user_pseudonym) as users, count(distinct account) as accounts, sum(energy_logged_kwh) as kwh,
    sum(energy_logged_kwh) filter (where energy_quality = 'measured') as kwh_measured,
    count(*) filter (where energy_quality = 'implausible') as implausible
from lake.jobs where system = $system
"""


@pytest.fixture
def lake(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    monkeypatch.setenv("EQUINODE_LAKE", str(settings.lake))
    monkeypatch.delenv("EQUINODE_CATALOG", raising=False)
    site.cache_clear()
    yield settings
    site.cache_clear()


def brought(traces: Path, name: str, tmp_path: Path, *, part: str = "elsewhere") -> tuple[Result, str]:
    """What the command said, and the machine that was declared for the log; a single partition named as a queue catches its jobs."""
    system = "t" + re.sub(r"\W|_", "", name.lower())[-40:]
    zone = next((zone for key, zone in ZONES.items() if key in name), "UTC")
    declaration = tmp_path / f"{system}.toml"
    declaration.write_text(MACHINE.format(name=system, zone=zone, part=part))
    more = next((words for key, words in OPTIONS.items() if key in name), ())
    words = ["ingest", str(traces / name), "--system", system, "--system-file", str(declaration), *more]
    return CliRunner().invoke(app, words, catch_exceptions=False), system


def counted(said: str) -> tuple[int, int, int]:
    """Accepted, refused and steps, after checking that they and the others sum to what was read."""
    told = {word: int(number.replace(",", "")) for number, word in re.findall(r"^\s*([\d,]+) (\w+)", said, re.MULTILINE)}
    read = told.get("lines", told.get("records", 0))
    assert read == told["accepted"] + told["refused"] + told["seen"] + told["job"] + told["header"]
    return told["accepted"], told["refused"], told["job"]


@pytest.mark.nightly
@pytest.mark.parametrize(("name", "accepted", "refused", "steps", "figures"), BIG, ids=lambda value: str(value)[:24])
def test_a_log_has_the_jobs_and_hours_that_its_readme_counts(
    lake: Settings, shared: Path, tmp_path: Path, name: str, accepted: int, refused: int, steps: int, figures: dict[str, float]
) -> None:
    result, system = brought(shared / "traces", name, tmp_path, part="alex" if "alex" in name else "elsewhere")
    assert counted(result.stderr) == (accepted, refused, steps)
    found = Lake(lake).frame(TOTALS, {"system": system}).row(0, named=True)
    assert {key: found[key] for key in figures} == pytest.approx(figures, abs=5e-3)
    again, _ = brought(shared / "traces", name, tmp_path)
    assert re.search(rf"\s{accepted:,} seen before", again.stderr)


@pytest.mark.nightly
def test_the_small_odd_logs_land_in_one_store_with_every_line_accounted(lake: Settings, shared: Path, tmp_path: Path) -> None:
    found = {name: counted(brought(shared / "traces" / TORTURE, name, tmp_path)[0].stderr) for name in SMALL}
    assert found == SMALL
    assert len(found) == Lake(lake).frame("select count(*) from lake.batches").item()


@pytest.mark.nightly
@pytest.mark.usefixtures("lake")
def test_jobs_of_slurmrestd_land_one_by_one(shared: Path, tmp_path: Path) -> None:
    files = sorted((shared / "traces" / TORTURE / "07-slurmrestd-2405-2511").iterdir())
    assert [counted(brought(file.parent, file.name, tmp_path)[0].stderr)[:2] for file in files] == [(1, 0)] * 16


@pytest.mark.nightly
@pytest.mark.usefixtures("lake")
@pytest.mark.parametrize("name", list(REFUSED))
def test_a_file_that_is_no_log_is_refused_with_a_sentence(shared: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(LogError, match=REFUSED[name]):
        brought(shared / "traces", name, tmp_path)


@pytest.mark.parametrize("name", [name for name in REFUSED if "02-meta" not in name and "09-green" not in name])
def test_what_is_no_log_is_told_at_its_first_lines(shared: Path, name: str) -> None:
    with pytest.raises(LogError, match=REFUSED[name]):
        recognised(shared / "traces" / name)


def test_no_file_of_the_traces_is_left_out(shared: Path) -> None:
    traces = shared / "traces"
    known = {name for name, *_ in BIG} | set(REFUSED) | {f"{TORTURE}/{name}" for name in SMALL}
    there = {str(file.relative_to(traces)) for file in traces.rglob("*") if file.is_file() and "README" not in file.name}
    assert {name for name in there - known if "07-slurmrestd" not in name} == set()
