"""Measured and modelled energy, against figures worked out by hand."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import energy
from analytics.usage import capacity, usage_frame
from data.errors import SchemaError
from data.schema import PARTITIONS
from data.terms import Period

FACTS = {"system": "alpha", "partition": "gpu", "node_idle_w": 500.0, "node_max_w": 2_500.0, "utilisation": 0.5, "pue": 1.2}


def partitions(*rows: dict[str, object]) -> pl.DataFrame:
    nothing = dict.fromkeys(PARTITIONS)
    return pl.DataFrame([nothing | FACTS | row for row in rows], schema=dict(PARTITIONS))


def used(**measures: object) -> pl.DataFrame:
    return usage_frame({"system": "alpha", "partition": "gpu"} | measures)


def test_only_the_unmetered_node_hours_are_modelled() -> None:
    frame = used(jobs=3, jobs_metered=1, node_hours=100.0, node_hours_metered=40.0, energy_measured_kwh=70.0)
    row = energy.energy(frame, partitions({})).row(0, named=True)
    assert row["energy_measured_kwh"] == 70
    assert row["energy_modelled_kwh"] == 60 * 1.5  # 60 node-hours at 500 W + 0.5 x 2,000 W
    assert row["energy_it_kwh"] == 160
    assert row["energy_facility_kwh"] == pytest.approx(192)
    assert (row["energy_it_low_kwh"], row["energy_it_high_kwh"]) == (70 + 63, 70 + 117)


def test_a_fully_metered_row_has_no_range() -> None:
    frame = used(jobs=1, jobs_metered=1, node_hours=10.0, node_hours_metered=10.0, energy_measured_kwh=7.0)
    row = energy.energy(frame, partitions({})).row(0, named=True)
    assert row["energy_modelled_kwh"] is None
    assert row["energy_it_low_kwh"] == row["energy_it_kwh"] == row["energy_it_high_kwh"] == 7


@pytest.mark.parametrize("fact", ["node_idle_w", "node_max_w", "utilisation"])
def test_a_partition_of_unknown_power_has_unknown_energy_and_is_counted(fact: str) -> None:
    row = energy.energy(used(jobs=1, node_hours=10.0), partitions({fact: None})).row(0, named=True)
    assert row["energy_it_kwh"] is None
    assert row["energy_facility_kwh"] is None
    assert row["node_hours_without_model"] == 10


def test_a_partition_that_the_facts_do_not_know_has_unknown_energy() -> None:
    row = energy.energy(used(jobs=1, node_hours=10.0), partitions({"partition": "other"})).row(0, named=True)
    assert (row["energy_it_kwh"], row["node_hours_without_model"]) == (None, 10)


def test_an_unknown_pue_leaves_the_facility_energy_unknown_and_counted() -> None:
    row = energy.energy(used(jobs=1, node_hours=10.0), partitions({"pue": None})).row(0, named=True)
    assert row["energy_it_kwh"] == 15
    assert (row["energy_facility_kwh"], row["node_hours_without_pue"]) == (None, 10)


def test_a_reading_of_nothing_from_no_metered_job_is_not_a_measurement() -> None:
    row = energy.energy(used(jobs=1, node_hours=10.0, energy_measured_kwh=0.0), partitions({})).row(0, named=True)
    assert row["energy_measured_kwh"] is None


def test_a_sum_over_known_and_unknown_partitions_says_what_it_covers() -> None:
    frame = usage_frame(
        {"system": "alpha", "partition": "gpu", "jobs": 1, "node_hours": 30.0},
        {"system": "alpha", "partition": "cpu", "jobs": 1, "node_hours": 10.0},
    )
    total = energy.energy_by(energy.energy(frame, partitions({})), "system").row(0, named=True)
    assert total["energy_it_kwh"] == 45
    assert (total["node_hours_without_model"], total["covered_share"], total["metered_share"]) == (10, 0.75, 0)


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1)), min_size=1, max_size=20))
def test_the_node_hours_split_into_metered_modelled_and_unknown(rows: list[tuple[float, float]]) -> None:
    frame = usage_frame(
        *(
            {"system": "alpha", "partition": "gpu" if i % 2 else "dark", "node_hours": h, "node_hours_metered": h * m, "jobs": 1}
            for i, (h, m) in enumerate(rows)
        )
    )
    total = energy.energy_by(energy.energy(frame, partitions({}))).row(0, named=True)
    parts = total["node_hours_metered"] + total["node_hours_modelled"] + total["node_hours_without_model"]
    assert parts == pytest.approx(total["node_hours"])


def test_more_metered_hours_than_hours_are_refused() -> None:
    with pytest.raises(SchemaError, match="metered"):
        energy.energy(used(node_hours=1.0, node_hours_metered=2.0), partitions({}))


def test_a_partition_described_twice_is_refused() -> None:
    with pytest.raises(pl.exceptions.ComputeError, match="m:1"):
        energy.energy(used(node_hours=1.0), partitions({}, {}))


def test_nodes_that_no_job_used_are_taken_to_idle_apart_from_jobs() -> None:
    facts = partitions(
        {"nodes": 10.0, "status": "operating"}, {"partition": "dark", "nodes": 5.0, "status": "operating", "node_idle_w": None}
    )
    january = date(2026, 1, 1)
    frame = usage_frame({"system": "alpha", "partition": "gpu", "month": january, "node_hours": 1_440.0})
    offered = capacity(facts, Period(january, date(2026, 2, 1)))
    rows = energy.idle_energy(frame, offered, facts)
    assert rows.select("partition", "node_hours_unallocated", "energy_idle_kwh").rows() == [
        ("dark", 3_720.0, None),
        ("gpu", 6_000.0, 3_000.0),
    ]
    assert rows["energy_idle_facility_kwh"].to_list() == [None, pytest.approx(3_600)]


def test_use_beyond_capacity_leaves_no_idle_node_and_never_less() -> None:
    facts = partitions({"nodes": 1.0, "status": "operating"})
    frame = usage_frame({"system": "alpha", "partition": "gpu", "month": date(2026, 1, 1), "node_hours": 9_999.0})
    rows = energy.idle_energy(frame, capacity(facts, Period(date(2026, 1, 1), date(2026, 2, 1))), facts)
    assert rows["energy_idle_kwh"].to_list() == [0.0]
