"""How long progress, forecasts and statuses of fifty thousand projects take: `python tests/speed/quota_speed.py`, well under a second."""

import time
from datetime import date, timedelta

import numpy as np
import polars as pl

from analytics.energy import ENERGY
from analytics.quota_progress import QUOTAS_READ, progress
from data.schema import PROJECTS, USAGE_MEASURES, WEEKLY_USE, usage_by
from data.terms import Period

PROJECTS_HELD, WEEKS = 50_000, 52
AS_OF = date(2026, 11, 1)


def main() -> None:
    """Print the time of one run over invented projects that used the machine in every week of a year."""
    rng = np.random.default_rng(7)
    accounts = [f"p{number:06d}" for number in range(PROJECTS_HELD)]
    keys = {"system": ["lumi"] * PROJECTS_HELD, "account": accounts}
    hours = rng.gamma(0.5, 200, PROJECTS_HELD * WEEKS)
    weekly = pl.DataFrame(
        {
            "system": ["lumi"] * hours.size,
            "account": np.repeat(accounts, WEEKS),
            "weeks_ago": np.tile(np.arange(WEEKS), PROJECTS_HELD),
            "node_hours": hours,
            "gpu_hours": hours * 4,
            "core_hours": hours * 64,
        },
        schema=dict(WEEKLY_USE),
    )
    quotas = pl.DataFrame(
        keys
        | {
            "unit": ["node_hours"] * PROJECTS_HELD,
            "hours": rng.uniform(1e3, 2e4, PROJECTS_HELD),
            "starts": [AS_OF - timedelta(days=int(days)) for days in rng.integers(1, 364, PROJECTS_HELD)],
            "ends": [AS_OF + timedelta(days=int(days)) for days in rng.integers(1, 364, PROJECTS_HELD)],
            "version": [1] * PROJECTS_HELD,
        },
        schema=dict(QUOTAS_READ),
    )
    projects = pl.DataFrame(keys | {"category": ["sme"] * PROJECTS_HELD})
    projects = projects.with_columns(pl.lit(None, kind).alias(name) for name, kind in PROJECTS.items() if name not in projects.columns)
    nothing = {name: pl.lit(0, kind) for name, kind in USAGE_MEASURES.items()}
    used = pl.DataFrame(keys).with_columns(**nothing).with_columns(node_hours=pl.lit(5_000.0), jobs=pl.lit(9), wall_hours=pl.lit(9.0))
    energy = pl.DataFrame(keys).with_columns(pl.lit(1.0, kind).cast(kind).alias(name) for name, kind in ENERGY.items())
    logged = {"lumi": Period(date(2024, 11, 1), AS_OF)}
    used = used.select(pl.col(name).cast(kind) for name, kind in usage_by("system", "account").items())
    for _ in range(3):
        began = time.perf_counter()
        found = progress(quotas, projects.select(list(PROJECTS)), used=used, weekly=weekly, queued=used, energy=energy, logged=logged)
        print(f"{found.height:,} projects x {WEEKS} weeks: {time.perf_counter() - began:.2f} s")


if __name__ == "__main__":
    main()
