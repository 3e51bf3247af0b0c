"""What was decided about projects is stored with its author, replaced by a later decision, and refused where it makes no sense."""

from datetime import UTC, datetime

import pytest
from made_jobs import bring_in, decided, frame, job, plain_store, project

from data import projects
from data.errors import InputError, SchemaError

CODE = "EHPC-EXT-2025E01-042"


def test_an_account_of_a_log_is_unclassified_until_somebody_decides() -> None:
    with plain_store() as writer:
        bring_in(writer, 1, frame(job(1, account=CODE), job(2, account="physics"), job(3, account=None)))
        found = projects.all_projects(writer)
    assert found.select("account", "category", "mode").rows() == [
        (CODE, "unclassified", "extreme_scale"),
        ("physics", "unclassified", "other"),
    ]


def test_a_later_decision_takes_the_place_of_an_earlier_one() -> None:
    with plain_store() as writer:
        bring_in(writer, 1, frame(job(1)))
        for category in ("sme", "research"):
            assert projects.save(writer, decided(project(category=category, node_hours_awarded=10.0)), author="olga") == 1
        found = projects.all_projects(writer)
    assert found.select("category", "node_hours_awarded").rows() == [("research", 10.0)]


def test_a_decision_bears_its_author_and_time() -> None:
    when = datetime(2026, 5, 1, 8, tzinfo=UTC)
    with plain_store() as writer:
        projects.save(writer, decided(project()), author="olga", decided=when)
        assert writer.frame(projects.AUTHORED).select("account", "author", "decided").rows() == [("project_1", "olga", when)]


def test_a_project_that_used_nothing_is_seen_as_well() -> None:
    with plain_store() as writer:
        bring_in(writer, 1, frame(job(1)))
        projects.save(writer, decided(project("awarded_only", category="start_up", node_hours_awarded=500.0)), author="olga")
        found = projects.all_projects(writer, systems=("vega",))
    assert found.select("account", "category", "mode").rows() == [
        ("awarded_only", "start_up", "other"),
        ("project_1", "unclassified", "other"),
    ]


def test_a_project_decided_before_its_first_job_is_classified_from_then_on() -> None:
    with plain_store() as writer:
        projects.save(writer, decided(project(category="sme")), author="olga")
        bring_in(writer, 1, frame(job(1)))
        assert writer.frame("select distinct category from lake.usage_monthly")["category"].to_list() == ["sme"]


def test_the_same_account_on_two_machines_is_two_projects() -> None:
    with plain_store() as writer:
        projects.save(writer, decided(project(category="sme"), project(system="lumi", category="research")), author="olga")
        assert projects.all_projects(writer).select("system", "category").rows() == [("lumi", "research"), ("vega", "sme")]
        assert projects.all_projects(writer, systems=("lumi",)).height == 1


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([project(category="charity")], "category 'charity' is not one of"),
        ([project(mode="express")], "mode 'express' is not one of"),
        ([project(), project()], "stands more than once"),
    ],
)
def test_what_makes_no_sense_is_refused(rows: list[dict[str, object]], told: str) -> None:
    with plain_store() as writer:
        with pytest.raises(InputError, match=told):
            projects.save(writer, decided(*rows), author="olga")
        assert projects.all_projects(writer).is_empty()


def test_a_frame_without_the_columns_of_a_project_is_refused() -> None:
    with plain_store() as writer, pytest.raises(SchemaError, match="category"):
        projects.save(writer, decided(project()).drop("category"), author="olga")
