"""Tests of the reference facts: every value has a source, the numbers are those of the record, and analyses find what they need."""

import csv
import os
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from data import facts, schema
from data.machines import PARTITION_FIELDS, SYSTEM_FIELDS
from data.terms import Flag
from data.units import HOURS_PER_YEAR

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("EQUINODE_SHARED", ROOT.parent / "shared"))

SYSTEMS = facts.systems()
OPERATING = [system for system in SYSTEMS.values() if system.status is facts.SystemStatus.OPERATING]

# The derived capacity table of the record: million node-hours and GPU-hours a year, all and the Union's, and a fifth of the Union's.
CAPACITY = [
    ("lumi", "LUMI-G", 26.1, 104.3, 13.0, 2.61),
    ("lumi", "LUMI-C", 17.9, 0, 8.97, 1.79),
    ("leonardo", "Booster", 30.3, 121.1, 15.1, 3.03),
    ("leonardo", "DCGP", 13.5, 0, 6.73, 1.35),
    ("marenostrum5", "GPP", 56.1, 0, 28.1, 5.61),
    ("marenostrum5", "ACC", 9.81, 39.2, 4.91, 0.98),
    ("jupiter", "Booster", 51.5, 206.2, 25.8, 5.15),
]


def partition(system: str, name: str) -> facts.Partition:
    found = SYSTEMS[system].partition(name)
    assert found is not None
    return found


def test_every_machine_that_must_work_is_here() -> None:
    assert set(SYSTEMS) == {
        *("leonardo", "lumi", "marenostrum5", "jupiter", "alice_recoque", "vega", "karolina"),
        *("meluxina", "discoverer", "deucalion", "daedalus", "arrhenius"),
    }


def test_a_file_is_named_for_the_machine_it_describes() -> None:
    assert {file.stem for file in (facts.REFERENCE / "systems").glob("*.toml")} == set(SYSTEMS)


def test_every_value_has_a_source_and_is_not_merely_declared() -> None:
    known = facts.fact_table(SYSTEMS.values()).filter(pl.col("value").is_not_null())
    assert known.filter(pl.col("source").str.len_chars() < 5).is_empty()
    assert known.filter(~pl.col("flag").is_in([flag.value for flag in Flag if flag is not Flag.DECLARED])).is_empty()
    assert known["valid"].null_count() == 0


def test_what_has_no_value_has_a_reason() -> None:
    table = facts.fact_table(SYSTEMS.values())
    assert table.filter(pl.col("value").is_null() == pl.col("unknown").is_null()).is_empty()


def test_every_analysed_field_is_known_or_its_absence_explained() -> None:
    optional = {
        "log_time_zone",
        "electricity",
        "not_covered",
        "charge_unit",
        "heat_reuse",
        "accelerator",
        "status",
        "in_service",
        "out_of_service",
    }
    silent = [
        f"{system.id}.{field.name}"
        for system in SYSTEMS.values()
        for field in SYSTEM_FIELDS
        if field.name not in {*system.facts, *system.unknown, *optional}
    ]
    silent += [
        f"{system.id}.{part.name}.{field.name}"
        for system in SYSTEMS.values()
        for part in system.partitions
        for field in PARTITION_FIELDS
        if field.name not in {*part.facts, *part.unknown, *optional}
    ]
    assert silent == []


@pytest.mark.parametrize(("system", "name", "node_hours", "gpu_hours", "union_node_hours", "commercial"), CAPACITY)
def test_yearly_capacity_is_that_of_the_record(
    system: str, name: str, node_hours: float, gpu_hours: float, union_node_hours: float, commercial: float
) -> None:
    part, union_share = partition(system, name), SYSTEMS[system].union_share
    assert part.nodes is not None
    assert part.gpus_per_node is not None
    assert union_share is not None
    yearly = part.nodes * HOURS_PER_YEAR / 1e6
    assert yearly == pytest.approx(node_hours, abs=0.055)
    assert yearly * part.gpus_per_node == pytest.approx(gpu_hours, abs=0.055)
    assert yearly * union_share == pytest.approx(union_node_hours, abs=0.055)
    assert yearly * union_share * 0.2 == pytest.approx(commercial, abs=0.0055)


@pytest.mark.parametrize("system", OPERATING, ids=lambda system: system.id)
def test_an_operating_machine_has_what_analyses_need(system: facts.System) -> None:
    assert system.grid_zone is not None
    assert system.union_share is not None
    assert system.pue is not None
    assert system.in_service is not None
    assert ZoneInfo(system.log_time_zone).key == system.time_zone
    for part in system.partitions:
        if part.status is facts.SystemStatus.OPERATING:
            assert part.nodes is not None
            assert part.gpus_per_node is not None
            assert part.utilisation is not None
            assert part.availability is not None
            powered = part.node_idle_w is not None and part.node_max_w is not None and part.cores_per_node is not None
            assert powered or (system.id, part.name) == ("arrhenius", "CPU")


def test_no_machine_that_is_only_announced_counts_as_operating() -> None:
    table = facts.partitions(SYSTEMS.values())
    announced = table.filter(pl.col("status") == "announced")
    assert set(announced["system"]) == {"alice_recoque", "daedalus", "jupiter"}
    assert table.filter((pl.col("status") == "operating") & pl.col("in_service").is_null()).is_empty()


def test_lumi_counts_modules_and_cores_where_its_log_counts_halves_and_threads() -> None:
    part = SYSTEMS["lumi"].partition_of("standard-g")
    assert part is not None
    assert (part.name, part.gpus_per_logged_gpu, part.cores_per_logged_cpu) == ("LUMI-G", 0.5, 0.5)


@pytest.mark.parametrize(
    ("system", "queue", "name"),
    [
        ("lumi", "small", "LUMI-C"),
        ("lumi", "small-g,standard-g", "LUMI-G"),
        ("leonardo", "boost_usr_prod", "Booster"),
        ("marenostrum5", "gpp", "GPP"),
        ("jupiter", "booster", "Booster"),
        ("arrhenius", "gpu", "GPU"),
        ("lumi", "small,small-g", None),
        ("lumi", "largemem", None),
        ("lumi", "largemem,standard", None),
        ("lumi", "", None),
    ],
)
def test_a_queue_leads_to_its_hardware_or_to_none(system: str, queue: str, name: str | None) -> None:
    found = SYSTEMS[system].partition_of(queue)
    assert (found.name if found else None) == name


def test_the_partition_frame_names_its_estimates() -> None:
    table = facts.partitions(SYSTEMS.values())
    row = table.row(by_predicate=(pl.col("system") == "lumi") & (pl.col("partition") == "LUMI-G"), named=True)
    assert row["estimates"] == "in_service utilisation pue availability"
    assert schema.check(table, schema.PARTITIONS).height == sum(len(system.partitions) for system in SYSTEMS.values())


def test_an_unknown_market_contract_is_null_and_a_renewable_one_is_zero() -> None:
    table = facts.partitions(SYSTEMS.values()).unique("system").select("system", "market_factor")
    factors = dict(table.iter_rows())
    assert factors["lumi"] == factors["marenostrum5"] == factors["jupiter"] == 0.0
    assert factors["leonardo"] == 0.5
    assert factors["vega"] is None
    assert factors["arrhenius"] is None


def test_each_machine_has_a_flow_traced_intensity_for_every_year() -> None:
    intensity = facts.carbon_intensity()
    life_cycle = intensity.filter((pl.col("method") == "flow_traced") & (pl.col("scope") == "life_cycle"))
    for system in SYSTEMS.values():
        assert set(life_cycle.filter(pl.col("grid_zone") == system.grid_zone)["year"]) == {2022, 2023, 2024}, system.id


def test_carbon_intensity_has_one_value_for_a_zone_year_method_and_scope() -> None:
    intensity = facts.carbon_intensity()
    assert not intensity.select("grid_zone", "year", "method", "scope").is_duplicated().any()
    assert set(intensity["method"]) == {"production", "flow_traced"}
    assert set(intensity["scope"]) == {"life_cycle", "direct"}
    assert intensity.null_count().sum_horizontal().item() == 0


def test_direct_emissions_are_below_life_cycle_ones() -> None:
    flow = facts.carbon_intensity().filter((pl.col("method") == "flow_traced") & (pl.col("year") == 2024))
    wide = flow.pivot("scope", index="grid_zone", values="intensity_gco2e_per_kwh")
    assert wide.filter(pl.col("direct") >= pl.col("life_cycle")).is_empty()


def test_every_country_has_prices_and_the_part_year_is_marked_as_an_estimate() -> None:
    prices = facts.prices()
    assert not prices.select("country", "year", "kind").is_duplicated().any()
    assert {system.country for system in SYSTEMS.values()} <= set(prices["country"])
    assert set(prices.filter(pl.col("year") == 2026)["flag"]) == {"E"}


def test_the_limits_of_the_law_are_those_of_the_record() -> None:
    shares = {limit.id: (limit.share, limit.of.value) for limit in facts.policy_limits()}
    assert shares == {
        "union_share_high_end": (0.50, "machine"),
        "union_share_mid_range": (0.35, "machine"),
        "commercial_use": (0.20, "union_share"),
        "ai_industrial_innovation": (0.30, "union_share"),
        "playground_and_fast_lane": (0.10, "union_share"),
        "ai_for_science": (0.25, "union_ai_share"),
    }


def test_no_machine_gives_the_union_more_than_the_law_allows() -> None:
    caps = {system: limit.share for limit in facts.policy_limits() if limit.of is facts.LimitBase.MACHINE for system in limit.systems}
    assert set(caps) == set(SYSTEMS)
    assert all(system.union_share is not None and system.union_share <= caps[system.id] for system in SYSTEMS.values())


def test_hardware_agrees_with_the_collected_table() -> None:
    collected = SHARED / "domain" / "systems_partitions.csv"
    if not collected.exists():
        pytest.skip(f"{collected} is not here; it is third-party data that the project does not carry")
    other_names = {"Accelerator-GPU": "GPU", "accelerated": "Accelerated"}
    differing = []
    for row in csv.DictReader(collected.read_text("utf-8").splitlines()):
        system = next(system for system in SYSTEMS.values() if system.name.casefold() == row["system"].casefold())
        part = system.partition(other_names.get(row["partition"], row["partition"]))
        assert part is not None
        assert system.union_share is not None
        ours = [part.nodes, part.cores_per_node, part.node_idle_w, part.node_max_w, part.hpl_power_kw, system.union_share * 100]
        theirs = ["nodes", "cores_per_node", "node_idle_w_est", "node_max_w_est", "hpl_power_kw", "eurohpc_share_pct"]
        for mine, column in zip(ours, theirs, strict=True):
            if row[column] and "memory" not in row[column] and mine != pytest.approx(float(row[column])):
                differing.append((system.id, part.name, column, mine, row[column]))
        if row["accel_per_node"] and part.gpus_per_node != float(row["accel_per_node"]):
            differing.append((system.id, part.name, "accel_per_node", part.gpus_per_node, row["accel_per_node"]))
    assert differing == []
