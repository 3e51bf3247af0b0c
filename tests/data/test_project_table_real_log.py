"""A real centre's log beside its own tree and a table of projects: the unclassified add up, and a path follows each account."""

from pathlib import Path

import pytest

from data import hierarchy, projects
from data.ingest.load import Order, ingest
from data.ingest.project_load import ProjectOrder, import_projects, import_tree
from data.lake import Lake
from data.settings import Settings
from data.systems import declared_system
from tests.data.made_tables import OPERATOR, written

MACHINE = """
name = "pozidriv"
country = "US"
time_zone = "America/New_York"
log_time_zone = "UTC"

[partitions.general]
nodes = 400
cores_per_node = 10
queues = ["general-compute"]
"""
CORE_HOURS = 71_984.2764
"""What the log's own lines sum to."""


def test_the_unclassified_of_a_real_log_add_up_and_shrink_with_each_project_classified(
    settings: Settings, shared: Path, tmp_path: Path
) -> None:
    folder = shared / "traces" / "slurm-ccr-xdmod"
    system = declared_system("pozidriv", MACHINE)
    ingest(settings, Order(path=folder / "pozidriv.sacct.psv.gz", system=system, declaration=MACHINE), OPERATOR)
    import_tree(settings, folder / "hierarchy.csv", folder / "group-to-hierarchy.csv", "pozidriv", OPERATOR)
    open_ones = projects.unclassified(Lake(settings))
    assert open_ones["core_hours_used"].sum() == pytest.approx(CORE_HOURS, abs=1e-4)
    assert open_ones["node_hours_used"].is_sorted(descending=True)
    placed = open_ones.join(hierarchy.paths(Lake(settings)), on=["system", "account"], how="inner", validate="1:1")
    assert set(placed["account"]) == set(open_ones["account"])
    largest = open_ones.row(0, named=True)
    table = written(tmp_path, f"Account,System,Category,Core hours\n{largest['account']},pozidriv,University,20000\n")
    import_projects(settings, ProjectOrder(path=table), OPERATOR)
    left = projects.unclassified(Lake(settings))
    assert left["core_hours_used"].sum() == pytest.approx(CORE_HOURS - largest["core_hours_used"], abs=1e-4)
    assert projects.stored(Lake(settings))["node_hours_awarded"].to_list() == [2_000.0]
