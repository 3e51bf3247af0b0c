"""The server: its headers let nothing in from outside, and its health route tells the truth about the store."""

import asyncio
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import dashboard
from data.lake import prepare
from data.settings import Settings, settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the server answered."""

    status: int
    headers: dict[str, str]
    body: bytes


Ask = Callable[[str], Answer]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Ask]:
    """Asks the health route, or a plain page, behind the dashboard's own middleware, on a store of its own."""
    monkeypatch.setenv("EQUINODE_LAKE", str(tmp_path / "lake"))
    settings.cache_clear()
    routes = [
        Route("/health", dashboard.health),
        Route("/overview", dashboard.overview),
        Route("/page", lambda _: PlainTextResponse("a page")),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(dashboard.SecurityHeaders)])
    with ThreadPoolExecutor(1) as aside:  # a browser test in the same process may have left an event loop running in this thread
        yield lambda path: aside.submit(lambda: asyncio.run(_answer(app, path))).result()
    settings.cache_clear()


async def _answer(app: Starlette, path: str) -> Answer:
    sent: list[Any] = []

    async def receive() -> dict[str, str]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        sent.append(message)

    path, _, query = path.partition("?")
    asked = {"path": path, "query_string": query.encode(), "headers": [(b"host", b"site")], "root_path": ""}
    scope = {"type": "http", "method": "GET", "scheme": "http", "server": ("site", 80), "http_version": "1.1", **asked}
    await app(scope, receive, send)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Answer(status=sent[0]["status"], headers=headers, body=b"".join(message.get("body", b"") for message in sent[1:]))


def test_every_answer_forbids_foreign_scripts_frames_and_requests(ask: Ask) -> None:
    for path in ("/health", "/page", "/nowhere"):
        policy = ask(path).headers["content-security-policy"]
        directives = {part.split()[0]: part.split()[1:] for part in policy.split("; ")}
        assert directives["default-src"] == ["'self'"]
        assert "'unsafe-inline'" not in directives["script-src"]
        assert "'unsafe-eval'" not in directives["script-src"]
        assert directives["frame-ancestors"] == ["'self'"]
        assert directives["object-src"] == ["'none'"]
        assert not any(source.startswith("http") for sources in directives.values() for source in sources)


def test_the_one_inline_script_of_the_page_is_let_through_by_its_hash() -> None:
    assert "'sha256-" in dashboard.security_headers()["Content-Security-Policy"]


def test_health_tells_of_an_empty_store_and_makes_none(ask: Ask, tmp_path: Path) -> None:
    assert json.loads(ask("/health").body) == {"status": "ok", "store": "empty"}
    assert not (tmp_path / "lake").exists()


def test_health_tells_the_state_of_the_store(ask: Ask, tmp_path: Path) -> None:
    prepare(Settings(lake=tmp_path / "lake"))
    answer = json.loads(ask("/health").body)
    assert answer["status"] == "ok"
    assert answer["snapshot"] > 0


def test_health_fails_where_the_store_cannot_be_read(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake" / "catalog.sqlite").write_bytes(b"this is no catalog" * 100)
    answer = ask("/health")
    assert answer.status == 503
    assert json.loads(answer.body)["status"] == "failed"


@pytest.mark.parametrize(
    ("path", "leads_to"), [("/overview", "./"), ("/overview?period=2025&unit=GPU-hours", "./?period=2025&unit=GPU-hours")]
)
def test_the_overview_answers_to_its_name_with_its_choices(ask: Ask, path: str, leads_to: str) -> None:
    answer = ask(path)
    assert (answer.status, answer.headers["location"]) == (307, leads_to)
