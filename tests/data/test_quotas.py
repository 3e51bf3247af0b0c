"""Quotas are kept version by version, refused where nobody can believe them, and never written over what another person set."""

import random
import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from made_jobs import without_migrations
from made_quotas import ACCOUNTS, OLGA, OTTO, READER, award, decided, opened, row, seen, three_awards

from data import facts, projects, quota_changes, quotas
from data import lake as store
from data.access import Person
from data.errors import AccessError, InputError
from data.lake import Lake, writing
from data.quota_changes import ChangeState, QuotaConflictError, approve, decline, save
from data.quota_check import QuotaFaultsError, ceilings, faults
from data.quotas import QUOTAS, current, edits_of, standing
from data.settings import Settings
from data.terms import Action


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with three awards and one project without."""
    return three_awards(tmp_path_factory.mktemp("quotas") / "lake")


@pytest.fixture
def site(settings: Settings, made_once: Path) -> Settings:
    """A copy of that store, for one test to write to."""
    shutil.copytree(made_once, settings.lake)
    return settings


def hours(settings: Settings, *, at: int | None = None) -> dict[str, tuple[float, int]]:
    return {account: (amount, version) for account, amount, version in _of(settings, at).select("account", "hours", "version").rows()}


def _of(settings: Settings, at: int | None) -> pl.DataFrame:
    return current(opened(settings.lake) if at is None else Lake(settings, snapshot_id=at))


def test_an_award_is_the_quota_until_somebody_sets_one(site: Settings) -> None:
    assert hours(site) == {"alpha": (1_000, 0), "beta": (2_000, 0), "gamma": (3_000, 0)}
    save(site, OLGA, seen(site, "beta", hours=2_500.0, at_once=16.0, fairshare=40, qos="sme_flex"), reason="a better start")
    assert hours(site)["beta"] == (2_500, 1)
    found = current(opened(site.lake)).filter(account="beta").row(0, named=True)
    assert (found["at_once"], found["fairshare"], found["qos"], found["author"], found["reason"]) == (
        16,
        40,
        "sme_flex",
        "olga",
        "a better start",
    )
    assert current(opened(site.lake)).schema == pl.Schema(dict(QUOTAS))


def test_a_quota_that_was_taken_back_leaves_the_award_which_is_no_version(site: Settings) -> None:
    save(site, OLGA, seen(site, "alpha", hours=5.0, unit="core_hours"), reason="less")
    save(site, OTTO, seen(site, "alpha", hours=None, unit="node_hours", starts=None, ends=None), reason="as awarded")
    [told] = current(opened(site.lake)).filter(account="alpha").to_dicts()
    assert (told["hours"], told["unit"], told["version"], told["change_id"]) == (1_000.0, "node_hours", 0, None)
    assert standing(opened(site.lake)).filter(account="alpha").select("version", "author", "is_award").rows() == [(2, "otto", True)]


def test_the_store_s_own_history_names_author_reason_and_number_of_projects(site: Settings) -> None:
    save(site, OLGA, pl.concat([seen(site, "alpha", hours=9.0), seen(site, "beta", hours=8.0)]), reason=" less\nnow ")
    newest = opened(site.lake).snapshot()
    assert (newest.author, newest.message) == ("olga", "Quotas, 2 projects: less now")
    assert hours(site, at=newest.snapshot_id - 1)["alpha"] == (1_000, 0)


def test_only_what_differs_makes_a_new_version(site: Settings) -> None:
    change = save(site, OLGA, pl.concat([seen(site, "alpha", hours=9.0), seen(site, "beta")]), reason="less")
    assert (change.projects, hours(site)["beta"]) == (1, (2_000, 0))
    with pytest.raises(InputError, match="nothing to save"):
        save(site, OLGA, seen(site, "alpha"), reason="again")


def test_an_edit_that_another_person_overtook_is_refused_with_both_and_saves_nothing_of_the_rest(site: Settings) -> None:
    mine = pl.concat([seen(site, "alpha", hours=500.0), seen(site, "beta", hours=501.0)])
    save(site, OTTO, seen(site, "alpha", hours=700.0), reason="more")
    with pytest.raises(QuotaConflictError, match="otto meanwhile set project alpha") as told:
        save(site, OLGA, mine, reason="less")
    assert told.value.yours.select("account", "hours", "base_hours").rows() == [("alpha", 500.0, 1_000.0)]
    assert told.value.theirs.select("account", "hours", "version", "author", "reason").rows() == [("alpha", 700.0, 1, "otto", "more")]
    assert hours(site) == {"alpha": (700, 1), "beta": (2_000, 0), "gamma": (3_000, 0)}


def test_an_award_that_changed_since_it_was_looked_at_counts_as_overtaken(site: Settings) -> None:
    mine = seen(site, "alpha", hours=500.0)
    decided(site, award("alpha", 1_500))
    with pytest.raises(QuotaConflictError) as told:
        save(site, OLGA, mine, reason="less")
    assert told.value.theirs["hours"].to_list() == [1_500]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"hours": -1.0}, "alpha on Vega is -1 node-hours; expected a number of hours that is not negative"),
        ({"hours": float("nan")}, "alpha on Vega is nan"),
        ({"hours": float("inf")}, "alpha on Vega is inf"),
        ({"hours": 1e12}, r"expected at most 8,910,720, since all its 1,020 nodes give no more in 364 days"),
        ({"hours": 1e12, "unit": "gpu_hours"}, "since all its 240 GPUs give no more"),
        ({"unit": "days"}, "the unit of project alpha on Vega is 'days'"),
        ({"at_once": 1_021.0}, "Vega has 1,020"),
        ({"at_once": -2.0}, "alpha on Vega are -2"),
        ({"fairshare": -3}, "fairshare of project alpha on Vega is -3"),
        ({"qos": "a; rm -rf /"}, "QOS of project alpha"),
        ({"ends": date(2025, 12, 31)}, "but starts on 2026-01-01; give a later day"),
        ({"hours": None}, "has no quota, but limits or days beside it"),
    ],
)
def test_what_cannot_be_believed_is_refused_with_a_sentence(values: dict[str, Any], told: str) -> None:
    found = faults(row("alpha", **values), ceilings(facts.systems()), {"vega": "Vega"})
    assert found.height == 1
    assert re.search(told, found["sentence"].item())


def test_what_can_be_believed_is_not_refused() -> None:
    everything = pl.concat(
        [
            row("alpha", hours=0.0, at_once=1_020.0, fairshare=0, qos="sme_flex+1.0"),
            row("beta", hours=8_910_720.0),
            row("gamma", unit="core_hours", hours=1e8, starts=None, ends=None),
            row("delta", hours=None, starts=None, ends=None),
            row("of a machine without numbers", system="alice_recoque", hours=1e9, at_once=1e5),
        ]
    )
    assert faults(everything, ceilings(facts.systems()), {}).is_empty()
    assert faults(row("too many anywhere", system="alice_recoque", hours=1e12), ceilings(facts.systems()), {}).height == 1


def test_a_project_that_nobody_knows_is_refused_by_name(site: Settings) -> None:
    with pytest.raises(InputError, match="project 'nobody' of vega is not known"):
        save(site, OLGA, row("nobody", hours=5.0), reason="typed")


def test_all_faults_are_gathered_and_a_project_that_stands_twice_is_one(site: Settings) -> None:
    rows = pl.concat([seen(site, "alpha", hours=-1.0), seen(site, "alpha", hours=5.0), seen(site, "beta", hours=-2.0)])
    with pytest.raises(QuotaFaultsError) as told:
        save(site, OLGA, rows, reason="typed")
    assert sorted(told.value.faults.select("account", "field").rows()) == [
        ("alpha", "account"),
        ("alpha", "account"),
        ("alpha", "hours"),
        ("beta", "hours"),
    ]


def test_a_change_without_reason_or_by_a_reader_is_refused(site: Settings) -> None:
    with pytest.raises(InputError, match="no reason"):
        save(site, OLGA, seen(site, "alpha", hours=5.0), reason=" \n")
    with pytest.raises(AccessError, match="rita"):
        save(site, READER, seen(site, "alpha", hours=5.0), reason="because")


def test_with_four_eyes_a_change_waits_for_another_person(site: Settings) -> None:
    strict = site.model_copy(update={"four_eyes": True})
    change = save(strict, OLGA, seen(site, "alpha", hours=5.0), reason="less")
    assert (change.state, hours(site)["alpha"]) == (ChangeState.PROPOSED, (1_000, 0))
    with pytest.raises(InputError, match="second person"):
        approve(strict, Person(name=" Olga", role="operator", may=frozenset(Action)), change.change_id)
    approve(strict, OTTO, change.change_id, reason="agreed")
    assert hours(site)["alpha"] == (5, 1)
    told = quota_changes.changes(opened(site.lake)).row(0, named=True)
    assert (told["state"], told["author"], told["decided_by"], told["decided_because"]) == ("current", "olga", "otto", "agreed")
    with pytest.raises(InputError, match="waits for nobody"):
        approve(strict, OTTO, change.change_id)


def test_a_proposal_is_declined_with_a_reason_by_another_and_withdrawn_by_its_author(site: Settings) -> None:
    strict = site.model_copy(update={"four_eyes": True})
    first, second = (save(strict, OLGA, seen(site, name, hours=5.0), reason="less").change_id for name in ("alpha", "beta"))
    with pytest.raises(InputError, match="no reason"):
        decline(strict, OTTO, first, reason="")
    assert decline(strict, OTTO, first, reason="too little").state is ChangeState.DECLINED
    assert decline(strict, OLGA, second, reason="").state is ChangeState.WITHDRAWN
    assert hours(site) == {"alpha": (1_000, 0), "beta": (2_000, 0), "gamma": (3_000, 0)}


def test_of_two_proposals_for_a_project_the_second_to_be_approved_is_refused_with_both(site: Settings) -> None:
    strict = site.model_copy(update={"four_eyes": True})
    first, second = (save(strict, OLGA, seen(site, "alpha", hours=amount), reason="less").change_id for amount in (5.0, 6.0))
    approve(strict, OTTO, second)
    with pytest.raises(QuotaConflictError) as told:
        approve(strict, OTTO, first)
    assert (told.value.yours["hours"].item(), told.value.theirs["hours"].item()) == (5, 6)
    assert hours(site)["alpha"] == (6, 1)


def test_a_quota_follows_its_project_to_the_spelling_of_the_log(site: Settings) -> None:
    save(site, OLGA, seen(site, "alpha", hours=5.0), reason="less")
    with writing(site, author="olga", message="respelled") as writer:
        spellings = pl.DataFrame({"system": ["vega"], "stored": ["alpha"], "account": ["ALPHA"]})
        with writer.beside("incoming_spellings", spellings):
            for statement in (projects.RESPELL, *projects.RESPELL_QUOTAS):
                writer.change(statement)
    assert hours(site)["ALPHA"] == (5, 1)
    assert "alpha" not in hours(site)


def test_a_store_from_before_quotas_has_the_awards_alone_until_one_is_saved(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        without_migrations(patch, tmp_path, (8, 9))
        decided(settings, award("alpha", 1_000))
    assert quotas.MIGRATION in store.pending_migrations(opened(settings.lake))
    assert hours(settings) == {"alpha": (1_000, 0)}
    assert quotas.versions(opened(settings.lake)).is_empty()
    assert quota_changes.changes(opened(settings.lake)).is_empty()
    save(settings, OLGA, seen(settings, "alpha", hours=5.0), reason="less")
    assert hours(settings) == {"alpha": (5, 1)}


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(1, 12))])
def test_a_store_says_what_a_plain_record_of_the_same_decisions_says(site: Settings, seed: int) -> None:
    """Random saves from fresh and stale views, proposals, approvals and changed awards, beside a dictionary that does the same."""
    chance, strict = random.Random(seed), site.model_copy(update={"four_eyes": True})
    awards: dict[str, float | None] = {"alpha": 1_000, "beta": 2_000, "gamma": 3_000, "delta": None}
    own: dict[str, tuple[float, int]] = {}
    views: list[tuple[pl.DataFrame, dict[str, tuple[float | None, int]]]] = []
    waiting: dict[int, tuple[dict[str, float], dict[str, tuple[float | None, int]]]] = {}

    def stands(account: str) -> tuple[float | None, int]:
        return own.get(account, (awards[account], 0))

    def landed(wanted: dict[str, float], base: dict[str, tuple[float | None, int]]) -> bool:
        if any(stands(account) != base[account] for account in wanted):
            return False
        own.update({account: (amount, stands(account)[1] + 1) for account, amount in wanted.items() if stands(account)[0] != amount})
        return True

    views.append((standing(opened(site.lake)), {account: stands(account) for account in ACCOUNTS}))
    for step in range(16):
        rows, base = chance.choice(views[-3:])
        wanted = {account: float(1 + step * 10 + place) for place, account in enumerate(chance.sample(ACCOUNTS, chance.randint(1, 3)))}
        edits = edits_of(rows.filter(pl.col("account").is_in(list(wanted)))).with_columns(hours=pl.col("account").replace_strict(wanted))
        match chance.choice(("save", "save", "propose", "approve", "award")):
            case "save":
                try:
                    save(site, OLGA, edits, reason=f"step {step}")
                    was_saved = True
                except QuotaConflictError:
                    was_saved = False
                assert was_saved == landed(wanted, base)
            case "propose" if all(stands(account) == base[account] for account in wanted):
                waiting[save(strict, OLGA, edits, reason=f"step {step}").change_id] = (wanted, base)
            case "approve" if waiting:
                number = chance.choice(list(waiting))
                asked, seen_then = waiting.pop(number)
                try:
                    approve(strict, OTTO, number)
                    was_saved = True
                except QuotaConflictError:
                    decline(strict, OTTO, number, reason="overtaken")
                    was_saved = False
                assert was_saved == landed(asked, seen_then)
            case "award":
                account = chance.choice(ACCOUNTS)
                awards[account] = float(5_000 + step)
                decided(site, award(account, awards[account]))
        views.append((standing(opened(site.lake)), {account: stands(account) for account in ACCOUNTS}))
        expected = {account: stands(account) for account in ACCOUNTS if stands(account)[0] is not None}
        assert hours(site) == expected
    every = quotas.versions(opened(site.lake))
    for account, rows_of in every.group_by("account"):
        assert rows_of["version"].sort().to_list() == list(range(1, rows_of.height + 1)), f"versions of {account} have a gap"
