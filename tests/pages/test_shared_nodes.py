"""Where jobs share nodes, the pages say how much of the node-hours is of parts that nobody held."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.small import HEADER, bring_in, sacct, words_of

Visit = Callable[..., AppTest]
NOTE = "of the node-hours are of parts of nodes that jobs did not hold"


@pytest.fixture
def quarters(tmp_path: Path) -> Path:
    """A store of jobs that held a quarter of a LUMI-G node each: 2 of its 8 logged GPUs and 16 of its 64 cores."""
    lines = sacct(1_000, "project_465000001", ["2026-01", "2026-02"], nodes=1).replace("cpu=128,gres/gpu=8", "cpu=32,gres/gpu=2")
    bring_in(tmp_path / "lake", "\n".join([HEADER, lines.replace("|1|128|", "|1|32|")]).encode() + b"\n")
    return tmp_path / "lake"


@pytest.mark.parametrize("page", ["policy/overview.py", "policy/usage.py", "policy/fairness.py"])
def test_a_page_of_node_hours_says_how_much_of_them_nobody_held(visit: Visit, quarters: Path, page: str) -> None:
    words = words_of(visit(quarters, page)).replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert f"75 % {NOTE}" in words


@pytest.mark.parametrize("page", ["policy/overview.py", "policy/usage.py"])
def test_gpu_hours_need_no_such_note(visit: Visit, quarters: Path, page: str) -> None:
    assert NOTE not in words_of(visit(quarters, page, unit="GPU-hours"))


def test_whole_nodes_need_none_either(visit: Visit, small_store: Path) -> None:
    assert NOTE not in words_of(visit(small_store, "policy/usage.py"))
