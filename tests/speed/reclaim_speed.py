"""How long it takes to find and offer back hours of fifty thousand projects: `python tests/speed/reclaim_speed.py`, a few seconds."""

import time
from datetime import date, timedelta

import numpy as np
import polars as pl

from analytics.quota_progress import PROGRESS
from analytics.reclaim import ReclaimRule, reclaimable
from analytics.reclaim_offers import ReclaimFacts, offered_back
from analytics.split_problem import SplitChoices
from data.schema import PARTITIONS, USAGE_MEASURES, usage_by

PROJECTS, MACHINES = 50_000, 10
AS_OF = date(2026, 11, 1)


def main() -> None:
    """Print both times over invented projects, a third of which leave hours and a fifth of which need more."""
    rng = np.random.default_rng(5)
    quota = rng.uniform(1e3, 1e5, PROJECTS)
    forecast = quota * rng.uniform(0.2, 1.3, PROJECTS)
    days = rng.integers(10, 300, PROJECTS)
    keys = {"system": [f"m{number % MACHINES}" for number in range(PROJECTS)], "account": [f"p{number:05d}" for number in range(PROJECTS)]}
    known = pl.DataFrame(keys).with_columns(
        category=pl.Series(rng.choice(["sme", "research", "start_up"], PROJECTS)),
        mode=pl.lit("regular"),
        unit=pl.lit("node_hours"),
        starts=pl.lit(date(2026, 3, 1)),
        ends=pl.Series([AS_OF + timedelta(days=int(left)) for left in days]),
        as_of=pl.lit(AS_OF),
        days_left=pl.Series(days),
        quota_hours=pl.Series(quota),
        used_hours=pl.Series(forecast * 0.6),
        used_share=pl.Series(forecast * 0.6 / quota),
        elapsed_share=pl.lit(0.6),
        forecast_hours=pl.Series(forecast),
        forecast_high_hours=pl.Series(forecast * 1.2),
        queued_hours=pl.lit(0.0),
        status=pl.Series(
            np.where(forecast > 1.05 * quota, "will_run_out", np.where(forecast < 0.8 * quota, "will_leave_unused", "on_track"))
        ),
    )
    missing = {name: pl.lit(None, kind) for name, kind in PROGRESS.items() if name not in known.columns}
    progress = known.with_columns(**missing).select(pl.col(name).cast(kind) for name, kind in PROGRESS.items())
    nothing = {name: pl.lit(0) for name in USAGE_MEASURES}
    used = pl.DataFrame(keys).with_columns(partition=pl.lit("C"), **nothing).with_columns(node_hours=progress["used_hours"])
    used = used.select(pl.col(name).cast(kind) for name, kind in usage_by("system", "partition", "account").items())
    partitions = pl.DataFrame(
        [dict.fromkeys(PARTITIONS) | {"system": f"m{number}", "partition": "C"} for number in range(MACHINES)], schema=dict(PARTITIONS)
    )
    began = time.perf_counter()
    found = reclaimable(progress, ReclaimRule(used_below_share=0.4))
    print(f"{found.height:,} of {PROJECTS:,} projects leave hours: {time.perf_counter() - began:.2f} s")
    began = time.perf_counter()
    offers = offered_back(found, ReclaimFacts(progress=progress, used=used, queued=used.clear(), partitions=partitions), SplitChoices())
    print(f"offered to {offers.offers.height:,} projects: {time.perf_counter() - began:.2f} s; refused: {offers.refusal is not None}")


if __name__ == "__main__":
    main()
