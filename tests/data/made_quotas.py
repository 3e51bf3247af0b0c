"""Projects with awards in a small store, and edits of their quotas, made for one test at a time."""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
from made_jobs import OPERATOR

from data import projects
from data.access import Person
from data.lake import Lake, writing
from data.quotas import EDITS, edits_of, standing
from data.schema import PROJECTS
from data.settings import Settings
from data.terms import Action

OLGA, OTTO = OPERATOR, Person(name="otto", role="operator", may=frozenset(Action))
READER = Person(name="rita", role="reader", may=frozenset({Action.READ}))
ACCOUNTS = ("alpha", "beta", "gamma", "delta")


def award(account: str, hours: float | None, *, starts: str = "2026-01-01", ends: str = "2026-12-31") -> dict[str, Any]:
    days = {"starts": date.fromisoformat(starts), "ends": date.fromisoformat(ends)}
    return {"system": "vega", "account": account, "category": "research", "node_hours_awarded": hours, **days}


def decided(settings: Settings, *rows: dict[str, Any]) -> None:
    frame = pl.DataFrame([{name: row.get(name) for name in PROJECTS} for row in rows], schema=dict(PROJECTS))
    with writing(settings, author="olga", message="Projects") as writer:
        projects.save(writer, frame, author="olga")


def seen(settings: Settings, account: str, **values: Any) -> pl.DataFrame:
    """The edit of one project as somebody makes it who looks at the store now."""
    row = edits_of(standing(opened(settings.lake)).filter(account=account))
    return row.with_columns(pl.lit(value, EDITS[name]).alias(name) for name, value in values.items())


def row(account: str, **values: Any) -> pl.DataFrame:
    """An edit of an award of a thousand node-hours on Vega in 2026, but for these values."""
    usual = {"system": "vega", "unit": "node_hours", "hours": 1_000.0, "starts": date(2026, 1, 1), "ends": date(2026, 12, 31)}
    both = usual | {"account": account, "base_version": 0, "base_hours": 1_000.0} | values
    return pl.DataFrame([{name: both.get(name) for name in EDITS}], schema=dict(EDITS))


@cache
def opened(lake: Path) -> Lake:
    """The store, read through one connection as long as its test runs."""
    return Lake(Settings(lake=lake))


def three_awards(lake: Path) -> Path:
    """A store with three awards and one project without, made at a place."""
    decided(Settings(lake=lake), award("alpha", 1_000), award("beta", 2_000), award("gamma", 3_000), award("delta", None))
    return lake
