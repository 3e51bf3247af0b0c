"""The most that moving work can save is the optimum of the linear program it states, and never more than there is to save."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from scipy.optimize import linprog

from analytics import flexibility
from analytics.power import HOURLY_POWER
from analytics.usage import CAPACITY
from data.schema import PARTITIONS, UTC_TIME


@pytest.mark.parametrize("seed", range(12))
def test_the_bound_is_the_optimum_of_its_linear_program(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, share = int(rng.integers(1, 9)), float(rng.random())
    energy, room, carbon = rng.random(n) * 10, rng.random(n) * 5, rng.random(n) * 500
    slots = pl.DataFrame({"day": [1] * n, "energy_kwh": energy, "room_kwh": room, "intensity_gco2e_per_kwh": carbon})
    moved = energy * share
    best = linprog(carbon / 1000, A_eq=np.ones((1, n)), b_eq=[moved.sum()], bounds=list(zip(np.zeros(n), moved + room, strict=True)))
    found = flexibility.most_saved(slots, "day", flexible_share=share).row(0, named=True)
    assert found["saved_kgco2e"] == pytest.approx(float((moved * carbon).sum()) / 1000 - best.fun, abs=1e-9)
    assert 0 <= found["saved_kgco2e"] <= found["emissions_kgco2e"]


def test_work_does_not_leave_its_day_and_unknown_slots_are_left_out() -> None:
    slots = pl.DataFrame(
        {"day": [1, 2, 2], "energy_kwh": [10.0, 0.0, 5.0], "room_kwh": [0.0, 99.0, 9.0], "intensity_gco2e_per_kwh": [500.0, 1.0, None]}
    )
    assert flexibility.most_saved(slots, "day", flexible_share=1.0)["saved_kgco2e"].to_list() == [0.0, 0.0]


def hour_rows(energy_kw: list[float | None]) -> pl.DataFrame:
    start = datetime(2026, 3, 2, tzinfo=UTC)
    rows = [("alpha", "gpu", start + timedelta(hours=i), 4.0, 10.0, kw, kw, 1.0) for i, kw in enumerate(energy_kw)]
    return pl.DataFrame(rows, schema=dict(HOURLY_POWER), orient="row")


FACTS = pl.DataFrame(
    [
        dict.fromkeys(PARTITIONS)
        | {"system": system, "partition": "gpu", "grid_zone": "FI", "nodes": 10.0, "pue": pue, "gpus_per_node": gpus}
        | {"node_idle_w": 500.0, "node_max_w": 1_500.0, "utilisation": 0.5}
        for system, pue, gpus in (("alpha", 1.2, 4.0), ("beta", 1.0, 4.0), ("gamma", 1.0, 0.0))
    ],
    schema=dict(PARTITIONS),
)


def test_the_room_of_an_hour_is_its_free_nodes_at_the_power_of_busy_ones() -> None:
    intensity = pl.DataFrame(schema={"grid_zone": pl.String, "hour": UTC_TIME, "intensity_gco2e_per_kwh": pl.Float64})
    row = flexibility.hour_slots(hour_rows([3.0]), FACTS, intensity).row(0, named=True)
    assert (row["energy_kwh"], row["room_kwh"], row["intensity_gco2e_per_kwh"]) == (3.0, pytest.approx(6 * 1.0 * 1.2), None)
    assert (row["day"], row["week"]) == (date(2026, 3, 2), date(2026, 3, 2))


def test_a_day_with_an_unknown_hour_is_no_slot() -> None:
    hours = hour_rows([1.0] * 48)
    intensity = hours.select("hour", grid_zone=pl.lit("FI"), intensity_gco2e_per_kwh=pl.lit(100.0)).head(47)
    days = flexibility.day_slots(flexibility.hour_slots(hours, FACTS, intensity))
    assert days.select("day", "energy_kwh", "intensity_gco2e_per_kwh").rows() == [(date(2026, 3, 2), 24.0, 100.0)]


def test_work_moves_to_the_site_with_least_carbon_for_the_same_computing_among_machines_of_a_kind() -> None:
    month = date(2026, 3, 1)
    rows = pl.DataFrame(
        {
            "system": ["alpha", "beta", "gamma"],
            "partition": ["gpu"] * 3,
            "month": [month] * 3,
            "node_hours_held": [10.0, 0.0, 0.0],
            "energy_it_kwh": [100.0, 0.0, 0.0],
            "intensity_gco2e_per_kwh": [300.0, 100.0, 1.0],
        }
    )
    nothing: dict[str, object] = dict.fromkeys(CAPACITY)
    made = [nothing | {"system": s, "partition": "gpu", "month": month, "capacity_node_hours": 50.0} for s in ("alpha", "beta", "gamma")]
    slots = flexibility.site_slots(rows, pl.DataFrame(made, schema=dict(CAPACITY)), FACTS)
    found = flexibility.most_saved(slots, "month", "gpus", flexible_share=1.0).filter("gpus").row(0, named=True)
    assert found["emissions_kgco2e"] == pytest.approx(100 * 0.3 * 1.2)
    assert found["saved_kgco2e"] == pytest.approx(50 * (0.3 * 1.2 - 0.1))  # room for 50 node-hours of 1 kW at beta, none used of gamma
