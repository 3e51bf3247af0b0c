"""Reclaim and Effect: a recommendation goes into unsaved quotas alone, and an effect is told only where enough weeks have passed."""

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from analytics.charts import numbers
from data.access import Person
from data.lake import Lake, writing
from data.quota_changes import save
from data.quota_drafts import draft
from data.quotas import edits_of, standing
from data.settings import Settings
from data.terms import Action
from pages.shared import reclaim_parts
from tests.pages.small import words_of

Visit = Callable[..., AppTest]
RECLAIM, EFFECT = "operations/reclaim.py", "operations/effect.py"
EVERY_DAY = """
insert into lake.usage_daily by name
select r.* replace ((r.day + n)::date as day) from lake.usage_daily r, (select unnest(range(1, 28))::int as n)
"""
"""What ran once a month runs on the days after it as well."""
OLGA = Person(name="olga", role="operator", may=frozenset(Action))
RESEARCH, SME = "project_465000001", "ehpc-aif-2025pg01-128"


@pytest.fixture(scope="module")
def uneven(small_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small store, after Olga granted one project far more than it uses, and the other less than it needs, in October 2025."""
    lake = tmp_path_factory.mktemp("uneven") / "lake"
    shutil.copytree(small_store, lake)
    rows = edits_of(standing(Lake(Settings(lake=lake)))).with_columns(
        hours=pl.when(pl.col("account") == RESEARCH).then(9_000.0).otherwise(150.0),
        starts=pl.lit(date(2025, 2, 1)),
        ends=pl.lit(date(2026, 12, 1)),
    )
    save(Settings(lake=lake), OLGA, rows, reason="uneven", now=datetime(2025, 10, 1, 12, tzinfo=UTC))
    return lake


def frames(app: AppTest) -> list[pl.DataFrame]:
    return [pl.from_pandas(each.value) for each in app.dataframe]


def test_hours_that_will_not_be_used_are_offered_to_whom_they_are_short(visit: Visit, uneven: Path) -> None:
    app = visit(uneven, RECLAIM)
    assert not app.exception
    taken, given = frames(app)[:2]
    assert taken["account"].to_list() == [RESEARCH]
    assert given["account"].to_list() == [SME]
    assert 0 < given["given_hours"].item() <= given["needed_hours"].item()
    assert "could go to 1 project" in words_of(app)


def test_the_sites_own_rule_is_kept_in_the_address(visit: Visit, uneven: Path) -> None:
    app = visit(uneven, RECLAIM, **{"reclaim-forecast": "false", "reclaim-below": "40"})
    assert not app.exception
    assert "1 by the site's rule" in " ".join(str(metric.delta) for metric in app.metric)
    assert "six months after its start" in frames(app)[0]["reason"].item()
    assert "Nobody has hours left by this rule" in words_of(
        visit(uneven, RECLAIM, **{"reclaim-forecast": "false", "reclaim-below": "1", "reclaim-months": "36"})
    )


def test_without_any_rule_the_page_asks_for_one_and_takes_nothing(visit: Visit, uneven: Path) -> None:
    said = words_of(visit(uneven, RECLAIM, **{"reclaim-forecast": "false"}))
    assert "No rule is chosen" in said
    assert "Take it into" not in said


def test_a_floor_that_nobody_can_fill_is_refused_in_words_and_gives_nobody_hours(visit: Visit, uneven: Path) -> None:
    app = visit(uneven, RECLAIM, **{"reclaim-floor-public_sector": "50"})
    assert not app.exception
    assert "the floor for public sector" in words_of(app)
    assert frames(app)[1]["given_hours"].to_list() == [0]


def test_the_recommendation_goes_into_unsaved_quotas_and_changes_no_quota(
    visit: Visit, uneven: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(uneven, tmp_path / "lake")
    monkeypatch.setenv("EQUINODE_AUTHOR", "olga")
    app = visit(tmp_path / "lake", RECLAIM)
    taken, given = frames(app)[:2]
    app.button(key="reclaim-keep").click().run()
    assert not app.exception
    kept = dict(draft(Settings(lake=tmp_path / "lake"), OLGA).select("account", "hours").rows())
    assert kept == {RESEARCH: taken["kept_hours"].item(), SME: pytest.approx(150 + given["given_hours"].item(), abs=1)}
    assert standing(Lake(Settings(lake=tmp_path / "lake")))["version"].to_list() == [1, 1]


def test_quotas_that_grow_by_what_was_used_beyond_them_are_told() -> None:
    columns = {"unit": pl.String, "quota_hours": pl.Float64, "used_hours": pl.Float64, "given_hours": pl.Float64}
    rows = [("node_hours", 100.0, 140.0, 5.0), ("gpu_hours", 10.0, 12.0, 1.0), ("node_hours", 9.0, 5.0, 1.0), ("node_hours", 1.0, 5.0, 0.0)]
    offers = pl.DataFrame(rows, schema=columns, orient="row")
    said = reclaim_parts.beyond_quotas(offers).replace(numbers.THIN_SPACE, " ")
    assert "2 projects used more than the quota already, 2 GPU-hours and 40 node-hours in all" in said
    assert reclaim_parts.beyond_quotas(offers.tail(2)) == ""


def test_without_any_change_of_quotas_the_page_says_so(visit: Visit, small_store: Path) -> None:
    assert "No quota was changed yet" in words_of(visit(small_store, EFFECT))


def test_a_change_long_ago_is_compared_with_the_weeks_before(visit: Visit, uneven: Path) -> None:
    app = visit(uneven, EFFECT)
    assert not app.exception
    assert "13 weeks before and after 1 October 2025" in words_of(app)
    told = frames(app)[0]
    assert {"Projects changed", "All other projects", "Beyond the others"} <= set(told["group"])


def test_a_change_just_now_is_too_early_to_tell(visit: Visit, small_store: Path, tmp_path: Path) -> None:
    shutil.copytree(small_store, tmp_path / "lake")
    rows = edits_of(standing(Lake(Settings(lake=tmp_path / "lake")))).with_columns(hours=pl.lit(500.0))
    save(Settings(lake=tmp_path / "lake"), OLGA, rows, reason="now", now=datetime(2026, 2, 1, tzinfo=UTC))
    app = visit(tmp_path / "lake", EFFECT)
    assert not app.exception
    assert "Too early to tell" in words_of(app)


def test_a_fortnight_without_any_job_is_told_and_nothing_beyond_it_is_compared(visit: Visit, uneven: Path, tmp_path: Path) -> None:
    assert "ran no job" not in words_of(visit(uneven, RECLAIM))
    shutil.copytree(uneven, tmp_path / "lake")
    with writing(Settings(lake=tmp_path / "lake"), author="olga", message="A log that lacks two weeks") as writer:
        writer.change(EVERY_DAY)
        writer.change("delete from lake.usage_daily where day >= date '2025-11-03' and day < date '2025-11-17'")
    assert "ran no job from 31 October 2025 to 16 November 2025" in words_of(visit(tmp_path / "lake", RECLAIM))
    assert "4 weeks before and after 1 October 2025" in words_of(visit(tmp_path / "lake", EFFECT))
