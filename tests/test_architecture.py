"""The house stands as drawn: imports point right, every room keeps to what it may touch, and every file stays readable."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parent.parent
PURE_DATA = {"data.terms", "data.schema", "data.units", "data.errors"}
ANALYTICS_MAY = {"polars", "plotly", "numpy", "babel", "jinja2", "threadpoolctl", "typst", "xlsxwriter"}
WORLD = {
    "streamlit",
    "duckdb",
    "pathlib",
    "os",
    "shutil",
    "tempfile",
    "requests",
    "urllib",
    "socket",
    "subprocess",
    "time",
    "io",
    "sqlite3",
}
LOWER_FIRST = (
    "errors",
    "units",
    "terms",
    "schema",
    "settings",
    "machines",
    "fact_values",
    "declared",
    "facts",
    "store_errors",
    "lake",
    "hourly",
    "rollups",
)
COMMANDS = (
    "__main__.py",
    "commands.py",
    "commands_call.py",
    "commands_frontier.py",
    "commands_report.py",
    "commands_report_inputs.py",
    "commands_store.py",
)
REPORT = HOUSE / "analytics" / "report"
IN_MEMORY = {"io"}
MOST_LINES = 400
TOP_LEVEL = {"dashboard.py", "pages", "data", "analytics", "tests", "requirements.txt", "README.md"}
TOOL_FILES = {"Makefile", "pyproject.toml", ".streamlit", ".ci", ".gitignore"}
NOT_OURS = {".git", ".venv", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", "__pycache__", "node_modules", ".benchmarks"}


def files(*rooms: str) -> list[Path]:
    """The Python files of rooms, folders or single files."""
    found = [path for room in rooms for path in ([HOUSE / room] if room.endswith(".py") else sorted((HOUSE / room).rglob("*.py")))]
    return [path for path in found if "var" not in path.relative_to(HOUSE).parts]


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports, `from data import lake` as `data.lake`."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            module = node.module or ""
            yield module
            if module in ("data", "analytics", "pages", "data.ingest", "data.export", "analytics.charts", "analytics.report"):
                yield from (f"{module}.{name.name}" for name in node.names)


def buffers_alone(path: Path) -> bool:
    """Whether a file takes nothing of `io` but buffers in memory, which documents are written to."""
    found = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ImportFrom) and node.module == "io"]
    return bool(found) and all(name.name == "BytesIO" for node in found for name in node.names)


def said(path: Path) -> str:
    return str(path.relative_to(HOUSE))


def room_of(module: str) -> str:
    return module.split(".")[0]


@pytest.mark.parametrize("path", files("data"), ids=said)
def test_data_knows_neither_analyses_nor_pages(path: Path) -> None:
    assert {room_of(module) for module in imports(path)}.isdisjoint({"analytics", "pages", "dashboard", "streamlit", "plotly"})


@pytest.mark.parametrize("path", files("analytics"), ids=said)
def test_analyses_are_pure(path: Path) -> None:
    if path.name in COMMANDS:
        return
    found = set(imports(path))
    rooms = {room_of(module) for module in found} - (IN_MEMORY if path.is_relative_to(REPORT) and buffers_alone(path) else set())
    assert rooms.isdisjoint({"pages", "dashboard"} | WORLD), f"{said(path)} touches the world: {rooms & WORLD}"
    assert {module for module in found if room_of(module) == "data"} <= PURE_DATA | {"data"}


@pytest.mark.parametrize("path", files("analytics"), ids=said)
def test_scipy_stays_in_the_allocation(path: Path) -> None:
    if any(room_of(module) == "scipy" for module in imports(path)):
        assert path.is_relative_to(HOUSE / "analytics" / "allocation")


@pytest.mark.parametrize("path", files("analytics"), ids=said)
def test_analyses_read_no_clock_and_open_nothing(path: Path) -> None:
    if path.name in COMMANDS:
        return
    called = {ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)}
    assert called.isdisjoint({"open", "datetime.now", "date.today", "datetime.utcnow", "pl.read_csv", "pl.read_parquet", "pl.scan_csv"})


@pytest.mark.parametrize("path", files("pages"), ids=said)
def test_pages_ask_data_and_analyses_and_no_other_page(path: Path) -> None:
    found = set(imports(path))
    assert {room_of(module) for module in found}.isdisjoint({"duckdb", "scipy", "dashboard"})
    assert not any(module.startswith(("pages.policy", "pages.operations")) for module in found)


@pytest.mark.parametrize("path", files("dashboard.py", "pages/main.py"), ids=said)
def test_the_server_and_the_entrance_go_through_the_shared_room(path: Path) -> None:
    assert {room_of(module) for module in imports(path)}.isdisjoint({"data", "analytics", "duckdb", "polars"})


@pytest.mark.parametrize("path", files("pages"), ids=said)
def test_no_page_lies_directly_in_pages(path: Path) -> None:
    assert path.parent != HOUSE / "pages" or path.name == "main.py"


def test_lower_files_of_data_never_import_higher_ones() -> None:
    place = {name: number for number, name in enumerate(LOWER_FIRST)}
    for name in LOWER_FIRST:
        for module in imports(HOUSE / "data" / f"{name}.py"):
            if module.startswith("data."):
                other = module.split(".")[1]
                assert other in place, f"data/{name}.py imports the higher data.{other}"
                assert place[other] < place[name], f"data/{name}.py imports the higher data.{other}"


def test_only_one_room_caches_for_pages() -> None:
    caching = [path for path in files("pages") if "st.cache_data" in path.read_text("utf-8")]
    assert [said(path) for path in caching] == ["pages/shared/loaders.py"]


@pytest.mark.parametrize("path", files("dashboard.py", "pages", "analytics", "data"), ids=said)
def test_a_file_answers_one_question_in_few_lines_and_says_which(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), f"{said(path)} does not open with a sentence that says why it exists"


def test_no_statement_is_put_together_from_values() -> None:
    for path in files("data"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                text = "".join(part.value for part in node.values if isinstance(part, ast.Constant) and isinstance(part.value, str)).lower()
                if path.name not in ("rollups.py", "lake.py"):
                    assert not text.lstrip().startswith(("select ", "insert ", "delete ", "update ", "with ")), f"{said(path)}: {text[:60]}"


def test_the_top_level_holds_what_it_may() -> None:
    found = {path.name for path in HOUSE.iterdir()} - NOT_OURS
    assert found <= TOP_LEVEL | TOOL_FILES, f"unexpected at the top level: {found - TOP_LEVEL - TOOL_FILES}"
    assert found >= TOP_LEVEL


def test_requirements_pin_exact_versions() -> None:
    lines = (HOUSE / "requirements.txt").read_text("utf-8").split("\n")
    assert all("==" in line for line in lines if line and not line.startswith("#"))


@pytest.mark.parametrize("extension", ["parquet", "gz", "swf", "sqlite"])
def test_no_log_or_store_lies_in_the_repository(extension: str) -> None:
    found = [path for path in HOUSE.rglob(f"*.{extension}") if not NOT_OURS.intersection(path.parts) and "var" not in path.parts]
    assert found == []
