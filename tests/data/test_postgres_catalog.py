"""The same store with a PostgreSQL catalog: written and read by several processes at once, nothing lost."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_jobs import OPERATOR

from data.check import findings
from data.errors import StoreError
from data.ingest.load import Order, ingest
from data.lake import Lake, exists, prepare
from data.settings import Settings
from data.systems import declared_system

HOUSE = Path(__file__).resolve().parents[2]
MACHINE = 'name = "Alpha"\ncountry = "FI"\ntime_zone = "Europe/Helsinki"\n[partitions.cpu]\nnodes = 100\ncores_per_node = 64\n'
START = 1_760_000_000
HEADER = "JobIDRaw|JobID|Cluster|Partition|Account|User|Submit|Eligible|Start|End|ElapsedRaw|State|NNodes|NCPUS|AllocTRES\n"


def binaries() -> Path | None:
    """The folder of PostgreSQL's server programs, which Debian keeps off the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@pytest.fixture(scope="module")
def catalog() -> Iterator[str]:
    """A PostgreSQL server on the loopback address, with an empty database."""
    programs = binaries()
    if programs is None:
        pytest.skip("PostgreSQL's server is not installed (Debian: apt install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="equinode-postgres-"))
    user = []
    if os.getuid() == 0:
        user = ["runuser", "-u", "postgres", "--"]
        shutil.chown(folder, "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def run(*command: str) -> None:
        subprocess.run([*user, *command], check=True, capture_output=True, cwd=folder)

    run(str(programs / "initdb"), "-D", str(folder / "data"), "-A", "trust", "-U", "equinode")
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
    run(str(programs / "pg_ctl"), "-D", str(folder / "data"), "-o", options, "-l", str(folder / "log"), "-w", "start")
    try:
        yield f"dbname=postgres host=127.0.0.1 port={port} user=equinode"
    finally:
        run(str(programs / "pg_ctl"), "-D", str(folder / "data"), "-m", "fast", "stop")
        shutil.rmtree(folder)


def log(path: Path, first_id: int, jobs: int) -> Path:
    rows = (
        f"{n}|{n}|alpha|cpu|proj|ann|{START + n}|{START + n}|{START + 60 + n}|{START + 3_660 + n}|3600|COMPLETED|1|64|cpu=64,node=1"
        for n in range(first_id, first_id + jobs)
    )
    path.write_text(HEADER + "\n".join(rows) + "\n")
    return path


def psql(catalog: str, statement: str) -> str:
    programs = binaries()
    assert programs is not None
    return subprocess.run([str(programs / "psql"), catalog, "-Atc", statement], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def own_catalog(catalog: str) -> Iterator[str]:
    """An empty database of the test's own."""
    psql(catalog, "create database own")
    yield catalog.replace("dbname=postgres", "dbname=own")
    psql(catalog, "drop database own with (force)")


def test_an_empty_database_is_no_store_yet(own_catalog: str, tmp_path: Path) -> None:
    place = Settings(lake=tmp_path / "lake", catalog=own_catalog)
    assert not exists(place)
    with pytest.raises(StoreError, match="there is no store"):
        Lake(place)
    prepare(place)
    assert exists(place)


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="could not be opened"):
        exists(Settings(lake=tmp_path / "lake", catalog="dbname=none host=127.0.0.1 port=9 user=nobody"))


def test_a_connection_lost_in_the_middle_of_an_ingest_leaves_the_store_as_it_was(own_catalog: str, tmp_path: Path) -> None:
    place = Settings(lake=tmp_path / "lake", catalog=own_catalog)
    machine = declared_system("alpha", MACHINE)
    first, second = log(tmp_path / "first.txt", 1, 30), log(tmp_path / "second.txt", 1_001, 500)
    ingest(place, Order(path=first, system=machine, declaration=MACHINE), OPERATOR)
    reader = Lake(place)
    before = reader.snapshot_id

    def cut(*_: int) -> None:
        psql(own_catalog, "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'own' and pid <> pg_backend_pid()")

    with pytest.raises(StoreError, match=r"connection to the server of its catalog .* was lost. What was not"):
        ingest(place, Order(path=second, system=machine), OPERATOR, progress=cut)
    assert (reader.snapshot_id, reader.frame("select count(*) from lake.jobs").item()) == (before, 30)
    assert ingest(place, Order(path=second, system=machine), OPERATOR).batch.accepted == 500
    assert findings(reader) == []


@pytest.mark.nightly
def test_three_ingests_at_once_all_land(catalog: str, tmp_path: Path) -> None:
    machine = tmp_path / "alpha.toml"
    machine.write_text(MACHINE)
    environment = os.environ | {"EQUINODE_LAKE": str(tmp_path / "lake"), "EQUINODE_CATALOG": catalog}
    as_alpha = ["--system", "alpha", "--system-file", str(machine)]
    files = [log(tmp_path / f"{part}.txt", part * 1_000 + 1, 500) for part in range(3)]
    commands = [[sys.executable, "-m", "data", "ingest", str(file), *as_alpha] for file in files]
    running = [subprocess.Popen(command, env=environment, cwd=HOUSE, stderr=subprocess.PIPE, text=True) for command in commands]
    told = [process.communicate(timeout=120)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], told
    lake = Lake(Settings(lake=tmp_path / "lake", catalog=catalog))
    assert lake.frame("select count(*) as jobs, sum(cores * elapsed_s) / 3600 as core_hours from lake.jobs").row(0) == (1_500, 1_500 * 64)
    assert lake.frame("select sum(core_s) / 3600 from lake.usage_monthly").item() == pytest.approx(1_500 * 64)
    lake.close()
