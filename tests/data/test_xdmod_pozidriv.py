"""All figures that Open XDMoD publishes for a real log come out of the store into which that log was brought."""

import os
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from data.access import ALL_ACTIONS, Person
from data.export import xdmod
from data.ingest.load import Order, ingest
from data.ingest.privacy import pseudonyms
from data.lake import Lake
from data.pseudonym_key import pseudonym_key
from data.settings import Settings
from data.systems import declared_system
from data.terms import Period

SHARED = Path(os.environ.get("EQUINODE_SHARED", Path(__file__).resolve().parents[2].parent / "shared"))
TRACE = SHARED / "traces" / "slurm-ccr-xdmod"
REQUEST = Period(date(2016, 12, 22), date(2017, 1, 2))
MACHINE = """
name = "pozidriv"
country = "US"
time_zone = "America/New_York"
log_time_zone = "UTC"
in_service = 2016-12-21

[partitions.general]
nodes = 400
cores_per_node = 10
queues = ["general-compute"]
"""
KEYS = ["dimension", "key", "statistic", "aggregation_unit", "dataset_type", "period"]
SYSTEM = declared_system("pozidriv", MACHINE)

pytestmark = [
    pytest.mark.skipif(not TRACE.is_dir(), reason=f"the log and XDMoD's figures for it are not at {TRACE}"),
]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    settings = Settings(lake=tmp_path_factory.mktemp("lake"))
    order = Order(path=TRACE / "pozidriv.sacct.psv.gz", system=SYSTEM, declaration=MACHINE)
    ingest(settings, order, Person(name="test", role="operator", may=ALL_ACTIONS))
    return Lake(settings)


@pytest.fixture(scope="module")
def compared(lake: Lake) -> pl.DataFrame:
    """Each figure that XDMoD publishes, beside ours under the same keys."""
    expected = pl.read_csv(TRACE / "pozidriv_xdmod_expected.csv", infer_schema=False)
    ours = xdmod.metrics(lake, xdmod.Request(system=SYSTEM, period=REQUEST), pseudonyms(pseudonym_key(lake.settings), SYSTEM.id))
    return expected.join(ours, on=KEYS, how="full", suffix="_ours", coalesce=True, validate="1:1")


def test_our_figures_are_those_that_xdmod_publishes_no_fewer_and_no_more(compared: pl.DataFrame) -> None:
    assert compared.height == 525
    assert compared["value"].null_count() == compared["value_ours"].null_count() == 0


def test_every_figure_agrees_to_its_last_printed_digit(compared: pl.DataFrame) -> None:
    decimals = pl.col("value").str.extract(r"\.(\d+)$").str.len_chars().fill_null(0)
    off = (pl.col("value").cast(pl.Float64) - pl.col("value_ours")).abs() * 10.0**decimals
    assert compared.filter(~(off <= 0.5000001)).select(*KEYS, "value", "value_ours").rows() == []


def test_every_standard_error_agrees(compared: pl.DataFrame) -> None:
    published = compared.filter(pl.col("std_err").is_not_null())
    assert published.height == 24
    assert published["std_err_ours"].to_list() == pytest.approx(published["std_err"].cast(pl.Float64).to_list(), rel=1e-6)


def test_a_standard_error_is_given_only_where_xdmod_publishes_one(compared: pl.DataFrame) -> None:
    assert compared["std_err_ours"].is_null().equals(compared["std_err"].is_null())
