"""The dashboard, noting the seconds of every run of a page's script, by the clock and of processors, in the file SCRIPT_TIMES."""

import os
import time
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import Route
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner

import dashboard

TIMES = Path(os.environ["SCRIPT_TIMES"])
run_script = ScriptRunner._run_script


def timed(runner: ScriptRunner, data: Any) -> None:
    """Run a script as ever, and note how long it took."""
    start, busy = time.perf_counter(), time.process_time()
    try:
        run_script(runner, data)
    finally:
        with TIMES.open("a") as file:
            file.write(f"{time.perf_counter() - start} {time.process_time() - busy}\n")


ScriptRunner._run_script = timed  # type: ignore[method-assign]
app = st.App(
    Path(dashboard.__file__).parent / "pages" / "main.py",
    lifespan=dashboard.warm,
    middleware=[Middleware(dashboard.SecurityHeaders)],
    routes=[Route("/health", dashboard.health), Route("/history.js", dashboard.history)],
    on_script_error=dashboard.tell,
)
