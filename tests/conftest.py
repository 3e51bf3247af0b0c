"""What tests of every room share: real logs beside the repository, where they are, and a store of their own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from data.settings import Settings
from tests import quick_stores

HOUSE = Path(__file__).resolve().parent.parent
LONGEST = ("tests/browser/", "tests/test_readme.py", "tests/slurm/")
"""What takes longest begins first, so that no worker is left alone with it at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest tests first."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.fixture(scope="session", autouse=True)
def quick() -> Iterator[None]:
    """Stores of tests open in less time than those of users."""
    with pytest.MonkeyPatch.context() as patch:
        quick_stores.quicken(patch)
        patch.setenv("EQUINODE_THREADS", "1")  # a small query takes longer on more; programs started beside the tests take the default
        yield


@pytest.fixture
def as_shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store of this test opens as those of users do."""
    quick_stores.as_shipped(monkeypatch)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of third-party logs, which are not part of the repository."""
    folder = Path(os.environ.get("EQUINODE_SHARED", HOUSE.parent / "shared"))
    if not (folder / "traces").is_dir():
        pytest.skip(f"needs the third-party logs in {folder}/traces; name their folder with EQUINODE_SHARED")
    return folder


@pytest.fixture(scope="session")
def demo_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a small demonstration log, made once for all tests of a run; they may read it, and must not write to it."""
    in_parallel = "PYTEST_XDIST_WORKER" in os.environ
    folder = tmp_path_factory.getbasetemp().parent if in_parallel else tmp_path_factory.getbasetemp()
    lake = folder / "demonstration" / "lake"
    with FileLock(folder / "demonstration.lock"):
        if not lake.is_dir():
            making = tmp_path_factory.mktemp("demonstration") / "lake"
            environment = {name: value for name, value in os.environ.items() if not name.startswith("EQUINODE_")}
            words = [sys.executable, "-m", "data", "demo", "--jobs", "2000"]
            subprocess.run(
                words, cwd=HOUSE, env=environment | {"EQUINODE_LAKE": str(making), "EQUINODE_THREADS": "1"}, check=True, capture_output=True
            )
            shutil.copytree(making, lake)
    return lake


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a store that is not made yet, in a folder of the test's own, whatever the environment says."""
    return Settings(lake=tmp_path / "lake", catalog=None, author="olga", pseudonym_key=None, writer_wait_s=30)
