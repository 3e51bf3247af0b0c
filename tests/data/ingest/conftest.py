"""Logs written for one test at a time."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data.ingest.source import Chunk
from tests.data.ingest.sample_logs import accounted, joined, read


@pytest.fixture
def log(tmp_path: Path) -> Callable[..., Chunk]:
    """A log of this text, read as a whole."""

    def read_log(text: str | bytes, **options: Any) -> Chunk:
        path = tmp_path / "jobs.log"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        whole = joined(read(path, **options))
        assert accounted(whole) == whole.lines
        return whole

    return read_log
