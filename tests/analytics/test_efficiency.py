"""Where the electricity went adds up to all of it, and what is unknown stays out."""

from datetime import date

import polars as pl
import pytest

from analytics.efficiency import where_it_went
from analytics.energy import energy
from analytics.usage import usage_frame
from data.schema import PARTITIONS

MARCH = date(2026, 3, 1)
AT = {"system": "alpha", "partition": "gpu", "month": MARCH}
FACTS = {"system": "alpha", "partition": "gpu", "node_idle_w": 500.0, "node_max_w": 1_500.0, "utilisation": 0.5, "pue": 1.2}
IDLE: dict[str, pl.DataType | type[pl.DataType]] = {"system": pl.String, "energy_idle_facility_kwh": pl.Float64}


def went(*rows: dict[str, object], idle: list[tuple[str, float | None]], by: str = "system", **facts: object) -> pl.DataFrame:
    usage = usage_frame(*(AT | row for row in rows))
    partitions = pl.DataFrame([dict.fromkeys(PARTITIONS) | FACTS | facts], schema=dict(PARTITIONS))
    return where_it_went(energy(usage, partitions), usage, pl.DataFrame(idle, schema=IDLE, orient="row"), by)


def test_useful_and_failed_add_up_to_the_energy_of_the_jobs() -> None:
    row = went({"category": "sme", "node_hours": 10.0, "node_hours_failed": 2.0}, idle=[("alpha", 3.0)]).row(0, named=True)
    assert (row["energy_useful_kwh"], row["energy_failed_kwh"]) == (pytest.approx(9.6), pytest.approx(2.4))
    assert (row["energy_idle_kwh"], row["kwh_per_useful_node_hour"]) == (3.0, pytest.approx(12 / 8))


def test_each_category_loses_its_own_and_no_idle_node_is_anybody_s() -> None:
    rows = went(
        {"category": "sme", "node_hours": 10.0, "node_hours_failed": 10.0},
        {"category": "research", "node_hours": 5.0},
        idle=[("alpha", 3.0)],
        by="category",
    )
    assert rows.select("category", "energy_failed_kwh", "energy_idle_kwh", "kwh_per_useful_node_hour").rows() == [
        ("research", 0.0, None, pytest.approx(1.2)),
        ("sme", pytest.approx(12.0), None, None),
    ]


def test_idle_energy_is_unknown_where_that_of_any_partition_is() -> None:
    row = went({"category": "sme", "node_hours": 1.0}, idle=[("alpha", 3.0), ("alpha", None)])
    assert row["energy_idle_kwh"].to_list() == [None]


def test_node_hours_of_unknown_power_are_in_no_figure() -> None:
    assert went({"category": "sme", "node_hours": 1.0}, idle=[], node_max_w=None).is_empty()
