"""The table of differences speaks of figures that the export gives; each with both definitions and a reason."""

from made_jobs import NOON, frame, job, plain_store

from data import jobs
from data.export import xdmod
from data.export.xdmod import Request
from data.export.xdmod_differences import differences
from data.facts import systems
from data.terms import Period


def test_every_statistic_that_differs_is_one_that_the_export_gives() -> None:
    with plain_store() as store:
        jobs.store(store, frame(job()), batch_id=1)
        day = Period(NOON.date(), NOON.date().replace(day=NOON.day + 1))
        given = set(xdmod.metrics(store, Request(system=systems()["vega"], period=day), str)["statistic"])
    assert {name for names in differences()["statistics"] for name in names.split(", ")} <= given
    assert len(given) == 25


def test_no_difference_is_told_twice_or_left_without_a_reason() -> None:
    table = differences()
    assert not table.select("statistics", "xdmod").is_duplicated().any()
    assert all(text.endswith(".") for column in ("xdmod", "ours", "why") for text in table[column])
    assert not (table["xdmod"] == table["ours"]).any()
