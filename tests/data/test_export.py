"""Usage as tables for other programs: the stored figures in full, unknown as empty, and nothing that a spreadsheet would run."""

import io
import json
from datetime import date

import polars as pl
import pytest
from made_jobs import EVERYTHING, bring_in, frame, job, plain_store

from data.export.usage import COLUMNS, Format, encoded, usage_table


def table(*rows: dict[str, object], by: tuple[str, ...] = ("system",)) -> pl.DataFrame:
    with plain_store() as writer:
        bring_in(writer, 1, frame(*rows))
        return usage_table(writer, EVERYTHING, *by)


def test_what_no_job_tells_is_empty_and_not_0() -> None:
    row = table(job(1, nodes=None, gpus=None), job(2, nodes=None, gpus=None)).row(0, named=True)
    assert (row["node_hours"], row["gpu_hours"], row["energy_measured_kwh"]) == (None, None, None)
    assert (row["core_hours"], row["jobs_without_nodes"], row["jobs_without_gpus"], row["jobs_metered"]) == (512.0, 2, 2, 0)
    row = table(job(1, cores=None), job(2, cores=None)).row(0, named=True)
    assert (row["core_hours"], row["jobs_without_cores"], row["wall_hours"], row["wall_hours_without_cores"]) == (None, 2, 2.0, 2.0)
    assert row["node_hours"] == 4.0


def test_what_no_job_tells_is_empty_on_every_day_it_ran() -> None:
    days = table(job(1, cores=None, ran_s=86_400), by=("day",))
    assert days.select("jobs", "core_hours", "node_hours", "energy_measured_kwh").rows() == [
        (0, None, 23.666666666666668, None),
        (1, None, 24.333333333333332, None),
    ]


def test_hours_of_jobs_whose_run_time_is_not_known_are_empty() -> None:
    row = table(job(1, elapsed_s=None)).row(0, named=True)
    assert (row["jobs"], row["node_hours"], row["core_hours"], row["gpu_hours"]) == (1, None, None, None)
    assert (row["jobs_without_nodes"], row["jobs_without_cores"], row["jobs_without_gpus"]) == (1, 1, 1)


def test_what_some_jobs_tell_stands_beside_how_many_do_not() -> None:
    row = table(job(1, gpus=8.0, energy_quality="measured", energy_logged_kwh=2.5), job(2, nodes=None, gpus=None)).row(0, named=True)
    assert (row["node_hours"], row["jobs_without_nodes"], row["gpu_hours"], row["jobs_without_gpus"]) == (2.0, 1, 8.0, 1)
    assert (row["energy_measured_kwh"], row["jobs_metered"], row["node_hours_metered"]) == (2.5, 1, 2.0)


def test_where_nothing_started_there_are_0_hours() -> None:
    assert table(job(1, ran_s=None)).select("jobs", "jobs_never_started", "node_hours").row(0) == (0, 1, 0.0)


def test_every_form_holds_the_same_rows() -> None:
    found = table(job(1, ran_s=1_000), job(2, account="other", ran_s=77), by=("account", "day"))
    csv = pl.read_csv(io.BytesIO(encoded(found, Format.CSV)), try_parse_dates=True)
    parquet = pl.read_parquet(io.BytesIO(encoded(found, Format.PARQUET)))
    rows = json.loads(encoded(found, Format.JSON))
    assert parquet.equals(found)
    assert csv.select("account", "day", "node_hours").rows() == found.select("account", "day", "node_hours").rows()
    assert [(row["account"], date.fromisoformat(row["day"]), row["node_hours"]) for row in rows] == found.select(
        "account", "day", "node_hours"
    ).rows()


def test_the_columns_are_the_dimensions_and_the_measures() -> None:
    assert table(job(1), by=("partition", "month")).columns == ["partition", "month", *COLUMNS]
    assert table(job(1), by=()).columns == list(COLUMNS)


@pytest.mark.parametrize("account", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_a_text_that_a_spreadsheet_would_run_is_led_by_an_apostrophe_in_csv_alone(account: str) -> None:
    found = table(job(1, account=account), by=("account",))
    assert pl.read_csv(io.BytesIO(encoded(found, Format.CSV)))["account"].item() == f"'{account}"
    assert pl.read_parquet(io.BytesIO(encoded(found, Format.PARQUET)))["account"].item() == account
