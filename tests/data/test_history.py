"""The history tells every decision with its kind, what it changed, and brings an earlier state back as a new decision."""

import shutil
from pathlib import Path

import polars as pl
import pytest
from made_jobs import without_migrations
from made_quotas import OLGA, OTTO, award, decided, opened, seen, three_awards

from data import history, quotas, scenario_standing, scenarios
from data.errors import ConflictError, InputError
from data.history import HistoryKind, between, states, touching
from data.project_restore import restoration, restore
from data.projects import stored
from data.quota_changes import QuotaConflictError, save
from data.settings import Settings

QUOTA, PROJECT = HistoryKind.QUOTAS.value, HistoryKind.PROJECTS.value


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return three_awards(tmp_path_factory.mktemp("history") / "lake")


@pytest.fixture
def site(settings: Settings, made_once: Path) -> Settings:
    shutil.copytree(made_once, settings.lake)
    return settings


def newest(site: Settings) -> int:
    return opened(site.lake).snapshot_id


def edits_back_to(site: Settings, state: int) -> pl.DataFrame:
    with history.state_of(site, state) as pinned:
        return quotas.restoring(quotas.standing(opened(site.lake)), quotas.standing(pinned))


def test_every_decision_is_told_with_kind_author_and_reason(site: Settings) -> None:
    save(site, OTTO, seen(site, "alpha", hours=5.0), reason="less")
    scenarios.save(site, OLGA, name="Lean", reason="budget", address="aim=x", snapshot_id=1)
    found = states(opened(site.lake)).head(3).select("author", "kind", "message").rows()
    assert found[:2] == [("olga", "scenarios", "Scenario Lean: budget"), ("otto", "quotas", "Quotas, 1 project: less")]
    kinds = states(opened(site.lake))
    assert set(kinds.filter(pl.col("message").str.starts_with("Migration"))["kind"]) == {"upkeep"}


def test_a_decision_is_told_value_by_value_against_the_award_where_there_was_no_quota(site: Settings) -> None:
    save(site, OLGA, pl.concat([seen(site, "alpha", hours=5.5, qos="x"), seen(site, "beta", hours=7.0)]), reason="less")
    found = between(site, newest(site) - 1, newest(site)).rows()
    assert found == [
        (QUOTA, "vega", "alpha", "hours", "1000", "5.5"),
        (QUOTA, "vega", "alpha", "qos", None, "x"),
        (QUOTA, "vega", "beta", "hours", "2000", "7"),
    ]


def test_a_scenario_that_is_made_current_stands_among_the_differences_and_so_does_the_one_it_ends(site: Settings) -> None:
    for name in ("Lean", "Rich"):
        scenarios.save(site, OLGA, name=name, reason="budget", address="aim=x", snapshot_id=1)
    scenario_standing.make_current(site, OTTO, "Lean", 1, reason="agreed")
    kind = HistoryKind.SCENARIOS.value
    lean = "made current by otto: agreed"
    assert between(site, newest(site) - 1, newest(site)).rows() == [(kind, "", "Lean (version 1)", "standing", None, lean)]
    scenario_standing.make_current(site, OLGA, "Rich", 1, reason="more money")
    found = between(site, newest(site) - 1, newest(site)).select("account", "before", "after").rows()
    assert found[0][:2] == ("Lean (version 1)", lean)
    assert found[0][2].startswith("no longer current by olga")
    assert found[1] == ("Rich (version 1)", None, "made current by olga: more money")


def test_two_states_before_any_table_of_decisions_differ_in_nothing(site: Settings) -> None:
    assert between(site, 0, 1).is_empty()
    with pytest.raises(InputError, match="no state 9999"):
        between(site, 1, 9_999)


def test_the_states_that_touch_an_account_are_found_by_a_part_of_its_name(site: Settings) -> None:
    made = newest(site)
    save(site, OLGA, seen(site, "alpha", hours=5.0), reason="less")
    save(site, OLGA, seen(site, "beta", hours=5.0), reason="less")
    assert touching(opened(site.lake), "ALP") == [made + 1, made]


def test_a_store_from_before_there_were_quotas_tells_who_classified_an_account(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        without_migrations(patch, tmp_path, (8, 9))
        decided(settings, award("alpha", 1_000), award("beta", 2_000))
    made = newest(settings)
    assert not quotas.knows_quotas(opened(settings.lake))
    assert touching(opened(settings.lake), "ALP") == [made]
    assert touching(opened(settings.lake), "gamma") == []
    save(settings, OLGA, seen(settings, "alpha", hours=5.0), reason="less")
    assert touching(opened(settings.lake), "alp") == [newest(settings), made]
    assert between(settings, made, newest(settings)).rows() == [(QUOTA, "vega", "alpha", "hours", "1000", "5")]
    assert edits_back_to(settings, made).select("account", "hours").rows() == [("alpha", None)]


def test_scenarios_whose_titles_would_be_alike_are_told_apart(site: Settings) -> None:
    before = newest(site)
    for name in ("Lean", "Lean", "Lean (version 2)"):
        scenarios.save(site, OLGA, name=name, reason="budget", address="aim=x", snapshot_id=1)
    found = between(site, before, newest(site)).filter(what="address")
    assert found["account"].to_list() == ["Lean (version 1)", "Lean (version 2)", "Lean (version 2) (version 1)"]


def test_quotas_are_brought_back_by_a_new_version_and_the_award_where_there_was_no_quota(site: Settings) -> None:
    save(site, OLGA, seen(site, "alpha", hours=5.0, at_once=3.0), reason="less")
    then = newest(site)
    save(site, OTTO, pl.concat([seen(site, "alpha", hours=6.0), seen(site, "beta", hours=7.0)]), reason="more")
    edits = edits_back_to(site, then)
    assert edits.select("account", "hours", "at_once", "base_version").rows() == [("alpha", 5.0, 3.0, 2), ("beta", None, None, 1)]
    save(site, OLGA, edits, reason="as it was")
    found = quotas.standing(opened(site.lake)).select("account", "hours", "version", "is_award").rows()
    assert found == [("alpha", 5.0, 3, False), ("beta", 2_000.0, 2, True), ("delta", None, 0, True), ("gamma", 3_000.0, 0, True)]
    assert edits_back_to(site, then).is_empty()


def test_bringing_back_is_refused_where_somebody_was_faster(site: Settings) -> None:
    then = newest(site)
    save(site, OLGA, seen(site, "alpha", hours=5.0), reason="less")
    edits = edits_back_to(site, then)
    save(site, OTTO, seen(site, "alpha", hours=6.0), reason="more")
    with pytest.raises(QuotaConflictError):
        save(site, OLGA, edits, reason="as it was")


def test_projects_are_brought_back_and_those_that_nobody_had_decided_about_are_forgotten(site: Settings) -> None:
    then, as_it_was = newest(site), stored(opened(site.lake))
    decided(site, award("alpha", 9.0) | {"category": "sme"}, award("epsilon", 1.0))
    wanted = restoration(site, opened(site.lake), then)
    assert (wanted.decided["account"].to_list(), wanted.forgotten["account"].to_list()) == (["alpha"], ["epsilon"])
    assert restore(site, OLGA, wanted, reason="by mistake") == 2
    assert stored(opened(site.lake)).equals(as_it_was)
    assert opened(site.lake).snapshot().message == f"Projects as in state {then}: by mistake"
    with pytest.raises(InputError, match="nothing to bring back"):
        restore(site, OLGA, restoration(site, opened(site.lake), then), reason="again")


def test_projects_that_somebody_decided_about_since_they_were_looked_at_are_not_written_over(site: Settings) -> None:
    then = newest(site)
    decided(site, award("alpha", 9.0))
    wanted = restoration(site, opened(site.lake), then, accounts=(("vega", "alpha"),))
    decided(site, award("alpha", 10.0))
    with pytest.raises(ConflictError, match="meanwhile"):
        restore(site, OLGA, wanted, reason="by mistake")
