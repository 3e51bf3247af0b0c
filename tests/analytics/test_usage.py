"""Shares, capacity and changes of machine time, against figures worked out by hand."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from analytics import usage
from analytics.usage import usage_frame
from data.errors import InputError, SchemaError
from data.schema import PARTITIONS
from data.terms import HourUnit, Period

Q1 = Period(date(2026, 1, 1), date(2026, 4, 1))
FACTS = {
    "system": "alpha",
    "partition": "gpu",
    "status": "operating",
    "nodes": 10.0,
    "cores_per_node": 64.0,
    "gpus_per_node": 4.0,
    "union_share": 0.5,
}


def partitions(*rows: dict[str, object]) -> pl.DataFrame:
    nothing = dict.fromkeys(PARTITIONS)
    return pl.DataFrame([nothing | FACTS | row for row in rows], schema=dict(PARTITIONS))


def test_a_total_keeps_unknown_apart_from_nothing() -> None:
    frame = usage_frame({"category": "sme", "energy_measured_kwh": None}, {"category": "sme", "energy_measured_kwh": None})
    assert usage.total_by(frame, "category")["energy_measured_kwh"].to_list() == [None]


def test_a_frame_without_its_columns_is_stopped_at_the_door() -> None:
    with pytest.raises(SchemaError, match="node_hours"):
        usage.total_by(usage_frame({"category": "sme"}).drop("node_hours"), "category")


def test_hours_in_gpus_carry_the_jobs_whose_gpus_are_unknown() -> None:
    frame = usage_frame({"jobs": 5, "gpu_hours": 2.0, "jobs_without_gpus": 3, "jobs_without_nodes": 1})
    assert usage.hours(frame, HourUnit.GPU_HOURS)["jobs_without_hours"].to_list() == [3]
    assert usage.hours(frame, HourUnit.NODE_HOURS)["jobs_without_hours"].to_list() == [1]
    assert usage.hours(frame, HourUnit.CORE_HOURS)["jobs_without_hours"].to_list() == [0]


@pytest.mark.parametrize(("unit", "what"), [(HourUnit.NODE_HOURS, "nodes"), (HourUnit.CORE_HOURS, "cores"), (HourUnit.GPU_HOURS, "gpus")])
def test_hours_of_which_nothing_is_known_are_unknown_also_where_no_job_ended(unit: HourUnit, what: str) -> None:
    ended, earlier = {"jobs": 2, f"jobs_without_{what}": 2}, {f"wall_hours_without_{what}": 3.0}
    partly = {"jobs": 2, f"jobs_without_{what}": 1, unit: 4.0}
    assert usage.hours(usage_frame(ended, earlier, partly, {"jobs": 2}), unit)["hours"].to_list() == [None, None, 4.0, 0.0]


def test_a_state_that_does_not_know_which_core_hours_are_missing_calls_0_of_them_unknown() -> None:
    missing = usage_frame({"core_hours": 0.0}, {"core_hours": 7.0}).with_columns(jobs_without_cores=pl.lit(None, pl.Int64))
    assert usage.hours(missing, HourUnit.CORE_HOURS).select("hours", "jobs_without_hours").rows() == [(None, None), (7.0, None)]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.floats(0, 1e9)), min_size=1, max_size=30))
def test_shares_add_up_to_one_whatever_is_shared(rows: list[tuple[str, str, float]]) -> None:
    frame = usage_frame(*({"system": s, "category": c, "node_hours": h} for s, c, h in rows))
    shares = usage.share(frame, "category", unit=HourUnit.NODE_HOURS)["share"]
    if sum(h for _, _, h in rows) > 0:
        assert shares.sum() == pytest.approx(1)
    else:
        assert shares.null_count() == len(shares)


def test_shares_within_a_machine_add_up_to_one_on_each() -> None:
    frame = usage_frame(
        {"system": "a", "category": "sme", "node_hours": 1.0},
        {"system": "a", "category": "research", "node_hours": 3.0},
        {"system": "b", "category": "sme", "node_hours": 5.0},
    )
    shares = usage.share(frame, "category", unit=HourUnit.NODE_HOURS, within=["system"])
    assert shares.select("system", "category", "share").rows() == [("a", "research", 0.75), ("a", "sme", 0.25), ("b", "sme", 1.0)]


def test_capacity_is_nodes_times_the_hours_of_each_month() -> None:
    rows = usage.capacity(partitions({}), Q1)
    assert rows["month"].to_list() == [date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)]
    assert rows["capacity_node_hours"].to_list() == [10 * 24 * 31, 10 * 24 * 28, 10 * 24 * 31]
    assert rows["union_gpu_hours"].sum() == 10 * 24 * 90 * 4 * 0.5
    assert rows["capacity_core_hours"].sum() == 10 * 24 * 90 * 64


def test_capacity_is_clipped_to_the_period_and_the_days_of_service() -> None:
    period = Period(date(2026, 1, 10), date(2026, 3, 5))
    rows = usage.capacity(partitions({"in_service": date(2026, 1, 20), "out_of_service": date(2026, 2, 11)}), period)
    assert rows.select("month", "days_in_service").rows() == [(date(2026, 1, 1), 12), (date(2026, 2, 1), 10)]


def test_an_announced_machine_offers_nothing_until_it_has_a_date_or_is_asked_for() -> None:
    announced = partitions({"status": "announced"})
    assert usage.capacity(announced, Q1).height == 0
    assert usage.capacity(announced, Q1, announced=True).height == 3
    assert usage.capacity(partitions({"status": "announced", "in_service": date(2026, 3, 1)}), Q1).height == 1


def test_unknown_nodes_leave_the_capacity_unknown_and_counted() -> None:
    total = usage.capacity_by(usage.capacity(partitions({}, {"partition": "cpu", "nodes": None}), Q1), "system")
    assert total.select("partitions", "partitions_without_nodes", "capacity_node_hours").rows() == [(6, 3, 10 * 24 * 90)]


def test_a_share_of_capacity_is_unknown_where_a_partition_of_it_has_no_known_size() -> None:
    offered = usage.capacity(partitions({}, {"partition": "cpu", "nodes": None}), Q1)
    used = usage_frame(
        {"system": "alpha", "partition": "gpu", "node_hours": 5_400.0}, {"system": "alpha", "partition": "cpu", "node_hours": 1.0}
    )
    by_partition = usage.against_capacity(used, offered, unit=HourUnit.NODE_HOURS)
    assert by_partition.select("partition", "share_of_capacity", "share_of_union").rows() == [("cpu", None, None), ("gpu", 0.25, 0.5)]
    by_system = usage.against_capacity(usage.total_by(used, "system"), offered, unit=HourUnit.NODE_HOURS)
    assert by_system["share_of_capacity"].to_list() == [None]


def test_usage_without_machine_or_month_is_compared_with_all_capacity() -> None:
    used = usage_frame({"category": "sme", "node_hours": 2_160.0}, {"category": "research", "node_hours": 4_320.0})
    rows = usage.against_capacity(used, usage.capacity(partitions({}), Q1), unit=HourUnit.NODE_HOURS)
    assert rows["category"].to_list() == ["research", "sme"]
    assert rows["share_of_capacity"].to_list() == pytest.approx([0.2, 0.1])


def test_a_group_that_stopped_using_the_machine_changed_to_nothing() -> None:
    now = usage_frame({"category": "research", "node_hours": 3.0})
    before = usage_frame({"category": "research", "node_hours": 2.0}, {"category": "sme", "node_hours": 4.0})
    rows = usage.change(now, before, "category", unit=HourUnit.NODE_HOURS)
    assert rows.rows() == [("research", 3.0, 2.0, 1.0, 0.5), ("sme", 0.0, 4.0, -4.0, -1.0)]


def test_a_period_without_log_leaves_the_change_unknown() -> None:
    now = usage_frame({"category": "research", "node_hours": 3.0})
    rows = usage.change(now, now.clear(), "category", unit=HourUnit.NODE_HOURS)
    assert rows.rows() == [("research", 3.0, None, None, None)]


def test_a_machine_without_log_before_leaves_only_its_own_change_unknown() -> None:
    now = usage_frame({"system": "new", "category": "sme", "node_hours": 3.0}, {"system": "old", "category": "sme", "node_hours": 1.0})
    before = usage_frame({"system": "old", "category": "research", "node_hours": 2.0})
    rows = usage.change(now, before, "system", "category", unit=HourUnit.NODE_HOURS)
    assert rows.select("system", "category", "change_hours").rows() == [
        ("new", "sme", None),
        ("old", "research", -2.0),
        ("old", "sme", 1.0),
    ]


def test_a_change_needs_something_to_compare() -> None:
    with pytest.raises(InputError, match="dimension"):
        usage.change(usage_frame({"category": "sme"}), usage_frame({"category": "sme"}), unit=HourUnit.NODE_HOURS)


def test_the_order_of_the_rows_handed_in_does_not_matter() -> None:
    rows = [{"system": s, "category": c, "node_hours": 1.0 + i} for i, (s, c) in enumerate([("b", "sme"), ("a", "sme"), ("a", "research")])]
    forward = usage.share(usage_frame(*rows), "system", "category", unit=HourUnit.NODE_HOURS)
    backward = usage.share(usage_frame(*reversed(rows)), "system", "category", unit=HourUnit.NODE_HOURS)
    assert_frame_equal(forward, backward)


def test_machines_take_their_names_and_strangers_keep_theirs() -> None:
    rows = usage_frame({"system": "alpha", "node_hours": 1.0}, {"system": "stranger", "node_hours": 2.0})
    named = usage.with_system_names(rows, partitions({"system_name": "Alpha"}, {"system_name": "Alpha", "partition": "cpu"}))
    assert named["system"].to_list() == ["Alpha", "stranger"]
    assert named.columns == rows.columns


def test_hours_of_which_nothing_is_known_are_unknown_and_not_nothing() -> None:
    frame = usage_frame(
        {"category": "research", "jobs": 2, "node_hours": 8.0},
        {"category": "sme", "jobs": 2, "jobs_without_nodes": 2},
        {"category": "start_up", "jobs": 2},
    )
    rows = usage.share(frame, "category", unit=HourUnit.NODE_HOURS)
    assert rows.select("category", "hours", "share").rows() == [("research", 8.0, 1.0), ("sme", None, None), ("start_up", 0.0, 0.0)]


def test_the_capacity_of_a_month_is_unknown_where_that_of_a_part_is() -> None:
    offered = usage.capacity(partitions({}, {"partition": "cpu", "nodes": None, "in_service": date(2026, 3, 1)}), Q1)
    assert usage.capacity_by_month(offered)["capacity_node_hours"].to_list() == [7_440.0, 6_720.0, None]
