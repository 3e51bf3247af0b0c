"""What the README tells people to type works, in the order in which it stands there."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parent.parent
README = (HOUSE / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+) ?([^\n]*)\n(.*?)^```$", README, re.M | re.S)
"""The fenced blocks: language, the name of the file to save as where there is one, and text."""

COMMANDS = [line for language, _, text in BLOCKS if language == "sh" for line in text.splitlines() if line]
TYPED = [line for line in COMMANDS if line.startswith("python ")]
OTHERS = {"make start", "make test", ". .venv/bin/activate", "export EQUINODE_LAKE=$HOME/equinode-store"}
BIN = Path(sys.executable).parent
pytestmark = [pytest.mark.timeout(900)]


def environment(folder: Path) -> dict[str, str]:
    """The environment in which people type: this interpreter's programs first, and a home of their own."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("EQUINODE_")}
    own = {"HOME": str(folder), "PYTHONPATH": str(HOUSE), "EQUINODE_LAKE": str(folder / "equinode-store"), "EQUINODE_AUTHOR": "olga"}
    return known | own | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which every file of the README was saved and every command typed."""
    folder = tmp_path_factory.mktemp("readme")
    for _, name, text in BLOCKS:
        if name:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text, "utf-8")
    for line in TYPED:
        done = subprocess.run(line, shell=True, cwd=folder, env=environment(folder), capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return folder


def recipe(target: str) -> list[str]:
    """The lines that make would run, with this interpreter's programs in the place of those it would install."""
    if shutil.which("make") is None:
        pytest.skip("make is not installed on this machine")
    done = subprocess.run(["make", "--no-print-directory", "-n", target], cwd=HOUSE, capture_output=True, text=True, check=True)
    return [line.replace(".venv/bin/", f"{BIN}/") for line in done.stdout.splitlines()]


def test_every_command_of_the_readme_is_tried() -> None:
    assert set(COMMANDS) == {*TYPED, *OTHERS}
    assert len(TYPED) >= 10


def test_what_the_readme_tells_to_type_works_and_leaves_what_it_promises(followed: Path) -> None:
    for name in ("usage.csv", "usage.parquet", "report.html", "recommended", "answer/prices.csv", "rounded/solution.json"):
        assert (followed / name).exists(), name
    assert "sme" in (followed / "usage.csv").read_text("utf-8")
    assert (followed / "equinode-store" / "catalog.sqlite").is_file()


def test_make_start_answers_at_the_address_it_names_and_stops(followed: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    demo, told, serve = recipe("start")[-3:]
    assert demo.endswith("python -m data demo")
    assert "http://127.0.0.1:8501" in told
    assert "http://127.0.0.1:8501" in README
    subprocess.run(demo, shell=True, cwd=HOUSE, env=environment(followed), capture_output=True, check=True)
    words = serve.replace("8501", str(port)).split()
    server = subprocess.Popen(words, cwd=HOUSE, env=environment(followed), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert "<title>" in answered(f"http://127.0.0.1:{port}/", server)
    finally:
        server.terminate()
    assert server.wait(timeout=30) is not None


def answered(address: str, server: "subprocess.Popen[bytes]") -> str:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"nobody answered at {address}")


def test_make_test_runs_the_whole_suite() -> None:
    lines = [line for line in recipe("test") if "pytest" in line]
    assert lines == [f"POLARS_MAX_THREADS=1 OPENBLAS_NUM_THREADS=1 {BIN}/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder"]


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make (\w+)", README))))
def test_every_target_that_the_readme_names_exists(target: str) -> None:
    assert recipe(target)


@pytest.mark.parametrize("path", sorted(set(re.findall(r"!\[[^]]+\]\(([^)]+)\)", README))))
def test_every_picture_is_there_and_small(path: str) -> None:
    picture = HOUSE / path
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size < 200_000


def test_every_setting_is_told_with_its_default() -> None:
    from data.settings import Settings

    told = set(re.findall(r"`EQUINODE_(\w+)`", README)) - {"SHARED"}
    assert told == {name.upper() for name in Settings.model_fields}
    fields = Settings.model_fields
    for name in ("memory_limit", "threads", "writer_wait_s", "sacct"):
        assert f"`{fields[name].default}`" in README
