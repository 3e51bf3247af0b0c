"""Tables of the reader's own making add up, keep unknown apart from nothing, and give shares of what they say."""

import math

import numpy as np
import polars as pl
import pytest

from analytics.pivot import MOST_COLUMNS, OTHERS, TOTAL, Measure, Pivot, ShareOf, as_shares, in_words, pivot, without_unknown
from analytics.usage import usage_frame
from data.errors import InputError
from data.terms import Dimension, HourUnit

NODE_HOURS = HourUnit.NODE_HOURS
ROWS, COLUMN = [Dimension.COUNTRY], Dimension.SYSTEM


def random_usage(seed: int, machines: int = 5) -> pl.DataFrame:
    """Usage by country and machine with holes, unknown countries and jobs whose hours are not known."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, object]] = []
    for country in ("FI", "FR", "IT", None):
        for machine in range(machines):
            if rng.random() < 0.7:
                without = int(rng.integers(0, 3)) if rng.random() < 0.3 else 0
                known = 0.0 if without and rng.random() < 0.5 else float(rng.integers(0, 1000))
                jobs = int(rng.integers(1, 50)) + without
                rows.append({"country": country, "system": f"m{machine}", "jobs": jobs, "node_hours": known, "jobs_without_nodes": without})
    return usage_frame(*rows)


def value(table: Pivot, country: str | None, machine: str) -> float | None:
    name = next((name for name, value in table.columns.items() if value == machine), None)
    row = table.cells.filter(pl.col("country").eq_missing(pl.lit(country, pl.String)))
    return row[name].item() if name and row.height else None


@pytest.mark.parametrize("seed", range(30))
def test_every_cell_is_the_amount_of_its_row_and_column_and_nothing_is_lost(seed: int) -> None:
    used = random_usage(seed)
    table = pivot(used, ROWS, COLUMN, Measure.JOBS, NODE_HOURS)
    for row in used.iter_rows(named=True):
        assert value(table, row["country"], row["system"]) == row["jobs"]
    inner = [name for name in table.amounts if name != TOTAL]
    assert table.cells.select(pl.sum_horizontal(inner)).to_series().to_list() == table.cells[TOTAL].to_list()
    assert table.totals[TOTAL].item() == used["jobs"].sum() == table.jobs
    assert table.cells.select(inner).null_count().sum_horizontal().item() == table.cells.height * len(inner) - used.height


@pytest.mark.parametrize("seed", range(30))
def test_unknown_hours_are_never_nothing_and_no_job_is_never_unknown(seed: int) -> None:
    used = random_usage(seed)
    table = pivot(used, ROWS, COLUMN, Measure.HOURS, NODE_HOURS)
    for row in used.iter_rows(named=True):
        found = value(table, row["country"], row["system"])
        assert found is not None
        assert math.isnan(found) == (row["jobs_without_nodes"] > 0 and row["node_hours"] == 0)
    assert table.jobs_missing == used["jobs_without_nodes"].sum()
    leaving = without_unknown(table.cells)
    assert not any(leaving[name].is_nan().any() for name in table.amounts)


@pytest.mark.parametrize("seed", range(10))
def test_shares_are_of_what_they_say(seed: int) -> None:
    amounts = pivot(random_usage(seed), ROWS, COLUMN, Measure.JOBS, NODE_HOURS)
    inner = [name for name in amounts.amounts if name != TOTAL]
    of_row = as_shares(amounts, ShareOf.ROW).cells.select(pl.sum_horizontal(inner)).to_series()
    of_column = as_shares(amounts, ShareOf.COLUMN).cells.select(inner).sum()
    of_whole = as_shares(amounts, ShareOf.WHOLE).cells.select(pl.sum_horizontal(inner).sum()).item()
    assert of_row.to_list() == pytest.approx([1.0] * len(of_row))
    assert list(of_column.row(0)) == pytest.approx([1.0] * len(inner))
    assert of_whole == pytest.approx(1.0)


def test_columns_beyond_the_widest_table_are_summed_and_not_dropped() -> None:
    used = usage_frame(*({"system": f"m{place}", "country": "FI", "jobs": place + 1} for place in range(MOST_COLUMNS + 7)))
    table = pivot(used, ROWS, COLUMN, Measure.JOBS, NODE_HOURS)
    assert len(table.columns) == MOST_COLUMNS
    assert table.cells[OTHERS].item() == sum(range(1, 8))
    assert table.cells[TOTAL].item() == used["jobs"].sum()


def test_largest_rows_come_first_unknown_ones_last_and_times_in_their_order() -> None:
    used = usage_frame(
        {"country": "FI", "jobs": 1, "jobs_without_nodes": 1},
        {"country": "FR", "jobs": 1, "node_hours": 2.0},
        {"country": "IT", "jobs": 1, "node_hours": 5.0},
    )
    table = pivot(used, ROWS, None, Measure.HOURS, NODE_HOURS)
    assert table.cells["country"].to_list() == ["IT", "FR", "FI"]
    by_name = pivot(used, ROWS, None, Measure.HOURS, NODE_HOURS, by_size=False)
    assert by_name.cells["country"].to_list() == ["FI", "FR", "IT"]


def test_energy_of_jobs_without_a_reading_is_not_known_and_not_nothing() -> None:
    used = usage_frame({"country": "FI", "jobs": 3}, {"country": "FR", "jobs": 2, "jobs_metered": 1, "energy_measured_kwh": 7.0})
    table = pivot(used, ROWS, None, Measure.ENERGY, NODE_HOURS)
    found = dict(table.cells.rows())
    assert found["FR"] == 7.0
    assert math.isnan(found["FI"])
    assert table.jobs_missing == 4


def test_a_table_without_rows_or_with_a_dimension_in_both_is_refused() -> None:
    with pytest.raises(InputError):
        pivot(random_usage(1), [], COLUMN, Measure.JOBS, NODE_HOURS)
    with pytest.raises(InputError):
        pivot(random_usage(1), [COLUMN], COLUMN, Measure.JOBS, NODE_HOURS)


def test_what_nobody_told_is_said_to_be_not_known() -> None:
    assert in_words(Dimension.COUNTRY, None, {}) == in_words(Dimension.ORGANISATION, "", {}) == "not known"
    assert in_words(Dimension.SYSTEM, "lumi", {"lumi": "LUMI"}) == "LUMI"
