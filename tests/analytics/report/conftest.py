"""A small report about two made-up machines, one of which nobody knows the size of."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from analytics.carbon import IntensityMethod, intensity_frame
from analytics.report.document import Snapshot
from analytics.report.inputs import FACTS, ReportInputs
from analytics.usage import total_by, usage_frame
from analytics.waiting import waits_frame
from data.schema import PARTITIONS, PROJECTS
from data.terms import AccessMode, Flag, LimitBase, Period, PolicyLimit, Selection, UserCategory

Q1 = Period(date(2026, 1, 1), date(2026, 4, 1))
ALPHA = {
    "system": "alpha",
    "system_name": "Alpha",
    "partition": "gpu",
    "country": "FI",
    "grid_zone": "FI",
    "status": "operating",
    "nodes": 10.0,
    "cores_per_node": 64.0,
    "gpus_per_node": 4.0,
    "node_idle_w": 500.0,
    "node_max_w": 2_000.0,
    "utilisation": 0.5,
    "pue": 1.1,
    "union_share": 0.5,
    "estimates": "node_idle_w pue",
}
DARK = dict.fromkeys(PARTITIONS) | {"system": "dark", "system_name": "Dark <b>& Co</b>", "partition": "cpu", "status": "operating"}
ROWS = [
    {
        "system": system,
        "partition": partition,
        "account": f"{category}-{month.month}",
        "category": category,
        "mode": mode,
        "country": country,
        "month": month,
        "jobs": 10,
        "jobs_metered": 4 if system == "alpha" else 0,
        "jobs_without_nodes": int(category == "sme"),
        "node_hours": hours,
        "node_hours_metered": hours / 2 if system == "alpha" else 0.0,
        "energy_measured_kwh": hours / 2 if system == "alpha" else 0.0,
    }
    for system, partition in (("alpha", "gpu"), ("dark", "cpu"))
    for month in Q1.months
    for category, mode, country, hours in (
        ("research", "regular", "IT", 900.0),
        ("sme", "playground", None, 300.0),
        ("start_up", "large_scale", "EE", 120.0),
    )
]
LIMIT = PolicyLimit(
    id="commercial_use",
    title="Commercial use",
    share=0.1,
    of=LimitBase.UNION_SHARE,
    systems=(),
    categories=(UserCategory.START_UP, UserCategory.SME),
    modes=(AccessMode.PLAYGROUND, AccessMode.LARGE_SCALE),
    exact=False,
    reading="All time of companies counts.",
    source="a <law>",
    flag=Flag.SOURCED,
    valid="in force",
)


@pytest.fixture(scope="session")
def report_inputs() -> ReportInputs:
    used = usage_frame(*ROWS)
    dimensions = ("system", "partition", "category", "mode", "country", "month")
    projects = [dict.fromkeys(PROJECTS) | {"system": "alpha", "account": "sme-1", "category": "sme", "node_hours_awarded": 900.0}]
    facts = [("alpha", None, "pue", "1.1", "ratio", "memory", "M", "design"), ("dark", None, "pue", None, "ratio", None, None, None)]
    return ReportInputs(
        method=IntensityMethod.PRODUCTION,
        selection=Selection(period=Q1, systems=("alpha", "dark", "silent")),
        usage=total_by(used, *dimensions),
        usage_before=total_by(used, *dimensions).clear(),
        usage_of_projects=total_by(used, "system", "account", "month"),
        waits=waits_frame({"category": "sme", "bin": 90, "jobs": 4, "wait_s": 9_000.0}),
        partitions=pl.DataFrame([dict.fromkeys(PARTITIONS) | ALPHA, DARK], schema=dict(PARTITIONS)),
        intensity=intensity_frame(("FI", 2024, 72.0)),
        projects=pl.DataFrame([p | {"starts": Q1.start, "ends": Q1.end} for p in projects], schema=dict(PROJECTS)),
        limits=(LIMIT,),
        facts=pl.DataFrame(facts, schema=dict(FACTS), orient="row"),
        snapshot=Snapshot(
            id=7, author="An <operator>", message="</script><script>alert(1)</script>", committed=datetime(2026, 4, 2, tzinfo=UTC)
        ),
        versions=(("equinode", "0.1.0"),),
        demo=True,
        recommended=total_by(used, "category", "system").select(
            "category", "system", node_hours_received="node_hours", node_hours_recommended=pl.col("node_hours") * 1.1
        ),
        recommended_in_words="Nobody loses.",
    )
