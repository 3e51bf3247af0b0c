"""What tests of every room share: real logs beside the repository, where they are, and a store of their own."""

import os
from pathlib import Path

import pytest

from data.settings import Settings

HOUSE = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of third-party logs, which are not part of the repository."""
    folder = Path(os.environ.get("EQUINODE_SHARED", HOUSE.parent / "shared"))
    if not (folder / "traces").is_dir():
        pytest.skip(f"needs the third-party logs in {folder}/traces; name their folder with EQUINODE_SHARED")
    return folder


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a store that is not made yet, in a folder of the test's own, whatever the environment says."""
    return Settings(lake=tmp_path / "lake", catalog=None, author="olga", pseudonym_key=None, writer_wait_s=30)
