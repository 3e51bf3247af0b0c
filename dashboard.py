"""The server: the app around `pages/main.py`, with security headers, a warm start and a health route."""

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from importlib import import_module
from pathlib import Path

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SHELL = Path(st.__file__).parent / "static" / "index.html"
"""The one page that the browser loads; its inline scripts alone are let through, by their hashes."""

SCRIPTS = Path(__file__).parent / "pages" / "shared"

POLICY = (
    "default-src 'self'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self' ws: wss:; worker-src 'self' blob:; frame-ancestors 'self'; "
    "object-src 'none'; base-uri 'self'; form-action 'self'"
)


@cache
def security_headers() -> dict[str, str]:
    """The headers that stand in every answer: nothing is loaded from, sent to or framed by another site."""
    scripts = re.findall(r"<script>(.*?)</script>", SHELL.read_text("utf-8"), flags=re.DOTALL)
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    return {
        "Content-Security-Policy": POLICY.format(hashes=" ".join(f"'sha256-{digest}'" for digest in digests)),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "SAMEORIGIN",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }


class SecurityHeaders:
    """Adds the security headers to every answer over HTTP."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand in front of an app."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, and put the headers on its answer."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(security_headers())
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


@asynccontextmanager
async def warm(_: st.App) -> AsyncIterator[None]:
    """Imports what pages need and asks the store once, so that the first visitor does not wait for it."""
    loaders = await asyncio.to_thread(import_module, "pages.shared.loaders")
    await asyncio.to_thread(loaders.warm)
    yield


def health(_: Request) -> JSONResponse:
    """Whether the dashboard can answer, and from which state of the store."""
    from pages.shared import loaders

    found = loaders.health()
    return JSONResponse(found, status_code=200 if found["status"] == "ok" else 503)


def history(_: Request) -> FileResponse:
    """The script that makes every choice a step of the browser's history."""
    return FileResponse(SCRIPTS / "history.js", media_type="text/javascript")


def printing(_: Request) -> FileResponse:
    """The script by which charts fit on paper."""
    return FileResponse(SCRIPTS / "print.js", media_type="text/javascript")


def overview(request: Request) -> RedirectResponse:
    """The way from the overview's name, which others may have written down, to its address, with whatever choices stand behind it."""
    return RedirectResponse(f"./?{request.url.query}" if request.url.query else "./")


def tell(error: Exception) -> bool:
    """Tell the visitor calmly that a page failed; whether Streamlit's own display of the error is put away."""
    from pages.shared import parts

    return parts.unexpected(error)


app = st.App(
    Path(__file__).parent / "pages" / "main.py",
    lifespan=warm,
    middleware=[Middleware(SecurityHeaders)],
    routes=[Route("/health", health), Route("/history.js", history), Route("/print.js", printing), Route("/overview", overview)],
    on_script_error=tell,
)
