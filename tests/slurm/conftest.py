"""One real Slurm for all tests of this folder, with a tree of accounts."""

import getpass
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.slurm.cluster import PACKAGES, Cluster, lacking, started


@pytest.fixture(scope="session")
def slurm() -> Iterator[Cluster]:
    """A running Slurm; where its programs are absent, the tests are skipped, unless REQUIRE_SLURM=1."""
    absent = lacking()
    if absent:
        reason = f"Slurm is not installed: no {', '.join(absent)} (Debian: apt install {PACKAGES})"
        if os.environ.get("REQUIRE_SLURM") == "1":
            pytest.fail(f"{reason}, and REQUIRE_SLURM=1 asks for its tests")
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="equinode-slurm-"))  # short: the path of a socket has at most 107 characters
    try:
        with started(folder) as cluster:
            accounts(cluster)
            yield cluster
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def accounts(cluster: Cluster) -> None:
    """The accounts of the tests: three projects below one, with limits that nobody may lose, and one whose jobs run."""
    cluster.run("sacctmgr", "-i", "add", "account", "union", "description=Union share", "organization=eu", "fairshare=100")
    cluster.run(
        "sacctmgr", "-i", "add", "account", "alpha", "parent=union", "description=Alpha project", "organization=lab", "fairshare=10"
    )
    cluster.run("sacctmgr", "-i", "add", "account", "beta", "parent=union", "fairshare=parent")
    cluster.run("sacctmgr", "-i", "add", "account", "gamma-1.x", "parent=union", "fairshare=7")
    cluster.run("sacctmgr", "-i", "add", "account", "delta")
    cluster.run("sacctmgr", "-i", "add", "user", getpass.getuser(), "account=alpha,beta,gamma-1.x,delta")
    cluster.run("sacctmgr", "-i", "add", "qos", "sme_flex")
    cluster.run(
        *("sacctmgr", "-i", "modify", "account", "beta", "set", "GrpTRESMins=billing=99999999,mem=4096,node=7000"),
        *("GrpTRES=cpu=60,mem=1025", "GrpJobs=500"),
    )
