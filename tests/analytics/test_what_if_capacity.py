"""Machines that give less or more change the split as they should, and waits are expected only where the log has seen such a load."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import expected_waits
from analytics.allocation.objectives import Objective
from analytics.capacity_changes import CapacityChange, typed
from analytics.recommendation import Recommendation, recommendation
from analytics.split_problem import SplitChoices, capacity_with_factors, split_problem
from data.errors import InputError
from data.schema import waits_by
from tests.analytics.test_recommendation import facts

NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_", min_size=1, max_size=12)
SCALED = st.builds(
    CapacityChange,
    system=NAMES,
    partition=NAMES,
    period=st.none() | st.sampled_from(["2026-01", "2025-12"]),
    factor=st.integers(0, 1000).map(lambda percent: percent / 100),
)
ADDED = st.builds(CapacityChange, system=NAMES, partition=NAMES, nodes=st.integers(1, 9_999).map(float), like=NAMES)


def choices(text: str, alpha: float = 1.0) -> SplitChoices:
    changes, faults = typed(text)
    assert not faults
    return SplitChoices(objective=Objective(alpha=alpha), capacity=changes, keep_law=False)


def split(text: str, alpha: float = 1.0) -> Recommendation:
    found = recommendation(facts(), choices(text, alpha))
    assert isinstance(found, Recommendation)
    return found


def hours(text: str) -> dict[tuple[str, str], float]:
    rows = capacity_with_factors(facts(), choices(text)).select("partition", "period", "node_hours")
    return {(partition, period): value for partition, period, value in rows.iter_rows()}


@given(st.lists(SCALED | ADDED, max_size=5))
def test_a_change_is_read_as_it_is_written(changes: list[CapacityChange]) -> None:
    read, faults = typed("; ".join(change.text for change in changes))
    assert list(read) == changes
    assert not faults


@pytest.mark.parametrize(
    "text", ["half", "lumi 50%", "lumi:g -3%", "lumi:g 2026-13 50%", "lumi:g 2000%", "lumi:x 0 nodes like g", "a:b nan%"]
)
def test_what_is_no_change_is_told(text: str) -> None:
    changes, faults = typed(text)
    assert not changes
    assert len(faults) == 1
    assert text in faults[0]


def test_maintenance_takes_its_part_of_its_month_alone() -> None:
    before, after = hours(""), hours("alpha:gpu 2026-02 25%")
    assert after.pop(("alpha:gpu", "2026-02")) == pytest.approx(before.pop(("alpha:gpu", "2026-02")) / 4)
    assert after == before


def test_a_further_partition_has_the_hours_and_factors_per_node_of_its_model_and_is_open_to_everybody() -> None:
    wanted = choices("alpha:new 20 nodes like gpu")
    rows = capacity_with_factors(facts(), wanted)
    model, new = (rows.filter(partition=name).sort("period") for name in ("alpha:gpu", "alpha:new"))
    assert new["node_hours"].to_list() == pytest.approx((model["node_hours"] / 2).to_list())  # 20 nodes like those of 40
    assert new.drop("partition", "node_hours").equals(model.drop("partition", "node_hours"))
    options = split_problem(facts(), wanted).options
    there = set(options.filter(partition="alpha:new")["project"])
    assert there == {name for name in options["project"] if name.endswith("@alpha")}


def test_as_many_more_nodes_help_as_much_as_a_larger_partition() -> None:
    added, larger = split("alpha:new 20 nodes like gpu"), split("alpha:gpu 150%")
    assert added.solution.certificate.objective_ede == pytest.approx(larger.solution.certificate.objective_ede, rel=1e-6)
    sums = [found.by_category.sort("category")["node_hours_recommended"].to_list() for found in (added, larger)]
    assert sums[0] == pytest.approx(sums[1], rel=1e-4)


def test_less_machine_never_serves_better_and_what_was_received_stays() -> None:
    whole, half = split(""), split("alpha:gpu 50%; beta:cpu 2026-03 0%")
    assert half.solution.certificate.objective_ede < whole.solution.certificate.objective_ede
    assert half.by_project["node_hours_received"].equals(whole.by_project["node_hours_received"])
    received = [found.energy.filter(what="received").drop("what") for found in (whole, half)]
    assert received[0].equals(received[1])
    given_in_march = half.solution.allocation.filter(partition="beta:cpu", period="2026-03")["node_hours"].sum()
    assert given_in_march == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("alpha:none 50%", "alpha:gpu and beta:cpu"),
        ("alpha:gpu 2030-01 50%", "offers no hours in 2030-01"),
        ("alpha:gpu 10 nodes like gpu", "is there already"),
        ("alpha:new 10 nodes like cpu", "alpha:cpu offers no hours"),
        ("beta:cpu 0%", "beta would give no hour"),
    ],
)
def test_a_change_of_what_is_not_there_is_refused_with_what_is(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        recommendation(facts(), choices(text))


def a_history(loads: list[float]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Months of the given loads on machine alpha, in each of which every job of SMEs waited about 60 s x the number of the month."""
    months = [date(2025, 1 + place, 1) for place in range(len(loads))]
    history = pl.DataFrame({"system": ["alpha"] * len(loads), "month": months, "load": loads}, schema=expected_waits.LOADS)
    seconds = [60.0 * (place + 1) for place in range(len(loads))]
    bins = [int(8 * pl.Series([1 + wait]).log(2)[0]) for wait in seconds]
    table = {"system": ["alpha"] * len(loads), "category": ["sme"] * len(loads), "month": months, "bin": bins}
    waits = pl.DataFrame(table | {"jobs": [10] * len(loads), "wait_s": [10 * wait for wait in seconds]})
    return history, waits.select(pl.col(name).cast(kind) for name, kind in waits_by("system", "category", "month").items())


def test_the_waits_of_months_as_full_are_expected_and_of_no_others() -> None:
    found = split("")
    alpha = found.by_project.filter(system="alpha").sum()
    used_of_asked = min(1.0, alpha["node_hours_received"].item() / alpha["node_hours_demanded"].item())
    offered = found.by_system.filter(system="alpha")["node_hours_offered"].item()
    load = alpha["node_hours_recommended"].item() / offered * used_of_asked
    history, waits = a_history([load - 0.04, load + 0.2, load, load + 0.049, load - 0.3])
    rows = expected_waits.expected_waits(found, history, waits).filter(category="sme")
    row = rows.row(0, named=True)
    assert row["months_as_full"] == 3  # the first, third and fourth
    for name, minutes in (("least", 1), ("middle", 3), ("most", 4)):
        assert row[f"median_wait_{name}_s"] == pytest.approx(60 * minutes, rel=0.05)


def test_a_load_that_was_seen_too_seldom_tells_no_wait() -> None:
    found = split("")
    history, waits = a_history([3.0, 3.1])
    rows = expected_waits.expected_waits(found, history, waits)
    assert rows["median_wait_middle_s"].null_count() == rows.height == 2
    assert "no wait can be told" in expected_waits.in_words(rows, {"alpha": "Alpha"})[0]


def test_the_load_of_a_month_is_what_was_used_of_what_is_offered() -> None:
    known = facts()
    rows = expected_waits.loads(known)
    offered = capacity_with_factors(known, SplitChoices()).group_by("system", "period").agg(pl.col("node_hours").sum())
    used = known.usage.filter(system="alpha", month=date(2026, 1, 1))["node_hours"].sum()
    whole = offered.filter(system="alpha", period="2026-01")["node_hours"].item()
    assert rows.filter(system="alpha", month=date(2026, 1, 1))["load"].item() == pytest.approx(used / whole)
    assert expected_waits.loads(replace(known, usage=known.usage.clear())).is_empty()
