"""Charts of fairness, waits, power and savings with small frames, for the laws that every chart keeps."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import plotly.graph_objects as go
import polars as pl

from analytics import fairness, gains, power, waiting
from analytics.charts import fairness as fairness_charts
from analytics.charts import gains as gain_charts
from analytics.charts import lorenz, savings, spread, week
from analytics.charts import power as power_charts
from analytics.demand import DEMAND
from analytics.efficiency import WHERE_IT_WENT
from data.schema import UTC_TIME

MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
STATES = fairness.against_due(pl.DataFrame({"country": ["FI", "<b>Dark"], "hours": [3.0, 1.0]}), {"FI": 1, "IT": 1}, "country")
SERVED = pl.DataFrame({"category": ["sme", "sme", "research"], "satisfaction": [1.0, 0.2, 0.7]})
ASKED = pl.DataFrame(
    [
        ("alpha", f"p{i}", c, None, None, "awarded", used, due, 0, 0)
        for i, (c, used, due) in enumerate([("sme", 5.0, 9.0), ("research", 4.0, 4.0)])
    ],
    schema=dict(DEMAND),
    orient="row",
)
WAITED = waiting.waits_frame({"category": "sme", "bin": 90, "jobs": 4}, {"category": "research", "bin": 10, "jobs": 9})
SLOWED = pl.DataFrame({"category": ["sme", "sme", "research"], "bin": [0, 14, 40], "jobs": [5, 5, 2]})
DRAWN = pl.DataFrame({"month": [MARCH, MARCH, APRIL], "category": ["sme", "research", "sme"], "power_facility_kw": [1_200.0, None, 800.0]})
PEAKS = pl.DataFrame(
    {
        "system": ["alpha", "<b>Dark</b>"],
        "peak_kw": [900.0, 1_500.0],
        "peak_hour": [MONDAY, MONDAY],
        "mean_kw": [400.0, 500.0],
        "hours": [24, 24],
        "limit_kw": [800.0, None],
        "peak_of_limit": [1.125, None],
        "over": [True, None],
    },
    schema_overrides={"peak_hour": UTC_TIME},
)
WENT = pl.DataFrame(
    [("alpha", 90.0, 10.0, 900.0, 100.0, 50.0, 11.1), ("<b>Dark</b>", 9.0, 1.0, 90.0, 10.0, None, 11.1)],
    schema={"system": pl.String, **WHERE_IT_WENT},
    orient="row",
)
HOURS = [MONDAY + timedelta(hours=i) for i in range(7 * 24)]
WEEK = power.week(
    pl.DataFrame(
        [("alpha", "gpu", hour, float(i), 40.0, 1.0, 1.0, 1.0) for i, hour in enumerate(HOURS)],
        schema=dict(power.HOURLY_POWER),
        orient="row",
    )
)
CLEAN = power.intensity_week(
    pl.DataFrame({"grid_zone": "FI", "hour": HOURS, "intensity_gco2e_per_kwh": np.arange(168.0)}, schema_overrides={"hour": UTC_TIME})
)
MOVES = pl.DataFrame(
    [("To another hour", None, None, None, "nothing is known"), ("To another site", 9_000.0, 3_000.0, 1 / 3, "")],
    schema=dict(savings.MOVES),
    orient="row",
)

MORE_CHARTS: dict[str, tuple[Callable[..., go.Figure], Callable[..., str], pl.DataFrame, dict[str, Any]]] = {
    "due by state": (fairness_charts.against_due, fairness_charts.against_due_summary, STATES, {"group": "country"}),
    "one percent more": (gain_charts.one_percent_more, gain_charts.one_percent_more_summary, gains.unmet_demand(ASKED), {}),
    "lorenz": (lorenz.curves, lorenz.curves_summary, gains.lorenz_by(SERVED, "satisfaction"), {}),
    "spread of waits": (spread.waits, spread.waits_summary, waiting.wait_distribution(WAITED, "category"), {}),
    "spread of slowdowns": (spread.slowdowns, spread.slowdowns_summary, waiting.slowdown_distribution(SLOWED, "category"), {}),
    "power": (power_charts.over_time, power_charts.over_time_summary, DRAWN, {}),
    "highest hours": (power_charts.peaks_by_system, power_charts.peaks_by_system_summary, PEAKS, {}),
    "where it went": (power_charts.where_it_went, power_charts.where_it_went_summary, WENT, {}),
    "load": (week.load, week.load_summary, WEEK, {}),
    "carbon intensity": (week.intensity, week.intensity_summary, CLEAN, {}),
    "savings": (savings.at_most, savings.at_most_summary, MOVES, {}),
}
