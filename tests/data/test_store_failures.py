"""A full disk and a store that cannot be written: a clear sentence, and the store as it was."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from data.check import findings
from data.lake import Lake
from data.settings import Settings

HOUSE = Path(__file__).resolve().parents[2]
MACHINE = 'name = "Alpha"\ncountry = "FI"\ntime_zone = "Europe/Helsinki"\n[partitions.cpu]\nnodes = 100\ncores_per_node = 64\n'
HEADER = "JobIDRaw|JobID|Cluster|Partition|Account|User|Submit|Start|End|ElapsedRaw|State|NNodes|NCPUS|AllocTRES\n"
START = 1_760_000_000
SMALL, LARGE = 200, 60_000
DISK_MB = 6


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes in memory."""
    if os.getuid() != 0 or shutil.which("mount") is None:
        pytest.skip("needs root and mount to make a small file system")
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(place)], capture_output=True, text=True)
    if made.returncode != 0:
        pytest.skip(f"no small file system can be mounted here: {made.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def log(path: Path, jobs: int) -> Path:
    rows = (
        f"{n}|{n}|alpha|cpu|proj{n * 7919 % 9973}|user{n}|{START + n}|{START + n * 3}|{START + n * 5 + 60}|"
        f"{n * 2 + 60}|COMPLETED|1|64|cpu=64"
        for n in range(1, jobs + 1)
    )
    path.write_text(HEADER + "\n".join(rows) + "\n")
    return path


def bring_in(store: Path, file: Path) -> subprocess.CompletedProcess[str]:
    machine = file.parent / "alpha.toml"
    machine.write_text(MACHINE)
    words = ["ingest", str(file), "--system", "alpha", "--system-file", str(machine)]
    environment = os.environ | {"EQUINODE_LAKE": str(store), "EQUINODE_PSEUDONYM_KEY": "a key for the tests alone"}
    return subprocess.run([sys.executable, "-m", "data", *words], cwd=HOUSE, env=environment, capture_output=True, text=True)


def jobs_in(store: Path) -> int:
    lake = Lake(Settings(lake=store))
    assert findings(lake) == []
    found = int(lake.frame("select count(*) from lake.jobs").item())
    lake.close()
    return found


@pytest.mark.nightly
def test_a_full_disk_is_told_and_leaves_the_store_as_it_was(small_disk: Path, tmp_path: Path) -> None:
    store = small_disk / "lake"
    assert bring_in(store, log(tmp_path / "small.txt", SMALL)).returncode == 0
    free = shutil.disk_usage(small_disk).free
    (small_disk / "ballast").write_bytes(b"x" * max(0, free - 300_000))
    failed = bring_in(store, log(tmp_path / "large.txt", LARGE))
    assert failed.returncode == 2, failed.stdout + failed.stderr
    assert "Traceback" not in failed.stderr
    assert "store could not" in failed.stderr
    (small_disk / "ballast").unlink()
    assert jobs_in(store) == SMALL


@pytest.mark.nightly
def test_after_space_is_made_the_same_command_finishes_the_work(small_disk: Path, tmp_path: Path) -> None:
    store = small_disk / "lake"
    assert bring_in(store, log(tmp_path / "small.txt", SMALL)).returncode == 0
    (small_disk / "ballast").write_bytes(b"x" * max(0, shutil.disk_usage(small_disk).free - 100_000))
    large = log(tmp_path / "large.txt", 20_000)
    assert bring_in(store, large).returncode == 2
    (small_disk / "ballast").unlink()
    subprocess.run(["mount", "-o", f"remount,size={DISK_MB * 10}m", str(small_disk)], check=True)
    assert bring_in(store, large).returncode == 0
    assert jobs_in(store) == 20_000


def test_a_store_on_a_read_only_disk_is_told_and_stays_whole(small_disk: Path, tmp_path: Path) -> None:
    store = small_disk / "lake"
    assert bring_in(store, log(tmp_path / "small.txt", SMALL)).returncode == 0
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    failed = bring_in(store, log(tmp_path / "more.txt", SMALL + 50))
    assert failed.returncode == 2, failed.stdout + failed.stderr
    assert "Traceback" not in failed.stderr
    assert "Error: " in failed.stderr
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    assert jobs_in(store) == SMALL
