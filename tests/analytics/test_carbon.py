"""Location- and market-based emissions, against figures worked out by hand."""

from datetime import date

import polars as pl
import pytest

from analytics import carbon
from analytics.carbon import IntensityMethod, IntensityScope, intensity_frame
from analytics.energy import energy
from analytics.usage import usage_frame
from data.errors import SchemaError
from data.schema import PARTITIONS

FACTS = {"system": "alpha", "partition": "gpu", "node_idle_w": 1_000.0, "node_max_w": 1_000.0, "utilisation": 0.5, "pue": 1.0}


def partitions(*rows: dict[str, object]) -> pl.DataFrame:
    nothing = dict.fromkeys(PARTITIONS) | FACTS | {"grid_zone": "FI", "market_factor": 0.0}
    return pl.DataFrame([nothing | row for row in rows], schema=dict(PARTITIONS))


def life_cycle(rows: pl.DataFrame, facts: pl.DataFrame, intensity: pl.DataFrame) -> pl.DataFrame:
    return carbon.emissions(rows, facts, intensity, method=IntensityMethod.PRODUCTION, scope=IntensityScope.LIFE_CYCLE)


def emitted(facts: pl.DataFrame, intensity: pl.DataFrame, *months: date) -> pl.DataFrame:
    rows = ({"system": "alpha", "partition": "gpu", "month": month, "jobs": 1, "node_hours": 1_000.0} for month in months)
    return carbon.emissions(
        energy(usage_frame(*rows), facts), facts, intensity, method=IntensityMethod.PRODUCTION, scope=IntensityScope.LIFE_CYCLE
    )


def test_location_based_emissions_are_energy_times_the_intensity_of_the_year() -> None:
    rows = emitted(partitions({}), intensity_frame(("FI", 2023, 79.0), ("FI", 2024, 72.0)), date(2023, 12, 1), date(2024, 1, 1))
    assert rows["emissions_location_kgco2e"].to_list() == pytest.approx([79.0, 72.0])
    assert rows["carried_forward"].to_list() == [False, False]


def test_a_year_not_yet_published_takes_the_newest_earlier_one_and_says_so() -> None:
    row = emitted(partitions({}), intensity_frame(("FI", 2023, 79.0), ("FI", 2024, 72.0)), date(2026, 3, 1)).row(0, named=True)
    assert (row["intensity_year"], row["carried_forward"]) == (2024, True)
    assert row["emissions_location_kgco2e"] == pytest.approx(72.0)
    assert row["energy_carried_forward_kwh"] == pytest.approx(1_000)


def test_a_later_year_is_never_carried_back() -> None:
    row = emitted(partitions({}), intensity_frame(("FI", 2027, 60.0)), date(2026, 3, 1)).row(0, named=True)
    assert row["emissions_location_kgco2e"] is None
    assert row["emissions_market_kgco2e"] is None


def test_an_all_renewable_contract_emits_nothing_on_the_market_and_all_on_the_spot() -> None:
    row = emitted(partitions({}), intensity_frame(("FI", 2024, 72.0)), date(2024, 3, 1)).row(0, named=True)
    assert (row["emissions_market_kgco2e"], row["emissions_location_kgco2e"]) == (0.0, pytest.approx(72.0))


def test_an_unknown_contract_leaves_market_based_emissions_unknown_and_uncovered() -> None:
    facts = partitions({"market_factor": None})
    total = carbon.emissions_by(emitted(facts, intensity_frame(("FI", 2024, 72.0)), date(2024, 3, 1))).row(0, named=True)
    assert total["emissions_market_kgco2e"] is None
    assert total["located_share"] == 1
    assert total["contracted_share"] is None


def test_a_sum_says_which_part_of_the_energy_its_market_figure_covers() -> None:
    facts = partitions({}, {"partition": "cpu", "market_factor": None})
    used = usage_frame(
        {"system": "alpha", "partition": "gpu", "month": date(2024, 1, 1), "jobs": 1, "node_hours": 100.0},
        {"system": "alpha", "partition": "cpu", "month": date(2024, 1, 1), "jobs": 1, "node_hours": 300.0},
    )
    rows = carbon.emissions(
        energy(used, facts), facts, intensity_frame(("FI", 2024, 72.0)), method=IntensityMethod.PRODUCTION, scope=IntensityScope.LIFE_CYCLE
    )
    total = carbon.emissions_by(rows, "system").row(0, named=True)
    assert total["contracted_share"] == pytest.approx(0.25)
    assert total["intensity_years"] == "2024"


def test_other_methods_and_scopes_do_not_leak_in() -> None:
    direct = intensity_frame(("FI", 2024, 50.0)).with_columns(scope=pl.lit("direct"))
    row = emitted(partitions({}), pl.concat([direct, intensity_frame(("FI", 2024, 72.0))]), date(2024, 3, 1)).row(0, named=True)
    assert row["emissions_location_kgco2e"] == pytest.approx(72.0)


def test_two_intensities_for_one_year_are_refused() -> None:
    with pytest.raises(SchemaError, match="more than one"):
        emitted(partitions({}), intensity_frame(("FI", 2024, 72.0), ("FI", 2024, 83.0)), date(2024, 3, 1))


def test_energy_without_a_time_cannot_become_emissions() -> None:
    facts = partitions({})
    rows = energy(usage_frame({"system": "alpha", "partition": "gpu", "node_hours": 1.0}), facts)
    with pytest.raises(SchemaError, match="month"):
        carbon.emissions(
            rows, facts, intensity_frame(("FI", 2024, 72.0)), method=IntensityMethod.PRODUCTION, scope=IntensityScope.LIFE_CYCLE
        )


def test_the_range_of_the_model_carries_over_to_the_emissions() -> None:
    row = emitted(partitions({}), intensity_frame(("FI", 2024, 100.0)), date(2024, 3, 1)).row(0, named=True)
    assert (row["emissions_location_low_kgco2e"], row["emissions_location_high_kgco2e"]) == (pytest.approx(70), pytest.approx(130))


def test_node_hours_in_a_zone_of_unknown_intensity_are_not_covered() -> None:
    facts = partitions({}, {"partition": "cpu", "grid_zone": "XX"})
    used = usage_frame(
        {"system": "alpha", "partition": "gpu", "month": date(2024, 1, 1), "jobs": 1, "node_hours": 100.0},
        {"system": "alpha", "partition": "cpu", "month": date(2024, 1, 1), "jobs": 1, "node_hours": 300.0},
    )
    total = carbon.emissions_by(life_cycle(energy(used, facts), facts, intensity_frame(("FI", 2024, 72.0)))).row(0, named=True)
    assert (total["node_hours_with_emissions"], total["covered_share"], total["located_share"]) == (100.0, 0.25, 0.25)
