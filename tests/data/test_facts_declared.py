"""Tests of machines that an operator declares: little is needed, and every fault is told at once."""

from datetime import date

import pytest

from data.errors import FactError
from data.facts import DECLARATION_EXAMPLE, FACT_TABLE, SystemStatus, fact_table, parse_system, partitions
from data.terms import Flag

LEAST = """
name = "Été 2"
country = "FR"
time_zone = "Europe/Paris"
[partitions.cpu]
nodes = 10
cores_per_node = 64
"""


def faults_of(text: str) -> str:
    with pytest.raises(FactError) as caught:
        parse_system(text, origin="mine.toml")
    return str(caught.value)


def test_five_values_are_enough() -> None:
    machine = parse_system(LEAST, origin="mine.toml")
    part = machine.partitions[0]
    assert (machine.id, machine.status, machine.log_time_zone) == ("ete_2", SystemStatus.DECLARED, "Europe/Paris")
    assert (part.nodes, part.gpus_per_node, part.node_idle_w, machine.pue, machine.union_share) == (10, None, None, None, None)
    assert (part.cores_per_logged_cpu, part.gpus_per_logged_gpu) == (1, 1)


def test_plain_values_are_flagged_as_declared_with_their_origin() -> None:
    fact = parse_system(LEAST, origin="mine.toml").partitions[0].facts["nodes"]
    assert (fact.flag, fact.source) == (Flag.DECLARED, "declared by the operator in mine.toml")


def test_the_example_declares_a_machine_with_every_partition_found_by_its_queues() -> None:
    machine = parse_system(DECLARATION_EXAMPLE, origin="example.toml")
    found = {queue: part.name for queue in ("normal", "long", "gpu") if (part := machine.partition_of(queue))}
    assert found == {"normal": "cpu", "long": "cpu", "gpu": "gpu"}
    assert machine.log_time_zone == "UTC"
    assert machine.in_service == date(2024, 3, 1)


def test_unknown_numbers_are_null_in_the_frame_and_not_zero() -> None:
    row = partitions([parse_system(LEAST, origin="mine.toml")]).row(0, named=True)
    assert {name for name, value in row.items() if value is None} == {
        *("grid_zone", "in_service", "out_of_service", "gpus_per_node", "node_idle_w", "node_max_w"),
        *("utilisation", "pue", "union_share", "availability", "market_factor"),
    }
    assert (row["status"], row["estimates"]) == ("declared", "")


def test_a_value_may_name_its_source_and_then_keeps_its_flag() -> None:
    machine = parse_system('pue = { value = 1.2, source = "meter", flag = "S" }\n' + LEAST, origin="mine.toml")
    table = {row["fact"]: row for row in fact_table([machine]).iter_rows(named=True)}
    assert (table["pue"]["value"], table["pue"]["flag"], table["pue"]["source"]) == ("1.2", "S", "meter")
    assert fact_table([machine]).schema == dict(FACT_TABLE)


def test_all_faults_are_told_at_once() -> None:
    told = faults_of("""
country = "Finland"
time_zone = "Helsinki"
puee = 1.1
union_share = 35
in_service = "2024"
unknown = { market_factor = "not asked", colour = "blue" }
[partitions.cpu]
nodes = true
cores_per_node = 0
node_idle_w = 900
node_max_w = 400
queues = ["a", "b"]
[partitions.gpu]
nodes = inf
queues = ["b"]
""")
    for said in (
        "name is missing",
        "country is 'Finland'",
        "time_zone is 'Helsinki'",
        "puee is not a known key; perhaps 'pue' is meant",
        "union_share is 35 but must be a number above 0 and at most 1",
        "in_service is '2024' but must be a day",
        "unknown.colour is not a known key",
        "partitions.cpu.nodes is True but must be a number of at least 1",
        "partitions.cpu.cores_per_node is 0 but must be a number above 0",
        "partitions.cpu.node_idle_w is 900, more than its node_max_w of 400",
        "partitions.gpu.nodes is inf",
        "partitions.gpu.cores_per_node is missing",
        "queue 'b' stands in partitions.cpu and partitions.gpu",
    ):
        assert said in told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "mine.toml is not TOML"),
        (LEAST.replace('"FR"', '"EL"'), "such as GR"),
        (LEAST.split("[")[0], "partitions are missing"),
        (LEAST.split("[")[0] + "partitions = 3", "partitions are missing"),
        (LEAST.split("[")[0] + "[partitions]\ncpu = 3", "must be a table [partitions.cpu]"),
        ("id = 'My Machine'" + LEAST, "id is 'My Machine'"),
        (LEAST.replace("Été 2", "Ωμέγα"), "id is missing"),
        ("collected = 2026" + LEAST, "collected is 2026"),
        ("unknown = 3" + LEAST, "unknown is 3"),
        ("unknown = { country = 'secret' }" + LEAST.replace('country = "FR"', ""), "country is missing"),
        ("status = 'retired'" + LEAST, "status is 'retired'"),
        ("pue = { value = 1.2 }" + LEAST, "pue is {'value': 1.2}"),
        ("pue = { value = 1.2, source = ' ', flag = 'S' }" + LEAST, "with a source"),
        ("pue = { value = 1.2, source = 'meter', flag = 'X' }" + LEAST, "a flag of S, S2, D, E, M, O"),
        ("pue = nan" + LEAST, "pue is nan"),
        ("pue = 0.9" + LEAST, "pue is 0.9 but must be a number of at least 1"),
        ("pue = 1.1\nunknown = { pue = 'not metered' }" + LEAST, "pue has a value and stands under unknown"),
        (LEAST + "queues = []", "partitions.cpu.queues is []"),
        (LEAST + "[partitions.CPU]\nnodes = 1\ncores_per_node = 1", "differs from another partition in capitals alone"),
        ("in_service = 2024-01-02\nout_of_service = 2024-01-02" + LEAST, "must lie before out_of_service"),
    ],
)
def test_a_fault_is_named_with_what_was_expected(text: str, said: str) -> None:
    assert said in faults_of(text)


def test_a_partition_may_say_why_its_nodes_are_not_known() -> None:
    text = LEAST.replace("nodes = 10", "unknown = { nodes = 'being installed' }")
    part = parse_system(text, origin="mine.toml").partitions[0]
    assert part.nodes is None
    assert part.unknown["nodes"] == "being installed"
